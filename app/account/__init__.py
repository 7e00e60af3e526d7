"""What people are told by mail about their accounts."""

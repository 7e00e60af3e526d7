"""What an admin decides for the whole installation."""

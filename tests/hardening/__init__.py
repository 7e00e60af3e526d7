"""What comparable products have suffered from, tried on this one."""

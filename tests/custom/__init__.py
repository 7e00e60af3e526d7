"""Custom fields and option lists."""

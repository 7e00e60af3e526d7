"""Customers, their people, tags and option lists."""

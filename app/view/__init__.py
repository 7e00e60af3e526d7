"""Saved views: how somebody wants to see a list."""

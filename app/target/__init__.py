"""Targets: what people and teams are to reach, and how far they have come."""

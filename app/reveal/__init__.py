"""Showing a masked value to who asks for it: each time on record, and only so often a day."""

"""Whose data is whose: all about one person handed out or erased, rules of how long, and who opened what."""

"""One change to many records at once, as one change set: those named, or all that match."""

"""What was changed, by whom, and taking it back: the journal as people read it, change sets and undo."""

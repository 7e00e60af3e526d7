"""Numbers as they are written: one style for a column, never for a cell."""

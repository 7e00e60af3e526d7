"""Who may do what, on every route: the table, the people and records that it speaks of, and the test of each cell."""

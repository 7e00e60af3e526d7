"""Reports: one function, one statement each, over the same visibility as the lists."""

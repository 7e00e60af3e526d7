"""The live push: relay of the journal to sockets, catch-up feed, presence."""

"""One box for all: customers, people, deals and contact records, ranked, with what matched marked."""

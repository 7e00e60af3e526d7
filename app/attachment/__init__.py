"""Files that belong to customers, deals and contact records."""

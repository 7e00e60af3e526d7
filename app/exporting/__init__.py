"""Export: any list with its filters, and everything at once, as files that an import takes back unchanged."""

"""Webhooks: changes told to other programs, after Standard Webhooks, in order per record, until they were taken."""

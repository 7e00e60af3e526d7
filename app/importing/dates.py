"""Dates as they are written: one format for a column, asked for where two fit."""

"""Currencies, their dated rates, and totals over several of them."""

"""Quotes: numbered offers made from deals, frozen once sent; the company that sells; the printed page."""

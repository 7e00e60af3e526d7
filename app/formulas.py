"""Texts that no spreadsheet takes for a formula, and how they come back unchanged."""

from __future__ import annotations

_FORMULA = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20'")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before what could be one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_it_was(text: str) -> str:
    """A text of a file of our own before `harmless`."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text

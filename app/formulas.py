"""Texts that no spreadsheet takes for a formula, and how they come back unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_FORMULA = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20'")
_FIRST = frozenset(_FORMULA)


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before what could be one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def harmless_row(cells: Sequence[Any]) -> list[Any]:
    """The cells of a row with their texts `harmless`; numbers are none and stay as they are."""
    return [f"'{cell}" if cell.__class__ is str and cell[:1] in _FIRST else cell for cell in cells]


EMPTY = "'"
"""An empty text in a table, where a blank cell stands for none at all; a text that is an apostrophe has two."""


def as_it_was(text: str) -> str:
    """A text of a file of our own before `harmless`; `EMPTY` is an empty one."""
    return text[1:] if text == EMPTY or (text.startswith("'") and text[1:].startswith(_FORMULA)) else text

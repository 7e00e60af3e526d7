"""How a file of our own export is known: by a last column that is called `lianxi_export` and names the installation."""

from __future__ import annotations

from collections.abc import Sequence

from .reading import Cell

MARK = "lianxi_export"


def is_ours(headings: Sequence[Cell]) -> bool:
    """Whether headings are those of a file that a Lianxi has written."""
    return MARK in headings


def origin_of(headings: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> str | None:
    """The installation that has written a file, as the first of its rows that says so has it."""
    if not is_ours(headings):
        return None
    at = list(headings).index(MARK)
    return next((str(row[at]) for row in rows if at < len(row) and row[at]), "")

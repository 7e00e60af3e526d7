"""Cells that were corrected on the page: they stand beside the file and are read instead of what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import Issue
from . import tables
from .reading import Reading, Row, WrongRow

MOST = 5_000
"""Cells; more are corrected in the file of wrong rows."""

Said = Mapping[str, Mapping[str, str]]
"""By the number of a row and the index of a cell in it what stands there instead."""


def merged(
    kept: Said, sent: Mapping[str, Mapping[str, str | None]], width: int, issues: list[Issue]
) -> dict[str, dict[str, str]]:
    """The corrections of an import with those that are sent; null takes one back.

    Args:
        kept: those so far.
        sent: those of a request.
        width: so many columns the file has.
        issues: is told what is wrong with what was sent.
    """
    both: dict[str, dict[str, Any]] = {row: dict(cells) for row, cells in kept.items()}
    for row, cells in sent.items():
        for index, text in cells.items():
            if not (row.isdecimal() and index.isdecimal() and int(index) < width):
                issues.append(Issue(f"#/corrections/{row}", "unknown_column"))
            elif text is None:
                both.get(row, {}).pop(index, None)
            else:
                both.setdefault(row, {})[index] = text
    if sum(map(len, both.values())) > MOST:
        issues.append(Issue("#/corrections", "too_many", {"max": MOST}))
    return {row: cells for row, cells in both.items() if cells}


def rows(path: Path, reading: Reading, said: Said) -> Iterator[tuple[int, Row]]:
    """The rows of a file with the cells that were corrected since it was sent."""
    for number, row in tables.rows(path, reading):
        cells = said.get(str(number))
        yield number, (row if cells is None else _with(row, {int(index): text for index, text in cells.items()}))


def _with(row: Row, said: Mapping[int, str]) -> Row:
    cells = list(row.cells if isinstance(row, WrongRow) else row)
    cells += [None] * (max(said) + 1 - len(cells))
    for index, text in said.items():
        cells[index] = text or None
    if isinstance(row, WrongRow) and not (row.columns and set(row.columns) <= said.keys()):
        return replace(row, cells=cells)
    return cells

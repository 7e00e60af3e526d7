"""Where a table begins, and whether its first row is one of headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from .headings import is_heading
from .reading import Cell, is_blank

_LOOKED_AT = 20
_DATA = re.compile(
    r"[-+(]?[¥$€£]?[\d\s.,/:()%+-]*\d[\d\s.,/:()%TZ+-]*"  # numbers, dates, phones
    r"|\S+@\S+\.\S+"
    r"|https?://.*"
    r"|\d+年.*|true|false"
    r"|[\d.]+[万亿%元]",
    re.IGNORECASE,
)


def title_rows(rows: Sequence[Sequence[Cell]]) -> int:
    """How many rows stand above the table: a title, a date of printing, each alone in its row."""
    for above, cells in enumerate(rows[:5]):
        filled = _filled(cells)
        below = max((_filled(row) for row in rows[above + 1 : above + _LOOKED_AT]), default=0)
        if filled > 1 or below < 3:
            return above if below >= 2 or filled > 1 else 0
    return 0


def has_headings(rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether the first row names what stands below it and is not itself such a row."""
    first = [cell for cell in rows[0] if not is_blank(cell)]
    named = sum(isinstance(cell, str) and is_heading(cell) for cell in first)
    data = sum(_is_data(cell) for cell in first)
    return data * 3 <= len(first) or named * 2 >= len(first)


def _filled(cells: Sequence[Cell]) -> int:
    return sum(not is_blank(cell) for cell in cells)


def _is_data(cell: Cell) -> bool:
    if isinstance(cell, str):
        return bool(_DATA.fullmatch(cell.strip()))
    return isinstance(cell, bool | int | float | Decimal | date)

"""What every kind of file has in common: how it is read, what a cell may hold, and how trouble is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

Cell = str | int | float | Decimal | bool | date | datetime | None
"""A value as the file holds it: texts stay texts, only spreadsheets and JSON have types of their own."""

_ILLEGIBLE = re.compile(r"[\x00\ud800-\udfff]")
MAX_ROWS = 500_000
MAX_COLUMNS = 500


class Format(StrEnum):
    """What a file is; a TSV is a CSV whose delimiter is the tab."""

    CSV = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    VCARD = "vcard"
    JSONL = "jsonl"


@dataclass(frozen=True)
class Reading:
    """How a file is read. Every part is recognised, shown, and may be changed by the person.

    Attributes:
        format: what the file is.
        encoding: one of `charset.ENCODINGS`; None for spreadsheets.
        delimiter: what parts the cells of a CSV, else None.
        quote: what stands around the cells of a CSV, None where nothing does.
        has_header: whether the first row of the table holds the headings.
        sheet: the name of the sheet that is read; None for what has no sheets.
        first_row: the line or row, counted from 1, in which the table begins; a title above it is passed over.
    """

    format: Format
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    has_header: bool = True
    sheet: str | None = None
    first_row: int = 1


class UnreadableError(Exception):
    """A file cannot be read, or not in this way.

    Attributes:
        code: stable; its text is `error.<code>`.
        params: what the text names, such as the line.
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params: dict[str, Any] = params


@dataclass(frozen=True)
class WrongRow:
    """A row that cannot be taken as it stands: nothing of it is lost silently, the caller says what is wrong.

    Attributes:
        code: stable; its text is `error.<code>`.
        params: what the text names.
        cells: what could be read; longer than the headings where that is the trouble, never shorter.
        columns: indexes of the columns in which the trouble lies; empty where it is the row as a whole. A row whose
            columns in trouble are not imported may still be taken.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    columns: tuple[int, ...] = ()


Row = list[Cell] | WrongRow
Numbered = tuple[int, Row]
"""The line or row that a person sees in the file or sheet, counted from 1, and what stands there."""


def is_blank(cell: Cell) -> bool:
    """Whether nothing stands in a cell but white space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def legible(text: str) -> str:
    """A text of a file as it can be kept and shown: U+FFFD stands for what no database and no page takes."""
    return _ILLEGIBLE.sub("\ufffd", text)


def column_name(index: int) -> str:
    """What a column without a heading is called: `Column A` for index 0, `Column AB` for 27."""
    letters = ""
    left = index + 1
    while left:
        left, rest = divmod(left - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"Column {letters}"


def unique(names: list[Cell]) -> list[str]:
    """Headings of the cells of a row: never empty, white space single, a repeated one with its count behind it."""
    if len(names) > MAX_COLUMNS:
        raise UnreadableError("file_columns", limit=MAX_COLUMNS, count=len(names))
    plain = [
        legible(" ".join(str(name).split())) if not is_blank(name) else column_name(at) for at, name in enumerate(names)
    ]
    taken, found = set(plain), list[str]()
    seen: dict[str, int] = {}
    for name in plain:
        count = seen[name] = seen.get(name, 0) + 1
        heading = name
        while count > 1 and heading in taken:
            heading = f"{name} ({count})"
            count += 1
        taken.add(heading)
        found.append(heading)
    return found


def fitted(rows: Iterator[Numbered], width: int) -> Iterator[Numbered]:
    """Rows as wide as the headings: blank ones are passed over, short ones padded, longer ones told of.

    Raises:
        UnreadableError: `file_rows`.
    """
    count = 0
    for number, row in rows:
        cells = row.cells if isinstance(row, WrongRow) else row
        while len(cells) > width and is_blank(cells[-1]):
            cells.pop()
        if isinstance(row, list) and all(is_blank(cell) for cell in cells):
            continue
        cells.extend([None] * (width - len(cells)))
        count += 1
        if count > MAX_ROWS:
            raise UnreadableError("file_rows", limit=MAX_ROWS)
        if isinstance(row, list) and len(cells) > width:
            yield number, WrongRow("row_too_long", {"count": len(cells), "columns": width}, cells)
        else:
            yield number, row

"""XLSX, XLS and ODS: what a person sees in the sheet, with numbers as they were typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any

import python_calamine as calamine

from .archive import Survey
from .headline import has_headings, title_rows
from .mark import is_ours
from .reading import MAX_COLUMNS, Cell, Format, Numbered, Reading, Row, UnreadableError, WrongRow, is_blank, unique

_LOOKED_AT = 200


def recognise(path: Path, kind: Format) -> Reading:
    """The first sheet that has something on it, its first row and whether that names the columns.

    Raises:
        UnreadableError: `file_empty`, `file_damaged`, `file_encrypted`, `file_columns`, `file_too_large`.
    """
    book = _Workbook(path)
    for name in book.names:
        sheet = book.sheet(name)
        found = [(number, _cells(row)) for number, row in islice(sheet.rows(), _LOOKED_AT)]
        filled = [(number, cells) for number, cells in found if _width(cells)]
        if filled and is_ours(filled[0][1]):
            return Reading(kind, sheet=name, first_row=filled[0][0])
        if filled:
            above = title_rows([cells for _, cells in filled])
            header = has_headings([cells for _, cells in filled[above:]])
            return Reading(kind, has_header=header, sheet=name, first_row=filled[above][0])
    raise UnreadableError("file_empty")


def sheets(path: Path) -> list[str]:
    """Names of the sheets that a person sees, in their order.

    Raises:
        UnreadableError: `file_damaged`, `file_encrypted`.
    """
    return _Workbook(path).names


def read(path: Path, reading: Reading) -> tuple[list[str], Iterator[Numbered]]:
    """The headings and the rows below them. Columns at the right end in which nothing stands are left out.

    Raises:
        UnreadableError: `file_sheet` where there is no sheet of that name, `file_empty`, and as `recognise` does.
    """
    book = _Workbook(path)
    name = reading.sheet if reading.sheet is not None else next(iter(book.names), "")
    if name not in book.names:
        raise UnreadableError("file_sheet", sheet=name)
    sheet = book.sheet(name)
    width = sheet.width(reading.first_row)
    first = next((one for one in sheet.rows(reading.first_row) if _width(_cells(one[1]))), None)
    if first is None:
        raise UnreadableError("file_empty")
    number, row = first
    if reading.has_header:
        return unique(_cells(row)[:width]), sheet.rows(number + 1)
    return unique([None] * width), sheet.rows(number)


class _Workbook:
    """A file that calamine has opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _trouble():
            self._book = calamine.CalamineWorkbook.from_filelike(BytesIO(path.read_bytes()))
        self.names = [
            one.name
            for one in self._book.sheets_metadata
            if one.visible == calamine.SheetVisibleEnum.Visible and one.typ == calamine.SheetTypeEnum.WorkSheet
        ]

    def sheet(self, name: str) -> _Sheet:
        survey = Survey(self._path, name)
        with _trouble():
            return _Sheet(self._book.get_sheet_by_name(name), survey.errors)


class _Sheet:
    """One sheet, row by row as a person sees them."""

    def __init__(self, sheet: calamine.CalamineSheet, errors: dict[int, dict[int, str]]) -> None:
        self._sheet = sheet
        self._errors = errors
        self._left = sheet.start[1] if sheet.start else 0
        self._merged = sorted(sheet.merged_cell_ranges or [])
        if sheet.end and sheet.end[1] >= 10 * MAX_COLUMNS:
            raise UnreadableError("file_columns", limit=MAX_COLUMNS, count=sheet.end[1] + 1)

    def rows(self, first: int = 1) -> Iterator[Numbered]:
        """Rows from a number on. What was merged downwards stands in each of its rows."""
        spans: dict[int, tuple[int, Cell]] = {}
        merged = iter(self._merged)
        ahead = next(merged, None)
        for at, raw in enumerate(self._sheet.iter_rows()):
            cells: list[Cell] = [None] * self._left + [_cell(value) for value in raw]
            while ahead and ahead[0][0] <= at:
                (top, left), (bottom, _) = ahead
                if top == at and bottom > top and left < len(cells):
                    spans[left] = bottom, cells[left]
                ahead = next(merged, None)
            for column, (bottom, value) in list(spans.items()):
                if at > bottom:
                    del spans[column]
                else:
                    cells[column] = value
            if at + 1 < first:
                continue
            wrong = self._errors.get(at)
            if wrong:
                column, text = min(wrong.items())
                yield at + 1, WrongRow("cell_error", {"error": text}, cells, tuple(sorted(wrong)))
            else:
                yield at + 1, cells

    def width(self, first: int) -> int:
        """How many columns there are up to the last in which something stands."""
        most = self._left + self._sheet.width
        found = 0
        for _, row in self.rows(first):
            found = max(found, _width(_cells(row)))
            if found == most:
                break
        return found


@contextmanager
def _trouble() -> Iterator[None]:
    """What calamine says of a file, in our words. A file so damaged that it panics is damaged, not our fault."""
    try:
        yield
    except calamine.PasswordError as error:
        raise UnreadableError("file_encrypted") from error
    except calamine.CalamineError as error:
        raise UnreadableError("file_damaged") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableError("file_damaged") from error


def _cells(row: Row) -> list[Cell]:
    return row.cells if isinstance(row, WrongRow) else row


def _width(cells: list[Cell]) -> int:
    return max((at + 1 for at, cell in enumerate(cells) if not is_blank(cell)), default=0)


def _cell(value: Any) -> Cell:
    """A value as it was typed: 13800138000 and not 1.38e10, 1 and not 1.0, 0.3 and not 0.30000000000000004."""
    if isinstance(value, str):
        # The two characters that XML cannot hold; calamine leaves their escapes as they are.
        if "_xFFF" in value:
            value = value.replace("_xFFFE_", "\ufffe").replace("_xFFFF_", "\uffff")
        return value or None
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, time):
        return value.isoformat("seconds")
    assert isinstance(value, bool | int | date)
    return value


def _number(value: float) -> Cell:
    if not isfinite(value):
        return None
    # Spreadsheets hold 15 significant digits; what lies beyond comes from the binary form.
    exact = Decimal(f"{value:.15g}")
    return int(exact) if exact == exact.to_integral_value() else exact

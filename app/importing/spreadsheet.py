"""XLSX, XLS and ODS: what a person sees in the sheet, with numbers as they were typed."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import unescape

import python_calamine as calamine

from .headline import has_headings, title_rows
from .reading import MAX_COLUMNS, Cell, Format, Numbered, Reading, Row, UnreadableError, WrongRow, is_blank, unique

_LOOKED_AT = 200
_PART = 1 << 20
_MAX_UNPACKED = 1 << 30
_MAX_RATIO = 200
_SMALL = 1 << 24
_MAX_ENTRIES = 10_000
_MAX_CELLS = 30_000_000
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_STREAMS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_ATTRIBUTE = re.compile(rb'([\w:]+)\s*=\s*"([^"]*)"')
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="(\d+)"')
_WIDE_COLUMN = re.compile(rb'\br="([A-Z]{2,3})\d')
_ERROR = re.compile(
    rb'<(?:\w+:)?c\s([^<>]*?\bt="e"[^<>]*)>'
    rb"(?:<(?:\w+:)?f[^>]*>(?:[^<]*</(?:\w+:)?f>)?)?(?:<(?:\w+:)?v>([^<]*))?"
)
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_ENTITIES = {"&quot;": '"', "&apos;": "'"}


def kind_of(path: Path, head: bytes) -> Format | None:
    """The format of a spreadsheet, None for what is none.

    Raises:
        UnreadableError: `file_encrypted`, `file_damaged`, `file_unknown` for other archives, `file_too_large` for one
            that unpacks to more than a sheet may be.
    """
    if head.startswith(_OLE):
        content = path.read_bytes()
        if _ENCRYPTED in content:
            raise UnreadableError("file_encrypted")
        if not any(stream in content for stream in _STREAMS):
            raise UnreadableError("file_unknown")
        return Format.XLS
    if not head.startswith(b"PK"):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
            if len(entries) > _MAX_ENTRIES or unpacked > _MAX_UNPACKED:
                raise UnreadableError("file_too_large")
            if unpacked > _SMALL and unpacked > _MAX_RATIO * packed:
                raise UnreadableError("file_too_large")
            # Sizes are only what the archive says of itself: here each part is unpacked no further than that.
            if archive.testzip() is not None:
                raise UnreadableError("file_damaged")
            if "xl/workbook.xml" in names:
                return Format.XLSX
            if _holds(archive, "mimetype", _ODS):
                if _holds(archive, "META-INF/manifest.xml", b"encryption-data"):
                    raise UnreadableError("file_encrypted")
                return Format.ODS
    except _BROKEN as error:
        raise UnreadableError("file_damaged") from error
    raise UnreadableError("file_unknown")


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
        survey = _Survey(self._path, name)
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


class _Survey:
    """What calamine does not tell of a sheet in an XLSX: which cells are errors, and how far it reaches.

    A sheet is laid out in memory from its first to its last cell, so that a single cell far out would take all memory.
    """

    def __init__(self, path: Path, sheet: str) -> None:
        self.errors: dict[int, dict[int, str]] = {}
        try:
            with zipfile.ZipFile(path) as archive:
                part = _part_of(archive, sheet)
                if part is not None:
                    with archive.open(part) as file:
                        self._look_through(file)
        except _BROKEN:
            # An XLS is no archive; what is wrong with a broken one is told when it is opened.
            return

    def _look_through(self, file: IO[bytes]) -> None:
        last, columns, rest = 0, set[bytes](), b""
        while part := file.read(_PART):
            text = rest + part
            end = text.rfind(b"row>") + 1 if len(part) == _PART else len(text)
            text, rest = text[:end], text[end:]
            last = max([last, *(int(number) for number in _ROW.findall(text))])
            columns.update(_WIDE_COLUMN.findall(text))
            width = max((_column(one) for one in columns), default=25) + 1
            if last * width > _MAX_CELLS or width > 10 * MAX_COLUMNS:
                raise UnreadableError("file_too_large")
            if b't="e"' in text:
                self._note_errors(text)

    def _note_errors(self, text: bytes) -> None:
        for cell, value in _ERROR.findall(text):
            place = _PLACE.search(cell)
            if place:
                row = self.errors.setdefault(int(place[2]) - 1, {})
                row[_column(place[1])] = value.decode("utf-8", "replace")


def _holds(archive: zipfile.ZipFile, name: str, words: bytes) -> bool:
    try:
        with archive.open(name) as file:
            return words in file.read(_PART)
    except KeyError:
        return False


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The path of a sheet within an XLSX, None for other files."""
    names = set(archive.namelist())
    if not {_BOOK, _RELATIONS} <= names:
        return None
    relations = {
        found.get(b"Id"): found.get(b"Target", b"").decode()
        for found in map(_attributes, _RELATION.findall(archive.read(_RELATIONS)))
    }
    for tag in _SHEET.findall(archive.read(_BOOK)):
        found = _attributes(tag)
        if unescape(found.get(b"name", b"").decode("utf-8", "replace"), _ENTITIES) == sheet:
            target = next((relations.get(value) for key, value in found.items() if key.endswith(b":id")), None)
            part = target.lstrip("/") if target and target.startswith("/") else f"xl/{target}"
            return part if part in names else None
    return None


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return dict(_ATTRIBUTE.findall(tag))


def _column(letters: bytes) -> int:
    """The index of a column: 0 for A."""
    index = 0
    for letter in letters:
        index = index * 26 + letter - ord("A") + 1
    return index - 1


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

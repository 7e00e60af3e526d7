"""Files as they are written: row by row, in memory that does not grow with them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import orjson
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from ..errors import Issue, invalid
from ..formulas import EMPTY, harmless, harmless_row
from .models import ExportFormat

SHEET_ROWS = 1_048_575
"""So many rows below its headings has a sheet."""

_EXACT_DIGITS = 15
_LONGEST = 32_767
_FIRST_DAY = date(1900, 3, 1)
"""Before it spreadsheets count a day that never was."""

MIMETYPES = {
    ExportFormat.CSV: "text/csv",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.JSONL: "application/jsonl",
    ExportFormat.VCF: "text/vcard",
}


class Writer(Protocol):
    """Writes one file."""

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write some rows."""

    def close(self) -> None:
        """All rows are there; nothing may be added."""


class CsvWriter:
    """CSV in UTF-8; in a person's words it begins with the mark that tells spreadsheets so."""

    def __init__(self, path: Path, headings: Sequence[str], *, has_mark: bool) -> None:
        encoding = "utf-8-sig" if has_mark else "utf-8"
        self._file = path.open("w", encoding=encoding, newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([harmless(heading) for heading in headings])

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Texts are made harmless, numbers stay what they are; an empty text is told from none."""
        self._writer.writerows([EMPTY if cell == "" else cell for cell in harmless_row(row)] for row in rows)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class XlsxWriter:
    """A workbook of one sheet. Rows that are written lie on the disk, not in memory."""

    def __init__(self, path: Path, headings: Sequence[str], name: str) -> None:
        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "tmpdir": str(path.parent), "use_zip64": True}
        )
        self._sheet = self._book.add_worksheet(name)
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        bold = self._book.add_format({"bold": True})
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(headings) - 1, 16)
        # The mark of our own files is for programs.
        self._sheet.set_column(len(headings) - 1, len(headings) - 1, None, None, {"hidden": True})
        for at, heading in enumerate(headings):
            self._sheet.write_string(0, at, harmless(heading), bold)
        self._count = 0

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Texts are made harmless; numbers of more digits than a spreadsheet holds are texts.

        Raises:
            Problem: 422 for a text that is longer than a cell can be.
        """
        for row in rows:
            self._count += 1
            for at, cell in enumerate(row):
                if cell is not None and self._put(self._count, at, cell):
                    raise invalid(Issue("#/format", "cell_too_long", {"row": self._count + 1}))

    def _put(self, row: int, at: int, cell: Any) -> int:
        if isinstance(cell, str):
            text = harmless(cell) or EMPTY
            # Spreadsheets count as UTF-16 does.
            if len(text) > _LONGEST // 2 and len(text.encode("utf-16-le")) > 2 * _LONGEST:
                return -2
            return int(self._sheet.write_string(row, at, text))
        if isinstance(cell, date):
            if cell < _FIRST_DAY:
                return int(self._sheet.write_string(row, at, cell.isoformat()))
            return int(self._sheet.write_datetime(row, at, cell, self._day))
        digits = len(str(cell).lstrip("-").replace(".", ""))
        if isinstance(cell, int | Decimal) and digits > _EXACT_DIGITS:
            return int(self._sheet.write_string(row, at, str(cell)))
        return int(self._sheet.write_number(row, at, cell))

    def close(self) -> None:
        """Put the parts of the workbook together."""
        try:
            self._book.close()
        except FileCreateError as error:
            cause = error.args[0] if error.args else None
            raise (cause if isinstance(cause, OSError) else error) from error


class JsonlWriter:
    """One JSON object a line, each with every column."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        self._file = path.open("wb")
        self._headings = list(headings)

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """JSON needs no care: nothing in it is a formula."""
        headings, option = self._headings, orjson.OPT_APPEND_NEWLINE
        for row in rows:
            self._file.write(orjson.dumps(dict(zip(headings, row, strict=True)), option=option))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class CardWriter:
    """vCards, one for each row."""

    def __init__(self, path: Path, card: Callable[[Sequence[Any]], str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._card = card

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """One after the other."""
        self._file.writelines(self._card(row) for row in rows)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

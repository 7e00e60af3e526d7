"""Every file that can be imported as headings and rows, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from . import archive, charset, delimited, jsonlines, spreadsheet, vcard
from .charset import ENCODINGS
from .mark import MARK
from .reading import (
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    Format,
    Numbered,
    Reading,
    Row,
    UnreadableError,
    WrongRow,
    fitted,
    is_blank,
)

__all__ = [
    "ENCODINGS",
    "MAX_COLUMNS",
    "MAX_ROWS",
    "Cell",
    "Format",
    "Numbered",
    "Reading",
    "Row",
    "UnreadableError",
    "WrongRow",
    "headings",
    "is_blank",
    "recognise",
    "rows",
    "sheets",
    "table",
]

_READERS: dict[Format, ModuleType] = {
    Format.CSV: delimited,
    Format.XLSX: spreadsheet,
    Format.XLS: spreadsheet,
    Format.ODS: spreadsheet,
    Format.VCARD: vcard,
    Format.JSONL: jsonlines,
}
_NOT_TEXT = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff\xe0",
    b"\xff\xd8\xff\xe1",
    b"GIF8",
    b"MZ",
    b"\x7fELF",
    b"Rar!",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"RIFF",
    b"{\\rtf",
)


def recognise(path: Path, name: str) -> Reading:
    """How a file is most likely to be read, told from what is in it; the name only helps where that is not enough.

    Args:
        path: where the file lies.
        name: what the person called it.

    Raises:
        UnreadableError: `file_empty`, `file_unknown`, `file_encoding`, `file_quotes`, `file_damaged`, `file_encrypted`,
            `file_columns`, `file_too_large`, `file_sheet`.
    """
    with path.open("rb") as file:
        head = file.read(4_096)
    if not head.strip(b"\x00\r\n\t "):
        raise UnreadableError("file_empty")
    kind = archive.kind_of(path, head)
    if kind:
        return spreadsheet.recognise(path, kind)
    if head.startswith(_NOT_TEXT):
        raise UnreadableError("file_unknown")
    encoding = charset.recognise(path)
    start = charset.beginning(path, encoding).lstrip()
    if not start:
        raise UnreadableError("file_empty")
    is_own = MARK in start.partition("\n")[0]
    if not is_own and (start.startswith("<") or not charset.is_text(start)):
        raise UnreadableError("file_unknown")
    ending = name.rpartition(".")[2].lower()
    if vcard.looks_like(start):
        return Reading(Format.VCARD, encoding)
    if jsonlines.looks_like(start) or ending in ("jsonl", "ndjson"):
        return Reading(Format.JSONL, encoding)
    if ending in ("json", "vcf"):
        raise UnreadableError("file_unknown")
    return delimited.recognise(path, encoding)


def sheets(path: Path, reading: Reading) -> list[str]:
    """Names of the sheets that can be read, as they are ordered; hidden ones are not. Empty for other files."""
    return spreadsheet.sheets(path) if _READERS[reading.format] is spreadsheet else []


def table(path: Path, reading: Reading) -> tuple[list[str], Iterator[Numbered]]:
    """The headings and the rows below them, opened once; see `headings` and `rows`."""
    names, below = _READERS[reading.format].read(path, reading)
    return names, fitted(below, len(names))


def headings(path: Path, reading: Reading) -> list[str]:
    """The columns' names, unique and never empty: `Column C` where none stands, `Name (2)` where one is repeated.

    Raises:
        UnreadableError: as `recognise` does.
    """
    return table(path, reading)[0]


def rows(path: Path, reading: Reading) -> Iterator[Numbered]:
    """The rows below the headings, each as wide as these; blank ones are passed over.

    CSV and JSON lines take the same memory whatever their size. A row that cannot be taken as it stands comes as a
    `WrongRow`.

    Raises:
        UnreadableError: as `recognise` does, and `file_rows`; the latter only when that many were read.
    """
    return table(path, reading)[1]

"""The files of spreadsheets before they are opened: which kind they are, and that they take no more than they may."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import IO
from xml.sax.saxutils import unescape

from .reading import MAX_COLUMNS, Format, UnreadableError

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


class Survey:
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

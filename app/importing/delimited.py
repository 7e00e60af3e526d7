"""CSV as it is met: RFC 4180 and whatever else programs write; memory does not grow with the file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from . import charset
from .headline import has_headings, title_rows
from .mark import is_ours
from .reading import Cell, Format, Numbered, Reading, UnreadableError, is_blank, unique

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'")

_LONGEST_CELL = 1 << 24
_LOOKED_AT = 200
csv.field_size_limit(_LONGEST_CELL)


def recognise(path: Path, encoding: str) -> Reading:
    """Delimiter, quote, headings and first line of a text file.

    Raises:
        UnreadableError: `file_empty`, `file_encoding`, `file_quotes`.
    """
    begun = list(islice(charset.lines(path, encoding), _LOOKED_AT))
    first, said = 1, _said_delimiter(begun[0]) if begun else None
    if said:
        first, begun = 2, begun[1:]
    own = _of_our_own(begun[0]) if begun else None
    if own:
        return Reading(Format.CSV, encoding, own, '"', True, first_row=first)
    quote = _likely_quote(begun)
    delimiter = said or max(DELIMITERS, key=lambda one: _evenness(begun, one, quote))
    guess = Reading(Format.CSV, encoding, delimiter, quote, first_row=first)
    sample = list(islice(_records(path, guess), _LOOKED_AT))
    if not sample:
        raise UnreadableError("file_empty")
    above = title_rows([cells for _, cells in sample])
    if above:
        first = sample[above][0]
    header = has_headings([cells for _, cells in sample[above:]])
    return Reading(Format.CSV, encoding, delimiter, quote, header, first_row=first)


def read(path: Path, reading: Reading) -> tuple[list[str], Iterator[Numbered]]:
    """The headings and the rows below them."""
    if reading.has_header:
        cells = next((cells for _, cells in _records(path, reading)), None)
        if cells is None:
            raise UnreadableError("file_empty")
        below = islice(_records(path, reading), 1, None)
        # What is blank in a file of our own is nothing: an empty text has a sign there.
        return unique(list[Cell](cells)), _with_nothing(below) if is_ours(cells) else below
    width = max((_width(cells) for _, cells in islice(_records(path, reading), 5 * _LOOKED_AT)), default=0)
    return unique([None] * width), _records(path, reading)


def _records(path: Path, reading: Reading) -> Iterator[tuple[int, list[Cell]]]:
    """Records that are not blank, each with its first line.

    Raises:
        UnreadableError: `file_quotes` where a quote is opened and never closed, or a cell is longer than any text.
    """
    assert reading.encoding is not None
    skipped = reading.first_row - 1
    lines = _Counted(islice(charset.lines(path, reading.encoding), skipped, None))
    source = _reader(lines, reading.delimiter or ",", reading.quote)
    while True:
        start = skipped + lines.count + 1
        try:
            cells = next(source, None)
        except csv.Error as error:
            raise UnreadableError("file_quotes", line=start) from error
        if cells is None:
            return
        # A record is complete before the lines are over, unless it ends inside quotes and has swallowed all of them.
        if lines.is_over:
            raise UnreadableError("file_quotes", line=start)
        if not all(is_blank(cell) for cell in cells):
            yield start, list[Cell](cells)


def _with_nothing(rows: Iterator[tuple[int, list[Cell]]]) -> Iterator[tuple[int, list[Cell]]]:
    return ((number, [None if cell == "" else cell for cell in cells]) for number, cells in rows)


class _Counted:
    """Lines, and how many of them were taken."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.count = 0
        self.is_over = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.count += 1
            yield line
        self.is_over = True


def _reader(lines: Iterable[str], delimiter: str, quote: str | None) -> Iterator[list[str]]:
    if quote is None:
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=delimiter, quotechar=quote)


def _said_delimiter(line: str) -> str | None:
    """What Excel's own first line `sep=;` names."""
    said = line.strip("\r\n").strip('"')
    return said[4:] if said.lower().startswith("sep=") and len(said) == 5 else None


def _of_our_own(line: str) -> str | None:
    """The delimiter of an export of our own, told from its first line; None for other files."""
    return next((one for one in DELIMITERS if is_ours(next(_reader([line.rstrip("\r\n")], one, '"'), []))), None)


def _likely_quote(lines: list[str]) -> str:
    """The single quote where cells stand in such on both sides and in no double ones."""
    text = "".join(lines)
    if '"' in text:
        return '"'
    both = sum(
        cell[0] == cell[-1] == "'"
        for line in lines
        for delimiter in DELIMITERS
        if delimiter in line
        for cell in line.strip("\r\n").split(delimiter)
        if len(cell) > 1
    )
    return "'" if both >= 2 and both * 4 >= text.count("'") else '"'


def _evenness(lines: list[str], delimiter: str, quote: str) -> tuple[float, int]:
    """How evenly a delimiter parts the lines, and into how many cells; (0, 0) where it does not part them."""
    try:
        widths = Counter(len(cells) for cells in _reader(lines, delimiter, quote) if any(cells))
    except csv.Error:
        return 0.0, 0
    if not widths:
        return 0.0, 0
    width, count = max(widths.items(), key=lambda one: (one[1], one[0]))
    if width < 2:
        parted = sum(count for width, count in widths.items() if width > 1)
        return (0.1 * parted / widths.total(), 1) if parted else (0.0, 0)
    return count / widths.total(), width


def _width(cells: list[Cell]) -> int:
    return max((at + 1 for at, cell in enumerate(cells) if not is_blank(cell)), default=0)

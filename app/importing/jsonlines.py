"""JSON lines: one object a line; columns are the keys of all of them, in the order in which they first appear.

A whole document is taken too where it is one list of objects, by itself or as the only one in an object, such as
`{"records": [...]}`: its rows are numbered from one.

Objects within objects become columns such as `address.city`. Lists of plain values are joined by commas; the members
of other lists are counted: `emails.1.address`, `emails.2.address`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from . import charset
from .mark import is_ours
from .reading import MAX_COLUMNS, Cell, Numbered, Reading, UnreadableError, WrongRow, is_blank, unique

_JOINED_BY = ","
_DOCUMENT = re.compile(r'\s*(\[\s*\{|\{\s*"[^"]*"\s*:\s*\[\s*(\{|$))')
MAX_DOCUMENT = 20 * 1024 * 1024
"""Bytes of a document, which is read whole; lines may be any number."""


def looks_like(start: str) -> bool:
    """Whether a text begins as a JSON object or a list of them."""
    line = start.splitlines()[0].strip()
    if line in ("{", "[", "[{") or _DOCUMENT.match(start):
        return True
    if not line.startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        # A first line that is longer than what is looked at cannot be read, but begins as an object does.
        return len(start.splitlines()) == 1 and line.startswith('{"')


def read(path: Path, reading: Reading) -> tuple[list[str], Iterator[Numbered]]:
    """The headings, for which the whole file is read once, and the rows.

    Raises:
        UnreadableError: `file_empty`, `file_columns`, `file_unknown` where no line is an object.
    """
    names: dict[str, int] = {}
    count = 0
    for _, found in _objects(path, reading):
        count += 1
        if isinstance(found, dict):
            for name in found:
                names.setdefault(name, len(names))
            if len(names) > MAX_COLUMNS:
                raise UnreadableError("file_columns", limit=MAX_COLUMNS, count=len(names))
    if not names:
        raise UnreadableError("file_unknown" if count else "file_empty")
    return unique(list[Cell](names)), _rows(path, reading, names)


def _rows(path: Path, reading: Reading, names: dict[str, int]) -> Iterator[Numbered]:
    for number, found in _objects(path, reading):
        if isinstance(found, WrongRow):
            yield number, found
        else:
            cells: list[Cell] = [None] * len(names)
            for name, cell in found.items():
                cells[names[name]] = cell
            yield number, cells


def _objects(path: Path, reading: Reading) -> Iterator[tuple[int, dict[str, Cell] | WrongRow]]:
    assert reading.encoding is not None
    document = _document(path, reading.encoding)
    if document is not None:
        for number, one in enumerate(document, 1):
            found = _cells(one)
            yield number, found if found is not None else WrongRow("row_not_object", cells=[json.dumps(one)[:200]])
        return
    for number, line in enumerate(charset.lines(path, reading.encoding), 1):
        if is_blank(line) or number < reading.first_row:
            continue
        try:
            found = _cells(_loaded(line))
        except (ValueError, ArithmeticError, RecursionError):
            yield number, WrongRow("row_not_json", cells=[line.strip()])
            continue
        yield number, found if found is not None else WrongRow("row_not_object", cells=[line.strip()])


def _document(path: Path, encoding: str) -> list[Any] | None:
    """The objects of a file that is one document; None for one whose lines are objects each.

    Raises:
        UnreadableError: it is one, and too large, or has no or several lists of objects.
    """
    lines = charset.lines(path, encoding)
    first = next((line.strip() for line in lines if not is_blank(line)), "")
    if first.startswith("{"):
        try:
            whole = _loaded(first)
        except (ValueError, ArithmeticError, RecursionError):
            if first != "{" and not _DOCUMENT.match(first):
                return None
        else:
            inner = next(iter(whole.values()), None) if len(whole) == 1 else None
            is_list = isinstance(inner, list) and any(isinstance(one, dict) for one in inner)
            if not is_list or any(not is_blank(line) for line in lines):
                return None
    elif not first.startswith("["):
        return None
    if path.stat().st_size > MAX_DOCUMENT:
        raise UnreadableError("file_unknown")
    try:
        value = _loaded("".join(charset.lines(path, encoding)))
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise UnreadableError("file_unknown") from error
    lists = [value] if isinstance(value, list) else [one for one in value.values() if isinstance(one, list)]
    if len(lists) != 1 or not any(isinstance(one, dict) for one in lists[0]):
        raise UnreadableError("file_unknown")
    return lists[0]


def _loaded(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats)


def _cells(value: Any) -> dict[str, Cell] | None:
    if not isinstance(value, dict):
        return None
    return _whole(value) if is_ours(list(value)) else _without_repeats(list(_flat(value, "")))


def _whole(value: dict[str, Any]) -> dict[str, Cell]:
    """A line of an export of our own: lists and objects stay what they are, as JSON."""
    return {
        name: json.dumps(cell, ensure_ascii=False, default=str) if isinstance(cell, list | dict) else cell
        for name, cell in value.items()
    }


def _flat(value: dict[str, Any], before: str) -> Iterator[tuple[str, Cell]]:
    for key, inner in value.items():
        name = before + key
        if isinstance(inner, list):
            if any(isinstance(one, dict | list) for one in inner):
                yield from _flat({str(at): one for at, one in enumerate(inner, 1)}, f"{name}.")
            else:
                yield name, _JOINED_BY.join(_text(one) for one in inner if one is not None) or None
        elif isinstance(inner, dict):
            yield from _flat(inner, f"{name}.")
        else:
            yield name, inner


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A key is repeated.")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON.")

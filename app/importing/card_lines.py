"""The lines of vCards: unfolded, with parameters, encodings and escapes of all three versions."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import charset

_HEAD = re.compile(r'((?:[^":]|"[^"]*"|")*?):')
_BEGINNING = re.compile(r"\s*(?:[\w-]+\.)?[A-Za-z0-9-]+\s*[;:]")
_PARAMETER = re.compile(r'(?:[^";]|"[^"]*")+')
_MEMBER = re.compile(r'(?:[^",]|"[^"]*")+')
_PACKED = re.compile(r"[A-Za-z0-9+/=\s]*")
_ENCODINGS = frozenset({"QUOTED-PRINTABLE", "BASE64", "B", "8BIT", "7BIT"})
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_OLD_ESCAPE = re.compile(r"\\([;,:\\])")


@dataclass
class Property:
    """A property of a card, in the wording of the file.

    Attributes:
        line: where it begins, counted from 1.
        group: what binds it to others, such as `item1`.
        name: in capitals.
        raw: the value as it stands in the file, unfolded.
        types: all of its types in capitals.
        omitted_year: the year that stands in a day for the one that is not known.
        is_old: whether the card is of version 2.1, which escapes nothing but the semicolon.
    """

    line: int
    group: str
    name: str
    raw: str
    types: frozenset[str] = frozenset()
    services: tuple[str, ...] = ()
    encoding: str = ""
    charset: str = ""
    omitted_year: str = ""
    is_preferred: bool = False
    is_old: bool = False

    @property
    def is_binary(self) -> bool:
        """Whether the value is packed bytes and no text."""
        return self.encoding in ("BASE64", "B")

    def text(self) -> str:
        """The value as one text."""
        return self._plain(self.raw)

    def parts(self) -> list[str]:
        """The parts of a value that semicolons part, such as those of a name or an address."""
        return [self._plain(part).strip() for part in _split(self.raw, ";")]

    def members(self) -> list[str]:
        """The members of a value that commas part, such as categories."""
        return [self._plain(part).strip() for part in _split(self.raw, ",")]

    def _plain(self, raw: str) -> str:
        if self.encoding == "QUOTED-PRINTABLE":
            raw = _decoded(quopri.decodestring(raw.encode("utf-8")), self.charset)
        if self.is_old:
            return _OLD_ESCAPE.sub(r"\1", raw).replace("\r\n", "\n")
        return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], raw)


def properties(lines: Iterator[str]) -> Iterator[Property]:
    """Properties one by one. A line that is none belongs to the value of the one before."""
    held, start, is_old = "", 0, False
    for number, ended in enumerate(lines, 1):
        line = ended.rstrip("\r\n")
        longer = _continued(held, line, is_old) if held else None
        if longer is not None:
            held = longer
            continue
        if not line.strip():
            continue
        if held:
            one = _parsed(start, held, is_old)
            if one.name == "VERSION":
                is_old = one.raw.strip() == "2.1"
            yield one
        held, start = line, number
    if held:
        yield _parsed(start, held, is_old)


def _continued(held: str, line: str, is_old: bool) -> str | None:
    """What a line makes of the one before it, None where it begins a property of its own."""
    head = held.partition(":")[0].upper()
    is_packed = "BASE64" in head or "ENCODING=B" in head
    if "QUOTED-PRINTABLE" in head and held.endswith("="):
        return held[:-1] + line
    if line[:1] in (" ", "\t"):
        # 2.1 breaks a line before a blank that belongs to the text.
        return held + (f" {line.lstrip()}" if is_old and ":" in held and not is_packed else line[1:])
    if not line:
        return None
    if is_packed and ":" not in line and _PACKED.fullmatch(line):
        return held + line
    if _BEGINNING.match(line):
        return None
    return held + ("\n" if is_old else "\\n") + line


def _parsed(number: int, line: str, is_old: bool) -> Property:
    found = _HEAD.match(line)
    head, *said = _PARAMETER.findall(found[1] if found else line) or [""]
    group, _, name = head.strip().rpartition(".")
    one = Property(number, group, name.upper(), line[found.end() :] if found else "", is_old=is_old)
    types: set[str] = set()
    for parameter in said:
        key, equals, value = parameter.partition("=")
        key = key.strip().upper()
        values = [member.strip().strip('"') for member in _MEMBER.findall(value)]
        if not equals and key in _ENCODINGS:
            one.encoding = key
        elif not equals:
            types.add(key)
        elif key == "TYPE":
            types.update(part.strip().upper() for member in values for part in member.split(","))
        elif key == "ENCODING":
            one.encoding = "".join(values).upper()
        elif key == "CHARSET":
            one.charset = "".join(values)
        elif key == "X-APPLE-OMIT-YEAR":
            one.omitted_year = "".join(values)
        elif key == "PREF":
            one.is_preferred = "".join(values) == "1"
        elif key in ("X-SERVICE-TYPE", "SERVICE-TYPE", "X-SERVICE"):
            one.services = tuple(values)
    one.is_preferred = one.is_preferred or "PREF" in types
    one.types = frozenset(types)
    return one


def _split(raw: str, by: str) -> list[str]:
    parts, start, escaped = list[str](), 0, False
    for at, char in enumerate(raw):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == by:
            parts.append(raw[start:at])
            start = at + 1
    return [*parts, raw[start:]]


def _decoded(packed: bytes, said: str) -> str:
    """Bytes in the encoding that the property says, else in the likeliest."""
    for encoding in (said, "utf-8"):
        try:
            return packed.decode(encoding or "utf-8")
        except (UnicodeError, LookupError):
            continue
    return packed.decode(charset.codec(charset.likeliest(packed)), "replace")

"""vCards 3.0 of people and customers, as `vcard.py` and address books read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_WIDTH = 75
_KINDS = {"mobile": "CELL", "cell": "CELL", "work": "WORK", "home": "HOME", "fax": "FAX"}
_PICTURE = re.compile(r"data:image/([\w+-]+);base64,([A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def card(values: Mapping[str, Any]) -> str:
    """One card with its line ends.

    Args:
        values: by the names of fields: texts, `emails` and `phones` as lists of entries, `tags` as a list.
    """
    return "".join(_folded(line) for line in ("BEGIN:VCARD", "VERSION:3.0", *_lines(values), "END:VCARD"))


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    name = values.get("name") or ""
    yield f"FN:{_escaped(name)}"
    # The parts of a name are not known apart: the whole stands where programs show it.
    yield f"N:;{_escaped(name)};;{_escaped(values.get('salutation') or '')};"
    company, department = values.get("customer") or values.get("company"), values.get("department")
    if company or department:
        yield f"ORG:{_escaped(company or '')}" + (f";{_escaped(department)}" if department else "")
    yield from _text("TITLE", values.get("title"))
    for entry in _entries(values, "emails", "email", "address"):
        yield f"EMAIL;TYPE=INTERNET{_types(entry)}:{_escaped(entry['address'])}"
    for entry in _entries(values, "phones", "phone", "raw"):
        yield f"TEL{_types(entry)}:{_escaped(entry['raw'])}"
    place = [values.get(f"address.{part}") or "" for part in ("street", "city", "province", "postal_code", "country")]
    district = values.get("address.district")
    if district:
        place[0] = ", ".join(filter(None, (place[0], district)))
    if any(place):
        yield "ADR;TYPE=WORK:;;" + ";".join(_escaped(part) for part in place)
        yield from _text("X-DISTRICT", district)
    if values.get("birthday"):
        yield f"BDAY:{values['birthday']}"
    yield from _text("URL", values.get("website"))
    yield from _text("X-WECHAT", values.get("wechat"))
    yield from _text("X-QQ", values.get("qq"))
    if values.get("tags"):
        yield "CATEGORIES:" + ",".join(_escaped(tag) for tag in values["tags"])
    yield from _text("NOTE", values.get("description"))
    yield from _photo(values.get("photo"))
    yield from _text("UID", values.get("external_id"))


def _text(name: str, value: str | None) -> Iterator[str]:
    if value:
        yield f"{name}:{_escaped(value)}"


def _photo(value: str | None) -> Iterator[str]:
    if not value:
        return
    found = _PICTURE.fullmatch(value)
    yield f"PHOTO;ENCODING=b;TYPE={found[1].upper()}:{found[2]}" if found else f"PHOTO;VALUE=URI:{value}"


def _entries(values: Mapping[str, Any], plural: str, single: str, key: str) -> Sequence[Mapping[str, Any]]:
    """The primary one first, as it is read first."""
    entries = values.get(plural) or ([{key: values[single], "is_primary": True}] if values.get(single) else [])
    return sorted(entries, key=lambda entry: not entry.get("is_primary"))


def _types(entry: Mapping[str, Any]) -> str:
    kind = _KINDS.get(str(entry.get("kind") or "").lower())
    return (f";TYPE={kind}" if kind else "") + (";TYPE=PREF" if entry.get("is_primary") else "")


def _escaped(text: str) -> str:
    plain = _CONTROL.sub("", text)
    for mark in "\\;,":
        plain = plain.replace(mark, f"\\{mark}")
    return plain.replace("\n", "\\n")


def _folded(line: str) -> str:
    """A line in pieces of 75 bytes, never within a character."""
    pieces, piece, size = list[str](), list[str](), 0
    for char in line:
        width = len(char.encode("utf-8", "replace"))
        if size + width > _WIDTH:
            pieces.append("".join(piece))
            piece, size = [" "], 1
        piece.append(char)
        size += width
    pieces.append("".join(piece))
    return "\r\n".join(pieces) + "\r\n"

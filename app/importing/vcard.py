"""vCards 2.1, 3.0 and 4.0: every card is a row under the same headings.

What can be there more than once stands in one cell, a line each: phones and addresses of e-mail by kind, further postal
addresses and sites, and under `other` whatever has no column of its own. A birthday that is no whole date, such as one
without its year, is told in words under `birthday_without_year`. `email` and `phone` have the preferred one once more,
so that it is known which comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import unquote

from ..messages import say
from . import charset
from .card_lines import Property, properties
from .reading import Cell, Numbered, Reading, UnreadableError

HEADINGS = (
    "name",
    "last_name",
    "first_name",
    "salutation",
    "company",
    "department",
    "title",
    "email",
    "email_work",
    "email_home",
    "phone",
    "phone_mobile",
    "phone_work",
    "phone_home",
    "phone_other",
    "phone_fax",
    "address.street",
    "address.district",
    "address.city",
    "address.province",
    "address.postal_code",
    "address.country",
    "birthday",
    "birthday_without_year",
    "website",
    "other_websites",
    "wechat",
    "qq",
    "tags",
    "description",
    "name_suffix",
    "nickname",
    "other_addresses",
    "photo",
    "external_id",
    "other",
)
_AT = {name: index for index, name in enumerate(HEADINGS)}
_MAIN = (
    ("phone", ("phone_mobile", "phone_work", "phone_home", "phone_other", "phone_fax")),
    ("email", ("email_work", "email_home")),
)
"""Where the main number and address come from that no card prefers."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].*)?")
_NO_YEAR = re.compile(r"--(\d\d)-?(\d\d)(?:[T ].*)?")
_LINE_BREAKS = re.compile(r"\s*[\r\n]+\s*")
_NAMED = {"TITLE": "title", "URL": "website", "NOTE": "description", "UID": "external_id"}
_CHATS = {"QQ": "qq", "TENCENT": "qq", "WECHAT": "wechat", "WEIXIN": "wechat"}
_JOINED = frozenset({"tags", "nickname"})
"""What stands in its cell one after the other."""

_UNTOLD = frozenset(
    {"AGENT", "VERSION", "PRODID", "REV", "KEY", "SOUND", "LOGO", "SOURCE", "PROFILE", "MAILER", "X-ABLABEL"}
)
_IMAGES = ((b"/9j/", "jpeg"), (b"iVBOR", "png"), (b"R0lGOD", "gif"), (b"UklGR", "webp"))
_LONGEST_OTHER = 2_000


def looks_like(start: str) -> bool:
    """Whether a text begins as a vCard does; a group may stand before it, as in `home.begin:vcard`."""
    return bool(re.match(r"(?:[\w-]+\.)?begin:vcard\s", start, re.IGNORECASE))


def read(path: Path, reading: Reading) -> tuple[list[str], Iterator[Numbered]]:
    """The headings, which are always the same, and a row for every card, numbered by its first line."""
    assert reading.encoding is not None
    if next(_cards(path, reading), None) is None:
        raise UnreadableError("file_empty")
    return list(HEADINGS), _rows(path, reading)


def _rows(path: Path, reading: Reading) -> Iterator[Numbered]:
    for number, card in _cards(path, reading):
        yield number, _Card().filled(card)


def _cards(path: Path, reading: Reading) -> Iterator[tuple[int, list[Property]]]:
    """The properties of every card. A card within a card, as `AGENT` has them, belongs to nobody here."""
    held: list[Property] | None = None
    start = depth = 0
    for one in properties(charset.lines(path, reading.encoding or "utf-8")):
        mark = one.raw.strip().upper() if one.name in ("BEGIN", "END") else ""
        if one.line < reading.first_row:
            continue
        if mark == "VCARD" and one.name == "BEGIN":
            if held is not None and held and held[-1].name == "AGENT":
                depth += 1
                continue
            if held is not None:
                yield start, held
            held, start = [], one.line
        elif mark == "VCARD":
            if depth:
                depth -= 1
            elif held is not None:
                yield start, held
                held = None
        elif held is not None and not depth:
            held.append(one)
    if held:
        yield start, held


@dataclass
class _Card:
    """The cells of a card as they are gathered."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    addresses: list[tuple[int, list[str]]] = field(default_factory=list)
    birthday: Cell = None
    district: str = ""

    def filled(self, card: list[Property]) -> list[Cell]:
        """The row of a card."""
        labels = {one.group: one.text() for one in card if one.name == "X-ABLABEL" and one.group}
        for one in sorted(card, key=lambda one: not one.is_preferred):
            self._take(one, labels.get(one.group, ""))
        if "name" not in self.texts:
            self._add("name", self._name())
        if any(suffix in name for suffix in self.texts.get("name_suffix", ()) for name in self.texts.get("name", ())):
            del self.texts["name_suffix"]
        for name, kinds in _MAIN:
            held = next((self.texts[kind] for kind in kinds if kind in self.texts), None)
            if held and name not in self.texts:
                self._add(name, held[0])
        self._place()
        cells: list[Cell] = [None] * len(HEADINGS)
        for name, texts in self.texts.items():
            joined = (", " if name in _JOINED else "\n").join(texts)
            cells[_AT[name]] = joined or None
        cells[_AT["birthday"]] = self.birthday
        return cells

    def _take(self, one: Property, label: str) -> None:
        match one.name:
            case "FN" if "name" not in self.texts:
                self._add("name", one.text())
            case "N":
                family, given, more, before, after = (one.parts() + [""] * 5)[:5]
                self._add("last_name", family)
                self._add("first_name", " ".join(part for part in (given, more) if part))
                self._add("salutation", before)
                self._add("name_suffix", after)
            case "ORG" if "company" not in self.texts:
                company, *units = one.parts()
                self._add("company", company)
                self._add("department", " / ".join(unit for unit in units if unit))
            case "TEL":
                number = _phone(one.text())
                if one.is_preferred and "phone" not in self.texts:
                    self._add("phone", number)
                self._add(f"phone_{_phone_kind(one)}", number)
            case "EMAIL":
                kinds = one.types & {"WORK", "HOME"}
                address = one.text().removeprefix("mailto:")
                if one.is_preferred and "email" not in self.texts:
                    self._add("email", address)
                self._add(f"email_{min(kinds).lower()}" if kinds else "email", address)
            case "ADR":
                # Preferred first, then where the person works.
                self.addresses.append((not one.is_preferred * 2 - ("WORK" in one.types), one.parts()))
            case "X-DISTRICT":
                self.district = one.text()
            case "BDAY" if self.birthday is None:
                self.birthday, rest = _birthday(one)
                self._add("birthday_without_year", rest and say("import.birthday", day=rest))
            case "NICKNAME":
                for name in one.members():
                    self._add("nickname", name)
            case "CATEGORIES":
                for tag in one.members():
                    self._add("tags", tag)
            case "PHOTO" if "photo" not in self.texts:
                self._add("photo", _photo(one))
            case _:
                self._take_named(one, label)

    def _take_named(self, one: Property, label: str) -> None:
        text = one.text()
        name = _NAMED.get(one.name) or _chat(one, text)
        if name == "website" and name in self.texts:
            name = "other_websites"
        if name and (name in ("description", "other_websites") or name not in self.texts):
            self._add(name, _handle(text) if name in ("qq", "wechat") else text)
        elif one.name not in _UNTOLD and not one.is_binary and len(text) <= _LONGEST_OTHER:
            title = label.removeprefix("_$!<").removesuffix(">!$_") or one.name.removeprefix("X-")
            self._add("other", f"{title}: {'; '.join(part for part in one.parts() if part)}")

    def _add(self, name: str, text: str) -> None:
        text = text.strip()
        if name not in ("description", "photo"):
            text = _LINE_BREAKS.sub(", " if name.startswith("other") else " ", text)
        if text and text not in self.texts.get(name, ()):
            self.texts.setdefault(name, []).append(text)

    def _name(self) -> str:
        """A name put together from its parts: 张三 and not 三 张; the organisation's where there is none."""
        last, first = (" ".join(self.texts.get(part, ())) for part in ("last_name", "first_name"))
        if _HAN.search(last + first):
            return last + first
        whole = " ".join(part for part in (first, last) if part)
        return whole or " ".join(self.texts.get("company", ()))

    def _place(self) -> None:
        for at, (_, parts) in enumerate(sorted(self.addresses, key=lambda one: one[0])):
            box, extended, street, city, region, code, country = (parts + [""] * 7)[:7]
            whole = ", ".join(_LINE_BREAKS.sub(", ", part) for part in (box, extended, street) if part)
            if at:
                line = (part for part in (whole, city, region, code, country) if part)
                self._add("other_addresses", ", ".join(line))
                continue
            if self.district and whole.endswith(self.district):
                # An export of our own: other programs have no place for it but the street.
                whole = whole.removesuffix(self.district).removesuffix(", ")
                self._add("address.district", self.district)
            self._add("address.street", whole)
            self._add("address.city", city)
            self._add("address.province", region)
            self._add("address.postal_code", code)
            self._add("address.country", country)


def _phone_kind(one: Property) -> str:
    if "FAX" in one.types:
        return "fax"
    if one.types & {"CELL", "MOBILE", "IPHONE"}:
        return "mobile"
    return "work" if "WORK" in one.types else "home" if "HOME" in one.types else "other"


def _phone(text: str) -> str:
    """A phone as it is typed; the address `tel:+1-418-656-9254;ext=102` as people write it."""
    if not text.lower().startswith("tel:"):
        return text
    number, *rest = unquote(text[4:]).split(";")
    extension = next((part[4:] for part in rest if part.lower().startswith("ext=")), "")
    return f"{number} ext. {extension}" if extension else number


def _birthday(one: Property) -> tuple[date | None, str]:
    """The day where year, month and day are said; else what is said of it, such as `02-03` for `--0203`."""
    text = one.text().strip()
    if one.omitted_year and text.startswith(one.omitted_year):
        text = f"--{text.removeprefix(one.omitted_year).lstrip('-')}"
    if found := _DAY.fullmatch(text):
        with suppress(ValueError):
            return date(*map(int, found.groups())), ""
    known = _NO_YEAR.fullmatch(text)
    return None, "-".join(known.groups()) if known else text


def _chat(one: Property, text: str) -> str | None:
    if one.name != "IMPP" and not one.name.startswith("X-"):
        return None
    scheme = text.partition(":")[0] if ":" in text else ""
    said = " ".join((one.name, *one.types, *one.services, scheme)).upper()
    return next((name for word, name in _CHATS.items() if word in re.split(r"[\s_-]", said)), None)


def _handle(text: str) -> str:
    """The name in a chat: `12345` of `qq:12345`."""
    return re.sub(r"^(?:x-apple|qq|tencent|wechat|weixin)(?::|%3a|//)+", "", text, flags=re.IGNORECASE).strip("/")


def _photo(one: Property) -> str:
    """A picture as a `data:` address, or the address at which it lies."""
    if not one.is_binary:
        return one.raw.strip()
    packed = re.sub(r"\s+", "", one.raw)
    kind = next((kind for start, kind in _IMAGES if packed.encode("ascii", "replace").startswith(start)), "")
    said = next((word.rpartition("/")[2].lower() for word in one.types if word not in ("WORK", "HOME", "PREF")), "jpeg")
    return f"data:image/{kind or said};base64,{packed}"

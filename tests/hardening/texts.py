"""Every place where the API takes a text, found in the schemas of its operations, and what the contract says of one.

A new operation or field is found by itself; its request is that of the permission matrix, which every route has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from marshmallow import Schema, fields, validate

from app.auth.schemas import Secret, TimeZone
from app.custom_values import RESOURCES_WITH_CUSTOM
from app.deal.schemas import RequirableField
from app.folding import fold
from app.money.schemas import CurrencyField
from app.quote.schemas import PatternField
from app.routing import OPERATIONS, PREFIX, Operation
from app.schema import (
    Choice,
    DateField,
    DecimalText,
    Email,
    InstantField,
    Line,
    Link,
    OptionField,
    Prose,
    RateField,
)

Path = tuple[str | int, ...]

BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")

CUSTOM_KEY = "naughty"
"""Key of the custom texts that the tests add to every kind of record that may have some."""

LINE_CODES = frozenset({"control_characters", "bidi_override", "required", "too_long"})

NO_TEXTS = (fields.Integer, fields.Boolean, fields.Raw)
"""Fields that take no text at all; that they refuse one is tried elsewhere."""

CLOSED: dict[type[fields.Field[Any]], frozenset[str]] = {
    Choice: frozenset({"not_allowed"}),
    CurrencyField: LINE_CODES | {"currency"},
    DateField: frozenset({"date"}),
    DecimalText: frozenset({"decimal", "out_of_range", "too_precise"}),
    InstantField: frozenset({"instant"}),
    OptionField: LINE_CODES | {"unknown_option"},
    PatternField: LINE_CODES | {"number_pattern"},
    RateField: frozenset({"wrong_type"}),
    RequirableField: LINE_CODES | {"not_allowed"},
    Secret: frozenset({"required"}),
    TimeZone: LINE_CODES | {"time_zone"},
}
"""What takes certain words only, and the codes of its refusals."""


@dataclass(frozen=True)
class Place:
    """One place for a text in a body.

    Attributes:
        path: names and numbers on the way to it.
        field: what reads the text.
    """

    path: Path
    field: fields.Field[Any]

    @property
    def pointer(self) -> str:
        """As refusals name it."""
        return "#" + "".join(f"/{part}" for part in self.path)

    @property
    def name(self) -> str:
        """Its names alone, as the tables of the tests say it."""
        return "/".join(part for part in self.path if isinstance(part, str))

    @property
    def limit(self) -> int | None:
        """The most characters that it takes."""
        found = [one.max for one in self.field.validators if isinstance(one, validate.Length) and one.max]
        return min(found, default=None)

    @property
    def closed(self) -> frozenset[str] | None:
        """The codes of refusals, where only certain words are taken; else None."""
        return next((CLOSED[kind] for kind in type(self.field).__mro__ if kind in CLOSED), None)

    @property
    def is_prose(self) -> bool:
        """Whether it keeps every byte."""
        return isinstance(self.field, Prose)

    def refusal(self, text: str) -> str | None:
        """The code by which the contract refuses an open text here; None where it is kept."""
        code = self._refusal(text)
        if code is None and self.limit is not None:
            kept = self.stored(text)
            return "too_long" if len(kept) > self.limit else None
        return code

    def _refusal(self, text: str) -> str | None:
        if self.is_prose:
            return "control_characters" if "\x00" in text or re.search(r"[\ud800-\udfff]", text) else None
        if any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in text.strip("\t\r\n ")):
            return "control_characters"
        if BIDI.search(text):
            return "bidi_override"
        if not text.strip():
            may_be_empty = self.field.allow_none and not self.field.required
            return None if may_be_empty else "required"
        if isinstance(self.field, Email):
            return None if re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", text.strip(), re.ASCII) else "email"
        if isinstance(self.field, Link):
            head = text.strip().split("/")[0]
            is_web = text.strip().lower().startswith(("http://", "https://"))
            has_port = re.fullmatch(r"[\w.-]+:\d{1,5}", head)
            return "url" if ":" in head and not is_web and not has_port else None
        return None

    def stored(self, text: str) -> str:
        """What of a text is kept."""
        return text.replace("\r\n", "\n").replace("\r", "\n") if self.is_prose else text.strip()


def _walk(field: fields.Field[Any], path: Path, resource: str) -> Iterator[Place]:
    name = path[-1]
    if field.dump_only or isinstance(field, NO_TEXTS):
        return
    if isinstance(field, fields.Nested):
        yield from _of_schema(field.schema, path, {"person": "people", "deal": "deals"}.get(str(name), resource))
    elif isinstance(field, fields.List):
        yield from _walk(field.inner, (*path, 0), resource)
    elif name == "custom":
        assert resource in RESOURCES_WITH_CUSTOM, resource
        yield Place((*path, CUSTOM_KEY), Line(allow_none=True, validate=validate.Length(max=500)))
    elif isinstance(field, fields.Dict):
        if field.value_field is not None:
            yield from _walk(field.value_field, (*path, "0"), resource)
    else:
        yield Place(path, field)


def _of_schema(schema: Schema, path: Path, resource: str) -> Iterator[Place]:
    for name, field in schema.fields.items():
        yield from _walk(field, (*path, field.data_key or name), resource)


def places_of(operation: Operation) -> list[Place]:
    """Every place for a text in the body of an operation."""
    resource = operation.rule.removeprefix(PREFIX).split("/")[1]
    return [] if operation.body is None else list(_of_schema(operation.body, (), resource))


def writing() -> dict[tuple[str, str], Operation]:
    """Every operation with a body, by method and path as the permission matrix writes them."""
    found = {}
    for operation in OPERATIONS.values():
        if operation.body is not None:
            rule = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: "{" + _short(name[1]) + "}", operation.rule)
            found[operation.method, rule.removeprefix(PREFIX)] = operation
    return found


def _short(name: str) -> str:
    return "id" if name.endswith("_id") and name != "external_id" else name


def put(body: dict[str, Any], path: Path, value: Any) -> None:
    """Set a value in a body; objects and lists on the way are made."""
    at: Any = body
    for part, following in pairwise(path):
        made: Any = [] if isinstance(following, int) else {}
        if isinstance(part, int):
            if len(at) <= part:
                at.append(made)
            at = at[part]
        else:
            if at.get(part) is None:
                at[part] = made
            at = at[part]
    if isinstance(path[-1], int):
        at[path[-1] : path[-1] + 1] = [value]
    else:
        at[path[-1]] = value


def filled(base: dict[str, Any], texts: dict[Place, str]) -> dict[str, Any]:
    """A body with texts in their places."""
    body = deepcopy(base)
    for place, text in texts.items():
        put(body, place.path, text)
    return body


def found_in(body: Any, path: Path) -> Any:
    """What stands at a place; None where there is nothing."""
    at = body
    for part in path:
        try:
            at = at[part]
        except (KeyError, IndexError, TypeError):
            return None
    return at


# ---- what is alike ---------------------------------------------------------------------------------------------------


@cache
def class_of(text: str) -> tuple[Any, ...]:
    """What a text has in it that one of our rules, a database or a script could stumble over.

    Two texts of one class differ in their words alone. Of the 515 naughty strings there are some fifty classes.
    """
    kinds = {unicodedata.category(one) for one in text.strip("\t\r\n ")}
    widest = max(text, default="")
    return (
        # Which rules have something to say.
        bool(kinds & {"Cc", "Cs", "Zl", "Zp"}),
        "\x00" in text,
        bool(BIDI.search(text)),
        not text.strip(),
        text.strip() != text,
        # What a database keeps and finds.
        next(at for at, end in enumerate("\x7f\xff\uffff\U0010ffff") if widest <= end),
        bool(kinds & {"Mn", "Me"}),
        "Cf" in kinds,
        any(unicodedata.bidirectional(one) in ("R", "AL") for one in text),
        unicodedata.normalize("NFC", text) != text,
        fold(text) != text.lower().strip(),
        len(text) > 100,
        # What would be read as something else than a text.
        next((one for one in "\\%{'\"<" if one in text), ""),
        text[:1] in ("=", "+", "-", "@"),
        re.fullmatch(r"[\d.,+\-eE$ xX]+", text) is not None,
    )


def one_of_each(strings: list[str], turn: int) -> list[str]:
    """One string of every class; at another turn it is another one of the class."""
    classes: dict[tuple[Any, ...], list[str]] = {}
    for text in strings:
        classes.setdefault(class_of(text), []).append(text)
    return [alike[turn % len(alike)] for alike in classes.values()]


SHARE = 20
"""One of so many places of one kind takes a string that has no class of its own."""


def dealt(places: dict[str, Place], strings: list[str]) -> dict[str, list[str]]:
    """Which strings are tried at which of the places, all of which are of one kind: alike in what reads and keeps them.

    Every string goes to one of so many places, at least to one, and to such as keep it, if any does. Every place takes
    at least one string of every class, and of every class one of each fate: kept, too long, refused by a rule.
    """
    found: dict[str, list[str]] = {name: [] for name in places}
    for text in strings:
        keeping = [name for name, place in places.items() if place.refusal(text) is None] or list(places)
        for name in sorted(keeping, key=lambda name: len(found[name]))[: max(1, len(places) // SHARE)]:
            found[name].append(text)
    for number, (name, place) in enumerate(places.items()):
        seen = {(class_of(text), place.refusal(text)) for text in found[name]}
        begin = number * len(strings) // len(places)
        for text in strings[begin:] + strings[:begin]:
            fate = (class_of(text), place.refusal(text))
            if fate not in seen:
                seen.add(fate)
                found[name].append(text)
    return found

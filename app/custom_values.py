"""Custom fields: what an admin adds to a kind of record, and what their values may be. Pure: no query, no clock.

Values stand in the record's `custom` by the key of their field: texts as texts, numbers as JSON numbers, money and
dates as strings, users as ids, several choices as a list. What is matched and sorted on is kept beside them
(`match_keys`), folded and exact, as for the columns of the house.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from marshmallow import Schema, ValidationError, fields

from .database import decimal_text
from .errors import Issue
from .folding import fold, sort_key
from .schema import (
    DateField,
    DecimalText,
    Flag,
    IdField,
    Line,
    Link,
    OptionField,
    StrictSchema,
    Texts,
    max_length,
)

TEXT_LENGTH = 500
CHOICE_LENGTH = 60
MOST_CHOICES = 50


def option_list_of(resource: str, key: str) -> str:
    """The option list with the values of a custom field of a kind of record, by the plural name of that."""
    return f"{resource}.{key}"


class CustomKind(StrEnum):
    """What the values of a custom field are."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    YES_NO = "yes_no"
    LINK = "link"
    USER = "user"


RESOURCES_WITH_CUSTOM = ("customers", "people", "contacts", "deals", "products")
"""The kinds of record that an admin may add fields to."""

CHOICES = frozenset({CustomKind.CHOICE, CustomKind.MULTI_CHOICE})
"""Kinds whose values stand in an option list of the field's own."""

TEXTS = frozenset({CustomKind.TEXT, CustomKind.LINK})
"""Kinds whose values are words, which may be searched."""

AMOUNTS = frozenset({CustomKind.NUMBER, CustomKind.MONEY})

KEY = re.compile(r"[a-z][a-z0-9_]{0,29}", re.ASCII)
_ENDING = re.compile(r".*_(min|max|from|to|after|before)", re.ASCII)

Kinds = tuple[tuple[str, str], ...]
"""Keys of fields with their kinds: what filters and sorting are planned by."""


@dataclass(frozen=True)
class Definition:
    """A custom field as an admin has declared it.

    Attributes:
        resource: plural name of the records that have it.
        key: under which values stand; never changes and is never given again.
        kind: never changes either.
        currency: of money.
        places: decimal places of the currency.
        is_required: whether a new record must have a value, and an edit may not take it away.
        is_searchable: whether searches look into its texts.
        is_retired: whether it takes values no longer; those that there are stay.
    """

    resource: str
    key: str
    kind: str
    label_zh: str
    label_en: str
    help: str | None
    currency: str | None
    places: int
    is_required: bool
    is_searchable: bool
    is_retired: bool

    @property
    def option_list(self) -> str:
        """The option list with the values of a choice."""
        return option_list_of(self.resource, self.key)


class _Choices(Texts):
    """Several values of an option list, none of them twice."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found: list[str] = super()._deserialize(value, attr, data, **kwargs)
        if len(set(found)) < len(found):
            raise ValidationError("repeated_value")
        return found


def key_fault(key: str) -> str | None:
    """What is wrong with a key for a new field, as the code of an issue.

    An ending such as `_min` is kept for the parameters of ranges.
    """
    if not KEY.fullmatch(key):
        return "custom_key"
    return "custom_key_ending" if _ENDING.fullmatch(key) else None


def key_from(label: str) -> str:
    """A key that a label suggests; empty where it has no letters of the Latin alphabet."""
    key = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_").lstrip("0123456789_")[:26].strip("_")
    if not key:
        return ""
    return f"{key}_field" if _ENDING.fullmatch(key) else key


def field_of(definition: Definition) -> fields.Field[Any]:
    """How a value of a field is taken in, and what the documentation says of it."""
    metadata = {
        "description": " / ".join(
            part for part in (definition.label_en, definition.label_zh, definition.currency, definition.help) if part
        )
    }
    kind = definition.kind
    if kind == CustomKind.TEXT:
        return Line(allow_none=True, blank_is_null=True, validate=max_length(TEXT_LENGTH), metadata=metadata)
    if kind == CustomKind.LINK:
        return Link(allow_none=True, blank_is_null=True, validate=max_length(TEXT_LENGTH), metadata=metadata)
    if kind == CustomKind.NUMBER:
        # Fifteen digits: every such number reads the same whatever holds it.
        most = "99999999999.9999"
        return DecimalText(low=f"-{most}", high=most, places=4, allow_none=True, metadata=metadata)
    if kind == CustomKind.MONEY:
        most = "99999999999999.99"
        return DecimalText(low=f"-{most}", high=most, places=definition.places, allow_none=True, metadata=metadata)
    if kind == CustomKind.DATE:
        return DateField(allow_none=True, metadata=metadata)
    if kind == CustomKind.CHOICE:
        return OptionField(
            definition.option_list, allow_none=True, validate=max_length(CHOICE_LENGTH), metadata=metadata
        )
    if kind == CustomKind.MULTI_CHOICE:
        metadata["option_list"] = definition.option_list
        return _Choices(length=CHOICE_LENGTH, most=MOST_CHOICES, allow_none=True, metadata=metadata)
    if kind == CustomKind.YES_NO:
        return Flag(allow_none=True, metadata=metadata)
    return IdField(allow_none=True, metadata=metadata)


@lru_cache(maxsize=50)
def schema_of(definitions: tuple[Definition, ...]) -> Schema:
    """The shape of `custom` for a kind of record."""
    return StrictSchema.from_dict({one.key: field_of(one) for one in definitions})()


def stored(kind: str, value: Any) -> Any:
    """A value that was taken in as it stands in the record; null for what is empty."""
    if isinstance(value, Decimal):
        if kind == CustomKind.MONEY:
            return decimal_text(value)
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return None if value in ("", []) else value


def required_faults(
    definitions: Iterable[Definition], before: Mapping[str, Any] | None, sent: Any, *, in_chinese: bool
) -> list[Issue]:
    """Required fields that a new record (None) lacks, or that an edit would empty.

    They are called by their names: a short form may have no place for them.
    """
    sent = sent if isinstance(sent, Mapping) else {}
    issues = []
    for one in definitions:
        if not one.is_required or one.is_retired:
            continue
        is_empty = sent.get(one.key) in (None, "", []) or (isinstance(sent[one.key], str) and not sent[one.key].strip())
        lacks = is_empty if before is None else one.key in sent and is_empty
        if lacks:
            label = one.label_zh if in_chinese else one.label_en
            issues.append(Issue(f"#/custom/{one.key}", "required_field", {"field": label}))
    return issues


def match_keys(values: Mapping[str, Any] | None, kinds: Mapping[str, str]) -> dict[str, dict[str, Any]] | None:
    """What the values of a record are matched and sorted on.

    Returns:
        `fold` and `sort` with the folded texts, `units` with amounts in ten-thousandths; null for no such values.
    """
    found: dict[str, dict[str, Any]] = {}
    for key, value in (values or {}).items():
        kind = kinds.get(key)
        if kind in TEXTS:
            found.setdefault("fold", {})[key] = fold(value)
            found.setdefault("sort", {})[key] = sort_key(value)
        elif kind in AMOUNTS:
            found.setdefault("units", {})[key] = int(Decimal(str(value)).scaleb(4))
    return found or None

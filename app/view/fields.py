"""What a list can be asked about its records, in words: told by its own declaration of filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..access import Actor
from ..custom_columns import PREFIX
from ..custom_values import CHOICES, CustomKind, Definition
from ..customer.custom_fields import declared
from ..filtering import (
    Contains,
    Filter,
    Flagged,
    InState,
    Member,
    Range,
    a_date,
    a_decimal,
    a_number,
    a_rate,
    an_id,
    an_instant,
    linked_with,
)
from ..listing import ListSpec
from ..messages import catalogue, language
from ..schema import Choice

_UNASKED = frozenset({"id", "external_source", "external_id", "phone_e164", "is_backfill", "deleted", "deleted_by"})
"""What a list takes for programs."""

_NUMBERS: dict[Callable[[Any, str], Any], str] = {
    a_number: "number",
    a_decimal: "decimal",
    a_rate: "rate",
    a_date: "date",
    an_instant: "moment",
}

_VALUES = {"deal_state": ("open", "won", "lost")}

_KINDS: dict[str, str] = {
    CustomKind.TEXT: "text",
    CustomKind.LINK: "text",
    CustomKind.NUMBER: "decimal",
    CustomKind.MONEY: "decimal",
    CustomKind.DATE: "date",
    CustomKind.CHOICE: "option",
    CustomKind.MULTI_CHOICE: "option",
    CustomKind.YES_NO: "flag",
    CustomKind.USER: "link",
}
"""How custom fields are asked about."""


def fields_of(actor: Actor, spec: ListSpec) -> list[dict[str, Any]]:
    """The fields of a list that a person can ask about, in the order of their declaration, with their words.

    Those that an admin has added come last, with the words that the admin gave them.
    """
    view = spec.view_for(actor.shape)
    told = [
        _told(spec, name, one)
        for name, one in spec.filters.items()
        if one.ops and name not in _UNASKED and view.asks(name)
    ]
    if not spec.has_custom:
        return told
    added = [one for one in declared(spec.plural) if not one.is_retired and view.asks(PREFIX + one.key)]
    filters = spec.custom_filters(tuple((one.key, one.kind) for one in added))
    return told + [_custom(one, filters[PREFIX + one.key]) for one in added]


def _custom(field: Definition, one: Filter) -> dict[str, Any]:
    return {
        "field": PREFIX + field.key,
        "label": field.label_en if language() == "en" else field.label_zh,
        "type": _KINDS[field.kind],
        # A list of choices is asked like one choice: whether it is among some.
        "ops": [op for op in one.ops if op not in ("has", "has_not")],
        "values": [],
        "list": field.option_list if field.kind in CHOICES else None,
        "resource": "users" if field.kind == CustomKind.USER else None,
    }


def _told(spec: ListSpec, name: str, one: Filter) -> dict[str, Any]:
    texts = catalogue(language())

    def say(*keys: str) -> str | None:
        return next((texts[key] for key in keys if key in texts), None)

    kind, values, option_list, resource = _type_of(spec, name, one)
    label = say(f"field.{spec.plural}.{name}", f"field.{name}") or name
    return {
        "field": name,
        "label": label,
        "type": kind,
        # Of what nobody can pick, one can only ask whether it is there.
        "ops": [op for op in one.ops if kind != "link" or resource or op.endswith("null")],
        "values": [
            {
                "value": str(value),
                "label": say(f"value.{spec.plural}.{name}.{value}", f"value.{value}") or str(value),
            }
            for value in values
        ],
        "list": option_list,
        "resource": resource,
    }


def _type_of(spec: ListSpec, name: str, one: Filter) -> tuple[str, tuple[str, ...], str | None, str | None]:
    if isinstance(one, Member):
        return "tag", (), None, None
    if isinstance(one, InState):
        return "choice", one.names, None, None
    if isinstance(one, Flagged):
        return "flag", (), None, None
    if isinstance(one, Contains):
        return "text", (), None, None
    if isinstance(one, Range):
        return _NUMBERS[one.parse], (), None, None
    if one.parse is an_id:
        return "link", (), None, linked_with(name)
    written = spec.fields.fields.get(name)
    if name in _VALUES:
        return "choice", _VALUES[name], None, None
    if isinstance(written, Choice):
        return "choice", written.options, None, None
    if one.option_list is not None:
        return "option", (), one.option_list, None
    return "text", (), None, None

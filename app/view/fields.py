"""What a list can be asked about its records, in words: told by its own declaration of filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from ..schema import Choice, OptionField

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
_OPTION_LISTS = {"industry": "industry", "competitor": "competitor"}
"""Of filters that ask through other records, whose schema does not say it."""


def fields_of(spec: ListSpec) -> list[dict[str, Any]]:
    """The fields of a list that a person can ask about, in the order of their declaration, with their words.

    What an installation has added itself brings its own words (`Filter.labels`).
    """
    return [_told(spec, name, one) for name, one in spec.filters.items() if one.ops and name not in _UNASKED]


def _told(spec: ListSpec, name: str, one: Filter) -> dict[str, Any]:
    texts, spoken = catalogue(language()), language()

    def say(*keys: str) -> str | None:
        return next((texts[key] for key in keys if key in texts), None)

    kind, values, option_list, resource = _type_of(spec, name, one)
    label = one.labels.get(spoken) or say(f"field.{spec.plural}.{name}", f"field.{name}") or name
    return {
        "field": name,
        "label": label,
        "type": kind,
        # Of what nobody can pick, one can only ask whether it is there.
        "ops": [op for op in one.ops if kind != "link" or resource or op.endswith("null")],
        "values": [
            {
                "value": str(value),
                "label": one.choices.get(value, {}).get(spoken)
                or say(f"value.{spec.plural}.{name}.{value}", f"value.{value}")
                or str(value),
            }
            for value in values
        ],
        "list": option_list,
        "resource": resource,
    }


def _type_of(spec: ListSpec, name: str, one: Filter) -> tuple[str, tuple[str, ...], str | None, str | None]:
    if one.choices:
        return "choice", tuple(one.choices), None, None
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
    if name in _OPTION_LISTS:
        return "option", (), _OPTION_LISTS[name], None
    if isinstance(written, OptionField):
        return "option", (), written.option_list, None
    return "text", (), None, None

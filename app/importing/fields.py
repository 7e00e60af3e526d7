"""What the columns of a file can become: the fields of each resource that may be written, and names for its links.

They follow from the schemas of the API and from the custom fields that an admin has declared, so that a new field can
be imported without a word here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from marshmallow import Schema, fields, missing

from ..access import Actor
from ..custom_values import CHOICES, RESOURCES_WITH_CUSTOM, CustomKind, Definition
from ..customer.custom_fields import declared
from ..schema import (
    Choice,
    DateField,
    DecimalText,
    Flag,
    IdField,
    InstantField,
    Items,
    OptionField,
    Part,
    RateField,
    Texts,
    Whole,
)
from .headings import REPEATABLE
from .resources import resource_of


class Kind(StrEnum):
    """How the texts of a column are read."""

    TEXT = "text"
    WHOLE = "whole"
    DECIMAL = "decimal"
    RATE = "rate"
    DATE = "date"
    INSTANT = "instant"
    FLAG = "flag"
    CHOICE = "choice"
    OPTION = "option"
    TEXTS = "texts"
    LINK = "link"
    ITEMS = "items"


@dataclass(frozen=True)
class Field:
    """One field that a column can fill.

    Attributes:
        into: the field of the API that it becomes, where it has another name there.
        choices: the values of a choice.
        option_list: of an option.
        links_to: the resource that a link names.
        repeats: whether several columns may fill it.
        is_own: whether only files of our own have it: parts as JSON, and how a value came about.
        labels: what an admin calls it, where it is a custom field: `中文`, English.
    """

    name: str
    kind: Kind
    into: str
    choices: tuple[str, ...] = ()
    option_list: str = ""
    links_to: str = ""
    repeats: bool = False
    is_required: bool = False
    is_own: bool = False
    labels: tuple[str, ...] = ()


IMPORTABLE = ("customers", "people", "contacts", "deals", "tasks", "products", "users")
"""The resources that files are imported into, in the order in which they refer to each other."""

_LINKS = {
    "owner_id": ("owner", "users"),
    "user_id": ("user", "users"),
    "assignee_id": ("assignee", "users"),
    "parent_id": ("parent", "customers"),
    "customer_id": ("customer", "customers"),
    "person_id": ("person", "people"),
    "deal_id": ("deal", "deals"),
    "pipeline_id": ("pipeline", "pipelines"),
    "stage_id": ("stage", "stages"),
    "team_id": ("team", "teams"),
    "role": ("role", "roles"),
}

_MORE: Mapping[str, Sequence[Field]] = {
    "people": (
        Field("first_name", Kind.TEXT, "first_name"),
        Field("last_name", Kind.TEXT, "last_name"),
    ),
    "deals": (
        Field("product", Kind.LINK, "product", links_to="products", repeats=True),
        Field("quantity", Kind.DECIMAL, "quantity"),
        Field("unit_price", Kind.DECIMAL, "unit_price"),
        Field("win_probability_is_manual", Kind.FLAG, "win_probability_is_manual", is_own=True),
        Field("forecast_category_is_manual", Kind.FLAG, "forecast_category_is_manual", is_own=True),
    ),
    "users": (
        Field("first_name", Kind.TEXT, "first_name"),
        Field("last_name", Kind.TEXT, "last_name"),
        # Of the team: what a team is made with that is not there.
        Field("team_parent", Kind.LINK, "team_parent", links_to="teams"),
        Field("manager", Kind.LINK, "team_manager", links_to="users"),
        Field("region", Kind.TEXT, "team_region"),
    ),
}

IN_ITEMS = {
    field.name: field
    for field in (
        Field("customer", Kind.LINK, "customer_id", links_to="customers"),
        Field("person", Kind.LINK, "person_id", links_to="people"),
        Field("product", Kind.LINK, "product_id", links_to="products"),
        Field("user", Kind.LINK, "user_id", links_to="users"),
        Field("team", Kind.LINK, "team_id", links_to="teams"),
    )
}
"""What the parts of a record, such as the lines of a deal, name."""

KINDS_IN_HEADINGS = {("people", "email"), ("people", "phone")}
"""Fields of which the headings tell the kind: `Work phone`, `家庭电话`."""

_HIDDEN = frozenset({"password", "current_password", "avatar", "absent_until"})
_OWN = frozenset({"external_source", "amount_is_manual"})

TO_BEGIN_WITH: Mapping[str, Mapping[str, Any]] = {"users": {"role": "sales"}}
"""Required values of new records where a file has no column for them."""

_APART = "custom"
"""Comes as `custom.KEY`, each by itself."""

_OF_CUSTOM: Mapping[str, Kind] = {
    CustomKind.NUMBER: Kind.DECIMAL,
    CustomKind.MONEY: Kind.DECIMAL,
    CustomKind.DATE: Kind.DATE,
    CustomKind.CHOICE: Kind.OPTION,
    CustomKind.MULTI_CHOICE: Kind.TEXTS,
    CustomKind.YES_NO: Kind.FLAG,
    CustomKind.USER: Kind.LINK,
}


def fields_of(plural: str) -> dict[str, Field]:
    """The fields that columns of a file for a resource can fill, by name; custom ones as `custom.KEY`."""
    return own_fields_of(plural) | {one.name: one for one in map(_custom, active_of(plural))}


_FILLS = {"deals": dict.fromkeys(("product", "quantity", "unit_price"), "lines")}
"""The fields of the API that columns are put together into, where that is not told by their names."""


def fields_for(actor: Actor, plural: str) -> dict[str, Field]:
    """Those of them that this person may write."""
    view, fills = resource_of(plural).spec.view_for(actor.shape), _FILLS.get(plural, {})
    return {name: field for name, field in fields_of(plural).items() if view.writes(fills.get(name, name))}


def active_of(plural: str) -> list[Definition]:
    """The custom fields of a resource that take values."""
    return [one for one in declared(plural) if not one.is_retired] if plural in RESOURCES_WITH_CUSTOM else []


def _custom(field: Definition) -> Field:
    name = f"custom.{field.key}"
    return Field(
        name,
        _OF_CUSTOM.get(field.kind, Kind.TEXT),
        name,
        option_list=field.option_list if field.kind in CHOICES else "",
        links_to="users" if field.kind == CustomKind.USER else "",
        labels=(field.label_zh, field.label_en),
    )


@cache
def own_fields_of(plural: str) -> dict[str, Field]:
    """The fields of a resource that every installation has."""
    schema = resource_of(plural).create
    found: dict[str, Field] = {"id": Field("id", Kind.WHOLE, "id")}
    for name, field in schema.fields.items():
        if not field.dump_only and name not in _HIDDEN and name != _APART:
            for one in shaped(plural, name, field):
                found[one.name] = one
    return found | {one.name: one for one in _MORE.get(plural, ())}


def shaped(plural: str, name: str, field: fields.Field[Any]) -> list[Field]:
    """What a field of the API is in a file: none for ids, one for each part of an address."""
    required = field.required
    if isinstance(field, Items | fields.Dict):
        return [Field(name, Kind.ITEMS, name, is_own=True)]
    if isinstance(field, Part):
        parts = [f"{name}.{key}" for key in field.schema.fields]
        return [Field(one, Kind.TEXT, one, repeats=one in REPEATABLE.get(plural, ())) for one in parts]
    if name in _LINKS:
        called, target = _LINKS[name]
        return [Field(called, Kind.LINK, name, links_to=target, is_required=required)]
    if isinstance(field, IdField):
        return []
    kinds: tuple[tuple[type[fields.Field[Any]], Kind], ...] = (
        (Flag, Kind.FLAG),
        (Whole, Kind.WHOLE),
        (DecimalText, Kind.DECIMAL),
        (RateField, Kind.RATE),
        (DateField, Kind.DATE),
        (InstantField, Kind.INSTANT),
        (Texts, Kind.TEXTS),
        (Choice, Kind.CHOICE),
        (OptionField, Kind.OPTION),
    )
    kind = next((kind for one, kind in kinds if isinstance(field, one)), Kind.TEXT)
    return [
        Field(
            name,
            kind,
            name,
            choices=tuple(field.options) if isinstance(field, Choice) else (),
            option_list=field.option_list
            if isinstance(field, OptionField)
            else str(field.metadata.get("option_list", "")),
            repeats=name in REPEATABLE.get(plural, ()),
            is_required=required,
            is_own=name in _OWN,
        )
    ]


@cache
def schema_of(plural: str, names: frozenset[str]) -> Schema:
    """What the values of a row are checked by: the body of `POST`, without the fields of which no row says anything.

    Args:
        plural: the resource.
        names: the fields that rows say something of, those of an object as `address.city`; what is required or has a
            default is added.
    """
    whole = resource_of(plural).create
    outer = {name.split(".")[0] for name in names if "." in name}
    said = [
        name
        for name, field in whole.fields.items()
        if not field.dump_only and (name in names or field.required or field.load_default is not missing)
    ]
    if not {name for name in names if "." not in name} <= set(said):
        return whole
    # Declared fields are looked for one by one, in every row.
    return type(whole)(only=[*(name for name in said if name not in outer), *(name for name in names if "." in name)])

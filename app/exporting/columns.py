"""The columns of an export: the fields that an import takes, and on demand what else a list shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from marshmallow import fields

from ..access import Actor
from ..custom_columns import PREFIX
from ..importing.fields import IMPORTABLE, Field, Kind, fields_of, shaped
from ..importing.resources import resource_of
from ..projection import LinkTo

EXPORTABLE = ("users", *(one for one in IMPORTABLE if one != "users"), "quotes", "tags")
"""The resources that files are made of, in the order in which they refer to each other."""

CARDS = ("people", "customers")
"""Those that are people and addresses, which a vCard can hold."""

_UNTOLD = frozenset({"version", "is_active", "rank"})
"""What says nothing outside of this house; so do ids (`created_by`, `team_id`)."""

_PARTS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "emails": (("kind", "kind", ""), ("address", "address", ""), ("is_primary", "is_primary", "")),
    "phones": (("kind", "kind", ""), ("raw", "raw", ""), ("is_primary", "is_primary", "")),
    "customers": (("customer", "customer_id", "customers"), ("role", "role", "")),
    "people": (("person", "person_id", "people"), ("role", "role", "")),
    "lines": (
        ("product", "product_id", "products"),
        ("quantity", "quantity", ""),
        ("unit_price", "unit_price", ""),
        ("discount_percent", "discount_percent", ""),
        ("tax_percent", "tax_percent", ""),
    ),
    "quotes.lines": (
        *((name, name, "") for name in ("code", "name", "specification", "unit", "quantity", "unit_price")),
        *((name, name, "") for name in ("discount_percent", "tax_percent", "amount")),
    ),
    "collaborators": (("user", "user_id", "users"), ("team", "team_id", "teams"), ("access", "access", "")),
}
"""What is told of the parts of a record: name in the file, key of the API, and the resource whose record it names.

What is so for one resource alone stands under its name and a dot.
"""

Record = Mapping[str, Any]
Named = Callable[[str, int, str | None], str]
"""The text for a linked record: its resource, its id, its name where known."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        needs: the field of the list that it is read from.
        is_read_only: whether an import has no use for it.
        parts: what is told of each of its parts, as in `_PARTS`; None for all.
    """

    field: Field
    needs: str
    is_read_only: bool = False
    parts: Sequence[tuple[str, str, str]] | None = None

    @property
    def name(self) -> str:
        """As in the API."""
        return self.field.name

    @property
    def is_plain(self) -> bool:
        """Whether the record has the value as it is."""
        return self.needs == self.name and self.field.kind not in (Kind.LINK, Kind.ITEMS, Kind.TEXTS)

    def reader(self, named: Named) -> Callable[[Any], Any]:
        """What makes the column's plain value of the field that it needs: text, number, day, moment, list, null."""
        field = self.field
        if field.name.startswith(PREFIX):
            return self._custom(named)
        if field.kind is Kind.LINK:
            target = field.links_to

            def link(value: Any) -> Any:
                found = _loaded(value)
                # The role of a user is a word that names it.
                return named(target, found["id"], found["name"]) if isinstance(found, dict) else found

            return link
        if field.kind is Kind.ITEMS:
            return lambda value: _items(_loaded(value), self.parts, named)
        if field.kind is Kind.TEXTS:
            return lambda value: _loaded(value) or None
        inner = field.name.partition(".")[2]
        return lambda value: value.get(inner)

    def _custom(self, named: Named) -> Callable[[Any], Any]:
        """The same of a custom field, whose value stands in the record's document."""
        key, kind = self.name.removeprefix(PREFIX), self.field.kind

        def read(document: Any) -> Any:
            value = _loaded(document).get(key)
            if value is None:
                return None
            if kind is Kind.LINK:
                return named(self.field.links_to, value, None)
            return date.fromisoformat(value) if kind is Kind.DATE else value

        return read


def columns_of(plural: str, actor: Actor) -> dict[str, Column]:
    """Every column that this person may export of a resource; those of an import first."""
    spec = resource_of(plural).spec
    is_importable = plural in IMPORTABLE
    taken = fields_of(plural) if is_importable else {}

    def column(field: Field, needs: str, *, is_read_only: bool) -> Column:
        parts = _PARTS.get(f"{plural}.{needs}", _PARTS.get(needs))
        return Column(field, needs, is_read_only=is_read_only, parts=parts)

    # What an import takes in another form, such as a first name, the list has not.
    found = {
        name: column(field, name.partition(".")[0], is_read_only=False)
        for name, field in taken.items()
        if name.partition(".")[0] in spec.fields.fields
    }
    for name, written in spec.fields.fields.items():
        if (
            name in found
            or name in _UNTOLD
            or name.endswith(("_by", "_id"))
            or (is_importable and not written.dump_only)
        ):
            continue
        if isinstance(written, LinkTo):
            found[name] = column(Field(name, Kind.LINK, name), name, is_read_only=is_importable)
            continue
        for field in () if type(written) is fields.Raw else shaped(plural, name, written):
            if field.kind is not Kind.LINK and (field.kind is not Kind.ITEMS or not is_importable):
                found[field.name] = column(field, name, is_read_only=is_importable)
    view = spec.view_for(actor.shape)
    return {name: column for name, column in found.items() if view.shows(name) and view.shows(column.needs)}


def _loaded(value: Any) -> Any:
    """A value that the database has made as JSON, and any other as it is."""
    return orjson.loads(orjson.dumps(value)) if isinstance(value, orjson.Fragment) else value


def _items(value: Any, parts: Sequence[tuple[str, str, str]] | None, named: Named) -> Any:
    if not value:
        return None
    if parts is None:
        return value
    return [
        {
            name: named(target, item[key], item.get("name")) if target else item[key]
            for name, key, target in parts
            if item.get(key) is not None
        }
        for item in value
    ]

"""The columns of an export: the fields that an import takes, and on demand what else a list shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from ..access import Actor
from ..custom_columns import PREFIX
from ..importing.fields import IMPORTABLE, Field, Kind, fields_of, shaped
from ..projection import LinkTo
from ..routing import RESOURCES

EXPORTABLE = tuple(one for one in IMPORTABLE if one != "users")
"""The resources that files are made of, in the order in which they refer to each other."""

CARDS = ("people", "customers")
"""Those that are people and addresses, which a vCard can hold."""

_LEFT_OUT = frozenset({"first_name", "last_name", "product", "quantity", "unit_price"})
"""Other forms of what stands in `name` and `lines`."""

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
    "collaborators": (("user", "user_id", "users"), ("team", "team_id", "teams"), ("access", "access", "")),
}
"""What is told of the parts of a record: name in the file, key of the API, and the resource whose record it names."""

Record = Mapping[str, Any]
Named = Callable[[str, int, str | None], str]
"""The text for a linked record: its resource, its id, its name where known."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        needs: the field of the list that it is read from.
        is_read_only: whether an import has no use for it.
    """

    field: Field
    needs: str
    is_read_only: bool = False

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
                return found and named(target, found["id"], found["name"])

            return link
        if field.kind is Kind.ITEMS:
            parts = _PARTS.get(field.name)
            return lambda value: _items(_loaded(value), parts, named)
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
    spec = RESOURCES[plural].spec
    found = {
        name: Column(field, name.partition(".")[0])
        for name, field in fields_of(plural).items()
        if name not in _LEFT_OUT
    }
    for name, written in spec.fields.fields.items():
        if name in found or name in _UNTOLD or name.endswith(("_by", "_id")) or not written.dump_only:
            continue
        if isinstance(written, LinkTo):
            found[name] = Column(Field(name, Kind.LINK, name), name, is_read_only=True)
            continue
        for field in shaped(plural, name, written):
            if field.kind is not Kind.LINK and (field.kind is not Kind.ITEMS):
                found[field.name] = Column(field, name, is_read_only=True)
    hidden = {name for name, right in spec.right_fields.items() if not actor.may(right)}
    return {name: column for name, column in found.items() if column.needs not in hidden}


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

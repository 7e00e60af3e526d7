"""Which record a row is about: by its id, its id elsewhere, or what it can be known by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select

from ..access import Actor
from ..auth.models import User
from ..contact.models import ContactRecord
from ..customer.models import Customer, Person
from ..database import IdList, db, member_of
from ..deal.models import Deal, Product
from ..folding import email_key, fold
from ..task.models import Task
from .references import can_be_asked, number_key
from .resources import resource_of

Key = tuple[Any, ...]
"""What a row is known by in one way; two rows with the same key are about the same record."""


def ways_of(plural: str) -> tuple[str, ...]:
    """The ways in which rows for a resource can be matched, the surest first."""
    return tuple(_WAYS[plural])


def known_by(plural: str, fields: Collection[str | None]) -> list[str]:
    """The ways in which rows can be matched whose columns become certain fields."""
    whole = {"moment": "occurred_at"}
    named = {"name"} if {"first_name", "last_name"} & set(fields) else set[str]()
    return [way for way in ways_of(plural) if whole.get(way, way) in {*fields, *named}]


def _key_of(plural: str, way: str, values: Mapping[str, Any]) -> Key | None:
    parts = _WAYS[plural][way].key(values)
    return None if any(part in (None, "") for part in parts) else parts


def all_keys(plural: str, values: Mapping[str, Any], ways: Collection[str]) -> dict[str, Key]:
    """What a row is known by in some ways, by way."""
    return {way: key for way in _WAYS[plural] if way in ways and (key := _key_of(plural, way, values)) is not None}


def matches(actor: Actor, plural: str, way: str, keys: Collection[Key]) -> dict[Key, list[int]]:
    """The visible records that are known by some keys; a key that nothing is known by is left out.

    Args:
        actor: whose sight it is.
        plural: the resource.
        way: one of `ways_of`.
        keys: as `all_keys` has them.
    """
    wanted = [key for key in keys if all(map(can_be_asked, key))]
    if not wanted:
        return {}
    policy = resource_of(plural).spec.policy
    model, columns = policy.model, _WAYS[plural][way].columns
    query: Select[Any] = select(model.id, *columns).where(model.is_active, policy.visible(actor.shape))
    binds = dict(actor.binds)
    for number, column in enumerate(columns):
        parts = sorted({key[number] for key in wanted})
        if isinstance(parts[0], datetime):
            query = query.where(column.between(parts[0], parts[-1]))
        else:
            of_text = isinstance(parts[0], str)
            query = query.where(member_of(column, bindparam(f"key_{number}", type_=IdList(of_text=of_text))))
            binds[f"key_{number}"] = parts
    # Each part is one of its column's; together they need not be one key.
    found, asked = dict[Key, list[int]](), set(wanted)
    for record_id, *parts in db.session.execute(query.order_by(model.id), binds):
        key = tuple(parts)
        if key in asked:
            found.setdefault(key, []).append(record_id)
    return found


def differs(plural: str, record_id: int, known: Mapping[str, Key]) -> bool:
    """Whether a record is known by something else than a row says, in one of some ways.

    Args:
        plural: the resource.
        record_id: the record.
        known: what a row is known by, by way; a record that is not known in a way does not differ in it.
    """
    for way, key in known.items():
        columns = _WAYS[plural][way].columns
        stored = db.session.execute(select(*columns).where(columns[0].class_.id == record_id)).one()
        if None not in stored and tuple(stored) != key:
            return True
    return False


@dataclass(frozen=True)
class _Way:
    """How rows for a resource are known: what their key is, and the columns that hold it."""

    key: Callable[[Mapping[str, Any]], Key]
    columns: tuple[Any, ...]


def _origin(model: Any) -> _Way:
    return _Way(
        lambda values: (values.get("external_source"), values.get("external_id")),
        (model.external_source, model.external_id),
    )


def _one(name: str, made: Callable[[Any], Any], column: Any) -> _Way:
    return _Way(lambda values: (made(values[name]) if values.get(name) else None,), (column,))


def _within(names: Sequence[str], *columns: Any) -> _Way:
    made: Mapping[str, Callable[[Any], Any]] = {"name": fold, "occurred_at": datetime.fromisoformat}

    def key(values: Mapping[str, Any]) -> Key:
        found = tuple(values.get(name) for name in names)
        if not all(found):
            return (None,)
        return tuple(made[name](part) if name in made else part for name, part in zip(names, found, strict=True))

    return _Way(key, columns)


_WAYS: dict[str, dict[str, _Way]] = {
    "customers": {
        "id": _one("id", int, Customer.id),
        "external_id": _origin(Customer),
        "email": _one("email", email_key, Customer.email_key),
        "tax_id": _one("tax_id", str, Customer.tax_id),
        "phone": _one("phone", number_key, Customer.phone_e164),
        "name": _one("name", fold, Customer.name_key),
    },
    "people": {
        "id": _one("id", int, Person.id),
        "external_id": _origin(Person),
        "email": _within(("customer_id", "email"), Person.customer_id, Person.email),
        "phone": _within(("customer_id", "phone"), Person.customer_id, Person.phone),
        "name": _within(("customer_id", "name"), Person.customer_id, Person.name_key),
    },
    "contacts": {
        "id": _one("id", int, ContactRecord.id),
        "external_id": _origin(ContactRecord),
        "moment": _within(
            ("customer_id", "kind", "occurred_at"),
            ContactRecord.customer_id,
            ContactRecord.kind,
            ContactRecord.occurred_at,
        ),
    },
    "deals": {
        "id": _one("id", int, Deal.id),
        "external_id": _origin(Deal),
        "name": _within(("customer_id", "name"), Deal.customer_id, Deal.name_key),
    },
    "tasks": {
        "id": _one("id", int, Task.id),
        "external_id": _origin(Task),
    },
    "products": {
        "id": _one("id", int, Product.id),
        "external_id": _origin(Product),
        "code": _one("code", fold, Product.code_key),
        "name": _one("name", fold, Product.name_key),
    },
    "users": {
        "id": _one("id", int, User.id),
        "external_id": _origin(User),
        "email": _one("email", email_key, User.email_key),
        "phone": _one("phone", number_key, User.phone_e164),
    },
}

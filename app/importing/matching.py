"""Which record a row is about: by its id, its id elsewhere, or what it can be known by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select

from ..access import Actor
from ..contact.models import ContactRecord
from ..customer.models import Customer, Person
from ..database import db
from ..deal.models import Deal, Product
from ..folding import email_key, fold
from ..routing import RESOURCES
from ..task.models import Task
from .references import number_key

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


def key_of(plural: str, way: str, values: Mapping[str, Any]) -> Key | None:
    """What a row is known by in one way; None where it says too little."""
    parts = _WAYS[plural][way][0](values)
    return None if any(part in (None, "") for part in parts) else parts


def matches(actor: Actor, plural: str, way: str, key: Key) -> list[int]:
    """The visible records, two at most, that are known by a key."""
    policy = RESOURCES[plural].spec.policy
    model: Any = policy.model
    query: Select[Any] = select(model.id).where(
        _WAYS[plural][way][1](*key), model.is_active, policy.visible(actor.shape)
    )
    return list(db.session.execute(query.order_by(model.id).limit(2), dict(actor.binds)).scalars())


def _origin(model: Any) -> tuple[Callable[[Mapping[str, Any]], Key], Callable[..., Any]]:
    return (
        lambda values: (values.get("external_source"), values.get("external_id")),
        lambda source, number: and_(model.external_source == source, model.external_id == number),
    )


def _one(name: str, made: Callable[[Any], Any], column: Any) -> tuple[Any, Any]:
    return (
        lambda values: (made(values[name]) if values.get(name) else None,),
        lambda key: column == key,
    )


def _within(names: Sequence[str], *columns: Any) -> tuple[Any, Any]:
    made: Mapping[str, Callable[[Any], Any]] = {"name": fold, "occurred_at": datetime.fromisoformat}

    def key(values: Mapping[str, Any]) -> Key:
        found = tuple(values.get(name) for name in names)
        if not all(found):
            return (None,)
        return tuple(made[name](part) if name in made else part for name, part in zip(names, found, strict=True))

    return key, lambda *key: and_(*(column == part for column, part in zip(columns, key, strict=True)))


_WAYS: dict[str, dict[str, tuple[Any, Any]]] = {
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
}

"""Many records at once, and what a list says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from app.customer import service
from app.customer.models import Customer
from app.listing import SPECS
from app.transaction import unit_of_work

from ..cast import Member
from .looking import actor

PAGES = 200
"""No walk in a test is longer: a cursor that does not move would walk for ever."""


def many(member: Member, rows: Sequence[dict[str, Any]], **derived: Sequence[Any]) -> list[int]:
    """Customers of a member, made in one change set.

    Args:
        rows: bodies as for `POST /customers`, already loaded.
        derived: columns that no body sets, with a value for each row.
    """
    owner = actor(member)
    made: list[Customer] = []
    with unit_of_work(actor_id=member.id):
        for number, row in enumerate(rows):
            customer = service.create(owner, dict(row))
            for name, values in derived.items():
                setattr(customer, name, values[number])
            made.append(customer)
    return [customer.id for customer in made]


def page(member: Member, path: str, /, **query: Any) -> dict[str, Any]:
    """A list's answer, which must be a 200."""
    pairs = [(name, one) for name, value in query.items() for one in (value if isinstance(value, list) else [value])]
    answer = member.get(f"{path}?{urlencode(pairs)}" if pairs else path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def ids(member: Member, path: str, /, **query: Any) -> list[int]:
    """The ids of a list's page of up to 200; the total must agree."""
    found = page(member, path, **{"per_page": 200, **query})
    assert found["meta"]["total"] == len(found["data"]) or "cursor" in query
    return [record["id"] for record in found["data"]]


def walk(member: Member, path: str, /, **query: Any) -> list[dict[str, Any]]:
    """All records of a list by its cursors."""
    records: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for number in range(PAGES):
        found = page(member, path, **query, **cursor)
        records += found["data"]
        assert found["meta"]["current_page"] == (None if number else 1)
        if found["meta"]["next_cursor"] is None:
            return records
        assert len(found["data"]) == int(query["per_page"])
        cursor = {"cursor": found["meta"]["next_cursor"]}
    raise AssertionError("the walk does not end")


@contextmanager
def fresh_plans(resource: str) -> Iterator[None]:
    """Have a list planned anew inside the block, and again after it."""
    spec = SPECS[resource]
    spec._plans.clear()
    try:
        yield
    finally:
        spec._plans.clear()

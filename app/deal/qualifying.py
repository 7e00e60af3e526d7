"""Qualifying a lead: the customer, its first person and its first deal in one step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import IntegrityError

from ..access import Actor, Permission
from ..customer import leads, person_service
from ..customer.models import Customer, Person
from ..customer.schemas import PEOPLE
from ..errors import Faults, Issue, Problem, database_problem
from . import service
from .schemas import DEALS


def qualify(actor: Actor, customer: Customer, values: dict[str, Any]) -> Customer:
    """Make a lead a prospect, with a new person and a new deal where they are given; the person takes part in the deal.

    Raises:
        Problem: 403 for a deal without the right to make one; 422 with the faults of all parts at once, below
            `#/person` and `#/deal`; 409 when it is no lead any more.
    """
    person_values, deal_values = values.get("person"), values.get("deal")
    if deal_values is not None:
        actor.need(Permission.DEAL_WRITE)
    faults, person = Faults(), None
    if person_values is not None:
        with faults.gathered(), _below("person"):
            PEOPLE.refuse_writing(actor, person_values)
            person = person_service.create(actor, {**person_values, "customer_id": customer.id})
    if deal_values is not None:
        with faults.gathered(), _below("deal"):
            DEALS.refuse_writing(actor, deal_values)
            service.create(actor, {**deal_values, "customer_id": customer.id, **_taking_part(person, deal_values)})
    if person_values is not None:
        # The person that is wrong would have stood on the deal.
        faults[:] = [issue for issue in faults if (issue.at, issue.code) != ("#/deal/people", "required_for_stage")]
    faults.settle()
    return leads.qualify(actor, customer)


def _taking_part(person: Person | None, deal_values: dict[str, Any]) -> dict[str, Any]:
    """The people of the deal with the new person among them."""
    if person is None:
        return {}
    named = deal_values.get("people") or []
    return {"people": [*named, {"person_id": person.id, "role": None}]}


@contextmanager
def _below(part: str) -> Iterator[None]:
    """Have faults point below a part of the body."""
    try:
        yield
    except IntegrityError as error:
        problem = database_problem(error)
        raise Problem(problem.status, problem.slug, _moved(problem.issues, part)) from error
    except Problem as problem:
        problem.issues = _moved(problem.issues, part)
        raise


def _moved(issues: list[Issue], part: str) -> list[Issue]:
    return [replace(issue, at=f"#/{part}{issue.at.removeprefix('#')}") for issue in issues]


__all__ = ["qualify"]

"""Handing a customer over, with the open deals and tasks that its owner has there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from ..access import Actor, Permission
from ..customer.models import Customer
from ..customer.service import edit, handed_over, share
from ..database import db
from ..deal.models import Deal, StageKind
from ..errors import Issue, invalid
from ..journal import act, share_rows
from ..routing import assign
from .models import Task


def transfer(actor: Actor, customer: Customer, body: dict[str, Any]) -> Customer:
    """Give a customer to another owner, in one change set with what goes along.

    Won and lost deals and tasks that are done stay with who did them.

    Args:
        body: `owner_id`, `with` (deals, tasks) and `keep_as`: what the former owner may still do.

    Raises:
        Problem: 422 for an owner whom the caller may not assign to, or deals that he or she may not assign.
    """
    former = customer.owner_id
    owner = handed_over(actor, customer, {"owner_id": body["owner_id"]}, Permission.CUSTOMER_ASSIGN, pool=False)
    if not owner:
        return customer
    if "deals" in body["with"] and not actor.may(Permission.DEAL_ASSIGN):
        raise invalid(Issue("#/with", "not_yours_to_assign"))
    assign(customer, owner)
    act(customer, "transferred")
    shares = share_rows(db.session.connection(), customer.resource, customer.id)
    # An owner needs no share.
    kept = [one for one in shares if one["user_id"] is None or one["user_id"] not in (former, owner["owner_id"])]
    if former is not None and body["keep_as"] != "none":
        kept.append({"user_id": former, "team_id": None, "access": body["keep_as"]})
    if kept != shares:
        share(customer, kept)
    if former is None:
        return customer
    theirs = _of(customer, former)
    if "deals" in body["with"]:
        _hand_on(*theirs["deals"], owner)
    if "tasks" in body["with"]:
        _hand_on(*theirs["tasks"], {"assignee_id": owner["owner_id"], "team_id": owner["team_id"]})
    return customer


def along(customer: Customer) -> dict[str, int]:
    """How many open deals and tasks of its owner would go along with a customer."""
    return {
        name: 0 if customer.owner_id is None else db.session.execute(_count(model, theirs)).scalar_one()
        for name, (model, theirs) in _of(customer, customer.owner_id).items()
    }


def _of(customer: Customer, owner_id: int | None) -> dict[str, tuple[Any, Sequence[Any]]]:
    """What an owner has at a customer and could hand over with it, by the names that `with` takes."""
    return {
        "deals": (Deal, (Deal.customer_id == customer.id, Deal.owner_id == owner_id, Deal.state == StageKind.OPEN)),
        "tasks": (Task, (Task.customer_id == customer.id, Task.assignee_id == owner_id, Task.done_at.is_(None))),
    }


def _count(model: Any, theirs: Sequence[Any]) -> Select[int]:
    return select(func.count()).select_from(model).where(model.is_active, *theirs)


def change_hands(actor: Actor, customer: Customer, values: dict[str, Any]) -> Customer:
    """As `transfer`, of one of many; without an owner it goes to the pool, alone.

    Raises:
        Problem: 422 as `transfer`.
    """
    if values["owner_id"] is None:
        return edit(actor, customer, {"owner_id": None})
    return transfer(actor, customer, {"with": (), "keep_as": "none", **values})


def _hand_on(model: Any, theirs: Sequence[Any], values: dict[str, int | None]) -> None:
    query = select(model).where(model.is_active, *theirs).order_by(model.id).with_for_update(of=model)
    for record in db.session.execute(query).scalars().all():
        assign(record, values)
        act(record, "transferred")

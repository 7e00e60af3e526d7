"""Handing a customer over, with the open deals and tasks that its owner has there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from ..access import Actor, Permission
from ..customer.models import Customer
from ..customer.service import handed_over, share
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
    if former is None:
        return customer
    if body["keep_as"] != "none":
        shares = share_rows(db.session.connection(), customer.resource, customer.id)
        others = [one for one in shares if one["user_id"] != former]
        share(customer, [*others, {"user_id": former, "team_id": None, "access": body["keep_as"]}])
    if "deals" in body["with"]:
        theirs = (Deal.customer_id == customer.id, Deal.owner_id == former, Deal.state == StageKind.OPEN)
        _hand_on(Deal, theirs, owner)
    if "tasks" in body["with"]:
        taken = (Task.customer_id == customer.id, Task.assignee_id == former, Task.done_at.is_(None))
        _hand_on(Task, taken, {"assignee_id": owner["owner_id"], "team_id": owner["team_id"]})
    return customer


def _hand_on(model: Any, theirs: Sequence[Any], values: dict[str, int | None]) -> None:
    query = select(model).where(model.is_active, *theirs).order_by(model.id).with_for_update(of=model)
    for record in db.session.execute(query).scalars().all():
        assign(record, values)
        act(record, "transferred")

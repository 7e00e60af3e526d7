"""Leads: customers with status lead, until they are qualified or given up."""

from __future__ import annotations

from typing import Any

from ..access import Actor
from ..errors import Issue, conflict, invalid
from ..journal import act
from ..routing import assign
from ..transaction import now
from .models import Customer, CustomerStatus
from .options import check_options
from .schemas import DisqualifySchema

_DISQUALIFY = DisqualifySchema()

_UNQUALIFIED = {"qualified_at": None, "qualified_by": None}
_TAKEN_UP = {"disqualified_at": None, "disqualified_by": None, "disqualify_reason": None, "disqualify_note": None}


def set_status(actor: Actor, customer: Customer, status: str) -> None:
    """Change how far we are with a customer and keep what that says about a lead, whichever road the change takes.

    A lead, given up or not, that becomes a prospect or customer is qualified; a lead that is lost is disqualified; what
    becomes a lead is neither any more.
    """
    if status == customer.status:
        return
    was_lead = customer.status == CustomerStatus.LEAD
    was_given_up = customer.disqualified_at is not None
    values: dict[str, Any] = {"status": status, **_TAKEN_UP}
    if status == CustomerStatus.LEAD:
        values |= _UNQUALIFIED
    elif status == CustomerStatus.LOST:
        if was_lead:
            values |= {"disqualified_at": now(), "disqualified_by": actor.user_id}
    elif was_lead or was_given_up:
        values |= {"qualified_at": now(), "qualified_by": actor.user_id}
    assign(customer, values)


def qualify(actor: Actor, customer: Customer) -> Customer:
    """A lead turns out to be a prospect.

    Raises:
        Problem: 409 `not-a-lead`.
    """
    _need_lead(customer)
    set_status(actor, customer, CustomerStatus.PROSPECT)
    act(customer, "qualified")
    return customer


def disqualify(actor: Actor, customer: Customer, values: dict[str, Any]) -> Customer:
    """A lead is given up for a reason; `other` needs words.

    Raises:
        Problem: 422 for an unknown reason, or `other` without a note; 409 `not-a-lead`.
    """
    check_options(_DISQUALIFY, values)
    note = values.get("note")
    if values["reason"] == "other" and not (note or "").strip():
        raise invalid(Issue("#/note", "other_needs_note"))
    _need_lead(customer)
    set_status(actor, customer, CustomerStatus.LOST)
    assign(customer, {"disqualify_reason": values["reason"], "disqualify_note": note})
    act(customer, "disqualified")
    return customer


def requalify(actor: Actor, customer: Customer) -> Customer:
    """A lead that was given up is taken up again.

    Raises:
        Problem: 409 `not-disqualified`.
    """
    if customer.disqualified_at is None:
        raise conflict("not-disqualified")
    set_status(actor, customer, CustomerStatus.LEAD)
    act(customer, "requalified")
    return customer


def _need_lead(customer: Customer) -> None:
    if customer.status != CustomerStatus.LEAD:
        raise conflict("not-a-lead")


__all__ = ["disqualify", "qualify", "requalify", "set_status"]

"""Sharing one customer with somebody more, and taking that back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..access import Actor
from ..database import db
from ..errors import Issue, Problem, conflict, invalid
from ..journal import share_rows
from .models import Customer
from .service import check_parties, share


def give(_actor: Actor, customer: Customer, body: Mapping[str, Any]) -> Customer:
    """Let a person or a team read or change a customer, with all that belongs to it; given again, as it says now.

    Args:
        body: `user_id` or `team_id`, and `access`.

    Raises:
        Problem: 422 for a party that is not exactly one active user or team, or for the owner.
    """
    party = {"user_id": body.get("user_id"), "team_id": body.get("team_id")}
    at = "#/team_id" if body.get("team_id") is not None else "#/user_id"
    try:
        check_parties([party])
    except Problem as problem:
        raise invalid(Issue(at, "unknown_party")) from problem
    if party["user_id"] is not None and party["user_id"] == customer.owner_id:
        raise invalid(Issue(at, "is_owner"))
    share(customer, [*_others(customer, party), {**party, "access": body["access"]}])
    return customer


def take_back(_actor: Actor, customer: Customer, body: Mapping[str, Any]) -> Customer:
    """Have a person or a team see a customer no longer, unless by the own role or another share.

    Raises:
        Problem: 409 `not-shared` where it is not shared with them.
    """
    party = {"user_id": body.get("user_id"), "team_id": body.get("team_id")}
    others = _others(customer, party)
    if len(others) == len(_shares(customer)):
        raise conflict("not-shared")
    share(customer, others)
    return customer


def _shares(customer: Customer) -> list[dict[str, Any]]:
    return share_rows(db.session.connection(), customer.resource, customer.id)


def _others(customer: Customer, party: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in _shares(customer) if {**party, "access": one["access"]} != one]

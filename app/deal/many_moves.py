"""Several cards moved at once: all of them, in one change set, or none."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import select

from ..access import Actor, Permission
from ..customer.service import ownership
from ..database import db
from ..errors import Faults, Issue, Problem, invalid
from ..journal import act
from ..routing import assign
from .models import Deal, Stage, StageKind, deals
from .moves import check_entry, place
from .placement import behind, end_of, locked_stage, top_of
from .schemas import DEALS

MOST = 200
"""How many deals may be moved at once."""

_GOALS = ("stage_id", "owner_id", "close_month")
_MONTH = re.compile(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


def move_many(actor: Actor, values: dict[str, Any]) -> dict[str, Any]:
    """Move deals to a place of a stage in the order in which they are named, to an owner, or to a month.

    Returns:
        `data`: the deals as the caller sees them now; without those that went out of sight.

    Raises:
        Problem: 422 with all faults, those of a deal at `#/ids/<its place>`; nothing is moved then.
    """
    found = _load(actor, values)
    if "stage_id" in values:
        _to_stage(actor, found, values)
    elif "owner_id" in values:
        _to_owner(actor, found, values)
    else:
        _to_month(found, values["close_month"])
    db.session.flush()
    seen = DEALS.many(db.session.connection(), values["ids"], actor, with_rights=True)
    return {"data": [seen[deal.id] for deal in found if deal.id in seen]}


def _load(actor: Actor, values: dict[str, Any]) -> list[Deal]:
    """The deals in the order in which they are named, locked in that of their ids, as everybody locks several."""
    ids: list[int] = values["ids"]
    faults = Faults(_goal_faults(values))
    if not 1 <= len(ids) <= MOST:
        faults.append(Issue("#/ids", "too_many", {"max": MOST}) if ids else Issue("#/ids", "required"))
    faults.settle()
    found: dict[int, Deal] = {}
    refused: dict[int, Issue] = {}
    for number, deal_id in sorted(enumerate(ids), key=lambda pair: pair[1]):
        at = f"#/ids/{number}"
        if deal_id in found:
            refused[number] = Issue(at, "repeated_id")
            continue
        try:
            found[deal_id] = deals.writable(actor, deal_id)
        except Problem as problem:
            refused[number] = Issue(at, "not_writable" if problem.status == 403 else "unknown_record")
    Faults(refused[number] for number in sorted(refused)).settle()
    return [found[deal_id] for deal_id in ids]


def _goal_faults(values: dict[str, Any]) -> list[Issue]:
    if sum(name in values for name in _GOALS) != 1:
        return [Issue("#", "one_goal")]
    if {"after_id", "pipeline_id"} & values.keys() and "stage_id" not in values:
        return [Issue("#/stage_id", "required")]
    if "close_month" in values and not _MONTH.fullmatch(values["close_month"]):
        return [Issue("#/close_month", "month")]
    return []


def _to_stage(actor: Actor, found: Sequence[Deal], values: dict[str, Any]) -> None:
    stage = locked_stage(values["stage_id"])
    faults = Faults()
    for number, deal in enumerate(found):
        with _named(faults, number):
            check_entry(stage, deal, values.get("pipeline_id")).settle()
    faults.settle()
    former = _neighbour(actor, stage, found, values["after_id"]) if values.get("after_id") is not None else None
    for deal in found:
        if "after_id" not in values:
            rank = end_of(stage)
        else:
            rank = top_of(stage, deal) if former is None else behind(former, deal)
        place(actor, deal, stage, rank)
        db.session.flush()
        former = deal


def _neighbour(actor: Actor, stage: Stage, found: Sequence[Deal], neighbour_id: int) -> Deal:
    """The deal to stand behind: none of those that move, in sight, in the locked stage."""
    query = select(Deal).where(
        Deal.id == neighbour_id,
        Deal.id.not_in([deal.id for deal in found]),
        Deal.stage_id == stage.id,
        Deal.is_active,
        deals.visible(actor.shape),
    )
    query = query.execution_options(populate_existing=True)
    neighbour = db.session.execute(query, dict(actor.binds)).scalar_one_or_none()
    if neighbour is None:
        raise invalid(Issue("#/after_id", "unknown_record"))
    return neighbour


def _to_owner(actor: Actor, found: Sequence[Deal], values: dict[str, Any]) -> None:
    if all(deal.owner_id == values["owner_id"] for deal in found):
        return
    if not actor.may(Permission.DEAL_ASSIGN):
        raise invalid(Issue("#/owner_id", "not_yours_to_assign"))
    owner = ownership(actor, {"owner_id": values["owner_id"]}, Permission.DEAL_ASSIGN, pool=False)
    for deal in found:
        if deal.owner_id != owner["owner_id"]:
            assign(deal, owner)
            act(deal, "updated")


def _to_month(found: Sequence[Deal], month: str) -> None:
    faults = Faults(
        Issue(f"#/ids/{number}", "deal_closed") for number, deal in enumerate(found) if deal.state != StageKind.OPEN
    )
    faults.settle()
    for deal in found:
        assign(deal, {"expected_close_on": in_month(month, deal.expected_close_on)})


def in_month(month: str, former: date | None) -> date:
    """The day of a month (`2026-11`) that was the day of another month, or its last one."""
    year, number = (int(part) for part in month.split("-"))
    last = calendar.monthrange(year, number)[1]
    return date(year, number, last if former is None else min(former.day, last))


@contextmanager
def _named(faults: Faults, number: int) -> Iterator[None]:
    """Gather the faults of one deal under its place in the input."""
    own = Faults()
    with own.gathered():
        yield
    for issue in own:
        # What a deal lacks is named below its place; that it may not come to this stage is said of the deal.
        inner = "" if issue.at == "#/stage_id" else issue.at.removeprefix("#")
        faults.append(Issue(f"#/ids/{number}{inner}", issue.code, issue.params))

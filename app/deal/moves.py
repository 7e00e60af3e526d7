"""What moves a deal along: moved on the board, won, lost, reopened."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from ..access import Actor
from ..customer.options import check_options
from ..database import db
from ..errors import Faults, Issue, conflict, invalid
from ..journal import act
from ..routing import assign
from ..transaction import now
from .models import Deal, Stage, StageKind, deals
from .placement import behind, end_of, enter, first_stage, last_open_stage, locked_stage, top_of
from .schemas import LoseSchema
from .service import check_closed_on, needs_words, stored_missing, today

_LOSE = LoseSchema()


def move(actor: Actor, deal: Deal, values: dict[str, Any]) -> Deal:
    """Put a deal behind another one of a stage (`after_id`), on top of it (null) or at its end (absent).

    A move to a won stage wins the deal today, a move of a closed deal to an open stage reopens it. A deal leaves its
    pipeline only for one that `pipeline_id` names.

    Raises:
        Problem: 422 for a stage that is not in use or of another pipeline, a lost stage (losing has a reason), a
            neighbour that does not stand there, or fields that the stage requires.
    """
    stage = locked_stage(values["stage_id"], stands_in=deal.pipeline_id)
    check_entry(stage, deal, values.get("pipeline_id")).settle()
    if "after_id" not in values:
        rank = end_of(stage) if stage.id != deal.stage_id or not _is_last(stage, deal) else deal.rank
    elif values["after_id"] is None:
        rank = top_of(stage, deal)
    else:
        rank = behind(_neighbour(actor, stage, deal, values["after_id"]), deal)
    place(actor, deal, stage, rank)
    return deal


def check_entry(stage: Stage, deal: Deal, pipeline_id: int | None = None) -> Faults:
    """Why a deal may not come to a locked stage: a foreign pipeline, losing has a reason, stages require fields.

    Args:
        pipeline_id: the pipeline that it is to come to; its own by default.
    """
    if stage.pipeline_id != (pipeline_id or deal.pipeline_id):
        return Faults([Issue("#/stage_id", "foreign_stage")])
    if stage.kind == StageKind.LOST and deal.state != StageKind.LOST:
        return Faults([Issue("#/stage_id", "use_lose")])
    return Faults(stored_missing(stage, deal) if stage.id != deal.stage_id else [])


def place(actor: Actor, deal: Deal, stage: Stage, rank: str) -> None:
    """Put a deal that may come there at a place of a locked stage; nothing changes where it stands there."""
    if stage.id == deal.stage_id and rank == deal.rank:
        return
    former = deal.state
    with db.session.no_autoflush:
        if stage.kind != former:
            _change_state(actor, deal, stage.kind, None)
        enter(deal, stage, rank, now(), actor.user_id)
    act(deal, _ACTS.get((former, stage.kind), "moved"))


_ACTS: dict[tuple[str, str], str] = {
    (StageKind.OPEN, StageKind.WON): "won",
    (StageKind.LOST, StageKind.WON): "won",
    (StageKind.WON, StageKind.OPEN): "reopened",
    (StageKind.LOST, StageKind.OPEN): "reopened",
}


def win(actor: Actor, deal: Deal, values: dict[str, Any]) -> Deal:
    """Win a deal; a deal that is won already takes another `closed_on`.

    Raises:
        Problem: 422 for a date that cannot be or fields that the won stage requires; 409 when the pipeline has no
            won stage.
    """
    cleared = {"lost_reason": None, "lost_note": None}
    return _close(actor, deal, StageKind.WON, values.get("closed_on"), cleared, Faults())


def lose(actor: Actor, deal: Deal, values: dict[str, Any]) -> Deal:
    """Lose a deal for a reason; a deal that is lost already takes another reason, note or date.

    Raises:
        Problem: 422 for an unknown reason, `other` without words, a date that cannot be or fields that the lost stage
            requires; 409 when the pipeline has no lost stage.
    """
    faults = Faults()
    with faults.gathered():
        check_options(_LOSE, values)
    why = {"lost_reason": values["reason"]}
    if "note" in values:
        why["lost_note"] = values["note"]
    if needs_words(values["reason"], why.get("lost_note", deal.lost_note)):
        faults.append(Issue("#/note", "needs_words"))
    return _close(actor, deal, StageKind.LOST, values.get("closed_on"), why, faults)


def reopen(actor: Actor, deal: Deal, values: dict[str, Any]) -> Deal:
    """Take a closed deal back to an open stage: the one named, else the one it was last at, else the first.

    Raises:
        Problem: 409 when it is open; 422 for a stage that is not open or of another pipeline, or required fields.
    """
    if deal.state == StageKind.OPEN:
        raise conflict("deal-open")
    stage_id = values.get("stage_id") or last_open_stage(deal) or first_stage(deal.pipeline_id, StageKind.OPEN)
    if stage_id is None:
        raise conflict("no-stage")
    stage = locked_stage(stage_id, stands_in=deal.pipeline_id)
    if stage.kind != StageKind.OPEN:
        raise invalid(Issue("#/stage_id", "not_open_stage"))
    check_entry(stage, deal).settle()
    with db.session.no_autoflush:
        _change_state(actor, deal, StageKind.OPEN, None)
        enter(deal, stage, end_of(stage), now(), actor.user_id)
    act(deal, "reopened")
    return deal


def _close(
    actor: Actor, deal: Deal, kind: StageKind, closed_on: date | None, more: dict[str, Any], faults: Faults
) -> Deal:
    if closed_on is not None and closed_on != deal.closed_on:
        with faults.gathered():
            check_closed_on(actor, deal.opened_on, closed_on)
    if deal.state == kind:
        faults.settle()
        assign(deal, more if closed_on is None else {**more, "closed_on": closed_on})
        return deal
    stage_id = first_stage(deal.pipeline_id, kind)
    if stage_id is None:
        faults.settle()
        raise conflict("no-stage")
    stage = locked_stage(stage_id, stands_in=deal.pipeline_id)
    faults += stored_missing(stage, deal)
    faults.settle()
    with db.session.no_autoflush:
        _change_state(actor, deal, kind, closed_on)
        assign(deal, more)
        enter(deal, stage, end_of(stage), now(), actor.user_id)
    act(deal, str(kind))
    return deal


def _change_state(actor: Actor, deal: Deal, kind: str, closed_on: date | None) -> None:
    """Set what a change of state brings with it besides the stage; both go to the database in one flush."""
    if kind == StageKind.OPEN:
        assign(deal, {"closed_on": None, "lost_reason": None, "lost_note": None})
        return
    if kind == StageKind.WON:
        assign(deal, {"lost_reason": None, "lost_note": None})
    day = closed_on or today(actor)
    if closed_on is None and deal.opened_on is not None:
        # A deal opened tomorrow in the zone of who opened it is closed that day at the earliest.
        day = max(day, deal.opened_on)
    assign(deal, {"closed_on": day})


def _require(stage: Stage, deal: Deal) -> None:
    issues = stored_missing(stage, deal)
    if issues:
        raise invalid(*issues)


def _neighbour(actor: Actor, stage: Stage, deal: Deal, neighbour_id: int) -> Deal:
    """The deal to stand behind: another one, in sight, in the locked stage."""
    found = db.session.execute(
        select(Deal)
        .where(
            Deal.id == neighbour_id,
            Deal.id != deal.id,
            Deal.stage_id == stage.id,
            Deal.is_active,
            deals.visible(actor.shape),
        )
        .execution_options(populate_existing=True),
        dict(actor.binds),
    ).scalar_one_or_none()
    if found is None:
        raise invalid(Issue("#/after_id", "unknown_record"))
    return found


def _is_last(stage: Stage, deal: Deal) -> bool:
    later = select(Deal.id).where(Deal.stage_id == stage.id, Deal.rank > deal.rank).limit(1)
    return db.session.execute(later).scalar() is None


__all__ = ["check_entry", "lose", "move", "place", "reopen", "win"]

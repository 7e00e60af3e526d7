"""Use cases of deals: create, edit, delete, restore; what moves them along stands in `moves.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import BigInteger, Select, bindparam, exists, select

from .. import routing
from ..access import Actor, Permission
from ..customer.models import Person, customers, people
from ..customer.options import check_options
from ..customer.service import handed_over, ownership, share
from ..database import IdList, db, member_of
from ..errors import Issue, Problem, invalid
from ..folding import fold, search_key, sort_key
from ..projection import Shape
from ..routing import assign, remove
from ..transaction import now
from .lines import set_lines, settle_amount
from .models import Deal, DealLine, DealPerson, DealStageEntry, Stage, StageKind
from .placement import default_pipeline, end_of, enter, first_stage, hold_pipeline, locked_stage, stand
from .schemas import DealSchema

_SCHEMA = DealSchema()
_COLLECTIONS = ("lines", "people", "collaborators")
_AMOUNT = ("amount", "amount_is_manual")


class Faults(list[Issue]):
    """Faults of one input, gathered so that all are told at once."""

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Gather the issues of a refused check and go on."""
        try:
            yield
        except Problem as problem:
            if problem.status != 422:
                raise
            self.extend(problem.issues)

    def settle(self) -> None:
        """Refuse what was gathered.

        Raises:
            Problem: 422 with every fault.
        """
        if self:
            raise invalid(*self)


def create(actor: Actor, values: dict[str, Any]) -> Deal:
    """A new deal, at the first open stage of the owner's team's pipeline unless a stage or pipeline is named.

    Who may load history may name a won or lost stage with `closed_on`; such a deal, and one opened in the past, counts
    from the dates that it carries (`is_backfill`).

    Raises:
        Problem: 422 with every fault; 409 when there is no pipeline.
    """
    faults = Faults()
    with faults.gathered():
        check_options(_SCHEMA, values)
    parts = {name: values.pop(name, None) for name in _COLLECTIONS}
    sent: dict[str, Any] = {name: values.pop(name) for name in _AMOUNT if name in values}
    owner: dict[str, int | None] = {"owner_id": actor.user_id, "team_id": actor.team_id}
    with faults.gathered():
        owner = ownership(actor, values, Permission.DEAL_ASSIGN, pool=False)
    with faults.gathered():
        _check_customer(actor, values.get("customer_id"))
    faults.settle()
    stage = _starting_stage(owner["team_id"], values)
    _check_closing(actor, stage, values, faults)
    if stage.kind == StageKind.OPEN:
        # Lines bring an amount with them.
        faults += missing(stage, {**values, "amount": parts["lines"], **sent, **parts})
    faults.settle()
    probability = values.pop("win_probability", None)
    deal = Deal(**{"currency": current_app.config["LIANXI"].base_currency, **values, **owner})
    deal.win_probability_is_manual = probability is not None and stage.kind == StageKind.OPEN
    deal.win_probability = probability if probability is not None else stage.win_probability
    deal.amount_is_manual = False
    deal.is_backfill = _is_history(actor, deal)
    deal.stage_entered_at = _entered(actor, deal)
    deal.rank = end_of(stage)
    stand(deal, stage)
    _derive(deal)
    db.session.add(deal)
    db.session.flush()
    db.session.add(
        DealStageEntry(deal_id=deal.id, stage_id=stage.id, actor_id=actor.user_id, entered_at=deal.stage_entered_at)
    )
    _set_parts(actor, deal, parts, sent)
    return deal


def edit(actor: Actor, deal: Deal, values: dict[str, Any]) -> Deal:
    """Change the fields that are present; `lines` and `people` are replaced whole.

    Stage, pipeline and closing date change by actions only: an upsert may name them as they are.

    Raises:
        Problem: 422 with every fault.
    """
    faults = Faults()
    with faults.gathered():
        check_options(_SCHEMA, values)
    for name in ("stage_id", "pipeline_id", "closed_on"):
        if name in values and values.pop(name) != getattr(deal, name):
            faults.append(Issue(f"#/{name}", "read_only"))
    parts = {name: values.pop(name, None) for name in _COLLECTIONS}
    sent: dict[str, Any] = {name: values.pop(name) for name in _AMOUNT if name in values}
    with faults.gathered():
        values |= handed_over(actor, deal, values, Permission.DEAL_ASSIGN, pool=False)
    if values.get("customer_id") != deal.customer_id:
        with faults.gathered():
            _check_customer(actor, values.get("customer_id"))
    stage = db.session.get_one(Stage, deal.stage_id)
    touched = {*values, *sent, *(name for name, part in parts.items() if part is not None)}
    if "lines" in touched:
        touched.add("amount")
    _check_lost(stage.kind, values, faults)
    opened_on = values.get("opened_on", deal.opened_on)
    if opened_on is not None and deal.closed_on is not None and opened_on > deal.closed_on:
        faults.append(Issue("#/opened_on", "after_close"))
    if "win_probability" in values:
        _set_probability(deal, stage, values.pop("win_probability"), faults)
    faults.settle()
    assign(deal, values)
    _derive(deal)
    _set_parts(actor, deal, parts, sent)
    faults += [issue for issue in stored_missing(stage, deal) if issue.at.removeprefix("#/") in touched]
    faults.settle()
    return deal


def restore(actor: Actor, deal: Deal) -> Deal:
    """Bring a deleted deal back; where its stage was removed meanwhile, to the first one of the same kind.

    Raises:
        Problem: 422 when there is no such stage any more.
    """
    routing.restore(actor, deal)
    try:
        locked_stage(deal.stage_id, stands_in=deal.pipeline_id)
    except Problem:
        home = first_stage(deal.pipeline_id, deal.state) or first_stage(default_pipeline(deal.team_id), deal.state)
        if home is None:
            raise
        stage = locked_stage(home, stands_in=deal.pipeline_id)
        enter(deal, stage, end_of(stage), now(), actor.user_id)
    return deal


def today(actor: Actor) -> date:
    """The date that it is for a person."""
    return now().astimezone(ZoneInfo(actor.time_zone)).date()


def check_closed_on(actor: Actor, deal_opened_on: date | None, closed_on: date) -> None:
    """Refuse a closing date that cannot be: before the opening, in the future, or for most people in the past.

    A day of grace on both sides is left to callers whose clock stands in another time zone.

    Raises:
        Problem: 422 at `#/closed_on`.
    """
    present, grace = today(actor), timedelta(days=1)
    if closed_on > present + grace:
        raise invalid(Issue("#/closed_on", "future"))
    if closed_on < present - grace and not actor.may(Permission.HISTORY_LOAD):
        raise invalid(Issue("#/closed_on", "history_only"))
    if deal_opened_on is not None and closed_on < deal_opened_on:
        raise invalid(Issue("#/closed_on", "before_open"))


def missing(stage: Stage, given: dict[str, Any]) -> list[Issue]:
    """The fields that a stage requires and that are empty in `given`."""
    return [
        Issue(f"#/{name}", "required_for_stage", {"stage": stage.name})
        for name in stage.required_fields
        if given.get(name) in (None, "", [])
    ]


def stored_missing(stage: Stage, deal: Deal) -> list[Issue]:
    """The fields that a stage requires and that a stored deal lacks."""
    given: dict[str, Any] = {}
    for name in stage.required_fields:
        if name == "lines":
            given[name] = db.session.execute(select(exists().where(DealLine.deal_id == deal.id))).scalar() or None
        elif name == "people":
            given[name] = db.session.execute(select(exists().where(DealPerson.deal_id == deal.id))).scalar() or None
        else:
            given[name] = getattr(deal, name)
    return missing(stage, given)


def _check_customer(actor: Actor, customer_id: int | None) -> None:
    if customer_id is None:
        return
    try:
        customers.writable(actor, customer_id)
    except Problem as problem:
        raise invalid(Issue("#/customer_id", "unknown_record")) from problem


def _starting_stage(team_id: int | None, values: dict[str, Any]) -> Stage:
    """The locked stage that a new deal begins at; takes `stage_id` and `pipeline_id` out of the values."""
    stage_id, pipeline_id = values.pop("stage_id", None), values.pop("pipeline_id", None)
    if stage_id is not None:
        stage = locked_stage(stage_id)
        if pipeline_id not in (None, stage.pipeline_id):
            raise invalid(Issue("#/stage_id", "foreign_stage"))
        return stage
    pipeline_id = pipeline_id or default_pipeline(team_id)
    hold_pipeline(pipeline_id)
    home = first_stage(pipeline_id, StageKind.OPEN)
    if home is None:
        raise invalid(Issue("#/pipeline_id", "unknown_record"))
    return locked_stage(home, "#/pipeline_id", stands_in=pipeline_id)


def _check_closing(actor: Actor, stage: Stage, values: dict[str, Any], faults: Faults) -> None:
    """What a new deal may say about its end."""
    closed_on = values.get("closed_on")
    if stage.kind == StageKind.OPEN:
        if closed_on is not None:
            faults.append(Issue("#/closed_on", "open_stage"))
    elif not actor.may(Permission.HISTORY_LOAD):
        faults.append(Issue("#/stage_id", "history_only"))
    elif closed_on is None:
        faults.append(Issue("#/closed_on", "required"))
    else:
        with faults.gathered():
            check_closed_on(actor, values.get("opened_on"), closed_on)
    _check_lost(stage.kind, values, faults)


def _check_lost(kind: str, values: dict[str, Any], faults: Faults) -> None:
    """Only a lost deal has a reason for it."""
    if kind != StageKind.LOST:
        faults += [
            Issue(f"#/{name}", "not_lost") for name in ("lost_reason", "lost_note") if values.get(name) is not None
        ]


def _set_probability(deal: Deal, stage: Stage, probability: float | None, faults: Faults) -> None:
    if probability is None:
        assign(deal, {"win_probability": stage.win_probability, "win_probability_is_manual": False})
    elif stage.kind == StageKind.OPEN:
        assign(deal, {"win_probability": probability, "win_probability_is_manual": True})
    elif probability != deal.win_probability:
        faults.append(Issue("#/win_probability", "deal_closed"))


def _is_history(actor: Actor, deal: Deal) -> bool:
    if deal.closed_on is not None:
        return True
    return actor.may(Permission.HISTORY_LOAD) and deal.opened_on is not None and deal.opened_on < today(actor)


def _entered(actor: Actor, deal: Deal) -> datetime:
    """When a new deal arrived at its stage: for history the start of the day that it carries."""
    day = deal.closed_on or deal.opened_on
    if not deal.is_backfill or day is None:
        return now()
    return min(now(), datetime.combine(day, time(), ZoneInfo(actor.time_zone)))


def _set_parts(actor: Actor, deal: Deal, parts: dict[str, Any], sent: dict[str, Any]) -> None:
    """Replace the collections that were sent and settle the amount, all faults at once."""
    faults = Faults()
    with faults.gathered():
        if parts["lines"] is not None:
            set_lines(deal, parts["lines"])
        settle_amount(deal, sent)
    if parts["people"] is not None:
        with faults.gathered():
            _set_people(actor, deal, parts["people"])
    if parts["collaborators"] is not None:
        with faults.gathered():
            share(actor, deal, parts["collaborators"])
    faults.settle()


@cache
def _people_in_sight(shape: Shape) -> tuple[Select[int], Select[DealPerson]]:
    """Which people of a list somebody sees, and the links of a deal to people whom he or she sees."""
    seen = select(Person.id).where(Person.is_active, people.visible(shape))
    known = seen.where(member_of(Person.id, bindparam("person_ids", type_=IdList())))
    at_deal = DealPerson.deal_id == bindparam("deal_id", type_=BigInteger())
    return known, select(DealPerson).where(at_deal, DealPerson.person_id.in_(seen))


def _set_people(actor: Actor, deal: Deal, sent: Sequence[dict[str, Any]]) -> None:
    """Replace the people of a deal, as far as this person sees them."""
    wanted = {entry["person_id"]: entry["role"] for entry in sent}
    known_query, links = _people_in_sight(actor.shape)
    binds = {**actor.binds, "person_ids": list(wanted), "deal_id": deal.id}
    known = set(db.session.execute(known_query, binds).scalars())
    issues = [
        Issue(f"#/people/{number}/person_id", "unknown_record")
        for number, entry in enumerate(sent)
        if entry["person_id"] not in known
    ]
    if issues:
        raise invalid(*issues)
    present = {link.person_id: link for link in db.session.execute(links, binds).scalars()}
    for person_id, role in wanted.items():
        if person_id not in present:
            db.session.add(DealPerson(deal_id=deal.id, person_id=person_id, role=role))
        elif present[person_id].role != role:
            present[person_id].role = role
    for person_id in present.keys() - wanted.keys():
        db.session.delete(present[person_id])
    db.session.flush()


def _derive(deal: Deal) -> None:
    assign(
        deal,
        {"name_key": fold(deal.name), "sort_key": sort_key(deal.name), "search_key": search_key([deal.name])},
    )


__all__ = ["create", "edit", "remove", "restore"]

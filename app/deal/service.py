"""Use cases of deals: create, edit, delete, restore; what moves them along stands in `moves.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import exists, select

from .. import routing
from ..access import Actor, Permission
from ..custom_columns import PREFIX
from ..customer.custom_fields import DERIVES, check_custom, declared, derive_custom
from ..customer.models import customers
from ..customer.options import check_options
from ..customer.service import handed_over, merge_objects, ownership, team_of
from ..database import db
from ..errors import Faults, Issue, Problem, invalid
from ..folding import fold, search_key, sort_key
from ..journal import MAKE_ROOM, SETTLE, SetBack
from ..routing import assign, remove
from ..transaction import now
from .lines import Lines, amount_of, kept_lines, lines_of, new_lines
from .models import Deal, DealLine, DealPerson, DealStageEntry, Stage, StageKind
from .parts import check_parts, people_out_of_sight, set_parts, those_in_sight
from .placement import (
    default_pipeline,
    end_of,
    enter,
    first_stage,
    hold_pipeline,
    locked_stage,
    make_room,
    return_to,
    stand,
)
from .schemas import DealSchema

_SCHEMA = DealSchema()
_COLLECTIONS = ("lines", "people", "collaborators")
_AMOUNT = ("amount", "amount_is_manual")


def create(actor: Actor, values: dict[str, Any], *, after: Deal | None = None) -> Deal:
    """A new deal, at the first open stage of the owner's team's pipeline unless a stage or pipeline is named.

    Who may load history may name a won or lost stage with `closed_on`; such a deal, and one opened in the past, counts
    from the dates that it carries (`is_backfill`).

    Args:
        after: the deal that it is made after: it may keep that one's products that are sold no more, and of its people
            those that the caller sees.

    Raises:
        Problem: 422 with every fault; 409 when there is no pipeline.
    """
    faults = Faults()
    with faults.gathered():
        check_options(_SCHEMA, values)
    with faults.gathered():
        check_custom("deals", None, values)
    parts = {name: values.pop(name, None) for name in _COLLECTIONS}
    sent: dict[str, Any] = {name: values.pop(name) for name in _AMOUNT if name in values}
    values.setdefault("currency", current_app.config["LIANXI"].base_currency)
    owner: dict[str, int | None] = {"owner_id": actor.user_id, "team_id": actor.team_id}
    with faults.gathered():
        owner = ownership(actor, values, Permission.DEAL_ASSIGN, pool=False)
    with faults.gathered():
        _check_customer(actor, values.get("customer_id"))
    kept_products: set[int] = set()
    if after is not None:
        kept_products = {line.product_id for line in lines_of(after)}
        parts["people"] = those_in_sight(actor, parts["people"])
    lines, amount = _priced(None, values["currency"], sent, parts["lines"], faults, kept_products)
    check_parts(actor, parts, faults)
    with faults.gathered():
        stage = _starting_stage(owner["team_id"], values)
        _check_closing(actor, stage, values, faults)
        if stage.kind == StageKind.OPEN:
            _check_required(stage, {**values, **parts, **amount}, None, faults)
    faults.settle()
    probability, category = values.pop("win_probability", None), values.pop("forecast_category", None)
    merge_objects(None, values)
    deal = Deal(**{**values, **owner, **amount})
    deal.win_probability_is_manual = probability is not None and stage.kind == StageKind.OPEN
    deal.win_probability = probability if probability is not None else stage.win_probability
    deal.forecast_category_is_manual = category is not None and stage.kind == StageKind.OPEN
    deal.forecast_category = category or stage.forecast_category
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
    lines.write(deal)
    set_parts(actor, deal, parts)
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
    with faults.gathered():
        check_custom("deals", deal, values)
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
    touched |= {f"custom/{key}" for key in values.get("custom") or {}}
    if touched & {"lines", "amount_is_manual"}:
        touched.add("amount")
    _check_lost(stage.kind, values, faults)
    _check_reason(deal, values, faults)
    opened_on = values.get("opened_on", deal.opened_on)
    if opened_on is not None and deal.closed_on is not None and opened_on > deal.closed_on:
        faults.append(Issue("#/opened_on", "after_close"))
    for name in ("win_probability", "forecast_category"):
        if name in values:
            _set_or_follow(deal, stage, name, values.pop(name), faults)
    lines, amount = _priced(deal, values.get("currency", deal.currency), sent, parts["lines"], faults)
    check_parts(actor, parts, faults)
    planned = {**values, **amount, **{name: part for name, part in parts.items() if part is not None}}
    if parts["people"] == []:
        # Those whom this person does not see stay.
        planned["people"] = people_out_of_sight(actor, deal)
    _check_required(stage, planned, touched, faults)
    faults.settle()
    merge_objects(deal, values)
    assign(deal, {**values, **amount})
    _derive(deal)
    lines.write(deal)
    set_parts(actor, deal, parts)
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
    """The fields that a stage requires and that are empty in `given`; retired custom fields are asked of nobody."""
    custom = given.get("custom") or {}
    wanted = {name: given.get(name) for name in stage.required_fields if not name.startswith(PREFIX)}
    if len(wanted) < len(stage.required_fields):
        active = [one.key for one in declared("deals") if not one.is_retired]
        wanted |= {f"custom/{key}": custom.get(key) for key in active if PREFIX + key in stage.required_fields}
    return [
        Issue(f"#/{name}", "required_for_stage", {"stage": stage.name})
        for name, value in wanted.items()
        if value in (None, "", [])
    ]


def stored_missing(stage: Stage, deal: Deal) -> list[Issue]:
    """The fields that a stage requires and that a stored deal lacks."""
    given: dict[str, Any] = {"custom": deal.custom}
    for name in stage.required_fields:
        if name.startswith(PREFIX):
            continue
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


def needs_words(reason: str | None, note: str | None) -> bool:
    """Whether a reason for a loss says nothing without a note, and there is none."""
    return reason == "other" and not (note or "").strip()


def _check_reason(deal: Deal, values: dict[str, Any], faults: Faults) -> None:
    """A lost deal keeps a reason that it has, and words where the reason is another one."""
    if deal.state != StageKind.LOST or not {"lost_reason", "lost_note"} & values.keys():
        return
    reason = values.get("lost_reason", deal.lost_reason)
    if reason is None and deal.lost_reason is not None:
        faults.append(Issue("#/lost_reason", "required"))
    if needs_words(reason, values.get("lost_note", deal.lost_note)):
        faults.append(Issue("#/lost_note", "needs_words"))


def _set_or_follow(deal: Deal, stage: Stage, name: str, value: float | str | None, faults: Faults) -> None:
    """Set by hand what else is the stage's; null has the deal follow its stage again."""
    if value is None:
        assign(deal, {name: getattr(stage, name), f"{name}_is_manual": False})
    elif stage.kind == StageKind.OPEN:
        assign(deal, {name: value, f"{name}_is_manual": True})
    elif value != getattr(deal, name):
        faults.append(Issue(f"#/{name}", "deal_closed"))


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


def _priced(
    deal: Deal | None,
    currency: str,
    sent: dict[str, Any],
    sent_lines: Sequence[dict[str, Any]] | None,
    faults: Faults,
    kept_products: Collection[int] = (),
) -> tuple[Lines, dict[str, Any]]:
    """The lines that a deal will have and the amount that it will have with them."""
    stored = [] if deal is None else lines_of(deal)
    lines = kept_lines(stored, currency)
    if sent_lines is not None:
        with faults.gathered():
            lines = new_lines(stored, sent_lines, currency, kept_products)
    amount, manual = None, False
    with faults.gathered():
        amount, manual = amount_of(deal, sent, lines, currency)
    return lines, {"amount": amount, "amount_is_manual": manual}


def _check_required(stage: Stage, planned: dict[str, Any], touched: set[str] | None, faults: Faults) -> None:
    """What a stage requires may not be missing, as far as it is touched (None: all) and not wrong anyway."""
    paths = [issue.at.split("/")[1:] for issue in faults]
    wrong = {"/".join(path[:2]) if path[0] == "custom" else path[0] for path in paths}
    if "lines" in wrong:
        wrong.add("amount")
    for issue in missing(stage, planned):
        name = issue.at.removeprefix("#/")
        if name not in wrong and (touched is None or name in touched):
            faults.append(issue)


def _derive(deal: Deal) -> None:
    words: list[str | None] = [deal.name, *derive_custom("deals", deal)]
    assign(
        deal,
        {"name_key": fold(deal.name), "sort_key": sort_key(deal.name), "search_key": search_key(words)},
    )


def _settle(deal: Deal, undone: SetBack) -> None:
    """Set what follows from a deal's columns after an undo; what was taken back is no stay at a stage."""
    assign(deal, {"team_id": team_of(deal.owner_id)})
    _derive(deal)
    return_to(deal, undone.since)


SETTLE["deal"] = _settle
DERIVES["deals"] = _derive
MAKE_ROOM["deal"] = make_room


__all__ = ["create", "edit", "remove", "restore"]

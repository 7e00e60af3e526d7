"""Use cases of pipelines and their stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select

from .. import routing
from ..access import Actor
from ..auth.models import Team
from ..custom_columns import PREFIX
from ..customer.custom_fields import declared
from ..database import db
from ..errors import Issue, conflict, invalid
from ..folding import fold
from ..journal import act
from ..routing import assign, restore
from ..transaction import now
from .models import Deal, Pipeline, Stage, StageKind, usual_category
from .placement import end_of, enter, stand

_CERTAIN: dict[str, float] = {StageKind.WON: 1.0, StageKind.LOST: 0.0}


def create(_actor: Actor, values: dict[str, Any]) -> Pipeline:
    """A new pipeline with its stages in order.

    Raises:
        Problem: 409 at `#/name` when the name is in use; 422 for stages that cannot be.
    """
    stages, moves = values.pop("stages"), values.pop("move_deals", [])
    issues = [Issue(f"#/stages/{number}/id", "read_only") for number, sent in enumerate(stages) if "id" in sent]
    issues += [Issue(f"#/move_deals/{number}", "unknown_record") for number in range(len(moves))]
    issues += _stage_faults(stages, {})
    _check_team(values, issues)
    if issues:
        raise invalid(*issues)
    pipeline = Pipeline(**values, name_key=fold(values["name"]))
    db.session.add(pipeline)
    db.session.flush()
    _write_stages(pipeline, stages, {})
    return pipeline


def edit(actor: Actor, pipeline: Pipeline, values: dict[str, Any]) -> Pipeline:
    """Rename a pipeline, give it to a team, or replace its stages whole; those whose `id` is named stay the same.

    The deals of a removed stage go where `move_deals` says; deals follow a changed win probability or forecast category
    unless theirs was set by hand.

    Raises:
        Problem: 409 `stage-in-use` for a removed stage whose deals are to go nowhere; 422 for stages that cannot be.
    """
    stages, moves = values.pop("stages", None), values.pop("move_deals", [])
    issues: list[Issue] = []
    _check_team(values, issues)
    present: dict[int, Stage] = {}
    if stages is not None:
        query = select(Stage).where(Stage.pipeline_id == pipeline.id, Stage.is_active)
        present = {stage.id: stage for stage in db.session.execute(query).scalars()}
        issues += _stage_faults(stages, present)
    removed = present.keys() - {sent["id"] for sent in stages or [] if "id" in sent}
    issues += _move_faults(moves, present, removed)
    if issues:
        raise invalid(*issues)
    assign(pipeline, values)
    assign(pipeline, {"name_key": fold(pipeline.name)})
    if stages is not None:
        _empty(actor, present, removed, {move["from_stage_id"]: move["to_stage_id"] for move in moves})
        _write_stages(pipeline, stages, present)
        for stage_id in removed:
            present[stage_id].is_active = False
    db.session.flush()
    return pipeline


def remove(actor: Actor, pipeline: Pipeline) -> None:
    """Delete a pipeline softly.

    Raises:
        Problem: 409 `pipeline-in-use` while deals stand in it.
    """
    query = select(Stage).where(Stage.pipeline_id == pipeline.id).with_for_update()
    db.session.execute(query).all()
    count = db.session.execute(
        select(func.count()).select_from(Deal).where(Deal.pipeline_id == pipeline.id, Deal.is_active)
    ).scalar_one()
    if count:
        raise conflict("pipeline-in-use", deal_count=count)
    routing.remove(actor, pipeline)


def _check_team(values: dict[str, Any], issues: list[Issue]) -> None:
    if values.get("team_id") is not None:
        team = db.session.get(Team, values["team_id"])
        if team is None or not team.is_active:
            issues.append(Issue("#/team_id", "unknown_record"))


def _stage_faults(sent: Sequence[dict[str, Any]], present: dict[int, Stage]) -> list[Issue]:
    issues: list[Issue] = []
    known = {PREFIX + one.key for one in declared("deals") if not one.is_retired}
    seen: set[int] = set()
    for number, stage in enumerate(sent):
        at = f"#/stages/{number}"
        stage_id, kind, probability = stage.get("id"), stage["kind"], stage.get("win_probability")
        if stage_id is not None and present and (stage_id not in present or stage_id in seen):
            issues.append(Issue(f"{at}/id", "unknown_record"))
        elif stage_id is not None and stage_id in present and present[stage_id].kind != kind:
            issues.append(Issue(f"{at}/kind", "fixed"))
        if stage_id is not None:
            seen.add(stage_id)
        # What a stage requires already may stay there, though the field was retired since.
        kept = set(present[stage_id].required_fields) if stage_id in present else set()
        for place, name in enumerate(stage.get("required_fields") or []):
            if name.startswith(PREFIX) and name not in known | kept:
                issues.append(Issue(f"{at}/required_fields/{place}", "unknown_field"))
        if kind == StageKind.OPEN and probability is None:
            issues.append(Issue(f"{at}/win_probability", "required"))
        if kind in _CERTAIN and probability not in (None, _CERTAIN[kind]):
            certain = _CERTAIN[kind]
            issues.append(Issue(f"{at}/win_probability", "out_of_range", {"min": certain, "max": certain}))
        if kind in _CERTAIN and stage.get("forecast_category") is not None:
            only = usual_category(kind, _CERTAIN[kind])
            if stage["forecast_category"] != only:
                issues.append(Issue(f"{at}/forecast_category", "not_allowed", {"options": str(only)}))
    if not any(stage["kind"] == StageKind.OPEN for stage in sent):
        issues.append(Issue("#/stages", "open_stage_missing"))
    return issues


def _move_faults(moves: Sequence[dict[str, Any]], present: dict[int, Stage], removed: set[int]) -> list[Issue]:
    issues: list[Issue] = []
    seen: set[int] = set()
    for number, step in enumerate(moves):
        source, target = present.get(step["from_stage_id"]), present.get(step["to_stage_id"])
        if source is None or source.id not in removed or source.id in seen:
            issues.append(Issue(f"#/move_deals/{number}/from_stage_id", "unknown_record"))
            continue
        seen.add(source.id)
        if target is None or target.id in removed:
            issues.append(Issue(f"#/move_deals/{number}/to_stage_id", "unknown_record"))
        elif target.kind != source.kind:
            issues.append(Issue(f"#/move_deals/{number}/to_stage_id", "other_kind"))
    return issues


def _empty(actor: Actor, present: dict[int, Stage], removed: set[int], goals: dict[int, int]) -> None:
    """Move the deals of removed stages to their goals, behind those that stand there, in their order."""
    if not removed:
        return
    # Deals before stages, as everybody who moves a deal takes the locks; then once more for those that just came.
    query = select(Deal).where(Deal.stage_id.in_(removed)).order_by(Deal.id).with_for_update(of=Deal)
    db.session.execute(query).all()
    stages = select(Stage).where(Stage.id.in_({*removed, *goals.values()})).order_by(Stage.id).with_for_update(of=Stage)
    db.session.execute(stages).all()
    in_order = query.order_by(None).order_by(Deal.stage_id, Deal.rank).execution_options(populate_existing=True)
    found = db.session.execute(in_order).scalars().all()
    homeless = [deal for deal in found if deal.is_active and deal.stage_id not in goals]
    if homeless:
        counts = [
            {
                "id": stage_id,
                "name": present[stage_id].name,
                "deal_count": sum(deal.stage_id == stage_id for deal in homeless),
            }
            for stage_id in sorted({deal.stage_id for deal in homeless})
        ]
        raise conflict("stage-in-use", Issue("#/stages", "stage_in_use"), stages=counts)
    for deal in found:
        if deal.stage_id in goals:
            goal = present[goals[deal.stage_id]]
            enter(deal, goal, end_of(goal), now(), actor.user_id)
            act(deal, "moved")


def _write_stages(pipeline: Pipeline, sent: Sequence[dict[str, Any]], present: dict[int, Stage]) -> None:
    for position, values in enumerate(sent):
        probability = _CERTAIN.get(values["kind"], values.get("win_probability") or 0.0)
        row = {
            "position": position,
            "name": values["name"],
            "kind": values["kind"],
            "win_probability": probability,
            "forecast_category": values.get("forecast_category") or usual_category(values["kind"], probability),
            "expected_days": values.get("expected_days"),
            "colour": values.get("colour"),
            "required_fields": list(dict.fromkeys(values.get("required_fields") or [])),
        }
        stage = present.get(values.get("id", 0))
        if stage is None:
            db.session.add(Stage(pipeline_id=pipeline.id, **row))
            continue
        followers = _followers(stage, row)
        assign(stage, row)
        if followers is not None:
            for deal in db.session.execute(followers.order_by(Deal.id).with_for_update(of=Deal)).scalars():
                stand(deal, stage)
    db.session.flush()


def _followers(stage: Stage, row: dict[str, Any]) -> Select[Deal] | None:
    """The deals that follow what a stage is about to change in: its win probability, its forecast category."""
    ways = [
        manual.is_(False)
        for name, manual in (
            ("win_probability", Deal.win_probability_is_manual),
            ("forecast_category", Deal.forecast_category_is_manual),
        )
        if getattr(stage, name) != row[name]
    ]
    return select(Deal).where(Deal.stage_id == stage.id, or_(*ways)) if ways else None


__all__ = ["create", "edit", "remove", "restore"]

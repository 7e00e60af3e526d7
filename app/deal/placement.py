"""Where deals stand: stages of pipelines, places within a stage, the history of stays.

Ranks are unique within a stage; who takes one holds the lock of the stage, so that two movers end in one order.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, bindparam, func, inspect, select

from ..auth.models import Team
from ..database import db
from ..errors import Issue, conflict, invalid
from ..transaction import current_unit, now
from .models import Deal, DealStageEntry, Pipeline, Stage, StageKind
from .rank import aside, between

# Built once: every deal that is made or moved asks these.
_STAGE_ID = bindparam("stage_id", type_=BigInteger())
_PIPELINE_OF = select(Stage.pipeline_id).where(Stage.id == _STAGE_ID)
_LOCKED = (
    select(Stage)
    .join(Pipeline, Pipeline.id == Stage.pipeline_id)
    .where(Stage.id == _STAGE_ID, Stage.is_active, Pipeline.is_active)
    .with_for_update(of=Stage, key_share=True)
    .execution_options(populate_existing=True)
)
_LAST_RANK = select(func.max(Deal.rank)).where(Deal.stage_id == _STAGE_ID)


def locked_stage(stage_id: int, pointer: str = "#/stage_id", stands_in: int | None = None) -> Stage:
    """A stage in use, locked against everybody else who would place a deal there.

    Args:
        stage_id: the stage.
        pointer: where the input named it.
        stands_in: the pipeline that the deal is in already.

    Raises:
        Problem: 422 when there is no such stage, or it or its pipeline was removed.
    """
    wanted = {"stage_id": stage_id}
    pipeline_id = db.session.execute(_PIPELINE_OF, wanted).scalar()
    if pipeline_id is not None and pipeline_id != stands_in:
        hold_pipeline(pipeline_id)
    stage = db.session.execute(_LOCKED, wanted).scalar_one_or_none()
    if stage is None:
        raise invalid(Issue(pointer, "unknown_record"))
    return stage


def hold_pipeline(pipeline_id: int) -> None:
    """Keep a pipeline from being edited while a deal comes into it.

    Whoever edits a pipeline locks it first and its stages last; a deal that comes into it keeps that order.
    """
    share = select(Pipeline.id).where(Pipeline.id == pipeline_id).with_for_update(read=True, key_share=True)
    db.session.execute(share).all()


def default_pipeline(team_id: int | None) -> int:
    """The pipeline of a team: its own, else that of the nearest team above, else the oldest one of no team.

    Raises:
        Problem: 409 when there is no pipeline at all.
    """
    rows = db.session.execute(
        select(Pipeline.id, Pipeline.team_id).where(Pipeline.is_active).order_by(Pipeline.id)
    ).all()
    by_team: dict[int | None, int] = {}
    for pipeline_id, owner in rows:
        by_team.setdefault(owner, pipeline_id)
    seen: set[int] = set()
    while team_id is not None and team_id not in seen:
        if team_id in by_team:
            return by_team[team_id]
        seen.add(team_id)
        team = db.session.get(Team, team_id)
        team_id = team.parent_id if team is not None else None
    if None in by_team:
        return by_team[None]
    if not rows:
        raise conflict("no-pipeline")
    return int(rows[0].id)


def first_stage(pipeline_id: int, kind: str) -> int | None:
    """The first stage of a kind in a pipeline."""
    return db.session.execute(
        select(Stage.id)
        .where(Stage.pipeline_id == pipeline_id, Stage.kind == kind, Stage.is_active)
        .order_by(Stage.position, Stage.id)
        .limit(1)
    ).scalar()


def last_open_stage(deal: Deal) -> int | None:
    """The open stage, still in use, of the deal's pipeline that the deal was last at."""
    return db.session.execute(
        select(DealStageEntry.stage_id)
        .join(Stage, Stage.id == DealStageEntry.stage_id)
        .where(
            DealStageEntry.deal_id == deal.id,
            Stage.kind == StageKind.OPEN,
            Stage.is_active,
            Stage.pipeline_id == deal.pipeline_id,
        )
        .order_by(DealStageEntry.id.desc())
        .limit(1)
    ).scalar()


def end_of(stage: Stage) -> str:
    """The rank behind the last deal of a locked stage."""
    return between(db.session.execute(_LAST_RANK, {"stage_id": stage.id}).scalar(), None)


def top_of(stage: Stage, deal: Deal) -> str:
    """The rank above the first deal of a locked stage; the present one where the deal stands there already."""
    first = db.session.execute(
        select(func.min(Deal.rank)).where(Deal.stage_id == stage.id, Deal.id != deal.id)
    ).scalar()
    if deal.stage_id == stage.id and (first is None or deal.rank < first):
        return deal.rank
    return between(None, first)


def behind(neighbour: Deal, deal: Deal) -> str:
    """The rank just behind another deal of a locked stage; the present one where the deal stands there already."""
    following = db.session.execute(
        select(func.min(Deal.rank)).where(
            Deal.stage_id == neighbour.stage_id, Deal.rank > neighbour.rank, Deal.id != deal.id
        )
    ).scalar()
    if (
        deal.stage_id == neighbour.stage_id
        and neighbour.rank < deal.rank
        and (following is None or deal.rank < following)
    ):
        return deal.rank
    return between(neighbour.rank, following)


def enter(deal: Deal, stage: Stage, rank: str, at: datetime, author_id: int | None) -> None:
    """Put a stored deal at a place of a locked stage and keep the history of its stays.

    Args:
        at: when it arrives there.
        author_id: who moves it.
    """
    if deal.stage_id != stage.id:
        running = db.session.execute(
            select(DealStageEntry).where(DealStageEntry.deal_id == deal.id, DealStageEntry.left_at.is_(None))
        ).scalars()
        for stay in running:
            stay.left_at = max(at, stay.entered_at)
            stay.duration_seconds = int((stay.left_at - stay.entered_at).total_seconds())
        db.session.add(DealStageEntry(deal_id=deal.id, stage_id=stage.id, actor_id=author_id, entered_at=at))
        deal.stage_entered_at = at
    deal.rank = rank
    stand(deal, stage)


def stand(deal: Deal, stage: Stage) -> None:
    """Set what follows from a deal's stage: pipeline, state, and unless set by hand probability and category."""
    deal.stage_id, deal.pipeline_id, deal.state = stage.id, stage.pipeline_id, stage.kind
    if stage.kind != StageKind.OPEN:
        deal.win_probability_is_manual = deal.forecast_category_is_manual = False
    if not deal.win_probability_is_manual:
        deal.win_probability = stage.win_probability
    if not deal.forecast_category_is_manual:
        deal.forecast_category = stage.forecast_category


def make_room(deal: Deal) -> None:
    """Find a rank for a deal that an undo sets back: its own where it is free, else the one behind who has it.

    A deal that is undone altogether leaves its rank to those who come: else nobody could go back to it.
    """
    with db.session.no_autoflush:
        if not deal.is_active:
            if not inspect(deal).attrs.is_active.history.has_changes():
                # It was deleted before, and stays where it lay.
                return
            deal.rank = aside(deal.rank, deal.id)
            return
        locked_stage(deal.stage_id, stands_in=deal.pipeline_id)
        others = select(Deal).where(Deal.stage_id == deal.stage_id, Deal.rank == deal.rank, Deal.id != deal.id)
        other = db.session.execute(others).scalar_one_or_none()
        if other is not None:
            following = select(func.min(Deal.rank)).where(Deal.stage_id == deal.stage_id, Deal.rank > deal.rank)
            deal.rank = between(other.rank, db.session.execute(following).scalar())


def return_to(deal: Deal, since: datetime) -> None:
    """Have the history of stays agree with the stage that a deal was set back to.

    Stays that began since are taken out: they are what was taken back.

    Args:
        since: when what was taken back was done.
    """
    stays = list(
        db.session.execute(
            select(DealStageEntry).where(DealStageEntry.deal_id == deal.id).order_by(DealStageEntry.id)
        ).scalars()
    )
    while len(stays) > 1 and stays[-1].stage_id != deal.stage_id and stays[-1].entered_at >= since:
        db.session.delete(stays.pop())
    last = stays[-1]
    if last.stage_id == deal.stage_id:
        last.left_at = last.duration_seconds = None
        deal.stage_entered_at = last.entered_at
        return
    last.left_at = now()
    last.duration_seconds = int((last.left_at - last.entered_at).total_seconds())
    db.session.add(
        DealStageEntry(deal_id=deal.id, stage_id=deal.stage_id, actor_id=current_unit().actor_id, entered_at=now())
    )
    deal.stage_entered_at = now()

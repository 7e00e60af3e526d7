"""The stages that a deal has been at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ..auth.models import User
from ..database import read_engine
from .models import Deal, DealStageEntry, Stage


def stays(deal: Deal) -> list[dict[str, Any]]:
    """Every stay of a deal at a stage, in order, with its time, duration and author."""
    query = (
        select(
            DealStageEntry.id,
            DealStageEntry.stage_id,
            Stage.name,
            Stage.kind,
            DealStageEntry.entered_at,
            DealStageEntry.left_at,
            DealStageEntry.duration_seconds,
            DealStageEntry.actor_id,
            User.name.label("actor_name"),
        )
        .join(Stage, Stage.id == DealStageEntry.stage_id)
        .outerjoin(User, User.id == DealStageEntry.actor_id)
        .where(DealStageEntry.deal_id == deal.id)
        .order_by(DealStageEntry.id)
    )
    with read_engine().connect() as connection:
        rows = connection.execute(query).all()
    return [
        {
            "id": row.id,
            "stage_id": row.stage_id,
            "stage": {"id": row.stage_id, "name": row.name, "kind": row.kind},
            "entered_at": row.entered_at,
            "left_at": row.left_at,
            "duration_seconds": row.duration_seconds,
            "actor": None if row.actor_id is None else {"id": row.actor_id, "name": row.actor_name},
        }
        for row in rows
    ]

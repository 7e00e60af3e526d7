"""Jobs as rows, without anybody who asked for them or does them."""

from __future__ import annotations

from app.database import db
from app.job.models import Job, Status
from app.transaction import unit_of_work


def noted_job(user_id: int, kind: str, status: Status) -> int:
    """A job of somebody that stands in the table; its id."""
    with unit_of_work() as unit:
        job = Job(
            kind=kind,
            status=status,
            arguments={},
            user_id=user_id,
            language="en",
            created_at=unit.at,
            beat_at=unit.at,
        )
        db.session.add(job)
        db.session.flush()
        return job.id

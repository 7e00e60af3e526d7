"""Whose job is under way hears of its end, however long the telling process was held up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.database import db
from app.job.models import Job, Status
from app.live.jobs import Jobs
from app.transaction import now, unit_of_work

from ..cast import Cast
from ..jobs import noted_job


class Told:
    """Stands for the sockets: remembers what they would hear."""

    def __init__(self) -> None:
        self.statuses: list[tuple[int, str]] = []

    def emit(self, _event: str, job: dict[str, Any], **_kwargs: Any) -> None:
        self.statuses.append((job["id"], job["status"]))


def test_an_end_is_told_after_a_long_pause(cast: Cast) -> None:
    number = noted_job(cast.alice.id, "export", Status.RUNNING)
    told = Told()
    jobs = Jobs(told)

    def look() -> list[tuple[int, str]]:
        jobs.looked, told.statuses = 0.0, []
        jobs.tell()
        return told.statuses

    assert look() == [(number, "running")]
    with unit_of_work():
        job = db.session.get_one(Job, number)
        job.status, job.finished_at = Status.SUCCEEDED, now() - timedelta(hours=1)
    assert look() == [(number, "succeeded")]
    assert look() == []

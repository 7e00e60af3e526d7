"""The queue in front of the worker: huey on Redis where there is one, else on PostgreSQL, else in a file of its own."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from threading import Event, Lock
from typing import Any

from flask import current_app
from huey import PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.api import Huey
from huey.serializer import SignedSerializer

import logs
from config import Settings

log = logging.getLogger("lianxi")

RUN: list[Callable[[int], None]] = []
"""What does a job by its id; put in by `service.py`."""

EVERY_MINUTE: list[Callable[[], None]] = []
"""What the worker looks after by itself; each opens its own units of work."""

ALONE: list[Callable[[], None]] = []
"""What takes back at its start what an earlier worker has left, where there is no other one."""

BESIDE: list[Callable[[], None]] = []
"""What the worker does all the time beside its jobs, each in a thread of its own until `is_ending`."""


class _Signed(SignedSerializer):  # type: ignore[misc]
    """Signs what is in the queue with SHA-256, where huey by itself takes SHA-1."""

    def _signature(self, message: bytes) -> bytes:
        return hmac.new(self.salt + self.secret, message, "sha256").hexdigest().encode()


_lock = Lock()
_ending = Event()


def end() -> None:
    """Have running jobs stop at their next step."""
    _ending.set()


def is_ending() -> bool:
    """Whether the worker is about to end."""
    return _ending.is_set()


def _storage(settings: Settings) -> Huey:
    # What is in the queue is a number and a name; signed, because huey unpickles whatever it finds there.
    signed = _Signed(secret=settings.secret_key, salt="lianxi-jobs")
    fixed: dict[str, Any] = {"results": False, "serializer": signed}
    if settings.redis_url:
        return RedisHuey(f"{settings.channel}.jobs", url=settings.redis_url, **fixed)
    if settings.database_url.startswith("postgresql"):
        dsn = (settings.pooler_url or settings.database_url).replace("postgresql+psycopg://", "postgresql://")
        # Nothing is prepared: a pooler gives each transaction another session.
        return PostgresHuey(f"{settings.channel}.jobs", dsn=dsn, blocking=False, prepare_threshold=None, **fixed)
    return SqliteHuey("jobs", filename=str(settings.data_dir / "jobs.db"), **fixed)


def huey() -> Huey:
    """The application's queue, opened when it is first needed."""
    with _lock:
        found: Huey | None = current_app.extensions.get("lianxi.queue")
        if found is None:
            found = current_app.extensions["lianxi.queue"] = _storage(current_app.config["LIANXI"])
            _tasks(found)
        return found


def close() -> None:
    """Let go of the queue's connections; it opens anew when it is needed."""
    with _lock:
        found: Huey | None = current_app.extensions.pop("lianxi.queue", None)
        if found is not None:
            found.storage.close()


def _tasks(made: Huey) -> None:
    """What the worker does: declared alike in every process, because the queue only names it."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def run_job(job_id: int) -> None:
        with app.app_context():
            for run in RUN:
                run(job_id)

    def every_minute() -> None:
        logs.begin()
        with app.app_context():
            for look in EVERY_MINUTE:
                look()

    made.run_job = made.task(name="run_job")(run_job)
    made.periodic_task(crontab(), name="every_minute")(every_minute)


def put(job_id: int) -> None:
    """Put a job into the queue; where the queue is away, `service.pick_up` does it later."""
    try:
        huey().run_job(job_id)
    except Exception:
        log.warning("job %d waits: the queue is away", job_id, exc_info=True)

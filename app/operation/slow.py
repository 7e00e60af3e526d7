"""Slow statements: logged with the request that they kept waiting, and added up for all processes in one table."""

from __future__ import annotations

import atexit
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from threading import Lock, Timer
from typing import Any

from flask import Flask, current_app, has_app_context
from sqlalchemy import Connection, case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

import logs

from ..database import db, read_engine
from ..job.chores import chore
from ..timing import SLOW, normalised
from ..transaction import unit_of_work
from .models import SlowStatement

log = logging.getLogger("lianxi")

PAUSE = 2.0
"""So many seconds at most between a slow statement and its note."""

KEPT = timedelta(days=30)
MOST = 500
"""So many different statements are kept, those that cost most."""

_LONGEST = 4_000
"""So many characters of a statement are kept."""


@dataclass
class _Cost:
    statement: str
    runs: int = 0
    total: int = 0
    longest: int = 0
    request_id: str | None = None


class SlowBuffer:
    """What was slow in this process and is not written yet: the statement's own connection is busy with it."""

    def __init__(self, app: Flask) -> None:
        self._app, self._lock = app, Lock()
        self._waiting: dict[str, _Cost] = {}
        self._timer: Timer | None = None

    def note(self, statement: str, seconds: float) -> None:
        """Log a slow run and remember what it cost."""
        said, milliseconds = normalised(statement)[:_LONGEST], round(seconds * 1_000)
        log.warning("slow statement", extra={"milliseconds": milliseconds, "statement": said})
        digest = blake2b(said.encode(), digest_size=16).hexdigest()
        with self._lock:
            if digest not in self._waiting and len(self._waiting) >= MOST:
                return
            cost = self._waiting.setdefault(digest, _Cost(said))
            cost.runs += 1
            cost.total += milliseconds
            if milliseconds >= cost.longest:
                cost.longest, cost.request_id = milliseconds, logs.carried().get("request_id")
            if self._timer is None and not self._app.testing:
                self._timer = Timer(PAUSE, self._due)
                self._timer.daemon = True
                self._timer.start()

    def _due(self) -> None:
        with self._lock:
            self._timer = None
        self.flush()

    def end(self) -> None:
        """Write what still waits when the process ends in good order."""
        if not self._app.testing:
            self.flush()

    def flush(self) -> None:
        """Write what waits; what cannot be written was logged already."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        if not taken:
            return
        try:
            # Its own statements are not told of: noting them would go on for ever.
            with self._app.app_context(), db.engines[None].execution_options(slow_seconds=0).begin() as connection:
                for digest in sorted(taken):
                    _add(connection, digest, taken[digest])
        except Exception:
            log.warning("slow statements could not be written", exc_info=True)


def _add(connection: Connection, digest: str, cost: _Cost) -> None:
    made = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    table = SlowStatement
    query = made(table).values(
        digest=digest,
        statement=cost.statement,
        runs=cost.runs,
        total_milliseconds=cost.total,
        longest_milliseconds=cost.longest,
        request_id=cost.request_id,
        last_at=datetime.now(UTC),
    )
    new = query.excluded
    slower = new.longest_milliseconds >= table.longest_milliseconds
    added = {
        "runs": table.runs + new.runs,
        "total_milliseconds": table.total_milliseconds + new.total_milliseconds,
        "longest_milliseconds": case((slower, new.longest_milliseconds), else_=table.longest_milliseconds),
        "request_id": case((slower, new.request_id), else_=table.request_id),
        "last_at": new.last_at,
    }
    connection.execute(query.on_conflict_do_update(index_elements=[table.digest], set_=added))


def register(app: Flask) -> None:
    """Have what is slow in this process noted."""
    buffer = app.extensions["lianxi.slow"] = SlowBuffer(app)
    atexit.register(buffer.end)


def buffer() -> SlowBuffer:
    """The application's."""
    found: SlowBuffer = current_app.extensions["lianxi.slow"]
    return found


def _note(statement: str, seconds: float) -> None:
    if has_app_context() and "lianxi.slow" in current_app.extensions:
        buffer().note(statement, seconds)


SLOW.append(_note)


def costliest(many: int) -> list[dict[str, Any]]:
    """The statements that have cost most, with their runs, milliseconds and the request of the slowest."""
    query = select(SlowStatement).order_by(SlowStatement.total_milliseconds.desc(), SlowStatement.digest).limit(many)
    columns = [column.key for column in SlowStatement.__table__.columns if column.key != "digest"]
    with read_engine().connect() as connection:
        return [{name: row._mapping[name] for name in columns} for row in connection.execute(query)]


@chore("slow statements", every=timedelta(days=1))
def forget() -> None:
    """Delete what has not been slow for a month, and more than `MOST`."""
    table = SlowStatement
    with unit_of_work(source="job") as unit:
        db.session.execute(delete(table).where(table.last_at < unit.at - KEPT))
        if db.session.execute(select(func.count()).select_from(table)).scalar_one() > MOST:
            stay = select(table.digest).order_by(table.total_milliseconds.desc()).limit(MOST)
            db.session.execute(delete(table).where(table.digest.not_in(stay)))

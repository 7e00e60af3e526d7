"""Reads that may go far: what asks much of the database is answered by a copy of it, where there is one that knows all.

With `DATABASE_REPLICA_URL` reports, search and exports read from a standby of PostgreSQL. It follows a moment behind,
and nothing stale is shown: before such a read the main database says up to where it has acknowledged writes (of
anybody), and the copy is asked only once it has come that far. A copy that stays behind, hangs or is away costs speed
only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import current_app, g
from prometheus_client import Counter
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from .database import READ, REPLICA, db
from .metrics import OWN
from .patience import within

T = TypeVar("T")

READS = Counter("lianxi_far_reads", "Reads that may go to the replica, by where they went.", ["went"], registry=OWN)

WAIT_SECONDS = 0.1
"""For so long a read waits for the replica to come level; it mostly is within a few milliseconds."""

ANSWER_SECONDS = 1.0
"""Within so long it must say how far it has come: one that is asked and says nothing hangs."""

_LOOKS_EVERY = 0.005

REST_SECONDS = 10.0
"""After a failure the replica is left alone for so long: asking one that is away takes its time."""

_WRITTEN = text("SELECT pg_current_wal_flush_lsn()::text")
_SEEN = text("SELECT pg_last_wal_replay_lsn() >= CAST(:written AS pg_lsn)")

_CONFLICTS = frozenset({"40001", "40P01"})
"""How PostgreSQL ends a read on a standby that stands in the way of what is to be replayed."""


@dataclass
class _Rest:
    """Until when the replica is left alone, on the clock of `time.monotonic`."""

    until: float = 0.0


def far(read: Callable[[], T]) -> T:
    """Run a read, on the replica where there is one that has seen all that was acknowledged before.

    A read that the replica ends, or during which it goes away, is run anew on the main database.

    Args:
        read: reads by `read_engine()` or the session; may be called twice.
    """
    if REPLICA not in db.engines or g.get("reads_from") == REPLICA or not _is_level():
        return read()
    g.reads_from = REPLICA
    try:
        return read()
    except DBAPIError as error:
        if not error.connection_invalidated and getattr(error.orig, "sqlstate", None) not in _CONFLICTS:
            raise
        READS.labels("ended").inc()
        _rest(error)
    finally:
        g.pop("reads_from", None)
        # What it has read is not to be found again by somebody who reads elsewhere.
        db.session.rollback()
    return read()


def _is_level() -> bool:
    rest = current_app.extensions.setdefault("lianxi.replica", _Rest())
    if time.monotonic() < rest.until:
        READS.labels("away").inc()
        return False
    with db.engines[READ].connect() as near:
        written = near.execute(_WRITTEN).scalar_one()
    until = time.monotonic() + WAIT_SECONDS
    try:
        with db.engines[REPLICA].connect() as replica, within(replica, ANSWER_SECONDS):
            while not (is_level := bool(replica.execute(_SEEN, {"written": written}).scalar_one())):
                if time.monotonic() > until:
                    break
                time.sleep(_LOOKS_EVERY)
    except SQLAlchemyError as error:
        READS.labels("away").inc()
        _rest(error)
        return False
    READS.labels("replica" if is_level else "behind").inc()
    return is_level


def _rest(error: Exception) -> None:
    current_app.logger.warning("the replica is left alone for a while: %s", type(error).__name__)
    current_app.extensions["lianxi.replica"].until = time.monotonic() + REST_SECONDS


__all__ = ["REST_SECONDS", "WAIT_SECONDS", "far"]

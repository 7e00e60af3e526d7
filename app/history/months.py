"""A partition of the journal for each month, on PostgreSQL.

When a month begins, one is made for it, of the next ids, and the numbering of entries moves there. Nothing hangs on the
moment: until then entries go on in the partition before, which never runs out of ids, and ids are given out in no
partition but one that there is.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from ..database import db
from ..job.chores import chore
from ..journal import PARTITION_IDS
from ..transaction import hold, unit_of_work

log = logging.getLogger("lianxi")

_PATIENCE = "SET LOCAL lock_timeout = '2s'"
"""So long a new partition waits for those who write, and whoever comes behind it waits too; then rather in an hour."""

_PRESENT = "SELECT to_regclass(:name) IS NOT NULL"
_END = r"""
SELECT max(substring(pg_get_expr(relpartbound, pg_class.oid) FROM 'TO \(''(\d+)''\)')::bigint)
 FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = CAST('journal' AS regclass)
"""
_MOVE = "SELECT setval('journal_id_seq', :start, false) FROM journal_id_seq WHERE last_value < :start"


def begin_month(at: datetime | None = None) -> None:
    """Make the partition of a month, where it is missing, and have new entries go there.

    Args:
        at: a moment of the month, in UTC; the present one by default.
    """
    if db.engine.dialect.name == "sqlite":
        return
    try:
        with unit_of_work(source="job", at=at) as unit:
            _make(_alone(), f"{unit.at:%Y_%m}")
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        log.info("the journal's new partition waits: everybody is writing")
    # A sequence knows no transaction: it moves when what it moves to is committed.
    with unit_of_work(source="job"):
        _move(_alone())


def _alone() -> Connection:
    hold("journal months")
    return db.session.connection()


def _make(connection: Connection, month: str) -> None:
    if connection.execute(text(_PRESENT), {"name": f"journal_{month}"}).scalar_one():
        return
    connection.execute(text(_PATIENCE))
    for statement in _statements(month, connection.execute(text(_END)).scalar_one()):
        connection.execute(text(statement))


def _statements(month: str, start: int) -> list[str]:
    """What makes a month's partitions: attached, so that nobody who reads waits."""
    entries, values = f"journal_{month}", f"journal_value_{month}"
    bounds = f"FOR VALUES FROM ({start}) TO ({start + PARTITION_IDS})"
    emptied = "BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION lianxi_append_only()"
    return [
        # Both are locked to attach, in the other order: not in that in which those who write come to them.
        "LOCK TABLE changeset, journal_erasure IN SHARE ROW EXCLUSIVE MODE",
        f"CREATE TABLE {entries} (LIKE journal INCLUDING DEFAULTS)",
        f"CREATE TABLE {values} (LIKE journal_value INCLUDING DEFAULTS)",
        f"ALTER TABLE journal ATTACH PARTITION {entries} {bounds}",
        f"ALTER TABLE {values} ADD CONSTRAINT fk_journal_value_journal_id"
        f" FOREIGN KEY (journal_id) REFERENCES {entries} (id)",
        f"ALTER TABLE journal_value ATTACH PARTITION {values} {bounds}",
        f"CREATE TRIGGER journal_never_emptied {emptied.format(entries)}",
        f"CREATE TRIGGER journal_value_never_emptied {emptied.format(values)}",
    ]


def _move(connection: Connection) -> None:
    """Go on in the partition behind the present one, if there is one.

    One at a time, also for a worker that was away: the feed looks one partition back for what commits late.
    """
    last = connection.execute(text("SELECT last_value FROM journal_id_seq")).scalar_one()
    start = (last // PARTITION_IDS + 1) * PARTITION_IDS
    if start < connection.execute(text(_END)).scalar_one():
        connection.execute(text(_MOVE), {"start": start})


chore("journal months", every=timedelta(hours=1))(begin_month)

"""What the database says for `/metrics`: jobs, how far the journal's feed and its seals are behind, backups."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection, func, select, text

from .. import health
from ..job.models import Job, Status
from ..metrics import MOMENT
from .models import BackupRun

_HELD_BACK = (
    "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float FROM journal"
    " WHERE xact >= pg_snapshot_xmin(pg_current_snapshot())"
)
_UNSEALED = {
    "postgresql": (
        "SELECT count(*) FROM journal WHERE (xact, id) > ("
        " SELECT coalesce(max(xact), 0)::text::xid8, coalesce(max(entry_id), 0)"
        " FROM (SELECT xact, entry_id FROM journal_seal ORDER BY number DESC LIMIT 1) AS last)"
    ),
    "sqlite": "SELECT count(*) FROM journal WHERE id > (SELECT coalesce(max(entry_id), 0) FROM journal_seal)",
}


def _jobs(connection: Connection) -> Iterable[Metric]:
    counts = GaugeMetricFamily("lianxi_jobs", "Jobs of the last month.", labels=["kind", "status"])
    query = select(Job.kind, Job.status, func.count()).group_by(Job.kind, Job.status)
    for kind, status, count in connection.execute(query.order_by(Job.kind, Job.status)):
        counts.add_metric([kind, status], count)
    yield counts
    oldest = connection.execute(select(func.min(Job.created_at)).where(Job.status == Status.QUEUED)).scalar_one()
    waits = 0.0 if oldest is None else (datetime.now(UTC) - oldest).total_seconds()
    yield GaugeMetricFamily("lianxi_job_longest_wait_seconds", "How long the oldest queued job waits.", value=waits)


def _journal(connection: Connection) -> Iterable[Metric]:
    kind = connection.dialect.name
    # SQLite's writers queue: what is committed is in the feed.
    lag = connection.execute(text(_HELD_BACK)).scalar_one() if kind == "postgresql" else 0.0
    yield GaugeMetricFamily("lianxi_journal_lag_seconds", "Age of the oldest change held back.", value=lag)
    unsealed = connection.execute(text(_UNSEALED[kind])).scalar_one()
    yield GaugeMetricFamily("lianxi_journal_unsealed_entries", "Entries that wait for a seal.", value=unsealed)


def _backups(connection: Connection) -> Iterable[Metric]:
    at = GaugeMetricFamily("lianxi_backup_success_timestamp_seconds", "When it succeeded last.", labels=["kind"])
    size = GaugeMetricFamily("lianxi_backup_size_bytes", "Of the last backup.")
    newest = select(BackupRun.kind, func.max(BackupRun.finished_at)).where(BackupRun.problem.is_(None))
    newest = newest.group_by(BackupRun.kind)
    for kind, moment in connection.execute(newest.order_by(BackupRun.kind)):
        at.add_metric([kind], moment.timestamp())
    last = select(BackupRun.size).where(BackupRun.problem.is_(None)).order_by(BackupRun.finished_at.desc()).limit(1)
    if (bytes_ := connection.execute(last).scalar_one_or_none()) is not None:
        size.add_metric([], bytes_)
    yield from (at, size)


def _health(_connection: Connection) -> Iterable[Metric]:
    parts = GaugeMetricFamily("lianxi_health", "1 works, 0.5 is degraded, 0 is down.", labels=["part"])
    worth = {"ok": 1.0, "degraded": 0.5, "down": 0.0}
    for part, found in health.checks().items():
        parts.add_metric([part], worth[found])
    yield parts


MOMENT.extend((_jobs, _journal, _backups, _health))

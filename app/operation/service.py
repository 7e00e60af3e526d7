"""What operators see, put together."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import select, text

from .. import health
from ..access import Actor
from ..database import db, read_engine
from ..errors import Problem
from ..job.models import Job
from . import backups, slow
from .models import BackupRun, RunKind
from .schemas import BackupRunSchema, UnderWaySchema

_RUNS = 20
_SLOW = 20


def overview() -> dict[str, Any]:
    """Health, backups and slow statements of the installation, as `OperationsSchema` has them."""
    settings = current_app.config["LIANXI"]
    with read_engine().connect() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    found = health.checks()
    return {
        "version": version,
        "database": db.engine.dialect.name,
        "health": {"status": health.verdict(found), "checks": found},
        "backups": _backups(),
        "slow_milliseconds": round(settings.slow_seconds * 1_000),
        "slow_statements": slow.costliest(_SLOW),
    }


def _backups() -> dict[str, Any]:
    settings, waiting = current_app.config["LIANXI"], backups.under_way()
    with read_engine().connect() as connection:
        newest = select(BackupRun.__table__).order_by(BackupRun.finished_at.desc(), BackupRun.id.desc())
        runs = [_shown(row) for row in connection.execute(newest.limit(_RUNS))]

        def last(kind: RunKind) -> dict[str, Any] | None:
            well = newest.where(BackupRun.kind == kind, BackupRun.problem.is_(None)).limit(1)
            row = connection.execute(well).one_or_none()
            return None if row is None else _shown(row)

        return {
            "folder": str(settings.backup_dir),
            "is_nightly": settings.backup_nightly,
            "at": settings.backup_at.isoformat("minutes"),
            "time_zone": settings.time_zone,
            "keeps_days": settings.backup_days,
            "keeps_weeks": settings.backup_weeks,
            "is_encrypted": bool(settings.backup_key),
            "files": backups.listed(),
            "last_backup": last(RunKind.BACKUP),
            "last_rehearsal": last(RunKind.REHEARSAL),
            "runs": runs,
            "under_way": None
            if waiting is None
            else {name: getattr(waiting, name) for name in UnderWaySchema._declared_fields},
        }


def _shown(row: Any) -> dict[str, Any]:
    names = [name for name in BackupRunSchema._declared_fields if name != "problem_detail"]
    found = {name: row._mapping[name] for name in names}
    detail = None if row.problem is None else Problem(409, row.problem).document()["detail"]
    return {**found, "problem_detail": detail}


def begin(actor: Actor, kind: RunKind) -> Job:
    """Have a backup made, or the newest one rehearsed.

    Raises:
        Problem: as `backups.begin`.
    """
    return backups.begin(actor, kind.value)

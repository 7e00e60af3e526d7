"""The export of all customers: rows a second, against a bare SELECT into `csv.writer` in the same run."""

from __future__ import annotations

import csv
import statistics
import time
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.auth.identity import load_actor
from app.database import db, read_engine
from app.exporting import service
from app.job import service as jobs
from app.job.models import Job, Status
from app.routing import CRM
from app.transaction import unit_of_work
from bench import data
from bench.serving import filled, made_database

GOAL = 20_000
"""Rows a second as CSV."""

_FORMATS = ("csv", "jsonl", "xlsx", "vcf")
_ADMIN = 1


def _exported(app: CRM, format: str) -> float:
    """Seconds that the job takes."""
    with app.app_context():
        with read_engine().connect() as connection:
            actor = load_actor(connection, _ADMIN, None)
        assert actor is not None
        with unit_of_work(actor_id=_ADMIN):
            job_id = service.begin(actor, {"resource": "customers", "format": format, "labels": "api"}).id
        start = time.perf_counter()
        jobs.run(job_id)
        took = time.perf_counter() - start
        status = db.session.execute(select(Job.status).where(Job.id == job_id)).scalar_one()
        assert status == Status.SUCCEEDED
        db.session.remove()
        for path in service.folder().iterdir():
            path.unlink()
    return took


def _bare(app: CRM, path: Path) -> float:
    """Seconds that the driver's rows take into a CSV."""
    with app.app_context(), read_engine().connect() as connection, path.open("w", encoding="utf-8", newline="") as file:
        start = time.perf_counter()
        cursor: Any = connection.connection.cursor()
        cursor.execute("SELECT * FROM customer WHERE is_active ORDER BY id")
        csv.writer(file).writerows(cursor)
        return time.perf_counter() - start


def measured(admin_url: str, folder: Path, rows: int, rounds: int) -> dict[str, Any]:
    """Rows a second of each format, and the share that CSV has of the baseline."""
    print(f"Filling {rows:,} customers ...", flush=True)
    app = filled(made_database(admin_url, "exports"), folder, data.people, partial(data.customers, count=rows))
    seconds: dict[str, list[float]] = {}
    for _ in range(rounds):
        for format in _FORMATS:
            seconds.setdefault(format, []).append(_exported(app, format))
        seconds.setdefault("bare", []).append(_bare(app, folder / "bare.csv"))
    pairs = zip(seconds["csv"], seconds["bare"], strict=True)
    return {
        "rows": rows,
        "rows_per_second": {name: round(rows / statistics.median(found)) for name, found in seconds.items()},
        "csv_ratio": round(statistics.median(bare / ours for ours, bare in pairs), 3),
        "goal_rows_per_second": GOAL,
    }

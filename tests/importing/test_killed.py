"""An import whose worker is killed, again and again, ends as if nothing had happened."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import func, select

from app import create_app, search_index
from app.customer.models import Customer
from app.database import db
from app.importing.models import Import
from app.installation import seed
from app.job import queue, service
from app.job.models import Job
from app.journal import Changeset, JournalEntry
from app.routing import CRM
from config import ROOT, settings_from

from ..cast import Cast, raise_the_curtain
from ..conftest import make_database
from ..running import BIN
from .sending import upload

ROWS = 6_060
"""So many that the last step begins at 99 %."""


@pytest.fixture
def environment(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Of an application with a database of its own, for processes that are killed."""
    url = make_database(request.getfixturevalue("postgres_url"), "killed") if database == "postgresql" else ""
    return {
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": url,
        "RATELIMIT_ENABLED": "0",
        "SECRET_KEY": "a secret key that is long enough for signing",
        "PATH": str(BIN),
    }


@pytest.fixture
def crm(environment: dict[str, str]) -> Iterator[CRM]:
    """The application over it."""
    made = create_app(settings_from(environment))
    made.testing = True
    with made.app_context():
        upgrade()
        seed()
        yield made
        queue.close()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def done(job_id: int) -> tuple[int, str]:
    with db.engines["read"].connect() as connection:
        row = connection.execute(select(Job.done, Job.status).where(Job.id == job_id)).one()
    return int(row.done), str(row.status)


def work_until(environment: dict[str, str], job_id: int, rows: int) -> None:
    """A worker of its own does the job and is killed once it is so far."""
    command = [str(BIN / "flask"), "--app", "app", "worker"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 180
            while (state := done(job_id))[0] < rows or (rows == ROWS and state[1] != "succeeded"):
                assert time.monotonic() < deadline, state
                assert process.poll() is None
                time.sleep(0.01)
        finally:
            process.kill()


def test_a_killed_worker_loses_and_doubles_nothing(crm: CRM, environment: dict[str, str]) -> None:
    cast: Cast = raise_the_curtain(crm)
    lines = (f"客户{number}有限公司,c{number}@x.example,139{number:08d}" for number in range(ROWS))
    chosen = upload(cast.carol, "customers", "客户名称,邮箱,电话\n" + "\n".join(lines) + "\n")
    job_id = cast.carol.post(f"/imports/{chosen['id']}/commit").get_json()["id"]
    for share in (0.1, 0.5, 0.99):
        work_until(environment, job_id, int(ROWS * share))
        # As the minutely look does once a worker has been silent for long.
        service.pick_up(silent_seconds=0)
    work_until(environment, job_id, ROWS)
    db.session.rollback()
    customers = db.session.execute(select(func.count(), func.count(Customer.email_key.distinct()))).one()
    assert tuple(customers) == (ROWS, ROWS)
    job = db.session.get_one(Job, job_id)
    assert (job.result["new"], job.result["wrong"], job.result["duplicate"]) == (ROWS, 0, 0)
    assert db.session.get_one(Import, chosen["id"]).changeset_id == job.changeset_id
    entries = select(func.count(), func.count(JournalEntry.resource_id.distinct())).where(
        JournalEntry.changeset_id == job.changeset_id
    )
    assert tuple(db.session.execute(entries).one()) == (ROWS, ROWS)
    assert db.session.get_one(Changeset, job.changeset_id).entry_count == ROWS
    with db.engines[None].begin() as connection:
        assert search_index.check(connection) == []

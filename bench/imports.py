"""An import of customers: rows per second, against a bare baseline, memory, and what others wait meanwhile.

The baseline writes the very rows that came of it into the same tables of another database, some hundred at a time and
with nothing else: no file is read, nothing is checked, matched or derived.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from app import create_app
from app.access import Actor
from app.auth.identity import load_actor
from app.auth.tokens import access_token
from app.customer.models import Customer
from app.database import db, read_engine
from app.importing import service
from app.importing.run import STEP
from app.job import service as jobs
from app.job import worker
from app.job.models import Job
from app.journal import Changeset, JournalEntry, JournalValue
from app.routing import CRM
from app.search_index import SearchEntry
from app.transaction import unit_of_work
from bench import data
from bench.serving import ENVIRONMENT, filled, made_database, served
from config import ROOT, settings_from
from tests.servers import free_port

GOALS = {"rows_per_second": 3_000, "peak_mib": 300, "list_meanwhile": 2.0}
_WORDS = "华信达博远泰恒新创通瑞联科盛源明云帆海天"
_TRADES = ("科技", "贸易", "电子", "医药", "食品", "机械", "物流")
_PLACES = ("杭州", "北京", "上海", "深圳", "成都")
_PAGE = "/api/v1/customers?sort=-created_at&per_page=20&count=none"


def file_of(count: int) -> bytes:
    """A CSV of customers as they are exported elsewhere, every name, number and address its own."""
    chance, target = random.Random(3), io.StringIO()
    writer = csv.writer(target)
    writer.writerow(["Company name", "Phone", "Email", "City", "Industry"])
    for number in range(count):
        place = chance.choice(_PLACES)
        name = f"{place}{''.join(chance.choices(_WORDS, k=4))}{chance.choice(_TRADES)}有限公司"
        email = f"office{number}@customer{number}.example"
        writer.writerow([name, f"13{chance.randrange(9)}{number:08d}", email, place, "software"])
    return target.getvalue().encode()


def uploaded(actor: Actor, content: bytes) -> int:
    """An import of a file as it is understood by itself, but for the names, which need not be different ones."""
    file, size = service.receive(io.BytesIO(content), "customers.csv")
    with unit_of_work(actor_id=actor.user_id):
        made = service.create(actor, "customers", file, size, "customers.csv")
        service.edit(actor, made, {"options": {"match": ["email", "phone"]}})
        return made.id


def asked(actor: Actor, import_id: int, what: str) -> int:
    """A job of it that waits."""
    with unit_of_work(actor_id=actor.user_id):
        return service.begin(actor, service.get(actor, import_id), what).id


def working(environment: dict[str, str], job_id: int) -> subprocess.Popen[bytes]:
    """A process that does one job and tells how long it took and what memory."""
    command = [sys.executable, "-m", "bench.imports", str(job_id)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE)


def work(job_id: int) -> None:
    """Do one job: what the process of `working` does."""
    app = create_app(settings_from(dict(os.environ)))
    # As a worker does.
    os.nice(worker.NICENESS)
    with app.app_context():
        worker.spare_the_collector()
        begun, used = time.monotonic(), time.process_time()
        jobs.run(job_id)
        spent = time.process_time() - used
        told = {"seconds": time.monotonic() - begun, "cpu_seconds": spent}
    # Not what `getrusage` tells: that is what the process had that began this one.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    assert peak is not None
    print(json.dumps(told | {"peak_mib": int(peak[1]) / 1024}))


def finished(process: subprocess.Popen[bytes]) -> dict[str, float]:
    """What a working process told."""
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit("The import failed.")
    return dict(json.loads(output))


def latencies(url: str, token: str, seconds: float, until: subprocess.Popen[bytes] | None = None) -> list[float]:
    """Milliseconds of one list request after the other, for some time or as long as a process runs."""
    found: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and (until is None or until.poll() is None):
        request = urllib.request.Request(url + _PAGE, headers={"Authorization": f"Bearer {token}"})
        begun = time.perf_counter()
        urllib.request.urlopen(request, timeout=60).read()
        found.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.02)
    return found


def p95(values: list[float]) -> float:
    """What 95 of 100 stay below."""
    return sorted(values)[int(len(values) * 0.95)]


def copied(connection: Connection, count: int) -> Iterator[list[tuple[Table, list[dict[str, Any]]]]]:
    """What an import wrote, in portions of so many records."""
    ours = select(func.min(JournalEntry.id)).where(JournalEntry.resource == "customer").scalar_subquery()
    starts = {
        key: connection.execute(select(func.min(key)).where(key >= least)).scalar_one()
        for key, least in (
            (Customer.id, 1),
            (JournalEntry.id, ours),
            (JournalValue.journal_id, ours),
            (SearchEntry.id, 1),
        )
    }
    for begun in range(0, count, STEP):
        portion: list[tuple[Table, list[dict[str, Any]]]] = []
        for table, key in (
            (Customer, Customer.id),
            (JournalEntry, JournalEntry.id),
            (JournalValue, JournalValue.journal_id),
            (SearchEntry, SearchEntry.id),
        ):
            first = starts[key] + begun
            query = select(*table.__table__.c).where(key.between(first, first + STEP - 1))
            rows = [dict(row) for row in connection.execute(query).mappings()]
            for row in rows:
                row.pop("xact", None)
            portion.append((table.__table__, rows))  # type: ignore[arg-type]
        yield portion


def bare_seconds(source: CRM, target: CRM, count: int) -> float:
    """How long it takes to write the rows of an import into another database, their texts being at hand."""
    with source.app_context(), read_engine().connect() as connection:
        last = select(*Changeset.__table__.c).order_by(Changeset.id.desc()).limit(1)
        head = dict(connection.execute(last).mappings().one())
        portions = list(copied(connection, count))
    with target.app_context():
        with db.engines[None].begin() as connection:
            connection.execute(insert(Changeset), [head])
        begun = time.monotonic()
        for portion in portions:
            with db.engines[None].begin() as connection:
                for table, rows in portion:
                    if rows:
                        connection.execute(insert(table), rows)
                if connection.dialect.name == "sqlite":
                    ids = {"first": portion[3][1][0]["id"], "last": portion[3][1][-1]["id"]}
                    connection.execute(
                        text(
                            "INSERT INTO search_index (rowid, pieces)"
                            " SELECT id, pieces FROM search_entry WHERE id BETWEEN :first AND :last"
                        ),
                        ids,
                    )
        return time.monotonic() - begun


def measured(admin_url: str | None, folder: Path, count: int) -> dict[str, Any]:
    """Check and import so many customers: by itself, beside somebody who reads, and killed three times.

    Args:
        admin_url: of PostgreSQL; None for SQLite.
        folder: for data.
        count: rows.
    """
    content = file_of(count)

    def made(name: str) -> tuple[CRM, dict[str, str]]:
        url = "" if admin_url is None else made_database(admin_url, f"import_{name}")
        app = filled(url, folder / name, data.people)
        return app, {**ENVIRONMENT, "DATA_DIR": str(folder / name), "DATABASE_URL": url}

    app, environment = made("ours")
    bare, _ = made("bare")
    print(f"Importing {count:,} customers ...", flush=True)
    with app.app_context():
        actor = _admin()
        import_id = uploaded(actor, content)
        check = finished(working(environment, asked(actor, import_id, "check")))
        commit = finished(working(environment, asked(actor, import_id, "commit")))
    bare_time = bare_seconds(app, bare, count)
    return {
        "rows": count,
        "rows_per_second": round(count / commit["seconds"]),
        "rows_per_cpu_second": round(count / commit["cpu_seconds"]),
        "check_rows_per_second": round(count / check["seconds"]),
        "bare_rows_per_second": round(count / bare_time),
        "ratio_to_bare": round(bare_time / commit["seconds"], 3),
        "peak_mib": round(max(check["peak_mib"], commit["peak_mib"])),
        **read_beside(*made("read"), content, count),
        "after_three_kills": killed(*made("killed"), content, count),
        "goals": GOALS,
    }


def _admin() -> Actor:
    with read_engine().connect() as connection:
        actor = load_actor(connection, 1, 1)
    assert actor is not None
    return actor


def read_beside(app: CRM, environment: dict[str, str], content: bytes, count: int) -> dict[str, Any]:
    """Import while somebody asks for one list after the other: what both make of it."""
    with app.app_context():
        actor, token = _admin(), access_token(1, 1, 86_400)
        job_id = asked(actor, uploaded(actor, content), "commit")
        with served("app:create_app()", port=free_port(), **environment) as url:
            quiet = latencies(url, token, 5)
            process = working(environment, job_id)
            busy = latencies(url, token, 3_600, process)
            commit = finished(process)
    return {
        "rows_per_second_read_beside": round(count / commit["seconds"]),
        "list_p95_ms": {"alone": round(p95(quiet), 1), "meanwhile": round(p95(busy), 1)},
        "list_meanwhile": round(p95(busy) / p95(quiet), 2),
    }


def killed(app: CRM, environment: dict[str, str], content: bytes, count: int) -> dict[str, int]:
    """Import with a worker that is killed at 10, 50 and 99 %; what is there in the end."""
    with app.app_context():
        actor = _admin()
        job_id = asked(actor, uploaded(actor, content), "commit")
        done = select(Job.done).where(Job.id == job_id)
        for share in (0.1, 0.5, 0.99):
            process = working(environment, job_id)
            while process.poll() is None:
                with read_engine().connect() as connection:
                    if (connection.execute(done).scalar() or 0) >= count * share:
                        break
                time.sleep(0.01)
            process.kill()
            process.communicate()
            jobs.pick_up(silent_seconds=0)
        finished(working(environment, job_id))
        with read_engine().connect() as connection:
            entries = select(func.count()).select_from(JournalEntry).where(JournalEntry.resource == "customer")
            return {
                "customers": connection.execute(select(func.count()).select_from(Customer)).scalar_one(),
                "journal_entries": connection.execute(entries).scalar_one(),
            }


if __name__ == "__main__":
    work(int(sys.argv[1]))

"""Long work: its worker is killed, the same job comes twice, several look after the queue."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app import create_app
from app.customer.models import Customer
from app.database import db
from app.job import queue, service
from app.job.models import Job
from app.journal import JournalEntry
from bench.imports import file_of
from config import settings_from
from faults import ledger
from faults.load import Load, failed, p95, statuses
from faults.shape import Shape, until
from faults.trial import BOTH, Trial, fault

PEAK_MIB = 300
WITHIN = 900.0


def begun(shape: Shape, token: str, rows: int) -> tuple[int, int]:
    """An import that waits for its worker: its own id and the job's."""
    status, chosen = shape.upload("imports", "customers.csv", file_of(rows), token, resource="customers")
    if status != 201:
        raise RuntimeError(f"import: {status} {chosen}")
    status, edited = shape.call("PATCH", f"imports/{chosen['id']}", {"options": {"match": ["email", "phone"]}}, token)
    if status != 200:
        raise RuntimeError(f"import: {status} {edited}")
    status, job = shape.call("POST", f"imports/{chosen['id']}/commit", {}, token)
    if status != 202:
        raise RuntimeError(f"import: {status} {job}")
    return int(chosen["id"]), int(job["id"])


@contextmanager
def beside(shape: Shape) -> Iterator[None]:
    """An application of our own over the same data, as another machine would be."""
    app = create_app(settings_from({**shape.environment, "WORKER_CLASS": "gthread"}))
    with app.app_context():
        try:
            yield
        finally:
            queue.close()
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


def state(job_id: int) -> Any:
    """How far a job is; within `beside`."""
    with db.engines["read"].connect() as connection:
        columns = (Job.status, Job.done, Job.attempts, Job.result, Job.changeset_id)
        return connection.execute(select(*columns).where(Job.id == job_id)).one()


def peak_mib(pid: int) -> float:
    """The most memory that a process has had."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _counts(job: Any, rows: int) -> list[str]:
    """What is wrong with an import that has ended."""
    with db.engines["read"].connect() as connection:
        customers = connection.execute(
            select(func.count(), func.count(Customer.email_key.distinct())).where(Customer.email.like("office%"))
        ).one()
        entries = connection.execute(
            select(func.count(), func.count(JournalEntry.resource_id.distinct())).where(
                JournalEntry.changeset_id == job.changeset_id
            )
        ).one()
    wrong = [] if job.status == "succeeded" else [f"the job is {job.status}: {job.result}"]
    for what, found in (("rows", customers), ("entries", entries)):
        if tuple(found) != (rows, rows):
            wrong.append(f"{what}: {tuple(found)} instead of {rows}")
    told = job.result or {}
    if (told.get("new"), told.get("wrong"), told.get("duplicate")) != (rows, 0, 0):
        wrong.append(f"the report says {told}")
    return wrong


@fault("F10", "the worker is killed at 10, 50 and 99 % of an import, while others work", BOTH)
def import_killed(trial: Trial) -> None:
    """It goes on from its last step and ends as if nothing had happened."""
    rows = trial.rows
    with trial.shape() as shape, beside(shape):
        admin = shape.sign_in()
        load = Load(shape, pause=0.3).begin(4)
        time.sleep(min(10.0, trial.seconds / 2))
        calm = load.now()
        _, job_id = begun(shape, admin, rows)
        began, peak, resumed = time.monotonic(), 0.0, list[int]()

        def ended() -> bool:
            nonlocal peak
            peak = max(peak, peak_mib(shape.processes["worker"].pid))
            return state(job_id).status in ("succeeded", "failed")

        for share in (0.1, 0.5, 0.99):
            until(lambda share=share: ended() or state(job_id).done >= rows * share, WITHIN, "the job")  # type: ignore[misc]
            shape.end("worker", signal.SIGKILL)
            resumed.append(state(job_id).done)
            # As the minutely look does once a worker has been silent for a minute.
            service.pick_up(silent_seconds=0)
            shape.start("worker")
        until(ended, WITHIN, "the job")
        seconds = time.monotonic() - began
        done = load.now()
        load.end()
        trial.check(load)
        wrong = _counts(state(job_id), rows)
    usual, meanwhile = p95(load.between(0, calm)), p95(load.between(calm, done))
    trial.figures |= {
        "rows": rows,
        "killed at": resumed,
        "seconds": round(seconds),
        "peak MiB": round(peak),
        "p95 ms before": usual,
        "p95 ms meanwhile": meanwhile,
    }
    bad = failed(load.tried)
    trial.must(not wrong, "; ".join(wrong))
    trial.must(not bad, f"failed: {statuses(bad)}")
    trial.must(peak <= PEAK_MIB, f"{peak:.0f} MiB instead of {PEAK_MIB}")
    trial.must(meanwhile <= 2 * usual, f"p95 {meanwhile} ms instead of {usual} ms")


@fault("F18", "one job is queued five times before two workers with two schedulers, one of which is killed", BOTH)
def delivered_twice(trial: Trial) -> None:
    """Its effect is there once."""
    rows = min(trial.rows, 6_000)
    with trial.shape() as shape, beside(shape):
        admin = shape.sign_in()
        shape.start("second", shape.launch["worker"])
        _, job_id = begun(shape, admin, rows)
        for _ in range(4):
            queue.put(job_id)
        until(lambda: state(job_id).done >= rows * 0.3, WITHIN, "the job")
        shape.end("worker", signal.SIGKILL)
        time.sleep(1)
        was = state(job_id)
        for _ in range(4):
            service.pick_up(silent_seconds=0 if was.status == "running" else 60)
            queue.put(job_id)
            time.sleep(0.2)
        shape.start("worker")
        until(lambda: state(job_id).status in ("succeeded", "failed"), WITHIN, "the job")
        for _ in range(4):
            queue.put(job_id)
        time.sleep(3)
        job = state(job_id)
        wrong = _counts(job, rows)
        shape.end("second", signal.SIGTERM)
        wrong += ledger.sound(shape)
    trial.figures |= {"rows": rows, "done when one was killed": was.done, "attempts": job.attempts}
    trial.must(not wrong, "; ".join(wrong))

"""The worker as it really runs: a process of its own beside the server, on every kind of queue."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import create_app
from app.database import db
from app.job import queue
from app.job.models import Status
from app.job.worker import NICENESS
from app.routing import CRM
from config import ROOT, settings_from

from ..conftest import make_database
from ..jobs import noted_job
from ..live.listening import Listener, id_of
from ..running import BIN, Running, running


@pytest.fixture(params=["file", "postgresql", "redis"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """The served product with each kind of queue."""
    env: dict[str, str] = {}
    if request.param != "file":
        env["DATABASE_URL"] = make_database(request.getfixturevalue("postgres_url"), "worked")
    if request.param == "redis":
        env["REDIS_URL"] = request.getfixturevalue("redis_url")
        env["REDIS_CHANNEL"] = tmp_path.name
    with running(tmp_path, env=env) as served:
        yield served


@pytest.fixture
def app(server: Running) -> Iterator[CRM]:
    """An application of our own over the served product's data."""
    app = create_app(settings_from(server.environment))
    with app.app_context():
        yield app
        queue.close()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@contextmanager
def worker(server: Running) -> Iterator[subprocess.Popen[bytes]]:
    """A worker beside the server, ended by its pid."""
    with subprocess.Popen([BIN / "flask", "--app", "app", "worker"], cwd=ROOT, env=server.environment) as process:
        try:
            yield process
        finally:
            process.kill()


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def waiting_job(user_id: int) -> int:
    """A job that nobody can do: what becomes of it shows that a worker was there."""
    return noted_job(user_id, "unheard of", Status.QUEUED)


def has_failed(server: Running, token: str, number: int) -> bool:
    return bool(server.call("GET", f"/jobs/{number}", token=token)[1]["status"] == "failed")


def test_a_worker_does_what_is_queued_and_ends_in_good_order(server: Running, app: CRM) -> None:
    token = server.sign_in()
    listener = Listener(server.url, token)
    before = waiting_job(id_of(server, token))
    queue.put(before)
    with worker(server) as process:
        until(lambda: has_failed(server, token, before))
        # No process is nicer than 19.
        meant = min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == meant
        later = waiting_job(id_of(server, token))
        queue.put(later)
        until(lambda: has_failed(server, token, later))
        listener.until(lambda: [job["status"] for job in listener.told("job_progress", later)][-1:] == ["failed"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    listener.client.disconnect()


def test_a_second_worker_of_a_data_folder_stands_by(server: Running, app: CRM) -> None:
    token = server.sign_in()
    with worker(server) as first, worker(server) as second:
        number = waiting_job(id_of(server, token))
        queue.put(number)
        until(lambda: has_failed(server, token, number))
        first.kill()
        first.wait(10)
        number = waiting_job(id_of(server, token))
        queue.put(number)
        until(lambda: has_failed(server, token, number))
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == 0

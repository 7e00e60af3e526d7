"""Fifty clients with one key, fifty with one version: over four processes, and while a process is being ended."""

from __future__ import annotations

import os
import signal
import threading
import urllib.error
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from app import create_app
from app.customer.models import Customer
from app.database import db, read_engine
from app.idempotency import IdempotencyKey
from app.journal import JournalEntry
from app.routing import CRM
from config import settings_from

from ..conftest import make_database
from ..running import Running, running

MANY = 50


@pytest.fixture(params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Running, CRM]]:
    """The product as it is run with each database, and an application of our own over the same data."""
    env: dict[str, str] = {}
    workers: tuple[str, ...] = ("--threads", "16")
    if request.param == "postgresql":
        env["DATABASE_URL"] = make_database(request.getfixturevalue("postgres_url"), "together")
        workers = ("-w", "4", *workers)
    with running(tmp_path, *workers, env=env) as server:
        app = create_app(settings_from(server.environment))
        with app.app_context():
            yield server, app
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


def at_once(clients: int, call: Any) -> list[tuple[int, Any]]:
    """The answers of requests that start together; status 0 where the connection broke."""
    barrier = Barrier(clients)

    def run(number: int) -> tuple[int, Any]:
        barrier.wait()
        try:
            return call(number)  # type: ignore[no-any-return]
        except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError):
            return 0, None

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(run, range(clients)))


def count(model: Any, *conditions: Any) -> int:
    with read_engine().connect() as connection:
        return int(connection.execute(select(func.count()).select_from(model).where(*conditions)).scalar_one())


def entries(record_id: int) -> list[str]:
    with read_engine().connect() as connection:
        query = select(JournalEntry.action).where(
            JournalEntry.resource == "customer", JournalEntry.resource_id == record_id
        )
        return list(connection.execute(query).scalars())


def workers_of(server: Running) -> list[int]:
    """The pids of the processes that answer."""
    found = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return [int(pid) for pid in found]


@pytest.mark.parametrize("ended", [False, True], ids=["calm", "a process ends"])
def test_one_key(served: tuple[Running, CRM], ended: bool) -> None:
    server, _app = served
    token = server.sign_in()
    body = {"name": "Once", "email": "once@example.com"}

    def post(_number: int) -> tuple[int, Any]:
        return server.call("POST", "/customers", body, token, Idempotency_Key="one")

    end = threading.Timer(0.05, lambda: os.kill(workers_of(server)[0], signal.SIGKILL))
    if ended:
        end.start()
    answers = at_once(MANY, post)
    end.cancel()
    statuses = Counter(status for status, _ in answers)
    allowed = {201, 409} | ({0, 502, 503} if ended else set())
    assert set(statuses) <= allowed, statuses
    status, again = next(tried for tried in (at_once(1, post)[0] for _ in range(20)) if tried[0] not in (0, 503))
    assert status == 201
    assert {answer["id"] for status, answer in answers if status == 201} <= {again["id"]}
    assert count(Customer) == 1
    assert entries(again["id"]) == ["created"]
    assert count(IdempotencyKey) == 1


def test_one_version(served: tuple[Running, CRM]) -> None:
    server, _app = served
    token = server.sign_in()
    _, made = server.call("POST", "/customers", {"name": "Fought over"}, token)
    path = f"/customers/{made['id']}"

    def patch(number: int) -> tuple[int, Any]:
        return server.call("PATCH", path, {"title": f"by {number}"}, token, If_Match=f'"{made["version"]}.x"')

    answers = at_once(MANY, patch)
    assert Counter(status for status, _ in answers) == {200: 1, 412: MANY - 1}
    winner = next(answer for status, answer in answers if status == 200)
    _, now = server.call("GET", path, token=token)
    assert (now["title"], now["version"]) == (winner["title"], made["version"] + 1)
    assert entries(made["id"]) == ["created", "updated"]
    assert all(answer["current"]["version"] == now["version"] for status, answer in answers if status == 412)

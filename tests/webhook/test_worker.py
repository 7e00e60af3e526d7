"""Webhooks as they really run: workers of their own beside the server, one that is killed, several at once."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from config import ROOT

from ..conftest import make_database
from ..running import BIN, Running, running
from ..servers import wait_until
from .receiver import Message, Receiver


@pytest.fixture
def server(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    env = {"WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8"}
    if database == "postgresql":
        env["DATABASE_URL"] = make_database(request.getfixturevalue("postgres_url"), "hooked")
    with running(tmp_path, env=env) as served:
        yield served


@contextmanager
def worker(server: Running) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([BIN / "flask", "--app", "app", "worker"], cwd=ROOT, env=server.environment) as process:
        try:
            yield process
        finally:
            process.kill()


def let_most_of_a_minute_pass(server: Running) -> int:
    """Set back until when the dead worker's claims last, which nobody does for a worker that lives; how many."""
    with psycopg.connect(server.environment["DATABASE_URL"]) as connection:
        waiting = "status = 'waiting' AND claimed_until > now() + interval '5 seconds'"
        earlier = "UPDATE webhook_delivery SET claimed_until = now() + interval '5 seconds'"
        return connection.execute(f"{earlier} WHERE {waiting}".encode()).rowcount


def in_order(messages: list[Message]) -> dict[int, list[int]]:
    """The versions of every record in the order in which they came first."""
    found: dict[int, list[int]] = {}
    seen = set[str]()
    for one in messages:
        if one.id not in seen:
            seen.add(one.id)
            found.setdefault(one.body["data"]["id"], []).append(one.body["data"]["version"])
    return found


def test_a_worker_that_is_killed_loses_nothing(server: Running, database: str, receiver: Receiver) -> None:
    token = server.sign_in()
    types = ["customer.created", "customer.updated"]
    status, webhook = server.call("POST", "/webhooks", {"url": receiver.url, "event_types": types}, token)
    assert status == 201, webhook
    receiver.answer = receiver.hang
    ids = []
    with worker(server) as first:
        for number in range(6):
            ids.append(server.call("POST", "/customers", {"name": f"No {number}"}, token)[1]["id"])
        # As many as may be are on their way, and the receiver has them in its hands, when the worker dies.
        wait_until(lambda: len(receiver.offered) == 4, 60)
        first.kill()
        first.wait(10)
    in_flight = {one.id for one in receiver.offered}
    for customer_id in ids:
        assert server.call("PATCH", f"/customers/{customer_id}", {"name": f"Later {customer_id}"}, token)[0] == 200
    receiver.answer = lambda _message: 204
    receiver.let_go.set()
    wait_until(lambda: len(receiver.taken) == 4, 60)
    receiver.taken.clear()
    # On PostgreSQL two take over, after the minute that a claim lasts: nobody can tell a dead worker from a slow one.
    # They are waited for no longer than the last seconds of it.
    if database == "postgresql":
        assert let_most_of_a_minute_pass(server) > 0, "the dead worker's claims are still there"
    with worker(server), worker(server):
        wait_until(lambda: sum(map(len, in_order(receiver.taken).values())) == 12, 180)
    assert in_order(receiver.taken) == {customer_id: [1, 2] for customer_id in ids}
    arrived = [one.id for one in receiver.taken]
    assert len(arrived) == len(set(arrived)), "two workers hand nothing out twice"
    assert in_flight <= set(arrived), "what the dead worker had on its way is repeated, and nothing else"


def test_a_worker_ends_in_good_order_while_a_receiver_hangs(server: Running, database: str, receiver: Receiver) -> None:
    token = server.sign_in()
    types = ["customer.created"]
    server.call("POST", "/webhooks", {"url": receiver.url, "event_types": types}, token)
    receiver.answer = receiver.hang
    server.call("POST", "/customers", {"name": "One"}, token)
    with worker(server) as process:
        wait_until(lambda: receiver.offered, 60)
        process.terminate()
        time.sleep(0.5)
        receiver.let_go.set()
        assert process.wait(60) == 0
    read = server.call("GET", "/webhooks", token=token)[1]["data"][0]
    assert (read["waiting"], read["last_done_at"] is None) == (0, False)

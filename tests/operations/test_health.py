"""`/health/ready`: each part by its name, soon, whatever is away."""

from __future__ import annotations

import socket
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest
from sqlalchemy import text

from app import health
from app.database import db
from app.routing import CRM

from ..clamd import Clamd, scanned
from ..servers import free_port

PARTS = ("database", "redis", "migrations", "disk")

_Usage = namedtuple("_Usage", ["total", "used", "free"])


def ask(app: CRM) -> tuple[int, str, dict[str, str]]:
    answer = app.test_client().get("/health/ready")
    told = answer.get_json()
    return answer.status_code, told["status"], told["checks"]


@contextmanager
def another_server() -> Iterator[str]:
    """The address of something that is no scanner: it greets, as a mail server does."""

    def greet() -> None:
        with suppress(OSError):
            while True:
                line, _ = door.accept()
                with line:
                    line.sendall(b"220 mail.example.com\r\n")

    with socket.create_server(("127.0.0.1", 0)) as door:
        greeting = Thread(target=greet)
        greeting.start()
        yield f"tcp://127.0.0.1:{door.getsockname()[1]}"
        door.shutdown(socket.SHUT_RDWR)
        greeting.join()


def test_all_is_well(app: CRM) -> None:
    assert ask(app) == (200, "ok", dict.fromkeys(PARTS, "ok"))


def test_redis_away_is_degraded(app: CRM) -> None:
    settings = app.config["LIANXI"]
    app.config["LIANXI"] = replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    try:
        status, verdict, checks = ask(app)
    finally:
        app.config["LIANXI"] = settings
    assert (status, verdict, checks["redis"], checks["database"]) == (200, "degraded", "degraded", "ok")


def test_the_scanner_is_asked_where_there_is_one(app: CRM) -> None:
    with Clamd() as clamd, scanned(app, clamd.url):
        assert ask(app) == (200, "ok", dict.fromkeys((*PARTS, "scanner"), "ok"))


@pytest.mark.parametrize("how", ["away", "hanging", "another one"])
def test_a_scanner_away_is_degraded(app: CRM, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(health, "WITHIN_SECONDS", 10.0 if how == "another one" else 1.0)
    with Clamd() as clamd, another_server() as another:
        if how == "hanging":
            clamd.resumed.clear()
        elsewhere = {"away": f"tcp://127.0.0.1:{free_port()}", "another one": another}
        with scanned(app, elsewhere.get(how, clamd.url)):
            status, verdict, checks = ask(app)
        assert (status, verdict, checks["scanner"]) == (200, "degraded", "degraded")


@pytest.mark.parametrize("full", ["data_dir", "backup_dir"])
def test_a_full_disk_is_degraded(app: CRM, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, full: str) -> None:
    settings = app.config["LIANXI"]
    app.config["LIANXI"] = replace(settings, backup_dir=tmp_path)
    place = getattr(app.config["LIANXI"], full)
    monkeypatch.setattr("app.health.shutil.disk_usage", lambda path: _Usage(9e9, 9e9, 10 if path == place else 9e9))
    try:
        status, verdict, checks = ask(app)
    finally:
        app.config["LIANXI"] = settings
    assert (status, verdict, checks["disk"]) == (200, "degraded", "degraded")


def test_an_older_database_is_down(app: CRM) -> None:
    def stand_at(revision: str) -> None:
        with db.engines[None].begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})

    with db.engines[None].connect() as connection:
        present = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    stand_at("0001")
    try:
        status, verdict, checks = ask(app)
    finally:
        stand_at(present)
    assert (status, verdict, checks["migrations"], checks["database"]) == (503, "down", "down", "ok")


def test_what_hangs_is_down_and_keeps_nobody_waiting(app: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed = Event()

    def hang() -> str:
        resumed.wait(30)
        return "ok"

    monkeypatch.setitem(health._CHECKS, "database", (hang, "down"))
    monkeypatch.setattr(health, "WITHIN_SECONDS", 0.3)
    began = monotonic()
    try:
        for _ in range(3):
            status, verdict, checks = ask(app)
            assert (status, verdict, checks["database"], checks["disk"]) == (503, "down", "down", "ok")
    finally:
        resumed.set()
    assert monotonic() - began < 15
    monkeypatch.setattr(health, "WITHIN_SECONDS", 10)
    assert ask(app)[0] == 200, "it comes back by itself"

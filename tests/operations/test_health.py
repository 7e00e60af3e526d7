"""`/health/ready`: each part by its name, soon, whatever is away."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from sqlalchemy import text

from app import health
from app.database import db
from app.routing import CRM

from ..servers import free_port

_Usage = namedtuple("_Usage", ["total", "used", "free"])


def ask(app: CRM) -> tuple[int, str, dict[str, str]]:
    answer = app.test_client().get("/health/ready")
    told = answer.get_json()
    return answer.status_code, told["status"], told["checks"]


def test_all_is_well(app: CRM) -> None:
    parts = ("database", "redis", "migrations", "disk")
    assert ask(app) == (200, "ok", dict.fromkeys(parts, "ok"))


def test_redis_away_is_degraded(app: CRM) -> None:
    settings = app.config["LIANXI"]
    app.config["LIANXI"] = replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    try:
        status, verdict, checks = ask(app)
    finally:
        app.config["LIANXI"] = settings
    assert (status, verdict, checks["redis"], checks["database"]) == (200, "degraded", "degraded", "ok")


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

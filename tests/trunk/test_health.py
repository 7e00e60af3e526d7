"""Is the process alive, and can it do its work."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app import health
from app.database import db
from app.routing import CRM


def test_alive(app: CRM) -> None:
    answer = app.test_client().get("/health")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_alive_without_a_database(app: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> str:
        raise OSError("away")

    monkeypatch.setitem(health._CHECKS, "database", (away, "down"))
    client = app.test_client()
    assert client.get("/health").status_code == 200
    answer = client.get("/health/ready")
    checks = {"database": "down", "redis": "ok", "migrations": "ok", "disk": "ok"}
    assert (answer.status_code, answer.get_json()) == (503, {"status": "down", "checks": checks})


def test_ready(app: CRM) -> None:
    answer = app.test_client().get("/health/ready")
    checks = dict.fromkeys(("database", "redis", "migrations", "disk"), "ok")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok", "checks": checks})


def test_degraded_without_what_it_can_do_without(app: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> str:
        raise OSError("away")

    monkeypatch.setitem(health._CHECKS, "redis", (away, "degraded"))
    answer = app.test_client().get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")


def test_not_ready_on_an_older_scheme(app: CRM) -> None:
    with db.engines[None].begin() as connection:
        head = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        answer = app.test_client().get("/health/ready")
    finally:
        with db.engines[None].begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head})
    assert (answer.status_code, answer.get_json()["checks"]["migrations"]) == (503, "down")

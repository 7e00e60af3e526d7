"""Slow statements: told without values with the request that waited, added up for all processes; none runs for ever."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError

import logs
from app import create_app
from app.database import db, read_engine
from app.errors import problem_of
from app.operation import slow
from app.operation.models import SlowStatement
from app.routing import CRM
from app.timing import normalised
from app.transaction import unit_of_work
from config import settings_from

from ..cast import Cast

CANARY = "Kanarienvogel7Kx"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "SELECT  id\n FROM customer WHERE name = 'O''Brien' AND id = 17",
            "SELECT id FROM customer WHERE name = ? AND id = ?",
        ),
        ("SELECT 1 WHERE id IN (?, ?,?) LIMIT 20", "SELECT ? WHERE id IN (?) LIMIT ?"),
        ("SELECT * FROM deal WHERE id IN (%(id_1)s, %(id_2)s)", "SELECT * FROM deal WHERE id IN (?)"),
        ("INSERT INTO tag VALUES (?, ?), (?, ?)", "INSERT INTO tag VALUES (?)"),
        ("SELECT x::bigint, $1, :name FROM t1", "SELECT x::bigint, ?, ? FROM t1"),
        ('SELECT "column 2" FROM a WHERE -1.5 < b', 'SELECT "column 2" FROM a WHERE ? < b'),
    ],
)
def test_a_statement_is_the_same_whatever_its_values(statement: str, said: str) -> None:
    assert normalised(statement) == said


@pytest.fixture
def eager(app: CRM, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Every statement is slow."""
    for engine in db.engines.values():
        engine.update_execution_options(slow_seconds=1e-9)
    caplog.set_level(logging.WARNING, "lianxi")
    yield
    for engine in db.engines.values():
        engine.update_execution_options(slow_seconds=0.5)
    slow.buffer().flush()


def test_a_slow_statement_is_told_with_its_request_and_without_values(
    cast: Cast, eager: None, caplog: pytest.LogCaptureFixture
) -> None:
    answer = cast.alice.get(f"/customers?name={CANARY}")
    assert answer.status_code == 200
    told = [record for record in caplog.records if record.getMessage() == "slow statement"]
    assert any("customer" in record.__dict__["statement"] for record in told)
    assert CANARY not in str([record.__dict__ for record in told])
    slow.buffer().flush()
    shown = cast.root.get("/operations").get_json()["slow_statements"]
    mine = [one for one in shown if one["request_id"] == answer.headers["X-Request-ID"]]
    assert mine
    assert CANARY not in str(shown)


def test_runs_of_all_processes_are_added_up(app: CRM, cast: Cast) -> None:
    elsewhere = slow.SlowBuffer(app)
    logs.begin(request_id="the-first")
    slow.buffer().note("SELECT 1 FROM deal WHERE id = 7", 0.5)
    slow.buffer().flush()
    logs.begin(request_id="the-slowest")
    elsewhere.note("SELECT 2 FROM deal WHERE id = 8", 2.0)
    elsewhere.note("SELECT 3 FROM deal WHERE id = 9", 1.0)
    elsewhere.flush()
    logs.begin(request_id="the-last")
    slow.buffer().note("SELECT 1 FROM deal WHERE id = 7", 0.7)
    slow.buffer().flush()
    told = [one for one in slow.costliest(50) if "FROM deal" in one["statement"]]
    assert len(told) == 1
    assert told[0] | {"last_at": None} == {
        "statement": "SELECT ? FROM deal WHERE id = ?",
        "runs": 4,
        "total_milliseconds": 4_200,
        "longest_milliseconds": 2_000,
        "request_id": "the-slowest",
        "last_at": None,
    }


def test_noting_is_not_noted(app: CRM, cast: Cast, eager: None) -> None:
    slow.buffer().flush()
    slow.buffer().note("SELECT 1", 1.0)
    slow.buffer().flush()
    assert not any("INSERT INTO slow_statement" in one["statement"] for one in slow.costliest(100))


def test_a_database_that_is_away_harms_nobody(app: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    slow.buffer().note("SELECT 1", 1.0)
    monkeypatch.setattr("app.operation.slow._add", lambda *_: 1 / 0)
    slow.buffer().flush()


def test_a_month_later_they_are_forgotten_and_so_are_too_many(
    app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        slow.buffer().note(f"ANALYZE a{number}x", 1.0 + number)
    slow.buffer().flush()
    with unit_of_work():
        old = update(SlowStatement).where(SlowStatement.statement == "ANALYZE a5x")
        db.session.execute(old.values(last_at=datetime.now(UTC) - timedelta(days=31)))
    monkeypatch.setattr(slow, "MOST", 3)
    slow.forget()
    assert [one["statement"] for one in slow.costliest(9)] == [f"ANALYZE a{number}x" for number in (4, 3, 2)]


_ENDLESS = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


def test_a_statement_that_somebody_waits_for_is_ended(app: CRM, tmp_path: Path) -> None:
    url = app.config["LIANXI"].database_url
    other = create_app(replace(settings_from({"DATA_DIR": str(tmp_path)}), database_url=url, statement_seconds=1))
    with other.test_request_context("/api/v1/customers"):
        engine = read_engine()
        with engine.connect() as connection, pytest.raises(OperationalError) as ended:
            connection.execute(text(_ENDLESS[engine.dialect.name])).all()
        assert problem_of(ended.value).status == 503
        for one in db.engines.values():
            one.dispose()


def test_a_job_may_read_for_longer_on_sqlite(tmp_path: Path) -> None:
    other = create_app(replace(settings_from({"DATA_DIR": str(tmp_path)}), statement_seconds=1))
    counting = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 20000000) SELECT count(*) FROM n"
    with other.app_context():
        upgrade()
        with read_engine().connect() as connection:
            assert connection.execute(text(counting)).scalar_one() == 20_000_000
        for one in db.engines.values():
            one.dispose()

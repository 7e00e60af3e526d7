"""The command on a real database: what it makes, that it can be cleared, and that it keeps away from other data."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskCliRunner
from flask_migrate import upgrade

from app import create_app
from app.database import db
from app.demo import service
from app.demo.staff import COLLEAGUES, PHRASE
from app.demo.story import tell
from app.routing import CRM
from config import settings_from

TODAY = date(2026, 3, 9)


class Made:
    """An application with the demo in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = application(folder)
        with self.app.app_context():
            upgrade()
            service.make(7, today=TODAY)

    def rows(self, query: str) -> list[Any]:
        """What a query finds."""
        with closing(sqlite3.connect(self.folder / "lianxi.db")) as connection:
            return connection.execute(query).fetchall()


def application(folder: Path) -> CRM:
    return create_app(settings_from({"DATA_DIR": str(folder), "RATELIMIT_ENABLED": "0"}))


def let_go(app: CRM) -> None:
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def runner(app: CRM) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    found = Made(tmp_path_factory.mktemp("demo"))
    yield found
    let_go(found.app)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[CRM]:
    app = application(tmp_path)
    yield app
    let_go(app)


def test_there_is_what_was_promised(made: Made) -> None:
    counts = {
        "SELECT count(*) FROM customer WHERE is_active": 2_000,
        "SELECT count(*) FROM customer WHERE NOT is_active": 12,
        "SELECT count(*) FROM person": 3_000,
        "SELECT count(*) FROM contact_record": 6_000,
        "SELECT count(*) FROM deal": 800,
        "SELECT count(*) FROM task": 600,
        "SELECT count(*) FROM user": 12,
        "SELECT count(*) FROM team": 3,
        "SELECT count(*) FROM product": 18,
        "SELECT count(*) FROM deal WHERE is_backfill": 0,
        "SELECT count(*) FROM deal WHERE state = 'lost' AND lost_reason IS NULL": 0,
    }
    assert {query: made.rows(query)[0][0] for query in counts} == counts
    states = dict(made.rows("SELECT state, count(*) FROM deal GROUP BY state"))
    assert states["won"] > 200
    assert states["lost"] > 120
    assert states["open"] > 120
    assert made.rows("SELECT count(*) FROM customer WHERE owner_id IS NULL")[0][0] > 80
    assert made.rows("SELECT count(*) FROM deal_line")[0][0] > 1_500
    assert made.rows("SELECT count(*) FROM customer_tag")[0][0] > 800
    assert made.rows("SELECT count(*) FROM deal WHERE state = 'open' AND next_step_on > '2026-03-09'")[0][0] > 50


def test_it_looks_lived_in(made: Made) -> None:
    first, last = made.rows("SELECT min(recorded_at), max(recorded_at) FROM changeset")[0]
    assert str(TODAY - timedelta(days=553)) < first < str(TODAY - timedelta(days=535))
    assert last < str(TODAY)
    # The journal is in order of time, and nobody does anything before it was there.
    assert made.rows(
        "SELECT count(*) FROM journal a JOIN journal b ON b.id = a.id + 1 WHERE b.recorded_at < a.recorded_at"
    ) == [(0,)]
    assert made.rows("SELECT count(*) FROM journal WHERE version > 1")[0][0] > 5_000
    assert made.rows("SELECT count(DISTINCT actor_id) FROM changeset") == [(11,)]
    stays = made.rows("SELECT count(*), sum(left_at IS NULL), min(duration_seconds) FROM deal_stage_entry")[0]
    assert (stays[0] > 2_000, stays[1], stays[2] >= 0) == (True, 800, True)
    # Every act is a change set of its own, with its true number of entries.
    assert made.rows(
        "SELECT count(*) FROM changeset c WHERE entry_count <> (SELECT count(*) FROM journal WHERE changeset_id = c.id)"
    ) == [(0,)]


def test_everybody_signs_in(made: Made) -> None:
    client = made.app.test_client()
    for one in COLLEAGUES:
        answer = client.post("/api/v1/auth/login", json={"email": one.email, "password": PHRASE})
        assert answer.status_code == 200, one
        user = answer.get_json()["user"]
        assert (user["role"], user["must_change_password"]) == (one.role, False)
    token = answer.get_json()["access_token"]
    report = client.get("/api/v1/reports/summary", headers={"Authorization": f"Bearer {token}"}).get_json()
    assert report["won_count"] > 10


def test_the_same_seed_makes_the_same_data_on_another_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The beginning of the story is enough: what it is, and in which order, is settled before it is told.
    monkeypatch.setattr("app.demo.service.invent", lambda seed, currency: tell(seed, currency)[:2_500])
    timeless = {
        "customer": "id, name, email, phone, status, owner_id, team_id, version, address, annual_revenue, is_active",
        "person": "id, customer_id, name, email, phone, is_primary",
        "contact_record": "id, customer_id, person_id, deal_id, user_id, kind, content, outcome",
        "deal": "id, name, customer_id, stage_id, state, amount, currency, rank, lost_reason, next_step",
        "journal": "id, changeset_id, actor_id, action, resource, resource_id, version",
    }
    found: list[dict[str, list[Any]]] = []
    for today in (TODAY, TODAY + timedelta(days=5)):
        folder = tmp_path / str(today)
        app = application(folder)
        with app.app_context():
            upgrade()
            service.make(7, today=today)
        let_go(app)
        with closing(sqlite3.connect(folder / "lianxi.db")) as connection:
            found.append(
                {
                    table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()  # noqa: S608
                    for table, columns in timeless.items()
                }
            )
    assert all(len(rows) > 20 for rows in found[0].values())
    assert found[0] == found[1]


def test_the_command_knows_what_it_made_and_clears_it(made: Made, tmp_path: Path) -> None:
    # On a copy, so that the others keep theirs.
    with (
        closing(sqlite3.connect(made.folder / "lianxi.db")) as source,
        closing(sqlite3.connect(tmp_path / "lianxi.db")) as copy,
    ):
        source.backup(copy)
    app = application(tmp_path)
    again = runner(app).invoke(args=["demo"])
    assert again.exit_code == 0, again.output
    assert "there already" in again.output
    assert all(one.email in again.output for one in COLLEAGUES)
    cleared = runner(app).invoke(args=["demo", "--clear"])
    assert (cleared.exit_code, "are gone" in cleared.output) == (0, True), cleared.output
    with closing(sqlite3.connect(tmp_path / "lianxi.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        # The index of the search keeps its own form.
        tables = [name for name in tables if not name.startswith("search_index")]
        left = {name for name in tables if connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone()}  # noqa: S608
        # The feed begins a new generation; the version of the tables stays.
        assert left - {"sqlite_sequence"} == {"alembic_version", "setting"}
        assert connection.execute("SELECT name, value FROM setting").fetchall() == [("feed_generation", 2)]
    nothing = runner(app).invoke(args=["demo", "--clear"])
    assert (nothing.exit_code, "no demo data" in nothing.output) == (0, True)
    let_go(app)


def test_other_data_are_left_alone(fresh: CRM) -> None:
    assert runner(fresh).invoke(args=["prepare"]).exit_code == 0
    for arguments, words in ((["demo"], "holds other data"), (["demo", "--clear"], "nothing is deleted")):
        refused = runner(fresh).invoke(args=arguments)
        assert refused.exit_code == 1
        assert words in refused.output
    with fresh.app_context(), db.engines["read"].connect() as connection:
        assert connection.exec_driver_sql('SELECT count(*) FROM "user"').scalar() == 1


def test_clearing_nothing_at_all_is_said(fresh: CRM) -> None:
    told = runner(fresh).invoke(args=["demo", "--clear"])
    assert (told.exit_code, "no demo data" in told.output) == (0, True), told.output


def test_what_was_interrupted_begins_anew(fresh: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.demo.service.invent", lambda seed, currency: tell(seed, currency)[:300])

    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    with fresh.app_context():
        upgrade()
        with pytest.raises(KeyboardInterrupt):
            service.make(7, today=TODAY, told=interrupt)
        assert service.state() is service.State.UNFINISHED
        service.make(7, today=TODAY)
        assert service.state() is service.State.DEMO
        with db.engines["read"].connect() as connection:
            assert connection.exec_driver_sql('SELECT count(*) FROM "user"').scalar() == 12
        with pytest.raises(service.NotADemoError):
            service.make(7, today=TODAY)

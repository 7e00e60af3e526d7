"""Behind a pooler in transaction mode: few sessions serve everybody, and nothing of one is found in another."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database import db, read_engine
from app.job import queue
from app.operation import backups
from app.privacy.erasing import overwrite_traces
from app.routing import CRM

from ..cast import PASSWORD, Cast, raise_the_curtain
from ..conftest import installed, make_database, where_installed
from ..servers import PgBouncer, PostgreSQL

SESSIONS = 3


@pytest.fixture(scope="module")
def pooler() -> Iterator[tuple[PostgreSQL, PgBouncer]]:
    """A cluster and the pooler in front of it."""
    with where_installed(), PostgreSQL() as cluster, PgBouncer(cluster, SESSIONS) as server:
        yield cluster, server


@pytest.fixture(scope="module")
def pooled(pooler: tuple[PostgreSQL, PgBouncer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[CRM]:
    """An application behind it."""
    cluster, server = pooler
    url = make_database(cluster.url, "pooled")
    through = url.replace(f":{cluster.port}/", f":{server.port}/")
    folder = tmp_path_factory.mktemp("pooled")
    with installed(folder, DATABASE_URL=url, DATABASE_POOLER_URL=through, STATEMENT_TIMEOUT="7") as app:
        yield app


@pytest.fixture(scope="module")
def cast(pooled: CRM) -> Cast:
    """People of that application."""
    with pooled.app_context():
        return raise_the_curtain(pooled)


@pytest.fixture
def app(pooled: CRM) -> Iterator[CRM]:
    """The application, within its context."""
    with pooled.app_context():
        yield pooled
        db.session.remove()


def test_more_people_than_sessions_work_at_once(app: CRM, cast: Cast) -> None:
    """Each of the statements is run often enough to be prepared, were it not for the pooler."""

    def work(number: int) -> list[int]:
        found = []
        for turn in range(8):
            made = cast.alice.made("/customers", {"name": f"Pooled {number}-{turn}"})
            place = f"/customers/{made['id']}"
            changed = cast.alice.patch(place, {"name": f"Changed {number}-{turn}"})
            assert changed.status_code == 200, changed.get_json()
            assert cast.alice.get(f"/customers?name=Changed {number}-{turn}").get_json()["meta"]["total"] == 1
            assert cast.root.get("/reports/summary").status_code == 200
            found.append(made["id"])
        return found

    with ThreadPoolExecutor(10) as pool:
        made = [one for some in pool.map(work, range(10)) for one in some]
    assert len(set(made)) == 80
    assert cast.alice.get("/customers?name=Changed").get_json()["meta"]["total"] == 80


def test_limits_hold_and_reading_cannot_write(app: CRM, pooler: tuple[PostgreSQL, PgBouncer]) -> None:
    shown = text("SELECT current_setting('statement_timeout'), current_setting('TimeZone'), current_setting('jit')")
    for engine in (db.engines[None], read_engine()):
        with engine.connect() as connection:
            assert tuple(connection.execute(shown).one()) == ("7s", "UTC", "off")
    with read_engine().connect() as connection, pytest.raises(DBAPIError, match="read-only transaction"):
        connection.execute(text("DELETE FROM tag"))
    # Whoever gets the session next finds nothing of ours in it.
    with psycopg.connect(app.config["LIANXI"].pooler_url.replace("+psycopg", ""), autocommit=True) as stranger:
        for _ in range(2 * SESSIONS):
            assert stranger.execute("SELECT current_setting('statement_timeout')").fetchone() == ("0",)


def test_jobs_are_queued_and_done(app: CRM, cast: Cast) -> None:
    numbers = [
        cast.root.post("/exports", {"resource": "customers", "format": "csv"}).get_json()["id"] for _ in range(8)
    ]
    made = queue.huey()
    while (task := made.dequeue()) is not None:
        made.execute(task)
    assert {cast.root.get(f"/jobs/{number}").get_json()["status"] for number in numbers} == {"succeeded"}


def test_what_takes_a_session_goes_past_it(app: CRM, cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})["id"]
    person = cast.alice.made("/people", {"name": "Emil Hidden", "customer_id": customer})["id"]
    erased = cast.root.post(f"/people/{person}/erase", {"reason": "asked for by letter", "password": PASSWORD})
    assert erased.status_code == 200, erased.get_json()
    overwrite_traces()
    run = backups.make()
    assert run.rows is not None and run.rows > 100  # noqa: PT018

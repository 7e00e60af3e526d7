"""A standby of PostgreSQL answers what asks much, and nobody sees anything older because of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import text

from app import replica
from app.database import READ, REPLICA, db, read_engine
from app.health import checks
from app.job import queue
from app.listing import one_moment
from app.routing import CRM
from config import ConfigurationError, settings_from

from ..cast import Cast, raise_the_curtain
from ..conftest import installed, where_installed
from ..servers import Primary, Standby


@pytest.fixture(scope="module")
def primary() -> Iterator[Primary]:
    """A cluster that a standby can follow."""
    with where_installed(), Primary() as server:
        yield server


@pytest.fixture(scope="module")
def standby(primary: Primary) -> Iterator[Standby]:
    """Its copy."""
    with Standby(primary) as server:
        yield server


@pytest.fixture(scope="module")
def followed(primary: Primary, standby: Standby, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CRM]:
    """An application that has a replica to read from."""
    folder, places = tmp_path_factory.mktemp("followed"), {"DATABASE_URL": primary.url}
    with installed(folder, **places, DATABASE_REPLICA_URL=standby.url, STATEMENT_TIMEOUT="3") as app:
        yield app


@pytest.fixture(scope="module")
def cast(followed: CRM) -> Cast:
    """People of that application."""
    with followed.app_context():
        return raise_the_curtain(followed)


@pytest.fixture
def app(followed: CRM, standby: Standby, monkeypatch: pytest.MonkeyPatch) -> Iterator[CRM]:
    """The application with a replica that has come level, and is asked again at once after a failure."""
    monkeypatch.setattr(replica, "REST_SECONDS", 0.0)
    with followed.app_context():
        until(replica._is_level)
        yield followed
        db.session.remove()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def on(server: Primary | Standby, statement: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(statement.encode())


def went(where: str) -> float:
    return float(replica.READS.labels(where)._value.get())


def found(cast: Cast, name: str) -> bool:
    answer = cast.alice.get(f"/search?q={name}").get_json()
    return any(one["title"] == name for one in answer["data"])


def test_reports_search_and_exports_read_from_the_replica(app: CRM, cast: Cast) -> None:
    for path in ("/search?q=Acme", "/reports/pipeline", "/reports/summary"):
        before = went("replica")
        assert cast.root.get(path).status_code == 200
        assert went("replica") == before + 1, path
    before = went("replica")
    assert cast.root.get("/customers").status_code == 200
    assert went("replica") == before, "what everybody asks all the time stays near"
    job = cast.root.post("/exports", {"resource": "customers", "format": "csv"}).get_json()["id"]
    made = queue.huey()
    while (task := made.dequeue()) is not None:
        made.execute(task)
    assert cast.root.get(f"/jobs/{job}").get_json()["status"] == "succeeded"
    assert went("replica") == before + 1


def test_what_anybody_has_written_is_found_at_once(app: CRM, cast: Cast, standby: Standby) -> None:
    behind = went("behind")
    on(standby, "SELECT pg_wal_replay_pause()")
    try:
        cast.alice.made("/customers", {"name": "Lantern"})
        assert found(cast, "Lantern")
        assert went("behind") == behind + 1
    finally:
        on(standby, "SELECT pg_wal_replay_resume()")
    until(replica._is_level)
    for number in range(20):
        cast.alice.made("/customers", {"name": f"Quickly{number}"})
        assert found(cast, f"Quickly{number}")


def test_a_replica_that_is_away_costs_speed_only(app: CRM, cast: Cast, standby: Standby) -> None:
    standby.stop()
    try:
        away = went("away")
        assert found(cast, "Acme") is False
        assert cast.root.get("/reports/summary").status_code == 200
        assert went("away") == away + 2
        assert checks()["replica"] == "degraded"
    finally:
        standby.start()
    until(replica._is_level)
    assert checks()["replica"] == "ok"


def test_one_that_failed_is_left_alone_for_a_while(app: CRM, standby: Standby, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "REST_SECONDS", 3_600.0)
    standby.stop()
    try:
        assert not replica._is_level()
    finally:
        standby.start()
    try:
        assert not replica._is_level()
    finally:
        del app.extensions["lianxi.replica"]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_replica_that_hangs_costs_speed_only(
    app: CRM, cast: Cast, standby: Standby, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    """It accepts whoever comes and answers nothing, on a connection that is open already or on a new one."""
    if not is_known:
        db.engines[REPLICA].dispose()
    away = went("away")
    standby.pause()
    try:
        began = time.monotonic()
        assert found(cast, "Acme") is False
        assert time.monotonic() - began < 20
        assert went("away") == away + 1
        assert checks()["replica"] == "degraded"
        monkeypatch.setattr(replica, "REST_SECONDS", 3_600.0)
        assert not replica._is_level()
        # Now it is left alone: were it asked, this would take a second each time.
        began = time.monotonic()
        assert not any(replica._is_level() for _ in range(50))
        assert time.monotonic() - began < 20
    finally:
        standby.resume()
        app.extensions.pop("lianxi.replica", None)
    until(replica._is_level)


def test_a_read_during_which_the_replica_hangs_is_run_anew(app: CRM, cast: Cast, standby: Standby) -> None:
    read_from: list[bool] = []

    def read() -> int:
        read_from.append(read_engine() is db.engines[REPLICA])
        if read_from == [True]:
            standby.pause()
        with one_moment() as connection:
            return int(connection.execute(text("SELECT count(*) FROM tag")).scalar_one())

    ended = went("ended")
    try:
        assert replica.far(read) == 0
    finally:
        standby.resume()
    assert read_from == [True, False]
    assert went("ended") == ended + 1
    until(replica._is_level)


def test_a_read_in_the_way_of_the_replica_is_run_anew(app: CRM, cast: Cast, primary: Primary) -> None:
    """A standby ends who still sees what it is to clear away."""
    cast.alice.made("/customers", {"name": "Stays"})
    until(replica._is_level)
    read_from: list[bool] = []

    def read() -> int:
        with one_moment() as connection:
            counted = text("SELECT count(*) FROM tag")
            first: int = connection.execute(counted).scalar_one()
            read_from.append(read_engine() is db.engines[REPLICA])
            if len(read_from) == 1:
                on(primary, "CREATE TABLE gone AS SELECT generate_series(1, 1000) AS number")
                on(primary, "DELETE FROM gone")
                on(primary, "VACUUM gone")
                deadline = time.monotonic() + 60
                while time.monotonic() < deadline:
                    connection.execute(counted)
                    time.sleep(0.05)
            return first

    ended = went("ended")
    replica.far(read)
    assert read_from == [True, False]
    assert went("ended") == ended + 1
    assert read_engine() is db.engines[READ], "what comes next reads near"


def test_a_replica_without_its_database_is_refused(tmp_path: object) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_REPLICA_URL"):
        settings_from({"DATA_DIR": str(tmp_path), "DATABASE_REPLICA_URL": "postgresql://x@127.0.0.1/y"})

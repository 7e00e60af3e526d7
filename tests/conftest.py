"""Fixtures: a real application on SQLite and on PostgreSQL, real commits, the cast signed in with real tokens."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask_migrate import upgrade
from sqlalchemy import Connection, Table, event, insert, select, text

from app import append_only, create_app, search_index
from app.database import Base, db
from app.installation import seed
from app.job import queue
from app.privacy.access_log import AccessBuffer
from app.routing import CRM
from app.statement import Prepared
from config import ROOT, settings_from

from .cast import Cast, raise_the_curtain
from .servers import ServerMissingError, postgres_server, redis_server

ON_CI = bool(os.environ.get("CI"))
FIXTURES = ROOT.parent / "shared" / "fixtures"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that touches the database runs on both."""
    if "database" in metafunc.fixturenames:
        metafunc.parametrize("database", ["sqlite", "postgresql"], scope="session")


@contextmanager
def where_installed() -> Iterator[None]:
    """Leave a test out where this machine has no such server; on CI that is a fault."""
    try:
        yield
    except ServerMissingError as missing:
        if ON_CI:
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The administrative address of a private PostgreSQL."""
    with where_installed(), postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A private Redis."""
    with where_installed(), redis_server() as url:
        yield url


def make_database(admin_url: str, name: str) -> str:
    """An empty database on the private PostgreSQL."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return urlsplit(admin_url)._replace(path=f"/{name}").geturl()


def without_waiting(connection: Any, _record: Any) -> None:
    """Wait for no disk, as the private PostgreSQL does not either: what outlives a cut of the power, others test."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session")
def application(
    database: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[CRM]:
    """One migrated application per kind of database."""
    folder: Path = tmp_path_factory.mktemp(database)
    url = make_database(request.getfixturevalue("postgres_url"), "suite") if database == "postgresql" else ""
    app = create_app(settings_from({"DATA_DIR": str(folder), "DATABASE_URL": url, "RATELIMIT_ENABLED": "0"}))
    app.testing = True
    with app.app_context():
        if database == "sqlite":
            for engine in db.engines.values():
                event.listen(engine, "connect", without_waiting)
        upgrade()
    yield app
    with app.app_context():
        queue.close()
        for engine in db.engines.values():
            engine.dispose()


@contextmanager
def installed(folder: Path, **env: str) -> Iterator[CRM]:
    """An application of a test's own, on other servers than those of all: migrated, and ended with its connections."""
    app = create_app(settings_from({"DATA_DIR": str(folder), "RATELIMIT_ENABLED": "0", **env}))
    app.testing = True
    with app.app_context():
        upgrade()
        seed()
    yield app
    with app.app_context():
        queue.close()
        for engine in db.engines.values():
            engine.dispose()


def clear(connection: Connection) -> None:
    """Empty every table and start all ids anew."""
    names = [table.name for table in Base.metadata.sorted_tables]
    if connection.dialect.name == "postgresql":
        # Emptying rows takes a twentieth of the time that TRUNCATE takes to make new files for all tables.
        rows = "; ".join(f'DELETE FROM "{name}"' for name in names)  # noqa: S608 - names of our own tables
        connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {rows}")
        # But those of the queue, whose tables keep their rows.
        own = "FROM pg_sequence WHERE seqrelid::regclass::text NOT LIKE 'huey%'"
        connection.execute(text(f"SELECT setval(seqrelid::regclass, 1, false) {own}"))
    else:
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        with append_only.set_aside(connection):
            for name in names:
                connection.execute(text(f'DELETE FROM "{name}"'))  # noqa: S608 - as above
        connection.execute(text("DELETE FROM sqlite_sequence"))
        search_index.follow(connection)


class Beginning:
    """What `seed` writes, kept once: to write these rows again takes a fraction of the time that it takes to make them.

    PostgreSQL keeps them itself, in a schema of its own, and takes them from there in one message.

    Args:
        connection: to the seeded database.
    """

    def __init__(self, connection: Connection) -> None:
        self.rows: list[tuple[Table, list[dict[str, Any]]]] = []
        self.message = ""
        if connection.dialect.name == "postgresql":
            self.message = self._keep(connection)
            return
        for table in Base.metadata.sorted_tables:
            if found := [dict(row) for row in connection.execute(select(table)).mappings()]:
                self.rows.append((table, found))
        counters = connection.execute(text("SELECT name, seq FROM sqlite_sequence")).mappings()
        self.counters = [dict(row) for row in counters]

    @staticmethod
    def _keep(connection: Connection) -> str:
        parts = []
        connection.exec_driver_sql("CREATE SCHEMA beginning")
        for table in Base.metadata.sorted_tables:
            # Of when it was written the database tells by itself.
            columns = ", ".join(f'"{column.name}"' for column in table.c if column.name != "xact")
            kept = f'beginning."kept_{table.name}"'
            connection.exec_driver_sql(f'CREATE TABLE {kept} AS SELECT {columns} FROM "{table.name}"')  # noqa: S608 - our own names
            if connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {kept})").scalar():  # noqa: S608 - as above
                parts.append(f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM {kept}')  # noqa: S608 - as above
        counters = connection.exec_driver_sql(
            # But those of the queue, whose tables keep their rows.
            "SELECT sequencename, last_value FROM pg_sequences"
            " WHERE schemaname = 'public' AND left(sequencename, 4) <> 'huey' AND last_value IS NOT NULL"
        )
        return "; ".join([*parts, *(f"SELECT setval('\"{name}\"', {value})" for name, value in counters)])

    def write(self, connection: Connection) -> None:
        """Into an empty database."""
        if self.message:
            connection.exec_driver_sql(self.message)
            return
        for table, rows in self.rows:
            connection.execute(insert(table), rows)
        connection.execute(text("DELETE FROM sqlite_sequence"))
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), self.counters)


@pytest.fixture(scope="session")
def beginning(application: CRM) -> Beginning:
    """What every test finds."""
    with application.app_context():
        with db.engines[None].begin() as connection:
            clear(connection)
        seed()
        with db.engines[None].begin() as connection:
            return Beginning(connection)


@pytest.fixture
def app(application: CRM, beginning: Beginning) -> Iterator[CRM]:
    """The application with an empty, seeded database."""
    with application.app_context():
        with db.engines[None].begin() as connection:
            clear(connection)
            beginning.write(connection)
        application.extensions["lianxi.actors"].clear()
        application.extensions["lianxi.cache"].clear()
        application.extensions["lianxi.access"] = AccessBuffer(application)
        yield application
        db.session.remove()


@pytest.fixture
def cast(app: CRM) -> Cast:
    """alice and bob of one team, carol their manager, mallory of another team, vera a viewer, root an admin."""
    return raise_the_curtain(app)


class StatementCounter:
    """Counts the SQL statements of a block."""

    def __init__(self) -> None:
        self.statements: list[str] = []


@contextmanager
def counted(app: CRM) -> Iterator[StatementCounter]:
    """Count every statement that the application's engines execute."""
    counter = StatementCounter()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        counter.statements.append(statement)

    with app.app_context():
        engines = list(db.engines.values())
    rows = Prepared.rows

    def noted(self: Prepared, connection: Connection, binds: Mapping[str, Any]) -> list[Any]:
        if self.text is not None:  # goes straight to the driver
            counter.statements.append(self.text)
        return rows(self, connection, binds)

    Prepared.rows = noted  # type: ignore[method-assign]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield counter
    finally:
        Prepared.rows = rows  # type: ignore[method-assign]
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)

"""Dumps of both databases by their own engines, while others write: a dump is of one moment."""

from __future__ import annotations

import re
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from config import environment_for_programs

from ..errors import Problem
from .archive import Told, damaged

_PAGES = 4_096
_LOOKS_EVERY = 0.2


class Source(Protocol):
    """A database that can be dumped and filled from a dump."""

    kind: str

    def size(self) -> int:
        """Its size in bytes, about."""

    def dump(self, target: Path, told: Told) -> tuple[dict[str, int], str]:
        """Write a dump of one moment; gives the rows of each table at that moment, and the migration it stands at."""

    def is_empty(self) -> bool:
        """Whether there is no table in it."""

    def load(self, dump: Path, told: Told) -> None:
        """Fill it, which must be empty, from a dump."""

    def rows(self) -> dict[str, int]:
        """The rows of each table."""

    def check(self) -> list[str]:
        """What the database itself finds wrong with what it holds."""

    def settle(self) -> None:
        """Make what was restored go on from here: nothing that was read before it counts any more."""

    def scratch(self, folder: Path) -> Any:
        """A context with the address of an empty database of the same kind, gone afterwards."""


def source_of(url: str) -> Source:
    """The database at an address as the settings have it."""
    return PostgreSQL(url) if url.startswith("postgresql") else SQLite(url)


class SQLite:
    """The embedded database: one file, copied page by page as of one moment."""

    kind = "sqlite"

    def __init__(self, url: str) -> None:
        self.path = Path(make_url(url).database or "")

    def size(self) -> int:
        """Of the file."""
        return self.path.stat().st_size if self.path.exists() else 0

    def dump(self, target: Path, told: Told) -> tuple[dict[str, int], str]:
        """Copy it. Writers go on: what they write after the first page is not in the copy."""
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(target)) as copy:
            source.isolation_level = None
            source.execute("PRAGMA query_only=ON")
            # Holding the moment: else every write of another process would begin the copy anew.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            size = source.execute("PRAGMA page_size").fetchone()[0]
            left: list[int] = []

            def copied(_status: int, remaining: int, total: int) -> None:
                done = (left[-1] if left else total) - remaining
                left.append(remaining)
                told(done * size)

            source.backup(copy, pages=_PAGES, progress=copied, sleep=0)
            source.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode=DELETE")
            return _sqlite_rows(copy), _revision_of(copy)

    def is_empty(self) -> bool:
        """No file, or none with a table."""
        if not self.path.exists():
            return True
        with closing(sqlite3.connect(self.path)) as connection:
            return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]

    def load(self, dump: Path, told: Told) -> None:
        """Put the copy in place."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        draft = self.path.with_name(f".{self.path.name}.part")
        shutil.copyfile(dump, draft)
        draft.chmod(0o600)
        draft.replace(self.path)
        told(dump.stat().st_size)

    def rows(self) -> dict[str, int]:
        """Counted."""
        with closing(sqlite3.connect(self.path)) as connection:
            return _sqlite_rows(connection)

    def check(self) -> list[str]:
        """By SQLite's own checks of pages, indexes and links."""
        with closing(sqlite3.connect(self.path)) as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            links = [f"{row[0]} {row[1]}: {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")]
        return [one for one in said if one != "ok"] + links

    def settle(self) -> None:
        """Raise the generation of the feed, end all sign-ins, call off the backup that this one was made in."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for statement in _SETTLE:
                connection.execute(statement.format(raised="value + 1", now="strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"))

    @contextmanager
    def scratch(self, folder: Path) -> Iterator[str]:
        """A file in a folder that is gone afterwards anyway."""
        yield f"sqlite:///{folder / 'lianxi.db'}"


_SETTLE = (
    "UPDATE setting SET value = {raised} WHERE name = 'feed_generation'",
    "UPDATE job SET status = 'cancelled', finished_at = {now}"
    " WHERE kind IN ('backup', 'rehearsal') AND status IN ('queued', 'running')",
    # Who was signed out since then would else be signed in again.
    "UPDATE sign_in SET revoked_at = {now}, revoked_because = 'restored'"
    " WHERE revoked_at IS NULL AND id NOT IN (SELECT sign_in_id FROM api_token)",
)


def _sqlite_rows(connection: sqlite3.Connection) -> dict[str, int]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - names of tables
        for (name,) in names
    }


def _revision_of(connection: Any) -> str:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


class PostgreSQL:
    """A database on a server: dumped and filled by PostgreSQL's own programs."""

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        self.url = url.replace("postgresql+psycopg://", "postgresql://")

    def _connect(self, **more: Any) -> psycopg.Connection[Any]:
        options = "-c timezone=UTC -c statement_timeout=0 -c lock_timeout=30000"
        return psycopg.connect(self.url, options=options, connect_timeout=5, **more)

    def size(self) -> int:
        """As the server counts it."""
        with self._connect() as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            assert row is not None
            return int(row[0])

    def dump(self, target: Path, told: Told) -> tuple[dict[str, int], str]:
        """By `pg_dump`, in the very moment in which the rows are counted."""
        with self._connect() as connection:
            program = _program("pg_dump", connection.info.server_version // 10_000)
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            row = connection.execute("SELECT pg_export_snapshot()").fetchone()
            assert row is not None
            rows, revision = _postgres_rows(connection), _revision_of(connection)
            options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={row[0]}", f"--file={target}"]
            self._run([program, *options], told, target)
        return rows, revision

    def is_empty(self) -> bool:
        """No table of anybody in the public schema."""
        with self._connect() as connection:
            return not _tables(connection)

    def load(self, dump: Path, told: Told) -> None:
        """By `pg_restore`, all or nothing."""
        with self._connect() as connection:
            program = _program("pg_restore", connection.info.server_version // 10_000)
        options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
        self._run([program, *options, f"--dbname={self._parts()['dbname']}", str(dump)], told, dump)

    def rows(self) -> dict[str, int]:
        """Counted."""
        with self._connect() as connection:
            return _postgres_rows(connection)

    def check(self) -> list[str]:
        """Nothing: what does not fit was refused while it was filled."""
        return []

    def settle(self) -> None:
        """As on SQLite; besides, number transactions on from where the journal's feed ended.

        The feed is in the order of transaction ids. A new server begins low: what is written next would stand before
        what was restored, and that would not be seen at all until the ids had caught up.
        """
        with self._connect(autocommit=True) as connection:
            for statement in _SETTLE:
                connection.execute(
                    statement.format(raised="to_jsonb((value #>> '{}')::bigint + 1)", now="now()").encode()
                )
            row = connection.execute("SELECT coalesce(max(xact)::text::bigint, 0) FROM journal").fetchone()
            assert row is not None
            while (missing := int(row[0]) - _present_transaction(connection)) >= 0:
                if missing > _MOST_TRANSACTIONS:
                    raise Problem(409, "backup-transactions")
                connection.execute(_BURN.format(count=min(missing + 1, 100_000)).encode())

    @contextmanager
    def scratch(self, folder: Path) -> Iterator[str]:
        """A database of its own on the same server; it takes the right to create one."""
        name = f"lianxi_rehearsal_{secrets.token_hex(4)}"
        try:
            with self._connect(autocommit=True) as connection:
                connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise Problem(409, "rehearsal-not-allowed") from error
        try:
            yield make_url(self.url).set(database=name).render_as_string(hide_password=False)
        finally:
            with self._connect(autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _parts(self) -> Mapping[str, Any]:
        return conninfo_to_dict(self.url)

    def _run(self, command: list[str], told: Told, growing: Path) -> None:
        """Run a program; the password goes by the environment, where others do not see it."""
        parts = self._parts()
        given = {variable: str(parts[name]) for name, variable in _VARIABLES.items() if parts.get(name)}
        env = environment_for_programs("PG", **given)
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program, with arguments of ours
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        with process:
            said = _watched(process, told if command[0].endswith("pg_dump") else lambda _count: told(0), growing)
        if process.returncode:
            _refuse(said.decode("utf-8", "replace"))


def _watched(process: subprocess.Popen[bytes], told: Told, growing: Path) -> bytes:
    """What a program says at its end; whoever is told of its progress may end it."""
    seen = 0
    try:
        while True:
            try:
                return process.communicate(timeout=_LOOKS_EVERY)[1]
            except subprocess.TimeoutExpired:
                size = growing.stat().st_size if growing.exists() else 0
                told(size - seen)
                seen = size
    finally:
        if process.poll() is None:
            process.kill()


_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}
"""Parts of an address by the variables that PostgreSQL's programs know them by."""

_MOST_TRANSACTIONS = 100_000_000

_BURN = "DO $$ BEGIN FOR number IN 1..{count} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"


def _present_transaction(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
    assert row is not None
    return int(row[0])


class ProgramError(RuntimeError):
    """A program of PostgreSQL failed; its text is for the log."""


def _refuse(said: str) -> None:
    if "No space left on device" in said or "Disk full" in said:
        raise Problem(507, "disk-full")
    if "does not appear to be a valid archive" in said or "could not read from input file" in said:
        raise damaged()
    raise ProgramError(said[-2_000:])


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    """The tables by name; a partition is of the table that it belongs to."""
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = CAST('public' AS regnamespace)"
        " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname"
    ).fetchall()
    return [row[0] for row in found]


def _postgres_rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    counts = {}
    for name in _tables(connection):
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
        assert row is not None
        counts[name] = int(row[0])
    return counts


def _program(name: str, wanted: int) -> str:
    """The newest of PostgreSQL's programs of a name: an older one does not read a newer server."""
    versions = _versions(name)
    best = max(versions, key=lambda path: versions[path], default=None)
    if best is None or versions[best] < wanted:
        raise Problem(503, "backup-tools-missing")
    return best


def _versions(name: str) -> dict[str, int]:
    found = [str(path) for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")]
    if (on_path := shutil.which(name)) is not None:
        found.append(on_path)
    versions: dict[str, int] = {}
    for path in found:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
        number = re.search(r"(\d+)(?:\.\d+)?", said)
        versions[path] = int(number[1]) if number else 0
    return versions


__all__ = ["PostgreSQL", "ProgramError", "SQLite", "Source", "source_of"]

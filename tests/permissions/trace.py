"""Whether anything at all was written: compared cheaply before and after each request, and told by table if so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.database import Base, db
from app.job import queue
from app.routing import CRM


class Trace:
    """Looks at one database from a connection of its own.

    SQLite counts the commits of others (`data_version`). PostgreSQL marks every row with the transaction that wrote it
    (`xmin`), so that no row can be made, changed or deleted without its table's count or newest mark being another.
    """

    def __init__(self, app: CRM) -> None:
        self.data_dir = Path(app.config["LIANXI"].data_dir)
        engine = db.engines[None]
        # Beside the engine, whose connections begin a transaction at once.
        pooled = engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        self.is_sqlite = engine.dialect.name == "sqlite"
        if not self.is_sqlite:
            connection.rollback()
            connection.autocommit = True
        self.connection = connection
        names = [table.name for table in Base.metadata.sorted_tables]
        parts = (f"SELECT '{name}', count(*), max(xmin::text::bigint) FROM \"{name}\"" for name in names)  # noqa: S608
        self.query = "PRAGMA data_version" if self.is_sqlite else " UNION ALL ".join(parts)
        self.names = names
        self.pooled = pooled  # which would close it when it is forgotten
        self.kept = self.digests()
        self.log, self.counted = "", list[tuple[Any, ...]]()

    def mark(self) -> Any:
        """What is another one after anything was written: rows, the queue of jobs, files."""
        if self.is_sqlite or self._log_has_grown():
            self.counted = [tuple(row) for row in self.connection.execute(self.query).fetchall()]
        files = sorted(str(path) for place in ("files", "imports", "exports") for path in self._files(place))
        return self.counted, queue.huey().pending_count(), files

    def _log_has_grown(self) -> bool:
        """Whether PostgreSQL has written anything down at all: most requests need no counting."""
        (log,) = self.connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()
        self.log, before = log, self.log
        return bool(before != log)

    def _files(self, place: str) -> Iterator[Path]:
        return (path for path in (self.data_dir / place).rglob("*") if path.is_file())

    def digests(self) -> dict[str, str]:
        """The content of every table, in one word each."""
        found = {}
        for name in self.names:
            rows = self.connection.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608 - our own names
            found[name] = hashlib.sha256("\n".join(sorted(repr(tuple(row)) for row in rows)).encode()).hexdigest()
        return found

    def changed(self) -> set[str]:
        """The tables that are not what they were when this was asked last."""
        before, self.kept = self.kept, self.digests()
        return {name for name, digest in self.kept.items() if before[name] != digest}

    def close(self) -> None:
        """Let go of the connection."""
        self.connection.close()


@contextmanager
def taken_back() -> Iterator[None]:
    """Roll every unit of work back where it would commit, so that the next request finds what this one found."""

    def roll_back() -> None:
        db.session.info["unit"].afterwards.clear()
        db.session.expunge_all()  # what was read stays readable, as after a commit
        db.session.rollback()

    db.session.commit = roll_back  # type: ignore[method-assign]
    try:
        yield
    finally:
        del db.session.commit

"""Whose turn it is to write, where a database has one writer at a time: first come, first served.

SQLite knows no queue. Whoever finds it locked asks again after pauses that grow to a tenth of a second, so that a short
gap between two long transactions is met by luck alone, and the unlucky wait until they are refused. Here only the first
one in the queue of a process asks, and asks often: a gap of some milliseconds is always found, in the order of arrival.
Whoever has to wait shows it to all processes, so that who writes much can be brief meanwhile (`is_awaited`).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic

BEGIN = "BEGIN IMMEDIATE"
"""Takes the lock at once: a transaction that reads first could not be sure of it when it comes to write."""

GAP = 0.01
"""Seconds between two transactions of one process within which every other process finds its turn."""

PATIENCE = 5
"""Seconds after which whoever waits for SQLite's lock is refused."""

PATIENTLY = "PRAGMA busy_timeout=5000"
"""What SQLite is told, for whatever else it may have to wait for: its milliseconds are those of `PATIENCE`."""

_BRIEFLY = "PRAGMA busy_timeout=2"
"""How long the first one asks for the lock at once; between two times it can be refused."""


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    # Not the database's own file: to close it would let go of the locks that SQLite has on it in this process.
    found = os.open(folder, os.O_RDONLY)
    try:
        yield found
    finally:
        os.close(found)


@contextmanager
def _waiting(folder: Path) -> Iterator[None]:
    """Show that somebody waits for a database in a folder, for as long as it lasts or this process lives."""
    with _opened(folder) as found:
        fcntl.flock(found, fcntl.LOCK_SH)
        try:
            yield
        finally:
            # To close it is not enough: a process that was begun meanwhile may have it open too.
            fcntl.flock(found, fcntl.LOCK_UN)


def is_awaited(folder: Path) -> bool:
    """Whether somebody waits, in whatever process, for the end of a transaction of a database in a folder."""
    with _opened(folder) as found:
        try:
            fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _begun(connection: sqlite3.Connection, deadline: float) -> bool:
    """Whether the lock was free, or became it in a moment; refused behind the deadline."""
    try:
        connection.execute(BEGIN)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > deadline:
            raise
        return False
    return True


class Turns:
    """The queue of those in this process who want to write to a SQLite database.

    Args:
        folder: of the database.
        patience: seconds until somebody is refused.
    """

    def __init__(self, folder: Path, patience: float = PATIENCE) -> None:
        self.folder = folder
        self.patience = patience
        self._guard = Lock()
        self._queue: deque[Lock] = deque()

    def begin(self, connection: sqlite3.Connection) -> None:
        """Begin a writing transaction as soon as it is this thread's turn and nobody else's transaction is open.

        Raises:
            sqlite3.OperationalError: the database is locked, for as long as the patience lasts.
        """
        deadline = monotonic() + self.patience
        mine = self._queued()
        try:
            if not mine.acquire(timeout=self.patience):
                raise sqlite3.OperationalError("database is locked")
            connection.execute(_BRIEFLY)
            try:
                if not _begun(connection, deadline):
                    with _waiting(self.folder):
                        while not _begun(connection, deadline):
                            pass
            finally:
                connection.execute(PATIENTLY)
        finally:
            self._leave(mine)

    def _queued(self) -> Lock:
        mine = Lock()
        with self._guard:
            self._queue.append(mine)
            if self._queue[0] is not mine:
                mine.acquire()
        return mine

    def _leave(self, mine: Lock) -> None:
        with self._guard:
            was_first = self._queue[0] is mine
            self._queue.remove(mine)
            if was_first and self._queue:
                self._queue[0].release()

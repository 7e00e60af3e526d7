"""Whose turn it is to write, where a database has one writer at a time: first come, first served.

SQLite knows no queue. Whoever finds it locked asks again after pauses that grow to a tenth of a second, so that a short
gap between two long transactions is met by luck alone, and the unlucky wait until they are refused. Here only the first
one in the queue of a process asks, and asks often: a gap of some milliseconds is always found, in the order of arrival.
"""

from __future__ import annotations

import sqlite3
from collections import deque
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


class Turns:
    """The queue of those in this process who want to write to a SQLite database.

    Args:
        patience: seconds until somebody is refused.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
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
                while True:
                    try:
                        connection.execute(BEGIN)
                        return
                    except sqlite3.OperationalError as error:
                        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                            raise
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

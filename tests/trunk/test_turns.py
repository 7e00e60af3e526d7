"""Who writes to SQLite has a turn, however long others write and however short the gaps are that they leave."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import pytest

from app.turns import Turns, is_awaited

_HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
while True:
    connection.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
    connection.execute("COMMIT")
    time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "turns.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE written (who INTEGER)")
    return path


@contextmanager
def holding(path: Path, held: float, free: float) -> Iterator[None]:
    """Another process that writes one long transaction after the other."""
    command = [sys.executable, "-c", _HOLD, str(path), str(held), str(free)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield
        finally:
            process.kill()


def opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def test_who_waits_is_seen_by_others(written: Path) -> None:
    turns = Turns(written.parent, patience=20)
    assert not is_awaited(written.parent)
    with closing(opened(written)) as holder, closing(opened(written)) as other:
        turns.begin(holder)
        assert not is_awaited(written.parent), "who has it waits no more"
        waiter = Thread(target=turns.begin, args=(other,))
        waiter.start()
        deadline = time.monotonic() + 10
        while not is_awaited(written.parent):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        holder.execute("COMMIT")
        waiter.join()
        assert not is_awaited(written.parent)
        other.execute("COMMIT")


def test_a_short_gap_is_found(written: Path) -> None:
    """SQLite's own waiting, which looks every tenth of a second, waits up to ten seconds for such a gap."""
    turns, waited = Turns(written.parent, patience=20), []
    with holding(written, held=0.25, free=0.01), closing(opened(written)) as connection:
        for _ in range(12):
            began = time.monotonic()
            turns.begin(connection)
            waited.append(time.monotonic() - began)
            connection.execute("INSERT INTO written VALUES (1)")
            connection.execute("COMMIT")
            time.sleep(0.1)
    # On a busy machine a gap may be slept through; two in a row seldom.
    assert sorted(waited)[9] < 1.2, waited


def test_whoever_came_first_writes_first(written: Path) -> None:
    turns = Turns(written.parent, patience=20)
    threads = []
    with closing(opened(written)) as holder:
        holder.execute("BEGIN IMMEDIATE")

        def write(number: int) -> None:
            with closing(opened(written)) as connection:
                turns.begin(connection)
                connection.execute("INSERT INTO written VALUES (?)", (number,))
                connection.execute("COMMIT")

        for number in range(8):
            threads.append(Thread(target=write, args=(number,)))
            threads[-1].start()
            time.sleep(0.05)
        holder.execute("COMMIT")
        for thread in threads:
            thread.join(30)
        assert [row[0] for row in holder.execute("SELECT who FROM written ORDER BY rowid")] == list(range(8))


def test_all_who_wait_too_long_are_refused_in_time_and_the_next_one_writes(written: Path) -> None:
    turns = Turns(written.parent, patience=0.5)

    def attempt(_: int) -> float:
        began = time.monotonic()
        with (
            closing(opened(written)) as connection,
            pytest.raises(sqlite3.OperationalError, match="database is locked"),
        ):
            turns.begin(connection)
        return time.monotonic() - began

    with closing(opened(written)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(20) as pool:
            seconds = list(pool.map(attempt, range(20)))
        holder.execute("COMMIT")
    assert max(seconds) < 5
    with closing(opened(written)) as connection:
        turns.begin(connection)
        assert connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
        connection.execute("COMMIT")


def test_another_fault_is_no_turn_to_wait_for(written: Path) -> None:
    with closing(opened(written)) as connection:
        connection.execute("BEGIN")
        began = time.monotonic()
        with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
            Turns(written.parent, patience=20).begin(connection)
        assert time.monotonic() - began < 10

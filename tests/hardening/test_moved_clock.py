"""The product on a machine whose clock is moved while it runs: five minutes either way, a month ahead and back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config import ROOT

from ..conftest import ON_CI
from ..running import Running, running

CHORE = """
import sys
from datetime import timedelta
from app import create_app
from app.job import chores

chores.CHORES.clear()
chores.chore("sweep", every=timedelta(hours=1))(lambda: print("swept"))
sys.stdin.readline()
with create_app().app_context():
    chores.do_due()
"""
"""A worker that does what is due once it is told to begin."""


@pytest.fixture(scope="module")
def library() -> str:
    """What is loaded before a program so that it reads another clock."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found or shutil.which("faketime") is None:
        assert not ON_CI, "faketime is missing"
        pytest.skip("faketime is not installed: apt-get install faketime")
    return str(found[0])


SLEEP = """
import select, time

time.sleep = lambda seconds: select.select((), (), (), seconds) and None
"""
"""Python sleeps until a moment of the clock that never steps; libfaketime counts that moment wrongly."""


class Clock:
    """The clock of the processes that are started with its environment; it can be moved while they run."""

    def __init__(self, library: str, place: Path) -> None:
        self.place = place
        self.move(timedelta())
        self.environment = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(place),
            "FAKETIME_NO_CACHE": "1",
            # The times of files stay as they are: to reckon each of them anew makes the start slow.
            "NO_FAKE_STAT": "1",
            # What waits goes on waiting as long as it meant to.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": str(place.parent),
        }
        place.with_name("sitecustomize.py").write_text(SLEEP)

    def move(self, by: timedelta) -> None:
        """Set how far it is off."""
        self.place.with_suffix(".new").write_text(f"{by.total_seconds():+.0f}\n")
        self.place.with_suffix(".new").replace(self.place)


@pytest.fixture
def clock(library: str, tmp_path: Path) -> Clock:
    return Clock(library, tmp_path / "clock")


@pytest.fixture
def server(clock: Clock, tmp_path: Path) -> Iterator[Running]:
    folder = tmp_path / "data"
    folder.mkdir()
    with running(folder, env=clock.environment) as served:
        yield served
        log = (folder / "server.log").read_text()
        assert "Traceback" not in log, log


READS = (
    "/customers",
    "/deals",
    "/deals/board",
    "/tasks",
    "/agenda",
    "/journal",
    "/notifications",
    "/reports/summary?from=2026-01-01&to=2026-12-31",
    "/reports/pipeline",
    "/auth/me",
    "/auth/sessions",
)


def look_round(server: Running, token: str) -> None:
    """Read what depends on the present, write a record and read it again."""
    for path in READS:
        status, answer = server.call("GET", path, token=token)
        assert status in (200, 404, 422), (path, status, answer)
    status, made = server.call("POST", "/customers", {"name": "x", "next_follow_up_at": "2026-12-01T00:00:00Z"}, token)
    assert status == 201, made
    status, edited = server.call("PATCH", f"/customers/{made['id']}", {"title": "y"}, token)
    assert (status, edited["version"]) == (200, 2)


@pytest.mark.parametrize("step", [timedelta(minutes=5), timedelta(minutes=-5), timedelta(days=31)], ids=str)
def test_nothing_breaks_and_tokens_go_by_the_clock(server: Running, clock: Clock, step: timedelta) -> None:
    look_round(server, server.sign_in())
    # One that no process has seen yet: what was good once is asked about its end alone.
    token = server.sign_in()
    clock.move(step)
    status, _ = server.call("GET", "/auth/me", token=token)
    # A token lives a quarter of an hour, and is not good before it was given.
    assert status == (200 if step == timedelta(minutes=5) else 401)
    look_round(server, server.sign_in())
    later = server.sign_in()
    clock.move(timedelta())
    status, _ = server.call("GET", "/auth/me", token=later)
    assert status == (200 if step == timedelta(minutes=-5) else 401)
    look_round(server, server.sign_in())


def test_ten_seconds_are_forgiven(server: Running, clock: Clock) -> None:
    life = timedelta(minutes=15)
    for off, expected in ((-5, 200), (-60, 401), (life.total_seconds() + 3, 200), (life.total_seconds() + 60, 401)):
        clock.move(timedelta())
        token = server.sign_in()
        clock.move(timedelta(seconds=off))
        status, _ = server.call("GET", "/auth/me", token=token)
        assert status == expected, off


def test_no_chore_is_done_twice(server: Running, clock: Clock) -> None:
    """Two workers at the same moment, after each step of their clock."""
    for step, times in (
        (timedelta(), 1),
        (timedelta(minutes=5), 0),
        (timedelta(minutes=-5), 1),
        (timedelta(days=31), 1),
        (timedelta(days=31, minutes=5), 0),
        (timedelta(), 1),
        (timedelta(), 0),
    ):
        clock.move(step)
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", CHORE],
                cwd=ROOT,
                env=server.environment | {"PYTHONPATH": f"{ROOT}{os.pathsep}{clock.place.parent}"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        told = [worker.communicate("go\n", timeout=120)[0] for worker in workers]
        assert [worker.returncode for worker in workers] == [0, 0]
        assert "".join(told).split().count("swept") == times, step

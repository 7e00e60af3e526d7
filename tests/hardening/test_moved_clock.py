"""The product on a machine whose clock steps while it runs: five minutes either way, a month ahead, and back (F17).

The clock is that of the product's processes alone: libfaketime, loaded before them, adds to it what stands in a file.
A PostgreSQL beside them keeps the true time, as one on another machine does.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from config import ROOT
from scripts.system import faketime_library

from ..conftest import ON_CI, make_database
from ..running import Running, running

FIVE_MINUTES = timedelta(minutes=5)
MONTH = timedelta(days=31)

CHORE = """
import sys
from datetime import timedelta
from app import create_app
from app.job import chores

chores.CHORES.clear()
chores.chore("sweep", every=timedelta(hours=1))(lambda: print("swept"))
with create_app().app_context():
    for _ in sys.stdin:
        chores.do_due()
        print("looked", flush=True)
"""
"""A worker that looks each time that it is told to what is due, and says what it did."""

SLEEP = """
import select, time

time.sleep = lambda seconds: select.select((), (), (), seconds) and None
"""
"""Python sleeps until a moment of the clock that never steps, where libfaketime 0.9.10 makes an invalid time of it
(EINVAL). Nothing else of the product is another than in earnest."""


class Clock:
    """The clock of the processes that are started with its environment; it can be moved while they run."""

    def __init__(self, library: Path, place: Path) -> None:
        self.place = place
        self.move(timedelta())
        self.environment = {
            "LD_PRELOAD": str(library),
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


@pytest.fixture(scope="module")
def served(
    database: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[Running, Clock]]:
    """The product on either database and its clock; its log must tell of no fault that nobody foresaw."""
    library = faketime_library()
    if library is None:
        assert not ON_CI, "faketime is missing"
        pytest.skip("faketime is not installed: apt-get install faketime")
    clock = Clock(library, tmp_path_factory.mktemp("clock") / "offset")
    folder: Path = tmp_path_factory.mktemp("data")
    url = make_database(request.getfixturevalue("postgres_url"), "clock") if database == "postgresql" else ""
    with running(folder, env=clock.environment | {"DATABASE_URL": url}) as server:
        yield server, clock
    log = (folder / "server.log").read_text()
    assert "Traceback" not in log, log


@pytest.fixture
def server(served: tuple[Running, Clock]) -> Running:
    return served[0]


@pytest.fixture
def clock(served: tuple[Running, Clock]) -> Clock:
    """Right again, whatever a test before has done."""
    served[1].move(timedelta())
    return served[1]


READS = (
    "/customers",
    '/customers?where={"field":"created","op":"within","value":"this_month"}',
    "/deals",
    "/deals/board",
    "/tasks",
    "/agenda",
    "/journal",
    "/events",
    "/notifications",
    "/reports/activity?from=2026-01-01&to=2026-12-31",
    "/auth/me",
    "/auth/sessions",
)


def look_round(server: Running, token: str) -> None:
    """Read what depends on the present, write a record, read it again and take the change back."""
    for path in READS:
        status, answer = server.call("GET", quote(path, safe="/?&="), token=token)
        assert status == 200, (path, status, answer)
    status, made = server.call("POST", "/customers", {"name": "x", "next_follow_up_at": "2026-12-01T00:00:00Z"}, token)
    assert status == 201, made
    status, edited = server.call("PATCH", f"/customers/{made['id']}", {"title": "y"}, token)
    assert (status, edited["version"]) == (200, 2)
    (last, *_) = server.call("GET", f"/journal?resource=customer&id={made['id']}", token=token)[1]["data"]
    status, answer = server.call("POST", f"/changesets/{last['changeset_id']}/undo", token=token)
    assert status == 200, answer


@pytest.mark.parametrize("step", [FIVE_MINUTES, -FIVE_MINUTES, MONTH], ids=str)
def test_nothing_breaks_and_tokens_go_by_the_clock(server: Running, clock: Clock, step: timedelta) -> None:
    look_round(server, server.sign_in())
    # One that no process has seen yet: what was good once is asked about its end alone.
    token = server.sign_in()
    clock.move(step)
    status, _ = server.call("GET", "/auth/me", token=token)
    # A token lives a quarter of an hour, and is not good before it was given.
    assert status == (200 if step == FIVE_MINUTES else 401)
    look_round(server, server.sign_in())
    later = server.sign_in()
    clock.move(timedelta())
    status, _ = server.call("GET", "/auth/me", token=later)
    assert status == (200 if step == -FIVE_MINUTES else 401)
    look_round(server, server.sign_in())


def test_ten_seconds_are_forgiven(server: Running, clock: Clock) -> None:
    life = timedelta(minutes=15).total_seconds()
    for off, expected in ((-5, 200), (-60, 401), (life - 60, 200), (life + 60, 401)):
        clock.move(timedelta())
        token = server.sign_in()
        clock.move(timedelta(seconds=off))
        status, _ = server.call("GET", "/auth/me", token=token)
        assert status == expected, off


def swept(workers: Sequence[subprocess.Popen[str]]) -> int:
    """How often something was swept when all looked at the same moment."""
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    count = 0
    for worker in workers:
        assert worker.stdout is not None
        while (line := worker.stdout.readline().strip()) != "looked":
            assert line, "it has ended"
            count += line == "swept"
    return count


def test_no_chore_is_done_twice(server: Running, clock: Clock) -> None:
    """Two workers at the same moment, after each step of their clock."""
    command = [sys.executable, "-c", CHORE]
    workers = [
        subprocess.Popen(
            command, cwd=ROOT, env=server.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        for step, times in (
            (timedelta(), 1),
            (FIVE_MINUTES, 0),
            (-FIVE_MINUTES, 1),
            (MONTH, 1),
            (MONTH + FIVE_MINUTES, 0),
            (timedelta(), 1),
            (timedelta(), 0),
        ):
            clock.move(step)
            assert swept(workers) == times, step
    finally:
        for worker in workers:
            worker.communicate(timeout=60)
    assert [worker.returncode for worker in workers] == [0, 0]

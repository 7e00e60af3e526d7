"""`make soak`: a light load for long, and what grows meanwhile: memory, open files, connections of the database.

Twenty minutes by default; `ARGS="--hours 4"` for as long as it takes to be sure.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from faults import ledger
from faults.load import CLIENTS, Load, failed, p95, statuses
from faults.shape import Shape, big, embedded

SHARE = 0.3
MOST_MIB_AN_HOUR = 1.0
CALIBRATED_SECONDS = 10.0


@dataclass(frozen=True)
class Sample:
    """What the processes that answer and the job worker hold together.

    Attributes:
        at: seconds since the load began.
        mib: memory that is in use.
        files: open files and sockets.
        connections: to PostgreSQL; 0 without one.
    """

    at: float
    mib: float
    files: int
    connections: int


def sample(shape: Shape, at: float) -> Sample:
    """Look once."""
    mib, files, connections = 0.0, 0, 0
    for pid in (*shape.workers, shape.processes["worker"].pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            mib += next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)
            files += len(list(Path(f"/proc/{pid}/fd").iterdir()))
    if shape.postgres is not None:
        with psycopg.connect(shape.environment["DATABASE_URL"]) as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            row = connection.execute(query).fetchone()
            connections = row[0] - 1 if row else 0
    return Sample(at, mib, files, connections)


def slope(points: list[tuple[float, float]]) -> float:
    """By how much a figure grows in an hour: the line that fits best."""
    count = len(points)
    if count < 2:
        return 0.0
    middle = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    spread = sum((x - middle[0]) ** 2 for x, _ in points)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in points) / spread * 3_600 if spread else 0.0


def pace(shape: Shape) -> float:
    """How long each client must pause, so that all together ask for 30 % of what the machine can do."""
    load = Load(shape).begin()
    time.sleep(CALIBRATED_SECONDS)
    load.end()
    rate = len(load.tried) / CALIBRATED_SECONDS
    # A pause in place of the time that a request takes when all of them wait for the processor.
    return CLIENTS / (SHARE * rate)


def main() -> int:
    """Run, and tell what grows."""
    parser = argparse.ArgumentParser(prog="python -m faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--hours", type=float, default=0)
    parser.add_argument("--shape", choices=("big", "embedded"), default="big")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    seconds = options.hours * 3_600 or options.minutes * 60
    # What is loaded and cached at first counts for nothing: half an hour of four, a third of what is shorter.
    warm = min(1_800.0, seconds / 3)
    with tempfile.TemporaryDirectory(prefix="lianxi-soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with (big if options.shape == "big" else embedded)(folder) as shape:
            pause = pace(shape)
            load, samples = Load(shape, pause=pause).begin(), list[Sample]()
            every = min(30.0, seconds / 20)
            while load.now() < seconds:
                time.sleep(every)
                samples.append(sample(shape, load.now()))
                one = samples[-1]
                told = f"{one.at / 60:6.1f} min {one.mib:8.1f} MiB {one.files:5} files {one.connections:4} connections"
                print(told, flush=True)
            load.end()
            verdict = ledger.check(load)
    kept = [one for one in samples if one.at >= warm]
    grows = slope([(one.at, one.mib) for one in kept])
    bad = failed(load.tried)
    print(f"{len(load.tried) / seconds:.1f} requests a second, p95 {p95(load.tried)} ms, {statuses(load.tried)}")
    print(f"memory: {grows:+.2f} MiB an hour; allowed: {MOST_MIB_AN_HOUR:g}")
    print(f"open files: {slope([(one.at, one.files) for one in kept]):+.1f} an hour")
    print(f"connections: {slope([(one.at, one.connections) for one in kept]):+.1f} an hour")
    print(f"failed: {len(bad)}; ledgers: {ledger.first(verdict.faults) or 'all as told'}")
    return 1 if bad or verdict.faults or grows > MOST_MIB_AN_HOUR else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""`make soak`: a light load for long, and what grows meanwhile: memory, open files, connections of the database.

Twenty minutes by default; `ARGS="--hours 4"` for as long as it takes to be sure.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from faults.load import CLIENTS, Load, failed, p95, statuses
from faults.shape import Shape
from faults.trial import Trial, fault

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


@fault("F21", "a light load for long: what grows by the hour", seconds=1_200, is_alone=True)
def soak(trial: Trial) -> None:
    """Nothing grows: neither memory nor open files nor connections."""
    # What is loaded and cached at first counts for nothing: half an hour of four, a third of what is shorter.
    warm, every = min(1_800.0, trial.seconds / 3), min(30.0, trial.seconds / 20)
    with trial.shape() as shape:
        pause, samples = pace(shape), list[Sample]()
        with trial.load(shape, pause) as load:
            while load.now() < trial.seconds:
                time.sleep(every)
                samples.append(one := sample(shape, load.now()))
                told = f"{one.at / 60:6.1f} min {one.mib:8.1f} MiB {one.files:5} files {one.connections:4} connections"
                print(told, flush=True)
    kept, bad = [one for one in samples if one.at >= warm], failed(load.tried)
    mib, files, connections = (
        slope([(one.at, getattr(one, name)) for one in kept]) for name in ("mib", "files", "connections")
    )
    trial.figures |= {
        "requests a second": round(len(load.tried) / trial.seconds, 1),
        "p95 ms": p95(load.tried),
        "measured from s": round(warm),
        "MiB of all processes then and at the end": [round(kept[0].mib, 1), round(kept[-1].mib, 1)],
        "MiB an hour": f"{mib:+.2f}",
        "open files at the end": kept[-1].files,
        "open files an hour": f"{files:+.1f}",
        "connections at the end": kept[-1].connections,
        "connections an hour": f"{connections:+.1f}",
    }
    trial.must(not bad, f"failed: {statuses(bad)}")
    trial.must(mib <= MOST_MIB_AN_HOUR, f"memory grows by {mib:.2f} MiB an hour; allowed {MOST_MIB_AN_HOUR:g}")

"""The disk is full."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.load import failed, p95, statuses
from faults.shape import Shape
from faults.trial import LeftOutError, Trial, fault

MIB = 1024 * 1024


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[None]:
    """A file system of its own for a folder.

    Raises:
        LeftOutError: nobody may mount here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)]
    run = subprocess.run(mount, capture_output=True, text=True, check=False)
    if run.returncode:
        raise LeftOutError(f"no small disk could be mounted here: {run.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(path: Path) -> None:
    """Take all the room that is left."""
    with path.open("wb", buffering=0) as target:
        for size in (MIB, 4096, 1):
            try:
                while True:
                    target.write(b"x" * size)
            except OSError:
                continue


def _files(folder: Path) -> set[str]:
    """What lies in the data folder, but for the databases and what ends with the process."""
    own = ("lianxi.db", "jobs.db", "jobs.lock", "filler", "secret.json", "first-admin.txt")
    return {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and not path.name.startswith(own)
    }


@fault("F4", "the disk of the data folder (64 MiB) is full during load, uploads and an export", ("embedded",))
def disk_full(trial: Trial) -> None:
    """Writes are refused, reads go on, nothing is left half; with room again all is well without a restart."""
    data = trial.folder / "data"
    with small_disk(data, 64), trial.shape() as shape:
        admin = shape.sign_in()
        customer = shape.call("POST", "customers", {"name": "Full"}, admin)[1]["id"]
        with trial.load(shape) as load:
            time.sleep(trial.seconds / 3)
            calm, before = load.now(), _files(data)
            fill(data / "filler")
            full = load.now()
            time.sleep(1)
            refused = _refused_files(shape, admin, customer)
            time.sleep(max(1.0, trial.seconds / 3 - (load.now() - full)))
            # What waits in memory to be written, and jobs that failed, get their chance before there is room again.
            (data / "filler").unlink()
            freed = load.now()
            time.sleep(max(4.0, trial.seconds / 3))
        left = _files(data) - before
        again = shape.upload("attachments", "after.txt", b"after", admin, customer_id=str(customer))[0]
    span = load.between(full, freed)
    writes, reads = ([one for one in span if (one.method == "GET") is is_read] for is_read in (False, True))
    stopped = failed(writes)
    after = failed(load.between(freed + 2, freed + 1_000))
    good = [one.began + one.seconds for one in load.between(freed, freed + 60) if one.status in (200, 201)]
    trial.figures |= {
        "writes while full": statuses(writes),
        "reads while full": statuses(reads),
        "p95 ms of reads before": p95(one for one in load.between(0, calm) if one.method == "GET"),
        "p95 ms of reads while full": p95(reads),
        "upload, import, export": ", ".join(map(str, refused)),
        "first success after s": round(min(good, default=freed + 60) - freed, 2),
    }
    trial.must(stopped, "no write was refused: the disk was not full")
    trial.must(all(one.status in (503, 507) for one in stopped), f"writes: {statuses(stopped)}")
    trial.must(not failed(reads), f"reads: {statuses(failed(reads))}")
    trial.must(all(status in (503, 507) for status in refused[:2]), f"upload and import: {refused[:2]}")
    trial.must(not left, f"left over: {sorted(left)[:5]}")
    trial.must(not after, f"still refused 2 s after there was room: {statuses(after)}")
    trial.must(again == 201, f"an upload afterwards: {again}")


def _refused_files(shape: Shape, admin: str, customer: int) -> list[int]:
    """What is answered to an upload, an import and an export while there is no room."""
    content = os.urandom(2 * MIB).hex().encode()
    return [
        shape.upload("attachments", "big.txt", content, admin, customer_id=str(customer))[0],
        shape.upload("imports", "big.csv", b"name\n" + content, admin, resource="customers")[0],
        shape.call("POST", "exports", {"resource": "customers", "format": "csv"}, admin)[0],
    ]

"""What is kept: backups and migrations."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Sequence

from sqlalchemy import text

from config import ROOT
from faults import ledger
from faults.load import Load, Write, failed, p95, statuses
from faults.shape import BIN, Shape, until
from faults.trial import BOTH, Trial, fault
from tests.conftest import make_database

# ---- backup ----------------------------------------------------------------------------------------------------------


@fault("F20", "a backup is made under load and restored into an empty place", BOTH)
def backup_under_load(trial: Trial) -> None:
    """It holds everything that was acknowledged before it began, and of each client no gap after that."""
    with trial.shape() as shape:
        folder = trial.folder / "backups"
        with trial.load(shape) as load:
            time.sleep(trial.seconds / 3)
            before = {id(write) for write in load.ledger if write.is_acknowledged}
            begun = load.now()
            made = shape.flask("backup", BACKUP_DIR=str(folder))
            took = load.now() - begun
            time.sleep(max(1.0, trial.seconds / 3))
        trial.must(made.returncode == 0, f"flask backup: {(made.stdout + made.stderr)[-300:]}")
        file = next(iter(sorted(folder.glob("lianxi-*"))))
        other = _elsewhere(trial, shape)
        began = time.monotonic()
        restored = other.flask("restore", str(file))
        trial.must(restored.returncode == 0, f"flask restore: {(restored.stdout + restored.stderr)[-300:]}")
        trial.figures |= {
            "backup s": round(took, 1),
            "MiB": round(file.stat().st_size / 1024**2, 1),
            "restore s": round(time.monotonic() - began, 1),
            "p95 ms before": p95(load.between(0, begun)),
            "p95 ms during the backup": p95(load.between(begun, begun + took)),
        }
        found = _held(ledger.read(other), load)
        lost = [write for write in load.ledger if id(write) in before and not found[id(write)]]
        gaps = [client.number for client in load.clients if _has_gap([found[id(w)] for w in _told(client.ledger)])]
        trial.figures["acknowledged before it began"] = len(before)
        trial.figures["in the copy"] = sum(found.values())
        trial.must(not lost, f"{len(lost)} writes acknowledged before the backup are not in it")
        trial.must(not gaps, f"clients {gaps} lack a write that is older than one that is there")
        wrong = ledger.sound(other)
        trial.must(not wrong, f"restored: {'; '.join(wrong)}")
        bad = failed(load.tried)
        trial.must(not bad, f"failed: {statuses(bad)}")


def _elsewhere(trial: Trial, shape: Shape) -> Shape:
    """An empty place of the same kind."""
    folder = trial.folder / "restored"
    folder.mkdir()
    environment = {**shape.environment, "DATA_DIR": str(folder / "data")}
    if shape.postgres is not None:
        environment["DATABASE_URL"] = make_database(shape.postgres.url, "restored")
    return Shape(shape.name, folder, "", "", environment, shape.postgres)


def _told(ledger_of_one: Sequence[Write]) -> list[Write]:
    return [write for write in ledger_of_one if write.is_acknowledged]


def _held(state: ledger.State, load: Load) -> dict[int, bool]:
    """Whether each acknowledged write stands in a database."""
    found: dict[int, bool] = {}
    for write in _told(load.ledger):
        if write.method == "POST":
            found[id(write)] = len(state.rows.get(write.mark, [])) == 1
        else:
            found[id(write)] = any(entry[2] == write.mark for entry in state.entries.get(write.record_id, []))
    return found


def _has_gap(there: Sequence[bool]) -> bool:
    """Whether something lacks that is followed by what is there."""
    return False in there and True in there[there.index(False) :]


# ---- migration -------------------------------------------------------------------------------------------------------


@fault("F19", "the migration of an empty database is killed eight times; then one step back and forth with data", BOTH)
def migration_killed(trial: Trial) -> None:
    """Whenever it is killed, the next one goes on from there; a step back and forth loses nothing."""
    with trial.shape() as shape:
        admin = shape.sign_in()
        load = Load(shape).begin(4)
        time.sleep(min(5.0, trial.seconds / 4))
        load.end()
        shape.end("worker")
        shape.end("gunicorn")
        other = _elsewhere(trial, shape)
        (other.folder / "data").mkdir()
        chance, reached = random.Random(5), list[str]()
        whole = _upgrade_killed(other, None)
        reached.append(whole[0])
        wholes = _elsewhere_again(trial, shape)
        for _ in range(8):
            revision, _ = _upgrade_killed(wholes, chance.uniform(0.3, 1.0) * whole[1])
            reached.append(revision)
        last = _upgrade_killed(wholes, None)
        trial.figures["revisions reached when killed"] = len({one for one in reached[1:] if one})
        trial.must(last[0] == whole[0] != "", f"the last upgrade reached {last[0]!r} instead of {whole[0]!r}")
        same = _schema(other) == _schema(wholes)
        trial.must(same, "the tables differ from those of an upgrade that was left alone")
        for step in (("downgrade",), ("upgrade",)):
            run = shape.flask("db", *step)
            trial.must(run.returncode == 0, f"flask db {' '.join(step)}: {run.stderr[-300:]}")
        shape.start("gunicorn")
        until(shape.is_up, 90, "the product")
        trial.must(shape.call("GET", "auth/me", token=admin)[0] == 200, "a sign-in is lost")
        trial.check(load)


def _elsewhere_again(trial: Trial, shape: Shape) -> Shape:
    folder = trial.folder / "killed"
    (folder / "data").mkdir(parents=True)
    environment = {**shape.environment, "DATA_DIR": str(folder / "data")}
    if shape.postgres is not None:
        environment["DATABASE_URL"] = make_database(shape.postgres.url, "killed")
    return Shape(shape.name, folder, "", "", environment, shape.postgres)


def _upgrade_killed(shape: Shape, after: float | None) -> tuple[str, float]:
    """Upgrade, killed after some seconds or left alone; the revision reached and the seconds taken."""
    command = [str(BIN / "flask"), "--app", "app", "db", "upgrade"]
    began = time.monotonic()
    with (shape.folder / "upgrade.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=shape.environment, stdout=log, stderr=log)
        try:
            process.wait(after or 300)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    took = time.monotonic() - began
    engine = shape.engine()
    try:
        with engine.connect() as connection:
            revision = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")
    except Exception:
        revision = ""
    engine.dispose()
    return revision, took


def _schema(shape: Shape) -> list[str]:
    """Every column of every table."""
    engine = shape.engine()
    with engine.connect() as connection:
        if shape.postgres is None:
            rows = connection.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY type, name"))
        else:
            rows = connection.execute(
                text(
                    "SELECT table_name, column_name, data_type FROM information_schema.columns "
                    "WHERE table_schema = 'public' ORDER BY table_name, column_name"
                )
            )
        found = [str(tuple(row)) for row in rows]
    engine.dispose()
    return found

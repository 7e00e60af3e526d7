"""Backups and rehearsals: made by a job, nightly and weekly by themselves; restored by a command into an empty place.

Under its name a backup is whole, or it is not there. It is proven only by being restored.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from config import ROOT, Settings, environment_for_programs

from ..access import Actor, Permission
from ..auth.models import Role, User
from ..auth.notices import notify
from ..database import db, read_engine
from ..errors import Problem, conflict, problem_of
from ..history.sealing import present_keys
from ..job.chores import chore
from ..job.models import Job, Status
from ..job.service import CalledOff, Interruption, Running, enqueue, job_kind
from ..journal import Setting
from ..setting.models import InstallationSettings
from ..transaction import hold, now, unit_of_work
from . import archive, keeping
from .archive import FILES, Manifest, Told
from .databases import Source, source_of
from .models import BackupRun, RunKind

log = logging.getLogger("lianxi")

BACKUP, REHEARSAL = RunKind.BACKUP.value, RunKind.REHEARSAL.value

AGAIN = timedelta(hours=1)
"""So long after a failure the next attempt of its own is made."""

REHEARSED_EVERY = timedelta(days=7)

_LEFT_OUT = ("exports", "jobs.lock")
"""In the data folder, what is made anew: exported files, which live for a week, and the queue."""

_SCRATCH = ".backup-"


@dataclass(frozen=True)
class Proof:
    """What a restored backup was found to be.

    Attributes:
        rows: in the restored database, as many as the manifest says.
        head: of the journal's seals, as `flask journal verify` tells it.
    """

    manifest: Manifest
    rows: int
    said: str


def _settings() -> Settings:
    found: Settings = current_app.config["LIANXI"]
    return found


def folder() -> Path:
    """Where backups lie."""
    return _settings().backup_dir


def installation() -> str:
    """By what the backups of this installation are told from those of others in the same folder."""
    with read_engine().connect() as connection:
        found = connection.execute(select(Setting.value).where(Setting.name == "installation")).scalar_one_or_none()
    return str(found or "00000000")


def listed() -> list[dict[str, Any]]:
    """The backups that there are, the newest first."""
    mine, found = installation(), []
    for path in folder().glob("lianxi-*") if folder().is_dir() else ():
        moment = keeping.moment_of(path.name, mine)
        if moment is not None:
            encrypted = path.suffix == ".age"
            found.append({"name": path.name, "made_at": moment, "size": path.stat().st_size, "is_encrypted": encrypted})
    return sorted(found, key=lambda one: one["made_at"], reverse=True)


# ---- making ----------------------------------------------------------------------------------------------------------


@contextmanager
def _alone() -> Iterator[None]:
    """One backup or rehearsal at a time.

    Raises:
        Problem: 409, another one is running.
    """
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder() / ".lianxi.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise conflict("backup-running") from None
        # What a process left that was killed.
        for left in _settings().data_dir.glob(f"{_SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)
        for left in folder().glob(f".lianxi-{installation()}-*.part"):
            left.unlink(missing_ok=True)
        yield


def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=_settings().data_dir)


def _names(settings: Settings) -> Iterator[Path]:
    """The files of the data folder that belong into a backup, within it."""
    data, backups = settings.data_dir, settings.backup_dir
    database = source_of(settings.database_url)
    own = getattr(database, "path", None)
    databases = {own.with_name(own.name + suffix).resolve() for suffix in ("", "-wal", "-shm")} if own else set()
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data)
        first = name.parts[0]
        if first in _LEFT_OUT or first.startswith((".", "jobs.db")) or name.name.startswith("."):
            continue
        if not path.is_file() or path.is_symlink() or path.resolve() in databases or backups in path.parents:
            continue
        yield name


def make(told: Callable[[int, int], None] = lambda _done, _total: None) -> BackupRun:
    """Make a backup while everybody goes on working, and forget those that are too old.

    Args:
        told: is told how many of about how many bytes are done; may raise to end the work.

    Returns:
        What is noted of it; a failure is noted and told to the admins too, before it is raised.

    Raises:
        Problem: 409, another one is running; 503, a program is missing; 507, the disk is full.
    """
    run = BackupRun(kind=RunKind.BACKUP, started_at=now(), is_encrypted=bool(_settings().backup_key))
    with _noted(run), _alone():
        _make(run, told)
        _forget()
    return run


def _make(run: BackupRun, told: Callable[[int, int], None]) -> None:
    settings = _settings()
    source = source_of(settings.database_url)
    total, done = _size() * (3 if settings.backup_key else 2), [0]

    def more(count: int) -> None:
        done[0] += count
        told(min(done[0], total), total)

    name = keeping.name_of(installation(), run.started_at, run.is_encrypted)
    with _scratch() as scratch:
        dump, packed = Path(scratch) / "database", Path(scratch) / "packed"
        rows, revision = source.dump(dump, more)
        manifest = Manifest(
            made_at=run.started_at.isoformat(),
            installation=installation(),
            database=source.kind,
            revision=revision,
            key_id=next(iter(present_keys()), ""),
            rows=rows,
        )
        archive.pack(packed, dump, settings.data_dir, _names(settings), manifest, more)
        dump.unlink()
        _place(packed, settings.backup_dir / name, settings.backup_key, more)
    run.file, run.size = name, (settings.backup_dir / name).stat().st_size
    run.rows, run.files = manifest.row_count, manifest.file_count


def _size() -> int:
    """How many bytes there are to save, about."""
    settings = _settings()
    files = sum((settings.data_dir / name).stat().st_size for name in _names(settings))
    return source_of(settings.database_url).size() + files


def _place(packed: Path, target: Path, key: str, told: Told) -> None:
    """Bring a packed archive to its place: under its name it is whole, or not there."""
    part = target.with_name(f".{target.name}.part")
    try:
        if key:
            archive.encrypt(packed, part, key, told)
        else:
            shutil.copyfile(packed, part)
        part.chmod(0o600)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
        place = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)
    finally:
        part.unlink(missing_ok=True)


def _forget() -> None:
    """Delete what the rules do not keep."""
    settings, found = _settings(), listed()
    stay = keeping.kept(
        (one["made_at"] for one in found),
        ZoneInfo(settings.time_zone),
        settings.backup_days,
        settings.backup_weeks,
    )
    for one in found:
        if one["made_at"] not in stay:
            (folder() / one["name"]).unlink(missing_ok=True)


@contextmanager
def _noted(run: BackupRun) -> Iterator[None]:
    """Note how a run ended; a failure is told to the admins, once until it succeeds again."""
    try:
        yield
    except (Interruption, CalledOff):
        raise
    except Exception as error:
        problem = problem_of(error)
        if problem.slug == "backup-running":
            raise
        log.error("the %s failed: %s", run.kind, problem.slug, exc_info=error)
        run.problem = problem.slug
        _note(run)
        raise
    _note(run)


def _note(run: BackupRun) -> None:
    run.finished_at = datetime.now(UTC)
    with unit_of_work(source="job"):
        before = db.session.execute(_runs(run.kind).limit(1)).scalar_one_or_none()
        if run.problem is not None and (before is None or before.problem is None):
            for admin in db.session.execute(_admins()).scalars():
                notify(admin, f"{run.kind}_failed")
        db.session.add(run)
        db.session.flush()
        db.session.expunge(run)


def _runs(kind: str) -> Any:
    return select(BackupRun).where(BackupRun.kind == kind).order_by(BackupRun.finished_at.desc(), BackupRun.id.desc())


def _admins() -> Any:
    every = db.session.execute(select(Role)).scalars()
    roles = [role.key for role in every if Permission.SETTING_WRITE in role.permissions]
    return select(User.id).where(User.is_active, User.role.in_(roles)).order_by(User.id)


# ---- restoring -------------------------------------------------------------------------------------------------------


def restore(file: Path, settings: Settings, told: Told = lambda _count: None) -> Proof:
    """Put a backup into an empty place and prove that it is whole.

    Args:
        file: the backup.
        settings: name the place: its data folder and its database.
        told: is told of bytes that were read or written.

    Raises:
        Problem: 409, the place is not empty or of the other kind, the backup is damaged, or its key is missing or
            another one; 503, a program is missing; 507, the disk is full.
    """
    target = source_of(settings.database_url)
    _refuse_full(target, settings)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=settings.data_dir) as scratch:
        manifest = _unpacked(file, Path(scratch), settings, told)
        if manifest.database != target.kind:
            raise Problem(409, "backup-other-database")
        target.load(Path(scratch) / "content" / "database", told)
        found = target.rows()
        # Programs from before the journal was in partitions count these beside it, where a newer one has made them.
        if any(manifest.rows.get(name) != count for name, count in found.items()):
            raise archive.damaged()
        if target.check():
            raise archive.damaged()
        _bring_files(Path(scratch) / "content" / FILES, settings.data_dir)
    target.settle()
    return Proof(manifest, sum(found.values()), _verified(settings, told))


def _refuse_full(target: Source, settings: Settings) -> None:
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The command that restores has made a key by being started; where nothing else is, it has signed nothing yet.
    spare = {"secret.json", "jobs.lock"}
    backups = settings.backup_dir
    there = [
        path
        for path in settings.data_dir.iterdir()
        if path.name not in spare and not path.name.startswith(_SCRATCH) and path != backups
    ]
    if not target.is_empty() or there:
        raise Problem(409, "backup-place-not-empty", params={"folder": str(settings.data_dir)})


def _unpacked(file: Path, scratch: Path, settings: Settings, told: Told) -> Manifest:
    if not file.is_file():
        raise Problem(404, "backup-missing")
    packed = file
    with file.open("rb") as opened:
        is_encrypted = opened.read(22) == b"age-encryption.org/v1\n"
    if is_encrypted:
        if not settings.backup_key:
            raise Problem(409, "backup-key-missing")
        packed = scratch / "packed"
        archive.decrypt(file, packed, settings.backup_key, told)
    content = scratch / "content"
    content.mkdir()
    manifest = archive.unpack(packed, content, told)
    if is_encrypted:
        packed.unlink()
    return manifest


def _bring_files(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.replace(place)
            place.chmod(0o600)


def _verified(settings: Settings, told: Told) -> str:
    """What `flask journal verify` says of the restored place, asked as somebody would there.

    Raises:
        Problem: 409, it finds fault with it.
    """
    env = environment_for_programs(
        DATA_DIR=str(settings.data_dir),
        DATABASE_URL=settings.database_url,
        DATABASE_POOLER_URL="",
        DATABASE_REPLICA_URL="",
        REDIS_URL="",
        LOG_LEVEL="ERROR",
        OTEL_EXPORTER_OTLP_ENDPOINT="",
        SENTRY_DSN="",
    )
    command = [sys.executable, "-m", "flask", "--app", "app", "journal", "verify"]
    process = subprocess.Popen(  # noqa: S603 - a command of ours
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    with process:
        said = _heard(process, told).decode("utf-8", "replace")
    if process.returncode:
        log.error("the restored journal: %s", said[-2_000:])
        raise Problem(409, "backup-journal-wrong")
    return said.strip()


def _heard(process: subprocess.Popen[bytes], told: Told) -> bytes:
    """What a program says; whoever is told that it still runs may end it."""
    try:
        while True:
            try:
                return process.communicate(timeout=1)[0]
            except subprocess.TimeoutExpired:
                told(0)
    finally:
        if process.poll() is None:
            process.kill()


# ---- rehearsing ------------------------------------------------------------------------------------------------------


def rehearse(told: Callable[[int, int], None] = lambda _done, _total: None) -> BackupRun:
    """Restore the newest backup into a place beside, prove it, and throw that place away.

    Raises:
        Problem: 404, there is no backup; as `restore`.
    """
    run = BackupRun(kind=RunKind.REHEARSAL, started_at=now(), is_encrypted=False)
    with _noted(run), _alone():
        found = listed()
        if not found:
            raise Problem(404, "backup-missing")
        newest, done = found[0], [0]
        run.file, run.size, run.is_encrypted = newest["name"], newest["size"], newest["is_encrypted"]
        # Unpacked, compared, brought into place, and then the history is verified, of which nobody tells how far it is.
        total = _size() * 3 + newest["size"] * run.is_encrypted
        total += total // 10

        def more(count: int) -> None:
            done[0] += count
            told(min(done[0], total), total)

        with _scratch() as scratch, source_of(_settings().database_url).scratch(Path(scratch)) as url:
            place = _elsewhere(Path(scratch) / "data", url)
            proof = restore(folder() / newest["name"], place, more)
        run.rows, run.files = proof.rows, proof.manifest.file_count
    return run


def _elsewhere(data_dir: Path, database_url: str) -> Settings:
    if database_url.startswith("sqlite"):
        database_url = f"sqlite:///{data_dir / 'lianxi.db'}"
    return replace(_settings(), data_dir=data_dir, database_url=database_url, pooler_url="", replica_url="")


# ---- jobs and chores -------------------------------------------------------------------------------------------------


def begin(actor: Actor | None, kind: str) -> Job:
    """Have a backup made or rehearsed by a job.

    Raises:
        Problem: 409, one is under way; 404, there is nothing to rehearse.
    """
    hold("backup")
    if under_way() is not None:
        raise conflict("backup-running")
    if kind == REHEARSAL and not listed():
        raise Problem(404, "backup-missing")
    return enqueue(actor, kind, {})


def under_way() -> Any:
    """The job that makes or rehearses a backup now, or waits to; None without."""
    query = select(Job.id, Job.kind, Job.status, Job.done, Job.total, Job.created_at)
    query = query.where(Job.kind.in_([BACKUP, REHEARSAL]), Job.status.in_([Status.QUEUED, Status.RUNNING]))
    return db.session.execute(query.order_by(Job.id).limit(1)).one_or_none()


def _result(run: BackupRun) -> dict[str, Any]:
    return {name: getattr(run, name) for name in ("file", "size", "rows", "files")}


@job_kind(BACKUP)
def _run_backup(running: Running) -> dict[str, Any]:
    return _result(make(running.told))


@job_kind(REHEARSAL)
def _run_rehearsal(running: Running) -> dict[str, Any]:
    return _result(rehearse(running.told))


def due(at: datetime) -> str | None:
    """What is to be done by itself now: a backup each night, a rehearsal each week, again an hour after a failure.

    A new installation waits for its first night: until then there is little to lose, and much else to begin.
    """
    settings = _settings()
    with read_engine().connect() as connection:

        def last(kind: str, *, failed: bool = False) -> datetime:
            how = BackupRun.problem.is_not(None) if failed else BackupRun.problem.is_(None)
            query = select(BackupRun.started_at).where(BackupRun.kind == kind, how)
            found = connection.execute(query.order_by(BackupRun.started_at.desc()).limit(1)).scalar_one_or_none()
            return found or datetime.min.replace(tzinfo=UTC)

        night = keeping.last_due(at, ZoneInfo(settings.time_zone), settings.backup_at)
        begun = connection.execute(select(InstallationSettings.created_at)).scalar_one()
        has_backup, is_proven = last(BACKUP) > datetime.min.replace(tzinfo=UTC), last(REHEARSAL) > at - REHEARSED_EVERY
        kind = BACKUP if max(last(BACKUP), begun) < night else REHEARSAL if has_backup and not is_proven else None
        has_just_failed = kind is not None and last(kind, failed=True) > max(last(kind), at - AGAIN)
        return None if has_just_failed else kind


@chore("backups", every=timedelta(minutes=1))
def look_after_backups() -> None:
    """Begin what is due, unless it is switched off or something is under way."""
    if not _settings().backup_nightly:
        return
    kind = due(now())
    if kind is None:
        return
    with unit_of_work(source="job"):
        if under_way() is None:
            begin(None, kind)

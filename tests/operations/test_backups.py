"""Backups: made while others write, whole or not there, proven by a restore into an empty place."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest
from alembic.script import ScriptDirectory
from click.testing import Result
from sqlalchemy import select, text

from app import create_app
from app.account.mails import compose
from app.database import db, read_engine
from app.errors import Problem
from app.history import sealing
from app.job import queue, service
from app.job.models import Job, Status
from app.job.service import Interruption
from app.journal import JournalEntry, Setting
from app.mail import Mail
from app.operation import archive, backups, keeping
from app.operation.databases import PostgreSQL, source_of
from app.operation.models import BackupRun
from app.routing import CRM
from app.setting.models import InstallationSettings
from app.transaction import unit_of_work
from config import ConfigurationError, Settings, settings_from

from ..cast import Cast
from ..conftest import make_database

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def nothing_before(request: pytest.FixtureRequest) -> None:
    """No backup, file or job of an earlier test."""
    if "database" in request.fixturenames:
        app: CRM = request.getfixturevalue("app")
        shutil.rmtree(app.config["LIANXI"].backup_dir, ignore_errors=True)
        shutil.rmtree(app.config["LIANXI"].data_dir / "files", ignore_errors=True)
        queue.huey().flush()


@pytest.fixture
def place(app: CRM, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """An empty place of the same kind as the application's, on the same key."""
    url, data_dir = f"sqlite:///{tmp_path / 'new' / 'lianxi.db'}", tmp_path / "new"
    if db.engine.dialect.name == "postgresql":
        made = make_database(request.getfixturevalue("postgres_url"), "restored")
        url = made.replace("postgresql://", "postgresql+psycopg://")
    settings: Settings = app.config["LIANXI"]
    return replace(settings, data_dir=data_dir, database_url=url, backup_dir=data_dir / "backups")


@pytest.fixture
def encrypted(app: CRM) -> Iterator[str]:
    """The application with a key for its backups."""
    key, before = archive.new_key(), app.config["LIANXI"]
    app.config["LIANXI"] = replace(before, backup_key=key)
    yield key
    app.config["LIANXI"] = before


def attach(cast: Cast, content: bytes = b"%PDF-1.4 a contract") -> None:
    """A customer with a file."""
    customer = cast.alice.post("/customers", {"name": "北京联系科技"}).get_json()["id"]
    form = {"customer_id": str(customer), "file": (io.BytesIO(content), "合同.pdf")}
    answer = cast.alice.app.test_client().post(
        "/api/v1/attachments", data=form, headers={"Authorization": f"Bearer {cast.alice.token}"}
    )
    assert answer.status_code == 201, answer.get_json()


def work_off() -> None:
    made = queue.huey()
    while (task := made.dequeue()) is not None:
        made.execute(task)


def leavings(app: CRM) -> list[str]:
    """What a run left behind that is no backup."""
    settings = app.config["LIANXI"]
    scratch = [path.name for path in settings.data_dir.glob(".backup-*")]
    return scratch + [path.name for path in settings.backup_dir.glob(".lianxi-*.part")]


def test_a_backup_is_restored_whole_into_an_empty_place(app: CRM, cast: Cast, place: Settings) -> None:
    attach(cast)
    sealing.seal_journal()
    own = [path for path in (app.config["LIANXI"].data_dir / "files").rglob("*") if path.is_file()]
    count = len(list(backups._names(app.config["LIANXI"])))
    run = backups.make()
    file = app.config["LIANXI"].backup_dir / run.file
    assert file.stat().st_mode & 0o777 == 0o600
    proof = backups.restore(file, place)
    assert proof.rows == run.rows
    assert proof.rows > 100
    assert proof.manifest.file_count == run.files == count >= 2, "the attachments and the secret"
    assert proof.said.startswith("Entries")
    stored = list((place.data_dir / "files").rglob("*"))
    kept = sorted(path.read_bytes() for path in stored if path.is_file())
    assert kept == sorted(path.read_bytes() for path in own)
    assert b"%PDF-1.4 a contract" in kept
    restored = create_app(place)
    with restored.app_context():
        with read_engine().connect() as connection:
            generation = connection.execute(select(Setting.value).where(Setting.name == "feed_generation")).scalar_one()
            open_sessions = connection.execute(
                text("SELECT count(*) FROM sign_in WHERE revoked_at IS NULL")
            ).scalar_one()
        for engine in db.engines.values():
            engine.dispose()
    assert (generation, open_sessions) == (2, 0), "old cursors are gone, and so are those who were signed in"
    assert leavings(app) == []


def test_an_encrypted_backup_needs_its_key(app: CRM, cast: Cast, place: Settings, encrypted: str) -> None:
    attach(cast, b"%PDF-1.4 a very secret contract")
    run = backups.make()
    file = app.config["LIANXI"].backup_dir / run.file
    assert file.name.endswith(".tar.gz.age")
    assert run.is_encrypted
    for key, slug in (("", "backup-key-missing"), (archive.new_key(), "backup-key-wrong")):
        with pytest.raises(Problem) as refused:
            backups.restore(file, replace(place, backup_key=key))
        assert refused.value.slug == slug
    assert backups.restore(file, replace(place, backup_key=encrypted)).rows == run.rows


def test_a_place_that_is_not_empty_is_refused_and_left_as_it_is(app: CRM, cast: Cast, place: Settings) -> None:
    run = backups.make()
    file = app.config["LIANXI"].backup_dir / run.file
    for settings in (app.config["LIANXI"], replace(app.config["LIANXI"], data_dir=place.data_dir)):
        with pytest.raises(Problem) as refused:
            backups.restore(file, settings)
        assert refused.value.slug == "backup-place-not-empty"
    place.data_dir.mkdir(exist_ok=True)
    (place.data_dir / "letter.txt").write_text("mine")
    with pytest.raises(Problem) as refused:
        backups.restore(file, place)
    assert refused.value.slug == "backup-place-not-empty"
    assert [path.name for path in place.data_dir.iterdir()] == ["letter.txt"]
    assert source_of(place.database_url).is_empty()
    assert cast.alice.get("/auth/me").status_code == 200


def repacked(file: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A backup with other content."""
    with tarfile.open(file, "r:gz") as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            opened = old.extractfile(member)
            assert opened is not None
            content = change(member.name, opened.read())
            if content is not None:
                head = tarfile.TarInfo(member.name)
                head.size = len(content)
                new.addfile(head, io.BytesIO(content))
    return target


@pytest.mark.parametrize(
    ("slug", "change"),
    [
        ("backup-damaged", lambda name, content: content[:-1] + b"X" if name == "database" else content),
        ("backup-damaged", lambda name, content: None if name.endswith("secret.json") else content),
        ("backup-damaged", lambda name, content: b"{}" if name.endswith("secret.json") else content),
        ("backup-damaged", lambda name, content: b"no json" if name == "manifest.json" else content),
        ("backup-damaged", lambda name, content: None if name == "manifest.json" else content),
        ("backup-newer", lambda name, content: content.replace(b'"format": 1', b'"format": 2')),
        (
            "backup-damaged",
            lambda name, content: (
                content.replace(b'"setting": ', b'"setting": 1') if name == "manifest.json" else content
            ),
        ),
    ],
)
def test_a_changed_backup_is_refused(
    app: CRM, cast: Cast, place: Settings, tmp_path: Path, slug: str, change: Callable[[str, bytes], bytes | None]
) -> None:
    run = backups.make()
    wrong = repacked(app.config["LIANXI"].backup_dir / run.file, tmp_path / "wrong.tar.gz", change)
    with pytest.raises(Problem) as refused:
        backups.restore(wrong, place)
    assert refused.value.slug == slug


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_half_a_file_is_no_backup(app: CRM, cast: Cast, place: Settings, tmp_path: Path, share: float) -> None:
    run = backups.make()
    whole = (app.config["LIANXI"].backup_dir / run.file).read_bytes()
    half = tmp_path / "half.tar.gz"
    half.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(Problem) as refused:
        backups.restore(half, place)
    assert refused.value.slug == "backup-damaged"


def test_paths_that_lead_elsewhere_are_not_followed(app: CRM, place: Settings, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.tar.gz"
    with tarfile.open(wrong, "w:gz") as made:
        head = tarfile.TarInfo("../../outside")
        head.size = 4
        made.addfile(head, io.BytesIO(b"evil"))
    with pytest.raises(Problem) as refused:
        backups.restore(wrong, place)
    assert refused.value.slug == "backup-damaged"
    assert not list(tmp_path.rglob("outside"))


def test_a_backup_of_the_other_database_is_refused(app: CRM, cast: Cast, place: Settings, tmp_path: Path) -> None:
    def other(name: str, content: bytes) -> bytes:
        kinds = (b'"database": "sqlite"', b'"database": "postgresql"')
        here = kinds if kinds[0] in content else kinds[::-1]
        return content.replace(*here, 1) if name == "manifest.json" else content

    run = backups.make()
    wrong = repacked(app.config["LIANXI"].backup_dir / run.file, tmp_path / "other.tar.gz", other)
    with pytest.raises(Problem) as refused:
        backups.restore(wrong, place)
    assert refused.value.slug == "backup-other-database"
    assert source_of(place.database_url).is_empty()


def test_others_go_on_writing_and_miss_at_most_what_came_later(app: CRM, cast: Cast, place: Settings) -> None:
    ended, written = Event(), list[tuple[datetime, int]]()

    def write() -> None:
        number = 0
        while not ended.is_set():
            answer = cast.alice.post("/customers", {"name": f"Written meanwhile {number}"})
            assert answer.status_code == 201
            written.append((datetime.now(UTC), answer.get_json()["id"]))
            number += 1

    writer = Thread(target=write)
    writer.start()
    try:
        while len(written) < 3:
            ended.wait(0.01)
        before, began = len(written), datetime.now(UTC)
        run = backups.make()
        during = len(written) - before
    finally:
        ended.set()
        writer.join()
    assert during > 0, "nobody waited for the backup"
    backups.restore(app.config["LIANXI"].backup_dir / run.file, place)
    restored = create_app(place)
    with restored.app_context():
        with read_engine().connect() as connection:
            found = set(connection.execute(text("SELECT id FROM customer")).scalars())
        for engine in db.engines.values():
            engine.dispose()
    assert {record_id for at, record_id in written if at < began} <= found


def test_on_a_new_server_the_feed_goes_on_behind_what_was_restored(
    app: CRM, cast: Cast, place: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.engine.dialect.name != "postgresql":
        return
    # As on a server whose counter is behind: the restored entries come from its future.
    with db.engines[None].begin() as connection:
        ahead = connection.execute(text("SELECT pg_current_xact_id()::text::bigint")).scalar_one() + 20_000
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        newest = select(JournalEntry.id).order_by(JournalEntry.id.desc()).limit(1).scalar_subquery()
        connection.execute(
            text("UPDATE journal SET xact = CAST(:ahead AS text)::xid8 WHERE id = :id"),
            {"ahead": str(ahead), "id": connection.execute(select(newest)).scalar_one()},
        )
    run = backups.make()
    backups.restore(app.config["LIANXI"].backup_dir / run.file, place)
    with PostgreSQL(place.database_url)._connect() as fresh:
        row = fresh.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        assert row is not None
        assert row[0] > ahead
    monkeypatch.setattr("app.operation.databases._MOST_TRANSACTIONS", -1)
    with PostgreSQL(place.database_url)._connect(autocommit=True) as fresh:
        fresh.execute("SET session_replication_role = replica")
        fresh.execute(f"UPDATE journal SET xact = '{ahead + 10**12}'::xid8 WHERE id = 1".encode())  # noqa: S608
    with pytest.raises(Problem) as refused:
        PostgreSQL(place.database_url).settle()
    assert refused.value.slug == "backup-transactions"


def test_a_rehearsal_proves_the_newest_backup_and_leaves_nothing(app: CRM, cast: Cast) -> None:
    attach(cast)
    made = backups.make()
    run = backups.rehearse()
    assert (run.file, run.rows, run.files, run.problem) == (made.file, made.rows, made.files, None)
    assert leavings(app) == []
    if db.engine.dialect.name == "postgresql":
        with read_engine().connect() as connection:
            left = connection.execute(text("SELECT count(*) FROM pg_database WHERE datname LIKE '%rehearsal%'"))
            assert left.scalar_one() == 0


def test_a_role_without_the_right_to_create_databases_is_told(app: CRM, cast: Cast) -> None:
    if db.engine.dialect.name != "postgresql":
        return
    backups.make()
    settings = app.config["LIANXI"]
    with db.engines[None].begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS poor"))
        connection.execute(text("CREATE ROLE poor LOGIN"))
    app.config["LIANXI"] = replace(settings, database_url=settings.database_url.replace("//lianxi@", "//poor@"))
    try:
        with pytest.raises(Problem) as refused:
            backups.rehearse()
    finally:
        app.config["LIANXI"] = settings
    assert refused.value.slug == "rehearsal-not-allowed"
    last = cast.root.get("/operations").get_json()["backups"]["runs"][0]
    assert last["problem"] == "rehearsal-not-allowed"
    assert "CREATEDB" in last["problem_detail"]


def test_missing_programs_are_named(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    if db.engine.dialect.name != "postgresql":
        return
    monkeypatch.setattr("app.operation.databases._versions", lambda _name: {"/usr/bin/pg_dump": 9})
    with pytest.raises(Problem) as refused:
        backups.make()
    assert (refused.value.status, refused.value.slug) == (503, "backup-tools-missing")
    assert backups.listed() == []


def fail(*_args: object, **_values: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_failure_leaves_no_file_and_is_told_to_admins_once(
    app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, str]] = []
    monkeypatch.setattr("app.operation.backups.notify", lambda user_id, about: told.append((user_id, about)))
    with monkeypatch.context() as full:
        full.setattr("app.operation.backups.shutil.copyfile", fail)
        for _ in range(2):
            with pytest.raises(OSError, match="No space"):
                backups.make()
    assert told == [(cast.root.id, "backup_failed")], "not once an hour"
    assert backups.listed() == []
    assert leavings(app) == []
    runs = cast.root.get("/operations").get_json()["backups"]["runs"]
    assert [one["problem"] for one in runs] == ["disk-full", "disk-full"]
    backups.make()
    monkeypatch.setattr("app.operation.backups.archive.pack", fail)
    with pytest.raises(OSError, match="No space"):
        backups.make()
    assert len(told) == 2
    assert len(backups.listed()) == 1


def test_what_a_killed_process_left_is_cleared(app: CRM, cast: Cast) -> None:
    settings = app.config["LIANXI"]
    (settings.data_dir / ".backup-killed").mkdir()
    (settings.data_dir / ".backup-killed" / "database").write_text("half")
    settings.backup_dir.mkdir()
    part = settings.backup_dir / f".{keeping.name_of(backups.installation(), datetime.now(UTC), False)}.part"
    part.write_text("half")
    backups.make()
    assert leavings(app) == []


def test_one_at_a_time(app: CRM, cast: Cast) -> None:
    with backups._alone(), pytest.raises(Problem) as refused:
        backups.make()
    assert (refused.value.status, refused.value.slug) == (409, "backup-running")
    assert cast.root.get("/operations").get_json()["backups"]["runs"] == []


def test_who_is_ended_while_at_it_begins_again(app: CRM, cast: Cast) -> None:
    def told(_done: int, _total: int) -> None:
        raise Interruption

    with pytest.raises(Interruption):
        backups.make(told)
    assert cast.root.get("/operations").get_json()["backups"]["runs"] == []
    assert leavings(app) == []


def test_the_page_shows_backups_and_begins_them(app: CRM, cast: Cast) -> None:
    asked = cast.root.post("/operations/rehearsals")
    assert (asked.status_code, asked.get_json()["type"]) == (404, "/problems/backup-missing")
    asked = cast.root.post("/operations/backups")
    assert asked.status_code == 202
    job_id = asked.get_json()["id"]
    assert asked.headers["Location"] == f"/api/v1/jobs/{job_id}"
    again = cast.root.post("/operations/backups")
    assert (again.status_code, again.get_json()["type"]) == (409, "/problems/backup-running")
    shown = cast.root.get("/operations").get_json()["backups"]["under_way"]
    assert (shown["id"], shown["kind"], shown["status"]) == (job_id, "backup", "queued")
    work_off()
    job = cast.root.get(f"/jobs/{job_id}").get_json()
    assert job["status"] == "succeeded", job
    assert cast.root.post("/operations/rehearsals").status_code == 202
    work_off()
    told = cast.root.get("/operations").get_json()["backups"]
    assert told["under_way"] is None
    assert [one["kind"] for one in told["runs"]] == ["rehearsal", "backup"]
    assert told["last_backup"]["file"] == told["files"][0]["name"] == job["result"]["file"]
    assert told["last_rehearsal"]["rows"] == told["last_backup"]["rows"] == job["result"]["rows"]
    assert told["files"][0]["size"] == job["result"]["size"]
    for other in (cast.alice, cast.carol, cast.vera):
        assert other.get("/operations").status_code == 403
        assert other.post("/operations/backups").status_code == 403


def installed(at: datetime) -> None:
    """Have the installation begun at some moment."""
    with unit_of_work():
        db.session.execute(select(InstallationSettings)).scalar_one().created_at = at


def test_nightly_and_weekly_by_itself(app: CRM, cast: Cast) -> None:
    at = datetime(2026, 3, 10, 18, 29, tzinfo=UTC)  # 02:29 in Shanghai
    installed(at - timedelta(days=3))
    assert backups.due(at) == "backup", "nothing was ever made"

    def ended(kind: str, moment: datetime, problem: str | None = None) -> None:
        with unit_of_work():
            db.session.add(
                BackupRun(kind=kind, started_at=moment, finished_at=moment, is_encrypted=False, problem=problem)
            )

    ended("backup", at - timedelta(hours=2), "disk-full")
    assert backups.due(at) == "backup"
    ended("backup", at - timedelta(minutes=30), "disk-full")
    assert backups.due(at) is None, "tried half an hour ago"
    ended("backup", at)
    assert backups.due(at) == "rehearsal", "the first backup is proven at once"
    ended("rehearsal", at)
    assert backups.due(at) is None
    assert backups.due(at + timedelta(minutes=1)) == "backup", "the night has come"
    ended("backup", at + timedelta(days=7))
    assert backups.due(at + timedelta(days=7)) == "rehearsal"


def test_a_new_installation_waits_for_its_first_night(app: CRM, cast: Cast) -> None:
    at = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
    installed(at)
    assert backups.due(at + timedelta(hours=16)) is None
    assert backups.due(at + timedelta(hours=17)) == "backup"
    backups.look_after_backups()
    assert db.session.execute(select(Job)).scalar_one().kind == "backup", "the night is long over"


def test_the_chore_queues_what_is_due(app: CRM, cast: Cast) -> None:
    installed(datetime.now(UTC) - timedelta(days=3))
    settings = app.config["LIANXI"]
    app.config["LIANXI"] = replace(settings, backup_nightly=False)
    backups.look_after_backups()
    app.config["LIANXI"] = settings
    assert db.session.execute(select(Job)).scalars().all() == []
    db.session.rollback()
    backups.look_after_backups()
    backups.look_after_backups()
    job = db.session.execute(select(Job)).scalar_one()
    assert (job.kind, job.user_id) == ("backup", 0)
    db.session.rollback()
    work_off()
    backups.look_after_backups()
    work_off()
    jobs = db.session.execute(select(Job).order_by(Job.id)).scalars().all()
    assert [(job.kind, job.status) for job in jobs] == [("backup", Status.SUCCEEDED), ("rehearsal", Status.SUCCEEDED)]


def test_the_job_that_a_backup_was_made_in_ends_with_the_restore(app: CRM, cast: Cast, place: Settings) -> None:
    job_id = cast.root.post("/operations/backups").get_json()["id"]
    service.run(job_id)
    file = backups.listed()[0]["name"]
    backups.restore(app.config["LIANXI"].backup_dir / file, place)
    restored = create_app(place)
    with restored.app_context():
        with read_engine().connect() as connection:
            assert connection.execute(select(Job.status).where(Job.id == job_id)).scalar_one() == Status.CANCELLED
        for engine in db.engines.values():
            engine.dispose()


def test_files_of_the_queue_and_of_exports_stay_out(app: CRM, cast: Cast) -> None:
    data = app.config["LIANXI"].data_dir
    for name in ("exports/1.csv", "imports/7", "jobs.db-wal", ".draft", "notes/a.txt"):
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_text("x")
    run = backups.make()
    with tarfile.open(app.config["LIANXI"].backup_dir / run.file) as made:
        names = made.getnames()
    assert {"files/imports/7", "files/notes/a.txt", "files/secret.json"} <= set(names)
    assert not any("exports" in name or "jobs" in name or ".draft" in name or "lianxi.db" in name for name in names)
    for name in ("exports/1.csv", "imports/7", "jobs.db-wal", ".draft", "notes/a.txt"):
        (data / name).unlink()


# ---- rules -----------------------------------------------------------------------------------------------------------


def test_seven_days_and_four_weeks_are_kept() -> None:
    end = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
    nights = [end - timedelta(days=number) for number in range(60)]
    stay = sorted(keeping.kept(nights, SHANGHAI, 7, 4), reverse=True)
    assert stay[:7] == nights[:7]
    assert len(stay) == 9, "this week's and last week's newest are among the days"
    assert all(one.astimezone(SHANGHAI).isoweekday() == 7 for one in stay[7:])
    morning = end + timedelta(hours=8)
    assert keeping.kept([end, morning], SHANGHAI, 7, 0) == {morning}, "one a day, the newest"
    assert keeping.kept([], SHANGHAI, 7, 4) == set()


def test_old_backups_go_and_files_of_others_stay(app: CRM, cast: Cast) -> None:
    folder = app.config["LIANXI"].backup_dir
    folder.mkdir()
    mine, now = backups.installation(), datetime.now(UTC)
    for number in range(1, 60):
        (folder / keeping.name_of(mine, now - timedelta(days=number), False)).write_text("old")
    for name in ("notes.txt", keeping.name_of("0badcafe", now - timedelta(days=50), False), f"lianxi-{mine}-x.tar.gz"):
        (folder / name).write_text("not mine")
    backups.make()
    assert 9 <= len(backups.listed()) <= 11
    assert sum(path.read_bytes() == b"not mine" for path in folder.iterdir() if path.is_file()) == 3


@pytest.mark.parametrize(
    ("now", "due"),
    [("2026-03-10T18:29:00Z", "2026-03-09T18:30:00Z"), ("2026-03-10T18:30:00Z", "2026-03-10T18:30:00Z")],
)
def test_the_night_is_that_of_the_zone(now: str, due: str) -> None:
    assert keeping.last_due(datetime.fromisoformat(now), SHANGHAI, time(2, 30)) == datetime.fromisoformat(due)


@pytest.mark.parametrize(("name", "value"), [("BACKUP_KEY", "secret"), ("BACKUP_AT", "25:00"), ("BACKUP_DAYS", "0")])
def test_wrong_values_are_refused_in_words(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings_from({name: value})
    assert str(refused.value).startswith(name)
    assert "secret" not in str(refused.value)


# ---- commands --------------------------------------------------------------------------------------------------------


def command(app: CRM, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


def test_the_commands(app: CRM, cast: Cast, place: Settings) -> None:
    made = command(app, "backup")
    assert made.exit_code == 0, made.output
    file = backups.folder() / backups.listed()[0]["name"]
    assert str(file) in made.output
    assert str(file) in command(app, "backup", "list").output
    proven = command(app, "backup", "rehearse")
    assert proven.exit_code == 0, proven.output
    assert command(app, "backup", "key").output.startswith("AGE-SECRET-KEY-1")
    refused = command(app, "restore", str(file))
    assert refused.exit_code == 1
    assert "Nothing was changed" in refused.output
    assert "未做任何更改" in refused.output
    app.config["LIANXI"], before = place, app.config["LIANXI"]
    try:
        done = command(app, "restore", str(file))
    finally:
        app.config["LIANXI"] = before
    assert done.exit_code == 0, done.output
    assert "Restored" in done.output


def test_an_admin_is_told_by_mail_in_both_languages(app: CRM) -> None:
    for language in ("en", "zh-CN"):
        for about in ("backup_failed", "rehearsal_failed"):
            mail: Mail = compose(
                language, "Root", "root@example.com", about, "https://crm.example.com/admin/operations"
            )
            assert "/admin/operations" in mail.text
            assert mail.subject


def test_the_manifest_tells_what_is_in_it(app: CRM, cast: Cast) -> None:
    attach(cast)
    run = backups.make()
    with tarfile.open(app.config["LIANXI"].backup_dir / run.file) as made:
        opened = made.extractfile("manifest.json")
        assert opened is not None
        manifest = json.loads(opened.read())
    assert manifest["database"] == db.engine.dialect.name
    assert manifest["revision"] == ScriptDirectory(str(app.config["MIGRATIONS"])).get_current_head()
    assert sum(manifest["rows"].values()) == run.rows
    assert manifest["rows"]["customer"] == 1
    assert set(manifest["digests"]) >= {"database", "files/secret.json"}

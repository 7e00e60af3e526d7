"""Jobs: asked for in a request, done by a worker step by step, called off, taken up again after a crash."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest
from flask import g
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from app.access import Actor
from app.auth.identity import load_actor
from app.customer.models import Customer
from app.customer.service import create as create_customer
from app.database import db, read_engine
from app.errors import Issue, invalid
from app.job import chores, queue, service
from app.job.models import Chore, Job, Status
from app.job.service import KINDS, Running
from app.journal import Changeset
from app.routing import CRM
from app.transaction import after_commit, unit_of_work

from ..cast import Cast, Member


@pytest.fixture(autouse=True)
def kinds(app: CRM) -> Iterator[None]:
    """An empty queue; the kinds that a test declares end with it."""
    queue.huey().flush()
    registries: list[dict[str, Any]] = [KINDS, chores.CHORES]
    before = [dict(registry) for registry in registries]
    chores.CHORES.clear()
    yield
    for registry, kept in zip(registries, before, strict=True):
        registry.clear()
        registry.update(kept)


class _Made:
    """What makes a file when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.place,)


@pytest.mark.parametrize("signature", [b"", b":", b":" + b"0" * 40, b":" + b"0" * 64])
def test_what_we_have_not_put_into_the_queue_is_never_unpickled(app: CRM, tmp_path: Path, signature: bytes) -> None:
    place = tmp_path / "made"
    queue.huey().storage.enqueue(pickle.dumps(_Made(place)) + signature)
    with pytest.raises(ValueError, match=r"Separator|Signature"):
        queue.huey().dequeue()
    assert not place.exists()


def actor_of(member: Member) -> Actor:
    with read_engine().connect() as connection:
        actor = load_actor(connection, member.id, None)
    assert actor is not None
    return actor


def ask(member: Member, kind: str = "copy", **arguments: Any) -> int:
    """A job of somebody; its id."""
    actor = actor_of(member)
    with unit_of_work(actor_id=member.id):
        return service.enqueue(actor, kind, arguments, total=arguments.get("many")).id


def work_off() -> int:
    """Do what is in the queue; how many tasks it held."""
    made, tasks = queue.huey(), 0
    while (task := made.dequeue()) is not None:
        made.execute(task)
        tasks += 1
    return tasks


def job_of(job_id: int) -> Job:
    db.session.rollback()
    job = db.session.get(Job, job_id, populate_existing=True)
    assert job is not None
    return job


def copies(running: Running, stop_at: int | None = None, by: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Make customers, three in a step; go on behind those that are there."""
    many, start = running.arguments["many"], running.state or 0
    for first in range(start, many, 3):
        if stop_at is not None and first >= stop_at:
            by()
        last = min(first + 3, many)
        with running.step(last, many, state=last):
            for number in range(first, last):
                create_customer(running.actor(), {"name": f"Copy {number}"})
    return {"new": many}


def test_a_job_is_done_as_one_change_set_in_the_name_of_who_asked(app: CRM, cast: Cast) -> None:
    KINDS["copy"] = copies
    job_id = ask(cast.alice, many=8)
    waiting = cast.alice.get(f"/jobs/{job_id}").get_json()
    assert (waiting["status"], waiting["done"], waiting["total"], waiting["result"]) == ("queued", 0, 8, None)
    work_off()
    done = cast.alice.get(f"/jobs/{job_id}").get_json()
    assert (done["status"], done["done"], done["total"], done["result"]) == ("succeeded", 8, 8, {"new": 8})
    assert done["problem"] is None
    assert done["started_at"] <= done["finished_at"]
    changes = db.session.execute(select(Changeset).where(Changeset.source == "job")).scalars().all()
    assert [(one.id, one.entry_count, one.actor_id) for one in changes] == [(done["changeset_id"], 8, cast.alice.id)]
    assert cast.alice.get("/customers?name=Copy").get_json()["meta"]["total"] == 8


def test_only_who_asked_knows_of_a_job(app: CRM, cast: Cast) -> None:
    KINDS["copy"] = copies
    job_id = ask(cast.alice, many=1)
    for other in (cast.bob, cast.root):
        assert other.get(f"/jobs/{job_id}").status_code == 404
        assert other.post(f"/jobs/{job_id}/cancel").status_code == 404
    assert cast.alice.get(f"/jobs/{job_id + 1}").status_code == 404


def test_a_job_that_is_rolled_back_is_never_begun(app: CRM, cast: Cast) -> None:
    KINDS["copy"] = copies
    actor = actor_of(cast.alice)

    def ask_and_fail() -> None:
        with unit_of_work(actor_id=cast.alice.id):
            service.enqueue(actor, "copy", {"many": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    assert work_off() == 0


def test_a_job_that_is_queued_twice_is_done_once(app: CRM, cast: Cast) -> None:
    KINDS["copy"] = copies
    job_id = ask(cast.alice, many=2)
    queue.put(job_id)
    assert work_off() == 2
    assert cast.alice.get("/customers?name=Copy").get_json()["meta"]["total"] == 2


def test_a_problem_is_told_in_the_language_of_who_asked(app: CRM, cast: Cast) -> None:
    def refuse(_running: Running) -> None:
        raise invalid(Issue("#/file", "required"))

    KINDS["copy"] = refuse
    job_id = ask(cast.alice)
    with unit_of_work():
        db.session.execute(update(Job).values(language="zh-CN"))
    work_off()
    failed = cast.alice.get(f"/jobs/{job_id}").get_json()
    assert failed["status"] == "failed"
    assert failed["problem"]["type"] == "/problems/invalid"
    assert failed["problem"]["errors"] == [{"pointer": "#/file", "code": "required", "detail": "必填。"}]


def test_what_fails_unexpectedly_says_no_more_than_that(app: CRM, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_running: Running) -> None:
        raise ValueError("a secret 4711")

    KINDS["copy"] = fail
    job_id = ask(cast.alice)
    work_off()
    failed = cast.alice.get(f"/jobs/{job_id}").get_json()
    assert failed["status"] == "failed"
    assert failed["problem"]["status"] == 500
    assert "4711" not in str(failed)
    assert "4711" in caplog.text


def test_a_step_that_fails_leaves_nothing_of_itself(app: CRM, cast: Cast) -> None:
    def fail() -> None:
        raise invalid(Issue("#", "invalid"))

    KINDS["copy"] = lambda running: copies(running, 6, fail)
    job_id = ask(cast.alice, many=9)
    work_off()
    job = job_of(job_id)
    assert (job.status, job.done, job.state) == ("failed", 6, 6)
    assert cast.alice.get("/customers?name=Copy").get_json()["meta"]["total"] == 6


@pytest.mark.parametrize("crash", [SystemExit, KeyboardInterrupt])
def test_a_job_whose_worker_died_goes_on_where_it_was(app: CRM, cast: Cast, crash: type[BaseException]) -> None:
    def die() -> None:
        raise crash

    KINDS["copy"] = lambda running: copies(running, 6, die)
    job_id = ask(cast.alice, many=20)
    with pytest.raises(crash):
        service.run(job_id)
    assert job_of(job_id).status == Status.RUNNING
    KINDS["copy"] = copies
    service.pick_up()
    work_off()
    assert job_of(job_id).done == 6, "it may yet be alive"
    service.pick_up(silent_seconds=0)
    work_off()
    job = job_of(job_id)
    assert (job.status, job.done, job.attempts) == ("succeeded", 20, 2)
    names = db.session.execute(select(Customer.name).where(Customer.name.like("Copy %"))).scalars().all()
    assert sorted(names) == sorted(f"Copy {number}" for number in range(20))
    assert len(db.session.execute(select(Changeset.id).where(Changeset.source == "job")).all()) == 1


def test_a_worker_that_ends_puts_its_job_back(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ending: list[bool] = []
    monkeypatch.setattr(queue, "is_ending", lambda: bool(ending))
    KINDS["copy"] = lambda running: copies(running, 3, lambda: ending.append(True))
    job_id = ask(cast.alice, many=7)
    work_off()
    job = job_of(job_id)
    assert (job.status, job.done, job.attempts) == ("queued", 3, 0)
    ending.clear()
    KINDS["copy"] = copies
    service.pick_up(silent_seconds=0)
    work_off()
    assert job_of(job_id).status == Status.SUCCEEDED
    assert cast.alice.get("/customers?name=Copy").get_json()["meta"]["total"] == 7


def test_a_database_that_is_away_puts_a_job_off_but_not_for_ever(app: CRM, cast: Cast) -> None:
    def away(_running: Running) -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    KINDS["copy"] = away
    job_id = ask(cast.alice)
    for attempt in range(1, service.ATTEMPTS + 1):
        work_off()
        service.pick_up(silent_seconds=0)
        assert job_of(job_id).attempts == attempt
    job = job_of(job_id)
    assert job.status == Status.FAILED
    assert job.problem["type"] == "/problems/unavailable"


def test_calling_off(app: CRM, cast: Cast) -> None:
    def call_off() -> None:
        with app.app_context():
            assert cast.alice.post(f"/jobs/{running_id}/cancel").get_json()["status"] == "running"

    KINDS["copy"] = lambda running: copies(running, 3, call_off)
    waiting_id, running_id = ask(cast.alice, many=9), ask(cast.alice, many=9)
    assert cast.alice.post(f"/jobs/{waiting_id}/cancel").get_json()["status"] == "cancelled"
    work_off()
    assert [job_of(one).status for one in (waiting_id, running_id)] == ["cancelled", "cancelled"]
    assert cast.alice.get("/customers?name=Copy").get_json()["meta"]["total"] == 3, "what was done stays"
    again = cast.alice.post(f"/jobs/{running_id}/cancel")
    assert (again.status_code, again.get_json()["type"]) == (409, "/problems/job-ended")


def test_rights_are_those_of_the_moment(app: CRM, cast: Cast) -> None:
    KINDS["copy"] = copies
    job_id = ask(cast.alice, many=2)
    assert cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor_id": cast.bob.id}).status_code == 200
    work_off()
    assert (job_of(job_id).status, job_of(job_id).problem["type"]) == ("failed", "/problems/forbidden")


def test_progress_without_changes_is_told_now_and_then(app: CRM, cast: Cast) -> None:
    seen: list[int] = []

    def count(running: Running) -> int:
        for number in range(1, 2_001):
            running.told(number, 2_000)
        seen.append(job_of(running.id).done)
        return running.done

    KINDS["copy"] = count
    job_id = ask(cast.alice)
    work_off()
    assert (job_of(job_id).result, job_of(job_id).changeset_id) == (2_000, None)
    assert 0 < seen[0] < 2_000, "not every row is written"


def test_without_a_queue_a_job_waits_and_is_found(
    app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    KINDS["copy"] = copies
    with monkeypatch.context() as broken:
        broken.setattr(queue.huey().storage, "enqueue", lambda *_: 1 / 0)
        job_id = ask(cast.alice, many=1)
    assert "the queue is away" in caplog.text
    assert work_off() == 0
    service.pick_up(silent_seconds=0)
    work_off()
    assert job_of(job_id).status == Status.SUCCEEDED


def test_what_happens_after_the_commit_cannot_undo_it(app: CRM, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    with unit_of_work():
        after_commit(lambda: 1 // 0)  # type: ignore[arg-type]
        after_commit(lambda: told.append("told"))
        assert told == []
    assert told == ["told"]
    assert "ZeroDivisionError" in caplog.text


def test_a_chore_comes_round_and_a_failing_one_hinders_nobody(app: CRM, caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    chores.chore("broken", every=timedelta(hours=1))(lambda: 1 / 0)
    chores.chore("sweep", every=timedelta(hours=1))(lambda: done.append("sweep"))
    chores.do_due()
    chores.do_due()
    assert done == ["sweep"]
    assert "'broken'" in caplog.text
    with unit_of_work():
        db.session.execute(update(Chore).values(begun_at=Chore.begun_at))
        for one in db.session.execute(select(Chore)).scalars():
            one.begun_at -= timedelta(minutes=59, seconds=40)
    chores.do_due()
    assert done == ["sweep", "sweep"]


def test_ended_jobs_are_forgotten_after_a_month(app: CRM, cast: Cast) -> None:
    KINDS["copy"] = copies
    old, new, waiting = (ask(cast.alice, many=1) for _ in range(3))
    with unit_of_work() as unit:
        for number, ended in ((old, unit.at - timedelta(days=31)), (new, unit.at)):
            db.session.execute(update(Job).where(Job.id == number).values(finished_at=ended))
    chores.forget_ended()
    assert cast.alice.get(f"/jobs/{old}").status_code == 404
    assert {cast.alice.get(f"/jobs/{number}").status_code for number in (new, waiting)} == {200}


def test_the_language_of_a_job_ends_with_it(app: CRM, cast: Cast) -> None:
    KINDS["copy"] = copies
    ask(cast.alice, many=1)
    work_off()
    assert "language" not in g


def test_a_long_job_lets_others_write(cast: Cast) -> None:
    ended, waits = Event(), list[float]()

    @service.job_kind("hog")
    def _hog(running: Running) -> None:
        for done in range(6):
            with running.step(done):
                db.session.execute(select(Job.id))
                sleep(0.5)

    def write(app: CRM) -> None:
        with app.app_context():
            while not ended.is_set():
                began = monotonic()
                with unit_of_work(source="job"):
                    db.session.execute(select(Job.id))
                waits.append(monotonic() - began)
                sleep(0.05)

    job_id = ask(cast.alice, "hog")
    writer = Thread(target=write, args=[cast.alice.app])
    writer.start()
    work_off()
    ended.set()
    writer.join()
    assert job_of(job_id).status == Status.SUCCEEDED
    assert len(waits) >= 4
    assert max(waits) < 1.2, waits

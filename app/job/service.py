"""Use cases of jobs: ask for one, do it, call it off.

A job is a row first. It is put into the queue only after the commit that made it; whatever is lost on the way there, or
with a worker that died, is found by `pick_up` and put there again. Doing one is claimed in the database, so that
a job that was queued twice is done once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any

import orjson
from flask import g
from sqlalchemy import Connection, exists, select, update
from sqlalchemy.exc import OperationalError

import logs

from ..access import Actor
from ..auth.identity import load_actor
from ..database import db, folder_of
from ..errors import Problem, conflict, not_found, problem_of, request_id
from ..listing import encode
from ..messages import language
from ..tracing import span
from ..transaction import Unit, after_commit, in_unit, now, seal, unit_of_work
from ..turns import GAP, is_awaited
from . import queue
from .models import Job, Status

log = logging.getLogger("lianxi")

SILENT_SECONDS = 60
"""After so long without a sign of life a running job is taken from its worker."""

ATTEMPTS = 5
"""How often a job is begun again after a failure that may pass, such as a database that is away."""

_TOLD_EVERY = 0.25

KINDS: dict[str, Callable[[Running], Any]] = {}
"""What does the jobs of each kind; its result is the job's."""


class Interruption(Exception):
    """The worker ends: the job goes back into the queue as it stands."""


class CalledOff(Exception):
    """Somebody does not want the job any more."""


def job_kind(name: str) -> Callable[[Callable[[Running], Any]], Callable[[Running], Any]]:
    """Declare what does the jobs of a kind.

    The function may be begun again after a crash: it does its work in `Running.step`s, which commit the work together
    with the `state` that says where to go on.
    """

    def declare(function: Callable[[Running], Any]) -> Callable[[Running], Any]:
        KINDS[name] = function
        return function

    return declare


class Running:
    """A job while it is being done.

    Attributes:
        arguments: what was asked for.
        state: what the last step left; None at the beginning.
        changeset_id: the one change set of all steps; None before the first change.
        total: how much there is to do, as shown to whoever asked.
    """

    def __init__(self, job: Job) -> None:
        self.id = job.id
        self.user_id = job.user_id
        self.arguments: Mapping[str, Any] = job.arguments or {}
        self.state: Any = job.state
        self.changeset_id = job.changeset_id
        self.done, self.total = job.done, job.total
        self._request_id = job.request_id
        self._scopes = None if job.scopes is None else frozenset(job.scopes)
        self._told = 0.0
        self._let_go = monotonic()

    def actor(self) -> Actor:
        """Whoever asked for the job, with the rights of this moment, a token's within its scopes.

        Raises:
            Problem: 403, the account has ended.
        """
        with db.engines["read"].connect() as connection:
            actor = load_actor(connection, self.user_id, None, self._scopes)
        if actor is None:
            raise Problem(403, "forbidden")
        return actor

    @contextmanager
    def step(self, done: int | None = None, total: int | None = None, *, state: Any = None) -> Iterator[Unit]:
        """A unit of work of the job: what is changed in it, how far that gets, and where to go on, are one commit.

        Args:
            done: how much is done after it.
            total: how much there is.
            state: what a later attempt needs to go on behind this step; kept as it is where None.

        Raises:
            Interruption: the worker ends.
        """
        self._heed()
        self.leave_gap()
        with unit_of_work(
            actor_id=self.user_id, source="job", request_id=self._request_id, changeset_id=self.changeset_id
        ) as unit:
            yield unit
            seal(unit)
            self._note(done, total)
            self.state = self.state if state is None else state
            values = {"done": self.done, "total": self.total, "state": self.state, "changeset_id": unit.changeset_id}
            db.session.execute(update(Job).where(Job.id == self.id).values(beat_at=datetime.now(UTC), **values))
        self.changeset_id = unit.changeset_id
        self._told = monotonic()
        self.give_way()

    def give_way(self) -> None:
        """Let others write from now on, behind a unit of work; what the next one needs can be prepared meanwhile."""
        self._let_go = monotonic()

    def leave_gap(self) -> None:
        """See that others could write, where a database has one writer at a time: never within a unit of work."""
        if db.engine.dialect.name == "sqlite":
            sleep(max(0.0, self._let_go + GAP - monotonic()))

    def is_awaited(self) -> bool:
        """Whether somebody waits for the end of the open unit of work, where a database has one writer at a time."""
        return db.engine.dialect.name == "sqlite" and is_awaited(folder_of(db.engine))

    def told(self, done: int | None = None, total: int | None = None) -> None:
        """Tell how far the work got that changes nothing; cheap enough to be called for every row.

        Raises:
            Interruption: the worker ends.
        """
        self._note(done, total)
        if monotonic() - self._told < _TOLD_EVERY:
            return
        self._heed()
        # Beside the session, which the work may be reading from.
        with db.engines[None].begin() as connection:
            values = {"done": self.done, "total": self.total, "beat_at": datetime.now(UTC)}
            connection.execute(update(Job).where(Job.id == self.id).values(**values))
        self._told = monotonic()

    def _note(self, done: int | None, total: int | None) -> None:
        self.done = self.done if done is None else done
        self.total = self.total if total is None else total

    def _heed(self) -> None:
        if queue.is_ending():
            raise Interruption
        with db.engines["read"].connect() as connection:
            unwanted = connection.execute(select(Job.is_unwanted).where(Job.id == self.id)).scalar()
        if unwanted:
            raise CalledOff


# ---- asking -------------------------------------------------------------------------------------------------------


def enqueue(actor: Actor | None, kind: str, arguments: Mapping[str, Any], total: int | None = None) -> Job:
    """Ask for a job in the open unit of work; it is begun after the commit.

    Args:
        actor: in whose name and with whose rights it is done; None for what the product does by itself.
        kind: which one.
        arguments: what it is about; JSON.
        total: how much there is to do, where known.
    """
    if kind not in KINDS:
        raise LookupError(kind)
    job = Job(
        kind=kind,
        status=Status.QUEUED,
        arguments=dict(arguments),
        total=total,
        user_id=0 if actor is None else actor.user_id,
        scopes=None if actor is None or actor.scopes is None else sorted(actor.scopes),
        language=language(),
        request_id=request_id(),
        created_at=now(),
        beat_at=now(),
    )
    db.session.add(job)
    db.session.flush()
    job_id = job.id
    after_commit(lambda: queue.put(job_id))
    return job


def get(actor: Actor, job_id: int) -> Job:
    """One's own job.

    Raises:
        Problem: 404.
    """
    query = select(Job).where(Job.id == job_id, Job.user_id == actor.user_id)
    job = db.session.execute(query.with_for_update() if in_unit() else query).scalar_one_or_none()
    if job is None:
        raise not_found()
    return job


def cancel(_actor: Actor, job: Job) -> Job:
    """Call a job off. One that waits ends at once, one that runs at its next step; what it has done stays.

    Raises:
        Problem: 409, it has ended already.
    """
    if job.status == Status.QUEUED:
        job.status, job.finished_at = Status.CANCELLED, now()
    elif job.status != Status.RUNNING:
        raise conflict("job-ended")
    job.is_unwanted = True
    db.session.flush()
    return job


# ---- doing --------------------------------------------------------------------------------------------------------


def run(job_id: int) -> None:
    """Do a job that waits, from where it stands; nothing where another worker has it or it has ended."""
    job = _claim(job_id)
    if job is None:
        return
    g.language = job.language
    logs.begin(request_id=job.request_id, job_id=job.id, job_kind=job.kind, user_id=job.user_id)
    running = Running(job)
    try:
        with span(f"job {job.kind}", job_id=job.id):
            result = KINDS[job.kind](running)
    except Interruption:
        _back(job_id, attempts=0)
    except CalledOff:
        _end(job_id, Status.CANCELLED)
    except Problem as problem:
        _end(job_id, Status.FAILED, problem=problem.document())
    except OperationalError as error:
        log.warning("job %d is put off: %s", job_id, type(error.orig).__name__)
        if job.attempts < ATTEMPTS:
            _back(job_id)
        else:
            _end(job_id, Status.FAILED, problem=problem_of(error).document())
    except Exception as error:
        _end(job_id, Status.FAILED, problem=problem_of(error).document())
    else:
        _end(job_id, Status.SUCCEEDED, result=result)


def _claim(job_id: int) -> Job | None:
    with unit_of_work(source="job"):
        waits = update(Job).where(Job.id == job_id, Job.status == Status.QUEUED)
        taken = waits.values(
            status=Status.RUNNING, started_at=now(), beat_at=now(), attempts=Job.attempts + 1
        ).returning(Job.id)
        if db.session.execute(taken).scalar() is None:
            return None
        return db.session.get(Job, job_id)


def _end(job_id: int, status: Status, *, result: Any = None, problem: Any = None) -> None:
    with unit_of_work(source="job"):
        # As the wire has them: moments and decimals are texts.
        told = orjson.loads(encode({"result": result, "problem": problem}))
        values = {"status": status, **told, "finished_at": now()}
        db.session.execute(update(Job).where(Job.id == job_id).values(**values))


def _back(job_id: int, **values: Any) -> None:
    with unit_of_work(source="job"):
        db.session.execute(update(Job).where(Job.id == job_id).values(status=Status.QUEUED, beat_at=now(), **values))


def is_at_work(connection: Connection, kind: str) -> bool:
    """Whether a job of a kind is under way or waits for a worker."""
    found = exists().where(Job.kind == kind, Job.status.in_([Status.QUEUED, Status.RUNNING]))
    return bool(connection.execute(select(found)).scalar())


def pick_up(silent_seconds: int = SILENT_SECONDS) -> None:
    """Queue again what waits without anybody knowing, and what a worker left that has died.

    Args:
        silent_seconds: after so long without a sign of life it is taken for lost; 0 where there is no other worker.
    """
    with unit_of_work(source="job"):
        lost = (
            update(Job)
            .where(Job.status.in_([Status.QUEUED, Status.RUNNING]))
            .where(Job.beat_at <= now() - timedelta(seconds=silent_seconds))
            .values(status=Status.QUEUED, beat_at=now())
            .returning(Job.id)
        )
        found = sorted(db.session.execute(lost).scalars())
    for job_id in found:
        queue.put(job_id)


queue.RUN.append(run)
queue.EVERY_MINUTE.append(pick_up)

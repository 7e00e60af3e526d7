"""Chores: what comes round by itself, such as the weekly digest. Of several workers one does each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

import logs

from ..auth import second_factor
from ..auth.deputies import settle_due
from ..database import db
from ..transaction import now, unit_of_work
from . import queue
from .models import Chore, Job

log = logging.getLogger("lianxi")

KEPT = timedelta(days=30)
"""So long an ended job can be asked about."""

_CLOCKS_DIFFER = timedelta(minutes=1)
"""So far the clocks of two machines may be apart."""

CHORES: dict[str, tuple[timedelta, Callable[[], object]]] = {}
"""Every chore by its name: how often it comes round, and what does it."""


def chore(name: str, *, every: timedelta) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Declare what comes round by itself.

    The function opens its own units of work, decides by itself what is due, and may be begun again at any time.

    Args:
        name: under which its last beginning is remembered.
        every: how often; minutes count, seconds do not.
    """

    def declare(function: Callable[[], object]) -> Callable[[], object]:
        CHORES[name] = (every, function)
        return function

    return declare


def do_due() -> None:
    """Do the chores whose time has come; one that fails is logged and comes round again."""
    for name, (every, function) in CHORES.items():
        if not _claim(name, every):
            continue
        try:
            with logs.about(chore=name):
                function()
        except Exception:
            log.exception("the chore %r failed", name)
        finally:
            db.session.rollback()


def _claim(name: str, every: timedelta) -> bool:
    try:
        with unit_of_work(source="job"):
            # Half a minute of grace: the scheduler's minutes are not to the second.
            due = now() - every + timedelta(seconds=30)
            # A beginning that is yet to come was written while the clock was wrong: without it a chore would rest until
            # then.
            is_due = or_(Chore.begun_at <= due, Chore.begun_at > now() + _CLOCKS_DIFFER)
            again = update(Chore).where(Chore.name == name, is_due).values(begun_at=now())
            if db.session.execute(again.returning(Chore.name)).scalar() is not None:
                return True
            if db.session.execute(select(Chore.name).where(Chore.name == name)).scalar() is not None:
                return False
            db.session.add(Chore(name=name, begun_at=now()))
    except IntegrityError:
        # Another worker has just begun it for the first time.
        return False
    return True


@chore("ended jobs", every=timedelta(days=1))
def forget_ended() -> None:
    """Delete jobs that ended a month ago; what they did stands in the journal."""
    with unit_of_work(source="job") as unit:
        db.session.execute(delete(Job).where(Job.finished_at < unit.at - KEPT))


queue.EVERY_MINUTE.append(do_due)


chore("deputies", every=timedelta(minutes=1))(settle_due)
chore("locked secrets", every=timedelta(hours=1))(second_factor.lock_anew)

"""Sending the weekly digests: to each person once a week, from Monday seven o'clock where he or she is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from ..access import Permission
from ..auth.identity import load_actor
from ..auth.models import User
from ..database import db, read_engine
from ..job.chores import chore
from ..mail import Mail, MailError, NotConfiguredError, Outbox, UnreachableError
from ..transaction import hold, unit_of_work
from .digest import week_of
from .digest_mail import mail_of
from .models import DigestState, WeeklyDigest

_HOUR = 7
_ABANDONED = timedelta(minutes=15)
"""A claim that old is of a process that ended before it could tell what became of the mail."""

_NEEDED = frozenset({Permission.DEAL_READ, Permission.REPORT_READ})


@dataclass
class Sending:
    """What one run did.

    Attributes:
        sent: mails handed to the server.
        empty: people with nothing to be told.
        failed: people whose mail did not leave; the next run tries again.
    """

    sent: int = 0
    empty: int = 0
    failed: int = 0


def due_week(at: datetime, zone: str) -> str | None:
    """The ISO week whose digest is due at a moment in a time zone; None before seven o'clock of its Monday."""
    there = at.astimezone(ZoneInfo(zone))
    if there.weekday() == 0 and there.hour < _HOUR:
        return None
    return week_of(there.date())


def send_due_digests(at: datetime | None = None) -> Sending:
    """Send every digest that is due and has not been sent; may be called at any time, by several processes at once.

    Each person is claimed in a unit of work of its own before the mail leaves, and given free again where it does not.

    Args:
        at: the moment by which dues are told; now by default.

    Raises:
        NotConfiguredError: there is no mail server; nothing is counted as sent.
    """
    at = at or datetime.now(UTC)
    done = Sending()
    with Outbox(current_app.config["LIANXI"]) as outbox:
        for person in _readers():
            week = due_week(at, person.time_zone or current_app.config["LIANXI"].time_zone)
            if week is None:
                continue
            try:
                _serve(person, week, outbox, done)
            except UnreachableError as error:
                done.failed += 1
                current_app.logger.warning("weekly digests: %s; the next run goes on", error)
                break
            except MailError as error:
                done.failed += 1
                current_app.logger.warning("weekly digest of user %d: %s", person.id, error)
            except Exception:
                # What goes wrong with one person must not keep the others from theirs.
                done.failed += 1
                current_app.logger.exception("weekly digest of user %d", person.id)
    return done


def _readers() -> list[Any]:
    """The active people who want their digest and can be reached."""
    query = select(User.id, User.email, User.time_zone).order_by(User.id)
    query = query.where(User.is_active, User.wants_digest, User.email.is_not(None))
    with read_engine().connect() as connection:
        return list(connection.execute(query))


def _serve(person: Any, week: str, outbox: Outbox, done: Sending) -> None:
    if not _claim(person.id, week):
        return
    try:
        mail = _mail(person, week)
        if mail is not None:
            outbox.send(mail)
    except BaseException:
        _settle(person.id, week, None)
        raise
    if mail is None:
        _settle(person.id, week, DigestState.EMPTY)
        done.empty += 1
    else:
        _settle(person.id, week, DigestState.SENT)
        done.sent += 1


def _mail(person: Any, week: str) -> Mail | None:
    with read_engine().connect() as connection:
        actor = load_actor(connection, person.id, None)
        if actor is None or not actor.permissions >= _NEEDED:
            return None
        return mail_of(connection, actor, person.email, week, current_app.config["LIANXI"].public_url)


def _claim(user_id: int, week: str) -> bool:
    """Whether it falls to this run to tell a person about a week."""
    with unit_of_work(source="job") as unit:
        hold(f"digest {user_id}")
        found = db.session.get(WeeklyDigest, (user_id, week))
        if found is None:
            db.session.add(WeeklyDigest(user_id=user_id, week=week, state=DigestState.CLAIMED, at=unit.at))
            return True
        if found.state != DigestState.CLAIMED or found.at > unit.at - _ABANDONED:
            return False
        found.at = unit.at
        return True


def _settle(user_id: int, week: str, state: DigestState | None) -> None:
    """Keep what became of a claim; None gives it free."""
    with unit_of_work(source="job") as unit:
        claim = db.session.get_one(WeeklyDigest, (user_id, week))
        if state is None:
            db.session.delete(claim)
        else:
            claim.state, claim.at = state, unit.at


@chore("weekly digests", every=timedelta(hours=1))
def send_by_itself() -> None:
    """Send what is due; nothing where no mail server is configured."""
    with suppress(NotConfiguredError):
        send_due_digests()

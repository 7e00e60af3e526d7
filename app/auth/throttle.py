"""The brake on guessing passwords: counters in the database, the same for accounts that exist and that do not.

An attempt is counted before its password is looked at and forgiven when it was right: a hundred attempts at once get no
further than a hundred in a row. Nothing here is a lock-out: a known pair of account and address passes the account's
delay, so a stranger cannot keep a person out.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Any

import sqlalchemy.dialects.postgresql as pg
import sqlalchemy.dialects.sqlite as lite
from sqlalchemy import case, delete, select, update

from ..database import db
from ..errors import Problem
from ..transaction import unit_of_work
from .models import SignIn, SignInThrottle

log = logging.getLogger("lianxi")

FREE_FAILURES = 5
LONGEST = timedelta(minutes=15)
MEMORY = timedelta(days=1)
PER_ADDRESS = 20
WINDOW = timedelta(minutes=1)
_KNOWN_FOR = timedelta(days=90)


@dataclass(frozen=True)
class Attempt:
    """An attempt that was let through and counted.

    Attributes:
        passed_delay: it came from a known address while the account was delayed; the counter then stays.
    """

    account: str
    address: str
    passed_delay: bool


def network(address: str | None) -> str:
    """What counts as one address: an IPv4 address, or the /64 that an IPv6 host has all to itself."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if found.version == 6:
        found = found.ipv4_mapped or found
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))


def account_key(user_id: int | None, typed: str) -> str:
    """The counter of an account, or of a text that is nobody's."""
    return f"user:{user_id}" if user_id is not None else f"text:{hashlib.sha256(typed.encode()).hexdigest()}"


def admit(account: str, address: str | None, *, user_id: int | None = None) -> Attempt:
    """Count an attempt, in a unit of work of its own, so that a refusal keeps it.

    Args:
        account: key of its counter.
        address: of the caller.
        user_id: whose known addresses pass the account's delay; None for none.

    Raises:
        Problem: 429 with `Retry-After`; the attempt is then not counted.
    """
    place = network(address)
    with unit_of_work(source="http") as unit:
        at = unit.at
        account_row, address_row = _row(account, at), _row(f"address:{place}", at)
        delay = _account_delay(account_row, at)
        known = delay > 0 and user_id is not None and _is_known(user_id, place, at)
        wait = max(0 if known else delay, _address_delay(address_row, at))
        if wait <= 0:
            _count(account, account_row, at, anew=at - account_row.last_at >= MEMORY)
            _count(f"address:{place}", address_row, at, anew=at - address_row.first_at >= WINDOW)
        _forget(at)
    if wait > 0:
        log.warning("sign-in throttled: %s from %s for %d s", account[:20], place, wait)
        raise Problem(429, "too-many-requests", headers={"Retry-After": str(wait)})
    return Attempt(account, place, passed_delay=known)


def forgive(*attempts: Attempt) -> None:
    """Take attempts from one address back that were right, within the caller's unit of work.

    Args:
        attempts: the account's first; counters are locked in that order everywhere, the address's last.
    """
    connection = db.session.connection()
    table = SignInThrottle
    for attempt in attempts:
        if not attempt.passed_delay:
            connection.execute(update(table).where(table.key == attempt.account).values(failures=0))
    many = len(attempts)
    connection.execute(
        update(table)
        .where(table.key == f"address:{attempts[0].address}")
        .values(failures=case((table.failures > many, table.failures - many), else_=0))
    )


def clear(user_id: int) -> None:
    """Forget the failures of a person who has shown by other means who he or she is, within the caller's unit."""
    for key in (account_key(user_id, ""), f"otp:{user_id}"):
        db.session.connection().execute(update(SignInThrottle).where(SignInThrottle.key == key).values(failures=0))


def withdraw(attempt: Attempt) -> None:
    """Count an attempt for nothing that was right as far as it went, within the caller's unit of work."""
    table = SignInThrottle
    for key in (attempt.account, f"address:{attempt.address}"):
        less = update(table).where(table.key == key, table.failures > 0).values(failures=table.failures - 1)
        db.session.connection().execute(less)


def _account_delay(row: Any, at: datetime) -> int:
    """Whole seconds that the account still has to rest: 2, 4, 8 ... after the sixth failure and those that follow."""
    over = row.failures - FREE_FAILURES
    if over <= 0:
        return 0
    rest = min(timedelta(seconds=2 ** min(over, 30)), LONGEST)
    return _seconds(row.last_at + rest - at)


def _address_delay(row: Any, at: datetime) -> int:
    if row.failures < PER_ADDRESS:
        return 0
    # Below zero once the window is over.
    return _seconds(row.first_at + WINDOW - at)


def _seconds(rest: timedelta) -> int:
    return ceil(rest.total_seconds())


def _row(key: str, at: datetime) -> Any:
    """The counter, made where there is none, locked until the unit ends."""
    connection = db.session.connection()
    table = SignInThrottle
    insert: Any = pg.insert if connection.dialect.name == "postgresql" else lite.insert
    return connection.execute(
        insert(table)
        .values(key=key, failures=0, first_at=at, last_at=at)
        .on_conflict_do_update(index_elements=["key"], set_={"key": key})
        .returning(table.failures, table.first_at, table.last_at)
    ).one()


def _count(key: str, row: Any, at: datetime, *, anew: bool) -> None:
    values = {"failures": 1 if anew else row.failures + 1, "first_at": at if anew else row.first_at, "last_at": at}
    db.session.connection().execute(update(SignInThrottle).where(SignInThrottle.key == key).values(**values))


def _forget(at: datetime) -> None:
    """Drop what nobody touched for a day; rows that somebody holds are left to the next time."""
    stale = select(SignInThrottle.key).where(SignInThrottle.last_at < at - MEMORY).limit(100)
    keys = db.session.connection().execute(stale.with_for_update(skip_locked=True)).scalars().all()
    if keys:
        db.session.connection().execute(delete(SignInThrottle).where(SignInThrottle.key.in_(keys)))


def _is_known(user_id: int, place: str, at: datetime) -> bool:
    """Whether this person signed in from there not long ago."""
    found = select(SignIn.address).where(SignIn.user_id == user_id, SignIn.created_at > at - _KNOWN_FOR).distinct()
    return place in {network(address) for address in db.session.connection().execute(found).scalars()}

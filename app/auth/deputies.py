"""A deputy sees and may do with a person's records what their owner may, from one date to another.

The dates are days where the absent person is. Whether the deputy stands in now is kept beside them, so that those who
read rights need not reckon with zones; a chore settles it every minute, and nobody stands in beyond the last day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from ..database import db
from ..errors import Issue, invalid
from ..routing import assign
from ..transaction import unit_of_work
from .identity import stands_in_for, today_of
from .models import User, queue_up
from .stamps import raise_stamps

_NOBODY = {"deputy_id": None, "deputy_from_on": None, "deputy_until_on": None}


def appoint(user: User, body: dict[str, Any]) -> None:
    """Name who stands in for a person, and from when until when; whoever did so far does no longer.

    Raises:
        Problem: 422 for a deputy who is no active user or the person, or dates that are over or the wrong way round.
    """
    issues: list[Issue] = []
    deputy = db.session.get(User, body["deputy_id"])
    if deputy is None or not deputy.is_active or deputy is user:
        issues.append(Issue("#/deputy_id", "unknown_user"))
    if body["until_on"] < body["from_on"]:
        issues.append(Issue("#/until_on", "before_start"))
    elif body["until_on"] < today_of(user.time_zone):
        issues.append(Issue("#/until_on", "in_past"))
    if issues:
        raise invalid(*issues)
    _change(
        user, {"deputy_id": body["deputy_id"], "deputy_from_on": body["from_on"], "deputy_until_on": body["until_on"]}
    )


def dismiss(user: User) -> None:
    """Have nobody stand in for a person any longer."""
    _change(user, _NOBODY)


def standing(connection: Connection, user_id: int) -> dict[str, Any]:
    """Who stands in for a person, and for whom he or she stands in now."""
    user = connection.execute(select(User).where(User.id == user_id)).mappings().one()
    deputy = connection.execute(select(User.id, User.name).where(User.id == user["deputy_id"])).mappings().one_or_none()
    absent = connection.execute(
        select(User.id, User.name, User.deputy_until_on.label("until_on"))
        .where(User.id.in_(stands_in_for(connection, user_id)))
        .order_by(User.sort_key, User.id)
    )
    return {
        "deputy": None if deputy is None else dict(deputy),
        "from_on": user["deputy_from_on"],
        "until_on": user["deputy_until_on"],
        "is_standing_in": user["has_deputy_now"],
        "stands_in_for": [dict(one) for one in absent.mappings()],
    }


def settle_due() -> None:
    """Have deputies stand in from their first day on, and no longer than to their last."""
    # A day begins somewhere at any hour: who may be concerned is asked first, without a lock.
    around, day = datetime.now(UTC).date(), timedelta(days=1)
    may_stand_in = and_(User.deputy_from_on <= around + day, User.deputy_until_on >= around - day)
    concerned = select(User.id).where(User.deputy_id.is_not(None), or_(User.has_deputy_now, may_stand_in))
    ids = db.session.execute(concerned).scalars().all()
    db.session.rollback()
    if not ids:
        return
    with unit_of_work(source="job"):
        queue_up()
        found = select(User).where(User.id.in_(ids)).order_by(User.id).with_for_update()
        for user in db.session.execute(found).scalars():
            settle(user)


def settle(user: User) -> None:
    """Note whether a person's deputy stands in now, and have the deputy see what follows from it."""
    today = today_of(user.time_zone)
    first, last = user.deputy_from_on, user.deputy_until_on
    is_now = user.deputy_id is not None and first is not None and last is not None and first <= today <= last
    if user.has_deputy_now == is_now:
        return
    db.session.flush()
    # Beside the session: it follows from dates that are there for everybody, and is no change of the record.
    change = update(User).where(User.id == user.id).values(has_deputy_now=is_now)
    db.session.connection().execute(change)
    db.session.refresh(user, ["has_deputy_now"])
    tell(user)


def tell(user: User) -> None:
    """Have a person's deputy see what he or she sees from now on."""
    if user.deputy_id is not None:
        raise_stamps(user.deputy_id)


def _change(user: User, values: dict[str, Any]) -> None:
    tell(user)
    assign(user, values)
    db.session.flush()
    settle(user)
    tell(user)

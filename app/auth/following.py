"""Records follow people: the team of a record is its owner's, and a leaver's records go to the successor.

Which records those are is what the policies say: every resource whose rows grant sight by `owner_id` and `team_id`. So
the domains above need not be known here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from ..access import POLICIES
from ..database import db
from ..journal import act
from ..record import Record
from .models import User


def owned_models() -> list[Any]:
    """The record classes that have an owner and follow his or her team."""
    found: list[type[Record]] = []
    for policy in POLICIES.values():
        columns = {grant.kind: grant.column.key for grant in policy.grants}
        if columns.get("user") == "owner_id" and columns.get("team") == "team_id":
            found.append(policy.model)
    return found


def _following() -> list[tuple[Any, str, str]]:
    """The record classes whose rows lie in the team of a person: with the columns of the person and of the team."""
    found: list[tuple[Any, str, str]] = []
    for policy in POLICIES.values():
        columns = {grant.kind: grant.column.key for grant in policy.grants}
        if "user" in columns and "team" in columns:
            found.append((policy.model, columns["user"], columns["team"]))
    return found


def follow(user: User) -> None:
    """Give everything that a person owns, or that is set for him or her, the team of that person."""
    db.session.flush()
    for model, person, team in _following():
        is_theirs = getattr(model, person) == user.id
        theirs = select(model).where(is_theirs, model.is_active).order_by(model.id).with_for_update()
        for record in db.session.execute(theirs).scalars():
            if getattr(record, team) != user.team_id:
                setattr(record, team, user.team_id)
        db.session.flush()
        # Nobody sees these until they are restored, and then they must lie in the right team: no entry, no push.
        deleted = update(model).where(is_theirs, model.is_active.is_(False))
        db.session.connection().execute(deleted.values({team: user.team_id}))


def hand_over(leaver_id: int, successor: User) -> None:
    """Give everything that a leaver owns to a successor, as a transfer of each record."""
    db.session.flush()
    for model in owned_models():
        owned = select(model).where(model.owner_id == leaver_id, model.is_active).order_by(model.id).with_for_update()
        records = db.session.execute(owned).scalars().all()
        for record in records:
            record.owner_id, record.team_id = successor.id, successor.team_id
        for record in records:
            act(record, "transferred")


def has_records(team_id: int) -> bool:
    """Whether any active record lies in a team."""
    return any(
        db.session.execute(select(model.id).where(model.team_id == team_id, model.is_active).limit(1)).first()
        for model in owned_models()
    )

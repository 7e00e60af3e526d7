"""Records follow people: the team of a record is its owner's, and a leaver's records go to the successor.

Which records those are is what the policies say: every resource whose rows have a holder and grant sight by `team_id`.
What is shared with a team (`Policy.follows_holder` is false) changes hands too, but stays with that team.
So the domains above need not be known here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update

from ..access import POLICIES, Policy
from ..database import db
from ..journal import act
from ..listing import SPECS
from .models import User


def held_policies() -> list[Policy]:
    """The policies of records that somebody has and that lie in a team."""
    return [policy for policy in POLICIES.values() if policy.holder is not None and _team_of(policy) == "team_id"]


def _team_of(policy: Policy) -> str | None:
    """The column by which rows lie in the team of a person."""
    columns = {grant.kind: grant.column.key for grant in policy.grants}
    return columns.get("team") if "user" in columns else None


def _following() -> list[tuple[Any, str, str]]:
    """The record classes whose rows lie in the team of a person: with the columns of the person and of the team."""
    found: list[tuple[Any, str, str]] = []
    for policy in POLICIES.values():
        team = _team_of(policy)
        if team is not None and policy.follows_holder:
            of_people = (grant.column for grant in policy.grants if grant.kind == "user")
            person = next(of_people) if policy.holder is None else policy.holder
            found.append((policy.model, person.key, team))
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


def holdings(user_id: int) -> dict[str, int]:
    """How much a person has that a successor would take over, by the names of the lists; what is none is left out."""
    found = {
        policy.model.resource: db.session.execute(
            select(func.count()).select_from(policy.model).where(*_theirs(policy, user_id))
        ).scalar_one()
        for policy in held_policies()
    }
    return {SPECS[resource].plural: count for resource, count in found.items() if count}


def _theirs(policy: Policy, user_id: int) -> list[Any]:
    assert policy.holder is not None
    theirs = [policy.holder == user_id, policy.model.is_active]
    return theirs if policy.held is None else [*theirs, policy.held]


def hand_over(leaver_id: int, successor: User) -> None:
    """Give everything that a leaver has to a successor, as a transfer of each record; what is done stays."""
    db.session.flush()
    for policy in held_policies():
        model: Any = policy.model
        assert policy.holder is not None
        theirs = select(model).where(*_theirs(policy, leaver_id))
        records = db.session.execute(theirs.order_by(model.id).with_for_update(of=model)).scalars().all()
        for record in records:
            setattr(record, policy.holder.key, successor.id)
            if policy.follows_holder:
                record.team_id = successor.team_id
        for record in records:
            act(record, "transferred")


def has_records(team_id: int) -> bool:
    """Whether any active record lies in a team."""
    models: list[Any] = [policy.model for policy in held_policies()]
    return any(
        db.session.execute(select(model.id).where(model.team_id == team_id, model.is_active).limit(1)).first()
        for model in models
    )

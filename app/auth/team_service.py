"""Use cases of teams: a tree without circles, deleted only when empty."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from .. import routing
from ..access import Actor
from ..database import db
from ..errors import Issue, conflict, invalid
from ..folding import fold, sort_key
from ..journal import SETTLE, TAKEN_BACK, SetBack
from ..routing import assign
from .following import has_records
from .models import Team, User, queue_up
from .stamps import raise_all_stamps, tree_changes


def create(_actor: Actor, values: dict[str, Any]) -> Team:
    """A new team.

    Raises:
        Problem: 422 for an unknown parent or manager.
    """
    queue_up()
    _check(None, values)
    team = Team(**values)
    with tree_changes():
        db.session.add(team)
    return team


def edit(_actor: Actor, team: Team, values: dict[str, Any]) -> Team:
    """Rename a team, move it in the tree, give it another manager; what the managers see changes with the commit.

    Raises:
        Problem: 422 for an unknown parent or manager, and for a parent that lies below the team.
    """
    _check(team, values)
    with tree_changes():
        assign(team, values)
        assign(team, {"name_key": fold(team.name), "sort_key": sort_key(team.name)})
    return team


def remove(actor: Actor, team: Team) -> None:
    """Delete a team that nobody and nothing is in.

    Raises:
        Problem: 409 `team-not-empty`.
    """
    refuse_inhabited(team)
    with tree_changes():
        routing.remove(actor, team)


def refuse_inhabited(team: Team) -> None:
    """Refuse to do without a team that somebody or something is in.

    Raises:
        Problem: 409 `team-not-empty`.
    """
    members = select(User.id).where(User.team_id == team.id, User.is_active)
    below = select(Team.id).where(Team.parent_id == team.id, Team.is_active)
    if any(db.session.execute(query.limit(1)).first() for query in (members, below)) or has_records(team.id):
        raise conflict("team-not-empty")


def restore(actor: Actor, team: Team) -> Team:
    """Bring a team back, to the top of the tree where its parent is gone."""
    parent = None if team.parent_id is None else db.session.get(Team, team.parent_id)
    if parent is not None and not parent.is_active:
        team.parent_id = None
    with tree_changes():
        routing.restore(actor, team)
    return team


def _check(team: Team | None, values: dict[str, Any]) -> None:
    issues: list[Issue] = []
    parent_id, manager_id = values.get("parent_id"), values.get("manager_id")
    if parent_id is not None and (team is None or parent_id != team.parent_id):
        parent = db.session.get(Team, parent_id)
        if parent is None or not parent.is_active:
            issues.append(Issue("#/parent_id", "unknown_record"))
        elif team is not None and _lies_below(parent, team):
            issues.append(Issue("#/parent_id", "circle"))
    if manager_id is not None and (team is None or manager_id != team.manager_id):
        manager = db.session.get(User, manager_id)
        if manager is None or not manager.is_active:
            issues.append(Issue("#/manager_id", "unknown_user"))
    if issues:
        raise invalid(*issues)


def _lies_below(candidate: Team, team: Team) -> bool:
    """Whether a team is the other one or lies below it."""
    step: Team | None = candidate
    while step is not None:
        if step.id == team.id:
            return True
        step = None if step.parent_id is None else db.session.get(Team, step.parent_id)
    return False


def _settle(team: Team, undone: SetBack) -> None:
    """Have those who look down the tree see what they see after an undo; who has left leads nobody.

    Raises:
        Problem: 409 `team-not-empty` where a team goes in which somebody or something is by now.
    """
    if undone.is_creation:
        refuse_inhabited(team)
    parent = None if team.parent_id is None else db.session.get_one(Team, team.parent_id)
    if team.is_active and parent is not None and not parent.is_active:
        team.parent_id = None
    if team.manager_id is not None and not db.session.get_one(User, team.manager_id).is_active:
        team.manager_id = None
    raise_all_stamps()


SETTLE["team"] = _settle
# The tree is checked as a whole; of a team that stays only who leads it is taken back.
TAKEN_BACK["team"] = frozenset({"manager_id", "is_active"})

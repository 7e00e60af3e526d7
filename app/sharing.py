"""What people keep for themselves and may share: dashboards, saved views.

Their owners change them; shared ones are also kept in order by those who may assign records, each as far as he or she
sees all records: an admin everywhere, a manager what is shared with the own teams. What is private is nobody else's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

from .access import Actor, Permission, Policy, Shape, held
from .database import member_of
from .errors import Issue


class Visibility(StrEnum):
    """Who sees what somebody keeps."""

    PRIVATE = "private"
    TEAM = "team"
    PUBLIC = "public"


class OwnPolicy(Policy):
    """One's own, seen and changed by nobody else, whoever sees all records. The grant of a user names the owner."""

    def visible(self, shape: Shape, row: Any = None) -> ColumnElement[bool]:
        """One's own."""
        return or_(*self._granted(self.model if row is None else row, frozenset({"user"})))

    def tokens(self, row: Mapping[str, Any], shares: Sequence[tuple[int | None, int | None]]) -> set[str]:
        """As `Policy.tokens`, without those who see everything."""
        return super().tokens(row, shares) - {"all"}

    def writable_condition(self, shape: Shape) -> ColumnElement[bool]:
        """One's own alone: who sees everything, as a viewer does, may not change it for that."""
        return or_(*self._granted(self.model, frozenset({"user"})))

    def may_write(self, actor: Actor, record: Any) -> bool:
        """As `writable_condition`."""
        return actor.may(self.write) and self._grants_by_itself(actor, record)

    def _grants_by_itself(self, actor: Actor, record: Any) -> bool:
        owners = [grant.column.key for grant in self.grants if grant.kind == "user"]
        return any(getattr(record, owner) == actor.user_id for owner in owners)


class SharingPolicy(OwnPolicy):
    """Shared ones are read by others, private ones by nobody else, by the column `visibility` of the model.

    Who takes over from a leaver gets the shared ones. A team that they are shared with stays, whatever becomes of the
    owner.
    """

    follows_holder = False
    keeper = Permission.CUSTOMER_ASSIGN
    """Who has it may change shared ones of others, of the teams whose records he or she sees."""

    def visible(self, shape: Shape, row: Any = None) -> ColumnElement[bool]:
        """One's own and those for everybody; a team's as `Policy.visible` has it. Who sees all sees none private."""
        row = self.model if row is None else row
        if not self.is_readable(shape):
            return false()
        shared = and_(row.visibility == Visibility.TEAM, Policy.visible(self, shape, row))
        return or_(super().visible(shape, row), row.visibility == Visibility.PUBLIC, shared)

    def writable_condition(self, shape: Shape) -> ColumnElement[bool]:
        """One's own, and the shared ones that one keeps in order."""
        own = super().writable_condition(shape)
        kinds, rights = shape
        if self.keeper not in rights:
            return own
        model: Any = self.model
        if "all" in kinds:
            return or_(own, model.visibility != Visibility.PRIVATE)
        if "team" in kinds:
            return or_(own, and_(model.visibility == Visibility.TEAM, member_of(model.team_id, held("team"))))
        return own

    def may_write(self, actor: Actor, record: Any) -> bool:
        """As `writable_condition`."""
        if super().may_write(actor, record):
            return True
        if not actor.may(self.write) or not actor.may(self.keeper) or record.visibility == Visibility.PRIVATE:
            return False
        # Without a team it is for everybody.
        return "all" in actor.tokens or record.team_id in actor.tokens.get("team", ())

    def may_take_back(self, actor: Actor, record: Any, before: Mapping[str, Any]) -> bool:
        """Who keeps shared ones in order and has unshared one shares it again, as it was."""
        names = ("visibility", "team_id", *(grant.column.key for grant in self.grants))
        return self.may_write(
            actor, SimpleNamespace(**{name: before.get(name, getattr(record, name)) for name in names})
        )

    def tokens(self, row: Mapping[str, Any], shares: Sequence[tuple[int | None, int | None]]) -> set[str]:
        """As `Policy.tokens`, for a private one its owner's alone, and everybody for a public one."""
        if row.get("visibility") == Visibility.PRIVATE:
            return super().tokens(row, shares)
        granted = Policy.tokens(self, row, shares)
        return granted | {"everyone"} if row.get("visibility") == Visibility.PUBLIC else granted


def settle_team(
    actor: Actor, after: Mapping[str, Any], shared: int | None = None, own: int | None = None
) -> tuple[int | None, list[Issue]]:
    """The team that something is shared with, and what is wrong with the wish.

    Args:
        after: `visibility` and `team_id` as they are to be; without a team the owner's own is meant.
        shared: the team that it is shared with now.
        own: the owner's team.
    """
    if after["visibility"] != Visibility.TEAM:
        return None, []
    team_id: int | None = own if after["team_id"] is None else after["team_id"]
    if team_id is None:
        return None, [Issue("#/team_id", "required")]
    if team_id != shared and not _may_share(actor, team_id):
        return team_id, [Issue("#/team_id", "unknown_record")]
    return team_id, []


def _may_share(actor: Actor, team_id: int) -> bool:
    """Whether somebody is in a team, or sees its records."""
    seen = {one for kind in ("team", "member") for one in actor.tokens.get(kind, ())}
    return team_id in seen or "all" in actor.tokens

"""Dashboards, with their policy: one's own, the team's, everybody's; only their owners change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, or_
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Actor, Grant, Permission, Policy, Shape
from ..database import Document
from ..record import Record


class Visibility(StrEnum):
    """Who sees a dashboard."""

    PRIVATE = "private"
    TEAM = "team"
    PUBLIC = "public"


class Dashboard(Record):
    """A saved arrangement of reports. What its tiles show is what each reader may see.

    Attributes:
        team_id: the team that it is shared with; null unless `visibility` is `team`.
        tiles: what stands where, in a grid of twelve columns.
    """

    __tablename__ = "dashboard"
    __table_args__ = (
        Index("ix_dashboard_owner", "owner_id"),
        Index("ix_dashboard_team", "team_id"),
        CheckConstraint("(team_id IS NOT NULL) = (visibility = 'team')", name="team"),
        {"sqlite_autoincrement": True},
    )
    resource = "dashboard"

    name: Mapped[str] = mapped_column(String(100))
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    visibility: Mapped[str] = mapped_column(String(10), default=Visibility.PRIVATE)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    tiles: Mapped[Any] = mapped_column(Document, default=list)


class _DashboardPolicy(Policy):
    """Shared ones are read by others, private ones by nobody else, and all are changed by their owners alone."""

    def visible(self, shape: Shape, row: Any = None) -> ColumnElement[bool]:
        """One's own and those for everybody; a team's as `Policy.visible` has it. Who sees all sees none private."""
        row = Dashboard if row is None else row
        mine = or_(*self._granted(row, frozenset({"user"})))
        shared = and_(row.visibility == Visibility.TEAM, super().visible(shape, row))
        return or_(mine, row.visibility == Visibility.PUBLIC, shared)

    def tokens(self, row: Mapping[str, Any], shares: Sequence[tuple[int | None, int | None]]) -> set[str]:
        """As `Policy.tokens`, for a private one its owner's alone, and everybody for a public one."""
        granted = super().tokens(row, shares)
        if row.get("visibility") == Visibility.PRIVATE:
            return granted - {"all"}
        return granted | {"everyone"} if row.get("visibility") == Visibility.PUBLIC else granted

    def writable_condition(self, shape: Shape) -> ColumnElement[bool]:
        """One's own alone: who sees everything, as a viewer does, may not change it for that."""
        return or_(*self._granted(Dashboard, frozenset({"user"})))

    def may_write(self, actor: Actor, record: Any) -> bool:
        """As `writable_condition`."""
        return actor.may(self.write) and self._grants_by_itself(actor, record)

    def _grants_by_itself(self, actor: Actor, record: Any) -> bool:
        return bool(record.owner_id == actor.user_id)


dashboards = _DashboardPolicy(
    Dashboard,
    grants=(
        Grant("user", Dashboard.owner_id),
        Grant("team", Dashboard.team_id),
        Grant("member", Dashboard.team_id),
    ),
    deciding=(Dashboard.visibility,),
    write=Permission.REPORT_READ,
)

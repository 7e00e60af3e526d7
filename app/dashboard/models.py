"""Dashboards, with their policy: one's own, the team's, everybody's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Grant, Permission
from ..database import Document
from ..record import Record
from ..sharing import SharingPolicy, Visibility


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


dashboards = SharingPolicy(
    Dashboard,
    grants=(
        Grant("user", Dashboard.owner_id),
        Grant("team", Dashboard.team_id),
        Grant("member", Dashboard.team_id),
    ),
    deciding=(Dashboard.visibility,),
    held=Dashboard.visibility != Visibility.PRIVATE,
    write=Permission.REPORT_READ,
    read=Permission.REPORT_READ,
)

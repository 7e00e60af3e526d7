"""Saved views with their policy, and what each person has made of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Grant, Permission
from ..database import Document
from ..record import Record
from ..sharing import OwnPolicy, SharingPolicy, Visibility


class ViewKind(StrEnum):
    """What a view shows its records as."""

    TABLE = "table"
    BOARD = "board"


class View(Record):
    """How somebody wants to see a list: what is asked of its records, their order and columns.

    What it shows is what each reader may see, and what it calls `me` or `this_month` is the reader's own.

    Attributes:
        listed: the list that it is of, by its path; `leads` are the customers of that status.
        team_id: the team that it is shared with; null unless `visibility` is `team`.
        filters: plain parameters of the list, each with its values.
        where: the tree for what they cannot say; null for none.
        sort: as in the list's `sort=`; null for its own order.
        group_by: what the columns of a board are.
        columns: of the table, in their order, by the names that the screen has for them; empty for its own.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        Index("ix_saved_view_owner", "owner_id"),
        Index("ix_saved_view_team", "team_id"),
        CheckConstraint("(team_id IS NOT NULL) = (visibility = 'team')", name="team"),
        {"sqlite_autoincrement": True},
    )
    resource = "view"

    name: Mapped[str] = mapped_column(String(100))
    listed: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(10), default=ViewKind.TABLE)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    visibility: Mapped[str] = mapped_column(String(10), default=Visibility.PRIVATE)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    filters: Mapped[Any] = mapped_column(Document, default=dict)
    where: Mapped[Any | None] = mapped_column(Document)
    q: Mapped[str | None] = mapped_column(String(200))
    sort: Mapped[str | None] = mapped_column(String(200))
    group_by: Mapped[str | None] = mapped_column(String(10))
    columns: Mapped[Any] = mapped_column(Document, default=list)


class ViewPreference(Record):
    """What one person has made of a view, the own or a shared one; nobody else sees it.

    Attributes:
        is_pinned: it stands among the places of the navigation.
        is_default: its list opens with it.
        rank: the place among the pinned ones, the lowest first.
    """

    __tablename__ = "view_preference"
    __table_args__ = (
        Index("uq_view_preference_view", "user_id", "view_id", unique=True),
        Index("ix_view_preference_view", "view_id"),
        {"sqlite_autoincrement": True},
    )
    resource = "view_preference"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    view_id: Mapped[int] = mapped_column(ForeignKey("saved_view.id"))
    is_pinned: Mapped[bool] = mapped_column(Boolean(), default=False)
    is_default: Mapped[bool] = mapped_column(Boolean(), default=False)
    rank: Mapped[int] = mapped_column(Integer, default=0)


views = SharingPolicy(
    View,
    grants=(
        Grant("user", View.owner_id),
        Grant("team", View.team_id),
        Grant("member", View.team_id),
    ),
    deciding=(View.visibility,),
    held=View.visibility != Visibility.PRIVATE,
    write=Permission.CUSTOMER_READ,
)
view_preferences = OwnPolicy(
    ViewPreference, grants=(Grant("user", ViewPreference.user_id),), write=Permission.CUSTOMER_READ
)

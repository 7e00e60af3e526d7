"""Tasks: what somebody is to do, by when, about whom; visible with their customer or deal, and to who has a part."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Grant, Permission, Policy
from ..customer.models import customers
from ..database import Document, KeyText
from ..deal.models import deals
from ..errors import unique_clash
from ..record import Record


class TaskKind(StrEnum):
    """What is to be done."""

    TO_DO = "todo"
    CALL = "call"
    VISIT = "visit"
    MEETING = "meeting"


class TaskPriority(StrEnum):
    """How much it matters."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class TaskState(StrEnum):
    """Whether it is still to be done."""

    OPEN = "open"
    DONE = "done"


def _live() -> dict[str, Any]:
    # SQLite takes such an index only for the very words of a query, and there a condition reads `is_active = 1`.
    return {"sqlite_where": text("is_active = 1"), "postgresql_where": text("is_active")}


class Task(Record):
    """Something to do. It is due at a moment or on a day; without either, a meeting is due when it ends.

    Attributes:
        team_id: the assignee's team.
        reminders: `{"minutes_before": 30}` or `{"at": "2026-11-22T06:30:00Z"}`, each.
        due_by: what tasks are sorted by: the moment, or the end of the day in the assignee's zone.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_assignee", "assignee_id", "due_by", "id", **_live()),
        Index("ix_task_team", "team_id", "due_by", "id", **_live()),
        Index("ix_task_creator", "created_by", "due_by", "id", **_live()),
        Index("ix_task_due", "due_by", "id", **_live()),
        Index("ix_task_done", "done_at", "id", **_live()),
        Index("ix_task_customer", "customer_id", "due_by", "id", **_live()),
        Index("ix_task_deal", "deal_id", "due_by", "id", **_live()),
        Index("ix_task_person", "person_id", "due_by", "id", **_live()),
        CheckConstraint("due_on IS NULL OR due_at IS NULL", name="one_due"),
        CheckConstraint("ends_at IS NULL OR (starts_at IS NOT NULL AND ends_at >= starts_at)", name="span"),
        {"sqlite_autoincrement": True},
    )
    resource = "task"
    unjournalled = frozenset({"subject_key", "sort_key", "search_key", "due_by"})
    derived_columns = frozenset({"team_id"})
    search_columns = ("search_key",)
    title_column = "subject_key"
    shares_as = "participants"

    kind: Mapped[str] = mapped_column(String(10), default=TaskKind.TO_DO)
    subject: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    starts_at: Mapped[datetime | None] = mapped_column()
    ends_at: Mapped[datetime | None] = mapped_column()
    due_on: Mapped[date | None] = mapped_column()
    due_at: Mapped[datetime | None] = mapped_column()
    assignee_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    deal_id: Mapped[int | None] = mapped_column(ForeignKey("deal.id"))
    priority: Mapped[str] = mapped_column(String(6), default=TaskPriority.NORMAL)
    reminders: Mapped[Any] = mapped_column(Document, default=list)
    done_at: Mapped[datetime | None] = mapped_column()

    due_by: Mapped[datetime | None] = mapped_column()
    subject_key: Mapped[str] = mapped_column(KeyText())
    sort_key: Mapped[str] = mapped_column(KeyText())
    search_key: Mapped[str] = mapped_column(KeyText())


tasks = Policy(
    Task,
    grants=(Grant("user", Task.assignee_id), Grant("team", Task.team_id), Grant("user", Task.created_by)),
    parents=((customers, Task.customer_id), (deals, Task.deal_id)),
    shared=True,
    write=Permission.TASK_WRITE,
    read=Permission.TASK_READ,
    holder=Task.assignee_id,
    held=Task.done_at.is_(None),
)

unique_clash("uq_task_origin", "#/external_id")

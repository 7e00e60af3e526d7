"""Jobs and chores. The rows are the truth; the queue in front of the worker only says that there is something to do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Document, Model


class Status(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Model):
    """One piece of long work that a person asked for.

    Attributes:
        done: how much of it is done, in the units of `total` (rows, as a rule).
        total: how much there is; null while nobody knows.
        state: where it goes on after an interruption, written in the transaction of what it stands for.
        problem: the problem document of a failure.
        beat_at: the last sign of life of the worker that has it.
        is_unwanted: somebody asked for its end.
        scopes: what the personal token that asked for it may do; null for who signed in.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_open", "status", "beat_at"),
        Index("ix_job_finished", "finished_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(10), default=Status.QUEUED)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None] = mapped_column()
    arguments: Mapped[Any] = mapped_column(Document)
    state: Mapped[Any] = mapped_column(Document, nullable=True)
    result: Mapped[Any] = mapped_column(Document, nullable=True)
    problem: Mapped[Any] = mapped_column(Document, nullable=True)
    changeset_id: Mapped[int | None] = mapped_column()
    user_id: Mapped[int] = mapped_column(index=True)
    scopes: Mapped[Any] = mapped_column(Document, nullable=True)
    language: Mapped[str] = mapped_column(String(10))
    request_id: Mapped[str | None] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(default=0)
    is_unwanted: Mapped[bool] = mapped_column(Boolean(), default=False)
    created_at: Mapped[datetime] = mapped_column()
    started_at: Mapped[datetime | None] = mapped_column()
    beat_at: Mapped[datetime] = mapped_column()
    finished_at: Mapped[datetime | None] = mapped_column()


class Chore(Model):
    """When a chore was begun last, so that of several workers one does it."""

    __tablename__ = "chore"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    begun_at: Mapped[datetime] = mapped_column()

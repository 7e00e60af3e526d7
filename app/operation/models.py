"""Backups and rehearsals that were made, and statements that took long. None of it is a record of the product."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model


class RunKind(StrEnum):
    """What was done with a backup."""

    BACKUP = "backup"
    REHEARSAL = "rehearsal"


class BackupRun(Model):
    """One backup that was made or failed, or one rehearsal of a restore.

    Attributes:
        file: name of the backup within its folder; null where none came about.
        size: of the file, in bytes.
        rows: how many rows of all tables are in it; of a rehearsal, how many were found in the restored database.
        files: how many files of the data folder.
        problem: slug of what went wrong; null where it succeeded.
    """

    __tablename__ = "backup_run"
    __table_args__ = (Index("ix_backup_run_kind", "kind", "finished_at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[datetime] = mapped_column()
    finished_at: Mapped[datetime] = mapped_column()
    file: Mapped[str | None] = mapped_column(String(120))
    size: Mapped[int | None] = mapped_column()
    rows: Mapped[int | None] = mapped_column()
    files: Mapped[int | None] = mapped_column()
    is_encrypted: Mapped[bool] = mapped_column(Boolean())
    problem: Mapped[str | None] = mapped_column(String(40))


class SlowStatement(Model):
    """A statement that took longer than the threshold, without its values, with what it has cost so far.

    Attributes:
        digest: of the statement.
        total_milliseconds: of all its slow runs.
        request_id: of the slowest one's request.
    """

    __tablename__ = "slow_statement"

    digest: Mapped[str] = mapped_column(String(32), primary_key=True)
    statement: Mapped[str] = mapped_column(Text)
    runs: Mapped[int] = mapped_column()
    total_milliseconds: Mapped[int] = mapped_column()
    longest_milliseconds: Mapped[int] = mapped_column()
    request_id: Mapped[str | None] = mapped_column(String(64))
    last_at: Mapped[datetime] = mapped_column(index=True)

"""Notifications: kept beside the journal, for the one person whom they are for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model


class NotificationKind(StrEnum):
    """What is told."""

    TRANSFERRED = "transferred"
    WEBHOOK_DISABLED = "webhook_disabled"
    WEBHOOK_FAILED = "webhook_failed"


class Notification(Model):
    """That one change of somebody else's gave a person records of one kind: one of them, and how many they were.

    Attributes:
        actor_id: who did it; null for the product itself.
        record_id: the first of them.
        read_at: null until the person has seen it.
    """

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("user_id", "changeset_id", "resource", name="uq_notification_change"),
        Index("ix_notification_user", "user_id", "id"),
        Index("ix_notification_at", "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column()
    actor_id: Mapped[int | None] = mapped_column()
    changeset_id: Mapped[int] = mapped_column()
    resource: Mapped[str] = mapped_column(String(20))
    record_id: Mapped[int] = mapped_column()
    count: Mapped[int] = mapped_column()
    read_at: Mapped[datetime | None] = mapped_column()

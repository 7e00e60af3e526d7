"""What was done about the weekly digests."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model


class DigestState(StrEnum):
    """How far a digest has come: on its way, handed to the mail server, or there was nothing to tell."""

    CLAIMED = "claimed"
    SENT = "sent"
    EMPTY = "empty"


class WeeklyDigest(Model):
    """The digest of a person for an ISO week such as `2026-W48`: one row, so that it is sent once.

    Attributes:
        at: when it came to its state. A claim that has stood for long was left by a process that ended.
    """

    __tablename__ = "weekly_digest"
    __table_args__ = (CheckConstraint("state IN ('claimed', 'sent', 'empty')", name="state"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    state: Mapped[str] = mapped_column(String(7))
    at: Mapped[datetime] = mapped_column()

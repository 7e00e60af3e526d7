"""Who opened, fetched and exported what."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model


class AccessAction(StrEnum):
    """What somebody did with a record without changing it."""

    OPENED = "opened"
    EXPORTED = "exported"
    DISCLOSED = "disclosed"


class AccessEntry(Model):
    """Somebody opened a record, once in an hour; exported a list (`resource` export); was handed a person's data.

    Attributes:
        at: the first time in that hour.
        hour: hours since 1970.
    """

    __tablename__ = "access_log"
    __table_args__ = (
        Index("uq_access_log_once", "user_id", "hour", "resource", "record_id", "action", unique=True),
        Index("ix_access_log_record", "resource", "record_id", "id"),
        Index("ix_access_log_at", "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column()
    hour: Mapped[int] = mapped_column()
    user_id: Mapped[int] = mapped_column()
    action: Mapped[str] = mapped_column(String(12))
    resource: Mapped[str] = mapped_column(String(20))
    record_id: Mapped[int] = mapped_column()

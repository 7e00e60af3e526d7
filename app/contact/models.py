"""Contact records: what was said to whom, when, and what comes next; visible with their customer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Permission, Policy
from ..custom_columns import Custom
from ..customer.models import customers
from ..database import KeyText
from ..errors import unique_clash
from ..record import Record


class ContactKind(StrEnum):
    """How somebody was in touch."""

    CALL = "call"
    VISIT = "visit"
    MEETING = "meeting"
    EMAIL = "email"
    WECHAT = "wechat"
    NOTE = "note"


class ContactDirection(StrEnum):
    """Who began: the customer (`in`) or we (`out`)."""

    IN = "in"
    OUT = "out"


def _live() -> dict[str, Any]:
    # SQLite takes such an index only for the very words of a query, and there a condition reads `is_active = 1`.
    return {"sqlite_where": text("is_active = 1"), "postgresql_where": text("is_active")}


class ContactRecord(Record, Custom):
    """One logged interaction with a customer. `user_id` is its author."""

    __tablename__ = "contact_record"
    __table_args__ = (
        Index("ix_contact_record_customer", "customer_id", "occurred_at", "id", **_live()),
        Index("ix_contact_record_occurred", "occurred_at", "id", **_live()),
        Index("ix_contact_record_user", "user_id", "occurred_at", "id", **_live()),
        Index("ix_contact_record_deal", "deal_id", "occurred_at", "id", **_live()),
        Index("ix_contact_record_person", "person_id", "occurred_at", "id", **_live()),
        CheckConstraint("duration_seconds IS NULL OR duration_seconds >= 0", name="duration"),
        {"sqlite_autoincrement": True},
    )
    resource = "contact"
    unjournalled = frozenset({"search_key", "custom_keys"})
    merged_columns = frozenset({"custom"})
    search_columns = ("search_key",)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    deal_id: Mapped[int | None] = mapped_column(ForeignKey("deal.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[str] = mapped_column(String(10))
    direction: Mapped[str | None] = mapped_column(String(3))
    subject: Mapped[str | None] = mapped_column(String(200))
    content: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(60))
    occurred_at: Mapped[datetime] = mapped_column()
    duration_seconds: Mapped[int | None] = mapped_column(Integer)
    next_step: Mapped[str | None] = mapped_column(String(300))
    next_follow_up_at: Mapped[datetime | None] = mapped_column()

    search_key: Mapped[str] = mapped_column(KeyText())


contacts = Policy(
    ContactRecord,
    parent=(customers, ContactRecord.customer_id),
    write=Permission.CONTACT_WRITE,
    read=Permission.CONTACT_READ,
)

unique_clash("uq_contact_record_origin", "#/external_id")

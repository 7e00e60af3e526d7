"""Files: what is known of them, and to which record each belongs; visible with that record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Permission, Policy
from ..contact.models import contacts
from ..customer.models import customers
from ..database import KeyText
from ..deal.models import deals
from ..errors import unique_clash
from ..record import Record


def _live() -> dict[str, Any]:
    # SQLite takes such an index only for the very words of a query, and there a condition reads `is_active = 1`.
    return {"sqlite_where": text("is_active = 1"), "postgresql_where": text("is_active")}


class Attachment(Record):
    """A file at one customer, deal or contact record. Its content is stored once under its `sha256`.

    Attributes:
        size: in bytes.
        content_type: told from the content, never from the name.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        Index("ix_attachment_customer", "customer_id", "id", **_live()),
        Index("ix_attachment_deal", "deal_id", "id", **_live()),
        Index("ix_attachment_contact", "contact_id", "id", **_live()),
        CheckConstraint(
            "(customer_id IS NOT NULL AND deal_id IS NULL AND contact_id IS NULL)"
            " OR (customer_id IS NULL AND deal_id IS NOT NULL AND contact_id IS NULL)"
            " OR (customer_id IS NULL AND deal_id IS NULL AND contact_id IS NOT NULL)",
            name="one_record",
        ),
        {"sqlite_autoincrement": True},
    )
    resource = "attachment"
    unjournalled = frozenset({"name_key"})

    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    deal_id: Mapped[int | None] = mapped_column(ForeignKey("deal.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact_record.id"))
    name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))

    name_key: Mapped[str] = mapped_column(KeyText())


attachments = Policy(
    Attachment,
    parents=(
        (customers, Attachment.customer_id),
        (deals, Attachment.deal_id),
        (contacts, Attachment.contact_id),
    ),
    write=Permission.ATTACHMENT_WRITE,
    read=Permission.ATTACHMENT_READ,
)

unique_clash("uq_attachment_origin", "#/external_id")

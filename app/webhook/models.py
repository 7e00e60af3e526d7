"""Webhooks with their policy, their secrets, how far each has come in the feed, and what is delivered to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .. import vault
from ..access import Permission, Policy
from ..database import Document, Model
from ..errors import unique_clash
from ..record import Record


class Webhook(Record):
    """Another program that is told of changes.

    Attributes:
        event_types: what it is told of, such as `deal.won`.
        disabled_because: `gone` where the receiver answered 410; null where a person disabled it, or nobody did.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        CheckConstraint("disabled_because IS NULL OR NOT is_enabled", name="disabled"),
        {"sqlite_autoincrement": True},
    )
    resource = "webhook"

    url: Mapped[str] = mapped_column(String(2_000))
    description: Mapped[str | None] = mapped_column(String(200))
    event_types: Mapped[Any] = mapped_column(Document)
    is_enabled: Mapped[bool] = mapped_column(Boolean(), default=True)
    disabled_because: Mapped[str | None] = mapped_column(String(10))


webhooks = Policy(Webhook, open_to_all=True, read=Permission.SETTING_WRITE, write=Permission.SETTING_WRITE)

unique_clash("uq_webhook_origin", "#/external_id")


class WebhookSecret(Model):
    """What messages are signed with, locked in the vault; after a rotation the former one signs too for a day.

    Attributes:
        expires_at: null for the present one.
    """

    __tablename__ = "webhook_secret"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"), index=True)
    locked: Mapped[str] = mapped_column(String(vault.MOST))
    made_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime | None] = mapped_column()


class WebhookProgress(Model):
    """How far in the feed a webhook's deliveries are noted; its row is locked by who hands deliveries out.

    Attributes:
        generation: of the feed that the position is in.
        resting_until: the receiver asked to be left alone until then.
    """

    __tablename__ = "webhook_progress"

    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"), primary_key=True, autoincrement=False)
    generation: Mapped[int] = mapped_column()
    xact: Mapped[int] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    resting_until: Mapped[datetime | None] = mapped_column()


class DeliveryStatus(StrEnum):
    """Where a delivery stands; `failed` is a dead letter, which only a person sends again."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class WebhookDelivery(Model):
    """One message for one webhook. Nothing of it but ids and names of fields is kept, and of answers nothing at all.

    Attributes:
        message_id: the same at every attempt.
        type: of the event, such as `deal.won`.
        resource: with `record_id` the record that it is about: messages about one record go out one after the other.
        data: of the message.
        occurred_at: of the message, too: when the change was made.
        attempts: that failed, since it was sent, or sent again.
        next_at: when it is due.
        claimed_until: somebody is at it; whoever died over it is waited for no longer.
        ended_at: null while it waits.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_status", "webhook_id", "status", "id"),
        Index("ix_webhook_delivery_log", "webhook_id", "id"),
        Index(
            "ix_webhook_delivery_due",
            "webhook_id",
            "next_at",
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(
            "ix_webhook_delivery_line",
            "webhook_id",
            "resource",
            "record_id",
            "id",
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
        Index("ix_webhook_delivery_type", "type", "created_at"),
        Index("ix_webhook_delivery_created_at", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    message_id: Mapped[str] = mapped_column(String(40))
    type: Mapped[str] = mapped_column(String(41))
    resource: Mapped[str] = mapped_column(String(20))
    record_id: Mapped[int] = mapped_column()
    data: Mapped[Any] = mapped_column(Document)
    occurred_at: Mapped[datetime] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()
    status: Mapped[str] = mapped_column(String(10), default=DeliveryStatus.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column()
    claimed_until: Mapped[datetime | None] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()


class WebhookAttempt(Model):
    """One attempt at a delivery.

    Attributes:
        status: of the answer; null where there was none.
        reason: why there was none, see `outgoing.Reason`.
    """

    __tablename__ = "webhook_attempt"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("webhook_delivery.id"), index=True)
    at: Mapped[datetime] = mapped_column()
    status: Mapped[int | None] = mapped_column()
    reason: Mapped[str | None] = mapped_column(String(12))
    milliseconds: Mapped[int] = mapped_column()

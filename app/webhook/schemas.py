"""What webhooks and their deliveries look like on the wire, and their list."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate
from sqlalchemy import ColumnElement, func, select

from .. import outgoing
from ..auth.schemas import OpenListMetaSchema
from ..filtering import AnyOf, Flagged, an_id
from ..listing import ListSpec
from ..projection import Computed
from ..schema import (
    Choice,
    Flag,
    IdField,
    InstantField,
    Items,
    Line,
    RecordSchema,
    Several,
    StrictSchema,
    Whole,
    column,
    max_length,
)
from .events import ACTIONS, TYPES
from .models import DeliveryStatus, Webhook, WebhookDelivery, webhooks

MOST_PER_PAGE = 100

REASONS = (*outgoing.Reason, "secret")
"""Why there was no answer; `secret`: nothing was sent, because the secret cannot be opened here any more."""

_INSTANT = {"type": ["string", "null"], "format": "date-time"}


def _count(status: DeliveryStatus) -> ColumnElement[Any]:
    those = WebhookDelivery.webhook_id == Webhook.id, WebhookDelivery.status == status
    return select(func.count()).select_from(WebhookDelivery).where(*those).scalar_subquery()


def _last_done() -> ColumnElement[Any]:
    done = WebhookDelivery.webhook_id == Webhook.id, WebhookDelivery.status == DeliveryStatus.DONE
    newest = select(WebhookDelivery.ended_at).where(*done).order_by(WebhookDelivery.id.desc()).limit(1)
    return newest.scalar_subquery()


class WebhookSchema(RecordSchema):
    """Another program that is told of changes by signed messages."""

    class Meta(RecordSchema.Meta):
        """Columns of `Webhook`."""

        model = Webhook

    id = column(dump_only=True)
    version = column(dump_only=True)
    url = Line(
        required=True,
        validate=max_length(2_000),
        metadata={"description": "By https on port 443 or 8443, unless it leads into a network of one's own."},
    )
    description = Line(allow_none=True, blank_is_null=True, validate=max_length(200))
    event_types = Several(
        Choice(TYPES),
        required=True,
        validate=validate.Length(1, error="required"),
        metadata={"description": "What it is told of."},
    )
    is_enabled = Flag()
    disabled_because = column(
        dump_only=True,
        metadata={"description": "`gone` where the receiver answered 410; null where nobody or a person disabled it."},
    )
    waiting = Computed(
        lambda _shape: _count(DeliveryStatus.WAITING),
        int,
        {"type": "integer", "description": "Messages that are still to arrive."},
    )
    failed = Computed(
        lambda _shape: _count(DeliveryStatus.FAILED),
        int,
        {"type": "integer", "description": "Dead letters: messages that were tried for some three days in vain."},
    )
    last_done_at = Computed(
        lambda _shape: _last_done(), None, {**_INSTANT, "description": "When a message arrived for the last time."}
    )
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)

    @post_load
    def _in_order(self, data: dict[str, Any], **_kw: Any) -> dict[str, Any]:
        if "event_types" in data:
            data["event_types"] = sorted(set(data["event_types"]), key=TYPES.index)
        return data


class NewSecretSchema(StrictSchema):
    """What the answer that makes a webhook says besides: the secret, this once."""

    secret = fields.String(metadata={"optional": True})


WEBHOOKS = ListSpec(
    policy=webhooks,
    schema=WebhookSchema,
    plural="webhooks",
    filters={"id": AnyOf(Webhook.id, an_id), "is_enabled": Flagged(Webhook.is_enabled)},
    told=NewSecretSchema,
)


class SecretSchema(StrictSchema):
    """A new secret, shown this once, and until when the former one signs too."""

    secret = fields.String()
    former_until = InstantField()


class EventTypesOfSchema(StrictSchema):
    """What can be told of one kind of record."""

    resource = Choice(tuple(ACTIONS))
    types = fields.List(Choice(TYPES))


class EventTypesSchema(StrictSchema):
    """Everything that a webhook can be told of."""

    data = fields.List(fields.Nested(EventTypesOfSchema))


class AttemptSchema(StrictSchema):
    """One attempt: the status of the answer, or why there was none. What was answered is kept by nobody."""

    at = InstantField()
    status = fields.Integer(allow_none=True)
    reason = Choice(REASONS, allow_none=True)
    milliseconds = fields.Integer()


class DeliverySchema(StrictSchema):
    """One message and what came of it. `next_at` is null where it is not tried any more."""

    id = fields.Integer()
    message_id = Line(metadata={"description": "`webhook-id` of every attempt."})
    type = Line()
    resource = Line()
    record_id = fields.Integer()
    status = Choice(DeliveryStatus)
    created_at = InstantField()
    next_at = InstantField(allow_none=True)
    ended_at = InstantField(allow_none=True)
    attempts = Items(AttemptSchema)


class DeliveriesQuery(StrictSchema):
    """Which deliveries."""

    status = Choice(DeliveryStatus)
    cursor = IdField()
    per_page = Whole(low=1, high=MOST_PER_PAGE, load_default=20)


class DeliveriesSchema(StrictSchema):
    """Deliveries of one webhook, newest first."""

    data = Items(DeliverySchema, most=MOST_PER_PAGE)
    meta = fields.Nested(OpenListMetaSchema)


class RedeliveredSchema(StrictSchema):
    """How many dead letters are on their way again."""

    redelivered = fields.Integer()

"""`/webhooks`, `/webhooks/event-types`, `/webhooks/{id}/deliveries`."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..auth.units import in_own_unit
from ..routing import Routes, secret_answer
from . import events, outbox, postman, service
from .models import Webhook, webhooks
from .schemas import (
    WEBHOOKS,
    DeliveriesQuery,
    DeliveriesSchema,
    DeliverySchema,
    EventTypesSchema,
    RedeliveredSchema,
    SecretSchema,
    WebhookSchema,
)

__all__ = ["postman", "routes"]

routes = Routes("webhook", __name__)

routes.listing(WEBHOOKS, Permission.SETTING_WRITE)
routes.reading(WEBHOOKS, Permission.SETTING_WRITE)


@routes.endpoint_for(
    "POST",
    "/webhooks",
    permission=Permission.SETTING_WRITE,
    body=WebhookSchema,
    status=201,
    answer=WEBHOOKS,
    summary="Have another program told of changes",
)
def create_webhook(actor: Actor, body: dict[str, Any]) -> Webhook:
    """The answer shows the `secret` that messages are signed with, this once."""
    return service.create(actor, body)


@routes.endpoint_for(
    "PATCH",
    "/webhooks/<int:record_id>",
    permission=Permission.SETTING_WRITE,
    loads=webhooks,
    body=WebhookSchema,
    partial=True,
    answer=WEBHOOKS,
    summary="Edit a webhook, disable it or enable it again",
)
def edit_webhook(actor: Actor, webhook: Webhook, body: dict[str, Any]) -> Webhook:
    """One that is enabled again goes on where it was: what happened meanwhile is delivered."""
    return service.edit(actor, webhook, body)


@routes.endpoint_for(
    "DELETE",
    "/webhooks/<int:record_id>",
    permission=Permission.SETTING_WRITE,
    loads=webhooks,
    status=204,
    answer=WEBHOOKS,
    summary="Delete a webhook for good",
)
def delete_webhook(actor: Actor, webhook: Webhook) -> None:
    """Its secrets and the log of its deliveries go with it, so there is no way back."""
    service.remove(actor, webhook)


@routes.endpoint_for(
    "POST",
    "/webhooks/<int:record_id>/rotate",
    permission=Permission.SETTING_WRITE,
    loads=webhooks,
    answer=SecretSchema,
    summary="Give a webhook a new secret",
)
def rotate_webhook_secret(actor: Actor, webhook: Webhook) -> Response:
    """Shown this once; messages are signed with the former one too for 24 hours."""
    return secret_answer(service.rotate(actor, webhook))


@routes.endpoint_for(
    "POST",
    "/webhooks/<int:record_id>/test",
    permission=Permission.SETTING_WRITE,
    unit="own",
    answer=DeliverySchema,
    summary="Send a test message and say what came of it",
)
def test_webhook(actor: Actor, record_id: int) -> Response:
    """Sent at once and once only, ten times an hour at most."""
    parcel = service.begin_test(actor, record_id)
    outcome = outbox.send(parcel)
    return in_own_unit(actor, lambda: service.end_test(record_id, parcel, outcome))


@routes.endpoint_for(
    "GET",
    "/webhooks/event-types",
    permission=Permission.SETTING_WRITE,
    answer=EventTypesSchema,
    summary="What webhooks can be told of",
)
def list_event_types(_actor: Actor) -> dict[str, Any]:
    """By the kind of record."""
    return {"data": events.by_resource()}


@routes.endpoint_for(
    "GET",
    "/webhooks/<int:record_id>/deliveries",
    permission=Permission.SETTING_WRITE,
    loads=webhooks,
    writes_row=False,
    query=DeliveriesQuery,
    answer=DeliveriesSchema,
    summary="What was sent to a webhook in the last 30 days, and what came of it",
)
def list_deliveries(_actor: Actor, webhook: Webhook, query: dict[str, Any]) -> dict[str, Any]:
    """Newest first. Bodies are not kept, neither what was sent nor what was answered."""
    return service.deliveries(webhook, query)


@routes.endpoint_for(
    "POST",
    "/webhooks/<int:record_id>/deliveries/redeliver",
    permission=Permission.SETTING_WRITE,
    loads=webhooks,
    answer=RedeliveredSchema,
    summary="Send all dead letters of a webhook once more",
)
def redeliver_failed(_actor: Actor, webhook: Webhook) -> dict[str, int]:
    """Under their own ids, from the beginning of the schedule."""
    return service.redeliver_failed(webhook)


@routes.endpoint_for(
    "POST",
    "/webhooks/<int:record_id>/deliveries/<int:delivery_id>/redeliver",
    permission=Permission.SETTING_WRITE,
    loads=webhooks,
    answer=DeliverySchema,
    summary="Send one message once more",
)
def redeliver(_actor: Actor, webhook: Webhook, delivery_id: int) -> dict[str, Any]:
    """Under its own id, from the beginning of the schedule; one that waits is tried at once."""
    return service.redeliver(webhook, delivery_id)

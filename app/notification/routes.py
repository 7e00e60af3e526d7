"""`/notifications`."""

from __future__ import annotations

from typing import Any

from ..access import Actor
from ..routing import SIGNED_IN, Routes
from . import service
from .schemas import NotificationsQuery, NotificationsSchema, ReadSchema, UnreadSchema

routes = Routes("notification", __name__)


@routes.endpoint_for(
    "GET",
    "/notifications",
    permission=SIGNED_IN,
    query=NotificationsQuery,
    answer=NotificationsSchema,
    summary="What others have given to the caller, and how much of it is unread",
)
def list_notifications(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Newest first; one for all records of a kind that one change gave. `before` is the id of the last one seen."""
    return service.own(actor, query)


@routes.endpoint_for(
    "POST",
    "/notifications/read",
    permission=SIGNED_IN,
    body=ReadSchema,
    answer=UnreadSchema,
    summary="Say which notifications were read",
)
def read_notifications(actor: Actor, body: dict[str, Any]) -> dict[str, int]:
    """Those named by `ids`, all `up_to` one, or both."""
    return service.read(actor, body.get("ids"), body.get("up_to"))

"""`/events`: what happened since a cursor."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ..access import Actor
from ..routing import SIGNED_IN, Routes
from ..schema import InstantField, Items, Line, StrictSchema, Whole, max_length
from .feed import events

routes = Routes("live", __name__)


class EventsQuery(StrictSchema):
    """Where to go on from, and how far."""

    after = Line(validate=max_length(90))
    limit = Whole(low=1, high=500, load_default=200)


class EventActorSchema(StrictSchema):
    """Who did it."""

    id = Whole(required=True)
    name = Line(required=True)


class EventSchema(StrictSchema):
    """One change of one record."""

    cursor = Line(required=True)
    type = Line(required=True)
    resource = Line(required=True)
    id = Whole(required=True)
    version = Whole(required=True)
    changed = fields.List(Line(), required=True)
    record = fields.Dict(required=True, allow_none=True)
    changeset_id = Whole(required=True)
    actor = fields.Nested(EventActorSchema, required=True, allow_none=True)
    at = InstantField(required=True)
    merged_into = Whole(metadata={"optional": True, "description": "Of a merged record: the one that stands for it."})


class EventsMetaSchema(StrictSchema):
    """The next resume point."""

    watermark = Line(required=True)
    has_more = fields.Boolean(required=True)


class EventsSchema(StrictSchema):
    """A stretch of the feed."""

    data = Items(EventSchema, required=True)
    meta = fields.Nested(EventsMetaSchema, required=True)


@routes.endpoint_for(
    "GET",
    "/events",
    permission=SIGNED_IN,
    query=EventsQuery,
    answer=EventsSchema,
    summary="What happened since a cursor, ordered and gap-free",
)
def list_events(actor: Actor, query: dict[str, Any]) -> Any:
    """The feed after a cursor; without one only the present watermark."""
    return events(actor, query.get("after"), query["limit"])

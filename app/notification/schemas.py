"""What notifications look like on the wire."""

from __future__ import annotations

from marshmallow import fields

from ..schema import Choice, Flag, IdField, InstantField, Items, Line, Several, StrictSchema, Whole
from .models import NotificationKind

MOST = 100


class NotificationsQuery(StrictSchema):
    """Which of one's own notifications."""

    per_page = Whole(low=1, high=MOST, load_default=20)
    before = IdField()


class NotificationActorSchema(StrictSchema):
    """Who did it."""

    id = fields.Integer()
    name = fields.String()


class NotificationSchema(StrictSchema):
    """What one change of somebody else's gave to the reader: `count` records of one kind, the first of them by name.

    `title` is null where the reader sees that record no more; `actor` is null for the product itself.
    """

    id = fields.Integer()
    kind = Choice(NotificationKind)
    at = InstantField()
    actor = fields.Nested(NotificationActorSchema, allow_none=True)
    resource = Line()
    record_id = fields.Integer()
    title = Line(allow_none=True)
    count = fields.Integer()
    changeset_id = fields.Integer()
    is_read = Flag()


class NotificationsMetaSchema(StrictSchema):
    """How many are unread, and whether there are older ones."""

    unread = fields.Integer()
    has_more = Flag()


class NotificationsSchema(StrictSchema):
    """One's own notifications, newest first."""

    data = Items(NotificationSchema, most=MOST)
    meta = fields.Nested(NotificationsMetaSchema)


class ReadSchema(StrictSchema):
    """Which were read: those named, or all up to one."""

    ids = Several(IdField())
    up_to = IdField()


class UnreadSchema(StrictSchema):
    """How many are unread now."""

    unread = fields.Integer()

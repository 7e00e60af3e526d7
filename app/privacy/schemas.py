"""What privacy looks like on the wire."""

from __future__ import annotations

from enum import StrEnum

from marshmallow import fields

from ..auth.schemas import PasswordProofSchema
from ..schema import Choice, IdField, InstantField, Items, Line, StrictSchema, Whole, max_length
from .models import AccessAction


class DisclosureFormat(StrEnum):
    """For a program, or for reading."""

    JSON = "json"
    HTML = "html"


class DisclosureOrderSchema(StrictSchema):
    """How it is handed out."""

    format = Choice(DisclosureFormat, load_default=DisclosureFormat.JSON)


class WhoSchema(StrictSchema):
    """Whom it is about."""

    resource = Line()
    id = fields.Integer()
    name = Line()


class DisclosureSchema(StrictSchema):
    """All that is known about one person: records by their lists, roles, history, and who opened and exported it."""

    subject = fields.Nested(WhoSchema)
    generated_at = InstantField()
    generated_by = Line(allow_none=True)
    records = fields.Dict(keys=fields.String())
    roles = fields.List(fields.Dict())
    history = fields.List(fields.Dict())
    access = fields.List(fields.Dict())
    exports = fields.List(fields.Dict())


class ErasureSchema(PasswordProofSchema):
    """Why somebody is erased, and the own password: there is no way back."""

    reason = Line(required=True, validate=max_length(300))


class ErasedSchema(StrictSchema):
    """How many records of each kind were erased; `journal` counts entries of the history."""

    resource = Line()
    id = fields.Integer()
    erased = fields.Dict(keys=fields.String(), values=fields.Integer())


class AccessUserSchema(StrictSchema):
    """A person, by name."""

    id = fields.Integer()
    name = Line(allow_none=True)


class AccessEntrySchema(StrictSchema):
    """Somebody opened, exported or handed out something; an opening stands once in an hour."""

    id = fields.Integer()
    at = InstantField()
    user = fields.Nested(AccessUserSchema)
    action = Choice(AccessAction)
    resource = Line()
    record_id = fields.Integer()
    title = Line(allow_none=True)


class AccessMetaSchema(StrictSchema):
    """Where to go on."""

    total = fields.Integer(allow_none=True)
    pages = fields.Integer(allow_none=True)
    current_page = fields.Integer(allow_none=True)
    per_page = fields.Integer()
    next_cursor = Line(allow_none=True)


class AccessLogSchema(StrictSchema):
    """One page of the access log, newest first."""

    data = Items(AccessEntrySchema, most=200)
    meta = fields.Nested(AccessMetaSchema)


class AccessLogQuery(StrictSchema):
    """Which entries."""

    user_id = IdField()
    action = Choice(AccessAction)
    resource = Line()
    record_id = IdField()
    since = Line(data_key="from", attribute="from")
    until = Line(data_key="to", attribute="to")
    cursor = IdField()
    per_page = Whole(low=1, high=200, load_default=20)


class RetentionQuery(StrictSchema):
    """Rules as they might be: what is absent is off."""

    recycle_bin_days = Whole(low=1, high=3_650)
    lead_months = Whole(low=1, high=120)
    sign_in_event_days = Whole(low=1, high=3_650)
    access_log_days = Whole(low=1, high=3_650)


class RetentionPreviewSchema(StrictSchema):
    """How much each rule would take now."""

    recycle_bin_days = fields.Integer()
    lead_months = fields.Integer()
    sign_in_event_days = fields.Integer()
    access_log_days = fields.Integer()

"""What the journal, change sets and undo look like on the wire."""

from __future__ import annotations

from marshmallow import fields

from ..schema import IdField, InstantField, Items, Line, StrictSchema, Whole


class JournalQuery(StrictSchema):
    """Which entries: of a resource, of one of its records, of a person, of a change set, of a time."""

    resource = Line()
    id = IdField()
    actor_id = IdField()
    changeset_id = IdField()
    since = Line(data_key="from", attribute="from")
    until = Line(data_key="to", attribute="to")
    cursor = Line()
    per_page = Whole(low=1, high=200)


class PersonSchema(StrictSchema):
    """A person, by name."""

    id = fields.Integer()
    name = Line(allow_none=True)


class EntrySchema(StrictSchema):
    """One change of one record; `changes` holds `{"before", "after"}` by field."""

    id = fields.Integer()
    at = InstantField()
    actor = fields.Nested(PersonSchema, allow_none=True)
    action = Line()
    resource = Line()
    resource_id = fields.Integer()
    version = fields.Integer()
    changeset_id = fields.Integer()
    source = Line()
    changes = fields.Dict(keys=fields.String())


class CursorMetaSchema(StrictSchema):
    """Where to go on."""

    total = fields.Integer(allow_none=True)
    pages = fields.Integer(allow_none=True)
    current_page = fields.Integer(allow_none=True)
    per_page = fields.Integer()
    next_cursor = Line(allow_none=True)


class JournalSchema(StrictSchema):
    """One page of the journal, newest first."""

    data = Items(EntrySchema, most=200)
    meta = fields.Nested(CursorMetaSchema)


class ChangesetSchema(StrictSchema):
    """The entries of one request or job, the unit of undo; at most 200 of them are shown, `entry_count` counts all.

    `undone_by` is the change set that took it back, null while it stands.
    """

    id = fields.Integer()
    at = InstantField()
    actor = fields.Nested(PersonSchema, allow_none=True)
    source = Line()
    entry_count = fields.Integer()
    is_undoable = fields.Boolean()
    undone_by = fields.Integer(allow_none=True)
    undoes = fields.Integer(allow_none=True)
    entries = Items(EntrySchema, most=200)


class UndoneSchema(StrictSchema):
    """The change set that took another one back."""

    changeset_id = fields.Integer()

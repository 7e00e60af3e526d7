"""What a change to many records takes and answers."""

from __future__ import annotations

from marshmallow import fields

from ..schema import Choice, Flag, IdField, Items, Line, Several, StrictSchema, max_length

ACTIONS = ("update", "delete", "restore", "transfer", "tag", "untag")

MOST_IDS = 5_000


class BulkSchema(StrictSchema):
    """What is done to which records: those named by `ids`, or all that match `where`, `query` or both."""

    ids = Several(IdField(), metadata={"description": f"At most {MOST_IDS}."})
    where = fields.Dict(keys=fields.String(), metadata={"description": "The typed tree of a list; {} matches all."})
    query = Line(validate=max_length(4_000), metadata={"description": "As in the address of the list."})
    action = Choice(ACTIONS, required=True)
    changes = fields.Dict(
        keys=fields.String(),
        metadata={
            "description": (
                "`update`: as for PATCH; `transfer`: `owner_id`, of tasks `assignee_id`, of customers also `with` and "
                "`keep_as` as for `/customers/{id}/transfer`; `tag` and `untag`: `tags`; else none."
            )
        },
    )
    preview = Flag(load_default=False)


class FailedSchema(StrictSchema):
    """A record that stayed as it was, and why."""

    id = fields.Integer()
    problem = fields.Raw()


class BulkResultSchema(StrictSchema):
    """How many were meant, how many were changed and what stood in the way; in a preview what would come of it."""

    matched = fields.Integer()
    changed = fields.Integer()
    failed = Items(FailedSchema, most=5_000)

"""What is answered about deals besides records and lists: the board, a deal's stages, a customer's timeline."""

from __future__ import annotations

from marshmallow import fields
from sqlalchemy import literal

from ..history.schemas import EntrySchema
from ..projection import Computed
from ..schema import Choice, DecimalText, IdField, InstantField, Items, Line, StrictSchema, Whole
from .board_columns import GroupBy
from .models import StageKind


class ActorSchema(StrictSchema):
    """A person, by name."""

    id = fields.Integer()
    name = Line()


# ---- the board ------------------------------------------------------------------------------------------------------


class BoardQuery(StrictSchema):
    """What a board takes besides the filters of the deals' list. `column` asks for one column by its key."""

    pipeline_id = IdField()
    group_by = Choice(GroupBy)
    column = Line()
    stage_id = IdField()
    cursor = Line()
    per_page = Whole(low=1, high=200)


class AmountsSchema(StrictSchema):
    """How much stands in one currency."""

    currency = Line()
    count = fields.Integer()
    amount = DecimalText()
    weighted_amount = DecimalText()


class BoardColumnSchema(StrictSchema):
    """One stage, owner or month: its totals over all its deals and the first cards.

    `amount` is in the board's currency only. `owner_id` and `month` are null in the column of deals without.
    """

    key = Line()
    stage_id = fields.Integer(allow_none=True)
    name = Line(allow_none=True)
    kind = Choice(StageKind, allow_none=True)
    colour = Line(allow_none=True)
    owner_id = fields.Integer(allow_none=True)
    owner = fields.Nested(ActorSchema, allow_none=True)
    month = Line(allow_none=True)
    count = fields.Integer()
    amount = DecimalText()
    weighted_amount = DecimalText()
    other_amounts = Items(AmountsSchema)
    cards = Computed(
        lambda _shape: literal(""),
        document={"type": "array", "items": {"$ref": "#/components/schemas/DealRecord"}},
    )
    next_cursor = Line(allow_none=True)


class BoardSchema(StrictSchema):
    """The deals of a pipeline in columns by stage, the open ones also by owner or by month of expected close."""

    pipeline_id = fields.Integer()
    group_by = Choice(GroupBy)
    currency = Line()
    columns = Items(BoardColumnSchema)


class MovedSchema(StrictSchema):
    """Deals that were moved at once, in the order in which they were named."""

    data = Computed(
        lambda _shape: literal(""),
        document={"type": "array", "items": {"$ref": "#/components/schemas/DealRecord"}},
    )


# ---- the history of a deal ------------------------------------------------------------------------------------------


class StayStageSchema(StrictSchema):
    """The stage of a stay."""

    id = fields.Integer()
    name = Line()
    kind = Choice(StageKind)


class StaySchema(StrictSchema):
    """One stay of a deal at a stage; it lasts while `left_at` is null."""

    id = fields.Integer()
    stage_id = fields.Integer()
    stage = fields.Nested(StayStageSchema)
    entered_at = InstantField()
    left_at = InstantField(allow_none=True)
    duration_seconds = fields.Integer(allow_none=True)
    actor = fields.Nested(ActorSchema, allow_none=True)


class StaysSchema(StrictSchema):
    """The stages that a deal has been at, in order."""

    data = Items(StaySchema)


# ---- the timeline of a customer -------------------------------------------------------------------------------------


class TimelineQuery(StrictSchema):
    """Which part of a timeline."""

    type = Choice(("contact", "deal", "change"))
    cursor = Line()
    per_page = Whole(low=1, high=200)


class TimelineEntrySchema(StrictSchema):
    """Something that happened with a customer: a contact record or deal as `record`, or a `change`."""

    type = Choice(("contact", "deal", "change"))
    at = InstantField()
    actor = fields.Nested(ActorSchema, allow_none=True)
    record = Computed(
        lambda _shape: literal(""),
        document={
            "anyOf": [
                {"$ref": "#/components/schemas/ContactRecord"},
                {"$ref": "#/components/schemas/DealRecord"},
                {"type": "null"},
            ]
        },
    )
    change = fields.Nested(EntrySchema, allow_none=True)


class TimelineSchema(StrictSchema):
    """A part of a timeline, newest first."""

    data = Items(TimelineEntrySchema)
    meta = Computed(lambda _shape: literal(""), document={"$ref": "#/components/schemas/ListMeta"})

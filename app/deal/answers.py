"""What is answered about deals besides records and lists: the board and a deal's stages."""

from __future__ import annotations

from marshmallow import fields
from sqlalchemy import literal

from ..projection import Computed
from ..schema import Choice, DateField, DecimalText, IdField, InstantField, Items, Line, StrictSchema, Whole
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


class SumSchema(StrictSchema):
    """The exact sums of what shares currency and rate; `rate` is null for the base currency and for one without any."""

    currency = Line()
    rate = Line(allow_none=True)
    count = fields.Integer()
    amount = DecimalText()
    weighted_amount = DecimalText(places=8)


class BoardColumnSchema(StrictSchema):
    """One stage, owner or month: its totals over all its deals and the first cards.

    `amount` and `weighted_amount` are the `sums`, converted into the board's currency, added and then rounded half up;
    `other_amounts` are those that have no rate and are not added. Who may not read amounts gets null and none of these.
    `owner_id` and `month` are null in the column of what
    has none.
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
    amount = DecimalText(allow_none=True)
    weighted_amount = DecimalText(allow_none=True)
    other_amounts = Items(AmountsSchema)
    sums = Items(SumSchema)
    cards = Computed(
        lambda _shape: literal(""),
        document={"type": "array", "items": {"$ref": "#/components/schemas/DealRecord"}},
    )
    next_cursor = Line(allow_none=True)


class RateOfDaySchema(StrictSchema):
    """What one unit of a currency is worth in the base currency from a date on."""

    valid_on = DateField()
    rate = Line()


class BoardCurrencySchema(StrictSchema):
    """A currency of a board, with the rates of all days that its deals may be converted at."""

    code = Line()
    decimal_places = fields.Integer()
    rates = Items(RateOfDaySchema)


class BoardSchema(StrictSchema):
    """The deals of a pipeline in columns by stage, the open ones also by owner or by month of expected close.

    Totals are in `currency`: the base currency, unless one is filtered by, or nothing can be converted into it. Open
    deals are converted at the rates of `rates_on`, closed ones at those of the day of their closing.
    """

    pipeline_id = fields.Integer()
    group_by = Choice(GroupBy)
    currency = Line()
    base_currency = Line()
    rates_on = DateField()
    currencies = Items(BoardCurrencySchema)
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

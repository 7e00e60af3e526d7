"""What reports take and answer."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ..deal.answers import AmountsSchema
from ..deal.models import StageKind
from ..money.schemas import CurrencyField
from ..schema import Choice, DateField, DecimalText, IdField, InstantField, Items, Line, RateField, StrictSchema

ReportQuery = StrictSchema.from_dict(
    {
        "from": DateField(),
        "to": DateField(),
        "owner_id": IdField(),
        "team_id": IdField(),
        "pipeline_id": IdField(),
        "currency": CurrencyField(),
    },
    name="ReportQuery",
)
"""Parameters that every report takes."""


class PeriodAmountsSchema(StrictSchema):
    """Money of a summary that stands in another currency than the summary's."""

    currency = Line()
    open_count = fields.Integer()
    open_amount = DecimalText()
    weighted_amount = DecimalText()
    won_count = fields.Integer()
    won_amount = DecimalText()


class SummaryFiguresSchema(StrictSchema):
    """Figures of one period. Open ones are as of now, and null for a period that is over."""

    open_count = fields.Integer(allow_none=True)
    open_amount = DecimalText(allow_none=True)
    weighted_amount = DecimalText(allow_none=True)
    won_count = fields.Integer()
    lost_count = fields.Integer()
    won_amount = DecimalText()
    win_rate = RateField(allow_none=True)
    mean_won_amount = DecimalText(allow_none=True)
    mean_won_cycle_days = fields.Float(allow_none=True)
    median_won_cycle_days = fields.Float(allow_none=True)
    mean_closed_cycle_days = fields.Float(allow_none=True)
    new_customers = fields.Integer()
    contact_count = fields.Integer()


_SPAN: dict[str, fields.Field[Any]] = {
    "from": DateField(allow_none=True),
    "to": DateField(allow_none=True),
    "as_of": InstantField(),
    "currency": Line(),
    "definition": Line(),
}

SummaryReport = SummaryFiguresSchema.from_dict(
    {
        **_SPAN,
        "other_amounts": Items(PeriodAmountsSchema),
        "filters": fields.Dict(keys=fields.String(), values=fields.String()),
        "previous": fields.Nested(SummaryFiguresSchema, allow_none=True),
    },
    name="SummaryReport",
)
"""The summary: figures of a period, of the one before it, and the lists behind them."""

ReportMeta = StrictSchema.from_dict(_SPAN, name="ReportMeta")
"""What a report covers and by which definition."""


class PipelineFiguresSchema(StrictSchema):
    """What stands at a stage, or at all of them."""

    count = fields.Integer()
    amount = DecimalText()
    weighted_amount = DecimalText()
    other_amounts = Items(AmountsSchema)
    mean_age_days = fields.Float(allow_none=True)
    overdue_count = fields.Integer()


class PipelineRowSchema(PipelineFiguresSchema):
    """One stage."""

    key = fields.Integer()
    label = Line()
    kind = Choice(StageKind)
    pipeline_id = fields.Integer()
    pipeline_name = Line()
    filters = fields.Dict(keys=fields.String(), values=fields.String())


class PipelineReportSchema(StrictSchema):
    """The stages with what stands at them."""

    rows = Items(PipelineRowSchema)
    totals = fields.Nested(PipelineFiguresSchema)
    meta = fields.Nested(ReportMeta)

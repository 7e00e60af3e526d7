"""What targets and their attainment look like on the wire, and their list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from ..auth.models import teams, users
from ..deal.models import products
from ..deal.schemas import Day
from ..filtering import AnyOf, an_id
from ..listing import ListSpec
from ..money.schemas import CurrencyField
from ..projection import LinkTo
from ..schema import (
    Choice,
    DateField,
    DecimalText,
    IdField,
    InstantField,
    Items,
    Line,
    RecordSchema,
    StrictSchema,
    Whole,
    column,
)
from .models import Measure, Target, targets
from .periods import PeriodKind, span_of


class TargetSchema(RecordSchema):
    """What a person or a team is to reach in a period."""

    class Meta(RecordSchema.Meta):
        """Columns of `Target`."""

        model = Target

    id = column(dump_only=True)
    version = column(dump_only=True)
    user_id = IdField(allow_none=True)
    user = LinkTo("user_id", Target.user_id, users)
    team_id = IdField(allow_none=True)
    team = LinkTo("team_id", Target.team_id, teams)
    period = Choice(PeriodKind, required=True)
    period_on = DateField(required=True)
    measure = Choice(Measure, required=True)
    product_id = IdField(allow_none=True)
    product = LinkTo("product_id", Target.product_id, products)
    value = DecimalText(required=True)
    currency = CurrencyField(allow_none=True)
    external_source = column()
    external_id = column()
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


TARGETS = ListSpec(
    policy=targets,
    schema=TargetSchema,
    plural="targets",
    filters={
        "id": AnyOf(Target.id, an_id),
        "user_id": AnyOf(Target.user_id, an_id),
        "team_id": AnyOf(Target.team_id, an_id),
        "period": AnyOf(Target.period),
        "period_on": Day(Target.period_on),
        "measure": AnyOf(Target.measure),
        "product_id": AnyOf(Target.product_id, an_id),
        "currency": AnyOf(Target.currency),
        "external_source": AnyOf(Target.external_source),
        "external_id": AnyOf(Target.external_id),
    },
    sort={"period_on": Target.period_on, "value": Target.value},
    default_sort="-period_on",
)

# ---- a year's grid --------------------------------------------------------------------------------------------------


class Cells(fields.Dict):
    """Figures by the key of their period (`2026-03`, `2026-Q1`, `2026`); null takes a target away."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.figure = DecimalText(allow_none=True)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValidationError("wrong_type")
        found: dict[Any, Any] = {}
        faults: dict[str, list[str]] = {}
        for key, figure in value.items():
            try:
                found[span_of(key)] = self.figure.deserialize(figure)
            except ValidationError as error:
                faults[key] = [str(message) for message in error.messages]
            except ValueError:
                faults[key] = ["period_key"]
        if faults:
            raise ValidationError(faults)
        return found


class GridRowSchema(StrictSchema):
    """The figures of one person or one team that change."""

    user_id = IdField(allow_none=True)
    team_id = IdField(allow_none=True)
    cells = Cells(required=True, error_messages={"required": "required", "null": "required"})


class GridSchema(StrictSchema):
    """What changes in a year's targets; figures that are not named stay."""

    year = Whole(low=1900, high=2200, required=True)
    measure = Choice(Measure, required=True)
    product_id = IdField(allow_none=True)
    currency = CurrencyField(allow_none=True)
    rows = Items(GridRowSchema, most=2_000, required=True)


class GridResultSchema(StrictSchema):
    """How many targets were set anew, changed and taken away."""

    created = fields.Integer()
    updated = fields.Integer()
    removed = fields.Integer()


# ---- attainment -----------------------------------------------------------------------------------------------------


class AttainmentQuery(StrictSchema):
    """Whose year and what is counted; this year's won amount unless said."""

    year = Whole(low=1900, high=2200)
    measure = Choice(Measure)
    product_id = IdField()
    currency = CurrencyField()
    user_id = IdField()
    team_id = IdField()


class SetAsSchema(StrictSchema):
    """A figure as it was set."""

    value = DecimalText()
    currency = Line()


class AttainmentCellSchema(StrictSchema):
    """One period: what is to be reached, what was reached, and the share of it; null where that is not known.

    `set_as`: the period's own figure where it stands in another currency than the answer; it is changed there.
    """

    key = Line()
    period = Choice(PeriodKind)
    period_on = DateField()
    target = DecimalText(allow_none=True)
    is_own = fields.Boolean()
    set_as = fields.Nested(SetAsSchema, allow_none=True)
    actual = DecimalText(allow_none=True)
    attainment = fields.Float(allow_none=True)


class AttainmentRowSchema(StrictSchema):
    """One team or person. A team's `mode`: its own figures, or the sum of its people and of the teams below."""

    key = Line()
    user_id = fields.Integer(allow_none=True)
    team_id = fields.Integer(allow_none=True)
    name = Line()
    parent_team_id = fields.Integer(allow_none=True)
    depth = fields.Integer()
    mode = Choice(("own", "sum"), allow_none=True)
    can_write = fields.Boolean()
    cells = Items(AttainmentCellSchema)


class AttainmentMetaSchema(StrictSchema):
    """What an attainment covers.

    `currencies`: those in which there are targets; `converted`: those that were converted into `currency`; `left_out`:
    those without a rate, in which nothing is counted.
    """

    year = fields.Integer()
    measure = Choice(Measure)
    product_id = fields.Integer(allow_none=True)
    currency = Line(allow_none=True)
    currencies = fields.List(Line())
    converted = fields.List(Line())
    left_out = fields.List(Line())
    as_of = InstantField()
    definition = Line()


class AttainmentSchema(StrictSchema):
    """Targets and what was reached, of everybody whom the reader sees, as a tree of teams with their people."""

    rows = Items(AttainmentRowSchema)
    meta = fields.Nested(AttainmentMetaSchema)

"""What deals, pipelines and products look like on the wire, and their lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, fields
from sqlalchemy import CTE, BigInteger, ColumnElement, String, Text, bindparam, cast, exists, func, literal, or_, select
from sqlalchemy import column as sql_column
from sqlalchemy.orm import aliased

from ..access import Permission, Policy
from ..auth.models import Team, teams, users
from ..custom_columns import PREFIX
from ..custom_values import KEY
from ..customer.models import Customer, Person, customers, people
from ..customer.schemas import PersonSchema, collaborators_of, country_of
from ..database import IdList, decimal_text, items_of, json_object_rows, json_pair, member_of
from ..field_rights import Guarded, mask_text
from ..filtering import (
    PRESENT_AT,
    PRESENT_DAY,
    AnyOf,
    AsOf,
    Contains,
    Flagged,
    InSight,
    InState,
    Range,
    Through,
    an_id,
)
from ..listing import ListSpec, Searched
from ..merged import is_any
from ..money.schemas import CurrencyField
from ..projection import Gathered, LinkTo, Shape, json_text, read_as
from ..schema import (
    Choice,
    DateField,
    DecimalText,
    Flag,
    IdField,
    Items,
    Line,
    OptionField,
    Prose,
    RateField,
    RecordSchema,
    Several,
    StrictSchema,
    Texts,
    Whole,
    column,
    issue_text,
    max_length,
)
from .changes import Changed
from .hygiene import IS_OPEN, Fault, faults
from .models import (
    Deal,
    DealKind,
    DealLine,
    DealPeriod,
    DealPerson,
    ForecastCategory,
    Pipeline,
    Product,
    Stage,
    StageKind,
    deals,
    pipelines,
    products,
)
from .periods import lasts_at
from .stays import SPAN, Visited, lost_from

REQUIRABLE = (
    "customer_id",
    "amount",
    "opened_on",
    "expected_close_on",
    "next_step",
    "next_step_on",
    "source",
    "description",
    "people",
    "lines",
    "competitors",
)
"""Fields of a deal that a stage may require."""


class RequirableField(Line):
    """The name of a field of a deal; whether there is such a custom field is asked by the service."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        name = super()._deserialize(value, attr, data, **kwargs)
        is_custom = name.startswith(PREFIX) and KEY.fullmatch(name.removeprefix(PREFIX))
        if name not in REQUIRABLE and not is_custom:
            raise ValidationError(issue_text("not_allowed", options=", ".join(REQUIRABLE)))
        return name


def _percent() -> DecimalText:
    return DecimalText(high="100", allow_none=True)


class Holds(InSight):
    """A deal has a part that points at one of these records; repeating the parameter means or, `none` has no part.

    Args:
        link: the part's column that points at the record.
        deal_id: the part's column that points at the deal.
        target: which of the records the reader sees; the others read as if they had no part.
    """

    def __init__(self, link: Any, deal_id: Any, target: Policy, *, text: str = "") -> None:
        super().__init__(link, an_id, text=text)
        self.deal_id, self.target = deal_id, target

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """Whether the deal has such a part, or any."""
        found = select(self.deal_id)
        if not self.target.open_to_all:
            record: Any = aliased(self.target.model)
            found = found.join(record, record.id == self.column)
            found = found.where(record.is_active, self.target.visible(self.shape, record))
        if op in ("in", "not_in"):
            found = found.where(is_any(self.column, bindparam(bind, type_=IdList())))
        elif op in ("eq", "ne"):
            found = found.where(is_any(self.column, bindparam(bind, type_=BigInteger())))
        has = Deal.id.in_(found)
        return has if op in ("in", "eq", "not_null") else ~has


class Day(Range):
    """A date: `name=` for one day or `none`, `name_from=` and `name_to=` for a span."""

    def __init__(self, column: Any, *, text: str = "") -> None:
        super().__init__(column, text=text)
        self.suffixes = (("", "eq"), *self.suffixes)


# ---- pipelines ------------------------------------------------------------------------------------------------------


class StageSchema(StrictSchema):
    """A stage, in its place of the pipeline."""

    id = IdField()
    name = Line(required=True, validate=max_length(100))
    kind = Choice(StageKind, required=True)
    win_probability = RateField(allow_none=True)
    forecast_category = Choice(ForecastCategory, allow_none=True)
    expected_days = Whole(low=1, high=3_650, allow_none=True)
    colour = Line(allow_none=True, blank_is_null=True, validate=max_length(20))
    required_fields = Several(
        RequirableField(
            metadata={"description": f"{', '.join(REQUIRABLE)}, or `custom.KEY` for a custom field of deals."}
        )
    )


class StageMoveSchema(StrictSchema):
    """Where the deals of a removed stage go."""

    from_stage_id = IdField(required=True)
    to_stage_id = IdField(required=True)


def _stages() -> Any:
    return (
        select(
            Stage.pipeline_id,
            Stage.id,
            Stage.name,
            Stage.kind,
            Stage.win_probability,
            Stage.forecast_category,
            Stage.expected_days,
            Stage.colour,
            Stage.required_fields,
        )
        .where(member_of(Stage.pipeline_id, bindparam("ids", type_=IdList())), Stage.is_active)
        .order_by(Stage.pipeline_id, Stage.position, Stage.id)
    )


_STAGE_NAMES = (
    "id",
    "name",
    "kind",
    "win_probability",
    "forecast_category",
    "expected_days",
    "colour",
    "required_fields",
)


def _stage_item(values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(_STAGE_NAMES, values, strict=True))


class PipelineSchema(RecordSchema):
    """An ordered way of stages."""

    class Meta(RecordSchema.Meta):
        """Columns of `Pipeline`."""

        model = Pipeline

    id = column(dump_only=True)
    version = column(dump_only=True)
    name = column(required=True)
    team_id = IdField(allow_none=True)
    team = LinkTo("team_id", Pipeline.team_id, teams)
    stages = Items(StageSchema, most=50, required=True)
    move_deals = Items(StageMoveSchema, most=50, load_only=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


PIPELINES = ListSpec(
    policy=pipelines,
    schema=PipelineSchema,
    plural="pipelines",
    filters={
        "id": AnyOf(Pipeline.id, an_id),
        "name": Contains(Pipeline.name_key),
        "team_id": AnyOf(Pipeline.team_id, an_id),
    },
    sort={"name": Pipeline.name_key},
    default_sort="id",
    search=(Pipeline.name_key,),
    gathered={"stages": Gathered(_stages, _stage_item)},
)

# ---- products -------------------------------------------------------------------------------------------------------


class ProductSchema(RecordSchema):
    """What is sold."""

    class Meta(RecordSchema.Meta):
        """Columns of `Product`."""

        model = Product

    id = column(dump_only=True)
    version = column(dump_only=True)
    code = column(required=True)
    name = column(required=True)
    category = OptionField("product_category", allow_none=True)
    series = column()
    unit = column()
    specification = column()
    description = column()
    price = DecimalText(allow_none=True)
    currency = CurrencyField()
    tax_percent = _percent()
    cost = DecimalText(allow_none=True)
    custom = fields.Dict(keys=fields.String(), allow_none=True)
    external_source = column(blank_is_null=True)
    external_id = column(blank_is_null=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


PRODUCTS = ListSpec(
    policy=products,
    schema=ProductSchema,
    plural="products",
    filters={
        "id": AnyOf(Product.id, an_id),
        "code": AnyOf(Product.code),
        "name": Contains(Product.name_key),
        "category": AnyOf(Product.category, option_list="product_category"),
        "series": AnyOf(Product.series),
        "currency": AnyOf(Product.currency),
        "price": Range(Product.price),
        "external_source": AnyOf(Product.external_source),
        "external_id": AnyOf(Product.external_id),
        "created": Range(Product.created_at),
        "updated": Range(Product.updated_at),
    },
    sort={
        "code": Product.code_key,
        "name": Product.sort_key,
        "category": Product.category,
        "series": Product.series,
        "price": Product.price,
    },
    default_sort="code",
    search=(Product.search_key,),
    right_fields={"cost": Permission.PRODUCT_COST},
)

# ---- deals ----------------------------------------------------------------------------------------------------------


class DealPersonSchema(StrictSchema):
    """A person who has a part in a deal."""

    person_id = IdField(required=True)
    role = Line(allow_none=True, blank_is_null=True, validate=max_length(60), load_default=None)


class DealLineSchema(StrictSchema):
    """One product on a deal; `id` keeps a line that is there already."""

    id = IdField()
    product_id = IdField(required=True)
    product = fields.Nested({"id": fields.Integer(), "name": fields.String()}, dump_only=True)
    quantity = DecimalText(low="0.0001", high="9999999999.9999", required=True)
    unit_price = DecimalText(required=True)
    discount_percent = _percent()
    tax_percent = _percent()
    amount = DecimalText(dump_only=True)


def _people(shape: Shape) -> ColumnElement[Any]:
    found = (
        select(
            json_pair(
                literal("person_id"),
                DealPerson.person_id,
                literal("role"),
                DealPerson.role,
                literal("name"),
                Person.name,
            ).label("item")
        )
        .join(Person, Person.id == DealPerson.person_id)
        .where(DealPerson.deal_id == Deal.id, Person.is_active, people.visible(shape))
        .order_by(DealPerson.person_id)
        .correlate(Deal)
    )
    return json_object_rows(found.scalar_subquery())


def _stage(_shape: Shape) -> ColumnElement[Any]:
    found = select(json_pair(literal("id"), Stage.id, literal("name"), Stage.name, literal("kind"), Stage.kind))
    return cast(found.where(Stage.id == Deal.stage_id).correlate(Deal).scalar_subquery(), Text())


def _lines() -> Any:
    return (
        select(
            DealLine.deal_id,
            DealLine.id,
            DealLine.product_id,
            Product.name,
            DealLine.quantity,
            DealLine.unit_price,
            DealLine.discount_percent,
            DealLine.tax_percent,
            DealLine.amount,
        )
        .join(Product, Product.id == DealLine.product_id)
        .where(member_of(DealLine.deal_id, bindparam("ids", type_=IdList())))
        .order_by(DealLine.deal_id, DealLine.position, DealLine.id)
    )


def _line_item(values: Sequence[Any]) -> dict[str, Any]:
    line_id, product_id, product_name, quantity, unit_price, discount, tax, amount = values
    return {
        "id": line_id,
        "product_id": product_id,
        "product": {"id": product_id, "name": product_name},
        "quantity": decimal_text(quantity),
        "unit_price": decimal_text(unit_price),
        "discount_percent": None if discount is None else decimal_text(discount),
        "tax_percent": None if tax is None else decimal_text(tax),
        "amount": decimal_text(amount),
    }


_PEOPLE_DOCUMENT = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["person_id", "role", "name"],
        "properties": {
            "person_id": {"type": "integer"},
            "role": {"type": ["string", "null"]},
            "name": {"type": "string"},
        },
    },
}
_STAGE_DOCUMENT = {
    "type": "object",
    "required": ["id", "name", "kind"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "kind": {"type": "string", "enum": [str(kind) for kind in StageKind]},
    },
}


class DealSchema(RecordSchema):
    """An opportunity, as it is read and as it is created."""

    class Meta(RecordSchema.Meta):
        """Columns of `Deal`."""

        model = Deal

    id = column(dump_only=True)
    version = column(dump_only=True)
    name = column(required=True)
    kind = Choice(DealKind)
    customer_id = IdField(allow_none=True)
    customer = LinkTo("customer_id", Deal.customer_id, customers)
    people = Items(
        DealPersonSchema,
        allow_none=True,
        metadata=read_as(_people, json_text, _PEOPLE_DOCUMENT, names=(people, "person_id")),
    )
    pipeline_id = IdField()
    pipeline = LinkTo("pipeline_id", Deal.pipeline_id, pipelines)
    stage_id = IdField()
    stage = fields.Raw(dump_only=True, metadata=read_as(_stage, json_text, _STAGE_DOCUMENT))
    state = Choice(StageKind, dump_only=True)
    opened_on = column()
    expected_close_on = column()
    closed_on = column()
    amount = DecimalText(allow_none=True)
    amount_is_manual = Flag()
    currency = CurrencyField()
    win_probability = RateField(allow_none=True)
    win_probability_is_manual = column(dump_only=True)
    forecast_category = Choice(ForecastCategory, allow_none=True)
    forecast_category_is_manual = column(dump_only=True)
    lines = Items(DealLineSchema, allow_none=True)
    lost_reason = OptionField("lost_reason", allow_none=True)
    lost_note = column()
    competitors = Texts(length=60, most=20, allow_none=True, metadata={"option_list": "competitor"})
    next_step = column()
    next_step_on = column()
    source = OptionField("source", allow_none=True)
    description = column()
    custom = fields.Dict(keys=fields.String(), allow_none=True)
    owner_id = IdField()
    owner = LinkTo("owner_id", Deal.owner_id, users)
    team_id = column(dump_only=True)
    team = LinkTo("team_id", Deal.team_id, teams)
    collaborators = collaborators_of(Deal)
    rank = column(dump_only=True)
    stage_entered_at = column(dump_only=True)
    last_contacted_at = column(dump_only=True)
    is_backfill = column(dump_only=True)
    external_source = column(blank_is_null=True)
    external_id = column(blank_is_null=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class MoveSchema(StrictSchema):
    """Where a deal goes: behind `after_id`; absent means the end of the stage, null its top.

    A stage of another pipeline is taken only with that `pipeline_id`.
    """

    stage_id = IdField(required=True)
    pipeline_id = IdField()
    after_id = IdField(allow_none=True)


class MoveManySchema(StrictSchema):
    """Where several deals go, in this order: to a place of a stage as in a move, to an owner, or to a month.

    In a month each keeps its day of the expected close, the last one where it had none.
    """

    ids = Several(IdField(required=True), required=True)
    stage_id = IdField()
    pipeline_id = IdField()
    after_id = IdField(allow_none=True)
    owner_id = IdField()
    close_month = Line()


class CloneSchema(StrictSchema):
    """The name of the new deal, where it is not to be that of the other one with a word behind it."""

    name = Line(blank_is_null=True, allow_none=True, validate=max_length(200))


class WinSchema(StrictSchema):
    """When a deal was won; today unless said."""

    closed_on = DateField(allow_none=True)


class LoseSchema(StrictSchema):
    """Why and when a deal was lost; today unless said."""

    reason = OptionField("lost_reason", required=True)
    note = Prose(allow_none=True, validate=max_length(20_000))
    closed_on = DateField(allow_none=True)


class ReopenSchema(StrictSchema):
    """The open stage that a deal returns to; the one it was last at unless said."""

    stage_id = IdField(allow_none=True)


class QualifyPersonSchema(PersonSchema):
    """The first person of a lead that is qualified."""

    class Meta(PersonSchema.Meta):
        """The customer is the lead."""

        exclude = ("customer_id", "customer")


class QualifyDealSchema(DealSchema):
    """The first deal of a lead that is qualified."""

    class Meta(DealSchema.Meta):
        """The customer is the lead."""

        exclude = ("customer_id", "customer")


_WRONG_PART: dict[str, Any] = {"type": "wrong_type"}


class QualifySchema(StrictSchema):
    """What is made of a lead besides a prospect."""

    person = fields.Nested(QualifyPersonSchema, allow_none=True, error_messages=_WRONG_PART)
    deal = fields.Nested(QualifyDealSchema, allow_none=True, error_messages=_WRONG_PART)


class DealChangeSchema(DealSchema):
    """What a PATCH may change: stage, pipeline and closing date change by actions only."""

    pipeline_id = IdField(dump_only=True)
    stage_id = IdField(dump_only=True)
    closed_on = column(dump_only=True)


def top_teams() -> CTE:
    """Every team with the team at the top of its tree: `team_id`, `top_id`."""
    tops = (select(Team.id.label("team_id"), Team.id.label("top_id")).where(Team.parent_id.is_(None))).cte(
        "top_teams", recursive=True
    )
    below = aliased(Team)
    return tops.union_all(select(below.id, tops.c.top_id).join(tops, below.parent_id == tops.c.team_id))


def region_of(team: Any, top: Any) -> ColumnElement[Any]:
    """The sales region of a team: its own, else that of the team at the top of its tree."""
    return func.coalesce(team.region, top.region)


def _of_customer(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Customer.id == Deal.customer_id, Customer.is_active, condition)


def _of_top_team(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_TOPS.c.team_id == Deal.team_id, condition)


def _of_region(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_TEAM.id == Deal.team_id, _TOPS.c.team_id == _TEAM.id, _TOP.id == _TOPS.c.top_id, condition)


def _has_series(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    lines = select(DealLine.deal_id).join(Product, Product.id == DealLine.product_id)
    return Deal.id.in_(lines.where(condition))


def _lacks_series() -> ColumnElement[bool]:
    return or_(~Deal.id.in_(select(DealLine.deal_id)), _has_series(Product.series.is_(None)))


def competitors_of(deal: Any) -> Any:
    """The competitors that a deal names, as rows with a `value`."""
    return items_of(deal.competitors).table_valued(sql_column("value", String()), joins_implicitly=True)


def _names(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().select_from(_NAMED).where(condition).correlate_except(_NAMED)


_NAMED = competitors_of(Deal)
_TOPS = top_teams()
_TEAM: Any = aliased(Team)
_TOP: Any = aliased(Team)

DEALS = ListSpec(
    policy=deals,
    schema=DealSchema,
    plural="deals",
    filters={
        "as_of": AsOf(
            DealPeriod,
            DealPeriod.deal_id,
            lasts_at,
            text="A moment, or a date for its end: the deals for which the other filters held then.",
        ),
        "change": Changed(),
        "entered": Visited(went_on=False, text=f"Came to a stage in a span of days. {SPAN}"),
        "went_on": Visited(
            went_on=True,
            text=f"Of those, that went on to a further open stage or were won; of `open`, were won. {SPAN}",
        ),
        "id": AnyOf(Deal.id, an_id),
        "name": Contains(Deal.name_key),
        "pipeline_id": AnyOf(Deal.pipeline_id, an_id),
        "stage_id": AnyOf(Deal.stage_id, an_id),
        "state": AnyOf(Deal.state),
        "kind": AnyOf(Deal.kind),
        "customer_id": AnyOf(Deal.customer_id, an_id),
        "person_id": Holds(DealPerson.person_id, DealPerson.deal_id, people),
        "product_id": Holds(DealLine.product_id, DealLine.deal_id, products),
        "product_series": Through(Product.series, _has_series, lacks=_lacks_series),
        "industry": Through(
            Customer.industry, _of_customer, link=Deal.customer_id, text="Of the customer.", option_list="industry"
        ),
        "country": Through(country_of(Customer), _of_customer, link=Deal.customer_id, text="Of the customer."),
        "top_team_id": Through(_TOPS.c.top_id, _of_top_team, an_id, text="The team at the top of the deal's team."),
        "region": Through(region_of(_TEAM, _TOP), _of_region, text="The sales region of the deal's team."),
        "owner_id": AnyOf(Deal.owner_id, an_id),
        "team_id": AnyOf(Deal.team_id, an_id),
        "created_by": AnyOf(Deal.created_by, an_id),
        "currency": AnyOf(Deal.currency),
        "amount": Range(Deal.amount),
        "win_probability": Range(Deal.win_probability),
        "forecast_category": AnyOf(Deal.forecast_category),
        "source": AnyOf(Deal.source, option_list="source"),
        "lost_reason": AnyOf(Deal.lost_reason, option_list="lost_reason"),
        "lost_from_stage_id": AnyOf(lost_from(Deal), an_id, text="The open stage that a lost deal stood at before."),
        "competitor": Through(_NAMED.c.value, _names, option_list="competitor"),
        "opened": Day(Deal.opened_on),
        "closed": Day(Deal.closed_on),
        "expected_close": Day(Deal.expected_close_on),
        "next_step_on": Day(Deal.next_step_on),
        "stage_entered": Range(Deal.stage_entered_at),
        "last_contacted": Range(Deal.last_contacted_at),
        "created": Range(Deal.created_at),
        "updated": Range(Deal.updated_at),
        "hygiene": InState(
            tuple(Fault),
            lambda shape: faults(shape, PRESENT_AT, PRESENT_DAY),
            IS_OPEN,
            "hygiene",
            text="Open deals that are wanting in something, `none` those that are not: without a dated next step, next "
            "step or expected close overdue, silent for 14 days, longer at their stage than it expects.",
        ),
        "is_backfill": Flagged(Deal.is_backfill),
        "external_source": AnyOf(Deal.external_source),
        "external_id": AnyOf(Deal.external_id),
    },
    sort={
        "name": Deal.sort_key,
        "amount": Deal.amount,
        "win_probability": Deal.win_probability,
        "expected_close_on": Deal.expected_close_on,
        "opened_on": Deal.opened_on,
        "closed_on": Deal.closed_on,
        "next_step_on": Deal.next_step_on,
        "stage_entered_at": Deal.stage_entered_at,
        "last_contacted_at": Deal.last_contacted_at,
        "rank": Deal.rank,
        "state": Deal.state,
        "stage_id": Deal.stage_id,
        "owner_id": Deal.owner_id,
        "forecast_category": Deal.forecast_category,
    },
    search=(Searched(Deal.search_key, ("custom",), Deal.name_key),),
    guarded={
        "amount": Guarded(also=dict.fromkeys(("amount_is_manual", "lines", "change"))),
        "source": Guarded(),
        "competitors": Guarded(also={"competitor": None}),
        "description": Guarded(mask_text),
    },
    borrowed={"industry": "customer.industry", "country": "customer.address"},
    gathered={"lines": Gathered(_lines, _line_item)},
)

"""Pipelines with their stages, products, deals with their people and lines; with their policies."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Grant, Permission, Policy, Shape
from ..custom_columns import Custom
from ..customer.models import customers
from ..database import Document, KeyText, Model, Rate
from ..errors import Problem, unique_clash
from ..field_rights import is_plain
from ..journal import Part
from ..record import Record


class StageKind(StrEnum):
    """What a stage means for its deals; a deal's `state` is the kind of its stage."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class DealKind(StrEnum):
    """Where the business comes from."""

    NEW = "new"
    RENEWAL = "renewal"
    EXPANSION = "expansion"


class ForecastCategory(StrEnum):
    """How sure the owner is."""

    COMMITTED = "committed"
    BEST_CASE = "best_case"
    PIPELINE = "pipeline"
    OMITTED = "omitted"


def usual_category(kind: str, win_probability: float) -> ForecastCategory:
    """The forecast category of a stage for which nobody has chosen another one."""
    if kind == StageKind.LOST:
        return ForecastCategory.OMITTED
    if kind == StageKind.WON or win_probability >= 0.9:
        return ForecastCategory.COMMITTED
    return ForecastCategory.BEST_CASE if win_probability >= 0.5 else ForecastCategory.PIPELINE


def _category_of_row(context: Any) -> ForecastCategory:
    row = context.get_current_parameters()
    return usual_category(row["kind"], row["win_probability"])


def _live() -> dict[str, Any]:
    # SQLite takes such an index only for the very words of a query, and there a condition reads `is_active = 1`.
    return {"sqlite_where": text("is_active = 1"), "postgresql_where": text("is_active")}


class Pipeline(Record):
    """An ordered way of stages; with `team_id` it is the default of that team and the teams below."""

    __tablename__ = "pipeline"
    __table_args__ = (
        Index("uq_pipeline_name", "name_key", unique=True, **_live()),
        {"sqlite_autoincrement": True},
    )
    resource = "pipeline"
    unjournalled = frozenset({"name_key"})

    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(KeyText())
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)


class Stage(Part):
    """One step of a pipeline; journalled as the pipeline's `stages`. A removed stage stays for the history of deals."""

    __tablename__ = "stage"
    __table_args__ = (
        Index("ix_stage_pipeline", "pipeline_id", "position"),
        CheckConstraint("kind IN ('open', 'won', 'lost')", name="kind"),
        {"sqlite_autoincrement": True},
    )
    part_field = "stages"
    part_parent = Pipeline
    part_link = "pipeline_id"
    part_columns = (
        "id",
        "position",
        "name",
        "kind",
        "win_probability",
        "forecast_category",
        "expected_days",
        "colour",
        "required_fields",
        "is_active",
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipeline.id"))
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(4))
    win_probability: Mapped[float] = mapped_column(Rate())
    forecast_category: Mapped[str] = mapped_column(String(10), default=_category_of_row)
    expected_days: Mapped[int | None] = mapped_column(Integer)
    colour: Mapped[str | None] = mapped_column(String(20))
    required_fields: Mapped[Any] = mapped_column(Document, default=list)
    is_active: Mapped[bool] = mapped_column(Boolean(), default=True)


class Product(Record, Custom):
    """What is sold."""

    __tablename__ = "product"
    __table_args__ = (
        Index("uq_product_code", "code_key", unique=True, **_live()),
        Index("ix_product_name", "sort_key", "id", **_live()),
        {"sqlite_autoincrement": True},
    )
    resource = "product"
    unjournalled = frozenset({"code_key", "name_key", "sort_key", "search_key", "custom_keys"})
    merged_columns = frozenset({"custom"})

    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    category: Mapped[str | None] = mapped_column(String(60))
    series: Mapped[str | None] = mapped_column(String(100))
    unit: Mapped[str | None] = mapped_column(String(20))
    specification: Mapped[str | None] = mapped_column(String(300))
    description: Mapped[str | None] = mapped_column(Text)
    price: Mapped[Decimal | None] = mapped_column()
    currency: Mapped[str] = mapped_column(String(3))
    tax_percent: Mapped[Decimal | None] = mapped_column()
    cost: Mapped[Decimal | None] = mapped_column()

    code_key: Mapped[str] = mapped_column(KeyText())
    name_key: Mapped[str] = mapped_column(KeyText())
    sort_key: Mapped[str] = mapped_column(KeyText())
    search_key: Mapped[str] = mapped_column(KeyText())


class Deal(Record, Custom):
    """An opportunity at one stage of one pipeline.

    Attributes:
        state: the kind of the stage, kept beside it for lists and reports.
        rank: order within the stage, see `rank.py`.
        is_backfill: loaded as history: counts from the dates that it carries, not from when it was entered.
        win_probability: the stage's unless `win_probability_is_manual`.
        forecast_category: the stage's unless `forecast_category_is_manual`.
        last_contacted_at: when the latest of its contact records happened.
    """

    __tablename__ = "deal"
    __table_args__ = (
        Index("uq_deal_rank", "stage_id", "rank", unique=True),
        Index("ix_deal_created", "created_at", "id", **_live()),
        Index("ix_deal_owner", "owner_id", "created_at", "id", **_live()),
        Index("ix_deal_team", "team_id", "created_at", "id", **_live()),
        Index("ix_deal_customer", "customer_id", "id", **_live()),
        Index("ix_deal_closed", "closed_on", "id", **_live()),
        Index("ix_deal_name", "sort_key", "id", **_live()),
        Index("ix_deal_pipeline", "pipeline_id", "state", **_live()),
        CheckConstraint("state IN ('open', 'won', 'lost')", name="state"),
        CheckConstraint("(state = 'open') = (closed_on IS NULL)", name="closed_on"),
        CheckConstraint("win_probability BETWEEN 0 AND 10000", name="win_probability"),
        {"sqlite_autoincrement": True},
    )
    resource = "deal"
    unjournalled = frozenset({"name_key", "sort_key", "search_key", "custom_keys"})
    merged_columns = frozenset({"custom"})
    derived_columns = frozenset({"team_id", "stage_entered_at", "last_contacted_at"})
    placing_columns = frozenset({"rank"})
    search_columns = ("search_key",)
    title_column = "name_key"

    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10), default=DealKind.NEW)
    opened_on: Mapped[date | None] = mapped_column()
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipeline.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"))
    state: Mapped[str] = mapped_column(String(4))
    amount: Mapped[Decimal | None] = mapped_column()
    amount_is_manual: Mapped[bool] = mapped_column(Boolean(), default=False)
    currency: Mapped[str] = mapped_column(String(3))
    win_probability: Mapped[float] = mapped_column(Rate())
    win_probability_is_manual: Mapped[bool] = mapped_column(Boolean(), default=False)
    forecast_category: Mapped[str] = mapped_column(String(10), default=ForecastCategory.PIPELINE)
    forecast_category_is_manual: Mapped[bool] = mapped_column(Boolean(), default=False)
    expected_close_on: Mapped[date | None] = mapped_column()
    closed_on: Mapped[date | None] = mapped_column()
    lost_reason: Mapped[str | None] = mapped_column(String(60))
    lost_note: Mapped[str | None] = mapped_column(Text)
    competitors: Mapped[Any] = mapped_column(Document, default=list)
    next_step: Mapped[str | None] = mapped_column(String(300))
    next_step_on: Mapped[date | None] = mapped_column()
    source: Mapped[str | None] = mapped_column(String(60))
    description: Mapped[str | None] = mapped_column(Text)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    rank: Mapped[str] = mapped_column(KeyText())
    stage_entered_at: Mapped[datetime] = mapped_column()
    last_contacted_at: Mapped[datetime | None] = mapped_column()
    is_backfill: Mapped[bool] = mapped_column(Boolean(), default=False)

    name_key: Mapped[str] = mapped_column(KeyText())
    sort_key: Mapped[str] = mapped_column(KeyText())
    search_key: Mapped[str] = mapped_column(KeyText())


class DealPerson(Part):
    """A person who has a part in a deal; journalled as the deal's `people`."""

    __tablename__ = "deal_person"
    __table_args__ = (Index("ix_deal_person_person", "person_id", "deal_id"),)
    part_field = "people"
    part_parent = Deal
    part_link = "deal_id"
    part_columns = ("person_id", "role")

    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"), primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    role: Mapped[str | None] = mapped_column(String(60))


class DealLine(Part):
    """One product on a deal; journalled as the deal's `lines`. `amount` follows from the other columns, without tax."""

    __tablename__ = "deal_line"
    __table_args__ = (
        Index("ix_deal_line_deal", "deal_id", "position"),
        Index("ix_deal_line_product", "product_id", "deal_id"),
        {"sqlite_autoincrement": True},
    )
    part_field = "lines"
    part_parent = Deal
    part_link = "deal_id"
    part_columns = (
        "id",
        "position",
        "product_id",
        "quantity",
        "unit_price",
        "discount_percent",
        "tax_percent",
        "amount",
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    position: Mapped[int] = mapped_column(Integer)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[Decimal] = mapped_column()
    unit_price: Mapped[Decimal] = mapped_column()
    discount_percent: Mapped[Decimal | None] = mapped_column()
    tax_percent: Mapped[Decimal | None] = mapped_column()
    amount: Mapped[Decimal] = mapped_column()


class DealStageEntry(Model):
    """One stay of a deal at a stage, with its author; `left_at` and `duration_seconds` are null while it lasts."""

    __tablename__ = "deal_stage_entry"
    __table_args__ = (
        Index("ix_deal_stage_entry_deal", "deal_id", "id"),
        Index("ix_deal_stage_entry_stage", "stage_id", "entered_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    entered_at: Mapped[datetime] = mapped_column()
    left_at: Mapped[datetime | None] = mapped_column()
    duration_seconds: Mapped[int | None] = mapped_column()


class DealPeriod(Model):
    """What reports read of a deal, for as long as it was so; `periods.py` writes them beside the journal.

    A period lasts from one recorded change (`valid_from`) to the next (`valid_to`, null while it lasts). For deals that
    were loaded as history, dates take the place of moments where the deal carries them: `from_on` and `to_on` hold in
    every zone.
    """

    __tablename__ = "deal_period"
    __table_args__ = (
        Index("ix_deal_period_deal", "deal_id", "valid_from"),
        Index("ix_deal_period_span", "valid_from", "valid_to"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    valid_from: Mapped[datetime] = mapped_column()
    valid_to: Mapped[datetime | None] = mapped_column()
    from_on: Mapped[date | None] = mapped_column()
    to_on: Mapped[date | None] = mapped_column()

    customer_id: Mapped[int | None] = mapped_column()
    kind: Mapped[str] = mapped_column(String(10))
    opened_on: Mapped[date | None] = mapped_column()
    pipeline_id: Mapped[int] = mapped_column()
    stage_id: Mapped[int] = mapped_column()
    state: Mapped[str] = mapped_column(String(4))
    amount: Mapped[Decimal | None] = mapped_column()
    currency: Mapped[str] = mapped_column(String(3))
    win_probability: Mapped[float] = mapped_column(Rate())
    forecast_category: Mapped[str] = mapped_column(String(10))
    expected_close_on: Mapped[date | None] = mapped_column()
    closed_on: Mapped[date | None] = mapped_column()
    lost_reason: Mapped[str | None] = mapped_column(String(60))
    source: Mapped[str | None] = mapped_column(String(60))
    owner_id: Mapped[int | None] = mapped_column()
    team_id: Mapped[int | None] = mapped_column()
    stage_entered_at: Mapped[datetime] = mapped_column()
    is_active: Mapped[bool] = mapped_column(Boolean())


pipelines = Policy(Pipeline, open_to_all=True, write=Permission.PIPELINE_WRITE)
products = Policy(Product, open_to_all=True, write=Permission.PRODUCT_WRITE)
deals = Policy(
    Deal,
    grants=(Grant("user", Deal.owner_id), Grant("team", Deal.team_id)),
    parent=(customers, Deal.customer_id),
    shared=True,
    write=Permission.DEAL_WRITE,
    read=Permission.DEAL_READ,
)


def reads_amounts(shape: Shape) -> bool:
    """Whether a person may read what deals are worth, and so what they are worth together."""
    return is_plain("deal.amount", shape[1])


def amounts_out_of_sight() -> Problem:
    """403 for what is made of amounts that the caller may not read."""
    return Problem(403, "amounts-out-of-sight")


unique_clash("uq_pipeline_name", "#/name")
unique_clash("uq_pipeline_origin", "#/external_id")
unique_clash("uq_product_code", "#/code")
unique_clash("uq_product_origin", "#/external_id")
unique_clash("uq_deal_origin", "#/external_id")

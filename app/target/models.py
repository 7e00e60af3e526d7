"""Targets, with their policy: seen by the person, the team and those above, set by those above."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Actor, Grant, Permission, Policy, held
from ..database import KeyText, member_of
from ..errors import unique_clash
from ..record import Record


class Measure(StrEnum):
    """What a target counts."""

    WON_AMOUNT = "won_amount"
    WON_COUNT = "won_count"
    NEW_CUSTOMERS = "new_customers"
    ACTIVITIES = "activities"
    TASKS_DONE = "tasks_done"


class Target(Record):
    """What a person or a team is to reach in a month, quarter or year.

    Attributes:
        period_on: the first day of the period.
        currency: of a won amount; null for what is counted.
        home_team_id: whose managers see and set it: the team itself, or the team that the person is in.
        slot_key: subject, period, measure and product in one text: there is one target for them.
    """

    __tablename__ = "target"
    __table_args__ = (
        Index(
            "uq_target_slot",
            "slot_key",
            unique=True,
            sqlite_where=text("is_active = 1"),
            postgresql_where=text("is_active"),
        ),
        Index("ix_target_measure", "measure", "period_on"),
        CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name="one_subject"),
        CheckConstraint("(currency IS NULL) = (measure <> 'won_amount')", name="currency"),
        {"sqlite_autoincrement": True},
    )
    resource = "target"
    unjournalled = frozenset({"slot_key"})
    derived_columns = frozenset({"home_team_id"})

    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    home_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    period: Mapped[str] = mapped_column(String(10))
    period_on: Mapped[date] = mapped_column()
    measure: Mapped[str] = mapped_column(String(20))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    value: Mapped[Decimal] = mapped_column()
    currency: Mapped[str | None] = mapped_column(String(3))

    slot_key: Mapped[str] = mapped_column(KeyText())


class _TargetPolicy(Policy):
    """Whom a target is for sees it, and so do the managers; only they set it."""

    def writable_condition(self, shape: tuple[frozenset[str], frozenset[str]]) -> ColumnElement[bool]:
        """As `Policy.writable_condition`: the teams that one leads, and the people in them."""
        if "all" in shape[0]:
            return true()
        return member_of(Target.home_team_id, held("team")) if "team" in shape[0] else false()

    def _grants_by_itself(self, actor: Actor, record: Any) -> bool:
        return may_set(actor, record.home_team_id)


def may_set(actor: Actor, home_team_id: int | None) -> bool:
    """Whether somebody sets the targets of a team and of the people in it, the permission apart."""
    return "all" in actor.tokens or home_team_id in actor.tokens.get("team", ())


targets = _TargetPolicy(
    Target,
    grants=(Grant("user", Target.user_id), Grant("team", Target.home_team_id), Grant("member", Target.team_id)),
    write=Permission.TARGET_WRITE,
    read=Permission.REPORT_READ,
)

unique_clash("uq_target_slot", "#/period_on")
unique_clash("uq_target_origin", "#/external_id")

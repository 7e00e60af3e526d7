"""The weekly digest: what an owner's open deals are wanting in, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import current_app
from marshmallow import fields
from sqlalchemy import Connection, and_, case, literal, or_, select

from ..access import Actor
from ..auth.identity import load_actor
from ..auth.models import User
from ..customer.models import Customer, customers
from ..database import Instant
from ..deal.answers import ActorSchema
from ..deal.hygiene import IS_OPEN, SILENT_DAYS, Fault, faults
from ..deal.models import Deal, Stage
from ..deal.service import today
from ..folding import email_key
from ..messages import LANGUAGES, say_in
from ..schema import Choice, Items, Line, StrictSchema
from .scope import Scope


class DigestLineSchema(StrictSchema):
    """One deal that is wanting in something; `customer` is null where there is none in sight."""

    deal_id = fields.Integer()
    deal = Line()
    customer = Line(allow_none=True)
    faults = fields.List(Choice(Fault))
    text = Line()


class DigestSchema(StrictSchema):
    """The digest of an owner for a week such as `2026-W48`."""

    owner = fields.Nested(ActorSchema)
    week = Line()
    lines = Items(DigestLineSchema, most=100_000)


@dataclass(frozen=True)
class DigestLine:
    """A deal that is wanting in something; `words` say in what."""

    deal_id: int
    deal: str
    customer: str | None
    faults: tuple[str, ...]
    words: str
    language: str

    @property
    def text(self) -> str:
        """The deal, its customer and the words as one line."""
        is_chinese = self.language == "zh-CN"
        customer = "" if self.customer is None else (f"（{self.customer}）" if is_chinese else f" ({self.customer})")
        return f"{self.deal}{customer}{'：' if is_chinese else ': '}{self.words}"


def lines_of(connection: Connection, actor: Actor, language: str) -> list[DigestLine]:
    """A person's own deals that are wanting in something: with most faults first, then what is overdue longest."""
    rows = _rows(connection, actor, Scope.read(actor, {}))
    return [
        DigestLine(row.id, row.name, row.customer, _faults_of(row), _words(row, language), language)
        for row in sorted(rows, key=lambda row: (-len(_faults_of(row)), _due(row), row.id))
    ]


def week_of(day: date) -> str:
    """The ISO week of a date, such as `2026-W48`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def digest_of(connection: Connection, actor: Actor, language: str) -> dict[str, Any]:
    """The digest of a person's own deals in this week."""
    return {
        "owner": {"id": actor.user_id, "name": actor.name},
        "week": week_of(today(actor)),
        "lines": [
            {name: getattr(line, name) for name in ("deal_id", "deal", "customer", "faults", "text")}
            for line in lines_of(connection, actor, language)
        ],
    }


def spoken(actor: Actor) -> str:
    """The language in which a person is told something without having asked."""
    default: str = current_app.config["LIANXI"].default_language
    return actor.language if actor.language in LANGUAGES else default


def text_for(connection: Connection, owner_id: int) -> str | None:
    """The digest of an owner as a text in his or her language; None for who is not active any more."""
    actor = load_actor(connection, owner_id, None)
    if actor is None:
        return None
    language = spoken(actor)
    found = digest_of(connection, actor, language)
    lines = found["lines"]
    head = "digest.title" if lines else "digest.nothing"
    params = {"name": actor.name, "week": found["week"]} | ({"count": len(lines)} if lines else {})
    return "\n".join([say_in(language, head, **params), *(f"- {line['text']}" for line in lines)])


def owners(connection: Connection, email: str | None = None) -> Sequence[int]:
    """The active people who own open deals, in order; or the one of an e-mail address."""
    query = select(User.id).where(User.is_active).order_by(User.id)
    if email is None:
        query = query.where(User.id.in_(select(Deal.owner_id).where(Deal.is_active, IS_OPEN)))
    else:
        query = query.where(User.email_key == email_key(email))
    return connection.execute(query).scalars().all()


def _rows(connection: Connection, actor: Actor, scope: Scope) -> list[Any]:
    found = faults(actor.shape, literal(scope.at, Instant()), literal(scope.day))
    in_sight = and_(Customer.id == Deal.customer_id, Customer.is_active, customers.visible(actor.shape))
    past = [
        case((column < scope.day, column)).label(name)
        for name, column in (("step_on", Deal.next_step_on), ("close_on", Deal.expected_close_on))
    ]
    query = (
        select(
            Deal.id,
            Deal.name,
            Stage.name.label("stage"),
            Customer.name.label("customer"),
            *past,
            *(case((condition, 1), else_=0).label(name) for name, condition in found.items()),
        )
        .join(Stage, Stage.id == Deal.stage_id)
        .outerjoin(Customer, in_sight)
        .where(Deal.owner_id == actor.user_id, Deal.is_active, IS_OPEN, or_(*found.values()))
    )
    return list(connection.execute(query, dict(actor.binds)))


def _faults_of(row: Any) -> tuple[str, ...]:
    return tuple(str(fault) for fault in Fault if getattr(row, fault))


def _due(row: Any) -> date:
    return min((day for day in (row.step_on, row.close_on) if day is not None), default=date.max)


def _words(row: Any, language: str) -> str:
    said: dict[str, dict[str, Any]] = {
        Fault.NO_NEXT_STEP: {},
        Fault.OVERDUE: {"day": _due(row).isoformat()},
        Fault.SILENT: {"days": SILENT_DAYS},
        Fault.TOO_LONG: {"stage": row.stage},
    }
    comma = "，" if language == "zh-CN" else ", "
    return comma.join(say_in(language, f"digest.{fault}", **said[fault]) for fault in _faults_of(row))

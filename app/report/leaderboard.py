"""`/reports/leaderboard`: what each owner has won of his or her target, how often, and what was done for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import Connection, Integer, Select, case, cast, func, null, select, union_all

from ..access import Actor
from ..auth.models import User
from ..contact.models import ContactRecord, contacts
from ..customer.models import Customer, customers
from ..database import exact_sum
from ..deal.answers import AmountsSchema
from ..deal.models import StageKind
from ..messages import say
from ..money.service import base_currency
from ..money.totals import chosen
from ..schema import DecimalText, Items, Line, RateField
from .frame import Report, answer_schema, query_schema, span
from .goals import GOAL, Goals, stated_in
from .scope import MONEY, Pairs, Scope, deals_of
from .tally import Tally

_DEEDS = ("contact_count", "new_customers")
_COUNTS = ("won_count", "lost_count", *_DEEDS)
_MONEY = {"won_units": 4}
_NO_DEALS = tuple(null() for _ in (*MONEY, "won_count", "lost_count", "won_units"))

_FIGURES: dict[str, Any] = {
    "won_count": fields.Integer(),
    "lost_count": fields.Integer(),
    "win_rate": RateField(allow_none=True),
    "won_amount": DecimalText(),
    "other_amounts": Items(AmountsSchema),
    "contact_count": fields.Integer(),
    "new_customers": fields.Integer(),
    **GOAL,
}


def run(connection: Connection, actor: Actor, scope: Scope, _query: Mapping[str, Any]) -> dict[str, Any]:
    """The owners by what they won; who won as much shares the rank. Customers of nobody have no rank and come last.

    Who has a target stands there also without any deed.
    """
    groups, (targets, teams) = _groups(connection, actor, scope), stated_in(connection, actor, scope)
    deals = [group for group in groups if group.currency is not None]
    conversion = chosen(base_currency(), scope.currency, deals, "won_count", targets)
    goals = Goals(actor, scope, conversion, targets, teams)
    totals = Tally(conversion, _COUNTS, _MONEY)
    owners: dict[int | None, tuple[str, Tally]] = {}
    for group in groups:
        name = say("report.pool") if group.owner_id is None else group.label
        _, tally = owners.setdefault(group.owner_id, (name, Tally(conversion, _COUNTS, _MONEY)))
        for one in (tally, totals):
            if group.currency is not None:
                one.add(group)
            else:
                one.add_counts(group, _DEEDS)
    for owner_id, name in goals.people.items():
        owners.setdefault(owner_id, (name, Tally(conversion, _COUNTS, _MONEY)))
    added, converted = (
        conversion.added((one.currency, one.rate, one.target_rate) for one in rows)
        for rows in (deals, [*deals, *targets])
    )
    ordered = sorted(owners.items(), key=lambda pair: _place(pair[0], *pair[1]))
    sums = [tally.total("won_units") for _, (_, tally) in ordered]
    return {
        "rows": [
            {
                "key": owner_id,
                "label": name,
                "rank": None if owner_id is None else sums.index(tally.total("won_units")) + 1,
                **_figures(tally),
                **goals.of_person(owner_id, tally.total("won_units")),
                "filters": _filters(scope, added, owner_id),
            }
            for owner_id, (name, tally) in ordered
        ],
        "totals": {
            **_figures(totals),
            **goals.of_all(totals.total("won_units")),
            "filters": _behind(scope, added, scope.owner_id),
        },
        "meta": span(scope, conversion.target, converted, "report.leaderboard.definition", "report.target.definition"),
    }


def _place(owner_id: int | None, name: str, tally: Tally) -> tuple[Any, ...]:
    return (
        owner_id is None,
        -tally.total("won_units"),
        -tally.number("won_count"),
        -tally.number("contact_count"),
        name,
        owner_id,
    )


def _groups(connection: Connection, actor: Actor, scope: Scope) -> list[Any]:
    """Per owner one row for each currency and rate of closed deals, one of contact records, one of new customers."""
    deal = deals_of(actor, scope)
    is_won, is_lost = deal.c.state == StageKind.WON, deal.c.state == StageKind.LOST
    money = [deal.c[name] for name in MONEY]
    closed = (
        select(
            deal.c.owner_id,
            *money,
            func.count(case((is_won, 1))).label("won_count"),
            func.count(case((is_lost, 1))).label("lost_count"),
            exact_sum(case((is_won, deal.c.amount))).label("won_units"),
            *(cast(null(), Integer()).label(name) for name in _DEEDS),
        )
        .where(is_won | is_lost)
        .group_by(deal.c.owner_id, *money)
    )
    every = union_all(closed, _contacts(actor, scope), _customers(actor, scope)).subquery()
    query = select(every, User.name.label("label")).outerjoin(User, User.id == every.c.owner_id)
    return list(connection.execute(query, dict(actor.binds)))


def _contacts(actor: Actor, scope: Scope) -> Select[Any]:
    shown: list[Any] = [ContactRecord.user_id, *_NO_DEALS, func.count(), null()]
    query = (
        select(*shown)
        .where(ContactRecord.is_active, contacts.visible(actor.shape), *scope.within(ContactRecord.occurred_at))
        .group_by(ContactRecord.user_id)
    )
    if scope.owner_id is not None:
        query = query.where(ContactRecord.user_id == scope.owner_id)
    if scope.team_id is not None:
        query = query.where(ContactRecord.user_id.in_(select(User.id).where(User.team_id == scope.team_id)))
    return query


def _customers(actor: Actor, scope: Scope) -> Select[Any]:
    shown: list[Any] = [Customer.owner_id, *_NO_DEALS, null(), func.count()]
    query = (
        select(*shown)
        .where(Customer.is_active, customers.visible(actor.shape), *scope.within(Customer.created_at))
        .group_by(Customer.owner_id)
    )
    if scope.owner_id is not None:
        query = query.where(Customer.owner_id == scope.owner_id)
    if scope.team_id is not None:
        query = query.where(Customer.team_id == scope.team_id)
    return query


def _figures(tally: Tally) -> dict[str, Any]:
    return {
        "won_count": tally.number("won_count"),
        "lost_count": tally.number("lost_count"),
        "win_rate": tally.rate("won_count", "won_count", "lost_count"),
        "won_amount": tally.amount("won_units"),
        "other_amounts": tally.others({"count": "won_count"}, {"amount": "won_units", "weighted_amount": "won_units"}),
        **{name: tally.number(name) for name in _DEEDS},
    }


def _filters(scope: Scope, added: list[str], owner_id: int | None) -> dict[str, str]:
    """Per figure of a row the query string of its list; whom nobody owns has neither sold nor called."""
    if owner_id is not None:
        return _behind(scope, added, owner_id)
    team = [] if scope.team_id is None else [("team_id", str(scope.team_id))]
    return {"new_customers": urlencode([("owner_id", "none"), *team, *scope.moments("created")])}


def _behind(scope: Scope, added: list[str], owner_id: int | None) -> dict[str, str]:
    """Per figure the query string of `/deals`, `/contacts` or `/customers`, of one owner or of all."""
    owner, author = ([] if owner_id is None else [(name, str(owner_id))] for name in ("owner_id", "user_id"))
    team = [] if scope.team_id is None else [("team_id", str(scope.team_id))]
    mine = [*owner, *(pair for pair in scope.people() if pair[0] != "owner_id"), *scope.closed()]
    won, lost = ([("state", str(kind))] for kind in (StageKind.WON, StageKind.LOST))
    behind: dict[str, Pairs] = {
        "won_count": [*won, *mine],
        "lost_count": [*lost, *mine],
        "win_rate": [*won, *lost, *mine],
        "won_amount": [*won, *mine, *(("currency", one) for one in added)],
        "attainment": [*won, *mine, *(("currency", one) for one in added)],
        "contact_count": [*author, *team, *scope.moments("occurred")],
        "new_customers": [*owner, *team, *scope.moments("created")],
    }
    return {name: urlencode(pairs) for name, pairs in behind.items()}


REPORT = Report(
    "leaderboard",
    "What each owner has won in a period against the target, with win rate and activity",
    run,
    answer_schema(
        "Leaderboard",
        {
            "key": fields.Integer(allow_none=True),
            "label": Line(),
            "rank": fields.Integer(allow_none=True),
            **_FIGURES,
        },
        _FIGURES,
    ),
    query_schema("LeaderboardQuery", has_limit=True),
    (
        "rank",
        "label",
        "won_amount",
        "target",
        "attainment",
        "won_count",
        "lost_count",
        "win_rate",
        "contact_count",
        "new_customers",
    ),
    is_of_amounts=True,
)

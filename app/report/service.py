"""Reports as they are answered: figures from the rows of `queries.py`, the lists behind them, definitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import current_app

from ..access import Actor
from ..database import decimal_text, read_engine
from ..deal.models import StageKind
from ..deal.service import today
from ..errors import Issue, invalid
from ..listing import encode
from ..messages import say
from ..money.rules import amount_text, reporting_currency, rounded
from . import queries
from .period import Period
from .queries import Scope

Pairs = list[tuple[str, str]]


def summary(actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """`/reports/summary`: open deals as of now; won, lost, new customers and contact records of the period.

    `previous` holds the same for the period before, without the open figures, which are known for the present only.

    Raises:
        Problem: 422 for a period that ends before it begins.
    """
    scope = _scope(actor, query)
    before = scope.period.before(today(actor))
    with read_engine().connect() as connection:
        rows = queries.summary(connection, actor, scope)
        currency = _currency(
            scope, {row.currency: row.open_count + row.won_count + row.lost_count for row in rows if row.currency}
        )
        previous = None
        if before is not None:
            earlier = queries.summary(connection, actor, Scope(before, *_rest(scope)))
            previous = _figures(earlier, currency) | {
                "open_count": None,
                "open_amount": None,
                "weighted_amount": None,
            }
    return {
        **_figures(rows, currency),
        "currency": currency,
        "other_amounts": [_money(row) for row in rows if row.currency not in (None, currency)],
        "previous": previous,
        "filters": _summary_filters(scope, currency),
        **_span(scope, datetime.now(UTC)),
        "definition": say("report.summary.definition"),
    }


def pipeline(actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """`/reports/pipeline`: the stages in order; open ones as of now, won and lost ones of the period.

    Raises:
        Problem: 422 for a period that ends before it begins.
    """
    scope = _scope(actor, query)
    # Whole seconds, so that the list behind `overdue_count` can name the moment exactly.
    at = datetime.now(UTC).replace(microsecond=0)
    with read_engine().connect() as connection:
        rows = queries.pipeline(connection, actor, scope, at, today(actor))
    counts: dict[str, int] = {}
    for row in rows:
        if row.currency is not None:
            counts[row.currency] = counts.get(row.currency, 0) + row.deal_count
    currency = _currency(scope, counts)
    stages: dict[int, list[Any]] = {}
    for row in rows:
        stages.setdefault(row.id, []).append(row)
    return {
        "rows": [
            {
                "key": stage_id,
                "label": of_stage[0].name,
                "kind": of_stage[0].kind,
                "pipeline_id": of_stage[0].pipeline_id,
                "pipeline_name": of_stage[0].pipeline_name,
                **_standing(of_stage, currency),
                "filters": _stage_filters(scope, currency, of_stage[0], at),
            }
            for stage_id, of_stage in stages.items()
        ],
        "totals": _standing(rows, currency),
        "meta": {**_span(scope, at), "currency": currency, "definition": say("report.pipeline.definition")},
    }


# ---- figures --------------------------------------------------------------------------------------------------------


def _figures(rows: Sequence[Any], currency: str) -> dict[str, Any]:
    found = [row for row in rows if row.currency is not None]
    own = next((row for row in found if row.currency == currency), None)
    won, lost = _total(found, "won_count"), _total(found, "lost_count")
    won_units = own.won_units if own is not None else None
    return {
        "open_count": _total(found, "open_count"),
        "open_amount": amount_text(own.open_units if own is not None else None, currency),
        "weighted_amount": amount_text(own.weighted_units if own is not None else None, currency, 8),
        "won_count": won,
        "lost_count": lost,
        "won_amount": amount_text(won_units, currency),
        "win_rate": round(won / (won + lost), 4) if won + lost else None,
        "mean_won_amount": _mean_amount(won_units, own.won_count, currency) if own is not None else None,
        "mean_won_cycle_days": _mean(_total(found, "won_days"), _total(found, "won_cycles")),
        "median_won_cycle_days": None if rows[0].median_days is None else round(float(rows[0].median_days), 2),
        "mean_closed_cycle_days": _mean(_total(found, "closed_days"), _total(found, "closed_cycles")),
        "new_customers": rows[0].new_customers,
        "contact_count": rows[0].contact_count,
    }


def _money(row: Any) -> dict[str, Any]:
    return {
        "currency": row.currency,
        "open_count": row.open_count,
        "open_amount": amount_text(row.open_units, row.currency),
        "weighted_amount": amount_text(row.weighted_units, row.currency, 8),
        "won_count": row.won_count,
        "won_amount": amount_text(row.won_units, row.currency),
    }


def _standing(rows: Iterable[Any], currency: str) -> dict[str, Any]:
    found = [row for row in rows if row.currency is not None]
    own = [row for row in found if row.currency == currency]
    others: dict[str, list[Any]] = {}
    for row in found:
        if row.currency != currency:
            others.setdefault(row.currency, []).append(row)
    return {
        "count": _total(found, "deal_count"),
        "amount": amount_text(_total(own, "units"), currency),
        "weighted_amount": amount_text(_total(own, "weighted_units"), currency, 8),
        "other_amounts": [
            {
                "currency": other,
                "count": _total(of_other, "deal_count"),
                "amount": amount_text(_total(of_other, "units"), other),
                "weighted_amount": amount_text(_total(of_other, "weighted_units"), other, 8),
            }
            for other, of_other in sorted(others.items())
        ],
        "mean_age_days": _mean(_total(found, "age_days"), _total(found, "aged")),
        "overdue_count": _total(found, "overdue_count"),
    }


def _total(rows: Iterable[Any], name: str) -> Any:
    return sum(getattr(row, name) or 0 for row in rows)


def _mean(days: float, count: int) -> float | None:
    # Adding zero makes the negative zero of a deal that is younger than a second a plain one.
    return round(float(days) / count, 2) + 0.0 if count else None


def _mean_amount(units: int | None, count: int, currency: str) -> str | None:
    if not count:
        return None
    return decimal_text(rounded(Decimal(units or 0).scaleb(-4) / count, currency))


# ---- what is covered ------------------------------------------------------------------------------------------------


def _scope(actor: Actor, query: Mapping[str, Any]) -> Scope:
    first, last = query.get("from"), query.get("to")
    if first is not None and last is not None and last < first:
        raise invalid(Issue("to", "before_from"))
    return Scope(
        Period(first, last),
        actor.time_zone,
        query.get("owner_id"),
        query.get("team_id"),
        query.get("pipeline_id"),
        query.get("currency"),
    )


def _rest(scope: Scope) -> tuple[str, int | None, int | None, int | None, str | None]:
    return scope.zone, scope.owner_id, scope.team_id, scope.pipeline_id, scope.currency


def _currency(scope: Scope, counts: Mapping[str, int]) -> str:
    return reporting_currency(scope.currency, current_app.config["LIANXI"].base_currency, counts)


def _span(scope: Scope, at: datetime) -> dict[str, Any]:
    first, last = scope.period.first, scope.period.last
    return {"from": first, "to": last, "as_of": at.replace(microsecond=0)}


# ---- the lists behind the figures -----------------------------------------------------------------------------------


def _deals_behind(scope: Scope) -> Pairs:
    pairs = [("owner_id", scope.owner_id), ("team_id", scope.team_id), ("pipeline_id", scope.pipeline_id)]
    return [(name, str(wanted)) for name, wanted in pairs if wanted is not None]


def _closed_behind(scope: Scope) -> Pairs:
    pairs = [("closed_from", scope.period.first), ("closed_to", scope.period.last)]
    return [(name, day.isoformat()) for name, day in pairs if day is not None]


def _moments_behind(name: str, scope: Scope) -> Pairs:
    bounds = zip((f"{name}_after", f"{name}_before"), scope.period.bounds(scope.zone), strict=True)
    return [(side, _moment(moment)) for side, moment in bounds if moment is not None]


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _summary_filters(scope: Scope, currency: str) -> dict[str, str]:
    """Per figure the query string of the list that it is made of: of `/deals`, `/customers` or `/contacts`."""
    mine, closed, money = _deals_behind(scope), _closed_behind(scope), [("currency", currency)]
    is_open, won, lost = ([("state", str(kind))] for kind in (StageKind.OPEN, StageKind.WON, StageKind.LOST))
    dated = [("where", encode({"field": "opened", "op": "not_null"}).decode())]
    owner = [] if scope.owner_id is None else [("owner_id", str(scope.owner_id))]
    author = [] if scope.owner_id is None else [("user_id", str(scope.owner_id))]
    team = [] if scope.team_id is None else [("team_id", str(scope.team_id))]
    behind: dict[str, Pairs] = {
        "open_count": [*is_open, *mine],
        "open_amount": [*is_open, *mine, *money],
        "weighted_amount": [*is_open, *mine, *money],
        "won_count": [*won, *mine, *closed],
        "lost_count": [*lost, *mine, *closed],
        "won_amount": [*won, *mine, *closed, *money],
        "win_rate": [*won, *lost, *mine, *closed],
        "mean_won_amount": [*won, *mine, *closed, *money],
        "mean_won_cycle_days": [*won, *mine, *closed, *dated],
        "median_won_cycle_days": [*won, *mine, *closed, *dated],
        "mean_closed_cycle_days": [*won, *lost, *mine, *closed, *dated],
        "new_customers": [*owner, *team, *_moments_behind("created", scope)],
        "contact_count": [*author, *team, *_moments_behind("occurred", scope)],
    }
    return {name: urlencode(pairs) for name, pairs in behind.items()}


def _stage_filters(scope: Scope, currency: str, stage: Any, at: datetime) -> dict[str, str]:
    """Per figure of a stage the query string of `/deals`."""
    there = [("stage_id", str(stage.id)), *(pair for pair in _deals_behind(scope) if pair[0] != "pipeline_id")]
    money = [("currency", currency)]
    if stage.kind != StageKind.OPEN:
        there += _closed_behind(scope)
    behind: dict[str, Pairs] = {
        "count": there,
        "amount": [*there, *money],
        "weighted_amount": [*there, *money],
    }
    if stage.kind == StageKind.OPEN:
        behind["mean_age_days"] = there
        if stage.expected_days is not None:
            entered = at - timedelta(days=stage.expected_days)
            behind["overdue_count"] = [*there, ("stage_entered_before", _moment(entered))]
    return {name: urlencode(pairs) for name, pairs in behind.items()}


__all__ = ["pipeline", "summary"]

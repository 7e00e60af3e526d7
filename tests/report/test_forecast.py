"""The forecast: open deals by their expected close, won ones by their closing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.routing import CRM

from ..cast import Cast
from ..conftest import counted
from ..deal.selling import LATER, LOST, OPEN, WON, deal
from ..faults import issues
from .reading import by_key, day, report, today, walk

KINDS = ("committed", "best_case", "pipeline", "open", "overdue", "won")


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(row[f"{kind}_count"] for kind in KINDS)


def amounts(row: dict[str, Any]) -> tuple[str, ...]:
    return (*(row[f"{kind}_amount"] for kind in KINDS), row["weighted_amount"])


def expected(cast: Cast) -> None:
    """Open deals of 2025-01, 2090-01, 2090-02 and of no month, won ones of 2025-01 and 2025-03, a lost one."""
    for amount, category, close in (
        ("1", "committed", "2090-01-01"),
        ("10", "best_case", "2090-01-31"),
        ("100", "pipeline", "2090-01-15"),
        ("1000", "omitted", "2090-01-15"),
        ("10000", "committed", "2090-02-01"),
        ("100000", "best_case", "2025-01-31"),
        ("1000000", "pipeline", None),
    ):
        sure: dict[str, Any] = {"forecast_category": category, "win_probability": 0.5}
        deal(cast.alice, amount=amount, expected_close_on=close, **sure)
    for amount, stage, closed in (("3", WON, "2025-01-31"), ("30", WON, "2025-03-01"), ("300", LOST, "2025-03-01")):
        deal(cast.root, stage_id=stage, closed_on=closed, amount=amount, owner_id=cast.alice.id)


def test_figures_by_hand(cast: Cast) -> None:
    assert report(cast.alice, "forecast")["rows"] == []
    expected(cast)
    found = report(cast.alice, "forecast")
    assert [row["key"] for row in found["rows"]] == ["2025-01", "2025-03", "2090-01", "2090-02", None]
    assert [row["label"] for row in found["rows"]][-1] == "None"
    rows = by_key(found)
    assert counts(rows["2025-01"]) == (0, 1, 0, 1, 1, 1)
    assert amounts(rows["2025-01"]) == ("0.00", "100000.00", "0.00", "100000.00", "100000.00", "3.00", "50000.00")
    assert counts(rows["2025-03"]) == (0, 0, 0, 0, 0, 1)
    assert amounts(rows["2025-03"])[5:] == ("30.00", "0.00")
    assert counts(rows["2090-01"]) == (1, 1, 1, 3, 0, 0)
    assert amounts(rows["2090-01"]) == ("1.00", "10.00", "100.00", "111.00", "0.00", "0.00", "55.50")
    assert counts(rows["2090-02"]) == (1, 0, 0, 1, 0, 0)
    assert counts(rows[None]) == (0, 0, 1, 1, 0, 0)
    assert counts(found["totals"]) == (2, 2, 2, 6, 1, 2)
    assert amounts(found["totals"])[3:] == ("1110111.00", "100000.00", "33.00", "555055.50")
    assert walk(cast.alice, found) > 50


def test_a_period(cast: Cast) -> None:
    expected(cast)

    def keys(query: str) -> dict[str | None, tuple[int, int, int]]:
        found = report(cast.alice, "forecast", query)
        walk(cast.alice, found)
        return {row["key"]: (row["open_count"], row["overdue_count"], row["won_count"]) for row in found["rows"]}

    # What is overdue may still close in a period that has begun.
    this_year = f"?from={today().year}-01-01&to=2090-01-15"
    assert keys(this_year) == {"2025-01": (1, 1, 0), "2090-01": (2, 0, 0)}
    assert keys("?from=2090-01-02&to=2090-02-01") == {"2090-01": (2, 0, 0), "2090-02": (1, 0, 0)}
    assert keys("?from=2025-01-31&to=2025-02-28") == {"2025-01": (1, 1, 1)}
    assert keys("?to=2025-01-30") == {}
    assert keys("?from=2025-03-01")[None] == (1, 0, 0)


def test_overdue_begins_the_day_after(cast: Cast) -> None:
    for days in (-1, 0, 1):
        deal(cast.alice, expected_close_on=day(days))
    found = report(cast.alice, "forecast")
    assert counts(found["totals"])[3:5] == (3, 1)
    assert walk(cast.alice, found)


def test_as_of(cast: Cast) -> None:
    dated: dict[str, Any] = {"opened_on": "2024-02-01", "owner_id": cast.alice.id, "amount": "7"}
    deal(cast.root, stage_id=WON, closed_on="2024-05-20", expected_close_on="2024-05-01", **dated)
    deal(cast.root, stage_id=OPEN, expected_close_on="2024-04-01", **dated)
    found = report(cast.alice, "forecast", "?as_of=2024-04-10")
    rows = {row["key"]: counts(row) for row in found["rows"]}
    assert rows == {"2024-04": (0, 0, 1, 1, 1, 0), "2024-05": (0, 0, 1, 1, 0, 0)}
    assert walk(cast.alice, found)
    rows = {row["key"]: counts(row) for row in report(cast.alice, "forecast", "?as_of=2024-06-01")["rows"]}
    assert rows == {"2024-04": (0, 0, 1, 1, 1, 0), "2024-05": (0, 0, 0, 0, 0, 1)}
    assert report(cast.alice, "forecast", "?as_of=2024-01-01")["rows"] == []


def test_everybody_sees_the_own_part(cast: Cast) -> None:
    for who in (cast.alice, cast.bob, cast.mallory):
        deal(who, expected_close_on="2090-01-01")
    counted_by = {who.name: report(who, "forecast")["totals"]["open_count"] for who in cast.everybody()}
    assert counted_by == {"alice": 1, "bob": 1, "carol": 2, "mallory": 1, "vera": 3, "root": 3}


@pytest.mark.parametrize("query", ["", "?currency=USD", "?team_id={north}", "?owner_id={bob}&pipeline_id=1"])
def test_every_figure_opens_its_list(cast: Cast, query: str) -> None:
    cast.root.made("/exchange-rates", {"currency": "USD", "valid_on": "2020-01-01", "rate": "7"})
    for number in range(12):
        who = (cast.alice, cast.bob, cast.mallory)[number % 3]
        deal(
            who,
            amount=str(number),
            currency=("CNY", "JPY")[number % 2],
            stage_id=(OPEN, LATER)[number % 2],
            forecast_category=("committed", "best_case", "pipeline", "omitted")[number % 4],
            expected_close_on=(None, str(today() + timedelta(days=10 * number - 60)))[number % 5 > 0],
        )
    found = report(cast.root, "forecast", query.format(north=cast.north, bob=cast.bob.id))
    assert walk(cast.root, found)
    assert sum(row["open_count"] for row in found["rows"]) == found["totals"]["open_count"] > 0


def test_what_is_refused(cast: Cast) -> None:
    assert issues(cast.alice.get("/reports/forecast?from=2026-02-01&to=2026-01-01")) == {"to": "before_from"}
    assert issues(cast.alice.get("/reports/forecast?group_by=x&as_of=y")) == {"group_by": "unknown_parameter"}


def test_how_many_statements(app: CRM, cast: Cast) -> None:
    expected(cast)
    with counted(app) as counter:
        report(cast.alice, "forecast")
    # Who asks, whether anything was written, the figures, the targets.
    assert len(counter.statements) <= 4

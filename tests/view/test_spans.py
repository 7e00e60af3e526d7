"""Spans of days that move with the present."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.spans import NAMES, Span, days_of, is_span

FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("name", "first", "after"),
    [
        ("today", "2026-11-27", "2026-11-28"),
        ("yesterday", "2026-11-26", "2026-11-27"),
        ("tomorrow", "2026-11-28", "2026-11-29"),
        ("this_week", "2026-11-23", "2026-11-30"),
        ("last_week", "2026-11-16", "2026-11-23"),
        ("next_week", "2026-11-30", "2026-12-07"),
        ("this_month", "2026-11-01", "2026-12-01"),
        ("next_month", "2026-12-01", "2027-01-01"),
        ("last_quarter", "2026-07-01", "2026-10-01"),
        ("next_quarter", "2027-01-01", "2027-04-01"),
        ("this_year", "2026-01-01", "2027-01-01"),
        ("last_year", "2025-01-01", "2026-01-01"),
        ("last_7_days", "2026-11-21", "2026-11-28"),
        ("next_7_days", "2026-11-27", "2026-12-04"),
        ("over_30_days_ago", "0002-01-01", "2026-10-28"),
        ("over_7_days_ahead", "2026-12-05", "9998-12-31"),
        ("past", "0002-01-01", "2026-11-27"),
        ("future", "2026-11-28", "9998-12-31"),
    ],
)
def test_ends(name: str, first: str, after: str) -> None:
    assert is_span(name)
    assert days_of(name, FRIDAY) == (date.fromisoformat(first), date.fromisoformat(after))


def test_spans_of_a_unit_follow_each_other() -> None:
    for today in (date(2026, 1, 1), date(2026, 12, 31), date(2024, 2, 29)):
        for unit in ("week", "month", "quarter", "year"):
            last, this, following = (days_of(f"{which}_{unit}", today) for which in ("last", "this", "next"))
            assert last[1] == this[0] <= today < this[1] == following[0]


@pytest.mark.parametrize("name", ["", "soon", "last_0_days", "last_99999_days", "over_3_days", "Today", "today "])
def test_no_span(name: str) -> None:
    assert not is_span(name)


def test_every_name_has_ends() -> None:
    for name in NAMES:
        first, after = days_of(name, FRIDAY)
        assert first < after


def test_moments_by_the_days_of_the_zone() -> None:
    today = Span("today", of_moments=True).ends(FRIDAY, "Asia/Shanghai")
    assert today == (datetime(2026, 11, 26, 16, tzinfo=UTC), datetime(2026, 11, 27, 16, tzinfo=UTC))
    # The day on which New York's clocks go back has 25 hours.
    start, end = Span("today", of_moments=True).ends(date(2026, 11, 1), "America/New_York")
    assert (start, end) == (datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC))
    assert Span("today", of_moments=False).ends(FRIDAY, "Asia/Shanghai") == (FRIDAY, date(2026, 11, 28))

"""Months, quarters and years: keys, first days, bounds in a zone, and how figures add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.target.periods import added_up, begins, month_moments, rolled_up, span_of, spans_of, spread, within


def test_the_spans_of_a_year_are_named_and_found_again() -> None:
    keys = [span.key for span in spans_of(2026)]
    assert keys[:4] == ["2026-01", "2026-02", "2026-03", "2026-Q1"]
    assert keys[-3:] == ["2026-12", "2026-Q4", "2026"]
    assert len(keys) == len(set(keys)) == 17
    assert [span_of(key) for key in keys] == spans_of(2026)
    assert list(span_of("2026-Q3").months) == [7, 8, 9]
    assert (span_of("2026-Q4").first, span_of("2026").first) == (date(2026, 10, 1), date(2026, 1, 1))


@pytest.mark.parametrize("key", ["", "26", "2026-00", "2026-13", "2026-1", "2026-Q0", "2026-Q5", "2026-q1", "1899"])
def test_other_texts_name_none(key: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        span_of(key)


def test_first_days() -> None:
    assert begins("month", date(2026, 2, 1))
    assert not begins("month", date(2026, 2, 2))
    assert begins("quarter", date(2026, 10, 1))
    assert not begins("quarter", date(2026, 11, 1))
    assert begins("year", date(2026, 1, 1))
    assert not begins("year", date(2026, 7, 1))


def test_months_begin_in_the_readers_zone() -> None:
    moments = month_moments(2026, "America/New_York")
    assert [moment.isoformat() for moment in (moments[0], moments[6], moments[12])] == [
        "2026-01-01T05:00:00+00:00",
        "2026-07-01T04:00:00+00:00",
        "2027-01-01T05:00:00+00:00",
    ]


figures = st.decimals(min_value=0, max_value=10**9, places=2)


@given(st.dictionaries(st.sampled_from([span.key for span in spans_of(2026)]), figures))
def test_own_figures_come_first_and_the_rest_adds_up(own: dict[str, Decimal]) -> None:
    found = rolled_up(own, 2026)
    for key, figure in own.items():
        assert found[key] == figure
    for quarter in range(1, 5):
        months = [own[key] for month in range(quarter * 3 - 2, quarter * 3 + 1) if (key := f"2026-{month:02d}") in own]
        key = f"2026-Q{quarter}"
        assert found.get(key) == own.get(key, sum(months, Decimal(0)) if months else None)
    quarters = [found[key] for quarter in range(1, 5) if (key := f"2026-Q{quarter}") in found]
    assert found.get("2026") == own.get("2026", sum(quarters, Decimal(0)) if quarters else None)


@given(st.dictionaries(st.integers(1, 12), figures))
def test_what_was_reached_adds_up(months: dict[int, Decimal]) -> None:
    found = added_up(months, 2026)
    assert len(found) == 17
    assert found["2026"] == sum(months.values(), Decimal(0))
    assert found["2026"] == sum((found[f"2026-Q{quarter}"] for quarter in range(1, 5)), Decimal(0))
    assert found["2026-05"] == months.get(5, 0)


@given(st.dictionaries(st.sampled_from([span.key for span in spans_of(2026)]), figures))
def test_what_is_spread_changes_nothing_that_was_known(own: dict[str, Decimal]) -> None:
    known, found = rolled_up(own, 2026), spread(own, 2026)
    after = rolled_up(found, 2026)
    assert after.items() >= known.items()
    for span in spans_of(2026):
        if any(one.key in found and one.key not in known for one in span.parts):
            # All that was set for it is given out, to the last of its parts.
            assert all(one.key in after for one in span.parts)
            whole = sum((after[one.key] for one in span.parts), Decimal(0))
            assert round(whole, 6) == round(found[span.key], 6)


def test_what_is_left_is_spread_evenly() -> None:
    found = spread({"2026-01": Decimal(100), "2026-Q1": Decimal(180), "2026": Decimal(1260)}, 2026)
    assert {found[f"2026-{month:02d}"] for month in range(4, 13)} == {Decimal(120)}
    assert (found["2026-02"], found["2026-03"], found["2026-Q2"]) == (Decimal(40), Decimal(40), Decimal(360))
    overdone = {"2026-01": Decimal(200), "2026-Q1": Decimal(180)}
    assert spread(overdone, 2026) == overdone


@pytest.mark.parametrize(
    ("first", "last", "keys"),
    [
        (None, None, ["2026"]),
        (date(2026, 1, 1), date(2026, 12, 31), ["2026"]),
        (date(2026, 1, 31), date(2026, 12, 1), ["2026"]),
        (date(2026, 2, 1), None, ["2026-02", "2026-03", "2026-Q2", "2026-Q3", "2026-Q4"]),
        (None, date(2026, 4, 1), ["2026-Q1", "2026-04"]),
        (date(2026, 5, 9), date(2026, 5, 9), ["2026-05"]),
        (date(2027, 1, 1), None, []),
        (None, date(2025, 12, 31), []),
        (date(2026, 5, 1), date(2026, 4, 30), []),
    ],
)
def test_the_spans_of_a_period(first: date | None, last: date | None, keys: list[str]) -> None:
    found = within(2026, first, last)
    assert [span.key for span in found] == keys
    months = [month.first.month for span in found for month in span.in_months]
    assert months == sorted(set(months))

"""Periods: days in the reader's zone, and what lies before them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.report.period import Period

TODAY = date(2026, 11, 22)


def day(text: str | None) -> date | None:
    """A date, or none."""
    return None if text is None else date.fromisoformat(text)


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28")),
        ("2026-01-01", "2026-03-31", ("2025-10-01", "2025-12-31")),
        ("2026-01-01", "2026-12-31", ("2025-01-01", "2025-12-31")),
        ("2024-03-01", "2024-03-31", ("2024-02-01", "2024-02-29")),
        ("2026-03-02", "2026-03-08", ("2026-02-23", "2026-03-01")),
        ("2026-03-01", "2026-03-01", ("2026-02-28", "2026-02-28")),
        ("2026-03-01", "2026-03-30", ("2026-01-30", "2026-02-28")),
        ("2026-11-20", None, ("2026-11-17", "2026-11-19")),
        ("2026-12-01", None, ("2026-11-30", "2026-11-30")),
        (None, "2026-03-31", None),
        (None, None, None),
    ],
)
def test_what_lies_before(first: str | None, last: str | None, before: tuple[str, str] | None) -> None:
    expected = None if before is None else Period(day(before[0]), day(before[1]))
    assert Period(day(first), day(last)).before(TODAY) == expected


def test_days_begin_at_midnight_of_the_zone() -> None:
    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    assert march.bounds("Asia/Shanghai") == (
        datetime(2026, 2, 28, 16, tzinfo=UTC),
        datetime(2026, 3, 31, 16, tzinfo=UTC),
    )
    # The clocks of Berlin are put forward within that month.
    assert march.bounds("Europe/Berlin") == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 31, 22, tzinfo=UTC),
    )
    assert Period(None, None).bounds("UTC") == (None, None)

"""Spans of days that move with the present: what a saved filter calls "this month" is another month in each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NAMES = (
    "today",
    "yesterday",
    "tomorrow",
    *(f"{which}_{unit}" for unit in ("week", "month", "quarter", "year") for which in ("this", "last", "next")),
    "past",
    "future",
)
"""Spans that have names. Weeks begin on Monday; `past` ends before today, `future` begins after it."""

COUNTED = ("last_{days}_days", "next_{days}_days", "over_{days}_days_ago", "over_{days}_days_ahead")
"""Spans of so many days: the last and the next ones count today; the others begin that far from it."""

_LAST, _AHEAD = "last", "ahead"
_COUNTED = re.compile(r"(last|next)_([1-9][0-9]{0,3})_days|over_([1-9][0-9]{0,3})_days_(ago|ahead)")
_FIRST, _NEVER = date(2, 1, 1), date(9998, 12, 31)
_DAY = timedelta(days=1)


def is_span(name: str) -> bool:
    """Whether there is a span of that name."""
    return name in NAMES or _COUNTED.fullmatch(name) is not None


def days_of(name: str, today: date) -> tuple[date, date]:
    """The first day of a span, and the day after its last.

    Args:
        name: as `is_span` takes it.
        today: in the reader's zone.
    """
    if counted := _COUNTED.fullmatch(name):
        return _counted(counted, today)
    if name in ("past", "future"):
        return (_FIRST, today) if name == "past" else (today + _DAY, _NEVER)
    if name in ("today", "yesterday", "tomorrow"):
        day = today + timedelta(days=("yesterday", "today", "tomorrow").index(name) - 1)
        return day, day + _DAY
    which, unit = name.split("_")
    step = ("last", "this", "next").index(which) - 1
    if unit == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
        return monday, monday + timedelta(weeks=1)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    # Months counted through from the year 0, so that a span is one number.
    number = (today.year * 12 + today.month - 1) // months + step
    return _month(number * months), _month((number + 1) * months)


def _counted(found: re.Match[str], today: date) -> tuple[date, date]:
    near, count, far, side = found.groups()
    days = timedelta(days=int(count or far))
    if near is not None:
        return (today - days + _DAY, today + _DAY) if near == _LAST else (today, today + days)
    return (today + days + _DAY, _NEVER) if side == _AHEAD else (_FIRST, today - days)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True)
class Span:
    """A span as a value of a filter, whose ends are told anew whenever it is asked.

    Attributes:
        name: of the span.
        of_moments: whether moments are compared with it, else days.
    """

    name: str
    of_moments: bool

    def ends(self, today: date, zone: str) -> tuple[date | datetime, date | datetime]:
        """Its beginning, and what comes right after its end; moments by the days of the reader's zone."""
        start, end = days_of(self.name, today)
        if not self.of_moments:
            return start, end
        there = ZoneInfo(zone)
        first, after = (datetime.combine(day, time(), there).astimezone(UTC) for day in (start, end))
        return first, after

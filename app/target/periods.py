"""Months, quarters and years of targets: their keys, their days, and how figures of months add up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo


class PeriodKind(StrEnum):
    """How long the span of a target is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}
_KEY = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?", re.ASCII)


@dataclass(frozen=True)
class Span:
    """A month, quarter or year of the calendar."""

    kind: PeriodKind
    first: date

    @property
    def key(self) -> str:
        """`2026-03`, `2026-Q1` or `2026`: as reports name such a span."""
        if self.kind is PeriodKind.YEAR:
            return f"{self.first.year:04d}"
        if self.kind is PeriodKind.QUARTER:
            return f"{self.first.year:04d}-Q{self.first.month // 3 + 1}"
        return f"{self.first.year:04d}-{self.first.month:02d}"

    @property
    def months(self) -> range:
        """The numbers of its months within the year."""
        return range(self.first.month, self.first.month + _MONTHS[self.kind])

    @property
    def parts(self) -> list[Span]:
        """The quarters of a year, the months of a quarter; a month has none."""
        if self.kind is PeriodKind.MONTH:
            return []
        kind = PeriodKind.MONTH if self.kind is PeriodKind.QUARTER else PeriodKind.QUARTER
        return [Span(kind, date(self.first.year, month, 1)) for month in self.months[:: _MONTHS[kind]]]

    @property
    def in_months(self) -> list[Span]:
        """The months of which it is made."""
        return [Span(PeriodKind.MONTH, date(self.first.year, month, 1)) for month in self.months]


def begins(kind: str, on: date) -> bool:
    """Whether a day is the first of such a span."""
    return on.day == 1 and (on.month - 1) % _MONTHS[PeriodKind(kind)] == 0


def span_of(key: str) -> Span:
    """The span that a key names.

    Raises:
        ValueError: it names none.
    """
    found = _KEY.fullmatch(key)
    if found is None or not 1900 <= int(found[1]) <= 2200:
        raise ValueError(key)
    year = int(found[1])
    if found[2]:
        return Span(PeriodKind.MONTH, date(year, int(found[2]), 1))
    if found[3]:
        return Span(PeriodKind.QUARTER, date(year, int(found[3]) * 3 - 2, 1))
    return Span(PeriodKind.YEAR, date(year, 1, 1))


def spans_of(year: int) -> list[Span]:
    """The seventeen spans of a year in their order: each quarter behind its months, the year at the end."""
    spans: list[Span] = []
    for month in range(1, 13):
        spans.append(Span(PeriodKind.MONTH, date(year, month, 1)))
        if month % 3 == 0:
            spans.append(Span(PeriodKind.QUARTER, date(year, month - 2, 1)))
    return [*spans, Span(PeriodKind.YEAR, date(year, 1, 1))]


def month_days(year: int) -> list[date]:
    """The first days of the twelve months and of the next year: month n lies between the days n - 1 and n."""
    return [date(year, month, 1) for month in range(1, 13)] + [date(year + 1, 1, 1)]


def month_moments(year: int, zone: str) -> list[datetime]:
    """The moments in UTC at which the days of `month_days` begin in a time zone."""
    return [datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) for day in month_days(year)]


def rolled_up(own: Mapping[str, Decimal], year: int) -> dict[str, Decimal]:
    """The figures of all spans of a year: a span's own, else the sum of what is known of the spans inside it.

    Args:
        own: figures by the key of their span.
    """
    found: dict[str, Decimal] = {}
    within: list[Decimal] = []
    quarters: list[Decimal] = []
    for span in spans_of(year):
        inside = quarters if span.kind is PeriodKind.YEAR else within if span.kind is PeriodKind.QUARTER else []
        figure = own.get(span.key, sum(inside, Decimal(0)) if inside else None)
        if span.kind is PeriodKind.QUARTER:
            within = []
        if figure is None:
            continue
        found[span.key] = figure
        if span.kind is PeriodKind.MONTH:
            within.append(figure)
        elif span.kind is PeriodKind.QUARTER:
            quarters.append(figure)
    return found


def spread(own: Mapping[str, Decimal], year: int) -> dict[str, Decimal]:
    """The figures that were set in a year; spans of which nothing is known have an even share of a larger one.

    What is left of a year's or quarter's figure beyond what is known of the spans inside it goes to the others in equal
    parts. What `rolled_up` makes of a figure stays as it is.
    """
    known, found = rolled_up(own, year), dict(own)
    # Backwards a year comes before its quarters, and these before their months.
    for span in reversed(spans_of(year)):
        inside = span.parts
        blank = [one.key for one in inside if one.key not in known]
        rest = found.get(span.key, Decimal(0)) - sum((known.get(one.key, Decimal(0)) for one in inside), Decimal(0))
        if blank and rest > 0:
            found |= dict.fromkeys(blank, rest / len(blank))
    return found


def within(year: int, first: date | None, last: date | None) -> list[Span]:
    """The fewest spans of a year that make up all its months in which a period has days.

    Args:
        first: first day of the period; None is open.
        last: its last day; None is open.
    """
    low = 1 if first is None or first.year < year else first.month if first.year == year else 13
    high = 12 if last is None or last.year > year else last.month if last.year == year else 0

    def inside(span: Span) -> list[Span]:
        if low <= span.months[0] and span.months[-1] <= high:
            return [span]
        return [one for part in span.parts for one in inside(part)]

    return inside(Span(PeriodKind.YEAR, date(year, 1, 1)))


def added_up(months: Mapping[int, Decimal], year: int) -> dict[str, Decimal]:
    """The figures of all spans of a year from those of its months; nothing counts as zero."""
    return {
        span.key: sum((months.get(month, Decimal(0)) for month in span.months), Decimal(0)) for span in spans_of(year)
    }

"""The span of days that a report covers, and the one before it."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Dates in the reader's zone, both inclusive; None is open on that side."""

    first: date | None
    last: date | None

    def bounds(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """The moments in UTC between which the days lie: from the first inclusive to the second exclusive."""
        start = None if self.first is None else _midnight(self.first, zone)
        end = None if self.last is None else _midnight(self.last + _DAY, zone)
        return start, end

    def before(self, today: date) -> Period | None:
        """The period before this one: as many whole months where this one is whole months, else as many days.

        Without a first day nothing lies before; without a last day the period reaches to `today`.
        """
        if self.first is None:
            return None
        last = self.last if self.last is not None else max(today, self.first)
        end = self.first - _DAY
        if self.first.day == 1 and last.day == monthrange(last.year, last.month)[1]:
            months = (last.year - self.first.year) * 12 + last.month - self.first.month + 1
            month = self.first.year * 12 + self.first.month - 1 - months
            return Period(date(month // 12, month % 12 + 1, 1), end)
        return Period(end - (last - self.first), end)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)

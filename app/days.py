"""The days around now, as they are in somebody's time zone: today, tomorrow, the end of this week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def start_of(day: date, zone: str) -> datetime:
    """The moment in UTC at which a day begins in a time zone."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def end_of(day: date, zone: str) -> datetime:
    """The moment in UTC at which the next day begins in a time zone: clocks may be put on or back in between."""
    return start_of(day + timedelta(days=1), zone)


@dataclass(frozen=True)
class Days:
    """The present in a time zone.

    Attributes:
        at: the moment.
        today: its date there.
        tomorrow: the day after.
        week_end: the last day of this week, a Sunday; tomorrow where that is later.
    """

    at: datetime
    today: date
    tomorrow: date
    week_end: date

    @classmethod
    def at_moment(cls, at: datetime, zone: str) -> Days:
        """The days around a moment."""
        today = at.astimezone(ZoneInfo(zone)).date()
        tomorrow = today + timedelta(days=1)
        return cls(at, today, tomorrow, max(tomorrow, today + timedelta(days=6 - today.weekday())))

"""Rules of backups: what they are called, when one is due, which of them are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NAME = re.compile(r"lianxi-([0-9a-f]{8})-(\d{8}T\d{6}Z)\.tar\.gz(\.age)?")
_MOMENT = "%Y%m%dT%H%M%SZ"


def name_of(installation: str, at: datetime, encrypted: bool) -> str:
    """What the backup of an installation is called: several may share a folder."""
    return f"lianxi-{installation}-{at.astimezone(UTC).strftime(_MOMENT)}.tar.gz{'.age' if encrypted else ''}"


def moment_of(name: str, installation: str) -> datetime | None:
    """When a file was made; None where it is no backup of this installation."""
    found = _NAME.fullmatch(name)
    if found is None or found[1] != installation:
        return None
    try:
        return datetime.strptime(found[2], _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None


def kept(moments: Iterable[datetime], zone: ZoneInfo, days: int, weeks: int) -> set[datetime]:
    """Which backups stay: the newest of each of the last days, and of each of the last weeks, that have any."""
    by_day: dict[object, datetime] = {}
    by_week: dict[object, datetime] = {}
    for moment in sorted(moments, reverse=True):
        there = moment.astimezone(zone)
        by_day.setdefault(there.date(), moment)
        by_week.setdefault(there.isocalendar()[:2], moment)
    return set(list(by_day.values())[:days]) | set(list(by_week.values())[:weeks])


def last_due(now: datetime, zone: ZoneInfo, at: time) -> datetime:
    """The last moment at which the nightly backup should have been made."""
    there = now.astimezone(zone)
    due = datetime.combine(there.date(), at, zone)
    if due > there:
        due = datetime.combine(there.date() - timedelta(days=1), at, zone)
    return due.astimezone(UTC)

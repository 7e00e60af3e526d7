"""When a message is tried: at once, then after growing pauses, and not before a receiver asks to be asked again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from secrets import SystemRandom

PAUSES = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Before each attempt; a message that fails at the last one, some three days later, is a dead letter."""

JITTER = 0.1
"""A pause is longer by up to this share of it, so that what failed together does not come back together."""

LONGEST_REST = timedelta(hours=24)
"""A receiver that asks for more is asked again all the same."""

_RANDOM = SystemRandom()


def pause_before(attempt: int) -> timedelta | None:
    """How long to wait before an attempt, counted from 0; None where there is none any more."""
    return PAUSES[attempt] * (1 + _RANDOM.uniform(0, JITTER)) if attempt < len(PAUSES) else None


def asked_to_rest(status: int | None, headers: Mapping[str, str], at: datetime) -> timedelta | None:
    """How long a receiver wants to be left alone, by `Retry-After` of a 429 or 503; None where it does not say."""
    text = headers.get("retry-after", "").strip()
    if status not in (429, 503) or not text:
        return None
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**8)), LONGEST_REST)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max(until - at, timedelta()), LONGEST_REST)

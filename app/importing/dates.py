"""Dates as they are written: one order of day, month and year for a column, asked for where two of them fit.

What can mean only one day - `2026年3月4日`, `20260304`, `4 Mar 2026`, a date that the spreadsheet knows as one - fits
every order; only `03/04/2026` and its like need the column's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from math import isfinite

from .reading import Cell, is_blank

YEAR_FIRST, DAY_FIRST, MONTH_FIRST, SERIAL = "ymd", "dmy", "mdy", "serial"
FORMATS = (YEAR_FIRST, DAY_FIRST, MONTH_FIRST, SERIAL)
"""What a person may choose from; `serial` are the numbers by which spreadsheets count days."""

_EPOCH = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 3_654, 2_958_465
_PIVOT = 69
_LONGEST = 80
_MONTHS = {
    name[:3]: number
    for number, name in enumerate(
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
        1,
    )
}
_WEEKDAY = re.compile(
    r"[(\s,]*(?:星期[一二三四五六日天]|周[一二三四五六日天]|(?<![a-z])(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b\.?)[)\s,]*",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"(\d{1,4})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{1,4})(?!\d)")
_CHINESE = re.compile(r"(\d{4}|\d{2})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)|((?:19|20)\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?$")
_DAY_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-\s./]*([a-z]{3,9})\.?[-\s,./]*(\d{4}|\d{2})(?!\d)", re.IGNORECASE)
_MONTH_NAMED = re.compile(
    r"([a-z]{3,9})\.?[-\s]*(\d{1,2})(?:st|nd|rd|th)?(?:,\s*|\s+|-)(\d{4}|\d{2})(?![\d:])", re.IGNORECASE
)
_YEAR_NAMED = re.compile(r"(\d{4})[-\s./]*([a-z]{3,9})\.?[-\s./]*(\d{1,2})(?!\d)", re.IGNORECASE)
_TIME = re.compile(
    r"[T\s,]*(?P<before>上午|下午|中午|凌晨|早上|晚上|am|pm)?\s*"
    r"(?P<hour>\d{1,2})\s*[:时点h]\s*(?P<minute>\d{1,2})?(?:\s*[:分]\s*(?P<second>\d{1,2})?(?:[.,](?P<fraction>\d{1,9}))?)?\s*秒?"
    r"\s*(?P<after>[ap]\.?m\.?)?\s*(?P<zone>z|utc|gmt|(?:utc|gmt)?[+-]\d{1,2}(?::?\d\d)?)?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class DateGuess:
    """How the dates of a column may be read.

    Attributes:
        formats: those of `FORMATS` that fit every sample, one for each meaning; empty where none fits.
        has_time: whether a time of day stands in one of them.
    """

    formats: tuple[str, ...]
    has_time: bool = False

    @property
    def is_ambiguous(self) -> bool:
        """Whether more than one meaning remains, so that a person has to say which."""
        return len(self.formats) > 1


def infer(samples: Iterable[Cell]) -> DateGuess:
    """The formats that fit all cells of a column. The more cells, the surer the answer.

    Cells that are blank, and those that are no date in any format (`to be agreed`), say nothing.
    """
    fitting = list(FORMATS)
    # Formats of which one has read a cell otherwise than another: they are meanings of their own.
    differing: set[frozenset[str]] = set()
    has_time = seen = False
    for sample in samples:
        if is_blank(sample):
            continue
        readings = {format: found for format in FORMATS if (found := _tried(sample, format)) is not None}
        if not readings:
            continue
        seen = True
        fitting = [format for format in fitting if format in readings]
        has_time = has_time or any(isinstance(found, datetime) for found in readings.values())
        if len(set(readings.values())) > 1:
            differing.update(frozenset((a, b)) for a in readings for b in readings if readings[a] != readings[b])
    if not seen:
        return DateGuess(())
    meanings: list[str] = []
    for format in fitting:
        if all(frozenset((format, other)) in differing for other in meanings):
            meanings.append(format)
    return DateGuess(tuple(meanings), has_time)


def read(value: Cell, format: str) -> date | datetime | None:
    """The day, or the moment where a time of day is said; with its zone only where that is said too.

    Raises:
        ValueError: this is no date of that format.
    """
    if is_blank(value):
        return None
    if isinstance(value, date):
        return value
    if isinstance(value, bool):
        raise ValueError("A truth is no date.")
    if format == SERIAL:
        return _from_serial(value)
    text = str(value)
    if isinstance(value, float | Decimal) or len(text) > _LONGEST:
        raise ValueError("This is no written date.")
    return _from_text(text, format)


def _tried(value: Cell, format: str) -> date | None:
    try:
        return read(value, format)
    except ValueError:
        return None


def _from_serial(value: Cell) -> date:
    if not isinstance(value, int | float | Decimal) or not isfinite(value):
        raise ValueError("This is no number.")
    if not _FIRST_SERIAL <= value < _LAST_SERIAL:
        raise ValueError("No number by which a spreadsheet counts days.")
    days, part = divmod(Decimal(str(value)), 1)
    day = _EPOCH + timedelta(days=int(days))
    if not part:
        return day
    return datetime(day.year, day.month, day.day) + timedelta(seconds=round(part * 86_400))  # noqa: DTZ001


@lru_cache(maxsize=20_000)
def _from_text(text: str, format: str) -> date:
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = _WEEKDAY.sub(" ", plain).strip()
    day, rest = _day(plain, format)
    if not rest.strip():
        return day
    found = _TIME.fullmatch(rest)
    if not found:
        raise ValueError("What stands behind the date is no time.")
    return _moment(day, found)


def _day(text: str, format: str) -> tuple[date, str]:
    """The day at the beginning of a text, and what stands behind it."""
    if found := _NUMERIC.match(text):
        first, separator, second, third = found.groups()
        return date(*_ordered(first, second, third, separator, format)), text[found.end() :]
    if found := _CHINESE.match(text):
        year, month, day = found.groups()
        return date(_year(year), int(month), int(day)), text[found.end() :]
    if found := _COMPACT.match(text):
        year, month, day, *more = [part for part in found.groups() if part]
        clock = ":".join(more)
        rest = text[found.end() :]
        return date(int(year), int(month), int(day)), f" {clock}" if clock else re.sub(
            r"^T?(\d\d)(\d\d)", r" \1:\2:", rest
        )
    if found := _DAY_NAMED.match(text):
        day, month, year = found.groups()
    elif found := _MONTH_NAMED.match(text):
        month, day, year = found.groups()
    elif found := _YEAR_NAMED.match(text):
        year, month, day = found.groups()
    else:
        raise ValueError("No date is written here.")
    return date(_year(year), _month(month), int(day)), text[found.end() :]


def _ordered(first: str, second: str, third: str, separator: str, format: str) -> tuple[int, int, int]:
    if len(first) == 4 and len(third) <= 2:
        return int(first), int(second), int(third)
    if len(first) > 2 or len(third) == 3 or (len(third) == 1 and format != YEAR_FIRST):
        raise ValueError("No year is written here.")
    if format == YEAR_FIRST:
        if len(third) == 4 or len(first) < 2:
            raise ValueError("The year stands at the end.")
        return _year(first), int(second), int(third)
    # Nobody writes the month first and dots between.
    if format == MONTH_FIRST and separator != ".":
        return _year(third), int(first), int(second)
    if format == DAY_FIRST:
        return _year(third), int(second), int(first)
    raise ValueError("No date of this order.")


def _year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    return int(text) + (1900 if int(text) >= _PIVOT else 2000)


def _month(text: str) -> int:
    name = text.lower()
    if name[:3] not in _MONTHS:
        raise ValueError("No month is named so.")
    return _MONTHS[name[:3]]


def _moment(day: date, found: re.Match[str]) -> datetime:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    half = (found["after"] or found["before"] or "").lower().replace(".", "")
    if half in ("pm", "下午", "晚上", "中午") and hour < 12 and not (half == "中午" and hour == 11):
        hour += 12
    elif half in ("am", "上午", "凌晨", "早上") and hour == 12:
        hour = 0
    micro = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    moment = datetime(day.year, day.month, day.day, hour, minute, second, micro)  # noqa: DTZ001
    zone = (found["zone"] or "").lower().removeprefix("utc").removeprefix("gmt")
    if not found["zone"]:
        return moment
    if zone in ("", "z"):
        return moment.replace(tzinfo=UTC)
    sign = -1 if zone[0] == "-" else 1
    digits = zone[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    return moment.replace(tzinfo=timezone(sign * timedelta(hours=int(hours), minutes=int(minutes))))

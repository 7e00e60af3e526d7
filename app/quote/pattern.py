"""The pattern that numbers of quotes follow, such as `QT-{YYYY}{MM}-{seq}`."""

from __future__ import annotations

import re
from datetime import date

DEFAULT_PATTERN = "QT-{YYYY}{MM}-{seq}"
LONGEST = 40

_WORD = re.compile(r"\{(YYYY|YY|MM|DD|seq)\}")
_PATTERN = re.compile(r"(?:\{(?:YYYY|YY|MM|DD|seq)\}|[^\s{}])+")


def is_pattern(text: str) -> bool:
    """Whether a text is a pattern: letters and the words in braces, `{seq}` exactly once, no space."""
    return len(text) <= LONGEST and text.count("{seq}") == 1 and _PATTERN.fullmatch(text) is not None


def period_of(pattern: str, day: date) -> str:
    """The pattern with its day filled in and `{seq}` left: numbers are counted for each of these apart."""
    values = {"YYYY": f"{day:%Y}", "YY": f"{day:%y}", "MM": f"{day:%m}", "DD": f"{day:%d}", "seq": "{seq}"}
    return _WORD.sub(lambda word: values[word[1]], pattern)


def number_of(period: str, sequence: int) -> str:
    """The number: the sequence in four digits, in more where it takes them."""
    return period.replace("{seq}", f"{sequence:04d}")

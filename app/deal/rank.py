"""Ranks of cards on a board: texts between which there is always room for another, so that a move writes one row.

A rank is a whole number of six digits in base 62 and a fraction behind it; ranks compare byte by byte. Appending and
prepending count the whole number up and down, so long columns keep short ranks; only insertions into the same gap over
and over make fractions longer, by one character for about six of them.
"""

from __future__ import annotations

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE = len(DIGITS)
_WIDTH = 6
_FIRST = _BASE**_WIDTH // 2
_ID_WIDTH = 11
"""Digits of the largest id, which has 63 bits."""


def between(low: str | None, high: str | None) -> str:
    """A rank above `low` and below `high`; None means that there is no neighbour on that side.

    Raises:
        ValueError: the two are not ranks in ascending order, or the whole numbers are used up.
    """
    if low is not None and high is not None and low >= high:
        raise ValueError(f"{low} is not below {high}")
    if low is None:
        return _text(_FIRST if high is None else _number(high) - 1)
    if high is None:
        return _text(_number(low) + 1)
    start, end = _number(low), _number(high)
    if end - start > 1:
        return _text((start + end) // 2)
    return low[:_WIDTH] + _middle(low[_WIDTH:], high[_WIDTH:] if start == end else None)


def aside(rank: str, number: int) -> str:
    """A rank just above another that nobody else gets or had: where a card of this number lies that gave up its own.

    A neighbour's former place would not do: who comes back to that would find it taken.
    """
    # A fraction that ends in 0 leaves no room below it.
    return f"{rank}{_digits(number, _ID_WIDTH)}1"


def _number(rank: str) -> int:
    if len(rank) < _WIDTH:
        raise ValueError(rank)
    value = 0
    for digit in rank[:_WIDTH]:
        value = value * _BASE + DIGITS.index(digit)
    return value


def _text(value: int) -> str:
    if not 0 <= value < _BASE**_WIDTH:
        raise ValueError("no whole number left")
    return _digits(value, _WIDTH)


def _digits(value: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        value, digit = divmod(value, _BASE)
        digits = DIGITS[digit] + digits
    return digits


def _middle(low: str, high: str | None) -> str:
    """A fraction between two, never ending in 0, so that there is always one below it; None as `high` means 1."""
    if high is not None:
        shared = 0
        while shared < len(high) and (low[shared : shared + 1] or DIGITS[0]) == high[shared]:
            shared += 1
        if shared:
            return high[:shared] + _middle(low[shared:], high[shared:])
    first = DIGITS.index(low[0]) if low else 0
    last = DIGITS.index(high[0]) if high is not None else _BASE
    if last - first > 1:
        return DIGITS[(first + last) // 2]
    if high is not None and len(high) > 1:
        return high[0]
    return DIGITS[first] + _middle(low[1:], None)

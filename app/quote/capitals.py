"""Amounts in Chinese capitals (大写金额), by the rules for bills: 零 once for zeros between, 整 after 元 and 角."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_NAMES = {"CNY": "人民币", "HKD": "港币", "MOP": "澳门元", "TWD": "新台币", "USD": "美元", "EUR": "欧元"}


def amount_in_capitals(amount: Decimal, currency: str = "CNY") -> str | None:
    """The words of an amount, such as 人民币壹佰元整; None for a currency that is not written so.

    No 整 follows 分, as the rules for bills want it.

    Args:
        amount: zero or more; rounded half up to 分.
    """
    if currency not in _NAMES:
        return None
    cents = int(amount.scaleb(2).quantize(Decimal(1), ROUND_HALF_UP))
    yuan, rest = divmod(cents, 100)
    jiao, fen = divmod(rest, 10)
    words = f"{_whole(yuan)}元" if yuan or not rest else ""
    if jiao:
        words += f"{_DIGITS[jiao]}角"
    elif fen and yuan:
        words += "零"
    words += f"{_DIGITS[fen]}分" if fen else "整"
    return _NAMES[currency] + words


def _whole(number: int) -> str:
    """A whole number in capitals."""
    if number == 0:
        return _DIGITS[0]
    for unit, name in ((10**8, "亿"), (10**4, "万")):
        if number >= unit:
            above, below = divmod(number, unit)
            if not below:
                return f"{_whole(above)}{name}"
            return f"{_whole(above)}{name}{'零' if below < unit // 10 else ''}{_whole(below)}"
    words, between = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if between and words else "") + _DIGITS[digit] + _PLACES[place]
        between = not digit
    return words

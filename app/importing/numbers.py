"""Numbers as they are written: one decimal sign for a column, never for a cell; asked for where both fit."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import isfinite

from .reading import Cell, is_blank

POINT, COMMA = "point", "comma"
STYLES = (POINT, COMMA)
"""`1,234.56` and `1.234,56`."""

_CURRENCIES = {
    "¥": "CNY",
    "元": "CNY",
    "圆": "CNY",
    "块": "CNY",
    "人民币": "CNY",
    "rmb": "CNY",
    "cn¥": "CNY",
    "jp¥": "JPY",
    "$": "USD",
    "us$": "USD",
    "美元": "USD",
    "美金": "USD",
    "hk$": "HKD",
    "港币": "HKD",
    "港元": "HKD",
    "nt$": "TWD",
    "新台币": "TWD",
    "台币": "TWD",
    "a$": "AUD",
    "au$": "AUD",
    "c$": "CAD",
    "ca$": "CAD",
    "s$": "SGD",
    "r$": "BRL",
    "€": "EUR",
    "欧元": "EUR",
    "£": "GBP",
    "英镑": "GBP",
    "日元": "JPY",
    "₩": "KRW",
    "₹": "INR",
    "₽": "RUB",
    **{
        code.lower(): code
        for code in [
            "CNY",
            "USD",
            "EUR",
            "GBP",
            "JPY",
            "HKD",
            "TWD",
            "SGD",
            "AUD",
            "CAD",
            "CHF",
            "KRW",
            "INR",
            "THB",
            "MYR",
            "VND",
            "RUB",
            "BRL",
        ]
    },
}
_FACTORS = {
    "千": 3,
    "万": 4,
    "十万": 5,
    "百万": 6,
    "千万": 7,
    "亿": 8,
    "百亿": 10,
    "千亿": 11,
    "万亿": 12,
    "萬": 4,
    "億": 8,
    "k": 3,
    "m": 6,
    "mn": 6,
    "mio": 6,
    "b": 9,
    "bn": 9,
    "thousand": 3,
    "thousands": 3,
    "million": 6,
    "millions": 6,
    "billion": 9,
    "billions": 9,
}
_LONGEST, _DIGITS = 60, 28
_COUNTED = ("人", "名", "个", "台", "件", "套", "家", "位", "整")


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_WRITTEN = re.compile(
    rf"(?P<before>{_any_of(_CURRENCIES)})?\s*(?P<sign>[-+])?\s*(?P<within>{_any_of(_CURRENCIES)})?\s*"
    rf"(?P<digits>\d[\d.,'’\s]*|[.,]\d+)(?P<power>e[-+]?\d{{1,3}})?\s*(?P<factor>{_any_of(_FACTORS)})?\s*"
    rf"(?P<after>{_any_of(_CURRENCIES)})?(?:{_any_of(_COUNTED)})?\s*(?P<percent>%)?\s*(?P<minus>-)?",
    re.IGNORECASE,
)
_SHAPES = {
    POINT: (re.compile(r"(?:\d+|[1-9]\d{0,2}(?:[,'’\s]\d{2,3})*[,'’\s]\d{3})(?:\.\d*)?|\.\d+"), "."),
    COMMA: (re.compile(r"(?:\d+|[1-9]\d{0,2}(?:[.'’\s]\d{2,3})*[.'’\s]\d{3})(?:,\d*)?|,\d+"), ","),
}
_ASIDE = re.compile(r"[(\[【](?:单位[:\s]*|in\s+)?([^()\[\]【】]*)[)\]】]|(?:单位[::]\s*)(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class Unit:
    """What a heading says of the numbers below it: `年营业额(万元)` counts in 10,000 yuan."""

    factor: Decimal = Decimal(1)
    currency: str | None = None


@dataclass(frozen=True)
class NumberGuess:
    """How the numbers of a column may be read.

    Attributes:
        styles: those of `STYLES` that fit every sample, one for each meaning; empty where none fits.
        currency: the ISO code that the signs beside the numbers hint at, the most frequent; `$` may be another dollar.
        has_percent: whether per cent signs stand in it. `read` takes them at their word: `45%` is 0.45.
        largest: the largest number by value, in the first style that fits: a column of shares or one of per cents?
    """

    styles: tuple[str, ...]
    currency: str | None = None
    has_percent: bool = False
    largest: Decimal | None = None

    @property
    def is_ambiguous(self) -> bool:
        """Whether more than one meaning remains, so that a person has to say which."""
        return len(self.styles) > 1


def infer(samples: Iterable[Cell]) -> NumberGuess:
    """The styles that fit all cells of a column. The more cells, the surer the answer.

    Cells that are blank, and those that are no number in any style (`n/a`), say nothing.
    """
    largest: dict[str, Decimal | None] = dict.fromkeys(STYLES)
    signs: Counter[str] = Counter()
    differs = has_percent = False
    for sample in samples:
        if is_blank(sample):
            continue
        readings = {style: found for style in STYLES if (found := _tried(sample, style)) is not None}
        if not readings:
            continue
        differs = differs or len(set(readings.values())) > 1
        largest = {style: _larger(largest[style], found) for style, found in readings.items() if style in largest}
        if isinstance(sample, str):
            has_percent = has_percent or "%" in sample or "％" in sample
            sign = _sign(sample)
            signs.update([sign] if sign else [])
    styles = tuple(largest)
    if not styles or all(one is None for one in largest.values()):
        return NumberGuess(())
    # Where both read every number alike, there is nothing to choose.
    kept = styles if differs else styles[:1]
    currency = signs.most_common(1)[0][0] if signs else None
    return NumberGuess(kept, currency, has_percent, largest[styles[0]])


def read(value: Cell, style: str) -> Decimal | None:
    """The number in a cell: with units (`1.2万`), per cent (`45%`), currencies (`¥1,200`), in brackets below zero.

    Raises:
        ValueError: this is no number of that style.
    """
    if is_blank(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("This is no number.")
    if not isinstance(value, str):
        if not isfinite(value):
            raise ValueError("This is no finite number.")
        return Decimal(str(value))
    if len(value) > _LONGEST:
        raise ValueError("This is longer than any number.")
    try:
        return _from_text(value, style)
    except ArithmeticError as error:
        raise ValueError("This number is too large.") from error


def unit_of(heading: str) -> Unit:
    """The unit that a heading names in brackets: `金额(万元)`, `Revenue (USD millions)`, `金额 单位:亿元`."""
    found = _ASIDE.search(unicodedata.normalize("NFKC", heading))
    said = (found[1] or found[2] or "").strip().lower() if found else ""
    words = [word for word in re.findall(rf"{_any_of([*_CURRENCIES, *_FACTORS])}", said) if word]
    if not words or re.sub(r"[\s/,]", "", said) != "".join(words):
        return Unit()
    factor = next((Decimal(10) ** _FACTORS[word] for word in words if word in _FACTORS), Decimal(1))
    return Unit(factor, next((_CURRENCIES[word] for word in words if word in _CURRENCIES), None))


def _tried(value: Cell, style: str) -> Decimal | None:
    try:
        return read(value, style)
    except ValueError:
        return None


def _larger(one: Decimal | None, other: Decimal) -> Decimal:
    return other if one is None else max(one, other)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("−", "-").strip()


def _sign(text: str) -> str | None:
    found = _WRITTEN.fullmatch(_plain(text).strip("()"))
    word = (found["before"] or found["within"] or found["after"] or "").lower() if found else ""
    return _CURRENCIES.get(word)


@lru_cache(maxsize=20_000)
def _from_text(text: str, style: str) -> Decimal:
    plain = _plain(text)
    is_bracketed = plain.startswith("(") and plain.endswith(")")
    found = _WRITTEN.fullmatch(plain[1:-1].strip() if is_bracketed else plain)
    if not found or (is_bracketed + bool(found["sign"]) + bool(found["minus"])) > 1:
        raise ValueError("This is no number.")
    shape, decimal_sign = _SHAPES[style]
    digits = found["digits"].strip()
    if not shape.fullmatch(digits) or sum(char.isdigit() for char in digits) > _DIGITS:
        raise ValueError("No number of this style.")
    whole, _, fraction = digits.partition(decimal_sign)
    number = Decimal(f"{re.sub(r'[^0-9]', '', whole) or '0'}.{fraction or '0'}{found['power'] or ''}")
    if found["factor"]:
        number *= Decimal(10) ** _FACTORS[found["factor"].lower()]
    if found["percent"]:
        number /= 100
    is_negative = is_bracketed or found["sign"] == "-" or bool(found["minus"])
    # 1.50 and 1.5 are one number, 100 is not 1E+2.
    number = number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()
    return -number if is_negative and number else number

"""Amounts of a quote and their words: rules, with whatever numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money.rules import CURRENCIES, fits, line_amount
from app.quote.amounts import Priced, amounts_of
from app.quote.capitals import amount_in_capitals
from app.quote.pattern import is_pattern, number_of, period_of

PERCENTS = st.none() | st.decimals("0", "100", places=2)
LINES = st.lists(
    st.builds(
        Priced, st.decimals("0.0001", "99999", places=4), st.decimals("0", "99999", places=4), PERCENTS, PERCENTS
    ),
    max_size=12,
)
MONEY = st.sampled_from(["CNY", "JPY", "KWD"])


@given(LINES, MONEY, PERCENTS, st.booleans())
def test_what_is_shown_adds_up(lines: list[Priced], currency: str, percent: Decimal | None, with_tax: bool) -> None:
    found = amounts_of(lines, currency, discount_percent=percent, prices_include_tax=with_tax)
    expected = [line_amount(one.quantity, one.unit_price, one.discount_percent, currency) for one in lines]
    assert list(found.lines) == expected
    assert found.subtotal == sum(expected)
    assert found.total == found.net + found.tax
    assert (found.total if with_tax else found.net) == found.subtotal - found.discount
    for amount in (*found.lines, found.subtotal, found.discount, found.net, found.tax, found.total):
        assert amount >= 0
        assert fits(amount, currency)


@given(LINES, MONEY, st.integers(0, 100), st.booleans())
def test_an_amount_off_is_taken_off_to_the_coin(lines: list[Priced], currency: str, share: int, with_tax: bool) -> None:
    whole = amounts_of(lines, currency).subtotal
    less = (whole * share / 100).quantize(Decimal(1).scaleb(-CURRENCIES[currency]))
    found = amounts_of(lines, currency, discount_amount=min(less, whole), prices_include_tax=with_tax)
    assert found.discount == (min(less, whole) if whole else 0)
    assert (found.total if with_tax else found.net) == found.subtotal - found.discount
    assert min(found.net, found.tax, found.total) >= 0


def test_each_line_is_rounded_half_up_and_then_added() -> None:
    line = Priced(Decimal(1), Decimal("0.1"), None, Decimal(5))
    assert amounts_of([line] * 3, "CNY").tax == Decimal("0.03")  # 0.005 thrice, not 0.015 once
    line = Priced(Decimal(3), Decimal("33.335"), None, None)
    assert amounts_of([line], "CNY").total == Decimal("100.01")
    assert amounts_of([line], "JPY").total == 100
    assert amounts_of([line], "KWD").total == Decimal("100.005")


def test_prices_with_tax_hold_it() -> None:
    found = amounts_of([Priced(Decimal(1), Decimal(113), None, Decimal(13))], "CNY", prices_include_tax=True)
    assert [found.subtotal, found.net, found.tax, found.total] == [Decimal(one) for one in (113, 100, 13, 113)]


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.01", "壹分"),
        ("0.10", "壹角整"),
        ("0.56", "伍角陆分"),
        ("1", "壹元整"),
        ("10", "壹拾元整"),
        ("10.05", "壹拾元零伍分"),
        ("15.50", "壹拾伍元伍角整"),
        ("100", "壹佰元整"),
        ("101", "壹佰零壹元整"),
        ("110", "壹佰壹拾元整"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1001", "壹仟零壹元整"),
        ("1010", "壹仟零壹拾元整"),
        ("1100", "壹仟壹佰元整"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("10000", "壹万元整"),
        ("10001", "壹万零壹元整"),
        ("10010", "壹万零壹拾元整"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("123456.78", "壹拾贰万叁仟肆佰伍拾陆元柒角捌分"),
        ("1000001", "壹佰万零壹元整"),
        ("10203040", "壹仟零贰拾万叁仟零肆拾元整"),
        ("100000000", "壹亿元整"),
        ("100000001", "壹亿零壹元整"),
        ("100010000", "壹亿零壹万元整"),
        ("110000000", "壹亿壹仟万元整"),
        ("1000200030", "壹拾亿零贰拾万零叁拾元整"),
        ("1000000000000", "壹万亿元整"),
        ("10000000000001", "壹拾万亿零壹元整"),
        ("99999999999999.99", "玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ],
)
def test_amounts_in_capitals(amount: str, words: str) -> None:
    assert amount_in_capitals(Decimal(amount)) == f"人民币{words}"


def test_capitals_name_their_currency() -> None:
    assert amount_in_capitals(Decimal(5), "USD") == "美元伍元整"
    assert amount_in_capitals(Decimal(5), "SEK") is None


@given(st.integers(0, 10**16 - 1))
def test_capitals_never_stammer(cents: int) -> None:
    words = amount_in_capitals(Decimal(cents).scaleb(-2)) or ""
    assert "零零" not in words
    assert "零元" not in words or words == "人民币零元整"
    assert words.count("零万") == words.count("零亿") == 0


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("QT-{YYYY}{MM}-{seq}", "QT-202611-0007"),
        ("{seq}", "0007"),
        ("报价{YY}/{MM}/{DD}-{seq}", "报价26/11/05-0007"),
    ],
)
def test_patterns(pattern: str, number: str) -> None:
    assert is_pattern(pattern)
    assert number_of(period_of(pattern, date(2026, 11, 5)), 7) == number


def test_a_long_sequence_takes_its_room() -> None:
    assert number_of(period_of("A{seq}", date(2026, 1, 1)), 12345) == "A12345"


@pytest.mark.parametrize("text", ["", "QT", "{seq}{seq}", "{seq} x", "{year}{seq}", "{seq", "{seq}" + "x" * 40])
def test_what_is_no_pattern(text: str) -> None:
    assert not is_pattern(text)

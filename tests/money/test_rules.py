"""Money rules: half up, per line, by the currency's smallest unit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.money.rules import CURRENCIES, amount_text, fits, line_amount, reporting_currency, rounded


def test_currencies_have_their_places() -> None:
    assert len(CURRENCIES) > 150
    assert {code: CURRENCIES[code] for code in ("CNY", "USD", "EUR", "JPY", "KRW", "KWD", "TND")} == {
        "CNY": 2,
        "USD": 2,
        "EUR": 2,
        "JPY": 0,
        "KRW": 0,
        "KWD": 3,
        "TND": 3,
    }
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("2.345", "CNY", "2.35"),
        ("2.344999", "CNY", "2.34"),
        ("-2.345", "CNY", "-2.35"),
        ("2.5", "JPY", "3"),
        ("1.2345", "KWD", "1.235"),
    ],
)
def test_half_is_rounded_up(amount: str, currency: str, expected: str) -> None:
    assert rounded(Decimal(amount), currency) == Decimal(expected)
    assert fits(Decimal(expected), currency)
    assert not fits(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "currency", "expected"),
    [
        ("3", "1.005", None, "CNY", "3.02"),
        ("1", "0.005", None, "CNY", "0.01"),
        ("7", "99.99", "33.3333", "CNY", "466.62"),
        ("2", "50", "100", "CNY", "0"),
        ("1.5", "101", None, "JPY", "152"),
        ("9999999999.9999", "9999.9999", "99.9999", "USD", "99999999.00"),
    ],
)
def test_the_amount_of_a_line(quantity: str, price: str, discount: str | None, currency: str, expected: str) -> None:
    found = line_amount(Decimal(quantity), Decimal(price), Decimal(discount) if discount else None, currency)
    assert found == Decimal(expected)


def test_sums_on_the_wire() -> None:
    assert amount_text(None, "CNY") == "0.00"
    assert amount_text(12345, "CNY") == "1.23"
    assert amount_text(12350, "CNY") == "1.24"
    assert amount_text(12345, "KWD") == "1.235"
    assert amount_text(123_450_000, "CNY", 8) == "1.23"
    assert amount_text(99_999_999_999_999_9900 * 10_000, "CNY") == "999999999999999900.00"


def test_one_currency_speaks() -> None:
    assert reporting_currency("USD", "CNY", {"CNY": 5}) == "USD"
    assert reporting_currency(None, "CNY", {"USD": 5, "CNY": 1}) == "CNY"
    assert reporting_currency(None, "CNY", {"USD": 5, "EUR": 9}) == "EUR"
    assert reporting_currency(None, "CNY", {}) == "CNY"

"""Numbers: one decimal sign for a column, asked for where both fit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importing import numbers
from app.importing.numbers import Unit
from app.importing.tables import Cell


@pytest.mark.parametrize(
    ("samples", "styles"),
    [
        (["1,234.56"], ("point",)),
        (["1.234,56"], ("comma",)),
        (["1,234"], ("point", "comma")),
        (["1.234"], ("point", "comma")),
        (["1,234", "1.234,5"], ("comma",)),
        (["1.234", "0.5"], ("point",)),
        (["12", "5", 7, Decimal("1.5")], ("point",)),
        (["1,7", "200.000.000", ""], ("comma",)),
        (["1,234.56", "1.234,56"], ()),
        (["0,5", "n/a", None], ("comma",)),
        (["n/a"], ()),
        ([True], ()),
        (["", None], ()),
    ],
)
def test_styles_of_a_column(samples: list[Cell], styles: tuple[str, ...]) -> None:
    guess = numbers.infer(samples)
    assert guess.styles == styles
    assert guess.is_ambiguous is (len(styles) > 1)


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("1,234.56", "point", "1234.56"),
        ("1.234,56", "comma", "1234.56"),
        ("1 234,5", "comma", "1234.5"),
        ("1\u00a0234,5", "comma", "1234.5"),
        ("1'234.50", "point", "1234.5"),
        ("1,23,456.00", "point", "123456"),
        ("¥1,200.00", "point", "1200"),
        ("￥3万", "point", "30000"),
        ("1.2万", "point", "12000"),
        ("3亿元", "point", "300000000"),
        ("2.5百万", "point", "2500000"),
        ("50万人民币", "point", "500000"),
        ("(1,234.50)", "point", "-1234.5"),
        ("-$5.00", "point", "-5"),
        ("$-5", "point", "-5"),
        ("−6", "point", "-6"),
        ("7-", "point", "-7"),
        ("45%", "point", "0.45"),
        ("7,5％", "comma", "0.075"),
        ("1.000,00 €", "comma", "1000"),
        ("USD 1.5M", "point", "1500000"),
        ("1.38E+10", "point", "13800000000"),
        (".5", "point", "0.5"),
        ("５００人", "point", "500"),
        ("13800138000", "point", "13800138000"),
    ],
)
def test_reading(text: str, style: str, expected: str) -> None:
    assert str(numbers.read(text, style)) == expected


@pytest.mark.parametrize(
    "text", ["abc", "-", "1-10", "1.1.1", "1,2,3", "(-5)", "1e5000", "9" * 40, "5 apples", "1" * 1_000, "%", "¥"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    for style in numbers.STYLES:
        with pytest.raises(ValueError, match=r"."):
            numbers.read(text, style)


def test_what_the_signs_hint_at() -> None:
    guess = numbers.infer(["¥100", "￥20", "$5", "30"])
    assert (guess.currency, guess.has_percent, guess.largest) == ("CNY", False, Decimal(100))
    guess = numbers.infer(["45%", "", 0.1, "0"])
    assert (guess.currency, guess.has_percent, guess.largest) == (None, True, Decimal("0.45"))
    assert numbers.infer(["0", "-5"]).largest == 0
    assert numbers.infer(["5 €"]).currency == "EUR"


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("年营业额(万元)", Unit(Decimal(10_000), "CNY")),
        ("金额（元）", Unit(Decimal(1), "CNY")),
        ("金额 单位:亿元", Unit(Decimal(100_000_000), "CNY")),
        ("Revenue (USD millions)", Unit(Decimal(1_000_000), "USD")),
        ("Revenue (in thousands)", Unit(Decimal(1_000), None)),
        ("价格[¥]", Unit(Decimal(1), "CNY")),
        ("Probability (%)", Unit()),
        ("Name (Primary)", Unit()),
        ("商机金额", Unit()),
        ("备注(客户备注)", Unit()),
    ],
)
def test_units_of_headings(heading: str, unit: Unit) -> None:
    assert numbers.unit_of(heading) == unit


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_each_style_reads_what_it_writes(number: Decimal) -> None:
    written = f"{number:,.2f}"
    assert numbers.read(written, "point") == number
    assert numbers.read(written.translate(str.maketrans(",.", ".,")), "comma") == number
    assert numbers.read(number, "comma") == number


@given(st.text(max_size=30) | st.text("0123456789.,-+()%¥$万亿eE ", max_size=20))
def test_no_text_is_a_fault_of_ours(text: str) -> None:
    guess = numbers.infer([text])
    for style in numbers.STYLES:
        try:
            found = numbers.read(text, style)
        except ValueError:
            continue
        assert found is None or guess.styles

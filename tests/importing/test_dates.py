"""Dates: one order for a column, asked for where two fit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importing import dates
from app.importing.tables import Cell

DAY = date(2026, 3, 4)
EIGHT = timezone(timedelta(hours=8))


def local(*parts: int) -> datetime:
    """A moment whose zone nobody has said."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("samples", "formats"),
    [
        (["2026-03-04", "2026/3/4", "2026.3.4", "2026年3月4日", "20260304", DAY], ("ymd",)),
        (["4 Mar 2026", "Mar 4, 2026", "04-Mar-26", "March 4th, 2026", "2026-Mar-04"], ("ymd",)),
        (["03/04/2026"], ("dmy", "mdy")),
        (["03/04/2026", "31/12/2025"], ("dmy",)),
        (["12/31/2025", "1/2/2026"], ("mdy",)),
        (["03/04/2026", "2026-03-04", "", None], ("dmy", "mdy")),
        (["05/05/2026"], ("dmy",)),
        (["03.04.2026"], ("dmy",)),
        (["26/03/04"], ("ymd", "dmy")),
        (["03-04-05"], ("ymd", "dmy", "mdy")),
        (["13/04/2026", "04/13/2026"], ()),
        (["03/04/2026", "31/12/2025", "to be agreed", "2026-02-30"], ("dmy",)),
        ([46085, Decimal("46085.5")], ("serial",)),
        ([20260304], ("ymd",)),
        (["46085"], ()),
        ([1996], ()),
        ([True, "soon"], ()),
        (["", None], ()),
    ],
)
def test_formats_of_a_column(samples: list[Cell], formats: tuple[str, ...]) -> None:
    guess = dates.infer(samples)
    assert guess.formats == formats
    assert guess.is_ambiguous is (len(formats) > 1)


@pytest.mark.parametrize(
    ("value", "format", "expected"),
    [
        ("03/04/2026", "dmy", date(2026, 4, 3)),
        ("03/04/2026", "mdy", DAY),
        ("3.4.26", "dmy", date(2026, 4, 3)),
        ("1/2/69", "mdy", date(1969, 1, 2)),
        ("２０２６年３月４日", "dmy", DAY),
        ("2026 年 3 月 4 号 星期三", "ymd", DAY),
        ("Wed, 4 Mar 2026", "ymd", DAY),
        (46085, "serial", DAY),
        (Decimal("46085.25"), "serial", local(2026, 3, 4, 6)),
        (DAY, "mdy", DAY),
        (local(2026, 3, 4, 5), "serial", local(2026, 3, 4, 5)),
        ("", "ymd", None),
        (None, "ymd", None),
        ("2026-03-04T10:11:12Z", "ymd", datetime(2026, 3, 4, 10, 11, 12, tzinfo=UTC)),
        ("2026-03-04T10:11:12.5+08:00", "ymd", datetime(2026, 3, 4, 10, 11, 12, 500_000, tzinfo=EIGHT)),
        ("2026-03-04 10:11:12 GMT+8", "ymd", datetime(2026, 3, 4, 10, 11, 12, tzinfo=EIGHT)),
        ("2026-03-04 10:11:12 -0330", "ymd", datetime(2026, 3, 4, 10, 11, 12, tzinfo=timezone(-timedelta(hours=3.5)))),
        ("Wed, 4 Mar 2026 10:00:00 GMT", "ymd", datetime(2026, 3, 4, 10, tzinfo=UTC)),
        ("2026/3/4 下午3:05", "ymd", local(2026, 3, 4, 15, 5)),
        ("2026年3月4日 15时05分", "ymd", local(2026, 3, 4, 15, 5)),
        ("2026-3-4 中午12:30", "ymd", local(2026, 3, 4, 12, 30)),
        ("3/4/2026 3:05 PM", "mdy", local(2026, 3, 4, 15, 5)),
        ("3/4/2026, 12:05:06 a.m.", "mdy", local(2026, 3, 4, 0, 5, 6)),
        ("20260304101112", "ymd", local(2026, 3, 4, 10, 11, 12)),
        ("20260304T1011", "ymd", local(2026, 3, 4, 10, 11)),
        ("2020-12-30 3:15:52", "ymd", local(2020, 12, 30, 3, 15, 52)),
    ],
)
def test_reading(value: Cell, format: str, expected: date | None) -> None:
    found = dates.read(value, format)
    assert found == expected
    assert type(found) is type(expected)
    if isinstance(found, datetime) and isinstance(expected, datetime):
        assert found.utcoffset() == expected.utcoffset()


@pytest.mark.parametrize(
    ("value", "format"),
    [
        ("03/04/2026", "ymd"),
        ("31/12/2026", "mdy"),
        ("2026-02-30", "ymd"),
        ("2026-3", "ymd"),
        ("2026年3月", "ymd"),
        ("1/1/1", "dmy"),
        ("1/1/202", "dmy"),
        ("03.04.2026", "mdy"),
        ("4 Foo 2026", "ymd"),
        ("2026-03-04 25:00", "ymd"),
        ("2026-03-04 soon", "ymd"),
        ("46085", "serial"),
        (12, "serial"),
        (46085.5, "ymd"),
        (True, "serial"),
        ("soon", "dmy"),
        ("2026-03-04" + " " * 100 + "x", "ymd"),
    ],
)
def test_what_is_no_date_is_refused(value: Cell, format: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        dates.read(value, format)


@given(st.datetimes(local(1970, 1, 1), local(2068, 12, 31)))
def test_each_order_reads_what_it_writes(moment: datetime) -> None:
    for format, pattern in {"ymd": "%Y/%m/%d", "dmy": "%d/%m/%Y", "mdy": "%m-%d-%y"}.items():
        assert dates.read(moment.strftime(pattern), format) == moment.date()
        clock = moment.replace(microsecond=0)
        assert dates.read(moment.strftime(f"{pattern} %I:%M:%S %p"), format) == clock


@given(st.text(max_size=30) | st.integers() | st.decimals() | st.floats())
def test_no_value_is_a_fault_of_ours(value: Cell) -> None:
    guess = dates.infer([value])
    for format in dates.FORMATS:
        try:
            found = dates.read(value, format)
        except ValueError:
            continue
        assert found is None or guess.formats

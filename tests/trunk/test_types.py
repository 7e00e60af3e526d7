"""Column types mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, func, insert, select, type_coerce
from sqlalchemy.engine import Engine
from sqlalchemy.exc import StatementError

from app.database import (
    Document,
    FixedDecimal,
    IdList,
    Instant,
    KeyText,
    Rate,
    db,
    decimal_text,
    exact_sum,
    json_object_rows,
    json_pair,
    json_rows,
    member_of,
    position,
)
from app.routing import CRM

scratch = Table(
    "scratch",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("amount", FixedDecimal()),
    Column("rate", Rate()),
    Column("at", Instant()),
    Column("key", KeyText()),
    Column("document", Document),
)
MAXIMAL = Decimal("99999999999999.99")


@pytest.fixture
def engine(app: CRM) -> Iterator[Engine]:
    """The writing engine, with an empty table of all our types."""
    engine = db.engines[None]
    scratch.drop(engine, checkfirst=True)
    scratch.create(engine)
    yield engine
    scratch.drop(engine)


def kept(engine: Engine, column: str, values: list[Any]) -> list[Any]:
    """Values after a round trip, in the database's own order."""
    with engine.begin() as connection:
        connection.execute(insert(scratch), [{column: value} for value in values])
        return list(connection.execute(select(scratch.c[column]).order_by(scratch.c[column])).scalars())


# ---- decimals -------------------------------------------------------------------------------------------------------


def test_decimals_are_exact(engine: Engine) -> None:
    values = [Decimal(text) for text in ("0.1", "-0.0001", "9007199254740993.17", "99999999999999.9999", "0", "-5")]
    values[2] = Decimal("90071992547409.93")
    found = kept(engine, "amount", values)
    assert found == sorted(values)
    assert {value.as_tuple().exponent for value in found} == {-4}


def test_ten_dimes_are_one(engine: Engine) -> None:
    kept(engine, "amount", [Decimal("0.10")] * 10)
    with engine.begin() as connection:
        total = func.sum(scratch.c.amount, type_=FixedDecimal())
        assert connection.execute(select(total)).scalar_one() == 1
        having = select(func.count()).select_from(scratch).having(total == Decimal("1.00"))
        assert connection.execute(having).scalar_one() == 10
        assert connection.execute(select(scratch.c.id).where(scratch.c.amount > Decimal("0.09999"))).all() == []
        assert len(connection.execute(select(scratch.c.id).where(scratch.c.amount >= Decimal("0.1"))).all()) == 10


@pytest.mark.parametrize(
    ("value", "stored"),
    [("1.00005", "1.0001"), ("1.00004", "1.0000"), ("-1.00005", "-1.0001"), ("0.00005", "0.0001"), ("7", "7.0000")],
)
def test_decimals_round_half_up(engine: Engine, value: str, stored: str) -> None:
    assert [str(one) for one in kept(engine, "amount", [Decimal(value)])] == [stored]


def test_sums_of_ten_thousand_maximal_rows(engine: Engine) -> None:
    rows = 10_000
    with engine.begin() as connection:
        connection.execute(insert(scratch), [{"amount": MAXIMAL, "rate": 1.0}] * rows)
        units = type_coerce(scratch.c.amount, BigInteger())
        weights = type_coerce(scratch.c.rate, Integer())
        total, weighted = connection.execute(select(exact_sum(units), exact_sum(units, weights))).one()
        assert (type(total), type(weighted)) == (int, int)
        assert total == int(MAXIMAL * 10_000) * rows
        assert decimal_text(total) == "999999999999999900.00"
        assert weighted == int(MAXIMAL * 10_000) * rows * 10_000
        assert connection.execute(select(exact_sum(units)).where(scratch.c.id < 0)).scalar_one() is None


def test_sums_of_mixed_rows(engine: Engine) -> None:
    dice = random.Random(3)
    rows: list[dict[str, Any]] = [
        {
            "amount": dice.choice([None, Decimal(dice.randrange(-(10**18), 10**18)).scaleb(-4)]),
            "rate": dice.choice([None, dice.randrange(10_001) / 10_000]),
        }
        for _ in range(500)
    ]
    with engine.begin() as connection:
        connection.execute(insert(scratch), rows)
        units, weights = type_coerce(scratch.c.amount, BigInteger()), type_coerce(scratch.c.rate, Integer())
        total, weighted = connection.execute(select(exact_sum(units), exact_sum(units, weights))).one()
    whole = [(int((row["amount"] or 0) * 10_000), round((row["rate"] or 0) * 10_000)) for row in rows]
    assert total == sum(amount for amount, _ in whole)
    assert weighted == sum(amount * rate for amount, rate in whole)


@given(st.integers(-(10**18), 10**18))
def test_decimal_text(units: int) -> None:
    text = decimal_text(units)
    whole, _, fraction = text.partition(".")
    assert Decimal(text) == Decimal(units).scaleb(-4)
    assert len(fraction) >= 2
    assert len(fraction) == 2 or not fraction.endswith("0")
    assert decimal_text(Decimal(units).scaleb(-4)) == text
    assert whole.lstrip("-").isdigit()
    assert text != "-0.00"


# ---- rates, moments -------------------------------------------------------------------------------------------------


def test_rates(engine: Engine) -> None:
    values = [0.0, 1.0, 0.3333, 0.0001, 0.1 + 0.2, 0.57]
    assert kept(engine, "rate", values) == [0.0, 0.0001, 0.3, 0.3333, 0.57, 1.0]


def test_moments_sort_as_moments(engine: Engine) -> None:
    start = datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC)
    values = [start + timedelta(microseconds=step) for step in (0, 1, 2, 10**6, 10**9, 10**15, -1, -(10**15))]
    values += [datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)]
    east, west = timezone(timedelta(hours=8)), timezone(timedelta(hours=-11, minutes=-30))
    sent = [value.astimezone(east if number % 2 else west) for number, value in enumerate(values)]
    random.Random(1).shuffle(sent)
    found = kept(engine, "at", sent)
    assert found == sorted(values)
    assert {value.utcoffset() for value in found} == {timedelta(0)}
    with engine.begin() as connection:
        later = select(func.count()).select_from(scratch).where(scratch.c.at > start.astimezone(east))
        assert connection.execute(later).scalar_one() == sum(value > start for value in values)


def test_a_naive_moment_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="naive"), engine.begin() as connection:
        connection.execute(insert(scratch), {"at": datetime(2026, 1, 1)})  # noqa: DTZ001


def test_dates_before_the_year_1000_keep_their_width(engine: Engine) -> None:
    values = [datetime(999, 1, 1, tzinfo=UTC), datetime(1000, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)]
    assert kept(engine, "at", values) == sorted(values)


# ---- texts, lists, documents ----------------------------------------------------------------------------------------


def test_keys_sort_by_bytes(engine: Engine) -> None:
    values = ["b", "a", "B", "ä", "a b", "a-b", "ab", "张", "\x1f", "_", "%", "", "z", "😀", "~"]
    assert kept(engine, "key", values) == sorted(values, key=lambda text: text.encode())


def test_where_a_text_stands(engine: Engine) -> None:
    kept(engine, "key", ["50%_off", "张三丰", "", "aXa"])

    def found(term: str) -> list[str]:
        with engine.begin() as connection:
            query = select(scratch.c.key).where(position(scratch.c.key, term) > 0).order_by(scratch.c.id)
            return list(connection.execute(query).scalars())

    assert found("%") == found("_") == found("0%_o") == ["50%_off"]
    assert found("三") == ["张三丰"]
    assert found("x") == []
    assert sorted(found("")) == sorted(["50%_off", "张三丰", "", "aXa"])


def test_members_of_lists(engine: Engine) -> None:
    kept(engine, "key", ["a", "b", "it's", '"', "张", "a,b"])
    with engine.begin() as connection:

        def ids(*values: Any) -> list[int]:
            query = select(scratch.c.id).where(member_of(scratch.c.id, type_coerce(list(values), IdList())))
            return sorted(connection.execute(query).scalars())

        def keys(*values: str) -> set[str]:
            wanted = type_coerce(list(values), IdList(of_text=True))
            query = select(scratch.c.key).where(member_of(scratch.c.key, wanted))
            return set(connection.execute(query).scalars())

        assert ids() == []
        assert ids(1, 3, 99, 2**62) == [1, 3]
        assert keys("it's", '"', "张", "a,b", "zzz") == {"it's", '"', "张", "a,b"}
        inner = select(scratch.c.id).where(scratch.c.key == "b").scalar_subquery()
        assert connection.execute(select(scratch.c.id).where(member_of(scratch.c.id, inner))).scalars().all() == [2]


def test_documents(engine: Engine) -> None:
    values = [{"b": 1, "a": [None, True, "é", "\u2028", {"": 0}]}, [], {}, "text", 0, False]
    with engine.begin() as connection:
        connection.execute(insert(scratch), [{"document": value} for value in values])
        connection.execute(insert(scratch), {"document": None})
        found = connection.execute(select(scratch.c.document).order_by(scratch.c.id)).scalars().all()
        assert found == [*values, None]
        # Null is the database's null, not a document.
        assert len(connection.execute(select(scratch.c.id).where(scratch.c.document.is_(None))).all()) == 1


def test_rows_as_json(engine: Engine) -> None:
    kept(engine, "key", ['"', "a", "\\", "张"])
    with engine.begin() as connection:
        names = select(scratch.c.key.label("item")).order_by(scratch.c.id.desc()).scalar_subquery()
        pairs = select(json_pair("k", scratch.c.key, "id", scratch.c.id).label("item")).order_by(scratch.c.id)
        none = select(scratch.c.key.label("item")).where(scratch.c.id < 0).scalar_subquery()
        query = select(json_rows(names), json_object_rows(pairs.scalar_subquery()), json_rows(none))
        found = [type_loaded(text) for text in connection.execute(query).one()]
    assert found[0] == ["张", "\\", "a", '"']
    assert found[1] == [{"k": '"', "id": 1}, {"k": "a", "id": 2}, {"k": "\\", "id": 3}, {"k": "张", "id": 4}]
    assert found[2] == []


def type_loaded(text: Any) -> Any:
    """JSON made by the database, which must come as text."""
    assert isinstance(text, str)
    return json.loads(text)


def test_plain_texts_stay_as_they_are(engine: Engine) -> None:
    table = Table("scratch_text", MetaData(), Column("id", Integer, primary_key=True), Column("text", Text))
    table.drop(engine, checkfirst=True)
    table.create(engine)
    values = ["e\u0301", "é", " x ", "a\tb\n", "\u200b", "\ufeff", "\uffff", "\U0010ffff", "' OR 1=1 --"]
    with engine.begin() as connection:
        connection.execute(insert(table), [{"text": value} for value in values])
        assert connection.execute(select(table.c.text).order_by(table.c.id)).scalars().all() == values
    table.drop(engine)

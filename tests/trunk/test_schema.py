"""Values that are read without ado are what marshmallow would have read."""

from __future__ import annotations

from typing import Any

import email_validator
import hypothesis.strategies as st
import pytest
from hypothesis import given
from marshmallow import Schema, ValidationError

from app.customer.schemas import CustomerSchema
from app.errors import Problem
from app.schema import _PLAIN_EMAIL, Line, load

LABELS = st.sampled_from(
    [
        "a",
        "b-c",
        "-a",
        "a-",
        "ab--cd",
        "xn--p1ai",
        "test",
        "local",
        "LOCALHOST",
        "arpa",
        "com",
        "co",
        "1",
        "é",
        "中",
        "o'n",
        "b_c",
        "onion",
        "invalid",
        "example",
    ]
) | st.sampled_from(["", "a b", "a" * 63, "a" * 64])
ADDRESSES = st.builds(
    lambda local, domain: f"{'.'.join(local)}@{'.'.join(domain)}",
    st.lists(LABELS, min_size=1, max_size=3),
    st.lists(LABELS, min_size=1, max_size=4),
)
LINES = st.text(st.sampled_from(" \t\n\x00\x7f\u202e\u2028\ud800ab张é~!") | st.characters(), max_size=12)
VALUES: st.SearchStrategy[Any] = (
    LINES | st.none() | st.integers() | st.sampled_from(["a@b.example", "lead", "software"])
)


@given(ADDRESSES)
def test_a_plain_address_is_one_for_the_library(address: str) -> None:
    if _PLAIN_EMAIL.match(address):
        email_validator.validate_email(address, check_deliverability=False, test_environment=True)


@given(LINES)
def test_a_clean_line_is_what_is_left_of_any(text: str) -> None:
    try:
        found = Line().deserialize(text)
    except ValidationError:
        return
    assert found == text.strip()
    assert not set(found) & set("\t\n\x00\x7f\u202e\u2028\ud800")


@given(
    st.dictionaries(
        st.sampled_from(
            ["name", "email", "phone", "industry", "status", "employee_count", "address", "none", "version"]
        ),
        VALUES | st.dictionaries(st.sampled_from(["city", "street", "none"]), VALUES, max_size=2),
        max_size=5,
    )
)
def test_a_body_is_read_as_by_the_library(body: dict[str, Any]) -> None:
    schema = CustomerSchema()
    try:
        expected: Any = Schema.load(schema, body)
    except ValidationError:
        with pytest.raises(Problem):
            load(schema, body)
        return
    found = load(schema, body)
    assert found == expected
    assert list(found) == list(expected)

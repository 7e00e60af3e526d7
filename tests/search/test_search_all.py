"""`/search`: one box over all kinds of records."""

from __future__ import annotations

from typing import Any

import pytest

from ..cast import Cast, Member
from ..trunk.lists import page


def found(member: Member, q: str, **query: Any) -> list[tuple[str, str]]:
    """Kinds and titles of what is found."""
    return [(one["type"], one["title"]) for one in page(member, "/search", q=q, **query)["data"]]


@pytest.fixture
def records(cast: Cast) -> dict[str, int]:
    """A customer with a person, a deal and a contact record, and others that are alike."""
    alice = cast.alice
    made = {
        "zhang": alice.made("/customers", {"name": "张三丰科技有限公司", "phone": "138 1234-5678"})["id"],
        "microsoft": alice.made("/customers", {"name": "Microsoft Ireland Ltd", "email": "info@microsoft.example"})[
            "id"
        ],
        "siemens": alice.made("/customers", {"name": "Siemens GmbH"})["id"],
        "other": alice.made("/customers", {"name": "Other AG"})["id"],
    }
    home = made["zhang"]
    made["person"] = alice.made(
        "/people", {"name": "单雄信", "customer_id": home, "title": "CEO", "phone": "+49 30 901820"}
    )["id"]
    made["deal"] = alice.made("/deals", {"name": "张三丰 license", "customer_id": home})["id"]
    made["contact"] = alice.made(
        "/contacts", {"customer_id": home, "kind": "note", "subject": "Visit", "content": "We spoke of windmills."}
    )["id"]
    return made


ZHANG, DEAL = ("customer", "张三丰科技有限公司"), ("deal", "张三丰 license")


@pytest.mark.parametrize("q", ["张三", "張三", "三丰", "zhangsan", "zs", "zsan", "zhang san", "zsf"])
def test_chinese(cast: Cast, records: dict[str, int], q: str) -> None:
    assert sorted(found(cast.alice, q)) == [ZHANG, DEAL], q


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("丰", {ZHANG, DEAL}),
        ("13812345678", {ZHANG}),
        ("+86 138-1234-5678", {ZHANG}),
        ("5678", {ZHANG}),
        ("info@microsoft", {("customer", "Microsoft Ireland Ltd")}),
        ("Micorsoft", {("customer", "Microsoft Ireland Ltd")}),
        ("microsft", {("customer", "Microsoft Ireland Ltd")}),
        ("Siemens Ltd", {("customer", "Siemens GmbH")}),
        ("Siemens AG", {("customer", "Siemens GmbH")}),
        ("张三丰科技股份有限公司", {ZHANG}),
        ("shanxiongxin", {("person", "单雄信")}),
        ("sxx", {("person", "单雄信")}),
        ("+49 (0)30 901820", {("person", "单雄信")}),
        ("windmill", {("contact", "Visit")}),
        ("", set()),
        ("  ", set()),
        ("nothing of that", set()),
    ],
)
def test_what_is_found(cast: Cast, records: dict[str, int], q: str, expected: set[tuple[str, str]]) -> None:
    assert set(found(cast.alice, q)) == expected

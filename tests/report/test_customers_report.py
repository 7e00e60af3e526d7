"""Customers: new, active, silent and lost ones by what they are."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.customer.models import Customer
from app.database import db
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..conftest import counted
from ..faults import issues
from .reading import by_key, listed, report, walk

NAMES = ("customer", "new", "active", "silent_30", "silent_60", "silent_90", "lost")
GROUPS = ("month", "tag", "source", "industry", "rating_band", "region", "level", "owner")


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(row["new_customers" if name == "new" else f"{name}_count"] for name in NAMES)


def path_of(_name: str) -> str:
    return "customers"


def made(who: Member, name: str, created: str, silent: float | None = None, **more: Any) -> int:
    """A customer created at a moment, last contacted so many days ago."""
    one = int(who.made("/customers", {"name": name, **more})["id"])
    words = None if silent is None else datetime.now(UTC) - timedelta(days=silent)
    with unit_of_work():
        values = {"created_at": datetime.fromisoformat(created), "last_contacted_at": words}
        db.session.execute(update(Customer).where(Customer.id == one).values(**values))
    return one


def scene(cast: Cast) -> None:
    """Four customers of Alice, one of Bob, one of nobody, one of Mallory."""
    there = {"province": "浙江", "city": "杭州"}
    made(
        cast.alice, "A", "2026-01-31T15:59:59Z", 91, status="active", tags=["甲", "乙"], credit_rating=0, address=there
    )
    made(
        cast.alice, "B", "2026-01-31T16:00:00Z", 61, status="prospect", tags=["甲"], credit_rating=19, source="referral"
    )
    made(cast.alice, "C", "2026-02-10T00:00:00Z", 31, status="active", credit_rating=20, level="A", industry="finance")
    made(cast.alice, "D", "2026-02-10T00:00:00Z", 400, status="lost", credit_rating=100, address={"city": "杭州"})
    made(cast.bob, "E", "2026-02-20T00:00:00Z", None, credit_rating=79)
    made(cast.root, "F", "2026-03-01T00:00:00Z", 0, owner_id=None)
    made(cast.mallory, "G", datetime.now(UTC).isoformat(), None, credit_rating=80)


def test_nothing_is_nothing(cast: Cast) -> None:
    for group_by in GROUPS:
        found = report(cast.alice, "customers", f"?group_by={group_by}")
        assert (found["rows"], counts(found["totals"])) == ([], (0,) * 7)
    assert found["meta"]["definition"].startswith("Customers as they are now")


def test_by_month_of_creation(cast: Cast) -> None:
    scene(cast)
    found = report(cast.carol, "customers")
    assert [(row["key"], counts(row)) for row in found["rows"]] == [
        ("2026-01", (1, 1, 1, 1, 1, 1, 0)),
        ("2026-02", (4, 4, 1, 3, 2, 1, 1)),
        ("2026-03", (1, 1, 0, 0, 0, 0, 0)),
    ]
    assert counts(found["totals"]) == (6, 6, 2, 4, 3, 2, 1)
    cut = report(cast.carol, "customers", "?from=2026-02-10&to=2026-02-15")
    assert [(row["key"], counts(row)) for row in cut["rows"]] == [("2026-02", (2, 2, 1, 1, 0, 0, 1))]
    assert counts(cut["totals"]) == (2, 2, 1, 1, 0, 0, 1)
    assert walk(cast.carol, cut, path_of) == 7
    cast.carol.patch("/auth/me", {"time_zone": "UTC"})
    assert by_key(report(cast.carol, "customers"))["2026-01"]["customer_count"] == 2


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        ("tag", [(1, "甲", 2), (2, "乙", 1), (None, "None", 4)]),
        ("source", [("referral", "Referral", 1), (None, "None", 5)]),
        ("industry", [("finance", "Finance", 1), (None, "None", 5)]),
        ("rating_band", [("0-19", "0-19", 2), ("20-39", "20-39", 1), ("60-79", "60-79", 1), ("80-100", "80-100", 1),
                         (None, "None", 1)]),
        ("region", [("浙江", "浙江", 1), (None, "None", 5)]),
        ("level", [("A", "A Key account", 1), (None, "None", 5)]),
        ("owner", [(1, "Alice", 4), (2, "Bob", 1), (None, "Pool", 1)]),
    ],
)  # fmt: skip
def test_by_what_they_are(cast: Cast, group_by: str, expected: list[tuple[Any, str, int]]) -> None:
    scene(cast)
    found = report(cast.carol, "customers", f"?group_by={group_by}&from=2026-02-01&to=2026-02-28")
    assert [(row["key"], row["label"], row["customer_count"]) for row in found["rows"]] == expected
    # Only new customers are those of the period; whoever has two tags counts once.
    assert counts(found["totals"]) == (6, 4, 2, 4, 3, 2, 1)
    assert walk(cast.carol, found, path_of) == 7 * len(expected)


@pytest.mark.parametrize("group_by", GROUPS)
@pytest.mark.parametrize("query", ["", "&from=2026-02-10&owner_id={alice}", "&team_id={north}&to=2026-02-28"])
def test_every_figure_opens_its_list(cast: Cast, group_by: str, query: str) -> None:
    scene(cast)
    more = query.format(alice=cast.alice.id, north=cast.north)
    assert walk(cast.root, report(cast.root, "customers", f"?group_by={group_by}{more}"), path_of)


def test_silence_is_counted_to_the_minute(cast: Cast) -> None:
    long_ago = "2020-01-01T00:00:00Z"
    made(cast.alice, "A", long_ago, 30 - 2 / 1440)
    made(cast.alice, "B", long_ago, 30 + 2 / 1440)
    found = report(cast.alice, "customers")
    assert counts(found["totals"])[3] == 1
    assert [one["name"] for one in listed(cast.alice, "customers", found["rows"][0]["filters"]["silent_30_count"])] == [
        "B"
    ]


def test_everybody_sees_the_own_part(cast: Cast) -> None:
    scene(cast)
    found = {who.name: report(who, "customers")["totals"]["customer_count"] for who in cast.everybody()}
    # The pool is in everybody's sight but the viewer's and the admin's, who see everything anyway.
    assert found == {"alice": 5, "bob": 2, "carol": 6, "mallory": 2, "vera": 7, "root": 7}


def test_labels_in_the_readers_language(cast: Cast) -> None:
    scene(cast)
    chinese = {"headers": {"Accept-Language": "zh-CN"}}
    rows = report(cast.alice, "customers", "?group_by=source", **chinese)["rows"]
    assert [row["label"] for row in rows][-1] == "无"
    assert rows[0]["label"] != "Referral"
    rows = report(cast.alice, "customers", "?group_by=owner", **chinese)["rows"]
    assert [row["label"] for row in rows] == ["Alice", "公海"]


def test_deleted_customers_and_tags_do_not_count(cast: Cast) -> None:
    scene(cast)
    cast.root.delete("/tags/1")
    cast.root.delete("/customers/2")
    found = report(cast.root, "customers", "?group_by=tag")
    assert [(row["label"], row["customer_count"]) for row in found["rows"]] == [("乙", 1), ("None", 5)]
    assert walk(cast.root, found, path_of) == 14


def test_files(cast: Cast) -> None:
    scene(cast)
    text = cast.carol.get("/reports/customers?format=csv&group_by=level").get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == [
        "Group", "Customers", "New customers", "Active", "Silent 30 days", "Silent 60 days", "Silent 90 days", "Lost",
    ]  # fmt: skip
    assert rows[-1] == ["Total", "6", "6", "2", "4", "3", "2", "1"]


def test_what_is_refused(cast: Cast) -> None:
    assert issues(cast.alice.get("/reports/customers?group_by=x&as_of=2026-01-01&currency=USD")) == {
        "group_by": "not_allowed",
        "as_of": "unknown_parameter",
        "currency": "unknown_parameter",
    }


def test_few_statements(app: CRM, cast: Cast) -> None:
    scene(cast)
    for group_by in GROUPS:
        with counted(app) as counter:
            report(cast.alice, "customers", f"?group_by={group_by}")
        assert len(counter.statements) <= (4 if group_by == "month" else 3)

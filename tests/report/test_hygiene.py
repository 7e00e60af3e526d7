"""Hygiene: open deals that are wanting in something, in the report and in the list behind it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.routing import CRM

from ..cast import Cast
from ..conftest import counted
from ..deal.selling import LATER, LOST, OPEN, WON, customer, deal
from ..faults import issues
from .reading import age, day, listed, report, today, walk

COUNTS = ("open", "faulty", "no_next_step", "overdue", "silent", "too_long")


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(row[f"{name}_count"] for name in COUNTS)


def amounts(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[f"{name}_amount"] for name in COUNTS)


def hygiene(cast: Cast, query: str) -> list[int]:
    return sorted(one["id"] for one in listed(cast.root, "deals", query))


def test_nothing_is_nothing(cast: Cast) -> None:
    found = report(cast.alice, "hygiene")
    assert found["rows"] == []
    assert counts(found["totals"]) == (0, 0, 0, 0, 0, 0)
    assert amounts(found["totals"]) == ("0.00",) * 6
    assert found["totals"]["other_amounts"] == []
    assert found["meta"]["definition"].startswith("Open deals as they are now")


def tended(cast: Cast) -> None:
    """Deals of alice: 1 in order, 2 without step, 3 and 4 overdue, 5 silent, 6 too long, 7 everything; closed ones."""
    later: dict[str, Any] = {"next_step_on": day(3), "expected_close_on": day(30)}
    plans: list[dict[str, Any]] = [
        {**later},
        {**later, "next_step_on": None, "next_step": "call"},
        {**later, "next_step_on": day(-1)},
        {**later, "expected_close_on": day(-1)},
        {**later},
        {**later},
        {"expected_close_on": day(-40)},
    ]
    for number, more in enumerate(plans, 1):
        deal(cast.alice, amount=str(10**number), **more)
    for stage in (WON, LOST):
        deal(cast.root, stage_id=stage, closed_on="2026-02-10", amount="1", owner_id=cast.alice.id)
    age(5, 15)
    # The first stage expects 14 days.
    long_ago = datetime.now(UTC) - timedelta(days=15)
    age(6, 0, stage_entered_at=long_ago)
    age(7, 15, stage_entered_at=long_ago)
    age(8, 100, stage_entered_at=long_ago)


def test_figures_by_hand(cast: Cast) -> None:
    tended(cast)
    found = report(cast.alice, "hygiene")
    (row,) = found["rows"]
    assert (row["key"], row["label"]) == (cast.alice.id, "Alice")
    assert counts(row) == counts(found["totals"]) == (7, 6, 2, 3, 2, 2)
    assert amounts(row) == ("11111110.00", "11111100.00", "10000100.00", "10011000.00", "10100000.00", "11000000.00")
    assert set(row["filters"]) == {f"{name}_{what}" for name in COUNTS for what in ("count", "amount")}
    assert walk(cast.alice, found) == 12


def test_the_list_takes_the_same_words(cast: Cast) -> None:
    tended(cast)
    assert hygiene(cast, "hygiene=no_next_step") == [2, 7]
    assert hygiene(cast, "hygiene=overdue") == [3, 4, 7]
    assert hygiene(cast, "hygiene=silent") == [5, 7]
    assert hygiene(cast, "hygiene=too_long") == [6, 7]
    assert hygiene(cast, "hygiene=silent&hygiene=too_long") == [5, 6, 7]
    assert hygiene(cast, "hygiene=none") == [1]
    assert hygiene(cast, "hygiene=none&hygiene=silent") == [1, 5, 7]
    both = '{"and":[{"field":"hygiene","op":"eq","value":"silent"},{"field":"hygiene","op":"ne","value":"overdue"}]}'
    assert hygiene(cast, f"where={both}") == [5]
    for op, expected in (("not_null", [2, 3, 4, 5, 6, 7]), ("is_null", [1])):
        assert hygiene(cast, f'where={{"field":"hygiene","op":"{op}"}}') == expected
    assert hygiene(cast, 'where={"field":"hygiene","op":"not_in","value":["overdue","silent"]}') == [1, 2, 6]
    columns = cast.alice.get("/deals/board?hygiene=overdue").get_json()["columns"]
    assert [column["count"] for column in columns][:2] == [3, 0]
    first = cast.root.get("/deals?hygiene=overdue&per_page=2").get_json()
    rest = cast.root.get(f"/deals?hygiene=overdue&per_page=2&cursor={first['meta']['next_cursor']}").get_json()
    assert len(first["data"]) + len(rest["data"]) == first["meta"]["total"] == 3


def test_words_of_a_customer_break_the_silence(cast: Cast) -> None:
    buyer, other = customer(cast.alice), customer(cast.alice, "乙公司")
    for _ in range(3):
        age(deal(cast.alice, customer_id=buyer)["id"], 15)
    age(deal(cast.alice, customer_id=other)["id"], 15)
    age(deal(cast.alice)["id"], 13.99)
    assert hygiene(cast, "hygiene=silent") == [1, 2, 3, 4]
    old, new = (str((datetime.now(UTC) - timedelta(days=days)).isoformat()) for days in (14.01, 13.99))
    cast.alice.made("/contacts", {"customer_id": buyer, "kind": "call", "occurred_at": old})
    assert hygiene(cast, "hygiene=silent") == [1, 2, 3, 4]
    made = cast.alice.made("/contacts", {"customer_id": other, "deal_id": 4, "kind": "call", "occurred_at": new})
    assert hygiene(cast, "hygiene=silent") == [1, 2, 3]
    cast.alice.delete(f"/contacts/{made['id']}")
    assert hygiene(cast, "hygiene=silent") == [1, 2, 3], "that it was taken back is a change of the deal"
    age(4, 15)
    assert hygiene(cast, "hygiene=silent") == [1, 2, 3, 4]
    cast.alice.made("/contacts", {"customer_id": buyer, "kind": "call"})
    assert hygiene(cast, "hygiene=silent") == [4]


def test_what_is_out_of_sight_is_not_told(cast: Cast) -> None:
    hidden = customer(cast.mallory)
    made = deal(cast.mallory, customer_id=hidden, collaborators=[{"user_id": cast.alice.id, "access": "read"}])
    age(made["id"], 15)
    cast.mallory.made("/contacts", {"customer_id": hidden, "kind": "call"})
    assert listed(cast.root, "deals", "hygiene=silent") == []
    assert [one["id"] for one in listed(cast.alice, "deals", "hygiene=silent")] == [made["id"]]
    found = report(cast.alice, "hygiene")
    assert counts(found["totals"]) == (1, 1, 1, 0, 1, 0)
    assert walk(cast.alice, found) == 12


def test_everybody_sees_the_own_part(cast: Cast) -> None:
    deal(cast.alice)
    deal(cast.bob)
    deal(cast.mallory)
    found = {who.name: {row["label"]: row["no_next_step_count"] for row in report(who, "hygiene")["rows"]}
             for who in cast.everybody()}  # fmt: skip
    everything = {"Alice": 1, "Bob": 1, "Mallory": 1}
    assert found == {
        "alice": {"Alice": 1},
        "bob": {"Bob": 1},
        "carol": {"Alice": 1, "Bob": 1},
        "mallory": {"Mallory": 1},
        "vera": everything,
        "root": everything,
    }


@pytest.mark.parametrize("query", ["", "?currency=USD", "?team_id={north}", "?owner_id={bob}&pipeline_id=1"])
def test_every_figure_opens_its_list(cast: Cast, query: str) -> None:
    for number in range(24):
        who = (cast.alice, cast.bob, cast.mallory)[number % 3]
        made = deal(
            who,
            amount=str(number),
            currency=("CNY", "USD", "JPY")[number % 5 % 3],
            stage_id=(OPEN, LATER)[number % 2],
            next_step_on=(None, day(-1), day(1))[number % 4 % 3],
            expected_close_on=(None, day(-9), day(9))[number % 7 % 3],
        )
        age(made["id"], number, stage_entered_at=datetime.now(UTC) - timedelta(days=2 * number, hours=1))
    found = report(cast.root, "hygiene", query.format(north=cast.north, bob=cast.bob.id))
    assert walk(cast.root, found) == 12 * len(found["rows"])
    assert sum(row["faulty_count"] for row in found["rows"]) == found["totals"]["faulty_count"]
    order = [row["faulty_count"] for row in found["rows"]]
    assert order == sorted(order, reverse=True)
    assert found["totals"]["faulty_count"] > 0


def test_the_day_is_the_readers(cast: Cast) -> None:
    deal(cast.alice, next_step_on=str(today()), expected_close_on=str(today()))
    assert counts(report(cast.alice, "hygiene")["totals"])[3] == 0
    cast.alice.patch("/auth/me", {"time_zone": "Pacific/Kiritimati"})
    there = (datetime.now(UTC) + timedelta(hours=14)).date()
    expected = int(there > today())
    assert counts(report(cast.alice, "hygiene")["totals"])[3] == expected
    assert len(listed(cast.alice, "deals", "hygiene=overdue")) == expected


def test_files(cast: Cast) -> None:
    tended(cast)
    answer = cast.alice.get("/reports/hygiene?format=csv", headers={"Accept-Language": "zh-CN"})
    head, alice, total = csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    assert head[:8] == ["分组", "进行中", "进行中金额", "待改进", "待改进金额", "无下一步", "无下一步金额", "逾期"]
    assert alice[:8] == ["Alice", "7", "11111110.00", "6", "11111100.00", "2", "10000100.00", "3"]
    assert total[0] == "合计"
    assert cast.alice.get("/reports/hygiene?format=xlsx").get_data()[:2] == b"PK"


def test_what_is_refused(cast: Cast) -> None:
    assert issues(cast.alice.get("/deals?hygiene=dirty")) == {"hygiene": "hygiene"}
    assert issues(cast.alice.get("/deals?hygiene=silent&as_of=2026-01-01")) == {"as_of": "only_of_now"}
    tree = '{"or":[{"field":"hygiene","op":"not_null"},{"field":"state","op":"eq","value":"won"}]}'
    assert issues(cast.alice.get(f"/deals?where={tree}&as_of=2026-01-01")) == {"as_of": "only_of_now"}
    assert issues(cast.alice.get('/deals?where={"field":"hygiene","op":"eq","value":"x"}')) == {"where": "hygiene"}
    assert issues(cast.alice.get("/reports/hygiene?as_of=2026-01-01&from=2026-01-01&owner_id=x")) == {
        "as_of": "unknown_parameter",
        "from": "unknown_parameter",
        "owner_id": "wrong_type",
    }


def test_one_statement(app: CRM, cast: Cast) -> None:
    tended(cast)
    with counted(app) as counter:
        report(cast.alice, "hygiene")
    assert len(counter.statements) <= 3

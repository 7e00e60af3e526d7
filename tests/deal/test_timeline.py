"""The timeline of a customer, and its people."""

from __future__ import annotations

from typing import Any

from app.routing import CRM

from ..cast import Cast, Member
from ..conftest import counted
from ..faults import issues
from .selling import LATER, customer, deal


def timeline(who: Member, customer_id: int, query: str = "") -> list[dict[str, Any]]:
    """The entries of one page."""
    answer = who.get(f"/customers/{customer_id}/timeline{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(answer.get_json()["data"])


def brief(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Type, and what a change does to what."""
    return [
        (one["type"], f"{one['change']['resource']} {one['change']['action']}" if one["change"] else "")
        for one in found
    ]


def test_everything_newest_first(cast: Cast) -> None:
    buyer = customer(cast.alice)
    cast.carol.patch(f"/customers/{buyer}", {"level": "A"})
    cast.alice.made("/people", {"customer_id": buyer, "name": "王"})
    made = deal(cast.alice, customer_id=buyer)
    call = cast.alice.made(
        "/contacts", {"customer_id": buyer, "kind": "call", "next_follow_up_at": "2030-01-01T00:00:00Z"}
    )
    cast.alice.post(f"/deals/{made['id']}/move", {"stage_id": LATER})
    old = cast.alice.made("/contacts", {"customer_id": buyer, "kind": "note", "occurred_at": "2020-01-01T00:00:00Z"})
    found = timeline(cast.alice, buyer)
    assert brief(found) == [
        ("change", "deal moved"),
        ("contact", ""),
        ("deal", ""),
        ("change", "person created"),
        ("change", "customer updated"),
        ("change", "customer created"),
        ("contact", ""),
    ]
    assert found[1] == {
        "type": "contact",
        "at": call["occurred_at"],
        "actor": {"id": cast.alice.id, "name": "Alice"},
        "record": call,
        "change": None,
    }
    assert found[6]["record"] == old
    assert found[6]["at"] == "2020-01-01T00:00:00Z"
    level = found[4]
    assert level["actor"] == {"id": cast.carol.id, "name": "Carol"}
    assert level["record"] is None
    assert level["change"]["changes"] == {"level": {"before": None, "after": "A"}}
    assert set(level["change"]) == {
        "id",
        "at",
        "actor",
        "action",
        "resource",
        "resource_id",
        "version",
        "changeset_id",
        "source",
        "changes",
    }
    assert found[0]["change"]["changes"]["stage_id"] == {"before": 1, "after": 2}


def test_what_is_no_news_is_left_out(cast: Cast) -> None:
    buyer = customer(cast.alice)
    for _ in range(2):
        cast.alice.made("/contacts", {"customer_id": buyer, "kind": "call"})
        deal(cast.alice, customer_id=buyer)
    cast.alice.post("/deals/2/move", {"stage_id": 1, "after_id": None})
    cast.alice.delete("/contacts/2")
    found = brief(timeline(cast.alice, buyer))
    assert found == [
        ("change", "contact deleted"),
        ("deal", ""),
        ("deal", ""),
        ("contact", ""),
        ("change", "customer created"),
    ]


def test_one_type_and_pages(cast: Cast) -> None:
    buyer = customer(cast.alice)
    for number in range(5):
        moment = f"2026-01-0{number // 2 + 1}T00:00:00Z"
        cast.alice.made("/contacts", {"customer_id": buyer, "kind": "call", "occurred_at": moment})
        deal(cast.alice, customer_id=buyer)
    assert brief(timeline(cast.alice, buyer, "?type=change")) == [("change", "customer created")]
    assert len(timeline(cast.alice, buyer, "?type=deal")) == 5
    whole = timeline(cast.alice, buyer, "?per_page=200")
    assert len(whole) == 11
    seen: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(12):
        answer = cast.alice.get(f"/customers/{buyer}/timeline?per_page=2{cursor}").get_json()
        assert answer["meta"]["per_page"] == 2
        seen += answer["data"]
        if answer["meta"]["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['meta']['next_cursor']}"
    assert seen == whole


def test_rights(cast: Cast) -> None:
    buyer = customer(cast.alice)
    cast.alice.made("/contacts", {"customer_id": buyer, "kind": "call"})
    statuses = [one.get(f"/customers/{buyer}/timeline").status_code for one in cast.everybody()]
    assert statuses == [200, 404, 200, 404, 200, 200]
    assert [one.get(f"/customers/{buyer}/people").status_code for one in cast.everybody()] == statuses
    assert timeline(cast.vera, buyer)[0]["record"]["can_write"] is False
    assert cast.alice.get("/customers/999/timeline").status_code == 404


def test_ways_to_reach_people_of_the_pool_stay_masked_in_the_past(cast: Cast) -> None:
    buyer = customer(cast.alice)
    cast.alice.patch(f"/customers/{buyer}", {"phone": "13812345678", "email": "zhang@example.com"})
    cast.alice.made("/people", {"customer_id": buyer, "name": "王", "phone": "13987654321"})
    cast.alice.post(f"/customers/{buyer}/release")
    shown = cast.mallory.get(f"/customers/{buyer}/timeline").get_data(as_text=True)
    assert "138****5678" in shown
    for secret in ("13812345678", "zhang@example.com", "13987654321"):
        assert secret not in shown
    seen = cast.root.get(f"/customers/{buyer}/timeline").get_data(as_text=True)
    assert "13812345678" in seen
    assert "13987654321" in seen


def test_what_is_refused(cast: Cast) -> None:
    buyer, other = customer(cast.alice), customer(cast.alice, "乙")
    deal(cast.alice, customer_id=buyer)
    assert issues(cast.alice.get(f"/customers/{buyer}/timeline?type=mail&per_page=0&page=2")) == {
        "type": "not_allowed",
        "per_page": "out_of_range",
        "page": "unknown_parameter",
    }
    cursor = cast.alice.get(f"/customers/{buyer}/timeline?per_page=1").get_json()["meta"]["next_cursor"]
    assert cursor is not None
    for path, who in ((f"/customers/{other}/timeline", cast.alice), (f"/customers/{buyer}/timeline", cast.carol)):
        assert issues(who.get(f"{path}?cursor={cursor}")) == {"cursor": "cursor"}
    for text in ("x", "W10", "WzEsMSwiYSIsMCwxXQ"):
        assert issues(cast.alice.get(f"/customers/{buyer}/timeline?cursor={text}")) == {"cursor": "cursor"}


def test_statements(app: CRM, cast: Cast) -> None:
    buyer = customer(cast.alice)
    for _ in range(20):
        cast.alice.made("/contacts", {"customer_id": buyer, "kind": "call"})
        deal(cast.alice, customer_id=buyer)
    with counted(app) as counter:
        assert len(timeline(cast.alice, buyer, "?per_page=50")) == 41
    assert len(counter.statements) <= 9


def test_people_of_a_customer(cast: Cast) -> None:
    buyer, other = customer(cast.alice), customer(cast.alice, "乙")
    first = cast.alice.made("/people", {"customer_id": buyer, "name": "王"})
    cast.alice.made("/people", {"customer_id": other, "name": "李"})
    adviser = cast.alice.made(
        "/people", {"customer_id": other, "name": "赵", "customers": [{"customer_id": buyer, "role": "顾问"}]}
    )
    listed = cast.alice.get(f"/customers/{buyer}/people?sort=id").get_json()
    assert listed["data"] == [first, adviser]
    assert listed["meta"]["total"] == 2
    assert [one["id"] for one in cast.alice.get(f"/customers/{buyer}/people?q=zhao").get_json()["data"]] == [3]
    assert issues(cast.alice.get(f"/customers/{buyer}/people?at_customer_id={other}")) == {
        "at_customer_id": "unknown_parameter"
    }
    assert cast.alice.get(f"/people?at_customer_id={buyer}").get_json()["meta"]["total"] == 2

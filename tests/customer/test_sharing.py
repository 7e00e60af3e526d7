"""A customer shared with somebody more: what hangs on it is seen, by every road, as far as the share says."""

from __future__ import annotations

import io
from typing import Any

import pytest

from ..cast import Cast, Member
from ..exporting.fetching import fetch, table
from ..faults import issues


def setting(cast: Cast) -> tuple[int, dict[str, int]]:
    """A customer of Alice's and what belongs to it, by the names of the lists."""
    of = {"customer_id": cast.alice.made("/customers", {"name": "星河科技有限公司"})["id"]}
    file = cast.alice.call(
        "POST",
        "/attachments",
        data={**of, "file": (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "报价.pdf")},
        headers={"Content-Type": "multipart/form-data"},
    )
    assert file.status_code == 201, file.get_data(as_text=True)
    made = {
        "people": cast.alice.made("/people", {**of, "name": "王小明"})["id"],
        "contacts": cast.alice.made("/contacts", {**of, "kind": "call", "content": "x"})["id"],
        "deals": cast.alice.made("/deals", {**of, "name": "星河一期", "amount": "100.00"})["id"],
        "tasks": cast.alice.made("/tasks", {**of, "subject": "回电"})["id"],
        "attachments": file.get_json()["id"],
    }
    return of["customer_id"], {"customers": of["customer_id"], **made}


def seen(who: Member, records: dict[str, int]) -> dict[str, tuple[int, bool | None]]:
    """How each record is read by itself, and whether it says that it can be changed."""
    answers = {plural: who.get(f"/{plural}/{record_id}") for plural, record_id in records.items()}
    return {plural: (one.status_code, one.get_json().get("can_write")) for plural, one in answers.items()}


def totals(who: Member, records: dict[str, int]) -> dict[str, int]:
    """How many records each list counts."""
    return {plural: who.get(f"/{plural}").get_json()["meta"]["total"] for plural in records}


def share(who: Member, customer: int, **body: Any) -> Any:
    """Share a customer."""
    return who.post(f"/customers/{customer}/share", body)


@pytest.mark.parametrize("by", ["user", "team"])
def test_all_that_belongs_to_it_is_seen_as_far_as_it_is_shared(cast: Cast, by: str) -> None:
    customer, records = setting(cast)
    party = {"user_id": cast.mallory.id} if by == "user" else {"team_id": cast.south}
    who = cast.mallory
    assert {status for status, _ in seen(who, records).values()} == {404}
    shown = share(cast.alice, customer, **party)
    assert shown.status_code == 200, shown.get_json()
    assert shown.get_json()["collaborators"] == [{"user_id": None, "team_id": None, **party, "access": "read"}]
    assert set(seen(who, records).values()) == {(200, False)}
    assert set(totals(who, records).values()) == {1}
    assert {item["type"] for item in who.get("/search?q=星河").get_json()["data"]} == {"customer", "deal"}
    assert [row["name"] for row in table(fetch(who, "deals", labels="api"))] == ["星河一期"]
    assert who.get("/reports/pipeline").get_json()["totals"]["count"] == 1
    assert len(who.get(f"/customers/{customer}/timeline").get_json()["data"]) > 3
    assert who.patch(f"/customers/{customer}", {"title": "x"}).status_code == 403
    assert who.patch(f"/deals/{records['deals']}", {"name": "x"}).status_code == 403
    assert who.post("/contacts", {"customer_id": customer, "kind": "call", "content": "y"}).status_code in (403, 422)
    assert share(who, customer, user_id=cast.bob.id).status_code == 403

    assert share(cast.alice, customer, **party, access="write").status_code == 200
    assert {can for _, can in seen(who, records).values()} == {True}
    assert who.patch(f"/customers/{customer}", {"title": "x"}).status_code == 200
    assert who.patch(f"/deals/{records['deals']}", {"name": "星河二期"}).status_code == 200
    assert who.post("/contacts", {"customer_id": customer, "kind": "call", "content": "y"}).status_code == 201
    assert issues(who.patch(f"/customers/{customer}", {"owner_id": who.id})) == {"#/owner_id": "not_yours_to_assign"}

    back = cast.alice.post(f"/customers/{customer}/unshare", party)
    assert (back.status_code, back.get_json()["collaborators"]) == (200, [])
    assert {status for status, _ in seen(who, records).values()} == {404}
    assert set(totals(who, records).values()) == {0}
    assert who.get("/search?q=星河").get_json()["data"] == []
    assert who.get("/reports/pipeline").get_json()["totals"]["count"] == 0
    again = cast.alice.post(f"/changesets/{back.headers['X-Changeset-Id']}/undo")
    assert again.status_code == 200
    assert {status for status, _ in seen(who, records).values()} == {200}


def test_events_come_and_go_with_the_share(cast: Cast) -> None:
    customer, records = setting(cast)
    start = cast.mallory.get("/events").get_json()["meta"]["watermark"]
    share(cast.alice, customer, user_id=cast.mallory.id)
    cast.alice.patch(f"/deals/{records['deals']}", {"name": "Renamed"})
    cast.alice.post(f"/customers/{customer}/unshare", {"user_id": cast.mallory.id})
    events = cast.mallory.get(f"/events?after={start}").get_json()["data"]
    assert events[-1]["type"] == "customer_removed"
    assert all(event["record"] is None for event in events)


def test_several_shares_stand_side_by_side(cast: Cast) -> None:
    customer, _ = setting(cast)
    share(cast.alice, customer, user_id=cast.bob.id)
    share(cast.alice, customer, team_id=cast.south, access="write")
    both = share(cast.alice, customer, user_id=cast.bob.id, access="write").get_json()["collaborators"]
    assert [(one["user_id"], one["team_id"], one["access"]) for one in both] == [
        (cast.bob.id, None, "write"),
        (None, cast.south, "write"),
    ]
    path = f"/customers/{customer}"
    left = cast.alice.post(f"{path}/unshare", {"user_id": cast.bob.id}).get_json()["collaborators"]
    assert left == [{"user_id": None, "team_id": cast.south, "access": "write"}]
    # Whoever leaves can be taken off as well.
    share(cast.alice, customer, user_id=cast.bob.id)
    cast.root.post(f"/users/{cast.bob.id}/deactivate")
    assert cast.alice.post(f"{path}/unshare", {"user_id": cast.bob.id}).status_code == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"#/user_id": "unknown_party"}),
        ({"user_id": 1_000}, {"#/user_id": "unknown_party"}),
        ({"team_id": 1_000}, {"#/team_id": "unknown_party"}),
        ({"user_id": 2, "team_id": 1}, {"#/team_id": "unknown_party"}),
        ({"user_id": 1}, {"#/user_id": "is_owner"}),
        ({"user_id": 2, "access": "all"}, {"#/access": "not_allowed"}),
        ({"user": 2}, {"#/user": "unknown_field"}),
    ],
)
def test_refused(cast: Cast, body: dict[str, Any], errors: dict[str, str]) -> None:
    customer, _ = setting(cast)
    assert issues(share(cast.alice, customer, **body)) == errors


def test_taking_back_what_was_not_given(cast: Cast) -> None:
    customer, _ = setting(cast)
    answer = cast.alice.post(f"/customers/{customer}/unshare", {"user_id": cast.bob.id})
    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/not-shared")
    assert cast.bob.post(f"/customers/{customer}/unshare", {"user_id": cast.bob.id}).status_code == 404
    assert cast.vera.post(f"/customers/{customer}/share", {"user_id": cast.bob.id}).status_code == 403

"""Contact records: who may log what about whom, and what a customer knows of it."""

from __future__ import annotations

from typing import Any

import pytest

from app.routing import CRM

from ..cast import Cast
from ..conftest import counted
from ..faults import issues


def customer_of(cast: Cast, name: str = "甲公司", **more: Any) -> int:
    """A customer of alice's."""
    return int(cast.alice.made("/customers", {"name": name, **more})["id"])


def test_a_call_is_logged_with_two_fields(cast: Cast) -> None:
    customer = customer_of(cast)
    made = cast.alice.made("/contacts", {"customer_id": customer, "kind": "call"})
    at = made["created_at"]
    assert made == {
        "id": 1,
        "version": 1,
        "customer_id": customer,
        "customer": {"id": customer, "name": "甲公司"},
        "person_id": None,
        "person": None,
        "deal_id": None,
        "deal": None,
        "user_id": cast.alice.id,
        "user": {"id": cast.alice.id, "name": "Alice"},
        "kind": "call",
        "direction": "out",
        "subject": None,
        "content": None,
        "outcome": None,
        "occurred_at": at,
        "duration_seconds": None,
        "next_step": None,
        "next_follow_up_at": None,
        "custom": None,
        "external_source": None,
        "external_id": None,
        "created_at": at,
        "created_by": cast.alice.id,
        "updated_at": at,
        "is_active": True,
        "can_write": True,
    }
    assert cast.alice.get("/contacts/1").get_json() == made
    assert cast.alice.get("/contacts").get_json()["data"] == [made]


def test_everything_that_can_be_said(cast: Cast) -> None:
    customer = customer_of(cast)
    person = cast.alice.made("/people", {"customer_id": customer, "name": "王芳"})["id"]
    deal = cast.alice.made("/deals", {"name": "续约", "customer_id": customer})["id"]
    body = {
        "customer_id": customer,
        "person_id": person,
        "deal_id": deal,
        "kind": "visit",
        "direction": "in",
        "subject": "  参观工厂 ",
        "content": "  第一行\r\n第二行\r第三行 \n",
        "outcome": "interested",
        "occurred_at": "2026-03-01T09:30:00+08:00",
        "duration_seconds": 5400,
        "next_step": "寄样品",
        "next_follow_up_at": "2026-03-08T01:00:00Z",
        "external_source": "old",
        "external_id": "c-1",
    }
    made = cast.alice.made("/contacts", body)
    expected = body | {
        "subject": "参观工厂",
        "content": "  第一行\n第二行\n第三行 \n",
        "occurred_at": "2026-03-01T01:30:00Z",
        "person": {"id": person, "name": "王芳"},
        "deal": {"id": deal, "name": "续约"},
    }
    assert {name: made[name] for name in expected} == expected
    seen = cast.alice.get(f"/customers/{customer}").get_json()
    assert seen["last_contacted_at"] == "2026-03-01T01:30:00Z"
    assert seen["first_contacted_at"] == "2026-03-01T01:30:00Z"
    assert seen["next_follow_up_at"] == "2026-03-08T01:00:00Z"


def test_direction_is_assumed_for_what_we_begin_only(cast: Cast) -> None:
    customer = customer_of(cast)
    found = {
        kind: cast.alice.made("/contacts", {"customer_id": customer, "kind": kind})["direction"]
        for kind in ("call", "visit", "meeting", "email", "wechat", "note")
    }
    assert found == {"call": "out", "visit": "out", "meeting": None, "email": "out", "wechat": "out", "note": None}
    assert (
        cast.alice.made("/contacts", {"customer_id": customer, "kind": "call", "direction": None})["direction"] is None
    )


def test_the_dates_of_the_customer_follow_its_records(cast: Cast) -> None:
    customer, other = customer_of(cast), customer_of(cast, "乙公司")

    def dates(of: int = customer) -> tuple[str | None, str | None]:
        seen = cast.alice.get(f"/customers/{of}").get_json()
        return seen["first_contacted_at"], seen["last_contacted_at"]

    def log(day: str) -> int:
        body = {"customer_id": customer, "kind": "call", "occurred_at": f"2026-0{day}T00:00:00Z"}
        return int(cast.alice.made("/contacts", body)["id"])

    assert dates() == (None, None)
    march, january, may = log("3-01"), log("1-01"), log("5-01")
    assert dates() == ("2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z")
    cast.alice.delete(f"/contacts/{may}")
    assert dates() == ("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z")
    cast.alice.patch(f"/contacts/{march}", {"occurred_at": "2026-02-01T00:00:00Z"})
    assert dates() == ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
    cast.alice.post(f"/contacts/{may}/restore")
    assert dates() == ("2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z")
    cast.alice.patch(f"/contacts/{january}", {"customer_id": other})
    assert dates() == ("2026-02-01T00:00:00Z", "2026-05-01T00:00:00Z")
    assert dates(other) == ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
    for one in (march, may):
        cast.alice.delete(f"/contacts/{one}")
    assert dates() == (None, None)


def test_an_edit_that_changes_nothing_leaves_the_version(cast: Cast) -> None:
    customer = customer_of(cast)
    made = cast.alice.made("/contacts", {"customer_id": customer, "kind": "call", "content": "a"})
    again = cast.alice.patch("/contacts/1", {"content": "a", "kind": "call", "customer_id": customer})
    assert again.get_json() == made
    assert cast.alice.patch("/contacts/1", {"content": "b"}).get_json()["version"] == 2


PERSON_BY_ENDPOINT = [
    # method, path, body: alice, bob, carol, mallory, vera, root
    ("GET", "/contacts/1", None, (200, 404, 200, 404, 200, 200)),
    ("GET", "/contacts?customer_id=1", None, (200, 200, 200, 200, 200, 200)),
    ("POST", "/contacts", {"customer_id": 1, "kind": "note"}, (201, 422, 201, 422, 403, 201)),
    ("PATCH", "/contacts/1", {"content": "x"}, (200, 404, 200, 404, 403, 200)),
    ("PUT", "/contacts/external/s/1", {"customer_id": 1, "kind": "note"}, (201, 404, 200, 404, 403, 200)),
    ("DELETE", "/contacts/1", None, (204, 404, 404, 404, 403, 404)),
    ("POST", "/contacts/1/restore", {}, (200, 404, 404, 404, 403, 404)),
]


def test_who_may_what(cast: Cast) -> None:
    customer = customer_of(cast)
    cast.alice.made("/contacts", {"customer_id": customer, "kind": "call"})
    for method, path, body, expected in PERSON_BY_ENDPOINT:
        found = tuple(one.call(method, path, json=body).status_code for one in cast.everybody())
        assert found == expected, (method, path)
    totals = [one.get("/contacts?customer_id=1").get_json()["meta"]["total"] for one in cast.everybody()]
    assert totals[1] == totals[3] == 0
    assert totals[0] == totals[2] == totals[4] == totals[5] > 0
    assert cast.vera.get("/contacts/1").get_json()["can_write"] is False


def test_a_record_of_the_pool_can_be_read_not_added(cast: Cast) -> None:
    customer = customer_of(cast)
    cast.alice.made("/contacts", {"customer_id": customer, "kind": "call", "content": "before"})
    cast.alice.post(f"/customers/{customer}/release")
    seen = cast.mallory.get("/contacts/1").get_json()
    assert (seen["content"], seen["can_write"]) == ("before", False)
    assert issues(cast.mallory.post("/contacts", {"customer_id": customer, "kind": "call"})) == {
        "#/customer_id": "unknown_record"
    }
    assert cast.mallory.patch("/contacts/1", {"content": "x"}).status_code == 403
    assert cast.mallory.post(f"/customers/{customer}/claim").status_code == 200
    assert cast.mallory.patch("/contacts/1", {"content": "x"}).status_code == 200
    assert cast.alice.get("/contacts/1").status_code == 404


def test_a_deleted_customer_takes_its_records_along(cast: Cast) -> None:
    customer = customer_of(cast)
    cast.alice.made("/contacts", {"customer_id": customer, "kind": "call"})
    cast.alice.delete(f"/customers/{customer}")
    assert [one.get("/contacts/1").status_code for one in cast.everybody()] == [404] * 6
    cast.alice.post(f"/customers/{customer}/restore")
    assert cast.alice.get("/contacts/1").status_code == 200


def test_person_and_deal_belong_to_the_customer(cast: Cast) -> None:
    customer, other = customer_of(cast), customer_of(cast, "乙公司")
    person = cast.alice.made("/people", {"customer_id": other, "name": "王"})["id"]
    deal = cast.alice.made("/deals", {"name": "d", "customer_id": other})["id"]
    foreign = {"customer_id": customer, "kind": "call", "person_id": person, "deal_id": deal}
    both = {"#/person_id": "unknown_record", "#/deal_id": "unknown_record"}
    assert issues(cast.alice.post("/contacts", foreign)) == both
    made = cast.alice.made("/contacts", {**foreign, "customer_id": other})["id"]
    # To another customer it goes only without them.
    assert issues(cast.alice.patch(f"/contacts/{made}", {"customer_id": customer})) == both
    moved = {"customer_id": customer, "person_id": None, "deal_id": None}
    assert cast.alice.patch(f"/contacts/{made}", moved).status_code == 200
    # A further role at the customer is enough for a person.
    cast.alice.patch(f"/people/{person}", {"customers": [{"customer_id": customer, "role": "顾问"}]})
    assert cast.alice.patch(f"/contacts/{made}", {"person_id": person}).status_code == 200
    assert issues(cast.alice.patch(f"/contacts/{made}", {"deal_id": 999})) == {"#/deal_id": "unknown_record"}


def test_another_author_is_named_by_who_loads_history(cast: Cast) -> None:
    customer = customer_of(cast)
    body = {"customer_id": customer, "kind": "call"}
    assert issues(cast.alice.post("/contacts", {**body, "user_id": cast.bob.id})) == {
        "#/user_id": "not_yours_to_assign"
    }
    assert cast.alice.made("/contacts", {**body, "user_id": cast.alice.id})["user_id"] == cast.alice.id
    assert cast.carol.made("/contacts", {**body, "user_id": cast.bob.id})["user"]["name"] == "Bob"
    assert issues(cast.carol.post("/contacts", {**body, "user_id": cast.mallory.id})) == {
        "#/user_id": "not_yours_to_assign"
    }
    assert cast.root.made("/contacts", {**body, "user_id": cast.mallory.id})["user_id"] == cast.mallory.id
    assert issues(cast.root.post("/contacts", {**body, "user_id": 999})) == {"#/user_id": "unknown_user"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"#/customer_id": "required", "#/kind": "required"}),
        ({"customer_id": 1, "kind": "fax"}, {"#/kind": "not_allowed"}),
        ({"customer_id": 1, "kind": "call", "outcome": "unheard"}, {"#/outcome": "unknown_option"}),
        ({"customer_id": 1, "kind": "call", "duration_seconds": -1}, {"#/duration_seconds": "out_of_range"}),
        ({"customer_id": 1, "kind": "call", "occurred_at": "yesterday"}, {"#/occurred_at": "instant"}),
        ({"customer_id": 1, "kind": "call", "occurred_at": None}, {"#/occurred_at": "required"}),
        ({"customer_id": 1, "kind": "call", "content": "a\u0000b"}, {"#/content": "control_characters"}),
        ({"customer_id": 1, "kind": "call", "subject": "a\nb"}, {"#/subject": "control_characters"}),
        ({"customer_id": 1, "kind": "call", "subject": "x" * 201}, {"#/subject": "too_long"}),
        ({"customer_id": 1, "kind": "call", "created_by": 2}, {"#/created_by": "read_only"}),
        ({"customer_id": 1, "kind": "call", "mood": "good"}, {"#/mood": "unknown_field"}),
        ({"customer_id": "1", "kind": ["call"]}, {"#/customer_id": "wrong_type", "#/kind": "wrong_type"}),
        ({"customer_id": 999, "kind": "call"}, {"#/customer_id": "unknown_record"}),
    ],
)
def test_what_is_refused(cast: Cast, body: dict[str, Any], expected: dict[str, str]) -> None:
    customer_of(cast)
    assert issues(cast.alice.post("/contacts", body)) == expected
    assert cast.root.get("/contacts").get_json()["meta"]["total"] == 0


def test_filters_search_and_sort(cast: Cast) -> None:
    customer = customer_of(cast)
    deal = cast.alice.made("/deals", {"name": "d", "customer_id": customer})["id"]
    person = cast.alice.made("/people", {"customer_id": customer, "name": "王"})["id"]
    bodies = [
        {"kind": "call", "content": "讨論 Ｐｒｉｃｅ", "occurred_at": "2026-01-31T15:59:00Z", "outcome": "connected"},
        {"kind": "visit", "subject": "Café", "occurred_at": "2026-01-31T16:00:00Z", "person_id": person},
        {"kind": "note", "content": "100% sure", "occurred_at": "2026-02-02T00:00:00Z", "deal_id": deal},
    ]
    for body in bodies:
        cast.alice.made("/contacts", {"customer_id": customer, **body})
    cast.carol.made("/contacts", {"customer_id": customer, "kind": "call", "occurred_at": "2025-01-01T00:00:00Z"})

    def ids(query: str) -> list[int]:
        answer = cast.root.get(f"/contacts?{query}")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return [one["id"] for one in answer.get_json()["data"]]

    assert ids("") == [3, 2, 1, 4]
    assert ids("sort=occurred_at") == [4, 1, 2, 3]
    assert ids("kind=call&kind=note") == [3, 1, 4]
    assert ids(f"person_id={person}") == [2]
    assert ids(f"deal_id={deal}") == [3]
    assert ids("deal_id=none&sort=id") == [1, 2, 4]
    assert ids(f"user_id={cast.carol.id}") == [4]
    assert ids(f"team_id={cast.north}") == [3, 2, 1, 4]
    assert ids(f"team_id={cast.south}") == []
    assert ids("outcome=connected") == [1]
    # A date is its start in the caller's zone, which is eight hours ahead.
    assert ids("occurred_after=2026-02-01") == [3, 2]
    assert ids("occurred_before=2026-02-01") == [1, 4]
    assert ids("q=讨论 price") == [1]
    assert ids("q=cafe") == [2]
    assert ids("q=100%25") == [3]
    assert ids("q=%25") == [3]
    assert ids("direction=out&sort=id") == [1, 2, 4]
    assert issues(cast.root.get("/contacts?customer=1&kinds=call")) == {
        "customer": "unknown_parameter",
        "kinds": "unknown_parameter",
    }


def test_a_cursor_walks_all(cast: Cast) -> None:
    customer = customer_of(cast)
    for number in range(7):
        cast.alice.made(
            "/contacts",
            {"customer_id": customer, "kind": "call", "occurred_at": f"2026-01-0{number % 3 + 1}T00:00:00Z"},
        )
    seen: list[int] = []
    cursor = ""
    for _ in range(5):
        page = cast.alice.get(f"/contacts?per_page=2{cursor}").get_json()
        seen += [one["id"] for one in page["data"]]
        if page["meta"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['meta']['next_cursor']}"
    assert sorted(seen) == list(range(1, 8))
    assert seen == [one["id"] for one in cast.alice.get("/contacts?per_page=50").get_json()["data"]]


def test_a_list_takes_few_statements(app: CRM, cast: Cast) -> None:
    customer = customer_of(cast)
    for number in range(30):
        cast.alice.made("/contacts", {"customer_id": customer, "kind": "call", "content": str(number)})
    for query in ("", "?page=2&per_page=10", "?q=1&kind=call"):
        with counted(app) as counter:
            assert cast.alice.get(f"/contacts{query}").status_code == 200
        assert len(counter.statements) <= 4


def test_an_upsert_is_safe_for_ever(cast: Cast) -> None:
    customer = customer_of(cast)
    body = {"customer_id": customer, "kind": "email", "subject": "报价", "occurred_at": "2026-01-01T00:00:00Z"}
    first = cast.alice.put("/contacts/external/mail/<1@x>", body)
    assert first.status_code == 201
    again = cast.alice.put("/contacts/external/mail/<1@x>", body)
    assert again.status_code == 200
    assert again.get_json() == first.get_json()
    changed = cast.alice.put("/contacts/external/mail/<1@x>", {**body, "subject": "报价二"})
    assert (changed.status_code, changed.get_json()["version"]) == (200, 2)
    taken = cast.alice.post("/contacts", {**body, "external_source": "mail", "external_id": "<1@x>"})
    assert taken.status_code == 409
    assert taken.get_json()["errors"][0]["pointer"] == "#/external_id"
    cast.alice.delete("/contacts/1")
    assert cast.alice.put("/contacts/external/mail/<1@x>", body).status_code == 409


def test_a_retry_logs_once(cast: Cast) -> None:
    body = {"customer_id": customer_of(cast), "kind": "call"}
    key = {"Idempotency-Key": "k1"}
    first = cast.alice.post("/contacts", body, headers=key)
    again = cast.alice.post("/contacts", body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json() == first.get_json()
    assert cast.alice.get("/contacts").get_json()["meta"]["total"] == 1


def test_who_comes_late_sees_what_has_changed(cast: Cast) -> None:
    made = cast.alice.post("/contacts", {"customer_id": customer_of(cast), "kind": "call"})
    cast.carol.patch("/contacts/1", {"content": "by carol"})
    late = cast.alice.patch("/contacts/1", {"subject": "by alice"}, headers={"If-Match": made.headers["ETag"]})
    assert late.status_code == 412
    assert late.get_json()["changed_fields"] == ["content"]
    assert late.get_json()["current"] == cast.alice.get("/contacts/1").get_json()
    fresh = {"If-Match": late.headers["ETag"]}
    assert cast.alice.patch("/contacts/1", {"subject": "by alice"}, headers=fresh).status_code == 200


def test_long_texts_come_back_as_sent(cast: Cast) -> None:
    text = "  會議記錄 😀\t" + "长" * 19_000 + "\n\u202eخ\n "
    made = cast.alice.made("/contacts", {"customer_id": customer_of(cast), "kind": "meeting", "content": text})
    assert made["content"] == text
    assert cast.alice.get("/contacts/1").get_json()["content"] == text
    assert cast.alice.get("/contacts?q=会议记录").get_json()["meta"]["total"] == 1


def test_nobody_becomes_the_author_of_what_others_wrote(cast: Cast) -> None:
    customer = customer_of(cast, collaborators=[{"user_id": cast.bob.id, "access": "write"}])
    written = cast.alice.made("/contacts", {"customer_id": customer, "kind": "call"})
    path = f"/contacts/{written['id']}"
    assert issues(cast.bob.patch(path, {"user_id": cast.bob.id})) == {"#/user_id": "not_yours_to_assign"}
    assert cast.alice.get(path).get_json() == written
    assert cast.carol.patch(path, {"user_id": cast.carol.id}).get_json()["user_id"] == cast.carol.id


def test_a_deal_knows_when_it_was_last_spoken_about(cast: Cast) -> None:
    buyer = cast.alice.made("/customers", {"name": "甲"})["id"]
    first, second = (cast.alice.made("/deals", {"name": name, "customer_id": buyer})["id"] for name in "ab")

    def last(deal_id: int) -> str | None:
        found: str | None = cast.alice.get(f"/deals/{deal_id}").get_json()["last_contacted_at"]
        return found

    base = {"customer_id": buyer, "kind": "call", "deal_id": first}
    one = cast.alice.made("/contacts", {**base, "occurred_at": "2026-01-05T08:00:00Z"})["id"]
    two = cast.alice.made("/contacts", {**base, "occurred_at": "2026-01-03T08:00:00Z"})["id"]
    assert last(first) == "2026-01-05T08:00:00Z"
    assert cast.alice.get(f"/deals/{first}").get_json()["version"] == 2
    cast.alice.delete(f"/contacts/{one}")
    assert last(first) == "2026-01-03T08:00:00Z"
    cast.alice.post(f"/contacts/{one}/restore")
    cast.alice.patch(f"/contacts/{one}", {"deal_id": second})
    assert (last(first), last(second)) == ("2026-01-03T08:00:00Z", "2026-01-05T08:00:00Z")
    cast.alice.patch(f"/contacts/{two}", {"occurred_at": "2026-01-09T08:00:00Z"})
    assert last(first) == "2026-01-09T08:00:00Z"
    cast.alice.patch(f"/contacts/{two}", {"deal_id": None})
    assert last(first) is None
    listed = cast.alice.get("/deals?last_contacted_before=2026-02-01&sort=last_contacted_at").get_json()["data"]
    assert [entry["id"] for entry in listed] == [second]
    # It is no event of its own in the timeline.
    told = cast.alice.get(f"/customers/{buyer}/timeline?type=change").get_json()["data"]
    assert [entry["change"]["changes"] for entry in told if entry["change"]["resource"] == "deal"] == []

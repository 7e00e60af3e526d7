"""Leads: customers that are qualified with a person and a deal, given up for a reason, and taken up again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import func, select

from app.customer.models import Person
from app.database import db
from app.deal.models import Deal
from app.journal import Changeset, JournalEntry
from app.routing import CRM

from ..cast import Cast, Member
from ..faults import issues

LEAD_FACTS = ("qualified_at", "qualified_by", "disqualified_at", "disqualified_by", "disqualify_reason")


def lead(who: Member, name: str = "甲公司", **more: Any) -> int:
    """A new lead."""
    made = who.made("/customers", {"name": name, **more})
    assert made["status"] == "lead"
    return int(made["id"])


def facts(record: dict[str, Any]) -> list[Any]:
    """Status, and what is known of it as a lead; moments as whether they are there."""
    return [record["status"], *(bool(record[n]) if n.endswith("_at") else record[n] for n in LEAD_FACTS)]


def entries(changeset_id: str) -> list[tuple[str, str]]:
    """What a change set did to what."""
    query = select(JournalEntry.resource, JournalEntry.action).where(JournalEntry.changeset_id == int(changeset_id))
    return sorted((resource, action) for resource, action in db.session.execute(query))


def test_qualify_alone(cast: Cast) -> None:
    one = lead(cast.alice)
    answer = cast.carol.post(f"/customers/{one}/qualify")
    assert answer.status_code == 200
    record = answer.get_json()
    assert facts(record) == ["prospect", True, cast.carol.id, False, None, None]
    assert record == cast.carol.get(f"/customers/{one}").get_json()
    assert entries(answer.headers["X-Changeset-Id"]) == [("customer", "qualified")]
    events = cast.alice.get("/events?after=1-0-0-0").get_json()["data"]
    assert events[-1]["type"] == "customer_qualified"
    assert events[-1]["changed"] == ["qualified_at", "qualified_by", "status"]


def test_qualify_with_person_and_deal_in_one_change_set(cast: Cast) -> None:
    one = lead(cast.alice)
    body = {
        "person": {"name": "王芳", "phone": "13812345678", "decision_role": "champion"},
        "deal": {"name": "首单", "amount": "1200", "expected_close_on": "2027-01-31"},
    }
    answer = cast.alice.post(f"/customers/{one}/qualify", body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json()["status"] == "prospect"
    assert entries(answer.headers["X-Changeset-Id"]) == [
        ("customer", "qualified"),
        ("deal", "created"),
        ("person", "created"),
    ]
    [person] = cast.alice.get(f"/people?customer_id={one}").get_json()["data"]
    [deal] = cast.alice.get(f"/deals?customer_id={one}").get_json()["data"]
    assert (person["name"], person["phone"]) == ("王芳", "13812345678")
    assert (deal["name"], deal["amount"], deal["owner_id"]) == ("首单", "1200.00", cast.alice.id)
    assert deal["people"] == [{"person_id": person["id"], "role": None, "name": "王芳"}]
    changes = [
        found["change"]["action"]
        for found in cast.alice.get(f"/customers/{one}/timeline").get_json()["data"]
        if found["change"]
    ]
    assert "qualified" in changes


def test_faults_of_all_parts_at_once_and_nothing_half_done(cast: Cast) -> None:
    one = lead(cast.alice)
    path = f"/customers/{one}/qualify"
    shape = cast.alice.post(
        path,
        {"person": {"title": "x", "id": 3}, "deal": {"amount": "many", "customer_id": one, "colour": "red"}, "x": 1},
    )
    assert issues(shape) == {
        "#/person/name": "required",
        "#/person/id": "unknown_field",
        "#/deal/name": "required",
        "#/deal/amount": "decimal",
        "#/deal/customer_id": "unknown_field",
        "#/deal/colour": "unknown_field",
        "#/x": "unknown_field",
    }
    rules = cast.alice.post(
        path,
        {
            "person": {"name": "王", "decision_role": "king"},
            "deal": {"name": "首单", "source": "moon", "stage_id": 99},
        },
    )
    assert rules.status_code == 422
    assert issues(rules) == {"#/person/decision_role": "unknown_option", "#/deal/source": "unknown_option"}
    chinese = cast.alice.post(path, {"deal": {"name": ""}}, headers={"Accept-Language": "zh-CN"})
    assert chinese.get_json()["errors"] == [{"pointer": "#/deal/name", "code": "required", "detail": "必填。"}]
    assert issues(cast.alice.post(path, {"person": 1, "deal": []})) == {
        "#/person": "wrong_type",
        "#/deal": "wrong_type",
    }
    assert cast.alice.get(f"/customers/{one}").get_json()["status"] == "lead"
    for model in (Person, Deal):
        assert db.session.execute(select(func.count()).select_from(model)).scalar_one() == 0


def test_a_taken_origin_points_into_its_part(cast: Cast) -> None:
    origin = {"external_source": "erp", "external_id": "7"}
    cast.alice.made("/deals", {"name": "x", **origin})
    one = lead(cast.alice)
    answer = cast.alice.post(f"/customers/{one}/qualify", {"person": {"name": "王"}, "deal": {"name": "y", **origin}})
    assert answer.status_code == 409
    assert answer.get_json()["errors"][0]["pointer"] == "#/deal/external_id"
    assert cast.alice.get("/people").get_json()["meta"]["total"] == 0


def test_a_stage_that_asks_for_people_is_content_with_the_new_person(cast: Cast) -> None:
    stages = cast.root.get("/pipelines/1").get_json()["stages"]
    stages[0]["required_fields"] = ["people"]
    assert cast.root.patch("/pipelines/1", {"stages": stages}).status_code == 200
    one = lead(cast.alice)
    path = f"/customers/{one}/qualify"
    assert issues(cast.alice.post(path, {"deal": {"name": "x"}})) == {"#/deal/people": "required_for_stage"}
    wrong = {"person": {"name": "王", "decision_role": "king"}, "deal": {"name": "x"}}
    assert issues(cast.alice.post(path, wrong)) == {"#/person/decision_role": "unknown_option"}
    assert cast.alice.post(path, {"person": {"name": "王"}, "deal": {"name": "x"}}).status_code == 200


def test_disqualify_and_take_up_again(cast: Cast) -> None:
    one = lead(cast.alice)
    answer = cast.alice.post(f"/customers/{one}/disqualify", {"reason": "no_budget", "note": "明年\r\n再谈"})
    assert answer.status_code == 200
    assert facts(answer.get_json()) == ["lost", False, None, True, cast.alice.id, "no_budget"]
    assert answer.get_json()["disqualify_note"] == "明年\n再谈"
    assert entries(answer.headers["X-Changeset-Id"]) == [("customer", "disqualified")]
    assert cast.alice.get("/customers?disqualify_reason=no_budget").get_json()["meta"]["total"] == 1
    again = cast.alice.post(f"/customers/{one}/requalify")
    assert facts(again.get_json()) == ["lead", False, None, False, None, None]
    assert again.get_json()["disqualify_note"] is None
    assert entries(again.headers["X-Changeset-Id"]) == [("customer", "requalified")]
    assert cast.alice.post(f"/customers/{one}/requalify").get_json()["type"] == "/problems/not-disqualified"


def test_a_reason_is_needed_and_known(cast: Cast) -> None:
    path = f"/customers/{lead(cast.alice)}/disqualify"
    assert issues(cast.alice.post(path)) == {"#/reason": "required"}
    assert issues(cast.alice.post(path, {"reason": "price"})) == {"#/reason": "unknown_option"}
    for note in ({}, {"note": None}, {"note": " "}):
        assert issues(cast.alice.post(path, {"reason": "other", **note})) == {"#/note": "other_needs_note"}
    assert cast.alice.post(path, {"reason": "other", "note": "倒闭"}).status_code == 200


def test_an_admin_edits_the_reasons(cast: Cast) -> None:
    seeded = cast.alice.get("/options?list=disqualify_reason").get_json()["data"]
    assert [one["value"] for one in seeded][-1] == "other"
    assert all(one["label_zh"] and one["label_en"] for one in seeded)
    option = {"list": "disqualify_reason", "value": "bankrupt", "label_zh": "破产", "label_en": "Bankrupt"}
    assert cast.alice.post("/options", option).status_code == 403
    cast.root.made("/options", option)
    path = f"/customers/{lead(cast.alice)}/disqualify"
    assert cast.alice.post(path, {"reason": "bankrupt"}).status_code == 200


def test_only_a_lead_is_qualified_or_given_up(cast: Cast) -> None:
    one = lead(cast.alice)
    body = {"deal": {"name": "首单"}}
    assert cast.alice.post(f"/customers/{one}/qualify", body).status_code == 200
    second = cast.alice.post(f"/customers/{one}/qualify", body)
    assert (second.status_code, second.get_json()["type"]) == (409, "/problems/not-a-lead")
    assert cast.alice.get("/deals").get_json()["meta"]["total"] == 1
    assert cast.alice.post(f"/customers/{one}/disqualify", {"reason": "no_need"}).status_code == 409
    # What is wrong with the input is said first.
    assert cast.alice.post(f"/customers/{one}/qualify", {"deal": {"name": ""}}).status_code == 422


def test_a_change_of_status_says_the_same(cast: Cast) -> None:
    one = lead(cast.alice)

    def changed(status: str) -> list[Any]:
        return facts(cast.carol.patch(f"/customers/{one}", {"status": status}).get_json())

    me = cast.carol.id
    assert changed("lost") == ["lost", False, None, True, me, None]
    assert changed("active") == ["active", True, me, False, None, None]
    assert changed("prospect") == ["prospect", True, me, False, None, None]
    assert changed("lost") == ["lost", True, me, False, None, None]
    assert changed("prospect") == ["prospect", True, me, False, None, None]
    assert changed("lead") == ["lead", False, None, False, None, None]
    # What never was a lead is not counted as one.
    other = cast.alice.made("/customers", {"name": "乙", "status": "prospect"})
    assert facts(other) == ["prospect", False, None, False, None, None]
    assert facts(cast.alice.patch(f"/customers/{other['id']}", {"status": "lost"}).get_json())[3] is False


def test_what_is_noted_cannot_be_written(cast: Cast) -> None:
    answer = cast.alice.patch(
        f"/customers/{lead(cast.alice)}",
        dict.fromkeys([*LEAD_FACTS, "disqualify_note"]),
    )
    assert set(issues(answer).values()) == {"read_only"}
    assert len(issues(answer)) == 6


@pytest.mark.parametrize("verb", ["qualify", "disqualify", "requalify"])
def test_who_may(cast: Cast, verb: str) -> None:
    statuses = {}
    for who in cast.everybody():
        one = lead(cast.alice, who.name)
        if verb == "requalify":
            cast.alice.post(f"/customers/{one}/disqualify", {"reason": "no_need"})
        body = {"reason": "no_need"} if verb == "disqualify" else {}
        statuses[who.name] = who.post(f"/customers/{one}/{verb}", body).status_code
    assert statuses == {"alice": 200, "bob": 404, "carol": 200, "mallory": 404, "vera": 403, "root": 200}


def test_of_the_pool_it_is_claimed_first(cast: Cast) -> None:
    one = cast.root.made("/customers", {"name": "公海", "owner_id": None})["id"]
    assert cast.alice.post(f"/customers/{one}/qualify").status_code == 403
    assert cast.alice.post(f"/customers/{one}/claim").status_code == 200
    assert cast.alice.post(f"/customers/{one}/qualify").status_code == 200


def test_versions_and_retries(cast: Cast) -> None:
    one = lead(cast.alice)
    stale = cast.alice.get(f"/customers/{one}").headers["ETag"]
    cast.alice.patch(f"/customers/{one}", {"title": "x"})
    refused = cast.alice.post(f"/customers/{one}/qualify", headers={"If-Match": stale})
    assert refused.status_code == 412
    assert refused.get_json()["changed_fields"] == ["title"]
    body, headers = {"deal": {"name": "首单"}}, {"Idempotency-Key": "k1"}
    first = cast.alice.post(f"/customers/{one}/qualify", body, headers=headers)
    again = cast.alice.post(f"/customers/{one}/qualify", body, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert cast.alice.get("/deals").get_json()["meta"]["total"] == 1


def test_of_two_at_once_one_qualifies(app: CRM, cast: Cast) -> None:
    one = lead(cast.alice)

    def qualify(who: Member) -> int:
        return who.post(f"/customers/{one}/qualify", {"deal": {"name": who.name}}).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(qualify, [cast.alice, cast.carol, cast.root, cast.alice]))
    assert sorted(statuses) == [200, 409, 409, 409]
    assert cast.alice.get("/deals").get_json()["meta"]["total"] == 1
    query = select(func.count()).select_from(Changeset)
    assert db.session.execute(query.where(Changeset.entry_count == 2)).scalar_one() == 1


def test_lists_of_leads(cast: Cast) -> None:
    ids = [lead(cast.alice, f"L{number}") for number in range(3)]
    cast.alice.post(f"/customers/{ids[0]}/qualify")
    cast.alice.made("/contacts", {"customer_id": ids[2], "kind": "call"})

    def listed(query: str) -> list[int]:
        return [one["id"] for one in cast.alice.get(f"/customers?{query}").get_json()["data"]]

    assert listed("status=lead&sort=-created_at") == [ids[2], ids[1]]
    assert listed("sort=first_contacted_at&status=lead") == [ids[2], ids[1]]
    assert listed("qualified_after=2020-01-01") == [ids[0]]
    assert listed(f"qualified_by={cast.alice.id}") == [ids[0]]
    assert listed("first_contacted_after=2020-01-01") == [ids[2]]
    assert listed("sort=-qualified_at")[0] == ids[0]


def test_it_is_documented(cast: Cast) -> None:
    document = cast.alice.get("/openapi.json").get_json()
    operation = document["paths"]["/api/v1/customers/{id}/qualify"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    whole = Draft202012Validator({**body, "components": document["components"]})
    assert whole.is_valid({})
    assert whole.is_valid({"person": {"name": "王"}, "deal": None})
    assert not whole.is_valid({"person": {"title": "x"}})
    assert not whole.is_valid({"deal": {"name": "x", "customer_id": 1}})

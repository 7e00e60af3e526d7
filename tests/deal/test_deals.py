"""Deals: what they hold, who sees them, what their amount is made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.routing import CRM

from ..cast import Cast
from ..conftest import counted
from ..faults import issues
from ..trunk.looking import entries
from .selling import LATER, LOST, OPEN, WON, customer, deal, lost_for, product

TODAY = datetime.now(UTC).date()


def test_a_deal_needs_a_name_only(cast: Cast) -> None:
    made = deal(cast.alice, "  新商机 ")
    at = made["created_at"]
    assert made == {
        "id": 1,
        "version": 1,
        "name": "新商机",
        "kind": "new",
        "customer_id": None,
        "customer": None,
        "people": [],
        "pipeline_id": 1,
        "pipeline": {"id": 1, "name": "销售流程"},
        "stage_id": OPEN,
        "stage": {"id": OPEN, "name": "初步接触", "kind": "open"},
        "state": "open",
        "opened_on": None,
        "expected_close_on": None,
        "closed_on": None,
        "amount": None,
        "amount_is_manual": False,
        "currency": "CNY",
        "win_probability": 0.1,
        "win_probability_is_manual": False,
        "forecast_category": "pipeline",
        "forecast_category_is_manual": False,
        "lines": [],
        "lost_reason": None,
        "lost_note": None,
        "competitors": [],
        "next_step": None,
        "next_step_on": None,
        "source": None,
        "description": None,
        "custom": None,
        "owner_id": cast.alice.id,
        "owner": {"id": cast.alice.id, "name": "Alice"},
        "team_id": cast.north,
        "team": {"id": cast.north, "name": "North"},
        "collaborators": [],
        "rank": "V00000",
        "stage_entered_at": at,
        "last_contacted_at": None,
        "is_backfill": False,
        "external_source": None,
        "external_id": None,
        "created_at": at,
        "created_by": cast.alice.id,
        "updated_at": at,
        "is_active": True,
        "masked_fields": [],
        "can_write": True,
    }
    assert cast.alice.get("/deals/1").get_json() == made
    assert cast.alice.get("/deals").get_json()["data"] == [made]


def test_everything_that_a_deal_can_hold(cast: Cast) -> None:
    buyer = customer(cast.alice)
    person = cast.alice.made("/people", {"customer_id": buyer, "name": "王芳"})["id"]
    cast.root.made("/options", {"list": "competitor", "value": "acme", "label_zh": "甲", "label_en": "Acme"})
    body: dict[str, Any] = {
        "name": "扩容",
        "kind": "expansion",
        "customer_id": buyer,
        "people": [{"person_id": person, "role": "决策者"}],
        "stage_id": LATER,
        "opened_on": "2026-01-05",
        "expected_close_on": "2026-12-31",
        "amount": "1234.5",
        "currency": "USD",
        "win_probability": 0.65,
        "forecast_category": "best_case",
        "competitors": ["acme"],
        "next_step": "演示",
        "next_step_on": "2026-06-01",
        "source": "referral",
        "description": "第一行\n第二行",
        "collaborators": [{"user_id": cast.mallory.id, "access": "write"}],
        "external_source": "old",
        "external_id": "7",
    }
    made = cast.alice.made("/deals", body)
    expected = body | {
        "amount": "1234.50",
        "amount_is_manual": True,
        "win_probability_is_manual": True,
        "people": [{"person_id": person, "role": "决策者", "name": "王芳"}],
        "collaborators": [{"user_id": cast.mallory.id, "team_id": None, "access": "write"}],
        "customer": {"id": buyer, "name": "甲公司"},
    }
    assert {name: made[name] for name in expected} == expected
    cleared: dict[str, Any] = {
        "customer_id": None,
        "people": [],
        "opened_on": None,
        "expected_close_on": None,
        "amount": None,
        "win_probability": None,
        "competitors": [],
        "next_step": None,
        "next_step_on": None,
        "source": None,
        "description": None,
        "collaborators": [],
        "external_source": None,
        "external_id": None,
    }
    edited = cast.alice.patch("/deals/1", cleared).get_json()
    expected = cleared | {"win_probability": 0.3, "amount_is_manual": False, "version": 2}
    assert {name: edited[name] for name in expected} == expected


# ---- money ----------------------------------------------------------------------------------------------------------


def test_the_amount_is_the_sum_of_the_lines(cast: Cast) -> None:
    one, two = product(cast, "A", tax_percent="13"), product(cast, "B")
    made = deal(
        cast.alice,
        lines=[
            {"product_id": one, "quantity": "3", "unit_price": "1.005"},
            {"product_id": two, "quantity": 2, "unit_price": "10", "discount_percent": "12.5", "tax_percent": "6"},
        ],
    )
    assert made["lines"] == [
        {
            "id": 1,
            "product_id": one,
            "product": {"id": one, "name": "产品 A"},
            "quantity": "3.00",
            "unit_price": "1.005",
            "discount_percent": None,
            "tax_percent": "13.00",
            "amount": "3.02",
        },
        {
            "id": 2,
            "product_id": two,
            "product": {"id": two, "name": "产品 B"},
            "quantity": "2.00",
            "unit_price": "10.00",
            "discount_percent": "12.50",
            "tax_percent": "6.00",
            "amount": "17.50",
        },
    ]
    assert (made["amount"], made["amount_is_manual"]) == ("20.52", False)


def test_lines_are_replaced_whole_and_kept_by_id(cast: Cast) -> None:
    one = product(cast)
    line = {"product_id": one, "quantity": "1", "unit_price": "10"}
    made = deal(cast.alice, lines=[line, {**line, "quantity": "2"}, {**line, "quantity": "3"}])
    first, _, third = (entry["id"] for entry in made["lines"])
    sent = [{**line, "id": third, "quantity": "4"}, {**line, "quantity": "9"}, {**line, "id": first}]
    edited = cast.alice.patch("/deals/1", {"lines": sent}).get_json()
    assert [(entry["id"], entry["quantity"]) for entry in edited["lines"]] == [
        (third, "4.00"),
        (4, "9.00"),
        (first, "1.00"),
    ]
    assert (edited["amount"], edited["version"]) == ("140.00", 2)
    assert entries("deal", 1)[-1]["changed"] == ["amount", "lines"]
    # The same lines again are no change.
    assert (
        cast.alice.patch(
            "/deals/1",
            {
                "lines": [
                    {**one_, "id": one_id}
                    for one_, one_id in zip(
                        [{**line, "quantity": "4"}, {**line, "quantity": "9"}, line], (third, 4, first), strict=True
                    )
                ]
            },
        ).get_json()["version"]
        == 2
    )
    emptied = cast.alice.patch("/deals/1", {"lines": []}).get_json()
    assert (emptied["lines"], emptied["amount"]) == ([], None)


def test_lines_sent_again_without_their_ids_stay(cast: Cast) -> None:
    line = {"product_id": product(cast), "quantity": "2", "unit_price": "5"}
    body = {"name": "Servers", "lines": [line, {**line, "quantity": "3"}]}
    made = cast.alice.put("/deals/external/erp/7", body)
    again = cast.alice.put("/deals/external/erp/7", body)
    assert (made.status_code, again.status_code) == (201, 200)
    assert again.get_json()["lines"] == made.get_json()["lines"]
    assert again.get_json()["version"] == made.get_json()["version"]
    # Another quantity is another line; the one beside it stays.
    changed = cast.alice.put("/deals/external/erp/7", {"lines": [line, {**line, "quantity": "4"}]}).get_json()
    assert changed["lines"][0] == made.get_json()["lines"][0]
    assert changed["lines"][1]["id"] != made.get_json()["lines"][1]["id"]


def test_lines_that_cannot_be(cast: Cast) -> None:
    one = product(cast)
    gone = product(cast, "GONE")
    line = {"product_id": one, "quantity": "1", "unit_price": "10"}
    other = deal(cast.alice, lines=[line])["lines"][0]["id"]
    deal(cast.alice, lines=[{**line, "product_id": gone}])
    mine = cast.alice.get("/deals/2").get_json()["lines"][0]["id"]
    cast.root.delete(f"/products/{gone}")

    def refused(*lines: dict[str, Any]) -> dict[str, str]:
        return issues(cast.alice.patch("/deals/2", {"lines": list(lines)}))

    assert refused({}) == {
        "#/lines/0/product_id": "required",
        "#/lines/0/quantity": "required",
        "#/lines/0/unit_price": "required",
    }
    assert refused({**line, "id": other}) == {"#/lines/0/id": "unknown_record"}
    assert refused({**line, "id": mine}, {**line, "id": mine}) == {"#/lines/1/id": "unknown_record"}
    assert refused({**line, "product_id": 999}) == {"#/lines/0/product_id": "unknown_record"}
    assert refused({**line, "product_id": gone}) == {"#/lines/0/product_id": "unknown_record"}
    assert refused({**line, "quantity": "0"}) == {"#/lines/0/quantity": "out_of_range"}
    assert refused({**line, "quantity": "-1", "discount_percent": "101", "tax_percent": "x"}) == {
        "#/lines/0/quantity": "out_of_range",
        "#/lines/0/discount_percent": "out_of_range",
        "#/lines/0/tax_percent": "decimal",
    }
    assert refused({**line, "amount": "3"}) == {"#/lines/0/amount": "unknown_field"}
    assert refused({**line, "quantity": "9999999999", "unit_price": "99999999"}) == {"#/lines/0": "out_of_range"}
    huge = {**line, "quantity": "1", "unit_price": "99999999999999.99"}
    assert refused(huge, huge) == {"#/lines": "out_of_range"}
    # A line that stays may keep a product that is sold no more.
    kept = {**line, "id": mine, "product_id": gone, "quantity": "5"}
    assert cast.alice.patch("/deals/2", {"lines": [kept]}).get_json()["amount"] == "50.00"


def test_an_amount_sent_stands_until_it_is_taken_back(cast: Cast) -> None:
    line = {"product_id": product(cast), "quantity": "1", "unit_price": "10"}
    made = deal(cast.alice, lines=[line], amount="7")
    assert (made["amount"], made["amount_is_manual"]) == ("7.00", True)

    def patched(**body: Any) -> tuple[str | None, bool]:
        answer = cast.alice.patch("/deals/1", body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()["amount"], answer.get_json()["amount_is_manual"]

    assert patched(lines=[{**line, "quantity": "2"}]) == ("7.00", True)
    assert patched(amount=None) == ("20.00", False)
    assert patched(amount_is_manual=True) == ("20.00", True)
    assert patched(lines=[line]) == ("20.00", True)
    assert patched(amount_is_manual=False) == ("10.00", False)
    assert patched(amount="0") == ("0.00", True)
    assert issues(cast.alice.patch("/deals/1", {"amount": "5", "amount_is_manual": False})) == {
        "#/amount": "amount_computed"
    }


def test_currencies_round(cast: Cast) -> None:
    line = {"product_id": product(cast), "quantity": "3", "unit_price": "1.1115"}
    amounts = {code: deal(cast.alice, currency=code, lines=[line])["amount"] for code in ("CNY", "JPY", "KWD")}
    assert amounts == {"CNY": "3.33", "JPY": "3.00", "KWD": "3.335"}
    changed = cast.alice.patch("/deals/1", {"currency": "KWD"}).get_json()
    assert (changed["amount"], changed["lines"][0]["amount"]) == ("3.335", "3.335")
    assert issues(cast.alice.patch("/deals/2", {"amount": "1.5"})) == {"#/amount": "too_precise"}
    assert issues(cast.alice.patch("/deals/3", {"amount": "1.5", "currency": "JPY"})) == {"#/amount": "too_precise"}
    for code in ("XYZ", "cny", "", None, 5):
        assert "#/currency" in issues(cast.alice.patch("/deals/1", {"currency": code}))


# ---- rights ---------------------------------------------------------------------------------------------------------

PERSON_BY_ENDPOINT = [
    # method, path, body: alice, bob, carol, mallory, vera, root
    ("GET", "/deals/1", None, (200, 404, 200, 404, 200, 200)),
    ("GET", "/deals/1/stages", None, (200, 404, 200, 404, 200, 200)),
    ("GET", "/deals", None, (200, 200, 200, 200, 200, 200)),
    ("GET", "/deals/board", None, (200, 200, 200, 200, 200, 200)),
    ("POST", "/deals", {"name": "x"}, (201, 201, 201, 201, 403, 201)),
    ("PATCH", "/deals/1", {"next_step": "x"}, (200, 404, 200, 404, 403, 200)),
    ("PUT", "/deals/external/s/1", {"name": "x"}, (201, 404, 200, 404, 403, 200)),
    ("POST", "/deals/1/move", {"stage_id": LATER}, (200, 404, 200, 404, 403, 200)),
    ("POST", "/deals/1/win", {}, (200, 404, 200, 404, 403, 200)),
    ("POST", "/deals/1/lose", {"reason": "price"}, (200, 404, 200, 404, 403, 200)),
    ("POST", "/deals/1/reopen", {}, (200, 404, 409, 404, 403, 409)),
    ("DELETE", "/deals/1", None, (204, 404, 404, 404, 403, 404)),
    ("POST", "/deals/1/restore", {}, (200, 404, 404, 404, 403, 404)),
]


def test_who_may_what(cast: Cast) -> None:
    deal(cast.alice)
    for method, path, body, expected in PERSON_BY_ENDPOINT:
        found = tuple(one.call(method, path, json=body).status_code for one in cast.everybody())
        assert found == expected, (method, path)


def test_a_deal_is_seen_with_its_customer_and_by_its_own_people(cast: Cast) -> None:
    """Own owner, team and collaborators, or the customer's: four deals, each seen for another reason."""
    hers, his = customer(cast.alice, "alice's"), customer(cast.mallory, "mallory's")
    at_hers = deal(cast.alice, "at hers", customer_id=hers)["id"]
    at_his = deal(cast.mallory, "at his", customer_id=his)["id"]
    # mallory's customer, but the deal is given to alice.
    given = deal(cast.root, "given", customer_id=his, owner_id=cast.alice.id)["id"]
    shared = deal(cast.mallory, "shared", collaborators=[{"user_id": cast.bob.id, "access": "read"}])["id"]
    with_team = deal(cast.root, "team", collaborators=[{"team_id": cast.north, "access": "write"}])["id"]

    def seen(who: Any) -> set[int]:
        return {one["id"] for one in who.get("/deals").get_json()["data"]}

    assert seen(cast.alice) == {at_hers, given, with_team}
    assert seen(cast.bob) == {shared, with_team}
    assert seen(cast.carol) == {at_hers, given, with_team}
    assert seen(cast.mallory) == {at_his, given, shared}
    assert seen(cast.vera) == seen(cast.root) == {at_hers, at_his, given, shared, with_team}
    # A customer out of sight reads null; the deal itself is hers to write.
    mine = cast.alice.get(f"/deals/{given}").get_json()
    assert (mine["customer_id"], mine["customer"], mine["can_write"]) == (None, None, True)
    # A reading share reads.
    assert cast.bob.get(f"/deals/{shared}").get_json()["can_write"] is False
    assert cast.bob.post(f"/deals/{shared}/win").status_code == 403
    assert cast.bob.patch(f"/deals/{with_team}", {"name": "by bob"}).status_code == 200
    # Who owns the customer may write the deals there.
    assert cast.mallory.patch(f"/deals/{given}", {"name": "by mallory"}).status_code == 200


def test_owners(cast: Cast) -> None:
    assert issues(cast.alice.post("/deals", {"name": "x", "owner_id": cast.bob.id})) == {
        "#/owner_id": "not_yours_to_assign"
    }
    assert issues(cast.alice.post("/deals", {"name": "x", "owner_id": None})) == {"#/owner_id": "required"}
    made = deal(cast.carol, owner_id=cast.bob.id)
    assert (made["owner_id"], made["team_id"]) == (cast.bob.id, cast.north)
    assert issues(cast.carol.patch("/deals/1", {"owner_id": cast.mallory.id})) == {"#/owner_id": "not_yours_to_assign"}
    handed = cast.root.patch("/deals/1", {"owner_id": cast.mallory.id}).get_json()
    assert (handed["owner"]["name"], handed["team_id"]) == ("Mallory", cast.south)
    # Nobody takes a deal that is only shared with him or her.
    cast.mallory.patch("/deals/1", {"collaborators": [{"user_id": cast.bob.id, "access": "write"}]})
    assert issues(cast.bob.patch("/deals/1", {"owner_id": cast.bob.id})) == {"#/owner_id": "not_yours_to_assign"}
    assert cast.bob.patch("/deals/1", {"owner_id": cast.mallory.id, "name": "y"}).status_code == 200
    assert issues(cast.root.patch("/deals/1", {"owner_id": 999})) == {"#/owner_id": "unknown_user"}


def test_people_out_of_sight_stay_out_of_sight_and_in_place(cast: Cast) -> None:
    his = customer(cast.mallory, "mallory's")
    person = cast.mallory.made("/people", {"customer_id": his, "name": "王"})["id"]
    other = cast.alice.made("/people", {"customer_id": customer(cast.alice), "name": "李"})["id"]
    made = deal(cast.root, owner_id=cast.alice.id, customer_id=his, people=[{"person_id": person, "role": "买方"}])[
        "id"
    ]
    assert cast.alice.get(f"/deals/{made}").get_json()["people"] == []
    assert issues(cast.alice.patch(f"/deals/{made}", {"people": [{"person_id": person}]})) == {
        "#/people/0/person_id": "unknown_record"
    }
    edited = cast.alice.patch(f"/deals/{made}", {"people": [{"person_id": other}]}).get_json()
    assert edited["people"] == [{"person_id": other, "role": None, "name": "李"}]
    everybody = cast.root.get(f"/deals/{made}").get_json()["people"]
    assert [(one["person_id"], one["role"]) for one in everybody] == [(person, "买方"), (other, None)]


# ---- input ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"#/name": "required"}),
        ({"name": " "}, {"#/name": "required"}),
        ({"name": "x" * 201}, {"#/name": "too_long"}),
        ({"name": "x", "kind": "old"}, {"#/kind": "not_allowed"}),
        ({"name": "x", "amount": "1e3"}, {"#/amount": "decimal"}),
        ({"name": "x", "amount": "100000000000000"}, {"#/amount": "out_of_range"}),
        ({"name": "x", "amount": "-1"}, {"#/amount": "out_of_range"}),
        ({"name": "x", "amount": True}, {"#/amount": "wrong_type"}),
        ({"name": "x", "win_probability": 1.01}, {"#/win_probability": "out_of_range"}),
        ({"name": "x", "win_probability": "0.5"}, {"#/win_probability": "wrong_type"}),
        ({"name": "x", "opened_on": "2026-02-30"}, {"#/opened_on": "date"}),
        ({"name": "x", "rank": "a0"}, {"#/rank": "read_only"}),
        ({"name": "x", "state": "won", "is_backfill": True}, {"#/state": "read_only", "#/is_backfill": "read_only"}),
        ({"name": "x", "stage_id": 999}, {"#/stage_id": "unknown_record"}),
        ({"name": "x", "pipeline_id": 999}, {"#/pipeline_id": "unknown_record"}),
        ({"name": "x", "customer_id": 999}, {"#/customer_id": "unknown_record"}),
        ({"name": "x", "lost_reason": "price"}, {"#/lost_reason": "not_lost"}),
        ({"name": "x", "closed_on": "2026-01-01"}, {"#/closed_on": "open_stage"}),
        ({"name": "x", "competitors": ["nobody"]}, {"#/competitors/0": "unknown_option"}),
        ({"name": "x", "people": [{"role": "x"}]}, {"#/people/0/person_id": "required"}),
        ({"name": "x", "collaborators": [{"access": "read"}]}, {"#/collaborators/0": "unknown_party"}),
        (
            {"name": "x", "source": "nowhere", "owner_id": 999, "customer_id": 999},
            {"#/source": "unknown_option", "#/owner_id": "not_yours_to_assign", "#/customer_id": "unknown_record"},
        ),
    ],
)
def test_what_is_refused(cast: Cast, body: dict[str, Any], expected: dict[str, str]) -> None:
    assert issues(cast.alice.post("/deals", body)) == expected
    assert cast.root.get("/deals").get_json()["meta"]["total"] == 0


def test_a_stage_of_another_pipeline_is_refused(cast: Cast) -> None:
    other = cast.root.made(
        "/pipelines", {"name": "P", "stages": [{"name": "A", "kind": "open", "win_probability": 0.5}]}
    )
    body = {"name": "x", "pipeline_id": 1, "stage_id": other["stages"][0]["id"]}
    assert issues(cast.alice.post("/deals", body)) == {"#/stage_id": "foreign_stage"}


def test_stage_and_dates_change_by_actions_only(cast: Cast) -> None:
    deal(cast.alice)
    sent = {"stage_id": LATER, "closed_on": "2026-01-01", "rank": "z", "pipeline_id": 1, "state": "won"}
    assert issues(cast.alice.patch("/deals/1", sent)) == {f"#/{name}": "read_only" for name in sent}


def test_the_probability_is_the_stages_unless_set(cast: Cast) -> None:
    deal(cast.alice)

    def now_is() -> tuple[float, bool]:
        seen = cast.alice.get("/deals/1").get_json()
        return seen["win_probability"], seen["win_probability_is_manual"]

    cast.alice.post("/deals/1/move", {"stage_id": 3})
    assert now_is() == (0.5, False)
    cast.alice.patch("/deals/1", {"win_probability": 0.55})
    cast.alice.post("/deals/1/move", {"stage_id": 4})
    assert now_is() == (0.55, True)
    cast.alice.patch("/deals/1", {"win_probability": None})
    assert now_is() == (0.8, False)
    cast.alice.post("/deals/1/win")
    assert now_is() == (1.0, False)
    assert issues(cast.alice.patch("/deals/1", {"win_probability": 0.5})) == {"#/win_probability": "deal_closed"}
    assert cast.alice.patch("/deals/1", {"win_probability": 1}).get_json()["version"] == 6


def test_stages_require_custom_fields(cast: Cast) -> None:
    for kind, key in (("text", "budget"), ("multi_choice", "plants"), ("yes_no", "signed"), ("text", "old")):
        cast.root.made("/custom-fields", {"resource": "deals", "kind": kind, "key": key, "label_en": key})
    cast.root.made("/options", {"list": "deals.plants", "value": "oak"})
    cast.root.made("/custom-fields", {"resource": "customers", "kind": "text", "key": "other", "label_en": "o"})
    old = cast.root.get("/custom-fields?resource=deals&key=old").get_json()["data"][0]
    cast.root.patch(f"/custom-fields/{old['id']}", {"is_retired": True})
    stages = cast.root.get("/pipelines/1").get_json()["stages"]
    names = ["custom.budget", "custom.old", "custom.other", "budget", "custom.A", "amount"]
    stages[1]["required_fields"] = names
    assert issues(cast.root.patch("/pipelines/1", {"stages": stages})) == {
        "#/stages/1/required_fields/3": "not_allowed",
        "#/stages/1/required_fields/4": "not_allowed",
    }
    stages[1]["required_fields"] = names[:3]
    assert issues(cast.root.patch("/pipelines/1", {"stages": stages})) == {
        "#/stages/1/required_fields/1": "unknown_field",
        "#/stages/1/required_fields/2": "unknown_field",
    }
    wanted = ["source", "custom.budget", "custom.plants", "custom.signed"]
    stages[1]["required_fields"] = wanted
    assert cast.root.patch("/pipelines/1", {"stages": stages}).get_json()["stages"][1]["required_fields"] == wanted
    deal(cast.alice)
    every = {f"#/{name.replace('.', '/')}": "required_for_stage" for name in wanted}
    assert issues(cast.alice.post("/deals/1/move", {"stage_id": LATER})) == every
    assert issues(cast.alice.post("/deals", {"name": "x", "stage_id": LATER})) == every
    # What is wrong is told as such, once.
    part = {"name": "x", "stage_id": LATER, "source": "website", "custom": {"budget": 5, "plants": [], "signed": False}}
    assert issues(cast.alice.post("/deals", part)) == {
        "#/custom/budget": "wrong_type",
        "#/custom/plants": "required_for_stage",
    }
    given = {"budget": "1 m", "plants": ["oak"], "signed": False}
    assert cast.alice.patch("/deals/1", {"source": "website", "custom": given}).status_code == 200
    assert cast.alice.post("/deals/1/move", {"stage_id": LATER}).status_code == 200
    # There it is not taken away again, one by one or all at once; the rest may be changed.
    assert issues(cast.alice.patch("/deals/1", {"custom": {"plants": [], "budget": "2 m"}})) == {
        "#/custom/plants": "required_for_stage"
    }
    assert issues(cast.alice.patch("/deals/1", {"custom": None})) == {
        name: code for name, code in every.items() if name != "#/source"
    }
    assert cast.alice.patch("/deals/1", {"custom": {"budget": "2 m"}}).status_code == 200
    # A field that is retired is asked of nobody; the stage keeps it for when it comes back.
    budget = cast.root.get("/custom-fields?resource=deals&key=budget").get_json()["data"][0]
    cast.root.patch(f"/custom-fields/{budget['id']}", {"is_retired": True})
    full = {"name": "y", "stage_id": LATER, "source": "website", "custom": {"plants": ["oak"], "signed": True}}
    assert cast.alice.post("/deals", full).status_code == 201
    stages = cast.root.get("/pipelines/1").get_json()["stages"]
    assert cast.root.patch("/pipelines/1", {"stages": stages}).get_json()["stages"][1]["required_fields"] == wanted


def test_required_fields_are_named(cast: Cast) -> None:
    stages = cast.root.get("/pipelines/1").get_json()["stages"]
    stages[1]["required_fields"] = ["amount", "expected_close_on", "customer_id", "lines", "people"]
    stages[4]["required_fields"] = ["amount"]
    cast.root.patch("/pipelines/1", {"stages": stages})
    deal(cast.alice)
    needed = ("amount", "expected_close_on", "customer_id", "lines", "people")
    every = {f"#/{name}": "required_for_stage" for name in needed}
    refused = cast.alice.post("/deals/1/move", {"stage_id": LATER})
    assert issues(refused) == every
    assert refused.get_json()["errors"][0]["detail"] == "The stage “需求确认” requires this."
    assert issues(cast.alice.post("/deals", {"name": "x", "stage_id": LATER})) == every
    assert issues(cast.alice.post("/deals/1/win")) == {"#/amount": "required_for_stage"}

    buyer = customer(cast.alice)
    person = cast.alice.made("/people", {"customer_id": buyer, "name": "王"})["id"]
    full = {
        "customer_id": buyer,
        "expected_close_on": "2026-12-31",
        "people": [{"person_id": person}],
        "lines": [{"product_id": product(cast), "quantity": "1", "unit_price": "1"}],
    }
    assert cast.alice.patch("/deals/1", full).status_code == 200
    assert cast.alice.post("/deals/1/move", {"stage_id": LATER}).status_code == 200
    assert cast.alice.made("/deals", {"name": "y", "stage_id": LATER, **full})["amount"] == "1.00"
    # What the stage requires is not taken away there.
    assert issues(cast.alice.patch("/deals/1", {"lines": [], "expected_close_on": None})) == {
        "#/lines": "required_for_stage",
        "#/amount": "required_for_stage",
        "#/expected_close_on": "required_for_stage",
    }
    assert cast.alice.patch("/deals/1", {"name": "z"}).status_code == 200


# ---- history --------------------------------------------------------------------------------------------------------


def test_history_is_loaded_by_who_may(cast: Cast) -> None:
    won = {"name": "old", "stage_id": WON, "opened_on": "2017-01-01", "closed_on": "2017-03-01", "amount": "100"}
    assert issues(cast.alice.post("/deals", won)) == {"#/stage_id": "history_only"}
    for who in (cast.carol, cast.root):
        made = who.made("/deals", won)
        expected = {
            "state": "won",
            "closed_on": "2017-03-01",
            "is_backfill": True,
            "win_probability": 1.0,
            # The start of the day in the caller's zone.
            "stage_entered_at": "2017-02-28T16:00:00Z",
        }
        assert {name: made[name] for name in expected} == expected
    lost = deal(cast.root, stage_id=LOST, closed_on="2017-03-01")
    assert (lost["state"], lost["lost_reason"], lost["win_probability"]) == ("lost", None, 0.0)
    assert issues(cast.root.post("/deals", {"name": "x", "stage_id": WON})) == {"#/closed_on": "required"}
    later = {**won, "opened_on": "2017-04-01"}
    assert issues(cast.root.post("/deals", later)) == {"#/closed_on": "before_open"}
    future = {**won, "closed_on": str(TODAY + timedelta(days=3))}
    assert issues(cast.root.post("/deals", future)) == {"#/closed_on": "future"}
    reason = {**won, "lost_reason": "price"}
    assert issues(cast.root.post("/deals", reason)) == {"#/lost_reason": "not_lost"}


def test_an_open_deal_of_the_past_is_history_too(cast: Cast) -> None:
    loaded = deal(cast.root, opened_on="2017-01-01")
    assert (loaded["is_backfill"], loaded["stage_entered_at"]) == (True, "2016-12-31T16:00:00Z")
    typed = deal(cast.alice, opened_on="2017-01-01")
    assert (typed["is_backfill"], typed["stage_entered_at"]) == (False, typed["created_at"])


def test_an_upsert_changes_nothing_the_second_time(cast: Cast) -> None:
    one = product(cast)
    body = {
        "name": "loaded",
        "stage_id": WON,
        "opened_on": "2017-01-01",
        "closed_on": "2017-03-01",
        "amount": "100",
        "owner_id": cast.alice.id,
        "win_probability": 1,
    }
    first = cast.root.put("/deals/external/old/Z1", body)
    assert first.status_code == 201
    again = cast.root.put("/deals/external/old/Z1", body)
    assert again.status_code == 200
    assert again.get_json() == first.get_json()
    other = cast.root.put("/deals/external/old/Z1", {**body, "closed_on": "2017-03-02", "stage_id": LOST})
    assert issues(other) == {"#/closed_on": "read_only", "#/stage_id": "read_only"}
    lines = [{"product_id": one, "quantity": "1", "unit_price": "5"}]
    changed = cast.root.put("/deals/external/old/Z1", {**body, "lines": lines})
    assert (changed.get_json()["version"], changed.get_json()["amount"]) == (2, "100.00")


def test_a_retry_makes_one_deal(cast: Cast) -> None:
    key = {"Idempotency-Key": "d1"}
    first = cast.alice.post("/deals", {"name": "x"}, headers=key)
    again = cast.alice.post("/deals", {"name": "x"}, headers=key)
    assert again.get_json() == first.get_json()
    won = cast.alice.post("/deals/1/win", {}, headers=key)
    again = cast.alice.post("/deals/1/win", {}, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json() == won.get_json()
    assert cast.alice.get("/deals/1").get_json()["version"] == 2
    assert cast.alice.post("/deals", {"name": "y"}, headers=key).status_code == 422


def test_who_comes_late_sees_what_has_changed(cast: Cast) -> None:
    line = {"product_id": product(cast), "quantity": "1", "unit_price": "10"}
    made = cast.alice.post("/deals", {"name": "x"})
    etag = {"If-Match": made.headers["ETag"]}
    cast.carol.patch("/deals/1", {"lines": [line], "next_step": "call"})
    for path, body in (
        ("", {"name": "y"}),
        ("/move", {"stage_id": LATER}),
        ("/win", {}),
        ("/lose", {"reason": "price"}),
    ):
        late = cast.alice.call("POST" if path else "PATCH", f"/deals/1{path}", json=body, headers=etag)
        assert late.status_code == 412
        assert late.get_json()["changed_fields"] == ["amount", "lines", "next_step"]
        assert late.get_json()["current"] == cast.alice.get("/deals/1").get_json()
    fresh = {"If-Match": cast.alice.get("/deals/1").headers["ETag"]}
    assert cast.alice.patch("/deals/1", {"name": "y"}, headers=fresh).status_code == 200


def test_deleted_deals_are_kept_in_the_bin(cast: Cast) -> None:
    deal(cast.alice, "first")
    deal(cast.alice, "second")
    assert cast.alice.delete("/deals/1").status_code == 204
    assert [one["name"] for one in cast.alice.get("/deals").get_json()["data"]] == ["second"]
    (gone,) = cast.alice.get("/deals?deleted=only").get_json()["data"]
    assert (gone["name"], gone["is_active"]) == ("first", False)
    assert cast.bob.post("/deals/1/restore").status_code == 404
    assert cast.alice.post("/deals/1/restore").get_json()["rank"] == gone["rank"]
    assert [one["action"] for one in entries("deal", 1)] == ["created", "deleted", "restored"]


# ---- the list -------------------------------------------------------------------------------------------------------


def test_filters(cast: Cast) -> None:
    buyer = customer(cast.alice)
    one, two = product(cast, "A"), product(cast, "B")
    person = cast.alice.made("/people", {"customer_id": buyer, "name": "王"})["id"]
    deal(
        cast.alice,
        "服务器扩容",
        customer_id=buyer,
        amount="100",
        next_step_on="2026-06-01",
        expected_close_on="2026-06-30",
        forecast_category="committed",
        source="referral",
        kind="renewal",
        people=[{"person_id": person}],
        lines=[{"product_id": one, "quantity": "1", "unit_price": "1"}],
    )
    deal(cast.mallory, "Printer", amount="200.5", currency="USD", stage_id=LATER, expected_close_on="2026-07-01")
    deal(cast.root, "old", stage_id=WON, opened_on="2025-01-01", closed_on="2025-02-01")
    deal(cast.root, "older", stage_id=LOST, closed_on="2024-02-01", lost_reason="price")
    cast.mallory.patch(
        "/deals/2",
        {"lines": [{"product_id": p, "quantity": "1", "unit_price": "1"} for p in (one, two)], "amount": "200.5"},
    )

    def ids(query: str, who: Any = None) -> list[int]:
        answer = (who or cast.root).get(f"/deals?sort=id&{query}")
        assert answer.status_code == 200, (query, answer.get_data(as_text=True))
        return [entry["id"] for entry in answer.get_json()["data"]]

    expected = {
        "stage_id=1": [1],
        "stage_id=1&stage_id=2": [1, 2],
        "pipeline_id=1": [1, 2, 3, 4],
        "state=open": [1, 2],
        "state=won&state=lost": [3, 4],
        f"owner_id={cast.alice.id}": [1],
        f"team_id={cast.south}": [2],
        "team_id=none": [3, 4],
        f"customer_id={buyer}": [1],
        "customer_id=none": [2, 3, 4],
        f"person_id={person}": [1],
        f"product_id={one}": [1, 2],
        f"product_id={two}": [2],
        f"product_id={one}&product_id={two}": [1, 2],
        "product_id=none": [3, 4],
        "amount_min=100&amount_max=200.49": [1],
        "amount_min=200.50": [2],
        "currency=USD": [2],
        "kind=renewal": [1],
        "forecast_category=committed": [1, 3],
        "forecast_category=omitted": [4],
        "source=referral": [1],
        "lost_reason=price": [4],
        "expected_close_from=2026-06-30&expected_close_to=2026-06-30": [1],
        "expected_close=2026-07-01": [2],
        "closed_from=2024-02-01&closed_to=2025-01-31": [4],
        "closed=none": [1, 2],
        "opened_from=2025-01-01": [3],
        "next_step_on=none": [2, 3, 4],
        "next_step_on=2026-06-01": [1],
        "next_step_on_to=2026-06-01": [1],
        "next_step_on=none&state=open": [2],
        "win_probability_min=0.3&win_probability_max=0.3": [2],
        "is_backfill=true": [3, 4],
        f"created_after={TODAY - timedelta(days=2)}": [1, 2, 3, 4],
        f"created_before={TODAY - timedelta(days=2)}": [],
        "stage_entered_before=2026-01-01": [3, 4],
        "q=fuwuqi": [1],
        "q=打印": [],
        "q=print": [2],
        "name=服務器": [1],
        'where={"field":"product_id","op":"not_in","value":[2]}': [1, 3, 4],
        'where={"field":"product_id","op":"eq","value":2}': [2],
        'where={"field":"product_id","op":"not_null"}': [1, 2],
        'where={"or":[{"field":"amount","op":"gt","value":"150"},{"field":"state","op":"eq","value":"won"}]}': [2, 3],
    }
    for query, found in expected.items():
        assert ids(query) == found, query
    # Filters never widen the sight.
    assert ids("state=open", cast.mallory) == [2]
    assert ids(f"product_id={one}", cast.alice) == [1]


def test_sorts_with_nulls_last(cast: Cast) -> None:
    for name, amount in (("丙", None), ("甲", "2"), ("乙", "10"), ("丁", None)):
        deal(cast.alice, name, amount=amount)

    def names(sort: str) -> str:
        return "".join(one["name"] for one in cast.alice.get(f"/deals?sort={sort}").get_json()["data"])

    assert names("amount,name") == "甲乙丙丁"
    assert names("-amount,name") == "乙甲丙丁"
    assert names("name") == "丙丁甲乙"
    assert names("rank") == "丙甲乙丁"
    for sort in (
        "win_probability,expected_close_on,opened_on,closed_on",
        "next_step_on,stage_entered_at,state,stage_id",
        "owner_id,stage_id,forecast_category,-created_at",
    ):
        assert len(names(sort)) == 4
    assert issues(cast.alice.get("/deals?sort=mood")) == {"sort": "unknown_name"}


@pytest.mark.parametrize("sort", ["-amount", "amount", "-win_probability,name", "expected_close_on", "-created_at"])
def test_a_cursor_walks_all(cast: Cast, sort: str) -> None:
    for number in range(9):
        more = {} if number % 3 == 0 else {"amount": str(number % 4), "expected_close_on": f"2026-01-0{number % 2 + 1}"}
        deal(cast.alice, str(number), win_probability=number % 2 / 2, **more)
    seen: list[int] = []
    cursor = ""
    for _ in range(8):
        page = cast.alice.get(f"/deals?sort={sort}&per_page=2{cursor}").get_json()
        seen += [one["id"] for one in page["data"]]
        if page["meta"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['meta']['next_cursor']}"
    assert seen == [one["id"] for one in cast.alice.get(f"/deals?sort={sort}").get_json()["data"]]
    assert len(seen) == 9


def test_a_list_takes_few_statements(app: CRM, cast: Cast) -> None:
    buyer = customer(cast.alice)
    person = cast.alice.made("/people", {"customer_id": buyer, "name": "王"})["id"]
    line = {"product_id": product(cast), "quantity": "1", "unit_price": "1"}
    for number in range(12):
        deal(cast.alice, str(number), customer_id=buyer, people=[{"person_id": person}], lines=[line] * 3)
    for who in (cast.alice, cast.root):
        for query in ("", "?page=2&per_page=5", "?q=1&state=open&product_id=1", "?fields=name"):
            with counted(app) as counter:
                assert who.get(f"/deals{query}").status_code == 200
            assert len(counter.statements) <= 4


def test_the_record_looks_alike_everywhere(cast: Cast) -> None:
    line = {"product_id": product(cast), "quantity": "1", "unit_price": "1.5"}
    made = deal(cast.alice, customer_id=customer(cast.alice), lines=[line])
    assert cast.alice.get("/deals/1").get_json() == made
    assert cast.alice.get("/deals").get_json()["data"][0] == made
    assert cast.alice.get("/deals/board").get_json()["columns"][0]["cards"][0] == made
    assert cast.alice.patch("/deals/1", {"name": made["name"]}).get_json() == made
    timeline = cast.alice.get("/customers/1/timeline?type=deal").get_json()["data"]
    assert timeline[0]["record"] == made


def test_win_probability_of_lost_deals_stays_zero(cast: Cast) -> None:
    deal(cast.alice, win_probability=0.9)
    lost_for(cast.alice, 1)
    assert cast.alice.get("/deals/1").get_json()["win_probability"] == 0.0


def test_all_faults_of_a_deal_at_once(cast: Cast) -> None:
    line = {"product_id": 999, "quantity": "1", "unit_price": "1"}
    wrong: dict[str, Any] = {
        "source": "odd",
        "owner_id": cast.bob.id,
        "customer_id": customer(cast.mallory),
        "lines": [line],
        "people": [{"person_id": 999}],
        "collaborators": [{"user_id": 999}],
        "amount": "1.001",
    }
    every = {
        "#/source": "unknown_option",
        "#/owner_id": "not_yours_to_assign",
        "#/customer_id": "unknown_record",
        "#/lines/0/product_id": "unknown_record",
        "#/people/0/person_id": "unknown_record",
        "#/collaborators/0": "unknown_party",
        "#/amount": "too_precise",
    }
    assert issues(cast.alice.post("/deals", {"name": "x", **wrong, "stage_id": WON})) == {
        **every,
        "#/stage_id": "history_only",
    }
    made = deal(cast.alice)
    stages = cast.root.get("/pipelines/1").get_json()["stages"]
    stages[0]["required_fields"] = ["next_step"]
    cast.root.patch("/pipelines/1", {"stages": stages})
    assert issues(cast.alice.patch("/deals/1", {**wrong, "next_step": None})) == {
        **every,
        "#/next_step": "required_for_stage",
    }
    assert cast.alice.get("/deals/1").get_json() == made


def test_lines_follow_the_currency_beside_an_amount_by_hand(cast: Cast) -> None:
    line = {"product_id": product(cast), "quantity": "1", "unit_price": "10.55"}
    deal(cast.alice, currency="USD", amount="100", lines=[line])
    changed = cast.alice.patch("/deals/1", {"currency": "JPY"}).get_json()
    assert (changed["amount"], changed["amount_is_manual"]) == ("100.00", True)
    assert changed["lines"][0]["amount"] == "11.00"


def test_a_required_amount_may_follow_from_lines(cast: Cast) -> None:
    stages = cast.root.get("/pipelines/1").get_json()["stages"]
    stages[0]["required_fields"] = ["amount"]
    cast.root.patch("/pipelines/1", {"stages": stages})
    lines = [{"product_id": product(cast), "quantity": "1", "unit_price": "10"}]
    required = {"#/amount": "required_for_stage"}
    for by_lines in ({"amount": None}, {"amount_is_manual": False}, {}):
        assert deal(cast.alice, lines=lines, **by_lines)["amount"] == "10.00"
        assert issues(cast.alice.post("/deals", {"name": "x", **by_lines})) == required
    assert issues(cast.alice.post("/deals", {"name": "x", "lines": lines, "amount_is_manual": True})) == required
    assert deal(cast.alice, lines=lines, amount="7")["amount"] == "7.00"
    assert cast.alice.patch("/deals/1", {"lines": [], "amount": "5"}).get_json()["amount"] == "5.00"
    for nothing in ({"amount": None}, {"amount_is_manual": False}):
        assert issues(cast.alice.patch("/deals/1", nothing)) == required

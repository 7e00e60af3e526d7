"""A deal made after another one: what it takes over, and what it leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..cast import Cast
from ..faults import issues
from .selling import LATER, OPEN, customer, deal, lost_for, product


def test_what_a_clone_takes_over(cast: Cast) -> None:
    buyer = customer(cast.alice)
    person = cast.alice.made("/people", {"customer_id": buyer, "name": "王芳"})["id"]
    cast.root.made("/options", {"list": "competitor", "value": "acme", "label_zh": "甲", "label_en": "Acme"})
    goods = product(cast, tax_percent="13")
    line = {"product_id": goods, "quantity": "3", "unit_price": "9.5", "discount_percent": "10", "tax_percent": "6"}
    coming = str((datetime.now(UTC) + timedelta(days=30)).date())
    former = deal(
        cast.alice,
        "扩容",
        kind="renewal",
        customer_id=buyer,
        people=[{"person_id": person, "role": "决策者"}],
        lines=[line],
        stage_id=LATER,
        currency="USD",
        source="referral",
        description="说明",
        competitors=["acme"],
        next_step="演示",
        next_step_on=coming,
        expected_close_on=coming,
        forecast_category="committed",
        win_probability=0.7,
        external_source="old",
        external_id="7",
        collaborators=[{"user_id": cast.mallory.id, "access": "write"}],
    )
    lost_for(cast.alice, former["id"], note="x")
    cast.root.delete(f"/products/{goods}")
    answer = cast.alice.post(f"/deals/{former['id']}/clone")
    made = answer.get_json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/deals/{made['id']}")
    same = ("kind", "customer_id", "people", "currency", "source", "description", "competitors", "amount")
    assert {name: made[name] for name in same} == {name: former[name] for name in same}
    (copied,) = made["lines"]
    assert copied["id"] != former["lines"][0]["id"]
    assert copied | {"id": 0} == former["lines"][0] | {"id": 0}
    fresh = {
        "name": "扩容 (copy)",
        "version": 1,
        "stage_id": OPEN,
        "state": "open",
        "closed_on": None,
        "lost_reason": None,
        "lost_note": None,
        "next_step": None,
        "next_step_on": None,
        "expected_close_on": coming,
        "forecast_category": "pipeline",
        "win_probability": 0.1,
        "amount_is_manual": False,
        "external_source": None,
        "collaborators": [],
        "owner_id": cast.alice.id,
        "last_contacted_at": None,
    }
    assert {name: made[name] for name in fresh} == fresh
    assert len(cast.alice.get(f"/deals/{made['id']}/stages").get_json()["data"]) == 1
    assert cast.alice.get(f"/deals/{former['id']}").get_json()["state"] == "lost"


def test_names_amounts_and_owners(cast: Cast) -> None:
    deal(cast.alice, "长" * 200, amount="12.30", expected_close_on="2020-01-01")
    made = cast.carol.post("/deals/1/clone", headers={"Accept-Language": "zh-CN"}).get_json()
    assert made["name"] == "长" * 196 + "（副本）"
    assert (made["amount"], made["amount_is_manual"], made["expected_close_on"]) == ("12.30", True, None)
    assert (made["owner_id"], made["rank"] > "V00000") == (cast.carol.id, True)
    assert cast.carol.post("/deals/1/clone", {"name": "第二期"}).get_json()["name"] == "第二期"


def test_who_may_clone(cast: Cast) -> None:
    deal(cast.alice, "x")
    found = {who.name: who.post("/deals/1/clone").status_code for who in cast.everybody()}
    assert found == {"alice": 201, "bob": 404, "carol": 201, "mallory": 404, "vera": 403, "root": 201}
    assert issues(cast.alice.post("/deals/1/clone", {"mood": 1, "name": 3})) == {
        "#/mood": "unknown_field",
        "#/name": "wrong_type",
    }
    stages = cast.root.get("/pipelines/1").get_json()["stages"]
    stages[0]["required_fields"] = ["amount"]
    assert cast.root.patch("/pipelines/1", {"stages": stages}).status_code == 200
    assert issues(cast.alice.post("/deals/1/clone")) == {"#/amount": "required_for_stage"}

"""The answers of deals, contact records and reports are what the served document says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.report.keys import GROUPS

from ..cast import Cast
from ..deal.selling import LATER, WON, customer, deal, lost_for, product


def test_answers_are_as_documented(cast: Cast) -> None:
    buyer = customer(cast.alice)
    person = cast.alice.made("/people", {"customer_id": buyer, "name": "王"})["id"]
    line = {"product_id": product(cast, price="1.5", cost="1"), "quantity": "1", "unit_price": "1.5"}
    people = [{"person_id": person, "role": "x"}]
    deal(cast.alice, customer_id=buyer, people=people, lines=[line], next_step_on="2026-01-01")
    deal(cast.alice, currency="USD", amount="3", collaborators=[{"user_id": cast.bob.id, "access": "read"}])
    cast.alice.post("/deals/1/move", {"stage_id": LATER})
    lost_for(cast.alice, 2)
    cast.alice.made("/contacts", {"customer_id": buyer, "kind": "call", "person_id": person, "deal_id": 1})
    month = {"period": "month", "period_on": "2026-01-01", "measure": "won_amount"}
    for currency in ("CNY", "USD"):
        who = {"CNY": cast.alice, "USD": cast.bob}[currency]
        cast.root.made("/targets", {"user_id": who.id, "value": "9", "currency": currency, **month})
    document = cast.alice.get("/openapi.json").get_json()
    for template, path in (
        ("/deals", "/deals"),
        ("/deals/{id}", "/deals/1"),
        ("/deals/{id}/stages", "/deals/1/stages"),
        ("/deals/board", "/deals/board"),
        ("/pipelines", "/pipelines"),
        ("/pipelines/{id}", "/pipelines/1"),
        ("/products", "/products"),
        ("/products/{id}", "/products/1"),
        ("/contacts", "/contacts"),
        ("/contacts/{id}", "/contacts/1"),
        ("/customers/{id}/timeline", f"/customers/{buyer}/timeline"),
        ("/customers/{id}/people", f"/customers/{buyer}/people"),
        ("/reports/summary", "/reports/summary?from=2026-01-01&to=2026-01-31"),
        ("/reports/pipeline", "/reports/pipeline"),
        ("/reports/funnel", "/reports/funnel"),
        ("/reports/velocity", "/reports/velocity?group_by=owner"),
        ("/reports/losses", "/reports/losses?group_by=competitor"),
        ("/reports/pipeline/changes", "/reports/pipeline/changes?from=2026-01-01&to=2026-12-31"),
        ("/reports/hygiene", "/reports/hygiene"),
        ("/reports/hygiene/digest", "/reports/hygiene/digest"),
        ("/reports/customers", "/reports/customers?group_by=tag"),
        ("/reports/leads", "/reports/leads?group_by=month"),
        ("/reports/leaderboard", "/reports/leaderboard"),
        ("/reports/activity", "/reports/activity"),
        ("/reports/activity", "/reports/activity?group_by=day"),
        ("/reports/forecast", "/reports/forecast"),
        ("/targets/attainment", "/targets/attainment?year=2026"),
    ):
        operation = document["paths"][f"/api/v1{template}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        whole: dict[str, Any] = {**schema, "components": document["components"]}
        for who in (cast.alice, cast.root):
            answer = who.get(path)
            assert answer.status_code == 200, path
            faults = [fault.message for fault in Draft202012Validator(whole).iter_errors(answer.get_json())]
            assert faults == [], path


@pytest.mark.parametrize("group_by", GROUPS)
def test_sales_answer_on_both_databases(cast: Cast, group_by: str) -> None:
    buyer = customer(cast.alice)
    line = {"product_id": product(cast), "quantity": "2", "unit_price": "5"}
    deal(cast.root, customer_id=buyer, stage_id=WON, closed_on="2026-02-10", lines=[line])
    deal(cast.root, amount="3")
    answer = cast.root.get(f"/reports/sales?group_by={group_by}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    totals = answer.get_json()["totals"]
    assert (totals["won_count"], totals["won_amount"], totals["open_amount"]) == (1, "10.00", "3.00")

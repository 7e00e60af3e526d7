"""Who may not read what a deal is worth learns it from no sum, list, document or report either."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..auth.test_roles import codes, slug
from ..cast import Cast
from ..exporting.fetching import fetch, table
from ..importing.sending import upload
from .narrowing import narrow
from .test_field_rights import shown

AMOUNT = "77715.50"


@pytest.fixture
def deal(cast: Cast) -> int:
    """A deal of alice's with a line, whose amount is hidden from her."""
    product = cast.root.made("/products", {"code": "P", "name": "P", "currency": "CNY", "price": AMOUNT})
    line = {"product_id": product["id"], "quantity": "1", "unit_price": AMOUNT}
    made = cast.root.made("/deals", {"name": "Secret", "owner_id": cast.alice.id, "lines": [line]})
    assert made["amount"] == AMOUNT
    narrow(cast, cast.alice, {"deal": {"amount": "hidden"}})
    return int(made["id"])


def test_neither_in_the_record_nor_in_its_parts(cast: Cast, deal: int) -> None:
    cast.root.patch(f"/deals/{deal}", {"lines": []})
    cast.root.patch(f"/deals/{deal}", {"amount": AMOUNT})
    record = shown(cast.alice, f"/deals/{deal}")
    assert not {"amount", "lines", "amount_is_manual"} & record.keys()
    entries = shown(cast.alice, f"/journal?resource=deal&id={deal}")
    assert "77715" not in json.dumps([record, entries, shown(cast.alice, "/deals")])
    (row,) = table(fetch(cast.alice, "deals"))
    assert not {"amount", "lines"} & row.keys()
    sent = upload(cast.alice, "deals", "name,amount,quantity,unit price,product\nD,1,2,3,P\n")
    assert [one["field"] for one in sent["columns"]] == ["name", None, None, None, None]


def test_not_to_be_asked_for(cast: Cast, deal: int) -> None:
    for query, fault in (
        ("amount_min=1", ("amount_min", "unknown_parameter")),
        ("sort=-amount", ("sort", "unknown_name")),
        ("fields=lines", ("fields", "unknown_name")),
        ("change=increased", ("change", "unknown_parameter")),
    ):
        assert codes(cast.alice.get(f"/deals?{query}")) == [fault]
        if not query.startswith("fields"):
            assert cast.alice.get(f"/deals/board?{query}").status_code == 422
    sent: list[dict[str, Any]] = [{"amount": "1"}, {"lines": []}, {"amount_is_manual": True}]
    for values in sent:
        (name,) = values
        assert codes(cast.alice.patch(f"/deals/{deal}", values)) == [(f"#/{name}", "unknown_field")]


def test_not_in_the_columns_of_the_board(cast: Cast, deal: int) -> None:
    for group in ("stage", "owner", "month"):
        answer = shown(cast.alice, f"/deals/board?group_by={group}")
        assert sum(column["count"] for column in answer["columns"]) == 1
        for column in answer["columns"]:
            untold = (column["amount"], column["weighted_amount"], column["other_amounts"], column["sums"])
            assert untold == (None, None, [], [])
        assert "77715" not in json.dumps(answer)
    assert "77715" in json.dumps(shown(cast.root, "/deals/board"))


REFUSED = ("sales", "pipeline", "pipeline/changes?from=2026-01-01&to=2026-02-01", "forecast", "losses", "leaderboard")


def test_not_in_reports(cast: Cast, deal: int) -> None:
    for path in REFUSED:
        for suffix in ("", ("&" if "?" in path else "?") + "format=csv"):
            assert slug(cast.alice.get(f"/reports/{path}{suffix}")) == (403, "amounts-out-of-sight"), path
    assert slug(cast.alice.get("/targets/attainment")) == (403, "amounts-out-of-sight")
    assert cast.alice.get("/targets/attainment?measure=won_count").status_code == 200
    summary = shown(cast.alice, "/reports/summary")
    assert summary["open_count"] == 1
    assert {name: value for name, value in summary.items() if name.endswith("_amount")} == dict.fromkeys(
        ("open_amount", "weighted_amount", "won_amount", "mean_won_amount")
    )
    assert not [name for name in summary["filters"] if name.endswith("_amount")]
    hygiene = shown(cast.alice, "/reports/hygiene")
    assert (hygiene["totals"]["open_count"], hygiene["totals"]["open_amount"]) == (1, None)
    for path in ("summary", "hygiene", "funnel", "velocity", "activity", "customers", "leads", "hygiene/digest"):
        assert "77715" not in json.dumps(shown(cast.alice, f"/reports/{path}")), path
    for path in ("summary", "hygiene"):
        assert b"77715" not in cast.alice.get(f"/reports/{path}?format=csv").data
        assert "77715" in json.dumps(shown(cast.root, f"/reports/{path}"))


def test_not_in_quotes(cast: Cast, deal: int) -> None:
    quote = cast.root.made("/quotes", {"deal_id": deal})
    assert quote["total"] == AMOUNT
    assert shown(cast.alice, "/quotes")["data"] == []
    assert cast.alice.get(f"/quotes/{quote['id']}").status_code == 404
    assert cast.alice.post("/quotes", {"deal_id": deal}).status_code == 403
    assert shown(cast.alice, "/journal?resource=quote")["data"] == []


@pytest.mark.parametrize(
    ("field", "group"), [("industry", "industry"), ("address", "country")], ids=["industry", "country"]
)
def test_fields_of_customers_in_lists_and_reports_of_deals(cast: Cast, field: str, group: str) -> None:
    narrow(cast, cast.alice, {"customer": {field: "hidden"}})
    assert codes(cast.alice.get(f"/deals?{group}=x")) == [(group, "unknown_parameter")]
    assert codes(cast.alice.get(f"/reports/sales?group_by={group}")) == [("group_by", "not_allowed")]
    assert cast.alice.get("/reports/sales?group_by=month").status_code == 200


def test_a_read_only_amount_is_read_and_not_written(cast: Cast) -> None:
    made: dict[str, Any] = cast.root.made("/deals", {"name": "D", "owner_id": cast.alice.id, "amount": AMOUNT})
    narrow(cast, cast.alice, {"deal": {"amount": "read_only"}})
    assert shown(cast.alice, f"/deals/{made['id']}")["amount"] == AMOUNT
    assert codes(cast.alice.patch(f"/deals/{made['id']}", {"lines": []})) == [("#/lines", "read_only")]
    assert cast.alice.get("/reports/sales").status_code == 200

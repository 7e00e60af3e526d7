"""What the fuzzing of the API has found, each once and for all."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from app.routing import CRM, PREFIX

from ..cast import Cast
from ..exporting.fetching import ask
from ..faults import issues
from ..job.test_jobs import work_off

ABOVE = {"field": "amount", "op": "gte", "value": 7.25}
"""A tree with a number that has decimals."""


@pytest.fixture
def deals(cast: Cast) -> Cast:
    """Two deals of alice's, one above 7.25."""
    for name, amount in (("small", "7.24"), ("large", "7.26")):
        cast.alice.made("/deals", {"name": name, "amount": amount, "currency": "CNY"})
    return cast


def test_many_records_by_a_number_with_decimals(deals: Cast) -> None:
    body = {"action": "update", "where": ABOVE, "changes": {"amount": 8.5, "win_probability": 0.07}}
    answer = deals.alice.post("/deals/bulk", body)
    assert (answer.status_code, answer.get_json()["changed"]) == (200, 1)
    amounts = {one["name"]: one["amount"] for one in deals.alice.get("/deals").get_json()["data"]}
    assert {name: Decimal(text) for name, text in amounts.items()} == {
        "small": Decimal("7.24"),
        "large": Decimal("8.5"),
    }


def test_many_records_by_a_job(app: CRM, deals: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.bulk.service.AT_ONCE", 0)
    exact = b'{"action": "update", "where": {"field": "amount", "op": "gte", "value": 7.2500}, "changes": %s}'
    changes = b'{"amount": 99999999999999.99, "win_probability": 0.07}'
    answer = deals.alice.call("POST", "/deals/bulk", data=exact % changes, content_type="application/json")
    assert answer.status_code == 202, answer.get_data(as_text=True)
    work_off()
    assert deals.alice.get(f"/jobs/{answer.get_json()['id']}").get_json()["status"] == "succeeded"
    found = deals.alice.get("/deals?name=large").get_json()["data"][0]
    assert (found["amount"], found["win_probability"]) == ("99999999999999.99", 0.07)


def test_a_view_and_an_export_by_a_number_with_decimals(app: CRM, deals: Cast) -> None:
    view = deals.alice.made("/views", {"name": "v", "resource": "deals", "where": ABOVE})
    assert deals.alice.get(f"/views/{view['id']}").get_json()["where"] == ABOVE
    many = b'{"where": {"field": "amount", "op": "gte", "value": 12345678901234.5678}}'
    answer = deals.alice.call("PATCH", f"/views/{view['id']}", data=many, content_type="application/json")
    assert answer.get_json()["where"]["value"] == "12345678901234.5678"
    job = ask(deals.alice, "deals", where=ABOVE)
    assert (job["status"], job["done"]) == ("succeeded", 1)


@pytest.mark.parametrize("text", ["\x00", "\ud800", "\uffff"])
def test_odd_texts_in_the_tree_of_a_view(deals: Cast, text: str) -> None:
    tree = {"field": "name", "op": "eq", "value": text}
    # Written in plain ASCII, where a lone surrogate has its place.
    sent = [
        {"data": json.dumps(body), "content_type": "application/json"}
        for body in (
            {"name": "v", "resource": "deals", "where": tree},
            {"action": "delete", "where": tree, "preview": True},
        )
    ]
    answer = deals.alice.call("POST", "/views", **sent[0])
    assert answer.status_code == 422 or (answer.status_code == 201 and answer.get_json()["where"] == tree)
    tried = deals.alice.call("POST", "/deals/bulk", **sent[1])
    assert tried.status_code == answer.status_code or (tried.status_code, answer.status_code) == (200, 201)


def test_what_has_no_content_has_no_type(cast: Cast) -> None:
    answer = cast.alice.post("/auth/password/forgot", {"email": "nobody@example.com"})
    assert (answer.status_code, answer.get_data(), answer.headers.get("Content-Type")) == (202, b"", None)
    made = cast.alice.made("/tags", {"name": "x"})["id"]
    gone = cast.alice.delete(f"/tags/{made}")
    assert (gone.status_code, gone.headers.get("Content-Type")) == (204, None)


def test_the_document_names_the_types_of_files(cast: Cast) -> None:
    paths = cast.root.get("/openapi.json").get_json()["paths"]
    for kind in ("csv", "xlsx"):
        answer = cast.root.get(f"/reports/sales?format={kind}")
        told = paths[f"{PREFIX}/reports/sales"]["get"]["responses"]["200"]["content"]
        assert answer.mimetype in told, kind
    assert set(paths[f"{PREFIX}/attachments/{{id}}/content"]["get"]["responses"]["200"]["content"]) == {"*/*"}


def test_the_document_says_what_a_rate_looks_like(cast: Cast) -> None:
    schemas = cast.root.get("/openapi.json").get_json()["components"]["schemas"]
    for number, rate in enumerate(("7.5", "0.1", "7", "0.0000000001", "999999999")):
        body = {"currency": "EUR", "valid_on": f"2026-01-{number + 1:02}", "rate": rate}
        shown = cast.root.made("/exchange-rates", body)["rate"]
        assert re.search(schemas["ExchangeRateRecord"]["properties"]["rate"]["pattern"], shown), shown


@pytest.mark.parametrize("record_id", [2**63, 10**30])
def test_a_retry_at_an_id_beyond_reach(cast: Cast, record_id: int) -> None:
    key = {"headers": {"Idempotency-Key": "one"}}
    for path in (f"/customers/{record_id}/disqualify", f"/people/{record_id}/restore"):
        assert cast.root.post(path, **key).status_code == 404
    assert cast.root.post(f"/customers/duplicates/{record_id}/reopen", **key).status_code == 404


def test_the_document_says_403_wherever_somebody_signs_in(cast: Cast) -> None:
    for path, item in cast.root.get("/openapi.json").get_json()["paths"].items():
        for method, told in item.items():
            assert ("403" in told["responses"]) or told.get("security") == [], (method, path)


def test_a_column_of_a_view_says_its_width(cast: Cast) -> None:
    body = {"name": "v", "resource": "deals", "columns": [{"field": "name"}]}
    made = cast.alice.made("/views", body)
    assert made["columns"] == [{"field": "name", "width": None}]


def test_only_what_is_deleted_can_be_asked_for_apart(cast: Cast) -> None:
    assert issues(cast.root.get("/custom-fields?deleted=")) == {"deleted": "not_allowed"}


@pytest.mark.parametrize("path", ["/people/{id}/personal-data", "/customers/{id}/personal-data"])
def test_the_document_names_every_form_of_what_is_handed_out(cast: Cast, path: str) -> None:
    operation = cast.root.get("/openapi.json").get_json()["paths"][f"{PREFIX}{path}"]["post"]
    assert set(operation["responses"]["200"]["content"]) == {"application/json", "text/html"}

"""Products: written by admins, read by everybody, the cost by right."""

from __future__ import annotations

from typing import Any

import pytest

from app.auth.models import role_of
from app.transaction import unit_of_work

from ..cast import Cast
from ..faults import issues
from .selling import product


def test_a_product(cast: Cast) -> None:
    body = {
        "code": "GTX-1",
        "name": "显卡 Basic",
        "category": "goods",
        "series": "GTX",
        "unit": "台",
        "specification": "8 GB",
        "description": "安静",
        "price": "550",
        "tax_percent": "13",
        "cost": "300.5",
    }
    made = cast.root.made("/products", body)
    expected = body | {"price": "550.00", "tax_percent": "13.00", "cost": "300.50", "currency": "CNY", "id": 1}
    assert {name: made[name] for name in expected} == expected
    assert made["version"] == 1
    assert made["can_write"] is True


def test_the_cost_is_shown_by_right(cast: Cast) -> None:
    product(cast, cost="3")
    shown = {one.name: one.get("/products/1").get_json().get("cost", "hidden") for one in cast.everybody()}
    assert shown == {
        "alice": "hidden",
        "bob": "hidden",
        "carol": "3.00",
        "mallory": "hidden",
        "vera": "hidden",
        "root": "3.00",
    }
    listed = {one.name: "cost" in one.get("/products").get_json()["data"][0] for one in cast.everybody()}
    assert listed == {name: value != "hidden" for name, value in shown.items()}
    assert issues(cast.alice.get("/products?sort=cost")) == {"sort": "unknown_name"}
    assert issues(cast.alice.get("/products?cost_min=1")) == {"cost_min": "unknown_parameter"}


def test_who_may_not_see_the_cost_may_not_set_it(cast: Cast) -> None:
    product(cast, cost="3")
    with unit_of_work():
        role = role_of("sales")
        assert role is not None
        role.permissions = [*role.permissions, "product:write"]
    assert issues(cast.alice.patch("/products/1", {"cost": "1"})) == {"#/cost": "read_only"}
    assert cast.alice.patch("/products/1", {"price": "9"}).status_code == 200
    assert cast.root.get("/products/1").get_json()["cost"] == "3.00"


PERSON_BY_ENDPOINT = [
    ("GET", "/products", None, (200, 200, 200, 200, 200, 200)),
    ("GET", "/products/1", None, (200, 200, 200, 200, 200, 200)),
    ("POST", "/products", {"code": "X", "name": "X"}, (403, 403, 403, 403, 403, 201)),
    ("PATCH", "/products/1", {"name": "Y"}, (403, 403, 403, 403, 403, 200)),
    ("PUT", "/products/external/s/1", {"code": "Z", "name": "Z"}, (403, 403, 403, 403, 403, 201)),
    ("DELETE", "/products/1", None, (403, 403, 403, 403, 403, 204)),
    ("POST", "/products/1/restore", {}, (403, 403, 403, 403, 403, 200)),
]


def test_who_may_what(cast: Cast) -> None:
    product(cast)
    for method, path, body, expected in PERSON_BY_ENDPOINT:
        found = tuple(one.call(method, path, json=body).status_code for one in cast.everybody())
        assert found == expected, (method, path)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"#/code": "required", "#/name": "required"}),
        ({"code": "A", "name": "A", "currency": "cny"}, {"#/currency": "currency"}),
        ({"code": "A", "name": "A", "currency": None}, {"#/currency": "required"}),
        ({"code": "A", "name": "A", "price": "-1"}, {"#/price": "out_of_range"}),
        ({"code": "A", "name": "A", "price": "1.23456"}, {"#/price": "too_precise"}),
        ({"code": "A", "name": "A", "tax_percent": "100.1"}, {"#/tax_percent": "out_of_range"}),
        ({"code": "A", "name": "A", "category": "x"}, {"#/category": "unknown_option"}),
    ],
)
def test_what_is_refused(cast: Cast, body: dict[str, Any], expected: dict[str, str]) -> None:
    assert issues(cast.root.post("/products", body)) == expected


def test_a_code_is_taken_ignoring_case(cast: Cast) -> None:
    product(cast, "gtx")
    taken = cast.root.post("/products", {"code": "ＧＴＸ", "name": "other"})
    assert (taken.status_code, issues(taken)) == (409, {"#/code": "taken"})
    cast.root.delete("/products/1")
    other = product(cast, "GTX")
    assert cast.root.post("/products/1/restore").status_code == 409
    cast.root.patch(f"/products/{other}", {"code": "RTX"})
    assert cast.root.post("/products/1/restore").status_code == 200


def test_filters_and_search(cast: Cast) -> None:
    product(cast, "A1", series="S1", price="10", category="goods")
    product(cast, "B2", series="S2", price="20", category="software")

    def codes(query: str) -> list[str]:
        return [one["code"] for one in cast.alice.get(f"/products?{query}").get_json()["data"]]

    assert codes("") == ["A1", "B2"]
    assert codes("sort=-price") == ["B2", "A1"]
    assert codes("q=b2") == ["B2"]
    assert codes("q=chanpin") == ["A1", "B2"]
    assert codes("price_min=10.01") == ["B2"]
    assert codes("series=S1&category=goods") == ["A1"]
    assert codes("code=B2&code=A1") == ["A1", "B2"]

"""The files of a hardware seller through the upload door: all of it once, and nothing new the second time."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from app.routing import CRM

from ..cast import Cast, Member
from ..conftest import FIXTURES, ON_CI
from ..importing.sending import change, counts, mapping, result, upload

FOLDER = FIXTURES / "maventech"

pytestmark = pytest.mark.real_data


@pytest.fixture(autouse=True)
def _shipped() -> None:
    if not FOLDER.is_dir():
        if ON_CI:
            pytest.fail(f"{FOLDER} is missing")
        pytest.skip(f"{FOLDER} is not shipped with the product")


def people(root: Member) -> None:
    """The agents of the files: users are no rows of an import yet."""
    with (FOLDER / "sales_teams.csv").open(encoding="utf-8-sig", newline="") as file:
        names = [row["sales_agent"] for row in csv.DictReader(file)]
    for number, name in enumerate(names):
        answer = root.post(
            "/users",
            {"name": name, "email": f"agent{number}@example.com", "role": "sales", "password": "x" * 9 + "7 long"},
        )
        assert answer.status_code == 201, answer.get_json()


def import_all(root: Member) -> dict[str, dict[str, int]]:
    """Every file, with what only a person can know."""
    done: dict[str, dict[str, int]] = {}
    accounts = upload(root, "customers", FOLDER / "accounts.csv")
    assert {"account": "name", "sector": "industry", "employees": "employee_count"}.items() <= mapping(accounts).items()
    accounts = change(
        root,
        accounts,
        fields={"subsidiary_of": "parent"},
        options={"create": ["options", "customers"], "values": {"industry": {"technolgy": "technology"}}},
    )
    done["accounts"] = counts(result(root, accounts, "commit"))
    products = upload(root, "products", FOLDER / "products.csv")
    products = change(root, products, fields={"product": "name", "series": "series", "sales_price": "price"})
    done["products"] = counts(result(root, products, "commit"))
    deals = upload(root, "deals", FOLDER / "sales_pipeline_sample913.csv")
    assert mapping(deals) == {
        "opportunity_id": "external_id",
        "sales_agent": "owner",
        "product": "product",
        "account": "customer",
        "deal_stage": "stage",
        "engage_date": "opened_on",
        "close_date": "expected_close_on",
        "close_value": "amount",
    }
    found = result(root, deals, "check")
    # What was decided the first time is remembered the second time.
    is_first = not deals["options"]["values"]
    assert {(one["field"], one["value"]) for one in found["unknown"]} == (
        {("product", "GTXPro")} if is_first else set()
    )
    (gtx,) = root.get("/products?name=GTX%20Pro").get_json()["data"]
    deals = change(root, deals, options={"values": {"product": {"GTXPro": gtx["id"]}}})
    done["deals"] = counts(result(root, deals, "commit"))
    return done


def test_all_of_it_twice(app: CRM, cast: Cast) -> None:
    people(cast.root)
    stages = [
        {"name": name, "kind": kind, "win_probability": share}
        for name, kind, share in (
            ("Prospecting", "open", 0.1),
            ("Engaging", "open", 0.4),
            ("Won", "won", 1),
            ("Lost", "lost", 0),
        )
    ]
    (pipeline,) = cast.root.get("/pipelines").get_json()["data"]
    cast.root.made("/pipelines", {"name": "MavenTech", "stages": stages})
    assert cast.root.delete(f"/pipelines/{pipeline['id']}").status_code == 204
    assert cast.root.post("/options", {"list": "industry", "value": "technology"}).status_code == 201
    first = import_all(cast.root)
    assert first == {"accounts": {"new": 85}, "products": {"new": 7}, "deals": {"new": 913}}
    again = import_all(cast.root)
    assert again == {"accounts": {"unchanged": 85}, "products": {"unchanged": 7}, "deals": {"unchanged": 913}}
    totals: dict[str, Any] = {
        name: cast.root.get(f"/{name}").get_json()["meta"]["total"] for name in ("customers", "products", "deals")
    }
    assert totals == {"customers": 85, "products": 7, "deals": 913}
    summary = cast.root.get("/reports/summary").get_json()
    assert summary["won_count"] + summary["lost_count"] + summary["open_count"] == 913

"""Export, then import into an empty database: everything is as it was."""

from __future__ import annotations

from typing import Any

import pytest

from app.database import db
from app.installation import seed
from app.routing import CRM

from ..cast import Cast, raise_the_curtain
from ..conftest import clear
from ..importing.sending import result, upload
from .fetching import fetch, objects

ORDER = ("products", "customers", "people", "deals", "contacts")
ENDINGS = {"csv": "x.csv", "xlsx": "x.xlsx", "jsonl": "x.jsonl"}


def emptied(app: CRM) -> Cast:
    """The same house with nothing in it but its people, under another name."""
    db.session.remove()
    with db.engines[None].begin() as connection:
        clear(connection)
    app.extensions["lianxi.actors"].entries.clear()
    app.extensions["lianxi.cache"].clear()
    seed()
    return raise_the_curtain(app)


def told(cast: Cast) -> dict[str, list[dict[str, Any]]]:
    """Everything that the product would export, without what is handed out anew."""
    found = {}
    for plural in ORDER:
        rows = objects(fetch(cast.root, plural, "jsonl"))
        found[plural] = [{k: v for k, v in row.items() if k not in ("id", "lianxi_export")} for row in rows]
    return found


def furnished(cast: Cast) -> Cast:
    """The house with values of its own in a list."""
    for value, label in (("A|B", "甲, 乙"), ("C", "丙")):
        cast.root.made("/options", {"list": "competitor", "value": value, "label_zh": label, "label_en": label})
    return cast


def filled(cast: Cast) -> None:
    """Records of every kind with whatever is hard to carry."""
    root = cast.root
    product = root.made(
        "/products",
        {
            "code": "007",
            "name": "=HYPERLINK(1)",
            "price": "1234.5",
            "currency": "CNY",
            "tax_percent": "13",
            "cost": "0.0001",
            "category": "software",
        },
    )
    parent = root.made("/customers", {"name": "Same", "external_source": "erp", "external_id": "7"})
    one = root.made(
        "/customers",
        {
            "name": "=1+1",
            "short_name": "'quoted",
            "email": "a@acme.example",
            "phone": "+86 138 1234 5678",
            "tags": ["VIP;gold", "-minus", "普通"],
            "address": {
                "country": "中国",
                "province": "＝江苏",
                "city": "\u201cX\u201d",
                "street": "a, b",
                "postal_code": "001",
            },
            "description": ' \tfirst\n"second", 三\n\n=not a formula ',
            "annual_revenue": "99999999999999.99",
            "credit_rating": 0,
            "employee_count": 12,
            "parent_id": parent["id"],
            "next_follow_up_at": "2026-12-01T01:02:03.456789Z",
            "owner_id": cast.bob.id,
            "status": "active",
            "kind": "person",
            "level": "A",
            "tax_id": "0091320000",
            "collaborators": [{"user_id": cast.alice.id, "access": "write"}],
        },
    )
    pool = root.made("/customers", {"name": "Same", "owner_id": None, "email": "pool@x.example", "description": "  "})
    root.made(
        "/customers", {"name": "Blank", "short_name": "", "description": "", "title": "'", "address": {"city": ""}}
    )
    root.made("/customers", {"name": "@home", "parent_id": one["id"]})
    person = root.made(
        "/people",
        {
            "customer_id": one["id"],
            "name": "张三",
            "emails": [
                {"kind": "home", "address": "z@x.example"},
                {"kind": "work", "address": "w@x.example", "is_primary": True},
            ],
            "phones": [{"kind": "fax", "raw": "+49 731 1"}, {"kind": "mobile", "raw": "0731 2", "is_primary": True}],
            "birthday": "1900-01-15",
            "customers": [{"customer_id": pool["id"], "role": "adviser"}],
            "do_not_call": True,
            "is_primary": True,
            "salutation": "+Dr",
        },
    )
    root.made("/people", {"customer_id": pool["id"], "name": "张三", "birthday": "2001-12-31", "title": "", "qq": ""})
    deal = root.made(
        "/deals",
        {
            "name": "Renewal",
            "customer_id": one["id"],
            "lines": [
                {"product_id": product["id"], "quantity": "3", "unit_price": "10", "discount_percent": "12.5"},
                {"product_id": product["id"], "quantity": "0.5", "unit_price": "99.99", "tax_percent": "6"},
            ],
            "people": [{"person_id": person["id"], "role": "buyer"}],
            "competitors": ["A|B", "C"],
            "opened_on": "2026-01-02",
            "expected_close_on": "2026-12-31",
            "kind": "renewal",
        },
    )
    root.made("/deals", {"name": "Renewal", "customer_id": one["id"], "amount": "5.00", "win_probability": 0.37})
    stages = root.get("/pipelines").get_json()["data"][0]["stages"]
    lost = next(stage["id"] for stage in stages if stage["kind"] == "lost")
    root.made(
        "/deals",
        {
            "name": "-gone",
            "customer_id": pool["id"],
            "stage_id": lost,
            "closed_on": "2026-02-03",
            "lost_reason": "price",
            "amount": "12.34",
            "currency": "USD",
        },
    )
    root.made(
        "/contacts",
        {
            "customer_id": one["id"],
            "person_id": person["id"],
            "kind": "call",
            "direction": None,
            "content": "@all\r\n\x0bvertical\x1fend \u2028 line 😀 _x0041_",
            "occurred_at": "2026-03-04T05:06:07Z",
            "duration_seconds": 61,
        },
    )
    root.made(
        "/contacts",
        {"customer_id": one["id"], "kind": "note", "content": "'already", "occurred_at": "2026-03-04T05:06:07.5Z"},
    )
    root.made(
        "/contacts",
        {"customer_id": one["id"], "kind": "note", "content": "", "subject": "", "occurred_at": "2026-03-05T05:06:07Z"},
    )
    assert deal


@pytest.mark.parametrize("labels", ["api", "user"])
@pytest.mark.parametrize("format", ["csv", "xlsx", "jsonl"])
def test_everything_comes_back(app: CRM, cast: Cast, format: str, labels: str) -> None:
    filled(furnished(cast))
    before = told(cast)
    headers = {"Accept-Language": "zh-CN"}
    files = {plural: fetch(cast.root, plural, format, labels=labels, headers=headers) for plural in ORDER}
    cast = furnished(emptied(app))
    for plural in ORDER:
        chosen = upload(cast.root, plural, files[plural], ENDINGS[format])
        checked = result(cast.root, chosen, "check")
        found = result(cast.root, chosen, "commit")
        assert checked["wrong"] == 0, checked["rows"]
        assert found["wrong"] == 0, found["rows"]
        assert found["new"] == len(before[plural]), found
    assert told(cast) == before

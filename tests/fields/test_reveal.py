"""A masked value is shown to who asks for it: on record, without the value, and only so often a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.database import db
from app.reveal.models import Reveal
from app.transaction import unit_of_work

from ..auth.test_roles import codes, slug
from ..cast import Cast, Member
from ..racing import at_once
from .narrowing import narrow

PHONE = "13812345678"


@pytest.fixture
def pooled(cast: Cast) -> int:
    """A customer of the pool."""
    return int(cast.root.made("/customers", {"name": "Pool AG", "phone": PHONE, "owner_id": None})["id"])


def shows(who: Member, path: str, field: str) -> Any:
    """The value that somebody has shown."""
    answer = who.post(f"{path}/reveal", {"field": field})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.get_json()["value"]


def test_what_the_pool_masks(cast: Cast, pooled: int) -> None:
    assert cast.alice.get(f"/customers/{pooled}").get_json()["masked_fields"] == ["phone", "phone_e164"]
    assert shows(cast.alice, f"/customers/{pooled}", "phone") == PHONE
    assert cast.alice.get(f"/customers/{pooled}").get_json()["phone"] == "138****5678"
    person = cast.root.made("/people", {"name": "Pat", "customer_id": pooled, "phone": PHONE, "wechat": "pat"})
    path = f"/people/{person['id']}"
    assert shows(cast.alice, path, "wechat") == "pat"
    assert shows(cast.alice, path, "phone") == PHONE
    assert [one["raw"] for one in shows(cast.alice, path, "phones")] == [PHONE]


def test_what_a_role_masks(cast: Cast) -> None:
    narrow(cast, cast.alice, {"customer": {"address": "masked"}, "deal": {"description": "masked"}})
    made = cast.root.made(
        "/customers", {"name": "Acme", "address": {"city": "上海", "street": "南京路 1"}, "owner_id": cast.alice.id}
    )
    assert cast.alice.get(f"/customers/{made['id']}").get_json()["address"] == {"city": "***", "street": "***"}
    assert shows(cast.alice, f"/customers/{made['id']}", "address") == {"city": "上海", "street": "南京路 1"}
    deal = cast.root.made("/deals", {"name": "D", "description": "secret", "owner_id": cast.alice.id})
    assert shows(cast.alice, f"/deals/{deal['id']}", "description") == "secret"


def test_what_cannot_be_revealed(cast: Cast, pooled: int) -> None:
    narrow(cast, cast.bob, {"customer": {"phone": "hidden", "tax_id": "read_only"}})
    for who, field, code in (
        (cast.alice, "name", "not_masked"),
        (cast.alice, "tax_id", "not_masked"),
        (cast.alice, "email", "not_masked"),
        (cast.carol, "phone", "not_masked"),
        (cast.root, "phone", "not_masked"),
        (cast.alice, "reach_key", "unknown_name"),
        (cast.alice, "custom.none", "unknown_name"),
        (cast.bob, "phone", "unknown_name"),
        (cast.bob, "phone_e164", "unknown_name"),
    ):
        answer = who.post(f"/customers/{pooled}/reveal", {"field": field})
        assert answer.status_code == 422, (who.name, field)
        assert codes(answer) == [("#/field", code)], (who.name, field)
    hers = cast.mallory.made("/customers", {"name": "Hers", "phone": PHONE})
    assert cast.alice.post(f"/customers/{hers['id']}/reveal", {"field": "phone"}).status_code == 404
    assert cast.alice.post("/customers/99999/reveal", {"field": "phone"}).status_code == 404
    assert codes(cast.alice.post(f"/customers/{pooled}/reveal", {})) == [("#/field", "required")]
    assert cast.root.get("/reveals").get_json()["data"] == []


def test_it_is_on_record_without_the_value(cast: Cast, pooled: int) -> None:
    shows(cast.alice, f"/customers/{pooled}", "phone")
    (kept,) = cast.root.get("/reveals").get_json()["data"]
    assert (kept["of_resource"], kept["record_id"], kept["field"]) == ("customer", pooled, "phone")
    assert kept["author"] == {"id": cast.alice.id, "name": "Alice"}
    (entry,) = cast.root.get("/journal?resource=reveal").get_json()["data"]
    assert entry["actor"]["id"] == cast.alice.id
    assert {name: side["after"] for name, side in entry["changes"].items()} == {
        "of_resource": "customer",
        "record_id": pooled,
        "field": "phone",
    } | ({"created_by": cast.alice.id} if "created_by" in entry["changes"] else {})
    assert PHONE not in str(entry)
    assert cast.alice.get("/journal?resource=reveal").get_json()["data"] == []
    for path in ("/reveals", f"/reveals/{kept['id']}", "/security/reveals"):
        assert cast.alice.get(path).status_code == 403, path
    undone = cast.alice.post(f"/changesets/{entry['changeset_id']}/undo")
    assert slug(undone) == (409, "not-undoable")
    assert cast.root.get("/reveals").get_json()["meta"]["total"] == 1


def test_it_is_kept_by_nobody(cast: Cast, pooled: int) -> None:
    key = {"Idempotency-Key": "reveal-once-1"}
    first = cast.alice.post(f"/customers/{pooled}/reveal", {"field": "phone"}, headers=key)
    assert first.get_json() == {"value": PHONE}
    again = cast.alice.post(f"/customers/{pooled}/reveal", {"field": "phone"}, headers=key)
    assert slug(again) == (409, "secret-not-replayable")


def test_the_quota_of_a_day(cast: Cast, pooled: int) -> None:
    assert cast.root.get("/settings").get_json()["reveal_quota"] == 50
    assert cast.root.patch("/settings", {"reveal_quota": 2}).status_code == 200
    for _ in range(2):
        shows(cast.alice, f"/customers/{pooled}", "phone")
    spent = cast.alice.post(f"/customers/{pooled}/reveal", {"field": "phone"})
    assert slug(spent) == (429, "reveal-quota")
    assert 0 < int(spent.headers["Retry-After"]) <= 86_400
    assert PHONE not in spent.get_data(as_text=True)
    assert "2" in spent.get_json()["detail"]
    assert shows(cast.bob, f"/customers/{pooled}", "phone") == PHONE
    answer = cast.root.get("/security/reveals").get_json()
    assert answer["meta"] == {"quota": 2}
    assert [(one["user"]["name"], one["count"], one["records"], one["is_spent"]) for one in answer["data"]] == [
        ("Alice", 2, 1, True),
        ("Bob", 1, 1, False),
    ]
    own = cast.root.get(f"/security/reveals?user_id={cast.bob.id}").get_json()["data"]
    assert [one["user"]["name"] for one in own] == ["Bob"]
    assert cast.root.get("/security/reveals?from=2020-01-01&to=2020-01-31").get_json()["data"] == []
    for query, fault in (
        ("from=2020-01-02&to=2020-01-01", [("to", "before_from")]),
        ("from=2020-01-01&to=2020-02-01", [("from", "too_many_days")]),
        ("from=yesterday", [("from", "date")]),
    ):
        assert codes(cast.root.get(f"/security/reveals?{query}")) == fault
    assert cast.root.patch("/settings", {"reveal_quota": 0}).status_code == 200
    assert cast.mallory.post(f"/customers/{pooled}/reveal", {"field": "phone"}).status_code == 429
    assert codes(cast.root.patch("/settings", {"reveal_quota": -1})) == [("#/reveal_quota", "out_of_range")]


def test_the_quota_is_of_a_day(cast: Cast, pooled: int) -> None:
    assert cast.root.patch("/settings", {"reveal_quota": 1}).status_code == 200
    shows(cast.alice, f"/customers/{pooled}", "phone")
    with unit_of_work() as unit:
        db.session.execute(update(Reveal).values(created_at=unit.at - timedelta(days=1)))
    assert shows(cast.alice, f"/customers/{pooled}", "phone") == PHONE


def test_of_many_at_once_no_more_than_the_quota(cast: Cast, pooled: int) -> None:
    assert cast.root.patch("/settings", {"reveal_quota": 3}).status_code == 200
    answers = at_once(*[lambda: cast.alice.post(f"/customers/{pooled}/reveal", {"field": "phone"})] * 8)
    assert sorted(one.status_code for one in answers) == [200] * 3 + [429] * 5
    assert cast.root.get("/reveals").get_json()["meta"]["total"] == 3

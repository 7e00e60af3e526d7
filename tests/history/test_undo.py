"""Undo: a change set is taken back whole, or not at all and in words."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.database import db
from app.deal.models import DealStageEntry
from app.history import undo as undoing
from app.routing import CRM

from ..cast import Cast, Member
from ..job.test_jobs import work_off


def change(who: Member, method: str, path: str, json: Any = None) -> int:
    """Send a change; the id of its change set."""
    answer = who.call(method, path, json=json if json is not None or method == "DELETE" else {})
    assert answer.status_code < 300, answer.get_data(as_text=True)
    return int(answer.headers["X-Changeset-Id"])


def undo(who: Member, changeset_id: int) -> int:
    answer = who.post(f"/changesets/{changeset_id}/undo")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.headers["X-Changeset-Id"] == str(answer.get_json()["changeset_id"])
    return int(answer.get_json()["changeset_id"])


def content(who: Member, path: str) -> dict[str, Any]:
    """A record without what every change raises."""
    record = who.get(path).get_json()
    return {name: value for name, value in record.items() if name not in ("version", "updated_at")}


def test_an_edit_is_taken_back_and_done_again(cast: Cast) -> None:
    path = f"/customers/{cast.alice.made('/customers', {'name': 'Acme', 'tags': ['VIP']})['id']}"
    before = content(cast.alice, path)
    edit = {"name": "Acme GmbH", "tags": ["VIP", "new"], "phone": "13800138000", "address": {"city": "Ulm"}}
    edited = change(cast.alice, "PATCH", path, edit)
    after = content(cast.alice, path)
    undone = undo(cast.alice, edited)
    assert content(cast.alice, path) == before
    assert cast.alice.get("/customers?q=13800138000").get_json()["meta"]["total"] == 0, "keys follow"
    undo(cast.alice, undone)
    assert content(cast.alice, path) == after
    assert cast.alice.get("/customers?q=13800138000").get_json()["meta"]["total"] == 1


def test_creating_and_deleting(cast: Cast) -> None:
    answer = cast.alice.post("/customers", {"name": "Acme", "tags": ["fresh"]})
    path, created = f"/customers/{answer.get_json()['id']}", int(answer.headers["X-Changeset-Id"])
    undone = undo(cast.alice, created)
    assert cast.alice.get(path).status_code == 404
    assert cast.alice.get("/tags?name=fresh").get_json()["meta"]["total"] == 0
    undo(cast.alice, undone)
    assert cast.alice.get(path).get_json()["tags"] == ["fresh"]
    deleted = change(cast.alice, "DELETE", path)
    undo(cast.alice, deleted)
    assert cast.alice.get(path).get_json()["name"] == "Acme"


def test_a_new_tag_that_others_use_stays(cast: Cast) -> None:
    answer = cast.alice.post("/customers", {"name": "Acme", "tags": ["fresh"]})
    cast.alice.made("/customers", {"name": "Other", "tags": ["fresh"]})
    undo(cast.alice, int(answer.headers["X-Changeset-Id"]))
    assert cast.alice.get("/customers?tag=fresh").get_json()["meta"]["total"] == 1
    assert cast.alice.get("/tags?name=fresh").get_json()["meta"]["total"] == 1


def test_other_fields_that_changed_since_stay(cast: Cast) -> None:
    path = f"/customers/{cast.alice.made('/customers', {'name': 'Acme', 'phone': '1'})['id']}"
    edited = change(cast.alice, "PATCH", path, {"phone": "2"})
    change(cast.alice, "PATCH", path, {"name": "Acme 2"})
    undo(cast.alice, edited)
    record = cast.alice.get(path).get_json()
    assert (record["name"], record["phone"]) == ("Acme 2", "1")


def test_a_field_that_changed_since_is_a_conflict_and_nothing_is_touched(cast: Cast) -> None:
    first = cast.alice.made("/customers", {"name": "Acme", "phone": "1", "title": "a"})
    path = f"/customers/{first['id']}"
    edited = change(cast.alice, "PATCH", path, {"phone": "2", "title": "b"})
    change(cast.carol, "PATCH", path, {"phone": "3"})
    before = content(cast.alice, path)
    answer = cast.alice.post(f"/changesets/{edited}/undo")
    assert answer.status_code == 409
    problem = answer.get_json()
    assert problem["type"] == "/problems/undo-conflict"
    (conflict,) = problem["conflicts"]
    assert conflict.pop("at") is not None
    assert conflict == {
        "resource": "customer",
        "id": first["id"],
        "field": "phone",
        "changed_by": {"id": cast.carol.id, "name": "Carol"},
    }
    assert content(cast.alice, path) == before
    assert "X-Changeset-Id" not in answer.headers


def test_a_chain_is_taken_back_from_its_end(cast: Cast) -> None:
    path = f"/customers/{cast.alice.made('/customers', {'name': 'A'})['id']}"
    to_b, to_c = (change(cast.alice, "PATCH", path, {"name": name}) for name in "BC")
    assert cast.alice.post(f"/changesets/{to_b}/undo").status_code == 409
    undo(cast.alice, to_c)
    undo(cast.alice, to_b)
    assert cast.alice.get(path).get_json()["name"] == "A"


def test_twice_is_refused_until_it_was_done_again(cast: Cast) -> None:
    path = f"/customers/{cast.alice.made('/customers', {'name': 'A'})['id']}"
    edited = change(cast.alice, "PATCH", path, {"name": "B"})
    undone = undo(cast.alice, edited)
    answer = cast.alice.post(f"/changesets/{edited}/undo")
    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/already-undone")
    shown = cast.alice.get(f"/changesets/{edited}").get_json()
    assert (shown["undone_by"], shown["is_undoable"]) == (undone, False)
    assert cast.alice.get(f"/changesets/{undone}").get_json()["undoes"] == edited
    undo(cast.alice, undone)
    shown = cast.alice.get(f"/changesets/{edited}").get_json()
    assert (shown["undone_by"], shown["is_undoable"]) == (None, True)
    undo(cast.alice, edited)
    assert cast.alice.get(path).get_json()["name"] == "A"


def test_a_taken_address_is_told_of(cast: Cast) -> None:
    path = f"/customers/{cast.alice.made('/customers', {'name': 'A', 'email': 'a@example.com'})['id']}"
    edited = change(cast.alice, "PATCH", path, {"email": None})
    cast.alice.made("/customers", {"name": "B", "email": "A@example.com"})
    answer = cast.alice.post(f"/changesets/{edited}/undo")
    assert answer.status_code == 409
    assert [issue["pointer"] for issue in answer.get_json()["errors"]] == ["#/email"]
    assert cast.alice.get(path).get_json()["email"] is None


def test_rights_are_those_of_today(cast: Cast) -> None:
    path = f"/customers/{cast.alice.made('/customers', {'name': 'A'})['id']}"
    edited = change(cast.alice, "PATCH", path, {"name": "B"})
    for who, status in ((cast.mallory, 404), (cast.bob, 404), (cast.vera, 403)):
        assert who.post(f"/changesets/{edited}/undo").status_code == status, who.name
    assert cast.vera.get(f"/changesets/{edited}").get_json()["is_undoable"] is False
    assert cast.mallory.get(f"/changesets/{edited}").status_code == 404
    assert cast.carol.patch(path, {"owner_id": cast.bob.id}).status_code == 200
    assert cast.alice.post(f"/changesets/{edited}/undo").status_code == 403, "it is no longer hers"
    own = cast.alice.get(f"/changesets/{edited}").get_json()
    assert (own["is_undoable"], own["entries"]) == (False, [])
    undo(cast.carol, edited)
    assert cast.bob.get(path).get_json()["name"] == "A"


def test_owners_and_shares_come_back(cast: Cast) -> None:
    shares = [{"user_id": cast.mallory.id, "team_id": None, "access": "read"}]
    made = cast.carol.made("/customers", {"name": "A", "owner_id": cast.alice.id, "collaborators": shares})
    path = f"/customers/{made['id']}"
    before = content(cast.carol, path)
    edited = change(cast.carol, "PATCH", path, {"owner_id": cast.bob.id, "collaborators": []})
    assert cast.mallory.get(path).status_code == 404
    undo(cast.carol, edited)
    assert content(cast.carol, path) == before
    assert cast.mallory.get(path).status_code == 200
    assert cast.bob.get(path).status_code == 404


def test_contact_dates_follow(cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "A"})
    path = f"/customers/{customer['id']}"
    other = cast.alice.made("/customers", {"name": "B"})
    old = {"customer_id": customer["id"], "kind": "note", "content": "x", "occurred_at": "2026-01-01T00:00:00Z"}
    first = cast.alice.made("/contacts", old)
    late = cast.alice.post("/contacts", {**old, "occurred_at": "2026-03-01T00:00:00Z"})
    assert cast.alice.get(path).get_json()["last_contacted_at"] == "2026-03-01T00:00:00Z"
    undo(cast.alice, int(late.headers["X-Changeset-Id"]))
    assert cast.alice.get(path).get_json()["last_contacted_at"] == "2026-01-01T00:00:00Z"
    moved = change(cast.alice, "PATCH", f"/contacts/{first['id']}", {"customer_id": other["id"]})
    assert cast.alice.get(path).get_json()["last_contacted_at"] is None
    undo(cast.alice, moved)
    assert cast.alice.get(path).get_json()["last_contacted_at"] == "2026-01-01T00:00:00Z"
    assert cast.alice.get(f"/customers/{other['id']}").get_json()["last_contacted_at"] is None


def stages(cast: Cast) -> list[int]:
    (pipeline,) = cast.alice.get("/pipelines").get_json()["data"]
    return [stage["id"] for stage in pipeline["stages"]]


def stays(deal_id: int) -> list[tuple[int, bool]]:
    db.session.rollback()
    rows = db.session.execute(
        select(DealStageEntry.stage_id, DealStageEntry.left_at)
        .where(DealStageEntry.deal_id == deal_id)
        .order_by(DealStageEntry.id)
    )
    return [(stage_id, left_at is None) for stage_id, left_at in rows]


def test_a_deal_goes_back_to_where_it_stood(app: CRM, cast: Cast) -> None:
    one, two, *_ = stages(cast)
    deal = cast.alice.made("/deals", {"name": "D", "amount": "10.00"})
    path = f"/deals/{deal['id']}"
    before = content(cast.alice, path)
    moved = change(cast.alice, "POST", f"{path}/move", {"stage_id": two})
    won = change(cast.alice, "POST", f"{path}/win")
    undo(cast.alice, won)
    assert stays(deal["id"]) == [(one, False), (two, True)]
    assert cast.alice.get(path).get_json()["state"] == "open"
    undone = undo(cast.alice, moved)
    assert content(cast.alice, path) == before
    assert stays(deal["id"]) == [(one, True)]
    undo(cast.alice, undone)
    assert stays(deal["id"]) == [(one, False), (two, True)]
    assert cast.alice.get(path).get_json()["stage_id"] == two


def test_a_deal_that_is_undone_altogether_takes_nobodys_place(cast: Cast) -> None:
    _, two, *_ = stages(cast)
    first, second = (cast.alice.made("/deals", {"name": name})["id"] for name in "AB")
    before = content(cast.alice, f"/deals/{second}")
    moved = [change(cast.alice, "POST", f"/deals/{deal}/move", {"stage_id": two}) for deal in (second, first)]
    created = change(cast.alice, "POST", "/deals", {"name": "C"})
    for changeset in (created, *reversed(moved)):
        undo(cast.alice, changeset)
    assert content(cast.alice, f"/deals/{second}") == before


def test_lines_come_back_with_their_ids(cast: Cast) -> None:
    product = cast.root.made("/products", {"code": "P", "name": "P", "price": "5.00", "currency": "CNY"})
    line = {"product_id": product["id"], "quantity": "2", "unit_price": "5.00"}
    deal = cast.alice.made("/deals", {"name": "D", "lines": [line, {**line, "quantity": "3"}]})
    path = f"/deals/{deal['id']}"
    before = content(cast.alice, path)
    edited = change(cast.alice, "PATCH", path, {"lines": [{**line, "quantity": "7"}]})
    assert cast.alice.get(path).get_json()["amount"] == "35.00"
    undo(cast.alice, edited)
    assert content(cast.alice, path) == before


def test_what_has_consequences_of_its_own_cannot_be_undone(cast: Cast) -> None:
    renamed = change(cast.root, "PATCH", f"/users/{cast.bob.id}", {"password": "given by an admin 1"})
    shown = cast.root.get(f"/changesets/{renamed}").get_json()
    assert shown["is_undoable"] is False
    answer = cast.root.post(f"/changesets/{renamed}/undo")
    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/not-undoable")


def test_a_large_change_set_is_undone_by_a_job(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    customers = [cast.alice.made("/customers", {"name": f"C{number}", "tags": ["x"]})["id"] for number in range(5)]
    tag = cast.root.get("/tags?name=x").get_json()["data"][0]
    assert tag["name"] == "x"
    one, two, *_ = stages(cast)
    deals = [cast.alice.made("/deals", {"name": f"D{number}"})["id"] for number in range(5)]
    moved = change(cast.alice, "POST", "/deals/move", {"ids": deals, "stage_id": two})
    monkeypatch.setattr(undoing, "AT_ONCE", 2)
    answer = cast.alice.post(f"/changesets/{moved}/undo")
    assert answer.status_code == 202
    job = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["status"], job["total"]) == ("queued", 5)
    work_off()
    done = cast.alice.get(f"/jobs/{job['id']}").get_json()
    assert (done["status"], done["done"]) == ("succeeded", 5)
    assert cast.alice.get(f"/changesets/{moved}").get_json()["undone_by"] == done["changeset_id"]
    assert {cast.alice.get(f"/deals/{deal}").get_json()["stage_id"] for deal in deals} == {one}
    again = cast.alice.post(f"/changesets/{done['changeset_id']}/undo").get_json()
    work_off()
    assert cast.alice.get(f"/jobs/{again['id']}").get_json()["status"] == "succeeded"
    assert {cast.alice.get(f"/deals/{deal}").get_json()["stage_id"] for deal in deals} == {two}
    assert len(customers) == 5


def test_a_conflict_stops_a_job_before_anything_is_touched(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _, two, three, *_ = stages(cast)
    deals = [cast.alice.made("/deals", {"name": f"D{number}"})["id"] for number in range(5)]
    moved = change(cast.alice, "POST", "/deals/move", {"ids": deals, "stage_id": two})
    change(cast.alice, "POST", f"/deals/{deals[0]}/move", {"stage_id": three})
    monkeypatch.setattr(undoing, "AT_ONCE", 2)
    job = cast.alice.post(f"/changesets/{moved}/undo").get_json()
    work_off()
    failed = cast.alice.get(f"/jobs/{job['id']}").get_json()
    assert (failed["status"], failed["problem"]["type"]) == ("failed", "/problems/undo-conflict")
    assert {one["id"] for one in failed["problem"]["conflicts"]} == {deals[0]}
    assert {cast.alice.get(f"/deals/{deal}").get_json()["stage_id"] for deal in deals[1:]} == {two}


def test_the_journal_is_read_by_sight(cast: Cast) -> None:
    mine = cast.alice.made("/customers", {"name": "A", "phone": "13800138000"})
    cast.mallory.made("/customers", {"name": "Z"})
    edited = change(cast.alice, "PATCH", f"/customers/{mine['id']}", {"name": "B"})
    entries = cast.alice.get(f"/journal?resource=customer&id={mine['id']}").get_json()["data"]
    assert [(one["action"], one["version"]) for one in entries] == [("updated", 2), ("created", 1)]
    assert entries[0]["changes"] == {"name": {"before": "A", "after": "B"}}
    assert (entries[0]["changeset_id"], entries[0]["actor"]["name"], entries[0]["source"]) == (edited, "Alice", "http")
    seen = {one["resource_id"] for one in cast.mallory.get("/journal?resource=customer").get_json()["data"]}
    assert mine["id"] not in seen
    page = cast.root.get("/journal?per_page=1").get_json()
    walked = [page["data"][0]["id"]]
    for _ in range(100):
        if page["meta"]["next_cursor"] is None:
            break
        page = cast.root.get(f"/journal?per_page=1&cursor={page['meta']['next_cursor']}").get_json()
        walked += [one["id"] for one in page["data"]]
    assert walked == sorted(set(walked), reverse=True)
    assert {one["id"] for one in entries} <= set(walked)


def test_the_journal_masks_what_the_pool_masks(cast: Cast) -> None:
    pool = cast.root.made("/customers", {"name": "P", "phone": "13800138000", "owner_id": None})
    shown = cast.alice.get(f"/journal?resource=customer&id={pool['id']}").get_json()["data"][0]["changes"]
    assert shown["phone"]["after"] == "138****8000"
    assert (
        cast.root.get(f"/journal?id={pool['id']}&resource=customer").get_json()["data"][0]["changes"]["phone"]["after"]
        == "13800138000"
    )


@pytest.mark.parametrize(
    ("query", "parameter"), [("resource=nonsense", "resource"), ("from=nonsense", "from"), ("cursor=x", "cursor")]
)
def test_bad_questions_to_the_journal(cast: Cast, query: str, parameter: str) -> None:
    answer = cast.root.get(f"/journal?{query}")
    assert answer.status_code == 422
    assert [issue["parameter"] for issue in answer.get_json()["errors"]] == [parameter]

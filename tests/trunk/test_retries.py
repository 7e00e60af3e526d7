"""Idempotency keys and upserts: sent once or twenty times, the effect is one."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from app.auth.models import User
from app.customer.models import Customer
from app.database import db
from app.idempotency import IdempotencyKey
from app.transaction import unit_of_work

from ..cast import Cast, Member
from .looking import entries, faults, said, scalar

KEPT = ("Location", "ETag", "X-Changeset-Id", "Content-Type")


def keyed(member: Member, path: str, body: Any, key: str = "key-1", **headers: str) -> Any:
    return member.post(path, body, headers={"Idempotency-Key": key, **headers})


def how_many() -> int:
    return int(scalar(select(func.count()).select_from(Customer)))


def test_the_same_answer_once_more(cast: Cast) -> None:
    body = {"name": "Acme", "tags": ["a"]}
    first = keyed(cast.alice, "/customers", body)
    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first.headers
    cast.alice.patch(f"/customers/{first.get_json()['id']}", {"name": "changed since"})
    again = keyed(cast.alice, "/customers", body)
    assert (again.status_code, again.get_data()) == (201, first.get_data())
    assert {name: again.headers[name] for name in KEPT} == {name: first.headers[name] for name in KEPT}
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert how_many() == 1


def test_another_body(cast: Cast) -> None:
    keyed(cast.alice, "/customers", {"name": "Acme"})
    answer = keyed(cast.alice, "/customers", {"name": "Other"})
    assert said(answer) == {
        "type": "/problems/idempotency-key-reused",
        "title": "Key reused",
        "status": 422,
        "detail": "The same Idempotency-Key was used with another body.",
    }
    assert how_many() == 1


def test_the_scope_is_user_method_and_path(cast: Cast) -> None:
    body = {"name": "Acme"}
    ids = {keyed(one, "/customers", body).get_json()["id"] for one in (cast.alice, cast.bob, cast.root)}
    assert len(ids) == 3
    assert keyed(cast.alice, "/tags", body).status_code == 201
    assert keyed(cast.alice, "/customers", body, key="key-2").status_code == 201
    assert how_many() == 4


@pytest.mark.parametrize("key", ["", "é", "x" * 256, "a\tb"])
def test_bad_keys(cast: Cast, key: str) -> None:
    answer = keyed(cast.alice, "/customers", {"nope": "x"}, key=key)
    document = said(answer)
    assert (answer.status_code, document["type"]) == (400, "/problems/bad-request")
    assert [(one["parameter"], one["code"]) for one in document["errors"]] == [("Idempotency-Key", "idempotency_key")]
    assert how_many() == 0


def test_refusals_are_not_kept(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "first", "email": "a@example.com"})
    clashing = {"name": "second", "email": "a@example.com"}
    assert keyed(cast.alice, "/customers", clashing).status_code == 409
    assert keyed(cast.alice, "/customers", {"name": ""}).status_code == 422
    assert cast.alice.patch("/customers/1", {"email": None}).status_code == 200
    answer = keyed(cast.alice, "/customers", clashing)
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers


def test_twenty_at_once_are_one(cast: Cast) -> None:
    body = {"name": "Acme", "email": "once@example.com"}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: keyed(cast.alice, "/customers", body), range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_data() for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert how_many() == 1
    assert len(entries("customer")) == 1


def test_rights_are_checked_again(cast: Cast) -> None:
    body = {"name": "Acme"}
    first = keyed(cast.alice, "/customers", body)
    with unit_of_work():
        user = db.session.get(User, cast.alice.id)
        assert user is not None
        user.role, user.access_stamp = "viewer", user.access_stamp + 1
    answer = keyed(cast.alice, "/customers", body)
    assert (answer.status_code, said(answer)["type"]) == (403, "/problems/forbidden")
    assert first.status_code == 201


def test_sight_is_checked_again(cast: Cast) -> None:
    record_id = cast.root.made("/customers", {"name": "Pool", "owner_id": None})["id"]
    path = f"/customers/{record_id}/claim"
    assert keyed(cast.alice, path, {}).status_code == 200
    assert keyed(cast.alice, path, {}).headers["Idempotency-Replayed"] == "true"
    cast.root.patch(f"/customers/{record_id}", {"owner_id": cast.mallory.id})
    assert keyed(cast.alice, path, {}).status_code == 404


def test_actions_that_take_the_row_out_of_reach_are_replayed(cast: Cast) -> None:
    """After a release the row is no longer hers to change, after a restore no longer deleted: still the same answer."""
    record_id = cast.alice.made("/customers", {"name": "Acme"})["id"]
    released = keyed(cast.alice, f"/customers/{record_id}/release", {})
    again = keyed(cast.alice, f"/customers/{record_id}/release", {})
    assert (again.status_code, again.get_data()) == (200, released.get_data())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert keyed(cast.alice, f"/customers/{record_id}/release", {}, key="fresh").status_code == 403
    second = cast.alice.made("/customers", {"name": "Bin"})["id"]
    cast.alice.delete(f"/customers/{second}")
    restored = keyed(cast.alice, f"/customers/{second}/restore", {})
    again = keyed(cast.alice, f"/customers/{second}/restore", {})
    assert (again.status_code, again.get_data()) == (200, restored.get_data())
    assert keyed(cast.mallory, f"/customers/{second}/restore", {}).status_code == 404
    assert keyed(cast.alice, f"/customers/{second}/restore", {}, key="fresh").status_code == 404


def test_a_key_ends_after_a_day(cast: Cast) -> None:
    body = {"name": "Acme"}
    first = keyed(cast.alice, "/customers", body)
    with unit_of_work() as unit:
        db.session.execute(update(IdempotencyKey).values(created_at=unit.at - timedelta(hours=24, seconds=1)))
    second = keyed(cast.alice, "/customers", body)
    assert second.status_code == 201
    assert second.get_json()["id"] != first.get_json()["id"]
    assert keyed(cast.alice, "/customers", body).get_data() == second.get_data()


def test_other_methods_take_no_key(cast: Cast) -> None:
    record_id = cast.alice.made("/customers", {"name": "Acme"})["id"]
    for name in ("one", "two"):
        answer = cast.alice.patch(f"/customers/{record_id}", {"name": name}, headers={"Idempotency-Key": "key-1"})
        assert answer.get_json()["name"] == name


# ---- upsert ---------------------------------------------------------------------------------------------------------

PATH = "/customers/external/erp/K-1"


def test_put_twice(cast: Cast) -> None:
    first = cast.alice.put(PATH, {"name": "Acme", "title": "kept"})
    made = first.get_json()
    assert (first.status_code, first.headers["Location"]) == (201, f"/api/v1/customers/{made['id']}")
    assert (made["external_source"], made["external_id"], made["version"]) == ("erp", "K-1", 1)
    same = cast.alice.put(PATH, {"name": "Acme", "title": "kept"})
    assert (same.status_code, same.get_json()) == (200, made)
    assert same.headers["X-Changeset-Id"] not in ("", first.headers["X-Changeset-Id"])
    assert "Location" not in same.headers
    # What is absent stays, as in PATCH.
    changed = cast.alice.put(PATH, {"name": "Acme Ltd"})
    assert changed.status_code == 200
    assert changed.get_json() == {
        **made,
        "name": "Acme Ltd",
        "version": 2,
        "updated_at": changed.get_json()["updated_at"],
    }
    assert how_many() == 1


@pytest.mark.parametrize(
    ("path", "source", "external_id"),
    [
        ("/customers/external/erp/a/b/c", "erp", "a/b/c"),
        ("/customers/external/%E7%B3%BB%E7%BB%9F/%E5%BC%A0%20%E4%B8%89", "系统", "张 三"),
        ("/customers/external/erp/%20padded%20", "erp", "padded"),
        ("/customers/external/erp/a%2F%2F%3Fx%3D1%23//b/", "erp", "a//?x=1#//b/"),
        ("/customers/external/erp/" + "x" * 200, "erp", "x" * 200),
    ],
)
def test_ids_of_elsewhere(cast: Cast, path: str, source: str, external_id: str) -> None:
    made = cast.alice.put(path, {"name": "x"})
    assert made.status_code == 201, made.get_data(as_text=True)
    assert (made.get_json()["external_source"], made.get_json()["external_id"]) == (source, external_id)
    assert cast.alice.put(path, {"name": "y"}).status_code == 200
    sent = {"name": "z", "external_source": source, "external_id": external_id}
    assert cast.alice.put(path, sent).status_code == 200
    assert how_many() == 1


def test_bad_upserts(cast: Cast) -> None:
    put = cast.alice.put
    assert faults(put("/customers/external/erp/" + "x" * 201, {"name": "x"})) == {"#/external_id": "too_long"}
    assert faults(put("/customers/external/" + "x" * 51 + "/1", {"name": "x"})) == {"#/external_source": "too_long"}
    assert faults(put("/customers/external/erp/a%00b", {"name": "x"})) == {"#/external_id": "control_characters"}
    assert faults(put("/customers/external/%20/%20", {"name": "x"})) == {
        "#/external_source": "required",
        "#/external_id": "required",
    }
    contradiction = {"name": "x", "external_id": "other", "external_source": "crm"}
    assert faults(put(PATH, contradiction)) == {
        "#/external_source": "contradicts_path",
        "#/external_id": "contradicts_path",
    }
    assert faults(put(PATH, {"title": "no name"})) == {"#/name": "required"}
    assert faults(put(PATH, {"name": "x", "nope": 1, "id": 3})) == {"#/nope": "unknown_field", "#/id": "read_only"}
    for body in (b"[]", b'[["name", "x"]]', b'"x"', b"null"):
        answer = cast.alice.call("PUT", PATH, data=body, headers={"Content-Type": "application/json"})
        assert faults(answer) == {"#": "wrong_type"}, body
    assert how_many() == 0


def test_upsert_by_rights(cast: Cast) -> None:
    made = cast.alice.put(PATH, {"name": "Acme"}).get_json()
    assert cast.vera.put(PATH, {"name": "x"}).status_code == 403
    assert cast.mallory.put(PATH, {"name": "x"}).status_code == 404
    cast.alice.patch(f"/customers/{made['id']}", {"collaborators": [{"user_id": cast.bob.id}]})
    assert cast.bob.put(PATH, {"name": "x"}).status_code == 403
    # The refusals come in the order of all others: sight before input.
    assert cast.mallory.put(PATH, {"nope": 1}).status_code == 404
    assert cast.bob.put(PATH, {"nope": 1}).status_code == 403
    assert cast.carol.put(PATH, {"name": "by the manager"}).status_code == 200


def test_upsert_of_a_deleted_record(cast: Cast) -> None:
    made = cast.alice.put(PATH, {"name": "Acme"}).get_json()
    cast.alice.delete(f"/customers/{made['id']}")
    answer = cast.alice.put(PATH, {"name": "x"})
    assert said(answer) == {
        "type": "/problems/deleted",
        "title": "Deleted",
        "status": 409,
        "detail": "The record is in the recycle bin; restore it first.",
        "id": made["id"],
    }
    # Who may not see it learns no id.
    assert cast.mallory.put(PATH, {"name": "x"}).status_code == 404


def test_ten_upserts_at_once(cast: Cast) -> None:
    def put(number: int) -> tuple[int, int]:
        answer = cast.alice.put(PATH, {"name": f"Acme {number}"})
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
        return answer.status_code, answer.get_json()["id"]

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(put, range(10)))
    assert sorted(status for status, _ in found) == [200] * 9 + [201]
    assert len({record_id for _, record_id in found}) == how_many() == 1
    versions = [one["version"] for one in entries("customer")]
    assert versions == list(range(1, 11))


# ---- soft deletion --------------------------------------------------------------------------------------------------


def test_delete_and_restore(cast: Cast) -> None:
    made = cast.alice.made("/customers", {"name": "Acme", "email": "a@example.com", "tags": ["x"]})
    path = f"/customers/{made['id']}"
    answer = cast.alice.delete(path)
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert answer.headers["X-Changeset-Id"]
    for method in ("GET", "PATCH", "DELETE"):
        assert cast.alice.call(method, path).status_code == 404
    assert cast.alice.get("/customers").get_json()["data"] == []
    bin_ = cast.alice.get("/customers?deleted=only").get_json()
    assert [(one["id"], one["is_active"], one["version"]) for one in bin_["data"]] == [(made["id"], False, 2)]
    assert cast.bob.get("/customers?deleted=only").get_json()["data"] == []
    back = cast.alice.post(f"{path}/restore")
    expected = {**made, "version": 3, "updated_at": back.get_json()["updated_at"]}
    assert (back.status_code, back.get_json()) == (200, expected)
    assert cast.alice.get(path).get_json() == expected
    assert cast.alice.post(f"{path}/restore").status_code == 404
    assert [one["action"] for one in entries("customer")] == ["created", "deleted", "restored"]


def test_who_may_restore(cast: Cast) -> None:
    shared = {"name": "Acme", "collaborators": [{"user_id": cast.bob.id, "access": "write"}]}
    made = cast.alice.made("/customers", shared)
    path = f"/customers/{made['id']}"
    cast.alice.delete(path)
    tried = {one.name: one.post(f"{path}/restore").status_code for one in cast.everybody() if one.name != "carol"}
    assert tried == {"alice": 200, "bob": 404, "mallory": 404, "vera": 403, "root": 404}
    cast.bob.delete(path)
    tried = {name: getattr(cast, name).post(f"{path}/restore").status_code for name in ("alice", "vera", "mallory")}
    assert tried == {"alice": 403, "vera": 403, "mallory": 404}
    assert cast.carol.post(f"{path}/restore").status_code == 200


def test_a_taken_address(cast: Cast) -> None:
    first = cast.alice.made("/customers", {"name": "first", "email": "Same@Example.com"})
    taken = [{"pointer": "#/email", "code": "taken", "detail": "This is in use already."}]
    answer = cast.mallory.post("/customers", {"name": "second", "email": "same@example.COM"})
    assert (answer.status_code, said(answer)["errors"]) == (409, taken)
    cast.alice.delete(f"/customers/{first['id']}")
    second = cast.mallory.made("/customers", {"name": "second", "email": "same@example.com"})
    answer = cast.alice.post(f"/customers/{first['id']}/restore")
    assert (answer.status_code, said(answer)["errors"]) == (409, taken)
    assert cast.alice.get("/customers?deleted=only").get_json()["meta"]["total"] == 1
    assert cast.mallory.patch(f"/customers/{second['id']}", {"email": None}).status_code == 200
    assert cast.alice.post(f"/customers/{first['id']}/restore").status_code == 200


def test_a_race_for_one_address(cast: Cast) -> None:
    def post(number: int) -> int:
        return cast.alice.post("/customers", {"name": f"{number}", "email": "race@example.com"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(post, range(8))) == [201] + [409] * 7
    assert how_many() == 1


def test_the_replayed_body_is_the_json_that_was_sent(cast: Cast) -> None:
    """The key is compared by the bytes of the body, so that a client cannot confuse two requests."""
    text = '{"name": "Acme",   "title": "x"}'
    headers = {"Idempotency-Key": "bytes", "Content-Type": "application/json"}
    assert cast.alice.call("POST", "/customers", data=text, headers=headers).status_code == 201
    assert cast.alice.call("POST", "/customers", data=text, headers=headers).status_code == 201
    other = json.dumps(json.loads(text))
    assert cast.alice.call("POST", "/customers", data=other, headers=headers).status_code == 422


def test_keys_whose_life_is_over_go_a_few_at_a_time(cast: Cast) -> None:
    with unit_of_work() as unit:
        values = {"body_hash": "x", "status": 201, "headers": {}, "body": b""}
        ages = {f"old {number}": timedelta(hours=25) for number in range(150)} | {"young": timedelta(hours=23)}
        rows = [{**values, "scope": scope, "created_at": unit.at - age} for scope, age in ages.items()]
        db.session.connection().execute(insert(IdempotencyKey), rows)

    def left() -> int:
        db.session.rollback()
        return db.session.execute(select(func.count()).select_from(IdempotencyKey)).scalar_one()

    assert keyed(cast.alice, "/tags", {"name": "a"}).status_code == 201
    assert left() == 52
    assert keyed(cast.alice, "/tags", {"name": "b"}, key="key-2").status_code == 201
    assert left() == 3
    assert "Idempotency-Replayed" in keyed(cast.alice, "/tags", {"name": "a"}).headers

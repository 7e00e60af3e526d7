"""Users: who sees what of them, who changes them, what takes effect at once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.access import Permission
from app.auth.models import Role, User
from app.customer.models import Customer
from app.database import db
from app.journal import JournalEntry
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import PASSWORD, Cast, Member
from ..importing.sending import change, result, upload
from .visitor import Visitor

NEW = {"name": "王小明", "email": "ming@example.com", "role": "sales", "password": "given by an admin 1"}


def codes(answer: Any) -> list[tuple[str, str]]:
    """Pointer and code of each fault."""
    return sorted((one["pointer"], one["code"]) for one in answer.get_json()["errors"])


def name_of(member: Member, user_id: int) -> Any:
    """The name that a customer's owner reads as."""
    return member.get(f"/customers?owner_id={user_id}").get_json()["data"][0]["owner"]


def test_what_colleagues_see(cast: Cast) -> None:
    body = cast.alice.get(f"/users/{cast.bob.id}").get_json()
    assert body == {
        "id": cast.bob.id,
        "version": 1,
        "name": "Bob",
        "title": None,
        "avatar": None,
        "team_id": cast.north,
        "team": {"id": cast.north, "name": "North"},
        "absent_until": None,
        "is_active": True,
        "created_at": body["created_at"],
        "updated_at": body["updated_at"],
        "can_write": False,
    }
    listed = cast.alice.get("/users").get_json()
    assert [one["name"] for one in listed["data"]] == ["Alice", "Bob", "Carol", "Mallory", "Root", "Vera"]
    assert listed["data"][1] == body


def test_what_admins_see(cast: Cast) -> None:
    mine, theirs = (one.get(f"/users/{cast.bob.id}").get_json() for one in (cast.root, cast.alice))
    assert {key: mine[key] for key in mine.keys() - theirs.keys()} == {
        "role": "sales",
        "email": "bob@example.com",
        "phone": None,
        "language": "en",
        "time_zone": "Asia/Shanghai",
        "has_password": True,
        "has_second_factor": False,
        "must_change_password": False,
        "last_seen_at": None,
        "external_source": None,
        "external_id": None,
        "created_by": None,
    }
    assert mine["can_write"] is True


@pytest.mark.parametrize(
    "query",
    ["role=admin", "email=root", "q=root@example.com", "external_id=none", 'where={"field":"role","op":"not_null"}'],
)
def test_hidden_fields_cannot_be_probed(cast: Cast, query: str) -> None:
    assert cast.root.get(f"/users?{query}").get_json()["meta"]["total"] > 0
    assert cast.alice.get(f"/users?{query}").get_json()["meta"]["total"] == 0
    assert cast.carol.get(f"/users?{query}").get_json()["meta"]["total"] == 0


def test_hidden_fields_cannot_be_asked_for(cast: Cast) -> None:
    row = cast.alice.get("/users?fields=name,email,role").get_json()["data"][0]
    assert row.keys() == {"id", "version", "name"}
    assert cast.alice.get("/users?sort=email").status_code == 422


def test_only_admins_write(app: CRM, cast: Cast) -> None:
    path = f"/users/{cast.bob.id}"
    for one in cast.everybody():
        expected = 403 if one.name != "root" else None
        for method, where, body in (
            ("POST", "/users", {**NEW, "role": "admin"}),
            ("PATCH", path, {"role": "admin"}),
            ("POST", f"{path}/deactivate", {}),
            ("POST", f"{path}/restore", {}),
            ("PUT", "/users/external/hr/1", NEW),
            ("PATCH", f"/users/{one.id}", {"role": "admin"}),
        ):
            if expected is not None:
                assert one.call(method, where, json=body).status_code == expected, (one.name, method, where)
            assert Visitor(app).call(method, where, body).status_code == 401
    assert cast.root.get(path).get_json()["version"] == 1
    assert cast.root.delete(path).status_code == 405


def test_create(app: CRM, cast: Cast) -> None:
    answer = cast.root.post("/users", {**NEW, "team_id": cast.south, "phone": "13800138000", "title": "AE"})
    assert answer.status_code == 201
    assert "X-Changeset-Id" in answer.headers
    body = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/users/{body['id']}"
    assert body == {
        "id": body["id"],
        "version": 1,
        "name": "王小明",
        "title": "AE",
        "avatar": None,
        "team_id": cast.south,
        "team": {"id": cast.south, "name": "South"},
        "absent_until": None,
        "role": "sales",
        "email": "ming@example.com",
        "phone": "13800138000",
        "language": None,
        "time_zone": None,
        "has_password": True,
        "has_second_factor": False,
        "must_change_password": True,
        "last_seen_at": None,
        "external_source": None,
        "external_id": None,
        "created_by": cast.root.id,
        "created_at": body["created_at"],
        "updated_at": body["updated_at"],
        "is_active": True,
        "can_write": True,
    }
    assert cast.root.get(f"/users/{body['id']}").get_json() == body
    Visitor(app).signed_in("13800138000", NEW["password"])
    entry = db.session.execute(select(JournalEntry).order_by(JournalEntry.id.desc()).limit(1)).scalar_one()
    assert (entry.action, entry.resource, entry.resource_id) == ("created", "user", body["id"])
    assert not {"password_hash", "access_stamp", "email_key"} & set(entry.changed)


def test_search_knows_pinyin(cast: Cast) -> None:
    cast.root.made("/users", NEW)
    for text in ("小明", "wangxiaoming", "wxm", "MING"):
        found = cast.alice.get("/users", query_string={"q": text}).get_json()["data"]
        assert [one["name"] for one in found] == ["王小明"], text


def test_without_a_password_nobody_gets_in_until_one_is_set(app: CRM, cast: Cast) -> None:
    user = cast.root.made("/users", {key: NEW[key] for key in ("name", "email", "role")})
    assert (user["has_password"], user["must_change_password"]) == (False, False)
    assert Visitor(app).login("ming@example.com", "None").status_code == 401
    answer = cast.root.patch(f"/users/{user['id']}", {"password": NEW["password"]})
    assert answer.status_code == 200
    assert (answer.get_json()["has_password"], answer.get_json()["must_change_password"]) == (True, True)
    Visitor(app).signed_in("ming@example.com", NEW["password"])


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("#/name", "required"), ("#/role", "required")]),
        (
            {"name": "A", "role": "boss", "team_id": 99, "phone": "12", "password": "short"},
            [
                ("#/password", "password_short"),
                ("#/phone", "phone"),
                ("#/role", "unknown_role"),
                ("#/team_id", "unknown_record"),
            ],
        ),
        ({"name": "A", "role": "sales"}, [("#/email", "email_or_phone")]),
        ({"name": "A", "role": "sales", "email": "not an address"}, [("#/email", "email")]),
        ({**NEW, "password": "ming@example.com"}, [("#/password", "password_common")]),
        ({**NEW, "password_hash": "x", "is_active": True, "access_stamp": 9, "id": 1, "can_write": True}, None),
        ({**NEW, "name": "a\nb"}, [("#/name", "control_characters")]),
        ({**NEW, "role": None}, [("#/role", "required")]),
    ],
)
def test_create_refused(cast: Cast, body: dict[str, Any], errors: list[tuple[str, str]] | None) -> None:
    answer = cast.root.post("/users", body)
    assert answer.status_code == 422
    if errors is not None:
        assert codes(answer) == errors
    else:
        assert len(codes(answer)) == 5
    assert cast.root.get("/users").get_json()["meta"]["total"] == 6


def test_taken_addresses(cast: Cast) -> None:
    cast.root.patch(f"/users/{cast.bob.id}", {"phone": "13800138000"})
    for body, pointer in (
        ({**NEW, "email": "ALICE@example.com"}, "#/email"),
        ({**NEW, "phone": "+86 138 0013 8000"}, "#/phone"),
    ):
        answer = cast.root.post("/users", body)
        assert answer.status_code == 409
        assert codes(answer) == [(pointer, "taken")]
    assert codes(cast.root.patch(f"/users/{cast.bob.id}", {"email": "alice@example.com"})) == [("#/email", "taken")]


def test_safe_retry(cast: Cast) -> None:
    first, second = (cast.root.post("/users", NEW, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.get_json() == second.get_json()
    other = cast.root.post("/users", {**NEW, "name": "Else"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422


def test_edit_and_versions(cast: Cast) -> None:
    path = f"/users/{cast.bob.id}"
    tag = cast.root.get(path).headers["ETag"]
    answer = cast.root.patch(path, {"title": "Senior"}, headers={"If-Match": tag})
    assert answer.status_code == 200
    assert (answer.get_json()["title"], answer.get_json()["version"]) == ("Senior", 2)
    assert "X-Changeset-Id" in answer.headers
    stale = cast.root.patch(path, {"title": "Junior"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert stale.get_json()["changed_fields"] == ["title"]
    assert stale.get_json()["current"] == cast.root.get(path).get_json()
    assert cast.root.patch("/users/999", {"nonsense": 1}).status_code == 404
    assert codes(cast.root.patch(path, {"nonsense": 1, "version": 3})) == [
        ("#/nonsense", "unknown_field"),
        ("#/version", "read_only"),
    ]


def test_role_takes_effect_at_once_with_the_old_token(app: CRM, cast: Cast) -> None:
    customer = cast.mallory.made("/customers", {"name": "Southern"})["id"]
    assert cast.alice.get(f"/customers/{customer}").status_code == 404
    assert cast.root.patch(f"/users/{cast.alice.id}", {"role": "viewer"}).status_code == 200
    assert cast.alice.get(f"/customers/{customer}").status_code == 200
    assert cast.alice.post("/customers", {"name": "x"}).status_code == 403
    assert "deal:write" not in cast.alice.get("/auth/me").get_json()["permissions"]
    cast.root.patch(f"/users/{cast.alice.id}", {"role": "sales"})
    assert cast.alice.get(f"/customers/{customer}").status_code == 404
    assert cast.alice.post("/customers", {"name": "x"}).status_code == 201
    assert cast.bob.get(f"/users/{cast.bob.id}").get_json()["version"] == 1, "nobody else's record has changed"


def test_records_follow_their_owner_into_another_team(cast: Cast) -> None:
    mine = cast.alice.made("/customers", {"name": "Mine"})
    bobs = cast.bob.made("/customers", {"name": "Bob's"})
    deal = cast.alice.made("/deals", {"name": "Big", "customer_id": mine["id"]})
    gone = cast.alice.made("/customers", {"name": "Gone"})
    cast.alice.delete(f"/customers/{gone['id']}")
    answer = cast.root.patch(f"/users/{cast.alice.id}", {"team_id": cast.south})
    assert answer.get_json()["team"] == {"id": cast.south, "name": "South"}
    after = cast.alice.get(f"/customers/{mine['id']}").get_json()
    assert (after["team_id"], after["version"]) == (cast.south, 2)
    assert cast.alice.get(f"/deals/{deal['id']}").get_json()["team_id"] == cast.south
    assert cast.carol.get(f"/customers/{mine['id']}").status_code == 404, "no longer of Carol's team"
    assert cast.carol.get(f"/customers/{bobs['id']}").get_json()["version"] == 1
    assert cast.alice.post(f"/customers/{gone['id']}/restore").get_json()["team_id"] == cast.south
    new = cast.alice.made("/customers", {"name": "New"})
    assert new["team_id"] == cast.south, "the old token knows the new team"
    changeset = int(answer.headers["X-Changeset-Id"])
    entries = db.session.execute(select(JournalEntry).where(JournalEntry.changeset_id == changeset)).scalars().all()
    assert {(one.resource, tuple(one.changed)) for one in entries} >= {
        ("user", ("team_id",)),
        ("customer", ("team_id",)),
        ("deal", ("team_id",)),
    }


def test_a_password_set_by_an_admin_ends_the_sessions(app: CRM, cast: Cast) -> None:
    answer = cast.root.patch(f"/users/{cast.alice.id}", {"password": "forgot the old one 3"})
    assert answer.get_json()["must_change_password"] is True
    assert cast.alice.get("/auth/me").status_code == 401
    tokens = Visitor(app).signed_in(password="forgot the old one 3")
    again = cast.root.patch(f"/users/{cast.alice.id}", {"password": "forgot the old one 3"})
    assert again.get_json()["version"] == answer.get_json()["version"], "the same password changes nothing"
    assert Visitor(app).call("GET", "/auth/me", token=tokens["access_token"]).status_code == 200


def test_an_admin_changes_the_own_password_like_everybody(cast: Cast) -> None:
    answer = cast.root.patch(f"/users/{cast.root.id}", {"password": "a long new password 7"})
    assert answer.status_code == 422
    assert codes(answer) == [("#/password", "password_own")]


def test_an_admin_shows_the_password_before_the_own_address_is_changed(app: CRM, cast: Cast) -> None:
    path = f"/users/{cast.root.id}"
    assert cast.root.patch(path, {"name": "Root", "email": "root@example.com"}).status_code == 200, "nothing changes"
    for values in ({"email": "taken@example.com"}, {"phone": "13812345678"}):
        answer = cast.root.patch(path, values)
        assert (answer.status_code, codes(answer)) == (422, [("#/current_password", "required")])
        answer = cast.root.patch(path, {**values, "current_password": "another one 12"})
        assert (answer.status_code, codes(answer)) == (422, [("#/current_password", "password_wrong")])
    origin = "/users/external/erp/7"
    assert cast.root.patch(path, {"external_source": "erp", "external_id": "7"}).status_code == 200
    assert codes(cast.root.put(origin, {"phone": "13812345678"})) == [("#/current_password", "required")]
    stored = cast.root.get(path).get_json()
    assert (stored["email"], stored["phone"]) == ("root@example.com", None)

    answer = cast.root.patch(path, {"email": "boss@example.com", "current_password": PASSWORD})
    assert (answer.status_code, answer.get_json()["email"]) == (200, "boss@example.com")
    assert "current_password" not in answer.get_json()
    assert Visitor(app).login(email="boss@example.com").status_code == 200
    # Others are changed as before, and new ones made.
    assert cast.root.patch(f"/users/{cast.bob.id}", {"phone": "13812345678"}).status_code == 200
    made = cast.root.post("/users", {"name": "N", "role": "sales", "email": "n@example.com", "current_password": "x"})
    assert made.status_code == 201


def test_no_import_changes_how_its_sender_signs_in(cast: Cast) -> None:
    file = f"Id,Name,E-mail\n{cast.root.id},Root,taken@example.com\n{cast.bob.id},Bob,bobby@example.com\n"
    chosen = upload(cast.root, "users", file)
    fields = {"Id": "id", "Name": "name", "E-mail": "email"}
    chosen = change(cast.root, chosen, fields=fields, options={"match": ["id"], "existing": "update"})
    found = result(cast.root, chosen, "commit")
    assert (found["updated"], found["wrong"]) == (1, 1), found
    (row,) = found["rows"]
    assert [one["code"] for one in row["errors"]] == ["own_reach"]
    assert cast.root.get(f"/users/{cast.root.id}").get_json()["email"] == "root@example.com"


def test_deactivate(app: CRM, cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Mine"})["id"]
    tokens = Visitor(app).signed_in()
    answer = cast.root.post(f"/users/{cast.alice.id}/deactivate", {})
    assert answer.status_code == 200
    assert (answer.get_json()["is_active"], answer.get_json()["name"]) == (False, "Alice")
    assert cast.alice.get("/auth/me").status_code == 401
    assert cast.alice.get("/customers").status_code == 401
    assert cast.alice.post("/customers", {"name": "x"}).status_code == 401
    assert Visitor(app).login().status_code == 401
    assert Visitor(app).refresh(tokens["refresh_token"]).status_code == 401
    names = [one["name"] for one in cast.bob.get("/users").get_json()["data"]]
    assert "Alice" not in names
    assert [one["name"] for one in cast.bob.get("/users?deleted=only").get_json()["data"]] == ["Alice"]
    assert name_of(cast.root, cast.alice.id) == {"id": cast.alice.id, "name": "Alice"}, "the name stays readable"
    assert cast.root.get(f"/customers/{customer}").get_json()["owner_id"] == cast.alice.id
    assert cast.root.post(f"/users/{cast.alice.id}/deactivate", {}).status_code == 404
    refused = cast.carol.post("/customers", {"name": "y", "owner_id": cast.alice.id})
    assert codes(refused) == [("#/owner_id", "unknown_user")]


def test_a_successor_takes_over(cast: Cast) -> None:
    mine = cast.alice.made("/customers", {"name": "Mine"})
    deal = cast.alice.made("/deals", {"name": "Big", "customer_id": mine["id"]})
    cast.root.patch(f"/teams/{cast.south}", {"manager_id": cast.alice.id})
    answer = cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor_id": cast.mallory.id})
    assert answer.status_code == 200
    for path in (f"/customers/{mine['id']}", f"/deals/{deal['id']}"):
        record = cast.mallory.get(path).get_json()
        assert (record["owner_id"], record["team_id"]) == (cast.mallory.id, cast.south)
    assert cast.carol.get(f"/customers/{mine['id']}").status_code == 404
    assert cast.root.get(f"/teams/{cast.south}").get_json()["manager_id"] == cast.mallory.id
    changeset = int(answer.headers["X-Changeset-Id"])
    entries = db.session.execute(select(JournalEntry).where(JournalEntry.changeset_id == changeset)).scalars().all()
    assert {(one.resource, one.action) for one in entries} == {
        ("user", "deleted"),
        ("customer", "transferred"),
        ("deal", "transferred"),
        ("team", "updated"),
    }


def test_successors_refused(cast: Cast) -> None:
    cast.root.post(f"/users/{cast.vera.id}/deactivate", {})
    for successor in (cast.alice.id, cast.vera.id, 999):
        answer = cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor_id": successor})
        assert answer.status_code == 422
        assert codes(answer) == [("#/successor_id", "unknown_user")]
    assert cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor": 1}).status_code == 422
    assert cast.alice.get("/auth/me").status_code == 200


def test_come_back(app: CRM, cast: Cast) -> None:
    cast.root.post(f"/users/{cast.alice.id}/deactivate", {})
    answer = cast.root.post(f"/users/{cast.alice.id}/restore", {})
    assert answer.status_code == 200
    assert answer.get_json()["is_active"] is True
    assert cast.alice.get("/auth/me").status_code == 401, "old sessions stay ended"
    Visitor(app).signed_in()


def test_come_back_to_a_taken_address(cast: Cast) -> None:
    cast.root.post(f"/users/{cast.alice.id}/deactivate", {})
    cast.root.made("/users", {**NEW, "email": "alice@example.com"})
    answer = cast.root.post(f"/users/{cast.alice.id}/restore", {})
    assert answer.status_code == 409
    assert codes(answer) == [("#/email", "taken")]


def test_come_back_when_the_team_is_gone(cast: Cast) -> None:
    cast.root.post(f"/users/{cast.mallory.id}/deactivate", {})
    assert cast.root.delete(f"/teams/{cast.south}").status_code == 204
    answer = cast.root.post(f"/users/{cast.mallory.id}/restore", {})
    assert (answer.status_code, answer.get_json()["team_id"]) == (200, None)


def test_the_last_admin_stays(app: CRM, cast: Cast) -> None:
    path = f"/users/{cast.root.id}"
    for answer in (cast.root.post(f"{path}/deactivate", {}), cast.root.patch(path, {"role": "sales"})):
        assert answer.status_code == 409
        assert answer.get_json()["type"] == "/problems/last-admin"
    without = cast.root.made("/users", {"name": "Ada", "email": "ada@example.com", "role": "admin"})
    assert cast.root.patch(path, {"role": "sales"}).status_code == 409, "Ada cannot sign in"
    cast.root.patch(f"/users/{without['id']}", {"password": NEW["password"]})
    assert cast.root.patch(path, {"role": "sales"}).status_code == 200
    assert cast.root.patch(path, {"role": "admin"}).status_code == 403, "at once"


def hr(cast: Cast) -> None:
    """Make Vera's a role that writes users and little else."""
    with unit_of_work():
        role = Role(
            key="hr",
            name_zh="人事",
            name_en="HR",
            permissions=[Permission.USER_WRITE, Permission.CUSTOMER_READ],
            sight="own",
        )
        db.session.add(role)
        db.session.flush()
        vera = db.session.get(User, cast.vera.id)
        assert vera is not None
        vera.role = "hr"
        vera.access_stamp += 1


def test_nobody_grants_what_he_lacks(cast: Cast) -> None:
    hr(cast)
    for role in ("admin", "manager", "sales", "viewer"):
        answer = cast.vera.post("/users", {**NEW, "role": role})
        assert answer.status_code == 422
        assert codes(answer) == [("#/role", "not_yours_to_grant")]
    assert cast.vera.post("/users", {**NEW, "role": "hr"}).status_code == 201
    assert cast.vera.patch(f"/users/{cast.vera.id}", {"role": "admin"}).status_code == 422


def test_nobody_changes_who_has_more_rights(cast: Cast) -> None:
    hr(cast)
    for one in (cast.root, cast.carol, cast.alice):
        for answer in (
            cast.vera.patch(f"/users/{one.id}", {"password": "taken over by hr 1"}),
            cast.vera.patch(f"/users/{one.id}", {"email": "mine@example.com"}),
            cast.vera.post(f"/users/{one.id}/deactivate", {}),
        ):
            assert answer.status_code == 403
        assert one.get("/auth/me").status_code == 200
    cast.root.post(f"/users/{cast.alice.id}/deactivate", {})
    assert cast.vera.post(f"/users/{cast.alice.id}/restore", {}).status_code == 403


def test_upsert(app: CRM, cast: Cast) -> None:
    path = "/users/external/hr/47/11"
    first = cast.root.put(path, NEW)
    assert first.status_code == 201
    body = first.get_json()
    assert (body["external_source"], body["external_id"]) == ("hr", "47/11")
    second = cast.root.put(path, NEW)
    assert (second.status_code, second.get_json()) == (200, body), "sent twice it changes nothing"
    assert second.headers["X-Changeset-Id"] not in ("", first.headers["X-Changeset-Id"])
    third = cast.root.put(path, {"title": "AE", "external_source": "hr"})
    assert (third.status_code, third.get_json()["title"], third.get_json()["version"]) == (200, "AE", 2)
    assert codes(cast.root.put(path, {"external_id": "48"})) == [("#/external_id", "contradicts_path")]
    assert codes(cast.root.put("/users/external/hr/2", {})) == [("#/name", "required"), ("#/role", "required")]
    assert cast.root.put(path, {"title": "x"}, headers={"If-Match": '"1.x"'}).status_code == 412
    cast.root.post(f"/users/{body['id']}/deactivate", {})
    gone = cast.root.put(path, NEW)
    assert (gone.status_code, gone.get_json()["id"]) == (409, body["id"])
    assert cast.root.put(f"/users/external/{'s' * 51}/2", NEW).status_code == 422


def test_a_user_s_record_and_the_list_agree(cast: Cast) -> None:
    listed = cast.root.get("/users?sort=-id&per_page=3").get_json()["data"]
    assert [one["id"] for one in listed] == sorted((one["id"] for one in listed), reverse=True)
    for one in listed:
        assert cast.root.get(f"/users/{one['id']}").get_json() == one


def test_ownership_is_kept_by_the_database(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Mine"})
    row = db.session.execute(select(Customer)).scalar_one()
    assert (row.owner_id, row.team_id) == (cast.alice.id, cast.north)

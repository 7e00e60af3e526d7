"""One's own profile."""

from __future__ import annotations

import pytest

from app.routing import CRM

from ..cast import PASSWORD, Cast
from .visitor import Visitor


def test_change_the_own_profile(cast: Cast) -> None:
    before = cast.alice.get("/auth/me")
    changes = {
        "name": " 爱丽丝 ",
        "title": "Key accounts",
        "avatar": "https://example.com/alice.png",
        "phone": "138 0013 8000",
        "language": "zh-CN",
        "time_zone": "Europe/Berlin",
        "absent_until": "2030-01-02T03:04:05Z",
    }
    answer = cast.alice.patch("/auth/me", {**changes, "password": PASSWORD})
    assert answer.status_code == 200
    assert "X-Changeset-Id" in answer.headers
    after = answer.get_json()
    assert after == {
        **before.get_json(),
        **changes,
        "name": "爱丽丝",
        "version": 2,
        "updated_at": after["updated_at"],
    }
    again = cast.alice.get("/auth/me")
    assert again.get_json() == after
    assert again.headers["ETag"] == answer.headers["ETag"]
    assert again.headers["ETag"].startswith('"2.')
    assert cast.alice.get("/auth/me", headers={"If-None-Match": again.headers["ETag"]}).status_code == 304
    listed = cast.bob.get(f"/users/{cast.alice.id}").get_json()
    assert (listed["name"], listed["title"]) == ("爱丽丝", "Key accounts")
    assert [one["name"] for one in cast.bob.get("/users?q=ailisi").get_json()["data"]] == ["爱丽丝"]


def test_the_language_speaks_at_once(cast: Cast) -> None:
    cast.alice.patch("/auth/me", {"language": "zh-CN"})
    answer = cast.alice.get("/customers/999", headers={"Accept-Language": ""})
    assert answer.get_json()["title"] != "Not found"


def test_unset_language_reads_as_the_product_s(app: CRM, cast: Cast) -> None:
    cast.root.patch(f"/users/{cast.bob.id}", {"language": None, "time_zone": None})
    me = cast.bob.get("/auth/me").get_json()
    assert (me["language"], me["time_zone"]) == ("zh-CN", "Asia/Shanghai")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (
            {"role": "admin", "is_active": False, "team_id": 2, "email": "x@example.com", "permissions": [], "id": 7},
            [(name, "read_only") for name in ("email", "id", "is_active", "permissions", "role", "team_id")],
        ),
        (
            {"password_hash": "x", "access_stamp": 1},
            [("access_stamp", "unknown_field"), ("password_hash", "unknown_field")],
        ),
        (
            {"name": "", "language": "fr", "time_zone": "Mars/Base", "phone": "12", "avatar": "javascript:alert(1)"},
            [("avatar", "url"), ("language", "not_allowed"), ("name", "required"), ("time_zone", "time_zone")],
        ),
        ({"phone": "12"}, [("phone", "phone")]),
        ({"phone": "13800138000"}, [("password", "required")]),
        ({"phone": "13800138000", "password": "guessed"}, [("password", "password_wrong")]),
        ({"name": "a\u202eb", "language": None}, [("language", "required"), ("name", "bidi_override")]),
        ({"name": "a" * 201}, [("name", "too_long")]),
    ],
)
def test_refused(cast: Cast, body: dict[str, object], errors: list[tuple[str, str]]) -> None:
    before = cast.alice.get("/auth/me").get_json()
    answer = cast.alice.patch("/auth/me", body)
    assert answer.status_code == 422
    assert sorted((one["pointer"][2:], one["code"]) for one in answer.get_json()["errors"]) == errors
    assert cast.alice.get("/auth/me").get_json() == before


def test_a_way_to_sign_in_stays(cast: Cast) -> None:
    cast.root.patch(f"/users/{cast.bob.id}", {"phone": "13800138000", "email": None})
    answer = cast.bob.patch("/auth/me", {"phone": None, "password": PASSWORD})
    assert answer.status_code == 422
    assert [one["code"] for one in answer.get_json()["errors"]] == ["email_or_phone"]


def test_a_taken_phone(cast: Cast) -> None:
    cast.bob.patch("/auth/me", {"phone": "13800138000", "password": PASSWORD})
    answer = cast.alice.patch("/auth/me", {"phone": "+86 138 0013 8000", "password": PASSWORD})
    assert answer.status_code == 409
    assert [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]] == [("#/phone", "taken")]


def test_the_same_phone_asks_for_no_password(cast: Cast) -> None:
    cast.alice.patch("/auth/me", {"phone": "13800138000", "password": PASSWORD})
    answer = cast.alice.patch("/auth/me", {"phone": "13800138000", "title": "Key accounts"})
    assert (answer.status_code, answer.get_json()["title"]) == (200, "Key accounts")


def test_guessing_the_password_of_an_open_sign_in_is_slowed_down(cast: Cast) -> None:
    guesses = [cast.alice.patch("/auth/me", {"phone": "13800138000", "password": f"guess {n}"}) for n in range(30)]
    assert {one.status_code for one in guesses} == {422, 429}
    assert cast.alice.get("/auth/me").get_json()["phone"] is None


def test_stale(cast: Cast) -> None:
    tag = cast.alice.get("/auth/me").headers["ETag"]
    cast.alice.patch("/auth/me", {"title": "one"}, headers={"If-Match": tag})
    answer = cast.alice.patch("/auth/me", {"title": "two"}, headers={"If-Match": tag})
    assert answer.status_code == 412
    assert answer.get_json()["changed_fields"] == ["title"]
    assert answer.get_json()["current"] == cast.alice.get("/auth/me").get_json()
    assert answer.headers["ETag"] == cast.alice.get("/auth/me").headers["ETag"]


def test_a_change_of_nothing_changes_nothing(cast: Cast) -> None:
    answer = cast.alice.patch("/auth/me", {"name": "Alice", "language": "en"})
    assert answer.status_code == 200
    assert answer.get_json()["version"] == 1
    assert "X-Changeset-Id" in answer.headers


def test_roles_are_read_by_everybody(app: CRM, cast: Cast) -> None:
    body = cast.alice.get("/roles").get_json()
    assert body["meta"] == {"total": 4, "pages": 1, "current_page": 1, "per_page": 20, "next_cursor": None}
    assert [one["key"] for one in body["data"]] == ["admin", "manager", "sales", "viewer"]
    viewer = body["data"][3]
    assert viewer == {
        "id": 4,
        "version": 1,
        "key": "viewer",
        "name_zh": "只读",
        "name_en": "Viewer",
        "permissions": sorted(viewer["permissions"]),
        "sight": "everyone",
        "fields": {},
        "is_builtin": True,
        "created_at": viewer["created_at"],
        "created_by": None,
        "updated_at": viewer["updated_at"],
        "is_active": True,
        "can_write": False,
    }
    assert "deal:write" not in viewer["permissions"]
    assert Visitor(app).call("GET", "/roles").status_code == 401
    assert cast.alice.get("/roles?x=1").status_code == 422

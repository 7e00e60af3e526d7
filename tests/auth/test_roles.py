"""Roles that the house composes: who may, what takes effect at once, what is taken back."""

from __future__ import annotations

from typing import Any

import pytest

from app.auth.models import User, role_of
from app.database import db
from app.installation import seed
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..racing import at_once

CLERK = {"name_zh": "内勤", "name_en": "Clerk", "permissions": ["customer:read", "deal:read"], "sight": "own"}


def codes(answer: Any) -> list[tuple[str, str]]:
    """Pointer and code of each fault."""
    return sorted((one.get("pointer") or one["parameter"], one["code"]) for one in answer.get_json()["errors"])


def slug(answer: Any) -> tuple[int, str]:
    """Status and kind of a refusal."""
    return answer.status_code, answer.get_json()["type"].rsplit("/", 1)[1]


def composed(cast: Cast, **values: Any) -> dict[str, Any]:
    """A role made by the admin."""
    return cast.root.made("/roles", {**CLERK, **values})


def gives(cast: Cast, who: Member, key: str) -> None:
    """Have the admin give somebody a role."""
    answer = cast.root.patch(f"/users/{who.id}", {"role": key})
    assert answer.status_code == 200, answer.get_data(as_text=True)


def builtin(cast: Cast, key: str) -> str:
    """The path of a built-in role."""
    return f"/roles/{cast.root.get(f'/roles?key={key}').get_json()['data'][0]['id']}"


def test_compose_and_give(cast: Cast) -> None:
    role = composed(cast, permissions=["deal:read", "customer:read", "deal:read"])
    assert {name: role[name] for name in ("key", "permissions", "sight", "is_builtin", "user_count")} == {
        "key": "clerk",
        "permissions": ["customer:read", "deal:read"],
        "sight": "own",
        "is_builtin": False,
        "user_count": 0,
    }
    cast.alice.made("/customers", {"name": "Of Alice"})
    gives(cast, cast.alice, "clerk")
    me = cast.alice.get("/auth/me").get_json()
    assert (me["role"], me["role_name_zh"], me["permissions"]) == ("clerk", "内勤", ["customer:read", "deal:read"])
    assert cast.alice.post("/customers", {"name": "Another"}).status_code == 403
    assert cast.alice.get("/customers").get_json()["meta"]["total"] == 1
    assert cast.alice.get("/tasks").status_code == 403
    assert cast.root.get(f"/roles/{role['id']}").get_json()["user_count"] == 1
    assert "user_count" not in cast.alice.get(f"/roles/{role['id']}").get_json()


def test_a_change_takes_effect_at_once(cast: Cast) -> None:
    role = composed(cast)
    gives(cast, cast.alice, "clerk")
    cast.bob.made("/customers", {"name": "Of Bob"})
    cast.mallory.made("/customers", {"name": "Of Mallory"})
    totals = []
    for sight in ("team", "team_below", "everyone", "own"):
        assert cast.root.patch(f"/roles/{role['id']}", {"sight": sight}).status_code == 200
        totals.append(cast.alice.get("/customers").get_json()["meta"]["total"])
    assert totals == [1, 1, 2, 0]
    wider = {"permissions": [*CLERK["permissions"], "customer:write"]}
    assert cast.root.patch(f"/roles/{role['id']}", wider).status_code == 200
    assert cast.alice.post("/customers", {"name": "Mine"}).status_code == 201
    assert cast.root.patch(f"/roles/{role['id']}", {"permissions": ["deal:read"]}).status_code == 200
    assert cast.alice.get("/customers").status_code == 403


def test_who_else_has_a_stamp_raised(cast: Cast) -> None:
    role = composed(cast)
    gives(cast, cast.alice, "clerk")

    def stamps() -> list[int]:
        db.session.rollback()
        return [db.session.get_one(User, one.id).access_stamp for one in (cast.alice, cast.bob)]

    before = stamps()
    cast.root.patch(f"/roles/{role['id']}", {"name_en": "Back office"})
    assert stamps() == before, "a name is no right"
    cast.root.patch(f"/roles/{role['id']}", {"sight": "team"})
    assert stamps() == [before[0] + 1, before[1]]


def test_only_with_the_right(cast: Cast) -> None:
    role = composed(cast)
    for one in (cast.alice, cast.carol, cast.vera):
        assert one.post("/roles", CLERK).status_code == 403
        assert one.patch(f"/roles/{role['id']}", {"sight": "everyone"}).status_code == 403
        assert one.delete(f"/roles/{role['id']}").status_code == 403


def test_nobody_grants_what_he_lacks(cast: Cast) -> None:
    rights = ["role:write", "user:write", "customer:read", "journal:read"]
    composed(cast, name_zh="人事", name_en="HR", permissions=rights, sight="team")
    other = composed(cast)
    gives(cast, cast.vera, "hr")
    vera = cast.vera
    assert vera.post("/roles", CLERK).status_code == 403, "a right"
    assert vera.post("/roles", {**CLERK, "permissions": rights, "sight": "team_below"}).status_code == 403, "sight"
    assert vera.patch(f"/roles/{other['id']}", {"name_en": "x"}).status_code == 403
    assert vera.delete(f"/roles/{other['id']}").status_code == 403
    mine = vera.made("/roles", {"name_zh": "前台", "permissions": ["customer:read"], "sight": "team"})
    assert (mine["name_en"], mine["key"]) == ("前台", "role")
    assert vera.patch(f"/roles/{mine['id']}", {"permissions": ["export"]}).status_code == 403
    assert vera.patch(f"/roles/{mine['id']}", {"sight": "everyone"}).status_code == 403
    assert vera.patch(f"/users/{cast.vera.id}", {"role": "admin"}).status_code == 422
    # Neither by taking back what an admin did.
    widened = cast.root.patch(f"/roles/{mine['id']}", {"sight": "everyone"}).headers["X-Changeset-Id"]
    assert vera.post(f"/changesets/{widened}/undo").status_code == 403
    demoted = cast.root.patch(f"/users/{cast.carol.id}", {"role": "role"}).headers["X-Changeset-Id"]
    assert vera.post(f"/changesets/{demoted}/undo").status_code == 403
    assert cast.root.post(f"/changesets/{demoted}/undo").status_code == 200
    assert cast.carol.get("/auth/me").get_json()["role"] == "manager"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("#/permissions", "required"), ("#/sight", "required")]),
        ({**CLERK, "permissions": ["customer:fly"]}, [("#/permissions/0", "not_allowed")]),
        ({**CLERK, "sight": "far"}, [("#/sight", "not_allowed")]),
        ({**CLERK, "permissions": ["deal:write"]}, [("#/permissions/0", "needs_permission")]),
        ({"permissions": [], "sight": "own"}, [("#/name_zh", "required")]),
        ({**CLERK, "key": "No Key"}, [("#/key", "key")]),
        ({**CLERK, "name_en": "n" * 81}, [("#/name_en", "too_long")]),
        ({**CLERK, "is_builtin": True}, [("#/is_builtin", "read_only")]),
    ],
)
def test_refused(cast: Cast, body: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    answer = cast.root.post("/roles", body)
    assert (answer.status_code, codes(answer)) == (422, errors)


def test_names_mean_one_role(cast: Cast) -> None:
    composed(cast)
    answer = cast.root.post("/roles", {**CLERK, "name_zh": "只读", "name_en": "CLERK"})
    assert (answer.status_code, codes(answer)) == (409, [("#/name_en", "taken"), ("#/name_zh", "taken")])
    answer = cast.root.post("/roles", {**CLERK, "name_zh": "a", "name_en": "b", "key": "sales"})
    assert (answer.status_code, codes(answer)) == (409, [("#/key", "taken")])
    again = composed(cast, name_zh="内勤二", name_en="Clerk!")
    assert again["key"] == "clerk_2"


def test_the_built_in_ones(cast: Cast) -> None:
    admin, sales = builtin(cast, "admin"), builtin(cast, "sales")
    for name, value in {"permissions": [], "sight": "own", "name_en": "Boss"}.items():
        assert codes(cast.root.patch(admin, {name: value})) == [(f"#/{name}", "fixed")]
    assert codes(cast.root.patch(sales, {"permissions": []})) == [("#/permissions", "fixed")]
    assert slug(cast.root.delete(sales)) == (409, "builtin-role")
    cast.mallory.made("/customers", {"name": "Of Mallory"})
    assert cast.alice.get("/customers").get_json()["meta"]["total"] == 0
    assert cast.root.patch(sales, {"sight": "everyone"}).status_code == 200
    assert cast.alice.get("/customers").get_json()["meta"]["total"] == 1


def test_delete_by_naming_who_takes_over(cast: Cast) -> None:
    role = composed(cast)
    path = f"/roles/{role['id']}"
    gives(cast, cast.alice, "clerk")
    gives(cast, cast.bob, "clerk")
    cast.root.post(f"/users/{cast.bob.id}/deactivate")
    answer = cast.root.delete(path)
    assert (slug(answer), answer.get_json()["people"]) == ((409, "role-in-use"), 2)
    for wrong in ("nothing", "clerk"):
        answer = cast.root.delete(f"{path}?successor={wrong}")
        assert (answer.status_code, codes(answer)) == (422, [("successor", "unknown_role")])
    done = cast.root.delete(f"{path}?successor=viewer")
    assert done.status_code == 204
    assert cast.root.get(path).status_code == 404
    assert cast.alice.get("/auth/me").get_json()["role"] == "viewer"
    assert cast.root.patch(f"/users/{cast.alice.id}", {"role": "clerk"}).status_code == 422
    # One change set: the role and whoever had it.
    undo = f"/changesets/{done.headers['X-Changeset-Id']}/undo"
    assert cast.root.post(undo).status_code == 200
    assert cast.alice.get("/auth/me").get_json()["role"] == "clerk"
    assert cast.root.get(path).get_json()["user_count"] == 2
    assert composed(cast, name_zh="x", name_en="y")["key"] == "y"


def test_unused_ones_go_and_come_back(cast: Cast) -> None:
    role = composed(cast)
    path = f"/roles/{role['id']}"
    assert cast.root.delete(path).status_code == 204
    assert composed(cast)["key"] == "clerk_2"
    answer = cast.root.post(f"{path}/restore")
    assert (answer.status_code, codes(answer)) == (409, [("#/name_en", "taken"), ("#/name_zh", "taken")])


def test_undo(cast: Cast) -> None:
    made = cast.root.post("/roles", CLERK)
    path = made.headers["Location"]
    changed = cast.root.patch(path, {"sight": "everyone", "permissions": ["customer:read"]})
    gives(cast, cast.alice, "clerk")
    assert cast.alice.get("/deals").status_code == 403
    assert cast.root.post(f"/changesets/{changed.headers['X-Changeset-Id']}/undo").status_code == 200
    assert cast.alice.get("/deals").status_code == 200
    assert cast.alice.get("/auth/me").get_json()["sight"] == "own"
    assert slug(cast.root.post(f"/changesets/{made.headers['X-Changeset-Id']}/undo")) == (409, "role-in-use")
    gives(cast, cast.alice, "sales")
    told = cast.root.get(f"/journal?resource=role&id={made.get_json()['id']}").get_json()["data"]
    assert [one["action"] for one in told] == ["updated", "updated", "created"]
    assert told[1]["changes"]["sight"] == {"before": "own", "after": "everyone"}


def test_the_last_admin_is_not_undone(app: CRM, cast: Cast) -> None:
    promoted = cast.root.patch(f"/users/{cast.vera.id}", {"role": "admin"}).headers["X-Changeset-Id"]
    assert cast.vera.patch(f"/users/{cast.root.id}", {"role": "sales"}).status_code == 200
    assert slug(cast.vera.post(f"/changesets/{promoted}/undo")) == (409, "last-admin")
    assert cast.vera.get("/auth/me").get_json()["role"] == "admin"


def test_nobody_gets_a_role_that_goes(cast: Cast) -> None:
    role = composed(cast)
    given, gone = at_once(
        lambda: cast.root.patch(f"/users/{cast.alice.id}", {"role": "clerk"}),
        lambda: cast.root.delete(f"/roles/{role['id']}"),
    )
    assert (given.status_code, gone.status_code) in {(200, 409), (422, 204)}


def test_seeding_again_leaves_what_the_house_decided(app: CRM, cast: Cast) -> None:
    cast.root.patch(builtin(cast, "sales"), {"sight": "team"})
    with unit_of_work():
        sales = role_of("sales")
        assert sales is not None
        sales.permissions = []
    seed()
    db.session.rollback()
    sales = role_of("sales")
    assert sales is not None
    assert sales.sight == "team"
    assert "customer:write" in sales.permissions

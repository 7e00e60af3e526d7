"""Saved views: made, shared, checked against their lists, preferred by each person apart."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from app.access import Permission
from app.auth.models import Role, User
from app.database import db
from app.transaction import unit_of_work
from app.view.models import View

from ..cast import Cast, Member
from ..faults import issues

WHERE = {
    "and": [
        {"field": "owner_id", "op": "eq", "value": "me"},
        {
            "or": [
                {"field": "level", "op": "is_null"},
                {"field": "last_contacted", "op": "within", "value": "last_7_days"},
            ]
        },
    ]
}


def seen(who: Member) -> list[str]:
    """The names of the views that somebody sees."""
    return [row["name"] for row in who.get("/views").get_json()["data"]]


def view(**more: Any) -> dict[str, Any]:
    """A view that its list takes."""
    return {"name": "Mine", "resource": "customers", **more}


def test_one(cast: Cast) -> None:
    made = cast.alice.made(
        "/views",
        view(
            where=WHERE,
            filters={"status": ["lead", "prospect"], "level": []},
            q="ltd",
            sort="-created_at,name",
            columns=[{"field": "name", "width": 240}, {"field": "status"}],
        ),
    )
    assert {name: made[name] for name in made if not name.endswith("_at")} == {
        "id": 1,
        "version": 1,
        "name": "Mine",
        "resource": "customers",
        "kind": "table",
        "visibility": "private",
        "team_id": None,
        "team": None,
        "filters": {"status": ["lead", "prospect"]},
        "where": WHERE,
        "q": "ltd",
        "sort": "-created_at,name",
        "group_by": None,
        "columns": [{"field": "name", "width": 240}, {"field": "status", "width": None}],
        "owner_id": cast.alice.id,
        "owner": {"id": cast.alice.id, "name": "Alice"},
        "created_by": cast.alice.id,
        "is_active": True,
        "can_write": True,
    }
    changed = cast.alice.patch("/views/1", {"name": "All mine", "where": None, "resource": "customers"}).get_json()
    assert (changed["version"], changed["name"], changed["where"]) == (2, "All mine", None)
    assert changed["filters"] == made["filters"]
    assert cast.alice.get("/views/1").get_json() == changed
    assert [row["id"] for row in cast.alice.get("/views?resource=customers&kind=table").get_json()["data"]] == [1]
    assert cast.alice.get("/views?resource=deals").get_json()["data"] == []


def test_undo_takes_back_what_was_made_of_a_view(cast: Cast) -> None:
    cast.alice.made("/views", view(where=WHERE))
    answer = cast.alice.patch("/views/1", {"where": {"field": "status", "op": "eq", "value": "lead"}})
    undone = cast.alice.post(f"/changesets/{answer.headers['X-Changeset-Id']}/undo")
    assert undone.status_code == 200
    assert cast.alice.get("/views/1").get_json()["where"] == WHERE
    gone = cast.alice.delete("/views/1")
    assert (gone.status_code, seen(cast.alice)) == (204, [])
    cast.alice.post(f"/changesets/{gone.headers['X-Changeset-Id']}/undo")
    assert seen(cast.alice) == ["Mine"]
    cast.alice.delete("/views/1")
    assert cast.alice.post("/views/1/restore").get_json()["name"] == "Mine"


def test_who_sees_and_who_changes(cast: Cast) -> None:
    for visibility in ("private", "team", "public"):
        cast.alice.made("/views", view(name=visibility, visibility=visibility))
    assert seen(cast.alice) == ["private", "public", "team"]
    for who in (cast.bob, cast.carol, cast.vera, cast.root):
        assert seen(who) == ["public", "team"]
    assert seen(cast.mallory) == ["public"]
    for who in (cast.bob, cast.carol, cast.mallory, cast.vera, cast.root):
        assert who.get("/views/3").get_json()["can_write"] is (who is cast.root)
        assert who.get("/views/1").status_code == 404
        assert who.patch("/views/1", {"name": "Taken"}).status_code == 404
        assert who.post("/views/1/prefer", {"is_pinned": True}).status_code == 404
    for who in (cast.bob, cast.carol, cast.mallory, cast.vera):
        assert who.patch("/views/3", {"name": "Taken"}).status_code == 403
        assert who.delete("/views/3").status_code == 403
    assert cast.mallory.post("/views/2/prefer", {"is_pinned": True}).status_code == 404
    # Who may not change a shared one keeps an own copy.
    shown = cast.bob.get("/views/3").get_json()
    copy = {name: shown[name] for name in ("resource", "kind", "filters", "where", "sort")}
    assert cast.bob.made("/views", {**copy, "name": "Copy"})["owner_id"] == cast.bob.id


def test_who_keeps_shared_ones_in_order(cast: Cast) -> None:
    for visibility in ("private", "team", "public"):
        cast.alice.made("/views", view(name=visibility, visibility=visibility))
    # Carol leads the team that it is shared with, Root everybody. Vera sees all and changes nothing.
    rights = {
        who.name: [one["can_write"] for one in who.get("/views?sort=id").get_json()["data"]] for who in cast.everybody()
    }
    assert rights == {
        "alice": [True, True, True],
        "bob": [False, False],
        "carol": [True, False],
        "mallory": [False],
        "vera": [False, False],
        "root": [True, True],
    }
    for who, path in ((cast.bob, "/views/2"), (cast.vera, "/views/2"), (cast.carol, "/views/3")):
        assert who.patch(path, {"name": "x"}).status_code == 403
        assert who.delete(path).status_code == 403
    assert cast.carol.patch("/views/2", {"name": "Ours", "filters": {"status": ["lead"]}}).status_code == 200
    deleted = cast.carol.delete("/views/2")
    assert deleted.status_code == 204
    assert cast.carol.post(f"/changesets/{deleted.headers['X-Changeset-Id']}/undo").status_code == 200
    # A team that is left to be filled in is the owner's, not that of who shares it.
    shared = cast.root.patch("/views/3", {"visibility": "team"}).get_json()
    assert (shared["team_id"], shared["owner_id"]) == (cast.north, cast.alice.id)
    # Not shared any more, it is its owner's again and nobody else's.
    closed = cast.carol.patch("/views/3", {"visibility": "private"}).get_json()
    assert (closed["visibility"], closed["can_write"]) == ("private", False)
    assert cast.carol.get("/views/3").status_code == 404
    assert cast.alice.get("/views/3").get_json()["can_write"] is True


@pytest.mark.parametrize("plural", ["views", "dashboards"])
def test_handing_over(cast: Cast, plural: str) -> None:
    body: dict[str, Any] = {"resource": "customers"} if plural == "views" else {"tiles": []}
    made = cast.alice.made(f"/{plural}", {"name": "a", "visibility": "team", **body})
    path = f"/{plural}/{made['id']}"
    own = cast.alice.patch(path, {"owner_id": cast.bob.id})
    assert (own.status_code, issues(own)) == (422, {"#/owner_id": "not_yours_to_assign"})
    assert cast.bob.patch(path, {"owner_id": cast.bob.id}).status_code == 403
    other = cast.carol.patch(path, {"owner_id": cast.mallory.id})
    assert (other.status_code, issues(other)) == (422, {"#/owner_id": "not_yours_to_assign"})
    assert issues(cast.carol.patch(path, {"owner_id": None})) == {"#/owner_id": "required"}
    # Nobody took over from her: it stays in use until somebody hands it on.
    assert cast.root.post(f"/users/{cast.alice.id}/deactivate").status_code == 200
    assert cast.bob.get(path).get_json()["owner"] == {"id": cast.alice.id, "name": "Alice"}
    gone = cast.carol.patch(path, {"owner_id": cast.alice.id, "name": "b"})
    assert gone.status_code == 200
    answer = cast.carol.patch(path, {"owner_id": cast.bob.id})
    given = answer.get_json()
    assert (given["owner_id"], given["team_id"], given["can_write"]) == (cast.bob.id, cast.north, True)
    assert cast.bob.patch(path, {"name": "mine now"}).status_code == 200
    assert cast.carol.post(f"/changesets/{answer.headers['X-Changeset-Id']}/undo").status_code == 200
    assert cast.bob.patch(path, {"name": "x"}).status_code == 403
    assert cast.root.patch(path, {"owner_id": cast.mallory.id}).get_json()["team_id"] == cast.north
    made = cast.root.made(f"/{plural}", {"name": "for her", "visibility": "team", "owner_id": cast.mallory.id, **body})
    assert (made["owner_id"], made["team_id"]) == (cast.mallory.id, cast.south)


@pytest.mark.parametrize("plural", ["views", "dashboards"])
def test_who_has_unshared_one_of_another_takes_that_back(cast: Cast, plural: str) -> None:
    body: dict[str, Any] = {"resource": "customers"} if plural == "views" else {"tiles": []}
    path = f"/{plural}/{cast.alice.made(f'/{plural}', {'name': 'a', 'visibility': 'public', **body})['id']}"

    def unshare(who: Member) -> str:
        answer = who.patch(path, {"visibility": "private"})
        assert answer.status_code == 200
        assert who.get(path).status_code == 404
        return str(answer.headers["X-Changeset-Id"])

    made = unshare(cast.root)
    assert cast.root.get(f"/changesets/{made}").get_json()["is_undoable"] is True
    # Nobody else shares what is private: neither who keeps others in order, nor who sees everything.
    for who in (cast.carol, cast.vera, cast.bob):
        assert who.post(f"/changesets/{made}/undo").status_code in (403, 404)
    undone = cast.root.post(f"/changesets/{made}/undo")
    assert undone.status_code == 200
    assert cast.bob.get(path).get_json()["visibility"] == "public"
    again = cast.root.post(f"/changesets/{undone.get_json()['changeset_id']}/undo")
    assert again.status_code == 200
    assert cast.root.get(path).status_code == 404
    assert cast.root.post(f"/changesets/{again.get_json()['changeset_id']}/undo").status_code == 200
    # What its owner has made of it since is hers alone.
    made = unshare(cast.root)
    cast.alice.patch(path, {"name": "b"})
    assert cast.root.get(f"/changesets/{made}").get_json()["is_undoable"] is False
    assert cast.root.post(f"/changesets/{made}/undo").status_code == 403
    # A manager does so in the own team, and not once that is no longer his or hers.
    assert cast.alice.patch(path, {"visibility": "team"}).status_code == 200
    made = unshare(cast.carol)
    assert cast.root.post(f"/changesets/{made}/undo").status_code in (403, 404)
    assert cast.carol.post(f"/changesets/{made}/undo").status_code == 200
    made = unshare(cast.carol)
    cast.root.patch(f"/users/{cast.carol.id}", {"role": "sales"})
    assert cast.carol.post(f"/changesets/{made}/undo").status_code == 403


def test_sharing_with_a_team(cast: Cast) -> None:
    assert cast.alice.made("/views", view(visibility="team"))["team_id"] == cast.north
    other = cast.alice.patch("/views/1", {"team_id": cast.south})
    assert (other.status_code, issues(other)) == (422, {"#/team_id": "unknown_record"})
    closed = cast.alice.patch("/views/1", {"visibility": "private"}).get_json()
    assert (closed["team_id"], closed["team"]) == (None, None)


LEAF = {"field": "status", "op": "eq", "value": "lead"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"name": None}, {"#/name": "required"}),
        ({"name": "x" * 101}, {"#/name": "too_long"}),
        ({"resource": "users"}, {"#/resource": "not_allowed"}),
        ({"kind": "map"}, {"#/kind": "not_allowed"}),
        ({"kind": "board"}, {"#/kind": "not_allowed"}),
        ({"group_by": "stage"}, {"#/group_by": "unknown_field"}),
        ({"where": []}, {"#/where": "wrong_type"}),
        ({"where": {"field": "status"}}, {"#/where": "where_shape"}),
        ({"where": {"and": []}}, {"#/where/and": "where_shape"}),
        (
            {
                "where": {
                    "and": [
                        LEAF,
                        {"field": "shoe_size", "op": "eq", "value": 1},
                        {"or": [LEAF, {"field": "status", "op": "lt", "value": "lead"}]},
                        {"field": "created", "op": "within", "value": "soon"},
                        {"field": "owner_id", "op": "in", "value": ["me", "my_team"]},
                    ]
                }
            },
            {
                "#/where/and/1/field": "where_field",
                "#/where/and/2/or/1/op": "where_op",
                "#/where/and/3/value": "span",
                "#/where/and/4/value": "id",
            },
        ),
        (
            {"where": {"and": [{"or": [{"and": [{"or": [LEAF]}]}]}]}},
            {"#/where/and/0/or/0/and/0/or/0": "where_too_deep"},
        ),
        ({"where": {"and": [LEAF] * 51}}, {"#/where": "where_too_many"}),
        ({"filters": {"shoe_size": ["1"]}}, {"#/filters/shoe_size": "unknown_parameter"}),
        ({"filters": {"page": ["1"]}}, {"#/filters/page": "unknown_parameter"}),
        ({"filters": {"owner_id": ["x"]}}, {"#/filters/owner_id": "id"}),
        ({"filters": {"status": "lead"}}, {"#/filters": "wrong_type"}),
        ({"filters": {"status": ["x"] * 101}}, {"#/filters": "too_many"}),
        ({"filters": {"status": ["x" * 201]}}, {"#/filters": "too_long"}),
        ({"filters": {f"f{number}": ["x"] for number in range(41)}}, {"#/filters": "too_many"}),
        ({"sort": "shoe_size"}, {"#/sort": "unknown_name"}),
        ({"columns": [{"field": "name"}, {"field": "name"}]}, {"#/columns/1/field": "taken"}),
        ({"columns": [{"field": "name", "width": 3}]}, {"#/columns/0/width": "out_of_range"}),
        ({"columns": [{"field": str(number)} for number in range(101)]}, {"#/columns": "too_many"}),
        ({"owner_id": 99}, {"#/owner_id": "not_yours_to_assign"}),
    ],
)
def test_what_does_not_fit(cast: Cast, more: dict[str, Any], expected: dict[str, str]) -> None:
    answer = cast.alice.post("/views", view(**more))
    assert (answer.status_code, issues(answer)) == (422, expected)
    assert seen(cast.alice) == []


def test_the_list_stays(cast: Cast) -> None:
    cast.alice.made("/views", view())
    answer = cast.alice.patch("/views/1", {"resource": "deals"})
    assert (answer.status_code, issues(answer)) == (422, {"#/resource": "fixed"})


def test_a_board_is_of_deals(cast: Cast) -> None:
    made = cast.alice.made("/views", view(resource="deals", kind="board", group_by="owner"))
    assert (made["kind"], made["group_by"]) == ("board", "owner")
    leads = cast.alice.made("/views", view(resource="leads", filters={"source": ["web"]}))
    assert leads["resource"] == "leads"


def test_each_makes_of_a_view_what_he_or_she_likes(cast: Cast) -> None:
    cast.alice.made("/views", view(name="Ours", visibility="team"))
    cast.alice.made("/views", view(name="Mine"))
    cast.alice.made("/views", view(name="Deals", resource="deals"))
    pinned = cast.bob.post("/views/1/prefer", {"is_pinned": True, "rank": 3}).get_json()
    assert {name: pinned[name] for name in ("view_id", "is_pinned", "is_default", "rank")} == {
        "view_id": 1,
        "is_pinned": True,
        "is_default": False,
        "rank": 3,
    }
    assert cast.bob.post("/views/1/prefer", {"is_default": True}).get_json()["is_pinned"] is True
    for number in (1, 3, 2):
        cast.alice.post(f"/views/{number}/prefer", {"is_default": True})

    def defaults(who: Member) -> list[int]:
        return [row["view_id"] for row in who.get("/view-preferences?is_default=true").get_json()["data"]]

    # One per list, and each person's own.
    assert sorted(defaults(cast.alice)) == [2, 3]
    assert defaults(cast.bob) == [1]
    for who in (cast.carol, cast.root, cast.vera):
        assert who.get("/view-preferences").get_json()["data"] == []
    assert cast.alice.get("/views/1").get_json()["version"] == 1


def test_undo_of_a_default_brings_back_the_one_before(cast: Cast) -> None:
    for name in ("One", "Two"):
        cast.alice.made("/views", view(name=name))
    first = cast.alice.post("/views/1/prefer", {"is_default": True})
    second = cast.alice.post("/views/2/prefer", {"is_default": True})
    listed = "/view-preferences?is_default=true"
    assert [row["view_id"] for row in cast.alice.get(listed).get_json()["data"]] == [2]
    cast.alice.post(f"/changesets/{second.headers['X-Changeset-Id']}/undo")
    assert [row["view_id"] for row in cast.alice.get(listed).get_json()["data"]] == [1]
    cast.alice.post(f"/changesets/{first.headers['X-Changeset-Id']}/undo")
    assert cast.alice.get(listed).get_json()["data"] == []


def test_the_feed_tells_nobody_else_of_what_is_private(cast: Cast) -> None:
    watermarks = {who.name: who.get("/events").get_json()["meta"]["watermark"] for who in cast.everybody()}

    def told(who: Member) -> list[str]:
        answer = who.get(f"/events?after={watermarks[who.name]}").get_json()
        watermarks[who.name] = answer["meta"]["watermark"]
        return [event["type"] for event in answer["data"]]

    cast.alice.made("/views", view())
    cast.alice.post("/views/1/prefer", {"is_pinned": True})
    assert told(cast.alice) == ["view_created", "view_preference_created"]
    assert all(told(who) == [] for who in cast.everybody())
    cast.alice.patch("/views/1", {"visibility": "public"})
    assert all(told(who) == ["view_updated"] for who in cast.everybody())
    cast.alice.post("/views/1/prefer", {"is_pinned": False})
    assert all(told(who) == ["view_preference_updated"] * (who.name == "alice") for who in cast.everybody())


def test_a_saved_tree_asks_for_each_reader(cast: Cast) -> None:
    for who in (cast.alice, cast.bob):
        who.made("/customers", {"name": f"Of {who.name}"})
    where = {"field": "owner_id", "op": "eq", "value": "me"}
    cast.alice.made("/views", view(visibility="public", where=where))
    query = urlencode({"where": json.dumps(where)})
    for who in (cast.alice, cast.bob):
        rows = who.get(f"/customers?{query}").get_json()["data"]
        assert [row["name"] for row in rows] == [f"Of {who.name}"]
    team = urlencode({"where": json.dumps({"field": "team_id", "op": "in", "value": ["my_team"]})})
    assert len(cast.carol.get(f"/customers?{team}").get_json()["data"]) == 2
    assert cast.root.get(f"/customers?{team}").get_json()["data"] == []
    assert [row["name"] for row in cast.bob.get("/customers?owner_id=me").get_json()["data"]] == ["Of bob"]
    # Only people are called so.
    answer = cast.bob.get("/customers?parent_id=me")
    assert (answer.status_code, issues(answer)) == (422, {"parent_id": "id"})


def test_views_are_of_lists_that_one_may_read(cast: Cast) -> None:
    cast.alice.made("/views", view(name="Deals", resource="deals", visibility="public"))
    with unit_of_work():
        role = Role(
            key="reception",
            name_zh="前台",
            name_en="Reception",
            permissions=[Permission.CUSTOMER_READ],
            sight="own",
            is_builtin=False,
        )
        db.session.add(role)
        db.session.flush()
        db.session.get_one(User, cast.mallory.id).role = "reception"
        db.session.get_one(User, cast.mallory.id).access_stamp += 1
    assert cast.mallory.post("/views", view(resource="deals")).status_code == 403
    assert cast.mallory.get("/views/fields?resource=deals").status_code == 403
    # What a shared one asks is no secret; the deals are.
    assert seen(cast.mallory) == ["Deals"]
    assert cast.mallory.made("/views", view())["name"] == "Mine"


def test_a_view_keeps_what_its_list_has_lost(cast: Cast) -> None:
    cast.alice.made("/views", view(where=WHERE, sort="name"))
    gone = {"field": "gone", "op": "eq", "value": "x"}
    with unit_of_work():
        db.session.get_one(View, 1).where = {"and": [gone]}
    assert cast.alice.get("/views/1").get_json()["where"] == {"and": [gone]}
    # It is changed in everything else, but not written once more.
    assert cast.alice.patch("/views/1", {"name": "Old", "sort": "-name"}).status_code == 200
    answer = cast.alice.patch("/views/1", {"where": {"and": [gone]}})
    assert issues(answer) == {"#/where/and/0/field": "where_field"}


def test_stale_changes_are_told(cast: Cast) -> None:
    cast.alice.made("/views", view())
    etag = cast.alice.get("/views/1").headers["ETag"]
    cast.alice.patch("/views/1", {"name": "Other"})
    stale = cast.alice.patch("/views/1", {"sort": "name"}, headers={"If-Match": etag})
    assert (stale.status_code, stale.get_json()["changed_fields"]) == (412, ["name"])


def test_the_owner_changes_teams_and_leaves(cast: Cast) -> None:
    for visibility in ("private", "team", "public"):
        cast.alice.made("/views", view(name=visibility, visibility=visibility))
    cast.alice.made("/dashboards", {"name": "own", "tiles": []})
    # What was shared with a team stays with that team: it is not the owner's place but who is meant to see it.
    assert cast.root.patch(f"/users/{cast.alice.id}", {"team_id": cast.south}).status_code == 200
    assert cast.bob.get("/views/2").get_json()["team_id"] == cast.north
    left = cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor_id": cast.mallory.id})
    assert left.status_code == 200, left.get_data(as_text=True)
    shared = [cast.mallory.get(f"/views/{number}").get_json() for number in (2, 3)]
    assert [(one["owner_id"], one["team_id"]) for one in shared] == [
        (cast.mallory.id, cast.north),
        (cast.mallory.id, None),
    ]
    assert all(one["can_write"] for one in shared)
    # What was kept private goes to nobody.
    assert cast.mallory.get("/views/1").status_code == 404
    assert seen(cast.bob) == ["public", "team"]

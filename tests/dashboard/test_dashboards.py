"""Dashboards: arranged and shared by their owners, seen by whom they are for."""

from __future__ import annotations

from typing import Any

import pytest

from ..cast import Cast, Member
from ..faults import issues


def tile(**more: Any) -> dict[str, Any]:
    """A tile that fits."""
    return {"report": "sales", "x": 0, "y": 0, "w": 6, "h": 3, **more}


def seen(who: Member) -> list[str]:
    """The names of the dashboards that somebody sees."""
    return [row["name"] for row in who.get("/dashboards").get_json()["data"]]


def test_one(cast: Cast) -> None:
    made = cast.alice.made(
        "/dashboards",
        {"name": "Mine", "tiles": [tile(query={"period": "this_month", "group_by": "owner"}, chart=1)]},
    )
    assert {name: made[name] for name in made if not name.endswith("_at")} == {
        "id": 1,
        "version": 1,
        "name": "Mine",
        "visibility": "private",
        "team_id": None,
        "team": None,
        "tiles": [
            {
                "report": "sales",
                "query": {"period": "this_month", "group_by": "owner"},
                "chart": 1,
                "is_compared": False,
                "x": 0,
                "y": 0,
                "w": 6,
                "h": 3,
            }
        ],
        "owner_id": cast.alice.id,
        "owner": {"id": cast.alice.id, "name": "Alice"},
        "created_by": cast.alice.id,
        "is_active": True,
        "can_write": True,
    }
    changed = cast.alice.patch(
        "/dashboards/1", {"name": "Ours", "tiles": [tile(), tile(x=6, chart=0, is_compared=True)]}
    ).get_json()
    assert (changed["version"], changed["name"], [one["x"] for one in changed["tiles"]]) == (2, "Ours", [0, 6])
    assert [one["is_compared"] for one in changed["tiles"]] == [False, True]
    assert cast.alice.get("/dashboards/1").get_json() == changed
    assert cast.alice.delete("/dashboards/1").status_code == 204
    assert seen(cast.alice) == []
    assert cast.alice.post("/dashboards/1/restore").get_json()["name"] == "Ours"


def test_who_sees_and_who_changes(cast: Cast) -> None:
    for visibility in ("private", "team", "public"):
        cast.alice.made("/dashboards", {"name": visibility, "visibility": visibility})
    assert seen(cast.alice) == ["private", "public", "team"]
    # Bob is in Alice's team, Carol leads it, Mallory is in another one, Vera reads all that the house has.
    assert seen(cast.bob) == ["public", "team"]
    assert seen(cast.carol) == ["public", "team"]
    assert seen(cast.mallory) == ["public"]
    assert seen(cast.vera) == ["public", "team"]
    assert seen(cast.root) == ["public", "team"]
    for who in (cast.bob, cast.carol, cast.mallory, cast.vera, cast.root):
        shown = who.get("/dashboards/3").get_json()
        # An admin keeps shared ones in order.
        assert shown["can_write"] is (who is cast.root)
        assert who.get("/dashboards/1").status_code == 404
    for who in (cast.bob, cast.carol, cast.mallory, cast.vera):
        assert who.patch("/dashboards/3", {"name": "Taken"}).status_code == 403
        assert who.delete("/dashboards/3").status_code == 403
    assert cast.alice.patch("/dashboards/3", {"visibility": "private"}).status_code == 200
    assert seen(cast.mallory) == []
    assert cast.bob.get("/dashboards/3").status_code == 404


def test_sharing_with_a_team(cast: Cast) -> None:
    made = cast.alice.made("/dashboards", {"name": "Ours", "visibility": "team"})
    assert made["team_id"] == cast.north
    closed = cast.alice.patch("/dashboards/1", {"visibility": "private"}).get_json()
    assert (closed["team_id"], closed["team"]) == (None, None)
    other = cast.alice.patch("/dashboards/1", {"visibility": "team", "team_id": 99})
    assert (other.status_code, issues(other)) == (422, {"#/team_id": "unknown_record"})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"#/name": "required"}),
        ({"name": "x", "visibility": "all"}, {"#/visibility": "not_allowed"}),
        ({"name": "x", "tiles": [tile(report="nothing")]}, {"#/tiles/0/report": "not_allowed"}),
        ({"name": "x", "tiles": [tile(), tile(x=8)]}, {"#/tiles/1/w": "out_of_range"}),
        ({"name": "x", "tiles": [tile(query={"group_by": "moon"})]}, {"#/tiles/0/query/group_by": "not_allowed"}),
        ({"name": "x", "tiles": [tile(query={"period": "soon"})]}, {"#/tiles/0/query/period": "not_allowed"}),
        ({"name": "x", "tiles": [tile(is_compared="yes")]}, {"#/tiles/0/is_compared": "wrong_type"}),
        ({"name": "x", "tiles": [tile(h=0)]}, {"#/tiles/0/h": "out_of_range"}),
        ({"name": "x", "tiles": [{}] * 41}, {"#/tiles": "too_many"}),
    ],
)
def test_what_does_not_fit(cast: Cast, body: dict[str, Any], expected: dict[str, str]) -> None:
    answer = cast.alice.post("/dashboards", body)
    assert (answer.status_code, issues(answer)) == (422, expected)
    assert seen(cast.alice) == []


def test_who_sees_everything_sees_no_private_one(cast: Cast) -> None:
    made = cast.alice.made("/dashboards", {"name": "mine", "tiles": []})
    path = f"/dashboards/{made['id']}"
    for who in (cast.vera, cast.carol, cast.root):
        assert who.get(path).status_code == 404
        assert who.get(f"/dashboards?visibility=private&owner_id={cast.alice.id}").get_json()["data"] == []
        assert who.patch(path, {"name": "yours"}).status_code == 404
        assert who.delete(path).status_code == 404
    assert cast.alice.get(path).get_json() == made
    cast.alice.patch(path, {"visibility": "public"})
    assert cast.vera.get(path).get_json()["can_write"] is False
    assert cast.vera.patch(path, {"name": "yours"}).status_code == 403
    assert cast.root.get(path).get_json()["can_write"] is True
    cast.alice.patch(path, {"visibility": "private"})
    cast.alice.delete(path)
    assert cast.root.post(f"{path}/restore").status_code == 404
    assert cast.root.get("/dashboards?deleted=only&visibility=private").get_json()["data"] == []


def test_the_feed_tells_nobody_else_of_a_private_one(cast: Cast) -> None:
    watermarks = {who.name: who.get("/events").get_json()["meta"]["watermark"] for who in cast.everybody()}

    def told(who: Member) -> list[str]:
        answer = who.get(f"/events?after={watermarks[who.name]}").get_json()
        watermarks[who.name] = answer["meta"]["watermark"]
        return [event["type"] for event in answer["data"] if event["resource"] == "dashboard"]

    cast.alice.made("/dashboards", {"name": "mine"})
    cast.alice.patch("/dashboards/1", {"name": "still mine"})
    assert {who.name: len(told(who)) for who in cast.everybody()} == {
        "alice": 2,
        **dict.fromkeys(("bob", "carol", "mallory", "vera", "root"), 0),
    }
    cast.alice.patch("/dashboards/1", {"visibility": "public"})
    assert all(told(who) == ["dashboard_updated"] for who in cast.everybody())
    cast.alice.patch("/dashboards/1", {"visibility": "private"})
    for who in cast.everybody():
        assert told(who) == ["dashboard_updated" if who.name == "alice" else "dashboard_removed"]

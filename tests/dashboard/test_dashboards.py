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
    changed = cast.alice.patch("/dashboards/1", {"name": "Ours", "tiles": [tile(), tile(x=6, chart=0)]}).get_json()
    assert (changed["version"], changed["name"], [one["x"] for one in changed["tiles"]]) == (2, "Ours", [0, 6])
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
    assert "public" in seen(cast.vera)
    assert seen(cast.root) == ["private", "public", "team"]
    for who in (cast.bob, cast.carol, cast.mallory):
        shown = who.get("/dashboards/3").get_json()
        assert shown["can_write"] is False
        assert who.patch("/dashboards/3", {"name": "Taken"}).status_code == 403
        assert who.delete("/dashboards/3").status_code == 403
        assert who.get("/dashboards/1").status_code == 404
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
        ({"name": "x", "tiles": [tile(h=0)]}, {"#/tiles/0/h": "out_of_range"}),
        ({"name": "x", "tiles": [{}] * 41}, {"#/tiles": "too_many"}),
    ],
)
def test_what_does_not_fit(cast: Cast, body: dict[str, Any], expected: dict[str, str]) -> None:
    answer = cast.alice.post("/dashboards", body)
    assert (answer.status_code, issues(answer)) == (422, expected)
    assert seen(cast.alice) == []


def test_who_sees_everything_may_not_change_it_for_that(cast: Cast) -> None:
    made = cast.alice.made("/dashboards", {"name": "mine", "tiles": []})
    for who in (cast.vera, cast.carol, cast.root):
        found = who.get(f"/dashboards/{made['id']}")
        assert found.status_code in (200, 404)
        assert who.patch(f"/dashboards/{made['id']}", {"name": "yours"}).status_code in (403, 404)
        assert who.delete(f"/dashboards/{made['id']}").status_code in (403, 404)
    assert cast.vera.get(f"/dashboards/{made['id']}").get_json()["can_write"] is False
    assert cast.alice.get(f"/dashboards/{made['id']}").get_json() == made

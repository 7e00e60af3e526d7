"""Teams: a tree without circles that decides what managers see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.auth.models import User
from app.database import read_engine

from ..cast import Cast
from .test_users import codes


def team(cast: Cast, name: str, **more: Any) -> int:
    """A new team's id."""
    return int(cast.root.made("/teams", {"name": name, **more})["id"])


def test_create_and_read(cast: Cast) -> None:
    made = cast.root.made(
        "/teams", {"name": "华东", "parent_id": cast.north, "manager_id": cast.bob.id, "region": "East"}
    )
    assert made == {
        "id": made["id"],
        "version": 1,
        "name": "华东",
        "parent_id": cast.north,
        "parent": {"id": cast.north, "name": "North"},
        "manager_id": cast.bob.id,
        "manager": {"id": cast.bob.id, "name": "Bob"},
        "region": "East",
        "external_source": None,
        "external_id": None,
        "created_at": made["created_at"],
        "created_by": cast.root.id,
        "updated_at": made["updated_at"],
        "is_active": True,
        "can_write": True,
    }
    for one in cast.everybody():
        read = one.get(f"/teams/{made['id']}").get_json()
        assert read == {**made, "can_write": one.name == "root"}
    listed = cast.alice.get("/teams").get_json()["data"]
    assert [one["name"] for one in listed] == ["华东", "North", "South"]
    assert [one["id"] for one in cast.alice.get(f"/teams?parent_id={cast.north}").get_json()["data"]] == [made["id"]]
    assert [one["id"] for one in cast.alice.get("/teams?name=華東").get_json()["data"]] == [made["id"]]


def test_only_admins_write(cast: Cast) -> None:
    for one in cast.everybody():
        if one.name == "root":
            continue
        assert one.post("/teams", {"name": "x"}).status_code == 403
        assert one.patch(f"/teams/{cast.north}", {"name": "x"}).status_code == 403
        assert one.delete(f"/teams/{cast.south}").status_code == 403
        assert one.post(f"/teams/{cast.south}/restore").status_code == 403
        assert one.put("/teams/external/hr/1", {"name": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("#/name", "required")]),
        (
            {"name": "x", "parent_id": 99, "manager_id": 99},
            [("#/manager_id", "unknown_user"), ("#/parent_id", "unknown_record")],
        ),
        ({"name": "x", "members": []}, [("#/members", "unknown_field")]),
        ({"name": "x", "parent_id": "1"}, [("#/parent_id", "wrong_type")]),
        ({"name": "x", "created_by": 1}, [("#/created_by", "read_only")]),
    ],
)
def test_refused(cast: Cast, body: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    answer = cast.root.post("/teams", body)
    assert answer.status_code == 422
    assert codes(answer) == errors


def test_no_circles(cast: Cast) -> None:
    child = team(cast, "Child", parent_id=cast.north)
    grandchild = team(cast, "Grandchild", parent_id=child)
    for parent in (cast.north, child, grandchild):
        answer = cast.root.patch(f"/teams/{cast.north}", {"parent_id": parent})
        assert answer.status_code == 422
        assert codes(answer) == [("#/parent_id", "circle")]
    assert cast.root.patch(f"/teams/{grandchild}", {"parent_id": cast.north}).status_code == 200
    assert cast.root.patch(f"/teams/{grandchild}", {"parent_id": None}).status_code == 200
    assert cast.root.patch(f"/teams/{cast.north}", {"parent_id": grandchild}).status_code == 200


def test_the_tree_decides_at_once(cast: Cast) -> None:
    southern = cast.mallory.made("/customers", {"name": "Southern"})["id"]
    path = f"/customers/{southern}"
    assert cast.carol.get(path).status_code == 404
    cast.root.patch(f"/teams/{cast.south}", {"parent_id": cast.north})
    assert cast.carol.get(path).status_code == 200, "the manager above sees it"
    assert cast.alice.get(path).status_code == 404
    cast.root.patch(f"/teams/{cast.south}", {"parent_id": None})
    assert cast.carol.get(path).status_code == 404
    cast.root.patch(f"/teams/{cast.south}", {"manager_id": cast.carol.id})
    assert cast.carol.get(path).status_code == 200, "she leads it herself"
    cast.root.patch(f"/teams/{cast.south}", {"manager_id": None})
    assert cast.carol.get(path).status_code == 404
    assert cast.root.get(f"/users/{cast.carol.id}").get_json()["version"] == 1


def test_only_those_whose_sight_changes_load_anew(cast: Cast) -> None:
    """A raised stamp cuts the sockets of a person and makes every open page load anew: it must have a reason."""

    def disturbed(change: Callable[[], Any]) -> set[str]:
        def stamps() -> dict[str, int]:
            with read_engine().connect() as connection:
                return dict(connection.execute(select(User.name, User.access_stamp)).all())

        before = stamps()
        answer = change()
        assert answer.status_code < 300, answer.get_json()
        return {name for name, stamp in stamps().items() if stamp != before[name]}

    def patch(path: str, values: dict[str, Any]) -> Callable[[], Any]:
        return lambda: cast.root.patch(path, values)

    south = f"/teams/{cast.south}"
    assert disturbed(lambda: cast.root.post("/teams", {"name": "Far away"})) == set()
    assert disturbed(patch(south, {"name": "Deep south", "region": "S"})) == set()
    assert disturbed(patch(south, {"manager_id": cast.mallory.id})) == set(), "a sales person sees no more by leading"
    assert disturbed(patch(south, {"parent_id": cast.north})) == {"Carol"}, "she leads the team above"
    assert disturbed(patch(south, {"parent_id": None, "manager_id": cast.carol.id})) == set(), "she sees it either way"
    below = team(cast, "Below")
    assert disturbed(patch(f"/teams/{below}", {"parent_id": cast.south})) == {"Carol"}
    assert disturbed(lambda: cast.root.delete(f"/teams/{below}")) == {"Carol"}
    assert disturbed(lambda: cast.root.post(f"/teams/{below}/restore")) == {"Carol"}
    leaving = f"/users/{cast.carol.id}/deactivate"
    assert disturbed(lambda: cast.root.post(leaving, {"successor_id": cast.alice.id})) == {"Carol"}
    assert disturbed(lambda: cast.root.post(f"/users/{cast.carol.id}/restore")) == {"Carol"}
    cast.root.patch(f"/users/{cast.bob.id}", {"role": "manager"})
    assert disturbed(lambda: cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor_id": cast.bob.id})) == {
        "Alice",
        "Bob",
    }, "he takes over the team that she led"


def test_deleted_only_when_empty(cast: Cast) -> None:
    def refused(team_id: int) -> bool:
        answer = cast.root.delete(f"/teams/{team_id}")
        if answer.status_code == 409:
            assert answer.get_json()["type"] == "/problems/team-not-empty"
        return answer.status_code == 409

    customer = cast.mallory.made("/customers", {"name": "Southern"})["id"]
    assert refused(cast.south), "Mallory is in it"
    cast.root.post(f"/users/{cast.mallory.id}/deactivate", {})
    assert refused(cast.south), "her customer is in it"
    cast.root.patch(f"/customers/{customer}", {"owner_id": cast.alice.id})
    below = team(cast, "Below", parent_id=cast.south)
    assert refused(cast.south), "a team is below it"
    assert cast.root.delete(f"/teams/{below}").status_code == 204
    assert cast.root.delete(f"/teams/{cast.south}").status_code == 204
    assert cast.root.get(f"/teams/{cast.south}").status_code == 404
    assert codes(cast.root.patch(f"/users/{cast.bob.id}", {"team_id": cast.south})) == [("#/team_id", "unknown_record")]
    answer = cast.root.post(f"/teams/{below}/restore")
    assert (answer.status_code, answer.get_json()["parent_id"]) == (200, None), "its parent is gone"
    assert cast.root.post(f"/teams/{cast.south}/restore").status_code == 200


def test_upsert_and_versions(cast: Cast) -> None:
    first = cast.root.put("/teams/external/hr/7", {"name": "Seven"})
    assert first.status_code == 201
    second = cast.root.put("/teams/external/hr/7", {"name": "Seven"})
    assert (second.status_code, second.get_json()) == (200, first.get_json())
    path = f"/teams/{first.get_json()['id']}"
    tag = cast.root.get(path).headers["ETag"]
    assert cast.root.patch(path, {"name": "Sieben"}, headers={"If-Match": tag}).status_code == 200
    assert cast.root.patch(path, {"name": "Sept"}, headers={"If-Match": tag}).status_code == 412
    assert [one["name"] for one in cast.root.get("/teams?q=sieben").get_json()["data"]] == ["Sieben"]

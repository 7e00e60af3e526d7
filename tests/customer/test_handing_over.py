"""Customers change hands: what goes along is told before, and whose they were afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from ..cast import Cast
from ..faults import issues


def customer_of(cast: Cast, name: str = "甲公司") -> int:
    """A customer of Alice's with an open deal and an open task; a deal of Bob's and a done task stay."""
    made = cast.alice.made("/customers", {"name": name, "collaborators": [{"user_id": cast.bob.id}]})["id"]
    cast.alice.made("/deals", {"name": "hers", "customer_id": made})
    cast.root.made("/deals", {"name": "bob's", "customer_id": made, "owner_id": cast.bob.id})
    cast.alice.made("/tasks", {"subject": "open", "customer_id": made})
    done = cast.alice.made("/tasks", {"subject": "done", "customer_id": made})["id"]
    cast.alice.post(f"/tasks/{done}/complete")
    return int(made)


def owned(cast: Cast) -> dict[str, int]:
    """Whose the deals and tasks are."""
    deals = cast.root.get("/deals").get_json()["data"]
    tasks = cast.root.get("/tasks").get_json()["data"]
    return {one["name"]: one["owner_id"] for one in deals} | {one["subject"]: one["assignee_id"] for one in tasks}


def test_what_would_go_along(cast: Cast) -> None:
    customer = customer_of(cast)
    assert cast.alice.get(f"/customers/{customer}/transfer").get_json() == {"deals": 1, "tasks": 1}
    cast.alice.post(f"/customers/{customer}/release")
    assert cast.root.get(f"/customers/{customer}/transfer").get_json() == {"deals": 0, "tasks": 0}
    hidden = cast.mallory.made("/customers", {"name": "hidden"})["id"]
    for what in ("transfer", "owners"):
        assert cast.alice.get(f"/customers/{hidden}/{what}").status_code == 404


def test_whose_it_was(cast: Cast) -> None:
    customer = customer_of(cast)
    path = f"/customers/{customer}"
    cast.alice.patch(path, {"title": "x"})
    cast.alice.post(f"{path}/release")
    cast.bob.post(f"{path}/claim")
    cast.root.post(f"{path}/transfer", {"owner_id": cast.carol.id})
    body = cast.carol.get(f"{path}/owners").get_json()
    assert body["meta"]["total"] == 4
    told = [
        (one["owner"] and one["owner"]["name"], one["by"]["name"], one["action"], one["until"] is None)
        for one in body["data"]
    ]
    assert told == [
        ("Carol", "Root", "transferred", True),
        ("Bob", "Bob", "claimed", False),
        (None, "Alice", "released", False),
        ("Alice", "Alice", "created", False),
    ]
    assert all(later["from"] == sooner["until"] for later, sooner in zip(body["data"], body["data"][1:], strict=False))


def test_an_owner_needs_no_share(cast: Cast) -> None:
    customer = customer_of(cast)
    shown = cast.root.post(f"/customers/{customer}/transfer", {"owner_id": cast.bob.id, "keep_as": "write"}).get_json()
    assert shown["collaborators"] == [{"user_id": cast.alice.id, "team_id": None, "access": "write"}]
    back = cast.root.post(f"/customers/{customer}/transfer", {"owner_id": cast.alice.id}).get_json()
    assert back["collaborators"] == []


def test_many_change_hands_with_what_hangs_on_them(cast: Cast) -> None:
    ids = [customer_of(cast, f"C{number}") for number in range(2)]
    changes = {"owner_id": cast.mallory.id, "with": ["deals", "tasks"], "keep_as": "read"}
    body = {"ids": ids, "action": "transfer", "changes": changes}
    assert cast.root.post("/customers/bulk", {**body, "preview": True}).get_json()["changed"] == 2
    assert owned(cast)["hers"] == cast.alice.id
    answer = cast.root.post("/customers/bulk", body)
    assert answer.get_json() == {"matched": 2, "changed": 2, "failed": []}
    assert owned(cast) == {
        "hers": cast.mallory.id,
        "bob's": cast.bob.id,
        "open": cast.mallory.id,
        "done": cast.alice.id,
    }
    assert cast.alice.get(f"/customers/{ids[0]}").get_json()["can_write"] is False
    assert cast.root.post(f"/changesets/{answer.headers['X-Changeset-Id']}/undo").status_code == 200
    assert owned(cast)["hers"] == cast.alice.id
    pooled = cast.root.post("/customers/bulk", {**body, "changes": {"owner_id": None}}).get_json()
    assert pooled["changed"] == 2
    assert cast.root.get(f"/customers/{ids[0]}").get_json()["owner_id"] is None


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"with": ["deals"]}, {"#/changes/owner_id": "required"}),
        ({"owner_id": 1, "with": ["people"]}, {"#/changes/with/0": "not_allowed"}),
        ({"owner_id": 1, "keep_as": "all"}, {"#/changes/keep_as": "not_allowed"}),
        ({"owner_id": 1, "name": "x"}, {"#/changes/name": "unknown_field"}),
    ],
)
def test_refused(cast: Cast, changes: dict[str, Any], errors: dict[str, str]) -> None:
    assert issues(cast.root.post("/customers/bulk", {"ids": [1], "action": "transfer", "changes": changes})) == errors


def test_everything_of_a_leaver(cast: Cast) -> None:
    customer_of(cast)
    customer_of(cast, "乙公司")
    cast.alice.made("/views", {"name": "v", "resource": "customers", "visibility": "public"})
    cast.root.patch(f"/teams/{cast.south}", {"manager_id": cast.alice.id})
    path = f"/users/{cast.alice.id}"
    told = cast.root.get(f"{path}/holdings").get_json()
    assert told == {"records": {"customers": 2, "deals": 2, "tasks": 2, "views": 1}, "teams": 1}
    assert cast.carol.get(f"{path}/holdings").status_code == 403
    gone = cast.root.post(f"{path}/deactivate", {"successor_id": cast.bob.id})
    assert gone.status_code == 200
    assert owned(cast) == {"hers": cast.bob.id, "bob's": cast.bob.id, "open": cast.bob.id, "done": cast.alice.id}
    assert cast.root.get(f"/teams/{cast.south}").get_json()["manager_id"] == cast.bob.id
    # One change set: the person, the teams and all records come back together.
    undone = cast.root.post(f"/changesets/{gone.headers['X-Changeset-Id']}/undo")
    assert undone.status_code == 200, undone.get_json()
    assert cast.root.get(f"{path}/holdings").get_json() == told
    assert cast.root.get(path).get_json()["is_active"] is True
    assert cast.root.get(f"/teams/{cast.south}").get_json()["manager_id"] == cast.alice.id
    assert cast.alice.get("/auth/me").status_code == 401, "sign-ins that ended stay ended"

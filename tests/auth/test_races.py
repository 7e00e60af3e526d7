"""Two at once: facts about many rows hold although everybody writes at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from werkzeug.test import TestResponse

from app.routing import CRM

from ..cast import Cast, Member, sign_in


def at_once(*calls: Callable[[], TestResponse]) -> list[int]:
    """The statuses of requests that start together."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], TestResponse]) -> int:
        barrier.wait()
        return call().status_code

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def second_admin(app: CRM, cast: Cast) -> Member:
    """Another admin, signed in."""
    made = cast.root.made(
        "/users", {"name": "Ada", "email": "ada@example.com", "role": "admin", "password": "given by an admin 1"}
    )
    return Member(app, made["id"], "ada", None, sign_in(app, made["id"]))


def test_two_admins_cannot_both_go(app: CRM, cast: Cast) -> None:
    ada = second_admin(app, cast)
    statuses = at_once(
        lambda: cast.root.post(f"/users/{ada.id}/deactivate", {}),
        lambda: ada.patch(f"/users/{cast.root.id}", {"role": "sales"}),
    )
    # Who comes second is no admin any more, has left, or is the last one.
    assert sorted(statuses)[0] == 200
    assert sorted(statuses)[1] in (401, 403, 409)
    left = [one for one in (cast.root, ada) if one.get("/auth/me").status_code == 200]
    admins = [one for one in left if one.get("/auth/me").get_json()["role"] == "admin"]
    assert len(admins) == 1


def test_two_admins_cannot_both_resign(app: CRM, cast: Cast) -> None:
    ada = second_admin(app, cast)
    statuses = at_once(
        lambda: cast.root.patch(f"/users/{cast.root.id}", {"role": "sales"}),
        lambda: ada.patch(f"/users/{ada.id}", {"role": "sales"}),
    )
    assert sorted(statuses) == [200, 409]


def test_two_moves_make_no_circle(cast: Cast) -> None:
    for _ in range(3):
        statuses = at_once(
            lambda: cast.root.patch(f"/teams/{cast.north}", {"parent_id": cast.south}),
            lambda: cast.root.patch(f"/teams/{cast.south}", {"parent_id": cast.north}),
        )
        assert sorted(statuses) == [200, 422]
        for one in (cast.north, cast.south):
            cast.root.patch(f"/teams/{one}", {"parent_id": None})


def test_an_address_is_given_once(cast: Cast) -> None:
    body = {"name": "Ming", "email": "ming@example.com", "role": "sales"}
    statuses = at_once(*[lambda: cast.root.post("/users", body)] * 4)
    assert sorted(statuses) == [201, 409, 409, 409]


def test_an_upsert_makes_one(cast: Cast) -> None:
    body = {"name": "Ming", "email": "ming@example.com", "role": "sales"}
    statuses = at_once(*[lambda: cast.root.put("/users/external/hr/1", body)] * 4)
    assert sorted(statuses) == [200, 200, 200, 201]
    assert cast.root.get("/users?external_id=1").get_json()["meta"]["total"] == 1


def test_a_key_is_used_once(cast: Cast) -> None:
    body = {"name": "Ming", "email": "ming@example.com", "role": "sales", "password": "a long enough secret 5"}
    key = {"Idempotency-Key": "once"}
    statuses = at_once(*[lambda: cast.root.post("/users", body, headers=key)] * 3)
    assert statuses == [201, 201, 201]
    assert cast.root.get("/users?email=ming").get_json()["meta"]["total"] == 1


def test_nobody_joins_a_team_that_goes(cast: Cast) -> None:
    made = cast.root.made("/teams", {"name": "Empty"})["id"]
    joined, gone = at_once(
        lambda: cast.root.patch(f"/users/{cast.bob.id}", {"team_id": made}),
        lambda: cast.root.delete(f"/teams/{made}"),
    )
    assert (joined, gone) in ((200, 409), (422, 204))


def test_upserts_and_edits_of_a_team_do_not_wait_in_a_circle(cast: Cast) -> None:
    made = cast.root.put("/teams/external/hr/1", {"name": "West"}).get_json()["id"]
    for turn in range(15):
        statuses = at_once(
            lambda turn=turn: cast.root.put("/teams/external/hr/1", {"region": f"a{turn}"}),  # type: ignore[misc]
            lambda turn=turn: cast.root.patch(f"/teams/{made}", {"region": f"b{turn}"}),  # type: ignore[misc]
        )
        assert statuses == [200, 200]

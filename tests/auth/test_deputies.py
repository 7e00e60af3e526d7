"""Deputies: who stands in for somebody sees and may do with the records what their owner may, on the days named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from app.auth import deputies
from app.auth.models import User
from app.database import db
from app.routing import CRM

from ..cast import Cast, Member
from ..faults import issues

ZONE = ZoneInfo("Asia/Shanghai")


def day(offset: int) -> str:
    """A day as it is where the cast is."""
    return (datetime.now(UTC).astimezone(ZONE).date() + timedelta(days=offset)).isoformat()


def named(who: Member, deputy: Member, first: int = 0, last: int = 7) -> Any:
    """Name a deputy."""
    body = {"deputy_id": deputy.id, "from_on": day(first), "until_on": day(last)}
    answer = who.put("/auth/deputy", body)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def records(who: Member) -> dict[str, int]:
    """A customer with all that hangs on it, by the names of the lists."""
    customer = who.made("/customers", {"name": "Acme"})["id"]
    return {
        "customers": customer,
        "people": who.made("/people", {"customer_id": customer, "name": "P"})["id"],
        "contacts": who.made("/contacts", {"customer_id": customer, "kind": "call", "content": "x"})["id"],
        "deals": who.made("/deals", {"customer_id": customer, "name": "D"})["id"],
        "tasks": who.made("/tasks", {"subject": "T"})["id"],
    }


def seen(who: Member, made: dict[str, int]) -> set[tuple[int, Any]]:
    """How the records are read, and whether they can be changed."""
    answers = [who.get(f"/{plural}/{record_id}") for plural, record_id in made.items()]
    return {(one.status_code, one.get_json().get("can_write")) for one in answers}


def test_a_deputy_stands_in(cast: Cast) -> None:
    made = records(cast.alice)
    cast.alice.made("/views", {"name": "private", "resource": "customers"})
    assert seen(cast.mallory, made) == {(404, None)}
    told = named(cast.alice, cast.mallory)
    assert told == {
        "deputy": {"id": cast.mallory.id, "name": "Mallory"},
        "from_on": day(0),
        "until_on": day(7),
        "is_standing_in": True,
        "stands_in_for": [],
    }
    assert seen(cast.mallory, made) == {(200, True)}
    for plural in made:
        assert cast.mallory.get(f"/{plural}").get_json()["meta"]["total"] == 1
    assert cast.mallory.patch(f"/customers/{made['customers']}", {"title": "x"}).status_code == 200
    assert cast.mallory.post(f"/tasks/{made['tasks']}/complete").status_code == 200
    assert cast.mallory.get("/search?q=Acme").get_json()["data"][0]["id"] == made["customers"]
    assert cast.mallory.get("/views").get_json()["meta"]["total"] == 0, "what is private stays so"
    absent = cast.mallory.get("/auth/deputy").get_json()["stands_in_for"]
    assert absent == [{"id": cast.alice.id, "name": "Alice", "until_on": day(7)}]
    # The records of others, and the other way round: nothing.
    bobs = cast.bob.made("/customers", {"name": "Of Bob"})["id"]
    assert cast.mallory.get(f"/customers/{bobs}").status_code == 404
    mallorys = cast.mallory.made("/customers", {"name": "Of Mallory"})["id"]
    assert cast.alice.get(f"/customers/{mallorys}").status_code == 404
    assert cast.alice.delete("/auth/deputy").status_code == 204
    assert seen(cast.mallory, made) == {(404, None)}


def test_events_are_heard_in_those_days(cast: Cast) -> None:
    named(cast.alice, cast.mallory)
    start = cast.mallory.get("/events").get_json()["meta"]["watermark"]
    made = cast.alice.made("/customers", {"name": "Acme"})
    (event,) = cast.mallory.get(f"/events?after={start}").get_json()["data"]
    assert (event["type"], event["record"]["id"]) == ("customer_created", made["id"])


def test_only_in_those_days(app: CRM, cast: Cast) -> None:
    made = records(cast.alice)
    assert named(cast.alice, cast.mallory, 1, 2)["is_standing_in"] is False
    assert seen(cast.mallory, made) == {(404, None)}

    def begins(first: int, last: int) -> None:
        db.session.rollback()
        values = {"deputy_from_on": date.fromisoformat(day(first)), "deputy_until_on": date.fromisoformat(day(last))}
        with db.engines[None].begin() as connection:
            connection.execute(update(User).where(User.id == cast.alice.id).values(**values))

    begins(0, 1)
    assert seen(cast.mallory, made) == {(404, None)}
    deputies.settle_due()
    assert seen(cast.mallory, made) == {(200, True)}
    version = cast.root.get(f"/users/{cast.alice.id}").get_json()["version"]
    begins(-2, -1)
    deputies.settle_due()
    assert seen(cast.mallory, made) == {(404, None)}
    assert cast.root.get(f"/users/{cast.alice.id}").get_json()["version"] == version


def test_nobody_stands_in_longer_because_a_chore_is_late(app: CRM, cast: Cast) -> None:
    made = records(cast.alice)
    named(cast.alice, cast.mallory)
    with db.engines[None].begin() as connection:
        over = {"deputy_from_on": date.fromisoformat(day(-2)), "deputy_until_on": date.fromisoformat(day(-1))}
        connection.execute(update(User).where(User.id == cast.alice.id).values(**over))
    app.extensions["lianxi.actors"].entries.clear()
    assert seen(cast.mallory, made) == {(404, None)}


def test_for_as_long_as_the_person_is_there(cast: Cast) -> None:
    made = records(cast.alice)
    changed = cast.alice.put(
        "/auth/deputy", {"deputy_id": cast.mallory.id, "from_on": day(0), "until_on": day(1)}
    ).headers["X-Changeset-Id"]
    cast.root.post(f"/users/{cast.alice.id}/deactivate")
    assert seen(cast.mallory, made) == {(404, None)}
    cast.root.post(f"/users/{cast.alice.id}/restore")
    assert seen(cast.mallory, made) == {(200, True)}
    assert cast.root.post(f"/changesets/{changed}/undo").status_code == 200
    assert seen(cast.mallory, made) == {(404, None)}


def test_an_admin_names_one_for_somebody(cast: Cast) -> None:
    made = records(cast.alice)
    path = f"/users/{cast.alice.id}/deputy"
    body = {"deputy_id": cast.mallory.id, "from_on": day(0), "until_on": day(0)}
    assert cast.carol.put(path, body).status_code == 403
    assert cast.root.put(path, body).get_json()["is_standing_in"] is True
    assert seen(cast.mallory, made) == {(200, True)}
    # Another one takes the place of the first.
    cast.root.put(path, {**body, "deputy_id": cast.bob.id})
    assert (seen(cast.mallory, made), seen(cast.bob, made)) == ({(404, None)}, {(200, True)})
    assert cast.root.get(path).get_json()["deputy"]["name"] == "Bob"
    assert cast.root.delete(path).status_code == 204
    assert seen(cast.bob, made) == {(404, None)}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"#/deputy_id": "required", "#/from_on": "required", "#/until_on": "required"}),
        ({"deputy_id": 1, "from_on": day(0), "until_on": day(1)}, {"#/deputy_id": "unknown_user"}),
        ({"deputy_id": 99, "from_on": day(0), "until_on": day(1)}, {"#/deputy_id": "unknown_user"}),
        ({"deputy_id": 2, "from_on": day(2), "until_on": day(1)}, {"#/until_on": "before_start"}),
        ({"deputy_id": 2, "from_on": day(-2), "until_on": day(-1)}, {"#/until_on": "in_past"}),
        ({"deputy_id": 2, "from_on": "soon", "until_on": day(1)}, {"#/from_on": "date"}),
    ],
)
def test_refused(cast: Cast, body: dict[str, Any], errors: dict[str, str]) -> None:
    assert issues(cast.alice.put("/auth/deputy", body)) == errors

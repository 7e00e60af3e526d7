"""What is written down of what happens at the door."""

from __future__ import annotations

from typing import Any

from app.routing import CRM

from ..cast import Cast
from ..faults import issues
from .test_second_factor import set_up
from .visitor import Visitor


def told(cast: Cast, **query: Any) -> list[tuple[str, str | None]]:
    """The events as an admin reads them, oldest first: kind, and whose."""
    found = cast.root.get("/sign-in-events", query_string=query).get_json()["data"]
    return [(one["kind"], one["user"] and one["user"]["name"]) for one in reversed(found)]


def test_everything_at_the_door_is_written_down(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    visitor.login(password="wrong wrong wrong")
    visitor.login(email="nobody@example.com")
    granted = visitor.call(
        "POST", "/auth/login", {"email": "alice@example.com", "password": "x"}, User_Agent="Someone/1"
    )
    assert granted.status_code == 401
    first = visitor.signed_in()
    visitor.refresh(first["refresh_token"])
    visitor.refresh(first["refresh_token"])
    second = visitor.signed_in()
    visitor.call("POST", "/auth/logout", token=second["access_token"])
    failed = ("failed", "Alice")
    assert told(cast) == [
        failed,
        ("failed", None),
        failed,
        ("signed_in", "Alice"),
        ("reuse", "Alice"),
        ("signed_in", "Alice"),
        ("signed_out", "Alice"),
    ]
    assert told(cast, user_id=cast.alice.id, kind="failed") == [failed, failed]
    (one,) = cast.root.get("/sign-in-events?kind=failed&per_page=1").get_json()["data"]
    assert (one["address"], one["agent"]) == (visitor.address, "Someone/1")
    assert one["at"]


def test_who_is_slowed_down_is_written_down_once_a_minute(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    for _ in range(10):
        visitor.login(password="wrong wrong wrong")
    assert told(cast).count(("throttled", "Alice")) == 1
    assert told(cast).count(("failed", "Alice")) == 6


def test_a_wrong_code_is_written_down(app: CRM, cast: Cast) -> None:
    set_up(cast.alice)
    Visitor(app).login()
    Visitor(app).login(otp="000000")
    assert told(cast) == [("failed", "Alice")]


def test_pages_and_bad_questions(app: CRM, cast: Cast) -> None:
    for _ in range(3):
        Visitor(app).signed_in()
    first = cast.root.get("/sign-in-events?per_page=2").get_json()
    assert len(first["data"]) == 2
    rest = cast.root.get(f"/sign-in-events?per_page=2&cursor={first['meta']['next_cursor']}").get_json()
    assert len(rest["data"]) == 1
    assert rest["meta"]["next_cursor"] is None
    assert issues(cast.root.get("/sign-in-events?kind=other&cursor=x")) == {
        "kind": "not_allowed",
        "cursor": "wrong_type",
    }
    assert cast.carol.get("/sign-in-events").status_code == 403

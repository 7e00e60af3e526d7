"""What is written down of what happens at the door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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


def test_an_admin_looks_after_the_door(app: CRM, cast: Cast) -> None:
    def seen() -> dict[str, Any]:
        answer: dict[str, Any] = cast.root.get("/security/overview").get_json()
        return answer

    alone = seen()["without_second_factor"]
    assert alone["people"][0]["role"] == "admin", "who may most stands first"
    assert "Alice" in [one["name"] for one in alone["people"]]
    set_up(cast.alice)
    without = seen()["without_second_factor"]
    assert without["total"] == alone["total"] - 1
    assert "Alice" not in [one["name"] for one in without["people"]]

    soon, later = (str((datetime.now(UTC) + timedelta(days=days)).date()) for days in (10, 40))
    for name, day in (("soon", soon), ("later", later)):
        cast.bob.made("/auth/tokens", {"name": name, "scopes": ["deal:read"], "expires_on": day})
    (ending,) = seen()["expiring_tokens"]
    assert (ending["name"], ending["user"]) == ("soon", {"id": cast.bob.id, "name": "Bob"})

    assert seen()["failed_sign_ins"] == {"day": 0, "week": 0, "addresses": []}
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        Visitor(app, address).login(password="wrong wrong wrong")
    tried = seen()["failed_sign_ins"]
    assert (tried["day"], tried["week"]) == (3, 3)
    assert [(one["address"], one["count"]) for one in tried["addresses"]] == [("192.0.2.1", 2), ("192.0.2.2", 1)]
    assert cast.carol.get("/security/overview").status_code == 403

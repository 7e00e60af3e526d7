"""Side doors ask for the right to read as the front door does: feed, journal, change sets, watching."""

from __future__ import annotations

import pytest

from app.access import POLICIES
from app.auth.identity import read_actor
from app.auth.models import Role, User
from app.database import db
from app.errors import Problem
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member, sign_in
from ..exporting.fetching import ask


def watermark(who: Member) -> str:
    return str(who.get("/events").get_json()["meta"]["watermark"])


def told(who: Member, after: str, resource: str) -> list[int]:
    """The records of a kind that somebody's feed shows."""
    events = who.get(f"/events?after={after}").get_json()["data"]
    return [one["id"] for one in events if one["resource"] == resource]


def test_who_may_not_read_exports_hears_nothing_of_them(app: CRM, cast: Cast) -> None:
    after = {who.name: watermark(who) for who in (cast.vera, cast.root)}
    export = ask(cast.alice, "customers")["result"]["id"]
    assert cast.vera.get(f"/exports/{export}").status_code == 403
    assert told(cast.root, after["root"], "export") == [export]
    assert told(cast.vera, after["vera"], "export") == []
    assert cast.vera.get("/journal?resource=export").get_json()["data"] == []
    with pytest.raises(Problem) as refused:
        POLICIES["export"].get(read_actor(cast.vera.token), export)
    assert refused.value.status == 404


def test_a_role_without_a_right_to_read_finds_no_way_round(app: CRM, cast: Cast) -> None:
    with unit_of_work():
        rights = ["customer:read", "journal:read", "report:read"]
        db.session.add(
            Role(key="clerk", name_zh="文员", name_en="Clerk", permissions=rights, sight="everyone", is_builtin=False)
        )
        clerk = User(name="Clerk", name_key="clerk", email="c@example.com", email_key="c@example.com", role="clerk")
        db.session.add(clerk)
        db.session.flush()
        clerk_id = clerk.id
    who = Member(app, clerk_id, "clerk", None, sign_in(app, clerk_id))
    after = watermark(who)
    home = cast.alice.made("/customers", {"name": "Home"})["id"]
    answer = cast.alice.post("/deals", {"name": "Secret", "customer_id": home, "amount": "77.31", "currency": "CNY"})
    deal, changeset = answer.get_json()["id"], answer.headers["X-Changeset-Id"]
    assert who.get(f"/deals/{deal}").status_code == 403
    assert told(who, after, "customer") == [home]
    assert told(who, after, "deal") == []
    assert who.get("/journal?resource=deal").get_json()["data"] == []
    assert who.get(f"/changesets/{changeset}").status_code == 404
    for path in (f"/customers/{home}/timeline", "/search?q=Secret", "/reports/pipeline", "/journal"):
        shown = who.get(path)
        assert shown.status_code == 200, path
        assert "Secret" not in shown.get_data(as_text=True), path
        assert "77.31" not in shown.get_data(as_text=True), path

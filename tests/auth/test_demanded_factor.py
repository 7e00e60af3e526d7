"""A second factor that is demanded: who is held up, where, from when on, and who is not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from app.auth.identity import load_actor
from app.auth.models import User
from app.auth.stamps import raise_stamps
from app.database import db
from app.routing import CRM, PREFIX
from app.setting.models import InstallationSettings
from app.transaction import unit_of_work

from ..cast import PASSWORD, Cast, Member
from ..faults import issues
from ..job.test_jobs import work_off
from ..live.test_connecting import opened
from .test_api_tokens import by_token
from .test_second_factor import code_of, set_up
from .visitor import Visitor

OPEN = {
    ("GET", "/auth/me"),
    ("PATCH", "/auth/me"),
    ("GET", "/auth/totp"),
    ("POST", "/auth/totp"),
    ("POST", "/auth/totp/confirm"),
    ("GET", "/auth/identities"),
    ("POST", "/auth/password"),
}
"""What who lacks a second factor may call, besides what takes no sign-in."""

ENDS = {f"{PREFIX}/auth/logout", f"{PREFIX}/auth/refresh"}
"""Where the token itself is ended or exchanged, whoever has it."""


def ruled(cast: Cast, rule: str) -> int:
    """Have root, who has a second factor, decide; the change set."""
    if not cast.root.get("/auth/totp").get_json()["is_on"]:
        set_up(cast.root)
    answer = cast.root.patch("/settings", {"second_factor": rule})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json()["second_factor"] == rule
    return int(answer.headers["X-Changeset-Id"])


def is_held_up(member: Member) -> bool:
    """Whether somebody may do nothing yet; a list, a record and a change all say the same, and so does the profile."""
    answers = [member.get("/customers"), member.get(f"/users/{member.id}"), member.post("/tasks", {"subject": "x"})]
    (held,) = {refused(answer) for answer in answers}
    assert member.get("/auth/me").get_json()["needs_second_factor"] == held
    return held


def refused(answer: TestResponse) -> bool:
    """Whether this is the refusal; else it must be a success."""
    if answer.status_code == 403:
        assert slug(answer) == "second-factor-required"
        return True
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)
    return False


def slug(answer: TestResponse) -> str:
    return str(answer.get_json()["type"]).removeprefix("/problems/")


def without_password(member: Member) -> None:
    """Somebody who comes by a provider alone."""
    with unit_of_work():
        db.session.execute(update(User).where(User.id == member.id).values(password_hash=None))
        raise_stamps(member.id)


def stamp(member: Member) -> int:
    return db.session.execute(select(User.access_stamp).where(User.id == member.id)).scalar_one()


def test_nobody_is_held_up_at_first(cast: Cast) -> None:
    assert cast.alice.get("/settings").get_json()["second_factor"] == "optional"
    assert cast.alice.get("/auth/totp").get_json()["is_demanded"] is False
    assert [one.name for one in cast.everybody() if one is not cast.vera and is_held_up(one)] == []
    assert cast.carol.patch("/settings", {"second_factor": "everybody"}).status_code == 403
    assert set(issues(cast.root.patch("/settings", {"second_factor": "all"}))) == {"#/second_factor"}
    with pytest.raises(IntegrityError), db.engines[None].begin() as connection:
        connection.execute(update(InstallationSettings).values(second_factor="all"))


def test_nothing_is_answered_but_what_leads_to_one(app: CRM, cast: Cast) -> None:
    ruled(cast, "everybody")
    nobody = Member(app, 0, "nobody", None, "")
    found: dict[tuple[str, str], str] = {}
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(PREFIX) or rule.rule in ENDS:
            continue
        path = re.sub(r"<(?:\w+:)?\w+>", "1", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if nobody.call(method, path, buffered=True).status_code == 401:
                answer = cast.alice.call(method, path)
                said = slug(answer) if answer.status_code == 403 else str(answer.status_code)
                found[method, rule.rule.removeprefix(PREFIX)] = said
    assert {route for route, said in found.items() if said != "second-factor-required"} <= OPEN
    assert found.keys() >= OPEN
    assert len(found) > 200
    assert cast.alice.get("/openapi.json").status_code == 403


def test_the_way_in(app: CRM, cast: Cast) -> None:
    ruled(cast, "everybody")
    visitor = Visitor(app)
    tokens = visitor.signed_in()
    assert tokens["user"]["needs_second_factor"] is True
    alice = Member(app, cast.alice.id, "Alice", cast.alice.team_id, tokens["access_token"])
    assert is_held_up(alice)
    assert alice.get("/auth/totp").get_json()["is_demanded"] is True
    assert alice.get("/auth/identities").get_json()["has_password"] is True
    assert alice.patch("/auth/me", {"language": "zh-CN"}).status_code == 200
    assert alice.get("/customers").get_json()["detail"] == "Two-step sign-in is required here: set it up first."
    chinese = alice.get("/customers", headers={"Accept-Language": "zh-CN"})
    assert chinese.get_json()["detail"] == "系统要求启用两步验证，请先完成设置。"
    renewed = visitor.refresh(tokens["refresh_token"]).get_json()
    assert renewed["user"]["needs_second_factor"] is True

    assert issues(alice.post("/auth/totp")) == {"#/password": "required"}
    secret, codes = set_up(alice)
    assert len(codes) == 10
    assert not is_held_up(alice), "with the very token of before"
    assert visitor.login().get_json()["type"] == "/problems/otp-required"
    assert visitor.signed_in(otp=code_of(secret))["user"]["needs_second_factor"] is False
    assert is_held_up(cast.bob)


def test_a_new_password_comes_first_where_both_are_asked_for(app: CRM, cast: Cast) -> None:
    ruled(cast, "everybody")
    first = "a first one from the admin 1"
    new = {"name": "Nina", "email": "nina@example.com", "role": "sales", "password": first}
    made = cast.root.made("/users", new)
    tokens = Visitor(app).signed_in("nina@example.com", first)
    assert (tokens["user"]["must_change_password"], tokens["user"]["needs_second_factor"]) == (True, True)
    nina = Member(app, made["id"], "Nina", None, tokens["access_token"])
    assert nina.post("/auth/password", {"current_password": first, "new_password": PASSWORD}).status_code == 204
    assert nina.get("/auth/me").get_json()["must_change_password"] is False
    assert is_held_up(nina)
    set_up(nina)
    assert not is_held_up(nina)


def test_it_holds_from_the_next_request_on(cast: Cast) -> None:
    set_up(cast.root)
    assert not is_held_up(cast.alice), "and is remembered so"
    changeset = ruled(cast, "everybody")
    assert is_held_up(cast.alice)
    undone = cast.root.post(f"/changesets/{changeset}/undo")
    assert undone.status_code == 200
    assert cast.root.get("/settings").get_json()["second_factor"] == "optional"
    assert not is_held_up(cast.alice)
    again = cast.root.post(f"/changesets/{undone.get_json()['changeset_id']}/undo")
    assert again.status_code == 200
    assert is_held_up(cast.alice)
    ruled(cast, "optional")
    assert not is_held_up(cast.alice)


def test_other_settings_disturb_nobody(cast: Cast) -> None:
    ruled(cast, "admins")
    before = stamp(cast.alice)
    changed = cast.root.patch("/settings", {"reveal_quota": 7, "second_factor": "admins"})
    assert changed.status_code == 200
    assert cast.root.post(f"/changesets/{changed.headers['X-Changeset-Id']}/undo").status_code == 200
    assert cast.root.get("/settings").get_json()["reveal_quota"] == 50
    assert stamp(cast.alice) == before


def test_of_admins_alone(cast: Cast) -> None:
    ruled(cast, "admins")
    assert not any(is_held_up(one) for one in (cast.alice, cast.bob, cast.carol))
    assert cast.root.patch(f"/users/{cast.alice.id}", {"role": "admin"}).status_code == 200
    assert is_held_up(cast.alice)
    assert cast.root.patch(f"/users/{cast.alice.id}", {"role": "sales"}).status_code == 200
    assert not is_held_up(cast.alice)

    rights = ["customer:read", "task:read", "task:write"]
    role = cast.root.made("/roles", {"key": "clerk", "name_en": "Clerk", "permissions": rights, "sight": "own"})
    assert cast.root.patch(f"/users/{cast.bob.id}", {"role": "clerk"}).status_code == 200
    assert not is_held_up(cast.bob)
    more = cast.root.patch(f"/roles/{role['id']}", {"permissions": [*rights, "user:write"]})
    assert more.status_code == 200
    assert is_held_up(cast.bob), "who may change users is one"
    assert cast.root.post(f"/changesets/{more.headers['X-Changeset-Id']}/undo").status_code == 200
    assert not is_held_up(cast.bob)


def test_programs_and_jobs_go_on(app: CRM, cast: Cast) -> None:
    program = by_token(cast.alice, "customer:read")
    cast.alice.made("/customers", {"name": "Acme"})
    export = cast.alice.post("/exports", {"resource": "customers", "format": "csv"})
    assert export.status_code == 202, export.get_data(as_text=True)
    ruled(cast, "everybody")
    assert is_held_up(cast.alice)
    assert program.get("/customers").get_json()["meta"]["total"] == 1
    work_off()
    set_up(cast.alice)
    (made,) = cast.alice.get("/exports").get_json()["data"]
    assert made["row_count"] == 1


def test_what_runs_by_itself_is_not_held_up(cast: Cast) -> None:
    ruled(cast, "everybody")
    with db.engines[None].connect() as connection:
        actor = load_actor(connection, cast.alice.id, None)
    assert actor is not None
    assert actor.lacks_second_factor is False


def test_who_comes_by_a_provider_is_its_matter(app: CRM, cast: Cast) -> None:
    ruled(cast, "everybody")
    assert is_held_up(cast.bob)
    without_password(cast.bob)
    assert not is_held_up(cast.bob)
    assert cast.root.patch(f"/users/{cast.bob.id}", {"password": PASSWORD}).status_code == 200
    tokens = Visitor(app).signed_in("bob@example.com")
    assert tokens["user"]["needs_second_factor"] is True, "who has a password may come by it"


def test_it_stays_on_where_it_is_demanded(app: CRM, cast: Cast) -> None:
    set_up(cast.alice)
    ruled(cast, "everybody")
    assert not is_held_up(cast.alice)
    answer = cast.alice.post("/auth/totp/disable", {"password": PASSWORD})
    assert (answer.status_code, slug(answer)) == (409, "totp-is-demanded")
    assert cast.alice.get("/auth/totp").get_json()["is_on"] is True
    renewed = cast.alice.post("/auth/totp/recovery-codes", {"password": PASSWORD})
    assert renewed.status_code == 200

    assert cast.root.delete(f"/users/{cast.alice.id}/totp").status_code == 204, "who has lost the device"
    assert is_held_up(cast.alice)
    assert Visitor(app).signed_in()["user"]["needs_second_factor"] is True
    set_up(cast.alice)
    assert not is_held_up(cast.alice)
    ruled(cast, "admins")
    assert cast.alice.post("/auth/totp/disable", {"password": PASSWORD}).status_code == 204
    assert not is_held_up(cast.alice)
    assert cast.root.post("/auth/totp/disable", {"password": PASSWORD}).status_code == 409


@pytest.mark.parametrize("rule", ["admins", "everybody"])
def test_nobody_locks_himself_out(cast: Cast, rule: str) -> None:
    before = stamp(cast.alice)
    for root in (cast.root, by_token(cast.root, "setting:write")):
        answer = root.patch("/settings", {"second_factor": rule})
        assert (answer.status_code, slug(answer)) == (409, "own-second-factor-first")
        assert answer.get_json()["detail"] == "Set up your own two-step sign-in first: you would lock yourself out."
    assert cast.root.get("/settings").get_json()["second_factor"] == "optional"
    assert stamp(cast.alice) == before

    changeset = ruled(cast, rule)
    assert cast.root.post(f"/changesets/{changeset}/undo").status_code == 200
    assert cast.root.post("/auth/totp/disable", {"password": PASSWORD}).status_code == 204
    (latest, *_) = cast.root.get("/journal?resource=settings").get_json()["data"]
    again = cast.root.post(f"/changesets/{latest['changeset_id']}/undo")
    assert (again.status_code, slug(again)) == (409, "own-second-factor-first")
    without_password(cast.root)
    assert cast.root.patch("/settings", {"second_factor": rule}).status_code == 200, "a provider lets in"


def test_what_binds_others_alone_may_be_decided(cast: Cast) -> None:
    rights = ["setting:write", "customer:read", "task:read", "task:write"]
    cast.root.made("/roles", {"key": "setter", "name_en": "Setter", "permissions": rights, "sight": "own"})
    assert cast.root.patch(f"/users/{cast.bob.id}", {"role": "setter"}).status_code == 200
    assert cast.bob.patch("/settings", {"second_factor": "everybody"}).status_code == 409
    assert cast.bob.patch("/settings", {"second_factor": "admins"}).status_code == 200
    assert is_held_up(cast.root)
    assert not is_held_up(cast.bob)


def test_no_socket_is_opened(app: CRM, cast: Cast) -> None:
    ruled(cast, "everybody")
    with opened(app, cast.alice) as client:
        assert not client.is_connected()
    with opened(app, cast.root) as client:
        assert client.is_connected()
        answers: list[Any] = [client.emit("authenticate", {"token": cast.alice.token}, callback=True)]
        assert answers[0]["ok"] is False
    set_up(cast.alice)
    with opened(app, cast.alice) as client:
        assert client.is_connected()

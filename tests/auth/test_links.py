"""Links to choose a password, as an admin hands them out where no mail is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.auth.credentials import PasswordLink
from app.auth.models import User
from app.database import db
from app.job.models import Job
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import PASSWORD, Cast, Member
from ..faults import issues
from .test_second_factor import code_of, set_up
from .visitor import Visitor, same_problem

NEW = "a rather new secret 8"


def link_for(cast: Cast, member: Member) -> str:
    """The token of a new link of somebody."""
    answer = cast.root.post(f"/users/{member.id}/password-link")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_json()["link"].partition("#")[2])


def reset(app: CRM, token: str, password: str = NEW) -> Any:
    """POST /auth/password/reset."""
    return Visitor(app).call("POST", "/auth/password/reset", {"token": token, "new_password": password})


def test_an_admin_hands_out_a_link(app: CRM, cast: Cast) -> None:
    answer = cast.root.post(f"/users/{cast.alice.id}/password-link", headers={"X-Forwarded-Host": "evil.example"})
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.get_json()
    assert body.keys() == {"link", "link_expires_at"}
    path, _, token = body["link"].partition("#")
    assert path == "/choose-password", "nobody has said how the product is reached"
    assert len(token) == 43
    stored = db.session.execute(select(PasswordLink)).scalar_one()
    assert token not in repr(vars(stored))
    assert datetime.fromisoformat(body["link_expires_at"]) - stored.created_at == timedelta(minutes=30)
    opened = Visitor(app).call("POST", "/auth/password/link", {"token": token})
    assert opened.get_json() == {"kind": "reset", "name": "Alice", "account": "alice@example.com", "min_length": 12}
    assert Visitor(app).login().status_code == 200, "until it is used the old password holds"
    assert reset(app, token).status_code == 204
    assert Visitor(app).login().status_code == 401
    assert Visitor(app).login(password=NEW).status_code == 200
    assert Visitor(app).call("GET", "/auth/me", token=cast.alice.token).status_code == 401
    assert Visitor(app).call("POST", "/auth/password/link", {"token": token}).status_code == 422


def test_its_host_is_the_configured_one(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "LIANXI", replace(app.config["LIANXI"], public_url="https://crm.example.com"))
    answer = cast.root.post(f"/users/{cast.alice.id}/password-link", headers={"Host": "evil.example"})
    assert answer.get_json()["link"].startswith("https://crm.example.com/choose-password#")


def test_it_works_once_and_a_newer_one_ends_it(app: CRM, cast: Cast) -> None:
    older, newer = link_for(cast, cast.alice), link_for(cast, cast.alice)
    assert issues(reset(app, older)) == {"#/token": "link_spent"}
    with ThreadPoolExecutor(3) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(lambda one: reset(app, one), [newer] * 3))
    assert statuses == [204, 422, 422]
    assert issues(reset(app, "made up")) == {"#/token": "link_spent"}


@pytest.mark.parametrize("ends", ["time", "change", "deactivation"])
def test_what_ends_it(app: CRM, cast: Cast, ends: str) -> None:
    token = link_for(cast, cast.alice)
    if ends == "time":
        with unit_of_work() as unit:
            db.session.execute(select(PasswordLink)).scalar_one().expires_at = unit.at
    elif ends == "change":
        body = {"current_password": PASSWORD, "new_password": "another good one 7"}
        assert cast.alice.post("/auth/password", body).status_code == 204
    else:
        cast.root.post(f"/users/{cast.alice.id}/deactivate")
        cast.root.post(f"/users/{cast.alice.id}/restore")
    assert issues(reset(app, token)) == {"#/token": "link_spent"}


def test_the_password_keeps_to_the_rules(app: CRM, cast: Cast) -> None:
    token = link_for(cast, cast.alice)
    assert issues(reset(app, token, "short")) == {"#/new_password": "password_short"}
    assert issues(reset(app, token, "alice@example.com")) == {"#/new_password": "password_common"}
    assert issues(Visitor(app).call("POST", "/auth/password/reset", {})) == {
        "#/token": "required",
        "#/new_password": "required",
    }
    assert reset(app, token).status_code == 204, "a refused password does not use the link up"


def test_whoever_gets_in_by_a_link_waits_no_longer(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    for _ in range(7):
        visitor.login(password="wrong wrong wrong")
    assert visitor.login().status_code == 429
    assert reset(app, link_for(cast, cast.alice)).status_code == 204
    assert visitor.login(password=NEW).status_code == 200


def test_a_new_password_leaves_the_second_factor(app: CRM, cast: Cast) -> None:
    secret, _ = set_up(cast.alice)
    assert reset(app, link_for(cast, cast.alice)).status_code == 204
    visitor = Visitor(app)
    refused = visitor.login(password=NEW)
    assert (refused.status_code, refused.get_json()["type"]) == (401, "/problems/otp-required")
    assert visitor.login(password=NEW, otp=code_of(secret)).status_code == 200


def test_who_may_hand_them_out(app: CRM, cast: Cast) -> None:
    assert cast.carol.post(f"/users/{cast.alice.id}/password-link").status_code == 403
    own = cast.root.post(f"/users/{cast.root.id}/password-link")
    assert own.status_code == 409
    assert own.get_json()["type"] == "/problems/own-password"
    assert cast.root.post("/users/999/password-link").status_code == 404


def test_a_retry_does_not_show_it_again(app: CRM, cast: Cast) -> None:
    path, key = f"/users/{cast.alice.id}/password-link", {"Idempotency-Key": "link-1"}
    assert cast.root.post(path, headers=key).status_code == 200
    assert cast.root.post(path, headers=key).get_json()["type"] == "/problems/secret-not-replayable"


def test_a_person_without_a_password_is_invited(app: CRM, cast: Cast) -> None:
    body, key = {"name": "Ming", "email": "ming@example.com", "role": "sales"}, {"Idempotency-Key": "ming"}
    answer = cast.root.post("/users", body, headers=key)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    made = answer.get_json()
    assert made["has_password"] is False
    token = made["link"].partition("#")[2]
    opened = Visitor(app).call("POST", "/auth/password/link", {"token": token}).get_json()
    assert opened["kind"] == "invitation"
    lasts = datetime.fromisoformat(made["link_expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert lasts == timedelta(days=7)
    assert cast.root.post("/users", body, headers=key).get_json()["type"] == "/problems/secret-not-replayable"
    assert reset(app, token).status_code == 204
    me = Visitor(app).signed_in("ming@example.com", NEW)["user"]
    assert me["must_change_password"] is False
    now = cast.root.get(f"/users/{made['id']}").get_json()
    assert (now["has_password"], now["version"]) == (True, made["version"] + 1), "those who look at it are told"
    (entry, *_) = cast.root.get(f"/journal?resource=user&id={made['id']}").get_json()["data"]
    assert (entry["action"], entry["changes"]) == ("updated", {})
    answer = cast.root.post(f"/changesets/{entry['changeset_id']}/undo")
    assert answer.get_json()["type"] == "/problems/not-undoable"
    assert "link" not in cast.root.made("/users", {**body, "email": "two@example.com", "password": NEW})


def test_forgotten_without_a_mail_server(app: CRM, cast: Cast) -> None:
    known = Visitor(app).call("POST", "/auth/password/forgot", {"email": "alice@example.com"})
    unknown = Visitor(app).call("POST", "/auth/password/forgot", {"email": "nobody@example.com"})
    assert known.status_code == unknown.status_code == 202
    assert known.get_data() == unknown.get_data()
    assert db.session.execute(select(Job)).first() is None
    assert issues(Visitor(app).call("POST", "/auth/password/forgot", {})) == {"#/email": "required"}


def test_a_deactivated_person_has_no_way_back(app: CRM, cast: Cast) -> None:
    token = link_for(cast, cast.alice)
    with unit_of_work():
        db.session.get_one(User, cast.alice.id).is_active = False
    assert same_problem(reset(app, token), reset(app, "made up"))

"""Signing in: who gets in, what is answered, what cannot be told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import jwt
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import OperationalError

from app.auth import passwords, sessions
from app.auth.models import SignIn, SignInThrottle, User
from app.auth.passwords import hash_password
from app.database import db
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import PASSWORD, Cast
from .visitor import Visitor, same_problem


def test_answer(app: CRM, cast: Cast) -> None:
    answer = Visitor(app).login()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    body = answer.get_json()
    me = cast.alice.get("/auth/me").get_json()
    assert {key: value for key, value in body.items() if not key.endswith("_token")} == {
        "token_type": "Bearer",
        "expires_in": 900,
        "user": me,
    }
    assert me == {
        "id": cast.alice.id,
        "version": 1,
        "name": "Alice",
        "email": "alice@example.com",
        "phone": None,
        "title": None,
        "avatar": None,
        "language": "en",
        "time_zone": "Asia/Shanghai",
        "team_id": cast.north,
        "team": {"id": cast.north, "name": "North"},
        "role": "sales",
        "role_name_zh": "销售",
        "role_name_en": "Sales",
        "sight": "own",
        "absent_until": None,
        "must_change_password": False,
        "wants_digest": True,
        "permissions": sorted(me["permissions"]),
        "fields": {},
        "can_write": True,
        "needs_second_factor": False,
        "is_active": True,
        "created_at": me["created_at"],
        "updated_at": me["updated_at"],
    }
    assert "deal:write" in me["permissions"]
    assert "user:write" not in me["permissions"]
    visitor = Visitor(app)
    assert visitor.call("GET", "/customers", token=body["access_token"]).status_code == 200


def test_claims(app: CRM, cast: Cast) -> None:
    body = Visitor(app).signed_in()
    for name, kind, typ in (("access_token", "access", "at+jwt"), ("refresh_token", "refresh", "rt+jwt")):
        assert jwt.get_unverified_header(body[name]) == {"alg": "HS256", "typ": typ}
        claims = jwt.decode(body[name], options={"verify_signature": False})
        assert claims["type"] == kind
        assert (claims["iss"], claims["aud"], claims["sub"]) == ("lianxi", "lianxi-api", str(cast.alice.id))
        assert {"jti", "iat", "nbf", "exp", "sid"} <= claims.keys()
        assert "permissions" not in claims
        assert "role" not in claims


def test_by_phone_in_any_notation(app: CRM, cast: Cast) -> None:
    cast.root.patch(f"/users/{cast.bob.id}", {"phone": "138 1234 5678"})
    for typed in ("13812345678", "+86 138-1234-5678", "１３８１２３４５６７８"):
        assert Visitor(app).signed_in(typed)["user"]["id"] == cast.bob.id


def test_email_ignores_case_and_space(app: CRM, cast: Cast) -> None:
    assert Visitor(app).signed_in(" ALICE@Example.com ")["user"]["id"] == cast.alice.id


def test_password_is_taken_as_it_is(app: CRM, cast: Cast) -> None:
    assert Visitor(app).login(password=PASSWORD + " ").status_code == 401
    assert Visitor(app).login(password=PASSWORD.upper()).status_code == 401
    assert Visitor(app).login(password="x" * 5_000).status_code == 401


def test_wrong_in_any_way_looks_the_same(app: CRM, cast: Cast) -> None:
    cast.root.post(f"/users/{cast.mallory.id}/deactivate", {})
    cast.root.made("/users", {"name": "Nobody", "email": "empty@example.com", "role": "sales"})
    wrong = Visitor(app).login("alice@example.com", "not the password")
    assert wrong.status_code == 401
    assert wrong.headers["WWW-Authenticate"] == "Bearer"
    assert wrong.headers["Cache-Control"] == "no-store"
    assert {**wrong.get_json(), "request_id": None} == {
        "type": "/problems/sign-in-failed",
        "title": "Sign-in failed",
        "status": 401,
        "detail": "The account and the password do not fit together.",
        "instance": "/api/v1/auth/login",
        "request_id": None,
    }
    for account, password in (
        ("nobody@example.com", PASSWORD),
        ("mallory@example.com", PASSWORD),
        ("empty@example.com", PASSWORD),
        ("13912345678", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("alice", PASSWORD),
        ("a" * 2_000 + "@example.com", PASSWORD),
    ):
        assert same_problem(Visitor(app).login(account, password), wrong), account


def test_takes_the_same_time(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    work: list[Any] = []
    run = passwords._run

    def noted(*args: Any) -> Any:
        work.append(args[0])
        return run(*args)

    monkeypatch.setattr(passwords, "_run", noted)
    times: dict[str, list[float]] = {"alice@example.com": [], "nobody@example.com": []}
    Visitor(app, "192.0.2.99").login("first@example.com", "of all")
    work.clear()
    for number in range(6):  # a seventh would be braked
        for account, taken in times.items():
            begun = perf_counter()
            assert Visitor(app, f"192.0.2.{number}").login(account, "not the password").status_code == 401
            taken.append(perf_counter() - begun)
    assert len(work) == 12, "one look at a hash for each, known or not"
    # The least of each: what a busy machine adds is no hint.
    known, unknown = (min(taken) for taken in times.values())
    assert max(known, unknown) / min(known, unknown) < 2


def test_body_is_checked(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    answer = visitor.call("POST", "/auth/login", {"email": 5, "session": "jar", "remember": "yes", "admin": True})
    assert answer.status_code == 422
    assert sorted((one["pointer"], one["code"]) for one in answer.get_json()["errors"]) == [
        ("#/admin", "unknown_field"),
        ("#/email", "wrong_type"),
        ("#/password", "required"),
        ("#/remember", "wrong_type"),
        ("#/session", "not_allowed"),
    ]
    surrogate = visitor.client.post(
        "/api/v1/auth/login", data=b'{"email": "a@b.cd", "password": "\\ud800"}', content_type="application/json"
    )
    assert surrogate.status_code == 422
    assert visitor.client.post("/api/v1/auth/login", data={"email": "a"}).status_code == 415
    assert visitor.call("PUT", "/auth/login").status_code == 405


def test_what_is_refused_speaks_the_reader_s_language(app: CRM, cast: Cast) -> None:
    answer = Visitor(app).call("POST", "/auth/login", {"email": "a", "password": "b"}, Accept_Language="zh-CN")
    assert answer.get_json()["detail"] == "账号或密码不正确。"


def test_hash_is_made_anew_when_the_parameters_have_changed(app: CRM, cast: Cast) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with unit_of_work():
        user = db.session.get(User, cast.alice.id)
        assert user is not None
        user.password_hash = weak
    version = cast.alice.get("/auth/me").get_json()["version"]
    Visitor(app).signed_in()
    db.session.rollback()
    user = db.session.get(User, cast.alice.id, populate_existing=True)
    assert user is not None
    assert user.password_hash is not None
    assert "m=19456,t=2,p=1" in user.password_hash
    assert cast.alice.get("/auth/me").get_json()["version"] == version
    Visitor(app).signed_in()


def test_unicode_password_in_another_normal_form(app: CRM, cast: Cast) -> None:
    with unit_of_work():
        user = db.session.get(User, cast.alice.id)
        assert user is not None
        user.password_hash = hash_password("cafe\u0301 au lait 密码")
    Visitor(app).signed_in(password="caf\u00e9 au lait 密码")


@pytest.mark.parametrize(
    ("account", "remember", "hours"),
    [("alice", False, 12), ("alice", True, 30 * 24), ("root", False, 8), ("root", True, 8)],
)
def test_how_long_it_lasts(app: CRM, cast: Cast, account: str, remember: bool, hours: int) -> None:
    body = Visitor(app).signed_in(f"{account}@example.com", remember=remember)
    claims = jwt.decode(body["refresh_token"], options={"verify_signature": False})
    session = db.session.get(SignIn, claims["sid"])
    assert session is not None
    assert (session.expires_at - session.created_at).total_seconds() == hours * 3_600
    idle = 7 * 24 * 3_600
    assert 0 <= min(hours * 3_600, idle) - (claims["exp"] - claims["iat"]) <= 2
    assert (session.address, session.is_remembered) == ("198.51.100.7", remember)


def test_first_password_is_removed_once_an_admin_is_in(app: CRM, cast: Cast) -> None:
    path: Path = app.config["LIANXI"].data_dir / sessions.FIRST_ADMIN
    path.write_text("root@example.com\nsecret\n", "utf-8")
    Visitor(app).signed_in("alice@example.com")
    assert path.exists()
    assert Visitor(app).login("root@example.com", "wrong").status_code == 401
    assert path.exists()
    Visitor(app).signed_in("root@example.com")
    assert not path.exists()
    Visitor(app).signed_in("root@example.com")


def test_password_changed_while_it_was_checked(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    verify = passwords.verify_password

    def slow(stored: str | None, password: str) -> tuple[bool, str | None]:
        outcome = verify(stored, password)
        with unit_of_work():
            user = db.session.get(User, cast.alice.id)
            assert user is not None
            user.password_hash = hash_password("something else entirely")
        return outcome

    monkeypatch.setattr(sessions, "verify_password", slow)
    assert Visitor(app).login().status_code == 401


def test_short_session_shortens_its_tokens(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "LIANXI", replace(app.config["LIANXI"], session_seconds=60))
    body = Visitor(app).signed_in()
    assert body["expires_in"] == 60


def test_a_sign_in_is_not_run_twice_when_its_connection_breaks(app: CRM, cast: Cast) -> None:
    begun: list[int] = []

    def break_second(_connection: Connection) -> None:
        begun.append(1)
        if len(begun) == 2:
            raise OperationalError("", None, ConnectionError(), connection_invalidated=True)

    with app.app_context():
        event.listen(db.engines[None], "begin", break_second)
        try:
            answer = Visitor(app).login()
        finally:
            event.remove(db.engines[None], "begin", break_second)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert set(db.session.execute(select(SignInThrottle.failures)).scalars()) == {1}
    assert Visitor(app).login().status_code == 200

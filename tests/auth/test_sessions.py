"""Sessions: renewed by tokens that work once, ended at once, listed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.auth.models import RefreshToken, SignIn, SignInThrottle
from app.auth.tokens import REFRESH, access_token, read_token, refresh_token
from app.database import db
from app.routing import CRM
from app.transaction import unit_of_work
from config import Settings

from ..cast import PASSWORD, Cast
from .visitor import Visitor

OURS = {"X_Requested_With": "lianxi"}


def status_of(app: CRM, token: str) -> int:
    """What the token opens: 200 or 401."""
    return Visitor(app).call("GET", "/auth/me", token=token).status_code


def set_cookie(answer: Any) -> str:
    """The one cookie that an answer sets."""
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    return str(cookies[0])


def session_of(token: str) -> SignIn:
    """The stored session of a refresh token."""
    db.session.rollback()
    session = db.session.get(SignIn, read_token(token, REFRESH).session_id, populate_existing=True)
    assert session is not None
    return session


def test_refresh_gives_a_new_pair(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    first = visitor.signed_in()
    answer = visitor.refresh(first["refresh_token"])
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    second = answer.get_json()
    assert second.keys() == first.keys()
    assert second["user"] == first["user"]
    assert not {second["access_token"], second["refresh_token"]} & {first["access_token"], first["refresh_token"]}
    assert status_of(app, second["access_token"]) == 200
    assert status_of(app, first["access_token"]) == 200, "the old access token lives out its quarter of an hour"
    assert visitor.refresh(second["refresh_token"]).status_code == 200


def test_reuse_ends_the_session(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    other = visitor.signed_in()
    first = visitor.signed_in()
    second = visitor.refresh(first["refresh_token"]).get_json()
    stolen = visitor.refresh(first["refresh_token"])
    assert stolen.status_code == 401
    assert stolen.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert stolen.headers["Cache-Control"] == "no-store"
    assert stolen.get_json()["type"] == "/problems/unauthorized"
    assert visitor.refresh(second["refresh_token"]).status_code == 401
    assert status_of(app, first["access_token"]) == 401
    assert status_of(app, second["access_token"]) == 401
    assert session_of(second["refresh_token"]).revoked_because == "reuse"
    assert status_of(app, other["access_token"]) == 200, "other sessions go on"


def test_of_many_at_once_one_works(app: CRM, cast: Cast) -> None:
    token = Visitor(app).signed_in()["refresh_token"]
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(lambda _: Visitor(app).refresh(token), range(6)))
    assert statuses == [200, 401, 401, 401, 401, 401]
    assert session_of(token).revoked_because == "reuse"


def test_cookie(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    answer = visitor.login(session="cookie", remember=True)
    assert "refresh_token" not in answer.get_json()
    cookie = set_cookie(answer)
    assert cookie.startswith("lianxi_rt=")
    attributes = {part.strip().split("=")[0].lower() for part in cookie.split(";")[1:]}
    assert attributes == {"expires", "max-age", "httponly", "path", "samesite"}
    assert "Path=/api/v1/auth" in cookie
    assert "SameSite=Strict" in cookie
    assert "Max-Age=604800" in cookie
    renewed = visitor.refresh(**OURS)
    assert renewed.status_code == 200
    assert "refresh_token" not in renewed.get_json()
    assert set_cookie(renewed).split(";")[0] != cookie.split(";")[0]
    assert visitor.refresh(**OURS).status_code == 200
    session = db.session.get(SignIn, 7)
    assert session is not None
    assert session.by_cookie


def test_cookie_of_a_short_session_ends_with_the_browser(app: CRM, cast: Cast) -> None:
    cookie = set_cookie(Visitor(app).login(session="cookie"))
    assert "Max-Age" not in cookie
    assert "Expires" not in cookie


def test_cookie_over_tls(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "LIANXI", replace(app.config["LIANXI"], public_url="https://crm.example.com"))
    cookie = set_cookie(Visitor(app).login(session="cookie"))
    assert cookie.startswith("__Host-lianxi_rt=")
    assert "Secure" in cookie
    assert "Path=/;" in cookie + ";"
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X_Requested_With": "XMLHttpRequest"}, 401),
        ({**OURS}, 200),
        ({**OURS, "Origin": "http://localhost"}, 200),
        ({**OURS, "Origin": "https://front.example.com"}, 200),
        ({**OURS, "Origin": "https://evil.example.com"}, 401),
        ({**OURS, "Origin": "null"}, 401),
        ({**OURS, "Origin": "http://localhost.evil.example"}, 401),
        ({**OURS, "Sec_Fetch_Site": "same-origin"}, 200),
        ({**OURS, "Sec_Fetch_Site": "cross-site"}, 401),
    ],
)
def test_cookie_counts_from_our_pages_only(
    app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], status: int
) -> None:
    settings: Settings = app.config["LIANXI"]
    monkeypatch.setitem(app.config, "LIANXI", replace(settings, cors_origins=("https://front.example.com",)))
    visitor = Visitor(app)
    visitor.login(session="cookie")
    assert visitor.refresh(**headers).status_code == status
    if status == 401:
        assert visitor.refresh(**OURS).status_code == 200, "a refused page has not used the token up"


def test_logout_ends_the_session_at_once(app: CRM, cast: Cast) -> None:
    for token_name in ("refresh_token", "access_token"):
        visitor = Visitor(app)
        tokens = visitor.signed_in()
        assert status_of(app, tokens["access_token"]) == 200
        answer = visitor.call("POST", "/auth/logout", token=tokens[token_name])
        assert (answer.status_code, answer.get_data()) == (204, b"")
        assert status_of(app, tokens["access_token"]) == 401
        assert visitor.call("GET", "/customers", token=tokens["access_token"]).status_code == 401
        assert visitor.call("POST", "/tags", {"name": "x"}, token=tokens["access_token"]).status_code == 401
        assert visitor.refresh(tokens["refresh_token"]).status_code == 401
        assert visitor.call("POST", "/auth/logout", token=tokens[token_name]).status_code == 204, "twice is once"


def test_logout_by_cookie_beside_an_old_access_token(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    tokens = visitor.signed_in(session="cookie")
    answer = visitor.call("POST", "/auth/logout", token="rubbish", **OURS)
    assert answer.status_code == 204
    assert "Expires=Thu, 01 Jan 1970" in set_cookie(answer)
    assert status_of(app, tokens["access_token"]) == 401
    assert visitor.refresh(**OURS).status_code == 401


def test_logout_with_a_dead_cookie_takes_the_cookie_away(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    visitor.client.set_cookie("lianxi_rt", "rubbish", path="/api/v1/auth")
    answer = visitor.call("POST", "/auth/logout", **OURS)
    assert answer.status_code == 204
    assert "Expires=Thu, 01 Jan 1970" in set_cookie(answer)


def test_logout_without_anything(app: CRM, cast: Cast) -> None:
    assert Visitor(app).call("POST", "/auth/logout").status_code == 401
    assert Visitor(app).call("POST", "/auth/logout", token="rubbish").status_code == 401
    assert Visitor(app).call("POST", "/auth/logout", {"all": True}, token="x").status_code == 422


def test_idle_and_longest_end(app: CRM, cast: Cast) -> None:
    tokens = Visitor(app).signed_in()
    session = session_of(tokens["refresh_token"])
    idle, _id = refresh_token(cast.alice.id, session.id, -60)
    assert Visitor(app).refresh(idle).status_code == 401
    with unit_of_work() as unit:
        stored = db.session.get(SignIn, session.id)
        assert stored is not None
        stored.expires_at = unit.at - timedelta(seconds=1)
    assert Visitor(app).refresh(tokens["refresh_token"]).status_code == 401


def test_the_session_of_a_new_admin_gets_shorter(app: CRM, cast: Cast) -> None:
    tokens = Visitor(app).signed_in(remember=True)
    cast.root.patch(f"/users/{cast.alice.id}", {"role": "admin"})
    renewed = Visitor(app).refresh(tokens["refresh_token"])
    assert renewed.status_code == 200
    assert renewed.get_json()["user"]["role"] == "admin"
    session = session_of(tokens["refresh_token"])
    assert session.expires_at - session.created_at == timedelta(hours=8)


def test_forged_refresh_tokens(app: CRM, cast: Cast) -> None:
    tokens = Visitor(app).signed_in()
    session = session_of(tokens["refresh_token"])
    unknown, _id = refresh_token(cast.bob.id, session.id, 60)
    assert Visitor(app).refresh(unknown).status_code == 401, "of a person whose session it is not"
    assert status_of(app, tokens["access_token"]) == 200
    assert Visitor(app).refresh(tokens["access_token"]).status_code == 401, "an access token renews nothing"
    assert Visitor(app).refresh().status_code == 401
    assert Visitor(app).refresh(tokens["refresh_token"]).status_code == 200


def test_used_tokens_are_kept_until_they_have_expired(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    first = visitor.signed_in()
    token_id = read_token(first["refresh_token"], REFRESH).token_id
    second = visitor.refresh(first["refresh_token"]).get_json()
    with unit_of_work() as unit:
        stored = db.session.get(RefreshToken, token_id)
        assert stored is not None
        assert stored.used_at is not None
        stored.expires_at = unit.at - timedelta(seconds=1)
    visitor.refresh(second["refresh_token"])
    db.session.rollback()
    assert db.session.get(RefreshToken, token_id, populate_existing=True) is None


def test_sessions_are_listed_and_ended(app: CRM, cast: Cast) -> None:
    phone, desk = Visitor(app, "192.0.2.1"), Visitor(app, "192.0.2.2")
    on_phone = phone.login(remember=True).get_json()
    at_desk = desk.signed_in()
    listed = desk.call("GET", "/auth/sessions", token=at_desk["access_token"]).get_json()
    assert listed["meta"] == {"total": 3, "pages": 1, "current_page": 1, "per_page": 3, "next_cursor": None}
    newest = listed["data"][0]
    assert newest == {
        "id": newest["id"],
        "created_at": newest["created_at"],
        "last_used_at": newest["created_at"],
        "expires_at": newest["expires_at"],
        "address": "192.0.2.2",
        "agent": newest["agent"],
        "is_remembered": False,
        "is_current": True,
    }
    assert [one["address"] for one in listed["data"]] == ["192.0.2.2", "192.0.2.1", None]
    assert [one["is_current"] for one in listed["data"]] == [True, False, False]
    path = f"/auth/sessions/{listed['data'][1]['id']}"
    assert cast.bob.delete(path).status_code == 404
    assert desk.call("DELETE", path, token=at_desk["access_token"]).status_code == 204
    assert status_of(app, on_phone["access_token"]) == 401
    assert desk.call("DELETE", path, token=at_desk["access_token"]).status_code == 404
    assert cast.bob.delete(f"/auth/sessions/{2**70}").status_code == 404


def test_password_change(app: CRM, cast: Cast) -> None:
    other, current = Visitor(app).signed_in(), Visitor(app).signed_in()
    body = {"current_password": PASSWORD, "new_password": "a long new password 7"}
    answer = Visitor(app).call("POST", "/auth/password", body, token=current["access_token"])
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert status_of(app, current["access_token"]) == 200
    assert Visitor(app).refresh(current["refresh_token"]).status_code == 200
    assert status_of(app, other["access_token"]) == 401
    assert Visitor(app).refresh(other["refresh_token"]).status_code == 401
    assert cast.alice.get("/auth/me").status_code == 401
    assert Visitor(app).login().status_code == 401
    Visitor(app).signed_in(password="a long new password 7")


def test_password_that_was_set_by_somebody_else_is_to_be_changed(app: CRM, cast: Cast) -> None:
    cast.root.made(
        "/users", {"name": "Wang Wu", "email": "wu@example.com", "role": "sales", "password": "given by an admin 1"}
    )
    tokens = Visitor(app).signed_in("wu@example.com", "given by an admin 1")
    assert tokens["user"]["must_change_password"] is True
    body = {"current_password": "given by an admin 1", "new_password": "chosen by myself 2"}
    answer = Visitor(app).call("POST", "/auth/password", body, token=tokens["access_token"])
    assert answer.status_code == 204
    assert "X-Changeset-Id" in answer.headers
    me = Visitor(app).call("GET", "/auth/me", token=tokens["access_token"]).get_json()
    assert me["must_change_password"] is False


@pytest.mark.parametrize(
    ("current", "new", "errors"),
    [
        ("wrong", "a long new password 7", [("#/current_password", "password_wrong")]),
        ("wrong", "short", [("#/current_password", "password_wrong"), ("#/new_password", "password_short")]),
        (PASSWORD, "short", [("#/new_password", "password_short")]),
        (PASSWORD, PASSWORD, [("#/new_password", "password_same")]),
        (PASSWORD, "qwertyuiop123", [("#/new_password", "password_common")]),
        (PASSWORD, "passwordpassword", [("#/new_password", "password_common")]),
        (PASSWORD, "ab3!ab3!ab3!ab3!", [("#/new_password", "password_common")]),
        (PASSWORD, "alice@example.com", [("#/new_password", "password_common")]),
        (PASSWORD, "1111111111111111", [("#/new_password", "password_common")]),
        (PASSWORD, "x1!" * 50, [("#/new_password", "too_long")]),
        ("", "a long new password 7", [("#/current_password", "required")]),
    ],
)
def test_password_change_refused(app: CRM, cast: Cast, current: str, new: str, errors: list[tuple[str, str]]) -> None:
    answer = cast.alice.post("/auth/password", {"current_password": current, "new_password": new})
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]] == errors
    assert PASSWORD not in answer.get_data(as_text=True), "no password is ever echoed"
    Visitor(app).signed_in()


def test_an_access_token_outlives_nothing(app: CRM, cast: Cast) -> None:
    tokens = Visitor(app).signed_in()
    session = session_of(tokens["refresh_token"])
    assert status_of(app, access_token(cast.alice.id, session.id, 60)) == 200
    assert status_of(app, access_token(cast.alice.id, session.id, -60)) == 401
    assert status_of(app, access_token(cast.bob.id, session.id, 60)) == 401
    assert status_of(app, access_token(cast.alice.id, 10**9, 60)) == 401


def test_a_password_change_is_repeated_safely(app: CRM, cast: Cast) -> None:
    body = {"current_password": PASSWORD, "new_password": "a long new password 7"}
    key = {"Idempotency-Key": "lost answer"}
    assert cast.alice.post("/auth/password", body, headers=key).status_code == 204
    again = cast.alice.post("/auth/password", body, headers=key)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (204, "true")
    with app.app_context():
        assert db.session.execute(select(func.sum(SignInThrottle.failures))).scalar() == 0
    other = cast.alice.post("/auth/password", {**body, "new_password": "yet another 8 words"}, headers=key)
    assert (other.status_code, other.get_json()["type"]) == (422, "/problems/idempotency-key-reused")


def test_all_other_sessions_end_at_once(app: CRM, cast: Cast) -> None:
    mine, other = (Visitor(app).signed_in()["access_token"] for _ in range(2))
    assert Visitor(app).call("DELETE", "/auth/sessions", token=mine).status_code == 204
    assert status_of(app, mine) == 200
    assert status_of(app, other) == 401
    assert status_of(app, cast.alice.token) == 401
    assert status_of(app, cast.bob.token) == 200
    (left,) = Visitor(app).call("GET", "/auth/sessions", token=mine).get_json()["data"]
    assert left["is_current"] is True


def test_an_admin_ends_the_sessions_of_others(app: CRM, cast: Cast) -> None:
    visitor = Visitor(app)
    visitor.signed_in()
    path = f"/users/{cast.alice.id}/sessions"
    latest, earlier = cast.root.get(path).get_json()["data"]
    assert latest["address"] == visitor.address
    assert latest["is_current"] is False
    assert cast.root.delete(f"/users/{cast.bob.id}/sessions/{earlier['id']}").status_code == 404
    assert cast.root.delete(f"{path}/{earlier['id']}").status_code == 204
    assert status_of(app, cast.alice.token) == 401
    assert cast.root.delete(path).status_code == 204
    assert cast.root.get(path).get_json()["data"] == []
    assert status_of(app, cast.bob.token) == 200
    assert cast.carol.get(path).status_code == 403
    assert cast.carol.delete(path).status_code == 403

"""Bad tokens: whatever is wrong with one, the answer is 401 with a problem document."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from app.routing import CRM

from ..cast import Cast, Member
from .visitor import Visitor


def packed(value: Any) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def remade(
    app: CRM, member: Member, header: dict[str, Any] | None = None, key: str | None = None, **claims: Any
) -> str:
    """The member's token with other claims, signed anew; a claim of None is left out."""
    old = jwt.decode(member.token, options={"verify_signature": False})
    new = {name: value for name, value in {**old, **claims}.items() if value is not None}
    settings = app.config["LIANXI"]
    return jwt.encode(new, key or settings.secret_key, algorithm="HS256", headers={"typ": "at+jwt", **(header or {})})


def seconds(offset: int) -> int:
    """A moment from now, in seconds of the epoch."""
    return int((datetime.now(UTC) + timedelta(seconds=offset)).timestamp())


Make = Callable[[CRM, Member], str]

BAD: dict[str, Make] = {
    "nonsense": lambda app, one: "nonsense",
    "three nonsenses": lambda app, one: "a.b.c",
    "empty parts": lambda app, one: "..",
    "not text": lambda app, one: "é.ü.ß",
    "deep header": lambda app, one: f"{base64.urlsafe_b64encode(b'[' * 9000).decode()}.e30.e30",
    "no signature": lambda app, one: one.token.rsplit(".", 1)[0] + ".",
    "alg none": lambda app, one: f"{packed({'alg': 'none', 'typ': 'at+jwt'})}.{one.token.split('.')[1]}.",
    "other algorithm": lambda app, one: jwt.encode(
        jwt.decode(one.token, options={"verify_signature": False}),
        app.config["LIANXI"].secret_key,
        algorithm="HS512",
        headers={"typ": "at+jwt"},
    ),
    "foreign key": lambda app, one: remade(app, one, key="k" * 40),
    "key named in the header": lambda app, one: remade(app, one, {"kid": "../../dev/null"}, key="k" * 40),
    "key in the header": lambda app, one: remade(app, one, {"jwk": {"kty": "oct", "k": "a2tr"}}, key="k" * 40),
    "other type of token": lambda app, one: remade(app, one, {"typ": "rt+jwt"}),
    "no type": lambda app, one: remade(app, one, {"typ": "JWT"}),
    "claims to be a refresh token": lambda app, one: remade(app, one, type="refresh"),
    "expired": lambda app, one: remade(app, one, exp=seconds(-60)),
    "not yet": lambda app, one: remade(app, one, nbf=seconds(60)),
    "foreign issuer": lambda app, one: remade(app, one, iss="else"),
    "foreign audience": lambda app, one: remade(app, one, aud="else"),
    "no end": lambda app, one: remade(app, one, exp=None),
    "no audience": lambda app, one: remade(app, one, aud=None),
    "no id": lambda app, one: remade(app, one, jti=None),
    "nobody": lambda app, one: remade(app, one, sub=None),
    "no number": lambda app, one: remade(app, one, sub="alice"),
    "no session": lambda app, one: remade(app, one, sid=None),
    "session of nobody": lambda app, one: remade(app, one, sid=4711),
    "session as text": lambda app, one: remade(app, one, sid="x"),
    "huge user": lambda app, one: remade(app, one, sub="9" * 30),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_token(app: CRM, cast: Cast, name: str) -> None:
    token = BAD[name](app, cast.alice)
    for method, path in (("GET", "/auth/me"), ("GET", "/customers"), ("POST", "/customers")):
        answer = Visitor(app).client.open("/api/v1" + path, method=method, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, name
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        slug = "token-expired" if name == "expired" else "unauthorized"
        assert answer.get_json()["type"] == f"/problems/{slug}"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YWxpY2U6eA==", "bearer"])
def test_no_token(app: CRM, cast: Cast, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert Visitor(app).client.get("/api/v1/auth/me", headers=headers).status_code == 401


def test_leeway(app: CRM, cast: Cast) -> None:
    for token in (remade(app, cast.alice, exp=seconds(-5)), remade(app, cast.alice, nbf=seconds(5))):
        assert Visitor(app).call("GET", "/auth/me", token=token).status_code == 200


def test_refresh_token_opens_nothing(app: CRM, cast: Cast) -> None:
    token = Visitor(app).signed_in()["refresh_token"]
    for path in ("/auth/me", "/customers", "/users", "/auth/sessions"):
        assert Visitor(app).call("GET", path, token=token).status_code == 401


def test_two_keys_while_they_are_exchanged(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    old = app.config["LIANXI"]
    tokens = Visitor(app).signed_in()
    app.extensions["lianxi.actors"].entries.clear()
    monkeypatch.setitem(app.config, "JWT_SECRET_KEY", "n" * 20 + "e" * 20 + "w" * 20)
    rotated = replace(old, secret_key="n" * 20 + "e" * 20 + "w" * 20)
    monkeypatch.setitem(app.config, "LIANXI", rotated)
    assert Visitor(app).call("GET", "/auth/me", token=tokens["access_token"]).status_code == 401
    monkeypatch.setitem(app.config, "LIANXI", replace(rotated, previous_secret_key=old.secret_key))
    assert Visitor(app).call("GET", "/auth/me", token=tokens["access_token"]).status_code == 200
    renewed = Visitor(app).refresh(tokens["refresh_token"]).get_json()
    jwt.decode(renewed["access_token"], rotated.secret_key, algorithms=["HS256"], audience="lianxi-api")
    assert Visitor(app).call("GET", "/auth/me", token=renewed["access_token"]).status_code == 200

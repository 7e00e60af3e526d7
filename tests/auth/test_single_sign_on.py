"""Signing in by OpenID Connect, against a real provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from app.auth.credentials import LinkedIdentity, SsoAttempt
from app.auth.sso import flow
from app.database import db
from app.routing import CRM
from config import settings_from

from ..cast import Cast
from .oidc import CLIENT, PEOPLE, SITE, Browser, Provider, provider
from .visitor import Visitor

Configure = Callable[..., None]


@pytest.fixture(scope="module")
def corp() -> Iterator[Provider]:
    with provider(PEOPLE, f"{SITE}/sso/corp") as running:
        yield running


@pytest.fixture
def configure(app: CRM, corp: Provider, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Sets the product up with the provider; further variables of it by name."""

    def set_up(*, site: str = SITE, allow: str = "127.0.0.0/8", **more: str) -> None:
        env = {
            "DATA_DIR": str(app.config["LIANXI"].data_dir),
            "PUBLIC_URL": site,
            "SSO_PROVIDERS": "corp",
            "SSO_CORP_NAME": "Example",
            "SSO_CORP_ISSUER": corp.issuer,
            "SSO_CORP_CLIENT_ID": CLIENT[0],
            "SSO_CORP_CLIENT_SECRET": CLIENT[1],
            "SSO_ALLOW_CIDRS": allow,
            **{f"SSO_CORP_{name}": value for name, value in more.items()},
        }
        read = settings_from(env)
        told = replace(app.config["LIANXI"], public_url=site, sso=read.sso, sso_allow=read.sso_allow)
        monkeypatch.setitem(app.config, "LIANXI", told)
        monkeypatch.setitem(app.extensions, "lianxi.sso", {})
        flow.remember(app)

    set_up()
    return set_up


def begun(visitor: Visitor, **body: Any) -> str:
    """Where the browser is sent."""
    answer = visitor.call("POST", "/auth/sso/corp/start", body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_json()["url"])


def finish(visitor: Visitor, answer: str) -> Any:
    return visitor.call("POST", "/auth/sso/corp/finish", {"answer": answer})


def walked(visitor: Visitor, login: str, **body: Any) -> Any:
    """The whole way of a person."""
    return finish(visitor, Browser().walk(begun(visitor, **body), login))


def sees(answer: Any) -> tuple[int, str]:
    """Status and slug of a refusal."""
    return answer.status_code, answer.get_json()["type"].removeprefix("/problems/")


def test_the_whole_way(app: CRM, cast: Cast, configure: Configure) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com")
    visitor = Visitor(app)
    (offered,) = visitor.call("GET", "/auth/sso").get_json()["data"]
    assert offered == {"key": "corp", "kind": "oidc", "name": "Example"}

    answer = walked(visitor, "ada", return_to="/customers?q=a#b", remember=True)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body = answer.get_json()
    assert body["return_to"] == "/customers?q=a#b"
    assert "refresh_token" not in body
    person = body["user"]
    assert (person["name"], person["email"], person["role"]) == ("Ada Zhou", "ada@example.com", "sales")
    assert not person["must_change_password"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert visitor.call("GET", "/auth/me", token=body["access_token"]).status_code == 200
    # The cookie goes on where the provider has ended.
    renewed = visitor.refresh(X_Requested_With="lianxi")
    assert renewed.status_code == 200
    (session,) = visitor.call("GET", "/auth/sessions", token=body["access_token"]).get_json()["data"]
    assert session["is_remembered"]
    (event,) = cast.root.get("/sign-in-events?kind=signed_in").get_json()["data"]
    assert (event["user"]["id"], event["provider"]) == (person["id"], "corp")

    again = walked(Visitor(app), "ada")
    assert again.get_json()["user"]["id"] == person["id"]
    assert again.get_json()["return_to"] == "/"
    with app.app_context():
        (linked,) = db.session.execute(select(LinkedIdentity)).scalars()
        assert (linked.provider, linked.subject, linked.account) == ("corp", "ada", "ada@example.com")
        assert db.session.execute(select(func.count()).select_from(SsoAttempt)).scalar_one() == 0

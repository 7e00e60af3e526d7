"""Signing in by OpenID Connect, against a real provider."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
import pyotp
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from sqlalchemy import func, select

from app.auth.credentials import LinkedIdentity, SsoAttempt
from app.auth.models import SignIn
from app.auth.sso import flow
from app.auth.sso.provider import Asking, Failure, ProviderError
from app.database import db
from app.outgoing import Answer
from app.routing import CRM
from app.transaction import unit_of_work
from config import settings_from

from ..cast import PASSWORD, Cast, Member
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
    assert person["language"] == "en"
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


@pytest.mark.parametrize("remember", [False, True])
def test_a_session_lives_as_long_as_any_other_then_the_provider_is_asked_anew(
    app: CRM, cast: Cast, configure: Configure, remember: bool
) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com")
    visitor = Visitor(app)
    body = walked(visitor, "ada", remember=remember).get_json()
    (session,) = visitor.call("GET", "/auth/sessions", token=body["access_token"]).get_json()["data"]
    lasts = datetime.fromisoformat(session["expires_at"]) - datetime.fromisoformat(session["created_at"])
    assert lasts == (timedelta(days=30) if remember else timedelta(hours=12))
    with unit_of_work() as unit:
        stored = db.session.get(SignIn, session["id"])
        assert stored is not None
        stored.expires_at = unit.at - timedelta(seconds=1)
    assert visitor.refresh(X_Requested_With="lianxi").status_code == 401
    assert walked(visitor, "ada").status_code == 200


# ---- what comes back -------------------------------------------------------------------------------------------------


def changed(address: str, **parameters: str) -> str:
    """An address with other parameters."""
    parts = urlsplit(address)
    return parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | parameters)).geturl()


def test_an_answer_counts_once_in_the_browser_that_asked(app: CRM, cast: Cast, configure: Configure) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com")
    visitor = Visitor(app)
    answer = Browser().walk(begun(visitor), "ada")
    assert finish(Visitor(app), answer).get_json()["errors"][0]["code"] == "sso_expired"
    assert finish(visitor, answer).status_code == 200
    again = finish(visitor, answer)
    assert again.status_code == 422
    assert again.get_json()["errors"] == [
        {
            "pointer": "#/answer",
            "code": "sso_expired",
            "detail": "This sign-in took longer than ten minutes, was begun in another browser or has been used "
            "already. Please start again.",
        }
    ]


@pytest.mark.parametrize("answer", ["", "code=a", "state=", "state=a&state=b", "state=" + "0" * 64, "&" * 50, "?x=%ff"])
def test_what_is_no_answer(app: CRM, cast: Cast, configure: Configure, answer: str) -> None:
    visitor = Visitor(app)
    begun(visitor)
    assert finish(visitor, answer).status_code == 422


def test_another_state(app: CRM, cast: Cast, configure: Configure) -> None:
    visitor = Visitor(app)
    answer = Browser().walk(begun(visitor), "ada")
    other = dict(parse_qsl(urlsplit(begun(visitor)).query))["state"]
    # Of two that were begun in one browser each has a cookie of its own: the code of one is no good with the other.
    mixed = urlencode(dict(parse_qsl(answer)) | {"state": other})
    assert sees(finish(visitor, mixed)) == (401, "sso-failed")


def test_ten_minutes(app: CRM, cast: Cast, configure: Configure) -> None:
    visitor = Visitor(app)
    answer = Browser().walk(begun(visitor), "ada")
    with unit_of_work():
        for attempt in db.session.execute(select(SsoAttempt)).scalars():
            assert timedelta(minutes=9) < attempt.expires_at - datetime.now(UTC) <= timedelta(minutes=10)
            attempt.expires_at -= timedelta(minutes=10)
    assert finish(visitor, answer).status_code == 422
    begun(visitor)
    assert db.session.execute(select(func.count()).select_from(SsoAttempt)).scalar_one() == 1


def test_another_nonce_or_proof(app: CRM, cast: Cast, configure: Configure, caplog: pytest.LogCaptureFixture) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com")
    visitor = Visitor(app)
    for parameter in ("nonce", "code_challenge"):
        address = changed(begun(visitor), **{parameter: "A" * 43})
        assert sees(finish(visitor, Browser().walk(address, "ada"))) == (401, "sso-failed")
    assert "Invalid claim: 'nonce'" in caplog.text
    assert "invalid_grant" in caplog.text
    (one, other) = cast.root.get("/sign-in-events?kind=failed").get_json()["data"]
    assert (one["user"], one["provider"], other["provider"]) == (None, "corp", "corp")


def test_who_does_not_agree(app: CRM, cast: Cast, configure: Configure) -> None:
    visitor = Visitor(app)
    answer = Browser().walk(begun(visitor), "ada", agrees=False)
    assert sees(finish(visitor, answer)) == (401, "sso-cancelled")


def test_another_issuer(app: CRM, cast: Cast, configure: Configure) -> None:
    visitor = Visitor(app)
    answer = Browser().walk(begun(visitor), "ada")
    said = dict(parse_qsl(answer))
    assert said["iss"].startswith("http://127.0.0.1:")
    assert sees(finish(visitor, urlencode(said | {"iss": "http://evil.example"}))) == (401, "sso-failed")
    answer = Browser().walk(begun(visitor), "ada")
    del said["iss"]
    assert sees(finish(visitor, urlencode(said | {"state": dict(parse_qsl(answer))["state"]}))) == (401, "sso-failed")


def test_rotated_keys(app: CRM, cast: Cast, configure: Configure, corp: Provider) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com")
    assert walked(Visitor(app), "ada").status_code == 200
    # Another key under another name, then another one under the same name.
    for _ in range(2):
        corp.start(KEY="second")
        assert walked(Visitor(app), "ada").status_code == 200


def test_a_token_that_has_ended(app: CRM, cast: Cast, configure: Configure, corp: Provider) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com")
    corp.start(ID_TOKEN_SECONDS="30", CLOCK_SECONDS="-120")
    try:
        assert sees(walked(Visitor(app), "ada")) == (401, "sso-failed")
    finally:
        corp.start()


@pytest.fixture(scope="module")
def forger() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "forged"})


def unsigned(*parts: dict[str, Any]) -> str:
    """Head and claims of a token."""
    return ".".join(urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize(
    "fault",
    ["", "kid", "HS256", "none", "iss", "aud", "more_aud", "azp", "exp", "nonce", "no_nonce", "sub", "at_hash", "no"],
)
def test_forged_tokens(
    app: CRM, configure: Configure, corp: Provider, forger: RSAKey, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that makes a token good is asked for: without a fault it passes."""
    configure()
    adapter = app.extensions["lianxi.sso"]["corp"]
    monkeypatch.setattr(adapter, "_key_set", lambda **_: KeySet([] if fault == "kid" else [forger]))
    claims: dict[str, Any] = {
        "iss": corp.issuer,
        "aud": CLIENT[0],
        "sub": "ada",
        "iat": int(time()),
        "exp": int(time()) + 60,
        "nonce": "n",
        "name": "Ada",
        "email": "ada@example.com",
    }
    wrong: dict[str, dict[str, Any]] = {
        "iss": {"iss": "http://evil.example"},
        "aud": {"aud": "another"},
        "more_aud": {"aud": [CLIENT[0], "another"]},
        "azp": {"azp": "another"},
        "exp": {"exp": int(time()) - 90},
        "nonce": {"nonce": "m"},
        "no_nonce": {"nonce": None},
        "sub": {"sub": ""},
        "at_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    }
    claims |= wrong.get(fault, {})
    claims = {name: value for name, value in claims.items() if value is not None}
    if fault == "HS256":
        # The public key, which everybody knows, taken for a shared secret.
        signed = unsigned({"alg": "HS256", "kid": "forged"}, claims)
        proof = hmac.digest(forger.as_pem(private=False), signed.encode(), "sha256")
        token = f"{signed}.{urlsafe_b64encode(proof).rstrip(b'=').decode()}"
    elif fault == "none":
        token = unsigned({"alg": "none"}, claims) + "."
    else:
        token = jwt.encode({"alg": "RS256", "kid": "forged"}, claims, forger)
    grant = {"access_token": "t"} | ({} if fault == "no" else {"id_token": token})
    asking = Asking(f"{SITE}/sso/corp", "s", "n", "v")
    if fault:
        with pytest.raises(ProviderError) as refused:
            adapter.profile(grant, asking)
        assert refused.value.failure is Failure.FAILED
    else:
        # The userinfo endpoint is not asked: the token says all.
        assert adapter.profile(grant, asking).subject == "ada"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"<html>", b'{"access_token": "a", "expires_in": "soon"}', b'{"id_token": 7}', b"a" * 70_000],
)
def test_a_token_endpoint_that_talks_nonsense(
    app: CRM, cast: Cast, configure: Configure, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(app)
    answer = Browser().walk(begun(visitor), "ada")
    said = Answer(200, {}, body[:65_536], len(body) <= 65_536, 0.1)
    monkeypatch.setattr(app.extensions["lianxi.sso"]["corp"], "send", lambda *_: said)
    assert sees(finish(visitor, answer)) == (401, "sso-failed")


def test_a_provider_that_is_away_or_out_of_bounds(app: CRM, cast: Cast, configure: Configure, corp: Provider) -> None:
    visitor = Visitor(app)
    corp.stop()
    try:
        answer = visitor.call("POST", "/auth/sso/corp/start", {})
        assert sees(answer) == (503, "sso-unreachable")
        assert answer.headers["Retry-After"] == "30"
    finally:
        corp.start()
    # Without the network in the configuration the provider beside us is nobody's to reach.
    configure(allow="")
    assert sees(visitor.call("POST", "/auth/sso/corp/start", {})) == (503, "sso-unreachable")


def test_a_provider_of_another_name(app: CRM, cast: Cast, configure: Configure, corp: Provider) -> None:
    configure(ISSUER=f"http://localhost:{corp.port}", allow="127.0.0.0/8,::1/128")
    assert sees(Visitor(app).call("POST", "/auth/sso/corp/start", {})) == (503, "sso-unreachable")


# ---- whom it lets in -------------------------------------------------------------------------------------------------


def test_nobody_is_created_by_default(app: CRM, cast: Cast, configure: Configure) -> None:
    answer = walked(Visitor(app), "ada")
    assert sees(answer) == (401, "sso-no-account")
    assert answer.get_json()["detail"] == (
        "The provider has confirmed who you are, but you have no account here. Ask your admin for one."
    )
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("login", ["stranger", "below", "eve", "nameless"])
def test_whom_the_rule_does_not_mean(app: CRM, cast: Cast, configure: Configure, login: str) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com", LINK_BY_EMAIL="1")
    assert sees(walked(Visitor(app), login)) == (401, "sso-no-account")


def test_role_and_team_of_the_rule(app: CRM, cast: Cast, configure: Configure) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com", ROLE="viewer", TEAM="north")
    person = walked(Visitor(app), "ada").get_json()["user"]
    assert (person["role"], person["team_id"]) == ("viewer", cast.north)
    made = cast.root.get(f"/journal?resource=user&id={person['id']}").get_json()["data"][-1]
    assert (made["action"], made["actor"]) == ("created", None)


@pytest.mark.parametrize("rule", [{"ROLE": "boss"}, {"TEAM": "Nowhere"}])
def test_a_rule_that_cannot_be_kept(app: CRM, cast: Cast, configure: Configure, rule: dict[str, str]) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com", **rule)
    assert sees(walked(Visitor(app), "ada")) == (401, "sso-no-account")


def test_no_role_that_rules_others_by_rule(app: CRM, cast: Cast, configure: Configure) -> None:
    rights = {"name_zh": "人事", "name_en": "Staff", "sight": "everyone", "permissions": ["user:write"]}
    role = cast.root.made("/roles", rights)
    configure(CREATE_USERS="1", DOMAINS="example.com", ROLE=role["key"])
    assert sees(walked(Visitor(app), "ada")) == (401, "sso-no-account")


def test_the_user_with_the_address(app: CRM, cast: Cast, configure: Configure) -> None:
    assert sees(walked(Visitor(app), "alice")) == (401, "sso-link-first")
    configure(LINK_BY_EMAIL="1")
    # An address that nobody has checked is nobody's.
    assert sees(walked(Visitor(app), "eve")) == (401, "sso-no-account")
    assert walked(Visitor(app), "alice").get_json()["user"]["id"] == cast.alice.id
    # The address goes to somebody else at the provider.
    assert sees(walked(Visitor(app), "second")) == (401, "sso-other-identity")
    configure(TRUST_EMAIL="1", LINK_BY_EMAIL="1")
    assert sees(walked(Visitor(app), "eve")) == (401, "sso-no-account")


def test_who_has_left(app: CRM, cast: Cast, configure: Configure) -> None:
    configure(LINK_BY_EMAIL="1", CREATE_USERS="1", DOMAINS="example.com")
    assert walked(Visitor(app), "alice").status_code == 200
    assert cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor_id": None}).status_code == 200
    assert sees(walked(Visitor(app), "alice")) == (401, "sso-deactivated")
    # Nor as another identity with the same address.
    assert sees(walked(Visitor(app), "second")) == (401, "sso-deactivated")
    assert cast.root.post(f"/users/{cast.alice.id}/restore").status_code == 200
    assert walked(Visitor(app), "alice").status_code == 200


def test_the_second_factor_is_the_providers(app: CRM, cast: Cast, configure: Configure) -> None:
    configure(LINK_BY_EMAIL="1")
    secret = cast.alice.post("/auth/totp", {"password": PASSWORD}).get_json()["secret"]
    assert cast.alice.post("/auth/totp/confirm", {"code": pyotp.TOTP(secret).now()}).status_code == 200
    assert walked(Visitor(app), "alice").status_code == 200


# ---- linking ---------------------------------------------------------------------------------------------------------


def linking(app: CRM, person: Member, login: str, **body: Any) -> Any:
    """The whole way of linking."""
    visitor = Visitor(app)
    started = visitor.call("POST", "/auth/sso/corp/link", {"password": PASSWORD} | body, token=person.token)
    if started.status_code != 200:
        return started
    answer = Browser().walk(started.get_json()["url"], login)
    return visitor.call("POST", "/auth/sso/corp/link/finish", {"answer": answer}, token=person.token)


def test_linking_and_unlinking(app: CRM, cast: Cast, configure: Configure) -> None:
    refused = linking(app, cast.alice, "ada", password="wrong")
    assert refused.get_json()["errors"][0]["code"] == "password_wrong"
    refused = Visitor(app).call("POST", "/auth/sso/corp/link", {}, token=cast.alice.token)
    assert refused.get_json()["errors"][0] == {
        "pointer": "#/password",
        "code": "required",
        "detail": "This is required.",
    }
    made = linking(app, cast.alice, "ada")
    assert made.status_code == 201
    linked = made.get_json()
    assert (linked["provider_name"], linked["account"], linked["is_offered"]) == ("Example", "ada@example.com", True)
    shown = cast.alice.get("/auth/identities").get_json()
    assert (shown["data"], shown["has_password"]) == ([linked], True)
    assert cast.root.get(f"/users/{cast.alice.id}/identities").get_json()["data"] == [linked]
    assert walked(Visitor(app), "ada").get_json()["user"]["id"] == cast.alice.id

    assert sees(linking(app, cast.alice, "stranger")) == (409, "identity-linked")
    taken = linking(app, cast.bob, "ada")
    assert (taken.status_code, taken.get_json()["errors"][0]["code"]) == (409, "identity_taken")
    assert cast.bob.delete(f"/auth/identities/{linked['id']}").status_code == 404
    assert cast.alice.delete(f"/auth/identities/{linked['id']}").status_code == 204
    assert sees(walked(Visitor(app), "ada")) == (401, "sso-no-account")
    told = cast.root.get(f"/sign-in-events?user_id={cast.alice.id}").get_json()["data"]
    assert [(one["kind"], one["provider"]) for one in told] == [
        ("unlinked", "corp"),
        ("signed_in", "corp"),
        ("linked", "corp"),
    ]


def test_a_link_is_finished_by_who_began_it(app: CRM, cast: Cast, configure: Configure) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com")
    visitor = Visitor(app)
    started = visitor.call("POST", "/auth/sso/corp/link", {"password": PASSWORD}, token=cast.alice.token)
    answer = Browser().walk(started.get_json()["url"], "ada")
    finished = visitor.call("POST", "/auth/sso/corp/link/finish", {"answer": answer}, token=cast.bob.token)
    assert finished.status_code == 422
    assert finish(visitor, answer).status_code == 422
    finished = visitor.call("POST", "/auth/sso/corp/link/finish", {"answer": answer}, token=cast.alice.token)
    assert finished.status_code == 201
    answer = Browser().walk(begun(visitor), "stranger")
    finished = visitor.call("POST", "/auth/sso/corp/link/finish", {"answer": answer}, token=cast.bob.token)
    assert finished.status_code == 422


def test_a_link_that_fails(app: CRM, cast: Cast, configure: Configure, corp: Provider) -> None:
    visitor = Visitor(app)
    started = visitor.call("POST", "/auth/sso/corp/link", {"password": PASSWORD}, token=cast.alice.token)
    answer = Browser().walk(started.get_json()["url"], "ada", agrees=False)
    finished = visitor.call("POST", "/auth/sso/corp/link/finish", {"answer": answer}, token=cast.alice.token)
    assert sees(finished) == (409, "sso-cancelled")
    started = visitor.call("POST", "/auth/sso/corp/link", {"password": PASSWORD}, token=cast.alice.token)
    answer = Browser().walk(started.get_json()["url"], "ada")
    corp.stop()
    try:
        finished = visitor.call("POST", "/auth/sso/corp/link/finish", {"answer": answer}, token=cast.alice.token)
        assert sees(finished) == (503, "sso-unreachable")
    finally:
        corp.start()


def test_the_only_way_in_stays(app: CRM, cast: Cast, configure: Configure) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com")
    body = walked(Visitor(app), "ada").get_json()
    token, visitor = body["access_token"], Visitor(app)
    shown = visitor.call("GET", "/auth/identities", token=token).get_json()
    assert shown["has_password"] is False
    (linked,) = shown["data"]
    refused = visitor.call("DELETE", f"/auth/identities/{linked['id']}", token=token)
    assert sees(refused) == (409, "only-way-in")
    begun = visitor.call("POST", "/auth/totp", {}, token=token)
    assert begun.status_code == 200, "who has no password needs to show none"
    path = f"/users/{body['user']['id']}/identities/{linked['id']}"
    assert cast.root.delete(path).status_code == 204
    assert cast.root.delete(path).status_code == 404


# ---- addresses and cookies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/customers/5?tab=deals#notes", "/customers/5?tab=deals#notes"),
        ("/客户", "/客户"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/a\\b", "/"),
        ("https:evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        (" //evil.example", "/"),
        ("evil", "/"),
        ("", "/"),
        (None, "/"),
        ("/" + "a" * 500, "/"),
    ],
)
def test_only_paths_of_ours(asked: str | None, led: str) -> None:
    """L19: what a link makes somebody return to is never another site."""
    assert flow.own_path(asked) == led


def test_an_evil_return_path_leads_home(app: CRM, cast: Cast, configure: Configure) -> None:
    configure(LINK_BY_EMAIL="1")
    for evil in ("//evil.example", "/\\evil.example", "https:evil.example"):
        assert walked(Visitor(app), "alice", return_to=evil).get_json()["return_to"] == "/"


def test_the_way_back_is_not_the_requests_to_say(app: CRM, cast: Cast, configure: Configure) -> None:
    visitor = Visitor(app)
    answer = visitor.call(
        "POST",
        "/auth/sso/corp/start",
        {},
        Host="evil.example",
        X_Forwarded_Host="evil.example",
        Origin="http://evil.example",
    )
    sent = dict(parse_qsl(urlsplit(answer.get_json()["url"]).query))
    assert sent["redirect_uri"] == f"{SITE}/sso/corp"
    assert (sent["response_type"], sent["code_challenge_method"]) == ("code", "S256")
    assert len(sent["state"]) == 64
    assert len(sent["code_challenge"]) == len(sent["nonce"]) == 43


def test_the_cookie(app: CRM, cast: Cast, configure: Configure) -> None:
    configure(site="https://crm.example.com")
    answer = Visitor(app).call("POST", "/auth/sso/corp/start", {})
    state = dict(parse_qsl(urlsplit(answer.get_json()["url"]).query))["state"]
    (cookie,) = answer.headers.getlist("Set-Cookie")
    name, rest = cookie.split("=", 1)
    assert name == f"__Host-lianxi_sso_{state[:8]}"
    said = {one.strip() for one in rest.split(";")[1:]}
    assert said >= {"Secure", "HttpOnly", "Path=/", "Max-Age=600", "SameSite=Lax"}
    # What is stored of it opens nothing.
    stored = db.session.execute(select(SsoAttempt)).scalars().one()
    assert state not in (stored.state_hash, stored.browser_hash)


def test_unknown_providers(app: CRM, cast: Cast, configure: Configure) -> None:
    visitor = Visitor(app)
    assert visitor.call("POST", "/auth/sso/nobody/start", {}).status_code == 404
    assert visitor.call("POST", "/auth/sso/nobody/finish", {"answer": "state=a"}).status_code == 404
    assert cast.alice.post("/auth/sso/nobody/link", {"password": PASSWORD}).status_code == 404
    assert cast.alice.post("/auth/sso/nobody/link/finish", {"answer": "state=a"}).status_code == 404


def test_first_sign_ins_at_once_make_one_user(app: CRM, cast: Cast, configure: Configure) -> None:
    configure(CREATE_USERS="1", DOMAINS="example.com")
    visitors = [Visitor(app) for _ in range(3)]
    answers = [Browser().walk(begun(visitor), "ada") for visitor in visitors]
    with ThreadPoolExecutor(3) as pool:
        finished = list(pool.map(finish, visitors, answers))
    assert [one.status_code for one in finished] == [200] * 3
    assert len({one.get_json()["user"]["id"] for one in finished}) == 1

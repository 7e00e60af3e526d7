"""Use cases of single sign-on: sent to a provider, back with its word, signed in or linked.

Nothing that opens anything is stored: the browser holds a secret in a cookie, and what the provider was told besides
the state follows from it.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Flask, current_app
from sqlalchemy import delete, select

from ...access import Actor
from ...database import db
from ...errors import Issue, Problem, conflict, invalid, not_found
from ...transaction import unit_of_work
from .. import events, sessions
from ..credentials import LinkedIdentity, SsoAttempt, digest, new_secret
from ..models import SignInEventKind, User
from ..notices import notify
from ..sessions import Caller, Granted, failed, tell_refusal
from . import admission
from .dingtalk import DingTalkProvider
from .feishu import FeishuProvider
from .oidc import OidcProvider
from .provider import Asking, Failure, IdentityProvider, Profile, ProviderError
from .wecom import WeComProvider

log = logging.getLogger("lianxi")

KINDS: dict[str, type[IdentityProvider]] = {
    "oidc": OidcProvider,
    "wecom": WeComProvider,
    "dingtalk": DingTalkProvider,
    "feishu": FeishuProvider,
}
LIVES = timedelta(minutes=10)
PAGE = "/sso"
HOME = "/"
_EXTENSION = "lianxi.sso"
_MOST_PARAMETERS, _LONGEST_PATH, _SWEPT = 30, 500, 100

_SLUGS = {
    Failure.CANCELLED: "sso-cancelled",
    Failure.FAILED: "sso-failed",
    Failure.FOREIGN: "sso-foreign",
}


@dataclass(frozen=True)
class Begun:
    """Where a browser is sent, and what it keeps until it is back."""

    address: str
    state: str
    secret: str


@dataclass(frozen=True)
class _Attempt:
    """What somebody wanted who was sent to a provider."""

    return_to: str
    is_remembered: bool


def remember(app: Flask) -> None:
    """Make the adapters that the configuration names; none of them asks anybody anything yet."""
    settings = app.config["LIANXI"]
    app.extensions[_EXTENSION] = {one.key: KINDS[one.kind](one, settings.sso_allow) for one in settings.sso}


def offered() -> list[dict[str, Any]]:
    """The providers that the sign-in page offers, in the order of the configuration."""
    return [
        {"key": key, "kind": provider.settings.kind, "name": provider.name} for key, provider in _providers().items()
    ]


def begin(key: str, return_to: str | None, *, remembered: bool = False, user_id: int | None = None) -> Begun:
    """Send somebody to a provider.

    Args:
        key: of the provider.
        return_to: the page to open afterwards; what is no path of ours is the home page.
        remembered: whether the session is to outlast the browser.
        user_id: who links the identity to the own account; None for a sign-in.

    Raises:
        Problem: 404, there is no such provider; 503, it cannot be reached.
    """
    provider = _provider(key)
    # Letters and digits alone: WeCom takes no others.
    state, secret = secrets.token_hex(32), new_secret()
    try:
        address = provider.authorise(_asking(key, state, secret))
    except ProviderError as error:
        raise _unavailable(key, error) from None
    with unit_of_work(source="http") as unit:
        old = select(SsoAttempt.state_hash).where(SsoAttempt.expires_at <= unit.at).limit(_SWEPT)
        hashes = db.session.execute(old.with_for_update(skip_locked=True)).scalars().all()
        if hashes:
            db.session.execute(delete(SsoAttempt).where(SsoAttempt.state_hash.in_(hashes)))
        db.session.add(
            SsoAttempt(
                state_hash=digest(state),
                browser_hash=digest(secret),
                provider=key,
                return_to=own_path(return_to),
                is_remembered=remembered,
                user_id=user_id,
                expires_at=unit.at + LIVES,
            )
        )
        db.session.flush()
    return Begun(address, state, secret)


def sign_in(key: str, answer: Mapping[str, str], secret: str | None, caller: Caller) -> tuple[Granted, str]:
    """Open a session for whom a provider vouches: the second factor is the provider's to ask for.

    Args:
        key: of the provider.
        answer: what stood behind the `?` of the redirect address.
        secret: of the browser.
        caller: where the request comes from.

    Returns:
        The tokens, and the page to open.

    Raises:
        Problem: 401, the provider does not vouch or the rules let nobody in; 422, nobody was sent there, or not from
            this browser, or too long ago, or it is back already; 503, the provider cannot be reached.
    """
    attempt = _redeemed(key, answer, secret, None)
    try:
        profile = _profile(key, answer, secret or "")
    except ProviderError as error:
        if error.failure is Failure.UNREACHABLE:
            raise _unavailable(key, error) from None
        log.warning("sign-in by %s failed from %s: %s", key, caller.address, error)
        tell_refusal(SignInEventKind.FAILED, None, caller, key)
        raise failed(_SLUGS[error.failure]) from None
    with unit_of_work(source="http") as unit:
        try:
            user_id = admission.admitted(_provider(key).settings, profile, caller)
        except Problem as problem:
            log.warning("sign-in by %s refused from %s: %s", key, caller.address, problem.slug)
            tell_refusal(SignInEventKind.FAILED, None, caller, key)
            raise
        row = sessions.locked(user_id)
        if row is None:
            raise failed("sso-deactivated")
        granted = sessions.open_session(
            unit,
            user_id,
            row.permissions,
            caller,
            remember=attempt.is_remembered,
            by_cookie=True,
            factors=key,
            provider=key,
        )
    return granted, attempt.return_to


def proved(actor: Actor, key: str, answer: Mapping[str, str], secret: str | None) -> Profile:
    """The account at a provider that the caller wants to link; outside of any unit of work, for the provider is asked.

    Raises:
        Problem: 409, the provider does not vouch; 422 and 503 as `sign_in`.
    """
    _redeemed(key, answer, secret, actor.user_id)
    try:
        return _profile(key, answer, secret or "")
    except ProviderError as error:
        if error.failure is Failure.UNREACHABLE:
            raise _unavailable(key, error) from None
        log.warning("linking by %s failed: user %s: %s", key, actor.user_id, error)
        raise conflict(_SLUGS[error.failure]) from None


def link(actor: Actor, key: str, profile: Profile, caller: Caller) -> dict[str, Any]:
    """Link an account at a provider to the caller's own.

    Raises:
        Problem: 409, either is linked already.
    """
    identity = admission.link(actor.user_id, key, profile, caller)
    notify(actor.user_id, "identity_linked")
    return _shown(identity)


def refuse_second(actor: Actor, key: str) -> None:
    """Refuse (409) to link another identity of a provider before the first is unlinked."""
    _provider(key)
    query = select(LinkedIdentity.id).where(LinkedIdentity.user_id == actor.user_id, LinkedIdentity.provider == key)
    if db.session.execute(query).first() is not None:
        raise conflict("identity-linked")


def identities(user_id: int) -> list[dict[str, Any]]:
    """The identities that are linked to a user, also of providers that are configured no longer."""
    query = select(LinkedIdentity).where(LinkedIdentity.user_id == user_id).order_by(LinkedIdentity.id)
    return [_shown(identity) for identity in db.session.execute(query).scalars()]


def unlink(user_id: int, identity_id: int, caller: Caller, *, by_owner: bool) -> None:
    """Have an identity mean a user no longer.

    Args:
        by_owner: whether it is the user's own doing: nobody locks himself or herself out.

    Raises:
        Problem: 404, there is none; 409, it is the owner's only way in.
    """
    user = db.session.execute(select(User).where(User.id == user_id).with_for_update()).scalar_one()
    own = db.session.execute(select(LinkedIdentity).where(LinkedIdentity.user_id == user_id)).scalars().all()
    identity = next((one for one in own if one.id == identity_id), None)
    if identity is None:
        raise not_found()
    if (
        by_owner
        and user.password_hash is None
        and not any(one.provider in _providers() for one in own if one is not identity)
    ):
        raise conflict("only-way-in")
    db.session.delete(identity)
    db.session.flush()
    events.note(SignInEventKind.UNLINKED, user_id, caller.address, caller.agent, identity.provider)
    notify(user_id, "identity_unlinked")
    log.info("identity unlinked: user %s, provider %s", user_id, identity.provider)


def parameters(answer: str) -> dict[str, str]:
    """What stood behind the `?` of the redirect address, by name.

    Raises:
        Problem: 422, it cannot be read, or says something twice.
    """
    try:
        rows = parse_qsl(answer.removeprefix("?"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        rows = []
    found = dict(rows)
    if len(found) != len(rows) or not found.get("state"):
        raise expired()
    return found


def own_path(text: str | None) -> str:
    r"""A path of ours as it is, and the home page for everything else: `//evil`, `/\evil`, `https:evil`."""
    if not text or not text.startswith("/") or text[1:2] in ("/", "\\") or len(text) > _LONGEST_PATH:
        return HOME
    if "\\" in text or not text.isprintable():
        return HOME
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    return HOME if parts.scheme or parts.netloc else text


def expired() -> Problem:
    """422: nobody is expected back with this, or no longer, or not in this browser."""
    return invalid(Issue("#/answer", "sso_expired"))


def _providers() -> dict[str, IdentityProvider]:
    found: dict[str, IdentityProvider] = current_app.extensions[_EXTENSION]
    return found


def _provider(key: str) -> IdentityProvider:
    found = _providers().get(key)
    if found is None:
        raise not_found()
    return found


def _asking(key: str, state: str, secret: str) -> Asking:
    return Asking(
        redirect_uri=f"{current_app.config['LIANXI'].public_url}{PAGE}/{key}",
        state=state,
        nonce=_derived(secret, f"nonce {state}"),
        code_verifier=_derived(secret, f"verifier {state}"),
    )


def _derived(secret: str, purpose: str) -> str:
    """256 bits that follow from the browser's secret and tell nothing about it."""
    return urlsafe_b64encode(hmac.digest(secret.encode(), purpose.encode(), hashlib.sha256)).rstrip(b"=").decode()


def _redeemed(key: str, answer: Mapping[str, str], secret: str | None, user_id: int | None) -> _Attempt:
    """What somebody wanted who is back; it is used up by that, whatever comes of it."""
    _provider(key)
    with unit_of_work(source="http") as unit:
        taken = (
            delete(SsoAttempt)
            .where(
                SsoAttempt.state_hash == digest(answer["state"]),
                SsoAttempt.browser_hash == digest(secret or ""),
                SsoAttempt.provider == key,
                SsoAttempt.user_id.is_(None) if user_id is None else SsoAttempt.user_id == user_id,
                SsoAttempt.expires_at > unit.at,
            )
            .returning(SsoAttempt.return_to, SsoAttempt.is_remembered)
        )
        row = db.session.connection().execute(taken).one_or_none()
    if row is None:
        raise expired()
    return _Attempt(*row)


def _profile(key: str, answer: Mapping[str, str], secret: str) -> Profile:
    provider, asking = _provider(key), _asking(key, answer["state"], secret)
    return provider.profile(provider.exchange(answer, asking), asking).checked()


def _unavailable(key: str, error: ProviderError) -> Problem:
    log.error("single sign-on by %s: %s", key, error)
    return Problem(503, "sso-unreachable", headers={"Retry-After": "30", "Cache-Control": "no-store"})


def _shown(identity: LinkedIdentity) -> dict[str, Any]:
    provider = _providers().get(identity.provider)
    return {
        "id": identity.id,
        "provider": identity.provider,
        "provider_name": identity.provider if provider is None else provider.name,
        "is_offered": provider is not None,
        "account": identity.account,
        "created_at": identity.created_at,
        "last_used_at": identity.last_used_at,
    }

"""Use cases of signing in: tokens given, renewed and ended, the own password changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Row, Select, delete, select, update

from ..access import Actor, Permission
from ..database import db, read_engine
from ..errors import Issue, Problem, invalid, not_found
from ..folding import e164, email_key, fold
from ..transaction import Unit, after_refusal, now, unit_of_work
from . import events, links, second_factor, throttle
from .credentials import ApiToken, SecondFactor
from .models import RefreshToken, Role, SignIn, SignInEventKind, User
from .notices import notify
from .passwords import hash_password, password_faults, personal_words, verify_password
from .profile import profile
from .stamps import end_sign_in, end_sign_ins, raise_stamps
from .tokens import REFRESH, access_token, read_token, refresh_token, unauthorized

log = logging.getLogger("lianxi")

FIRST_ADMIN = "first-admin.txt"
_SHOWN = 200


@dataclass(frozen=True)
class Caller:
    """Where a request comes from."""

    address: str | None
    agent: str | None


@dataclass(frozen=True)
class Granted:
    """Tokens just given.

    Attributes:
        expires_in: seconds that the access token is good for.
        refresh_seconds: seconds that the refresh token is good for, when it is not used before.
        is_remembered: whether a browser keeps it when it is closed.
        user: the person, as `/auth/me` shows him or her.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    refresh_seconds: int
    is_remembered: bool
    user: dict[str, Any]


def sign_in(
    account: str,
    password: str,
    caller: Caller,
    *,
    otp: str | None = None,
    remember: bool = False,
    by_cookie: bool = False,
) -> Granted:
    """Open a session for who knows the password, and has the second factor where it is on.

    Args:
        account: e-mail address or phone number.
        password: as typed.
        caller: where the request comes from.
        otp: code of the authenticator app, or a recovery code.
        remember: 30 days instead of 12 hours; admins stay at 8 hours.
        by_cookie: whether the refresh token will travel in a cookie.

    Raises:
        Problem: one and the same 401 whatever is wrong, 401 `otp-required` where nothing but the code is missing, 429
            while throttled.
    """
    found = _find(account)
    user_id = None if found is None else found.id
    with _told(user_id, caller):
        attempt = throttle.admit(throttle.account_key(user_id, account), caller.address, user_id=user_id)
    is_right, better_hash = verify_password(None if found is None else found.password_hash, password)
    if found is None or not is_right:
        log.warning("sign-in failed: user %s from %s", user_id, caller.address)
        tell_refusal(SignInEventKind.FAILED, user_id, caller)
        raise failed()
    asks_code = found.confirmed_at is not None
    if asks_code and otp is None:
        with unit_of_work(source="http"):
            throttle.withdraw(attempt)
        raise failed("otp-required")
    # Apart from the account's: from a known address passwords may be tried, codes may not.
    with _told(found.id, caller):
        code_attempts = [throttle.admit(f"otp:{found.id}", caller.address)] if asks_code else []
    with unit_of_work(actor_id=found.id, source="http") as unit:
        row = locked(found.id)
        if row is None or row.password_hash != found.password_hash:
            raise failed()
        has_code = second_factor.is_on(db.session.connection(), found.id)
        if has_code and not second_factor.accepts(found.id, otp or "", unit.at):
            log.warning("sign-in failed at the second factor: user %s from %s", user_id, caller.address)
            tell_refusal(SignInEventKind.FAILED, user_id, caller)
            raise failed()
        throttle.forgive(attempt, *code_attempts)
        if better_hash is not None:
            _set_unversioned(found.id, password_hash=better_hash)
        granted = open_session(
            unit,
            found.id,
            row.permissions,
            caller,
            remember=remember,
            by_cookie=by_cookie,
            factors="password and code" if has_code else "password",
        )
    if row.role == "admin":
        _forget_first_password()
    return granted


def open_session(
    unit: Unit,
    user_id: int,
    permissions: list[str],
    caller: Caller,
    *,
    remember: bool,
    by_cookie: bool,
    factors: str,
    provider: str | None = None,
) -> Granted:
    """Open a session of somebody who has proved who he or she is, in the open unit of work.

    Args:
        permissions: of the person's role.
        factors: by what it was proved, in words for the log.
        provider: who has vouched for the person; None where it was the password.
    """
    session = SignIn(
        user_id=user_id,
        created_at=unit.at,
        expires_at=unit.at + _longest(permissions, remember),
        last_used_at=unit.at,
        is_remembered=remember,
        by_cookie=by_cookie,
        address=(caller.address or "")[:45] or None,
        agent=(caller.agent or "")[:300] or None,
    )
    db.session.add(session)
    db.session.flush()
    events.note(SignInEventKind.SIGNED_IN, user_id, caller.address, caller.agent, provider)
    granted = _grant(session, unit.at)
    log.info("signed in: user %s, session %s, by %s", user_id, session.id, factors)
    return granted


def user_of(account: str) -> int | None:
    """The active person whom an e-mail address or phone number means."""
    found = _find(account)
    return None if found is None else found.id


def renew(token: str, caller: Caller) -> Granted:
    """New tokens for a refresh token, which works once; used again it is stolen, and its session ends.

    Raises:
        Problem: 401.
    """
    claims = read_token(token, REFRESH)
    granted: Granted | None = None
    with unit_of_work(actor_id=claims.user_id, source="http") as unit:
        row = locked(claims.user_id)
        used = db.session.connection().execute(
            update(RefreshToken)
            .where(
                RefreshToken.jti == claims.token_id,
                RefreshToken.sign_in_id == claims.session_id,
                RefreshToken.used_at.is_(None),
            )
            .values(used_at=unit.at)
        )
        session = db.session.get(SignIn, claims.session_id, with_for_update=True)
        if session is not None and session.user_id == claims.user_id:
            if used.rowcount == 0:
                if end_sign_in(session.id, "reuse"):
                    log.warning("refresh token used twice: user %s, session %s ended", session.user_id, session.id)
                    events.note(SignInEventKind.REUSE, session.user_id, caller.address, caller.agent)
                    notify(session.user_id, "reuse")
            elif row is not None and session.revoked_at is None and session.expires_at > unit.at:
                # Who has become an admin meanwhile has the shorter session of one.
                session.expires_at = min(session.expires_at, session.created_at + _longest(row.permissions, True))
                session.last_used_at = unit.at
                session.address = (caller.address or "")[:45] or session.address
                if session.expires_at > unit.at:
                    granted = _grant(session, unit.at)
    if granted is None:
        raise unauthorized()
    return granted


def sign_out(session_id: int, caller: Caller) -> None:
    """End a session; its tokens are dead at once."""
    if end_sign_in(session_id, "signed_out"):
        user_id = db.session.execute(select(SignIn.user_id).where(SignIn.id == session_id)).scalar_one()
        events.note(SignInEventKind.SIGNED_OUT, user_id, caller.address, caller.agent)
        log.info("signed out: session %s", session_id)


def open_sessions(actor: Actor, user_id: int) -> list[dict[str, Any]]:
    """The sign-ins of a person that still hold, the latest used first; personal tokens are none."""
    latest = _open(user_id).order_by(SignIn.last_used_at.desc(), SignIn.id.desc()).limit(_SHOWN)
    return [
        {
            "id": row.id,
            "created_at": row.created_at,
            "last_used_at": row.last_used_at,
            "expires_at": row.expires_at,
            "address": row.address,
            "agent": row.agent,
            "is_remembered": row.is_remembered,
            "is_current": row.id == actor.session_id,
        }
        for row in db.session.execute(latest).scalars()
    ]


def end_session(user_id: int, session_id: int) -> None:
    """End one of the sign-ins of a person; its open sockets are cut.

    Raises:
        Problem: 404, there is none, or it has ended.
    """
    if db.session.execute(_open(user_id).where(SignIn.id == session_id)).first() is None:
        raise not_found()
    end_sign_in(session_id, "ended")


def _open(user_id: int) -> Select[SignIn]:
    return select(SignIn).where(
        SignIn.user_id == user_id,
        SignIn.revoked_at.is_(None),
        SignIn.expires_at > now(),
        SignIn.id.not_in(select(ApiToken.sign_in_id)),
    )


def checked_password(actor: Actor, current: str, new: str, caller: Caller) -> tuple[str, str]:
    """Check a change of the own password, outside of any unit of work.

    Returns:
        The hash that holds now and the one to come.

    Raises:
        Problem: 422 for a wrong current or an unfit new password, 429 when the current one was guessed too often.
    """
    with read_engine().connect() as connection:
        row = connection.execute(
            select(User.name, User.email, User.phone, User.password_hash).where(User.id == actor.user_id)
        ).one()
    minimum = second_factor.least_length(actor.user_id)
    issues = password_faults(new, minimum, personal_words(row.name, row.email, row.phone), "#/new_password")
    _prove(actor, row.password_hash, current, caller, "#/current_password", issues)
    if not issues and verify_password(row.password_hash, new)[0]:
        issues = [Issue("#/new_password", "password_same")]
    if issues:
        raise invalid(*issues)
    return row.password_hash, hash_password(new)


def prove_password(actor: Actor, password: str, caller: Caller, at: str = "#/password") -> None:
    """Ask the caller for the own password before something that a stolen session must not do; outside of any unit.

    Args:
        at: where it stands in the body.

    Raises:
        Problem: 422 for a wrong one, 429 when it was guessed too often.
    """
    with read_engine().connect() as connection:
        stored = connection.execute(select(User.password_hash).where(User.id == actor.user_id)).scalar_one()
    _prove(actor, stored, password, caller, at, [])


def prove_password_if_any(actor: Actor, password: str | None, caller: Caller, at: str = "#/password") -> None:
    """As `prove_password`, of a caller who has one; who comes by a provider alone has none to show.

    Raises:
        Problem: 422 for a missing or a wrong one, 429 when it was guessed too often.
    """
    if has_password(actor.user_id):
        if password is None:
            raise invalid(Issue(at, "required"))
        prove_password(actor, password, caller, at)


def has_password(user_id: int) -> bool:
    """Whether a person can sign in by password."""
    with read_engine().connect() as connection:
        return connection.execute(select(User.password_hash).where(User.id == user_id)).scalar_one() is not None


def _prove(
    actor: Actor, stored: str | None, password: str, caller: Caller, pointer: str, further: Sequence[Issue]
) -> None:
    attempt = throttle.admit(throttle.account_key(actor.user_id, ""), caller.address)
    if not verify_password(stored, password)[0]:
        raise invalid(Issue(pointer, "password_wrong"), *further)
    with unit_of_work(source="http"):
        throttle.forgive(attempt)


def set_own_password(actor: Actor, old_hash: str, new_hash: str) -> None:
    """Write a checked new password; the person's other sessions end.

    Raises:
        Problem: 409, the password was changed meanwhile.
    """
    user = db.session.get(User, actor.user_id, with_for_update=True)
    if user is None or user.password_hash != old_hash:
        raise Problem(409, "conflict")
    user.password_hash = new_hash
    user.must_change_password = False
    raise_stamps(user.id)
    end_sign_ins(user.id, "password", but=actor.session_id)
    links.end_all(user.id)
    notify(user.id, "password_changed")
    log.info("password changed: user %s", user.id)


def tell_refusal(kind: SignInEventKind, user_id: int | None, caller: Caller, provider: str | None = None) -> None:
    """Have an event written down although the request is refused."""
    after_refusal(lambda: events.note(kind, user_id, caller.address, caller.agent, provider))


@contextmanager
def _told(user_id: int | None, caller: Caller) -> Iterator[None]:
    """Write down who is slowed down."""
    try:
        yield
    except Problem:
        tell_refusal(SignInEventKind.THROTTLED, user_id, caller)
        raise


def _find(account: str) -> Row[int, str | None, datetime | None] | None:
    """The active user whom an e-mail address or phone number means."""
    if "@" in fold(account):
        condition = User.email_key == email_key(account)
    else:
        number = e164(account, current_app.config["LIANXI"].default_region)
        condition = User.phone_e164 == number if number else User.id == 0
    with read_engine().connect() as connection:
        query = select(User.id, User.password_hash, SecondFactor.confirmed_at)
        query = query.outerjoin(SecondFactor, SecondFactor.user_id == User.id)
        return connection.execute(query.where(condition, User.is_active)).one_or_none()


def locked(user_id: int) -> Row[str | None, str, Any] | None:
    """The active user with the role's rights; locked, so that a password or state cannot change meanwhile."""
    return db.session.execute(
        select(User.password_hash, User.role, Role.permissions)
        .join(Role, Role.key == User.role)
        .where(User.id == user_id, User.is_active)
        .with_for_update(of=User, key_share=True)
    ).one_or_none()


def _longest(permissions: list[str], remember: bool) -> timedelta:
    settings = current_app.config["LIANXI"]
    if Permission.USER_WRITE in permissions:
        return timedelta(seconds=settings.admin_session_seconds)
    return timedelta(seconds=settings.remembered_session_seconds if remember else settings.session_seconds)


def _grant(session: SignIn, at: datetime) -> Granted:
    settings = current_app.config["LIANXI"]
    left = max(1, int((session.expires_at - at).total_seconds()))
    seconds = min(settings.access_token_seconds, left)
    refresh_seconds = min(settings.refresh_idle_seconds, left)
    token, token_id = refresh_token(session.user_id, session.id, refresh_seconds)
    connection = db.session.connection()
    connection.execute(delete(RefreshToken).where(RefreshToken.sign_in_id == session.id, RefreshToken.expires_at < at))
    db.session.add(
        RefreshToken(jti=token_id, sign_in_id=session.id, expires_at=at + timedelta(seconds=refresh_seconds))
    )
    _set_unversioned(session.user_id, last_seen_at=at)
    db.session.flush()
    return Granted(
        access_token=access_token(session.user_id, session.id, seconds),
        refresh_token=token,
        expires_in=seconds,
        refresh_seconds=refresh_seconds,
        is_remembered=session.is_remembered,
        user=profile(connection, session.user_id),
    )


def _set_unversioned(user_id: int, **values: Any) -> None:
    """Write columns of a user that nobody edits, so that no version rises and no event goes out."""
    db.session.connection().execute(update(User).where(User.id == user_id).values(**values))


def _forget_first_password() -> None:
    """The password that the first start left in the data folder has served."""
    path = current_app.config["LIANXI"].data_dir / FIRST_ADMIN
    try:
        path.unlink(missing_ok=True)
    except OSError:
        log.exception("%s holds the first password and could not be removed; remove it by hand", path)


def failed(slug: str = "sign-in-failed") -> Problem:
    """401 of somebody who is not let in."""
    return Problem(401, slug, headers={"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"})

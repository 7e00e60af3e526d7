"""Use cases of personal tokens: made, listed, revoked."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from ..access import Actor
from ..database import db
from ..days import Days, end_of
from ..errors import Issue, conflict, invalid, not_found
from ..transaction import now
from .credentials import API_TOKEN_PREFIX, ApiToken, digest, new_secret
from .models import SignIn
from .stamps import end_sign_in

log = logging.getLogger("lianxi")

DEFAULT_DAYS, LONGEST_DAYS, MOST = 90, 365, 50


def create(actor: Actor, values: dict[str, Any]) -> dict[str, Any]:
    """A new token, whose text is told this once.

    Args:
        values: `name`, `scopes`, and `expires_on`, its last day where the owner is.

    Raises:
        Problem: 409 for more than `MOST` of them; 422 for a day that has gone or is over a year away, and for a scope
            that the owner lacks.
    """
    today = Days.at_moment(now(), actor.time_zone).today
    last_day: date = values.get("expires_on") or today + timedelta(days=DEFAULT_DAYS)
    issues: list[Issue] = []
    if last_day < today:
        issues.append(Issue("#/expires_on", "past"))
    elif last_day > today + timedelta(days=LONGEST_DAYS):
        issues.append(Issue("#/expires_on", "expires_late", {"days": LONGEST_DAYS}))
    scopes = list(dict.fromkeys(values["scopes"]))
    issues += [
        Issue(f"#/scopes/{values['scopes'].index(scope)}", "scope_lacking") for scope in scopes if not actor.may(scope)
    ]
    if issues:
        raise invalid(*issues)
    holding = _holding(actor.user_id).with_only_columns(func.count()).order_by(None)
    if db.session.execute(holding).scalar_one() >= MOST:
        raise conflict("too-many-tokens")
    token = API_TOKEN_PREFIX + new_secret()
    sign_in = SignIn(
        user_id=actor.user_id, created_at=now(), last_used_at=now(), expires_at=end_of(last_day, actor.time_zone)
    )
    db.session.add(sign_in)
    db.session.flush()
    made = ApiToken(
        sign_in_id=sign_in.id, name=values["name"], token_hash=digest(token), hint=token[-4:], scopes=sorted(scopes)
    )
    db.session.add(made)
    db.session.flush()
    log.info("personal token made: user %s, session %s", actor.user_id, sign_in.id)
    return {**_shown(sign_in, made), "token": token}


def of_user(user_id: int) -> list[dict[str, Any]]:
    """The tokens of a person that still hold, the newest first."""
    return [_shown(sign_in, token) for sign_in, token in db.session.execute(_holding(user_id))]


def revoke(user_id: int, token_id: int) -> None:
    """End a token of a person; open sockets that use it are cut.

    Raises:
        Problem: 404, there is none, or it has ended.
    """
    found = db.session.execute(_holding(user_id).where(SignIn.id == token_id)).one_or_none()
    if found is None or not end_sign_in(token_id, "revoked"):
        raise not_found()
    log.info("personal token revoked: user %s, session %s", user_id, token_id)


def _holding(user_id: int) -> Select[SignIn, ApiToken]:
    return (
        select(SignIn, ApiToken)
        .join(ApiToken, ApiToken.sign_in_id == SignIn.id)
        .where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None), SignIn.expires_at > now())
        .order_by(SignIn.id.desc())
    )


def _shown(sign_in: SignIn, token: ApiToken) -> dict[str, Any]:
    was_used = sign_in.last_used_at > sign_in.created_at
    return {
        "id": sign_in.id,
        "name": token.name,
        "hint": token.hint,
        "scopes": token.scopes,
        "created_at": sign_in.created_at,
        "expires_at": sign_in.expires_at,
        "last_used_at": sign_in.last_used_at if was_used else None,
        "last_address": sign_in.address if was_used else None,
    }

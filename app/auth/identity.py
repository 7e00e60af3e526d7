"""Who is calling: tokens to actors, remembered while the database says that they still hold.

A token names a user and a sign-in, never rights. The actor is read once and kept with the user's access stamp; every
request asks the database, in its own statement where it can, whether sign-in and stamp are still good.
"""

from __future__ import annotations

import logging
import sys
from collections import OrderedDict, defaultdict
from contextlib import suppress
from datetime import UTC, date, datetime
from threading import Lock
from time import time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, g, request
from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, exists, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from ..access import Actor, Sight
from ..caller import AUTHENTICATOR
from ..database import db, read_engine
from ..errors import Problem
from ..extensions import KNOWN_CALLER
from ..listing import GUARD, VERIFY
from ..routing import PREFIX
from . import cookies
from .credentials import API_TOKEN_PREFIX, ApiToken, digest
from .demand import by_password_alone, is_demanded, rule
from .models import Role, SignIn, Team, User
from .tokens import ACCESS, REFRESH, read_token, unauthorized

__all__ = ["actor_of", "load_actor", "read_actor", "remember", "still_good", "teams_below", "unauthorized", "verified"]

log = logging.getLogger("lianxi")

LEEWAY = 10
_NOTED_EVERY = 60
_REMEMBERED = 5_000
_RENEWING = (f"{PREFIX}/auth/refresh", f"{PREFIX}/auth/logout")


class _Memory:
    """Decoded tokens and actors of one application, by token; the oldest is forgotten first."""

    def __init__(self) -> None:
        self.entries: OrderedDict[str, tuple[float, Actor]] = OrderedDict()
        self.lock = Lock()
        self.noted: dict[int, float] = {}

    def get(self, token: str) -> tuple[float, Actor] | None:
        return self.entries.get(token)

    def put(self, token: str, expires: float, actor: Actor) -> None:
        with self.lock:
            self.entries[token] = (expires, actor)
            while len(self.entries) > _REMEMBERED:
                self.entries.popitem(last=False)

    def clear(self) -> None:
        with self.lock:
            self.entries.clear()
            self.noted.clear()

    def forget(self, token: str) -> None:
        with self.lock:
            self.entries.pop(token, None)


def remember(app: Any) -> None:
    """Give an application its own memory of actors, and have it note when personal tokens are used."""
    app.extensions["lianxi.actors"] = _Memory()
    app.after_request(_noted)


def _noted(answer: Response) -> Response:
    actor: Actor | None = g.get("actor")
    if actor is not None and actor.scopes is not None:
        note_use(actor)
    return answer


def note_use(actor: Actor) -> None:
    """Write down that a personal token was used, at most once a minute in each process; outside of any unit of work."""
    noted, moment = memory().noted, time()
    if noted.get(actor.session_id, 0) + _NOTED_EVERY > moment:
        return
    if len(noted) > _REMEMBERED:
        noted.clear()
    noted[actor.session_id] = moment
    values = {"last_used_at": datetime.now(UTC), "address": (request.remote_addr or "")[:45] or None}
    try:
        with db.engines[None].begin() as connection:
            connection.execute(update(SignIn).where(SignIn.id == actor.session_id).values(**values))
    except DBAPIError:
        log.warning("the use of a personal token could not be noted", exc_info=True)


def memory() -> _Memory:
    """The current application's memory."""
    found: _Memory = current_app.extensions["lianxi.actors"]
    return found


def known_caller() -> str | None:
    """Who sends the current request, as far as its token proves it: a made-up one earns its sender no count of its own.

    An access token has proved good before. A refresh token is believed by its signature, so that an office behind one
    address may reload; it counts apart, so that an old one uses up nobody's requests.
    """
    if request.path in _RENEWING:
        with suppress(Problem):
            return f"renewing:{read_token(cookies.sent_token()[0], REFRESH).user_id}"
    token = request.headers.get("Authorization", "").partition(" ")[2].strip()
    remembered = memory().get(token) if token else None
    return None if remembered is None else f"user:{remembered[1].user_id}"


def still_good() -> ColumnElement[bool]:
    """The condition that an actor's sign-in and stamp hold, for the WHERE of any statement; bound by `Actor.binds`."""
    return exists(
        select(SignIn.id)
        .join(User, User.id == SignIn.user_id)
        .where(
            SignIn.id == bindparam("actor_session", type_=BigInteger()),
            SignIn.revoked_at.is_(None),
            User.is_active,
            User.access_stamp == bindparam("actor_stamp"),
        )
    )


_check = select(still_good())


def verified(connection: Connection, actor: Actor) -> bool:
    """Ask the database whether a remembered actor still holds."""
    return bool(connection.execute(_check, dict(actor.binds)).scalar())


def actor_of(token: str) -> tuple[Actor, bool]:
    """The actor of an access token, and whether it has just been read from the database.

    Raises:
        Problem: 401 when the token is malformed, foreign, expired, or its sign-in has ended.
    """
    remembered = memory().get(token)
    if remembered is not None:
        expires, actor = remembered
        if expires + (LEEWAY if actor.scopes is None else 0) < time():
            memory().forget(token)
            raise unauthorized("token-expired")
        return actor, False
    return read_actor(token), True


def read_actor(token: str) -> Actor:
    """Decode a token and read its person anew, for instance after his or her rights changed."""
    return identify(token)[0]


def identify(token: str) -> tuple[Actor, float]:
    """The actor of an access token or personal token, read anew, and the second of the epoch at which it ends.

    Raises:
        Problem: 401.
    """
    with read_engine().connect() as connection:
        user_id, session_id, expires, scopes = _holder(connection, token)
        actor = load_actor(connection, user_id, session_id, scopes)
    if actor is None:
        memory().forget(token)
        raise unauthorized()
    memory().put(token, expires, actor)
    return actor, expires


def _holder(connection: Connection, token: str) -> tuple[int, int, float, frozenset[str] | None]:
    """Whose token this is, of which sign-in, until when, and what it may be used for at most."""
    if not token.startswith(API_TOKEN_PREFIX):
        claims = read_token(token, ACCESS)
        return claims.user_id, claims.session_id, claims.expires, None
    row = connection.execute(
        select(SignIn.user_id, SignIn.id, SignIn.expires_at, ApiToken.scopes)
        .join(ApiToken, ApiToken.sign_in_id == SignIn.id)
        .where(ApiToken.token_hash == digest(token))
    ).one_or_none()
    if row is None:
        raise unauthorized()
    expires = row.expires_at.timestamp()
    if expires <= time():
        raise unauthorized("token-expired")
    return row.user_id, row.id, expires, frozenset(row.scopes)


def load_actor(
    connection: Connection, user_id: int, session_id: int | None, scopes: frozenset[str] | None = None
) -> Actor | None:
    """The person behind a sign-in as the policies see him or her; None when either has ended.

    Args:
        connection: of either engine.
        user_id: the user.
        session_id: the sign-in; None for what the product reads for a person by itself.
        scopes: what a personal token may be used for at most.
    """
    # Made here: threads that adapt columns of the same alias for the first time get in each other's way.
    absent = aliased(User)
    query = (
        select(
            User.name,
            User.role,
            Role.permissions,
            Role.sight,
            Role.fields,
            User.team_id,
            User.access_stamp,
            User.language,
            User.time_zone,
            User.must_change_password,
            exists().where(absent.deputy_id == User.id, absent.has_deputy_now).label("stands_in"),
            rule().label("rule"),
            by_password_alone().label("by_password_alone"),
        )
        .join(Role, Role.key == User.role)
        .where(User.id == user_id, User.is_active)
    )
    if session_id is not None:
        query = query.join(SignIn, SignIn.user_id == User.id)
        query = query.where(SignIn.id == session_id, SignIn.revoked_at.is_(None))
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    # Programs and what runs by itself have no device to look at; who made them had to prove who he or she is.
    is_here = session_id is not None and scopes is None
    return Actor(
        user_id=user_id,
        name=row.name,
        role=row.role,
        permissions=frozenset(row.permissions),
        sight=Sight(row.sight),
        tokens=_tokens(connection, user_id, Sight(row.sight), row.team_id, stands_in=row.stands_in),
        team_id=row.team_id,
        stamp=row.access_stamp,
        session_id=session_id or 0,
        language=row.language,
        time_zone=row.time_zone or current_app.config["LIANXI"].time_zone,
        must_change_password=row.must_change_password,
        scopes=scopes,
        fields=row.fields,
        lacks_second_factor=is_here and row.by_password_alone and is_demanded(row.rule, row.permissions),
    )


def _tokens(
    connection: Connection, user_id: int, sight: Sight, team_id: int | None, *, stands_in: bool
) -> dict[str, tuple[int, ...]]:
    member = {"member": (team_id,)} if team_id is not None else {}
    if sight is Sight.EVERYONE:
        return {"all": (0,), **member}
    tokens: dict[str, tuple[int, ...]] = {"user": (user_id,), "pool": (0,), **member}
    if stands_in and (absent := stands_in_for(connection, user_id)):
        tokens["deputy"] = absent
    if sight is Sight.TEAM and team_id is not None:
        tokens["team"] = (team_id,)
    elif sight is Sight.TEAM_BELOW:
        below = teams_below(connection, User.id == user_id)
        if below:
            tokens["team"] = tuple(sorted(below[user_id]))
    return tokens


def stands_in_for(connection: Connection, user_id: int) -> tuple[int, ...]:
    """Ids of the people for whom somebody stands in now.

    Args:
        connection: of either engine.
    """
    absent = select(User.id, User.time_zone, User.deputy_until_on).where(
        User.deputy_id == user_id, User.has_deputy_now, User.is_active
    )
    # The chore may be late; the last day is the last all the same.
    return tuple(sorted(row.id for row in connection.execute(absent) if row.deputy_until_on >= today_of(row.time_zone)))


def today_of(time_zone: str | None) -> date:
    """The day that it is where somebody is; by the installation's zone where he or she has none."""
    zone = ZoneInfo(time_zone or current_app.config["LIANXI"].time_zone)
    return datetime.now(UTC).astimezone(zone).date()


def teams_below(connection: Connection, *whose: ColumnElement[bool]) -> dict[int, frozenset[int]]:
    """Ids of the teams that people lead or are in, with all teams below them, by person; who has none is left out.

    Args:
        connection: of either engine.
        whose: conditions on the user.
    """
    tree = (
        select(User.id.label("user_id"), Team.id.label("team_id"))
        .join(Team, or_(Team.manager_id == User.id, Team.id == User.team_id))
        .where(Team.is_active, *whose)
        .cte("tree", recursive=True)
    )
    child = aliased(Team)
    tree = tree.union(
        select(tree.c.user_id, child.id).join(child, child.parent_id == tree.c.team_id).where(child.is_active)
    )
    found: dict[int, set[int]] = defaultdict(set)
    for user_id, team_id in connection.execute(select(tree.c.user_id, tree.c.team_id)):
        found[user_id].add(team_id)
    return {user_id: frozenset(teams) for user_id, teams in found.items()}


KNOWN_CALLER.append(known_caller)
GUARD.append(still_good)
VERIFY.append(verified)
AUTHENTICATOR.append(sys.modules[__name__])

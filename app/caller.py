"""Who is calling: the token of a request becomes an actor, checked against the database with every request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from flask import g, request
from sqlalchemy.exc import DBAPIError

import logs

from .access import Actor
from .database import read_engine
from .errors import Problem
from .listing import StaleActor
from .transaction import current_unit, in_unit


def twice(read: Callable[[], Any]) -> Any:
    """Run a read, once more when it met a connection that the database had closed meanwhile.

    One dead connection makes the pool drop all of them, so the second run gets a live one or the database is away.
    """
    try:
        return read()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return read()


class Authenticator(Protocol):
    """How a request's token becomes an actor; `auth/identity.py` puts itself in."""

    def actor_of(self, token: str) -> tuple[Actor, bool]:
        """The remembered or newly read actor, and whether it was newly read."""

    def read_actor(self, token: str) -> Actor:
        """The actor, read anew."""

    def verified(self, connection: Any, actor: Actor) -> bool:
        """Whether a remembered actor still holds."""

    def unauthorized(self, slug: str = "unauthorized") -> Problem:
        """The 401."""


AUTHENTICATOR: list[Authenticator] = []


def bearer_token() -> str:
    """The token of the `Authorization` header.

    Raises:
        Problem: 401 without one.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AUTHENTICATOR[0].unauthorized()
    return token.strip()


def _sign_in(actor: Actor, *, before_second_factor: bool = False) -> Actor:
    g.actor = actor
    g.language = actor.language
    logs.note(user_id=actor.user_id)
    if in_unit():
        current_unit().actor_id = actor.user_id
    if not before_second_factor:
        actor.need_second_factor()
    return actor


def verified_actor(*, before_second_factor: bool = False) -> Actor:
    """The caller, checked against the database now.

    Args:
        before_second_factor: whether who still has to set a second factor up may call.

    Raises:
        Problem: 401; 403 `second-factor-required`.
    """
    auth, token = AUTHENTICATOR[0], bearer_token()
    actor, fresh = auth.actor_of(token)
    if not fresh and not twice(lambda: _still_verified(auth, actor)):
        actor = auth.read_actor(token)
    return _sign_in(actor, before_second_factor=before_second_factor)


def _still_verified(auth: Authenticator, actor: Actor) -> bool:
    with read_engine().connect() as connection:
        return auth.verified(connection, actor)


def remembered_actor(run: Callable[[Actor, bool], Any]) -> Any:
    """Run a read whose own statement checks the remembered caller; once more with a fresh one where it is stale.

    A refusal has not asked the database yet whether the caller still holds, so it is asked then.
    """
    auth, token = AUTHENTICATOR[0], bearer_token()
    actor, fresh = auth.actor_of(token)
    try:
        return run(_sign_in(actor), fresh)
    except StaleActor:
        pass
    except Problem as problem:
        if fresh or problem.status == 404:
            raise
        with read_engine().connect() as connection:
            if auth.verified(connection, actor):
                raise
    return run(_sign_in(auth.read_actor(token)), True)

"""A unit of work that a use case opens itself, because it hashes a password before: nobody may hash inside it.

Inside a writing transaction of SQLite nobody else writes, so tens of milliseconds of argon2 belong before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request

from .. import idempotency
from ..access import Actor
from ..errors import request_id
from ..listing import ListSpec, encode
from ..routing import conclude, shape_answer
from ..transaction import unit_of_work
from . import cookies
from .sessions import Caller, Granted


def in_own_unit(actor: Actor, write: Callable[[], Any], spec: ListSpec | None = None, status: int = 200) -> Response:
    """Run the writing half of a request as `CRM.dispatch_request` would: safe retries, answer, change set, commit.

    Args:
        actor: in whose name things change.
        write: changes and returns what `shape_answer` takes.
        spec: of the record that is answered.
        status: of success.
    """
    with unit_of_work(actor_id=actor.user_id, source="http", request_id=request_id()) as unit:
        if request.method == "POST":
            replay = idempotency.begin(actor.user_id)
            if replay is not None:
                return replay
        answer = shape_answer(write(), actor, spec, status)
        conclude(unit, answer)
    return answer


def calling() -> Caller:
    """Where the current request comes from."""
    return Caller(request.remote_addr, request.headers.get("User-Agent"))


def whole(items: list[dict[str, Any]]) -> dict[str, Any]:
    """A list that is always sent whole."""
    meta = {"total": len(items), "pages": 1, "current_page": 1, "per_page": max(len(items), 1), "next_cursor": None}
    return {"data": items, "meta": meta}


def token_answer(granted: Granted, by_cookie: bool, **more: Any) -> Response:
    """Tokens on the wire: never stored by anybody between, the refresh token in one place only."""
    body: dict[str, Any] = {
        "access_token": granted.access_token,
        "token_type": "Bearer",
        "expires_in": granted.expires_in,
        "user": granted.user,
        **more,
    }
    if not by_cookie:
        body["refresh_token"] = granted.refresh_token
    answer = Response(encode(body), 200, mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    if by_cookie:
        cookies.keep(answer, granted.refresh_token, granted.refresh_seconds if granted.is_remembered else None)
    return answer

"""Safe retries: a POST with an `Idempotency-Key` has its effect once; the answer is kept with the effect and replayed.

The key's row is written in the transaction of the effect, so there is never an effect without the row. An advisory
lock on the key (the writer lock on SQLite) makes a second request wait for the first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, after_this_request, g, request
from sqlalchemy import Connection, LargeBinary, String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from .database import Document, Model, db
from .errors import Issue, Problem
from .transaction import hold, now

LIFE = timedelta(hours=24)
_FORGOTTEN = 100
"""How many old keys go with each new one, so that nobody waits long and the table does not grow for ever."""
_NOT_KEPT = 0
"""The status of a key whose answer showed a secret: that it was used is known, what was answered is not."""
_KEPT_HEADERS = ("Location", "ETag", "X-Changeset-Id", "X-Changeset-Entries", "Content-Type")


class IdempotencyKey(Model):
    """The answer of a POST, by caller, path and key."""

    __tablename__ = "idempotency_key"

    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int] = mapped_column()
    headers: Mapped[dict[str, str]] = mapped_column(Document)
    body: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True)
class Kept:
    """The answer of an earlier request with the same key."""

    status: int
    headers: dict[str, str]
    body: bytes


def is_key(text: str) -> bool:
    """Whether a text may be a key: 1 to 255 printable ASCII characters."""
    return 1 <= len(text) <= 255 and text.isascii() and text.isprintable()


def check_header() -> None:
    """Look at the header before anybody is asked for anything.

    Raises:
        Problem: 400 for a bad one.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not is_key(key):
        raise Problem(400, "bad-request", [Issue("Idempotency-Key", "idempotency_key")])


def take(user_id: int, address: str, key: str, body_hash: str) -> Kept | None:
    """Take a key for the open unit of work; the kept answer when it was used before.

    Args:
        user_id: the caller.
        address: method and path, or the event's name.
        key: the client's.
        body_hash: what the key is compared by.

    Raises:
        Problem: 422 for another body under the same key; 409 where the answer showed a secret.
    """
    scope = hashlib.sha256(f"{user_id}\n{address}\n{key}".encode()).hexdigest()
    connection = db.session.connection()
    hold(scope)
    row = connection.execute(
        select(IdempotencyKey.body_hash, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body).where(
            IdempotencyKey.scope == scope, IdempotencyKey.created_at > now() - LIFE
        )
    ).one_or_none()
    if row is None:
        g.idempotency = (scope, body_hash)
        return None
    if row.body_hash != body_hash:
        raise Problem(422, "idempotency-key-reused")
    if row.status == _NOT_KEPT:
        raise Problem(409, "secret-not-replayable")
    return Kept(row.status, row.headers, row.body)


def keep_body(body: bytes, status: int, headers: dict[str, str]) -> None:
    """Keep an answer beside its effect, in the same transaction, for the key taken before."""
    taken = g.pop("idempotency", None)
    if taken is None:
        return
    scope, body_hash = taken
    connection = db.session.connection()
    connection.execute(delete(IdempotencyKey).where(IdempotencyKey.scope == scope))
    connection.execute(
        insert(IdempotencyKey).values(
            scope=scope, body_hash=body_hash, created_at=now(), status=status, headers=headers, body=body
        )
    )
    _forget(connection)


def _forget(connection: Connection) -> None:
    """Drop some of the keys whose life is over; those that somebody holds are left to the next time."""
    over = select(IdempotencyKey.scope).where(IdempotencyKey.created_at <= now() - LIFE).limit(_FORGOTTEN)
    scopes = connection.execute(over.with_for_update(skip_locked=True)).scalars().all()
    if scopes:
        connection.execute(delete(IdempotencyKey).where(IdempotencyKey.scope.in_(scopes)))


def begin(user_id: int, told: bytes | None = None) -> Response | None:
    """Take the key of the current request, if it has one; the kept answer when it was used before.

    Args:
        told: what the request says, where that is not its body: the values of a form and the hash of its file.

    Raises:
        Problem: as `take`.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    body_hash = hashlib.sha256(request.get_data(cache=True) if told is None else told).hexdigest()
    kept = take(user_id, f"{request.method}\n{request.path}", key, body_hash)
    if kept is None:
        return None
    answer = Response(kept.body, kept.status)
    answer.headers.update(kept.headers)
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def never_keep() -> None:
    """Have the answer of the current request kept by nobody, because it shows a secret; its key counts as used."""
    g.is_secret = True

    @after_this_request
    def unstored(answer: Response) -> Response:
        answer.headers["Cache-Control"] = "no-store"
        return answer


def keep(answer: Response) -> None:
    """Keep the answer of a successful request."""
    if not 200 <= answer.status_code < 300:
        return
    if g.pop("is_secret", False):
        keep_body(b"", _NOT_KEPT, {})
    else:
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        keep_body(answer.get_data(), answer.status_code, headers)

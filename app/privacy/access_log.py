"""Noting who opened which record without making the reader wait, and reading what was noted.

A read writes nothing: what it opened is gathered in the process and written in batches by a thread of its own, and once
more when the process ends in good order.
"""

from __future__ import annotations

import atexit
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock, Timer
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from ..access import POLICIES, Actor
from ..auth.models import User
from ..database import IdList, db, member_of, read_engine
from ..errors import Issue, invalid
from ..filtering import BadValue, a_past_moment, an_instant
from ..journal import FOLLOWERS
from ..record import Record
from ..routing import OPENED
from .models import AccessAction, AccessEntry

log = logging.getLogger("lianxi")

LOGGED = frozenset({"customer", "person", "contact", "deal", "quote", "task", "attachment"})
"""Records of which it is noted who opened them."""

PAUSE = 2.0
"""So many seconds at most between an opening and its note."""

_MOST = 20_000
_BATCH = 1_000

Key = tuple[int, int, str, int, str]


class AccessBuffer:
    """What was opened in this process and is not written yet; each person, record and hour once."""

    def __init__(self, app: Flask) -> None:
        self._app, self._lock = app, Lock()
        self._seen: OrderedDict[Key, None] = OrderedDict()
        self._waiting: dict[Key, datetime] = {}
        self._timer: Timer | None = None

    def note(self, user_id: int, resource: str, record_id: int, action: AccessAction = AccessAction.OPENED) -> None:
        """Remember an opening, to be written within `PAUSE` seconds."""
        at = datetime.now(UTC)
        key = (user_id, hour_of(at), resource, record_id, action.value)
        with self._lock:
            if key in self._seen:
                return
            self._seen[key] = None
            if len(self._seen) > _MOST:
                self._seen.popitem(last=False)
            self._waiting[key] = at
            if self._timer is None and not self._app.testing:
                self._wait()

    def _wait(self) -> None:
        self._timer = Timer(PAUSE, self._due)
        self._timer.daemon = True
        self._timer.start()

    def _due(self) -> None:
        self.flush()
        with self._lock:
            self._timer = None
            if self._waiting:
                self._wait()

    def end(self) -> None:
        """Write what still waits when the process ends in good order."""
        if not self._app.testing:
            self.flush()

    def flush(self) -> None:
        """Write what waits; where the database is away it goes on waiting."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        rows = [_row(key, at) for key, at in taken.items()]
        if not rows:
            return
        try:
            with self._app.app_context():
                for begin in range(0, len(rows), _BATCH):
                    with db.engines[None].begin() as connection:
                        _insert(connection, rows[begin : begin + _BATCH])
        except Exception:
            log.warning("the access log could not be written, it is tried again", exc_info=True)
            with self._lock:
                self._waiting = dict([*taken.items(), *self._waiting.items()][-_MOST:])


def hour_of(at: datetime) -> int:
    """Hours since 1970."""
    return int(at.timestamp()) // 3_600


def _row(key: Key, at: datetime) -> dict[str, Any]:
    names = ("user_id", "hour", "resource", "record_id", "action")
    return {**dict(zip(names, key, strict=True)), "at": at}


def _insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert what is not noted yet: of several processes the first one has noted it."""
    made = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    if rows:
        connection.execute(made(AccessEntry).on_conflict_do_nothing(), list(rows))


def register(app: Flask) -> None:
    """Have what is opened in this process noted."""
    buffer = app.extensions["lianxi.access"] = AccessBuffer(app)
    atexit.register(buffer.end)


def buffer() -> AccessBuffer:
    """The application's."""
    found: AccessBuffer = current_app.extensions["lianxi.access"]
    return found


def note_now(user_id: int, resource: str, record_id: int, action: AccessAction) -> None:
    """Note something in the open unit of work, with which it stands or falls."""
    at = datetime.now(UTC)
    _insert(db.session.connection(), [_row((user_id, hour_of(at), resource, record_id, action.value), at)])


def _opened(actor: Actor, resource: str, record_id: int) -> None:
    if resource in LOGGED:
        buffer().note(actor.user_id, resource, record_id)


def _exported(connection: Connection, export: Record, entry: Mapping[str, Any]) -> None:
    if entry["action"] == "created" and export.created_by is not None:
        key = (export.created_by, hour_of(export.created_at), "export", export.id, AccessAction.EXPORTED.value)
        _insert(connection, [_row(key, export.created_at)])


OPENED.append(_opened)
FOLLOWERS["export"] = _exported


# ---- reading ---------------------------------------------------------------------------------------------------------


def listed(actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """One page of the log, newest first, `{"data", "meta"}`.

    Args:
        query: `user_id`, `action`, `resource`, `record_id`, `from`, `to`, `cursor`, `per_page` as far as sent.

    Raises:
        Problem: 422 for moments that are none.
    """
    entry, per_page = AccessEntry, query["per_page"]
    found = select(entry, User.name).outerjoin(User, User.id == entry.user_id)
    for name in ("user_id", "action", "resource", "record_id"):
        if query.get(name) is not None:
            found = found.where(getattr(entry, name) == query[name])
    found = found.where(*_span(actor, query))
    if query.get("cursor") is not None:
        found = found.where(entry.id < query["cursor"])
    with read_engine().connect() as connection:
        rows = connection.execute(found.order_by(entry.id.desc()).limit(per_page + 1)).all()
        more, rows = len(rows) > per_page, rows[:per_page]
        titles = _titles(connection, rows)
    data = [
        {
            "id": row.id,
            "at": row.at,
            "user": {"id": row.user_id, "name": row.name},
            "action": row.action,
            "resource": row.resource,
            "record_id": row.record_id,
            "title": titles.get((row.resource, row.record_id)),
        }
        for row in rows
    ]
    cursor = str(rows[-1].id) if more else None
    meta = {"total": None, "pages": None, "current_page": None, "per_page": per_page, "next_cursor": cursor}
    return {"data": data, "meta": meta}


def _span(actor: Actor, query: Mapping[str, Any]) -> list[Any]:
    conditions: list[Any] = []
    issues: list[Issue] = []
    for name in ("from", "to"):
        if not query.get(name):
            continue
        try:
            if name == "from":
                conditions.append(AccessEntry.at >= an_instant(query[name], actor.time_zone))
            else:
                conditions.append(AccessEntry.at <= a_past_moment(query[name], actor.time_zone)[0])
        except BadValue as bad:
            issues.append(Issue(name, bad.code))
    if issues:
        raise invalid(*issues)
    return conditions


_CALLED = {"task": "subject", "contact": "subject", "quote": "number"}


def _titles(connection: Connection, rows: Sequence[Any]) -> dict[tuple[str, int], str | None]:
    """What the records are called now."""
    wanted: dict[str, set[int]] = {}
    for row in rows:
        wanted.setdefault(row.resource, set()).add(row.record_id)
    found: dict[tuple[str, int], str | None] = {}
    for resource, ids in wanted.items():
        policy = POLICIES.get(resource)
        if policy is None:
            continue
        model: Any = policy.model
        called = getattr(model, _CALLED.get(resource, "name"))
        query = select(model.id, called).where(member_of(model.id, literal(sorted(ids), IdList())))
        found.update({(resource, one): title for one, title in connection.execute(query)})
    return found

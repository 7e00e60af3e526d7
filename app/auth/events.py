"""What happens at the door: sign-ins that succeed, fail or are slowed down, stolen tokens, and where from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select

from ..access import Actor
from ..database import db, read_engine
from ..transaction import now
from .models import SignInEvent, SignInEventKind, User

_SAME = timedelta(minutes=1)


def note(
    kind: SignInEventKind,
    user_id: int | None,
    address: str | None,
    agent: str | None = None,
    provider: str | None = None,
) -> None:
    """Write an event down in the open unit of work, for as long as the rules of retention say.

    Who is slowed down again and again, is written down once a minute for each address.

    Args:
        user_id: None where what was typed is nobody's.
        provider: by whose word; None where it is about a password.
    """
    address, agent = (address or "")[:45] or None, (agent or "")[:300] or None
    event = SignInEvent
    if kind == SignInEventKind.THROTTLED:
        is_known = exists().where(event.kind == kind, event.address == address, event.at > now() - _SAME)
        if db.session.execute(select(is_known)).scalar():
            return
    db.session.add(event(at=now(), kind=kind, user_id=user_id, address=address, agent=agent, provider=provider))
    db.session.flush()


def listed(_actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """One page of events, newest first, `{"data", "meta"}`.

    Args:
        query: `user_id`, `kind`, `cursor` and `per_page` as far as sent.
    """
    event, per_page = SignInEvent, query["per_page"]
    found = select(event.id, event.at, event.kind, event.user_id, User.name, event.address, event.agent, event.provider)
    found = found.outerjoin(User, User.id == event.user_id).order_by(event.id.desc()).limit(per_page + 1)
    for name in ("user_id", "kind"):
        if query.get(name) is not None:
            found = found.where(getattr(event, name) == query[name])
    if query.get("cursor") is not None:
        found = found.where(event.id < query["cursor"])
    with read_engine().connect() as connection:
        rows = connection.execute(found).all()
    more, rows = len(rows) > per_page, rows[:per_page]
    data = [
        {
            "id": row.id,
            "at": row.at,
            "kind": row.kind,
            "user": None if row.user_id is None else {"id": row.user_id, "name": row.name},
            "address": row.address,
            "agent": row.agent,
            "provider": row.provider,
        }
        for row in rows
    ]
    cursor = str(rows[-1].id) if more else None
    return {
        "data": data,
        "meta": {"total": None, "pages": None, "current_page": None, "per_page": per_page, "next_cursor": cursor},
    }

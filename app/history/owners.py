"""Whose a record has been, one after the other, as the journal tells it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from ..auth.models import User
from ..database import db
from ..journal import JournalEntry, JournalValue
from ..record import Record


def owners(record: Record) -> list[dict[str, Any]]:
    """The owners of a record, the present one first; null where it had none, as in the pool.

    Returns:
        `owner`, `from` and `until` (null: still), `by` (who made it so) and `action` of each.
    """
    entry, values = JournalEntry, JournalValue
    by: Any = aliased(User)
    told = (
        select(entry.recorded_at, entry.action, entry.changed, entry.actor_id, by.name.label("by_name"), values.after)
        .outerjoin(values, values.journal_id == entry.id)
        .outerjoin(by, by.id == entry.actor_id)
        .where(entry.resource == record.resource, entry.resource_id == record.id)
        .order_by(entry.id)
    )
    found: list[dict[str, Any]] = []
    for row in db.session.execute(told):
        if row.action != "created" and "owner_id" not in row.changed:
            continue
        if found:
            found[-1]["until"] = row.recorded_at
        by_whom = None if row.actor_id is None else {"id": row.actor_id, "name": row.by_name}
        owner_id = (row.after or {}).get("owner_id")
        found.append({"owner": owner_id, "from": row.recorded_at, "until": None, "by": by_whom, "action": row.action})
    ids = {one["owner"] for one in found} - {None}
    names = {row.id: row.name for row in db.session.execute(select(User.id, User.name).where(User.id.in_(ids)))}
    for one in found:
        one["owner"] = None if one["owner"] is None else {"id": one["owner"], "name": names.get(one["owner"], "")}
    return found[::-1]

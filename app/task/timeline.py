"""The timeline of a customer: contact records, deals, tasks and changes in one stream, newest first, by rights."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime
from itertools import chain, combinations
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from ..access import Actor, Permission
from ..auth.models import User
from ..contact.models import ContactRecord
from ..contact.schemas import CONTACTS
from ..customer.models import Customer
from ..database import Instant, read_engine
from ..deal.models import Deal
from ..deal.schemas import DEALS
from ..errors import Issue, invalid
from ..history.reading import entries_of
from ..journal import Changeset, JournalEntry
from ..schema import MAX_ID, parse_instant
from .models import Task
from .schemas import TASKS

_TYPES = ("contact", "deal", "task", "change")
"""In the order in which things of one moment stand, the last first."""

_RIGHTS = {
    "contact": Permission.CONTACT_READ,
    "deal": Permission.DEAL_READ,
    "task": Permission.TASK_READ,
    "change": Permission.JOURNAL_READ,
}

Mark = tuple[datetime, int, int]
"""Where a page ended: moment, place of the type in `_TYPES`, id."""


def timeline(actor: Actor, customer: Customer, query: dict[str, Any]) -> dict[str, Any]:
    """One page of the timeline of a visible customer, `{"data", "meta"}`.

    A contact record stands at the moment when it happened, a deal at its creation, a task when it was done or, while it
    is open, where it was entered, a change when it was made. What a contact record, a new deal, a new or done task says
    already is not repeated as a change.

    Args:
        query: `type`, `cursor` and `per_page` as far as sent.

    Raises:
        Problem: 422 for a cursor that is none of this timeline.
    """
    per_page = query.get("per_page", 20)
    after = None
    if query.get("cursor"):
        after = _read_cursor(query["cursor"], actor, customer.id)
        if after is None:
            raise invalid(Issue("cursor", "cursor"))
    types = [name for name in _TYPES if actor.may(_RIGHTS[name]) and query.get("type") in (None, name)]
    entries: list[dict[str, Any]] = []
    more, last = False, None
    if types:
        with read_engine().connect() as connection:
            rows = connection.execute(_page(types, customer.id, after, per_page + 1)).all()
            more, rows = len(rows) > per_page, rows[:per_page]
            found = {
                "contact": CONTACTS.many(connection, _ids(rows, 0), actor, with_rights=True),
                "deal": DEALS.many(connection, _ids(rows, 1), actor, with_rights=True),
                "task": TASKS.many(connection, _ids(rows, 2), actor, with_rights=True),
                "change": {one["id"]: one for one in entries_of(connection, _ids(rows, 3), actor)},
            }
        for row in rows:
            kind = _TYPES[row.type]
            thing = found[kind].get(row.id)
            if thing is None:
                # Deleted between the two statements.
                continue
            entries.append(
                {
                    "type": kind,
                    "at": row.at,
                    "actor": None if row.actor_id is None else {"id": row.actor_id, "name": row.actor_name},
                    "record": None if kind == "change" else thing,
                    "change": thing if kind == "change" else None,
                }
            )
        if more:
            last = _write_cursor(rows[-1], actor, customer.id)
    meta = {"total": None, "pages": None, "current_page": None, "per_page": per_page, "next_cursor": last}
    return {"data": entries, "meta": meta}


def _page(types: Iterable[str], customer_id: int, after: Mark | None, limit: int) -> Select[Any]:
    """Type, id, moment and author of the next things: the newest among the newest of each branch."""
    branches = []
    for name in types:
        place = _TYPES.index(name)
        thing, at, author, conditions = _source(name, customer_id)
        if after is not None:
            conditions.append(_behind(at, thing.id, place, after))
        branch = (
            select(literal(place).label("type"), thing.id.label("id"), at.label("at"), author.label("actor_id"))
            .where(*conditions)
            .order_by(at.desc(), thing.id.desc())
            .limit(limit)
            .subquery()
        )
        branches.append(select(branch))
    every = union_all(*branches).subquery()
    return (
        select(every.c.type, every.c.id, every.c.at, every.c.actor_id, User.name.label("actor_name"))
        .outerjoin(User, User.id == every.c.actor_id)
        .order_by(every.c.at.desc(), every.c.type.desc(), every.c.id.desc())
        .limit(limit)
    )


def _source(name: str, customer_id: int) -> tuple[Any, Any, Any, list[ColumnElement[bool]]]:
    if name == "contact":
        return (
            ContactRecord,
            ContactRecord.occurred_at,
            ContactRecord.user_id,
            [ContactRecord.customer_id == customer_id, and_(ContactRecord.is_active)],
        )
    if name == "deal":
        return Deal, Deal.created_at, Deal.created_by, [Deal.customer_id == customer_id, and_(Deal.is_active)]
    if name == "task":
        return (
            Task,
            func.coalesce(Task.done_at, Task.created_at, type_=Instant()),
            case((Task.done_at.is_(None), Task.created_by), else_=Task.assignee_id),
            [Task.customer_id == customer_id, and_(Task.is_active)],
        )
    entry = JournalEntry
    told = or_(
        and_(entry.resource.in_(("contact", "deal", "task")), entry.action == "created"),
        and_(entry.resource == "task", entry.action == "completed"),
    )
    return (
        entry,
        entry.recorded_at,
        entry.actor_id,
        [entry.customer_id == customer_id, not_(told), not_(_is_noise()), not_(_came_along())],
    )


def _came_along() -> ColumnElement[bool]:
    """What a merge moved, and its undo moved back, is told by the merge itself."""
    entry, merge = JournalEntry, aliased(JournalEntry)
    undoes = select(Changeset.undoes_id).where(Changeset.id == entry.changeset_id)
    is_of_it = or_(
        merge.changeset_id == entry.changeset_id, merge.changeset_id == undoes.correlate(entry).scalar_subquery()
    )
    return and_(entry.resource != "customer", exists().where(is_of_it, merge.action == "merged").correlate(entry))


def _is_noise() -> ColumnElement[bool]:
    """Contact dates follow from contact records, and an order within a column is no event for anybody."""
    dates = ("first_contacted_at", "last_contacted_at")
    further = ("next_follow_up_at",)
    followed = [
        sorted({*some, *more})
        for some in chain(combinations(dates, 1), combinations(dates, 2))
        for more in ((), further)
    ]
    changed = cast(JournalEntry.changed, Text())
    return or_(
        and_(
            JournalEntry.resource == "customer",
            JournalEntry.action == "updated",
            changed.in_([_as_stored(names) for names in followed]),
        ),
        and_(JournalEntry.resource == "deal", JournalEntry.action == "moved", changed == _as_stored(["rank"])),
        and_(
            JournalEntry.resource == "deal",
            JournalEntry.action == "updated",
            changed == _as_stored(["last_contacted_at"]),
        ),
    )


def _as_stored(names: list[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _behind(at: Any, key: Any, place: int, after: Mark) -> ColumnElement[bool]:
    moment, last_place, last_id = literal(after[0], Instant()), after[1], literal(after[2], BigInteger())
    if place < last_place:
        return and_(at <= moment)
    if place > last_place:
        return and_(at < moment)
    return or_(at < moment, and_(at == moment, key < last_id))


def _ids(rows: Iterable[Any], place: int) -> list[int]:
    return [row.id for row in rows if row.type == place]


def _write_cursor(row: Any, actor: Actor, customer_id: int) -> str:
    values = [actor.user_id, customer_id, row.at.isoformat(), row.type, row.id]
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def _read_cursor(text: str, actor: Actor, customer_id: int) -> Mark | None:
    try:
        user_id, made_for, at, place, last_id = orjson.loads(
            base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        )
        if (user_id, made_for) != (actor.user_id, customer_id):
            return None
        if place not in range(len(_TYPES)) or not isinstance(last_id, int) or not 0 < last_id <= MAX_ID:
            return None
        return parse_instant(at), place, last_id
    except (ValueError, TypeError, binascii.Error):
        return None


__all__ = ["timeline"]

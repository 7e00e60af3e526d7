"""Use cases of notifications: noted with the change that they tell of, listed, read, forgotten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from ..access import POLICIES, Actor
from ..auth.models import User
from ..database import db, read_engine
from ..errors import Issue, invalid
from ..job.chores import chore
from ..journal import GATHERED
from ..listing import SPECS
from ..record import Record
from ..transaction import Unit, now, unit_of_work
from .models import Notification, NotificationKind

GIVEN = {"customer": "name", "deal": "name", "task": "subject"}
"""Of which records people are told that they were given them, with the field that names one."""

_CALLED = {**GIVEN, "webhook": "url"}
"""What names a record that somebody is told of."""

KEPT_READ, KEPT = timedelta(days=30), timedelta(days=180)


def note_given(connection: Connection, unit: Unit, entries: Sequence[tuple[Record, Mapping[str, Any]]]) -> None:
    """Note for everybody what others have given to him or her, whichever road the change took.

    What a command loads was given by nobody.
    """
    if unit.source == "cli":
        return
    given: dict[tuple[int, str], list[int]] = defaultdict(list)
    for record, after in entries:
        holder = POLICIES[record.resource].holder
        user_id = None if holder is None or record.resource not in GIVEN else after.get(holder.key)
        if user_id is not None and user_id != unit.actor_id and record.is_active:
            given[user_id, record.resource].append(record.id)
    for (user_id, resource), ids in given.items():
        key = {"user_id": user_id, "changeset_id": unit.changeset_id, "resource": resource}
        # A job commits in steps, all of which are one change.
        same = update(Notification).filter_by(**key).values(count=Notification.count + len(ids), read_at=None)
        if not connection.execute(same).rowcount:
            told = {"kind": NotificationKind.TRANSFERRED, "at": unit.at, "actor_id": unit.actor_id}
            connection.execute(insert(Notification).values(**key, **told, record_id=ids[0], count=len(ids)))


GATHERED.append(note_given)


def note_for(people: Sequence[int], kind: NotificationKind, unit: Unit, resource: str, record_id: int) -> None:
    """Tell people of a record by whose change nobody was given anything, in a unit of work that is sealed.

    Who has not read the last one of the kind about that record yet is told of one more by it.
    """
    connection = db.session.connection()
    for user_id in people:
        key = {"user_id": user_id, "kind": kind, "resource": resource, "record_id": record_id}
        unread = update(Notification).filter_by(**key).where(Notification.read_at.is_(None))
        if not connection.execute(unread.values(count=Notification.count + 1, at=unit.at)).rowcount:
            told = {"at": unit.at, "actor_id": unit.actor_id, "changeset_id": unit.changeset_id, "count": 1}
            connection.execute(insert(Notification).values(**key, **told))


def own(actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """One's own, newest first, with the names of the records as the reader sees them now."""
    mine = select(Notification).where(Notification.user_id == actor.user_id).order_by(Notification.id.desc())
    if query.get("before"):
        mine = mine.where(Notification.id < query["before"])
    with read_engine().connect() as connection:
        rows = connection.execute(mine.limit(query["per_page"] + 1)).all()
        shown = rows[: query["per_page"]]
        names = select(User.id, User.name).where(User.id.in_({row.actor_id for row in shown}))
        people = {user_id: {"id": user_id, "name": name} for user_id, name in connection.execute(names)}
        titles = _titles(connection, shown, actor)
        unread = connection.execute(_unread(actor)).scalar_one()
    data = [
        {
            "id": row.id,
            "kind": row.kind,
            "at": row.at,
            "actor": people.get(row.actor_id),
            "resource": row.resource,
            "record_id": row.record_id,
            "title": titles.get((row.resource, row.record_id)),
            "count": row.count,
            "changeset_id": row.changeset_id,
            "is_read": row.read_at is not None,
        }
        for row in shown
    ]
    return {"data": data, "meta": {"unread": unread, "has_more": len(rows) > len(shown)}}


def read(actor: Actor, ids: Sequence[int] | None, up_to: int | None) -> dict[str, int]:
    """Note that some, or all up to one, were read; of others nothing is said.

    Raises:
        Problem: 422 where neither is given.
    """
    if ids is None and up_to is None:
        raise invalid(Issue("#/ids", "required"))
    ways: list[ColumnElement[bool]] = []
    if ids is not None:
        ways.append(Notification.id.in_(ids))
    if up_to is not None:
        ways.append(Notification.id <= up_to)
    connection = db.session.connection()
    unread = update(Notification).where(Notification.user_id == actor.user_id, Notification.read_at.is_(None))
    connection.execute(unread.where(or_(*ways)).values(read_at=now()))
    return {"unread": connection.execute(_unread(actor)).scalar_one()}


def _unread(actor: Actor) -> Any:
    mine = Notification.user_id == actor.user_id, Notification.read_at.is_(None)
    return select(func.count()).select_from(Notification).where(*mine)


def _titles(connection: Connection, rows: Sequence[Any], actor: Actor) -> dict[tuple[str, int], str]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        wanted[row.resource].add(row.record_id)
    return {
        (resource, record_id): record[_CALLED[resource]]
        for resource, ids in wanted.items()
        for record_id, record in SPECS[resource].many(connection, ids, actor).items()
        if _CALLED[resource] in record
    }


@chore("old notifications", every=timedelta(days=1))
def forget_old() -> None:
    """Delete what was read a month ago, and what nobody has read for half a year."""
    with unit_of_work(source="job") as unit:
        is_old = or_(Notification.read_at < unit.at - KEPT_READ, Notification.at < unit.at - KEPT)
        db.session.execute(delete(Notification).where(is_old))

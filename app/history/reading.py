"""The journal as people read it: entries of records in their sight, without the fields that they may not see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, literal, or_, select
from sqlalchemy.sql.elements import True_

from ..access import Actor, Permission
from ..auth.models import User
from ..database import IdList, member_of, read_engine
from ..errors import Issue, invalid
from ..field_rights import CUSTOM
from ..filtering import BadValue, a_past_moment, an_instant
from ..journal import ERASED, Changeset, JournalEntry, JournalValue
from ..listing import SPECS, ListSpec
from ..schema import MAX_ID


def journal(actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """One page of the journal, newest first, `{"data", "meta"}`.

    Args:
        query: `resource`, `id`, `actor_id`, `changeset_id`, `from`, `to`, `cursor` and `per_page` as far as sent.

    Raises:
        Problem: 422 for dates or a cursor that are none.
    """
    entry, per_page = JournalEntry, query.get("per_page", 20)
    conditions = [in_sight(actor, query.get("resource"))]
    columns = {"id": entry.resource_id, "actor_id": entry.actor_id, "changeset_id": entry.changeset_id}
    conditions += [column == query[name] for name, column in columns.items() if query.get(name) is not None]
    conditions += _span(actor, query)
    if query.get("cursor"):
        conditions.append(entry.id < _place(query["cursor"]))
    with read_engine().connect() as connection:
        page = entries().where(*conditions).order_by(entry.id.desc()).limit(per_page + 1)
        rows = connection.execute(page, dict(actor.binds)).all()
        more, rows = len(rows) > per_page, rows[:per_page]
        data = shown(connection, rows, actor)
    cursor = str(rows[-1].id) if more else None
    meta = {"total": None, "pages": None, "current_page": None, "per_page": per_page, "next_cursor": cursor}
    return {"data": data, "meta": meta}


def in_sight(actor: Actor, resource: str | None = None) -> ColumnElement[bool]:
    """The condition that an entry is of a record that this person sees now, deleted or not; bound by `Actor.binds`.

    Raises:
        Problem: 422 for a resource that there is not.
    """
    if resource is not None and resource not in SPECS:
        raise invalid(Issue("resource", "not_allowed", {"options": ", ".join(sorted(SPECS))}))
    ways: list[ColumnElement[bool]] = []
    for name in [resource] if resource is not None else SPECS:
        policy = SPECS[name].policy
        if not policy.is_readable(actor.shape):
            continue
        visible = policy.visible(actor.shape)
        there = and_(policy.model.id == JournalEntry.resource_id, visible)
        is_of_it = JournalEntry.resource == name
        ways.append(is_of_it if isinstance(visible, True_) else and_(is_of_it, exists().where(there)))
    return or_(*ways) if ways else false()


def entries_of(connection: Connection, ids: Iterable[int], actor: Actor) -> dict[int, dict[str, Any]]:
    """Entries that the caller knows to be in sight, by id, as this person may read them."""
    rows = connection.execute(entries().where(member_of(JournalEntry.id, literal(sorted(ids), IdList())))).all()
    return {one["id"]: one for one in shown(connection, rows, actor)}


def entries() -> Select[Any]:
    """What `shown` takes of an entry."""
    entry, values = JournalEntry, JournalValue
    found = (
        select(
            entry.id,
            entry.recorded_at.label("at"),
            entry.actor_id,
            User.name.label("actor_name"),
            entry.action,
            entry.resource,
            entry.resource_id,
            entry.version,
            entry.changeset_id,
            Changeset.source,
            values.before,
            values.after,
        )
        .join(Changeset, Changeset.id == entry.changeset_id)
        .outerjoin(values, values.journal_id == entry.id)
        .outerjoin(User, User.id == entry.actor_id)
    )
    return cast("Select[Any]", found)


def shown(connection: Connection, rows: Sequence[Any], actor: Actor) -> list[dict[str, Any]]:
    """Rows of the journal as the wire's objects."""
    pooled = _pooled(connection, rows, actor)
    return [
        {
            "id": row.id,
            "at": row.at,
            "actor": None if row.actor_id is None else {"id": row.actor_id, "name": row.actor_name},
            "action": row.action,
            "resource": row.resource,
            "resource_id": row.resource_id,
            "version": row.version,
            "changeset_id": row.changeset_id,
            "source": row.source,
            "changes": _changes(row, actor, (row.resource, row.resource_id) in pooled),
        }
        for row in rows
    ]


def _changes(row: Any, actor: Actor, in_pool: bool) -> dict[str, dict[str, Any]]:
    spec: ListSpec | None = SPECS.get(row.resource)
    before, after = row.before or {}, row.after or {}
    changes: dict[str, dict[str, Any]] = {}
    if row.action == ERASED and actor.may(Permission.PRIVACY_READ) and after.get("reason"):
        changes["erasure_reason"] = {"before": None, "after": after["reason"]}
    for name in sorted({*before, *after}):
        sides = {"before": before.get(name), "after": after.get(name)}
        if spec is not None:
            view = spec.view_for(actor.shape)
            if not spec.tells(name) or not view.shows(name):
                continue
            sides = {side: view.told(name, value, in_pool=in_pool) for side, value in sides.items()}
            if name == CUSTOM and view.custom_hidden and sides["before"] == sides["after"]:
                # What has changed is hidden.
                continue
        changes[name] = sides
    return changes


def _pooled(connection: Connection, rows: Sequence[Any], actor: Actor) -> set[tuple[str, int]]:
    """The records among rows whose ways to reach people the pool masks for this person: in what they were, too."""
    ids: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        ids[row.resource].add(row.resource_id)
    found: set[tuple[str, int]] = set()
    for resource, wanted in ids.items():
        spec = SPECS.get(resource)
        pooled = None if spec is None else spec.view_for(actor.shape).pooled
        if spec is not None and pooled is not None:
            model = spec.model
            hidden = select(model.id).where(member_of(model.id, literal(sorted(wanted), IdList())), pooled)
            found |= {(resource, record_id) for record_id in connection.execute(hidden).scalars()}
    return found


def _span(actor: Actor, query: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    issues: list[Issue] = []
    at = JournalEntry.recorded_at
    for name in ("from", "to"):
        if not query.get(name):
            continue
        try:
            if name == "from":
                conditions.append(at >= an_instant(query[name], actor.time_zone))
            else:
                conditions.append(at <= a_past_moment(query[name], actor.time_zone)[0])
        except BadValue as bad:
            issues.append(Issue(name, bad.code))
    if issues:
        raise invalid(*issues)
    return conditions


def _place(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and 0 < int(cursor) <= MAX_ID):
        raise invalid(Issue("cursor", "cursor"))
    return int(cursor)

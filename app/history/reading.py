"""The journal as people read it: entries of records in their sight, without the fields that they may not see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
    resource = query.get("resource")
    conditions = [] if resource is None else [entry.resource == resource]
    columns = {"id": entry.resource_id, "actor_id": entry.actor_id, "changeset_id": entry.changeset_id}
    conditions += [column == query[name] for name, column in columns.items() if query.get(name) is not None]
    conditions += _span(actor, query)
    if query.get("cursor"):
        conditions.append(entry.id < _place(query["cursor"]))
    with read_engine().connect() as connection:
        ids = in_sight(connection, actor, conditions, per_page + 1, resource=resource, newest=True)
        more, ids = len(ids) > per_page, ids[:per_page]
        data = entries_of(connection, ids, actor)
    cursor = str(ids[-1]) if more else None
    meta = {"total": None, "pages": None, "current_page": None, "per_page": per_page, "next_cursor": cursor}
    return {"data": data, "meta": meta}


def in_sight(
    connection: Connection,
    actor: Actor,
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
    *,
    resource: str | None = None,
    newest: bool = False,
) -> Sequence[int]:
    """The ids of entries of records that this person sees now, deleted or not, by their order.

    Args:
        conditions: on the entries.
        limit: how many at most.
        resource: the only one that is looked for.
        newest: the last come first.

    Raises:
        Problem: 422 for a resource that there is not.
    """
    entry = JournalEntry
    looked_at = select(entry.id, entry.resource, entry.resource_id).where(*conditions)
    if connection.dialect.name == "postgresql":
        # An offset keeps the condition out of it: PostgreSQL would plan its many questions anew for each partition.
        looked_at = looked_at.order_by(entry.id.desc() if newest else entry.id).offset(0)
    of = looked_at.subquery("looked_at").c
    query = select(of.id).where(_sight(actor, resource, of)).order_by(of.id.desc() if newest else of.id).limit(limit)
    return connection.execute(query, dict(actor.binds)).scalars().all()


def _sight(actor: Actor, resource: str | None, of: Any) -> ColumnElement[bool]:
    if resource is not None and resource not in SPECS:
        raise invalid(Issue("resource", "not_allowed", {"options": ", ".join(sorted(SPECS))}))
    ways: list[ColumnElement[bool]] = []
    for name in [resource] if resource is not None else SPECS:
        policy = SPECS[name].policy
        if not policy.is_readable(actor.shape):
            continue
        visible = policy.visible(actor.shape)
        there = and_(policy.model.id == of.resource_id, visible)
        is_of_it = of.resource == name
        ways.append(is_of_it if isinstance(visible, True_) else and_(is_of_it, exists().where(there)))
    return or_(*ways) if ways else false()


def entries_of(connection: Connection, ids: Sequence[int], actor: Actor) -> list[dict[str, Any]]:
    """Entries that the caller knows to be in sight, in the order of their ids here, as this person may read them.

    What is to be found is found first, and by its ids alone: a statement is planned for each partition of the journal
    that it may have to look into, and all the longer the more is joined to it.
    """
    found = {row.id: row for row in connection.execute(_entries(ids)).all()}
    rows = [found[one] for one in ids if one in found]
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


def _entries(ids: Sequence[int]) -> Select[Any]:
    entry, value, wanted = JournalEntry, JournalValue, literal(list(ids), IdList())
    # With a limit that it never reaches each stays by itself: it is not planned together with what it is joined to.
    of = select(entry).where(member_of(entry.id, wanted)).limit(len(ids)).subquery("entry").c
    values = select(value).where(member_of(value.journal_id, wanted)).limit(len(ids)).subquery("value").c
    found = (
        select(
            of.id,
            of.recorded_at.label("at"),
            of.actor_id,
            User.name.label("actor_name"),
            of.action,
            of.resource,
            of.resource_id,
            of.version,
            of.changeset_id,
            Changeset.source,
            values.before,
            values.after,
        )
        .join(Changeset, Changeset.id == of.changeset_id)
        .outerjoin(values.journal_id.table, values.journal_id == of.id)
        .outerjoin(User, User.id == of.actor_id)
    )
    return cast("Select[Any]", found)


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

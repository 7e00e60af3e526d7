"""The journal as its readers see it: cursors, event types, records as of now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Connection, select

from ..access import POLICIES, Actor
from ..auth.models import User
from ..database import read_engine
from ..errors import Issue, Problem, invalid
from ..journal import FeedEntry, Position, Setting, feed_end, read_feed
from ..listing import SPECS
from ..schema import MAX_ID
from ..transaction import now

KEPT = timedelta(days=30)


def generation() -> int:
    """The feed's generation: raised by a restore, after which old cursors are gone. Read once per application."""
    found: int | None = current_app.extensions.get("lianxi.generation")
    if found is None:
        with read_engine().connect() as connection:
            query = select(Setting.value).where(Setting.name == "feed_generation")
            found = int(connection.execute(query).scalar_one_or_none() or 1)
        current_app.extensions["lianxi.generation"] = found
    return found


def write_cursor(position: Position, stamp: int = 0) -> str:
    """A position as clients carry it.

    Args:
        position: in the feed.
        stamp: the reader's access stamp; 0 in pushes, which are no resume points.
    """
    return f"{generation()}-{position.xact}-{position.entry_id}-{stamp}"


def read_cursor(text: str, actor: Actor) -> Position:
    """The position behind a cursor.

    Raises:
        Problem: 422 when it is none; 410 when the feed was restored or the reader's rights changed since.
    """
    parts = text.split("-")
    if len(parts) != 4 or not all(
        part.isascii() and part.isdigit() and len(part) < 20 and int(part) <= MAX_ID for part in parts
    ):
        raise invalid(Issue("after", "cursor"))
    made_in, xact, entry_id, stamp = map(int, parts)
    if made_in != generation() or stamp not in (0, actor.stamp):
        raise Problem(410, "gone-cursor")
    return Position(xact, entry_id)


def watermark(actor: Actor) -> str:
    """A cursor at the feed's end: what is loaded after this call shows everything up to it."""
    with read_engine().connect() as connection:
        return write_cursor(feed_end(connection), actor.stamp)


def actor_names(connection: Connection, entries: Iterable[FeedEntry]) -> dict[int, dict[str, Any]]:
    """`{id, name}` of everybody who did something."""
    ids = {entry.actor_id for entry in entries if entry.actor_id is not None}
    if not ids:
        return {}
    rows = connection.execute(select(User.id, User.name).where(User.id.in_(sorted(ids))))
    return {user_id: {"id": user_id, "name": name} for user_id, name in rows}


def records_of(
    entries: Sequence[FeedEntry], read: Callable[[str, list[int]], dict[int, dict[str, Any]]]
) -> dict[tuple[str, int], dict[str, Any]]:
    """The records behind entries as of now, one statement per resource.

    Args:
        read: from a resource and ids to records.
    """
    ids: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        ids[entry.resource].add(entry.resource_id)
    return {
        (resource, record_id): record
        for resource, wanted in ids.items()
        if resource in SPECS
        for record_id, record in read(resource, sorted(wanted)).items()
    }


def survivors(connection: Connection, entries: Iterable[FeedEntry]) -> dict[tuple[str, int], int]:
    """The records that stand for those among entries that were merged into them."""
    ids: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        if entry.action == "merged":
            ids[entry.resource].add(entry.resource_id)
    found: dict[tuple[str, int], int] = {}
    for resource, wanted in ids.items():
        model: Any = SPECS[resource].model
        query = select(model.id, model.merged_into_id).where(model.id.in_(wanted), model.merged_into_id.is_not(None))
        found |= {(resource, old): new for old, new in connection.execute(query)}
    return found


def changed_for(entry: FeedEntry, rights: frozenset[str]) -> list[str]:
    """The fields that an entry says have changed, without those that are hidden from readers with these rights."""
    spec = SPECS.get(entry.resource)
    hidden = frozenset[str]() if spec is None else spec.view_for((frozenset(), rights)).hidden
    return [name for name in entry.changed if name not in hidden] if hidden else entry.changed


def event_of(
    entry: FeedEntry,
    record: dict[str, Any] | None,
    actor: dict[str, Any] | None,
    cursor: str,
    merged_into: int | None = None,
) -> dict[str, Any]:
    """One event of `/events`, and the payload of a push apart from its `type`.

    Args:
        merged_into: the record that stands for this one, where the reader sees it.
    """
    is_told = record is not None or merged_into is not None or entry.action == "deleted"
    action = entry.action if is_told else "removed"
    event = {
        "cursor": cursor,
        "type": f"{entry.resource}_{action}",
        "resource": entry.resource,
        "id": entry.resource_id,
        "version": entry.version,
        "changed": entry.changed,
        "record": record,
        "changeset_id": entry.changeset_id,
        "actor": actor,
        "at": entry.at,
    }
    return event if merged_into is None else {**event, "merged_into": merged_into}


def events(actor: Actor, after: str | None, limit: int) -> dict[str, Any]:
    """What happened since a cursor, ordered, gap-free, by the reader's rights of now.

    Args:
        after: the resume point; None for only the present watermark.
        limit: how many entries at most.

    Raises:
        Problem: 422 for no cursor of ours; 410 for one that is too old.
    """
    with read_engine().connect() as connection:
        # The end is taken first: what commits meanwhile is read too or comes with the next call, never skipped.
        end = feed_end(connection)
        if after is None:
            return {"data": [], "meta": {"watermark": write_cursor(end, actor.stamp), "has_more": False}}
        position = read_cursor(after, actor)
        found = read_feed(connection, position, limit + 1, actor.rooms())
        if found and found[0].at < now() - KEPT:
            raise Problem(410, "gone-cursor")
        has_more = len(found) > limit
        entries = found[:limit]

        def read(resource: str, ids: Collection[int]) -> dict[int, dict[str, Any]]:
            return SPECS[resource].many(connection, ids, actor)

        records = records_of(entries, read)
        people = actor_names(connection, entries)
        merged = survivors(connection, entries)
        seen = {name: read(name, set(merged.values())) for name in {key[0] for key in merged}}
        merged = {key: into for key, into in merged.items() if into in seen[key[0]]}
    data = [
        event_of(
            entry,
            records.get((entry.resource, entry.resource_id)),
            people.get(entry.actor_id) if entry.actor_id else None,
            write_cursor(entry.position, actor.stamp),
            merged.get((entry.resource, entry.resource_id)),
        )
        | {"changed": changed_for(entry, actor.shape[1])}
        for entry in entries
        if POLICIES[entry.resource].is_readable(actor.shape)
    ]
    last = entries[-1].position if entries else position
    reached = last if has_more else max(end, last, position)
    return {"data": data, "meta": {"watermark": write_cursor(reached, actor.stamp), "has_more": has_more}}

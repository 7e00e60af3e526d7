"""Taking a change set back: every record that it touched is set to what it was before, or nothing is.

A record may have changed since in other fields; those stay. Where a field is no longer what the change set left,
somebody has worked on it: that is a conflict, and nothing is touched. Values decide and not versions, because an undo
is itself newer than what it takes back. Columns that follow from others are computed anew (`journal.SETTLE`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, inspect, select
from sqlalchemy.types import TypeEngine

from ..access import POLICIES, Actor, Permission
from ..auth.models import User
from ..database import FixedDecimal, Instant, db
from ..errors import conflict, forbidden, not_found
from ..field_rights import CUSTOM
from ..job.models import Job
from ..job.service import Running, enqueue, job_kind
from ..journal import (
    ERASED,
    MAKE_ROOM,
    SETTLE,
    TAKEN_BACK,
    Changeset,
    JournalEntry,
    JournalErasure,
    SetBack,
    journalled_columns,
    kept,
    part_classes,
    part_rows,
    share_rows,
    values_of,
)
from ..listing import SPECS
from ..record import Collaborator, Record
from ..routing import remove, restore
from ..transaction import current_unit, in_unit, seal
from .reading import entries_of, in_sight

AT_ONCE = 500
"""Change sets of more entries are undone by a job."""

SHOWN = 200
"""So many entries of a change set are shown."""

_TOLD = 100
"""So many conflicts are named."""


@dataclass(frozen=True)
class Entry:
    """An entry of the change set that is undone."""

    id: int
    action: str
    resource: str
    resource_id: int
    version: int
    actor_id: int | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]


# ---- change sets ----------------------------------------------------------------------------------------------------


def visible(actor: Actor, changeset_id: int) -> Changeset:
    """A change set that this person made, or for readers of the journal of which they see a record.

    It is locked when a unit of work is open.

    Raises:
        Problem: 404.
    """
    query = select(Changeset).where(Changeset.id == changeset_id)
    changeset = db.session.execute(query.with_for_update() if in_unit() else query).scalar_one_or_none()
    if changeset is None:
        raise not_found()
    if changeset.actor_id != actor.user_id:
        if not actor.may(Permission.JOURNAL_READ):
            raise not_found()
        if not in_sight(db.session.connection(), actor, [JournalEntry.changeset_id == changeset_id], 1):
            raise not_found()
    return changeset


def describe(actor: Actor, changeset: Changeset) -> dict[str, Any]:
    """A change set as `ChangesetSchema` has it: the entries of records in the reader's sight."""
    connection = db.session.connection()
    ids = in_sight(connection, actor, [JournalEntry.changeset_id == changeset.id], SHOWN)
    name = db.session.execute(select(User.name).where(User.id == changeset.actor_id)).scalar()
    undone_by = undone(changeset.id)
    return {
        "id": changeset.id,
        "at": changeset.recorded_at,
        "actor": None if changeset.actor_id is None else {"id": changeset.actor_id, "name": name},
        "source": changeset.source,
        "entry_count": changeset.entry_count,
        "is_undoable": undone_by is None and _may_undo(actor, changeset),
        "undone_by": undone_by,
        "undoes": changeset.undoes_id,
        "entries": entries_of(connection, ids, actor),
    }


def undone(changeset_id: int) -> int | None:
    """The change set that took another one back and was not taken back itself."""
    by = select(Changeset.id).where(Changeset.undoes_id == changeset_id).order_by(Changeset.id.desc())
    return next((found for found in db.session.execute(by).scalars().all() if undone(found) is None), None)


def _may_undo(actor: Actor, changeset: Changeset) -> bool:
    if not _is_kind(changeset):
        return False
    if changeset.entry_count > AT_ONCE:
        # The job looks at every one.
        return True
    return all(_may(actor, entry, _record(entry, locked=False)) for entry in _stored(changeset.id))


# ---- undoing --------------------------------------------------------------------------------------------------------


def undo(actor: Actor, changeset: Changeset) -> Job | int:
    """Take a change set back, at once or, where it is large, by a job; the id of the new change set, or the job.

    Raises:
        Problem: 403 where a record is not the caller's to change; 409 `already-undone`, `not-undoable`, or
            `undo-conflict` with the `conflicts`.
    """
    _check_kind(changeset)
    if changeset.entry_count > AT_ONCE:
        return enqueue(actor, "undo", {"changeset_id": changeset.id}, total=changeset.entry_count)
    unit = current_unit()
    unit.undoes_id = changeset.id
    _take_back(actor, changeset, list(_stored(changeset.id)))
    seal(unit, told=True)
    assert unit.changeset_id is not None
    return unit.changeset_id


@job_kind("undo")
def _undo_large(running: Running) -> dict[str, Any]:
    """Take a large change set back in steps: all of it is looked at before anything is touched."""
    actor = running.actor()
    changeset = db.session.get(Changeset, running.arguments["changeset_id"])
    assert changeset is not None
    behind: int | None = running.state
    if behind is None:
        _check_kind(changeset)
        check = _Check(actor)
        looked: int | None = None
        while part := list(_stored(changeset.id, looked, AT_ONCE)):
            looked = part[-1].id
            for entry in part:
                check.look(entry, _record(entry, locked=False))
            running.told(0, changeset.entry_count)
        check.settle()
    db.session.rollback()
    done = running.done
    while part := list(_stored(running.arguments["changeset_id"], behind, AT_ONCE)):
        behind, done = part[-1].id, done + len(part)
        with running.step(done, state=behind) as unit:
            unit.undoes_id = running.arguments["changeset_id"]
            _take_back(actor, db.session.get_one(Changeset, unit.undoes_id), part)
    return {"changeset_id": running.changeset_id}


def _check_kind(changeset: Changeset) -> None:
    if undone(changeset.id) is not None:
        raise conflict("already-undone")
    if not _is_kind(changeset):
        raise conflict("not-undoable")


def _is_kind(changeset: Changeset) -> bool:
    """Whether all that a change set touched is of a kind that can be undone."""
    entry = JournalEntry
    there = entry.changeset_id == changeset.id
    if not set(db.session.execute(select(entry.resource).where(there).distinct()).scalars()) <= SETTLE.keys():
        return False
    emptied = select(JournalErasure.journal_id).join(entry, entry.id == JournalErasure.journal_id).where(there)
    erasure = select(entry.id).where(there, entry.action == ERASED)
    if any(db.session.execute(gone.limit(1)).first() for gone in (emptied, erasure)):
        return False
    partly = select(entry.resource, entry.changed).where(there, entry.resource.in_(sorted(TAKEN_BACK)))
    partly = partly.where(entry.action != "created")
    # An entry of no fields tells of what the journal keeps nothing of, such as a new password.
    found = db.session.execute(partly).all()
    return all(changed and set(changed) <= TAKEN_BACK[resource] for resource, changed in found)


class _Check:
    """Whether everything is still as the change set left it, and the caller's to change; asked from the end."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.looked: set[tuple[str, int, str]] = set()
        self.found: list[tuple[Entry, str]] = []

    def look(self, entry: Entry, record: Any) -> None:
        """Compare one entry; of several entries of one field the last one counts.

        Raises:
            Problem: 403.
        """
        if not _may(self.actor, entry, record):
            raise forbidden()
        for name in _fields(entry, type(record)):
            if name in type(record).merged_columns:
                left, now = entry.after.get(name) or {}, _now(record, name) or {}
                for inner in sorted({*left, *now}) if entry.action == "created" else _touched(entry, name):
                    self._compare(entry, f"{name}.{inner}", is_kept=now.get(inner) == left.get(inner))
            else:
                self._compare(entry, name, is_kept=_now(record, name) == _after(entry, name, type(record)))

    def _compare(self, entry: Entry, name: str, *, is_kept: bool) -> None:
        key = (entry.resource, entry.resource_id, name)
        if key not in self.looked:
            self.looked.add(key)
            if not is_kept:
                self.found.append((entry, name))

    def settle(self) -> None:
        """Refuse what was found.

        Raises:
            Problem: 409 `undo-conflict`.
        """
        if self.found:
            raise conflict("undo-conflict", conflicts=[_told(*one) for one in self.found[:_TOLD]])


def _fields(entry: Entry, model: type[Record]) -> Sequence[str]:
    """The fields that must be as the entry left them: of a new record all, because deleting it takes them all away."""
    names: set[str] = {*entry.before, *entry.after}
    if entry.action == "created":
        names |= {*journalled_columns(model), *part_classes(model), model.shares_as}
        names -= model.placing_columns
    return sorted(names - model.derived_columns)


def _touched(entry: Entry, name: str) -> Sequence[str]:
    """The keys of a merged document that an entry changed.

    Two people may change two keys: what the other one did to hers is no conflict.
    """
    before, after = entry.before.get(name) or {}, entry.after.get(name) or {}
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


def _after(entry: Entry, name: str, model: type[Record]) -> Any:
    is_part = name == model.shares_as or name in part_classes(model)
    return entry.after.get(name, [] if is_part else None)


def _now(record: Any, name: str) -> Any:
    connection = db.session.connection()
    if name == record.shares_as:
        return share_rows(connection, record.resource, record.id)
    parts = part_classes(_model(record))
    if name in parts:
        return part_rows(db.session(), parts[name], record.id)
    return kept(record, name, getattr(record, name))


def _told(entry: Entry, name: str) -> dict[str, Any]:
    """A conflict, with who changed the field last and when."""
    later = (
        select(JournalEntry.changed, JournalEntry.recorded_at, JournalEntry.actor_id, User.name)
        .outerjoin(User, User.id == JournalEntry.actor_id)
        .where(JournalEntry.resource == entry.resource, JournalEntry.resource_id == entry.resource_id)
        .where(JournalEntry.id > entry.id)
        .order_by(JournalEntry.id.desc())
    )
    by, at = None, None
    for changed, recorded_at, actor_id, actor_name in db.session.execute(later):
        if name.split(".", maxsplit=1)[0] in changed:
            by, at = None if actor_id is None else {"id": actor_id, "name": actor_name}, recorded_at
            break
    return {"resource": entry.resource, "id": entry.resource_id, "field": name, "changed_by": by, "at": at}


def _may(actor: Actor, entry: Entry, record: Any) -> bool:
    policy = POLICIES[entry.resource]
    if record is None:
        return False
    if policy.sees(actor, record.id):
        return policy.may_write(actor, record) and _may_write_fields(actor, entry)
    # What somebody has put out of the own sight: as long as nobody has touched it since, it holds nothing unknown.
    is_as_left = entry.actor_id == actor.user_id and entry.version == record.version
    return is_as_left and policy.may_take_back(actor, record, entry.before)


def _may_write_fields(actor: Actor, entry: Entry) -> bool:
    """Whether all that an entry changed are fields that the person may write.

    What an own merge has moved about was not typed by anybody: it may always be moved back.
    """
    view = SPECS[entry.resource].view_for(actor.shape)
    if not view.closed or entry.action == "created":
        return True
    names = {name for name in entry.before if name != CUSTOM}
    if CUSTOM in entry.before:
        names |= {f"{CUSTOM}.{key}" for key in _touched(entry, CUSTOM)}
    if all(view.writes(name) for name in names):
        return True
    own = db.session.get_one(JournalEntry, entry.id).changeset_id
    is_merge = select(JournalEntry.id).where(JournalEntry.changeset_id == own, JournalEntry.action == "merged")
    return entry.actor_id == actor.user_id and db.session.execute(is_merge.limit(1)).first() is not None


def _take_back(actor: Actor, changeset: Changeset, found: Sequence[Entry]) -> None:
    records = _locked(found)
    check = _Check(actor)
    for entry in found:
        check.look(entry, records[entry.resource, entry.resource_id])
    check.settle()
    before: defaultdict[tuple[str, int], dict[str, Any]] = defaultdict(dict)
    after: defaultdict[tuple[str, int], dict[str, Any]] = defaultdict(dict)
    for entry in found:
        key = (entry.resource, entry.resource_id)
        before[key] |= entry.before
        after[key] = {**entry.after, **after[key]}
        record = records[key]
        _set_back(actor, entry, record)
        # One by one from the end: a unique value must be free again before it goes back to whom it came from.
        db.session.flush()
    created = {(entry.resource, entry.resource_id) for entry in found if entry.action == "created"}
    for key, record in records.items():
        back = SetBack(changeset.recorded_at, before[key], after[key], is_creation=key in created)
        SETTLE[record.resource](record, back)
    db.session.flush()


def _model(record: Record) -> type[Record]:
    return type(record)


def _set_back(actor: Actor, entry: Entry, record: Any) -> None:
    parts = part_classes(_model(record))
    columns = {name: old for name, old in entry.before.items() if name not in {*parts, record.shares_as}}
    with db.session.no_autoflush:
        if entry.action == "created":
            remove(actor, record)
        for name, old in columns.items():
            if name == "is_active":
                (restore if old else remove)(actor, record)
            elif name in record.merged_columns:
                setattr(record, name, _merged_back(entry, name, getattr(record, name)))
            elif name not in record.derived_columns:
                setattr(record, name, _typed(type(record), name, old))
        if (entry.action == "created" or columns.keys() - {"is_active"}) and record.resource in MAKE_ROOM:
            MAKE_ROOM[record.resource](record)
    for name in entry.before.keys() - columns.keys():
        if name == record.shares_as:
            _set_shares(record, entry.before[name])
        else:
            _set_parts(record, parts[name], entry.before[name])


def _merged_back(entry: Entry, name: str, now: Any) -> Any:
    """A merged document with the keys that an entry changed as they were before it."""
    before, document = entry.before.get(name) or {}, dict(now or {})
    for key in _touched(entry, name):
        if key in before:
            document[key] = before[key]
        else:
            document.pop(key, None)
    return document or None


def _typed(model: type[Record], name: str, value: Any) -> Any:
    """A value of the journal as its column takes it."""
    if value is None:
        return None
    type_: TypeEngine[Any] = inspect(model).column_attrs[name].columns[0].type
    if isinstance(type_, FixedDecimal):
        return Decimal(value)
    if isinstance(type_, Instant):
        return datetime.fromisoformat(value)
    if isinstance(type_, Date):
        return date.fromisoformat(value)
    return value


def _set_parts(record: Record, part: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make a collection what it was, its rows with the ids that they had."""
    link, keys = part.part_link, [column.key for column in inspect(part).primary_key]
    types = {one.key: one.columns[0].type for one in inspect(part).column_attrs}
    present = {
        tuple(getattr(row, key) for key in keys): row
        for row in db.session.execute(select(part).where(getattr(part, link) == record.id)).scalars()
    }
    wanted = {}
    for row in rows:
        values = {link: record.id} | {
            name: Decimal(value) if isinstance(types[name], FixedDecimal) and value is not None else value
            for name, value in row.items()
        }
        wanted[tuple(values[key] for key in keys)] = values
    for key in present.keys() - wanted.keys():
        db.session.delete(present[key])
    db.session.flush()
    for key, values in wanted.items():
        if key not in present:
            db.session.add(part(**values))
            continue
        for name, value in values.items():
            if getattr(present[key], name) != value:
                setattr(present[key], name, value)


def _set_shares(record: Record, rows: Sequence[Mapping[str, Any]]) -> None:
    query = select(Collaborator).where(Collaborator.resource == record.resource, Collaborator.record_id == record.id)
    for link in db.session.execute(query).scalars():
        db.session.delete(link)
    db.session.flush()
    for row in rows:
        db.session.add(Collaborator(resource=record.resource, record_id=record.id, **row))


# ---- loading --------------------------------------------------------------------------------------------------------


def _stored(changeset_id: int, behind: int | None = None, limit: int | None = None) -> Iterator[Entry]:
    """The entries of a change set, the last first, from behind one of them."""
    entry = JournalEntry
    query = (
        select(entry.id, entry.action, entry.resource, entry.resource_id, entry.version, entry.actor_id)
        .where(entry.changeset_id == changeset_id)
        .order_by(entry.id.desc())
    )
    if behind is not None:
        query = query.where(entry.id < behind)
    if limit is not None:
        query = query.limit(limit)
    rows = db.session.execute(query).all()
    values = values_of(db.session.connection(), [row.id for row in rows])
    for row in rows:
        if row.id in values:
            yield Entry(*row, *values[row.id])


def _record(entry: Entry, *, locked: bool) -> Any:
    model: Any = POLICIES[entry.resource].model
    query = select(model).where(model.id == entry.resource_id)
    return db.session.execute(query.with_for_update(of=model) if locked else query).scalar_one_or_none()


def _locked(entries: Sequence[Entry]) -> dict[tuple[str, int], Any]:
    """The records of entries, locked in the order of everybody: tasks, contact records, customers, deals."""
    wanted = {(entry.resource, entry.resource_id): entry for entry in entries}
    for resource in sorted({entry.resource for entry in entries}):
        POLICIES[resource].line_up()
    order = sorted(wanted, key=lambda key: (key[0] != "task", key))
    return {key: _record(wanted[key], locked=True) for key in order}

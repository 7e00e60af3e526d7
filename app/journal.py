"""The journal: one append-only log of every change, written in the transaction of the change, read by many.

Session hooks see every flush, so no service records by hand and none forgets. Entries coalesce per record and unit of
work. Readers: the timeline, the live push, `/events`, undo, reports as of a day.

The feed's order is that of committed transactions: on PostgreSQL (transaction id, entry id) below the oldest running
transaction, because ids are handed out in one order and committed in another; on SQLite writers queue, so ids suffice.

On PostgreSQL entries and values lie in a partition for each month. Each has `PARTITION_IDS` ids of its own, one behind
the other, and `history/months.py` moves the numbering from one into the next: an id tells its partition, and the key
stays the id. So ids rise, and jump.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, ClassVar

import orjson
from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    bindparam,
    event,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import LoaderCallableStatus, Mapped, Session, SessionTransaction, mapped_column
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import TypeEngine, UserDefinedType

from .access import POLICIES, Policy
from .database import AppSession, Base, Document, FixedDecimal, IdList, Model, db, decimal_text, member_of
from .loading import load_rows, reserved
from .record import Collaborator, Record
from .transaction import SEAL, Change, Unit, current_unit


class Xid(UserDefinedType[int]):
    """A PostgreSQL transaction id; a plain 0 on SQLite."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """The column's type on PostgreSQL."""
        return "xid8"


class current_transaction(FunctionElement[int]):  # noqa: N801
    """The id of the running transaction on PostgreSQL; 0 on SQLite, whose entry ids are in commit order anyway."""

    inherit_cache = True


@compiles(current_transaction, "postgresql")
def _transaction_pg(_element: Any, _compiler: Any, **_kw: Any) -> str:
    return "pg_current_xact_id()"


@compiles(current_transaction)
def _transaction_default(_element: Any, _compiler: Any, **_kw: Any) -> str:
    return "0"


XID: TypeEngine[int] = Xid().with_variant(Integer(), "sqlite")

PARTITION_IDS = 1 << 33
"""So many ids belong to each partition of the journal: none is ever full, and the ids of a thousand centuries of months
are numbers that a browser holds exactly."""


class Setting(Model):
    """One value of the installation by name, such as the feed's generation."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(Document)


class Changeset(Model):
    """The entries of one request: the unit of undo. A request that changed nothing has one of no entries."""

    __tablename__ = "changeset"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column()
    actor_id: Mapped[int | None] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(10))
    request_id: Mapped[str | None] = mapped_column(String(64))
    entry_count: Mapped[int] = mapped_column(Integer)
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("changeset.id"))


class JournalEntry(Model):
    """One change of one record.

    Attributes:
        audience: the tokens that saw it before or see it after the change.
        digest: of its values (`digest_of`): what they were can be proven, and not be guessed once they are erased.
    """

    __tablename__ = "journal"
    __table_args__ = (
        Index("ix_journal_feed", "xact", "id"),
        Index("ix_journal_record", "resource", "resource_id", "id"),
        {"sqlite_autoincrement": True, "postgresql_partition_by": "RANGE (id)"},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    xact: Mapped[int] = mapped_column(XID, server_default=current_transaction())
    changeset_id: Mapped[int] = mapped_column(ForeignKey("changeset.id"), index=True)
    recorded_at: Mapped[datetime] = mapped_column()
    actor_id: Mapped[int | None] = mapped_column()
    action: Mapped[str] = mapped_column(String(20))
    resource: Mapped[str] = mapped_column(String(20))
    resource_id: Mapped[int] = mapped_column()
    version: Mapped[int] = mapped_column()
    changed: Mapped[Any] = mapped_column(Document)
    audience: Mapped[Any] = mapped_column(Document)
    customer_id: Mapped[int | None] = mapped_column(index=True)
    digest: Mapped[str | None] = mapped_column(String(32))


class JournalValue(Model):
    """The values of an entry, apart from it, so that erasure can empty them while the entry stays append-only.

    The salt of their digest lies with them and goes with them. On PostgreSQL each partition points at that of its
    entries: a key that pointed at all of them would make a large import take twice as long.
    """

    __tablename__ = "journal_value"
    __table_args__ = ({"postgresql_partition_by": "RANGE (journal_id)"},)

    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), primary_key=True, autoincrement=False)
    before: Mapped[Any] = mapped_column(Document)
    after: Mapped[Any] = mapped_column(Document)
    salt: Mapped[str | None] = mapped_column(String(32))


class JournalErasure(Model):
    """That an erasure emptied values of an entry: which erasure, by its own entry, and the digest of what is left."""

    __tablename__ = "journal_erasure"

    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), primary_key=True, autoincrement=False)
    erasure_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), primary_key=True, autoincrement=False, index=True)
    digest: Mapped[str] = mapped_column(String(32))


class Part(Model):
    """A row of a collection that belongs to a record and is journalled as a field of it (tags, lines, shares).

    Parts are added, changed and deleted through the session; a Core DELETE would escape the journal.
    """

    __abstract__ = True

    part_field: ClassVar[str]
    part_parent: ClassVar[type[Record]]
    part_link: ClassVar[str]
    part_columns: ClassVar[tuple[str, ...]]


_PLAIN = frozenset({str, int, bool, type(None)})


def canonical(value: Any) -> Any:
    """A value as the journal keeps and compares it: what it reads as after a round trip through the database."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        # There is but one zero in a document of PostgreSQL.
        return round(value, 4) + 0.0
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    return str(value) if isinstance(value, str) else value


ERASED = "erased"
"""The action by which what a record says of a person is gone for good: its entry names fields, and holds no values."""

BOOKKEEPING = frozenset({"id", "version", "created_at", "created_by", "updated_at", "deleted_at", "deleted_by"})


@cache
def journalled_columns(model: type[Record]) -> tuple[str, ...]:
    """Names of the columns whose values the journal keeps."""
    return tuple(
        attribute.key
        for attribute in inspect(model).column_attrs
        if attribute.key not in BOOKKEEPING and attribute.key not in model.unjournalled
    )


@cache
def _decimal_columns(model: type[Record]) -> frozenset[str]:
    return frozenset(one.key for one in inspect(model).column_attrs if isinstance(one.columns[0].type, FixedDecimal))


def kept(record: Record, name: str, value: Any) -> Any:
    """A column's value as the journal keeps it; a whole number is a decimal where the column holds decimals."""
    if isinstance(value, int) and name in _decimal_columns(type(record)):
        value = Decimal(value)
    return canonical(value)


def act(record: Record, action: str) -> None:
    """Name what is done to a record, where created, updated, deleted and restored say too little (`moved`, `won`)."""
    unit = current_unit()
    db.session.flush()
    unit.pending.setdefault((record.resource, record.id), Change(record)).action = action


# ---- hooks --------------------------------------------------------------------------------------------------------


# These statements run with every write. They are built once: building one costs more than running it.


@cache
def _part_query(part: type[Part]) -> Select[Any]:
    table: Any = inspect(part).local_table
    columns = [table.c[name] for name in part.part_columns]
    return (
        select(*columns)
        .where(table.c[part.part_link] == bindparam("parent_id", type_=BigInteger()))
        .order_by(*table.primary_key.columns)
    )


def part_rows(session: Session, part: type[Part], parent_id: int) -> list[dict[str, Any]]:
    """The rows of a collection as the journal keeps them."""
    rows = session.connection().execute(_part_query(part), {"parent_id": parent_id})
    return [canonical(dict(zip(part.part_columns, row, strict=True))) for row in rows]


@cache
def _share_query() -> Select[int | None, int | None, str]:
    return (
        select(Collaborator.user_id, Collaborator.team_id, Collaborator.access)
        .where(
            Collaborator.resource == bindparam("of_resource", type_=String()),
            Collaborator.record_id == bindparam("of_id", type_=BigInteger()),
        )
        .order_by(Collaborator.id)
    )


def share_rows(connection: Connection, resource: str, record_id: int) -> list[dict[str, Any]]:
    """The collaborators of a record as the journal keeps them."""
    rows = connection.execute(_share_query(), {"of_resource": resource, "of_id": record_id})
    return [{"user_id": user, "team_id": team, "access": access} for user, team, access in rows]


def _touch(session: Session, unit: Unit, model: type[Record], record_id: int, name: str, before: Any) -> None:
    """Note that a collection of a record changes: its old value, and a higher version of the record."""
    record = session.get(model, record_id)
    change = unit.pending.setdefault((model.resource, record_id), Change(record))
    change.parts.setdefault(name, before)
    if record is not None:
        _raise_version(unit, record)


def _raise_version(unit: Unit, record: Record) -> None:
    state = inspect(record)
    if state not in unit.raised:
        unit.raised.add(state)
        record.version += 1
        record.updated_at = unit.at


def begin(unit: Unit, record: Record) -> None:
    """Set what every new record begins with."""
    held = record.__dict__
    created_at, created_by = held.get("created_at"), held.get("created_by")
    held.update(
        created_at=created_at or unit.at,
        updated_at=unit.at,
        version=1,
        is_active=True,
        created_by=unit.actor_id if created_by is None else created_by,
    )


@event.listens_for(AppSession, "before_flush")
def _before_flush(session: Session, _context: Any, _instances: Any) -> None:
    unit: Unit | None = session.info.get("unit")
    if unit is None:
        if session.new or session.dirty or session.deleted:
            raise LookupError("a write outside of a unit of work")
        return
    for item in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(item, Part):
            parent_id = getattr(item, item.part_link)
            key = (item.part_parent.resource, parent_id)
            if item.part_field not in unit.pending.get(key, Change(None)).parts:
                before = part_rows(session, type(item), parent_id)
                _touch(session, unit, item.part_parent, parent_id, item.part_field, before)
        elif isinstance(item, Collaborator):
            key = (item.resource, item.record_id)
            model = POLICIES[item.resource].model
            if model.shares_as not in unit.pending.get(key, Change(None)).parts:
                before = share_rows(session.connection(), item.resource, item.record_id)
                _touch(session, unit, model, item.record_id, model.shares_as, before)
    for item in list(session.new):
        if isinstance(item, Record):
            begin(unit, item)
            unit.raised.add(inspect(item))
    for item in list(session.dirty):
        if isinstance(item, Record) and session.is_modified(item):
            _raise_version(unit, item)


@event.listens_for(AppSession, "after_flush")
def _after_flush(session: Session, _context: Any) -> None:
    unit: Unit | None = session.info.get("unit")
    if unit is None:
        return
    for item in session.new:
        if isinstance(item, Record):
            unit.pending.setdefault((item.resource, item.id), Change(item)).created = True
    for item in session.dirty:
        if not isinstance(item, Record):
            continue
        state = inspect(item)
        change = None
        for name, old in state.committed_state.items():
            if name in state.mapper.column_attrs and name not in BOOKKEEPING and old != item.__dict__.get(name):
                change = change or unit.pending.setdefault((item.resource, item.id), Change(item))
                # A column left out when the row was inserted in this session was never loaded: it is null.
                change.before.setdefault(name, None if old is LoaderCallableStatus.NO_VALUE else old)
    for item in session.deleted:
        if isinstance(item, Record):
            raise RuntimeError(f"{item.resource} {item.id}: records are deleted softly")


@event.listens_for(AppSession, "after_transaction_create")
def _mark(session: Session, transaction: SessionTransaction) -> None:
    unit: Unit | None = session.info.get("unit")
    if transaction.nested and unit is not None:
        transaction.mark = (  # type: ignore[attr-defined]
            {key: change.copy() for key, change in unit.pending.items()},
            set(unit.raised),
        )


@event.listens_for(AppSession, "after_rollback")
def _unmark(session: Session) -> None:
    # A rolled-back savepoint would otherwise leave entries of changes that never happened. A savepoint that ends by a
    # failed flush is only closed, so that the soft rollback is never announced for it.
    unit: Unit | None = session.info.get("unit")
    transaction = session.get_nested_transaction()
    if transaction is not None and unit is not None:
        unit.pending, unit.raised = transaction.mark  # type: ignore[attr-defined]
        unit.memory.clear()


def watch_old_values() -> None:
    """Have every column attribute load its old value on assignment; called once all models are defined.

    An expired attribute otherwise has no old value, and the journal would not know what changed.
    """
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, Record):
            for attribute in mapper.column_attrs:
                getattr(mapper.class_, attribute.key).impl.active_history = True


# ---- writing ------------------------------------------------------------------------------------------------------


def digest_of(before: Mapping[str, Any], after: Mapping[str, Any], salt: bytes) -> str:
    """What stands in an entry for its values: 16 bytes in hexadecimal, alike for what both databases read back.

    Args:
        before: the values before the change.
        after: those after it.
        salt: 16 random bytes, without which nobody can try values until they fit.
    """
    told = [before, after]
    try:
        text_of = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # A whole number beyond 64 bits, in a document of somebody's own.
        text_of = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return blake2b(text_of, digest_size=16, salt=salt).hexdigest()


def _action(change: Change, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if change.created:
        return "created"
    if change.action:
        return change.action
    if "is_active" in before:
        return "restored" if after["is_active"] else "deleted"
    return "updated"


def _tokens(
    connection: Connection, policy: Policy, row: Mapping[str, Any], shares: Sequence[Mapping[str, Any]]
) -> set[str]:
    pairs = [(share["user_id"], share["team_id"]) for share in shares]
    if not policy.parents:
        return policy.tokens(row, pairs)
    inherited: set[str] = set()
    for parent, link in policy.parents:
        parent_id = row.get(link.key)
        if parent_id is not None:
            inherited |= record_tokens(connection, parent, parent_id) or set()
    return policy.tokens(row, pairs) | inherited if policy.grants else inherited


@cache
def _token_query(policy: Policy) -> tuple[list[str], Select[Any]]:
    columns = [policy.model.id, policy.model.is_active, *policy.deciding]
    if policy.pool is not None:
        columns.append(policy.pool)
    columns += [link for _, link in policy.parents]
    query = select(*columns).where(policy.model.id == bindparam("of_id", type_=BigInteger()))
    return [column.key for column in columns], query


def record_tokens(connection: Connection, policy: Policy, record_id: int) -> set[str] | None:
    """The tokens that a stored record grants now: the rooms of its live push; None where there is no such row.

    A child of a deleted parent grants nothing of its parent's.
    """
    names, query = _token_query(policy)
    found = connection.execute(query, {"of_id": record_id}).one_or_none()
    if found is None or not found[1]:
        return None
    row = dict(zip(names, found, strict=True))
    shares = share_rows(connection, policy.model.resource, record_id) if policy.shared else []
    return _tokens(connection, policy, row, shares)


def _entry(session: Session, unit: Unit, change: Change) -> tuple[dict[str, Any], dict[str, Any]] | None:
    record: Record = change.record
    columns = journalled_columns(type(record))
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if change.created:
        held = record.__dict__
        for name in columns:
            value = held[name] if name in held else getattr(record, name)
            if value is not None:
                after[name] = value if type(value) is str else kept(record, name, value)
    else:
        now_values = {name: kept(record, name, getattr(record, name)) for name in columns if name in change.before}
        before = {name: kept(record, name, old) for name, old in change.before.items() if name in now_values}
        before = {name: old for name, old in before.items() if old != now_values[name]}
        after = {name: now_values[name] for name in before}
    shares_now: list[dict[str, Any]] = []
    policy = POLICIES[record.resource]
    if policy.shared and not (change.created and record.shares_as not in change.parts):
        shares_now = share_rows(session.connection(), record.resource, record.id)
    shares_before = shares_now
    for name, old in change.parts.items():
        if name == record.shares_as:
            new: list[dict[str, Any]] = shares_now
            shares_before = old
        elif name in change.parts_now:
            new = change.parts_now[name]
        else:
            new = part_rows(session, part_classes(type(record))[name], record.id)
        if new != old:
            before[name] = old
            after[name] = new
    if not change.created and not before and change.action is None:
        return None
    changed = tuple(sorted({*before, *after}))
    if change.action == ERASED:
        before, after = {}, dict(change.says)
    row = {name: getattr(record, name) for name in _token_query(policy)[0]}
    audience = _tokens(session.connection(), policy, row, shares_now)
    if change.created:
        pass
    elif (
        (change.before.keys() & {column.key for column in policy.deciding})
        or shares_before is not shares_now
        or any(link.key in change.before for _, link in policy.parents)
    ):
        audience |= _tokens(session.connection(), policy, row | change.before, shares_before)
    entry = {
        "recorded_at": unit.at,
        "actor_id": unit.actor_id,
        "action": _action(change, before, after),
        "resource": record.resource,
        "resource_id": record.id,
        "version": record.version,
        "changed": _same(changed),
        "audience": _same(tuple(sorted(audience))),
        "customer_id": record.id if record.resource == "customer" else getattr(record, "customer_id", None),
    }
    return entry, {"before": before, "after": after}


@lru_cache(maxsize=1_000)
def _same(words: tuple[str, ...]) -> list[str]:
    """The same list for the same words: most entries of many at once say the same, and it is put into text once."""
    return list(words)


@cache
def part_classes(model: type[Record]) -> dict[str, type[Part]]:
    """The collections of a kind of record by the names of their fields."""
    return {part.part_field: part for part in Part.__subclasses__() if part.part_parent is model}


@dataclass(frozen=True)
class SetBack:
    """What an undo has done to a record.

    Attributes:
        since: when what was taken back was done.
        before: what the fields were before it, and are again.
        after: what they were until now.
        is_creation: whether the record was new, and is now deleted.
    """

    since: datetime
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    is_creation: bool = False


MAKE_ROOM: dict[str, Callable[[Any], None]] = {}
"""What finds another place for a record that is set back, before it is written, where its own is taken by now; and a
place aside for one that is undone altogether."""

SETTLE: dict[str, Callable[[Any, SetBack], None]] = {}
"""What sets the columns that follow from others once a record was set back. Only what is named here can be undone."""

TAKEN_BACK: dict[str, frozenset[str]] = {}
"""Of these kinds of records only such fields are taken back: a change set that says more of one cannot be undone. A new
record is deleted all the same."""

FOLLOWERS: dict[str, Callable[[Connection, Record, Mapping[str, Any]], None]] = {}
"""What is told of every entry of a resource, in its transaction: the record and the entry. It keeps what is derived
from the journal, such as the periods that reports read, beside it."""

GATHERED: list[Callable[[Connection, Unit, Sequence[tuple[Record, Mapping[str, Any]]]], None]] = []
"""What is told of all entries of a unit at once, in its transaction: the records, each with its new values."""

_INSERT_CHANGESET = insert(Changeset).returning(Changeset.id)
_INSERT_ENTRY = insert(JournalEntry).returning(JournalEntry.id, sort_by_parameter_order=True)
_INSERT_VALUE = insert(JournalValue)
_MANY = 20
"""From so many entries on they are loaded, by ids that were reserved for them."""


def _write(unit: Unit, told: bool) -> None:
    """Write the pending entries of a unit; called once, just before its commit."""
    session = db.session()
    session.flush()
    found = [(change.record, row) for change in unit.pending.values() if (row := _entry(session, unit, change))]
    unit.pending.clear()
    rows = [row for _, row in found]
    if not rows and (unit.changeset_id is not None or not told):
        return
    connection = session.connection()
    unit.entry_count += len(rows)
    if unit.changeset_id is not None:
        counted = update(Changeset).where(Changeset.id == unit.changeset_id)
        connection.execute(counted.values(entry_count=Changeset.entry_count + len(rows)))
    else:
        head = {
            "recorded_at": unit.at,
            "actor_id": unit.actor_id,
            "source": unit.source,
            "request_id": unit.request_id,
            "entry_count": len(rows),
            "undoes_id": unit.undoes_id,
        }
        unit.changeset_id = connection.execute(_INSERT_CHANGESET, head).scalar_one()
    if not rows:
        return
    salts = os.urandom(16 * len(rows))
    for place, (entry, values) in enumerate(rows):
        salt = salts[16 * place : 16 * place + 16]
        entry["digest"] = digest_of(values["before"], values["after"], salt)
        values["salt"] = salt.hex()
    if len(rows) < _MANY:
        ids = connection.execute(
            _INSERT_ENTRY, [{**entry, "changeset_id": unit.changeset_id} for entry, _ in rows]
        ).scalars()
        connection.execute(
            _INSERT_VALUE,
            [{"journal_id": journal_id, **values} for journal_id, (_, values) in zip(ids, rows, strict=True)],
        )
    else:
        _load(connection, unit.changeset_id, rows)
    for record, (entry, _) in found:
        if record.resource in FOLLOWERS:
            FOLLOWERS[record.resource](connection, record, entry)
    for tell in GATHERED:
        tell(connection, unit, [(record, values["after"]) for record, (_, values) in found])


def _load(connection: Connection, changeset_id: int, rows: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Write many entries at once."""
    entries: Any = JournalEntry.__table__
    values: Any = JournalValue.__table__
    ids = reserved(connection, entries.name, len(rows))
    columns = {name: [entry[name] for entry, _ in rows] for name in rows[0][0]}
    load_rows(connection, entries, {"id": ids, "changeset_id": [changeset_id] * len(rows), **columns})
    nothing: dict[str, Any] = {}
    columns = {name: [both[name] or nothing for _, both in rows] for name in ("before", "after", "salt")}
    load_rows(connection, values, {"journal_id": ids, **columns})


SEAL.append(_write)


def values_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    """The values before and after by the ids of entries.

    By themselves, and not beside their entries: the database would look for an entry's values in each partition.
    """
    values = JournalValue
    if not ids:
        return {}
    query = select(values.journal_id, values.before, values.after)
    rows = connection.execute(query.where(member_of(values.journal_id, literal(list(ids), IdList()))))
    return {journal_id: (before or {}, after or {}) for journal_id, before, after in rows}


# ---- the feed -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Position:
    """A place in the feed: everything up to and including it has been read."""

    xact: int
    entry_id: int


END = 2**63 - 1
"""Stands for the last entry of a transaction, where its id is not known."""


@dataclass(frozen=True)
class FeedEntry:
    """One entry as the feed's readers need it."""

    position: Position
    changeset_id: int
    entry_count: int
    at: datetime
    actor_id: int | None
    action: str
    resource: str
    resource_id: int
    version: int
    changed: list[str]
    audience: list[str]
    customer_id: int | None


def _feed_query(dialect: Dialect, filtered: bool) -> Any:
    entry = JournalEntry
    xact = text("journal.xact::text::bigint") if dialect.name == "postgresql" else text("0")
    query = (
        select(
            entry.id,
            xact,
            entry.changeset_id,
            Changeset.entry_count,
            entry.recorded_at,
            entry.actor_id,
            entry.action,
            entry.resource,
            entry.resource_id,
            entry.version,
            entry.changed,
            entry.audience,
            entry.customer_id,
        )
        .join(Changeset, Changeset.id == entry.changeset_id)
        .limit(bindparam("limit", type_=Integer()))
    )
    if dialect.name == "postgresql":
        query = query.where(
            text("(journal.xact, journal.id) > (CAST(CAST(:xact AS text) AS xid8), :after)"),
            text("journal.xact < pg_snapshot_xmin(pg_current_snapshot())"),
            text("journal.id >= CAST(:least AS bigint)"),
        ).order_by(entry.xact, entry.id)
        overlap = text("journal.audience ?| :tokens")
    else:
        query = query.where(entry.id > bindparam("after", type_=BigInteger())).order_by(entry.id)
        overlap = text(
            "EXISTS (SELECT 1 FROM json_each(journal.audience) token"
            " WHERE token.value IN (SELECT value FROM json_each(:tokens)))"
        )
    return query.where(overlap.bindparams(bindparam("tokens", type_=IdList(of_text=True)))) if filtered else query


_queries: dict[tuple[str, bool], Any] = {}


def _least(after: Position) -> int:
    """An id below which nothing stands behind a position: partitions below it are not even looked at.

    What commits later may have a lower id, but of the partition before at most: no transaction lives as long as a
    partition is written to.
    """
    return 0 if after.entry_id == END else max(0, after.entry_id // PARTITION_IDS - 1) * PARTITION_IDS


def read_feed(
    connection: Connection, after: Position, limit: int, tokens: Iterable[str] | None = None
) -> list[FeedEntry]:
    """The next entries of the feed, in order, none ever missed.

    Args:
        connection: of the reading engine.
        after: the last position already read.
        limit: how many entries at most.
        tokens: only entries that somebody with one of these tokens may know of; None for all.
    """
    key = (connection.dialect.name, tokens is not None)
    query = _queries.get(key)
    if query is None:
        query = _queries[key] = _feed_query(connection.dialect, tokens is not None)
    binds: dict[str, Any] = {"after": after.entry_id, "limit": limit}
    if connection.dialect.name == "postgresql":
        binds |= {"xact": str(after.xact), "least": _least(after)}
    if tokens is not None:
        binds["tokens"] = list(tokens)
    return [FeedEntry(Position(xact, entry_id), *rest) for entry_id, xact, *rest in connection.execute(query, binds)]


def feed_end(connection: Connection) -> Position:
    """The position up to which the feed is complete now: a fresh load made after this call shows all of it."""
    if connection.dialect.name == "postgresql":
        # Whatever is committed has got its id by now; so the last one handed out stands for `END`, and tells more.
        query = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, last_value FROM journal_id_seq"
        oldest, last_id = connection.execute(text(query)).one()
        return Position(oldest - 1, last_id)
    return Position(0, connection.execute(select(func.coalesce(func.max(JournalEntry.id), 0))).scalar_one())


def feed_start(connection: Connection) -> Position:
    """The position just before the oldest entry that is kept."""
    if connection.dialect.name == "postgresql":
        oldest = connection.execute(text("SELECT min(xact)::text::bigint FROM journal")).scalar_one()
        return Position((oldest or 1) - 1, END)
    first = connection.execute(select(func.min(JournalEntry.id))).scalar_one()
    return Position(0, (first or 1) - 1)

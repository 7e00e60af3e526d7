"""Emptying values in the journal: what an erasure may do to it, and nobody else.

The entries stay, with their digests. Beside each emptied one a row names the erasure and the digest of what is left,
and the erasure's own entry holds a digest over those rows, so that its seal covers them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import ColumnElement, bindparam, insert, select, update

from ..database import db
from ..journal import ERASED, JournalEntry, JournalErasure, JournalValue, digest_of
from ..record import Record
from ..transaction import Change, current_unit, seal

Values = Mapping[str, Any]


@dataclass(frozen=True)
class _Emptied:
    """What is left of the values of an entry."""

    journal_id: int
    before: Values
    after: Values
    salt: bytes
    digest: str


def erasures_digest(rows: Iterable[tuple[int, str]]) -> str | None:
    """What an erasure's entry holds of the rows that name it, `(entry, digest)`; None of none."""
    told = sorted(rows)
    return blake2b(orjson.dumps(told), digest_size=16).hexdigest() if told else None


def erase_values(
    record: Record,
    which: ColumnElement[bool],
    left_of: Callable[[str, int, Values], Values],
    says: Values,
) -> int:
    """Empty values of entries, in the name of the erasure of a record, and seal the unit of work.

    The record's own entry of this unit must be an erasure (`act(record, ERASED)`).

    Args:
        record: whose erasure it is.
        which: condition on the entries.
        left_of: what is left of values, by the kind and the id of the entry's record.
        says: what the erasure's entry holds besides.

    Returns:
        How many entries were emptied.
    """
    unit, connection = current_unit(), db.session.connection()
    entry, values = JournalEntry, JournalValue
    columns = (entry.id, entry.resource, entry.resource_id, values.before, values.after)
    query = select(*columns).join(values, values.journal_id == entry.id).where(which, entry.action != ERASED)
    emptied: list[_Emptied] = []
    for row in connection.execute(query.order_by(entry.id)).all():
        of = row.resource, row.resource_id
        before, after = left_of(*of, row.before or {}), left_of(*of, row.after or {})
        if before != row.before or after != row.after:
            salt = os.urandom(16)
            emptied.append(_Emptied(row.id, before, after, salt, digest_of(before, after, salt)))
    change = unit.pending.setdefault((record.resource, record.id), Change(record))
    change.action = ERASED
    told = erasures_digest((one.journal_id, one.digest) for one in emptied)
    change.says = {**says, **({} if told is None else {"erasures": told})}
    seal(unit)
    if emptied:
        _write(emptied, _own_entry(record))
    return len(emptied)


def _own_entry(record: Record) -> int:
    ours = (JournalEntry.changeset_id == current_unit().changeset_id) & (JournalEntry.action == ERASED)
    its = (JournalEntry.resource == record.resource) & (JournalEntry.resource_id == record.id)
    query = select(JournalEntry.id).where(ours, its).order_by(JournalEntry.id.desc()).limit(1)
    return int(db.session.connection().execute(query).scalar_one())


def _write(emptied: Sequence[_Emptied], erasure_id: int) -> None:
    connection = db.session.connection()
    rows = [{"journal_id": one.journal_id, "erasure_id": erasure_id, "digest": one.digest} for one in emptied]
    connection.execute(insert(JournalErasure), rows)
    left = update(JournalValue).where(JournalValue.journal_id == bindparam("of_id"))
    left = left.values(before=bindparam("was"), after=bindparam("became"), salt=bindparam("by"))
    connection.execute(
        left,
        [
            {"of_id": one.journal_id, "was": dict(one.before), "became": dict(one.after), "by": one.salt.hex()}
            for one in emptied
        ],
    )

"""Sealing the journal: a chain of keyed hashes over its entries, made in batches behind the feed.

Whoever can write to the database, but has not the installation's secret, cannot change, add or drop a sealed entry
unseen. Seals are made by a chore: inside a request all writers would queue for the end of the chain.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from hashlib import blake2b, sha256
from typing import Any

import orjson
from flask import current_app
from sqlalchemy import Connection, select, text

from ..database import db
from ..job.chores import chore
from ..journal import Changeset, JournalEntry, JournalValue, Setting
from ..transaction import hold, unit_of_work
from .models import JournalSeal

BATCH = 1_000
"""So many entries at most are under one seal."""

_BATCHES = 200
"""So many seals at most are made at a time; the rest waits a minute."""

_LEAF = struct.Struct(">q16s")
_START = (0, 0)
_KEPT = "journal_keys"


def _key_of(secret: str) -> tuple[str, bytes]:
    key = hmac.digest(secret.encode(), b"lianxi journal seal", "sha256")
    return sha256(key).hexdigest()[:8], key


def present_keys() -> dict[str, bytes]:
    """The keys that come of the configuration, by their ids: that of `SECRET_KEY` first, then the previous one."""
    settings = current_app.config["LIANXI"]
    return dict(_key_of(secret) for secret in (settings.secret_key, settings.previous_secret_key) if secret)


@dataclass(frozen=True)
class Keys:
    """What seals can be checked with: the keys of the configuration, and older ones, each below a number of seals."""

    present: Mapping[str, bytes]
    older: Mapping[str, tuple[bytes, int]]

    def of(self, seal: Any) -> bytes | None:
        """The key that a seal was made with; None where nobody knows it, or where it was out of use by then."""
        if seal.key_id in self.present:
            return self.present[seal.key_id]
        key, until = self.older.get(seal.key_id, (None, 0))
        return key if seal.number < until else None


def known_keys(connection: Connection) -> Keys:
    """The keys of the configuration, and those that they vouch for.

    An older key lies open in the database. It is of no use to anybody: what it made is under seals of the key behind
    it, which vouches for it, up to the seal from which on it stands itself.
    """
    present = present_keys()
    kept = connection.execute(select(Setting.value).where(Setting.name == _KEPT)).scalar_one_or_none() or {}
    older: dict[str, tuple[bytes, int]] = {}
    vouching = list(present.values())
    while vouching:
        by = vouching.pop()
        for key_id, one in kept.items():
            if key_id not in older and hmac.compare_digest(_voucher(by, key_id, one["key"], one["until"]), one["mac"]):
                older[key_id] = bytes.fromhex(one["key"]), one["until"]
                vouching.append(older[key_id][0])
    return Keys(present, older)


def _voucher(by: bytes, key_id: str, key: str, until: int) -> str:
    return hmac.new(by, orjson.dumps([key_id, key, until]), sha256).hexdigest()


def _keep(key_id: str, until: int, by: bytes) -> None:
    """Keep a key that is out of use from the seal of a number on, where it is known."""
    old = present_keys().get(key_id)
    if old is None:
        return
    setting = db.session.get(Setting, _KEPT) or Setting(name=_KEPT, value={})
    kept = {"key": old.hex(), "until": until, "mac": _voucher(by, key_id, old.hex(), until)}
    setting.value = {**setting.value, key_id: kept}
    db.session.add(setting)


def mac_of(key: bytes, before: str, seal: Any) -> str:
    """What a seal must hold, behind another one's `mac` (of no text for the first)."""
    head = [
        before,
        seal.number,
        seal.sealed_at.astimezone(UTC).isoformat(),
        seal.xact,
        seal.entry_id,
        seal.entry_count,
        seal.key_id,
    ]
    return hmac.new(key, orjson.dumps(head) + seal.leaves, sha256).hexdigest()


def leaf_of(row: Any) -> bytes:
    """The hash of what an entry says, a row of `rows_behind`."""
    told = [
        row.id,
        row.xact,
        row.changeset_id,
        row.recorded_at.isoformat(),
        row.actor_id,
        row.action,
        row.resource,
        row.resource_id,
        row.version,
        row.changed,
        row.audience,
        row.customer_id,
        row.digest,
        row.source,
        row.request_id,
        row.undoes_id,
    ]
    return blake2b(orjson.dumps(told), digest_size=16).digest()


def leaves_of(seal: Any) -> dict[int, bytes]:
    """The hashes that a seal keeps, by the ids of the entries, in the feed's order; of a torn one what is whole."""
    whole = len(seal.leaves) // _LEAF.size * _LEAF.size
    return dict(_LEAF.iter_unpack(seal.leaves[:whole]))


def rows_behind(
    connection: Connection, place: tuple[int, int], *, until: tuple[int, int] | None = None, limit: int | None = None
) -> Sequence[Any]:
    """Entries of the feed with all that is sealed, and with their values, in order.

    Args:
        connection: of any engine.
        place: `(xact, id)` behind which they stand.
        until: the place of the last one; else only what the feed shows by now.
        limit: how many at most.
    """
    entry, values = JournalEntry, JournalValue
    is_pg = connection.dialect.name == "postgresql"
    xact: Any = text("journal.xact::text::bigint AS xact") if is_pg else entry.xact
    query = (
        select(
            xact,
            *(
                getattr(entry, name)
                for name in (
                    "id",
                    "changeset_id",
                    "recorded_at",
                    "actor_id",
                    "action",
                    "resource",
                    "resource_id",
                    "version",
                    "changed",
                    "audience",
                    "customer_id",
                    "digest",
                )
            ),
            Changeset.source,
            Changeset.request_id,
            Changeset.undoes_id,
            values.journal_id.label("has_values"),
            values.before,
            values.after,
            values.salt,
        )
        .outerjoin(Changeset, Changeset.id == entry.changeset_id)
        .outerjoin(values, values.journal_id == entry.id)
    )
    binds: dict[str, Any] = {"after": place[1]}
    if is_pg:
        behind = "(journal.xact, journal.id) > (CAST(CAST(:xact AS text) AS xid8), :after)"
        query = query.where(text(behind)).order_by(entry.xact, entry.id)
        binds["xact"] = str(place[0])
        if until is None:
            query = query.where(text("journal.xact < pg_snapshot_xmin(pg_current_snapshot())"))
        else:
            query = query.where(text("(journal.xact, journal.id) <= (CAST(CAST(:last AS text) AS xid8), :until)"))
            binds |= {"last": str(until[0]), "until": until[1]}
    else:
        query = query.where(text("journal.id > :after")).order_by(entry.id)
        if until is not None:
            query = query.where(text("journal.id <= :until"))
            binds["until"] = until[1]
    return connection.execute(query.limit(limit) if limit is not None else query, binds).all()


def seals(connection: Connection) -> Iterator[Any]:
    """All seals, by their numbers."""
    seen, table = 0, JournalSeal.__table__
    while True:
        query = select(table).where(table.c.number > seen).order_by(table.c.number).limit(100)
        rows = connection.execute(query).all()
        if not rows:
            return
        yield from rows
        seen = rows[-1].number


def seal_journal() -> int:
    """Seal what the feed shows and no seal holds yet; how many entries."""
    told = 0
    for _ in range(_BATCHES):
        count = _seal_batch()
        told += count
        if count < BATCH:
            break
    return told


def _seal_batch() -> int:
    with unit_of_work(source="job") as unit:
        hold("journal seal")
        connection = db.session.connection()
        last = connection.execute(select(JournalSeal.__table__).order_by(JournalSeal.number.desc()).limit(1)).first()
        place = _START if last is None else (last.xact, last.entry_id)
        rows = rows_behind(connection, place, limit=BATCH)
        if not rows:
            return 0
        key_id, key = next(iter(present_keys().items()))
        seal = JournalSeal(
            number=1 if last is None else last.number + 1,
            sealed_at=unit.at,
            xact=rows[-1].xact,
            entry_id=rows[-1].id,
            entry_count=len(rows),
            key_id=key_id,
            leaves=b"".join(_LEAF.pack(row.id, leaf_of(row)) for row in rows),
        )
        seal.mac = mac_of(key, "" if last is None else last.mac, seal)
        if last is not None and last.key_id != key_id:
            _keep(last.key_id, seal.number, key)
        db.session.add(seal)
    return len(rows)


chore("journal seals", every=timedelta(minutes=1))(seal_journal)

"""Walking the whole journal: is every entry still what was sealed, and every value what its entry says it was?"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, literal, select

from ..database import IdList, member_of
from ..journal import ERASED, JournalEntry, JournalErasure, digest_of
from ..listing import one_moment
from .erasing import erasures_digest
from .sealing import BATCH, Keys, known_keys, leaf_of, leaves_of, mac_of, rows_behind, seals

MOST = 50
"""So many faults are named."""


@dataclass
class Finding:
    """What a walk through the journal found.

    Attributes:
        entries: how many there are.
        unsealed: how many of them wait for a seal.
        seals: how many there are.
        head: number and mac of the last one, `12:9f...`; of no text without any. Kept elsewhere, it tells by
            `verify(head)` whether the end of the journal was cut off and sealed anew.
        erased: entries of which values were erased.
        faults: what is wrong, the first one first; `MOST` at most.
        fault_count: how much is.
    """

    entries: int = 0
    unsealed: int = 0
    seals: int = 0
    head: str = ""
    erased: int = 0
    faults: list[str] = field(default_factory=list)
    fault_count: int = 0

    def tell(self, fault: str) -> None:
        """Note a fault."""
        self.fault_count += 1
        if len(self.faults) < MOST:
            self.faults.append(fault)


def verify(head: str | None = None) -> Finding:
    """Compare all seals, entries and values, as they are at one moment.

    Args:
        head: of an earlier walk: the chain must still hold it.
    """
    found = Finding()
    with one_moment() as connection:
        keys, place, before, number = known_keys(connection), (0, -(2**63)), "", 0
        for seal in seals(connection):
            if seal.number != number + 1:
                found.tell(f"seal {number + 1}: is missing; seal {seal.number} comes next")
            _check_seal(found, keys, before, seal)
            number = seal.number
            found.seals += 1
            until = (seal.xact, seal.entry_id)
            _check_entries(found, connection, seal, rows_behind(connection, place, until=until))
            place, before = until, seal.mac
            found.head = f"{seal.number}:{seal.mac}"
            if head is not None and head.partition(":")[0] == str(seal.number):
                if head != found.head:
                    found.tell(f"seal {seal.number}: not the one that was noted as {head}")
                head = None
        while rows := rows_behind(connection, place, limit=BATCH):
            _check_values(found, connection, rows)
            found.unsealed += len(rows)
            place = rows[-1].xact, rows[-1].id
        if head is not None:
            found.tell(f"seal {head.partition(':')[0]}: is missing; it was noted as {head}")
    return found


def _check_seal(found: Finding, keys: Keys, before: str, seal: Any) -> None:
    key = keys.of(seal)
    if key is None:
        found.tell(f"seal {seal.number}: was made with the key {seal.key_id}, which nobody vouches for")
    elif not hmac.compare_digest(mac_of(key, before, seal), seal.mac):
        found.tell(f"seal {seal.number}: was altered, or does not stand where it was made")


def _check_entries(found: Finding, connection: Connection, seal: Any, rows: Sequence[Any]) -> None:
    leaves = leaves_of(seal)
    present = {row.id: row for row in rows}
    for entry_id, leaf in leaves.items():
        if entry_id not in present:
            found.tell(f"entry {entry_id}: is missing; seal {seal.number} holds it")
        elif leaf_of(present[entry_id]) != leaf:
            found.tell(f"entry {entry_id}: was altered after seal {seal.number}")
    for entry_id in present.keys() - leaves.keys():
        found.tell(f"entry {entry_id}: was put in after seal {seal.number}, or moved")
    _check_values(found, connection, rows)


def _check_values(found: Finding, connection: Connection, rows: Sequence[Any]) -> None:
    found.entries += len(rows)
    erasures = _erasures(connection, JournalErasure.journal_id, [row.id for row in rows])
    for row in rows:
        left = erasures.get(row.id, [])
        expected = left[-1].digest if left else row.digest
        found.erased += bool(left)
        if row.has_values is None:
            found.tell(f"entry {row.id}: its values are missing")
        elif row.salt is None or expected is None:
            found.tell(f"entry {row.id}: its values are not proven: no {'salt' if row.salt is None else 'digest'}")
        elif digest_of(row.before, row.after, bytes.fromhex(row.salt)) != expected:
            is_emptied = not left and row.before == {} and row.after == {}
            found.tell(f"entry {row.id}: its values were {'emptied without an erasure' if is_emptied else 'altered'}")
        for one in left:
            if one.action != ERASED:
                found.tell(f"entry {row.id}: is noted as emptied by entry {one.erasure_id}, which is no erasure")
    erasing = [row for row in rows if row.action == ERASED]
    done = _erasures(connection, JournalErasure.erasure_id, [row.id for row in erasing])
    for row in erasing:
        noted = erasures_digest((one.journal_id, one.digest) for one in done.get(row.id, []))
        if (row.after or {}).get("erasures") != noted:
            found.tell(f"entry {row.id}: what this erasure emptied is not what was noted of it")


def _erasures(connection: Connection, key: Any, ids: Sequence[int]) -> dict[int, list[Any]]:
    """What is noted of entries that were emptied, by one of the two, in the order of the erasures."""
    erasure, gathered = JournalErasure, defaultdict[int, list[Any]](list)
    if ids:
        query = (
            select(key.label("of"), erasure.journal_id, erasure.erasure_id, erasure.digest, JournalEntry.action)
            .join(JournalEntry, JournalEntry.id == erasure.erasure_id)
            .where(member_of(key, literal(list(ids), IdList())))
            .order_by(erasure.journal_id, erasure.erasure_id)
        )
        for row in connection.execute(query):
            gathered[row.of].append(row)
    return gathered

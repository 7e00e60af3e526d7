"""The customers that many new ones resemble: a few questions for all of them, compared in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from ..access import Actor
from ..database import IdList, db, member_of
from ..search_index import Near
from ..setting.models import DuplicateCheck
from .duplicates import KEYS, Twin, evidence_of_row, hold_keys, keys_of, likely, rows_of, spellings, spelt_like_each
from .evidence import Evidence
from .likeness import MOST_ALIKE, block_keys, likeness
from .models import Customer

_OWN = ("email", "tax_id")
"""One's own, however many have been given them by mistake."""


class Crowd:
    """What customers that are made together are held against: those that are stored.

    Args:
        actor: whose sight counts.
        mode: what becomes of one that resembles another.
        those: what is known of each that will be made.
    """

    def __init__(self, actor: Actor, mode: DuplicateCheck, those: Sequence[Evidence]) -> None:
        self.mode, self._actor = mode, actor
        self._sharing: Counter[tuple[str, str]] = Counter()
        self._known: dict[tuple[str, str], list[int]] = {}
        self._near: dict[Near, list[int]] = {}
        self._rows: dict[int, tuple[Any, Evidence]] = {}
        if mode is DuplicateCheck.OFF:
            return
        if mode is DuplicateCheck.BLOCK:
            hold_keys(those)
        connection = db.session.connection()
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for one in those:
            for column, value in keys_of(one).values():
                wanted[column].add(value)
        for column, values in wanted.items():
            self._known |= {(column, value): [] for value in values}
            for record_id, value in connection.execute(_newest(column), {"values": sorted(values)}):
                self._known[column, value].append(record_id)
        self._near = spelt_like_each(connection, those)
        ids = {one for some in (*self._known.values(), *self._near.values()) for one in some}
        if ids:
            self._rows = {row.id: (row, evidence_of_row(row)) for row in rows_of(connection, ids, actor)}

    def __call__(self, evidence: Evidence) -> list[Twin]:
        """The stored customers that one likely is, the likeliest first."""
        ids, keys = set[int](), set(keys_of(evidence).values())
        for asked in spellings(evidence):
            ids.update(self._near[asked])
        for key in keys:
            stored = self._known[key]
            # With itself, and with those made before it, as if each had been written by itself.
            if key[0] in _OWN or len(stored) + self._sharing[key] + 1 <= MOST_ALIKE:
                ids.update(stored)
        found = likely(evidence, [self._rows[one] for one in ids], self._actor)
        if not found or self.mode is DuplicateCheck.WARN:
            self._sharing.update(keys)
        return found


@cache
def _newest(column: str) -> Select[Any]:
    """The newest customers of each of some keys: one more than `MOST_ALIKE` shows that there are too many."""
    key = KEYS[column]
    place = func.row_number().over(partition_by=key, order_by=Customer.id.desc()).label("place")
    values = bindparam("values", type_=IdList(of_text=True))
    ranked = select(Customer.id, key.label("key"), place).where(member_of(key, values)).subquery()
    return select(ranked.c.id, ranked.c.key).where(ranked.c.place <= MOST_ALIKE + 1)


class Newcomers:
    """Customers that wait to be made, to be asked whether another one resembles one of them."""

    def __init__(self) -> None:
        self._by_key: defaultdict[str, list[Evidence]] = defaultdict(list)

    def add(self, evidence: Evidence) -> None:
        """One more waits."""
        for key in block_keys(evidence):
            self._by_key[key].append(evidence)

    def resemble(self, evidence: Evidence) -> bool:
        """Whether one of them likely is this one."""
        near: dict[int, Evidence] = {}
        for key in block_keys(evidence):
            some = self._by_key.get(key, ())
            if len(some) <= MOST_ALIKE or key.partition(":")[0] in _OWN:
                near.update((id(one), one) for one in some)
        return any(likeness(evidence, one).is_likely for one in near.values())

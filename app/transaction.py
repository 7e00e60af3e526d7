"""The unit of work: one request, job or socket message that changes data, committed as one change set or not at all.

Nobody else commits. Reads need no unit: outside one, the session and `read_engine()` cannot write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import current_app, g
from sqlalchemy import text
from sqlalchemy.orm import InstanceState

from .database import db


def now() -> datetime:
    """The clock of the house: the moment of the open unit of work, else the present."""
    unit: Unit | None = db.session.info.get("unit")
    return unit.at if unit else datetime.now(UTC)


@dataclass
class Change:
    """What one unit of work does to one record, gathered over all its flushes.

    Attributes:
        before: first known value of each changed column.
        parts: first known value of each changed collection, such as tags or lines.
        parts_now: the present value of a collection, where it need not be asked for.
        says: what the entry of an erasure holds instead of values.
    """

    record: Any
    created: bool = False
    before: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)
    action: str | None = None
    parts_now: dict[str, Any] = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)

    def copy(self) -> Change:
        """An independent copy, for a savepoint."""
        kept = dict(self.before), dict(self.parts), self.action, dict(self.parts_now), dict(self.says)
        return Change(self.record, self.created, *kept)


@dataclass
class Unit:
    """An open unit of work.

    Attributes:
        at: the one moment that every row written in it carries.
        pending: changes by (resource, id).
        raised: records whose version has been raised already: it rises once per unit.
        changeset_id: known after `seal`; None when nothing changed and nobody is told of the change set.
        entry_count: how many entries it has so far.
        afterwards: what happens only once it is committed, such as handing a job to the worker.
        memory: what it has found out and what stays true in it, by topic; forgotten when a savepoint is rolled back.
    """

    actor_id: int | None
    source: str
    request_id: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    pending: dict[tuple[str, int], Change] = field(default_factory=dict)
    raised: set[InstanceState[Any]] = field(default_factory=set)
    changeset_id: int | None = None
    entry_count: int = 0
    undoes_id: int | None = None
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    memory: dict[str, dict[Any, Any]] = field(default_factory=dict)


def current_unit() -> Unit:
    """The open unit of work.

    Raises:
        LookupError: none is open: the caller tries to write outside of one.
    """
    unit: Unit | None = db.session.info.get("unit")
    if unit is None:
        raise LookupError("no unit of work is open")
    return unit


def in_unit() -> bool:
    """Whether a unit of work is open."""
    return db.session.registry.has() and "unit" in db.session.info


def recalled(topic: str) -> dict[Any, Any]:
    """What the open unit of work remembers of a topic: a job that makes thousands of records asks once.

    Only what nobody else can change before the unit ends, or what it would be no harm to miss, is kept there.
    """
    unit: Unit | None = db.session.info.get("unit")
    return {} if unit is None else unit.memory.setdefault(topic, {})


SEAL: list[Callable[[Unit, bool], None]] = []
"""What writes the journal of a unit just before its commit, and whether even of nothing; filled by `journal.py`."""

COMMITTED: list[Callable[[Unit], None]] = []
"""What is told of a unit after its commit; filled by the live push."""


def seal(unit: Unit, *, told: bool = False) -> None:
    """Flush and write the journal of everything that changed so far; `changeset_id` is known afterwards.

    Args:
        unit: the open unit of work.
        told: the caller is told the change set: there is one, of no entries, even where nothing changed.
    """
    for write in SEAL:
        write(unit, told)


def next_changeset(unit: Unit, *, actor_id: int | None, at: datetime) -> None:
    """Seal what was done so far as a change set of its own and go on in the same transaction.

    Whoever writes many change sets, such as the demo with its months of history, need not commit each by itself.

    Args:
        unit: the open unit of work.
        actor_id: in whose name the next one is written.
        at: the moment that it carries.
    """
    seal(unit)
    unit.changeset_id, unit.entry_count = None, 0
    unit.raised.clear()
    unit.actor_id, unit.at = actor_id, at


@contextmanager
def unit_of_work(
    *,
    actor_id: int | None = None,
    source: str = "system",
    request_id: str | None = None,
    at: datetime | None = None,
    changeset_id: int | None = None,
) -> Iterator[Unit]:
    """Open a unit of work; commit at the end, roll back on any exception.

    Args:
        actor_id: the user in whose name things change; may be set later on the yielded unit.
        source: the road: `http`, `socket`, `cli`, `job`.
        request_id: the request's id, kept with the change set.
        at: the moment that everything written carries; now by default. Demo data is written in the past.
        changeset_id: of an earlier unit that this one goes on with: a job commits in steps and is one change set.
    """
    session = db.session
    if in_unit():
        raise RuntimeError("units of work do not nest")
    session.rollback()
    unit = Unit(actor_id, source, request_id, at or datetime.now(UTC), changeset_id=changeset_id)
    session.info["unit"] = unit
    try:
        yield unit
        seal(unit)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("unit", None)
        session.close()
    acts: list[Callable[[], None]] = [*unit.afterwards, *(partial(tell, unit) for tell in COMMITTED)]
    for act in acts:
        try:
            act()
        except Exception:
            # It is committed: whoever could not be told reads the journal.
            current_app.logger.exception("a commit could not be told")


def after_commit(act: Callable[[], None]) -> None:
    """Have something happen once the open unit of work is committed; never where it is rolled back."""
    current_unit().afterwards.append(act)


def hold(name: str) -> None:
    """Have everybody wait who holds the same name, until the open unit of work ends. On SQLite writers queue anyway."""
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _number_of(name)})


def hold_all(names: Collection[str]) -> None:
    """Hold many names with one question, in an order that is the same for everybody."""
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        query = "SELECT pg_advisory_xact_lock(number) FROM unnest(CAST(:numbers AS bigint[])) AS number"
        connection.execute(text(query), {"numbers": sorted(map(_number_of, names))})


def _number_of(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


def after_refusal(outlives: Callable[[], None]) -> None:
    """Have something written although the request is refused, in a unit of its own after the rollback.

    Sign-in counters and the revocation of a stolen refresh family happen inside a 401 and must not be rolled back.
    """
    g.setdefault("after_refusal", []).append(outlives)


def run_after_refusal() -> None:
    """Run what `after_refusal` gathered; a failure is logged and does not change the answer."""
    for outlives in g.pop("after_refusal", []):
        try:
            with unit_of_work(source="http"):
                outlives()
        except Exception:
            current_app.logger.exception("what should outlive a refusal was lost")

"""The finder: keeps the tables of existing records that may be one, by a search through all and by what has changed.

What it finds is no change that a person made, so it stands in no journal. What people say of a pair does, and stays.
How customers are looked through is declared in `customer_pairs.py`, people in `person_pairs.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from ..database import IdList, db, member_of, read_engine
from ..job.chores import chore
from ..job.service import Running, is_at_work, job_kind
from ..journal import Position, Setting, feed_end, read_feed
from ..record import Record
from ..transaction import now, unit_of_work
from .likeness import Likeness, pairs_to_compare
from .models import Pair, PairState

_STEP = 500
_TOLD_EVERY = 500
_FEED_STEP = 2_000
_MOST_ONE_BY_ONE = 1_000
"""When more records than this have changed, all are searched through: that takes less time."""

One = TypeVar("One")
Two = tuple[int, int]
Found = Mapping[Two, Likeness]
Tell = Callable[[int, int], None]


def _nobody(_done: int, _total: int) -> None:
    """Nobody asked how far it got."""


def ordered(one: int, other: int) -> Two:
    """Two ids, the smaller one first."""
    return (one, other) if one < other else (other, one)


@dataclass(frozen=True)
class Finder(Generic[One]):
    """What is looked for among one kind of record, and where what was found is kept.

    Attributes:
        model: the records.
        pair: the table of what was found.
        scan: the kind of the job that searches through all.
        position: the name under which it is remembered how far the journal was followed.
        fields: the fields of a record that it is compared by, as the journal names them.
        read: the records that are there, from behind an id: the next few thousand, in the order of their ids.
        keys: of which two records share one at least, if they may be the same.
        compare: how likely two records are one.
        look: the pairs of some records, looked up.
    """

    model: type[Record]
    pair: type[Pair]
    scan: str
    position: str
    fields: Collection[str]
    read: Callable[[Connection, int], Sequence[tuple[int, One]]]
    keys: Callable[[One], Iterable[str]]
    compare: Callable[[One, One], Likeness]
    look: Callable[[Connection, Sequence[int]], Found]

    def register(self) -> None:
        """Have it run: as a job for who asks, through all every night, after changes every minute."""
        job_kind(self.scan)(self._scan)
        name = self.pair.__tablename__
        chore(f"{name}: all", every=timedelta(days=1))(self.scan_all)
        chore(f"{name}: changes", every=timedelta(minutes=1))(self.follow_changes)

    def find(self, connection: Connection, tell: Tell = _nobody) -> Found:
        """Search through all records that there are for pairs that may be one.

        Args:
            connection: of the reading engine.
            tell: is told now and then how much is done, and of how much.
        """
        there = select(func.count()).select_from(self.model).where(self.model.is_active)
        count = connection.execute(there).scalar_one()
        known: list[tuple[int, One]] = []
        while some := self.read(connection, known[-1][0] if known else 0):
            known += some
            tell(len(known), 2 * count)
        pairs = pairs_to_compare(known, self.keys)
        found: dict[Two, Likeness] = {}
        for number, (one, other) in enumerate(sorted(pairs)):
            alike = self.compare(known[one][1], known[other][1])
            if alike.is_likely:
                found[ordered(known[one][0], known[other][0])] = alike
            if number % _TOLD_EVERY == 0:
                tell(count + count * number // len(pairs), 2 * count)
        return found

    # ---- the table ---------------------------------------------------------------------------------------------------

    def _keep(self, found: Iterable[tuple[Two, Likeness]], at: datetime) -> None:
        """Write pairs down in the open unit of work; what people have said of one that is known stays."""
        first, second = self.pair.sides
        rows = [
            {
                first: one,
                second: other,
                "score": alike.score,
                "reasons": list(alike.reasons),
                "against": list(alike.against),
                "state": PairState.OPEN,
                "version": 1,
                "is_active": True,
                "created_at": at,
                "updated_at": at,
            }
            for (one, other), alike in found
        ]
        if not rows:
            return
        connection = db.session.connection()
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        query = dialect.insert(self.pair)
        again = {name: query.excluded[name] for name in ("score", "reasons", "against", "updated_at")}
        connection.execute(query.on_conflict_do_update(index_elements=[first, second], set_=again), rows)

    def _there(self, pairs: Sequence[tuple[Two, Likeness]]) -> list[tuple[Two, Likeness]]:
        """Those of some pairs whose records are both still there."""
        ids = sorted({one for pair, _ in pairs for one in pair})
        query = select(self.model.id).where(member_of(self.model.id, bindparam("ids", type_=IdList())))
        active = set(db.session.execute(query.where(self.model.is_active), {"ids": ids}).scalars())
        return [(pair, alike) for pair, alike in pairs if active.issuperset(pair)]

    def _forget(self, *conditions: Any, **binds: Any) -> None:
        """Forget open pairs that are none any more."""
        untouched = self.pair.state == PairState.OPEN, self.pair.judged_at.is_(None)
        db.session.connection().execute(delete(self.pair).where(*untouched, *conditions), binds)

    # ---- all of them -------------------------------------------------------------------------------------------------

    def _scan(self, running: Running) -> dict[str, Any]:
        """Search through all records, as somebody asked for it."""
        begun = now()
        with read_engine().connect() as connection:
            found = self.find(connection, running.told)
        for some in _parts(found):
            with running.step() as unit:
                self._keep(self._there(some), unit.at)
        with running.step(running.total, running.total):
            self._forget(self.pair.updated_at < begun)
        return {"pairs": len(found)}

    def scan_all(self) -> None:
        """Search through all records once a day; what changes in between is followed by `follow_changes`."""
        begun = now()
        with read_engine().connect() as connection:
            end, found = feed_end(connection), self.find(connection)
            generation = _generation(connection)
        for some in _parts(found):
            with unit_of_work(source="job") as unit:
                self._keep(self._there(some), unit.at)
        with unit_of_work(source="job"):
            self._forget(self.pair.updated_at < begun)
            self._remember(generation, end)

    # ---- what has changed --------------------------------------------------------------------------------------------

    def follow_changes(self) -> None:
        """Look anew at the records that were created or changed since, as the journal tells."""
        with read_engine().connect() as connection:
            generation = _generation(connection)
            stored = connection.execute(select(Setting.value).where(Setting.name == self.position)).scalar_one_or_none()
            if stored is None or stored["generation"] != generation:
                # The search through all has not been, or the database was restored since.
                changed, last = None, None
            else:
                changed, last = self._changed(connection, Position(stored["xact"], stored["entry_id"]))
            if changed is None and is_at_work(connection, "import_commit"):
                # It would have to be done again behind the import, and takes memory and time that the import wants.
                return
        if changed is None:
            self.scan_all()
            return
        for begin in range(0, len(changed), _STEP):
            self._look_at(changed[begin : begin + _STEP])
        if last is not None:
            with unit_of_work(source="job"):
                self._remember(generation, last)

    def _changed(self, connection: Connection, after: Position) -> tuple[list[int] | None, Position | None]:
        """The records that changed in what they are known by, and how far the feed was read; None for too many."""
        wanted = {*self.fields, "is_active"}
        found: dict[int, None] = {}
        last = None
        while entries := read_feed(connection, after, _FEED_STEP):
            after = last = entries[-1].position
            for entry in entries:
                if entry.resource != self.model.resource:
                    continue
                if entry.action == "created" or wanted & set(entry.changed):
                    found[entry.resource_id] = None
            if len(found) > _MOST_ONE_BY_ONE:
                return None, None
        return list(found), last

    def _look_at(self, ids: Sequence[int]) -> None:
        """Find the pairs of some records anew: looked for without a lock, written down at once.

        Hundreds of units of work in a row would keep every other writer from SQLite.
        """
        with read_engine().connect() as connection:
            found = self.look(connection, ids)
        with unit_of_work(source="job") as unit:
            self._keep(self._there(sorted(found.items())), unit.at)
            of_these = (member_of(column, bindparam("ids", type_=IdList())) for column in self.pair.links())
            self._forget(or_(*of_these), self.pair.updated_at < unit.at, ids=ids)

    def _remember(self, generation: int, position: Position) -> None:
        value = {"generation": generation, "xact": position.xact, "entry_id": position.entry_id}
        stored = db.session.get(Setting, self.position)
        if stored is None:
            db.session.add(Setting(name=self.position, value=value))
        else:
            stored.value = value


def _parts(found: Found) -> Iterator[list[tuple[Two, Likeness]]]:
    """What was found, in parts of which each is one commit."""
    pairs = sorted(found.items())
    for begin in range(0, len(pairs), _STEP):
        yield pairs[begin : begin + _STEP]


def _generation(connection: Connection) -> int:
    """Which feed positions belong to: another one after a restore."""
    query = select(Setting.value).where(Setting.name == "feed_generation")
    return int(connection.execute(query).scalar_one_or_none() or 1)

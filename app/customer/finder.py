"""The finder: keeps the table of existing customers that may be one, by a search through all and by what has changed.

What it finds is no change that a person made, so it stands in no journal. What people say of a pair does, and stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from ..database import IdList, db, member_of, read_engine
from ..job.chores import chore
from ..job.service import Running, job_kind
from ..journal import Position, Setting, feed_end, read_feed
from ..transaction import now, unit_of_work
from .duplicates import EVIDENCE_COLUMNS, evidence_of_row, rows_of, twins
from .evidence import Evidence
from .likeness import Likeness, likeness, pairs_to_compare
from .models import Customer, DuplicatePair, PairState

SCAN = "duplicate_scan"
"""The kind of the job that searches through all customers."""

_STEP = 500
_TOLD_EVERY = 500
_FEED_STEP = 2_000
_MOST_ONE_BY_ONE = 1_000
"""When more customers than this have changed, all are searched through: that takes less time."""

_POSITION = "duplicates_position"
_COLUMNS = (Customer.id, Customer.phone_e164, *(getattr(Customer, name) for name in EVIDENCE_COLUMNS))

_NEXT = (
    select(*_COLUMNS)
    .where(Customer.is_active, Customer.id > bindparam("after", type_=BigInteger()))
    .order_by(Customer.id)
    .limit(5_000)
)

_PAIR = DuplicatePair.customer_a_id, DuplicatePair.customer_b_id

Pair = tuple[int, int]
Found = Mapping[Pair, Likeness]
Tell = Callable[[int, int], None]


def _nobody(_done: int, _total: int) -> None:
    """Nobody asked how far it got."""


def find(connection: Connection, tell: Tell = _nobody) -> Found:
    """Search through all customers that there are for pairs that may be one.

    Args:
        connection: of the reading engine.
        tell: is told now and then how much is done, and of how much.
    """
    count = connection.execute(select(func.count()).select_from(Customer).where(Customer.is_active)).scalar_one()
    known: list[tuple[int, Evidence]] = []
    while rows := connection.execute(_NEXT, {"after": known[-1][0] if known else 0}).all():
        for row in rows:
            known.append((row.id, evidence_of_row(row)))
            if len(known) % _TOLD_EVERY == 0:
                tell(len(known), 2 * count)
    pairs = pairs_to_compare(known)
    found: dict[Pair, Likeness] = {}
    for number, (one, other) in enumerate(sorted(pairs)):
        alike = likeness(known[one][1], known[other][1])
        if alike.is_likely:
            found[_ordered(known[one][0], known[other][0])] = alike
        if number % _TOLD_EVERY == 0:
            tell(count + count * number // len(pairs), 2 * count)
    return found


def _ordered(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)


# ---- the table -------------------------------------------------------------------------------------------------------


def _keep(found: Iterable[tuple[Pair, Likeness]], at: datetime) -> None:
    """Write pairs down in the open unit of work; what people have said of one that is known stays."""
    rows = [
        {
            "customer_a_id": one,
            "customer_b_id": other,
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
    query = dialect.insert(DuplicatePair)
    again = {name: query.excluded[name] for name in ("score", "reasons", "against", "updated_at")}
    pair = ["customer_a_id", "customer_b_id"]
    connection.execute(query.on_conflict_do_update(index_elements=pair, set_=again), rows)


def _parts(found: Found) -> Iterator[list[tuple[Pair, Likeness]]]:
    """What was found, in parts of which each is one commit."""
    pairs = sorted(found.items())
    for begin in range(0, len(pairs), _STEP):
        yield pairs[begin : begin + _STEP]


def _there(pairs: Sequence[tuple[Pair, Likeness]]) -> list[tuple[Pair, Likeness]]:
    """Those of some pairs whose customers are both still there."""
    ids = sorted({one for pair, _ in pairs for one in pair})
    query = select(Customer.id).where(member_of(Customer.id, bindparam("ids", type_=IdList())), Customer.is_active)
    active = set(db.session.execute(query, {"ids": ids}).scalars())
    return [(pair, alike) for pair, alike in pairs if active.issuperset(pair)]


def _forget(*conditions: Any, **binds: Any) -> None:
    """Forget open pairs that are none any more."""
    untouched = DuplicatePair.state == PairState.OPEN, DuplicatePair.judged_at.is_(None)
    db.session.connection().execute(delete(DuplicatePair).where(*untouched, *conditions), binds)


# ---- all customers ---------------------------------------------------------------------------------------------------


@job_kind(SCAN)
def _scan(running: Running) -> dict[str, Any]:
    """Search through all customers, as somebody asked for it."""
    begun = now()
    with read_engine().connect() as connection:
        found = find(connection, running.told)
    for some in _parts(found):
        with running.step() as unit:
            _keep(_there(some), unit.at)
    with running.step(running.total, running.total):
        _forget(DuplicatePair.updated_at < begun)
    return {"pairs": len(found)}


@chore("duplicates", every=timedelta(days=1))
def scan_all() -> None:
    """Search through all customers once a day; what changes in between is followed by `follow_changes`."""
    begun = now()
    with read_engine().connect() as connection:
        end, found = feed_end(connection), find(connection)
        generation = _generation(connection)
    for some in _parts(found):
        with unit_of_work(source="job") as unit:
            _keep(_there(some), unit.at)
    with unit_of_work(source="job"):
        _forget(DuplicatePair.updated_at < begun)
        _remember(generation, end)


# ---- what has changed ------------------------------------------------------------------------------------------------


@chore("duplicates of changed customers", every=timedelta(minutes=1))
def follow_changes() -> None:
    """Look anew at the customers that were created or changed since, as the journal tells."""
    with read_engine().connect() as connection:
        generation = _generation(connection)
        stored = connection.execute(select(Setting.value).where(Setting.name == _POSITION)).scalar_one_or_none()
        if stored is None or stored["generation"] != generation:
            # The search through all customers has not been, or the database was restored since.
            changed, last = None, None
        else:
            changed, last = _changed(connection, Position(stored["xact"], stored["entry_id"]))
    if changed is None:
        scan_all()
        return
    for begin in range(0, len(changed), _STEP):
        _look_at(changed[begin : begin + _STEP])
    if last is not None:
        with unit_of_work(source="job"):
            _remember(generation, last)


def _changed(connection: Connection, after: Position) -> tuple[list[int] | None, Position | None]:
    """The customers that changed in what they are known by, and how far the feed was read; None for too many."""
    wanted = {*EVIDENCE_COLUMNS, "is_active"}
    found: dict[int, None] = {}
    last = None
    while entries := read_feed(connection, after, _FEED_STEP):
        after = last = entries[-1].position
        for entry in entries:
            if entry.resource == Customer.resource and (entry.action == "created" or wanted & set(entry.changed)):
                found[entry.resource_id] = None
        if len(found) > _MOST_ONE_BY_ONE:
            return None, None
    return list(found), last


def _look_at(ids: Sequence[int]) -> None:
    """Find the pairs of some customers anew: looked for without a lock, written down at once.

    Hundreds of units of work in a row would keep every other writer from SQLite.
    """
    found: dict[Pair, Likeness] = {}
    with read_engine().connect() as connection:
        for customer in rows_of(connection, ids, None):
            if customer.is_active:
                others = twins(connection, evidence_of_row(customer), exclude_id=customer.id)
                found |= {_ordered(customer.id, one.row.id): one.likeness for one in others if one.row.is_active}
    with unit_of_work(source="job") as unit:
        _keep(_there(sorted(found.items())), unit.at)
        of_these = (member_of(column, bindparam("ids", type_=IdList())) for column in _PAIR)
        _forget(or_(*of_these), DuplicatePair.updated_at < unit.at, ids=ids)


def _generation(connection: Connection) -> int:
    """Which feed positions belong to: another one after a restore."""
    query = select(Setting.value).where(Setting.name == "feed_generation")
    return int(connection.execute(query).scalar_one_or_none() or 1)


def _remember(generation: int, position: Position) -> None:
    value = {"generation": generation, "xact": position.xact, "entry_id": position.entry_id}
    stored = db.session.get(Setting, _POSITION)
    if stored is None:
        db.session.add(Setting(name=_POSITION, value=value))
    else:
        stored.value = value

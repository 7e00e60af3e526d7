"""The search index: which records may hold some words, without looking at all of them.

One table holds the pieces (`grams.py`) of every record that can be searched, written in the transaction of the record:
an array with a GIN index on PostgreSQL, an FTS5 table of our own pieces beside it on SQLite. It finds candidates and
decides nothing: whoever asks checks sight, masks and the very words on the records themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from math import prod
from time import monotonic
from typing import Any

from sqlalchemy import (
    Connection,
    Dialect,
    Index,
    Integer,
    Select,
    String,
    Text,
    and_,
    bindparam,
    column,
    delete,
    event,
    insert,
    inspect,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from .database import AppSession, Base, IdList, Model, member_of
from .foresight import foreseen
from .grams import Grams
from .loading import load_rows
from .record import Record
from .statement import Prepared

MOST = 5_000
"""Words that more records may hold are no help: walking the records finds enough of them sooner."""

_CHUNK = 2_000

Near = tuple[str, tuple[str, ...]]
"""A word as somebody would mistype it, and the other words beside it."""


class Pieces(TypeDecorator[Any]):
    """Whole numbers to be found by: an array on PostgreSQL, words for FTS5 on SQLite.

    What a database keeps may be given as the text that `_text_of` makes, too.
    """

    impl = Text
    cache_ok = True
    is_text_in_copies = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The driver's array, or text."""
        return dialect.type_descriptor(pg.ARRAY(Integer()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[int] | str | None, dialect: Dialect) -> Any:
        """The numbers for the driver."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            return _numbers_in(value) if isinstance(value, str) else list(value)
        return value if isinstance(value, str) else _text_of(value, dialect.name)

    def process_result_value(self, value: Any, dialect: Dialect) -> Sequence[int] | None:
        """The numbers."""
        return _numbers_in(value) if isinstance(value, str) else value


class _Words(dict[int, str]):
    """Numbers as a kind of database is told of them; most come again and again."""

    def __init__(self, spell: Callable[[int], str]) -> None:
        super().__init__()
        self._spell = spell

    def __missing__(self, number: int) -> str:
        if len(self) >= _MOST_WORDS:
            self.clear()
        word = self[number] = self._spell(number)
        return word


_MOST_WORDS = 50_000
_WORDS = {
    "postgresql": _Words(str),
    # Letters and digits only, as the tokenizer wants them.
    "sqlite": _Words(lambda number: f"{number + (1 << 31):x}"),
}


def _words(numbers: Iterable[int], kind: str, between: str = " ") -> str:
    return between.join(map(_WORDS[kind].__getitem__, numbers))


def _text_of(numbers: Iterable[int], kind: str) -> str:
    """Numbers as a kind of database is told of them; PostgreSQL's index is told sooner of sorted ones."""
    return f"{{{_words(sorted(numbers), kind, ',')}}}" if kind == "postgresql" else _words(numbers, kind)


def _numbers_in(text: str) -> list[int]:
    """The numbers of a text that `_text_of` has made."""
    if text.startswith("{"):
        return [int(word) for word in text[1:-1].split(",") if word]
    return [int(word, 16) - (1 << 31) for word in text.split()]


class SearchEntry(Model):
    """The pieces of one record."""

    __tablename__ = "search_entry"
    __table_args__ = (
        Index("uq_search_entry_record", "resource", "record_id", unique=True),
        # Empty on SQLite, where the table `search_index` is asked instead.
        Index(
            "ix_search_entry_pieces",
            "pieces",
            postgresql_using="gin",
            sqlite_where=text("id IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(String(20))
    record_id: Mapped[int] = mapped_column()
    pieces: Mapped[Any] = mapped_column(Pieces())


MAKE_FTS = (
    "CREATE VIRTUAL TABLE search_index USING fts5"
    "(pieces, content='search_entry', content_rowid='id', detail='none', columnsize=0, tokenize='ascii')"
)
"""What SQLite needs beside the table."""


@cache
def _grams(resource: str) -> Grams:
    return Grams(resource)


def searched_models() -> list[type[Record]]:
    """Every kind of record that can be searched, by name."""
    models = (mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Record))
    return sorted((model for model in models if model.search_columns), key=lambda model: model.resource)


def _columns(model: type[Record]) -> tuple[str, ...]:
    return (*model.search_columns, *([model.title_column] if model.title_column else []))


def pieces_of(model: type[Record], values: Sequence[Any], kind: str) -> str:
    """The pieces of a record, as they are written.

    Args:
        model: its class.
        values: of its key columns and then of its title, where it has one.
        kind: of database, by the name of its dialect.
    """
    keys = tuple(value or "" for value in values[: len(model.search_columns)])
    return _pieces(kind, model.resource, keys, values[-1] if model.title_column else None)


@foreseen
def _pieces(kind: str, resource: str, keys: tuple[str, ...], title: str | None) -> str:
    return _text_of(_grams(resource).of_record(keys, title), kind)


# ---- writing ---------------------------------------------------------------------------------------------------------


@event.listens_for(AppSession, "after_flush")
def _after_flush(session: AppSession, _context: Any) -> None:
    new: dict[type[Record], list[Record]] = {}
    changed: dict[type[Record], list[Record]] = {}
    for item in session.new:
        if isinstance(item, Record) and item.search_columns:
            new.setdefault(type(item), []).append(item)
    for item in session.dirty:
        if isinstance(item, Record) and item.search_columns:
            state = inspect(item)
            if any(state.attrs[name].history.has_changes() for name in _columns(type(item))):
                changed.setdefault(type(item), []).append(item)
    for found, are_new in ((new, True), (changed, False)):
        for model, records in found.items():
            _index(session.connection(), model, records, are_new=are_new)


def _index(connection: Connection, model: type[Record], records: Iterable[Record], *, are_new: bool) -> None:
    names = _columns(model)
    kind = connection.dialect.name
    rows = {record.id: pieces_of(model, [getattr(record, name) for name in names], kind) for record in records}
    _write(connection, model.resource, rows, are_new=are_new)


def index_new(connection: Connection, model: type[Record], records: Iterable[Record]) -> None:
    """Index records that were just inserted past the session.

    Args:
        connection: in the transaction that wrote them.
        model: their class.
        records: as they were inserted.
    """
    if model.search_columns:
        _index(connection, model, records, are_new=True)


def index_records(connection: Connection, model: type[Record], ids: Iterable[int]) -> None:
    """Index records anew whose key columns were written past the session.

    Args:
        connection: in the transaction that wrote them.
        model: their class.
        ids: which ones.
    """
    ids = list(ids)
    for begin in range(0, len(ids), _CHUNK):
        found = _expected(connection, model, ids[begin : begin + _CHUNK])
        _write(connection, model.resource, found, are_new=False)


def _expected(connection: Connection, model: type[Record], ids: Sequence[int]) -> dict[int, str]:
    columns = [getattr(model, name) for name in _columns(model)]
    query = select(model.id, *columns).where(member_of(model.id, bindparam("ids", type_=IdList())))
    kind = connection.dialect.name
    return {row[0]: pieces_of(model, row[1:], kind) for row in connection.execute(query, {"ids": ids})}


def _write(connection: Connection, resource: str, rows: dict[int, str], *, are_new: bool) -> None:
    values = [{"resource": resource, "record_id": one, "pieces": pieces} for one, pieces in rows.items()]
    if not values:
        return
    table: Any = SearchEntry.__table__
    if are_new and len(rows) > 1:
        names = [resource] * len(rows)
        load_rows(connection, table, {"resource": names, "record_id": list(rows), "pieces": list(rows.values())})
        if connection.dialect.name != "postgresql":
            connection.execute(_LEARN, {"of_resource": resource, "of_ids": list(rows)})
        return
    if connection.dialect.name == "postgresql":
        connection.execute(_INSERT if are_new else _upsert(), values)
        return
    ours = {"of_resource": resource, "of_ids": list(rows)}
    if not are_new:
        # FTS5 keeps no texts: what is to be forgotten is told to it once more.
        connection.execute(_FORGET, ours)
        connection.execute(delete(SearchEntry).where(_OURS), ours)
    connection.execute(_INSERT, values)
    connection.execute(_LEARN, ours)


_OURS = and_(
    SearchEntry.resource == bindparam("of_resource", type_=String()),
    member_of(SearchEntry.record_id, bindparam("of_ids", type_=IdList())),
)
_FTS = table("search_index", column("search_index"), column("rowid"), column("pieces"))
_LEARN = insert(_FTS).from_select(["rowid", "pieces"], select(SearchEntry.id, SearchEntry.pieces).where(_OURS))
_FORGET = insert(_FTS).from_select(
    ["search_index", "rowid", "pieces"],
    select(literal_column("'delete'"), SearchEntry.id, SearchEntry.pieces).where(_OURS),
)
_INSERT = insert(SearchEntry)


@cache
def _upsert() -> Any:
    query = pg.insert(SearchEntry)
    return query.on_conflict_do_update(index_elements=["resource", "record_id"], set_={"pieces": query.excluded.pieces})


# ---- asking ----------------------------------------------------------------------------------------------------------


def candidates(connection: Connection, resource: str, words: Sequence[str]) -> list[int] | None:
    """The records that may hold all of some words.

    Args:
        connection: of the reading engine.
        resource: singular name.
        words: folded, without blanks.

    Returns:
        Ids, none missing; None where the words say too little or more than `MOST` records may hold them.
    """
    pieces = _grams(resource).of_words(words)
    if connection.dialect.name == "postgresql" and _statistics(connection).expects(resource, pieces) > 2 * MOST:
        return None
    return _found(connection, resource, [pieces], MOST)


def titled(connection: Connection, resource: str, words: Sequence[str], *, whole: bool) -> list[int] | None:
    """The records whose title may begin with some words, or be them; otherwise as `candidates`."""
    return _found(connection, resource, [_grams(resource).of_title(words, whole=whole)], MOST)


def near(connection: Connection, resource: str, word: str, others: Sequence[str], most: int) -> list[int]:
    """Records that may hold a word as somebody would mistype it, and all of some other words.

    Args:
        most: how many at most.
    """
    ways = [way for way in _grams(resource).near(word, others) if way]
    return (_found(connection, resource, ways, most) or [])[:most] if ways else []


def near_each(connection: Connection, resource: str, asked: Collection[Near], most: int) -> dict[Near, list[int]]:
    """As `near` for many at once: `(word, others)` with the records that may be meant.

    Whoever holds the other words is found first, with one question for all of them, and it is seen here what these
    hold of the word. Where reading them would take longer, or there are no other words, the index is asked for each.
    """
    grams, by_rest = _grams(resource), dict[tuple[int, ...], list[Near]]()
    for one in dict.fromkeys(asked):
        by_rest.setdefault(tuple(grams.of_words(one[1])), []).append(one)
    if connection.dialect.name == "postgresql" and by_rest:
        # What waits in the index's list is read anew for every word.
        connection.execute(_CLEAN)
    holding = _holding(connection, resource, [rest for rest in by_rest if rest])
    read = {rest: ids for rest, ids in holding.items() if len(ids) <= _READ_PER_WORD * len(by_rest[rest])}
    found = {one: near(connection, resource, *one, most) for rest in by_rest.keys() - read for one in by_rest[rest]}
    for part in _parted(read):
        pieces = {one: (record, held) for one, record, held in _pieces_by_id(connection, part)}
        for rest, ids in part.items():
            there = [at for at in ids if at in pieces]
            by_piece: dict[int, set[int]] = {}
            for at in there:
                for piece in pieces[at][1]:
                    by_piece.setdefault(piece, set()).add(at)
            for one in by_rest[rest]:
                near_it = set[int]()
                for way in grams.left_of(one[0]) if there else ():
                    near_it |= _holders(by_piece, way) if way else set(there)
                found[one] = [pieces[at][0] for at in sorted(near_it, reverse=True)[:most]]
    return found


Holding = dict[tuple[int, ...], list[int]]


def _parted(read: Holding) -> Iterator[Holding]:
    """The entries to be read, in parts of which memory takes little."""
    part: Holding = {}
    count = 0
    for rest, ids in read.items():
        part[rest] = ids
        count += len(ids)
        if count >= MOST:
            yield part
            part, count = {}, 0
    if part:
        yield part


def _holders(by_piece: Mapping[int, set[int]], pieces: Sequence[int]) -> set[int]:
    """Those that hold all of some pieces."""
    return set.intersection(*sorted((by_piece.get(one, set()) for one in pieces), key=len))


def _holding(connection: Connection, resource: str, rests: Sequence[tuple[int, ...]]) -> Holding:
    """The entries of the records that hold all of some pieces, for those of which there are not too many."""
    found: Holding = {}
    is_pg = connection.dialect.name == "postgresql"
    for begin in range(0, len(rests), _ASKED_AT_ONCE):
        part = rests[begin : begin + _ASKED_AT_ONCE]
        asked = [_text_of(one, connection.dialect.name) for one in part]
        binds = {"resource": resource, "most": _MOST_READ + 1, "asked": asked if is_pg else json.dumps(asked)}
        held = dict[int, list[int]](
            (place, json.loads(ids)) for place, ids in connection.execute(_HOLDING[is_pg], binds)
        )
        found.update((one, held[place]) for place, one in enumerate(part) if len(held[place]) <= _MOST_READ)
    return found


def _pieces_by_id(connection: Connection, part: Holding) -> Iterator[tuple[int, int, Sequence[int]]]:
    query = select(SearchEntry.id, SearchEntry.record_id, SearchEntry.pieces)
    query = query.where(member_of(SearchEntry.id, bindparam("ids", type_=IdList())))
    ids = sorted({one for some in part.values() for one in some})
    for begin in range(0, len(ids), _CHUNK):
        for row in connection.execute(query, {"ids": ids[begin : begin + _CHUNK]}):
            yield row.id, row.record_id, row.pieces


_READ_PER_WORD = 1_000
"""Reading so many entries takes less time than asking the index for one mistyped word among others."""

_MOST_READ = 20_000
_ASKED_AT_ONCE = 250
_HOLDING = {
    True: text("""
        SELECT ask.place - 1, (
            WITH hits AS MATERIALIZED (
                SELECT id FROM search_entry WHERE resource = :resource AND pieces @> CAST(ask.pieces AS integer[])
            )
            SELECT CAST(coalesce(json_agg(few.id), '[]') AS text) FROM (SELECT id FROM hits LIMIT :most) AS few
        ) FROM unnest(CAST(:asked AS text[])) WITH ORDINALITY AS ask(pieces, place)
    """),
    False: text("""
        SELECT ask.key, (
            SELECT json_group_array(few.id) FROM (
                SELECT entry.id FROM search_index CROSS JOIN search_entry AS entry ON entry.id = search_index.rowid
                WHERE search_index MATCH ask.value AND entry.resource = :resource LIMIT :most
            ) AS few
        ) FROM json_each(:asked) AS ask
    """),
}
_CLEAN = text("""
    SELECT gin_clean_pending_list(oid) FROM pg_class
    WHERE oid = 'ix_search_entry_pieces'::regclass AND pg_has_role(relowner, 'USAGE')
""")


def _found(connection: Connection, resource: str, ways: Sequence[Sequence[int]], most: int) -> list[int] | None:
    if not all(ways):
        return None
    binds: dict[str, Any] = {"resource": resource, "most": most + 1}
    if connection.dialect.name == "postgresql":
        binds |= {f"way_{number}": way for number, way in enumerate(ways)}
    else:
        binds["match"] = " OR ".join(f"({_words(way, 'sqlite')})" for way in ways)
    rows = _query(connection.dialect.name, len(ways)).rows(connection, binds)
    return None if len(rows) > most and len(ways) == 1 else [row[0] for row in rows]


class _Statistics:
    """What PostgreSQL's own statistics say of the index: how many records hold a piece, for the common ones.

    Asking the index itself for what a third of a million records hold takes longer than all the rest.
    """

    def __init__(self, connection: Connection) -> None:
        self.read_at = monotonic()
        found = connection.execute(_COMMON).one()
        rows = max(found.rows or 0, 0)
        self.records: dict[str, float] = {
            name: share * rows for name, share in zip(found.names or (), found.shares or (), strict=False)
        }
        # Behind the shares stand their least, their greatest and that of null.
        self.holding = {
            one: share * rows for one, share in zip(found.pieces or (), found.frequencies or (), strict=False)
        }

    def expects(self, resource: str, pieces: Sequence[int]) -> float:
        """How many records of a resource hold all of some pieces, if these have nothing to do with each other."""
        records = self.records.get(resource, 0.0)
        if not records or not pieces:
            return 0.0
        shares: list[float] = [min(self.holding.get(one, 0.0) / records, 1.0) for one in pieces]
        return records * prod(shares)


_known: dict[str, _Statistics] = {}
_KNOWN_FOR_SECONDS = 300


def _statistics(connection: Connection) -> _Statistics:
    address = str(connection.engine.url)
    found = _known.get(address)
    if found is None or monotonic() - found.read_at > _KNOWN_FOR_SECONDS:
        found = _known[address] = _Statistics(connection)
    return found


_COMMON = text("""
    SELECT (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'search_entry'::regclass) AS rows,
        (SELECT most_common_vals::text::text[] FROM pg_stats
            WHERE tablename = 'search_entry' AND attname = 'resource' AND schemaname = current_schema()) AS names,
        (SELECT most_common_freqs FROM pg_stats
            WHERE tablename = 'search_entry' AND attname = 'resource' AND schemaname = current_schema()) AS shares,
        (SELECT most_common_elems::text::integer[] FROM pg_stats
            WHERE tablename = 'search_entry' AND attname = 'pieces' AND schemaname = current_schema()) AS pieces,
        (SELECT most_common_elem_freqs FROM pg_stats
            WHERE tablename = 'search_entry' AND attname = 'pieces' AND schemaname = current_schema()) AS frequencies
""")


@cache
def _query(dialect: str, ways: int) -> Prepared:
    entry, most = SearchEntry, bindparam("most", type_=Integer())
    ours = entry.resource == bindparam("resource", type_=String())
    if dialect != "postgresql":
        asked = _FTS.c.search_index.op("MATCH")(bindparam("match", type_=String()))
        query = select(entry.record_id).join(_FTS, _FTS.c.rowid == entry.id).where(ours, asked)
        return Prepared(query.order_by(_FTS.c.rowid.desc()).limit(most), dialect)
    holds = or_(*(entry.pieces.op("@>")(bindparam(f"way_{number}", type_=Pieces())) for number in range(ways)))
    # Fenced: with the limit in sight the planner would read the whole table in the hope of finding enough soon.
    hits = select(entry.record_id).where(ours, holds).cte("hits").prefix_with("MATERIALIZED")
    return Prepared(select(hits.c.record_id).limit(most), dialect)


def one_of(key: Any, query: Select[Any]) -> member_of:
    """Whether a key is one of a query's, fenced: the query is run by itself before anything else."""
    return member_of(key, query.correlate(None).scalar_subquery())


# ---- upkeep ----------------------------------------------------------------------------------------------------------


def _all_ids(connection: Connection, model: type[Record]) -> Iterator[list[int]]:
    last = 0
    while (
        ids := connection.execute(select(model.id).where(model.id > last).order_by(model.id).limit(_CHUNK))
        .scalars()
        .all()
    ):
        yield list(ids)
        last = ids[-1]


def check(connection: Connection) -> list[tuple[str, int]]:
    """What the index says wrongly: `(resource, record id)` of records that it lacks, has of old or should not have.

    Raises:
        DatabaseError: SQLite's index is not that of the table beside it.
    """
    wrong: list[tuple[str, int]] = []
    for model in searched_models():
        stored = select(SearchEntry.record_id, SearchEntry.pieces).where(SearchEntry.resource == model.resource)
        left = set(connection.execute(stored.with_only_columns(SearchEntry.record_id)).scalars())
        for ids in _all_ids(connection, model):
            ours = stored.where(member_of(SearchEntry.record_id, bindparam("ids", type_=IdList())))
            found = {one: set(pieces) for one, pieces in connection.execute(ours, {"ids": ids})}
            expected = _expected(connection, model, ids)
            wrong += [(model.resource, one) for one in ids if found.get(one) != set(_numbers_in(expected[one]))]
            left.difference_update(ids)
        wrong += [(model.resource, one) for one in sorted(left)]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)")
    return wrong


def rebuild(connection: Connection) -> int:
    """Make the index anew from the records; how many there are."""
    connection.execute(delete(SearchEntry))
    told = 0
    for model in searched_models():
        for ids in _all_ids(connection, model):
            rows = _expected(connection, model, ids)
            values = [{"resource": model.resource, "record_id": one, "pieces": rows[one]} for one in ids]
            connection.execute(_INSERT, values)
            told += len(values)
    follow(connection)
    return told


def follow(connection: Connection) -> None:
    """Have SQLite's index follow a table that was written past it, such as one that was emptied."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO search_index (search_index) VALUES ('rebuild')")

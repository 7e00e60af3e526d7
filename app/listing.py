"""The list engine: one declaration gives parsing, visibility, filters, search, sort, pages, cursors, counts and ETags.

Each shape of request is planned once (statement with bound parameters, row to dictionary) and run on the reading
engine. Single records, answers to writes, pushes and events are read by the same plans, so they look alike.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import orjson
from flask import Response, current_app, request
from marshmallow import Schema
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import True_

from . import search_index
from .access import Actor, Policy
from .custom_columns import PREFIX, READ_KINDS, Custom, filter_of, guarded_custom, sort_of
from .custom_values import Kinds
from .database import (
    SCALE,
    SNAPSHOT,
    FixedDecimal,
    IdList,
    Instant,
    KeyText,
    Rate,
    db,
    decimal_text,
    member_of,
    position,
    read_engine,
)
from .deletion import deletion_fields, deletion_filters, hidden_with
from .errors import Issue, Problem, invalid
from .field_rights import FieldView, Guarded, without_rules
from .filtering import (
    AsOf,
    BadValue,
    Binds,
    Filter,
    Guard,
    Term,
    Tree,
    WhereReading,
    as_reader,
    bound_type,
    parse_plain,
    present,
    term_condition,
    terms_of,
    tree_condition,
)
from .folding import search_words
from .grams import nearness
from .projection import MASKED_FIELDS, Gathered, LinkTo, Projection, Shape
from .record import Mergeable, Record, is_purged
from .schema import MAX_ID, parse_date, parse_instant
from .statement import Prepared

JSON = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
CAP = 10_000
_DEFAULT_PER_PAGE = 20
_NEAR_MOST = 400


class StaleActor(Exception):
    """The remembered actor no longer holds: read him or her anew and ask again."""


GUARD: list[Callable[[], ColumnElement[bool]]] = []
"""The condition that the actor still holds, put in by `auth/identity.py`: it rides in the page's own statement."""

VERIFY: list[Callable[[Connection, Actor], bool]] = []
"""Asks the same apart, when a statement with the guard found nothing."""


def encode(value: Any) -> bytes:
    """JSON as the house writes it: UTC instants with Z, decimals as strings."""
    return orjson.dumps(value, option=JSON, default=_encode_default)


def _encode_default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return decimal_text(value)
    raise TypeError(type(value).__name__)


@dataclass(frozen=True)
class Query:
    """A parsed list request: structure to plan by, values to bind.

    Attributes:
        groups: terms of each plain parameter; the terms of one group are joined by or (`all_of` False) or and.
        asked: the values that the request names.
        zone: the caller's, where a filter asks about the present; else None.
        custom: the custom fields that there are, where the request names one.
    """

    groups: tuple[tuple[bool, tuple[Term, ...]], ...]
    tree: Tree | Term | None
    words: int
    sort: tuple[tuple[str, bool], ...]
    deleted: bool
    names: frozenset[str] | None
    asked: Binds
    page: int | None
    per_page: int
    count: str
    cursor: tuple[Any, ...] | None
    digest: str
    zone: str | None = None
    custom: Kinds = ()

    @property
    def binds(self) -> Binds:
        """The values; the present among them, where a filter asks about it."""
        return self.asked if self.zone is None else self.asked | present(self.zone, self.asked)

    @property
    def key(self) -> tuple[Any, ...]:
        """What a plan depends on."""
        nulls = None if self.cursor is None else tuple(value is None for value in self.cursor)
        late = self.page is not None and self.page > 1
        return (
            self.groups,
            self.tree,
            self.words,
            self.sort,
            self.deleted,
            self.names,
            nulls,
            late,
            self.count == "none",
            self.custom,
        )


@dataclass(frozen=True, eq=False)
class _Names:
    """What a request may name.

    Attributes:
        filters: by their fields.
        plain: parameters, with the field and the operator that each stands for.
        sort: columns by their keys.
        custom: the names of custom fields.
    """

    filters: dict[str, Filter]
    plain: dict[str, tuple[str, str]]
    sort: dict[str, Any]
    custom: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class _Plan:
    projection: Projection
    page: Prepared
    count: Prepared
    capped: Prepared
    sort_start: int


class _Memo(OrderedDict[Any, Any]):
    """A small memory of the most recent things."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def keep(self, key: Any, value: Any) -> Any:
        self[key] = value
        if len(self) > self.size:
            with suppress(KeyError):  # another thread was faster
                self.popitem(last=False)
        return value


@dataclass(frozen=True, eq=False)
class Searched:
    """A key column that `q` looks into.

    Attributes:
        key: the column.
        of: the fields that it is made of and that not everybody reads.
        without: a key that holds none of them, for who may not read all; None where there is none.
    """

    key: Any
    of: tuple[str, ...] = ()
    without: Any = None

    def key_for(self, view: FieldView) -> Any:
        """What readers of a view may search; None for nothing."""
        return self.key if view.looks_into(self.of) else self.without


SPECS: dict[str, ListSpec] = {}
"""The list declaration of every resource by its singular name."""


@dataclass(eq=False)
class ListSpec:
    """A list, declared.

    Attributes:
        policy: which rows a reader sees.
        schema: what they look like.
        plural: the last segment of the resource's path.
        filters: plain parameters and fields of `where`.
        sort: sort keys to columns.
        sort_in_sight: what sort keys are for readers of a shape, where not everybody is told the same of a column.
        default_sort: as in `sort=`.
        search: key columns that `q` looks into, those that hold what not everybody reads as `Searched`.
        right_fields: fields shown only with a permission.
        guarded: fields that roles can be kept from, and that the pool masks.
        borrowed: filters that read such a field of another kind of record, as `customer.industry`.
        masked: the rows on which the pool masks for readers without `unmask`.
        gathered: parts that need a statement of their own.
        told: what answers to writes may say besides the record, see `routing.tell`.
    """

    policy: Policy
    schema: type[Schema]
    plural: str
    filters: dict[str, Filter] = field(default_factory=dict)
    sort: dict[str, Any] = field(default_factory=dict)
    sort_in_sight: dict[str, Callable[[Shape], Any]] = field(default_factory=dict)
    default_sort: str = "-created_at"
    search: Sequence[Any] = ()
    right_fields: dict[str, str] = field(default_factory=dict)
    guarded: dict[str, Guarded] = field(default_factory=dict)
    borrowed: dict[str, str] = field(default_factory=dict)
    masked: ColumnElement[bool] | None = None
    unmask: str = ""
    gathered: dict[str, Gathered] = field(default_factory=dict)
    told: type[Schema] | None = None

    def __post_init__(self) -> None:
        """Enter the registry and name every plain parameter."""
        self.model: type[Record] = self.policy.model
        self.fields = self.schema()
        self.sort = {
            "id": self.model.id,
            "created_at": self.model.created_at,
            "updated_at": self.model.updated_at,
            "deleted_at": self.model.deleted_at,
        } | self.sort
        self.filters = self.filters | deletion_filters(self.model)
        self.deletion = deletion_fields(self.model)
        self.search = tuple(one if isinstance(one, Searched) else Searched(one) for one in self.search)
        self._own_names = _Names(self.filters, _plain(self.filters), self.sort)
        self._with_custom = _Memo(100)
        self._views: dict[frozenset[str], FieldView] = {}
        self._plans = _Memo(2_000)
        self._queries = _Memo(2_000)
        self._singles: dict[Any, tuple[Projection, Prepared]] = {}
        SPECS[self.model.resource] = self

    @property
    def has_masks(self) -> bool:
        """Whether there are readers to whom fields of its records are masked."""
        return bool(self.guarded)

    def tells(self, name: str) -> bool:
        """Whether the history of a record tells of a field: those that are shown, and what a record became part of."""
        return name in self.fields.fields or (name == "merged_into_id" and issubclass(self.model, Mergeable))

    @property
    def plain(self) -> dict[str, tuple[str, str]]:
        """Every plain parameter, those of custom fields apart, with the filter and the operator it stands for."""
        return self._own_names.plain

    # ---- who sees what of a field ----------------------------------------------------------------------------------

    def view_for(self, shape: Shape) -> FieldView:
        """What readers of a shape see and may write of the fields."""
        found = self._views.get(shape[1])
        if found is None:
            pooled = None if self.masked is None or self.unmask in shape[1] else self.masked
            found = self._views[shape[1]] = FieldView(
                self.model.resource, self.guarded, self.right_fields, self.borrowed, pooled, shape[1]
            )
        return found

    def guarded_now(self) -> dict[str, Guarded]:
        """The fields that roles can be kept from, those that an admin has added too."""
        kinds = READ_KINDS[0](self.plural) if self.has_custom else ()
        return self.guarded | {PREFIX + key: guarded_custom(kind) for key, kind in kinds}

    def refuse_writing(self, actor: Actor, values: Mapping[str, Any], at: str = "#") -> None:
        """Refuse values for fields that a person may not write.

        Raises:
            Problem: 422 naming each.
        """
        refused = self.view_for(actor.shape).refused(values)
        if refused:
            raise invalid(*(Issue(f"{at}/{path}", code) for path, code in refused))

    def refuse_asking(self, actor: Actor, values: Mapping[str, Any]) -> None:
        """Refuse to say what is known of values a person may not read: who could ask that found masked ones out.

        Raises:
            Problem: 422 naming each.
        """
        view = self.view_for(actor.shape)
        unread = [name for name, value in values.items() if value is not None and not view.asks(name)]
        if unread:
            raise invalid(
                *(Issue(f"#/{name}", "read_only" if view.shows(name) else "unknown_field") for name in unread)
            )

    # ---- custom fields -------------------------------------------------------------------------------------------

    @property
    def has_custom(self) -> bool:
        """Whether an admin may add fields to its records."""
        return issubclass(self.model, Custom)

    def custom_filters(self, kinds: Kinds) -> dict[str, Filter]:
        """The filters of custom fields."""
        return {PREFIX + key: filter_of(self.plural, self.model, key, kind) for key, kind in kinds}

    def custom_sort(self, kinds: Kinds) -> dict[str, Any]:
        """The sort keys of custom fields."""
        columns = {PREFIX + key: sort_of(self.plural, self.model, key, kind) for key, kind in kinds}
        return {name: column for name, column in columns.items() if column is not None}

    def _names(self, custom: Kinds, unasked: frozenset[str] = frozenset()) -> _Names:
        """What a request may name, with these custom fields and without what its reader may not ask about."""
        if not custom and not unasked:
            return self._own_names
        found: _Names | None = self._with_custom.get((custom, unasked))
        if found is None:
            filters, sort = self.filters | self.custom_filters(custom), self.sort | self.custom_sort(custom)
            filters = {name: one for name, one in filters.items() if name not in unasked}
            sort = {name: column for name, column in sort.items() if name not in unasked}
            names = frozenset(PREFIX + key for key, _ in custom)
            found = self._with_custom.keep((custom, unasked), _Names(filters, _plain(filters), sort, names))
        return found

    def _custom(self, query_string: str) -> Kinds:
        """The custom fields that there are now, for a request that names one.

        They are read and not remembered: another process may have added one a moment ago.
        """
        if not self.has_custom or PREFIX not in unquote_plus(query_string):
            return ()
        return READ_KINDS[0](self.plural)

    # ---- projections ---------------------------------------------------------------------------------------------

    def projection(
        self,
        shape: Shape,
        dialect: str,
        can_write: bool | None,
        names: frozenset[str] | None = None,
        *,
        deleted: bool = False,
    ) -> Projection:
        """How rows are shown to readers of a shape.

        Args:
            can_write: None leaves the field out, False says no, True lets the row's condition decide.
            deleted: whether deleted rows are shown, which say who deleted them and when.
        """
        condition: ColumnElement[bool] | bool | None = self.policy.writable_condition(shape) if can_write else can_write
        if isinstance(condition, True_):
            condition = True
        return Projection(
            self.fields,
            self.model,
            shape,
            dialect,
            names=names,
            view=self.view_for(shape),
            can_write=condition,
            tells_masked=self.has_masks,
            gathered=self.gathered,
            further=self.deletion if deleted else {},
        )

    def fill(
        self, connection: Connection, projection: Projection, rows: Sequence[Any], binds: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Rows of a projection's statement as the wire's objects, with their gathered parts."""
        shown = projection.shows(rows)
        if projection.gathered and rows:
            ids = [row[0] for row in rows]
            for name, gathered in projection.gathered.items():
                found: dict[int, list[Any]] = {row_id: [] for row_id in ids}
                for record_id, *values in connection.execute(gathered.statement(), {**binds, "ids": ids}):
                    found[record_id].append(gathered.item(values))
                for record, row_id in zip(shown, ids, strict=True):
                    record[name] = found[row_id]
        return shown

    # ---- single records ------------------------------------------------------------------------------------------

    def _single(self, shape: Shape, dialect: str, can_write: bool | None, mode: str) -> tuple[Projection, Prepared]:
        key = (shape, dialect, can_write, mode)
        found = self._singles.get(key)
        if found is None:
            projection = self.projection(shape, dialect, can_write)
            query = projection.select().where(member_of(self.model.id, bindparam("ids", type_=IdList())))
            if mode == "one":
                query = projection.select().where(
                    self.model.id == bindparam("record_id", type_=BigInteger()), self.model.is_active, GUARD[0]()
                )
            if mode == "answer":
                query = projection.select().where(self.model.id == bindparam("record_id", type_=BigInteger()))
            elif mode != "relay":
                query = query.where(self.policy.visible(shape))
            if mode in ("many", "relay"):
                query = query.where(self.model.is_active)
            found = self._singles[key] = (projection, Prepared(query, dialect))
        return found

    def one(self, actor: Actor, record_id: int, *, fresh: bool = False) -> dict[str, Any]:
        """One visible record as the reader sees it.

        Raises:
            Problem: 404, absent or out of sight; 301, merged into another one.
            StaleActor: the actor no longer holds.
        """
        with read_engine().connect() as connection:
            can_write = actor.may_write(self.policy.write)
            projection, query = self._single(actor.shape, connection.dialect.name, can_write, "one")
            rows = query.rows(connection, {**actor.binds, "record_id": record_id})
            if not rows:
                if not fresh and not VERIFY[0](connection, actor):
                    raise StaleActor
                raise self.policy.absent(actor, record_id)
            return self.fill(connection, projection, rows, actor.binds)[0]

    def answer(self, actor: Actor, record_id: int) -> dict[str, Any]:
        """A record just written, read back through the writing transaction."""
        db.session.flush()
        connection = db.session.connection()
        can_write = actor.may_write(self.policy.write)
        projection, query = self._single(actor.shape, connection.dialect.name, can_write, "answer")
        rows = query.rows(connection, {**actor.binds, "record_id": record_id})
        return self.fill(connection, projection, rows, actor.binds)[0]

    def plain_answer(self, actor: Actor, record_id: int) -> dict[str, Any]:
        """A record in sight with every field plain, whatever role and pool mask, for who has one of them revealed."""
        connection = db.session.connection()
        shape = actor.shape[0], without_rules(actor.shape[1]) | ({self.unmask} if self.unmask else set())
        projection, query = self._single(shape, connection.dialect.name, None, "answer")
        rows = query.rows(connection, {**actor.binds, "record_id": record_id})
        return self.fill(connection, projection, rows, actor.binds)[0]

    def many(
        self, connection: Connection, ids: Iterable[int], actor: Actor, *, with_rights: bool = False
    ) -> dict[int, dict[str, Any]]:
        """Active records by id, those that the reader sees: as events carry them, or with `can_write` as lists do."""
        can_write = actor.may_write(self.policy.write) if with_rights else None
        return self._by_id(connection, ids, actor.shape, "many", actor.binds, can_write)

    def relayed(self, connection: Connection, ids: Iterable[int], shape: Shape) -> dict[int, dict[str, Any]]:
        """Active records by id as pushes carry them to readers of a shape; sight is settled by the rooms."""
        return self._by_id(connection, ids, shape, "relay", {"actor_id": -1})

    def _by_id(
        self,
        connection: Connection,
        ids: Iterable[int],
        shape: Shape,
        mode: str,
        binds: Mapping[str, Any],
        can_write: bool | None = None,
    ) -> dict[int, dict[str, Any]]:
        projection, query = self._single(shape, connection.dialect.name, can_write, mode)
        rows = query.rows(connection, {**binds, "ids": list(ids)})
        return dict(zip([row[0] for row in rows], self.fill(connection, projection, rows, binds), strict=True))

    # ---- parsing -------------------------------------------------------------------------------------------------

    def parse(self, query_string: str, actor: Actor) -> Query:
        """A list request taken apart; remembered by its text.

        Raises:
            Problem: 422 naming every parameter that cannot be used.
        """
        custom = self._custom(query_string)
        unasked = self.view_for(actor.shape).unasked
        key = (query_string, actor.time_zone, actor.user_id, actor.team_id, custom, unasked)
        found: Query | None = self._queries.get(key)
        return found if found is not None else self._queries.keep(key, self._parse(query_string, actor, custom))

    def _parse(self, query_string: str, actor: Actor, custom: Kinds) -> Query:
        view = self.view_for(actor.shape)
        known = self._names(custom, view.unasked)
        raw: dict[str, list[str]] = {}
        try:
            for name, value in parse_qsl(query_string, keep_blank_values=True, errors="strict", max_num_fields=500):
                raw.setdefault(name, []).append(value)
        except ValueError as error:
            raise Problem(400, "bad-request") from error
        issues: list[Issue] = []
        binds: Binds = {}
        groups: list[tuple[bool, tuple[Term, ...]]] = []
        zone = actor.time_zone

        def single(name: str, default: str) -> str:
            values = raw.pop(name, [default])
            if len(values) > 1:
                issues.append(Issue(name, "repeated"))
            return values[-1]

        def number(name: str, default: str, high: int) -> int:
            text = single(name, default)
            if not (text.isascii() and text.isdigit() and len(text) <= 31 and int(text) >= 1):
                issues.append(Issue(name, "number"))
                return 1
            if int(text) > high:
                issues.append(Issue(name, "out_of_range", {"min": 1, "max": high}))
                return 1
            return int(text)

        has_page = "page" in raw
        page = number("page", "1", 10**12)
        per_page = number("per_page", str(_DEFAULT_PER_PAGE), 200)
        count = single("count", "exact")
        if count not in ("exact", "capped", "none"):
            issues.append(Issue("count", "not_allowed", {"options": "exact, capped, none"}))
        has_deleted = "deleted" in raw
        deleted = single("deleted", "")
        if has_deleted and deleted != "only":
            issues.append(Issue("deleted", "not_allowed", {"options": "only"}))
        cursor_text = single("cursor", "")
        names = self._parse_names(single("fields", ""), bool(deleted), known, view, issues)
        words = self._parse_words(single("q", ""), binds, issues)
        sort = self._parse_sort(single("sort", self.default_sort), known, issues)
        where = single("where", "")
        tree: Tree | Term | None = None
        if where:
            try:
                reading = self.reading_where(actor, known.filters)
                tree = reading.read(_strict_json(where))
                issues += [Issue("where", code) for code in dict.fromkeys(code for _, code in reading.faults)]
                binds |= reading.binds
            except BadValue as error:
                issues.append(Issue("where", error.code))
        for name, values in raw.items():
            plain = known.plain.get(name)
            if plain is None:
                issues.append(Issue(name, "unknown_parameter"))
                continue
            try:
                meant = as_reader(plain[0], values, _reader(actor))
                terms, more = parse_plain(known.filters, name, plain, meant, zone)
                groups.append((known.filters[plain[0]].repeats_mean_and, tuple(terms)))
                binds |= more
            except BadValue as error:
                issues.append(Issue(name, error.code))
        digest = hashlib.sha256(
            repr(
                (sorted(groups, key=repr), tree, words, sorted(binds.items(), key=repr), sort, deleted, actor.user_id)
            ).encode()
        ).hexdigest()[:12]
        cursor: tuple[Any, ...] | None = None
        if cursor_text and has_page:
            issues.append(Issue("cursor", "cursor_with_page"))
        elif cursor_text:
            cursor = self._parse_cursor(cursor_text, sort, digest, known, issues)
        terms = terms_of(tree, groups)
        used = [known.filters[term.name] for term in terms]
        is_of_now = any(one.of_now for one in used)
        if is_of_now and any(isinstance(one, AsOf) for one in used):
            issues.append(Issue("as_of", "only_of_now"))
        if issues:
            raise invalid(*issues)
        return Query(
            tuple(groups),
            tree,
            words,
            sort,
            bool(deleted),
            names,
            binds,
            None if cursor else page,
            per_page,
            count,
            cursor,
            digest,
            zone if is_of_now or any(term.op == "within" for term in terms) else None,
            custom,
        )

    def reading_where(self, actor: Actor, filters: Mapping[str, Filter] | None = None) -> WhereReading:
        """What takes a `where` tree apart for a reader.

        Args:
            filters: what it may name; all that the list has, custom fields too, unless said.
        """
        if filters is None:
            custom = READ_KINDS[0](self.plural) if self.has_custom else ()
            filters = self._names(custom, self.view_for(actor.shape).unasked).filters
        return WhereReading(filters, actor.time_zone, _reader(actor))

    def _parse_names(
        self, text: str, deleted: bool, those: _Names, view: FieldView, issues: list[Issue]
    ) -> frozenset[str] | None:
        if not text:
            return None
        names = frozenset(part.strip() for part in text.split(","))
        known = {name for name, one in self.fields.fields.items() if not one.load_only} | {"can_write"} | those.custom
        if self.has_masks:
            known.add(MASKED_FIELDS)
        if deleted:
            known |= {*self.deletion, "deleted_with"}
        known -= view.hidden - view.by_right
        if unknown := sorted(names - known):
            issues.append(Issue("fields", "unknown_name", {"names": ", ".join(unknown)[:200]}))
        return names & known

    def _parse_words(self, text: str, binds: Binds, issues: list[Issue]) -> int:
        if len(text) > 200 or "\x00" in text:
            issues.append(Issue("q", "text"))
            return 0
        if text.strip() and not self.search:
            issues.append(Issue("q", "unknown_parameter"))
            return 0
        words = search_words(text)
        binds |= {f"q_{number}": word for number, word in enumerate(words)}
        return len(words)

    def _parse_sort(self, text: str, known: _Names, issues: list[Issue]) -> tuple[tuple[str, bool], ...]:
        keys: list[tuple[str, bool]] = []
        for part in text.split(","):
            name = part.removeprefix("-").strip()
            if name not in known.sort:
                issues.append(Issue("sort", "unknown_name", {"names": name[:60]}))
            elif name not in (key for key, _ in keys):
                keys.append((name, part.startswith("-")))
        if len(keys) > 4:
            issues.append(Issue("sort", "too_many", {"max": 4}))
        return tuple(keys[:4])

    # ---- cursors -------------------------------------------------------------------------------------------------

    def _parse_cursor(
        self, text: str, sort: tuple[tuple[str, bool], ...], digest: str, known: _Names, issues: list[Issue]
    ) -> tuple[Any, ...] | None:
        try:
            made_for, *values = orjson.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
            if made_for != digest or len(values) != len(sort) + 1:
                raise ValueError(text)
            columns = [known.sort[name] for name, _ in sort]
            parsed = [_cursor_value(column, value) for column, value in zip(columns, values, strict=False)]
            return (*parsed, _whole(values[-1]))
        except (ValueError, TypeError, binascii.Error):
            issues.append(Issue("cursor", "cursor"))
            return None

    def _write_cursor(self, query: Query, values: Sequence[Any], record_id: int) -> str:
        plain = [_as_json(value) for value in values]
        return base64.urlsafe_b64encode(orjson.dumps([query.digest, *plain, record_id])).decode().rstrip("=")

    def _sorted_by(self, query: Query, shape: Shape) -> list[Any]:
        """What a query is sorted by for readers of a shape, key by key."""
        columns = self._names(query.custom).sort | {name: told(shape) for name, told in self.sort_in_sight.items()}
        return [columns[name] for name, _ in query.sort]

    def _after(self, query: Query, shape: Shape) -> ColumnElement[bool]:
        """The rows behind the cursor, nulls last both ways, the id breaking ties."""
        assert query.cursor is not None
        keys: list[tuple[Any, bool, Any]] = []
        columns = self._sorted_by(query, shape)
        for number, (column, (_, descending)) in enumerate(zip(columns, query.sort, strict=True)):
            is_null = query.cursor[number] is None
            keys.append(
                (column, descending, None if is_null else bindparam(f"cursor_{number}", type_=bound_type(column)))
            )
        last_descending = query.sort[-1][1] if query.sort else False
        last_id = bindparam("cursor_id", type_=BigInteger())
        if len(keys) == 1 and not _nullable(keys[0][0]):
            column, descending, value = keys[0]
            row, mark = tuple_(column, self.model.id), tuple_(value, last_id)
            return row < mark if descending else row > mark
        ways: list[ColumnElement[bool]] = []
        equal: list[ColumnElement[bool]] = []
        for column, descending, value in keys:
            if value is None:
                equal.append(column.is_(None))
                continue
            beyond = column < value if descending else column > value
            if _nullable(column):
                beyond = or_(beyond, column.is_(None))
            ways.append(and_(*equal, beyond))
            equal.append(column == value)
        beyond_id = self.model.id < last_id if last_descending else self.model.id > last_id
        ways.append(and_(*equal, beyond_id))
        return or_(*ways)

    # ---- planning ------------------------------------------------------------------------------------------------

    def _guards(self, shape: Shape) -> dict[str, Guard]:
        """What the pool masks is asked of other rows only, links of rows whose link the reader sees."""
        view = self.view_for(shape)
        guards = {name: Guard(false(), reads_null=False) for name in view.by_right}
        if view.pooled is not None:
            guards |= {name: Guard(not_(view.pooled), reads_null=False) for name in view.pool_masks}
        for link in self.fields.fields.values():
            if not isinstance(link, LinkTo) or link.target.open_to_all or "all" in shape[0]:
                continue
            if self.policy.parent is not None and self.policy.parent[1] is link.column and not self.policy.grants:
                continue  # the row is in sight by this very link
            target: Any = aliased(link.target.model)
            seen = exists().where(target.id == link.column, target.is_active, link.target.visible(shape, target))
            rows: Any = or_(link.column.is_(None), seen)
            for name, one in self.filters.items():
                if link.column is getattr(one, "link", getattr(one, "column", None)):
                    guards[name] = Guard(rows, reads_null=True)
        return guards

    def conditions(self, query: Query, shape: Shape, *, found: bool = False) -> list[ColumnElement[bool]]:
        """Sight, deletion, filters and search as conditions.

        Args:
            found: whether the search index has found the records that may match; their ids are bound as `found`.
        """
        guards = self._guards(shape)
        known = self._names(query.custom).filters
        filters = {name: one.for_shape(shape) for name, one in known.items()}
        live: Any = self.model.is_active
        asked: list[ColumnElement[bool]] = [live.is_(False) if query.deleted else live]
        if query.deleted and issubclass(self.model, Mergeable):
            # What was merged comes back by undo alone.
            asked.append(self.model.merged_into_id.is_(None))
        if query.deleted:
            asked.append(~is_purged(self.model))
        then: list[tuple[AsOf, str]] = []
        for all_of, terms in query.groups:
            one = known[terms[0].name]
            if isinstance(one, AsOf):
                then.append((one, terms[0].bind))
                continue
            parts = [term_condition(filters, term, guards) for term in terms]
            asked.append(and_(*parts) if all_of else or_(*parts))
        if query.tree is not None:
            asked.append(tree_condition(filters, query.tree, guards))
        # Visibility and search are always those of now.
        wanted = [self.policy.visible(shape), *([one.was(self.model, bind, asked) for one, bind in then] or asked)]
        wanted += self.holding(query.words, shape)
        if not found:
            return wanted
        # Fenced as a list of ids: in sight of a limit the planner would walk the records in the page's order.
        return [search_index.one_of(self.model.id, select(self.model.id).where(self.among_found(), *wanted))]

    def among_found(self) -> ColumnElement[bool]:
        """Whether a record is one of those that the search index has found, which are bound as `found`."""
        return member_of(self.model.id, bindparam("found", type_=IdList()))

    def holding(self, words: int, shape: Shape) -> list[ColumnElement[bool]]:
        """Whether a record holds each of the words that are bound as `q_0`, `q_1`, ... where the reader may see it."""
        view = self.view_for(shape)
        conditions = []
        for number in range(words):
            word = bindparam(f"q_{number}", type_=KeyText())
            ways: list[ColumnElement[bool]] = []
            for one in self.search:
                key = one.key_for(view)
                if key is None:
                    continue
                held = position(key, word) > 0
                if view.pooled is not None and not view.pool_masks.keys().isdisjoint(one.of):
                    held = and_(held, not_(view.pooled))
                ways.append(held)
            conditions.append(or_(*ways))
        return conditions

    def words_for(self, shape: Shape) -> Any:
        """The key column whose words nobody masks, as readers of a shape may search it."""
        return self.search[0].key_for(self.view_for(shape))

    def _plan(self, query: Query, actor: Actor, dialect: str, *, found: bool = False, guarded: bool = True) -> _Plan:
        key = (query.key, actor.shape, actor.may_write(self.policy.write), dialect, found, guarded)
        known: _Plan | None = self._plans.get(key)
        if known is not None:
            return known
        names = query.names
        can_write: bool | None = actor.may_write(self.policy.write)
        if names is not None and "can_write" not in names:
            can_write = None
        projection = self.projection(actor.shape, dialect, can_write, names, deleted=query.deleted)
        conditions = self.conditions(query, actor.shape, found=found)
        columns = self._sorted_by(query, actor.shape)
        order: list[Any] = []
        for column, (_, descending) in zip(columns, query.sort, strict=True):
            clause = column.desc() if descending else column.asc()
            order.append(clause.nulls_last() if _nullable(column) else clause)
        order.append(self.model.id.desc() if query.sort and query.sort[-1][1] else self.model.id.asc())
        limit = bindparam("limit", type_=Integer())
        keys = [_raw(column).label(f"s{number}") for number, column in enumerate(columns)]
        page = projection.select().add_columns(*keys)
        seen = _snapshot(dialect)
        if query.count != "none":
            page = page.add_columns(seen)
        guard = [GUARD[0]()] if guarded else []
        late = query.page is not None and query.page > 1
        if late or self.policy.parents:
            # Ids first: what stands beside them is then read for the page's own records only.
            ids = select(self.model.id).where(*conditions).order_by(*order).limit(limit)
            if late:
                ids = ids.offset(bindparam("offset", type_=BigInteger()))
            if query.cursor is not None:
                ids = ids.where(self._after(query, actor.shape))
            page = page.where(self.model.id.in_(ids), *guard).order_by(*order)
        else:
            page = page.where(*conditions, *guard)
            if query.cursor is not None:
                page = page.where(self._after(query, actor.shape))
            page = page.order_by(*order).limit(limit)
        inner: Select[Any] = select(literal_column("1").label("one")).select_from(self.model).where(*conditions)
        plan = _Plan(
            projection,
            Prepared(page, dialect),
            Prepared(select(func.count(), seen).select_from(self.model).where(*conditions), dialect),
            Prepared(select(func.count(), seen).select_from(inner.limit(CAP + 1).subquery()), dialect),
            len(projection.columns) + 1,
        )
        return self._plans.keep(key, plan)  # type: ignore[no-any-return]

    def ids(self, actor: Actor, query: Query, limit: int) -> list[int]:
        """The ids of what a query matches, in its order, at most so many; page and cursor are left out of account.

        Words are read as in the list itself, mistyped ones too.
        """
        columns = self._sorted_by(query, actor.shape)
        order = [
            column.desc() if descending else column.asc()
            for column, (_, descending) in zip(columns, query.sort, strict=True)
        ]
        binds = {**actor.binds, **query.binds}
        with read_engine().connect() as connection:
            found, _ = self._looked_up(connection, actor, query, binds)
            wanted = self.conditions(query, actor.shape, found=found)
            ids = select(self.model.id).where(*wanted).order_by(*order, self.model.id).limit(limit)
            return list(connection.execute(ids, binds).scalars())

    def walk(self, connection: Connection, actor: Actor, query: Query, step: int) -> Iterator[list[dict[str, Any]]]:
        """Everything that a query matches as its reader sees it, in its order, part by part, for a job.

        Each part is read on from the last row of the one before: however many there are, one is in memory.

        Args:
            connection: from `one_moment`, so that all parts are of one state of the database.
            actor: known to hold.
            query: its page and cursor are left out of account.
            step: so many rows are a part.
        """
        query = replace(query, page=None, count="none", cursor=None)
        columns = self._sorted_by(query, actor.shape)
        binds: dict[str, Any] = {**actor.binds, **query.binds, "limit": step}
        found, _ = self._looked_up(connection, actor, query, binds)
        while True:
            plan = self._plan(query, actor, connection.dialect.name, found=found, guarded=False)
            rows = plan.page.rows(connection, binds)
            if rows:
                yield self.fill(connection, plan.projection, rows, binds)
            if len(rows) < step:
                return
            last = rows[-1]
            values = [
                _cursor_value(column, _as_json(value))
                for column, value in zip(columns, last[plan.sort_start :], strict=False)
            ]
            query = replace(query, cursor=(*values, last[0]))
            binds |= {f"cursor_{number}": value for number, value in enumerate(values)} | {"cursor_id": last[0]}

    def count(self, connection: Connection, actor: Actor, query: Query) -> int:
        """How many rows `walk` gives."""
        query = replace(query, page=None, count="none", cursor=None)
        binds: dict[str, Any] = {**actor.binds, **query.binds}
        found, _ = self._looked_up(connection, actor, query, binds)
        plan = self._plan(query, actor, connection.dialect.name, found=found, guarded=False)
        return int(plan.count.rows(connection, binds)[0][0])

    # ---- answering -----------------------------------------------------------------------------------------------

    def page(self, actor: Actor, query: Query, *, fresh: bool = False) -> dict[str, Any]:
        """The list's answer, `{"data", "meta"}`.

        Raises:
            StaleActor: the actor no longer holds.
        """
        binds: dict[str, Any] = {**actor.binds, **query.binds, "limit": query.per_page + 1}
        if query.cursor is not None:
            binds |= {f"cursor_{number}": value for number, value in enumerate(query.cursor[:-1])}
            binds["cursor_id"] = query.cursor[-1]
        offset = (query.page - 1) * query.per_page if query.page else 0
        binds["offset"] = offset
        with read_engine().connect() as connection:
            found, read_as = self._looked_up(connection, actor, query, binds)
            plan = self._plan(query, actor, connection.dialect.name, found=found)
            rows = plan.page.rows(connection, binds)
            if not rows and not fresh and not VERIFY[0](connection, actor):
                raise StaleActor
            more = len(rows) > query.per_page
            rows = rows[: query.per_page]
            data = self.fill(connection, plan.projection, rows, binds)
            if query.deleted and (query.names is None or "deleted_with" in query.names):
                self._tell_hidden(connection, data)
            total, capped = self._total(connection, plan, query, binds, rows, offset, more)
        next_cursor = None
        if more and rows:
            last = rows[-1]
            next_cursor = self._write_cursor(query, last[plan.sort_start : plan.sort_start + len(query.sort)], last[0])
        meta: dict[str, Any] = {
            "total": total,
            "pages": None if total is None else -(-total // query.per_page),
            "current_page": query.page,
            "per_page": query.per_page,
            "next_cursor": next_cursor,
        }
        if query.count == "capped":
            meta["total_is_capped"] = capped
        if read_as is not None:
            meta["q_read_as"] = read_as
        return {"data": data, "meta": meta}

    def _looked_up(
        self, connection: Connection, actor: Actor, query: Query, binds: dict[str, Any]
    ) -> tuple[bool, str | None]:
        """Ask the search index for a list's words.

        Returns:
            Whether it has bound the records that may match as `found`, and how the words were read where no record
            holds them as they were typed.
        """
        if not query.words or not self.model.search_columns:
            return False, None
        words = [query.asked[f"q_{number}"] for number in range(query.words)]
        found = search_index.candidates(connection, self.model.resource, words)
        read_as = None
        if not found and found is not None:
            meant = self._meant(connection, actor, words)
            if meant is not None:
                binds |= {f"q_{number}": word for number, word in enumerate(meant)}
                found = search_index.candidates(connection, self.model.resource, meant)
                read_as = " ".join(meant)
        if found is not None:
            binds["found"] = found
        return found is not None, read_as

    def _meant(self, connection: Connection, actor: Actor, words: list[str]) -> list[str] | None:
        """Words of which one was mistyped as they stand in records that the reader sees; None where there are none."""
        best: tuple[float, int, str] | None = None
        for number, word in enumerate(words):
            others = [*words[:number], *words[number + 1 :]]
            found = search_index.near(connection, self.model.resource, word, others, _NEAR_MOST)
            if not found:
                continue
            texts = self._texts(connection.dialect.name, actor.shape)
            for (text,) in texts.rows(connection, {**actor.binds, "found": found}):
                for other in text.split():
                    alike = nearness(word, other)
                    if alike and (best is None or alike > best[0]):
                        best = (alike, number, other)
        return None if best is None else [*words[: best[1]], best[2], *words[best[1] + 1 :]]

    def _texts(self, dialect: str, shape: Shape) -> Prepared:
        """What reads the words that nobody masks of the found records in sight."""
        known: Prepared | None = self._plans.get((shape, dialect))
        if known is None:
            live: Any = self.model.is_active
            query = select(self.words_for(shape)).where(self.among_found(), live, self.policy.visible(shape))
            known = self._plans.keep((shape, dialect), Prepared(query, dialect))
        return known

    def _tell_hidden(self, connection: Connection, data: Sequence[dict[str, Any]]) -> None:
        """Add to deleted records how many others vanished with each of them, by the names of their lists."""
        hidden = hidden_with(connection, self.policy, [record["id"] for record in data])
        for record in data:
            counts = hidden.get(record["id"], {})
            record["deleted_with"] = {SPECS[name].plural: count for name, count in counts.items() if name in SPECS}

    def _total(
        self,
        connection: Connection,
        plan: _Plan,
        query: Query,
        binds: dict[str, Any],
        rows: Sequence[Any],
        offset: int,
        more: bool,
    ) -> tuple[int | None, bool]:
        """The number of matching rows and whether it is capped.

        PostgreSQL's snapshot rides in the page's own statement: the same snapshot means the same rows, so a total that
        was counted under it still holds, for any time, until somebody commits.
        """
        if query.count == "none":
            return None, False
        if rows and not more and query.page:
            total = offset + len(rows)
        else:
            statement = plan.count if query.count == "exact" else plan.capped
            totals: _Memo = current_app.extensions.setdefault("lianxi.totals", _Memo(5_000))
            values = sorted((name, repr(value)) for name, value in binds.items() if name not in _PLACE)
            key = (plan, query.count, tuple(values))
            known = totals.get(key)
            if known is not None and rows and known[1] is not None and known[1] == rows[0][-1]:
                total = known[0]
            else:
                total, snapshot = statement.rows(connection, binds)[0]
                if snapshot is not None:
                    totals.keep(key, (total, snapshot))
        if query.count == "capped" and total > CAP:
            return CAP, True
        return total, False


_PLACE = frozenset({"limit", "offset", "cursor_id", *(f"cursor_{number}" for number in range(4))})
"""Bound values that say which page is wanted, not which rows match."""


@contextmanager
def one_moment() -> Iterator[Connection]:
    """A connection of the reading engine on which all statements see the database as it is now."""
    with read_engine().connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")
            connection.begin()
        try:
            yield connection
        finally:
            connection.rollback()


def _snapshot(dialect: str) -> ColumnElement[Any]:
    """What identifies the state of the database that a statement sees; null on SQLite, where counting is cheap."""
    if dialect == "postgresql":
        return literal_column(SNAPSHOT).label("seen")
    return literal_column("NULL").label("seen")


def _raw(column: Any) -> Any:
    """A sort column as the database holds it, so that every road gives the cursor the same value."""
    return type_coerce(column, BigInteger()) if isinstance(column.type, (FixedDecimal, Rate)) else column


def _plain(filters: Mapping[str, Filter]) -> dict[str, tuple[str, str]]:
    """Every plain parameter of filters, with the filter and the operator that it stands for."""
    return {name + suffix: (name, op) for name, one in filters.items() for suffix, op in one.suffixes}


def _nullable(column: Any) -> bool:
    return bool(getattr(column, "nullable", True))


def _as_json(value: Any) -> Any:
    """A value of a sort column as JSON has it."""
    return value.isoformat() if isinstance(value, (datetime, date)) else value


def _cursor_value(column: Any, value: Any) -> Any:
    if value is None:
        if not _nullable(column):
            raise ValueError("null")
        return None
    if isinstance(column.type, Instant):
        return parse_instant(value)
    if isinstance(column.type, FixedDecimal):
        return Decimal(_whole(value)).scaleb(-SCALE)
    if isinstance(column.type, Rate):
        return _whole(value, 10_000) / 10_000
    kind = str if isinstance(column.type, (KeyText, String)) else column.type.python_type
    if kind is date:
        return parse_date(value)
    if kind is int:
        return _whole(value)
    if not isinstance(value, kind) or (kind is str and "\x00" in value):
        raise ValueError(value)
    return value


def _whole(value: Any, most: int = MAX_ID) -> int:
    """A whole number of a cursor, which anybody may have written."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > most:
        raise ValueError(value)
    return value


def _reader(actor: Actor) -> dict[str, int]:
    """The ids that filters call by a word; who is in no team finds none."""
    return {"me": actor.user_id, "my_team": actor.team_id or MAX_ID}


def _strict_json(text: str) -> Any:
    if len(text) > 16_000:
        raise BadValue("where_too_many")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadValue("where_shape") from error


def etag_of(body: bytes, version: int | None = None) -> str:
    """`"<version>.<hash of the body>"` for a record, a hash for everything else."""
    digest = hashlib.blake2b(body, digest_size=8).hexdigest()
    return f'"{digest}"' if version is None else f'"{version}.{digest}"'


def respond(body: bytes, etag: str, status: int = 200) -> Response:
    """A JSON answer with its validator; 304 where the client has it already."""
    if status == 200 and request.method in ("GET", "HEAD"):
        wanted = request.headers.get("If-None-Match")
        if wanted is not None and (
            wanted.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in wanted.split(","))
        ):
            answer = Response(status=304)
            answer.headers["ETag"] = etag
            return answer
    answer = Response(body, status, mimetype="application/json")
    answer.headers["ETag"] = etag
    return answer

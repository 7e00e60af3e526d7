"""Filters of lists: one declaration gives the plain parameters, the leaves of the `where` tree and their documentation.

A filter turns texts into a *variant* (which statement) and *binds* (which values), so that a statement is built once
per combination of variants and only bound anew afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Integer, String, and_, bindparam, exists, inspect, literal, or_
from sqlalchemy.orm import aliased
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import Boolean, Date, TypeEngine

from .access import Shape
from .database import FixedDecimal, IdList, Instant, KeyText, Rate, member_of, position
from .days import Days, end_of, start_of
from .folding import email_key, fold
from .merged import is_any, is_any_value, survivor_of
from .schema import MAX_ID, parse_date, parse_instant
from .spans import Span, is_span

Binds = dict[str, Any]


_ID = re.compile(r"[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,14}(\.[0-9]{1,20})?")


class BadValue(ValueError):
    """A value that a filter cannot use; carries the code of the issue."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def an_id(text: Any, _zone: str) -> int:
    """A positive id."""
    digits = str(text)
    if isinstance(text, bool) or not _ID.fullmatch(digits) or not 1 <= int(digits) <= MAX_ID:
        raise BadValue("id")
    return int(digits)


def a_number(text: Any, _zone: str) -> int:
    """A whole number."""
    if isinstance(text, bool) or not _NUMBER.fullmatch(str(text)) or abs(int(text)) > MAX_ID:
        raise BadValue("number")
    return int(text)


def a_decimal(text: Any, _zone: str) -> Decimal:
    """A decimal of up to 14 + 4 digits."""
    if isinstance(text, bool) or not _DECIMAL.fullmatch(str(text)):
        raise BadValue("decimal")
    return Decimal(str(text))


def a_rate(text: Any, _zone: str) -> float:
    """A share in 0..1."""
    value = a_decimal(text, _zone)
    if not 0 <= value <= 1:
        raise BadValue("number")
    return float(value)


def a_text(text: Any, _zone: str) -> str:
    """A text of up to 200 characters."""
    if not isinstance(text, str) or len(text) > 200 or "\x00" in text:
        raise BadValue("text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadValue("text") from error
    return text


def a_date(text: Any, _zone: str) -> date:
    """A date."""
    try:
        return parse_date(str(text))
    except ValueError as error:
        raise BadValue("date") from error


def an_instant(text: Any, zone: str) -> datetime:
    """A moment; a date means its start in the caller's zone."""
    try:
        if len(str(text)) == 10:
            return start_of(parse_date(str(text)), zone)
        return parse_instant(str(text))
    except ValueError as error:
        raise BadValue("instant") from error


def a_past_moment(text: Any, zone: str) -> tuple[datetime, date]:
    """A moment with its date in the caller's zone; a date means the end of that day there."""
    moment = an_instant(text, zone)
    if len(str(text)) == 10:
        day = parse_date(str(text))
        return end_of(day, zone) - timedelta(microseconds=1), day
    return moment, moment.astimezone(ZoneInfo(zone)).date()


def a_flag(text: Any, _zone: str) -> bool:
    """True or false."""
    if text in (True, "true", "1"):
        return True
    if text in (False, "false", "0"):
        return False
    raise BadValue("flag")


def _parser(type_: TypeEngine[Any]) -> Callable[[Any, str], Any]:
    if isinstance(type_, FixedDecimal):
        return a_decimal
    if isinstance(type_, Rate):
        return a_rate
    if isinstance(type_, Instant):
        return an_instant
    if isinstance(type_, Date):
        return a_date
    if isinstance(type_, Boolean):
        return a_flag
    return a_text


@dataclass(frozen=True)
class Parameter:
    """A query parameter for the documentation."""

    name: str
    schema: dict[str, Any]
    repeats: bool
    text: str


def bound_type(column: Any) -> TypeEngine[Any]:
    """The type by which a value is compared with a column: any 64-bit number may be asked of a 32-bit column."""
    type_: TypeEngine[Any] = column.type
    return BigInteger() if isinstance(type_, Integer) else type_


Condition = Callable[[], ColumnElement[bool]]


class Filter:
    """Base of filters: parses values for its operators and builds their conditions.

    Attributes:
        ops: operators that the `where` tree may use.
        suffixes: endings of the plain parameters, with the operator that each stands for.
        of_now: whether it asks about the present: its condition reads `PRESENT_AT` and `PRESENT_DAY`.
        option_list: whose values the column holds; one that was merged into another means that one.
    """

    ops: tuple[str, ...] = ("eq", "ne", "in", "not_in", "is_null", "not_null")
    suffixes: tuple[tuple[str, str], ...] = (("", "in"),)
    repeats_mean_and = False
    repeats = True
    of_now = False

    def __init__(
        self,
        column: Any,
        parse: Callable[[Any, str], Any] | None = None,
        *,
        text: str = "",
        option_list: str | None = None,
    ) -> None:
        self.column = column
        self.parse = parse or _parser(column.type)
        self.text = text
        self.option_list = option_list

    def value(self, op: str, raw: Any, zone: str) -> Any:
        """The bound value of an operator; lists for `in` and `not_in`.

        Raises:
            BadValue: it cannot be used.
        """
        if op in ("is_null", "not_null"):
            return None
        if op in ("in", "not_in"):
            if not isinstance(raw, list) or len(raw) > 1_000:
                raise BadValue("list")
            return [self.bound(self.parse(item, zone)) for item in raw]
        if raw is None:
            raise BadValue("text")
        return self.bound(self.parse(raw, zone))

    def bound(self, value: Any) -> Any:
        """A parsed value as it is bound."""
        return value

    def binds(self, bind: str, value: Any) -> Binds:
        """The bound parameters of a value."""
        return {bind: value}

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """The condition of an operator, with the bound parameter named `bind`."""
        if op in ("is_null", "not_null"):
            empty: ColumnElement[bool] = self.column.is_(None)
            return empty if op == "is_null" else ~empty
        if op in ("in", "not_in"):
            found = self._is_any(bindparam(bind, type_=IdList(of_text=self.parse is a_text)))
            return found if op == "in" else or_(~found, self.column.is_(None))
        value = bindparam(bind, type_=bound_type(self.column))
        operators: dict[str, Callable[[], ColumnElement[bool]]] = {
            "eq": lambda: self._is_any(value),
            "ne": lambda: or_(~self._is_any(value), self.column.is_(None)),
            "lt": lambda: self.column < value,
            "lte": lambda: self.column <= value,
            "gt": lambda: self.column > value,
            "gte": lambda: self.column >= value,
        }
        return operators[op]()

    def _is_any(self, wanted: Any) -> ColumnElement[bool]:
        if self.option_list is None:
            return is_any(self.column, wanted)
        return is_any_value(self.column, wanted, self.option_list)

    def for_shape(self, _shape: Shape) -> Filter:
        """The filter as it is asked for readers of a shape; most ask alike for all."""
        return self

    def parameters(self, name: str) -> list[Parameter]:
        """The plain parameters, for the documentation."""
        return [Parameter(name + suffix, self.wire(), op == "in", self.text) for suffix, op in self.suffixes]

    def wire(self) -> dict[str, Any]:
        """The JSON schema of one value."""
        shapes: dict[Any, dict[str, Any]] = {
            an_id: {"type": "integer", "minimum": 1},
            a_number: {"type": "integer"},
            a_decimal: {"type": "string"},
            a_rate: {"type": "number"},
            a_date: {"type": "string", "format": "date"},
            an_instant: {"type": "string"},
            a_past_moment: {"type": "string"},
            a_flag: {"type": "boolean"},
        }
        return shapes.get(self.parse, {"type": "string", "maxLength": 200})


class InSight(Filter):
    """A filter that asks through other records, of which only those that the reader sees count.

    Attributes:
        shape: of the readers; set on the copy that a statement is planned with.
    """

    shape: Shape

    def for_shape(self, shape: Shape) -> Filter:
        """A copy that knows the readers."""
        found = copy(self)
        found.shape = shape
        return found


class AnyOf(Filter):
    """The column is one of the values; repeating the parameter means or, `none` means null."""


class Through(Filter):
    """A property of something that the record is linked with, such as the industry of a deal's customer.

    Args:
        column: the property.
        holds: from a condition on the property to the condition that the record is linked with such a thing.
        link: the record's column that points there, where the reader may not see everything that it points at.
        lacks: the condition for `none`; by default that nothing linked has the property.
    """

    def __init__(
        self,
        column: Any,
        holds: Callable[[ColumnElement[bool]], ColumnElement[bool]],
        parse: Callable[[Any, str], Any] | None = None,
        *,
        link: Any = None,
        lacks: Callable[[], ColumnElement[bool]] | None = None,
        text: str = "",
        option_list: str | None = None,
    ) -> None:
        super().__init__(column, parse, text=text, option_list=option_list)
        self.holds, self.link, self.lacks = holds, link, lacks

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """Whether something linked has the property."""
        if op in ("is_null", "not_null"):
            lacks = self.lacks() if self.lacks else ~self.holds(self.column.is_not(None))
            return lacks if op == "is_null" else ~lacks
        found = self.holds(super().condition("in" if op in ("in", "not_in") else "eq", bind))
        return found if op in ("in", "eq") else ~found


class Flagged(Filter):
    """The column is true, or false."""

    ops = ("eq", "is_null", "not_null")
    suffixes = (("", "eq"),)


class Range(Filter):
    """The column lies between two values: `_min/_max`, `_after/_before` for moments, `_from/_to` for dates.

    Days and moments also lie `within` a span that moves with the present, such as `this_month` (see `moving.py`).
    """

    ops: tuple[str, ...] = ("eq", "ne", "lt", "lte", "gt", "gte", "is_null", "not_null")

    def __init__(self, column: Any, parse: Callable[[Any, str], Any] | None = None, *, text: str = "") -> None:
        super().__init__(column, parse, text=text)
        if self.parse is an_instant:
            self.suffixes = (("_after", "gte"), ("_before", "lt"))
        elif self.parse is a_date:
            self.suffixes = (("_from", "gte"), ("_to", "lte"))
        else:
            self.suffixes = (("_min", "gte"), ("_max", "lte"))
        if self.parse in (an_instant, a_date):
            self.ops = (*self.ops, "within")

    def value(self, op: str, raw: Any, zone: str) -> Any:
        """As `Filter.value`; a span by its name."""
        if op != "within":
            return super().value(op, raw, zone)
        if not isinstance(raw, str) or not is_span(raw):
            raise BadValue("span")
        return Span(raw, of_moments=self.parse is an_instant)

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """As `Filter.condition`; a span by its beginning and its end."""
        if op != "within":
            return super().condition(op, bind)
        type_ = bound_type(self.column)
        start, end = (bindparam(f"{bind}_{name}", type_=type_) for name in ("start", "end"))
        return and_(self.column >= start, self.column < end)


class Contains(Filter):
    """The column's folded key contains the text, ignoring case, width, accents and script variant."""

    ops = ("contains", "not_contains", "eq", "starts_with", "is_null", "not_null")
    suffixes = (("", "contains"),)

    def __init__(self, key: Any, *, text: str = "") -> None:
        super().__init__(key, a_text, text=text)

    def bound(self, value: Any) -> Any:
        """The folded text, as the key column holds it."""
        return fold(value)

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """Where the text stands in the key, never by LIKE."""
        value = bindparam(bind, type_=KeyText())
        if op == "contains":
            return position(self.column, value) > 0
        if op == "not_contains":
            return or_(self.column.is_(None), position(self.column, value) == 0)
        if op == "starts_with":
            return position(self.column, value) == 1
        return super().condition(op, bind)


class ContainsAddress(Contains):
    """The column's e-mail address contains the text, ignoring case and width."""

    def bound(self, value: Any) -> Any:
        """The text as the key column holds addresses."""
        return email_key(value) or ""


class Member(Filter):
    """The record has a part of that name, such as a tag; repeating the parameter means and.

    Args:
        having: builds the condition from the bound parameter.
        any_at_all: the condition that there is any part, for `none`.
    """

    ops = ("has", "has_not", "is_null", "not_null")
    suffixes = (("", "has"),)
    repeats_mean_and = True

    def __init__(
        self,
        having: Callable[[Any], ColumnElement[bool]],
        any_at_all: Callable[[], ColumnElement[bool]],
        *,
        parse: Callable[[Any, str], Any] = a_text,
        text: str = "",
    ) -> None:
        self.having, self.any_at_all = having, any_at_all
        self.parse, self.text, self.option_list = parse, text, None

    def bound(self, value: Any) -> Any:
        """Texts are folded, ids stay."""
        return fold(value) if isinstance(value, str) else value

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """Whether the record has the part."""
        if op in ("is_null", "not_null"):
            return ~self.any_at_all() if op == "is_null" else self.any_at_all()
        found = self.having(bindparam(bind, type_=KeyText() if self.parse is a_text else None))
        return found if op == "has" else ~found


class AsOf(Filter):
    """The records as they were at a moment: all other filters are asked of what was recorded by then.

    Args:
        history: the model of the periods; columns of the record that it has too are read from it.
        link: its column with the record's id.
        lasts_at: from a period, a bound moment and its bound date to the condition that the period was the one then.
    """

    ops = ()
    suffixes = (("", "eq"),)
    repeats = False

    def __init__(
        self, history: Any, link: Any, lasts_at: Callable[[Any, Any, Any], ColumnElement[bool]], *, text: str = ""
    ) -> None:
        super().__init__(link, a_past_moment, text=text)
        self.history, self.lasts_at = history, lasts_at

    def binds(self, bind: str, value: Any) -> Binds:
        """The moment, and its date."""
        moment, day = value
        return {bind: moment, f"{bind}_day": day}

    def was(self, model: Any, bind: str, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
        """Whether conditions on a record held at the moment."""
        period: Any = aliased(self.history)
        at = bindparam(bind, type_=Instant()), bindparam(f"{bind}_day", type_=Date())
        then = read_from(period, model, conditions)
        found = exists().where(getattr(period, self.column.key) == model.id, self.lasts_at(period, *at), *then)
        return found.correlate(model)


def read_from(
    period: Any, model: Any, conditions: Sequence[ColumnElement[bool]], record: Any = None
) -> list[ColumnElement[bool]]:
    """Conditions on a record, asked of one of its periods instead, as far as that holds the columns.

    What a period names and was merged since is read as what stands for it.

    Args:
        period: an alias of the model of the periods.
        record: an alias of the record's model that all other columns are read from; by default the model itself.
    """
    table, columns = model.__table__, inspect(period).mapper.columns

    def read_then(element: Any, **_kw: Any) -> Any:
        if getattr(element, "table", None) is not table:
            return None
        if element.key in columns and element.key != "id":
            return survivor_of(element, getattr(period, element.key))
        return None if record is None else getattr(record, element.key, None)

    return [replacement_traverse(condition, {}, read_then) for condition in conditions]


PRESENT_AT = bindparam("present_at", type_=Instant())
PRESENT_DAY = bindparam("present_day", type_=Date())


UNTIL = {
    name: (bindparam(f"present_{name}", type_=Date()), bindparam(f"present_{name}_ends", type_=Instant()))
    for name in ("today", "tomorrow", "week_end")
}
"""Days around the present, each with the moment at which it ends, as `Days` has them."""


def present(zone: str, asked: Mapping[str, Any]) -> Binds:
    """The present, in whole minutes as reports have it, with the days around it in the caller's zone.

    Args:
        asked: values of a request; those that move with the present find their ends here.
    """
    days = Days.at_moment(datetime.now(UTC).replace(second=0, microsecond=0), zone)
    found: Binds = {PRESENT_AT.key: days.at, PRESENT_DAY.key: days.today}
    for name, (day, ends) in UNTIL.items():
        found[day.key] = getattr(days, name)
        found[ends.key] = end_of(getattr(days, name), zone)
    for bind, value in asked.items():
        if isinstance(value, Span):
            found[f"{bind}_start"], found[f"{bind}_end"] = value.ends(days.today, zone)
    return found


class InState(InSight):
    """The record is in one of several states that follow from other records and from the present.

    Args:
        states: from the shape of the readers to the condition of each state.
        within: the condition without which a record is in none and not asked about; `none` means it holds alone.
        code: of the issue for a value that is no state.
    """

    ops = ("eq", "ne", "in", "not_in", "is_null", "not_null")
    of_now = True

    def __init__(
        self,
        names: Sequence[str],
        states: Callable[[Shape], Mapping[str, ColumnElement[bool]]],
        within: ColumnElement[bool],
        code: str,
        *,
        text: str = "",
    ) -> None:
        self.names, self.states, self.within, self.text = tuple(names), states, within, text

        def parse(raw: Any, _zone: str) -> str:
            if raw not in self.names:
                raise BadValue(code)
            return str(raw)

        self.parse = parse

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """Whether the record is in one of the states asked for."""
        states = self.states(self.shape)
        if op in ("is_null", "not_null"):
            found = or_(*states.values())
            return and_(self.within, ~found if op == "is_null" else found)
        if op in ("in", "not_in"):
            value = bindparam(bind, type_=IdList(of_text=True))
            ways = [and_(member_of(literal(name, String()), value), state) for name, state in states.items()]
        else:
            one = bindparam(bind, type_=String())
            ways = [and_(literal(name, String()) == one, state) for name, state in states.items()]
        return and_(self.within, or_(*ways) if op in ("in", "eq") else ~or_(*ways))

    def wire(self) -> dict[str, Any]:
        """The states."""
        return {"type": "string", "enum": list(self.names)}


@dataclass(frozen=True)
class Term:
    """A parsed filter of one request: which filter, operator and bind; the values lie apart."""

    name: str
    op: str
    bind: str
    null_too: bool = False


Tree = tuple[Any, ...]
"""A parsed `where` tree without values: ("and" | "or", subtree, ...) or a `Term`."""


def parse_plain(
    filters: dict[str, Filter], name: str, suffix_op: tuple[str, str], raws: Sequence[str], zone: str
) -> tuple[list[Term], Binds]:
    """Terms of one plain parameter with its repetitions.

    Raises:
        BadValue: a value cannot be used.
    """
    field, op = suffix_op
    one = filters[field]
    if not one.repeats and len(raws) > 1:
        raise BadValue("repeated")
    values = [raw for raw in raws if raw != "none" or not one.repeats]
    has_none = len(values) < len(raws)
    # A bound parameter's name holds no dot; the number stands before it, where no field can have one.
    plain = name.replace(".", "_")
    if op == "in":
        if not values:
            return [Term(field, "is_null", plain)], {}
        return [Term(field, "in", plain, null_too=has_none)], one.binds(plain, one.value("in", values, zone))
    terms: list[Term] = []
    binds: Binds = {}
    for number, raw in enumerate(values):
        bind = f"n{number}_{plain}"
        binds |= one.binds(bind, one.value(op, raw, zone))
        terms.append(Term(field, op, bind))
    if has_none:
        terms.append(Term(field, "is_null", f"none_{plain}"))
    return terms, binds


@dataclass(frozen=True)
class Guard:
    """The rows about which a filter may be asked, so that nothing that reads masked or null can be probed.

    Attributes:
        reads_null: whether the others read null, so that `none` finds them, as for links out of sight.
    """

    rows: ColumnElement[bool]
    reads_null: bool


Guards = Mapping[str, Guard]


def term_condition(filters: dict[str, Filter], term: Term, guards: Guards) -> ColumnElement[bool]:
    """The condition of a term."""
    one, guard = filters[term.name], guards.get(term.name)

    def guarded(op: str) -> ColumnElement[bool]:
        found = one.condition(op, term.bind)
        if guard is None:
            return found
        if guard.reads_null and op in ("is_null", "not_in", "ne"):
            return or_(found, ~guard.rows)
        return and_(found, guard.rows)

    found = guarded(term.op)
    return or_(found, guarded("is_null")) if term.null_too else found


def linked_with(name: str) -> str | None:
    """What a filter by id names, told by its name: users, teams, ...; None for another filter."""
    if name.endswith(("_by", "owner_id", "user_id")):
        return "users"
    for ending, resource in _LINKED.items():
        if name.endswith(ending):
            return resource
    return None


_LINKED = {
    "team_id": "teams",
    "stage_id": "stages",
    "pipeline_id": "pipelines",
    "customer_id": "customers",
    "parent_id": "customers",
    "person_id": "people",
    "deal_id": "deals",
    "product_id": "products",
}


def as_reader(name: str, raw: Any, reader: Mapping[str, int]) -> Any:
    """A value in which `me` and `my_team` are the reader's ids, where the filter names people or teams.

    Args:
        name: of the filter.
        raw: a value, or a list of them.
        reader: the ids by these words.
    """
    if isinstance(raw, list):
        return [as_reader(name, item, reader) for item in raw]
    word = {"users": "me", "teams": "my_team"}.get(linked_with(name) or "")
    return reader.get(raw, raw) if isinstance(raw, str) and raw == word else raw


MOST_LEAVES = 50
DEEPEST = 4


@dataclass
class WhereReading:
    """A `where` tree taken apart into structure and values, with everything that is wrong with it.

    Args:
        filters: the fields that may be named.
        zone: the caller's time zone.
        reader: the caller's ids by `me` and `my_team`.

    Attributes:
        binds: the values.
        faults: where in the tree something is wrong, as a JSON pointer, and its code.
    """

    filters: Mapping[str, Filter]
    zone: str
    reader: Mapping[str, int]
    binds: Binds = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    leaves: int = 0

    def read(self, node: Any, path: str = "", depth: int = 1) -> Tree | Term | None:
        """The structure of a tree; None where it is faulty."""
        if self.leaves > MOST_LEAVES or len(self.faults) > MOST_LEAVES:
            return None
        if depth > DEEPEST:
            return self._fault(path, "where_too_deep")
        if not isinstance(node, dict):
            return self._fault(path, "where_shape")
        if len(node) == 1 and (word := next(iter(node))) in ("and", "or"):
            children = node[word]
            if not isinstance(children, list) or not children:
                return self._fault(f"{path}/{word}", "where_shape")
            found = [self.read(child, f"{path}/{word}/{at}", depth + 1) for at, child in enumerate(children)]
            return (word, *found)
        if not {"field", "op"} <= node.keys() <= {"field", "op", "value"}:
            return self._fault(path, "where_shape")
        return self._leaf(node["field"], node["op"], node.get("value"), path)

    def _leaf(self, name: Any, op: Any, raw: Any, path: str) -> Term | None:
        self.leaves += 1
        if self.leaves > MOST_LEAVES:
            return self._fault("", "where_too_many")
        one = self.filters.get(name) if isinstance(name, str) else None
        if one is None:
            return self._fault(f"{path}/field", "where_field")
        if op not in one.ops:
            return self._fault(f"{path}/op", "where_op")
        bind = f"where_{self.leaves}"
        try:
            self.binds |= one.binds(bind, one.value(op, as_reader(name, raw, self.reader), self.zone))
        except BadValue as bad:
            return self._fault(f"{path}/value", bad.code)
        return Term(name, op, bind)

    def _fault(self, path: str, code: str) -> Term | None:
        self.faults.append((path, code))
        return None


def tree_condition(filters: dict[str, Filter], tree: Tree | Term, guards: Guards) -> ColumnElement[bool]:
    """The condition of a parsed `where` tree."""
    if isinstance(tree, Term):
        return term_condition(filters, tree, guards)
    word, *children = tree
    conditions = [tree_condition(filters, child, guards) for child in children]
    return and_(*conditions) if word == "and" else or_(*conditions)


def terms_of(tree: Tree | Term | None, groups: Sequence[tuple[bool, tuple[Term, ...]]]) -> list[Term]:
    """All terms of a request."""
    found = [term for _, terms in groups for term in terms]
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Term):
            found.append(node)
        elif node is not None:
            stack.extend(node[1:])
    return found

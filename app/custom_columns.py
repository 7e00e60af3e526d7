"""Custom fields in lists: the columns of a record that hold them, and their filters and sort keys by typed casts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Boolean, ColumnElement, Date, ScalarSelect, Text, bindparam, literal, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.expression import FunctionElement

from .custom_values import CustomKind, Kinds, option_list_of
from .database import Document, FixedDecimal, IdList, KeyText, Model
from .field_rights import Guarded, mask_text
from .filtering import AnyOf, Contains, Filter, Flagged, Range, a_date, a_decimal, a_text, an_id
from .merged import kin_of

PREFIX = "custom."
"""Before the key of a field in the names of filters and sort keys."""

READ_KINDS: list[Callable[[str], Kinds]] = []
"""What reads the fields that an admin has declared for a kind of record; put in by `customer/custom_fields.py`."""


class Custom(Model):
    """What a kind of record has that an admin may add fields to.

    Attributes:
        custom: values by the keys of their fields.
        custom_keys: what they are matched and sorted on, see `custom_values.match_keys`.
    """

    __abstract__ = True

    custom: Mapped[dict[str, Any] | None] = mapped_column(Document)
    custom_keys: Mapped[dict[str, Any] | None] = mapped_column(Document)


class _Held(FunctionElement[Any]):
    """A value of a document by its path, cast to what it is; null where there is none."""

    inherit_cache = True
    written: ClassVar[str] = "{}"

    def __init__(self, document: Any, *path: str) -> None:
        super().__init__(document, *(literal(name, Text()) for name in path))


class held_text(_Held):  # noqa: N801  (reads like an SQL function)
    """A text, compared byte by byte on both databases."""

    name = "held_text"
    inherit_cache = True
    type = KeyText()
    written = '({} COLLATE "C")'


class held_units(_Held):  # noqa: N801
    """An amount in ten-thousandths."""

    name = "held_units"
    inherit_cache = True
    type = FixedDecimal()
    written = "CAST({} AS BIGINT)"


class held_date(_Held):  # noqa: N801
    """A date."""

    name = "held_date"
    inherit_cache = True
    type = Date()
    written = "CAST({} AS DATE)"


class held_flag(_Held):  # noqa: N801
    """True or false."""

    name = "held_flag"
    inherit_cache = True
    type = Boolean()
    written = "CAST({} AS BOOLEAN)"


class held_id(_Held):  # noqa: N801
    """The id of a record."""

    name = "held_id"
    inherit_cache = True
    type = BigInteger()
    written = "CAST({} AS BIGINT)"


def _compiled(element: Any, compiler: Any, **kw: Any) -> str:
    document, *path = (compiler.process(clause, **kw) for clause in element.clauses)
    if compiler.dialect.name == "postgresql":
        inner = "".join(f" -> {name}" for name in path[:-1])
        return str(element.written.format(f"({document}{inner} ->> {path[-1]})"))
    return f"json_extract({document}, {_path(path)})"


def _path(names: Sequence[str]) -> str:
    """A path of SQLite. Keys of custom fields hold letters, digits and underscores only."""
    return "'$.' || " + " || '.' || ".join(names)


class holds_any(FunctionElement[bool]):  # noqa: N801
    """Whether a list of texts in a document holds one of a bound list."""

    name = "holds_any"
    inherit_cache = True
    type = Boolean()

    def __init__(self, document: Any, key: str, values: Any) -> None:
        super().__init__(document, literal(key, Text()), values)

    def self_group(self, against: Any = None) -> Any:
        """The condition as it is, without `= 1` behind it."""
        return self


@compiles(holds_any, "postgresql")
def _holds_pg(element: holds_any, compiler: Any, **kw: Any) -> str:
    document, key, values = (compiler.process(clause, **kw) for clause in element.clauses)
    if isinstance(element.clauses.clauses[2], ScalarSelect):
        values = f"CAST(ARRAY{values} AS TEXT[])"
    return f"coalesce({document} -> {key} ?| {values}, false)"


@compiles(holds_any)
def _holds_default(element: holds_any, compiler: Any, **kw: Any) -> str:
    document, key, values = (compiler.process(clause, **kw) for clause in element.clauses)
    held = f"json_each({document}, {_path([key])})"
    if not isinstance(element.clauses.clauses[2], ScalarSelect):
        values = f"(SELECT value FROM json_each({values}))"  # noqa: S608
    return f"EXISTS (SELECT 1 FROM {held} held_item WHERE held_item.value IN {values})"  # noqa: S608


for _kind in (held_text, held_units, held_date, held_flag, held_id):
    compiles(_kind)(_compiled)


# ---- filters ---------------------------------------------------------------------------------------------------------


class _Amount(Range):
    """An amount: equal, or within bounds."""

    def __init__(self, column: Any) -> None:
        super().__init__(column, a_decimal)
        self.suffixes = (("", "eq"), *self.suffixes)


class _Day(Range):
    """A date: that day, or within bounds."""

    def __init__(self, column: Any) -> None:
        super().__init__(column, a_date)
        self.suffixes = (("", "eq"), *self.suffixes)


class _Among(Filter):
    """The list holds one of the values; repeating the parameter means or, `none` means that it is empty."""

    ops = ("has", "has_not", "in", "not_in", "is_null", "not_null")
    suffixes = (("", "in"),)

    def __init__(self, document: Any, key: str, option_list: str) -> None:
        super().__init__(held_text(document, key), a_text)
        self.kin = partial(kin_of, option_list)
        self.document, self.key = document, key

    def value(self, op: str, raw: Any, zone: str) -> Any:
        """A list in any case."""
        found = super().value(op, raw, zone)
        return [found] if op in ("has", "has_not") else found

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """Whether one of the values is held."""
        if op in ("is_null", "not_null"):
            return super().condition(op, bind)
        wanted = bindparam(bind, type_=IdList(of_text=True))
        found = or_(*(holds_any(self.document, self.key, values) for values in (wanted, self.kin(wanted))))
        return found if op in ("has", "in") else or_(~found, self.column.is_(None))


def filter_of(plural: str, model: Any, key: str, kind: str) -> Filter:
    """The filter of a custom field of a kind of record, `plural` by name."""
    if kind in (CustomKind.TEXT, CustomKind.LINK):
        return Contains(held_text(model.custom_keys, "fold", key))
    if kind in (CustomKind.NUMBER, CustomKind.MONEY):
        return _Amount(held_units(model.custom_keys, "units", key))
    if kind == CustomKind.DATE:
        return _Day(held_date(model.custom, key))
    if kind == CustomKind.CHOICE:
        return AnyOf(held_text(model.custom, key), option_list=option_list_of(plural, key))
    if kind == CustomKind.MULTI_CHOICE:
        return _Among(model.custom, key, option_list_of(plural, key))
    if kind == CustomKind.YES_NO:
        return Flagged(held_flag(model.custom, key))
    return AnyOf(held_id(model.custom, key), an_id)


def sort_of(plural: str, model: Any, key: str, kind: str) -> Any:
    """The sort key of a custom field; None for several choices, which have no order."""
    if kind in (CustomKind.TEXT, CustomKind.LINK):
        return held_text(model.custom_keys, "sort", key)
    if kind == CustomKind.MULTI_CHOICE:
        return None
    return filter_of(plural, model, key, kind).column


_TEXTS = (CustomKind.TEXT, CustomKind.LINK)


def guarded_custom(kind: str) -> Guarded:
    """A field that an admin has added, as one that a role can be kept from."""
    return Guarded(mask_text if kind in _TEXTS else None)

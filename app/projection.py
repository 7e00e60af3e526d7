"""From schema to columns to JSON: what a record shows is declared once, in its schema, and read without objects.

`Projection` derives the selected columns from the schema's fields and turns a row into the dictionary that goes to the
wire. Fields that are more than a column say so with the read-only field classes below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial as bound
from types import MappingProxyType
from typing import Any

import orjson
from marshmallow import Schema, fields
from sqlalchemy import BigInteger, ColumnElement, Integer, Select, String, and_, select, type_coerce
from sqlalchemy.orm import aliased

from .access import POLICIES, Policy, Shape
from .database import FixedDecimal, Instant, Rate, decimal_text
from .field_rights import CUSTOM, FieldView, Mask
from .record import Record

__all__ = [
    "Computed",
    "Gathered",
    "LinkTo",
    "Projection",
    "Shape",
    "instant_text",
    "json_text",
    "linked",
    "rate",
    "read_as",
]


MASKED_FIELDS = "masked_fields"
"""What names the fields of a record that its reader sees masked, so that they can be revealed."""


class LinkTo(fields.Field[Any]):
    """`customer: {id, name}` beside `customer_id`; both read null where the reader may not see the record.

    Args:
        id_field: name of the id's field in the same schema.
        column: the foreign key.
        target: the policy of the record pointed at, or its resource where that stands in a higher package.
        label: name of the column shown as `name`.
    """

    def __init__(self, id_field: str, column: Any, target: Policy | str, label: str = "name") -> None:
        super().__init__(dump_only=True)
        self.id_field, self.column, self.label = id_field, column, label
        self._target = target

    @property
    def target(self) -> Policy:
        """The policy of the record pointed at."""
        return POLICIES[self._target] if isinstance(self._target, str) else self._target


class Computed(fields.Field[Any]):
    """A read-only value from an SQL expression.

    Args:
        expression: a function of the reader's shape that gives the expression.
        convert: turns the database's value into the wire's.
        document: JSON schema for the documentation; None where the field beside which it stands says it.
        names: policy of the records that the items of a list name, and the key of their ids: what the reader may not
            see is left out.
    """

    def __init__(
        self,
        expression: Callable[[Shape], ColumnElement[Any]],
        convert: Callable[[Any], Any] | None = None,
        document: dict[str, Any] | None = None,
        names: tuple[Policy, str] | None = None,
    ) -> None:
        super().__init__(dump_only=True)
        self.expression, self.convert, self.document, self.names = expression, convert, document, names


def read_as(
    expression: Callable[[Shape], ColumnElement[Any]],
    convert: Callable[[Any], Any] | None = None,
    document: dict[str, Any] | None = None,
    names: tuple[Policy, str] | None = None,
) -> dict[str, Any]:
    """Metadata of a field that is written as itself and read from an expression, such as the list of tag names."""
    return {"read": Computed(expression, convert, document, names)}


def json_text(value: Any) -> Any:
    """JSON made by the database, passed through as it is."""
    return orjson.Fragment(value if value is not None else "[]")


def linked(schema: Schema, record: dict[str, Any]) -> Iterator[tuple[Policy, int]]:
    """The records that a shown record names and that not everybody sees.

    Args:
        schema: the wire's shape.
        record: as it is read by who sees all of them.
    """
    for name, written in schema.fields.items():
        field = written.metadata.get("read", written)
        if isinstance(field, LinkTo) and not field.target.open_to_all and record.get(field.id_field) is not None:
            yield field.target, record[field.id_field]
        elif isinstance(field, Computed) and field.names is not None:
            policy, key = field.names
            for item in orjson.loads(orjson.dumps(record[name])):
                yield policy, item[key]


@dataclass(frozen=True)
class Gathered:
    """Parts of many records read by one further statement, such as the lines of deals.

    Attributes:
        statement: from a bound list of ids to rows `(record id, *values)`, in order.
        item: a row's values to the wire's object.
    """

    statement: Callable[[], Select[Any]]
    item: Callable[[Sequence[Any]], Any]


def instant_text(value: str | None) -> str | None:
    """SQLite's fixed-width moment as RFC 3339, without empty microseconds: the form that PostgreSQL's road gives."""
    if value is None:
        return None
    return value[:19] + "Z" if value[20:26] == "000000" else value


def _inner(name: str, names: frozenset[str]) -> frozenset[str]:
    """The keys of a document that are asked for one by one, such as `custom.region`."""
    return frozenset(one.removeprefix(f"{name}.") for one in names if one.startswith(f"{name}."))


def _picked(keys: frozenset[str], document: Any) -> Any:
    """The parts of a document that were asked for."""
    return {key: value for key, value in (document or {}).items() if key in keys} or None


def _money(value: int | None) -> str | None:
    return None if value is None else decimal_text(value)


def rate(value: int | None) -> float | None:
    """A share that was read in ten-thousandths."""
    return None if value is None else value / 10_000


class Projection:
    """How records of one schema are selected and shown to readers of one shape.

    Args:
        schema: the wire's shape; write-only fields are left out.
        model: the record class.
        shape: of the readers.
        dialect: name of the database's dialect.
        names: only these fields, plus `version` and `id`.
        view: what readers of the shape see of the fields.
        can_write: None leaves `can_write` out (pushes); else the expression for it.
        tells_masked: whether rows name the fields of theirs that are masked.
        gathered: parts read by statements of their own.
        further: fields shown after those of the schema.
    """

    def __init__(
        self,
        schema: Schema,
        model: type[Record],
        shape: Shape,
        dialect: str,
        *,
        names: frozenset[str] | None = None,
        view: FieldView,
        can_write: ColumnElement[bool] | bool | None,
        tells_masked: bool,
        gathered: dict[str, Gathered],
        further: Mapping[str, fields.Field[Any]] = MappingProxyType({}),
    ) -> None:
        self.model = model
        self.columns: list[ColumnElement[Any]] = []
        self.joins: list[tuple[Any, ColumnElement[bool]]] = []
        self.names: list[str] = []
        self.converters: list[tuple[str, Callable[[Any], Any]]] = []
        self.links: list[tuple[str, int, int]] = []
        self.view = view
        self.tells_masked = tells_masked and (names is None or MASKED_FIELDS in names)
        self.extras: list[tuple[str, int]] = []
        self.gathered: dict[str, Gathered] = {}
        self.constants: dict[str, Any] = {}
        replaced: dict[str, ColumnElement[Any]] = {}
        hidden: list[tuple[str, ColumnElement[Any], ColumnElement[Any]]] = []
        for name, written in [*schema.fields.items(), *further.items()]:
            field = written.metadata.get("read", written)
            if field.load_only or not view.shows(name):
                continue
            keys = frozenset() if names is None or name in names else _inner(name, names)
            if names is not None and name not in names and not keys and name not in ("id", "version"):
                continue
            if name in gathered:
                self.gathered[name] = gathered[name]
            elif isinstance(field, LinkTo):
                target: Any = aliased(field.target.model)
                on = target.id == field.column
                if not field.target.open_to_all:
                    # The target's own rows, seen as its lists see them.
                    on = and_(on, target.is_active, field.target.visible(shape, target))
                    replaced[field.id_field] = target.id
                self.joins.append((target, on))
                hidden.append((name, target.id, getattr(target, field.label)))
            elif isinstance(field, Computed):
                self._add(name, field.expression(shape), field.convert)
            elif keys:
                self._add(name, getattr(model, name), bound(_picked, keys))
            else:
                self._add_column(name, getattr(model, field.attribute or name), dialect)
        for name, expression in replaced.items():
            if name in self.names:
                self.columns[self.names.index(name)] = expression
        for name, key, label in hidden:
            position = len(self.columns)
            self.columns += [key, label]
            self.links.append((name, position, position + 1))
        if isinstance(can_write, bool):
            self.constants["can_write"] = can_write
        elif can_write is not None:
            self._extra("can_write", can_write)
        if view.pooled is not None:
            self._extra("_masked", view.pooled)
        self.width = len(self.names)

    def _add(self, name: str, expression: ColumnElement[Any], convert: Callable[[Any], Any] | None) -> None:
        self.names.append(name)
        self.columns.append(expression)
        if convert is not None:
            self.converters.append((name, convert))

    def _extra(self, name: str, expression: ColumnElement[Any]) -> None:
        self.extras.append((name, len(self.columns)))
        self.columns.append(expression)

    def _add_column(self, name: str, attribute: Any, dialect: str) -> None:
        type_ = attribute.type
        if isinstance(type_, FixedDecimal):
            self._add(name, type_coerce(attribute, BigInteger()), _money)
        elif isinstance(type_, Rate):
            self._add(name, type_coerce(attribute, Integer()), rate)
        elif isinstance(type_, Instant) and dialect == "sqlite":
            self._add(name, type_coerce(attribute, String()), instant_text)
        else:
            self._add(name, attribute, None)

    def _mask(self, record: dict[str, Any], masks: Mapping[str, Mask]) -> None:
        masked = [name for name in masks if record.get(name)]
        for name in masked:
            record[name] = masks[name](record[name])
        values = record.get(CUSTOM)
        if self.view.has_custom_rules and values:
            masked += [f"{CUSTOM}.{key}" for key in sorted(self.view.custom_masked) if values.get(key)]
            record[CUSTOM] = self.view.custom(values)
        if self.tells_masked:
            record[MASKED_FIELDS] = masked

    def select(self) -> Select[Any]:
        """The statement without conditions; the record's id comes first."""
        query = select(self.model.id, *(c.label(f"c{i}") for i, c in enumerate(self.columns))).select_from(self.model)
        for target, on in self.joins:
            query = query.outerjoin(target, on)
        return query

    def shows(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Rows of `select` as the wire's objects, without the gathered parts."""
        names, width, converters, links = self.names, self.width, self.converters, self.links
        extras, constants, view = self.extras, self.constants, self.view
        shown = []
        for row in rows:
            record = dict(zip(names, row[1 : width + 1], strict=False))
            for name, convert in converters:
                record[name] = convert(record[name])
            for name, key, label in links:
                linked = row[key + 1]
                record[name] = None if linked is None else {"id": linked, "name": row[label + 1]}
            masks = view.masks
            for name, position in extras:
                if name != "_masked":
                    record[name] = bool(row[position + 1])
                elif row[position + 1]:
                    masks = masks | view.pool_masks
            if self.tells_masked or masks or view.has_custom_rules:
                self._mask(record, masks)
            if constants:
                record |= constants
            shown.append(record)
        return shown

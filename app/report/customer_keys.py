"""What customers are grouped by in reports: the key of a row, its label, and the list of the customers behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, Select, String, and_, case, cast, literal, null, select
from sqlalchemy.orm import aliased

from ..access import Actor
from ..auth.models import User
from ..customer.models import Customer, CustomerTag, Option, Tag, customers
from ..customer.schemas import province_of
from ..listing import encode
from ..messages import language, say
from .scope import Pairs, Scope
from .spans import span_pairs, spans

Leaf = dict[str, Any]
"""A condition of a list's `where`."""

BANDS = ((0, 19), (20, 39), (40, 59), (60, 79), (80, 100))
"""Of credit ratings, both ends included."""


@dataclass(frozen=True)
class Keyed:
    """Customers with the key that they are grouped by.

    Attributes:
        query: takes a select from customers and joins what the key needs.
        key: the key, null for the group of those without a value.
        label: what a person reads; null where the key says it.
    """

    query: Callable[[Select[Any]], Select[Any]]
    key: Any
    label: Any


@dataclass(frozen=True)
class Moment:
    """The moment of a customer by which a report's period selects, with its name in the list."""

    column: Any
    name: str


def in_sight(actor: Actor, scope: Scope) -> list[ColumnElement[bool]]:
    """The conditions of the customers that a report is made of, whenever they came."""
    found: list[Any] = [Customer.is_active, customers.visible(actor.shape)]
    if scope.owner_id is not None:
        found.append(Customer.owner_id == scope.owner_id)
    if scope.team_id is not None:
        found.append(Customer.team_id == scope.team_id)
    return found


def keyed(connection: Connection, scope: Scope, group_by: str, moment: Moment) -> Keyed:
    """How customers are grouped by a value of `group_by`."""
    if group_by == "month":
        one = spans(connection, moment.column, scope, monthly=True)
        lies_in = and_(moment.column >= one.c.start, moment.column < one.c.end)
        return Keyed(lambda query: query.join(one, lies_in), one.c.key, _text())
    return _GROUPS[group_by]()


def _text() -> ColumnElement[Any]:
    return cast(null(), String())


def _option(name: str) -> Callable[[], Keyed]:
    def group() -> Keyed:
        option: Any = aliased(Option)
        key = getattr(Customer, name)
        on = and_(option.list == name, option.value == key, option.is_active)
        label = option.label_zh if language() == "zh-CN" else option.label_en
        return Keyed(lambda query: query.outerjoin(option, on), key, label)

    return group


def _tag() -> Keyed:
    worn = (
        select(CustomerTag.customer_id, Tag.id, Tag.name)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .where(Tag.is_active)
        .subquery()
    )
    return Keyed(lambda query: query.outerjoin(worn, worn.c.customer_id == Customer.id), worn.c.id, worn.c.name)


def _rating_band() -> Keyed:
    bands = [(Customer.credit_rating <= high, literal(f"{low}-{high}", String())) for low, high in BANDS]
    return Keyed(lambda query: query, case(*bands), _text())


def _region() -> Keyed:
    return Keyed(lambda query: query, province_of(Customer), _text())


def _owner() -> Keyed:
    return Keyed(lambda query: query.outerjoin(User, User.id == Customer.owner_id), Customer.owner_id, User.name)


_GROUPS: dict[str, Callable[[], Keyed]] = {
    "tag": _tag,
    "source": _option("source"),
    "industry": _option("industry"),
    "level": _option("level"),
    "rating_band": _rating_band,
    "region": _region,
    "owner": _owner,
}
_PARAMETERS = {"region": "province", "owner": "owner_id"}


def shown(group_by: str, key: Any, label: str | None) -> str:
    """What a person reads of a row."""
    if key is None:
        return say("report.pool" if group_by == "owner" else "report.none")
    return label if label is not None else str(key)


@dataclass(frozen=True)
class Behind:
    """The list of the customers of one row, or of all."""

    pairs: Pairs
    leaves: Sequence[Leaf] = ()

    @classmethod
    def row(cls, scope: Scope, group_by: str, key: Any, label: str | None, moment: Moment) -> Behind:
        """The customers of a row; for months those of the period, otherwise whenever they came."""
        people = [("owner_id", scope.owner_id), ("team_id", scope.team_id)]
        pairs = [
            (name, str(wanted))
            for name, wanted in people
            if wanted is not None and _PARAMETERS.get(group_by) != name
        ]  # fmt: skip
        if group_by == "month":
            return cls([*pairs, *span_pairs(moment.name, key, scope)])
        if group_by == "rating_band":
            if key is None:
                return cls(pairs, [{"field": "credit_rating", "op": "is_null"}])
            low, high = key.split("-")
            return cls([*pairs, ("credit_rating_min", low), ("credit_rating_max", high)])
        value = label if group_by == "tag" else key
        return cls([*pairs, (_PARAMETERS.get(group_by, group_by), "none" if key is None else str(value))])

    @classmethod
    def whole(cls, scope: Scope, group_by: str, moment: Moment) -> Behind:
        """The customers of all rows; for months those of the period, otherwise whenever they came."""
        people = [("owner_id", scope.owner_id), ("team_id", scope.team_id)]
        pairs = [(name, str(wanted)) for name, wanted in people if wanted is not None]
        return cls([*pairs, *(scope.moments(moment.name) if group_by == "month" else [])])

    def query(self, *pairs: tuple[str, str], leaves: Sequence[Leaf] = ()) -> str:
        """The query string of `/customers`, narrowed further."""
        tree = [*self.leaves, *leaves]
        where = [("where", encode(tree[0] if len(tree) == 1 else {"and": tree}).decode())] if tree else []
        return urlencode([*self.pairs, *pairs, *where])


def place(group_by: str, row: dict[str, Any], size: str) -> tuple[Any, ...]:
    """Months and bands in their order, everything else by size; the group without a value comes last."""
    if group_by in ("month", "rating_band"):
        return row["key"] is None, str(row["key"])
    return row["key"] is None, -row[size], row["label"], str(row["key"])

"""What an id means once its record was merged into another one: that one. So do the values of option lists.

Saved views, links, reports and other systems keep old ids and values; nothing rewrites them. Wherever they are asked
for, they are read as what stands for them now.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Table, and_, func, or_, select, union_all
from sqlalchemy.orm import aliased

from .database import Base, IdList, member_of
from .record import Mergeable


def is_any(column: Any, wanted: Any) -> ColumnElement[bool]:
    """`column` names one of the records of a bound list of ids (`IdList`), or of one bound id."""
    model = _named_by(column)
    if model is not None:
        return member_of(column, all_of(model, wanted))
    return member_of(column, wanted) if isinstance(wanted.type, IdList) else column == wanted


def all_of(model: type[Mergeable], wanted: Any) -> ScalarSelect[Any]:
    """The ids of all that the wanted records are made of: the survivors, and what was merged into them.

    The latter for what was recorded under an old id and stays so, as periods do.
    """
    asked, again, part = aliased(model), aliased(model), aliased(model)

    def is_asked(one: Any) -> ColumnElement[bool]:
        return member_of(one.id, wanted) if isinstance(wanted.type, IdList) else one.id == wanted

    survivors = select(_survivor(asked)).where(is_asked(asked))
    parts = select(part.id).join(again, part.merged_into_id == _survivor(again)).where(is_asked(again))
    return union_all(survivors, parts).scalar_subquery()


def is_any_value(column: Any, wanted: Any, option_list: str) -> ColumnElement[bool]:
    """As `is_any`, where `column` holds a value of an option list."""
    asked = member_of(column, wanted) if isinstance(wanted.type, IdList) else column == wanted
    return or_(asked, member_of(column, kin_of(option_list, wanted)))


def kin_of(option_list: str, wanted: Any) -> ScalarSelect[Any]:
    """The other values of an option list that the wanted ones mean: what they were merged into, and its other parts.

    The latter for what was recorded under an old value and stays so, and while a merge is under way.
    """
    option = Base.metadata.tables["option"]

    def is_asked(value: Any) -> ColumnElement[bool]:
        return member_of(value, wanted) if isinstance(wanted.type, IdList) else value == wanted

    def merged() -> Any:
        one = option.alias()
        return one, and_(one.c.list == option_list, one.c.is_active, one.c.merged_into.is_not(None))

    (asked, is_asked_for), (again, is_again), (part, is_part) = merged(), merged(), merged()
    heirs = select(asked.c.merged_into).where(is_asked_for, is_asked(asked.c.value))
    same = select(again.c.merged_into).where(is_again, is_asked(again.c.value))
    parts = select(part.c.value).where(is_part, or_(is_asked(part.c.merged_into), part.c.merged_into.in_(same)))
    return union_all(heirs, parts).scalar_subquery()


def survivor_of(column: Any, recorded: Any) -> Any:
    """What stands for a record by now that `column` named at an earlier time.

    Args:
        recorded: what was kept of the column then, which no merge has rewritten.

    Returns:
        The survivor's id, null where it named none; `recorded` itself for a column that names nothing mergeable.
    """
    model = _named_by(column)
    if model is None:
        return recorded
    named = aliased(model)
    return select(_survivor(named)).where(named.id == recorded).correlate_except(named).scalar_subquery()


def _survivor(record: Any) -> ColumnElement[int]:
    return func.coalesce(record.merged_into_id, record.id)


def _named_by(column: Any) -> type[Mergeable] | None:
    """The kind of records that a column names, where they can be merged."""
    mergeable = _mergeable()
    keys = [key.column.table for key in getattr(column, "foreign_keys", ())]
    if keys:
        return mergeable.get(keys[0].name)
    table = getattr(column, "table", None)
    table = getattr(table, "element", table)
    return mergeable.get(table.name) if isinstance(table, Table) and column.key == "id" else None


@cache
def _mergeable() -> dict[str, type[Mergeable]]:
    models = [mapper.class_ for mapper in Base.registry.mappers]
    return {model.__tablename__: model for model in models if issubclass(model, Mergeable)}

"""Many new records at once: services make them as ever, and they are written together in a few statements.

A flush costs several times what the rows in it cost, so an import does not flush for every row. While a batch is open
the session hands it whatever is added; ids are taken from the database beforehand, so that services can go on with
them. What belongs to a new record - its journal entry, its search pieces, its collections - comes of the same functions
as after a flush.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Table, inspect
from sqlalchemy.orm import Mapper

from .database import Model, db
from .journal import Part, begin, canonical
from .loading import load_rows, reserved
from .record import Record
from .search_index import index_new
from .transaction import Change, Unit, current_unit


class Batch:
    """New records and parts of them that wait to be written.

    Args:
        unit: the open unit of work.
        size: about how many records of a kind are expected.
    """

    def __init__(self, unit: Unit, size: int) -> None:
        self.unit, self.size = unit, size
        self.records: list[Record] = []
        self.parts: list[Part] = []
        self._ids: dict[type[Record], Iterator[int]] = {}

    def takes(self, item: object) -> bool:
        """Whether something waits here until the batch is written; what is no new record or part is the session's."""
        if isinstance(item, Record):
            begin(self.unit, item)
            item.id = self._next_id(type(item))
            self.records.append(item)
        elif isinstance(item, Part):
            self.parts.append(item)
        else:
            return False
        return True

    def mark(self) -> tuple[int, int]:
        """Where the batch stands, to go back to."""
        return len(self.records), len(self.parts)

    def go_back(self, mark: tuple[int, int]) -> None:
        """Forget what was added since: whoever added it could not finish."""
        del self.records[mark[0] :], self.parts[mark[1] :]
        self.unit.memory.clear()

    def write(self, *, is_rehearsal: bool, is_indexed: bool) -> None:
        """Insert everything and have it journalled.

        Args:
            is_rehearsal: the transaction will be rolled back: nothing is journalled.
            is_indexed: searches find the records.
        """
        connection = db.session.connection()
        kinds: dict[type[Model], list[Any]] = {}
        for item in (*self.records, *self.parts):
            kinds.setdefault(type(item), []).append(item)
        for model, items in kinds.items():
            table, plan = _plan(model)
            load_rows(connection, table, _columns(items, plan))
        for model, items in kinds.items():
            if is_indexed and issubclass(model, Record):
                index_new(connection, model, items)
        if is_rehearsal:
            return
        for record in self.records:
            self.unit.pending[record.resource, record.id] = Change(record, created=True)
        for part in self.parts:
            change = self.unit.pending[part.part_parent.resource, getattr(part, part.part_link)]
            change.parts[part.part_field] = []
            row = canonical({name: getattr(part, name) for name in part.part_columns})
            change.parts_now.setdefault(part.part_field, []).append(row)

    def _next_id(self, model: type[Record]) -> int:
        found = next(self._ids.get(model, iter(())), None)
        if found is None:
            self._ids[model] = iter(reserved(db.session.connection(), model.__tablename__, self.size))
            found = next(self._ids[model])
        return found


@contextmanager
def batch(size: int, *, is_rehearsal: bool = False, is_indexed: bool = True) -> Iterator[Batch]:
    """Gather what is added to the session, and write it together at the end.

    Args:
        size: about how many records are expected.
        is_rehearsal: as for `Batch.write`.
        is_indexed: as for `Batch.write`.
    """
    unit = current_unit()
    db.session.flush()
    info = db.session.info
    made = info["batch"] = Batch(unit, size)
    try:
        yield made
    finally:
        del info["batch"]
    made.write(is_rehearsal=is_rehearsal, is_indexed=is_indexed)
    db.session.flush()


_Plan = list[tuple[str, str, Any, bool]]


@cache
def _plan(model: type[Model]) -> tuple[Table, _Plan]:
    """The table, and of every column its name, that of its attribute, its default, and whether the database has one."""
    mapper: Mapper[Any] = inspect(model)
    columns = [(attribute.key, attribute.columns[0]) for attribute in mapper.column_attrs]
    plan = [(one.name, key, one.default, one.server_default is not None) for key, one in columns]
    table: Any = mapper.local_table
    return table, plan


def _columns(items: Sequence[Any], plan: _Plan) -> dict[str, list[Any]]:
    """What is inserted; columns in which no row has a value are left out: most records use few of them."""
    held = [item.__dict__ for item in items]
    found: dict[str, list[Any]] = {}
    for name, key, default, has_default in plan:
        try:
            values = list(map(itemgetter(key), held))
        except KeyError:
            # Beside the attribute's own setter: it is null, and nobody need be told.
            values = [one.setdefault(key, None) for one in held]
        if default is not None and None in values:
            for item, value in zip(items, values, strict=True):
                if value is None:
                    setattr(item, key, default.arg(None) if default.is_callable else default.arg)
            values = [one[key] for one in held]
        if has_default or values.count(None) < len(values):
            found[name] = values
    return found

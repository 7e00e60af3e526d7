"""What is attached to a record, found by the foreign keys that point at it, and moved to the one that takes its place.

A table that comes later joins by its foreign key. What is attached by other means, or follows from what is attached,
enters itself in `ATTACHED`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import func, inspect, select

from ..access import POLICIES
from ..database import Base, db
from ..journal import Part
from ..record import Collaborator, Record
from .models import Pair

ATTACHED: defaultdict[str, list[Callable[[Any, Sequence[int]], None]]] = defaultdict(list)
"""What is called once everything else was moved, by the resource that is merged: with the survivor and the ids of the
others."""


@dataclass(frozen=True)
class Link:
    """A foreign key at records of one kind.

    Attributes:
        model: a kind of record, or of a part of records.
        column: name of its attribute.
    """

    model: type[Record] | type[Part]
    column: str

    @property
    def place(self) -> tuple[bool, str]:
        """The order in which rows are locked: by the kind of record; parts come after all records."""
        is_part = issubclass(self.model, Part)
        return is_part, self.record.resource

    @property
    def record(self) -> type[Record]:
        """The kind of record that the row is, or belongs to."""
        return self.model.part_parent if issubclass(self.model, Part) else self.model

    def at(self, ids: Iterable[int]) -> Any:
        """The condition that a row points at one of some records."""
        return getattr(self.model, self.column).in_(list(ids))


@cache
def links_to(model: type[Record]) -> tuple[Link, ...]:
    """Every foreign key that points at a kind of record, but those of pairs: they say something of these two alone.

    Raises:
        LookupError: one belongs to a table of which nobody knows how its rows are moved.
    """
    found = []
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, Pair):
            continue
        for attribute in mapper.column_attrs:
            if any(key.column.table is model.__table__ for key in attribute.columns[0].foreign_keys):
                if not issubclass(mapper.class_, (Record, Part)):
                    raise LookupError(f"{mapper.class_.__name__}.{attribute.key}")
                found.append(Link(mapper.class_, attribute.key))
    return tuple(sorted(found, key=lambda link: link.place))


class Moving:
    """Moves what is attached to some records to another one.

    Args:
        target: the record that stays.
        ids: of those that are merged into it.
    """

    def __init__(self, model: type[Record], target_id: int, ids: Sequence[int]) -> None:
        self.model, self.target_id, self.ids = model, target_id, sorted(ids)
        links = links_to(model)
        parts = [link for link in links if issubclass(link.model, Part)]
        self.records = [link for link in links if link not in parts]
        self.held = [link for link in parts if not self._is_own(link)]
        self.own = [link for link in parts if self._is_own(link)]

    def _is_own(self, link: Link) -> bool:
        """Whether rows are a collection of the merged record itself, such as its tags."""
        part: Any = link.model
        return part.part_parent is self.model and part.part_link == link.column

    def lock_before(self) -> None:
        """Lock what everybody locks before records of this kind."""
        for link in (*self.records, *self.held):
            if link.record.resource < self.model.resource:
                self._lock(link)

    def _lock(self, link: Link) -> None:
        record, there = link.record, self._rows(link).subquery()
        key = link.model.part_link if issubclass(link.model, Part) else "id"
        rows = select(record.id).where(record.id.in_(select(there.c[key]))).order_by(record.id)
        db.session.execute(rows.with_for_update(of=record))

    def count(self) -> int:
        """How many rows there are to move."""
        return sum(
            db.session.execute(select(func.count()).select_from(self._rows(link).subquery())).scalar_one()
            for link in (*self.records, *self.held)
        )

    def some(self, limit: int) -> int:
        """Move rows, at most so many; how many it were. Fewer than the limit: there are no more."""
        moved = 0
        for link in self.records:
            rows = db.session.execute(self._rows(link).limit(limit - moved).with_for_update(of=link.model)).scalars()
            for row in rows.all():
                setattr(row, link.column, self.target_id)
                moved += 1
            db.session.flush()
        for link in self.held:
            rows = db.session.execute(self._rows(link).limit(limit - moved)).scalars()
            moved += self._hand_over(link, rows.all())
        return moved

    def _rows(self, link: Link) -> Any:
        model: Any = link.model
        query = select(model).where(link.at(self.ids)).order_by(*inspect(model).primary_key)
        if link.model is self.model:
            # One that is merged, or the one that stays, is not attached to itself.
            query = query.where(self.model.id.not_in([self.target_id, *self.ids]))
        return query

    def _hand_over(self, link: Link, rows: Sequence[Any]) -> int:
        """Parts of other records that name a merged one, such as the people of a deal, name the survivor instead."""
        part: Any = link.model
        parents = sorted({getattr(row, part.part_link) for row in rows})
        parent_model: Any = part.part_parent
        # Locked, because their versions rise.
        held = select(parent_model).where(parent_model.id.in_(parents)).order_by(parent_model.id)
        records = {one.id: one for one in db.session.execute(held.with_for_update(of=parent_model)).scalars()}
        for row in rows:
            parent = records[getattr(row, part.part_link)]
            if link.column not in {column.key for column in inspect(part).primary_key}:
                setattr(row, link.column, self.target_id)
                continue
            # A person at the survivor needs no further role there.
            if getattr(parent, link.column, None) != self.target_id:
                self._put(part, row, **{link.column: self.target_id})
            db.session.delete(row)
        db.session.flush()
        return len(rows)

    def unite(self, target: Record) -> None:
        """Give the survivor the collections of those that were merged: tags, further customers, collaborators."""
        for link in self.own:
            part: Any = link.model
            for row in db.session.execute(self._rows(link)).scalars().all():
                self._put(part, row, **{link.column: self.target_id})
        if POLICIES[self.model.resource].shared:
            self._share(target)
        db.session.flush()

    def _put(self, part: Any, row: Any, **changed: Any) -> None:
        """A copy of a part that differs, unless there is one; what that one leaves open is taken from the row."""
        values = {one.key: getattr(row, one.key) for one in inspect(part).column_attrs} | changed
        keys = {column.key for column in inspect(part).primary_key}
        present = db.session.get(part, tuple(values[column.key] for column in inspect(part).primary_key))
        if present is None:
            db.session.add(part(**values))
        else:
            for name in values.keys() - keys:
                if getattr(present, name) is None and values[name] is not None:
                    setattr(present, name, values[name])
        db.session.flush()

    def _share(self, target: Any) -> None:
        """Whoever a merged record was shared with keeps what he or she could do."""
        shares = select(Collaborator).where(Collaborator.resource == self.model.resource).order_by(Collaborator.id)
        present = {
            (one.user_id, one.team_id): one
            for one in db.session.execute(shares.where(Collaborator.record_id == self.target_id)).scalars()
        }
        for one in db.session.execute(shares.where(Collaborator.record_id.in_(self.ids))).scalars().all():
            party = (one.user_id, one.team_id)
            if one.user_id is not None and one.user_id == target.owner_id:
                continue
            if party not in present:
                user_id, team_id = party
                present[party] = Collaborator(
                    resource=self.model.resource,
                    record_id=self.target_id,
                    user_id=user_id,
                    team_id=team_id,
                    access=one.access,
                )
                db.session.add(present[party])
            elif one.access == "write" != present[party].access:
                present[party].access = "write"


def settle_attached(target: Record, ids: Sequence[int]) -> None:
    """Compute anew what follows from what was moved."""
    for follow in ATTACHED[target.resource]:
        follow(target, ids)


__all__ = ["ATTACHED", "Link", "Moving", "links_to", "settle_attached"]

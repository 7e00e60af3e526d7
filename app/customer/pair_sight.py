"""Who sees a pair of records that may be one, and what of it: nothing that tells of a field which the reader has not.

A reason is left out where it tells of a field that the reader's role hides or masks, or that the pool masks on one of
the two, or of a customer of both that the reader does not see. What is left makes the score that this reader is shown
and that sorts and filters go by, and a pair that nothing left speaks for is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import mul
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased

from ..access import Permission, Policy, Shape
from ..database import Rate
from ..field_rights import FieldView
from ..listing import SPECS
from .likeness import LIKELY, SCALE, Scale
from .models import Customer, DuplicatePair, Pair, Person, PersonCustomer, PersonPair, customers, people
from .person_likeness import PERSON_SCALE


class PairPolicy(Policy):
    """A pair is seen by whoever sees both of its records, as long as both are there, and may know why it is one.

    Args:
        model: the pairs.
        of: who sees the records.
        scale: what the pairs were weighed by.
    """

    def __init__(self, model: type[Pair], of: Policy, scale: Scale) -> None:
        super().__init__(model, write=Permission.CUSTOMER_DUPLICATE)
        self.pair, self.of, self.scale = model, of, scale

    def visible(self, shape: Shape, row: Any = None) -> ColumnElement[bool]:
        """As `Policy.visible`, of both records."""
        row = self.pair if row is None else row
        ways = []
        for link in self.pair.sides:
            one: Any = aliased(self.of.model)
            seen = select(one.id).where(one.id == getattr(row, link), one.is_active, self.of.visible(shape, one))
            ways.append(exists(seen.correlate(row)))
        if self._untold(shape) or self._untold_where(shape, row):
            ways.append(self.score(shape, row) >= LIKELY)
        return and_(*ways)

    def writable_condition(self, shape: Shape) -> ColumnElement[bool]:
        """Who sees a pair and has the right may judge it."""
        return true()

    # ---- what is told ------------------------------------------------------------------------------------------------

    def score(self, shape: Shape, row: Any = None) -> Any:
        """How likely readers of a shape are told that the two are one: by the reasons that they may know."""
        row = self.pair if row is None else row
        untold, untold_where = self._untold(shape), self._untold_where(shape, row)
        if not untold and not untold_where:
            return row.score

        def left(column: Any, factors: Mapping[str, float]) -> Any:
            parts = []
            for name, factor in factors.items():
                if name not in untold:
                    hidden = [not_(where) for codes, where in untold_where if name in codes]
                    told = and_(cast(column, Text).contains(f'"{name}"', autoescape=True), *hidden)
                    parts.append(case((told, literal(factor)), else_=literal(1.0)))
            return reduce(mul, parts, literal(1.0))

        doubts = {name: 1 - weight for name, weight in self.scale.weights.items()}
        certain = left(row.reasons, {name: one for name, one in doubts.items() if name in self.scale.certain})
        supposed = left(row.reasons, {name: one for name, one in doubts.items() if name not in self.scale.certain})
        less = left(row.against, self.scale.against)
        share = 1 - certain * (1 - (1 - supposed) * less)
        return type_coerce(cast(func.round(share * 10_000), Integer), Rate())

    def told_score(self, shape: Shape) -> ColumnElement[Any]:
        """The score as it is shown, in ten-thousandths."""
        return type_coerce(self.score(shape), Integer)

    def told(self, column: Any, shape: Shape) -> ColumnElement[str]:
        """What is read of reasons, or of objections, with those that are left out of them; `left_of` makes both one."""
        out: Any = literal(_listed(self._untold(shape)))
        for codes, where in self._untold_where(shape, self.pair):
            out = out.concat("\n").concat(case((where, _listed(codes)), else_=_listed(())))
        text: ColumnElement[str] = out.concat("\n").concat(cast(column, Text))
        return text

    def _view(self, shape: Shape) -> FieldView:
        return SPECS[self.of.model.resource].view_for(shape)

    def _untold(self, shape: Shape) -> frozenset[str]:
        """The reasons and objections that readers of a shape are never told."""
        view = self._view(shape)
        return frozenset(code for code, name in self.scale.about.items() if not view.asks(name))

    def _untold_where(self, shape: Shape, row: Any) -> list[tuple[frozenset[str], ColumnElement[bool]]]:
        """The same of those that they are not told of some pairs, with the condition of which."""
        view = self._view(shape)
        masked = frozenset(code for code, name in self.scale.about.items() if name in view.pool_masks)
        return [(masked, self._in_pool(shape, row))] if masked else []

    def _in_pool(self, shape: Shape, row: Any) -> ColumnElement[bool]:
        """Whether the pool masks one of the two for readers of a shape."""
        pooled, one = self._view(shape).pooled, self.of.model
        if pooled is None:
            return false()
        sides = [one.id == getattr(row, link) for link in self.pair.sides]
        return exists(select(one.id).where(or_(*sides), pooled).correlate(row))


def _listed(codes: Iterable[str]) -> str:
    return json.dumps(sorted(codes))


def left_of(text: str) -> list[str]:
    """The reasons that are told, of what `PairPolicy.told` reads."""
    *out, codes = map(json.loads, text.split("\n"))
    return [code for code in codes if not any(code in some for some in out)]


class PersonPairPolicy(PairPolicy):
    """That two people work for the same customer is told to whoever sees one such customer."""

    def _untold_where(self, shape: Shape, row: Any) -> list[tuple[frozenset[str], ColumnElement[bool]]]:
        """As `PairPolicy._untold_where`."""
        some = super()._untold_where(shape, row)
        if "all" not in shape[0]:
            home: Any = aliased(Customer)
            both = [home.id.in_(self._homes(getattr(row, side), row)) for side in self.pair.sides]
            seen = select(home.id).where(*both, home.is_active, customers.visible(shape, home))
            some.append((frozenset({"same_customer"}), not_(exists(seen.correlate(row)))))
        return some

    @staticmethod
    def _homes(person_id: Any, row: Any) -> CompoundSelect[Any]:
        """Where somebody works."""
        person, further = aliased(Person), aliased(PersonCustomer)
        return union_all(
            select(person.customer_id).where(person.id == person_id).correlate(row),
            select(further.customer_id).where(further.person_id == person_id).correlate(row),
        )


duplicates = PairPolicy(DuplicatePair, customers, SCALE)
person_duplicates = PersonPairPolicy(PersonPair, people, PERSON_SCALE)

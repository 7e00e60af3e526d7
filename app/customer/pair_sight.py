"""Who sees a pair of records that may be one, and what of it: nothing that tells of a field which the reader has not.

A reason is left out where it tells of a field that the reader's role hides or masks, or that the pool masks on one of
the two. What is left makes the score that this reader is shown and that sorts and filters go by, and a pair that
nothing left speaks for is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import mul
from typing import Any

from sqlalchemy import (
    ColumnElement,
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
)
from sqlalchemy.orm import aliased

from ..access import Permission, Policy, Shape
from ..database import Rate
from ..field_rights import FieldView
from ..listing import SPECS
from .likeness import LIKELY, SCALE, Scale
from .models import DuplicatePair, Pair, PersonPair, customers, people
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
        if self._untold(shape) or self._masked_by_pool(shape):
            ways.append(self.score(shape, row) >= LIKELY)
        return and_(*ways)

    def writable_condition(self, shape: Shape) -> ColumnElement[bool]:
        """Who sees a pair and has the right may judge it."""
        return true()

    # ---- what is told ------------------------------------------------------------------------------------------------

    def score(self, shape: Shape, row: Any = None) -> Any:
        """How likely readers of a shape are told that the two are one: by the reasons that they may know."""
        row = self.pair if row is None else row
        untold, by_pool = self._untold(shape), self._masked_by_pool(shape)
        if not untold and not by_pool:
            return row.score
        in_pool = self._in_pool(shape, row)

        def left(column: Any, factors: Mapping[str, float]) -> Any:
            parts = []
            for name, factor in factors.items():
                if name not in untold:
                    told = cast(column, Text).contains(f'"{name}"', autoescape=True)
                    told = and_(told, not_(in_pool)) if name in by_pool else told
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
        untold, by_pool = self._untold(shape), self._masked_by_pool(shape)
        out: Any = literal(_listed(untold))
        if by_pool:
            out = case((self._in_pool(shape, self.pair), literal(_listed(untold | by_pool))), else_=out)
        text: ColumnElement[str] = out.concat("\n").concat(cast(column, Text))
        return text

    def _view(self, shape: Shape) -> FieldView:
        return SPECS[self.of.model.resource].view_for(shape)

    def _untold(self, shape: Shape) -> frozenset[str]:
        """The reasons and objections that readers of a shape are never told."""
        view = self._view(shape)
        return frozenset(code for code, name in self.scale.about.items() if not view.asks(name))

    def _masked_by_pool(self, shape: Shape) -> frozenset[str]:
        """The same of those that they are not told where one of the two is in the pool."""
        view = self._view(shape)
        return frozenset(code for code, name in self.scale.about.items() if name in view.pool_masks)

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
    out, codes = map(json.loads, text.split("\n"))
    return [code for code in codes if code not in out]


duplicates = PairPolicy(DuplicatePair, customers, SCALE)
person_duplicates = PairPolicy(PersonPair, people, PERSON_SCALE)

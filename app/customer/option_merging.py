"""Merging one value of an option list into another: every record that has the one gets the other, as one change set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, exists, select
from sqlalchemy import column as sql_column

from ..access import Actor
from ..custom_columns import Custom, held_text, holds_any
from ..custom_values import CHOICES, CustomKind
from ..database import IdList, db, items_of, member_of, read_engine
from ..errors import Issue, invalid
from ..job.models import Job
from ..job.service import Running, enqueue, job_kind
from ..record import Record
from ..routing import RESOURCES, assign
from ..schema import OptionField, Texts
from .custom_fields import declared
from .models import Option, options
from .options import FIXED

AT_ONCE = 500
"""More records than these are given the other value by a job."""

STEP = 200


@dataclass(frozen=True)
class Place:
    """Where values of a list stand: a column, or a key of `custom`.

    Attributes:
        is_list: whether several stand there.
    """

    model: Any
    column: str
    key: str | None
    is_list: bool

    def holding(self, value: str) -> ColumnElement[bool]:
        """The condition that a record has a value there."""
        document = getattr(self.model, self.column)
        if self.key is not None:
            wanted = bindparam(None, [value], type_=IdList(of_text=True))
            held: ColumnElement[bool] = held_text(document, self.key) == value
            return holds_any(document, self.key, wanted) if self.is_list else held
        if not self.is_list:
            return document == value  # type: ignore[no-any-return]
        held_items = items_of(document).table_valued(sql_column("value", String()), joins_implicitly=True)
        return exists().select_from(held_items).where(held_items.c.value == value).correlate_except(held_items)

    def replace(self, record: Any, value: str, by: str) -> None:
        """Put one value in the place of another."""
        stored = getattr(record, self.column)
        if self.key is not None:
            assign(record, {self.column: {**stored, self.key: self._replaced(stored[self.key], value, by)}})
        else:
            assign(record, {self.column: self._replaced(stored, value, by)})

    def _replaced(self, held: Any, value: str, by: str) -> Any:
        if not self.is_list:
            return by
        return list(dict.fromkeys(by if one == value else one for one in held))


def merge(actor: Actor, option: Option, target_id: int) -> Option | Job:
    """Put another value of the same list in the place of one, in every record, deleted ones too.

    The merged value stays as a retired alias: who still says it, as an import may, means the other one.

    Raises:
        Problem: 422 for a target of another list, one that is merged itself, or a list whose values are fixed.
    """
    target: Any = db.session.get(Option, target_id)
    if target is None or not target.is_active or target.list != option.list or target.merged_into is not None:
        raise invalid(Issue("#/target_id", "unknown_record"))
    if target.id == option.id:
        raise invalid(Issue("#/target_id", "circle"))
    if option.list in FIXED:
        raise invalid(Issue("#/target_id", "fixed"))
    found = list(_holders(option.list, option.value))
    total = sum(len(ids) for _, ids in found)
    if total > AT_ONCE:
        return enqueue(actor, "option_merge", {"option_id": option.id, "target_id": target.id}, total=total)
    _alias(option, target)
    for place, ids in found:
        _replace(place, ids, option.value, target.value)
    return option


@job_kind("option_merge")
def _merge(running: Running) -> dict[str, Any]:
    """The alias first, so that no new record takes the old value while the others are given the new one."""
    if running.state is None:
        with running.step(0, state=[0]):
            option, target = _both(running)
            _alias(option, target)
    value, by, list_ = _words(running)
    done = running.done
    for place, ids in _holders(list_, value):
        for at in range(0, len(ids), STEP):
            part = ids[at : at + STEP]
            done += len(part)
            with running.step(done, state=[done]):
                _replace(place, part, value, by)
    return {"records": done}


def _both(running: Running) -> tuple[Option, Option]:
    asked = running.arguments
    return options.get(running.actor(), asked["option_id"]), options.get(running.actor(), asked["target_id"])


def _words(running: Running) -> tuple[str, str, str]:
    asked = running.arguments
    query = select(Option.id, Option.value, Option.list).where(Option.id.in_([asked["option_id"], asked["target_id"]]))
    with read_engine().connect() as connection:
        rows = {row.id: row for row in connection.execute(query)}
    option = rows[asked["option_id"]]
    return option.value, rows[asked["target_id"]].value, option.list


def _alias(option: Option, target: Option) -> None:
    """Retire a value for another one; what was merged into it before follows."""
    followers = select(Option).where(Option.list == option.list, Option.merged_into == option.value)
    for one in [option, *db.session.execute(followers).scalars()]:
        assign(one, {"merged_into": target.value, "is_retired": True})
    db.session.flush()


def _holders(list_: str, value: str) -> Iterator[tuple[Place, Sequence[int]]]:
    """The records with a value, by the place where it stands."""
    for place in _places(list_):
        query = select(place.model.id).where(place.holding(value)).order_by(place.model.id)
        with read_engine().connect() as connection:
            ids = list(connection.execute(query).scalars())
        if ids:
            yield place, ids


def _replace(place: Place, ids: Sequence[int], value: str, by: str) -> None:
    model = place.model
    query = select(model).where(member_of(model.id, bindparam("ids", type_=IdList()))).order_by(model.id)
    for record in db.session.execute(query.with_for_update(of=model), {"ids": list(ids)}).scalars():
        place.replace(record, value, by)
    db.session.flush()


def _places(list_: str) -> Iterator[Place]:
    """Every place where values of a list stand."""
    for plural, resource in RESOURCES.items():
        model: type[Record] = resource.spec.model
        for name, field in resource.spec.fields.fields.items():
            if isinstance(field, OptionField) and field.option_list == list_:
                yield Place(model, name, None, is_list=False)
            elif isinstance(field, Texts) and field.metadata.get("option_list") == list_:
                yield Place(model, name, None, is_list=True)
        if issubclass(model, Custom):
            for one in declared(plural):
                if one.kind in CHOICES and one.option_list == list_:
                    yield Place(model, "custom", one.key, is_list=one.kind == CustomKind.MULTI_CHOICE)


__all__ = ["merge"]

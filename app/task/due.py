"""When tasks are due: asked by their list, the agenda and the browser in the same words.

A task is due at a moment, or on a day wherever its reader is; one that has neither is due when it ends, a meeting say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, bindparam, func, or_

from ..access import Shape
from ..database import Instant
from ..days import end_of, start_of
from ..filtering import PRESENT_AT, PRESENT_DAY, UNTIL, BadValue, Binds, Filter, InState, a_date
from .models import Task, TaskState


class Bucket(StrEnum):
    """When an open task is due, seen from now."""

    OVERDUE = "overdue"
    TODAY = "today"
    TOMORROW = "tomorrow"
    THIS_WEEK = "this_week"
    LATER = "later"
    NO_DATE = "no_date"


_STARTS = func.coalesce(Task.due_at, Task.starts_at, type_=Instant())
_ENDS = func.coalesce(Task.due_at, Task.ends_at, Task.starts_at, type_=Instant())

IS_OPEN: ColumnElement[bool] = Task.done_at.is_(None)


def _until(day: Any, moment: Any) -> ColumnElement[bool]:
    """Due by the end of a day; never null, so that it can be denied."""
    return or_(
        and_(Task.due_on.is_not(None), Task.due_on <= day),
        and_(Task.due_on.is_(None), _STARTS.is_not(None), moment > _STARTS),
    )


def buckets(_shape: Shape) -> Mapping[str, ColumnElement[bool]]:
    """The condition of each bucket."""
    dated = or_(Task.due_on.is_not(None), _STARTS.is_not(None))
    overdue = or_(
        and_(Task.due_on.is_not(None), Task.due_on < PRESENT_DAY),
        and_(Task.due_on.is_(None), _ENDS.is_not(None), _ENDS < PRESENT_AT),
    )
    by = {name: _until(day, ends) for name, (day, ends) in UNTIL.items()}
    return {
        Bucket.OVERDUE: overdue,
        Bucket.TODAY: and_(by["today"], ~overdue),
        Bucket.TOMORROW: and_(by["tomorrow"], ~by["today"], ~overdue),
        Bucket.THIS_WEEK: and_(by["week_end"], ~by["tomorrow"], ~overdue),
        Bucket.LATER: and_(dated, ~by["week_end"], ~overdue),
        Bucket.NO_DATE: ~dated,
    }


class InBucket(InState):
    """An open task is due in one of these buckets, seen from now in the caller's zone."""

    def __init__(self) -> None:
        super().__init__(tuple(Bucket), buckets, IS_OPEN, "bucket", text="When an open task is due, seen from now.")


class InTaskState(InState):
    """The task is open, or done."""

    of_now = False

    def __init__(self) -> None:
        def states(_shape: Shape) -> Mapping[str, ColumnElement[bool]]:
            return {TaskState.OPEN: IS_OPEN, TaskState.DONE: ~IS_OPEN}

        super().__init__(tuple(TaskState), states, or_(IS_OPEN, ~IS_OPEN), "task_state")


class Due(Filter):
    """The day on which a task is due, in the caller's zone: `due=` for one or `none`, `due_from=` and `due_to=`."""

    ops = ("eq", "gte", "lte", "is_null", "not_null")
    suffixes = (("", "eq"), ("_from", "gte"), ("_to", "lte"))

    def __init__(self) -> None:
        super().__init__(Task.due_on, a_day_there, text="By day in the caller's zone, inclusive; `none` for no date.")

    def binds(self, bind: str, value: Any) -> Binds:
        """The day, and the moments at which it begins and ends."""
        if value is None:
            return {bind: None}
        day, begins, ends = value
        return {bind: day, f"{bind}_begins": begins, f"{bind}_ends": ends}

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """Whether the task is due from or until a day, or has no date at all."""
        if op in ("is_null", "not_null"):
            none = and_(Task.due_on.is_(None), _STARTS.is_(None))
            return none if op == "is_null" else ~none
        day = bindparam(bind, type_=Date())
        until = _until(day, bindparam(f"{bind}_ends", type_=Instant()))
        begins = bindparam(f"{bind}_begins", type_=Instant())
        since = or_(
            and_(Task.due_on.is_not(None), Task.due_on >= day),
            and_(Task.due_on.is_(None), _STARTS.is_not(None), begins <= _STARTS),
        )
        return {"lte": until, "gte": since, "eq": and_(since, until)}[op]

    def wire(self) -> dict[str, Any]:
        """A date."""
        return {"type": "string", "format": "date"}


def a_day_there(text: Any, zone: str) -> tuple[date, datetime, datetime]:
    """A date with the moments at which it begins and ends in the caller's zone."""
    day = a_date(text, zone)
    try:
        return day, start_of(day, zone), end_of(day, zone)
    except OverflowError as error:
        raise BadValue("date") from error

"""`/reports/activity`: contact records and tasks done by person or day, and how fast leads were answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import (
    CTE,
    Connection,
    RowMapping,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from ..access import Actor
from ..auth.models import User
from ..contact.models import ContactKind, ContactRecord, contacts
from ..contact.schemas import answers_lead
from ..customer.models import Customer
from ..money.service import base_currency
from ..schema import Choice, Line, StrictSchema
from ..task.models import Task, tasks
from .frame import Report, answer_schema, query_schema, span
from .functions import days_passed
from .scope import Pairs, Scope
from .spans import span_pairs, spans
from .tally import days

_KINDS = tuple(str(kind) for kind in ContactKind)
_MINUTES_A_DAY = 1_440

KindCounts = StrictSchema.from_dict({kind: fields.Integer() for kind in _KINDS}, name="KindCounts")

_FIGURES: dict[str, Any] = {
    "contact_count": fields.Integer(),
    "tasks_done": fields.Integer(),
    "kind_counts": fields.Nested(KindCounts),
    "customers_touched": fields.Integer(),
    "answered_count": fields.Integer(),
    "mean_answer_minutes": fields.Float(allow_none=True),
    "median_answer_minutes": fields.Float(allow_none=True),
}


def run(connection: Connection, actor: Actor, scope: Scope, query: Mapping[str, Any]) -> dict[str, Any]:
    """Authors, the busiest first, or days in order; a customer counts once in each row and once in the totals."""
    by_day = query["group_by"] == "day"
    record, done = _records(connection, actor, scope, by_day), _done(connection, actor, scope, by_day)
    statement = union_all(
        _counted(record, "keyed", 0), _counted(record, "whole", 1), _counted_done(done, 0), _counted_done(done, 1)
    )
    found = _joined(connection.execute(statement, dict(actor.binds)).mappings())
    rows = [
        {
            "key": row.key,
            "label": row.label if row.label is not None else row.key,
            **_figures(row),
            "filters": (
                _filters(scope, scope.owner_id, partial(span_pairs, key=row.key, scope=scope))
                if by_day
                else _filters(scope, row.key, scope.moments)
            ),
        }
        for row in found
        if not row.is_total
    ]
    whole = next(row for row in found if row.is_total)
    return {
        "rows": sorted(rows, key=lambda row: row["key"] if by_day else (-row["contact_count"], row["label"])),
        "totals": {**_figures(whole), "filters": _filters(scope, scope.owner_id, scope.moments)},
        "meta": span(scope, base_currency(), [], "report.activity.definition"),
    }


def _records(connection: Connection, actor: Actor, scope: Scope, by_day: bool) -> CTE:
    """The contact records of the period in sight with their key; first answers with the minutes that they took."""
    lead: Any = aliased(Customer)
    passed = (
        select(days_passed(lead.became_lead_at, ContactRecord.occurred_at) * _MINUTES_A_DAY)
        .where(lead.id == ContactRecord.customer_id)
        .correlate(ContactRecord)
        .scalar_subquery()
    )
    query = select(
        ContactRecord.kind,
        ContactRecord.customer_id,
        case((answers_lead(ContactRecord), passed)).label("minutes"),
    ).where(ContactRecord.is_active, contacts.visible(actor.shape), *scope.within(ContactRecord.occurred_at))
    if scope.owner_id is not None:
        query = query.where(ContactRecord.user_id == scope.owner_id)
    if scope.team_id is not None:
        query = query.where(ContactRecord.user_id.in_(select(User.id).where(User.team_id == scope.team_id)))
    if by_day:
        one = spans(connection, ContactRecord.occurred_at, scope, monthly=False)
        lies_in = and_(ContactRecord.occurred_at >= one.c.start, ContactRecord.occurred_at < one.c.end)
        query = query.join(one, lies_in).add_columns(one.c.key.label("key"), cast(null(), String()).label("label"))
    else:
        query = query.join(User, User.id == ContactRecord.user_id)
        query = query.add_columns(ContactRecord.user_id.label("key"), User.name.label("label"))
    return query.cte("records")


def _done(connection: Connection, actor: Actor, scope: Scope, by_day: bool) -> CTE:
    """The tasks in sight that were done in the period, with their key."""
    query = select(Task.id).where(Task.is_active, tasks.visible(actor.shape), Task.done_at.is_not(None))
    query = query.where(*scope.within(Task.done_at))
    if scope.owner_id is not None:
        query = query.where(Task.assignee_id == scope.owner_id)
    if scope.team_id is not None:
        query = query.where(Task.team_id == scope.team_id)
    if by_day:
        one = spans(connection, Task.done_at, scope, monthly=False, name="task_spans")
        query = query.join(one, and_(Task.done_at >= one.c.start, Task.done_at < one.c.end))
        query = query.add_columns(one.c.key.label("key"), cast(null(), String()).label("label"))
    else:
        query = query.join(User, User.id == Task.assignee_id)
        query = query.add_columns(Task.assignee_id.label("key"), User.name.label("label"))
    return query.cte("done")


def _counted_done(done: CTE, is_total: int) -> Select[Any]:
    """The tasks done per key, or over all, in the columns of the contact records."""
    keys = () if is_total else (done.c.key, done.c.label)
    query = select(
        *(keys or (null().label("key"), null().label("label"))),
        literal(is_total).label("is_total"),
        *(literal(0).label(name) for name in ("contact_count", *_KINDS, "customers_touched", "answered_count")),
        *(null().label(name) for name in ("minutes", "middle_minutes")),
        literal(0).label("middle_count"),
        func.count().label("tasks_done"),
    )
    return query.select_from(done).group_by(*keys)


def _joined(found: Iterable[RowMapping]) -> list[SimpleNamespace]:
    """The rows of one key as one: what was logged and what was done."""
    rows: dict[Any, dict[str, Any]] = {}
    for row in found:
        former = rows.get((row["is_total"], row["key"]))
        if former is None:
            rows[row["is_total"], row["key"]] = dict(row)
        else:
            for name in row.keys() - {"is_total", "key", "label"}:
                if row[name] is not None:
                    former[name] = (former[name] or 0) + row[name]
    return [SimpleNamespace(**row) for row in rows.values()]


def _counted(record: CTE, name: str, is_total: int) -> Select[Any]:
    """One row per key, or one over all; the median is the mean of the two answers in the middle."""
    is_answer = record.c.minutes.is_not(None)
    peers = (*(() if is_total else (record.c.key,)), case((is_answer, 1), else_=0))
    placed = select(
        record,
        func.row_number().over(partition_by=peers, order_by=record.c.minutes).label("place"),
        func.count().over(partition_by=peers).label("peers"),
    ).cte(name)
    minutes, place, count = placed.c.minutes, placed.c.place, placed.c.peers
    middle = and_(minutes.is_not(None), or_(place == (count + 1) // 2, place == (count + 2) // 2))
    keys = () if is_total else (placed.c.key, placed.c.label)
    return select(
        *(keys or (null().label("key"), null().label("label"))),
        literal(is_total).label("is_total"),
        func.count().label("contact_count"),
        *(func.count(case((placed.c.kind == kind, 1))).label(kind) for kind in _KINDS),
        func.count(placed.c.customer_id.distinct()).label("customers_touched"),
        func.count(minutes).label("answered_count"),
        func.sum(minutes).label("minutes"),
        func.sum(case((middle, minutes))).label("middle_minutes"),
        func.count(case((middle, 1))).label("middle_count"),
        literal(0).label("tasks_done"),
    ).group_by(*keys)


def _figures(row: Any) -> dict[str, Any]:
    return {
        "contact_count": row.contact_count,
        "tasks_done": row.tasks_done,
        "kind_counts": {kind: getattr(row, kind) for kind in _KINDS},
        "customers_touched": row.customers_touched,
        "answered_count": row.answered_count,
        "mean_answer_minutes": days(row.minutes or 0, row.answered_count),
        "median_answer_minutes": days(row.middle_minutes or 0, row.middle_count),
    }


def _filters(scope: Scope, person_id: int | None, moments: Callable[[str], Pairs]) -> dict[str, str]:
    """Per figure the query string of `/contacts`, of tasks done that of `/tasks`."""

    def asked(person: str, moment: str) -> Pairs:
        people = [("team_id", scope.team_id), (person, person_id)]
        return [*((name, str(wanted)) for name, wanted in people if wanted is not None), *moments(moment)]

    here = asked("user_id", "occurred")
    answers = [*here, ("first_answer", "true")]
    behind: dict[str, Pairs] = {
        "contact_count": here,
        "tasks_done": [("state", "done"), *asked("assignee_id", "done")],
        **{f"kind_counts.{kind}": [*here, ("kind", kind)] for kind in _KINDS},
        "customers_touched": here,
        "answered_count": answers,
        "mean_answer_minutes": answers,
        "median_answer_minutes": answers,
    }
    return {name: urlencode(pairs) for name, pairs in behind.items()}


REPORT = Report(
    "activity",
    "Contact records and tasks done by person or day, customers touched, and how fast leads were answered",
    run,
    answer_schema("Activity", {"key": fields.Raw(), "label": Line(), **_FIGURES}, _FIGURES),
    query_schema(
        "ActivityQuery",
        without=("as_of", "pipeline_id", "currency"),
        group_by=Choice(("owner", "day"), load_default="owner"),
        has_limit=True,
    ),
    (
        "label",
        "contact_count",
        *(f"kind_counts.{kind}" for kind in _KINDS),
        "tasks_done",
        "customers_touched",
        "answered_count",
        "mean_answer_minutes",
        "median_answer_minutes",
    ),
)

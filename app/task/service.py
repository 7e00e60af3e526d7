"""Use cases of tasks: create, edit, delete and restore; done, open again, put off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from ..access import Actor, Permission, Policy
from ..auth.models import User
from ..contact import service as contact_service
from ..contact.models import ContactKind
from ..customer.models import customers, people
from ..customer.service import share
from ..database import db
from ..days import end_of
from ..deal.models import deals
from ..errors import Faults, Issue, Problem, conflict, forbidden, invalid
from ..folding import fold, search_key, sort_key
from ..journal import SETTLE, SetBack, act
from ..routing import assign, remove, restore
from ..schema import parse_date, parse_instant
from ..transaction import now
from .models import Task, TaskKind

_LINKS = ("customer_id", "person_id", "deal_id")
_TIMES = ("due_on", "due_at", "starts_at", "ends_at")
_LOGGED_AS = {
    TaskKind.TO_DO: ContactKind.NOTE,
    TaskKind.CALL: ContactKind.CALL,
    TaskKind.VISIT: ContactKind.VISIT,
    TaskKind.MEETING: ContactKind.MEETING,
}


def create(actor: Actor, values: dict[str, Any]) -> Task:
    """A new task, the caller's unless `assignee_id` says whose.

    Without `customer_id` it belongs to the customer of its deal or person. With `done_at` it is done already.

    Raises:
        Problem: 422 for links out of sight or not of that customer, an unknown colleague, or times that contradict.
    """
    participants = values.pop("participants", None)
    values = {"assignee_id": actor.user_id, **values}
    values["reminders"] = _kept(values.get("reminders"))
    faults = Faults()
    with faults.gathered():
        _check_colleagues(values["assignee_id"], participants)
    with faults.gathered():
        values |= _linked(actor, {name: values.get(name) for name in _LINKS}, values.keys())
    _check_times(values, values, faults)
    faults.settle()
    task = Task(**values)
    _derive(task)
    db.session.add(task)
    db.session.flush()
    if participants:
        _set_participants(task, participants)
    return task


def edit(actor: Actor, task: Task, values: dict[str, Any]) -> Task:
    """Change the fields that are present; `participants` and `reminders` are replaced whole.

    A due moment takes the place of a due date and the other way round. `done_at` completes or reopens the task.

    Raises:
        Problem: 422 as for `create`.
    """
    participants = values.pop("participants", None)
    if "reminders" in values:
        values["reminders"] = _kept(values["reminders"])
    for name, other in (("due_on", "due_at"), ("due_at", "due_on")):
        if values.get(name) is not None and other not in values:
            values[other] = None
    faults = Faults()
    assignee_id = values.get("assignee_id", task.assignee_id)
    with faults.gathered():
        _check_colleagues(assignee_id if assignee_id != task.assignee_id else None, participants)
    stored = {name: getattr(task, name) for name in _LINKS}
    wanted = {name: values.get(name, stored[name]) for name in _LINKS}
    if "customer_id" in values and values["customer_id"] is None:
        # Without its customer a task is about nobody there.
        wanted |= {name: values.get(name) for name in _LINKS}
    if wanted != stored:
        with faults.gathered():
            values |= _linked(actor, wanted, values.keys())
    times = {name: values.get(name, getattr(task, name)) for name in (*_TIMES, "reminders", "done_at")}
    _check_times(times, values, faults)
    faults.settle()
    was_done = task.done_at is not None
    assign(task, values)
    _derive(task)
    if participants is not None:
        _set_participants(task, participants)
    if was_done != (task.done_at is not None):
        act(task, "reopened" if was_done else "completed")
    return task


def complete(actor: Actor, task: Task, body: dict[str, Any]) -> Task:
    """Tick a task off; with `contact` what came of it is logged at its customer in the same change set.

    Raises:
        Problem: 409 `already-done`; 403 without the right to log; 422 for a moment to come, a task without a customer,
            or a contact record that cannot be made.
    """
    if task.done_at is not None:
        raise conflict("already-done")
    done_at = body.get("done_at") or now()
    if done_at > now():
        raise invalid(Issue("#/done_at", "future"))
    if "contact" in body:
        _log(actor, task, body["contact"], done_at)
    assign(task, {"done_at": done_at})
    act(task, "completed")
    return task


def reopen(_actor: Actor, task: Task) -> Task:
    """Make a task that was done one to do again.

    Raises:
        Problem: 409 `not-done`.
    """
    if task.done_at is None:
        raise conflict("not-done")
    assign(task, {"done_at": None})
    act(task, "reopened")
    return task


def snooze(actor: Actor, task: Task, until: str) -> Task:
    """Put a task off; on a date it keeps its time of day, and a meeting its length.

    Args:
        until: a moment, or a date in the caller's zone.

    Raises:
        Problem: 409 `already-done`; 422 for what has passed.
    """
    if task.done_at is not None:
        raise conflict("already-done")
    zone = ZoneInfo(actor.time_zone)
    former = task.due_at or task.starts_at
    day: date | None = None
    moment: datetime | None = None
    if len(until) > 10:
        moment = parse_instant(until)
        passed = moment < now()
    else:
        day = parse_date(until)
        passed = day < now().astimezone(zone).date()
        if former is not None and task.due_on is None:
            moment = datetime.combine(day, former.astimezone(zone).time(), zone).astimezone(UTC)
    if passed:
        raise invalid(Issue("#/until", "past"))
    if moment is None:
        assign(task, {"due_on": day, "due_at": None})
    elif task.starts_at is not None and task.due_at is None and task.due_on is None:
        shift = moment - task.starts_at
        ends_at = None if task.ends_at is None else task.ends_at + shift
        assign(task, {"starts_at": moment, "ends_at": ends_at})
    else:
        assign(task, {"due_at": moment, "due_on": None})
    _derive(task)
    return task


# ---- checks ---------------------------------------------------------------------------------------------------------


def _check_colleagues(assignee_id: int | None, participants: Sequence[dict[str, Any]] | None) -> None:
    """Who is to do it or takes part must be an active colleague; None for an assignee who stays."""
    asked = [] if assignee_id is None else [("#/assignee_id", assignee_id)]
    asked += [(f"#/participants/{number}/user_id", one["user_id"]) for number, one in enumerate(participants or ())]
    ids = {user_id for _, user_id in asked}
    known = set(db.session.execute(select(User.id).where(User.id.in_(ids), User.is_active)).scalars()) if ids else set()
    issues = [Issue(pointer, "unknown_user") for pointer, user_id in asked if user_id not in known]
    if issues:
        raise invalid(*issues)


def _linked(actor: Actor, links: dict[str, int | None], sent: Any) -> dict[str, int | None]:
    """The customer, person and deal of a task; the customer follows from the others where it was not sent.

    Raises:
        Problem: 422 for what is out of sight, not the caller's to change, or not of that customer.
    """
    customer_id, person_id, deal_id = (links[name] for name in _LINKS)
    if customer_id is not None and "customer_id" in sent:
        _held(customers, actor, customer_id, "customer_id")
    if customer_id is None and deal_id is not None:
        customer_id = _held(deals, actor, deal_id, "deal_id").customer_id
    if customer_id is None and person_id is not None:
        customer_id = _held(people, actor, person_id, "person_id").customer_id
    if customer_id is not None:
        contact_service.check_links(actor, customer_id, links)
    return {"customer_id": customer_id, "person_id": person_id, "deal_id": deal_id}


def _held(policy: Policy, actor: Actor, record_id: int, name: str) -> Any:
    try:
        return policy.writable(actor, record_id)
    except Problem as problem:
        raise invalid(Issue(f"#/{name}", "unknown_record")) from problem


def _check_times(times: dict[str, Any], sent: dict[str, Any], faults: Faults) -> None:
    """What is to be stored of the times must make sense together."""
    if times.get("due_on") is not None and times.get("due_at") is not None:
        faults.append(Issue("#/due_on", "one_due"))
    starts_at, ends_at = times.get("starts_at"), times.get("ends_at")
    if ends_at is not None and starts_at is None:
        faults.append(Issue("#/starts_at" if "starts_at" in sent else "#/ends_at", "needs_start"))
    elif ends_at is not None and ends_at < starts_at:
        faults.append(Issue("#/ends_at" if "ends_at" in sent else "#/starts_at", "before_from"))
    if sent.get("done_at") is not None and sent["done_at"] > now():
        faults.append(Issue("#/done_at", "future"))
    is_dated = any(times.get(name) is not None for name in ("due_on", "due_at", "starts_at"))
    if not is_dated and "reminders" in sent:
        faults += [
            Issue(f"#/reminders/{number}", "needs_due")
            for number, reminder in enumerate(times.get("reminders") or ())
            if "minutes_before" in reminder
        ]


def _kept(reminders: Sequence[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Reminders as they are stored and read."""
    return [
        {"at": one["at"].isoformat().replace("+00:00", "Z")}
        if "at" in one
        else {"minutes_before": one["minutes_before"]}
        for one in reminders or ()
    ]


def _log(actor: Actor, task: Task, values: dict[str, Any], done_at: datetime) -> None:
    if not actor.may(Permission.CONTACT_WRITE):
        raise forbidden()
    if task.customer_id is None:
        raise invalid(Issue("#/contact", "needs_customer"))
    links = {name: getattr(task, name) for name in _LINKS}
    body = {"kind": _LOGGED_AS[TaskKind(task.kind)], "subject": task.subject, "occurred_at": done_at, **values, **links}
    try:
        contact_service.create(actor, body)
    except Problem as problem:
        issues = [Issue(one.at.replace("#", "#/contact", 1), one.code, one.params) for one in problem.issues]
        raise Problem(problem.status, problem.slug, issues) from problem


# ---- what follows ---------------------------------------------------------------------------------------------------


def _set_participants(task: Task, participants: Sequence[dict[str, Any]]) -> None:
    share(task, [{"user_id": user_id, "team_id": None, "access": "write"} for user_id in _named(participants)])


def _named(participants: Sequence[dict[str, Any]]) -> list[int]:
    return list(dict.fromkeys(one["user_id"] for one in participants))


def _derive(task: Task) -> None:
    """Set what follows from the other columns: team, order and search keys."""
    assignee = db.session.get_one(User, task.assignee_id)
    due_by = task.due_at
    if due_by is None and task.due_on is not None:
        zone = assignee.time_zone or current_app.config["LIANXI"].time_zone
        due_by = end_of(task.due_on, zone) - timedelta(microseconds=1)
    # The plain function: the cache of `fold` is for names, not for texts of 20,000 characters.
    words = [search_key([task.subject]), fold.__wrapped__(task.description or "")]
    assign(
        task,
        {
            "team_id": assignee.team_id,
            "due_by": due_by or task.starts_at,
            "subject_key": fold(task.subject),
            "sort_key": sort_key(task.subject),
            "search_key": "\n".join(words),
        },
    )


def _settle(task: Task, _undone: SetBack) -> None:
    """Set what follows from a task's columns after an undo."""
    _derive(task)


SETTLE["task"] = _settle


__all__ = ["complete", "create", "edit", "remove", "reopen", "restore", "snooze"]

"""Tells a story to the product: every step through the services of the API, by its own person, at its own time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ..access import Actor
from ..contact import service as contact_service
from ..customer import person_service
from ..customer import service as customer_service
from ..customer.models import customers
from ..deal import moves
from ..deal import service as deal_service
from ..deal.models import deals
from ..task import service as task_service
from ..task.models import tasks
from ..transaction import Unit, next_changeset, unit_of_work
from .plan import DAYS, NOBODY, At, On, Step, The, What

_DAYS_PER_COMMIT = 5


class Calendar:
    """Turns working days of a story into dates: day `DAYS` is today or the next working day.

    Args:
        today: the story ends on the working day before.
        zone: in which it plays.
    """

    def __init__(self, today: date, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.past: list[date] = []
        day = today
        while len(self.past) < DAYS:
            day -= timedelta(days=1)
            if day.weekday() < 5:
                self.past.append(day)
        self.past.reverse()
        self.future: list[date] = []
        self.next = today

    def date(self, on: int) -> date:
        """The date of a working day."""
        if on < DAYS:
            return self.past[on]
        while len(self.future) <= on - DAYS:
            if self.next.weekday() < 5:
                self.future.append(self.next)
            self.next += timedelta(days=1)
        return self.future[on - DAYS]

    def moment(self, on: int, second: int) -> datetime:
        """A moment of a working day."""
        return datetime.combine(self.date(on), time(), self.zone) + timedelta(seconds=second)


@dataclass
class Stage:
    """What a story is told with: who acts, when that is, which ids the records have got.

    Attributes:
        actors: by the keys of the colleagues.
        ids: by kind and by number or key in the story.
        stages: ids of the open stages of each sales process, in order.
    """

    calendar: Calendar
    actors: Mapping[str, Actor]
    ids: dict[str, dict[int | str, int]]
    stages: Mapping[str, list[int]]
    counts: dict[What, int] = field(default_factory=dict)

    def resolve(self, value: Any) -> Any:
        """A value of the story with dates, moments and ids in their places."""
        if isinstance(value, dict):
            return {key: self.resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if isinstance(value, On):
            return self.calendar.date(value.day)
        if isinstance(value, At):
            return self.calendar.moment(value.day, value.second)
        if isinstance(value, The):
            return None if value == NOBODY else self.ids[value.kind][value.key]
        return value


def tell(stage: Stage, steps: list[Step], told: Callable[[int], None]) -> None:
    """Carry out every step as a change set of its own; some days at a time are committed together.

    Args:
        stage: what the story is told with.
        steps: in order of time.
        told: is told how many steps have just been committed.
    """
    start = 0
    while start < len(steps):
        batch = steps[start].day // _DAYS_PER_COMMIT
        end = start
        with unit_of_work(source="cli", at=stage.calendar.moment(steps[start].day, 0)) as unit:
            while end < len(steps) and steps[end].day // _DAYS_PER_COMMIT == batch:
                _carry_out(stage, unit, steps[end])
                end += 1
        told(end - start)
        start = end


def _carry_out(stage: Stage, unit: Unit, step: Step) -> None:
    actor = stage.actors[step.who]
    next_changeset(unit, actor_id=actor.user_id, at=stage.calendar.moment(step.day, step.second))
    _DOING[step.what](stage, actor, step, stage.resolve(step.values))


def _customer(stage: Stage, actor: Actor, step: Step) -> Any:
    return customers.writable(actor, stage.ids["customer"][step.subject])


def _deal(stage: Stage, actor: Actor, step: Step) -> Any:
    return deals.writable(actor, stage.ids["deal"][step.subject])


def _new_customer(stage: Stage, actor: Actor, step: Step, values: dict[str, Any]) -> None:
    stage.ids["customer"][step.subject] = customer_service.create(actor, values).id


def _edit_customer(stage: Stage, actor: Actor, step: Step, values: dict[str, Any]) -> None:
    customer_service.edit(actor, _customer(stage, actor, step), values)


def _claim(stage: Stage, actor: Actor, step: Step, _values: dict[str, Any]) -> None:
    customer_service.claim(actor, customers.get(actor, stage.ids["customer"][step.subject]))


def _release(stage: Stage, actor: Actor, step: Step, _values: dict[str, Any]) -> None:
    customer_service.release(actor, _customer(stage, actor, step))


def _remove(stage: Stage, actor: Actor, step: Step, _values: dict[str, Any]) -> None:
    customer_service.remove(actor, _customer(stage, actor, step))


def _new_person(stage: Stage, actor: Actor, step: Step, values: dict[str, Any]) -> None:
    stage.ids["person"][step.subject] = person_service.create(actor, values).id


def _new_contact(_stage: Stage, actor: Actor, _step: Step, values: dict[str, Any]) -> None:
    contact_service.create(actor, values)


def _new_deal(stage: Stage, actor: Actor, step: Step, values: dict[str, Any]) -> None:
    stage.ids["deal"][step.subject] = deal_service.create(actor, values).id


def _edit_deal(stage: Stage, actor: Actor, step: Step, values: dict[str, Any]) -> None:
    deal_service.edit(actor, _deal(stage, actor, step), values)


def _move(stage: Stage, actor: Actor, step: Step, values: dict[str, Any]) -> None:
    goal = stage.stages[values["pipeline"]][values["stage"]]
    moves.move(actor, _deal(stage, actor, step), {"stage_id": goal})


def _win(stage: Stage, actor: Actor, step: Step, values: dict[str, Any]) -> None:
    moves.win(actor, _deal(stage, actor, step), values)


def _lose(stage: Stage, actor: Actor, step: Step, values: dict[str, Any]) -> None:
    moves.lose(actor, _deal(stage, actor, step), values)


def _new_task(stage: Stage, actor: Actor, step: Step, values: dict[str, Any]) -> None:
    stage.ids["task"][step.subject] = task_service.create(actor, values).id


def _complete_task(stage: Stage, actor: Actor, step: Step, values: dict[str, Any]) -> None:
    task_service.complete(actor, tasks.writable(actor, stage.ids["task"][step.subject]), values)


_DOING: dict[What, Callable[[Stage, Actor, Step, dict[str, Any]], None]] = {
    What.NEW_CUSTOMER: _new_customer,
    What.EDIT_CUSTOMER: _edit_customer,
    What.CLAIM: _claim,
    What.RELEASE: _release,
    What.REMOVE: _remove,
    What.NEW_PERSON: _new_person,
    What.NEW_CONTACT: _new_contact,
    What.NEW_DEAL: _new_deal,
    What.EDIT_DEAL: _edit_deal,
    What.MOVE: _move,
    What.WIN: _win,
    What.LOSE: _lose,
    What.NEW_TASK: _new_task,
    What.COMPLETE_TASK: _complete_task,
}

"""`/tasks`, `/agenda` and the timeline of a customer."""

from __future__ import annotations

from typing import Any

from ..access import Actor, Permission
from ..customer.models import Customer, customers
from ..customer.schemas import CUSTOMERS
from ..history.owners import owners
from ..routing import TRANSFERS, Routes
from . import agenda, service, timeline, transfer
from .answers import AgendaQuery, AgendaSchema, OwnersSchema, TimelineQuery, TimelineSchema
from .models import Task, tasks
from .schemas import TASKS, AlongSchema, CompleteSchema, ManyTransferSchema, SnoozeSchema, TransferSchema

routes = Routes("task", __name__)

routes.resource(TASKS, service, read=Permission.TASK_READ, write=Permission.TASK_WRITE)


@routes.endpoint_for(
    "POST",
    "/tasks/<int:record_id>/complete",
    permission=Permission.TASK_WRITE,
    loads=tasks,
    body=CompleteSchema,
    answer=TASKS,
    summary="Tick a task off, and log what came of it if wanted",
)
def complete_task(actor: Actor, task: Task, body: dict[str, Any]) -> Task:
    """A task is done; a contact record is logged at its customer in the same change set."""
    return service.complete(actor, task, body)


@routes.endpoint_for(
    "POST",
    "/tasks/<int:record_id>/reopen",
    permission=Permission.TASK_WRITE,
    loads=tasks,
    answer=TASKS,
    summary="Reopen a task that was done",
)
def reopen_task(actor: Actor, task: Task) -> Task:
    """A task is to be done again."""
    return service.reopen(actor, task)


@routes.endpoint_for(
    "POST",
    "/tasks/<int:record_id>/snooze",
    permission=Permission.TASK_WRITE,
    loads=tasks,
    body=SnoozeSchema,
    answer=TASKS,
    summary="Put a task off until a moment or a date",
)
def snooze_task(actor: Actor, task: Task, body: dict[str, Any]) -> Task:
    """On a date a task keeps its time of day, a meeting its length."""
    return service.snooze(actor, task, body["until"])


@routes.endpoint_for(
    "GET",
    "/agenda",
    permission=Permission.TASK_READ,
    query=AgendaQuery,
    answer=AgendaSchema,
    summary="The open tasks of one person by when they are due",
)
def read_agenda(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Overdue, today, tomorrow, this week, later and without a date, in the caller's time zone."""
    return agenda.agenda(actor, query)


@routes.endpoint_for(
    "GET",
    "/customers/<int:record_id>/timeline",
    permission=Permission.CUSTOMER_READ,
    loads=customers,
    writes_row=False,
    query=TimelineQuery,
    answer=TimelineSchema,
    summary="What happened with a customer, newest first",
)
def read_timeline(actor: Actor, customer: Customer, query: dict[str, Any]) -> dict[str, Any]:
    """Contact records, deals, tasks and changes of one customer, walked by cursor."""
    return timeline.timeline(actor, customer, query)


@routes.endpoint_for(
    "GET",
    "/customers/<int:record_id>/transfer",
    permission=Permission.CUSTOMER_READ,
    loads=customers,
    writes_row=False,
    answer=AlongSchema,
    summary="What would go along with a customer that changes hands",
)
def preview_transfer(_actor: Actor, customer: Customer) -> dict[str, int]:
    """The open deals and tasks that its owner has there."""
    return transfer.along(customer)


@routes.endpoint_for(
    "GET",
    "/customers/<int:record_id>/owners",
    permission=Permission.CUSTOMER_READ,
    loads=customers,
    writes_row=False,
    answer=OwnersSchema,
    summary="Whose a customer has been, the present owner first",
)
def list_owners(_actor: Actor, customer: Customer) -> dict[str, Any]:
    """The owners one after the other, since when and by whom; null means the pool."""
    found = owners(customer)
    meta = {"total": len(found), "pages": 1, "current_page": 1, "per_page": max(len(found), 1), "next_cursor": None}
    return {"data": found, "meta": meta}


@routes.endpoint_for(
    "POST",
    "/customers/<int:record_id>/transfer",
    permission=Permission.CUSTOMER_WRITE,
    loads=customers,
    body=TransferSchema,
    answer=CUSTOMERS,
    summary="Give a customer to another owner, with open deals and tasks if wanted",
)
def transfer_customer(actor: Actor, customer: Customer, body: dict[str, Any]) -> Customer:
    """Customer, deals and tasks change hands together or not at all."""
    return transfer.transfer(actor, customer, body)


TRANSFERS["customers"] = (ManyTransferSchema(), transfer.change_hands)

"""What tasks look like on the wire, and their list."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from sqlalchemy import ColumnElement, case, exists, literal, select

from ..auth.models import User, teams, users
from ..contact.models import ContactDirection, ContactKind
from ..customer.models import customers, people
from ..database import json_object_rows, json_pair
from ..deal.models import deals
from ..filtering import AnyOf, Member, Range, an_id
from ..listing import ListSpec
from ..projection import LinkTo, Shape, json_text, read_as
from ..record import Collaborator
from ..schema import (
    Choice,
    IdField,
    InstantField,
    Items,
    Line,
    OptionField,
    Part,
    Prose,
    RecordSchema,
    Several,
    StrictSchema,
    Whole,
    column,
    max_length,
    parse_date,
    parse_instant,
)
from .due import Due, InBucket, InTaskState
from .models import Task, TaskKind, TaskPriority, tasks


class ParticipantSchema(StrictSchema):
    """A colleague who takes part."""

    user_id = IdField(required=True)


class ReminderSchema(StrictSchema):
    """When somebody is to be reminded: some minutes before the task is due, or at a moment."""

    minutes_before = Whole(low=0, high=40_320)
    at = InstantField()

    @validates_schema(skip_on_field_errors=True)
    def _one(self, data: dict[str, Any], **_kw: Any) -> None:
        if len(data) != 1:
            raise ValidationError("one_reminder")


def _participants(_shape: Shape) -> ColumnElement[Any]:
    found = (
        select(json_pair(literal("user_id"), Collaborator.user_id, literal("name"), User.name).label("item"))
        .join(User, User.id == Collaborator.user_id)
        .where(Collaborator.resource == Task.resource, Collaborator.record_id == Task.id)
        .order_by(Collaborator.id)
        .correlate(Task)
    )
    return json_object_rows(found.scalar_subquery())


_PARTICIPANTS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["user_id", "name"],
        "properties": {"user_id": {"type": "integer"}, "name": {"type": "string"}},
    },
}


class TaskSchema(RecordSchema):
    """Something to do."""

    class Meta(RecordSchema.Meta):
        """Columns of `Task`."""

        model = Task

    id = column(dump_only=True)
    version = column(dump_only=True)
    kind = Choice(TaskKind)
    subject = column(required=True)
    description = column()
    starts_at = column()
    ends_at = column()
    due_on = column()
    due_at = column()
    priority = Choice(TaskPriority)
    assignee_id = IdField()
    assignee = LinkTo("assignee_id", Task.assignee_id, users)
    team_id = column(dump_only=True)
    team = LinkTo("team_id", Task.team_id, teams)
    participants = Items(
        ParticipantSchema, most=50, allow_none=True, metadata=read_as(_participants, json_text, _PARTICIPANTS)
    )
    customer_id = IdField(allow_none=True)
    customer = LinkTo("customer_id", Task.customer_id, customers)
    person_id = IdField(allow_none=True)
    person = LinkTo("person_id", Task.person_id, people)
    deal_id = IdField(allow_none=True)
    deal = LinkTo("deal_id", Task.deal_id, deals)
    reminders = Items(ReminderSchema, most=10, allow_none=True)
    done_at = column()
    external_source = column(blank_is_null=True)
    external_id = column(blank_is_null=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class LogSchema(StrictSchema):
    """What is logged at the customer when a task is done; its kind is the task's unless said."""

    kind = Choice(ContactKind)
    direction = Choice(ContactDirection, allow_none=True)
    subject = Line(allow_none=True, blank_is_null=True, validate=max_length(200))
    content = Prose(allow_none=True, validate=max_length(20_000))
    outcome = OptionField("outcome", allow_none=True)
    occurred_at = InstantField()
    duration_seconds = Whole(low=0, high=31_536_000, allow_none=True)
    next_step = Line(allow_none=True, blank_is_null=True, validate=max_length(300))
    next_follow_up_at = InstantField(allow_none=True)


class CompleteSchema(StrictSchema):
    """When a task was done, now unless said, and the contact record that is logged along with it."""

    done_at = InstantField()
    contact = Part(LogSchema)


class TransferSchema(StrictSchema):
    """Who gets a customer, what goes along, and what the former owner may still do."""

    owner_id = IdField(required=True)
    # `with` is a word of Python.
    include = Several(Choice(("deals", "tasks")), data_key="with", attribute="with", load_default=list)
    keep_as = Choice(("none", "read", "write"), load_default="none")


class ManyTransferSchema(TransferSchema):
    """As for one customer; null puts them into the pool."""

    owner_id = IdField(required=True, allow_none=True)


class AlongSchema(StrictSchema):
    """How many open deals and tasks of its owner would go along with a customer."""

    deals = fields.Integer()
    tasks = fields.Integer()


class SnoozeSchema(StrictSchema):
    """Until when: a moment, or a date on which the task keeps its time of day."""

    until = Line(required=True)

    @validates_schema(skip_on_field_errors=True)
    def _readable(self, data: dict[str, Any], **_kw: Any) -> None:
        text = data["until"]
        try:
            if len(text) == 10:
                parse_date(text)
            else:
                parse_instant(text)
        except ValueError as error:
            raise ValidationError("instant", "until") from error


def _with_participant(user_id: Any) -> ColumnElement[bool]:
    return exists().where(
        Collaborator.resource == Task.resource, Collaborator.record_id == Task.id, Collaborator.user_id == user_id
    )


def _with_anybody() -> ColumnElement[bool]:
    return exists().where(Collaborator.resource == Task.resource, Collaborator.record_id == Task.id)


TASKS = ListSpec(
    policy=tasks,
    schema=TaskSchema,
    plural="tasks",
    filters={
        "id": AnyOf(Task.id, an_id),
        "assignee_id": AnyOf(Task.assignee_id, an_id),
        "team_id": AnyOf(Task.team_id, an_id, text="The assignee's team."),
        "participant_id": Member(_with_participant, _with_anybody, parse=an_id, text="A colleague who takes part."),
        "created_by": AnyOf(Task.created_by, an_id),
        "customer_id": AnyOf(Task.customer_id, an_id),
        "person_id": AnyOf(Task.person_id, an_id),
        "deal_id": AnyOf(Task.deal_id, an_id),
        "kind": AnyOf(Task.kind),
        "priority": AnyOf(Task.priority),
        "state": InTaskState(),
        "bucket": InBucket(),
        "due": Due(),
        "starts": Range(Task.starts_at),
        "done": Range(Task.done_at),
        "created": Range(Task.created_at),
        "updated": Range(Task.updated_at),
        "external_source": AnyOf(Task.external_source),
        "external_id": AnyOf(Task.external_id),
    },
    sort={
        "due": Task.due_by,
        "subject": Task.sort_key,
        "kind": Task.kind,
        "priority": case((Task.priority == TaskPriority.HIGH, 2), (Task.priority == TaskPriority.NORMAL, 1), else_=0),
        "assignee_id": Task.assignee_id,
        "customer_id": Task.customer_id,
        "done_at": Task.done_at,
        "starts_at": Task.starts_at,
    },
    default_sort="due",
    search=(Task.search_key,),
)

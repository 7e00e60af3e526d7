"""What a job looks like on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ..schema import Choice, InstantField, Line, StrictSchema
from .models import Job, Status


class JobSchema(StrictSchema):
    """Long work: how far it got, and what came of it."""

    id = fields.Integer()
    kind = Line()
    status = Choice(Status)
    done = fields.Integer()
    total = fields.Integer(allow_none=True)
    result = fields.Raw(allow_none=True)
    problem = fields.Raw(allow_none=True)
    changeset_id = fields.Integer(allow_none=True)
    created_at = InstantField()
    started_at = InstantField(allow_none=True)
    finished_at = InstantField(allow_none=True)


COLUMNS = tuple(getattr(Job, name) for name in JobSchema._declared_fields)
"""What is read of a job to show it."""


def shown(job: Any) -> dict[str, Any]:
    """A job, or a row of `COLUMNS`, as `JobSchema` describes it."""
    return {column.key: getattr(job, column.key) for column in COLUMNS}

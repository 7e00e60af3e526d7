"""What operators see of an installation."""

from __future__ import annotations

from marshmallow import fields

from ..job.models import Status
from ..schema import Choice, InstantField, Line, StrictSchema
from .models import RunKind


class BackupFileSchema(StrictSchema):
    """One backup as it lies in its folder."""

    name = Line()
    made_at = InstantField()
    size = fields.Integer(metadata={"description": "Bytes."})
    is_encrypted = fields.Boolean()


class BackupRunSchema(StrictSchema):
    """One backup or rehearsal that has ended."""

    id = fields.Integer()
    kind = Choice(RunKind)
    started_at = InstantField()
    finished_at = InstantField()
    file = Line(allow_none=True)
    size = fields.Integer(allow_none=True)
    rows = fields.Integer(allow_none=True, metadata={"description": "Of all tables; of a rehearsal, those restored."})
    files = fields.Integer(allow_none=True)
    is_encrypted = fields.Boolean()
    problem = Line(allow_none=True, metadata={"description": "The problem's slug; null where it succeeded."})
    problem_detail = Line(allow_none=True, metadata={"description": "What went wrong, in the reader's language."})


class UnderWaySchema(StrictSchema):
    """The job that makes or rehearses a backup now, whoever asked for it."""

    id = fields.Integer()
    kind = Choice(RunKind)
    status = Choice(Status)
    done = fields.Integer()
    total = fields.Integer(allow_none=True)
    created_at = InstantField()


class BackupsSchema(StrictSchema):
    """How backups are made, and what came of them."""

    folder = Line()
    is_nightly = fields.Boolean()
    at = Line(metadata={"description": "Time of day, in the installation's zone."})
    time_zone = Line()
    keeps_days = fields.Integer()
    keeps_weeks = fields.Integer()
    is_encrypted = fields.Boolean()
    files = fields.List(fields.Nested(BackupFileSchema))
    last_backup = fields.Nested(BackupRunSchema, allow_none=True)
    last_rehearsal = fields.Nested(BackupRunSchema, allow_none=True)
    runs = fields.List(fields.Nested(BackupRunSchema))
    under_way = fields.Nested(UnderWaySchema, allow_none=True)


class SlowStatementSchema(StrictSchema):
    """A statement that took long, without its values."""

    statement = Line()
    runs = fields.Integer()
    total_milliseconds = fields.Integer()
    longest_milliseconds = fields.Integer()
    request_id = Line(allow_none=True)
    last_at = InstantField()


class ChecksSchema(StrictSchema):
    """What `/health/ready` says."""

    status = Line()
    checks = fields.Dict(keys=fields.String(), values=fields.String())


class OperationsSchema(StrictSchema):
    """The state of the installation, for who looks after it."""

    version = Line(metadata={"description": "The migration that the database stands at."})
    database = Line()
    health = fields.Nested(ChecksSchema)
    backups = fields.Nested(BackupsSchema)
    slow_milliseconds = fields.Integer(metadata={"description": "From here on a statement is slow; 0 for never."})
    slow_statements = fields.List(fields.Nested(SlowStatementSchema))

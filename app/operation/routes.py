"""`/operations`, `/operations/backups`, `/operations/rehearsals`."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..job.routes import accepted
from ..job.schemas import JobSchema
from ..routing import Routes
from . import service
from .models import RunKind
from .schemas import OperationsSchema

routes = Routes("operation", __name__)


@routes.endpoint_for(
    "GET",
    "/operations",
    permission=Permission.SETTING_WRITE,
    answer=OperationsSchema,
    summary="Health, backups and slow statements of the installation",
)
def read_operations(_actor: Actor) -> dict[str, Any]:
    """What whoever looks after the installation wants to know."""
    return service.overview()


@routes.endpoint_for(
    "POST",
    "/operations/backups",
    permission=Permission.SETTING_WRITE,
    answer=JobSchema,
    status=202,
    summary="Make a backup now",
)
def make_backup(actor: Actor) -> Response:
    """By a job; the work of others goes on meanwhile."""
    return accepted(service.begin(actor, RunKind.BACKUP))


@routes.endpoint_for(
    "POST",
    "/operations/rehearsals",
    permission=Permission.SETTING_WRITE,
    answer=JobSchema,
    status=202,
    summary="Prove the newest backup by restoring it beside",
)
def rehearse_backup(actor: Actor) -> Response:
    """By a job, into a place of its own that is gone afterwards."""
    return accepted(service.begin(actor, RunKind.REHEARSAL))

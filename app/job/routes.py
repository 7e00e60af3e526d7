"""`/jobs`."""

from __future__ import annotations

from typing import Any

from ..access import Actor
from ..routing import SIGNED_IN, Routes
from . import chores, service
from .models import Job
from .schemas import JobSchema, shown

__all__ = ["chores", "routes"]

routes = Routes("job", __name__)


@routes.endpoint_for(
    "GET",
    "/jobs/<int:record_id>",
    permission=SIGNED_IN,
    load_with=service.get,
    answer=JobSchema,
    summary="Read one of one's own jobs",
)
def read_job(_actor: Actor, job: Job) -> dict[str, Any]:
    """How far a job got."""
    return shown(job)


@routes.endpoint_for(
    "POST",
    "/jobs/<int:record_id>/cancel",
    permission=SIGNED_IN,
    load_with=service.get,
    answer=JobSchema,
    summary="Call a job off",
)
def cancel_job(actor: Actor, job: Job) -> dict[str, Any]:
    """A waiting job ends at once, a running one at its next step; what it has done stays and can be undone."""
    return shown(service.cancel(actor, job))

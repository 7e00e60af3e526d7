"""`/jobs`."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor
from ..listing import encode
from ..routing import PREFIX, SIGNED_IN, Routes
from . import chores, service
from .models import Job
from .schemas import JobSchema, shown

__all__ = ["accepted", "chores", "routes"]

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


def accepted(job: Job) -> Response:
    """202: the answer of what a job does."""
    answer = Response(encode(shown(job)), 202, mimetype="application/json")
    answer.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer

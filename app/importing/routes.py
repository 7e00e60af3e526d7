"""`/imports`."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor
from ..job.routes import accepted
from ..routing import SIGNED_IN, Routes
from . import run, samples, service, transfer
from .models import Import
from .schemas import ImportChangeSchema, ImportQuery, ImportSchema, ImportsSchema, SampleQuery, UploadSchema

__all__ = ["routes", "run"]

routes = Routes("importing", __name__)


@routes.endpoint_for(
    "POST",
    "/imports",
    permission=SIGNED_IN,
    form=UploadSchema,
    unit="own",
    raw=True,
    status=201,
    answer=ImportSchema,
    summary="Upload a file to be imported",
)
def upload_import(actor: Actor) -> Response:
    """A multipart form with `file` and the `resource` that its rows become; nothing is imported yet."""
    return transfer.take_in(actor)


@routes.endpoint_for(
    "GET", "/imports", permission=SIGNED_IN, query=ImportQuery, answer=ImportsSchema, summary="List one's own imports"
)
def list_imports(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Newest first."""
    return service.own(actor, query)


@routes.endpoint_for(
    "GET",
    "/imports/sample",
    permission=SIGNED_IN,
    query=SampleQuery,
    media="text/csv",
    summary="A sample file for a resource",
)
def read_sample(actor: Actor, query: dict[str, Any]) -> Response:
    """CSV with headings in the caller's language, all of which are recognised, and one row below them."""
    resource = query["resource"]
    answer = Response(samples.sample(actor, resource), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{resource}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@routes.endpoint_for(
    "GET",
    "/imports/<int:record_id>",
    permission=SIGNED_IN,
    load_with=service.get,
    answer=ImportSchema,
    summary="Read one of one's own imports",
)
def read_import(actor: Actor, chosen: Import) -> dict[str, Any]:
    """How the file is read, and what its columns mean."""
    return service.shown(actor, chosen)


@routes.endpoint_for(
    "PATCH",
    "/imports/<int:record_id>",
    permission=SIGNED_IN,
    load_with=service.get,
    body=ImportChangeSchema,
    partial=True,
    answer=ImportSchema,
    summary="Change how a file is read and what its columns mean",
)
def edit_import(actor: Actor, chosen: Import, body: dict[str, Any]) -> dict[str, Any]:
    """Until it is committed."""
    return service.shown(actor, service.edit(actor, chosen, body))


@routes.endpoint_for(
    "POST",
    "/imports/<int:record_id>/check",
    permission=SIGNED_IN,
    load_with=service.get,
    status=202,
    summary="Tell what an import would do, row by row, and change nothing",
)
def check_import(actor: Actor, chosen: Import) -> Response:
    """202 with the job; its `result` has the counts and the rows that are wrong."""
    return accepted(service.begin(actor, chosen, "check"))


@routes.endpoint_for(
    "POST",
    "/imports/<int:record_id>/commit",
    permission=SIGNED_IN,
    load_with=service.get,
    status=202,
    summary="Import the rows that are right, as one change set",
)
def commit_import(actor: Actor, chosen: Import) -> Response:
    """202 with the job, which goes on after a crash and can be called off; what it did can be undone whole."""
    return accepted(service.begin(actor, chosen, "commit"))


@routes.endpoint_for(
    "GET",
    "/imports/<int:record_id>/errors",
    permission=SIGNED_IN,
    load_with=service.get,
    media="text/csv",
    summary="The rows that could not be taken, with what is wrong, to be corrected and sent again",
)
def read_import_errors(_actor: Actor, chosen: Import) -> Response:
    """CSV with the columns of the file behind the number of the row and the reason."""
    return transfer.hand_out_errors(chosen)

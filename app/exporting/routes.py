"""`/exports`."""

from __future__ import annotations

from typing import Any

from flask import Response, send_file

from ..access import Actor, Permission
from ..job.routes import accepted
from ..listing import encode
from ..routing import PUBLIC, Routes
from . import run, service
from .models import Export, ExportFormat
from .schemas import (
    EVERYTHING,
    EXPORTS,
    ColumnsQuery,
    ExportColumnsSchema,
    ExportRequestSchema,
    TicketQuery,
    TicketSchema,
)
from .writers import MIMETYPES

__all__ = ["routes", "run"]

routes = Routes("exporting", __name__)

routes.listing(EXPORTS, Permission.EXPORT)
routes.reading(EXPORTS, Permission.EXPORT)


@routes.endpoint_for(
    "POST",
    "/exports",
    permission=Permission.EXPORT,
    body=ExportRequestSchema,
    status=202,
    summary="Export a list with its filters, or everything at once",
)
def create_export(actor: Actor, body: dict[str, Any]) -> Response:
    """202 with the job; its `result` has the `url` of the file and the `id` for a ticket."""
    return accepted(service.begin(actor, body))


@routes.endpoint_for(
    "GET",
    "/exports/columns",
    permission=Permission.EXPORT,
    query=ColumnsQuery,
    answer=ExportColumnsSchema,
    summary="The columns that a resource can be exported with",
)
def read_export_columns(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """In the order in which a file has them."""
    return {"data": service.columns(actor, query["resource"])}


@routes.endpoint_for(
    "GET",
    "/exports/<int:record_id>/content",
    permission=Permission.EXPORT,
    load_with=service.own,
    media="*/*",
    summary="Download one of one's own exported files",
)
def read_export_content(_actor: Actor, export: Export) -> Response:
    """The file under its name; kept for seven days."""
    return _handed_out(export)


@routes.endpoint_for(
    "POST",
    "/exports/<int:record_id>/ticket",
    permission=Permission.EXPORT,
    unit="own",
    answer=TicketSchema,
    summary="Take a ticket by which a browser downloads an exported file",
)
def create_export_ticket(actor: Actor, record_id: int) -> Response:
    """Good for one download within a minute."""
    answer = Response(encode(service.ticket(actor, record_id)), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@routes.endpoint_for(
    "GET",
    "/exports/<int:record_id>/download",
    permission=PUBLIC,
    query=TicketQuery,
    media="*/*",
    summary="Download an exported file by a ticket",
)
def download_export(query: dict[str, Any], record_id: int) -> Response:
    """The ticket is used up by it."""
    return _handed_out(service.redeem(record_id, query["ticket"]))


def _handed_out(export: Export) -> Response:
    path = service.content_of(export)
    is_archive = export.exported == EVERYTHING
    mimetype = "application/zip" if is_archive else MIMETYPES[ExportFormat(export.format)]
    answer = send_file(path, mimetype=mimetype, as_attachment=True, download_name=export.name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer

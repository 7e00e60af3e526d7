"""`/targets`."""

from __future__ import annotations

from typing import Any

from ..access import Actor, Permission
from ..routing import Routes
from . import attainment, service
from .schemas import TARGETS, AttainmentQuery, AttainmentSchema, GridResultSchema, GridSchema

routes = Routes("target", __name__)

routes.resource(TARGETS, service, read=Permission.REPORT_READ, write=Permission.TARGET_WRITE)


@routes.endpoint_for(
    "PUT",
    "/targets/grid",
    permission=Permission.TARGET_WRITE,
    body=GridSchema,
    answer=GridResultSchema,
    summary="Save the changes of a year's grid of targets at once",
)
def save_target_grid(actor: Actor, body: dict[str, Any]) -> dict[str, int]:
    """All figures are saved as one change, or none."""
    return service.save_grid(actor, body)


@routes.endpoint_for(
    "GET",
    "/targets/attainment",
    permission=Permission.REPORT_READ,
    query=AttainmentQuery,
    answer=AttainmentSchema,
    summary="Targets of a year and how far they are reached",
)
def read_attainment(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Every team and person in sight with target, actual and attainment by month, quarter and year."""
    return attainment.attainment(actor, query)

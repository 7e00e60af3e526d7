"""`/reports`."""

from __future__ import annotations

from typing import Any

from ..access import Actor, Permission
from ..routing import Routes
from . import service
from .schemas import PipelineReportSchema, ReportQuery, SummaryReport

routes = Routes("report", __name__)


@routes.endpoint_for(
    "GET",
    "/reports/summary",
    permission=Permission.REPORT_READ,
    query=ReportQuery,
    answer=SummaryReport,
    summary="Open, won, lost, cycles, new customers and contact records of a period",
)
def read_summary(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """The figures of a period and of the one before it."""
    return service.summary(actor, query)


@routes.endpoint_for(
    "GET",
    "/reports/pipeline",
    permission=Permission.REPORT_READ,
    query=ReportQuery,
    answer=PipelineReportSchema,
    summary="What stands at each stage",
)
def read_pipeline_report(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Count, money, age and delay of the deals by stage."""
    return service.pipeline(actor, query)

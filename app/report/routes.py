"""`/reports`: every declared report under its path, as JSON, CSV or XLSX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..access import Actor, Permission
from ..database import read_engine
from ..messages import language
from ..routing import Routes
from . import (
    activity,
    changes,
    customers,
    forecast,
    funnel,
    hygiene,
    leaderboard,
    leads,
    losses,
    pipeline,
    sales,
    summary,
    velocity,
)
from .digest import DigestSchema, digest_of
from .files import FILE_TYPES, file_of
from .frame import Report, answer

routes = Routes("report", __name__, reads_far=True)

REPORTS: dict[str, Report] = {
    report.path: report
    for report in (
        summary.REPORT,
        sales.REPORT,
        pipeline.REPORT,
        changes.REPORT,
        funnel.REPORT,
        velocity.REPORT,
        losses.REPORT,
        hygiene.REPORT,
        forecast.REPORT,
        activity.REPORT,
        leaderboard.REPORT,
        customers.REPORT,
        leads.REPORT,
    )
}
"""Every report by its path below `/reports/`."""


def _reading(report: Report) -> Callable[[Actor, dict[str, Any]], Any]:
    def read(actor: Actor, query: dict[str, Any]) -> Any:
        kind = query["format"]
        found = answer(report, actor, query)
        return found if kind == "json" else file_of(report, found, kind)

    read.__name__ = f"read_{report.name}_report"
    read.__doc__ = f"{report.summary}."
    return read


@routes.endpoint_for(
    "GET",
    "/reports/hygiene/digest",
    permission=Permission.REPORT_READ,
    answer=DigestSchema,
    summary="One's own open deals that are wanting in something, this week",
)
def read_digest(actor: Actor) -> dict[str, Any]:
    """What the weekly digest tells the caller."""
    with read_engine().connect() as connection:
        return digest_of(connection, actor, language())


for _report in REPORTS.values():
    routes.endpoint_for(
        "GET",
        f"/reports/{_report.path}",
        permission=Permission.REPORT_READ,
        query=_report.query,
        answer=_report.answer,
        files=tuple(FILE_TYPES.values()),
        summary=_report.summary,
    )(_reading(_report))

"""`POST /{resource}/bulk` of every resource whose records are deleted and brought back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Response

from ..access import Actor
from ..job.models import Job
from ..job.routes import accepted
from ..routing import REMOVABLE, Routes
from . import service
from .schemas import BulkResultSchema, BulkSchema


def _changing(plural: str) -> Callable[[Actor, dict[str, Any]], Response | dict[str, Any]]:
    def change(actor: Actor, body: dict[str, Any]) -> Response | dict[str, Any]:
        """Each record is changed or named with its problem; over 500 of them by a job: `202`."""
        done = service.bulk(actor, plural, body)
        return accepted(done) if isinstance(done, Job) else done

    change.__name__ = f"change_many_{plural.replace('-', '_')}"
    return change


@cache
def bulk_routes() -> Routes:
    """The routes, once all resources are declared."""
    routes = Routes("bulk", __name__)
    for plural, resource in REMOVABLE.items():
        routes.endpoint_for(
            "POST",
            f"/{plural}/bulk",
            permission=resource.write,
            body=BulkSchema,
            answer=BulkResultSchema,
            summary=f"Change many {plural} at once",
        )(_changing(plural))
    return routes

"""`POST /{resource}/{id}/reveal`, and who had what shown."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..listing import ListSpec
from ..record import Record
from ..routing import Routes, secret_answer
from . import service
from .schemas import REVEALS, RevealBodySchema, RevealDaysQuery, RevealDaysSchema, RevealedSchema

routes = Routes("reveal", __name__)

routes.listing(REVEALS, Permission.USER_WRITE)
routes.reading(REVEALS, Permission.USER_WRITE)


@routes.endpoint_for(
    "GET",
    "/security/reveals",
    permission=Permission.USER_WRITE,
    query=RevealDaysQuery,
    answer=RevealDaysSchema,
    summary="How many masked values each person had shown on each day",
)
def count_reveals(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Per person and day, with the quota that they are measured by."""
    return service.by_day(actor, query)


def reveals_of(own: Routes, spec: ListSpec, read: Permission) -> None:
    """Have masked fields of a resource revealed.

    Args:
        own: the resource's routes.
        read: what reading its records needs.
    """

    def reveal(actor: Actor, record: Record, body: dict[str, Any]) -> Response:
        return secret_answer({"value": service.reveal(actor, spec, record.id, body["field"])})

    reveal.__name__ = f"reveal_{spec.model.resource}"
    own.endpoint_for(
        "POST",
        f"/{spec.plural}/<int:record_id>/reveal",
        permission=read,
        loads=spec.policy,
        writes_row=False,
        body=RevealBodySchema,
        answer=RevealedSchema,
        summary=f"Have a masked field of a {spec.model.resource} shown; it is journalled and counts for the day",
    )(reveal)

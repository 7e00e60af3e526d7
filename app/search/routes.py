"""`/search`."""

from __future__ import annotations

from typing import Any

from ..access import Actor
from ..routing import SIGNED_IN, Routes
from . import service
from .schemas import SearchQuery, SearchSchema

routes = Routes("search", __name__, reads_far=True)


@routes.endpoint_for(
    "GET",
    "/search",
    permission=SIGNED_IN,
    query=SearchQuery,
    answer=SearchSchema,
    summary="Search customers, people, deals and contact records in one box",
)
def search(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """What the caller may see and read of all kinds."""
    return service.search(actor, query["q"] or "", query["types"] or "", query["limit"])

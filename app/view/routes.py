"""`/views` and what each person makes of them."""

from __future__ import annotations

from typing import Any

from ..access import Actor, Permission
from ..routing import SIGNED_IN, Routes
from . import service
from .fields import fields_of
from .models import View, ViewPreference, views
from .schemas import VIEW_PREFERENCES, VIEWS, FieldsQuerySchema, ListFieldsSchema, PreferSchema

routes = Routes("view", __name__)

routes.resource(VIEWS, service, read=SIGNED_IN, write=Permission.CUSTOMER_READ, external=False)
routes.listing(VIEW_PREFERENCES, SIGNED_IN)


@routes.endpoint_for(
    "POST",
    "/views/<int:record_id>/prefer",
    permission=SIGNED_IN,
    loads=views,
    writes_row=False,
    body=PreferSchema,
    answer=VIEW_PREFERENCES,
    summary="Pin a view for oneself, or have its list open with it",
)
def prefer(actor: Actor, view: View, body: dict[str, Any]) -> ViewPreference:
    """Nobody else sees what one makes of a view; the answer is the caller's preference."""
    return service.prefer(actor, view, body)


@routes.endpoint_for(
    "GET",
    "/views/fields",
    permission=SIGNED_IN,
    query=FieldsQuerySchema,
    answer=ListFieldsSchema,
    summary="What the filters of a list can ask, with words in the language of the answer",
)
def view_fields(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Fields, their types, operators and values, as the `where` tree takes them."""
    service.need_list(actor, query["resource"])
    return {"data": fields_of(actor, service.list_of(query["resource"]))}

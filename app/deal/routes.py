"""`/deals`, `/pipelines`, `/products`."""

from __future__ import annotations

from typing import Any

from ..access import Actor, Permission
from ..customer.models import Customer, customers
from ..customer.schemas import CUSTOMERS
from ..reveal.routes import reveals_of
from ..routing import SIGNED_IN, Routes
from . import board, clone, history, many_moves, moves, pipeline_service, product_service, qualifying, service
from .answers import BoardQuery, BoardSchema, MovedSchema, StaysSchema
from .models import Deal, deals
from .schemas import (
    DEALS,
    PIPELINES,
    PRODUCTS,
    CloneSchema,
    DealChangeSchema,
    LoseSchema,
    MoveManySchema,
    MoveSchema,
    QualifySchema,
    ReopenSchema,
    WinSchema,
)

routes = Routes("deal", __name__)

routes.resource(DEALS, service, read=Permission.DEAL_READ, write=Permission.DEAL_WRITE, patch_schema=DealChangeSchema)
reveals_of(routes, DEALS, Permission.DEAL_READ)
routes.resource(PIPELINES, pipeline_service, read=SIGNED_IN, write=Permission.PIPELINE_WRITE, external=False)
routes.resource(PRODUCTS, product_service, read=SIGNED_IN, write=Permission.PRODUCT_WRITE)


@routes.endpoint_for(
    "POST",
    "/deals/<int:record_id>/move",
    permission=Permission.DEAL_WRITE,
    loads=deals,
    body=MoveSchema,
    answer=DEALS,
    summary="Move a deal to a place of a stage",
)
def move_deal(actor: Actor, deal: Deal, body: dict[str, Any]) -> Deal:
    """Put a deal behind another one, on top, or at the end of a stage."""
    return moves.move(actor, deal, body)


@routes.endpoint_for(
    "POST",
    "/deals/move",
    permission=Permission.DEAL_WRITE,
    body=MoveManySchema,
    answer=MovedSchema,
    summary="Move several deals at once",
)
def move_deals(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Move deals to a place of a stage, to an owner or to a month: all in one change set, or none."""
    return many_moves.move_many(actor, body)


@routes.endpoint_for(
    "POST",
    "/deals/<int:record_id>/clone",
    permission=Permission.DEAL_WRITE,
    loads=deals,
    body=CloneSchema,
    status=201,
    answer=DEALS,
    summary="Make a new deal after another one",
)
def clone_deal(actor: Actor, deal: Deal, body: dict[str, Any]) -> Deal:
    """A new open deal with the same customer, people and lines, without the history."""
    return clone.clone(actor, deal, body)


@routes.endpoint_for(
    "POST",
    "/deals/<int:record_id>/win",
    permission=Permission.DEAL_WRITE,
    loads=deals,
    body=WinSchema,
    answer=DEALS,
    summary="Win a deal",
)
def win_deal(actor: Actor, deal: Deal, body: dict[str, Any]) -> Deal:
    """Close a deal as won."""
    return moves.win(actor, deal, body)


@routes.endpoint_for(
    "POST",
    "/deals/<int:record_id>/lose",
    permission=Permission.DEAL_WRITE,
    loads=deals,
    body=LoseSchema,
    answer=DEALS,
    summary="Lose a deal for a reason",
)
def lose_deal(actor: Actor, deal: Deal, body: dict[str, Any]) -> Deal:
    """Close a deal as lost."""
    return moves.lose(actor, deal, body)


@routes.endpoint_for(
    "POST",
    "/deals/<int:record_id>/reopen",
    permission=Permission.DEAL_WRITE,
    loads=deals,
    body=ReopenSchema,
    answer=DEALS,
    summary="Reopen a closed deal",
)
def reopen_deal(actor: Actor, deal: Deal, body: dict[str, Any]) -> Deal:
    """Take a closed deal back to an open stage."""
    return moves.reopen(actor, deal, body)


@routes.endpoint_for(
    "GET",
    "/deals/board",
    permission=Permission.DEAL_READ,
    query=BoardQuery,
    filters=DEALS,
    answer=BoardSchema,
    summary="The deals of a pipeline in columns by stage, owner or month",
)
def read_board(actor: Actor, query_string: str) -> dict[str, Any]:
    """Columns with counts, money and cards; further cards of one by `column` and `cursor`."""
    return board.board(actor, query_string)


@routes.endpoint_for(
    "POST",
    "/customers/<int:record_id>/qualify",
    permission=Permission.CUSTOMER_WRITE,
    loads=customers,
    body=QualifySchema,
    answer=CUSTOMERS,
    summary="Qualify a lead, with its first person and deal if wanted",
)
def qualify_customer(actor: Actor, customer: Customer, body: dict[str, Any]) -> Customer:
    """Make a lead a prospect; person, deal and customer change together or not at all."""
    return qualifying.qualify(actor, customer, body)


@routes.endpoint_for(
    "GET",
    "/deals/<int:record_id>/stages",
    permission=Permission.DEAL_READ,
    loads=deals,
    writes_row=False,
    answer=StaysSchema,
    summary="The stages that a deal has been at",
)
def read_stages_of_deal(_actor: Actor, deal: Deal) -> dict[str, Any]:
    """Every stay at a stage with its time, duration and author."""
    return {"data": history.stays(deal)}

"""`/quotes`, `/settings/company`."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..routing import SIGNED_IN, Routes
from . import company_service, printing, service
from .logo import logo_of
from .models import Company, Quote, quotes
from .schemas import COMPANY, QUOTES, CompanySchema, PdfQuery, QuoteChangeSchema

routes = Routes("quote", __name__)

routes.resource(
    QUOTES,
    service,
    read=Permission.DEAL_READ,
    write=Permission.DEAL_WRITE,
    patch_schema=QuoteChangeSchema,
    external=False,
)


@routes.endpoint_for(
    "POST",
    "/quotes/<int:record_id>/send",
    permission=Permission.DEAL_WRITE,
    loads=quotes,
    answer=QUOTES,
    summary="Send a quote: from now on its content stands",
)
def send_quote(actor: Actor, quote: Quote) -> Quote:
    """Freeze a draft as it is offered."""
    return service.send(actor, quote)


@routes.endpoint_for(
    "POST",
    "/quotes/<int:record_id>/accept",
    permission=Permission.DEAL_WRITE,
    loads=quotes,
    answer=QUOTES,
    summary="The buyer accepts a quote",
)
def accept_quote(actor: Actor, quote: Quote) -> Quote:
    """Note that the buyer takes it."""
    return service.accept(actor, quote)


@routes.endpoint_for(
    "POST",
    "/quotes/<int:record_id>/refuse",
    permission=Permission.DEAL_WRITE,
    loads=quotes,
    answer=QUOTES,
    summary="The buyer refuses a quote",
)
def refuse_quote(actor: Actor, quote: Quote) -> Quote:
    """Note that the buyer does not take it."""
    return service.refuse(actor, quote)


@routes.endpoint_for(
    "POST",
    "/quotes/<int:record_id>/revise",
    permission=Permission.DEAL_WRITE,
    loads=quotes,
    status=201,
    answer=QUOTES,
    summary="Make the next revision of a quote, as a draft",
)
def revise_quote(actor: Actor, quote: Quote) -> Quote:
    """Go on with a copy of the same number."""
    return service.revise(actor, quote)


@routes.endpoint_for(
    "GET",
    "/quotes/<int:record_id>/pdf",
    permission=Permission.DEAL_READ,
    loads=quotes,
    writes_row=False,
    query=PdfQuery,
    media="application/pdf",
    summary="A quote as a page to print",
)
def print_quote(actor: Actor, quote: Quote, query: dict[str, Any]) -> Response:
    """The PDF, in the language asked for; for those alone who see the buyer whom it names."""
    printing.check_buyer(actor, quote)
    return printing.respond(quote, query.get("language"))


# ---- the company ----------------------------------------------------------------------------------------------------


@routes.endpoint_for(
    "GET", "/settings/company", permission=SIGNED_IN, answer=COMPANY, summary="Who sells, and how quotes are numbered"
)
def read_company(_actor: Actor) -> Company:
    """The company with its selling entities."""
    return company_service.company()


@routes.endpoint_for(
    "PATCH",
    "/settings/company",
    permission=Permission.SETTING_WRITE,
    ahead=company_service.scan,
    load_with=lambda _actor, _id: company_service.company(locked=True),
    body=CompanySchema,
    partial=True,
    answer=COMPANY,
    summary="Change who sells and how quotes are numbered",
)
def edit_company(actor: Actor, company: Company, body: dict[str, Any]) -> Company:
    """Change what is present."""
    return company_service.edit(actor, company, body)


@routes.endpoint_for(
    "PUT",
    "/settings/company",
    permission=Permission.SETTING_WRITE,
    ahead=company_service.scan,
    load_with=lambda _actor, _id: company_service.company(locked=True),
    body=CompanySchema,
    answer=COMPANY,
    summary="Replace who sells and how quotes are numbered",
)
def replace_company(actor: Actor, company: Company, body: dict[str, Any]) -> Company:
    """Replace all of it."""
    return company_service.edit(actor, company, body)


@routes.endpoint_for(
    "GET",
    "/settings/company/logos/<digest>",
    permission=SIGNED_IN,
    media="image/*",
    summary="The logo of a selling entity",
)
def read_logo(_actor: Actor, digest: str) -> Response:
    """The image; its address changes with it, so it may be kept."""
    return printing.respond_logo(logo_of(digest))

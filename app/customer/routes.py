"""`/customers`, `/people`, `/tags`, `/options`, `/custom-fields`."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..job.models import Job
from ..job.routes import accepted
from ..routing import SIGNED_IN, Routes
from . import custom_fields, leads, merging, options, person_service, service, tag_service
from .models import Customer, Option, customers
from .models import options as option_policy
from .schemas import CUSTOM_FIELDS, CUSTOMERS, OPTIONS, PEOPLE, TAGS, DisqualifySchema, OptionMergeSchema

routes = Routes("customer", __name__)

routes.resource(CUSTOMERS, service, read=Permission.CUSTOMER_READ, write=Permission.CUSTOMER_WRITE)
routes.resource(PEOPLE, person_service, read=Permission.CUSTOMER_READ, write=Permission.CUSTOMER_WRITE)
routes.listing(
    PEOPLE,
    Permission.CUSTOMER_READ,
    "/customers/<int:record_id>/people",
    "list_people_of_customer",
    within=(customers, "at_customer_id"),
)
routes.resource(TAGS, tag_service, read=SIGNED_IN, write=Permission.TAG_WRITE, external=False)
routes.resource(OPTIONS, options, read=SIGNED_IN, write=Permission.OPTION_WRITE, external=False)
routes.resource(CUSTOM_FIELDS, custom_fields, read=SIGNED_IN, write=Permission.CUSTOM_FIELD_WRITE, external=False)


@routes.endpoint_for(
    "POST",
    "/customers/<int:record_id>/claim",
    permission=Permission.CUSTOMER_WRITE,
    load_with=service.claimable,
    answer=CUSTOMERS,
    summary="Claim a customer of the pool",
)
def claim_customer(actor: Actor, customer: Customer) -> Any:
    """Take an unowned customer; one claimant wins."""
    return service.claim(actor, customer)


@routes.endpoint_for(
    "POST",
    "/customers/<int:record_id>/release",
    permission=Permission.CUSTOMER_WRITE,
    loads=customers,
    answer=CUSTOMERS,
    summary="Release a customer into the pool",
)
def release_customer(actor: Actor, customer: Customer) -> Any:
    """Give a customer back to the pool."""
    return service.release(actor, customer)


@routes.endpoint_for(
    "POST",
    "/customers/<int:record_id>/disqualify",
    permission=Permission.CUSTOMER_WRITE,
    loads=customers,
    body=DisqualifySchema,
    answer=CUSTOMERS,
    summary="Give a lead up for a reason",
)
def disqualify_customer(actor: Actor, customer: Customer, body: dict[str, Any]) -> Any:
    """Give a lead up; it is a lost customer then, and can be taken up again."""
    return leads.disqualify(actor, customer, body)


@routes.endpoint_for(
    "POST",
    "/customers/<int:record_id>/requalify",
    permission=Permission.CUSTOMER_WRITE,
    loads=customers,
    answer=CUSTOMERS,
    summary="Take a lead up again that was given up",
)
def requalify_customer(actor: Actor, customer: Customer) -> Any:
    """Make a disqualified lead a lead again."""
    return leads.requalify(actor, customer)


@routes.endpoint_for(
    "POST",
    "/options/<int:record_id>/merge",
    permission=Permission.OPTION_WRITE,
    loads=option_policy,
    body=OptionMergeSchema,
    answer=OPTIONS,
    summary="Merge a value of an option list into another",
)
def merge_option(actor: Actor, option: Option, body: dict[str, Any]) -> Option | Response:
    """Every record with the value gets the other one; over 500 of them by a job: `202`."""
    done = merging.merge(actor, option, body["target_id"])
    return accepted(done) if isinstance(done, Job) else done

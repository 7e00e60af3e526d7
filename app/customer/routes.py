"""`/customers`, `/people`, `/tags`, `/options`, `/custom-fields`."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..job.models import Job
from ..job.routes import accepted
from ..job.schemas import JobSchema
from ..listing import ListSpec
from ..reveal.routes import reveals_of
from ..routing import SIGNED_IN, Routes
from ..versions import at_version
from . import (
    collaborating,
    custom_fields,
    customer_merge,
    duplicate_service,
    duplicates,
    leads,
    merging,
    option_merging,
    options,
    person_merge,
    person_service,
    service,
    tag_service,
)
from .customer_pairs import CUSTOMER_PAIRS
from .finder import Finder
from .models import Customer, Option, Pair, customers
from .models import options as option_policy
from .person_pairs import PERSON_PAIRS
from .schemas import (
    CUSTOM_FIELDS,
    CUSTOMERS,
    DUPLICATES,
    OPTIONS,
    PEOPLE,
    PERSON_DUPLICATES,
    TAGS,
    CheckedSchema,
    CheckSchema,
    DisqualifySchema,
    GuardQuery,
    MergeSchema,
    OptionMergeSchema,
    PartySchema,
    ShareSchema,
)

__all__ = ["customer_merge", "person_merge", "routes"]

routes = Routes("customer", __name__)

routes.resource(
    CUSTOMERS,
    service,
    read=Permission.CUSTOMER_READ,
    write=Permission.CUSTOMER_WRITE,
    create_query=GuardQuery,
)


@routes.endpoint_for(
    "POST",
    "/customers/check",
    permission=Permission.CUSTOMER_READ,
    unit="read",
    body=CheckSchema,
    answer=CheckedSchema,
    summary="What a customer resembles that is being entered; changes nothing",
)
def check_customer(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """The customers that it likely is, masked where the caller may not see them."""
    CUSTOMERS.refuse_asking(actor, body)
    return duplicates.check(actor, body)


routes.resource(PEOPLE, person_service, read=Permission.CUSTOMER_READ, write=Permission.CUSTOMER_WRITE)
routes.listing(
    PEOPLE,
    Permission.CUSTOMER_READ,
    "/customers/<int:record_id>/people",
    "list_people_of_customer",
    within=(customers, "at_customer_id"),
)
reveals_of(routes, CUSTOMERS, Permission.CUSTOMER_READ)
reveals_of(routes, PEOPLE, Permission.CUSTOMER_READ)
routes.resource(TAGS, tag_service, read=SIGNED_IN, write=Permission.TAG_WRITE, external=False)
routes.resource(OPTIONS, options, read=SIGNED_IN, write=Permission.OPTION_WRITE, external=False)
routes.resource(CUSTOM_FIELDS, custom_fields, read=SIGNED_IN, write=Permission.CUSTOM_FIELD_WRITE, external=False)


def _duplicates(spec: ListSpec, finder: Finder[Any], kind: str, what: str) -> None:
    """Declare the work list of pairs of one kind of record.

    Args:
        kind: the rest of the names of the operations: `duplicate`, `duplicate_person`.
        what: the records, in words.
    """
    routes.listing(spec, Permission.CUSTOMER_READ, name=f"list_{kind.replace('duplicate', 'duplicates', 1)}")

    def scan(actor: Actor) -> Response:
        """Ask for the job; the list is true again when it has ended."""
        return accepted(duplicate_service.scan(actor, finder))

    scan.__name__ = f"scan_{kind.replace('duplicate', 'duplicates', 1)}"
    routes.endpoint_for(
        "POST",
        f"/{spec.plural}/scan",
        permission=Permission.CUSTOMER_DUPLICATE,
        status=202,
        answer=JobSchema,
        summary=f"Search through all {what} for duplicates",
    )(scan)

    def dismiss(actor: Actor, pair: Pair) -> Any:
        """The pair leaves the list, and no later search brings it back."""
        return duplicate_service.dismiss(actor, pair)

    dismiss.__name__ = f"dismiss_{kind}"
    routes.endpoint_for(
        "POST",
        f"/{spec.plural}/<int:record_id>/dismiss",
        permission=Permission.CUSTOMER_DUPLICATE,
        loads=spec.policy,
        answer=spec,
        summary=f"Say that two {what} are no duplicates",
    )(dismiss)

    def reopen(actor: Actor, pair: Pair) -> Any:
        """Put a pair back on the list."""
        return duplicate_service.reopen(actor, pair)

    reopen.__name__ = f"reopen_{kind}"
    routes.endpoint_for(
        "POST",
        f"/{spec.plural}/<int:record_id>/reopen",
        permission=Permission.CUSTOMER_DUPLICATE,
        loads=spec.policy,
        answer=spec,
        summary=f"Say that two {what} may be duplicates after all",
    )(reopen)


_duplicates(DUPLICATES, CUSTOMER_PAIRS, "duplicate", "customers")
_duplicates(PERSON_DUPLICATES, PERSON_PAIRS, "duplicate_person", "people")


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
    "/customers/<int:record_id>/share",
    permission=Permission.CUSTOMER_WRITE,
    loads=customers,
    body=ShareSchema,
    answer=CUSTOMERS,
    summary="Share a customer with a person or a team, with all that belongs to it",
)
def share_customer(actor: Actor, customer: Customer, body: dict[str, Any]) -> Any:
    """Who has it shared already gets the access that is named now."""
    return collaborating.give(actor, customer, body)


@routes.endpoint_for(
    "POST",
    "/customers/<int:record_id>/unshare",
    permission=Permission.CUSTOMER_WRITE,
    loads=customers,
    body=PartySchema,
    answer=CUSTOMERS,
    summary="Share a customer with a person or a team no longer",
)
def unshare_customer(actor: Actor, customer: Customer, body: dict[str, Any]) -> Any:
    """Take a share back."""
    return collaborating.take_back(actor, customer, body)


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


def _merging(spec: ListSpec) -> None:
    """Declare how records of a list are merged."""
    name = spec.model.resource

    def merge(actor: Actor, body: dict[str, Any]) -> Response | Any:
        """One record stays, all that is attached to the others moves there; by a job where that is much: `202`."""
        begun = merging.begin(actor, name, body)
        with at_version(begun.target, lambda: spec.answer(actor, begun.target.id)):
            done = merging.merge(begun, body)
        return accepted(done) if isinstance(done, Job) else done

    merge.__name__ = f"merge_{spec.plural}"
    routes.endpoint_for(
        "POST",
        f"/{spec.plural}/merge",
        permission=Permission.CUSTOMER_WRITE,
        body=MergeSchema,
        answer=spec,
        summary=f"Merge {spec.plural} into one",
    )(merge)


_merging(CUSTOMERS)
_merging(PEOPLE)


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
    done = option_merging.merge(actor, option, body["target_id"])
    return accepted(done) if isinstance(done, Job) else done

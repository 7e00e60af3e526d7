"""Use cases of contact records. The HTTP route and the socket message `new_contact` both come through `create`."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, func, select

from .. import routing
from ..access import POLICIES, Actor, Permission
from ..auth.models import User
from ..customer import service as customer_service
from ..customer.custom_fields import DERIVES, check_custom, derive_custom
from ..customer.models import Customer, Person, PersonCustomer, customers, people
from ..customer.moving import ATTACHED
from ..customer.options import check_options
from ..customer.service import merge_objects
from ..database import db
from ..errors import Faults, Issue, Problem, invalid
from ..folding import fold
from ..journal import SETTLE, SetBack
from ..projection import Shape
from ..routing import assign
from ..transaction import now
from .models import ContactDirection, ContactKind, ContactRecord
from .schemas import ContactSchema

_SCHEMA = ContactSchema()
_BEGUN_BY_US = frozenset({ContactKind.CALL, ContactKind.VISIT, ContactKind.EMAIL, ContactKind.WECHAT})


def create(actor: Actor, values: dict[str, Any]) -> ContactRecord:
    """A new contact record at a customer that the caller may change; the customer counts as contacted then.

    Without `user_id` the caller is the author, without `occurred_at` it happened now, without `direction` a call,
    visit, e-mail or message went out.

    Raises:
        Problem: 422 for a customer, person or deal out of sight or not of that customer, or a foreign author.
    """
    faults = Faults()
    with faults.gathered():
        check_options(_SCHEMA, values)
    with faults.gathered():
        check_custom("contacts", None, values)
    if values["kind"] in _BEGUN_BY_US:
        values = {"direction": ContactDirection.OUT, **values}
    values = {"user_id": actor.user_id, "occurred_at": now(), **values}
    if values["user_id"] != actor.user_id:
        with faults.gathered():
            _check_author(actor, values["user_id"])
    customer = None
    with faults.gathered():
        customer = _check_customer(actor, values["customer_id"])
        check_links(actor, values["customer_id"], values)
    faults.settle()
    assert customer is not None
    merge_objects(None, values)
    contact = ContactRecord(**values, search_key="")
    _derive(contact)
    db.session.add(contact)
    db.session.flush()
    customer_service.touched(customer, contact.occurred_at)
    _recount_deals(contact.deal_id)
    if values.get("next_follow_up_at") is not None:
        _plan_follow_up(customer, values)
    return contact


def edit(actor: Actor, contact: ContactRecord, values: dict[str, Any]) -> ContactRecord:
    """Change the fields that are present; the customer's contact dates follow.

    Raises:
        Problem: 422 as for `create`.
    """
    faults = Faults()
    with faults.gathered():
        check_options(_SCHEMA, values)
    with faults.gathered():
        check_custom("contacts", contact, values)
    former_customer, former_moment, former_deal = contact.customer_id, contact.occurred_at, contact.deal_id
    if values.get("user_id", contact.user_id) != contact.user_id:
        with faults.gathered():
            _check_author(actor, values["user_id"])
    customer_id = values.get("customer_id", contact.customer_id)
    links = {name: getattr(contact, name) for name in ("person_id", "deal_id")}
    wanted = {name: values.get(name, stored) for name, stored in links.items()}
    if customer_id != contact.customer_id:
        # In this order, so that two contact records that change places do not wait for each other.
        for one in sorted({customer_id, contact.customer_id}):
            _lock_customer(one)
        with faults.gathered():
            _check_customer(actor, customer_id)
            # What stays unnamed must belong to the new customer too.
            check_links(actor, customer_id, wanted)
    else:
        with faults.gathered():
            check_links(actor, customer_id, {name: wanted[name] for name in links if wanted[name] != links[name]})
    faults.settle()
    merge_objects(contact, values)
    assign(contact, values)
    _derive(contact)
    if (contact.customer_id, contact.occurred_at) != (former_customer, former_moment):
        for moved in sorted({former_customer, contact.customer_id}):
            _recount(moved)
    if (contact.deal_id, contact.occurred_at) != (former_deal, former_moment):
        _recount_deals(former_deal, contact.deal_id)
    if values.get("next_follow_up_at") is not None:
        _plan_follow_up(_lock_customer(contact.customer_id), values)
    return contact


def remove(actor: Actor, contact: ContactRecord) -> None:
    """Delete softly; the contact dates of customer and deal are those of the records that remain."""
    routing.remove(actor, contact)
    _recount(contact.customer_id)
    _recount_deals(contact.deal_id)


def restore(actor: Actor, contact: ContactRecord) -> ContactRecord:
    """Bring a deleted record back; it counts for the contact dates of customer and deal again."""
    routing.restore(actor, contact)
    _recount(contact.customer_id)
    _recount_deals(contact.deal_id)
    return contact


def _check_author(actor: Actor, user_id: int) -> None:
    """Who may load history may name another author, within the own teams where he or she does not see everything."""
    if not actor.may(Permission.HISTORY_LOAD):
        raise invalid(Issue("#/user_id", "not_yours_to_assign"))
    if user_id == actor.user_id:
        return
    author = db.session.get(User, user_id)
    if author is None:
        raise invalid(Issue("#/user_id", "unknown_user"))
    if "all" not in actor.tokens and author.team_id not in actor.tokens.get("team", ()):
        raise invalid(Issue("#/user_id", "not_yours_to_assign"))


def _check_customer(actor: Actor, customer_id: int) -> Customer:
    try:
        customer: Customer = customers.writable(actor, customer_id)
    except Problem as problem:
        raise invalid(Issue("#/customer_id", "unknown_record")) from problem
    return customer


def check_links(actor: Actor, customer_id: int, values: dict[str, Any]) -> None:
    """Person and deal must be in sight and belong to the customer, the person at least by a further role there.

    Raises:
        Problem: 422 at `#/person_id` or `#/deal_id`.
    """
    issues: list[Issue] = []
    if values.get("person_id") is not None:
        binds = {**actor.binds, "person_id": values["person_id"], "customer_id": customer_id}
        if db.session.execute(_person_there(actor.shape), binds).scalar() is None:
            issues.append(Issue("#/person_id", "unknown_record"))
    if values.get("deal_id") is not None:
        binds = {**actor.binds, "deal_id": values["deal_id"], "customer_id": customer_id}
        if db.session.execute(_deal_there(actor.shape), binds).scalar() is None:
            issues.append(Issue("#/deal_id", "unknown_record"))
    if issues:
        raise invalid(*issues)


@cache
def _person_there(shape: Shape) -> Select[int]:
    customer_id = bindparam("customer_id", type_=BigInteger())
    at_customer = select(PersonCustomer.person_id).where(PersonCustomer.customer_id == customer_id)
    return select(Person.id).where(
        Person.id == bindparam("person_id", type_=BigInteger()),
        Person.is_active,
        people.visible(shape),
        (Person.customer_id == customer_id) | Person.id.in_(at_customer),
    )


@cache
def _deal_there(shape: Shape) -> Select[int]:
    # Deals stand above this package; their policy is known by name.
    deals = POLICIES["deal"]
    deal: Any = deals.model
    return select(deal.id).where(
        deal.id == bindparam("deal_id", type_=BigInteger()),
        deal.is_active,
        deals.visible(shape),
        deal.customer_id == bindparam("customer_id", type_=BigInteger()),
    )


def _plan_follow_up(customer: Customer, values: dict[str, Any]) -> None:
    """A customer, locked, is followed up when the latest word says so."""
    assign(customer, {"next_follow_up_at": values["next_follow_up_at"]})


def _lock_customer(customer_id: int) -> Any:
    """A customer, locked; None where there is none."""
    return db.session.execute(select(Customer).where(Customer.id == customer_id).with_for_update()).scalar_one_or_none()


def _recount(customer_id: int) -> None:
    """Set a customer's first and last contact from its records."""
    customer = _lock_customer(customer_id)
    db.session.flush()
    first, last = db.session.execute(
        select(func.min(ContactRecord.occurred_at), func.max(ContactRecord.occurred_at)).where(
            ContactRecord.customer_id == customer_id, ContactRecord.is_active
        )
    ).one()
    assign(customer, {"first_contacted_at": first, "last_contacted_at": last})


def _recount_deals(*deal_ids: int | None) -> None:
    """Set the last contact of deals from their records. Their customers are locked before them, always."""
    db.session.flush()
    deal: Any = POLICIES["deal"].model
    for deal_id in sorted({deal_id for deal_id in deal_ids if deal_id is not None}):
        last = select(func.max(ContactRecord.occurred_at)).where(
            ContactRecord.deal_id == deal_id, ContactRecord.is_active
        )
        found = db.session.execute(select(deal).where(deal.id == deal_id).with_for_update(of=deal)).scalar_one()
        assign(found, {"last_contacted_at": db.session.execute(last).scalar()})


def _derive(contact: ContactRecord) -> None:
    # The plain function: the cache of `fold` is for names, not for texts of 20,000 characters.
    words = [fold.__wrapped__(text) for text in (contact.subject, contact.content) if text]
    words += [fold(text) for text in derive_custom("contacts", contact)]
    assign(contact, {"search_key": "\n".join(words)})


def _settle(contact: ContactRecord, undone: SetBack) -> None:
    """Set what follows from contact records after an undo: the contact dates of customers and deals."""
    _derive(contact)
    for customer_id in sorted({contact.customer_id, undone.after.get("customer_id", contact.customer_id)}):
        _recount(customer_id)
    _recount_deals(contact.deal_id, undone.after.get("deal_id"))


SETTLE["contact"] = _settle
ATTACHED["customer"].append(lambda customer, _ids: _recount(customer.id))
DERIVES["contacts"] = _derive


__all__ = ["check_links", "create", "edit", "remove", "restore"]

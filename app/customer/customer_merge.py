"""What merging customers means for their own fields."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from flask import current_app
from sqlalchemy import select

from ..access import Permission
from ..database import db
from ..errors import Faults, Issue, Problem
from ..folding import e164, email_key, fold
from ..routing import assign
from . import person_service, service
from .merging import MERGERS, Merge, Merger
from .models import Customer, Person, PersonCustomer
from .schemas import CUSTOMERS

_KEPT = ("name", "kind", "status", "owner_id")
_FILLED = (
    "short_name",
    "email",
    "phone",
    "company",
    "title",
    "website",
    "industry",
    "source",
    "source_detail",
    "level",
    "credit_rating",
    "address",
    "tax_id",
    "employee_count",
    "annual_revenue",
    "parent_id",
    "description",
    "next_follow_up_at",
)
_GOES_WITH_STATUS = (
    "became_lead_at",
    "qualified_at",
    "qualified_by",
    "disqualified_at",
    "disqualified_by",
    "disqualify_reason",
    "disqualify_note",
)


def _check(merge: Merge, faults: Faults) -> None:
    """Whoever gives the survivor another owner assigns it; nobody is his or her own parent."""
    owner_id = merge.from_whom("owner_id").owner_id
    try:
        service.handed_over(merge.actor, merge.target, {"owner_id": owner_id}, Permission.CUSTOMER_ASSIGN, pool=True)
    except Problem as problem:
        faults += [Issue("#/values/owner_id", issue.code, issue.params) for issue in problem.issues]
    parent_id = merge.from_whom("parent_id").parent_id
    if "parent_id" in merge.values and parent_id is not None and _parent_of(merge) is None:
        faults.append(Issue("#/values/parent_id", "circle"))


def _prepare(merge: Merge) -> None:
    """One primary person remains: the survivor's, or else the first of the others'."""
    has_one = _primaries([merge.target.id])
    for one in _primaries([source.id for source in merge.sources])[0 if has_one else 1 :]:
        one.is_primary = False
    db.session.flush()


def _primaries(customer_ids: list[int]) -> list[Person]:
    found = select(Person).where(Person.customer_id.in_(customer_ids), Person.is_active, Person.is_primary)
    return list(db.session.execute(found.order_by(Person.id).with_for_update(of=Person)).scalars())


def _conclude(merge: Merge) -> None:
    target: Customer = merge.target
    reached = [(one.name, one.email, one.phone) for one in merge.all]
    values = merge.chosen()
    owner_id = values.pop("owner_id")
    if owner_id != target.owner_id:
        values |= {"owner_id": owner_id, "team_id": service.team_of(owner_id)}
    values["custom"] = merge.custom()
    values["parent_id"] = _parent_of(merge)
    status_of = merge.from_whom("status")
    values |= {name: getattr(status_of, name) for name in _GOES_WITH_STATUS}
    if values["became_lead_at"] is not None:
        values["became_lead_at"] = min(one.became_lead_at for one in merge.all if one.became_lead_at is not None)
    assign(target, values)
    service.derive(target)
    db.session.flush()
    _tidy_people(target)
    for name, email, phone in reached:
        _keep_reach(merge, name, email, phone)


def _parent_of(merge: Merge) -> int | None:
    """Whose subsidiary the survivor is: never its own, nor that of one below it once all are merged."""
    merged = {one.id: one for one in merge.all}
    first = merge.from_whom("parent_id")
    for one in [first] if "parent_id" in merge.values else [first, *merge.all]:
        parent_id = one.parent_id
        seen: set[int] = set()
        while parent_id in merged and parent_id not in seen:
            # Above one that goes stands its own parent.
            seen.add(parent_id)
            parent_id = merged[parent_id].parent_id
        if parent_id is not None and not _is_below(parent_id, merged):
            return int(parent_id)
    return None


def _is_below(customer_id: int, merged: Container[int]) -> bool:
    """Whether a customer is one of those merged, or a subsidiary of one at any distance."""
    seen: set[int] = set()
    above: int | None = customer_id
    while above is not None and above not in seen:
        if above in merged:
            return True
        seen.add(above)
        above = db.session.execute(select(Customer.parent_id).where(Customer.id == above)).scalar()
    return False


def _tidy_people(target: Customer) -> None:
    """Whoever works at the survivor needs no further role there."""
    at_home = (
        select(PersonCustomer)
        .join(Person, Person.id == PersonCustomer.person_id)
        .where(Person.customer_id == target.id, PersonCustomer.customer_id == target.id)
    )
    for link in db.session.execute(at_home).scalars().all():
        db.session.delete(link)
    db.session.flush()


def _keep_reach(merge: Merge, name: str, email: str | None, phone: str | None) -> None:
    """An address or number that the survivor does not take over stays, as that of a person there."""
    target: Customer = merge.target
    region = current_app.config["LIANXI"].default_region
    there = list(
        db.session.execute(
            select(Person).where(Person.customer_id == target.id, Person.is_active).order_by(Person.id)
        ).scalars()
    )

    def same(number: str | None) -> str | None:
        return number and (e164(number, region) or fold(number))

    addresses = {email_key(target.email), *(email_key(entry["address"]) for one in there for entry in one.emails)}
    numbers = {same(target.phone), *(same(entry["raw"]) for one in there for entry in one.phones)}
    further: dict[str, list[dict[str, Any]]] = {}
    if email is not None and email_key(email) not in addresses:
        further["emails"] = [{"kind": "work", "address": email, "is_primary": False}]
    if phone is not None and same(phone) not in numbers:
        further["phones"] = [{"kind": "work", "raw": phone, "is_primary": False}]
    if not further:
        return
    person = next((one for one in there if one.name_key == fold(name)), None)
    if person is None:
        person_service.create(merge.actor, {"customer_id": target.id, "name": name, **further})
        return
    person_service.edit(
        merge.actor, person, {key: [*getattr(person, key), *entries] for key, entries in further.items()}
    )


MERGERS["customer"] = Merger(CUSTOMERS, _FILLED, _KEPT, _conclude, _check, prepare=_prepare)

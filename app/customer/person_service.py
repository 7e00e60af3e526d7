"""Use cases of people at customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app
from sqlalchemy import Select, bindparam, select

from .. import routing
from ..access import Actor
from ..database import IdList, db, member_of
from ..errors import Faults, Issue, Problem, invalid
from ..folding import e164, fold, search_key, sort_key
from ..journal import SETTLE, SetBack
from ..routing import assign, remove
from .custom_fields import DERIVES, check_custom, derive_custom
from .models import Customer, Person, PersonCustomer, customers
from .options import check_options
from .schemas import PersonSchema
from .service import merge_objects

_SCHEMA = PersonSchema()


def create(actor: Actor, values: dict[str, Any]) -> Person:
    """A new person at a customer that the caller may change.

    Raises:
        Problem: 422 for a customer out of sight or not the caller's to change.
    """
    further = values.pop("customers", None)
    _check(actor, None, values, further)
    reached = ways(None, values)
    merge_objects(None, values)
    person = Person(**{**values, **reached})
    derive(person)
    db.session.add(person)
    db.session.flush()
    one_primary(person)
    if further:
        _set_customers(actor, person, further)
    return person


def edit(actor: Actor, person: Person, values: dict[str, Any]) -> Person:
    """Change the fields that are present.

    Raises:
        Problem: 422 for a new customer out of sight.
    """
    further = values.pop("customers", None)
    _check(actor, person, values, further)
    merge_objects(person, values)
    assign(person, {**values, **ways(person, values)})
    derive(person)
    one_primary(person)
    if further is not None:
        _set_customers(actor, person, further)
    return person


def restore(actor: Actor, person: Person) -> Person:
    """Bring a deleted person back; where there is another primary person by now, that one stays it."""
    routing.restore(actor, person)
    if person.is_primary and db.session.execute(_other_primaries(person)).first() is not None:
        person.is_primary = False
    return person


def _check(actor: Actor, person: Person | None, values: dict[str, Any], further: list[dict[str, Any]] | None) -> None:
    """Refuse options that there are not, and customers out of sight or not the caller's to change."""
    faults = Faults()
    with faults.gathered():
        check_options(_SCHEMA, values)
    with faults.gathered():
        check_custom("people", person, values)
    if person is None or values.get("customer_id", person.customer_id) != person.customer_id:
        with faults.gathered():
            _check_customer(actor, values["customer_id"], "#/customer_id")
    present = () if person is None or not further else {link.customer_id for link in _links(person)}
    for number, entry in enumerate(further or ()):
        if entry["customer_id"] in present:
            continue
        with faults.gathered():
            _check_customer(actor, entry["customer_id"], f"#/customers/{number}/customer_id")
    faults.settle()


def _check_customer(actor: Actor, customer_id: int, pointer: str) -> None:
    try:
        customers.writable(actor, customer_id)
    except Problem as problem:
        raise invalid(Issue(pointer, "unknown_record")) from problem


def _set_customers(actor: Actor, person: Person, further: list[dict[str, Any]]) -> None:
    wanted = {entry["customer_id"]: entry["role"] for entry in further}
    present = {link.customer_id: link for link in _links(person)}
    for customer_id, role in wanted.items():
        if customer_id not in present:
            db.session.add(PersonCustomer(person_id=person.id, customer_id=customer_id, role=role))
        elif present[customer_id].role != role:
            present[customer_id].role = role
    # Who sends all that he or she sees takes nothing away of what is out of sight.
    gone = member_of(Customer.id, bindparam("gone", type_=IdList()))
    seen = select(Customer.id).where(gone, Customer.is_active, customers.visible(actor.shape))
    binds = {**actor.binds, "gone": list(present.keys() - wanted.keys())}
    for customer_id in db.session.execute(seen, binds).scalars() if binds["gone"] else ():
        db.session.delete(present[customer_id])
    db.session.flush()


def _links(person: Person) -> Sequence[PersonCustomer]:
    return db.session.execute(select(PersonCustomer).where(PersonCustomer.person_id == person.id)).scalars().all()


def ways(person: Person | None, values: dict[str, Any]) -> dict[str, Any]:
    """Lists of addresses and numbers together with the primary shortcuts, whichever of the two was sent."""
    region = current_app.config["LIANXI"].default_region
    result: dict[str, Any] = {}
    for plural, single, key in (("emails", "email", "address"), ("phones", "phone", "raw")):
        entries = [
            dict(entry) for entry in (values[plural] if plural in values else getattr(person, plural, None)) or []
        ]
        if single in values and not (plural in values and values[single] is None):
            text = values[single]
            entries = [
                entry for entry in entries if not (entry["is_primary"] and entry[key] != text and plural not in values)
            ]
            if text is not None:
                match = next((entry for entry in entries if entry[key] == text), None)
                if match is None:
                    match = {"kind": "work" if single == "email" else "mobile", key: text}
                    entries.insert(0, match)
                for entry in entries:
                    entry["is_primary"] = entry is match
        if entries and sum(entry["is_primary"] for entry in entries) != 1:
            first = next((entry for entry in entries if entry["is_primary"]), entries[0])
            for entry in entries:
                entry["is_primary"] = entry is first
        for entry in entries:
            if key == "raw":
                entry["e164"] = e164(entry["raw"], region)
        result[plural] = entries
        result[single] = next((entry[key] for entry in entries if entry["is_primary"]), None)
    return result


def one_primary(person: Person) -> None:
    """A customer has at most one primary person: the one named last."""
    if not person.is_primary:
        return
    db.session.flush()
    for other in db.session.execute(_other_primaries(person)).scalars():
        other.is_primary = False


def _other_primaries(person: Person) -> Select[Person]:
    """The other primary people at the customer, which is locked."""
    return select(Person).where(
        Person.customer_id == person.customer_id, Person.is_primary, Person.is_active, Person.id != person.id
    )


def derive(person: Person) -> None:
    reach = [entry["address"] for entry in person.emails] + [
        number for entry in person.phones for number in (entry["raw"], entry.get("e164"))
    ]
    assign(
        person,
        {
            "name_key": fold(person.name),
            "sort_key": sort_key(person.name),
            "search_key": search_key([person.name, *derive_custom("people", person), person.title, person.department]),
            "reach_key": search_key([], [*reach, person.wechat, person.qq]),
        },
    )


def _settle(person: Person, _undone: SetBack) -> None:
    """Set what follows from a person's columns after an undo."""
    derive(person)


SETTLE["person"] = _settle
DERIVES["people"] = derive


__all__ = ["create", "edit", "remove", "restore"]

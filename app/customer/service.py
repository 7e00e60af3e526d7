"""Use cases of customers: create, edit, delete, restore, claim and release."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ..access import Actor, Permission
from ..auth.models import Team, User
from ..caller import twice
from ..database import db, read_engine
from ..errors import Faults, Issue, Problem, conflict, invalid
from ..folding import e164, email_key, fold, search_key, sort_key
from ..foresight import foreseen
from ..journal import MAKE_ROOM, SETTLE, SetBack, act
from ..record import Collaborator, Record
from ..routing import assign, remove, restore, tell
from ..search_index import pieces_of
from ..transaction import now, recalled
from .custom_fields import DERIVES, check_custom, derive_custom
from .duplicates import Finder, check_permission, evidence_of_new, evidence_of_row, guard, kind_of, region, warnings_of
from .evidence import key_columns
from .leads import set_status
from .models import Customer, CustomerStatus, CustomerTag, Tag, customers
from .options import check_options
from .schemas import CustomerSchema
from .tag_service import hold_tag

_SCHEMA = CustomerSchema()


def create(
    actor: Actor, values: dict[str, Any], *, duplicates: str | None = None, find: Finder | None = None
) -> Customer:
    """A new customer; without `owner_id` the caller's, with null the pool's.

    Args:
        duplicates: `refuse` or `allow` what resembles another customer; as an admin has decided where None.
        find: what looks resembling customers up where many are made together.

    Raises:
        Problem: 409 at `#/email` when the address is in use, 409 `possible-duplicate`; 422 for unknown options, owners
            or parents; 403 for `allow` without the right.
    """
    check_permission(actor, duplicates)
    tags, collaborators = values.pop("tags", None), values.pop("collaborators", None)
    faults = _faults(actor, None, values, collaborators)
    with faults.gathered():
        values |= ownership(actor, values, Permission.CUSTOMER_ASSIGN, pool=True)
    faults.settle()
    values["kind"] = kind_of(values)
    merge_objects(None, values)
    customer = Customer(**values)
    customer.status = customer.status or CustomerStatus.LEAD
    _note_lead(customer)
    derive(customer)
    db.session.add(customer)
    db.session.flush()
    if tags:
        set_tags(customer, tags, is_new=True)
    if collaborators:
        share(customer, collaborators)
    guard(actor, customer, duplicates, find)
    _warn(values)
    return customer


def _warn(values: Mapping[str, Any]) -> None:
    """Tell what was taken although it looks wrong."""
    if warnings := warnings_of(values.get("tax_id")):
        tell(warnings=warnings)


def edit(actor: Actor, customer: Customer, values: dict[str, Any]) -> Customer:
    """Change the fields that are present; `address` and `custom` are merged by key, `tags` replaced whole.

    Raises:
        Problem: 409 at `#/email`; 422 for unknown options, owners or parents.
    """
    tags, collaborators = values.pop("tags", None), values.pop("collaborators", None)
    faults = _faults(actor, customer, values, collaborators)
    with faults.gathered():
        values |= handed_over(actor, customer, values, Permission.CUSTOMER_ASSIGN, pool=True)
    faults.settle()
    merge_objects(customer, values)
    if "status" in values:
        set_status(actor, customer, values.pop("status"))
    assign(customer, values)
    _note_lead(customer)
    derive(customer)
    if tags is not None:
        set_tags(customer, tags)
    if collaborators is not None:
        share(customer, collaborators)
    _warn(values)
    return customer


def claimable(actor: Actor, record_id: int) -> Customer:
    """The customer that somebody wants to claim, in sight and locked.

    Raises:
        Problem: 409 `already-claimed` for one that was taken out of sight while it was waited for; 404 for others.
    """
    in_pool = select(Customer.id).where(
        Customer.id == record_id, Customer.is_active, Customer.owner_id.is_(None), customers.visible(actor.shape)
    )

    def asked() -> bool:
        # By the reading engine, which waits for nobody: the pool as it is when the request begins.
        with read_engine().connect() as connection:
            return connection.execute(in_pool, dict(actor.binds)).first() is not None

    was_in_pool = twice(asked)
    try:
        customer: Customer = customers.get(actor, record_id)
    except Problem as problem:
        if was_in_pool:
            raise conflict("already-claimed") from problem
        raise
    return customer


def claim(actor: Actor, customer: Customer) -> Customer:
    """Take a customer out of the pool; one claimant wins.

    Raises:
        Problem: 409 `already-claimed`.
    """
    if customer.owner_id is not None:
        raise conflict("already-claimed")
    customer.owner_id = actor.user_id
    customer.team_id = actor.team_id
    act(customer, "claimed")
    return customer


def release(_actor: Actor, customer: Customer) -> Customer:
    """Give a customer back to the pool."""
    if customer.owner_id is None:
        raise conflict("already-released")
    customer.owner_id = None
    customer.team_id = None
    act(customer, "released")
    return customer


def touched(customer: Customer, at: datetime) -> None:
    """Note that a customer, locked, was contacted; raises `last_contacted_at` only."""
    if customer.first_contacted_at is None or at < customer.first_contacted_at:
        customer.first_contacted_at = at
    if customer.last_contacted_at is None or at > customer.last_contacted_at:
        customer.last_contacted_at = at


def merge_objects(record: Any, values: dict[str, Any]) -> None:
    """Have the object fields in values be what the record (None: a new one) has then.

    Only the keys that were sent change, null removes a key.
    """
    for name in ("address", "custom"):
        if values.get(name) is not None:
            stored = None if record is None else getattr(record, name)
            both = {**(stored or {}), **values[name]}
            values[name] = {key: value for key, value in both.items() if value is not None} or None


def set_tags(customer: Customer, names: Sequence[str], *, is_new: bool = False) -> None:
    """Replace a customer's tags; unknown names become new tags, ignoring case, width and script.

    Args:
        customer: locked, or made in the same unit of work.
        names: what it is to be marked with.
        is_new: it has no tags yet.
    """
    wanted = {fold(name): name.strip() for name in names if name.strip()}
    known = _known_tags(wanted)
    for key in sorted(wanted.keys() - known.keys()):
        hold_tag(key)
    # Who held the new words before has made them tags by now.
    known |= _known_tags(wanted.keys() - known.keys())
    made = {key: Tag(name=name, name_key=key) for key, name in wanted.items() if key not in known}
    for tag in made.values():
        db.session.add(tag)
    db.session.flush()
    known |= {key: tag.id for key, tag in made.items()}
    recalled("tags").update(known)
    ids, present = set(known.values()), dict[int, CustomerTag]()
    if not is_new:
        links = db.session.execute(select(CustomerTag).where(CustomerTag.customer_id == customer.id)).scalars()
        present = {link.tag_id: link for link in links}
    for tag_id in sorted(ids - present.keys()):
        db.session.add(CustomerTag(customer_id=customer.id, tag_id=tag_id))
    for tag_id in present.keys() - ids:
        db.session.delete(present[tag_id])
    db.session.flush()


def _known_tags(keys: Collection[str]) -> dict[str, int]:
    """The ids of the tags that there are, by their folded names."""
    known = {key: found for key in keys if (found := recalled("tags").get(key)) is not None}
    asked = set(keys) - known.keys()
    if asked:
        query = select(Tag.name_key, Tag.id).where(Tag.is_active, Tag.name_key.in_(asked))
        known |= {row.name_key: row.id for row in db.session.execute(query)}
    return known


def check_parties(parties: Sequence[dict[str, Any]]) -> None:
    """Refuse collaborators that are neither exactly one active user nor one active team.

    Raises:
        Problem: 422 naming every such party.
    """
    issues: list[Issue] = []
    for number, party in enumerate(parties):
        user_id, team_id = party.get("user_id"), party.get("team_id")
        found = None
        if (user_id is None) != (team_id is None):
            found = db.session.get(User, user_id) if user_id is not None else db.session.get(Team, team_id)
        if found is None or not found.is_active:
            issues.append(Issue(f"#/collaborators/{number}", "unknown_party"))
    if issues:
        raise invalid(*issues)


def share(record: Record, parties: Sequence[dict[str, Any]]) -> None:
    """Replace the collaborators of a record by checked ones."""
    wanted = {(party.get("user_id"), party.get("team_id")): party["access"] for party in parties}
    present = {
        (link.user_id, link.team_id): link
        for link in db.session.execute(
            select(Collaborator).where(Collaborator.resource == record.resource, Collaborator.record_id == record.id)
        ).scalars()
    }
    for key, access in wanted.items():
        if key in present:
            if present[key].access != access:
                present[key].access = access
        else:
            link = Collaborator(
                resource=record.resource, record_id=record.id, user_id=key[0], team_id=key[1], access=access
            )
            db.session.add(link)
    for key in present.keys() - wanted.keys():
        db.session.delete(present[key])
    db.session.flush()


def ownership(actor: Actor, values: dict[str, Any], permission: Permission, *, pool: bool) -> dict[str, int | None]:
    """Owner and team of a record from what was sent: absent means the caller, null the pool where there is one.

    Raises:
        Problem: 422 for an unknown owner, one that this person may not assign to, or null without a pool.
    """
    if "owner_id" not in values or values["owner_id"] == actor.user_id:
        return {"owner_id": actor.user_id, "team_id": actor.team_id}
    owner_id = values["owner_id"]
    if not actor.may(permission):
        raise invalid(Issue("#/owner_id", "not_yours_to_assign"))
    if owner_id is None:
        if not pool:
            raise invalid(Issue("#/owner_id", "required"))
        return {"owner_id": None, "team_id": None}
    owner = db.session.get(User, owner_id)
    if owner is None or not owner.is_active:
        raise invalid(Issue("#/owner_id", "unknown_user"))
    if "all" not in actor.tokens and owner.team_id not in actor.tokens.get("team", ()):
        raise invalid(Issue("#/owner_id", "not_yours_to_assign"))
    return {"owner_id": owner.id, "team_id": owner.team_id}


def handed_over(
    actor: Actor, record: Any, values: dict[str, Any], permission: Permission, *, pool: bool
) -> dict[str, int | None]:
    """Owner and team that an edit gives a record; takes `owner_id` out of the values.

    Taking a record is assigning it too: else a collaborator could make it his or her own.

    Raises:
        Problem: 422 as `ownership`.
    """
    if "owner_id" not in values:
        return {}
    owner_id = values.pop("owner_id")
    if owner_id == record.owner_id:
        return {}
    if not actor.may(permission):
        raise invalid(Issue("#/owner_id", "not_yours_to_assign"))
    return ownership(actor, {"owner_id": owner_id}, permission, pool=pool)


def owner_of_kept(actor: Actor, kept: Any, values: dict[str, Any]) -> int | None:
    """Put the owner of what people keep and share into the values of a new one (None) or of an edit.

    Returns:
        The team of the owner: what is kept does not lie there, but may be shared with it.

    Raises:
        Problem: 422 as `ownership`.
    """
    if kept is None:
        found = ownership(actor, values, Permission.CUSTOMER_ASSIGN, pool=False)
    else:
        found = handed_over(actor, kept, values, Permission.CUSTOMER_ASSIGN, pool=False)
    if not found:
        return db.session.get_one(User, kept.owner_id).team_id
    values["owner_id"] = found["owner_id"]
    return found["team_id"]


def _faults(
    actor: Actor, customer: Customer | None, values: dict[str, Any], parties: Sequence[dict[str, Any]] | None
) -> Faults:
    """What is wrong with the values of a new customer (None) or of an edit, the owner apart."""
    faults = Faults()
    with faults.gathered():
        check_options(_SCHEMA, values)
    with faults.gathered():
        check_custom("customers", customer, values)
    with faults.gathered():
        _check_parent(actor, customer, values.get("parent_id"))
    with faults.gathered():
        check_parties(parties or ())
    return faults


def _check_parent(actor: Actor, customer: Customer | None, parent_id: int | None) -> None:
    if parent_id is None or (customer is not None and parent_id == customer.parent_id):
        return
    own_id = None if customer is None else customer.id
    if parent_id == own_id:
        raise invalid(Issue("#/parent_id", "circle"))
    try:
        parent = customers.get(actor, parent_id)
    except Problem as problem:
        raise invalid(Issue("#/parent_id", "unknown_record")) from problem
    seen = {own_id}
    while parent is not None:
        if parent.id in seen:
            raise invalid(Issue("#/parent_id", "circle"))
        seen.add(parent.id)
        parent = db.session.get(Customer, parent.parent_id) if parent.parent_id else None


def _note_lead(customer: Customer) -> None:
    """Note when a customer was first a lead: reports count from there, whatever becomes of it."""
    if customer.status == CustomerStatus.LEAD and customer.became_lead_at is None:
        customer.became_lead_at = now()


def derive(customer: Customer) -> None:
    """Set the keys that follow from the names and addresses."""
    further = derive_custom("customers", customer)
    keys = _keys(region(), *(getattr(customer, name) for name in _KNOWN_BY), *further)
    assign(customer, keys)
    assign(customer, key_columns(evidence_of_row(customer)))


_KNOWN_BY = ("name", "short_name", "company", "email", "phone")


@foreseen
def _keys(
    region: str,
    name: str,
    short_name: str | None,
    company: str | None,
    email: str | None,
    phone: str | None,
    *further: str | None,
) -> dict[str, str | None]:
    number = e164(phone, region)
    return {
        "name_key": fold(name),
        "sort_key": sort_key(name),
        "search_key": search_key([name, short_name, company, *further]),
        "reach_key": search_key([], [email, phone, number]),
        "email_key": email_key(email),
        "phone_e164": number,
    }


def foresee(values: Mapping[str, Any]) -> None:
    """Work out what making a customer of these values will ask for, for a `Seer`."""
    keys = _keys(region(), *map(values.get, _KNOWN_BY))  # type: ignore[arg-type]
    evidence_of_new(values)
    shown = [keys[name] for name in (*Customer.search_columns, Customer.title_column)]
    pieces_of(Customer, shown, db.engine.dialect.name)


def _settle(customer: Customer, undone: SetBack) -> None:
    """Set what follows from a customer's columns after an undo."""
    assign(customer, {"team_id": team_of(customer.owner_id)})
    if "became_lead_at" in {*undone.before, *undone.after}:
        former = undone.before.get("became_lead_at")
        assign(customer, {"became_lead_at": None if former is None else datetime.fromisoformat(former)})
    _note_lead(customer)
    derive(customer)


def team_of(owner_id: int | None) -> int | None:
    """The team that a record of an owner belongs to."""
    owner = None if owner_id is None else db.session.get(User, owner_id)
    return None if owner is None else owner.team_id


SETTLE["customer"] = _settle
# An address that is set back frees the one that it takes the place of.
MAKE_ROOM["customer"] = derive
DERIVES["customers"] = derive


__all__ = [
    "check_parties",
    "claim",
    "create",
    "edit",
    "foresee",
    "handed_over",
    "ownership",
    "release",
    "remove",
    "restore",
    "share",
    "touched",
]

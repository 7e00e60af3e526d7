"""The people and collaborators of a deal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, select

from ..access import Actor
from ..customer.models import Person, people
from ..customer.service import check_parties, share
from ..database import IdList, db, member_of
from ..errors import Faults, Issue
from ..projection import Shape
from .models import Deal, DealPerson


def check_parts(actor: Actor, parts: dict[str, Any], faults: Faults) -> None:
    """People must be in sight, collaborators active."""
    sent = parts["people"] or ()
    if sent:
        known = those_in_sight(actor, sent)
        faults += [
            Issue(f"#/people/{number}/person_id", "unknown_record")
            for number, entry in enumerate(sent)
            if entry not in known
        ]
    with faults.gathered():
        check_parties(parts["collaborators"] or ())


def those_in_sight(actor: Actor, sent: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of a deal's people whom this person sees."""
    binds = {**actor.binds, "person_ids": sorted({entry["person_id"] for entry in sent})}
    known = set(db.session.execute(_people_in_sight(actor.shape)[0], binds).scalars())
    return [entry for entry in sent if entry["person_id"] in known]


def set_parts(actor: Actor, deal: Deal, parts: dict[str, Any]) -> None:
    """Replace the collections that were sent and checked."""
    if parts["people"] is not None:
        _set_people(actor, deal, parts["people"])
    if parts["collaborators"] is not None:
        share(deal, parts["collaborators"])


@cache
def _people_in_sight(shape: Shape) -> tuple[Select[int], Select[DealPerson], Select[int]]:
    """Which people of a list somebody sees, and the links of a deal to people whom he or she sees and does not see."""
    seen = select(Person.id).where(Person.is_active, people.visible(shape))
    known = seen.where(member_of(Person.id, bindparam("person_ids", type_=IdList())))
    at_deal = DealPerson.deal_id == bindparam("deal_id", type_=BigInteger())
    return (
        known,
        select(DealPerson).where(at_deal, DealPerson.person_id.in_(seen)),
        select(DealPerson.person_id).where(at_deal, DealPerson.person_id.not_in(seen)),
    )


def people_out_of_sight(actor: Actor, deal: Deal) -> list[int]:
    """The people of a deal who stay whatever this person sends, because he or she does not see them."""
    binds = {**actor.binds, "deal_id": deal.id}
    return list(db.session.execute(_people_in_sight(actor.shape)[2], binds).scalars())


def _set_people(actor: Actor, deal: Deal, sent: Sequence[dict[str, Any]]) -> None:
    """Replace the people of a deal by checked ones, as far as this person sees them."""
    wanted = {entry["person_id"]: entry["role"] for entry in sent}
    links = _people_in_sight(actor.shape)[1]
    found = db.session.execute(links, {**actor.binds, "deal_id": deal.id}).scalars()
    present = {link.person_id: link for link in found}
    for person_id, role in wanted.items():
        if person_id not in present:
            db.session.add(DealPerson(deal_id=deal.id, person_id=person_id, role=role))
        elif present[person_id].role != role:
            present[person_id].role = role
    for person_id in present.keys() - wanted.keys():
        db.session.delete(present[person_id])
    db.session.flush()

"""Which existing people may be one: what the finder reads of them and how a few are looked up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, or_, select

from .. import search_index
from ..database import IdList, member_of
from ..folding import fold
from .duplicates import region
from .finder import Finder, Found, Two, ordered
from .likeness import Likeness, pairs_to_compare
from .models import Person, PersonCustomer, PersonPair
from .person_likeness import PersonEvidence, person_evidence, person_keys, person_likeness

_FIELDS = ("name", "phones", "emails", "wechat", "qq", "birthday", "address")
_PEOPLE = select(Person.id, Person.customer_id, *(getattr(Person, name) for name in _FIELDS)).where(Person.is_active)
_NEXT = _PEOPLE.where(Person.id > bindparam("after", type_=BigInteger())).order_by(Person.id).limit(2_000)
_THESE = _PEOPLE.where(member_of(Person.id, bindparam("ids", type_=IdList()))).order_by(Person.id)
_FURTHER = select(PersonCustomer.person_id, PersonCustomer.customer_id).where(
    member_of(PersonCustomer.person_id, bindparam("ids", type_=IdList()))
)

Known = list[tuple[int, PersonEvidence]]


def _read(connection: Connection, after: int) -> Known:
    return _known(connection, _NEXT, {"after": after})


def _known(connection: Connection, query: Select[Any], binds: dict[str, Any]) -> Known:
    rows = connection.execute(query, binds).all()
    homes: defaultdict[int, list[int]] = defaultdict(list)
    for person_id, customer_id in connection.execute(_FURTHER, {"ids": [row.id for row in rows]}) if rows else ():
        homes[person_id].append(customer_id)
    ours = region()
    return [(row.id, person_evidence(row._asdict(), [row.customer_id, *homes[row.id]], ours)) for row in rows]


def _look(connection: Connection, ids: Sequence[int]) -> Found:
    """The pairs of some people: whoever may share a key with one of them is read and held against them."""
    ours = _known(connection, _THESE, {"ids": sorted(ids)})
    near = {one for one, _ in ours} | _around(connection, [evidence for _, evidence in ours])
    known = _known(connection, _THESE, {"ids": sorted(near)})
    wanted = set(ids)
    found: dict[Two, Likeness] = {}
    for one, other in pairs_to_compare(known, person_keys):
        if known[one][0] in wanted or known[other][0] in wanted:
            alike = person_likeness(known[one][1], known[other][1])
            if alike.is_likely:
                found[ordered(known[one][0], known[other][0])] = alike
    return found


def _around(connection: Connection, those: Iterable[PersonEvidence]) -> set[int]:
    """The people at the same customers, with the same birthday, or that something may be reached by that they have."""
    those = list(those)
    customers = sorted({one for evidence in those for one in evidence.customers})
    birthdays = {evidence.birthday for evidence in those if evidence.birthday}
    at_home = member_of(Person.customer_id, bindparam("customers", type_=IdList()))
    by_role = select(PersonCustomer.person_id).where(
        member_of(PersonCustomer.customer_id, bindparam("customers", type_=IdList()))
    )
    query = select(Person.id).where(Person.is_active, or_(at_home, Person.birthday.in_(birthdays)))
    found = set(connection.execute(query, {"customers": customers}).scalars())
    found.update(connection.execute(by_role, {"customers": customers}).scalars())
    reached = {
        fold(way)
        for one in those
        for way in (*(number.lstrip("+") for number in one.phones), *one.emails, one.wechat, one.qq)
        if way
    }
    for way in reached:
        # More than the index names at once share what says nothing about any two of them.
        found.update(search_index.candidates(connection, Person.resource, [way]) or ())
    return found


PERSON_PAIRS = Finder(
    model=Person,
    pair=PersonPair,
    scan="person_duplicate_scan",
    position="person_duplicates_position",
    fields=(*_FIELDS, "customer_id", "customers"),
    read=_read,
    keys=person_keys,
    compare=person_likeness,
    look=_look,
)
PERSON_PAIRS.register()

"""What is personal in each kind of record, what stands there after an erasure, and which records are about whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, literal, or_, select

from ..access import POLICIES
from ..attachment.models import Attachment
from ..contact.models import ContactRecord
from ..customer.models import Person
from ..database import IdList, db, member_of
from ..deal.models import Deal
from ..journal import JournalEntry
from ..messages import catalogue
from ..quote.models import Quote
from ..record import Record
from ..task.models import Task

_ORIGIN: dict[str, Any] = {"external_source": None, "external_id": None}
_TITLE = object()
"""Stands for a name that may not be missing: what is erased is called so, with its number."""

NO_CONTENT = "0" * 64
"""The hash of a file that is no more."""

PERSONAL: dict[str, dict[str, Any]] = {
    "person": {
        "name": _TITLE,
        **dict.fromkeys(("salutation", "title", "department", "email", "phone", "wechat", "qq", "birthday"), None),
        **dict.fromkeys(("address", "photo", "decision_role", "description", "custom"), None),
        "emails": [],
        "phones": [],
        **_ORIGIN,
    },
    "customer": {
        "name": _TITLE,
        **dict.fromkeys(("short_name", "email", "phone", "company", "title", "website", "source_detail"), None),
        **dict.fromkeys(("address", "tax_id", "description", "custom", "disqualify_note"), None),
        **_ORIGIN,
    },
    "contact": {**dict.fromkeys(("subject", "content", "next_step", "custom"), None), **_ORIGIN},
    "deal": {
        "name": _TITLE,
        **dict.fromkeys(("lost_note", "next_step", "description", "custom"), None),
        **_ORIGIN,
    },
    "task": {"subject": _TITLE, "description": None, **_ORIGIN},
    "quote": {"buyer": None, "terms": None, **_ORIGIN},
    "attachment": {"name": _TITLE, "sha256": NO_CONTENT, "size": 0, **_ORIGIN},
}
"""By kind of record: the fields that tell of a person, and what stands there afterwards. What reports count by stays:
moments, amounts, stages, outcomes, options, owners."""

Ids = dict[str, set[int]]


@dataclass(frozen=True)
class Subject:
    """Whom it is about: a person, or a private customer.

    Attributes:
        ids: of all records about him or her, by kind, those that were merged into them too.
        named_in: quotes that name the person among what is somebody else's.
    """

    resource: str
    id: int
    name: str
    ids: Ids = field(default_factory=dict)
    named_in: frozenset[int] = frozenset()


def title_of(resource: str, record_id: int, language: str) -> str:
    """What an erased record is called."""
    return catalogue(language)[f"erased.{resource}"].format(id=record_id)


def values_after(record: Record, language: str) -> dict[str, Any]:
    """What a record holds after its erasure."""
    return {
        name: title_of(record.resource, record.id, language) if value is _TITLE else value
        for name, value in PERSONAL[record.resource].items()
    }


def left_of(resource: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of the values of an entry of the journal."""
    gone = PERSONAL.get(resource, {})
    return {name: value for name, value in values.items() if name not in gone}


def about(record: Record) -> Subject:
    """All records about a person, or about a customer, by kind."""
    resource, model = record.resource, type(record)
    own = {record.id, *_ids(select(model.id).where(model.merged_into_id == record.id))}  # type: ignore[attr-defined]
    of_person, of_customer = ({"person": own}, {}) if resource == "person" else ({}, {"customer": own})
    ids: Ids = {**of_person, **of_customer}
    if resource == "customer":
        ids["person"] = _ids(select(Person.id).where(_in(Person.customer_id, own)))
        ids["deal"] = _ids(select(Deal.id).where(_in(Deal.customer_id, own)))
        ids["quote"] = _ids(select(Quote.id).where(or_(_in(Quote.customer_id, own), _in(Quote.deal_id, ids["deal"]))))
    people, deals = ids.get("person", set()), ids.get("deal", set())
    by_link: list[tuple[str, Any, tuple[tuple[Any, set[int]], ...]]] = [
        (
            "contact",
            ContactRecord,
            ((ContactRecord.person_id, people), (ContactRecord.customer_id, ids.get("customer", set()))),
        ),
        (
            "task",
            Task,
            ((Task.person_id, people), (Task.customer_id, ids.get("customer", set())), (Task.deal_id, deals)),
        ),
    ]
    for name, kind, links in by_link:
        ids[name] = _ids(select(kind.id).where(or_(*(_in(link, those) for link, those in links))))
    photos = _photos(people)
    files = or_(
        _in(Attachment.customer_id, ids.get("customer", set())),
        _in(Attachment.deal_id, deals),
        _in(Attachment.contact_id, ids["contact"]),
        _in(Attachment.id, photos),
    )
    ids["attachment"] = _ids(select(Attachment.id).where(files))
    named = _ids(select(Quote.id).where(_in(Quote.person_id, people))) - ids.get("quote", set())
    return Subject(resource, record.id, str(record.name), {k: v for k, v in ids.items() if v}, frozenset(named))  # type: ignore[attr-defined]


def within(record: Record) -> Subject:
    """A record with all that is seen through it alone, such as the people and activities of a customer."""
    ids: Ids = {record.resource: {record.id}}
    waiting = [(record.resource, ids[record.resource])]
    while waiting:
        resource, those = waiting.pop()
        for child in POLICIES.values():
            if child.grants or child.model.resource not in PERSONAL:
                continue
            for parent, link in child.parents:
                if parent.model.resource == resource:
                    found = _ids(select(child.model.id).where(_in(link, those)))
                    new = found - ids.get(child.model.resource, set())
                    if new:
                        ids.setdefault(child.model.resource, set()).update(new)
                        waiting.append((child.model.resource, new))
    return Subject(record.resource, record.id, "", ids)


def entries_about(ids: Mapping[str, set[int]]) -> ColumnElement[bool]:
    """The condition that an entry of the journal is of one of some records."""
    entry = JournalEntry
    return or_(*((entry.resource == name) & _in(entry.resource_id, those) for name, those in ids.items()))


def records(resource: str, ids: set[int], *, locked: bool = False) -> list[Any]:
    """The rows with some ids, deleted ones too, in order."""
    model: Any = POLICIES[resource].model
    query = select(model).where(_in(model.id, ids)).order_by(model.id)
    if locked:
        # What somebody else has just changed is read anew.
        query = query.with_for_update(of=model).execution_options(populate_existing=True)
    return list(db.session.execute(query).scalars())


def _photos(people: set[int]) -> set[int]:
    """The files that are people's pictures."""
    found: set[int] = set()
    query = select(Person.photo).where(_in(Person.id, people), Person.photo.is_not(None))
    for photo in db.session.execute(query).scalars():
        number = (photo or "").removesuffix("/content").rpartition("/attachments/")[2]
        if number.isascii() and number.isdigit() and len(number) < 18:
            found.add(int(number))
    return found


def _in(column: Any, ids: set[int]) -> ColumnElement[bool]:
    return member_of(column, literal(sorted(ids), IdList()))


def _ids(query: Any) -> set[int]:
    return set(db.session.execute(query).scalars())

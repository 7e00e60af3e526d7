"""The customers that one resembles: found by its keys, scored, and shown as far as the reader may see them.

Whoever creates a customer, by the form, the API or an import, is told of them here; the form asks while it is typed in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Protocol

from flask import current_app
from sqlalchemy import Connection, Select, bindparam, literal, select, union_all

from .. import search_index
from ..access import Actor, Permission, Shape
from ..auth.models import User
from ..database import IdList, KeyText, db, member_of
from ..errors import Issue, conflict, forbidden
from ..grams import is_near_worthy
from ..listing import SPECS
from ..messages import language
from ..routing import tell
from ..setting.models import DuplicateCheck
from ..setting.service import settings
from ..transaction import hold_all
from .evidence import Evidence, evidence_of
from .likeness import MOST_ALIKE, SCALE, Likeness, likeness
from .models import Customer, CustomerKind, customers
from .regions import province_name, province_of_phone
from .tax_id import is_credit_code, is_right, province_of

SHOWN = 10
"""So many resembling customers are shown."""

EVIDENCE_COLUMNS = ("kind", "name", "short_name", "company", "email", "phone", "tax_id", "address")
"""What a customer is compared by."""

_COMPARED = (*EVIDENCE_COLUMNS, "phone_e164")
_compared = attrgetter(*_COMPARED)
_UNTOLD = sorted(set(SCALE.about.values()))
_LEAST_NAME = 2
_NEAR_MOST = 50
_NEAR_WORDS = 3

KEYS: dict[str, Any] = {
    "tax_id": Customer.tax_key,
    "email": Customer.email_key,
    "phone": Customer.phone_e164,
    "domain": Customer.domain_key,
    "sound": Customer.sound_key,
    "short": Customer.short_sound_key,
}


@dataclass(frozen=True)
class Twin:
    """A customer that resembles another.

    Attributes:
        row: its columns, with `owner_name`.
        is_visible: whether the reader sees it, and may know why it is the same.
    """

    row: Any
    likeness: Likeness
    is_visible: bool


class Finder(Protocol):
    """Finds what a new customer resembles among those that were looked up for many at once.

    Attributes:
        mode: what becomes of one that resembles another.
    """

    mode: DuplicateCheck

    def __call__(self, evidence: Evidence, /) -> list[Twin]:
        """The customers that one likely is, the likeliest first."""


def region() -> str:
    """The country that numbers without `+` belong to."""
    return str(current_app.config["LIANXI"].default_region)


def evidence_of_row(row: Any) -> Evidence:
    """What a stored customer, or a row of `EVIDENCE_COLUMNS`, can be known by."""
    return evidence_of(dict(zip(_COMPARED, _compared(row), strict=True)), region)


def evidence_of_new(values: Mapping[str, Any]) -> Evidence:
    """What a customer can be known by that will be made of some values, `kind` as it will be."""
    return evidence_of({**values, "kind": kind_of(values)}, region)


def kind_of(values: Mapping[str, Any]) -> str:
    """The kind of a new customer: who has an employer is a person, where nothing is said."""
    has_employer = values.get("company") and values["company"] != values["name"]
    return values.get("kind") or (CustomerKind.PERSON if has_employer else CustomerKind.COMPANY)


def twins(
    connection: Connection, evidence: Evidence, *, actor: Actor | None = None, exclude_id: int | None = None
) -> list[Twin]:
    """The customers that one likely is, deleted ones and those of the pool too, the likeliest first.

    Args:
        connection: of the reading engine, or of the open unit of work.
        evidence: what is known of the one.
        actor: whose sight counts; without one nothing is visible.
        exclude_id: the one itself, where it is stored.
    """
    ids = _candidates(connection, evidence) - {exclude_id}
    if not ids:
        return []
    return likely(evidence, ((row, evidence_of_row(row)) for row in rows_of(connection, ids, actor)), actor)


def rows_of(connection: Connection, ids: Collection[int], actor: Actor | None) -> Sequence[Any]:
    """What customers are compared by and shown with."""
    query = _reading(None if actor is None else actor.shape)
    binds = {} if actor is None else dict(actor.binds)
    return connection.execute(query, {**binds, "ids": sorted(ids)}).all()


def likely(evidence: Evidence, others: Iterable[tuple[Any, Evidence]], actor: Actor | None) -> list[Twin]:
    """Those of some customers that one likely is, the likeliest first.

    One that is only known by what the reader has masked, such as the phone of a customer in the pool, is told of as
    those are that are out of sight: else whoever guesses a number is told whose it is.
    """
    found = []
    for row, other in others:
        alike = likeness(evidence, other)
        if not alike.is_likely:
            continue
        is_told = bool(row.is_visible)
        unread = _unread(actor, row) if is_told and actor is not None else ()
        if unread:
            known = likeness(evidence, other.without(unread))
            is_told = known.is_likely
            alike = known if is_told else alike
        found.append(Twin(row, alike, is_told))
    return sorted(found, key=lambda twin: (-twin.likeness.score, not twin.row.is_active, twin.row.id))


def _unread(actor: Actor, row: Any) -> list[str]:
    """The fields of a customer that a reader has masked or not at all, of those that customers are told apart by."""
    view = SPECS[Customer.resource].view_for(actor.shape)
    return [name for name in _UNTOLD if not view.asks(name) or (row.in_pool and name in view.pool_masks)]


@cache
def _reading(shape: Shape | None) -> Select[Any]:
    columns = [getattr(Customer, name) for name in ("id", "is_active", "owner_id", "phone_e164", *EVIDENCE_COLUMNS)]
    sight = literal(0) if shape is None else customers.visible(shape)
    pooled = Customer.owner_id.is_(None).label("in_pool")
    query = select(*columns, User.name.label("owner_name"), sight.label("is_visible"), pooled)
    return query.outerjoin(User, User.id == Customer.owner_id).where(
        member_of(Customer.id, bindparam("ids", type_=IdList()))
    )


def keys_of(evidence: Evidence) -> dict[str, tuple[str, str]]:
    """What is looked for: by a name for it, the key column and its value."""
    asked = {name: (name, value) for name in ("tax_id", "email", "phone") if (value := getattr(evidence, name))}
    if evidence.domain and evidence.kind != "person":
        asked["domain"] = ("domain", evidence.domain)
    for number, name in enumerate(evidence.names):
        if len(name.sound) >= _LEAST_NAME:
            asked |= {f"{column}_{number}": (column, name.sound) for column in ("sound", "short")}
    return asked


def _candidates(connection: Connection, evidence: Evidence) -> set[int]:
    asked = keys_of(evidence)
    if not asked:
        return set()
    query = _looking_up(tuple((name, column) for name, (column, _) in asked.items()))
    found: defaultdict[str, set[int]] = defaultdict(set)
    for name, record_id in connection.execute(query, {name: value for name, (_, value) in asked.items()}):
        found[name].add(record_id)
    # An e-mail address and a tax id are one's own, however many have been given them by mistake.
    ids = {
        one for name, some in found.items() if len(some) <= MOST_ALIKE or name in ("email", "tax_id") for one in some
    }
    return ids | spelt_like(connection, evidence)


def spelt_like(connection: Connection, evidence: Evidence) -> set[int]:
    """The customers whose names are spelt nearly as those of one, in Latin letters."""
    near = [search_index.near(connection, Customer.resource, *one, _NEAR_MOST) for one in spellings(evidence)]
    return {one for some in near for one in some}


def spelt_like_each(connection: Connection, those: Iterable[Evidence]) -> dict[search_index.Near, list[int]]:
    """As `spelt_like` for many at once, by what `spellings` says of each."""
    asked = {asked for one in those for asked in spellings(one)}
    return search_index.near_each(connection, Customer.resource, asked, _NEAR_MOST) if asked else {}


def spellings(evidence: Evidence) -> list[search_index.Near]:
    """The words of names that may be mistyped, each with the others of its name."""
    return [
        (word, tuple(other for other in name.words if other != word))
        for name in evidence.names
        if not name.is_han
        for word in [word for word in name.words if is_near_worthy(word)][:_NEAR_WORDS]
    ]


@cache
def _looking_up(asked: Sequence[tuple[str, str]]) -> Any:
    """One statement that looks each key up by its index; one more than `MOST_ALIKE` shows that there are too many."""
    parts = []
    for name, column in asked:
        value = bindparam(name, type_=KeyText())
        some = select(literal(name).label("key"), Customer.id.label("record_id")).where(KEYS[column] == value)
        parts.append(select(some.order_by(Customer.id.desc()).limit(MOST_ALIKE + 1).subquery()))
    return union_all(*parts)


# ---- what is told of them --------------------------------------------------------------------------------------------


def shown(found: Sequence[Twin]) -> list[dict[str, Any]]:
    """Resembling customers on the wire. Who may not see one learns only that it is taken, and whom to ask."""
    return [
        {
            "id": twin.row.id if twin.is_visible else None,
            "name": twin.row.name if twin.is_visible else None,
            "owner": None if twin.row.owner_id is None else {"id": twin.row.owner_id, "name": twin.row.owner_name},
            "score": twin.likeness.score,
            "reasons": list(twin.likeness.reasons),
            "is_visible": twin.is_visible,
            "is_deleted": not twin.row.is_active,
        }
        for twin in found[:SHOWN]
    ]


def warnings_of(tax_id: str | None) -> list[dict[str, str]]:
    """What looks wrong and is taken nevertheless: a tax id whose check character is another one."""
    if is_credit_code(tax_id) and not is_right(tax_id):
        return [Issue("#/tax_id", "tax_id_check_character").wire()]
    return []


def _suggestions(values: Mapping[str, Any], evidence: Evidence) -> list[dict[str, str]]:
    """The province that the tax id or the phone speaks of, in the reader's language."""
    origins = {"tax_id": province_of(values.get("tax_id")), "phone": province_of_phone(evidence.phone)}
    offered: dict[str, str] = {}
    for origin, code in origins.items():
        if code is not None:
            offered.setdefault(province_name(code, language()), origin)
    return [{"field": "address.province", "value": value, "origin": origin} for value, origin in offered.items()]


def check(actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a customer that is being typed in resembles, what looks wrong about it, and what follows from it."""
    evidence = evidence_of(values, region)
    found = twins(db.session.connection(), evidence, actor=actor, exclude_id=values.get("exclude_id"))
    return {
        "matches": shown(found),
        "warnings": warnings_of(values.get("tax_id")),
        "suggestions": _suggestions(values, evidence),
    }


def check_permission(actor: Actor, asked: str | None) -> None:
    """Refuse who wants resembling customers let through without the right to.

    Raises:
        Problem: 403.
    """
    if asked == "allow" and not actor.may(Permission.CUSTOMER_DUPLICATE):
        raise forbidden()


def mode_of(asked: str | None) -> DuplicateCheck:
    """What becomes of a new customer that resembles another: as it is asked for, else as an admin has decided."""
    mode = {"refuse": DuplicateCheck.BLOCK, "allow": DuplicateCheck.OFF}.get(asked or "")
    return mode or DuplicateCheck(settings().duplicate_check)


def hold_keys(some: Iterable[Evidence]) -> None:
    """Have everybody wait who enters one of some customers at the same time."""
    hold_all({f"customer {name} {value}" for one in some for name, (_, value) in keys_of(one).items()})


def guard(actor: Actor, customer: Customer, asked: str | None, find: Finder | None = None) -> None:
    """Refuse a customer that was just written and resembles another, or tell of the others, as an admin has decided.

    It is asked after the write, so that an address in use is refused as such first, and of two who enter the same
    customer at once the second one finds the first.

    Args:
        asked: `refuse` or `allow` instead of what the setting says.
        find: looks up what it resembles, where many are made together; the keys of all of them are held then.

    Raises:
        Problem: 409 `possible-duplicate` with the `matches`.
    """
    mode = mode_of(asked) if find is None else find.mode
    if mode is DuplicateCheck.OFF:
        return
    evidence = evidence_of_row(customer)
    if find is not None:
        found = shown(find(evidence))
    else:
        if mode is DuplicateCheck.BLOCK:
            hold_keys([evidence])
        found = shown(twins(db.session.connection(), evidence, actor=actor, exclude_id=customer.id))
    if found and mode is DuplicateCheck.BLOCK:
        raise conflict("possible-duplicate", matches=found)
    if found:
        tell(possible_duplicates=found)

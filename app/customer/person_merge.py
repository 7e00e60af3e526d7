"""What merging people means for their own fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import select

from ..database import db
from ..errors import Faults
from ..folding import e164, email_key, fold
from ..routing import assign
from . import person_service
from .merging import MERGERS, Merge, Merger
from .models import Customer, Person, PersonCustomer
from .schemas import PEOPLE

_KEPT = ("name", "customer_id", "is_primary", "has_left", "do_not_call", "do_not_email")
_FILLED = (
    "salutation",
    "title",
    "department",
    "email",
    "phone",
    "wechat",
    "qq",
    "birthday",
    "address",
    "photo",
    "decision_role",
    "description",
)
_PROMISES = ("do_not_call", "do_not_email")
"""What was promised to one of them holds for the survivor, unless somebody decides otherwise."""


def _before(ids: Sequence[int]) -> None:
    """The customers are locked before their people, as everybody locks them."""
    homes = select(Person.customer_id).where(Person.id.in_(list(ids)))
    db.session.execute(select(Customer.id).where(Customer.id.in_(homes)).order_by(Customer.id).with_for_update())


def _check(_merge: Merge, _faults: Faults) -> None:
    """Whoever may change all of them may choose any value."""


def _conclude(merge: Merge) -> None:
    target: Person = merge.target
    homes = [one.customer_id for one in merge.all]
    values = merge.chosen()
    home = values["customer_id"]
    for name in _PROMISES:
        if name not in merge.values:
            values[name] = any(getattr(one, name) for one in merge.all)
    if "is_primary" not in merge.values:
        values["is_primary"] = any(one.is_primary and one.customer_id == home for one in merge.all)
    region = current_app.config["LIANXI"].default_region
    emails = _united(merge, "emails", "address", values.pop("email"), email_key)
    phones = _united(merge, "phones", "raw", values.pop("phone"), lambda raw: e164(raw, region) or fold(raw))
    values |= person_service.ways(None, {"emails": emails, "phones": phones})
    values["custom"] = merge.custom()
    assign(target, values)
    person_service.derive(target)
    db.session.flush()
    person_service.one_primary(target)
    _keep_homes(target, homes)


def _united(
    merge: Merge, name: str, key: str, primary: str | None, same: Callable[[str], str | None]
) -> list[dict[str, Any]]:
    """The entries of all, each once; the primary one is that of the record chosen."""
    found: dict[str | None, dict[str, Any]] = {}
    for one in merge.all:
        for entry in getattr(one, name) or []:
            found.setdefault(same(entry[key]), {**entry, "is_primary": False})
    chosen = found.get(same(primary)) if primary is not None else None
    if chosen is not None:
        chosen["is_primary"] = True
    return list(found.values())


def _keep_homes(target: Person, homes: Sequence[int]) -> None:
    """Where one of them worked, the survivor has a further role."""
    links = db.session.execute(select(PersonCustomer).where(PersonCustomer.person_id == target.id)).scalars()
    present = {link.customer_id: link for link in links}
    if target.customer_id in present:
        db.session.delete(present[target.customer_id])
    for home in dict.fromkeys(homes):
        if home != target.customer_id and home not in present:
            db.session.add(PersonCustomer(person_id=target.id, customer_id=home, role=None))
    db.session.flush()


MERGERS["person"] = Merger(PEOPLE, _FILLED, _KEPT, _conclude, _check, before=_before)

"""Use cases of privacy: who may be asked about, handing out, erasing."""

from __future__ import annotations

from typing import Any

from ..access import POLICIES, Actor
from ..customer.models import Customer, CustomerKind
from ..database import db
from ..errors import conflict, not_found
from ..record import Record
from ..schema import MAX_ID
from .disclosing import disclose
from .erasing import erase
from .personal import Subject, about


def subject(actor: Actor, resource: str, record_id: int) -> Subject:
    """A person or private customer in the caller's sight, deleted or not.

    Raises:
        Problem: 404; 409 `not-a-person` for a company.
    """
    record = _record(actor, resource, record_id)
    return Subject(resource, record_id, record.name)


def _record(actor: Actor, resource: str, record_id: int) -> Any:
    policy = POLICIES[resource]
    if record_id > MAX_ID or not policy.sees(actor, record_id):
        raise not_found()
    record: Any = db.session.get_one(policy.model, record_id)
    if isinstance(record, Customer) and record.kind != CustomerKind.PERSON:
        raise conflict("not-a-person")
    return record


def hand_out(actor: Actor, who: Subject) -> dict[str, Any]:
    """All about somebody; that it was handed out is journalled and stands in the access log."""
    return disclose(actor, _record(actor, who.resource, who.id))


def erase_person(actor: Actor, who: Subject, reason: str) -> dict[str, Any]:
    """Erase somebody for good.

    Raises:
        Problem: as `subject`, of this moment.
    """
    record: Record = _record(actor, who.resource, who.id)
    return {"resource": who.resource, "id": who.id, "erased": erase(record, about(record), reason=reason)}

"""Use cases of privacy: who may be asked about, handing out, erasing."""

from __future__ import annotations

from typing import Any

from ..access import POLICIES, Actor
from ..customer.models import Customer, CustomerKind
from ..database import db
from ..errors import conflict, not_found
from ..record import Record
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


def _record(actor: Actor, resource: str, record_id: int, *, locked: bool = False) -> Any:
    policy = POLICIES[resource]
    record: Any = db.session.get(policy.model, record_id, with_for_update=locked) if record_id < 2**53 else None
    if record is None or not (record.is_active is False or policy.sees(actor, record_id)):
        raise not_found()
    if not policy.sees(actor, record_id):
        raise not_found()
    if isinstance(record, Customer) and record.kind != CustomerKind.PERSON:
        raise conflict("not-a-person")
    return record


def hand_out(actor: Actor, who: Subject) -> dict[str, Any]:
    """All about somebody; that it was handed out is journalled and stands in the access log."""
    return disclose(actor, _record(actor, who.resource, who.id, locked=True))


def erase_person(actor: Actor, who: Subject, reason: str) -> dict[str, Any]:
    """Erase somebody for good.

    Raises:
        Problem: as `subject`, of this moment.
    """
    record: Record = _record(actor, who.resource, who.id, locked=True)
    return {"resource": who.resource, "id": who.id, "erased": erase(record, about(record), reason=reason)}

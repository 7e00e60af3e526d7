"""A new deal made after another one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ..access import Actor
from ..customer.custom_fields import carried
from ..database import db
from ..messages import say
from .lines import lines_of
from .models import Deal, DealPerson
from .service import create, today

_KEPT = ("kind", "customer_id", "pipeline_id", "currency", "source", "description")
_NAME_LENGTH = 200


def clone(actor: Actor, deal: Deal, values: dict[str, Any]) -> Deal:
    """A new open deal of the caller with customer, people, lines and amount of another one, without its history.

    It begins at the first stage of the same pipeline. What was planned for the other one stays there, an expected close
    that is still to come apart.

    Args:
        values: `name` where it is not to be the other one's with a word behind it.

    Raises:
        Problem: 422 for fields that the first stage requires and that are empty, or a customer that the caller may not
            change.
    """
    lines = [_copied(line) for line in lines_of(deal)]
    people = db.session.execute(select(DealPerson).where(DealPerson.deal_id == deal.id)).scalars()
    fields: dict[str, Any] = {name: getattr(deal, name) for name in _KEPT}
    if deal.expected_close_on is not None and deal.expected_close_on >= today(actor):
        fields["expected_close_on"] = deal.expected_close_on
    if deal.amount_is_manual:
        fields["amount"] = deal.amount
    fields["custom"] = carried("deals", deal)
    fields |= {
        "name": values.get("name") or _named_after(deal.name),
        "competitors": list(deal.competitors),
        "lines": lines,
        "people": [{"person_id": link.person_id, "role": link.role} for link in people],
    }
    return create(actor, fields, after=deal)


def _named_after(name: str) -> str:
    spare = _NAME_LENGTH - len(say("deal.copy_of", name=""))
    return say("deal.copy_of", name=name[:spare])


def _copied(line: Any) -> dict[str, Any]:
    names = ("product_id", "quantity", "unit_price", "discount_percent", "tax_percent")
    return {name: getattr(line, name) for name in names}

"""What an open deal can be wanting in: asked by the list of deals and by reports in the same words."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select

from ..contact.models import ContactRecord
from ..customer.models import Customer, customers
from ..database import days_before
from ..projection import Shape
from .models import Deal, Stage, StageKind


class Fault(StrEnum):
    """What an open deal is wanting in."""

    NO_NEXT_STEP = "no_next_step"
    OVERDUE = "overdue"
    SILENT = "silent"
    TOO_LONG = "too_long"


SILENT_DAYS = 14
"""After so many days without a change or a contact record an open deal is silent."""

IS_OPEN: ColumnElement[bool] = Deal.state == StageKind.OPEN


def faults(shape: Shape, at: Any, day: Any) -> dict[str, ColumnElement[bool]]:
    """The condition of each fault of an open `Deal`.

    A deal is silent when neither it was changed nor anybody was in touch about it or with its customer; what happened
    with a customer out of the reader's sight is not told by this.

    Args:
        shape: of the readers.
        at: the present.
        day: its date in the reader's zone.
    """
    since = days_before(at, literal(SILENT_DAYS))
    about_it = exists(
        select(ContactRecord.id)
        .where(ContactRecord.deal_id == Deal.id, ContactRecord.is_active, ContactRecord.occurred_at >= since)
        .correlate(Deal)
    )
    with_customer = exists(
        select(Customer.id)
        .where(Customer.id == Deal.customer_id, Customer.is_active, Customer.last_contacted_at >= since)
        .where(customers.visible(shape))
        .correlate(Deal)
    )
    stays_too_long = exists(
        select(Stage.id)
        .where(Stage.id == Deal.stage_id, Deal.stage_entered_at < days_before(at, Stage.expected_days))
        .correlate(Deal)
    )
    return {
        Fault.NO_NEXT_STEP: Deal.next_step_on.is_(None),
        Fault.OVERDUE: or_(
            and_(Deal.next_step_on.is_not(None), Deal.next_step_on < day),
            and_(Deal.expected_close_on.is_not(None), Deal.expected_close_on < day),
        ),
        Fault.SILENT: and_(Deal.updated_at < since, ~about_it, ~with_customer),
        Fault.TOO_LONG: stays_too_long,
    }

"""How long things are kept: the rules of the settings, applied every night, and counted before they are switched on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select

from ..access import POLICIES
from ..auth.models import SignInEvent
from ..customer.models import Customer, CustomerStatus
from ..database import db
from ..job.chores import chore
from ..record import Erasure, Mergeable, is_purged
from ..setting.service import settings
from ..transaction import now, unit_of_work
from .erasing import erase
from .models import AccessEntry
from .personal import PERSONAL, about, within

log = logging.getLogger("lianxi")

RULES = ("recycle_bin_days", "lead_months", "sign_in_event_days", "access_log_days")
MONTH = timedelta(days=30)
_PORTION = 5_000


def preview(rules: Mapping[str, int | None]) -> dict[str, int]:
    """How much each rule would take now, by its name; 0 for one that is off."""
    found = dict.fromkeys(RULES, 0)
    if (days := rules.get("recycle_bin_days")) is not None:
        found["recycle_bin_days"] = sum(_count(_binned(name, _ago(days))) for name in PERSONAL)
    if (months := rules.get("lead_months")) is not None:
        found["lead_months"] = _count(_stale_leads(now() - months * MONTH))
    for name, column in (("sign_in_event_days", SignInEvent.at), ("access_log_days", AccessEntry.at)):
        if (days := rules.get(name)) is not None:
            found[name] = db.session.execute(select(func.count()).where(column < _ago(days))).scalar_one()
    return found


@chore("retention", every=timedelta(days=1))
def apply_rules() -> None:
    """Apply the rules that are on; what one record makes fail is logged and tried again the next night."""
    kept = settings()
    rules = {name: getattr(kept, name) for name in RULES}
    db.session.rollback()
    if rules["recycle_bin_days"] is not None:
        for name in PERSONAL:
            for record_id in _ids(_binned(name, _ago(rules["recycle_bin_days"]))):
                _purge(name, record_id)
    if rules["lead_months"] is not None:
        for record_id in _ids(_stale_leads(now() - rules["lead_months"] * MONTH)):
            _anonymise(record_id)
    _trim(SignInEvent, _ago(rules["sign_in_event_days"]))
    _trim(AccessEntry, _ago(rules["access_log_days"]))


def _ago(days: int) -> datetime:
    return now() - timedelta(days=days)


def _binned(resource: str, before: datetime) -> Select[Any]:
    """What lies in the recycle bin since before a moment."""
    model: Any = POLICIES[resource].model
    query = select(model.id).where(model.is_active.is_(False), model.deleted_at < before, ~is_purged(model))
    return query.where(model.merged_into_id.is_(None)) if issubclass(model, Mergeable) else query


def _stale_leads(before: datetime) -> Select[Any]:
    """Leads that were given up, and with whom nothing has happened since before a moment."""
    lead: Any = Customer
    erased = select(Erasure.record_id).where(Erasure.resource == "customer", Erasure.record_id == lead.id)
    return select(lead.id).where(
        lead.is_active,
        lead.status == CustomerStatus.LOST,
        lead.disqualified_at < before,
        lead.updated_at < before,
        (lead.last_contacted_at.is_(None)) | (lead.last_contacted_at < before),
        ~erased.exists(),
    )


def _count(query: Select[Any]) -> int:
    return int(db.session.execute(select(func.count()).select_from(query.subquery())).scalar_one())


def _ids(query: Select[Any]) -> Iterator[int]:
    found = db.session.execute(query).scalars().all()
    db.session.rollback()
    yield from found


def _purge(resource: str, record_id: int) -> None:
    try:
        with unit_of_work(source="job"):
            record = db.session.get(POLICIES[resource].model, record_id, with_for_update=True)
            if record is not None and not record.is_active:
                erase(record, within(record), reason="recycle_bin_days", is_purged=True)
    except Exception:
        log.exception("%s %d could not be purged", resource, record_id)


def _anonymise(record_id: int) -> None:
    try:
        with unit_of_work(source="job"):
            lead = db.session.get(Customer, record_id, with_for_update=True)
            if lead is not None and lead.status == CustomerStatus.LOST:
                erase(lead, about(lead), reason="lead_months")
    except Exception:
        log.exception("customer %d could not be anonymised", record_id)


def _trim(model: Any, before: datetime) -> None:
    while True:
        with unit_of_work(source="job"):
            old = select(model.id).where(model.at < before).limit(_PORTION)
            ids = db.session.execute(old).scalars().all()
            db.session.execute(delete(model).where(model.id.in_(ids)))
        if len(ids) < _PORTION:
            return

"""Use cases of reveals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from ..access import Actor
from ..auth.identity import today_of
from ..auth.models import User
from ..database import db, read_engine
from ..days import end_of, start_of
from ..errors import Issue, Problem, invalid
from ..field_rights import CUSTOM
from ..listing import ListSpec
from ..projection import MASKED_FIELDS
from ..setting.service import settings
from ..transaction import hold, now
from .models import Reveal

_MOST_DAYS = 31
_DAYS = 7


def reveal(actor: Actor, spec: ListSpec, record_id: int, name: str) -> Any:
    """The value of a field that is masked for the caller, who is written down as having had it shown.

    Args:
        record_id: of a record in the caller's sight.
        name: of the field; a custom one as `custom.KEY`.

    Raises:
        Problem: 422 for a field that is not there for the caller, or is not masked; 429 once the day's quota is spent.
    """
    view = spec.view_for(actor.shape)
    inner = name.removeprefix(f"{CUSTOM}.")
    known = name in spec.fields.fields or (inner != name and inner in view.custom_masked)
    if not known or not view.shows(name):
        raise invalid(Issue("#/field", "unknown_name", {"names": name}))
    if name not in spec.answer(actor, record_id)[MASKED_FIELDS]:
        raise invalid(Issue("#/field", "not_masked"))
    _spend(actor)
    db.session.add(Reveal(of_resource=spec.model.resource, record_id=record_id, field=name))
    plain = spec.plain_answer(actor, record_id)
    return plain[name] if inner == name else plain[CUSTOM][inner]


def _spend(actor: Actor) -> None:
    """Count one more value of today.

    Raises:
        Problem: 429 where the quota is spent, until the caller's day ends.
    """
    # Of many requests at once, each counts those before it.
    hold(f"reveal\n{actor.user_id}")
    day = today_of(actor.time_zone)
    since = start_of(day, actor.time_zone)
    mine = select(func.count()).where(Reveal.created_by == actor.user_id, Reveal.created_at >= since)
    quota = settings().reveal_quota
    if db.session.execute(mine).scalar_one() >= quota:
        wait = int((end_of(day, actor.time_zone) - now()).total_seconds()) + 1
        raise Problem(429, "reveal-quota", headers={"Retry-After": str(wait)}, params={"quota": quota})


def by_day(actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """Who had how many masked values shown on which day, as `RevealDaysSchema` has it.

    Args:
        query: `from_on`, `to_on` and `user_id` as far as sent.

    Raises:
        Problem: 422 for a span that ends before it begins, or is too long.
    """
    last: date = query.get("to_on") or today_of(actor.time_zone)
    first: date = query.get("from_on") or last - timedelta(days=_DAYS - 1)
    if last < first:
        raise invalid(Issue("to", "before_from"))
    if (last - first).days >= _MOST_DAYS:
        raise invalid(Issue("from", "too_many_days", {"max": _MOST_DAYS}))
    zone = actor.time_zone
    found = (
        select(Reveal.created_at, User.id, User.name, Reveal.of_resource, Reveal.record_id)
        .join(User, User.id == Reveal.created_by)
        .where(Reveal.created_at >= start_of(first, zone), Reveal.created_at < end_of(last, zone))
    )
    if query.get("user_id") is not None:
        found = found.where(Reveal.created_by == query["user_id"])
    records: defaultdict[tuple[date, int, str], list[tuple[str, int]]] = defaultdict(list)
    with read_engine().connect() as connection:
        for at, user_id, name, resource, record_id in connection.execute(found):
            records[at.astimezone(ZoneInfo(zone)).date(), user_id, name].append((resource, record_id))
    quota = settings().reveal_quota
    # Newest days first, and of a day who had most.
    days = sorted(records.items(), key=lambda one: (-one[0][0].toordinal(), -len(one[1]), one[0][1]))
    data = [
        {
            "on": day,
            "user": {"id": user_id, "name": name},
            "count": len(of),
            "records": len(set(of)),
            "is_spent": len(of) >= quota,
        }
        for (day, user_id, name), of in days
    ]
    return {"data": data, "meta": {"quota": quota}}

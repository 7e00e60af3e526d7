"""The agenda: the open tasks of one person by when they are due, each bucket a list that can be asked for by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from ..access import Actor
from ..days import Days
from ..errors import Issue, invalid
from .due import Bucket
from .schemas import TASKS


def agenda(actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """The buckets in order, with the tasks that the caller sees.

    Args:
        query: `from`, `to`, `assignee_id` and `per_page`, as far as sent.

    Raises:
        Problem: 422 for a span that ends before it begins.
    """
    first, last = query.get("from"), query.get("to")
    if first is not None and last is not None and last < first:
        raise invalid(Issue("to", "before_from"))
    pairs = [("assignee_id", query.get("assignee_id", actor.user_id)), ("due_from", first), ("due_to", last)]
    asked = [(name, str(value)) for name, value in pairs if value is not None]
    found = []
    for bucket in Bucket:
        filters = urlencode([*asked, ("bucket", bucket)])
        page = TASKS.page(actor, TASKS.parse(f"{filters}&per_page={query['per_page']}", actor), fresh=True)
        found.append({"key": bucket, "count": page["meta"]["total"], "filters": filters, "data": page["data"]})
    today = Days.at_moment(datetime.now(UTC), actor.time_zone).today
    return {"time_zone": actor.time_zone, "today": today, "buckets": found}

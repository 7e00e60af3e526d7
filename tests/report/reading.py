"""What the tests of reports share: asking, walking the lists behind figures, setting clocks back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any

from sqlalchemy import update

from app.database import db
from app.deal.models import Deal
from app.transaction import unit_of_work

from ..cast import Member


def report(who: Member, path: str, query: str = "", **kwargs: Any) -> dict[str, Any]:
    """A report as this person gets it."""
    answer = who.get(f"/reports/{path}{query}", **kwargs)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def by_key(found: Mapping[str, Any]) -> dict[Any, dict[str, Any]]:
    """The rows of a report."""
    return {row["key"]: row for row in found["rows"]}


def listed(who: Member, path: str, query: str) -> list[dict[str, Any]]:
    """All records of a list."""
    answer = who.get(f"/{path}?per_page=200&{query}")
    assert answer.status_code == 200, (query, answer.get_data(as_text=True))
    return list(answer.get_json()["data"])


def walk(who: Member, found: Mapping[str, Any], path_of: Callable[[str], str] = lambda _: "deals") -> int:
    """Open every figure of every row and of the totals and compare it with its list; how many of rows were compared.

    Args:
        path_of: from a figure's name to its list.
    """
    converted = found["meta"]["converted"]
    for row in (*found["rows"], found["totals"]):
        for name, query in row.get("filters", {}).items():
            said = reduce(lambda part, word: part[word], name.split("."), row)
            _compare(name, said, listed(who, path_of(name), query), (row.get("key"), name, query), bool(converted))
    return sum(len(row["filters"]) for row in found["rows"])


def _compare(name: str, said: Any, records: list[dict[str, Any]], told: Any, converted: bool) -> None:
    if name == "customers_touched":
        assert len({one["customer_id"] for one in records}) == said, told
    elif isinstance(said, int):
        assert len(records) == said, told
    elif name.endswith("_amount") and not name.startswith(("mean", "weighted")) and not converted:
        total = sum(round(float(one["amount"] or 0) * 100) for one in records)
        assert total == round(float(said) * 100), told


def without_filters(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures alone."""
    return {name: value for name, value in figures.items() if name != "filters"}


def today() -> date:
    """The date in the cast's zone."""
    return (datetime.now(UTC) + timedelta(hours=8)).date()


def day(days: int) -> str:
    """A date so many days from today."""
    return str(today() + timedelta(days=days))


def age(deal_id: int, days: float, **more: Any) -> None:
    """Set the last change of a deal back."""
    with unit_of_work():
        at = datetime.now(UTC) - timedelta(days=days)
        db.session.execute(update(Deal).where(Deal.id == deal_id).values(updated_at=at, **more))

"""Leads: what became of those of a period."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.customer.models import Customer
from app.database import db
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import LOST, WON, deal
from ..faults import issues
from .reading import listed, report, walk

FIGURES = ("new", "contacted", "qualified", "won")


def figures(row: dict[str, Any]) -> tuple[Any, ...]:
    return (*(row[f"{name}_count"] for name in FIGURES), row["qualification_rate"], row["mean_days_to_qualify"])


def path_of(_name: str) -> str:
    return "customers"


def lead(
    who: Member, name: str, since: str, qualified: float | None = None, *, contacted: bool = False, **more: Any
) -> int:
    """A customer who became a lead at a moment and was qualified so many days later."""
    one = int(who.made("/customers", {"name": name, **more})["id"])
    began = datetime.fromisoformat(since)
    values = {
        "became_lead_at": began,
        "first_contacted_at": began + timedelta(hours=1) if contacted else None,
        "qualified_at": None if qualified is None else began + timedelta(days=qualified),
    }
    with unit_of_work():
        db.session.execute(update(Customer).where(Customer.id == one).values(**values))
    return one


def scene(cast: Cast) -> None:
    """Leads of January and February by two sources; one customer who never was a lead."""
    won = lead(cast.alice, "A", "2026-01-10T00:00:00Z", 2, contacted=True, source="referral")
    lead(cast.alice, "B", "2026-01-31T16:00:00Z", 5.5, contacted=True, source="referral")
    lead(cast.alice, "C", "2026-02-01T00:00:00Z", contacted=True, source="website")
    lost = lead(cast.bob, "D", "2026-02-28T15:59:59Z", source="referral")
    lead(cast.mallory, "E", "2026-02-28T16:00:00Z")
    cast.alice.made("/customers", {"name": "F", "status": "active"})
    for one, stage, who in ((won, WON, cast.alice), (won, WON, cast.alice), (lost, LOST, cast.bob)):
        deal(cast.root, customer_id=one, stage_id=stage, closed_on="2026-03-01", owner_id=who.id)


def test_nothing_is_nothing(cast: Cast) -> None:
    for group_by in ("source", "owner", "month"):
        found = report(cast.alice, "leads", f"?group_by={group_by}")
        assert (found["rows"], figures(found["totals"])) == ([], (0, 0, 0, 0, None, None))
    assert found["meta"]["definition"].startswith("New leads")


def test_figures_by_hand(cast: Cast) -> None:
    scene(cast)
    found = report(cast.root, "leads")
    assert [(row["key"], row["label"], figures(row)) for row in found["rows"]] == [
        ("referral", "Referral", (3, 2, 2, 1, 0.6667, 3.75)),
        ("website", "Website", (1, 1, 0, 0, 0.0, None)),
        (None, "None", (1, 0, 0, 0, 0.0, None)),
    ]
    assert figures(found["totals"]) == (5, 3, 2, 1, 0.4, 3.75)
    assert walk(cast.root, found, path_of) == 15
    qualified = listed(cast.root, "customers", found["rows"][0]["filters"]["mean_days_to_qualify"])
    assert sorted(one["name"] for one in qualified) == ["A", "B"]


def test_by_owner_and_month(cast: Cast) -> None:
    scene(cast)
    cast.root.made("/customers", {"name": "Free", "owner_id": None})
    found = report(cast.root, "leads", "?group_by=owner")
    assert [(row["label"], row["new_count"]) for row in found["rows"]] == [
        ("Alice", 3), ("Bob", 1), ("Mallory", 1), ("Pool", 1),
    ]  # fmt: skip
    assert walk(cast.root, found, path_of) == 20
    found = report(cast.root, "leads", "?group_by=month&to=2026-03-31")
    # The first of February and the first of March begin at four in the afternoon in UTC.
    assert [(row["key"], figures(row)) for row in found["rows"]] == [
        ("2026-01", (1, 1, 1, 1, 1.0, 2.0)),
        ("2026-02", (3, 2, 1, 0, 0.3333, 5.5)),
        ("2026-03", (1, 0, 0, 0, 0.0, None)),
    ]
    assert walk(cast.root, found, path_of) == 15


@pytest.mark.parametrize("group_by", ["source", "owner", "month"])
@pytest.mark.parametrize(
    "query", ["", "&from=2026-02-01&to=2026-02-28", "&owner_id={alice}&from=2026-01-15", "&team_id={north}"]
)
def test_every_figure_opens_its_list(cast: Cast, group_by: str, query: str) -> None:
    scene(cast)
    more = query.format(alice=cast.alice.id, north=cast.north)
    found = report(cast.root, "leads", f"?group_by={group_by}{more}")
    assert walk(cast.root, found, path_of)
    assert sum(row["new_count"] for row in found["rows"]) == found["totals"]["new_count"]


def test_everybody_sees_the_own_part(cast: Cast) -> None:
    scene(cast)
    found = {who.name: report(who, "leads")["totals"]["new_count"] for who in cast.everybody()}
    assert found == {"alice": 3, "bob": 1, "carol": 4, "mallory": 1, "vera": 5, "root": 5}


def test_customers_by_the_state_of_their_deals(cast: Cast) -> None:
    scene(cast)

    def names(query: str) -> list[str]:
        return sorted(one["name"] for one in listed(cast.root, "customers", query))

    assert names("deal_state=won") == ["A"]
    assert names("deal_state=won&deal_state=lost") == ["A", "D"]
    assert names("deal_state=none") == ["B", "C", "E", "F"]
    assert names('where={"field":"deal_state","op":"ne","value":"won"}') == ["B", "C", "D", "E", "F"]
    cast.root.delete("/deals/3")
    assert names("deal_state=lost") == []


def test_files(cast: Cast) -> None:
    scene(cast)
    text = cast.root.get("/reports/leads?format=csv").get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == [
        "Group", "New leads", "Contacted", "Qualified", "Won", "Qualification rate", "Mean days to qualify",
    ]  # fmt: skip
    assert rows[-1] == ["Total", "5", "3", "2", "1", "0.4", "3.75"]


def test_what_is_refused(cast: Cast) -> None:
    assert issues(cast.alice.get("/reports/leads?group_by=industry&pipeline_id=1&from=x")) == {
        "group_by": "not_allowed",
        "pipeline_id": "unknown_parameter",
        "from": "date",
    }


def test_few_statements(app: CRM, cast: Cast) -> None:
    scene(cast)
    for group_by in ("source", "owner", "month"):
        with counted(app) as counter:
            report(cast.alice, "leads", f"?group_by={group_by}")
        assert len(counter.statements) <= (4 if group_by == "month" else 3)

"""Activity: contact records by author and day, and how fast leads were answered."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.customer.models import Customer
from app.database import db
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import customer
from ..faults import issues
from .reading import listed, report, walk, without_filters

NOTHING: dict[str, Any] = {
    "contact_count": 0,
    "tasks_done": 0,
    "kind_counts": {"call": 0, "visit": 0, "meeting": 0, "email": 0, "wechat": 0, "note": 0},
    "customers_touched": 0,
    "answered_count": 0,
    "mean_answer_minutes": None,
    "median_answer_minutes": None,
}
BEGAN = datetime(2026, 3, 2, 2, tzinfo=UTC)


def lead(who: Member, name: str, since: datetime | None = BEGAN) -> int:
    """A customer who became a lead at a moment."""
    made = customer(who, name)
    with unit_of_work():
        db.session.execute(update(Customer).where(Customer.id == made).values(became_lead_at=since))
    return made


def contact(who: Member, customer_id: int, minutes: float, kind: str = "call", **more: Any) -> int:
    """A contact record so many minutes after the beginning."""
    at = (BEGAN + timedelta(minutes=minutes)).isoformat()
    return int(who.made("/contacts", {"customer_id": customer_id, "kind": kind, "occurred_at": at, **more})["id"])


def scene(cast: Cast) -> None:
    """Leads that Alice answers after 10, 20 and 60 minutes and Bob after a day; one that was known before."""
    for number, minutes in enumerate((10, 20, 60)):
        one = lead(cast.alice, f"A{number}")
        contact(cast.alice, one, minutes - 5, direction="in")
        contact(cast.alice, one, minutes)
        contact(cast.alice, one, minutes + 500, "visit")
    mine = lead(cast.bob, "B")
    contact(cast.bob, mine, 1, "note")
    contact(cast.bob, mine, 1_440, "email")
    known = lead(cast.bob, "C")
    contact(cast.bob, known, -60)
    contact(cast.bob, known, 30)
    never = lead(cast.bob, "D", None)
    contact(cast.bob, never, 30, "wechat")


def _list(figure: str) -> str:
    """The list behind a figure."""
    return "tasks" if figure == "tasks_done" else "contacts"


def test_tasks_done_count_for_who_did_them(cast: Cast) -> None:
    contact(cast.alice, lead(cast.alice, "A"), 0)
    for number, (who, minutes) in enumerate(((cast.alice, 0), (cast.alice, 1_440), (cast.bob, 0), (cast.mallory, 0))):
        at = (BEGAN + timedelta(minutes=minutes)).isoformat()
        who.made("/tasks", {"subject": str(number), "done_at": at})
    cast.alice.made("/tasks", {"subject": "open"})
    found = report(cast.carol, "activity")
    assert [(row["label"], row["contact_count"], row["tasks_done"]) for row in found["rows"]] == [
        ("Alice", 1, 2),
        ("Bob", 0, 1),
    ]
    assert found["totals"]["tasks_done"] == 3
    assert found["totals"]["contact_count"] == 1
    done = listed(cast.carol, "tasks", found["rows"][0]["filters"]["tasks_done"])
    assert {one["subject"] for one in done} == {"0", "1"}
    by_day = report(cast.carol, "activity", "?group_by=day")
    assert [(row["key"], row["tasks_done"]) for row in by_day["rows"]] == [("2026-03-02", 2), ("2026-03-03", 1)]
    for one in (found, by_day, report(cast.root, "activity", f"?team_id={cast.south}")):
        walk(cast.root if one is not by_day and one is not found else cast.carol, one, _list)
    cut = report(cast.root, "activity", f"?team_id={cast.south}&from=2026-03-02&to=2026-03-02")
    assert [(row["label"], row["tasks_done"]) for row in cut["rows"]] == [("Mallory", 1)]
    table = cast.carol.get("/reports/activity?format=csv").get_data(as_text=True)
    assert "Tasks done" in table.splitlines()[0]


def test_nothing_is_nothing(cast: Cast) -> None:
    for group_by in ("owner", "day"):
        found = report(cast.alice, "activity", f"?group_by={group_by}")
        assert (found["rows"], without_filters(found["totals"])) == ([], NOTHING)
    assert found["meta"]["definition"].startswith("Contact records count")


def test_by_owner(cast: Cast) -> None:
    scene(cast)
    found = report(cast.carol, "activity")
    assert [(row["key"], row["label"]) for row in found["rows"]] == [(cast.alice.id, "Alice"), (cast.bob.id, "Bob")]
    alice, bob = found["rows"]
    assert {name: alice[name] for name in NOTHING} == {
        "contact_count": 9,
        "tasks_done": 0,
        "kind_counts": {**NOTHING["kind_counts"], "call": 6, "visit": 3},
        "customers_touched": 3,
        "answered_count": 3,
        "mean_answer_minutes": 30.0,
        "median_answer_minutes": 20.0,
    }
    assert {name: bob[name] for name in NOTHING} == {
        "contact_count": 5,
        "tasks_done": 0,
        "kind_counts": {**NOTHING["kind_counts"], "call": 2, "email": 1, "wechat": 1, "note": 1},
        "customers_touched": 3,
        "answered_count": 1,
        "mean_answer_minutes": 1440.0,
        "median_answer_minutes": 1440.0,
    }
    assert without_filters(found["totals"]) == {
        "contact_count": 14,
        "tasks_done": 0,
        "kind_counts": {**NOTHING["kind_counts"], "call": 8, "visit": 3, "email": 1, "wechat": 1, "note": 1},
        "customers_touched": 6,
        "answered_count": 4,
        "mean_answer_minutes": 382.5,
        "median_answer_minutes": 40.0,
    }
    answers = listed(cast.carol, "contacts", alice["filters"]["median_answer_minutes"])
    assert sorted(one["occurred_at"][11:16] for one in answers) == ["02:10", "02:20", "03:00"]


def test_by_day_of_the_readers_zone(cast: Cast) -> None:
    scene(cast)
    found = report(cast.carol, "activity", "?group_by=day")
    # The beginning is ten in the morning in Shanghai: only Bob's answer falls on the next day.
    assert [(row["key"], row["contact_count"], row["customers_touched"]) for row in found["rows"]] == [
        ("2026-03-02", 13, 6),
        ("2026-03-03", 1, 1),
    ]
    assert [row["answered_count"] for row in found["rows"]] == [3, 1]
    assert found["totals"]["customers_touched"] == 6
    assert walk(cast.carol, found, _list) == 24
    cast.carol.patch("/auth/me", {"time_zone": "America/Los_Angeles"})
    there = report(cast.carol, "activity", "?group_by=day")
    assert [(row["key"], row["contact_count"]) for row in there["rows"]] == [("2026-03-01", 10), ("2026-03-02", 4)]
    assert walk(cast.carol, there, _list) == 24
    cut = report(cast.carol, "activity", "?group_by=day&from=2026-03-02&to=2026-03-02")
    assert [(row["key"], row["contact_count"]) for row in cut["rows"]] == [("2026-03-02", 4)]


def test_a_day_of_twenty_three_hours(cast: Cast) -> None:
    cast.alice.patch("/auth/me", {"time_zone": "America/Los_Angeles"})
    one = customer(cast.alice)
    # On 8 March the clocks went forward at ten in UTC.
    for hour, moment in enumerate(("08T07:59", "08T08:00", "09T06:59", "09T07:00")):
        contact(cast.alice, one, 0, occurred_at=f"2026-03-{moment}:00Z", subject=str(hour))
    found = report(cast.alice, "activity", "?group_by=day")
    assert [(row["key"], row["contact_count"]) for row in found["rows"]] == [
        ("2026-03-07", 1),
        ("2026-03-08", 2),
        ("2026-03-09", 1),
    ]
    assert walk(cast.alice, found, _list) == 36


@pytest.mark.parametrize(
    "query", ["", "?group_by=day", "?group_by=day&owner_id={bob}", "?team_id={north}&from=2026-03-03&to=2026-03-04"]
)
def test_every_figure_opens_its_list(cast: Cast, query: str) -> None:
    scene(cast)
    contact(cast.mallory, lead(cast.mallory, "M"), 7)
    found = report(cast.root, "activity", query.format(north=cast.north, bob=cast.bob.id))
    assert walk(cast.root, found, _list)
    for row in found["rows"]:
        for kind, count in row["kind_counts"].items():
            assert len(listed(cast.root, "contacts", row["filters"][f"kind_counts.{kind}"])) == count
        records = listed(cast.root, "contacts", row["filters"]["customers_touched"])
        assert len({one["customer_id"] for one in records}) == row["customers_touched"]


def test_everybody_sees_the_own_part(cast: Cast) -> None:
    for who in (cast.alice, cast.bob, cast.mallory):
        contact(who, lead(who, who.name), 5)
    found = {who.name: sorted(row["label"] for row in report(who, "activity")["rows"]) for who in cast.everybody()}
    everybody = ["Alice", "Bob", "Mallory"]
    assert found == {
        "alice": ["Alice"],
        "bob": ["Bob"],
        "carol": ["Alice", "Bob"],
        "mallory": ["Mallory"],
        "vera": everybody,
        "root": everybody,
    }


def test_deleted_records_do_not_count_and_the_next_one_answers(cast: Cast) -> None:
    one = lead(cast.alice, "A")
    first = contact(cast.alice, one, 10)
    contact(cast.alice, one, 30)
    cast.alice.delete(f"/contacts/{first}")
    (row,) = report(cast.alice, "activity")["rows"]
    assert (row["contact_count"], row["answered_count"], row["mean_answer_minutes"]) == (1, 1, 30.0)


def test_who_becomes_a_lead_is_noted_once(cast: Cast) -> None:
    made = cast.alice.made("/customers", {"name": "A"})
    assert made["became_lead_at"] == made["created_at"]
    later = cast.alice.made("/customers", {"name": "B", "status": "prospect"})
    assert later["became_lead_at"] is None
    changed = cast.alice.patch(f"/customers/{later['id']}", {"status": "lead"}).get_json()
    assert changed["became_lead_at"] == changed["updated_at"]
    for status in ("active", "lead"):
        again = cast.alice.patch(f"/customers/{later['id']}", {"status": status}).get_json()
        assert again["became_lead_at"] == changed["became_lead_at"]
    assert len(listed(cast.alice, "customers", "became_lead_after=2026-01-01")) == 2


def test_files(cast: Cast) -> None:
    scene(cast)
    text = cast.carol.get("/reports/activity?format=csv").get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:5] == ["Group", "Activities", "Calls", "Visits", "Meetings"]
    assert rows[1][:5] == ["Alice", "9", "6", "3", "0"]
    assert rows[-1][:5] == ["Total", "14", "8", "3", "0"]


def test_what_is_refused(cast: Cast) -> None:
    assert issues(cast.alice.get("/reports/activity?group_by=month&as_of=2026-01-01&pipeline_id=1")) == {
        "group_by": "not_allowed",
        "as_of": "unknown_parameter",
        "pipeline_id": "unknown_parameter",
    }
    assert issues(cast.alice.get("/contacts?first_answer=maybe")) == {"first_answer": "flag"}


def test_few_statements(app: CRM, cast: Cast) -> None:
    scene(cast)
    for query, most in (("", 3), ("?group_by=day", 5)):
        with counted(app) as counter:
            report(cast.alice, "activity", query)
        assert len(counter.statements) <= most

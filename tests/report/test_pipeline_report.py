"""The pipeline report: what stands at each stage, and the deals behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import literal_column, select, update

from app.database import SNAPSHOT, db, read_engine
from app.deal.models import Deal
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import LATER, LOST, OPEN, WON, deal
from ..faults import issues
from .reading import without_filters


def report(who: Member, query: str = "") -> dict[str, Any]:
    """The report as this person gets it."""
    answer = who.get(f"/reports/pipeline{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def days_ago(days: int) -> str:
    """A date in the cast's zone."""
    return str((datetime.now(UTC) + timedelta(hours=8)).date() - timedelta(days=days))


def test_every_stage_has_its_row(cast: Cast) -> None:
    found = report(cast.alice)
    assert [(row["key"], row["label"], row["kind"], row["count"]) for row in found["rows"]] == [
        (1, "初步接触", "open", 0),
        (2, "需求确认", "open", 0),
        (3, "方案报价", "open", 0),
        (4, "商务谈判", "open", 0),
        (5, "赢单", "won", 0),
        (6, "输单", "lost", 0),
    ]
    assert found["rows"][0] == {
        "key": 1,
        "label": "初步接触",
        "kind": "open",
        "pipeline_id": 1,
        "pipeline_name": "销售流程",
        "count": 0,
        "amount": "0.00",
        "weighted_amount": "0.00",
        "other_amounts": [],
        "mean_age_days": None,
        "overdue_count": 0,
        "filters": found["rows"][0]["filters"],
    }
    shown = {"from", "to", "as_of", "currency", "converted", "definition", "row_count", "is_capped"}
    assert set(found["meta"]) == shown
    assert found["meta"]["currency"] == "CNY"
    assert without_filters(found["totals"]) == {
        "count": 0,
        "amount": "0.00",
        "weighted_amount": "0.00",
        "other_amounts": [],
        "mean_age_days": None,
        "overdue_count": 0,
    }


def test_figures_by_hand(cast: Cast) -> None:
    # The first stage expects 14 days: one deal of 20 days, one of 10, one without dates made just now.
    deal(cast.root, opened_on=days_ago(20), amount="100.10")
    deal(cast.root, opened_on=days_ago(10), amount="0.05")
    deal(cast.root)
    deal(cast.root, stage_id=LATER, amount="10", win_probability=0.25)
    deal(cast.root, stage_id=WON, closed_on="2026-02-10", amount="500")
    deal(cast.root, stage_id=WON, closed_on="2026-03-10", amount="50")
    deal(cast.root, stage_id=LOST, closed_on="2026-02-11", amount="1000")
    found = report(cast.root)
    rows = {row["key"]: row for row in found["rows"]}
    names = ("count", "amount", "weighted_amount", "mean_age_days", "overdue_count")
    # 10 % of 100.15, half a cent up
    assert tuple(rows[OPEN][name] for name in names) == (3, "100.15", "10.02", 10.0, 1)
    assert tuple(rows[LATER][name] for name in names) == (1, "10.00", "2.50", 0.0, 0)
    assert tuple(rows[WON][name] for name in names) == (2, "550.00", "550.00", None, 0)
    assert tuple(rows[LOST][name] for name in names) == (1, "1000.00", "0.00", None, 0)
    # Totals add up the rows: (20 + 10 + 0 + 0) / 4 days.
    assert tuple(found["totals"][name] for name in names) == (7, "1660.15", "562.52", 7.5, 1)
    february = {row["key"]: row for row in report(cast.root, "?from=2026-02-01&to=2026-02-28")["rows"]}
    assert tuple(february[WON][name] for name in names) == (1, "500.00", "500.00", None, 0)
    assert february[OPEN]["count"] == 3


def test_overdue_is_counted_from_the_entry_into_the_stage(cast: Cast) -> None:
    for _ in range(3):
        deal(cast.alice)
    with unit_of_work():
        now = datetime.now(UTC)
        for number, minutes in ((1, 1), (2, -1)):
            at = now - timedelta(days=14, minutes=minutes)
            db.session.execute(update(Deal).where(Deal.id == number).values(stage_entered_at=at))
    row = report(cast.alice)["rows"][0]
    assert (row["count"], row["overdue_count"]) == (3, 1)
    listed = cast.alice.get(f"/deals?{row['filters']['overdue_count']}").get_json()
    assert [one["id"] for one in listed["data"]] == [1]


def test_every_figure_opens_its_list(cast: Cast) -> None:
    for number in range(12):
        who = (cast.alice, cast.bob, cast.mallory)[number % 3]
        currency = ("CNY", "USD")[number % 2]
        deal(who, amount=str(number), stage_id=1 + number % 4, currency=currency)
    deal(cast.root, stage_id=WON, closed_on="2026-02-10", amount="500")
    deal(cast.root, stage_id=LOST, closed_on="2026-03-10", amount="5")
    for who in (cast.carol, cast.root):
        for query in (
            "",
            f"?owner_id={cast.alice.id}",
            f"?team_id={cast.north}&currency=USD",
            "?from=2026-02-01&to=2026-02-28",
        ):
            for row in report(who, query)["rows"]:
                lists = {}
                for name, filters in row["filters"].items():
                    answer = who.get(f"/deals?per_page=200&{filters}")
                    assert answer.status_code == 200, (name, filters)
                    lists[name] = answer.get_json()["data"]
                assert len(lists["count"]) == row["count"]
                assert sum(float(one["amount"]) for one in lists["amount"]) == float(row["amount"])
                assert len(lists.get("overdue_count", [])) == row["overdue_count"]


def test_pipelines_and_people(cast: Cast) -> None:
    stages = [{"name": "A", "kind": "open", "win_probability": 0.5}]
    other = cast.root.made("/pipelines", {"name": "P", "stages": stages})["id"]
    deal(cast.alice, amount="1")
    deal(cast.mallory, amount="10", pipeline_id=other)
    assert [row["pipeline_id"] for row in report(cast.root)["rows"]] == [1] * 6 + [other]
    (only,) = report(cast.root, f"?pipeline_id={other}")["rows"]
    assert (only["label"], only["pipeline_name"], only["amount"]) == ("A", "P", "10.00")
    assert only["filters"]["count"] == "stage_id=7"
    counts = {who.name: report(who)["totals"]["count"] for who in cast.everybody()}
    assert counts == {"alice": 1, "bob": 0, "carol": 1, "mallory": 1, "vera": 2, "root": 2}


def test_currencies_are_never_added(cast: Cast) -> None:
    deal(cast.alice, amount="1")
    deal(cast.alice, amount="2", currency="USD")
    deal(cast.alice, amount="4", currency="USD", stage_id=LATER)
    found = report(cast.alice)
    assert (found["totals"]["count"], found["totals"]["amount"]) == (3, "1.00")
    assert found["totals"]["other_amounts"] == [
        {"currency": "USD", "count": 2, "amount": "6.00", "weighted_amount": "1.40"}
    ]
    dollars = report(cast.alice, "?currency=USD")
    assert (dollars["meta"]["currency"], dollars["totals"]["amount"]) == ("USD", "6.00")


def test_what_is_refused(cast: Cast) -> None:
    assert issues(cast.alice.get("/reports/pipeline?from=2026-02-01&to=2026-01-01")) == {"to": "before_from"}
    assert issues(cast.alice.get("/reports/pipeline?stage_id=1&currency=XXX")) == {
        "stage_id": "unknown_parameter",
        "currency": "currency",
    }


def state_of_database() -> Any:
    """What identifies the state that reports are kept for; None on SQLite, where nobody else writes."""
    with read_engine().connect() as connection:
        if connection.dialect.name == "sqlite":
            return None
        return connection.execute(select(literal_column(SNAPSHOT))).scalar_one()


def test_one_statement(app: CRM, cast: Cast) -> None:
    for number in range(8):
        deal(cast.alice, stage_id=1 + number % 4)
    with counted(app) as counter:
        report(cast.alice)
    # The first ones ask whether who asks is still good, and whether the kept answer is.
    assert len(counter.statements) <= 3
    # PostgreSQL itself writes now and then, such as statistics: only between two equal states was nothing written.
    for _ in range(20):
        state = state_of_database()
        report(cast.alice)
        with counted(app) as counter:
            report(cast.alice)
        if state_of_database() == state:
            break
    else:
        raise AssertionError("somebody writes all the time")
    assert len(counter.statements) <= 2, "kept, because nothing was written"

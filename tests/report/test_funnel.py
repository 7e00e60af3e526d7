"""The funnel: who came to each stage and went on, recounted from the stays themselves."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.database import db
from app.deal.models import Deal, DealStageEntry
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import LATER, LOST, OPEN, WON, deal, lost_for
from ..faults import issues
from .history import at, random_history, some_day

SHANGHAI = ZoneInfo("Asia/Shanghai")


def funnel(who: Member, query: str = "") -> dict[str, Any]:
    """The report as this person gets it."""
    answer = who.get(f"/reports/funnel{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def figures(found: dict[str, Any]) -> dict[int, tuple[Any, ...]]:
    """Entered, went on, conversion and days by stage."""
    return {row["key"]: (row["entered"], row["went_on"], row["conversion"], row["mean_days"]) for row in found["rows"]}


def without_filters(totals: dict[str, Any]) -> dict[str, Any]:
    """The figures of the totals alone."""
    return {name: value for name, value in totals.items() if name != "filters"}


def came_on(deal_id: int, *days: str) -> None:
    """Let the stays of a deal have begun on these days, at noon in the cast's zone."""
    with unit_of_work():
        rows = list(
            db.session.execute(
                select(DealStageEntry).where(DealStageEntry.deal_id == deal_id).order_by(DealStageEntry.id)
            ).scalars()
        )
        noon = [datetime.combine(date.fromisoformat(day), time(4), UTC) for day in days]
        for number, row in enumerate(rows):
            row.entered_at = noon[number]
            row.left_at = noon[number + 1] if number + 1 < len(noon) else None
            row.duration_seconds = None if row.left_at is None else int((row.left_at - row.entered_at).total_seconds())
    at(deal_id, *days)


def moved(who: Member, *stages: int) -> int:
    """A new deal at the first of the stages, moved to the others."""
    one = int(deal(who, stage_id=stages[0])["id"])
    for stage in stages[1:]:
        if stage == LOST:
            lost_for(who, one)
        else:
            assert who.post(f"/deals/{one}/move", {"stage_id": stage}).status_code == 200
    return one


def story(cast: Cast) -> None:
    """Six deals of March 2026."""
    came_on(moved(cast.alice, OPEN, LATER, WON), "2026-03-01", "2026-03-05", "2026-04-04")
    # Comes back to the first stage: once it counts, both stays have their days.
    came_on(moved(cast.alice, OPEN, LATER, OPEN), "2026-03-02", "2026-03-04", "2026-03-14")
    # Skips the second stage.
    came_on(moved(cast.alice, OPEN, 3, LOST), "2026-03-03", "2026-03-06", "2026-03-16")
    came_on(moved(cast.alice, OPEN, LOST), "2026-03-31", "2026-04-01")
    # Came before the period, went on within it.
    came_on(moved(cast.alice, OPEN, LATER), "2026-02-28", "2026-03-31")
    # Won, reopened where it was, never further.
    came_on(moved(cast.alice, LATER, WON, LATER), "2026-03-10", "2026-03-11", "2026-03-12")


def test_figures_by_hand(cast: Cast) -> None:
    story(cast)
    found = funnel(cast.alice, "?from=2026-03-01&to=2026-03-31&as_of=2026-04-10T04:00:00Z")
    assert figures(found) == {
        # Stays of 4, 2, 27 (running), 3 and 1 days; of four deals three went on.
        OPEN: (4, 3, 0.75, 7.4),
        # Of four two were won; stays of 30, 10, 10 (running), 1 and 29 (running) days.
        LATER: (4, 2, 0.5, 16.0),
        3: (1, 0, 0.0, 10.0),
        4: (0, 0, None, None),
        WON: (1, None, None, None),
    }
    assert [row["label"] for row in found["rows"]] == ["初步接触", "需求确认", "方案报价", "商务谈判", "赢单"]
    assert found["rows"][0] == {
        "key": OPEN,
        "label": "初步接触",
        "kind": "open",
        "pipeline_id": 1,
        "pipeline_name": "销售流程",
        "entered": 4,
        "went_on": 3,
        "conversion": 0.75,
        "mean_days": 7.4,
        "filters": found["rows"][0]["filters"],
    }
    # Six came to an open stage; two of them were won. (37 + 80 + 10) days over 11 stays.
    assert without_filters(found["totals"]) == {"entered": 6, "went_on": 2, "conversion": 0.3333, "mean_days": 11.55}
    assert found["meta"]["definition"].startswith("Entered = deals that came to the stage")
    assert figures(funnel(cast.alice, "?from=2026-04-01&to=2026-04-30"))[WON][0] == 1
    # By the end of March the first one had not been won yet.
    early = figures(funnel(cast.alice, "?from=2026-03-01&to=2026-03-31&as_of=2026-03-31"))
    assert (early[OPEN][:2], early[LATER][:2]) == ((4, 3), (4, 1))


def test_nothing_is_nothing(cast: Cast) -> None:
    found = funnel(cast.alice)
    assert {row["entered"] for row in found["rows"]} == {0}
    assert without_filters(found["totals"]) == {"entered": 0, "went_on": 0, "conversion": None, "mean_days": None}


def test_every_figure_opens_its_deals(cast: Cast) -> None:
    story(cast)
    other = cast.root.made(
        "/pipelines", {"name": "P", "stages": [{"name": "A", "kind": "open", "win_probability": 0.5}]}
    )
    moved(cast.alice, other["stages"][0]["id"])
    queries = ("", "?from=2026-03-01&to=2026-03-31", "?from=2026-03-02&as_of=2026-03-31", "?to=2026-03-04")
    for query in (*queries, "?pipeline_id=1", f"?pipeline_id={other['id']}", f"?owner_id={cast.alice.id}"):
        found = funnel(cast.alice, query)
        for row in (*found["rows"], found["totals"]):
            for name in ("entered", "went_on"):
                if name in row["filters"]:
                    listed = cast.alice.get(f"/deals?per_page=1&{row['filters'][name]}").get_json()
                    assert listed["meta"]["total"] == row[name], (query, row.get("label"), name)
        assert found["totals"]["filters"].keys() == {"entered", "went_on", "conversion", "mean_days"}


def test_history_came_to_the_first_stage_when_it_was_opened(cast: Cast) -> None:
    deal(cast.root, stage_id=WON, opened_on="2025-01-10", closed_on="2025-02-01")
    deal(cast.root, stage_id=LOST, opened_on="2025-01-31", closed_on="2025-02-05")
    deal(cast.root, stage_id=LATER, opened_on="2025-01-20")
    # Opened and closed on one day: it stood at no open stage over any midnight.
    deal(cast.root, stage_id=WON, opened_on="2025-01-05", closed_on="2025-01-05")
    january = funnel(cast.root, "?from=2025-01-01&to=2025-01-31")
    assert figures(january)[OPEN] == (2, 1, 0.5, 13.5)
    assert figures(january)[LATER][:2] == (1, 0)
    assert figures(january)[WON][0] == 1
    assert january["totals"]["entered"] == 3
    for row in january["rows"][:1]:
        listed = cast.root.get(f"/deals?{row['filters']['went_on']}").get_json()["data"]
        assert [one["id"] for one in listed] == [1]
    # Reopened it has a stay of its own besides the one that its dates tell of.
    cast.root.post("/deals/1/reopen", {"stage_id": OPEN})
    assert figures(funnel(cast.root, "?from=2025-01-01&to=2025-01-31"))[OPEN][:2] == (2, 1)
    assert figures(funnel(cast.root, "?from=2025-02-02"))[OPEN][:2] == (1, 0)


def test_each_pipeline_has_its_stages(cast: Cast) -> None:
    stages = [
        {"name": "A", "kind": "open", "win_probability": 0.5},
        {"name": "W", "kind": "won"},
        {"name": "B", "kind": "open", "win_probability": 0.6},
    ]
    other = cast.root.made("/pipelines", {"name": "P", "stages": stages})
    first, won, second = (stage["id"] for stage in other["stages"])
    one = moved(cast.alice, OPEN)
    with unit_of_work():
        # As where its stage was removed and its deals went to another pipeline.
        db.session.add(DealStageEntry(deal_id=one, stage_id=first, entered_at=datetime.now(UTC)))
    moved(cast.alice, first, second)
    assert list(figures(funnel(cast.alice))) == [1, 2, 3, 4, 5, first, second, won]
    mine = funnel(cast.alice, f"?pipeline_id={other['id']}")
    assert {key: found[:2] for key, found in figures(mine).items()} == {first: (2, 1), second: (1, 0), won: (0, None)}
    # A move to another pipeline is no step further in this one, and the deal counts where it was.
    assert figures(funnel(cast.alice, "?pipeline_id=1"))[OPEN][:2] == (1, 0)
    cast.alice.post(f"/deals/{one}/win")
    assert figures(funnel(cast.alice, "?pipeline_id=1"))[OPEN][:2] == (1, 1)


def test_who_sees_what(cast: Cast) -> None:
    moved(cast.alice, OPEN, LATER)
    moved(cast.mallory, OPEN)
    removed = moved(cast.alice, OPEN)
    cast.alice.delete(f"/deals/{removed}")
    counts = {who.name: funnel(who)["rows"][0]["entered"] for who in cast.everybody()}
    assert counts == {"alice": 1, "bob": 0, "carol": 1, "mallory": 1, "vera": 2, "root": 2}
    assert funnel(cast.root, f"?owner_id={cast.mallory.id}")["rows"][0]["entered"] == 1
    assert funnel(cast.root, f"?team_id={cast.north}")["rows"][0]["went_on"] == 1
    assert cast.alice.get("/reports/funnel", headers={"Authorization": "Bearer x"}).status_code == 401


def test_what_is_refused(cast: Cast) -> None:
    assert issues(cast.alice.get("/reports/funnel?from=2026-02-01&to=2026-01-01&as_of=x")) == {
        "to": "before_from",
        "as_of": "instant",
    }
    assert issues(cast.alice.get("/reports/funnel?group_by=month")) == {"group_by": "unknown_parameter"}
    for wrong in (
        "",
        "1",
        "0,,",
        "x,2026-01-01,",
        "1,2026-02-30,",
        "1,,,x",
        "1,,,,",
        "none",
        "open",
        "open.x,,",
        "open.,,",
        "won,,",
    ):
        assert issues(cast.alice.get(f"/deals?entered={wrong}&went_on={wrong}")) == {
            "entered": "visit",
            "went_on": "visit",
        }
    assert cast.alice.get("/deals?entered=999,,").get_json()["data"] == []


def test_one_statement(app: CRM, cast: Cast) -> None:
    story(cast)
    with counted(app) as counter:
        funnel(cast.alice)
    # The others ask whether who asks is still good, and whether the kept answer is.
    assert len(counter.statements) <= 3


@pytest.mark.parametrize("seed", range(3))
def test_it_equals_a_recount_of_the_stays(cast: Cast, seed: int) -> None:
    chance = random.Random(seed)
    random_history(cast, chance, 90)
    told = stays_told(cast)
    for _ in range(8):
        first, last = sorted((some_day(chance), some_day(chance)))
        query = f"?from={first}&to={last}"
        owner = chance.choice((None, cast.alice.id, cast.bob.id))
        if owner is not None:
            query += f"&owner_id={owner}"
        found = figures(funnel(cast.root, query))
        for stage in (OPEN, LATER, 3, 4, WON):
            entered, went_on = recount(told, stage, first, last, owner)
            assert found[stage][0] == len(entered), (stage, query)
            assert found[stage][1] == (None if stage == WON else len(went_on)), (stage, query)
        for row in funnel(cast.root, query)["rows"]:
            for name, kept in row["filters"].items():
                if name in ("entered", "went_on"):
                    listed = cast.root.get(f"/deals?per_page=1&{kept}").get_json()["meta"]["total"]
                    assert listed == row[name], (row["label"], name, query)


Told = dict[int, tuple[int, list[tuple[int, str]]]]
"""Owner and, in order, stages with the day on which they were entered, by deal."""


def stays_told(cast: Cast) -> Told:
    """The stays of live deals, with the one that the dates of loaded ends tell of."""
    told: Told = {}
    with unit_of_work():
        entries = db.session.execute(select(DealStageEntry).order_by(DealStageEntry.id)).scalars().all()
        for one in db.session.execute(select(Deal).where(Deal.is_active)).scalars():
            mine = [
                (entry.stage_id, entry.entered_at.astimezone(SHANGHAI).date().isoformat())
                for entry in entries
                if entry.deal_id == one.id
            ]
            if one.is_backfill and mine[0][0] in (WON, LOST):
                assert one.opened_on is not None
                mine.insert(0, (OPEN, one.opened_on.isoformat()))
            assert one.owner_id is not None
            told[one.id] = one.owner_id, mine
    return told


def recount(told: Told, stage: int, first: str, last: str, owner: int | None) -> tuple[set[int], set[int]]:
    """The deals that came to a stage in the period, and those of them that went on."""
    entered, went_on = set(), set()
    for deal_id, (whose, mine) in told.items():
        for number, (where, day) in enumerate(mine):
            if where == stage and first <= day <= last and owner in (None, whose):
                entered.add(deal_id)
                if any(later == WON or stage < later < WON for later, _ in mine[number + 1 :]):
                    went_on.add(deal_id)
    return entered, went_on


def test_the_time_of_a_running_stay_is_never_negative(cast: Cast) -> None:
    deal(cast.alice)
    assert figures(funnel(cast.alice))[OPEN] == (1, 0, 0.0, 0.0)
    tomorrow = (datetime.now(SHANGHAI) + timedelta(days=1)).date().isoformat()
    assert figures(funnel(cast.alice, f"?from={tomorrow}"))[OPEN][0] == 0

"""What moves a deal along: its place on the board, winning, losing, reopening, and the history of all that."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from app.database import db
from app.deal.models import DealStageEntry
from app.transaction import unit_of_work

from ..cast import Cast
from ..faults import issues
from ..trunk.looking import entries
from .selling import LATER, LOST, OPEN, WON, deal, lost_for, order


def today() -> date:
    """The date in the cast's zone."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def line_up(cast: Cast, count: int = 4) -> None:
    """Deals 1, 2, ... at the first stage, in order."""
    for number in range(count):
        deal(cast.alice, str(number))


def test_new_deals_come_to_the_end(cast: Cast) -> None:
    line_up(cast)
    assert order(cast.alice, OPEN) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("deal_id", "after", "expected"),
    [
        (1, "absent", [2, 3, 4, 1]),
        (4, "absent", [1, 2, 3, 4]),
        (4, None, [4, 1, 2, 3]),
        (1, None, [1, 2, 3, 4]),
        (1, 2, [2, 1, 3, 4]),
        (1, 3, [2, 3, 1, 4]),
        (1, 4, [2, 3, 4, 1]),
        (3, 1, [1, 3, 2, 4]),
        (2, 1, [1, 2, 3, 4]),
    ],
)
def test_places_within_a_stage(cast: Cast, deal_id: int, after: Any, expected: list[int]) -> None:
    line_up(cast)
    body = {"stage_id": OPEN} if after == "absent" else {"stage_id": OPEN, "after_id": after}
    moved = cast.alice.post(f"/deals/{deal_id}/move", body)
    assert moved.status_code == 200
    assert order(cast.alice, OPEN) == expected
    changed = expected != [1, 2, 3, 4]
    assert moved.get_json()["version"] == (2 if changed else 1)
    if changed:
        last = entries("deal", deal_id)[-1]
        assert (last["action"], last["changed"]) == ("moved", ["rank"])
        assert entries("deal", deal_id)[0]["version"] == 1
    # Nobody else was written.
    assert [entry["version"] for one in {1, 2, 3, 4} - {deal_id} for entry in entries("deal", one)] == [1, 1, 1]


def test_places_in_another_stage(cast: Cast) -> None:
    line_up(cast)
    cast.alice.post("/deals/1/move", {"stage_id": LATER})
    cast.alice.post("/deals/2/move", {"stage_id": LATER, "after_id": None})
    cast.alice.post("/deals/3/move", {"stage_id": LATER, "after_id": 2})
    assert order(cast.alice, LATER) == [2, 3, 1]
    assert order(cast.alice, OPEN) == [4]
    moved = cast.alice.get("/deals/1").get_json()
    assert (moved["stage"]["name"], moved["win_probability"], moved["pipeline_id"]) == ("需求确认", 0.3, 1)
    last = entries("deal", 1)[-1]
    assert last["action"] == "moved"
    assert last["before"]["stage_id"] == OPEN
    assert last["after"]["stage_id"] == LATER


def test_neighbours_that_are_none(cast: Cast) -> None:
    line_up(cast)
    hidden = deal(cast.mallory)["id"]
    elsewhere = deal(cast.alice, stage_id=LATER)["id"]
    gone = deal(cast.alice)["id"]
    cast.alice.delete(f"/deals/{gone}")
    for after in (hidden, elsewhere, gone, 1, 999):
        answer = cast.alice.post("/deals/1/move", {"stage_id": OPEN, "after_id": after})
        assert issues(answer) == {"#/after_id": "unknown_record"}
    assert issues(cast.alice.post("/deals/1/move", {"after_id": 2})) == {"#/stage_id": "required"}
    assert issues(cast.alice.post("/deals/1/move", {"stage_id": 999})) == {"#/stage_id": "unknown_record"}
    assert issues(cast.alice.post("/deals/1/move", {"stage_id": OPEN, "rank": "z"})) == {"#/rank": "unknown_field"}
    assert order(cast.alice, OPEN) == [1, 2, 3, 4]


def test_hidden_and_deleted_deals_keep_their_places(cast: Cast) -> None:
    deal(cast.alice)
    hidden = deal(cast.mallory)["id"]
    gone = deal(cast.alice)["id"]
    last = deal(cast.alice)["id"]
    cast.alice.delete(f"/deals/{gone}")
    cast.alice.post(f"/deals/{last}/move", {"stage_id": OPEN, "after_id": 1})
    cast.alice.post(f"/deals/{gone}/restore")
    assert order(cast.root, OPEN) == [1, last, hidden, gone]


def test_another_pipeline(cast: Cast) -> None:
    line_up(cast, 1)
    other = cast.root.made(
        "/pipelines", {"name": "P", "stages": [{"name": "A", "kind": "open", "win_probability": 0.45}]}
    )
    foreign = other["stages"][0]["id"]
    for body in ({"stage_id": foreign}, {"stage_id": foreign, "pipeline_id": 1}):
        assert issues(cast.alice.post("/deals/1/move", body)) == {"#/stage_id": "foreign_stage"}
    wrong = {"stage_id": LATER, "pipeline_id": other["id"]}
    assert issues(cast.alice.post("/deals/1/move", wrong)) == {"#/stage_id": "foreign_stage"}
    assert cast.alice.get("/deals/1").get_json()["version"] == 1
    moved = cast.alice.post("/deals/1/move", {"stage_id": foreign, "pipeline_id": other["id"]}).get_json()
    assert (moved["pipeline_id"], moved["win_probability"]) == (other["id"], 0.45)


def test_reopening_stays_in_the_pipeline(cast: Cast) -> None:
    line_up(cast, 1)
    stages = [{"name": "A", "kind": "open", "win_probability": 0.45}]
    foreign = cast.root.made("/pipelines", {"name": "P", "stages": stages})["stages"][0]["id"]
    cast.alice.post("/deals/1/win")
    assert issues(cast.alice.post("/deals/1/reopen", {"stage_id": foreign})) == {"#/stage_id": "foreign_stage"}
    assert cast.alice.get("/deals/1").get_json()["state"] == "won"


# ---- closing --------------------------------------------------------------------------------------------------------


def test_winning(cast: Cast) -> None:
    line_up(cast, 1)
    won = cast.alice.post("/deals/1/win").get_json()
    expected = {
        "state": "won",
        "stage_id": WON,
        "closed_on": str(today()),
        "win_probability": 1.0,
        "version": 2,
        "is_backfill": False,
    }
    assert {name: won[name] for name in expected} == expected
    last = entries("deal", 1)[-1]
    assert last["action"] == "won"
    assert "team:1" in last["audience"]
    # Once more is no change; another date is one.
    assert cast.alice.post("/deals/1/win").get_json() == won
    other = str(today() - timedelta(days=1))
    assert cast.alice.post("/deals/1/win", {"closed_on": other}).get_json()["closed_on"] == other
    assert entries("deal", 1)[-1]["action"] == "updated"


def test_losing(cast: Cast) -> None:
    line_up(cast, 1)
    assert issues(cast.alice.post("/deals/1/lose")) == {"#/reason": "required"}
    assert issues(cast.alice.post("/deals/1/lose", {"reason": "mood"})) == {"#/reason": "unknown_option"}
    lost = cast.alice.post("/deals/1/lose", {"reason": "price", "note": "太贵\r\n了"}).get_json()
    expected = {
        "state": "lost",
        "stage_id": LOST,
        "closed_on": str(today()),
        "win_probability": 0.0,
        "lost_reason": "price",
        "lost_note": "太贵\n了",
    }
    assert {name: lost[name] for name in expected} == expected
    assert entries("deal", 1)[-1]["action"] == "lost"
    other = cast.alice.post("/deals/1/lose", {"reason": "timing"}).get_json()
    assert (other["lost_reason"], other["lost_note"], other["version"]) == ("timing", "太贵\n了", 3)
    edited = cast.alice.patch("/deals/1", {"lost_reason": "no_budget", "lost_note": None}).get_json()
    assert (edited["lost_reason"], edited["lost_note"]) == ("no_budget", None)
    # A lost deal that is won after all has no reason any more.
    won = cast.alice.post("/deals/1/win").get_json()
    assert (won["state"], won["lost_reason"], won["lost_note"]) == ("won", None, None)
    assert issues(cast.alice.patch("/deals/1", {"lost_reason": "price"})) == {"#/lost_reason": "not_lost"}


def test_dates_of_closing(cast: Cast) -> None:
    line_up(cast, 3)
    day = timedelta(days=1)
    # Clocks in other zones are a day apart at most.
    for number, closed in enumerate((today() - day, today(), today() + day), 1):
        answer = cast.alice.post(f"/deals/{number}/win", {"closed_on": str(closed)})
        assert (answer.status_code, answer.get_json()["closed_on"]) == (200, str(closed))
    deal(cast.alice, opened_on="2026-01-10")
    for path, body in (("win", {}), ("lose", {"reason": "price"})):
        future = cast.root.post(f"/deals/4/{path}", {**body, "closed_on": str(today() + 2 * day)})
        assert issues(future) == {"#/closed_on": "future"}
        past = {**body, "closed_on": "2026-01-20"}
        assert issues(cast.alice.post(f"/deals/4/{path}", past)) == {"#/closed_on": "history_only"}
        early = cast.carol.post(f"/deals/4/{path}", {**body, "closed_on": "2026-01-09"})
        assert issues(early) == {"#/closed_on": "before_open"}
        assert cast.carol.post(f"/deals/4/{path}", past).get_json()["closed_on"] == "2026-01-20"
        assert issues(cast.carol.patch("/deals/4", {"opened_on": "2026-01-21"})) == {"#/opened_on": "after_close"}
        assert cast.carol.post("/deals/4/reopen").status_code == 200


def test_reopening(cast: Cast) -> None:
    line_up(cast, 1)
    refused = cast.alice.post("/deals/1/reopen")
    assert (refused.status_code, refused.get_json()["type"]) == (409, "/problems/deal-open")
    cast.alice.post("/deals/1/move", {"stage_id": 3})
    lost_for(cast.alice, 1, note="x")
    back = cast.alice.post("/deals/1/reopen").get_json()
    expected = {
        "state": "open",
        "stage_id": 3,
        "closed_on": None,
        "lost_reason": None,
        "lost_note": None,
        "win_probability": 0.5,
    }
    assert {name: back[name] for name in expected} == expected
    assert entries("deal", 1)[-1]["action"] == "reopened"
    cast.alice.post("/deals/1/win")
    assert issues(cast.alice.post("/deals/1/reopen", {"stage_id": LOST})) == {"#/stage_id": "not_open_stage"}
    assert cast.alice.post("/deals/1/reopen", {"stage_id": LATER}).get_json()["stage_id"] == LATER
    loaded = deal(cast.root, stage_id=WON, closed_on="2020-01-01")["id"]
    assert cast.root.post(f"/deals/{loaded}/reopen").get_json()["stage_id"] == OPEN


def test_a_move_over_the_border(cast: Cast) -> None:
    """Dropping a card on the won column wins; a lost one needs a reason; back to an open one reopens."""
    line_up(cast, 2)
    won = cast.alice.post("/deals/1/move", {"stage_id": WON}).get_json()
    assert (won["state"], won["closed_on"]) == ("won", str(today()))
    assert issues(cast.alice.post("/deals/1/move", {"stage_id": LOST})) == {"#/stage_id": "use_lose"}
    back = cast.alice.post("/deals/1/move", {"stage_id": OPEN, "after_id": None}).get_json()
    assert (back["state"], back["closed_on"]) == ("open", None)
    assert issues(cast.alice.post("/deals/2/move", {"stage_id": LOST})) == {"#/stage_id": "use_lose"}
    lost_for(cast.alice, 2)
    lost_for(cast.alice, deal(cast.alice)["id"])
    assert cast.alice.post("/deals/3/move", {"stage_id": LOST, "after_id": None}).status_code == 200
    assert order(cast.alice, LOST) == [3, 2]
    assert cast.alice.post("/deals/3/move", {"stage_id": WON}).get_json()["lost_reason"] is None
    assert [one["action"] for one in entries("deal", 1)] == ["created", "won", "reopened"]
    assert [one["action"] for one in entries("deal", 3)] == ["created", "lost", "moved", "won"]


def test_the_history_of_stays(cast: Cast) -> None:
    line_up(cast, 1)
    with unit_of_work():
        then = datetime.now(UTC) - timedelta(hours=2)
        db.session.execute(update(DealStageEntry).values(entered_at=then))
    cast.carol.post("/deals/1/move", {"stage_id": LATER})
    cast.alice.post("/deals/1/move", {"stage_id": LATER, "after_id": None})
    cast.root.post("/deals/1/win")
    first, second, third = cast.alice.get("/deals/1/stages").get_json()["data"]
    assert first == {
        "id": 1,
        "stage_id": OPEN,
        "stage": {"id": OPEN, "name": "初步接触", "kind": "open"},
        "entered_at": then.isoformat().replace("+00:00", "Z"),
        "left_at": second["entered_at"],
        "duration_seconds": 7200,
        "actor": {"id": cast.alice.id, "name": "Alice"},
    }
    assert (second["stage_id"], second["actor"]["name"], second["left_at"]) == (LATER, "Carol", third["entered_at"])
    assert (third["stage"]["kind"], third["actor"]["name"], third["left_at"]) == ("won", "Root", None)
    assert third["duration_seconds"] is None
    assert third["entered_at"] == cast.alice.get("/deals/1").get_json()["stage_entered_at"]
    assert issues(cast.alice.get("/deals/1/stages?x=1")) == {"x": "unknown_parameter"}


def test_another_reason_needs_words(cast: Cast) -> None:
    line_up(cast, 2)
    for note in ({}, {"note": None}, {"note": " \n"}):
        answer = cast.alice.post("/deals/1/lose", {"reason": "other", **note})
        assert issues(answer) == {"#/note": "needs_words"}
    chinese = cast.alice.post("/deals/1/lose", {"reason": "other"}, headers={"Accept-Language": "zh-CN"})
    assert chinese.get_json()["errors"][0]["detail"] == "请用几句话说明原因。"
    assert cast.alice.get("/deals/1").get_json()["version"] == 1
    lost = cast.alice.post("/deals/1/lose", {"reason": "other", "note": "预算冻结"}).get_json()
    assert (lost["lost_reason"], lost["lost_note"]) == ("other", "预算冻结")
    assert issues(cast.alice.patch("/deals/1", {"lost_note": ""})) == {"#/lost_note": "needs_words"}
    assert issues(cast.alice.patch("/deals/1", {"lost_reason": None})) == {"#/lost_reason": "required"}
    lost_for(cast.alice, 2)
    assert issues(cast.alice.patch("/deals/2", {"lost_reason": "other"})) == {"#/lost_note": "needs_words"}
    changed = cast.alice.patch("/deals/2", {"lost_reason": "other", "lost_note": "x"})
    assert changed.get_json()["lost_reason"] == "other"


def test_all_faults_of_a_loss_at_once(cast: Cast) -> None:
    stages = cast.root.get("/pipelines/1").get_json()["stages"]
    stages[5]["required_fields"] = ["competitors", "amount"]
    cast.root.patch("/pipelines/1", {"stages": stages})
    deal(cast.alice)
    assert issues(cast.alice.post("/deals/1/lose", {"reason": "odd", "closed_on": "2199-01-01"})) == {
        "#/reason": "unknown_option",
        "#/closed_on": "future",
        "#/competitors": "required_for_stage",
        "#/amount": "required_for_stage",
    }

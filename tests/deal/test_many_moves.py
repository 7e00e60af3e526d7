"""Several cards at once: to a stage, an owner, a month; all of them in one change set, or none."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from app.database import read_engine
from app.deal.many_moves import in_month
from app.journal import JournalEntry

from ..cast import Cast
from ..faults import issues
from .selling import LATER, LOST, OPEN, WON, deal, lost_for, order


def entries_of(changeset_id: str) -> list[tuple[str, int, str]]:
    """What one change set did."""
    with read_engine().connect() as connection:
        rows = connection.execute(
            select(JournalEntry.action, JournalEntry.resource_id, func.lower(JournalEntry.resource))
            .where(JournalEntry.changeset_id == int(changeset_id))
            .order_by(JournalEntry.resource_id)
        ).all()
    return [tuple(row) for row in rows]


def line_up(cast: Cast, count: int) -> None:
    """Deals 1 to count of alice at the first stage."""
    for number in range(1, count + 1):
        deal(cast.alice, f"商机 {number}", amount="1")


def test_to_a_place_of_a_stage(cast: Cast) -> None:
    line_up(cast, 6)
    cast.alice.post("/deals/move", {"ids": [1, 2], "stage_id": LATER})
    answer = cast.alice.post("/deals/move", {"ids": [6, 3], "stage_id": LATER, "after_id": 1})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert [one["id"] for one in answer.get_json()["data"]] == [6, 3]
    assert answer.get_json()["data"][0] == cast.alice.get("/deals/6").get_json()
    assert entries_of(answer.headers["X-Changeset-Id"]) == [("moved", 3, "deal"), ("moved", 6, "deal")]
    assert (order(cast.alice, OPEN), order(cast.alice, LATER)) == ([4, 5], [1, 6, 3, 2])
    # Within a column, on top, and where they stand already.
    cast.alice.post("/deals/move", {"ids": [2, 6], "stage_id": LATER, "after_id": None})
    assert order(cast.alice, LATER) == [2, 6, 1, 3]
    again = cast.alice.post("/deals/move", {"ids": [2, 6], "stage_id": LATER, "after_id": None})
    assert (again.status_code, entries_of(again.headers["X-Changeset-Id"])) == (200, [])
    cast.alice.post("/deals/move", {"ids": [4, 2], "stage_id": LATER})
    assert order(cast.alice, LATER) == [6, 1, 3, 4, 2]


def test_to_a_closed_stage_and_back(cast: Cast) -> None:
    line_up(cast, 3)
    won = cast.alice.post("/deals/move", {"ids": [1, 2], "stage_id": WON}).get_json()["data"]
    assert [(one["state"], one["forecast_category"]) for one in won] == [("won", "committed")] * 2
    assert issues(cast.alice.post("/deals/move", {"ids": [1, 3], "stage_id": LOST})) == {
        "#/ids/0": "use_lose",
        "#/ids/1": "use_lose",
    }
    lost_for(cast.alice, 3)
    back = cast.alice.post("/deals/move", {"ids": [3, 1], "stage_id": OPEN, "after_id": None}).get_json()["data"]
    assert [(one["state"], one["closed_on"]) for one in back] == [("open", None)] * 2
    assert order(cast.alice, OPEN) == [3, 1]


def test_to_an_owner(cast: Cast) -> None:
    line_up(cast, 3)
    answer = cast.carol.post("/deals/move", {"ids": [1, 3], "owner_id": cast.bob.id})
    assert [one["owner"] for one in answer.get_json()["data"]] == [{"id": cast.bob.id, "name": "Bob"}] * 2
    assert [one["id"] for one in cast.bob.get("/deals?sort=id").get_json()["data"]] == [1, 3]
    assert issues(cast.bob.post("/deals/move", {"ids": [1], "owner_id": cast.alice.id})) == {
        "#/owner_id": "not_yours_to_assign"
    }
    assert cast.bob.post("/deals/move", {"ids": [1], "owner_id": cast.bob.id}).status_code == 200
    assert issues(cast.carol.post("/deals/move", {"ids": [1], "owner_id": cast.mallory.id})) == {
        "#/owner_id": "not_yours_to_assign"
    }
    assert issues(cast.root.post("/deals/move", {"ids": [1], "owner_id": 99})) == {"#/owner_id": "unknown_user"}


def test_to_a_month(cast: Cast) -> None:
    line_up(cast, 3)
    cast.alice.patch("/deals/1", {"expected_close_on": "2027-01-31"})
    cast.alice.patch("/deals/2", {"expected_close_on": "2027-01-05"})
    answer = cast.alice.post("/deals/move", {"ids": [1, 2, 3], "close_month": "2027-02"})
    assert [one["expected_close_on"] for one in answer.get_json()["data"]] == ["2027-02-28", "2027-02-05", "2027-02-28"]
    cast.alice.post("/deals/3/win")
    assert issues(cast.alice.post("/deals/move", {"ids": [1, 3], "close_month": "2027-03"})) == {
        "#/ids/1": "deal_closed"
    }
    assert cast.alice.get("/deals/1").get_json()["expected_close_on"] == "2027-02-28"


@pytest.mark.parametrize(
    ("month", "former", "day"),
    [
        ("2028-02", date(2027, 12, 30), date(2028, 2, 29)),
        ("2027-12", date(2028, 2, 29), date(2027, 12, 29)),
        ("2027-04", None, date(2027, 4, 30)),
    ],
)
def test_the_day_of_another_month(month: str, former: date | None, day: date) -> None:
    assert in_month(month, former) == day


def test_all_faults_are_told_and_nothing_moves(cast: Cast) -> None:
    line_up(cast, 3)
    deal(cast.mallory)
    stages = cast.root.get("/pipelines/1").get_json()["stages"]
    stages[1]["required_fields"] = ["next_step", "source"]
    cast.root.patch("/pipelines/1", {"stages": stages})
    cast.alice.patch("/deals/2", {"source": "referral"})
    foreign = cast.root.made(
        "/pipelines", {"name": "P", "stages": [{"name": "A", "kind": "open", "win_probability": 0.45}]}
    )["stages"][0]["id"]
    before = [cast.root.get(f"/deals/{number}").get_json() for number in (1, 2, 3, 4)]
    expected: list[tuple[dict[str, Any], dict[str, str]]] = [
        (
            {"ids": [1, 2, 3], "stage_id": LATER},
            {
                "#/ids/0/next_step": "required_for_stage",
                "#/ids/0/source": "required_for_stage",
                "#/ids/1/next_step": "required_for_stage",
                "#/ids/2/next_step": "required_for_stage",
                "#/ids/2/source": "required_for_stage",
            },
        ),
        (
            {"ids": [1, 4, 99, 1], "stage_id": 3},
            {
                "#/ids/1": "unknown_record",
                "#/ids/2": "unknown_record",
                "#/ids/3": "repeated_id",
            },
        ),
        ({"ids": [2, 1], "stage_id": foreign}, {"#/ids/0": "foreign_stage", "#/ids/1": "foreign_stage"}),
        ({"ids": [1], "stage_id": 99}, {"#/stage_id": "unknown_record"}),
        ({"ids": [1, 2], "stage_id": 3, "after_id": 2}, {"#/after_id": "unknown_record"}),
        ({"ids": [1, 2], "stage_id": OPEN, "after_id": 4}, {"#/after_id": "unknown_record"}),
        ({"ids": [], "stage_id": 3}, {"#/ids": "required"}),
        ({"ids": list(range(1, 202)), "stage_id": 3}, {"#/ids": "too_many"}),
        ({"ids": [1]}, {"#": "one_goal"}),
        ({"ids": [1], "stage_id": 3, "owner_id": 1}, {"#": "one_goal"}),
        ({"ids": [1], "owner_id": 1, "after_id": 2}, {"#/stage_id": "required"}),
        ({"ids": [1], "close_month": "2027-13"}, {"#/close_month": "month"}),
        ({"ids": [1], "close_month": "0000-01"}, {"#/close_month": "month"}),
        ({"ids": ["x", -1]}, {"#/ids/0": "wrong_type", "#/ids/1": "out_of_range"}),
        ({"ids": None, "stage_id": 3}, {"#/ids": "required"}),
        ({"stage_id": 3, "mood": 1}, {"#/ids": "required", "#/mood": "unknown_field"}),
    ]
    for body, faults in expected:
        assert issues(cast.alice.post("/deals/move", body)) == faults, body
    assert [cast.root.get(f"/deals/{number}").get_json() for number in (1, 2, 3, 4)] == before


def test_who_may_move_several(cast: Cast) -> None:
    line_up(cast, 1)
    cast.alice.patch("/deals/1", {"collaborators": [{"user_id": cast.mallory.id}]})
    body = {"ids": [1], "stage_id": LATER}
    assert issues(cast.mallory.post("/deals/move", body)) == {"#/ids/0": "not_writable"}
    found = {who.name: who.post("/deals/move", body).status_code for who in cast.everybody()}
    assert found == {"alice": 200, "bob": 422, "carol": 200, "mallory": 422, "vera": 403, "root": 200}

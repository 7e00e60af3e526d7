"""Forecast categories: a stage's follow from its win probability, a deal's from its stage, unless a person says."""

from __future__ import annotations

from typing import Any

import pytest

from app.deal.models import StageKind, usual_category

from ..cast import Cast
from ..faults import issues
from .selling import LATER, OPEN, WON, deal, lost_for


@pytest.mark.parametrize(
    ("kind", "probability", "category"),
    [
        (StageKind.OPEN, 0.0, "pipeline"),
        (StageKind.OPEN, 0.4999, "pipeline"),
        (StageKind.OPEN, 0.5, "best_case"),
        (StageKind.OPEN, 0.8999, "best_case"),
        (StageKind.OPEN, 0.9, "committed"),
        (StageKind.WON, 1.0, "committed"),
        (StageKind.LOST, 0.0, "omitted"),
    ],
)
def test_the_usual_category(kind: StageKind, probability: float, category: str) -> None:
    assert usual_category(kind, probability) == category


def stages_of(cast: Cast) -> list[dict[str, Any]]:
    """The stages as they are read."""
    return list(cast.root.get("/pipelines/1").get_json()["stages"])


def test_the_seeded_stages(cast: Cast) -> None:
    assert [stage["forecast_category"] for stage in stages_of(cast)] == [
        "pipeline",
        "pipeline",
        "best_case",
        "best_case",
        "committed",
        "omitted",
    ]


def test_a_deal_follows_its_stage_until_a_person_decides(cast: Cast) -> None:
    def now(answer: dict[str, Any]) -> tuple[str, bool]:
        return answer["forecast_category"], answer["forecast_category_is_manual"]

    assert now(deal(cast.alice)) == ("pipeline", False)
    assert now(cast.alice.post("/deals/1/move", {"stage_id": 3}).get_json()) == ("best_case", False)
    assert now(cast.alice.patch("/deals/1", {"forecast_category": "committed"}).get_json()) == ("committed", True)
    assert now(cast.alice.post("/deals/1/move", {"stage_id": LATER}).get_json()) == ("committed", True)
    assert now(cast.alice.patch("/deals/1", {"forecast_category": None}).get_json()) == ("pipeline", False)
    assert now(cast.alice.patch("/deals/1", {"forecast_category": "omitted"}).get_json()) == ("omitted", True)
    assert now(cast.alice.post("/deals/1/win").get_json()) == ("committed", False)
    assert issues(cast.alice.patch("/deals/1", {"forecast_category": "omitted"})) == {
        "#/forecast_category": "deal_closed"
    }
    assert cast.alice.patch("/deals/1", {"forecast_category": "committed"}).status_code == 200
    assert now(cast.alice.post("/deals/1/reopen").get_json()) == ("pipeline", False)
    lost_for(cast.alice, 1)
    assert now(cast.alice.get("/deals/1").get_json()) == ("omitted", False)
    assert now(deal(cast.alice, forecast_category="best_case")) == ("best_case", True)
    assert now(deal(cast.root, stage_id=WON, closed_on="2020-01-01", forecast_category="omitted")) == (
        "committed",
        False,
    )


def test_deals_follow_a_changed_stage(cast: Cast) -> None:
    deal(cast.alice)
    deal(cast.alice, forecast_category="best_case")
    deal(cast.alice, win_probability=0.3)
    stages = stages_of(cast)
    stages[0]["forecast_category"] = "committed"
    changed = cast.root.patch("/pipelines/1", {"stages": stages}).get_json()
    assert changed["stages"][0]["forecast_category"] == "committed"
    found = [cast.alice.get(f"/deals/{number}").get_json() for number in (1, 2, 3)]
    assert [one["forecast_category"] for one in found] == ["committed", "best_case", "committed"]
    assert [one["version"] for one in found] == [2, 1, 2]
    # Without one the stage takes the usual one of its win probability.
    stages[0] |= {"forecast_category": None, "win_probability": 0.6}
    changed = cast.root.patch("/pipelines/1", {"stages": stages}).get_json()
    assert changed["stages"][0]["forecast_category"] == "best_case"
    third = cast.alice.get("/deals/3").get_json()
    assert (third["forecast_category"], third["win_probability"]) == ("best_case", 0.3)


def test_what_is_refused(cast: Cast) -> None:
    stages = stages_of(cast)
    stages[0]["forecast_category"] = "sure"
    assert issues(cast.root.patch("/pipelines/1", {"stages": stages})) == {
        "#/stages/0/forecast_category": "not_allowed"
    }
    stages[0]["forecast_category"] = "committed"
    stages[4]["forecast_category"] = "omitted"
    assert issues(cast.root.patch("/pipelines/1", {"stages": stages})) == {
        "#/stages/4/forecast_category": "not_allowed"
    }
    deal(cast.alice, stage_id=OPEN)
    assert issues(cast.alice.patch("/deals/1", {"forecast_category": "sure"})) == {"#/forecast_category": "not_allowed"}

"""Pipelines: ordered stages that deals stand at, changed by admins without losing a deal."""

from __future__ import annotations

from typing import Any

import pytest

from ..cast import Cast
from ..faults import issues
from ..trunk.looking import entries
from .selling import LATER, LOST, OPEN, WON, deal, lost_for, order

STAGES: list[dict[str, Any]] = [
    {"name": "Prospecting", "kind": "open", "win_probability": 0.2, "expected_days": 10, "colour": "blue"},
    {"name": "Engaging", "kind": "open", "win_probability": 0.5, "required_fields": ["amount", "expected_close_on"]},
    {"name": "Won", "kind": "won", "win_probability": 1},
    {"name": "Lost", "kind": "lost"},
]


def stages_of(cast: Cast, pipeline_id: int = 1) -> list[dict[str, Any]]:
    """The stages as an admin reads and sends them back."""
    return list(cast.root.get(f"/pipelines/{pipeline_id}").get_json()["stages"])


def test_one_is_there_from_the_start(cast: Cast) -> None:
    (first,) = cast.alice.get("/pipelines").get_json()["data"]
    assert first["name"] == "销售流程"
    assert [(one["id"], one["name"], one["kind"], one["win_probability"]) for one in first["stages"]] == [
        (1, "初步接触", "open", 0.1),
        (2, "需求确认", "open", 0.3),
        (3, "方案报价", "open", 0.5),
        (4, "商务谈判", "open", 0.8),
        (5, "赢单", "won", 1.0),
        (6, "输单", "lost", 0.0),
    ]


def test_a_pipeline_with_its_stages(cast: Cast) -> None:
    made = cast.root.made("/pipelines", {"name": "Hardware", "team_id": cast.north, "stages": STAGES})
    assert made["stages"] == [
        {
            "id": 7,
            "name": "Prospecting",
            "kind": "open",
            "win_probability": 0.2,
            "forecast_category": "pipeline",
            "expected_days": 10,
            "colour": "blue",
            "required_fields": [],
        },
        {
            "id": 8,
            "name": "Engaging",
            "kind": "open",
            "win_probability": 0.5,
            "forecast_category": "best_case",
            "expected_days": None,
            "colour": None,
            "required_fields": ["amount", "expected_close_on"],
        },
        {
            "id": 9,
            "name": "Won",
            "kind": "won",
            "win_probability": 1.0,
            "forecast_category": "committed",
            "expected_days": None,
            "colour": None,
            "required_fields": [],
        },
        {
            "id": 10,
            "name": "Lost",
            "kind": "lost",
            "win_probability": 0.0,
            "forecast_category": "omitted",
            "expected_days": None,
            "colour": None,
            "required_fields": [],
        },
    ]
    assert made["team"] == {"id": cast.north, "name": "North"}
    assert cast.mallory.get("/pipelines/2").get_json() == {**made, "can_write": False}


def test_a_team_has_its_own(cast: Cast) -> None:
    cast.root.made("/pipelines", {"name": "North's", "team_id": cast.north, "stages": STAGES})
    assert (deal(cast.alice)["pipeline_id"], deal(cast.mallory)["pipeline_id"]) == (2, 1)
    below = cast.root.made("/teams", {"name": "Below", "parent_id": cast.north})["id"]
    cast.root.patch(f"/users/{cast.bob.id}", {"team_id": below})
    assert deal(cast.bob)["pipeline_id"] == 2
    assert deal(cast.root, owner_id=cast.bob.id)["pipeline_id"] == 2
    assert deal(cast.root)["pipeline_id"] == 1


PERSON_BY_ENDPOINT = [
    ("GET", "/pipelines", None, (200, 200, 200, 200, 200, 200)),
    ("GET", "/pipelines/1", None, (200, 200, 200, 200, 200, 200)),
    ("POST", "/pipelines", {"name": "X", "stages": STAGES}, (403, 403, 403, 403, 403, 201)),
    ("PATCH", "/pipelines/1", {"name": "Y"}, (403, 403, 403, 403, 403, 200)),
    ("DELETE", "/pipelines/1", None, (403, 403, 403, 403, 403, 204)),
    ("POST", "/pipelines/1/restore", {}, (403, 403, 403, 403, 403, 200)),
]


def test_who_may_what(cast: Cast) -> None:
    for method, path, body, expected in PERSON_BY_ENDPOINT:
        found = tuple(one.call(method, path, json=body).status_code for one in cast.everybody())
        assert found == expected, (method, path)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"#/name": "required", "#/stages": "required"}),
        ({"name": "P", "stages": []}, {"#/stages": "open_stage_missing"}),
        ({"name": "P", "stages": [{"name": "W", "kind": "won"}]}, {"#/stages": "open_stage_missing"}),
        ({"name": "P", "stages": [{"name": "A", "kind": "open"}]}, {"#/stages/0/win_probability": "required"}),
        (
            {"name": "P", "stages": [{"kind": "half", "win_probability": 1.5, "expected_days": 0}]},
            {
                "#/stages/0/name": "required",
                "#/stages/0/kind": "not_allowed",
                "#/stages/0/win_probability": "out_of_range",
                "#/stages/0/expected_days": "out_of_range",
            },
        ),
        (
            {"name": "P", "stages": [*STAGES, {"name": "W", "kind": "won", "win_probability": 0.9}]},
            {"#/stages/4/win_probability": "out_of_range"},
        ),
        ({"name": "P", "stages": [{**STAGES[0], "id": 1}]}, {"#/stages/0/id": "read_only"}),
        (
            {"name": "P", "stages": [{**STAGES[0], "required_fields": ["mood"]}]},
            {"#/stages/0/required_fields/0": "not_allowed"},
        ),
        ({"name": "P", "team_id": 999, "stages": STAGES}, {"#/team_id": "unknown_record"}),
        (
            {"name": "P", "stages": STAGES, "move_deals": [{"from_stage_id": 1, "to_stage_id": 2}]},
            {"#/move_deals/0": "unknown_record"},
        ),
    ],
)
def test_what_is_refused(cast: Cast, body: dict[str, Any], expected: dict[str, str]) -> None:
    assert issues(cast.root.post("/pipelines", body)) == expected


def test_a_name_is_taken_once(cast: Cast) -> None:
    taken = cast.root.post("/pipelines", {"name": "銷售流程", "stages": STAGES})
    assert (taken.status_code, issues(taken)) == (409, {"#/name": "taken"})


def test_stages_are_renamed_reordered_and_added(cast: Cast) -> None:
    stages = stages_of(cast)
    stages[0], stages[1] = {**stages[1], "name": "需求"}, stages[0]
    stages.insert(2, {"name": "新阶段", "kind": "open", "win_probability": 0.4})
    edited = cast.root.patch("/pipelines/1", {"stages": stages}).get_json()
    assert [(one["id"], one["name"]) for one in edited["stages"]] == [
        (2, "需求"),
        (1, "初步接触"),
        (7, "新阶段"),
        (3, "方案报价"),
        (4, "商务谈判"),
        (5, "赢单"),
        (6, "输单"),
    ]
    assert edited["version"] == 2
    assert entries("pipeline", 1)[-1]["changed"] == ["stages"]
    # A new deal begins at what is first now.
    assert deal(cast.alice)["stage_id"] == 2
    # Sending the same again changes nothing.
    assert cast.root.patch("/pipelines/1", {"stages": edited["stages"]}).get_json() == edited


def test_the_kind_of_a_stage_is_fixed(cast: Cast) -> None:
    stages = stages_of(cast)
    stages[0]["kind"] = "won"
    stages[0]["win_probability"] = 1
    stages[1]["id"] = 99
    assert issues(cast.root.patch("/pipelines/1", {"stages": stages})) == {
        "#/stages/0/kind": "fixed",
        "#/stages/0/forecast_category": "not_allowed",
        "#/stages/1/id": "unknown_record",
    }


def test_deals_follow_a_changed_probability(cast: Cast) -> None:
    deal(cast.alice)
    deal(cast.alice, win_probability=0.77)
    stages = stages_of(cast)
    stages[0]["win_probability"] = 0.15
    cast.root.patch("/pipelines/1", {"stages": stages})
    found = cast.root.get("/deals?sort=id&fields=win_probability,version").get_json()["data"]
    assert [(one["win_probability"], one["version"]) for one in found] == [(0.15, 2), (0.77, 1)]


def test_a_stage_in_use_goes_only_with_a_goal_for_its_deals(cast: Cast) -> None:
    first, second = deal(cast.alice)["id"], deal(cast.mallory)["id"]
    third = deal(cast.alice, stage_id=LATER)["id"]
    rest = [one for one in stages_of(cast) if one["id"] != OPEN]
    refused = cast.root.patch("/pipelines/1", {"stages": rest})
    assert refused.status_code == 409
    body = refused.get_json()
    assert body["type"] == "/problems/stage-in-use"
    assert body["stages"] == [{"id": OPEN, "name": "初步接触", "deal_count": 2}]
    assert len(stages_of(cast)) == 6

    for goal, code in ((OPEN, "unknown_record"), (999, "unknown_record"), (WON, "other_kind")):
        move = {"stages": rest, "move_deals": [{"from_stage_id": OPEN, "to_stage_id": goal}]}
        assert issues(cast.root.patch("/pipelines/1", move)) == {"#/move_deals/0/to_stage_id": code}
    stray = {"stages": rest, "move_deals": [{"from_stage_id": LATER, "to_stage_id": 3}]}
    assert issues(cast.root.patch("/pipelines/1", stray)) == {"#/move_deals/0/from_stage_id": "unknown_record"}

    move = {"stages": rest, "move_deals": [{"from_stage_id": OPEN, "to_stage_id": LATER}]}
    assert cast.root.patch("/pipelines/1", move).status_code == 200
    assert order(cast.root, LATER) == [third, first, second]
    moved = cast.root.get(f"/deals/{first}").get_json()
    assert (moved["win_probability"], moved["version"]) == (0.3, 2)
    assert entries("deal", first)[-1]["action"] == "moved"
    assert [one["stage_id"] for one in cast.root.get(f"/deals/{first}/stages").get_json()["data"]] == [OPEN, LATER]
    # Nothing comes into a removed stage any more.
    assert issues(cast.alice.post(f"/deals/{third}/move", {"stage_id": OPEN})) == {"#/stage_id": "unknown_record"}
    assert issues(cast.alice.post("/deals", {"name": "x", "stage_id": OPEN})) == {"#/stage_id": "unknown_record"}


def test_a_deal_of_a_removed_stage_returns_to_one_of_its_kind(cast: Cast) -> None:
    gone = deal(cast.alice, stage_id=LATER)["id"]
    lost = deal(cast.alice)["id"]
    lost_for(cast.alice, lost)
    for one in (gone, lost):
        cast.alice.delete(f"/deals/{one}")
    rest = [one for one in stages_of(cast) if one["id"] not in (LATER, LOST)]
    rest.append({"name": "丢单", "kind": "lost"})
    assert cast.root.patch("/pipelines/1", {"stages": rest}).status_code == 200
    back = cast.alice.post(f"/deals/{gone}/restore").get_json()
    assert (back["stage_id"], back["state"]) == (OPEN, "open")
    back = cast.alice.post(f"/deals/{lost}/restore").get_json()
    assert (back["stage"]["name"], back["state"]) == ("丢单", "lost")


def test_a_pipeline_in_use_stays(cast: Cast) -> None:
    made = deal(cast.alice)["id"]
    refused = cast.root.delete("/pipelines/1")
    assert (refused.status_code, refused.get_json()["type"]) == (409, "/problems/pipeline-in-use")
    assert refused.get_json()["deal_count"] == 1
    cast.alice.delete(f"/deals/{made}")
    assert cast.root.delete("/pipelines/1").status_code == 204
    none = cast.alice.post("/deals", {"name": "x"})
    assert (none.status_code, none.get_json()["type"]) == (409, "/problems/no-pipeline")
    assert issues(cast.alice.post("/deals", {"name": "x", "pipeline_id": 1})) == {"#/pipeline_id": "unknown_record"}
    assert issues(cast.alice.post(f"/deals/{made}/restore")) == {"#/stage_id": "unknown_record"}
    cast.root.post("/pipelines/1/restore")
    assert cast.alice.post(f"/deals/{made}/restore").status_code == 200


def test_a_pipeline_without_closed_stages_closes_nothing(cast: Cast) -> None:
    made = cast.root.made("/pipelines", {"name": "Open only", "stages": STAGES[:1]})
    one = deal(cast.alice, pipeline_id=made["id"])["id"]
    refused = cast.alice.post(f"/deals/{one}/win")
    assert (refused.status_code, refused.get_json()["type"]) == (409, "/problems/no-stage")


def test_a_list_of_required_fields_that_is_none(cast: Cast) -> None:
    stages = stages_of(cast)
    stages[0]["required_fields"] = None
    assert issues(cast.root.patch("/pipelines/1", {"stages": stages})) == {"#/stages/0/required_fields": "required"}

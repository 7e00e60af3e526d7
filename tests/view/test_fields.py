"""What a list tells of its filters, and spans that move with the present."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

import app.filtering as filtering
from app.messages import LANGUAGES, catalogue
from app.view.schemas import LISTS

from ..cast import Cast, Member
from ..faults import issues


def told(who: Member, resource: str, language: str = "en") -> dict[str, dict[str, Any]]:
    """The fields of a list by name."""
    answer = who.get(f"/views/fields?resource={resource}", headers={"Accept-Language": language})
    assert answer.status_code == 200
    return {one["field"]: one for one in answer.get_json()["data"]}


def test_fields(cast: Cast) -> None:
    fields = told(cast.alice, "customers")
    assert fields["owner_id"] == {
        "field": "owner_id",
        "label": "Owner",
        "type": "link",
        "ops": ["eq", "ne", "in", "not_in", "is_null", "not_null"],
        "values": [],
        "list": None,
        "resource": "users",
    }
    assert fields["status"]["values"][0] == {"value": "lead", "label": "Lead"}
    assert (fields["level"]["type"], fields["level"]["list"]) == ("option", "level")
    assert (fields["created"]["type"], fields["created"]["ops"][-1]) == ("moment", "within")
    assert [fields[name]["type"] for name in ("name", "tag", "credit_rating", "annual_revenue")] == [
        "text",
        "tag",
        "number",
        "decimal",
    ]
    assert "external_id" not in fields
    assert told(cast.alice, "leads") == fields
    chinese = told(cast.alice, "customers", "zh-CN")
    assert (chinese["owner_id"]["label"], chinese["status"]["values"][0]["label"]) == ("负责人", "线索")
    deals = told(cast.alice, "deals")
    assert deals["state"]["values"][-1] == {"value": "lost", "label": "Lost"}
    assert deals["hygiene"]["values"][0]["value"] == "no_next_step"
    assert "as_of" not in deals
    assert told(cast.alice, "quotes")["superseded_by_id"]["ops"] == ["is_null", "not_null"]


def test_unknown_list(cast: Cast) -> None:
    answer = cast.alice.get("/views/fields?resource=users")
    assert issues(answer) == {"resource": "not_allowed"}
    assert issues(cast.alice.get("/views/fields")) == {"resource": "required"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_and_value_has_words(cast: Cast, language: str) -> None:
    texts = catalogue(language)
    for resource in LISTS:
        for one in told(cast.alice, resource, language).values():
            assert one["label"] in texts.values(), one
            assert all(value["label"] in texts.values() for value in one["values"]), one


def test_what_an_admin_has_added_is_asked_about_in_the_admins_words(cast: Cast) -> None:
    common = {"resource": "customers", "label_zh": "鞋码", "label_en": "Shoe size"}
    for key, kind in (("shoe", "choice"), ("since", "date"), ("budget", "money")):
        more = {"currency": "CNY"} if kind == "money" else {}
        cast.root.made("/custom-fields", {"key": key, "kind": kind, **common, **more})
    fields = told(cast.alice, "customers")
    assert fields["custom.shoe"] == {
        "field": "custom.shoe",
        "label": "Shoe size",
        "type": "option",
        "ops": ["eq", "ne", "in", "not_in", "is_null", "not_null"],
        "values": [],
        "list": "customers.shoe",
        "resource": None,
    }
    assert [fields[f"custom.{key}"]["type"] for key in ("since", "budget")] == ["date", "decimal"]
    assert told(cast.alice, "customers", "zh-CN")["custom.shoe"]["label"] == "鞋码"
    assert "custom.shoe" not in told(cast.alice, "deals")
    made = cast.alice.made(
        "/customers", {"name": "小码", "custom": {"budget": "5", "since": str(datetime.now(UTC).date())}}
    )
    where = json.dumps({"and": [{"field": "custom.budget", "op": "gte", "value": "5"}]})
    assert [one["id"] for one in cast.alice.get(f"/customers?{urlencode({'where': where})}").get_json()["data"]] == [
        made["id"]
    ]
    view = {"name": "预算", "resource": "customers", "where": json.loads(where), "sort": "-custom.budget"}
    assert cast.alice.made("/views", view)["where"] == json.loads(where)
    assert issues(cast.alice.post("/views", {**view, "sort": "-custom.gone"})) == {"#/sort": "unknown_name"}


def names(who: Member, path: str, field: str, span: str) -> list[str]:
    """The names of the records of a list of which a field lies within a span."""
    where = urlencode({"where": json.dumps({"field": field, "op": "within", "value": span}), "sort": "name"})
    answer = who.get(f"{path}?{where}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [row["name"] for row in answer.get_json()["data"]]


class Clock(datetime):
    """A clock that stands still."""

    at = datetime(2026, 11, 27, tzinfo=UTC)

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        """The moment at which it stands."""
        return cls.at.astimezone(tz)


def test_spans_move_over_midnight_in_the_readers_zone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = cast.root.get("/pipelines").get_json()["data"][0]["stages"][0]["id"]
    for day in ("2026-11-26", "2026-11-27", "2026-11-28"):
        cast.alice.made("/deals", {"name": day, "stage_id": stage, "expected_close_on": day})
    monkeypatch.setattr(filtering, "datetime", Clock)
    # A quarter to midnight in Shanghai, where Alice is; the same request means another day half an hour later.
    Clock.at = datetime(2026, 11, 27, 15, 45, tzinfo=UTC)
    assert names(cast.alice, "/deals", "expected_close", "today") == ["2026-11-27"]
    assert names(cast.alice, "/deals", "expected_close", "past") == ["2026-11-26"]
    Clock.at += timedelta(minutes=30)
    assert names(cast.alice, "/deals", "expected_close", "today") == ["2026-11-28"]
    assert names(cast.alice, "/deals", "expected_close", "last_2_days") == ["2026-11-27", "2026-11-28"]
    assert names(cast.alice, "/deals", "expected_close", "over_1_days_ago") == ["2026-11-26"]
    # In New York it is still the 27th.
    cast.alice.patch("/auth/me", {"time_zone": "America/New_York"})
    assert names(cast.alice, "/deals", "expected_close", "today") == ["2026-11-27"]


def test_moments_by_the_days_of_the_readers_zone(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "New"})
    assert names(cast.alice, "/customers", "created", "today") == ["New"]
    assert names(cast.alice, "/customers", "created", "yesterday") == []
    assert names(cast.alice, "/customers", "created", "this_year") == ["New"]
    assert names(cast.alice, "/customers", "created", "over_1_days_ago") == []


def test_a_cursor_goes_on_over_midnight(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        cast.alice.made("/deals", {"name": f"D{number}", "expected_close_on": "2026-11-20"})
    monkeypatch.setattr(filtering, "datetime", Clock)
    Clock.at = datetime(2026, 11, 27, 15, 45, tzinfo=UTC)
    where = urlencode({"where": json.dumps({"field": "expected_close", "op": "within", "value": "past"})})
    first = cast.alice.get(f"/deals?{where}&sort=name&per_page=2").get_json()
    Clock.at += timedelta(minutes=30)
    rest = cast.alice.get(f"/deals?{where}&sort=name&per_page=2&cursor={first['meta']['next_cursor']}").get_json()
    assert [row["name"] for row in first["data"] + rest["data"]] == ["D0", "D1", "D2"]
    board = cast.alice.get(f"/deals/board?{where}").get_json()
    assert sum(column["count"] for column in board["columns"]) == 3


@pytest.mark.parametrize("value", ["soon", "", 7, None, ["today"]])
def test_no_span(cast: Cast, value: Any) -> None:
    where = urlencode({"where": json.dumps({"field": "created", "op": "within", "value": value})})
    assert issues(cast.alice.get(f"/customers?{where}")) == {"where": "span"}

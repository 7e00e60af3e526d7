"""Targets: set one by one or as a year's grid, by those above, seen by oneself and above."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select

from app.database import db
from app.journal import JournalEntry

from ..cast import Cast, Member
from ..deal.selling import product
from ..faults import issues


def target(**more: Any) -> dict[str, Any]:
    """A month's target, to be given a subject."""
    return {"period": "month", "period_on": "2026-03-01", "measure": "won_amount", "value": "1000", **more}


def grid(who: Member, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A grid that must be saved."""
    answer = who.put("/targets/grid", {"year": 2026, "measure": "won_amount", "rows": list(rows), **more})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def test_one(cast: Cast) -> None:
    made = cast.carol.made("/targets", target(user_id=cast.alice.id, value="1000.5"))
    assert {name: made[name] for name in made if not name.endswith("_at")} == {
        "id": 1,
        "version": 1,
        "user_id": cast.alice.id,
        "user": {"id": cast.alice.id, "name": "Alice"},
        "team_id": None,
        "team": None,
        "period": "month",
        "period_on": "2026-03-01",
        "measure": "won_amount",
        "product_id": None,
        "product": None,
        "value": "1000.50",
        "currency": "CNY",
        "external_source": None,
        "external_id": None,
        "created_by": cast.carol.id,
        "is_active": True,
        "can_write": True,
    }
    changed = cast.carol.patch("/targets/1", {"value": "2000", "currency": "USD"}).get_json()
    assert (changed["value"], changed["currency"], changed["version"]) == ("2000.00", "USD", 2)
    assert cast.carol.delete("/targets/1").status_code == 204
    again = cast.carol.made("/targets", target(user_id=cast.alice.id))
    taken = cast.carol.post("/targets/1/restore")
    assert (taken.status_code, issues(taken)) == (409, {"#/period_on": "taken"})
    assert cast.carol.delete(f"/targets/{again['id']}").status_code == 204
    assert cast.carol.post("/targets/1/restore").get_json()["value"] == "2000.00"


def test_by_its_id_elsewhere(cast: Cast) -> None:
    body = target(team_id=cast.north, period="year", period_on="2026-01-01")
    statuses = [cast.root.put("/targets/external/erp/7", {**body, "value": value}).status_code for value in "55"]
    assert statuses == [201, 200]
    moved = cast.root.put("/targets/external/erp/7", {**body, "period_on": "2027-01-01"})
    assert issues(moved) == {"#/period_on": "fixed"}


def test_what_there_is_once(cast: Cast) -> None:
    goods = product(cast)
    different = [
        target(user_id=cast.alice.id),
        target(user_id=cast.bob.id),
        target(team_id=cast.north),
        target(user_id=cast.alice.id, period_on="2026-04-01"),
        target(user_id=cast.alice.id, period="quarter", period_on="2026-01-01"),
        target(user_id=cast.alice.id, period="year", period_on="2026-01-01"),
        target(user_id=cast.alice.id, measure="activities"),
        target(user_id=cast.alice.id, product_id=goods),
    ]
    for one in different:
        cast.carol.made("/targets", one)
    for one in different:
        again = cast.carol.post("/targets", {**one, "value": "7"})
        assert (again.status_code, issues(again)) == (409, {"#/period_on": "taken"})


def test_faults_at_once(cast: Cast) -> None:
    def refused(**more: Any) -> dict[str, str]:
        return issues(cast.carol.post("/targets", target(**more)))

    me = cast.alice.id
    assert refused() == {"#/user_id": "one_subject"}
    assert refused(user_id=me, team_id=cast.north) == {"#/user_id": "one_subject"}
    assert refused(user_id=999) == {"#/user_id": "unknown_user"}
    assert refused(team_id=999) == {"#/team_id": "unknown_record"}
    assert refused(user_id=cast.mallory.id) == {"#/user_id": "not_yours_to_set"}
    assert refused(team_id=cast.south) == {"#/team_id": "not_yours_to_set"}
    assert refused(user_id=me, period="quarter", period_on="2026-02-01", product_id=9, value="1.234") == {
        "#/period_on": "first_day",
        "#/product_id": "unknown_record",
        "#/value": "too_precise",
    }
    counted = {"measure": "activities", "currency": "CNY", "product_id": 1, "value": "1.5", "period_on": "2026-03-02"}
    assert refused(user_id=me, **counted) == {
        "#/period_on": "first_day",
        "#/product_id": "no_product",
        "#/currency": "no_currency",
        "#/value": "too_precise",
    }
    shape = {"value": "-1", "period": "week", "period_on": "2026-02-30", "measure": "luck", "currency": "XXY", "x": 1}
    assert refused(user_id=0, **shape) == {
        "#/user_id": "out_of_range",
        "#/value": "out_of_range",
        "#/period": "not_allowed",
        "#/period_on": "date",
        "#/measure": "not_allowed",
        "#/currency": "currency",
        "#/x": "unknown_field",
    }
    cast.carol.made("/targets", target(user_id=me))
    fixed = cast.carol.patch("/targets/1", {"measure": "won_count", "user_id": cast.bob.id, "value": "1.001"})
    assert issues(fixed) == {"#/measure": "fixed", "#/user_id": "fixed", "#/value": "too_precise"}
    assert cast.carol.get("/targets").get_json()["meta"]["total"] == 1


def test_who_sees_and_who_sets(cast: Cast) -> None:
    """Alice's, Bob's and Mallory's own, and both teams'."""
    subjects = [
        {"user_id": cast.alice.id},
        {"user_id": cast.bob.id},
        {"user_id": cast.mallory.id},
        {"team_id": cast.north},
        {"team_id": cast.south},
    ]
    ids = [cast.root.made("/targets", target(**subject))["id"] for subject in subjects]
    sees = {who.name: sorted(one["id"] for one in who.get("/targets").get_json()["data"]) for who in cast.everybody()}
    assert sees == {
        "alice": [ids[0], ids[3]],
        "bob": [ids[1], ids[3]],
        "carol": [ids[0], ids[1], ids[3]],
        "mallory": [ids[2], ids[4]],
        "vera": ids,
        "root": ids,
    }
    for who in cast.everybody():
        listed = {one["id"]: one["can_write"] for one in who.get("/targets").get_json()["data"]}
        for one in ids:
            status = who.patch(f"/targets/{one}", {"value": "5"}).status_code
            may = one in listed and who.name in ("carol", "root")
            assert status == (200 if may else 403 if who.name != "carol" else 404), (who.name, one)
            assert listed.get(one, may) == may
            assert who.get(f"/targets/{one}").status_code == (200 if one in listed else 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/targets", {"carol": 201, "root": 201}),
        ("PUT", "/targets/grid", {"carol": 200, "root": 200}),
        ("PUT", "/targets/external/erp/1", {"carol": 201, "root": 200}),
        ("DELETE", "/targets/1", {"carol": 204, "root": 404}),
        ("GET", "/targets/attainment", dict.fromkeys(("alice", "bob", "carol", "mallory", "vera", "root"), 200)),
    ],
)
def test_who_may(cast: Cast, method: str, path: str, allowed: dict[str, int]) -> None:
    cast.root.made("/targets", target(user_id=cast.alice.id))
    for who in cast.everybody():
        body: Any = target(user_id=cast.alice.id, period_on=f"2026-0{4 + (who.name == 'root')}-01")
        if path.endswith("external/erp/1"):
            body["period_on"] = "2026-07-01"
        if path.endswith("grid"):
            body = {"year": 2026, "measure": "won_amount", "rows": []}
        more = {} if method in ("GET", "DELETE") else {"json": body}
        assert who.call(method, path, **more).status_code == allowed.get(who.name, 403), who.name


def test_a_target_follows_its_person(cast: Cast) -> None:
    one = cast.carol.made("/targets", target(user_id=cast.alice.id))["id"]
    assert cast.root.patch(f"/users/{cast.alice.id}", {"team_id": cast.south}).status_code == 200
    assert cast.carol.get(f"/targets/{one}").status_code == 404
    assert cast.alice.get(f"/targets/{one}").status_code == 200
    assert cast.root.patch(f"/users/{cast.alice.id}", {"team_id": cast.north}).status_code == 200
    assert cast.carol.get(f"/targets/{one}").get_json()["version"] == 3
    # A leaver's customers go to the successor; what the leaver was to reach does not.
    left = cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor_id": cast.bob.id})
    assert left.status_code == 200
    assert cast.carol.get(f"/targets/{one}").get_json()["user_id"] == cast.alice.id


def test_a_grid_is_one_change_set(cast: Cast) -> None:
    first = cast.carol.put(
        "/targets/grid",
        {
            "year": 2026,
            "measure": "won_amount",
            "rows": [
                {"user_id": cast.alice.id, "cells": {"2026-01": "100", "2026-Q2": 400, "2026": "5000.00"}},
                {"team_id": cast.north, "cells": {"2026-12": "7"}},
            ],
        },
    )
    assert first.get_json() == {"created": 4, "updated": 0, "removed": 0}
    query = select(JournalEntry.action).where(JournalEntry.changeset_id == int(first.headers["X-Changeset-Id"]))
    assert list(db.session.execute(query).scalars()) == ["created"] * 4
    assert grid(cast.carol, {"user_id": cast.alice.id, "cells": {"2026-01": "100.00"}}) == {
        "created": 0,
        "updated": 0,
        "removed": 0,
    }
    mixed = {"2026-01": "150", "2026-02": "50", "2026": None, "2026-09": None}
    assert grid(cast.carol, {"user_id": cast.alice.id, "cells": mixed}) == {"created": 1, "updated": 1, "removed": 1}
    listed = cast.carol.get("/targets?user_id=1&sort=period_on&period=month&period=quarter").get_json()["data"]
    assert [(one["period"], one["period_on"], one["value"]) for one in listed] == [
        ("month", "2026-01-01", "150.00"),
        ("month", "2026-02-01", "50.00"),
        ("quarter", "2026-04-01", "400.00"),
    ]
    # What was taken away can be set again.
    assert grid(cast.carol, {"user_id": cast.alice.id, "cells": {"2026": "1"}})["created"] == 1


def test_faults_of_a_grid_by_row_and_period(cast: Cast) -> None:
    grid(cast.root, {"user_id": cast.alice.id, "cells": {"2026-05": "1"}}, currency="USD")
    shape = {
        "year": 2026,
        "measure": "won_amount",
        "rows": [
            {"user_id": cast.alice.id, "cells": {"2026-13": "1", "2026-01": "many", "2026-02": "-1", "": "1"}},
            {"cells": []},
            {"team_id": cast.north},
        ],
    }
    assert issues(cast.carol.put("/targets/grid", shape)) == {
        "#/rows/0/cells/2026-13": "period_key",
        "#/rows/0/cells/2026-01": "decimal",
        "#/rows/0/cells/2026-02": "out_of_range",
        "#/rows/0/cells/": "period_key",
        "#/rows/1/cells": "wrong_type",
        "#/rows/2/cells": "required",
    }
    rules = {
        "year": 2026,
        "measure": "won_amount",
        "rows": [
            {"user_id": cast.alice.id, "cells": {"2027-01": "1", "2026-01": "1.005", "2026-02": "9", "2026-05": "2"}},
            {"user_id": cast.mallory.id, "cells": {"2026-01": "1"}},
            {"user_id": cast.alice.id, "cells": {}},
            {"cells": {"2026-01": "1"}},
            {"team_id": 99, "cells": {"2026-01": "1.001"}},
        ],
    }
    refused = cast.carol.put("/targets/grid", rules, headers={"Accept-Language": "zh-CN"})
    assert issues(refused) == {
        "#/rows/0/cells/2027-01": "other_year",
        "#/rows/0/cells/2026-01": "too_precise",
        "#/rows/0/cells/2026-05": "other_currency",
        "#/rows/1/user_id": "not_yours_to_set",
        "#/rows/2/user_id": "repeated_row",
        "#/rows/3/user_id": "one_subject",
        "#/rows/4/team_id": "unknown_record",
        "#/rows/4/cells/2026-01": "too_precise",
    }
    assert "USD" in next(one["detail"] for one in refused.get_json()["errors"] if one["code"] == "other_currency")
    counted = {"year": 2026, "measure": "activities", "product_id": 3, "currency": "CNY", "rows": []}
    assert issues(cast.carol.put("/targets/grid", counted)) == {
        "#/product_id": "no_product",
        "#/currency": "no_currency",
    }
    assert cast.root.get("/targets").get_json()["meta"]["total"] == 1


def test_two_grids_at_once_set_each_figure_once(cast: Cast) -> None:
    def save(who: Member) -> int:
        cells = {f"2026-{month:02d}": str(who.id) for month in range(1, 13)}
        body = {"year": 2026, "measure": "won_count", "rows": [{"user_id": cast.alice.id, "cells": cells}]}
        return who.put("/targets/grid", body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(save, [cast.carol, cast.root] * 4)) == {200}
    listed = cast.root.get("/targets?per_page=200").get_json()["data"]
    assert len(listed) == 12
    assert len({one["value"] for one in listed}) == 1


def test_it_is_documented(cast: Cast) -> None:
    goods = product(cast)
    grid(cast.carol, {"user_id": cast.alice.id, "cells": {"2026-01": "100"}})
    cast.carol.made("/targets", target(user_id=cast.alice.id, product_id=goods))
    document = cast.alice.get("/openapi.json").get_json()
    for template, path in (
        ("/targets", "/targets"),
        ("/targets/{id}", "/targets/1"),
        ("/targets/attainment", "/targets/attainment?year=2026"),
        ("/targets/attainment", f"/targets/attainment?year=2026&measure=won_count&product_id={goods}"),
    ):
        operation = document["paths"][f"/api/v1{template}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        whole = Draft202012Validator({**schema, "components": document["components"]})
        for who in (cast.alice, cast.root):
            answer = who.get(path)
            assert answer.status_code == 200, path
            assert [fault.message for fault in whole.iter_errors(answer.get_json())] == [], path

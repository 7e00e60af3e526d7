"""Targets and attainment in the forecast and on the leaderboard: whose, over which months, in which currency."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from app.auth.models import User
from app.database import db
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import WON, deal, product
from .reading import by_key, listed, report, walk
from .test_leaderboard import path_of

YEAR = "?from=2024-01-01&to=2024-12-31"


def put(
    who: Member, cells: dict[str, str | None], *, user: Member | None = None, team: int | None = None, **more: Any
) -> None:
    """Set targets of 2024."""
    row = {"user_id": user.id if user else None, "team_id": team, "cells": cells}
    answer = who.put("/targets/grid", {"year": 2024, "measure": "won_amount", "rows": [row], **more})
    assert answer.status_code == 200, answer.get_data(as_text=True)


def won(cast: Cast, owner: Member, closed_on: str, amount: str, **more: Any) -> None:
    """A deal that was won some day."""
    deal(cast.root, owner_id=owner.id, stage_id=WON, closed_on=closed_on, amount=amount, **more)


def goals(who: Member, path: str, query: str = YEAR) -> dict[Any, tuple[Any, ...]]:
    """Target and attainment of each row by its label, and of all."""
    found = report(who, path, query)
    rows = {row["label"]: (row["target"], row["attainment"]) for row in found["rows"]}
    return {**rows, "all": (found["totals"]["target"], found["totals"]["attainment"])}


def test_months_of_the_forecast(cast: Cast) -> None:
    put(cast.carol, {"2024-01": "1000", "2024-02": "500"}, user=cast.alice)
    put(cast.carol, {"2024-01": "600"}, user=cast.bob)
    won(cast, cast.alice, "2024-01-31", "1200.50")
    won(cast, cast.bob, "2024-03-01", "50")
    deal(cast.alice, amount="7", expected_close_on="2090-01-01")
    found = report(cast.carol, "forecast")
    assert {row["key"]: (row["won_amount"], row["target"], row["attainment"]) for row in found["rows"]} == {
        "2024-01": ("1200.50", "1600.00", 0.7503),
        # A month with a target stands there before anything happens in it.
        "2024-02": ("0.00", "500.00", 0.0),
        "2024-03": ("50.00", None, None),
        "2090-01": ("0.00", None, None),
    }
    assert (found["totals"]["target"], found["totals"]["attainment"]) == ("2100.00", 0.5955)
    assert walk(cast.carol, found)
    january = by_key(found)["2024-01"]["filters"]
    assert january["attainment"] == january["won_amount"]
    assert "Attainment = won amount / target" in found["meta"]["definition"]
    assert (
        "完成率 = 赢单金额 / 目标"
        in report(cast.carol, "forecast", headers={"Accept-Language": "zh"})["meta"]["definition"]
    )


def test_owners_of_the_leaderboard(cast: Cast) -> None:
    put(cast.carol, {"2024-01": "1000", "2024-02": "500"}, user=cast.alice)
    put(cast.carol, {"2024-Q1": "600"}, user=cast.bob)
    put(cast.root, {"2024": "0"}, user=cast.mallory)
    won(cast, cast.alice, "2024-01-31", "1200")
    won(cast, cast.mallory, "2024-01-31", "5")
    everybody = {
        "Alice": ("1500.00", 0.8),
        "Mallory": ("0.00", None),
        "Bob": ("600.00", 0.0),
        "all": ("2100.00", 0.5738),
    }
    assert goals(cast.root, "leaderboard") == everybody
    found = report(cast.root, "leaderboard", YEAR)
    assert [(row["label"], row["rank"]) for row in found["rows"]] == [("Alice", 1), ("Mallory", 2), ("Bob", 3)]
    assert walk(cast.root, found, path_of)
    assert goals(cast.root, "leaderboard", "?from=2024-02-01&to=2024-02-29") == {
        "Alice": ("500.00", 0.0),
        "Bob": ("200.00", 0.0),
        "all": ("700.00", 0.0),
    }
    assert goals(cast.root, "leaderboard", "?from=2025-01-01") == {"all": (None, None)}
    assert goals(cast.root, "leaderboard", f"?owner_id={cast.bob.id}") == {
        "Bob": ("600.00", 0.0),
        "all": ("600.00", 0.0),
    }
    south = goals(cast.root, "leaderboard", f"?team_id={cast.south}")
    assert south == {"Mallory": ("0.00", None), "all": ("0.00", None)}
    nobody = f"?team_id={cast.south}&owner_id={cast.bob.id}"
    assert goals(cast.root, "leaderboard", nobody) == {"all": (None, None)}


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("", "1260.00"),
        ("?from=2024-01-01&to=2024-12-31", "1260.00"),
        # A month counts whole, also where the period cuts it: so it is for the month that is not over yet.
        ("?from=2024-01-01&to=2024-01-02", "100.00"),
        ("?from=2024-01-31&to=2024-02-01", "140.00"),
        ("?from=2024-01-01&to=2024-03-31", "180.00"),
        ("?from=2024-04-01&to=2024-06-30", "360.00"),
        ("?from=2024-05-15&to=2024-08-15", "480.00"),
        ("?to=2023-12-31", None),
        ("?from=2023-02-01&to=2024-01-31", "100.00"),
    ],
)
def test_the_months_of_a_period(cast: Cast, query: str, target: str | None) -> None:
    # What is left of the quarter, and then of the year, goes to the months without a figure in equal parts.
    put(cast.carol, {"2024-01": "100", "2024-Q1": "180", "2024": "1260"}, user=cast.alice)
    for path in ("forecast", "leaderboard"):
        assert report(cast.carol, path, query)["totals"]["target"] == target
    rows = {row["key"]: row["target"] for row in report(cast.alice, "forecast", query)["rows"]}
    expected = {f"2024-{month:02d}": "120.00" for month in range(1, 13)}
    expected |= {"2024-01": "100.00", "2024-02": "40.00", "2024-03": "40.00"}
    assert rows.items() <= expected.items()
    assert (not rows) == (target is None)


def test_a_team_goes_by_its_own_figure(cast: Cast) -> None:
    put(cast.carol, {"2024-01": "100"}, user=cast.alice)
    put(cast.carol, {"2024-02": "60"}, user=cast.bob)
    put(cast.root, {"2024-01": "7"}, user=cast.mallory)
    north = f"{YEAR}&team_id={cast.north}"
    assert goals(cast.carol, "leaderboard", north)["all"] == ("160.00", 0.0)
    put(cast.root, {"2024-Q1": "300"}, team=cast.north)
    for path in ("leaderboard", "forecast"):
        assert goals(cast.carol, path, north)["all"] == ("300.00", 0.0)
        assert goals(cast.carol, path)["all"] == ("300.00", 0.0)
        assert goals(cast.root, path)["all"] == ("307.00", 0.0)
    assert goals(cast.carol, "forecast")["2024-02"] == ("100.00", 0.0)
    # The deals of a team are without those of the teams below it, so its figure, which is with them, says nothing.
    assert cast.root.patch(f"/teams/{cast.south}", {"parent_id": cast.north}).status_code == 200
    assert goals(cast.root, "forecast", north)["all"] == ("160.00", 0.0)
    assert goals(cast.root, "forecast")["all"] == ("300.00", 0.0)
    assert goals(cast.root, "forecast", f"{YEAR}&team_id={cast.south}")["all"] == ("7.00", 0.0)


def test_a_target_is_seen_by_oneself_and_above(cast: Cast) -> None:
    for who, figure in ((cast.alice, "1"), (cast.bob, "20"), (cast.carol, "300"), (cast.mallory, "4000")):
        put(cast.root, {"2024-01": figure}, user=who)
    put(cast.root, {"2024-01": "50000"}, team=cast.north)
    # Everybody stands on the board of everybody, so that nothing is hidden by a row that lacks.
    for who in (cast.alice, cast.bob, cast.carol, cast.mallory):
        collaborators = [{"user_id": one.id, "access": "read"} for one in cast.everybody() if one.id != who.id]
        won(cast, who, "2024-01-01", "10", collaborators=collaborators)
    expected: dict[str, dict[str, str | None]] = {
        "alice": {"Alice": "1.00", "Bob": None, "Carol": None, "Mallory": None, "all": "1.00"},
        "bob": {"Alice": None, "Bob": "20.00", "Carol": None, "Mallory": None, "all": "20.00"},
        "carol": {"Alice": "1.00", "Bob": "20.00", "Carol": "300.00", "Mallory": None, "all": "50000.00"},
        "mallory": {"Alice": None, "Bob": None, "Carol": None, "Mallory": "4000.00", "all": "4000.00"},
        "vera": {"Alice": "1.00", "Bob": "20.00", "Carol": "300.00", "Mallory": "4000.00", "all": "54000.00"},
        "root": {"Alice": "1.00", "Bob": "20.00", "Carol": "300.00", "Mallory": "4000.00", "all": "54000.00"},
    }
    for who in cast.everybody():
        board = goals(who, "leaderboard")
        assert {name: target for name, (target, _) in board.items()} == expected[who.name], who.name
        readable = {one["user_id"]: one["value"] for one in listed(who, "targets", "") if one["user_id"]}
        shown = [row for row in report(who, "leaderboard", YEAR)["rows"] if row["target"] is not None]
        assert {row["key"]: row["target"] for row in shown} == readable
        assert goals(who, "forecast")["all"][0] == expected[who.name]["all"]
        # Asking for somebody else by name shows no more.
        for other in (cast.alice, cast.bob, cast.carol, cast.mallory):
            wanted = expected[who.name][other.name.capitalize()]
            for path in ("forecast", "leaderboard"):
                assert goals(who, path, f"{YEAR}&owner_id={other.id}")["all"][0] == wanted
    # Of the team that she is in, a seller's report shows what she sees the deals of.
    assert goals(cast.alice, "forecast", f"{YEAR}&team_id={cast.north}")["all"][0] == "1.00"
    assert goals(cast.mallory, "forecast", f"{YEAR}&team_id={cast.north}")["all"][0] is None


def test_only_whole_won_amounts_count(cast: Cast) -> None:
    put(cast.carol, {"2024-01": "5"}, user=cast.alice, measure="won_count")
    put(cast.carol, {"2024-01": "9"}, user=cast.alice, product_id=product(cast))
    assert goals(cast.alice, "leaderboard") == {"all": (None, None)}
    put(cast.carol, {"2024-01": "70"}, user=cast.alice)
    assert goals(cast.alice, "leaderboard")["Alice"] == ("70.00", 0.0)
    # Nobody says what of it is to come from one pipeline.
    for path in ("leaderboard", "forecast"):
        assert goals(cast.alice, path, f"{YEAR}&pipeline_id=1") == {"all": (None, None)}


def test_who_has_left_and_who_is_in_no_team(cast: Cast) -> None:
    put(cast.root, {"2024": "20"}, user=cast.bob)
    put(cast.root, {"2024": "30"}, user=cast.vera)
    with unit_of_work():
        db.session.get_one(User, cast.bob.id).is_active = False
    assert goals(cast.root, "leaderboard") == {"Bob": ("20.00", 0.0), "Vera": ("30.00", 0.0), "all": ("50.00", 0.0)}


def test_currencies(cast: Cast) -> None:
    put(cast.carol, {"2024-01": "1000", "2024-02": "100"}, user=cast.alice, currency="USD")
    put(cast.carol, {"2024-01": "700"}, user=cast.bob)
    won(cast, cast.alice, "2024-01-15", "7100")
    won(cast, cast.alice, "2024-01-20", "500", currency="USD")
    # Without a rate dollars stand apart and are never added.
    found = report(cast.carol, "leaderboard", YEAR)
    rows = {row["label"]: row for row in found["rows"]}
    assert (rows["Alice"]["target"], rows["Alice"]["attainment"]) == (None, None)
    assert rows["Alice"]["other_targets"] == [{"currency": "USD", "amount": "1100.00"}]
    assert found["totals"]["target"] == "700.00"
    assert found["totals"]["other_targets"] == [{"currency": "USD", "amount": "1100.00"}]
    forecast = by_key(report(cast.carol, "forecast", YEAR))
    assert forecast["2024-02"]["other_targets"] == [{"currency": "USD", "amount": "100.00"}]
    for day, rate in (("2024-01-01", "7"), ("2024-01-10", "8"), ("2024-02-01", "7.123456")):
        cast.root.made("/exchange-rates", {"currency": "USD", "valid_on": day, "rate": rate})
    # The target at the rate of its first day, what was won at that of the closing date.
    found = report(cast.carol, "leaderboard", YEAR)
    rows = {row["label"]: row for row in found["rows"]}
    assert (rows["Alice"]["won_amount"], rows["Alice"]["target"]) == ("11100.00", "7712.35")
    assert rows["Alice"]["attainment"] == round(11100 / 7712.35, 4)
    assert (found["totals"]["target"], found["totals"]["other_targets"]) == ("8412.35", [])
    assert found["meta"]["converted"] == ["USD"]
    dollars = {row["label"]: row for row in report(cast.carol, "leaderboard", f"{YEAR}&currency=USD")["rows"]}
    assert (dollars["Alice"]["target"], dollars["Bob"]["target"]) == ("1100.00", "100.00")
    assert dollars["Alice"]["won_amount"] == "1387.50"


def test_the_currency_of_targets_speaks_where_there_is_no_deal(cast: Cast) -> None:
    put(cast.carol, {"2024-01": "1000"}, user=cast.alice, currency="USD")
    for path in ("leaderboard", "forecast"):
        found = report(cast.carol, path, YEAR)
        assert (found["meta"]["currency"], found["totals"]["target"]) == ("USD", "1000.00")


def test_a_report_is_never_older_than_the_targets(cast: Cast) -> None:
    month = {"period": "month", "period_on": "2024-01-01", "measure": "won_amount"}
    made = cast.root.made("/targets", {"user_id": cast.alice.id, "value": "5", **month})

    def shown() -> set[tuple[Any, ...]]:
        return {goals(who, path)["all"] for who in (cast.alice, cast.root) for path in ("leaderboard", "forecast")}

    assert shown() == shown() == {("5.00", 0.0)}
    cast.root.patch(f"/targets/{made['id']}", {"value": "6"})
    assert shown() == {("6.00", 0.0)}
    put(cast.carol, {"2024-02": "4"}, user=cast.alice)
    assert shown() == {("10.00", 0.0)}
    cast.root.delete(f"/targets/{made['id']}")
    assert shown() == {("4.00", 0.0)}
    assert cast.root.post(f"/targets/{made['id']}/restore").status_code == 200
    assert shown() == {("10.00", 0.0)}
    won(cast, cast.alice, "2024-02-01", "5")
    assert shown() == {("10.00", 0.5)}


def test_files(cast: Cast) -> None:
    put(cast.carol, {"2024-01": "1000"}, user=cast.alice)
    won(cast, cast.alice, "2024-01-31", "1250")
    for path, language, names in (
        ("forecast", "en", ("Target", "Attainment")),
        ("leaderboard", "zh-CN", ("目标", "完成率")),
    ):
        answer = cast.carol.get(f"/reports/{path}{YEAR}&format=csv", headers={"Accept-Language": language})
        rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
        assert [[row[name] for name in names] for row in rows] == [["1000.00", "1.25"]] * 2
        assert cast.carol.get(f"/reports/{path}{YEAR}&format=xlsx").status_code == 200


def test_how_many_statements(app: CRM, cast: Cast) -> None:
    for who in (cast.alice, cast.bob, cast.mallory):
        put(cast.root, {"2024-01": "1"}, user=who)
    for path in ("forecast", "leaderboard"):
        with counted(app) as counter:
            report(cast.root, path)
        # Who asks, whether anything was written, the figures, the targets, the teams.
        assert len(counter.statements) == 5

"""The leaderboard: owners by what they won, with what they did for it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from app.customer.models import Customer
from app.database import db
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast
from ..conftest import counted
from ..deal.selling import LOST, OPEN, WON, customer, deal
from ..faults import issues
from .reading import listed, report, walk, without_filters

FIGURES = ("rank", "won_count", "lost_count", "win_rate", "won_amount", "contact_count", "new_customers")
PATHS = {"contact_count": "contacts", "new_customers": "customers"}


def board(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(row["label"], *(row[name] for name in FIGURES)) for row in found["rows"]]


def path_of(name: str) -> str:
    return PATHS.get(name, "deals")


def scene(cast: Cast) -> None:
    """Mallory wins most, Alice and Bob the same; Bob loses one; Carol only calls."""
    for who, stage, closed, amount in (
        (cast.alice, WON, "2026-02-10", "100"),
        (cast.alice, WON, "2026-03-10", "200.50"),
        (cast.bob, WON, "2026-02-11", "300.50"),
        (cast.bob, LOST, "2026-02-12", "7"),
        (cast.mallory, WON, "2026-03-01", "1000"),
    ):
        deal(cast.root, stage_id=stage, closed_on=closed, amount=amount, owner_id=who.id)
    deal(cast.alice, stage_id=OPEN, amount="5")
    one = customer(cast.alice)
    cast.root.made("/customers", {"name": "Free", "owner_id": None})
    for who, at in ((cast.alice, "2026-02-10"), (cast.carol, "2026-03-10"), (cast.carol, "2026-03-11")):
        cast.root.made(
            "/contacts", {"customer_id": one, "kind": "call", "user_id": who.id, "occurred_at": f"{at}T04:00:00Z"}
        )
    with unit_of_work():
        db.session.execute(update(Customer).values(created_at=datetime(2026, 2, 28, 16, tzinfo=UTC)))


def test_nothing_is_nothing(cast: Cast) -> None:
    found = report(cast.alice, "leaderboard")
    assert found["rows"] == []
    assert without_filters(found["totals"]) == {
        "won_count": 0,
        "lost_count": 0,
        "win_rate": None,
        "won_amount": "0.00",
        "other_amounts": [],
        "contact_count": 0,
        "new_customers": 0,
        "target": None,
        "attainment": None,
        "other_targets": [],
    }


def test_figures_by_hand(cast: Cast) -> None:
    scene(cast)
    found = report(cast.root, "leaderboard")
    assert board(found) == [
        ("Mallory", 1, 1, 0, 1.0, "1000.00", 0, 0),
        ("Alice", 2, 2, 0, 1.0, "300.50", 1, 1),
        ("Bob", 2, 1, 1, 0.5, "300.50", 0, 0),
        ("Carol", 4, 0, 0, None, "0.00", 2, 0),
        ("Pool", None, 0, 0, None, "0.00", 0, 1),
    ]
    totals = found["totals"]
    assert [totals[name] for name in FIGURES[1:]] == [4, 1, 0.8, "1601.00", 3, 2]
    assert walk(cast.root, found, path_of) == 29
    # The first of March in the cast's zone.
    assert board(report(cast.root, "leaderboard", "?from=2026-02-01&to=2026-02-28")) == [
        ("Bob", 1, 1, 1, 0.5, "300.50", 0, 0),
        ("Alice", 2, 1, 0, 1.0, "100.00", 1, 0),
    ]


@pytest.mark.parametrize(
    "query", ["?from=2026-03-01", "?team_id={north}", "?owner_id={alice}", "?pipeline_id=1&currency=USD&to=2026-03-01"]
)
def test_every_figure_opens_its_list(cast: Cast, query: str) -> None:
    scene(cast)
    deal(cast.root, stage_id=WON, closed_on="2026-02-10", amount="9", owner_id=cast.alice.id, currency="USD")
    for who in (cast.carol, cast.root):
        found = report(who, "leaderboard", query.format(north=cast.north, alice=cast.alice.id))
        assert walk(who, found, path_of)
        for row in found["rows"]:
            if "win_rate" in row["filters"]:
                assert len(listed(who, "deals", row["filters"]["win_rate"])) == row["won_count"] + row["lost_count"]


def test_currencies_are_never_added(cast: Cast) -> None:
    scene(cast)
    deal(cast.root, stage_id=WON, closed_on="2026-02-10", amount="9999", owner_id=cast.alice.id, currency="USD")
    found = report(cast.root, "leaderboard")
    alice = found["rows"][1]
    assert (alice["rank"], alice["won_count"], alice["won_amount"]) == (2, 3, "300.50")
    assert alice["other_amounts"] == [
        {"currency": "USD", "count": 1, "amount": "9999.00", "weighted_amount": "9999.00"}
    ]
    cast.root.made("/exchange-rates", {"currency": "USD", "valid_on": "2020-01-01", "rate": "7"})
    converted = report(cast.root, "leaderboard")
    assert (converted["rows"][0]["label"], converted["rows"][0]["won_amount"]) == ("Alice", "70293.50")
    assert converted["meta"]["converted"] == ["USD"]


def test_as_of(cast: Cast) -> None:
    scene(cast)
    found = report(cast.root, "leaderboard", "?as_of=2026-02-10")
    assert [(row["label"], row["won_amount"]) for row in found["rows"] if row["won_count"]] == [("Alice", "100.00")]
    assert walk(cast.root, found, path_of)


def test_everybody_sees_the_own_part(cast: Cast) -> None:
    scene(cast)
    found = {who.name: [row["label"] for row in report(who, "leaderboard")["rows"]] for who in cast.everybody()}
    everybody = ["Mallory", "Alice", "Bob", "Carol", "Pool"]
    assert found == {
        # Her customer's contact records are in her sight, whoever wrote them; so is the pool.
        "alice": ["Alice", "Carol", "Pool"],
        "bob": ["Bob", "Pool"],
        "carol": ["Alice", "Bob", "Carol", "Pool"],
        "mallory": ["Mallory", "Pool"],
        "vera": everybody,
        "root": everybody,
    }


def test_files(cast: Cast) -> None:
    scene(cast)
    text = cast.root.get("/reports/leaderboard?format=csv").get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    heads = ["Rank", "Group", "Won amount", "Target", "Attainment", "Won", "Lost", "Win rate", "Activities"]
    assert rows[0] == [*heads, "New customers"]
    assert rows[1] == ["1", "Mallory", "1000.00", "", "", "1", "0", "1.0", "0", "0"]
    assert rows[-1] == ["", "Total", "1601.00", "", "", "4", "1", "0.8", "3", "2"]


def test_what_is_refused(cast: Cast) -> None:
    assert issues(cast.alice.get("/reports/leaderboard?from=2026-02-01&to=2026-01-01")) == {"to": "before_from"}


def test_how_many_statements(app: CRM, cast: Cast) -> None:
    scene(cast)
    with counted(app) as counter:
        report(cast.root, "leaderboard")
    # Who asks, whether anything was written, the figures, the targets.
    assert len(counter.statements) <= 4

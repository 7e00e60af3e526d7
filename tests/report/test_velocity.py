"""The velocity: days from opening to closing, won and lost apart."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.routing import CRM

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import LOST, WON, deal
from ..faults import issues

NAMES = ("cycle_count", "mean", "median", "p90")


def velocity(who: Member, query: str = "") -> dict[str, Any]:
    """The report as this person gets it."""
    answer = who.get(f"/reports/velocity{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def measures(row: dict[str, Any], end: str) -> tuple[Any, ...]:
    """Count, mean, median and 90th percentile of one end."""
    return (
        row[f"{end}_cycle_count"],
        row[f"mean_{end}_cycle_days"],
        row[f"median_{end}_cycle_days"],
        row[f"p90_{end}_cycle_days"],
    )


def percentile(values: list[int], share: float) -> float:
    """By linear interpolation between the two neighbours."""
    values = sorted(values)
    way = (len(values) - 1) * share
    below = int(way + 1e-9)
    above = min(below + 1, len(values) - 1)
    return round(values[below] + (values[above] - values[below]) * (way - below), 6)


def story(cast: Cast) -> None:
    """Cycles of 10, 20, 40 days won and 5 lost in February, 7 won and 1, 2 lost in March."""
    for stage, opened, closed, who in (
        (WON, "2026-01-22", "2026-02-01", cast.alice),
        (WON, "2026-01-22", "2026-02-11", cast.alice),
        (WON, "2026-01-19", "2026-02-28", cast.bob),
        (LOST, "2026-02-05", "2026-02-10", cast.alice),
        (WON, "2026-03-01", "2026-03-08", cast.bob),
        (LOST, "2026-03-01", "2026-03-02", cast.bob),
        (LOST, "2026-03-01", "2026-03-03", cast.bob),
    ):
        deal(cast.root, stage_id=stage, opened_on=opened, closed_on=closed, owner_id=who.id)
    deal(cast.root, stage_id=WON, closed_on="2026-02-02", owner_id=cast.alice.id)
    deal(cast.root, opened_on="2026-01-01", owner_id=cast.alice.id)


def test_figures_by_hand(cast: Cast) -> None:
    story(cast)
    found = velocity(cast.carol)
    assert [row["key"] for row in found["rows"]] == ["2026-02", "2026-03"]
    february, march = found["rows"]
    # 20 + 0.8 x (40 - 20)
    assert measures(february, "won") == (3, 23.33, 20.0, 36.0)
    assert measures(february, "lost") == (1, 5.0, 5.0, 5.0)
    assert measures(march, "won") == (1, 7.0, 7.0, 7.0)
    assert measures(march, "lost") == (2, 1.5, 1.5, 1.9)
    # 7, 10, 20, 40 and 1, 2, 5: 20 + 0.7 x 20, 2 + 0.8 x 3
    assert measures(found["totals"], "won") == (4, 19.25, 15.0, 34.0)
    assert measures(found["totals"], "lost") == (3, 2.67, 2.0, 4.4)
    assert found["meta"]["definition"].startswith("Cycle = closing date - opening date")


def test_by_owner(cast: Cast) -> None:
    story(cast)
    rows = velocity(cast.carol, "?group_by=owner&from=2026-02-01&to=2026-02-28")["rows"]
    assert [(row["key"], row["label"]) for row in rows] == [(cast.alice.id, "Alice"), (cast.bob.id, "Bob")]
    assert measures(rows[0], "won") == (2, 15.0, 15.0, 19.0)
    assert measures(rows[1], "won") == (1, 40.0, 40.0, 40.0)
    assert measures(rows[1], "lost") == (0, None, None, None)


def test_nothing_is_nothing(cast: Cast) -> None:
    found = velocity(cast.alice)
    assert found["rows"] == []
    assert measures(found["totals"], "won") == (0, None, None, None)


def test_every_figure_opens_its_deals(cast: Cast) -> None:
    story(cast)
    for query in (
        "?",
        "?from=2026-02-10&to=2026-03-02",
        "?from=2026-02-11&as_of=2026-03-02",
        f"?owner_id={cast.bob.id}",
    ):
        for group_by in ("month", "owner"):
            for row in velocity(cast.carol, f"{query}&group_by={group_by}".replace("?&", "?"))["rows"]:
                for end in ("won", "lost"):
                    for name in (f"{end}_cycle_count", f"p90_{end}_cycle_days"):
                        listed = cast.carol.get(f"/deals?per_page=1&{row['filters'][name]}").get_json()
                        assert listed["meta"]["total"] == row[f"{end}_cycle_count"], (query, row["label"], end)


def test_who_sees_what(cast: Cast) -> None:
    story(cast)
    counts = {who.name: velocity(who)["totals"]["won_cycle_count"] for who in cast.everybody()}
    assert counts == {"alice": 2, "bob": 2, "carol": 4, "mallory": 0, "vera": 4, "root": 4}
    assert velocity(cast.root, "?as_of=2026-02-11")["totals"]["won_cycle_count"] == 2
    assert cast.alice.get("/reports/velocity", headers={"Authorization": "Bearer x"}).status_code == 401


def test_what_is_refused(cast: Cast) -> None:
    assert issues(cast.alice.get("/reports/velocity?group_by=team&from=x")) == {
        "group_by": "not_allowed",
        "from": "date",
    }


def test_one_statement(app: CRM, cast: Cast) -> None:
    story(cast)
    velocity(cast.carol, "?group_by=owner")
    with counted(app) as counter:
        velocity(cast.carol)
    # The others ask whether who asks is still good, and whether the kept answer is.
    assert len(counter.statements) <= 3


@pytest.mark.parametrize("seed", range(2))
def test_percentiles_are_those_of_a_plain_recount(cast: Cast, seed: int) -> None:
    chance = random.Random(seed)
    told: dict[tuple[str, str], list[int]] = {}
    for _ in range(40):
        stage, end = chance.choice(((WON, "won"), (LOST, "lost")))
        opened, closed = chance.randrange(1, 15), chance.randrange(15, 29)
        month = chance.choice(("2026-01", "2026-02"))
        deal(cast.root, stage_id=stage, opened_on=f"{month}-{opened:02d}", closed_on=f"{month}-{closed:02d}")
        told.setdefault((month, end), []).append(closed - opened)
    found = velocity(cast.root)
    for row in found["rows"]:
        for end in ("won", "lost"):
            cycles = told.get((row["key"], end), [])
            assert measures(row, end) == expected(cycles)
    for end in ("won", "lost"):
        together = [one for (_, other), cycles in told.items() if other == end for one in cycles]
        assert measures(found["totals"], end) == expected(together)


def expected(cycles: list[int]) -> tuple[Any, ...]:
    """The measures of some cycles."""
    if not cycles:
        return 0, None, None, None
    mean = round(sum(cycles) / len(cycles), 2)
    return len(cycles), mean, percentile(cycles, 0.5), percentile(cycles, 0.9)


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=30))
def test_the_recount_itself_keeps_between_its_neighbours(cycles: list[int]) -> None:
    median, ninth = percentile(cycles, 0.5), percentile(cycles, 0.9)
    assert min(cycles) <= median <= ninth <= max(cycles)
    assert sum(one <= ninth for one in cycles) >= 0.9 * len(cycles) - 1

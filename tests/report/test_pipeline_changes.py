"""The waterfall: its bars add up to the difference of two days, and each opens the deals that it is made of."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from app.database import db
from app.deal.models import DealPeriod
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import LOST, WON, deal, lost_for
from ..faults import issues
from .history import at, random_history, some_day

KINDS = [
    "start",
    "opened",
    "reopened",
    "grew",
    "shrank",
    "slipped",
    "won",
    "lost",
    "removed",
    "joined",
    "revalued",
    "end",
]
BRINGS = {"start": 1, "opened": 1, "reopened": 1, "joined": 1, "won": -1, "lost": -1, "removed": -1}


def changes(who: Member, first: str, last: str, more: str = "") -> dict[str, Any]:
    """The report as this person gets it."""
    answer = who.get(f"/reports/pipeline/changes?from={first}&to={last}{more}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def bars(found: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """Count and amount of the bars that are not empty."""
    return {
        row["key"]: (row["count"], row["amount"]) for row in found["rows"] if row["count"] or row["amount"] != "0.00"
    }


def story(cast: Cast) -> None:
    """Each kind of change once between 1 and 31 March 2026, one deal that stays, one that is opened and won there."""
    stays = deal(cast.alice, "stays", amount="1000")["id"]
    at(stays, "2026-02-01")
    opened = deal(cast.alice, "opened", amount="10")["id"]
    at(opened, "2026-03-05")
    reopened = deal(cast.alice, "reopened", amount="20")["id"]
    lost_for(cast.alice, reopened)
    cast.alice.post(f"/deals/{reopened}/reopen")
    at(reopened, "2026-02-01", "2026-02-02", "2026-03-31")
    grew = deal(cast.alice, "grew", amount="30", expected_close_on="2026-03-31")["id"]
    cast.alice.patch(f"/deals/{grew}", {"amount": "35.50", "expected_close_on": "2026-04-01"})
    at(grew, "2026-02-01", "2026-03-01")
    shrank = deal(cast.alice, "shrank", amount="40", expected_close_on="2026-02-28")["id"]
    cast.alice.patch(f"/deals/{shrank}", {"amount": "1", "expected_close_on": "2026-05-01"})
    at(shrank, "2026-02-28", "2026-03-31")
    won = deal(cast.alice, "won", amount="50")["id"]
    cast.alice.post(f"/deals/{won}/win")
    at(won, "2026-02-01", "2026-03-31")
    lost = deal(cast.alice, "lost", amount="60.25")["id"]
    lost_for(cast.alice, lost)
    at(lost, "2026-02-01", "2026-03-31")
    removed = deal(cast.alice, "removed", amount="70")["id"]
    cast.alice.delete(f"/deals/{removed}")
    at(removed, "2026-02-01", "2026-03-31")
    joined = deal(cast.alice, "joined", amount="80")["id"]
    cast.alice.delete(f"/deals/{joined}")
    cast.alice.post(f"/deals/{joined}/restore")
    at(joined, "2026-02-01", "2026-02-10", "2026-03-10")
    within = deal(cast.alice, "within", amount="90")["id"]
    cast.alice.post(f"/deals/{within}/win")
    at(within, "2026-03-02", "2026-03-30")
    cast.alice.made("/deals", {"name": "later", "amount": "5"})


def test_figures_by_hand(cast: Cast) -> None:
    story(cast)
    found = changes(cast.alice, "2026-03-01", "2026-03-31")
    assert [row["key"] for row in found["rows"]] == KINDS
    assert bars(found) == {
        "start": (6, "1250.25"),
        "opened": (2, "100.00"),
        "reopened": (1, "20.00"),
        "grew": (1, "5.50"),
        "shrank": (1, "-39.00"),
        "slipped": (1, "0.00"),
        "won": (2, "-140.00"),
        "lost": (1, "-60.25"),
        "removed": (1, "-70.00"),
        "joined": (1, "80.00"),
        "end": (6, "1146.50"),
    }
    rows = {row["key"]: row for row in found["rows"]}
    # The one whose expected date lay within the period, with its amount at the end.
    assert (rows["slipped"]["moved_amount"], rows["grew"]["moved_amount"]) == ("35.50", None)
    assert rows["won"] == {
        "key": "won",
        "label": "Won",
        "count": 2,
        "amount": "-140.00",
        "moved_amount": None,
        "other_amounts": [],
        "filters": {
            "count": "change=won%2C2026-03-01%2C2026-03-31",
            "amount": "change=won%2C2026-03-01%2C2026-03-31",
        },
    }
    assert found["totals"] == {
        "label": "Difference",
        "count": 0,
        "amount": "-103.75",
        "moved_amount": "35.50",
        "other_amounts": [],
    }
    assert (found["meta"]["from"], found["meta"]["to"]) == ("2026-03-01", "2026-03-31")
    # The end of 31 March in Shanghai.
    assert found["meta"]["as_of"] == "2026-03-31T15:59:59.999999Z"
    assert found["meta"]["definition"].startswith("Open deals at the end of the day before")


def names(who: Member, query: str) -> list[str]:
    """The names of the deals that a list shows, deleted ones of now too."""
    return sorted(one["name"] for one in who.get(f"/deals?per_page=200&{query}").get_json()["data"])


def test_every_bar_opens_its_deals(cast: Cast) -> None:
    story(cast)
    rows = {row["key"]: row for row in changes(cast.alice, "2026-03-01", "2026-03-31")["rows"]}
    for kind in ("opened", "reopened", "grew", "shrank", "won", "lost", "removed", "joined"):
        listed = sorted([kind, "within"]) if kind in ("opened", "won") else [kind]
        assert names(cast.alice, rows[kind]["filters"]["count"]) == listed
        assert names(cast.alice, rows[kind]["filters"]["amount"]) == listed
    assert names(cast.alice, rows["slipped"]["filters"]["moved_amount"]) == ["grew"]
    assert names(cast.alice, rows["start"]["filters"]["count"]) == [
        "grew",
        "lost",
        "removed",
        "shrank",
        "stays",
        "won",
    ]
    assert rows["revalued"]["filters"] == {}


def test_what_comes_and_goes_within_the_period_shows_in_both_bars(cast: Cast) -> None:
    lost = deal(cast.alice, "opened and lost", amount="7", currency="USD")["id"]
    cast.alice.patch(f"/deals/{lost}", {"amount": "9"})
    lost_for(cast.alice, lost)
    at(lost, "2026-03-02", "2026-03-03", "2026-03-04")
    regained = deal(cast.alice, "lost, then won", amount="20")["id"]
    lost_for(cast.alice, regained)
    cast.alice.post(f"/deals/{regained}/reopen")
    cast.alice.post(f"/deals/{regained}/win")
    at(regained, "2026-02-01", "2026-02-02", "2026-03-02", "2026-03-03")
    given = deal(cast.alice, "given and won", amount="3")["id"]
    cast.carol.patch(f"/deals/{given}", {"owner_id": cast.bob.id})
    cast.bob.post(f"/deals/{given}/win")
    at(given, "2026-02-01", "2026-03-02", "2026-03-03")
    undone = deal(cast.alice, "opened by mistake", amount="1")["id"]
    cast.alice.delete(f"/deals/{undone}")
    at(undone, "2026-03-02", "2026-03-03")
    still = deal(cast.alice, "won before, given away since", amount="5")["id"]
    cast.alice.post(f"/deals/{still}/win")
    cast.carol.patch(f"/deals/{still}", {"owner_id": cast.bob.id})
    at(still, "2026-02-01", "2026-02-02", "2026-03-03")
    cast.root.put("/exchange-rates", {"rates": [{"currency": "USD", "valid_on": "2026-01-01", "rate": "7"}]})
    march = "2026-03-01", "2026-03-31"
    found = changes(cast.carol, *march)
    assert bars(found) == {
        "start": (1, "3.00"),
        "opened": (1, "63.00"),
        "reopened": (1, "20.00"),
        "won": (2, "-23.00"),
        "lost": (1, "-63.00"),
    }
    rows = {row["key"]: row for row in found["rows"]}
    assert names(cast.carol, rows["opened"]["filters"]["count"]) == ["opened and lost"]
    assert names(cast.carol, rows["reopened"]["filters"]["count"]) == ["lost, then won"]
    assert names(cast.carol, rows["won"]["filters"]["amount"]) == ["given and won", "lost, then won"]
    assert bars(changes(cast.carol, *march, f"&owner_id={cast.bob.id}")) == {
        "joined": (1, "3.00"),
        "won": (1, "-3.00"),
    }


def test_bounds_are_days_of_the_readers_zone(cast: Cast) -> None:
    one = deal(cast.alice, amount="1")["id"]
    with unit_of_work():
        midnight = datetime(2026, 3, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
        db.session.execute(update(DealPeriod).where(DealPeriod.deal_id == one).values(valid_from=midnight))
    assert bars(changes(cast.alice, "2026-03-01", "2026-03-01"))["opened"] == (1, "1.00")
    assert bars(changes(cast.alice, "2026-02-28", "2026-02-28")) == {}
    cast.alice.patch("/auth/me", {"time_zone": "UTC"})
    assert bars(changes(cast.alice, "2026-02-28", "2026-02-28"))["opened"] == (1, "1.00")


def test_history_counts_from_its_dates(cast: Cast) -> None:
    deal(cast.root, stage_id=WON, opened_on="2025-01-10", closed_on="2025-03-01", amount="7", owner_id=cast.alice.id)
    deal(cast.root, stage_id=LOST, opened_on="2025-02-10", closed_on="2025-02-20", amount="9")
    assert bars(changes(cast.root, "2025-02-01", "2025-02-28")) == {
        "start": (1, "7.00"),
        "opened": (1, "9.00"),
        "lost": (1, "-9.00"),
        "end": (1, "7.00"),
    }
    assert bars(changes(cast.root, "2025-01-01", "2025-01-31")) == {"opened": (1, "7.00"), "end": (1, "7.00")}
    assert bars(changes(cast.root, "2025-02-11", "2025-03-01")) == {
        "start": (2, "16.00"),
        "won": (1, "-7.00"),
        "lost": (1, "-9.00"),
    }


def test_who_leaves_the_filters_is_removed_and_who_comes_joins(cast: Cast) -> None:
    one = deal(cast.alice, amount="3")["id"]
    cast.carol.patch(f"/deals/{one}", {"owner_id": cast.bob.id})
    cast.carol.post(f"/deals/{one}/win")
    at(one, "2026-02-01", "2026-03-05", "2026-04-05")
    of = {who.id: f"&owner_id={who.id}" for who in (cast.alice, cast.bob)}
    march = "2026-03-01", "2026-03-31"
    assert bars(changes(cast.carol, *march, of[cast.alice.id])) == {"start": (1, "3.00"), "removed": (1, "-3.00")}
    assert bars(changes(cast.carol, *march, of[cast.bob.id])) == {"joined": (1, "3.00"), "end": (1, "3.00")}
    assert bars(changes(cast.carol, *march)) == {"start": (1, "3.00"), "end": (1, "3.00")}
    # Won as bob's: alice lost sight of it, the team won it.
    assert "removed" in bars(changes(cast.carol, "2026-03-01", "2026-04-30", of[cast.alice.id]))
    assert bars(changes(cast.carol, "2026-03-01", "2026-04-30", f"&team_id={cast.north}"))["won"] == (1, "-3.00")
    row = changes(cast.carol, *march, of[cast.bob.id])["rows"][KINDS.index("joined")]
    listed = cast.carol.get(f"/deals?{row['filters']['count']}").get_json()["data"]
    assert [found["id"] for found in listed] == [one]


def test_rates(cast: Cast) -> None:
    rates = [
        {"currency": "USD", "valid_on": "2026-01-01", "rate": "7"},
        {"currency": "USD", "valid_on": "2026-03-15", "rate": "7.3333"},
    ]
    assert cast.root.put("/exchange-rates", {"rates": rates}).status_code == 200
    stays = deal(cast.alice, amount="10.01", currency="USD")["id"]
    at(stays, "2026-02-01")
    grew = deal(cast.alice, amount="1", currency="USD")["id"]
    cast.alice.patch(f"/deals/{grew}", {"amount": "2"})
    at(grew, "2026-02-01", "2026-03-02")
    won = deal(cast.alice, amount="100", currency="USD")["id"]
    cast.alice.post(f"/deals/{won}/win")
    at(won, "2026-02-01", "2026-03-02")
    swapped = deal(cast.alice, amount="5", currency="USD")["id"]
    cast.alice.patch(f"/deals/{swapped}", {"amount": "6", "currency": "CNY"})
    at(swapped, "2026-02-01", "2026-03-02")
    unknown = deal(cast.alice, amount="8", currency="EUR")["id"]
    cast.alice.patch(f"/deals/{unknown}", {"amount": "9"})
    at(unknown, "2026-02-01", "2026-03-02")
    deal_without = deal(cast.alice, currency="USD")["id"]
    at(deal_without, "2026-02-01")
    found = changes(cast.alice, "2026-03-01", "2026-03-31")
    assert bars(found) == {
        # 116.01 x 7
        "start": (6, "812.07"),
        # 7.3333 and what came in yuan; the euro by one, apart
        "grew": (3, "13.33"),
        "shrank": (1, "-36.67"),
        "won": (1, "-733.33"),
        # 116.01 x 0.3333 = 38.666; with the rounding of the others 38.67
        "revalued": (4, "38.67"),
        # 12.01 x 7.3333 = 88.07 and 6 yuan
        "end": (5, "94.07"),
    }
    rows = {row["key"]: row for row in found["rows"]}
    assert rows["start"]["other_amounts"] == [{"currency": "EUR", "count": 1, "amount": "8.00"}]
    assert rows["grew"]["other_amounts"] == [{"currency": "EUR", "count": 1, "amount": "1.00"}]
    assert found["totals"]["other_amounts"] == [{"currency": "EUR", "count": 0, "amount": "1.00"}]
    assert "amount" not in rows["grew"]["filters"], "a part of it could not be converted"
    listed = cast.alice.get(f"/deals?{rows['revalued']['filters']['count']}").get_json()["data"]
    assert sorted(one["id"] for one in listed) == [stays, grew, won, swapped]
    assert (found["meta"]["currency"], found["meta"]["converted"]) == ("CNY", ["USD"])
    dollars = bars(changes(cast.alice, "2026-03-01", "2026-03-31", "&currency=USD"))
    assert dollars["won"] == (1, "-100.00")
    assert "revalued" not in dollars, "what stands in the currency shown keeps its worth"


def test_as_of_an_earlier_moment_ends_there(cast: Cast) -> None:
    story(cast)
    early = changes(cast.alice, "2026-03-01", "2026-03-31", "&as_of=2026-03-10")
    assert bars(early) == bars(changes(cast.alice, "2026-03-01", "2026-03-10"))
    for row in early["rows"]:
        if row["filters"]:
            assert len(names(cast.alice, row["filters"]["count"])) == row["count"], row["key"]
    late = changes(cast.alice, "2026-03-01", "2026-03-31", "&as_of=2026-04-10")
    assert bars(late) == bars(changes(cast.alice, "2026-03-01", "2026-03-31"))
    before = changes(cast.alice, "2026-03-01", "2026-03-31", "&as_of=2026-02-10")
    assert before["totals"]["amount"] == "0.00"


def test_nobody_sees_more_than_the_own_part(cast: Cast) -> None:
    story(cast)
    at(deal(cast.mallory, amount="1")["id"], "2026-03-03")
    counts = {}
    for who in cast.everybody():
        rows = changes(who, "2026-03-01", "2026-03-31")["rows"]
        counts[who.name] = (rows[0]["count"], rows[1]["count"])
    assert counts == {
        "alice": (6, 2),
        "bob": (0, 0),
        "carol": (6, 2),
        "mallory": (0, 1),
        "vera": (6, 3),
        "root": (6, 3),
    }
    assert cast.alice.get("/reports/pipeline/changes", headers={"Authorization": "Bearer x"}).status_code == 401


def test_what_is_refused(cast: Cast) -> None:
    path = "/reports/pipeline/changes"
    assert issues(cast.alice.get(path)) == {"from": "required", "to": "required"}
    assert issues(cast.alice.get(f"{path}?from=2026-02-30&to=x")) == {"from": "date", "to": "date"}
    assert issues(cast.alice.get(f"{path}?from=2026-03-02&to=2026-03-01")) == {"to": "before_from"}
    assert issues(cast.alice.get(f"{path}?from=2026-03-01&to=2026-03-02&group_by=month&as_of=x")) == {
        "group_by": "unknown_parameter"
    }
    for wrong in ("", "won", "won,2026-03-01", "gone,2026-03-01,2026-03-02", "won,2026-03-01,x", "none"):
        assert issues(cast.alice.get(f"/deals?change={wrong}")) == {"change": "change"}
    assert changes(cast.alice, "1900-01-01", "2200-12-31")["totals"]["count"] == 0


def test_files(cast: Cast) -> None:
    story(cast)
    answer = cast.alice.get(
        "/reports/pipeline/changes?from=2026-03-01&to=2026-03-31&format=csv", headers={"Accept-Language": "zh-CN"}
    )
    lines = answer.get_data(as_text=True).removeprefix("\ufeff").splitlines()
    assert lines[0] == "分组,商机数,金额,移出金额"
    assert lines[1] == "期初进行中,6,1250.25,"
    assert lines[6] == "延期,1,0.00,35.50"
    assert lines[-1] == "变化合计,0,-103.75,35.50"
    assert "pipeline_changes-2026-03-31.csv" in answer.headers["Content-Disposition"]


def test_one_statement(app: CRM, cast: Cast) -> None:
    story(cast)
    with counted(app) as counter:
        changes(cast.alice, "2026-03-01", "2026-03-31")
    # The others ask whether who asks is still good, and whether the kept answer is.
    assert len(counter.statements) <= 3


@pytest.mark.parametrize("seed", range(3))
def test_bars_add_up_to_the_difference_of_any_two_days(cast: Cast, seed: int) -> None:
    chance = random.Random(seed)
    if seed:
        rates = [
            {
                "currency": currency,
                "valid_on": some_day(chance, first=-5),
                "rate": f"{chance.randrange(1, 9)}.{chance.randrange(9999):04d}",
            }
            for currency in ("USD", "EUR")[:seed]
            for _ in range(2)
        ]
        cast.root.put("/exchange-rates", {"rates": rates})
    random_history(cast, chance, 90)
    for _ in range(16):
        first, last = sorted((some_day(chance), some_day(chance)))
        who = chance.choice((cast.root, cast.carol))
        more = chance.choice(
            ("", "", f"&owner_id={cast.bob.id}", f"&team_id={cast.north}", "&currency=CNY", "&pipeline_id=1")
        )
        found = changes(who, first, last, more)
        rows = {row["key"]: row for row in found["rows"]}
        before = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
        for kind, day in (("start", before), ("end", last)):
            summary = who.get(
                f"/reports/summary?as_of={day}&currency=CNY{more.replace('&currency=CNY', '')}"
            ).get_json()
            assert rows[kind]["count"] == summary["open_count"], (kind, day)
            if found["meta"]["currency"] == "CNY":
                assert rows[kind]["amount"] == summary["open_amount"], (kind, day)
        added = sum((Decimal(row["amount"]) for row in found["rows"][:-1]), Decimal(0))
        assert added == Decimal(rows["end"]["amount"]), (first, last)
        assert sum(rows[kind]["count"] * sign for kind, sign in BRINGS.items()) == rows["end"]["count"]
        apart: dict[str, Decimal] = {}
        for kind, row in rows.items():
            for other in row["other_amounts"]:
                sign = -1 if kind == "end" else 1
                apart[other["currency"]] = apart.get(other["currency"], Decimal(0)) + sign * Decimal(other["amount"])
        assert not any(apart.values()), apart
        for kind, row in rows.items():
            assert row["filters"] or kind == "revalued"
            for name, query in row["filters"].items():
                answer = who.get(f"/deals?per_page=1&{query}").get_json()
                assert answer["meta"]["total"] == row["count"], (kind, name, query)

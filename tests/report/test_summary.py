"""The summary: every figure computed by hand, and the list behind each."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from app.contact.models import ContactRecord
from app.customer.models import Customer
from app.database import db
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import LATER, LOST, OPEN, WON, customer, deal
from ..faults import issues

EMPTY: dict[str, Any] = {
    "open_count": 0,
    "open_amount": "0.00",
    "weighted_amount": "0.00",
    "won_count": 0,
    "lost_count": 0,
    "won_amount": "0.00",
    "win_rate": None,
    "mean_won_amount": None,
    "mean_won_cycle_days": None,
    "median_won_cycle_days": None,
    "mean_closed_cycle_days": None,
    "new_customers": 0,
    "contact_count": 0,
}


def summary(who: Member, query: str = "") -> dict[str, Any]:
    """The summary as this person gets it."""
    answer = who.get(f"/reports/summary{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def figures(found: dict[str, Any]) -> dict[str, Any]:
    """Only the figures."""
    return {name: found[name] for name in EMPTY}


def history(cast: Cast, rows: list[tuple[int, str | None, str | None, str | None]], **more: Any) -> None:
    """Deals loaded by the admin: stage, opened, closed, amount."""
    for stage, opened, closed, amount in rows:
        body = {"stage_id": stage, "opened_on": opened, "amount": amount, "owner_id": cast.alice.id, **more}
        deal(cast.root, **body, **({"closed_on": closed} if closed else {}))


HISTORY: list[tuple[int, str | None, str | None, str | None]] = [
    # January: one won in 10 days. February: three won in 31, 50 and unknown days, one lost in 20.
    (WON, "2026-01-01", "2026-01-11", "100"),
    (WON, "2026-01-01", "2026-02-01", "200.10"),
    (WON, "2026-01-01", "2026-02-20", "300.25"),
    (WON, None, "2026-02-28", "0.05"),
    (LOST, "2026-01-21", "2026-02-10", "999"),
    # Open: known and unknown amounts at 10 % and 30 %.
    (OPEN, "2026-01-01", None, "70.55"),
    (LATER, "2026-01-01", None, "100"),
    (OPEN, None, None, None),
]


def test_nothing_is_nothing(cast: Cast) -> None:
    found = summary(cast.alice)
    assert figures(found) == EMPTY
    assert (found["currency"], found["previous"], found["other_amounts"]) == ("CNY", None, [])
    assert (found["from"], found["to"]) == (None, None)
    assert found["definition"].startswith("Open deals")
    chinese = cast.alice.get("/reports/summary", headers={"Accept-Language": "zh-CN"}).get_json()
    assert chinese["definition"].startswith("进行中的商机")


def test_all_time(cast: Cast) -> None:
    history(cast, HISTORY)
    buyer = customer(cast.alice)
    cast.alice.made("/contacts", {"customer_id": buyer, "kind": "call"})
    assert figures(summary(cast.alice)) == {
        "open_count": 3,
        "open_amount": "170.55",
        # 7.055 + 30 = 37.055
        "weighted_amount": "37.06",
        "won_count": 4,
        "lost_count": 1,
        "won_amount": "600.40",
        "win_rate": 0.8,
        "mean_won_amount": "150.10",
        # (10 + 31 + 50) / 3
        "mean_won_cycle_days": 30.33,
        "median_won_cycle_days": 31.0,
        # (10 + 31 + 50 + 20) / 4
        "mean_closed_cycle_days": 27.75,
        "new_customers": 1,
        "contact_count": 1,
    }


def test_a_file_has_the_figures_in_one_row(cast: Cast) -> None:
    history(cast, HISTORY)
    answer = cast.alice.get("/reports/summary?format=csv", headers={"Accept-Language": "en"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    heading, row = csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")))
    assert dict(zip(heading, row, strict=True))["Won amount"] == "600.40"
    assert (len(heading), heading[0], row[0]) == (len(EMPTY), "Open", "3")
    sheet = cast.alice.get("/reports/summary?format=xlsx")
    assert sheet.get_data().startswith(b"PK")


def test_a_month_and_the_one_before(cast: Cast) -> None:
    history(cast, HISTORY)
    found = summary(cast.alice, "?from=2026-02-01&to=2026-02-28")
    assert (found["from"], found["to"]) == ("2026-02-01", "2026-02-28")
    february = {
        **EMPTY,
        "open_count": 3,
        "open_amount": "170.55",
        "weighted_amount": "37.06",
        "won_count": 3,
        "lost_count": 1,
        "won_amount": "500.40",
        "win_rate": 0.75,
        "mean_won_amount": "166.80",
        "mean_won_cycle_days": 40.5,
        "median_won_cycle_days": 40.5,
        "mean_closed_cycle_days": 33.67,
    }
    assert figures(found) == february
    assert found["previous"] == {
        **EMPTY,
        "open_count": None,
        "open_amount": None,
        "weighted_amount": None,
        "won_count": 1,
        "won_amount": "100.00",
        "win_rate": 1.0,
        "mean_won_amount": "100.00",
        "mean_won_cycle_days": 10.0,
        "median_won_cycle_days": 10.0,
        "mean_closed_cycle_days": 10.0,
    }
    # Both ends belong to the period.
    assert summary(cast.alice, "?from=2026-02-28&to=2026-02-28")["won_count"] == 1
    assert summary(cast.alice, "?from=2026-02-01&to=2026-02-01")["won_count"] == 1
    assert summary(cast.alice, "?to=2026-01-31")["previous"] is None


def test_customers_and_contacts_by_the_days_of_the_readers_zone(cast: Cast) -> None:
    buyer = customer(cast.alice)
    cast.alice.made("/contacts", {"customer_id": buyer, "kind": "call"})
    with unit_of_work():
        # Midnight of 1 March in Shanghai.
        db.session.execute(update(Customer).values(created_at=datetime(2026, 2, 28, 16, tzinfo=UTC)))
        last = datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC)
        db.session.execute(update(ContactRecord).values(occurred_at=last))

    def counts(query: str) -> tuple[int, int]:
        found = summary(cast.alice, query)
        return found["new_customers"], found["contact_count"]

    assert counts("?from=2026-02-01&to=2026-02-28") == (0, 1)
    assert counts("?from=2026-03-01&to=2026-03-31") == (1, 0)
    cast.alice.patch("/auth/me", {"time_zone": "UTC"})
    assert counts("?from=2026-02-01&to=2026-02-28") == (1, 1)
    assert counts("?from=2026-03-01&to=2026-03-31") == (0, 0)


def test_everybody_sees_the_own_part(cast: Cast) -> None:
    history(cast, HISTORY[:2])
    deal(cast.mallory, amount="5")
    customer(cast.mallory)
    found = {
        who.name: (one["won_count"], one["open_count"], one["new_customers"])
        for who in cast.everybody()
        for one in [summary(who)]
    }
    assert found == {
        "alice": (2, 0, 0),
        "bob": (0, 0, 0),
        "carol": (2, 0, 0),
        "mallory": (0, 1, 1),
        "vera": (2, 1, 1),
        "root": (2, 1, 1),
    }
    assert cast.alice.get("/reports/summary", headers={"Authorization": "Bearer x"}).status_code == 401


def test_owner_team_and_pipeline(cast: Cast) -> None:
    history(cast, HISTORY[:2])
    deal(cast.bob, amount="5")
    deal(cast.mallory, amount="7")
    cast.bob.made("/contacts", {"customer_id": customer(cast.bob), "kind": "call"})
    other = cast.root.made(
        "/pipelines", {"name": "P", "stages": [{"name": "A", "kind": "open", "win_probability": 0.5}]}
    )
    deal(cast.mallory, pipeline_id=other["id"], amount="11")

    def part(query: str) -> tuple[int, str, int, int, int]:
        one = summary(cast.root, query)
        return one["won_count"], one["open_amount"], one["open_count"], one["new_customers"], one["contact_count"]

    assert part("") == (2, "23.00", 3, 1, 1)
    assert part(f"?owner_id={cast.bob.id}") == (0, "5.00", 1, 1, 1)
    assert part(f"?owner_id={cast.alice.id}") == (2, "0.00", 0, 0, 0)
    assert part(f"?team_id={cast.north}") == (2, "5.00", 1, 1, 1)
    assert part(f"?team_id={cast.south}&pipeline_id=1") == (0, "7.00", 1, 0, 0)
    assert part(f"?pipeline_id={other['id']}") == (0, "11.00", 1, 1, 1)


def test_currencies_are_never_added(cast: Cast) -> None:
    history(cast, [(WON, "2026-01-01", "2026-01-11", "100"), (OPEN, None, None, "10")])
    history(cast, [(WON, "2026-01-01", "2026-01-21", "50"), (OPEN, None, None, "20")], currency="USD")
    found = summary(cast.alice)
    assert (found["currency"], found["won_count"], found["won_amount"], found["mean_won_amount"]) == (
        "CNY",
        2,
        "100.00",
        "100.00",
    )
    assert (found["open_count"], found["open_amount"], found["mean_won_cycle_days"]) == (2, "10.00", 15.0)
    assert found["other_amounts"] == [
        {
            "currency": "USD",
            "open_count": 1,
            "open_amount": "20.00",
            "weighted_amount": "2.00",
            "won_count": 1,
            "won_amount": "50.00",
        }
    ]
    dollars = summary(cast.alice, "?currency=USD")
    assert (dollars["currency"], dollars["won_amount"], dollars["won_count"]) == ("USD", "50.00", 2)
    assert [one["currency"] for one in dollars["other_amounts"]] == ["CNY"]
    assert summary(cast.alice, "?currency=KWD")["won_amount"] == "0.00"


def test_where_nothing_is_in_the_base_currency_the_commonest_speaks(cast: Cast) -> None:
    history(cast, HISTORY[:2], currency="USD")
    history(cast, HISTORY[:1], currency="EUR")
    found = summary(cast.alice)
    assert (found["currency"], found["won_amount"]) == ("USD", "300.10")


def test_every_figure_opens_its_list(cast: Cast) -> None:
    history(cast, HISTORY)
    history(cast, [(WON, "2026-02-01", "2026-02-11", "9"), (OPEN, None, None, "9")], currency="USD")
    history(cast, [(WON, "2026-02-01", "2026-02-11", "9")])
    cast.alice.made("/contacts", {"customer_id": customer(cast.alice), "kind": "call"})
    today = datetime.now(UTC).date()
    periods = ("", "?from=2026-02-01&to=2026-02-28", f"?from=2026-02-02&to={today + timedelta(days=1)}")
    for period in periods:
        for extra in ("", f"owner_id={cast.alice.id}", f"team_id={cast.north}&pipeline_id=1", "currency=USD"):
            found = summary(cast.alice, f"{period}{'&' if period else '?'}{extra}")
            lists: dict[str, Any] = {}
            for name, query in found["filters"].items():
                path = {"new_customers": "customers", "contact_count": "contacts"}.get(name, "deals")
                answer = cast.alice.get(f"/{path}?per_page=200&{query}")
                assert answer.status_code == 200, (name, query)
                lists[name] = answer.get_json()["data"]
            for name in ("open_count", "won_count", "lost_count", "new_customers", "contact_count"):
                assert len(lists[name]) == found[name], (name, period, extra)
            for name in ("open_amount", "won_amount"):
                cents = sum(round(float(one["amount"] or 0) * 100) for one in lists[name])
                assert cents == round(float(found[name]) * 100), (name, period, extra)
            won, lost = found["won_count"], found["lost_count"]
            assert len(lists["win_rate"]) == won + lost
            cycles = [
                (datetime.fromisoformat(one["closed_on"]) - datetime.fromisoformat(one["opened_on"])).days
                for one in lists["mean_won_cycle_days"]
            ]
            mean = round(sum(cycles) / len(cycles), 2) if cycles else None
            assert found["mean_won_cycle_days"] == mean


def test_what_is_refused(cast: Cast) -> None:
    answer = cast.alice.get("/reports/summary?from=2026-2-1&to=x&owner_id=0&currency=EURO&group_by=month")
    assert (
        issues(answer)
        == {
            "from": "date",
            "to": "date",
            "owner_id": "out_of_range",
            "currency": "too_long",
            "group_by": "unknown_parameter",
        }
        or issues(answer)["currency"] == "currency"
    )
    assert issues(cast.alice.get("/reports/summary?from=2026-02-01&to=2026-01-31")) == {"to": "before_from"}
    assert issues(cast.alice.get("/reports/summary?from=2026-02-01&from=2026-01-31")) == {"from": "repeated"}


def test_one_statement_and_one_for_the_period_before(app: CRM, cast: Cast) -> None:
    history(cast, HISTORY)
    for query, most in (("", 3), ("?from=2026-02-01&to=2026-02-28", 4)):
        with counted(app) as counter:
            summary(cast.alice, query)
        # The first ones ask whether who asks is still good, and whether the kept answer is.
        assert len(counter.statements) <= most


def test_deleted_deals_do_not_count(cast: Cast) -> None:
    history(cast, HISTORY)
    for one in range(1, 9):
        cast.root.delete(f"/deals/{one}")
    assert figures(summary(cast.root)) == EMPTY

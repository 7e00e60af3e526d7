"""Large reports: their first rows, how many there are, totals over all, and files up to what one can hold."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from app.report import frame
from app.report.routes import REPORTS

from ..cast import Cast
from ..deal.selling import LOST, WON, customer, deal
from ..faults import issues
from .reading import report


def story(cast: Cast) -> list[int]:
    """Customers in the order of their rows: 700 from dollars, 600.05, 500, then two lost deals, then one; and none."""
    rates = [{"currency": "USD", "valid_on": "2026-01-01", "rate": "7"}]
    assert cast.root.put("/exchange-rates", {"rates": rates}).status_code == 200
    found = [customer(cast.alice, f"Customer {number}") for number in range(5)]
    closed: dict[str, Any] = {"opened_on": "2026-01-01", "closed_on": "2026-02-01"}
    won, lost = {**closed, "stage_id": WON}, {**closed, "stage_id": LOST}
    deal(cast.root, **won, customer_id=found[0], amount="100", currency="USD")
    deal(cast.root, **won, customer_id=found[1], amount="600")
    deal(cast.root, **won, customer_id=found[1], amount="0.05")
    deal(cast.root, **won, customer_id=found[2], amount="500")
    deal(cast.root, **lost, customer_id=found[3], amount="9")
    deal(cast.root, **lost, customer_id=found[3], amount="9")
    deal(cast.root, **lost, customer_id=found[4], amount="9000")
    deal(cast.root, **won, amount="100000")
    return found


def test_the_first_rows_with_the_totals_of_all(cast: Cast) -> None:
    found = story(cast)
    whole = report(cast.root, "sales", "?group_by=customer")
    assert [row["key"] for row in whole["rows"]] == [*found, None]
    assert (whole["meta"]["row_count"], whole["meta"]["is_capped"]) == (6, False)
    for limit in range(1, 8):
        few = report(cast.root, "sales", f"?group_by=customer&limit={limit}")
        assert few["rows"] == whole["rows"][:limit]
        assert few["totals"] == whole["totals"]
        # The minute in which it was asked may be another one.
        same = {**whole["meta"], "as_of": few["meta"]["as_of"]}
        assert few["meta"] == {**same, "is_capped": limit < 6}
    months = report(cast.root, "sales", "?group_by=month&limit=1")
    assert ([row["key"] for row in months["rows"]], months["meta"]["row_count"]) == (["2026-02"], 1)


def test_what_has_no_rate_does_not_count_for_the_order(cast: Cast) -> None:
    found = story(cast)
    won: dict[str, Any] = {"opened_on": "2026-01-01", "closed_on": "2026-02-01", "stage_id": WON}
    deal(cast.root, **won, customer_id=found[4], amount="80000", currency="GBP")
    rows = report(cast.root, "sales", "?group_by=customer&limit=3")["rows"]
    assert [row["key"] for row in rows] == found[:3]


def test_without_any_rate_the_commonest_currency_orders(cast: Cast) -> None:
    found = [customer(cast.alice, f"Customer {number}") for number in range(3)]
    for number, one in enumerate(found):
        deal(
            cast.root,
            stage_id=WON,
            opened_on="2026-01-01",
            closed_on="2026-02-01",
            customer_id=one,
            amount=str(number + 1),
            currency="GBP",
        )
    answer = report(cast.root, "sales", "?group_by=customer&limit=2")
    assert [(row["key"], row["won_amount"]) for row in answer["rows"]] == [(found[2], "3.00"), (found[1], "2.00")]


def test_nobody_s_deals_alone_are_a_row(cast: Cast) -> None:
    deal(cast.alice, amount="1")
    answer = report(cast.alice, "sales", "?group_by=customer&limit=1")
    assert [(row["key"], row["open_count"]) for row in answer["rows"]] == [(None, 1)]
    assert (answer["meta"]["row_count"], answer["meta"]["is_capped"]) == (1, False)


def test_five_thousand_rows_unless_asked(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (frame.ROWS, frame.MOST_ROWS) == (5_000, 100_000)
    monkeypatch.setattr(frame, "ROWS", 2)
    found = story(cast)
    answer = report(cast.root, "sales", "?group_by=customer")
    assert [row["key"] for row in answer["rows"]] == found[:2]
    assert answer["meta"]["is_capped"] is True
    assert len(report(cast.root, "sales", "?group_by=customer&limit=5")["rows"]) == 5


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_files_have_all_rows_or_say_why_not(cast: Cast, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story(cast)
    monkeypatch.setattr(frame, "ROWS", 2)
    path = f"/reports/sales?group_by=customer&format={kind}"
    whole = cast.root.get(path)
    assert whole.status_code == 200
    if kind == "csv":
        # Heading, six rows, totals.
        assert len(list(csv.reader(io.StringIO(whole.get_data(as_text=True))))) == 8
    monkeypatch.setattr(frame, "MOST_ROWS", 5)
    refused = cast.root.get(path, headers={"Accept-Language": "en"})
    assert (refused.status_code, issues(refused)) == (422, {"format": "too_many_rows"})
    assert refused.get_json()["errors"][0]["detail"].startswith("This report has 6 rows, a file holds at most 5.")
    assert cast.root.get(f"{path}&limit=3").status_code == 200


@pytest.mark.parametrize("path", ["losses", "activity", "leaderboard", "hygiene", "customers", "leads", "velocity"])
def test_every_report_of_people_and_customers_takes_a_limit(cast: Cast, path: str) -> None:
    story(cast)
    for who in (cast.alice, cast.bob):
        deal(who, customer_id=customer(who, f"Customer of {who.name}"))
        cast.root.made("/contacts", {"customer_id": customer(who), "kind": "call", "user_id": who.id})
    whole = report(cast.root, path, "?group_by=owner" if path in ("customers", "leads") else "")
    few = report(cast.root, path, "?limit=1" + ("&group_by=owner" if path in ("customers", "leads") else ""))
    assert few["rows"] == whole["rows"][:1]
    assert few["totals"] == whole["totals"]
    assert few["meta"]["row_count"] == whole["meta"]["row_count"] == len(whole["rows"])


def test_what_is_no_limit(cast: Cast) -> None:
    for wrong, code in (("0", "out_of_range"), ("100001", "out_of_range"), ("x", "wrong_type")):
        assert issues(cast.root.get(f"/reports/sales?limit={wrong}")) == {"limit": code}
    for path, one in REPORTS.items():
        if "limit" not in one.query().fields:
            period = "from=2026-01-01&to=2026-01-02&" if path == "pipeline/changes" else ""
            assert issues(cast.root.get(f"/reports/{path}?{period}limit=1")) == {"limit": "unknown_parameter"}, path

"""Exchange rates, and totals over several currencies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.money.conversion import Conversion
from app.routing import CRM

from ..cast import Cast, Member
from ..deal.selling import OPEN, WON, deal
from ..faults import issues


def rate(who: Member, currency: str, valid_on: str, value: str) -> dict[str, Any]:
    return who.made("/exchange-rates", {"currency": currency, "valid_on": valid_on, "rate": value})


def test_a_rate_is_kept_with_its_base_and_day(cast: Cast) -> None:
    made = rate(cast.root, "USD", "2026-01-01", "7.1000000000")
    assert (made["currency"], made["base_currency"], made["valid_on"], made["rate"]) == (
        "USD",
        "CNY",
        "2026-01-01",
        "7.1",
    )
    assert rate(cast.root, "IDR", "2026-01-01", "0.0004321234")["rate"] == "0.0004321234"
    changed = cast.root.patch(f"/exchange-rates/{made['id']}", {"rate": "7.25"}).get_json()
    assert (changed["rate"], changed["version"]) == ("7.25", 2)
    listed = cast.vera.get("/exchange-rates?currency=USD").get_json()["data"]
    assert [(one["rate"], one["can_write"]) for one in listed] == [("7.25", False)]
    cast.root.delete(f"/exchange-rates/{made['id']}")
    assert rate(cast.root, "USD", "2026-01-01", "7")["id"] != made["id"]


def test_what_is_no_rate_is_refused(cast: Cast) -> None:
    rate(cast.root, "USD", "2026-01-01", "7")

    def refused(**body: Any) -> dict[str, str]:
        return issues(cast.root.post("/exchange-rates", body))

    assert refused() == {"#/currency": "required", "#/valid_on": "required", "#/rate": "required"}
    assert refused(currency="CNY", valid_on="2026-01-01", rate="1") == {"#/currency": "base_currency"}
    assert refused(currency="XXX", valid_on="2026-02-30", rate="0") == {
        "#/currency": "currency",
        "#/valid_on": "date",
        "#/rate": "out_of_range",
    }
    assert refused(currency="USD", valid_on="2026-01-02", rate="7", base_currency="USD") == {
        "#/base_currency": "read_only"
    }
    again = cast.root.post("/exchange-rates", {"currency": "USD", "valid_on": "2026-01-01", "rate": "8"})
    assert (again.status_code, issues(again)) == (409, {"#/valid_on": "taken"})
    for who in (cast.alice, cast.carol, cast.vera):
        body = {"currency": "EUR", "valid_on": "2026-01-01", "rate": "8"}
        assert who.post("/exchange-rates", body).status_code == 403
        assert who.put("/exchange-rates", {"rates": [body]}).status_code == 403


def test_a_sheet_is_taken_whole_or_not_at_all(cast: Cast) -> None:
    rate(cast.root, "USD", "2026-01-01", "7")
    rate(cast.root, "USD", "2026-02-01", "7.1")
    sheet = [
        {"currency": "USD", "valid_on": "2026-01-01", "rate": "7.00"},
        {"currency": "USD", "valid_on": "2026-02-01", "rate": "7.2"},
        {"currency": "EUR", "valid_on": "2026-01-01", "rate": "7.8"},
    ]
    answer = cast.root.put("/exchange-rates", {"rates": sheet})
    assert answer.get_json() == {"created": 1, "updated": 1, "unchanged": 1}
    assert "X-Changeset-Id" in answer.headers
    again = cast.root.put("/exchange-rates", {"rates": sheet})
    assert again.get_json() == {"created": 0, "updated": 0, "unchanged": 3}
    wrong = [*sheet, {"currency": "CNY", "valid_on": "2026-01-01", "rate": "1"}, sheet[2]]
    assert issues(cast.root.put("/exchange-rates", {"rates": wrong})) == {
        "#/rates/3/currency": "base_currency",
        "#/rates/4": "repeated",
    }
    assert cast.root.get("/exchange-rates").get_json()["meta"]["total"] == 3


def test_currencies_show_their_newest_rate(cast: Cast) -> None:
    rate(cast.root, "USD", "2026-01-01", "7")
    rate(cast.root, "USD", "2026-02-01", "7.1")
    found = cast.alice.get("/currencies").get_json()
    assert found["base_currency"] == "CNY"
    assert [(one["code"], one["is_base"], one["rate"], one["valid_on"]) for one in found["data"][:3]] == [
        ("CNY", True, None, None),
        ("USD", False, "7.1", "2026-02-01"),
        ("AED", False, None, None),
    ]
    assert next(one["decimal_places"] for one in found["data"] if one["code"] == "KWD") == 3


def test_totals_convert_at_the_rate_of_their_date(cast: Cast) -> None:
    deal(cast.root, stage_id=WON, opened_on="2025-12-01", closed_on="2026-01-15", amount="100", currency="USD")
    deal(cast.root, stage_id=WON, opened_on="2025-12-01", closed_on="2026-02-15", amount="100", currency="USD")
    deal(cast.root, stage_id=OPEN, amount="10", currency="USD")
    deal(cast.root, stage_id=OPEN, amount="5")
    deal(cast.root, stage_id=OPEN, amount="3", currency="EUR")

    def summary(query: str = "") -> dict[str, Any]:
        return dict(cast.root.get(f"/reports/summary{query}").get_json())

    apart = summary()
    assert (apart["open_amount"], apart["won_amount"], apart["converted"]) == ("5.00", "0.00", [])
    assert [one["currency"] for one in apart["other_amounts"]] == ["EUR", "USD"]
    rate(cast.root, "USD", "2026-01-01", "7")
    rate(cast.root, "USD", "2026-02-01", "7.105")
    found = summary()
    # 100 at 7 and 100 at 7.105; open ones at the newest: 10 x 7.105 + 5.
    assert (found["currency"], found["won_amount"], found["open_amount"]) == ("CNY", "1410.50", "76.05")
    assert (found["converted"], [one["currency"] for one in found["other_amounts"]]) == (["USD"], ["EUR"])
    assert found["mean_won_amount"] == "705.25"
    listed = cast.root.get(f"/deals?{found['filters']['open_amount']}").get_json()["data"]
    assert sorted(one["currency"] for one in listed) == ["CNY", "USD"]
    # Dollars are asked for: 5 yuan are 5 / 7.105 dollars.
    dollars = summary("?currency=USD")
    assert (dollars["won_amount"], dollars["open_amount"], dollars["converted"]) == ("200.00", "10.70", ["CNY"])
    # As of January the February rate was not to be known: open money is worth what it was then.
    assert summary("?as_of=2026-01-20")["won_amount"] == "700.00"
    pipeline = cast.root.get("/reports/pipeline").get_json()
    assert pipeline["meta"]["converted"] == ["USD"]
    assert next(row for row in pipeline["rows"] if row["key"] == OPEN)["amount"] == "76.05"
    by_month = cast.root.get("/reports/sales?group_by=month").get_json()
    assert [(row["key"], row["won_amount"]) for row in by_month["rows"]] == [
        ("2026-01", "700.00"),
        ("2026-02", "710.50"),
        (None, "0.00"),
    ]
    assert by_month["totals"]["won_amount"] == "1410.50"


def test_before_the_first_rate_the_first_one_holds(cast: Cast) -> None:
    deal(cast.root, stage_id=WON, opened_on="2025-01-01", closed_on="2025-01-15", amount="2", currency="JPY")
    rate(cast.root, "JPY", "2026-01-01", "0.0481")
    assert cast.root.get("/reports/summary").get_json()["won_amount"] == "0.10"


def test_a_changed_rate_is_never_answered_from_memory(app: CRM, cast: Cast) -> None:
    deal(cast.root, amount="10", currency="USD")
    made = rate(cast.root, "USD", "2026-01-01", "7")
    assert cast.root.get("/reports/summary").get_json()["open_amount"] == "70.00"
    cast.root.patch(f"/exchange-rates/{made['id']}", {"rate": "8"})
    assert cast.root.get("/reports/summary").get_json()["open_amount"] == "80.00"
    cast.root.delete(f"/exchange-rates/{made['id']}")
    assert cast.root.get("/reports/summary").get_json()["open_amount"] == "10.00", "the only currency speaks for itself"


@pytest.mark.parametrize(
    ("target", "currency", "rate_text", "target_rate", "expected"),
    [
        ("CNY", "CNY", None, None, "10"),
        ("CNY", "USD", "7.1", None, "71.0"),
        ("CNY", "USD", None, None, None),
        ("USD", "USD", None, None, "10"),
        ("USD", "CNY", None, "5", "2"),
        ("USD", "EUR", "8", "5", "16"),
        ("USD", "EUR", "8", None, None),
    ],
)
def test_a_sum_is_converted_over_the_base(
    target: str, currency: str, rate_text: str | None, target_rate: str | None, expected: str | None
) -> None:
    found = Conversion("CNY", target).converted(Decimal(10), currency, rate_text, target_rate)
    assert found == (None if expected is None else Decimal(expected))


def test_the_commonest_currency_speaks_only_where_the_base_cannot() -> None:
    assert Conversion.chosen("CNY", None, {}).target == "CNY"
    assert Conversion.chosen("CNY", None, {("USD", None): 2, ("EUR", None): 1}).target == "USD"
    assert Conversion.chosen("CNY", None, {("USD", None): 2, ("EUR", "7.8"): 1}).target == "CNY"
    assert Conversion.chosen("CNY", "EUR", {("USD", None): 2}).target == "EUR"

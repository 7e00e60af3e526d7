"""Sales by every key: figures by hand, the lists behind them, files, on both databases."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from app.formulas import harmless
from app.report.keys import GROUPS
from app.routing import CRM

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import LOST, OPEN, WON, customer, deal, product
from ..faults import issues
from .reading import report, walk


def sales(who: Member, query: str) -> dict[str, Any]:
    answer = who.get(f"/reports/sales?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def rows(who: Member, query: str) -> dict[Any, dict[str, Any]]:
    return {row["key"]: row for row in sales(who, query)["rows"]}


@pytest.fixture
def year(cast: Cast) -> Cast:
    """Two buyers, two products, three owners, a year."""
    near = cast.root.made("/customers", {"name": "近", "industry": "retail", "address": {"country": "中国"}})["id"]
    far = cast.root.made("/customers", {"name": "远", "address": {"country": "Japan"}})["id"]
    one = product(cast, "P1", price="10", series="S")
    two = product(cast, "P2", price="5")

    def line(product_id: int, quantity: str, price: str) -> dict[str, Any]:
        return {"product_id": product_id, "quantity": quantity, "unit_price": price}

    common: dict[str, Any] = {"opened_on": "2026-01-01", "source": "website"}
    both = [line(one, "2", "10"), line(two, "1", "5")]
    deal(cast.root, **common, stage_id=WON, closed_on="2026-01-11", lines=both, customer_id=near)
    deal(cast.root, **common, stage_id=WON, closed_on="2026-05-01", amount="100", customer_id=far)
    lost = {**common, "stage_id": LOST, "closed_on": "2026-05-02", "amount": "50"}
    deal(cast.root, **lost, owner_id=cast.mallory.id)
    deal(cast.alice, amount="7", lines=[line(two, "1", "5")], customer_id=customer(cast.alice))
    deal(cast.bob)
    return cast


def test_a_row_by_hand(year: Cast) -> None:
    found = sales(year.root, "group_by=month")
    assert [row["key"] for row in found["rows"]] == ["2026-01", "2026-05", None]
    may = found["rows"][1]
    assert {name: value for name, value in may.items() if name != "filters"} == {
        "key": "2026-05",
        "label": "2026-05",
        "deal_count": 2,
        "won_count": 1,
        "lost_count": 1,
        "open_count": 0,
        "open_amount": "0.00",
        "win_rate": 0.5,
        "won_share": 0.5,
        "won_amount": "100.00",
        "mean_won_amount": "100.00",
        # 100 of 125
        "share": 0.8,
        "mean_won_cycle_days": 120.0,
        "median_won_cycle_days": 120.0,
        "mean_closed_cycle_days": 120.5,
        "stage_counts": {"5": 1, "6": 1},
        "other_amounts": [],
    }
    totals = found["totals"]
    assert (totals["deal_count"], totals["won_count"], totals["open_count"], totals["won_amount"]) == (
        5,
        2,
        2,
        "125.00",
    )
    assert (totals["win_rate"], totals["median_won_cycle_days"], totals["share"]) == (0.6667, 65.0, 1.0)


def test_a_deal_of_two_products_counts_in_both_rows_and_once_in_the_totals(year: Cast) -> None:
    found = sales(year.root, "group_by=product")
    by_key = {
        row["key"] and row["label"]: (row["deal_count"], row["won_amount"], row["open_amount"]) for row in found["rows"]
    }
    assert by_key == {
        "产品 P1": (1, "20.00", "0.00"),
        "产品 P2": (2, "5.00", "5.00"),
        None: (3, "100.00", "0.00"),
    }
    assert (found["totals"]["deal_count"], found["totals"]["won_amount"]) == (5, "125.00")
    assert {key: row["deal_count"] for key, row in rows(year.root, "group_by=product_series").items()} == {
        "S": 1,
        None: 5,
    }


@pytest.mark.parametrize("group_by", GROUPS)
def test_every_figure_opens_its_list_for_everybody(year: Cast, group_by: str) -> None:
    for who in year.everybody():
        for more in ("", "&from=2026-05-01&to=2026-05-31", f"&team_id={year.north}"):
            found = sales(who, f"group_by={group_by}{more}")
            for row in found["rows"]:
                for name in ("won_count", "lost_count", "open_count"):
                    answer = who.get(f"/deals?per_page=200&{row['filters'][name]}")
                    assert answer.status_code == 200, row["filters"][name]
                    assert answer.get_json()["meta"]["total"] == row[name], (who.name, row["label"], name)
            if group_by not in ("product", "product_series"):
                assert sum(row["deal_count"] for row in found["rows"]) == found["totals"]["deal_count"]


def test_labels_are_in_the_readers_language(year: Cast) -> None:
    def labels(language: str) -> list[str]:
        answer = year.root.get("/reports/sales?group_by=industry", headers={"Accept-Language": language})
        return [row["label"] for row in answer.get_json()["rows"]]

    assert labels("zh-CN") == ["零售", "无"]
    assert labels("en") == ["Retail", "None"]


def test_a_customer_out_of_sight_has_no_row_of_its_own(year: Cast) -> None:
    hidden = customer(year.mallory, "Hidden")
    year.root.made("/deals", {"name": "shared", "customer_id": hidden, "owner_id": year.alice.id})
    found = sales(year.alice, "group_by=customer")
    assert "Hidden" not in str(found)
    none = next(row for row in found["rows"] if row["key"] is None)
    listed = year.alice.get(f"/deals?{none['filters']['open_count']}").get_json()
    assert listed["meta"]["total"] == none["open_count"]
    assert hidden not in rows(year.alice, "group_by=customer")
    assert rows(year.root, "group_by=customer")[hidden]["open_count"] == 1


def test_files_say_what_the_answer_says(year: Cast) -> None:
    answer = year.root.get("/reports/sales?group_by=owner&format=csv", headers={"Accept-Language": "en"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="sales-')
    table = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert table[0][:4] == ["Group", "Deals", "Won", "Lost"]
    found = sales(year.root, "group_by=owner")
    assert [line[0] for line in table[1:-1]] == [row["label"] for row in found["rows"]]
    assert table[-1][:2] == ["Total", "5"]
    sheet = year.root.get("/reports/sales?group_by=owner&format=xlsx")
    with zipfile.ZipFile(io.BytesIO(sheet.get_data())) as book:
        assert "xl/worksheets/sheet1.xml" in book.namelist()
        assert b"125" in book.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(
    ("text", "kept"),
    [("=1+1", "'=1+1"), ("-5 %", "'-5 %"), ("＝x", "'＝x"), ("'quoted", "''quoted"), ("plain = text", "plain = text")],
)
def test_no_cell_is_a_formula(text: str, kept: str) -> None:
    assert harmless(text) == kept


def test_what_is_refused(year: Cast) -> None:
    answer = year.alice.get("/reports/sales?group_by=colour&as_of=x&from=2026-02-01&to=2026-01-01&format=pdf&x=1")
    assert issues(answer) == {"group_by": "not_allowed", "format": "not_allowed", "x": "unknown_parameter"}
    assert issues(year.alice.get("/reports/sales?as_of=x&from=2026-02-01&to=2026-01-01")) == {
        "to": "before_from",
        "as_of": "instant",
    }


def test_as_of_counts_what_was(year: Cast) -> None:
    assert rows(year.root, "group_by=stage&as_of=2026-03-01")[OPEN]["open_count"] == 2
    assert sales(year.root, "as_of=2026-03-01")["totals"]["won_amount"] == "25.00"


def test_one_statement(app: CRM, year: Cast) -> None:
    sales(year.root, "group_by=month")
    for group_by in ("owner", "product", "top_team", "industry"):
        with counted(app) as counter:
            sales(year.root, f"group_by={group_by}")
        assert len(counter.statements) <= 3


@pytest.mark.parametrize("group_by", ["customer", "industry", "country"])
def test_what_was_sold_to_a_merged_customer_counts_as_sold_to_who_stands_for_it(cast: Cast, group_by: str) -> None:
    """Periods keep the customer as it was named then; whoever asks for the past reads the survivor."""
    alike = {"industry": "manufacturing", "address": {"country": "DE"}}
    kept, old, other = (cast.alice.made("/customers", {"name": name, **alike})["id"] for name in ("A", "B", "C"))
    cast.alice.patch(f"/customers/{other}", {"industry": "finance", "address": {"country": "FR"}})
    for buyer, amount in ((kept, "10"), (old, "20"), (other, "40"), (None, "80")):
        body = {"name": amount, "customer_id": buyer, "amount": amount, "currency": "CNY"}
        made = cast.alice.made("/deals", body)["id"]
        assert cast.alice.post(f"/deals/{made}/win").status_code == 200
    before = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    assert cast.alice.post("/customers/merge", {"target_id": kept, "source_ids": [old]}).status_code == 200
    key, third = {"customer": (kept, other), "industry": ("manufacturing", "finance"), "country": ("DE", "FR")}[
        group_by
    ]
    for query in (f"?group_by={group_by}&as_of={before}", f"?group_by={group_by}"):
        answer = report(cast.alice, "sales", query)
        told = {row["key"]: row["won_amount"] for row in answer["rows"]}
        assert told == {key: "30.00", third: "40.00", None: "80.00"}, query
        assert walk(cast.alice, answer) > 0
    # An old link to it means the survivor then, too.
    for one in (old, kept):
        there = cast.alice.get(f"/deals?customer_id={one}&as_of={before}").get_json()["data"]
        assert sorted(found["name"] for found in there) == ["10", "20"]

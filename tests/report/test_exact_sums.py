"""Sums of money are exact where a float or a 64-bit integer would fail: ten thousand deals of the largest amount."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import insert

from app.database import db
from app.deal.models import Deal
from app.money.rules import MOST
from app.transaction import unit_of_work

from ..cast import Cast
from ..deal.selling import OPEN, WON

ROWS = 10_000


def fill(cast: Cast) -> None:
    """Half open at 37.77 %, half won."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with unit_of_work():
        db.session.execute(
            insert(Deal),
            [
                {
                    "version": 1,
                    "created_at": at,
                    "updated_at": at,
                    "is_active": True,
                    "name": "x",
                    "kind": "new",
                    "pipeline_id": 1,
                    "stage_id": WON if number % 2 else OPEN,
                    "state": "won" if number % 2 else "open",
                    "closed_on": date(2026, 2, 1) if number % 2 else None,
                    "amount": MOST,
                    "amount_is_manual": True,
                    "currency": "CNY",
                    "win_probability": 1.0 if number % 2 else 0.3777,
                    "win_probability_is_manual": False,
                    "forecast_category": "pipeline",
                    "competitors": [],
                    "owner_id": cast.alice.id,
                    "team_id": cast.north,
                    "rank": f"V{number:05d}",
                    "stage_entered_at": at,
                    "is_backfill": True,
                    "name_key": "x",
                    "sort_key": "x",
                    "search_key": "x",
                }
                for number in range(ROWS)
            ],
        )


def test_ten_thousand_largest_amounts(cast: Cast) -> None:
    fill(cast)
    half = MOST * (ROWS // 2)
    weighted = (half * Decimal("0.3777")).quantize(Decimal("0.01"))
    assert (str(half), str(weighted)) == ("499999999999999950.00", "188849999999999981.12")

    found = cast.alice.get("/reports/summary").get_json()
    assert (found["open_amount"], found["weighted_amount"]) == (str(half), str(weighted))
    assert (found["won_amount"], found["mean_won_amount"]) == (str(half), str(MOST))

    rows = {row["key"]: row for row in cast.alice.get("/reports/pipeline").get_json()["rows"]}
    assert (rows[OPEN]["amount"], rows[OPEN]["weighted_amount"]) == (str(half), str(weighted))
    assert (rows[WON]["amount"], rows[WON]["weighted_amount"]) == (str(half), str(half))
    totals = cast.alice.get("/reports/pipeline").get_json()["totals"]
    assert totals["amount"] == str(half * 2)

    board = cast.alice.get("/deals/board?per_page=1").get_json()
    column = board["columns"][0]
    assert (column["count"], column["amount"], column["weighted_amount"]) == (ROWS // 2, str(half), str(weighted))

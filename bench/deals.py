"""Deals for the benchmark with their stays, periods and lines, copied straight into the tables."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from app.deal.models import Deal, DealLine, DealPeriod, DealStageEntry, Product
from bench.data import Row, copied

START = date(2024, 1, 1)
END = date(2026, 1, 1)
OPEN, WON, LOST = (1, 2, 3, 4), 5, 6
PRODUCTS = 50
_PROBABILITY = {1: 1_000, 2: 3_000, 3: 5_000, 4: 8_000, WON: 10_000, LOST: 0}
_REASONS = ("price", "competitor", "no_budget", "timing", "other")


def deals(connection: Connection, count: int, customers: int) -> None:
    """A number of deals of two years, most of them closed, each with a few stays and periods, every third with a line.

    Args:
        connection: a writing connection of PostgreSQL, in a transaction.
        count: how many.
        customers: how many customers there are to spread them over.
    """
    chance = random.Random(11)
    common = {"version": 1, "created_at": _noon(START), "updated_at": _noon(START), "is_active": True}
    keys = {"code_key": "p", "name_key": "p", "sort_key": "p", "search_key": "p"}
    copied(
        connection,
        Product,
        [
            {"id": one, "code": f"P{one}", "name": f"Product {one}", "currency": "CNY", **common, **keys}
            | {"code_key": f"p{one}", "series": f"Series {one % 7}"}
            for one in range(1, PRODUCTS + 1)
        ],
    )
    for begin in range(1, count + 1, 10_000):
        told = [_told(number, customers, chance) for number in range(begin, min(begin + 10_000, count + 1))]
        for model, place in ((Deal, 0), (DealStageEntry, 1), (DealPeriod, 2), (DealLine, 3)):
            copied(connection, model, [row for one in told for row in one[place]])


def _told(number: int, customers: int, chance: random.Random) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """A deal with its stays, periods and lines."""
    way = list(_way(chance))
    day = START + timedelta(days=chance.randrange((END - START).days - 60))
    days = sorted(day + timedelta(days=step * chance.randrange(3, 15)) for step in range(len(way)))
    amount = chance.randrange(1_000, 1_000_000) * 10_000
    now = {
        "customer_id": 1 + number % customers,
        "kind": "new",
        "opened_on": day,
        "pipeline_id": 1,
        "currency": chance.choices(("CNY", "USD", "EUR"), (8, 1, 1))[0],
        "forecast_category": "pipeline",
        "expected_close_on": day + timedelta(days=chance.randrange(20, 200)),
        "source": chance.choice(("website", "referral", "exhibition")),
        "owner_id": 2 + number % 40,
        "team_id": 1,
        "is_active": True,
        "lost_reason": None,
        "closed_on": None,
    }
    stays: list[Row] = []
    periods: list[Row] = []
    for place, stage in enumerate(way):
        entered, left = _noon(days[place]), _noon(days[place + 1]) if place + 1 < len(way) else None
        stays.append({"deal_id": number, "stage_id": stage, "actor_id": 1, "entered_at": entered, "left_at": left})
        state = {WON: "won", LOST: "lost"}.get(stage, "open")
        now = now | {
            "stage_id": stage,
            "state": state,
            "win_probability": _PROBABILITY[stage],
            "stage_entered_at": entered,
            "amount": amount + (place * 50_000 if chance.random() < 0.5 else 0),
        }
        if state != "open":
            now |= {"closed_on": days[place], "lost_reason": chance.choice(_REASONS) if state == "lost" else None}
        periods.append({"deal_id": number, "valid_from": entered, "valid_to": left, **now})
    deal = {
        **now,
        "id": number,
        "version": len(way),
        "created_at": _noon(day),
        "updated_at": _noon(days[-1]),
        "name": f"Deal {number}",
        "amount_is_manual": True,
        "win_probability_is_manual": False,
        "competitors": chance.choice(('["acme"]', '["acme", "globex"]', "[]", "[]")),
        "rank": f"V{number:08d}",
        "is_backfill": False,
        **dict.fromkeys(("name_key", "sort_key", "search_key"), f"deal {number}"),
    }
    line = {
        "deal_id": number,
        "position": 0,
        "product_id": 1 + number % PRODUCTS,
        "quantity": 10_000,
        "unit_price": amount,
        "amount": amount,
    }
    return [deal], stays, periods, [line] if number % 3 == 0 else []


def _way(chance: random.Random) -> Iterator[int]:
    """The stages that a deal goes through, in order."""
    yield from OPEN[: chance.randrange(1, 5)]
    end = chance.random()
    if end < 0.7:
        yield WON if end < 0.4 else LOST


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)

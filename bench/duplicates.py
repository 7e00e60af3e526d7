"""The duplicate finder among many customers: how long one search through all of them takes."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select

from app.customer.customer_pairs import CUSTOMER_PAIRS
from app.customer.models import Customer, DuplicatePair
from app.database import db
from app.folding import fold
from bench import data
from bench.search import name_of
from bench.serving import filled, made_database

GOAL_SECONDS = 60
_TWINS = 1_000
"""So many customers are entered twice."""


def customers(connection: Connection, count: int) -> None:
    """A number of customers of whom some are entered twice, written past the session.

    Args:
        connection: a writing connection in a transaction.
        count: how many.
    """
    chance = random.Random(29)
    common = {"kind": "company", "status": "active", "team_id": 1, "version": 1, "is_active": True}
    rows: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        if number > count - _TWINS:
            twin = rows[number - count + _TWINS]
            rows.append({**twin, "id": number, "name": twin["name"] + " Ltd", "email": None})
            continue
        name = name_of(chance)
        street = f"{chance.choice('中山人民解放建设')}路 {chance.randint(1, 899)} 号"
        rows.append(
            {
                **common,
                "id": number,
                "name": name,
                "name_key": fold(name),
                "sort_key": fold(name),
                "search_key": fold(name),
                "reach_key": "",
                "phone": (phone := f"138{chance.randrange(10**8):08d}"),
                "phone_e164": f"+86{phone}",
                "email": f"c{number}@d{chance.randrange(30_000)}.com",
                "address": {"street": street, "city": "上海市", "postal_code": str(chance.randint(200_000, 200_900))},
                "owner_id": 2 + number % 40,
                "created_at": data.START + timedelta(seconds=number),
                "updated_at": data.START,
            }
        )
    walk = iter(rows)
    while some := list(islice(walk, 10_000)):
        connection.execute(insert(Customer), some)


def measured(admin_url: str, folder: Path, count: int) -> dict[str, Any]:
    """Seconds of one search through all customers on both databases, with what it found written down.

    Args:
        admin_url: of a PostgreSQL on which databases can be made.
        folder: for the applications' files.
        count: of customers.
    """
    result: dict[str, Any] = {"customers": count, "goal_seconds": GOAL_SECONDS}
    for kind in ("postgresql", "sqlite"):
        print(f"Searching {count:,} customers for duplicates on {kind} ...", flush=True)
        place = folder / kind
        place.mkdir(parents=True)
        url = made_database(admin_url, "duplicates") if kind == "postgresql" else ""
        app = filled(url, place, data.people, partial(customers, count=count))
        with app.app_context():
            start, worked = time.perf_counter(), time.process_time()
            CUSTOMER_PAIRS.scan_all()
            taken, worked = time.perf_counter() - start, time.process_time() - worked
            pairs = db.session.execute(select(func.count()).select_from(DuplicatePair)).scalar_one()
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
        if pairs < _TWINS:
            raise SystemExit(f"Only {pairs} pairs were found on {kind}")
        result[kind] = {"seconds": round(taken, 1), "processor_seconds": round(worked, 1), "pairs": pairs}
    return result

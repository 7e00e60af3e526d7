"""Customers for the benchmark, written straight into the tables: what is measured is reading."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, insert

from app import search_index
from app.auth.models import SignIn, Team, User
from app.customer.models import Customer, CustomerTag, Tag
from app.folding import email_key, fold, search_key, sort_key
from app.money.models import ExchangeRate

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁"
_WORDS = ("华", "信", "达", "博", "远", "泰", "恒", "新", "创", "通", "瑞", "联", "科", "盛", "源", "明")
_LATIN = ("North", "Delta", "Prime", "Vertex", "Orion", "Summit", "Harbor", "Atlas", "Nova", "Cedar")
_PROVINCES = ("广东", "江苏", "浙江", "山东", "四川")
START = datetime(2025, 1, 1, tzinfo=UTC)


def people(connection: Connection) -> None:
    """One team, an admin (id 1) and forty sales people (ids 2 to 41), each signed in (sign-in id = user id)."""
    common = {"version": 1, "created_at": START, "updated_at": START, "is_active": True}
    connection.execute(insert(Team).values(id=1, name="Team", **common))
    for user_id in range(1, 42):
        connection.execute(
            insert(User).values(
                id=user_id,
                name=f"User {user_id}",
                name_key=f"user {user_id}",
                email=f"user{user_id}@example.com",
                email_key=f"user{user_id}@example.com",
                role="admin" if user_id == 1 else "sales",
                team_id=1,
                must_change_password=False,
                access_stamp=1,
                **common,
            )
        )
        later = datetime.now(UTC) + timedelta(days=1)
        connection.execute(
            insert(SignIn).values(
                id=user_id,
                user_id=user_id,
                created_at=START,
                expires_at=later,
                last_used_at=START,
                is_remembered=False,
                by_cookie=False,
            )
        )
    connection.execute(insert(Tag), [{"name": f"tag{n}", "name_key": f"tag{n}", **common} for n in range(20)])


def customers(connection: Connection, count: int) -> None:
    """A number of customers, half of them Chinese, spread over the sales people, one tag each; most began as leads.

    Args:
        connection: a writing connection in a transaction.
        count: how many.
    """
    chance = random.Random(7)
    rows, links = [], []
    for number in range(1, count + 1):
        if number % 2:
            name = chance.choice(_SURNAMES) + "".join(chance.choices(_WORDS, k=3)) + "有限公司"
        else:
            name = f"{chance.choice(_LATIN)} {chance.choice(_LATIN)} {number}"
        email = f"c{number}@example.com"
        status = chance.choice(("lead", "prospect", "active", "lost"))
        created = START + timedelta(minutes=10 * number)
        was_lead = status == "lead" or number % 4 > 0
        is_qualified = was_lead and status in ("prospect", "active")
        rows.append(
            {
                "kind": "company",
                "name": name,
                "email": email,
                "phone": f"138{number:08d}",
                "status": status,
                "source": chance.choice(("website", "referral", "exhibition", None)),
                "industry": chance.choice(("manufacturing", "software", "retail", None)),
                "level": chance.choice("ABC"),
                "credit_rating": chance.choice((None, *range(101))),
                "address": {"country": "CN", "province": chance.choice(_PROVINCES)},
                "became_lead_at": created if was_lead else None,
                "qualified_at": created + timedelta(hours=chance.randrange(1, 1_000)) if is_qualified else None,
                "owner_id": 2 + number % 40,
                "team_id": 1,
                "name_key": fold(name),
                "sort_key": sort_key(name),
                "search_key": search_key([name]),
                "reach_key": search_key([], [email, f"138{number:08d}"]),
                "email_key": email_key(email),
                "version": 1,
                "created_at": created,
                "updated_at": START,
                "is_active": True,
            }
        )
        links.append({"customer_id": number, "tag_id": 1 + number % 20})
        if len(rows) == 5_000 or number == count:
            connection.execute(insert(Customer), rows)
            connection.execute(insert(CustomerTag), links)
            rows, links = [], []
    search_index.rebuild(connection)


def rates(connection: Connection) -> None:
    """A rate for every month of three years, of both foreign currencies."""
    common = {"version": 1, "created_at": START, "updated_at": START, "is_active": True, "base_currency": "CNY"}
    months = [date(2024 + number // 12, number % 12 + 1, 1) for number in range(36)]
    connection.execute(
        insert(ExchangeRate),
        [
            {"currency": currency, "valid_on": month, "rate": f"7.{number}", **common}
            for currency in ("USD", "EUR")
            for number, month in enumerate(months, 10)
        ],
    )

"""The search among many customers: how long the first answer takes, and how it grows with their number."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, insert, text

from app.auth.tokens import access_token
from app.customer.models import Customer
from app.database import db
from app.folding import fold, search_key, sort_key
from app.grams import Grams
from app.routing import CRM
from app.search_index import SearchEntry, follow
from bench import data
from bench.copying import copy
from bench.serving import filled, made_database

GOALS = {"postgresql": 100, "sqlite": 150}
FEW = 1_000
_NAMES = 40_000
_SURNAMES = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁单解仇曾查"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰文斌雪梅建国海燕丹萍鹏辉玲鑫宇浩然子轩一诺思雨欣怡"
_PLACES = ("北京", "上海", "深圳", "广州", "杭州", "成都", "武汉", "西安", "苏州", "重庆", "天津", "南京")
_MARKS = "华信达博远泰恒新创通瑞联科盛源明嘉德宏图鼎益凯腾飞翔锦绣安康正大同方圆融金鹰银河"
_TRADES = ("科技", "贸易", "电子", "医药", "食品", "机械", "物流", "传媒", "教育", "环保", "建材", "服饰")
_HEADS = ("nor", "del", "pri", "ver", "ori", "sum", "har", "at", "no", "ced", "mic", "sie", "gra", "blu", "sol", "qua")
_MIDS = ("th", "ta", "me", "te", "on", "mi", "bo", "las", "va", "ar", "ro", "mens", "ni", "ven", "ka", "dra")
_TAILS = ("wind", "soft", "works", "line", "tech", "field", "gate", "port", "mark", "stone", "labs", "ware")
_FORMS = ("Ltd", "GmbH", "Inc.", "AG", "S.A.", "LLC", "BV", "Co., Ltd.")
ASKED = {
    "two_characters": "信达",
    "name": "张伟",
    "pinyin": "zhangwei",
    "initials": "zw",
    "mixed": "zwei",
    "polyphonic": "shanwei",
    "word": "microsoft",
    "typing_error": "micorsoft",
    "without_legal_form": "Microsoft GmbH",
    "common": "科技",
    "very_common": "有限公司",
    "one_character": "华",
    "phone": "+86 138-0012-3456",
    "last_four": "3456",
    "email": "c4711@example",
    "nothing": "zzyzxq",
}


def name_of(chance: random.Random) -> str:
    """A name of a person or a company, Chinese or not."""
    kind = chance.random()
    if kind < 0.2:
        return chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2))))
    if kind < 0.55:
        mark = "".join(chance.choices(_MARKS, k=chance.choice((2, 2, 3))))
        return chance.choice(_PLACES) + mark + chance.choice(_TRADES) + "有限公司"
    word = (chance.choice(_HEADS) + chance.choice(_MIDS) + chance.choice(_TAILS)).title()
    second = (chance.choice(_HEADS) + chance.choice(_MIDS)).title()
    return f"{word} {second} {chance.choice(_FORMS)}"


def _rows(count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Customers with their entries of the index; names come from a pool, whose keys are made once."""
    chance = random.Random(13)
    grams = Grams(Customer.resource)
    pool = []
    for name in dict.fromkeys(name_of(chance) for _ in range(min(_NAMES, count))):
        key = search_key([name])
        words = {"name": name, "name_key": fold(name), "sort_key": sort_key(name), "search_key": key}
        pool.append((words, grams.of_record([key], fold(name))))
    common = {"kind": "company", "team_id": 1, "version": 1, "updated_at": data.START, "is_active": True}
    for number in range(1, count + 1):
        words, pieces = chance.choice(pool)
        email, phone = f"c{number}@example.com", f"138{number:08d}"
        reach = f"{email}\n{phone}\n86{phone}"
        customer = {
            **common,
            **words,
            "id": number,
            "status": "active",
            "email": email,
            "email_key": email,
            "phone": phone,
            "phone_e164": f"+86{phone}",
            "reach_key": reach,
            "owner_id": 2 + number % 40,
            "created_at": data.START + timedelta(seconds=number),
        }
        yield (
            customer,
            {
                "resource": Customer.resource,
                "record_id": number,
                "pieces": pieces | grams.of_record([reach], None),
            },
        )


def customers(connection: Connection, count: int) -> None:
    """A number of customers, written past the session, with their index.

    Args:
        connection: a writing connection in a transaction.
        count: how many.
    """
    rows = _rows(count)
    if connection.dialect.name == "sqlite":
        while some := list(islice(rows, 10_000)):
            connection.execute(insert(Customer), [customer for customer, _ in some])
            connection.execute(insert(SearchEntry), [entry for _, entry in some])
        follow(connection)
        return
    # An index that is made at the end takes a fraction of the time.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
    connection.execute(text("DROP INDEX ix_search_entry_pieces"))
    while some := list(islice(rows, 20_000)):
        copy(connection, Customer, [customer for customer, _ in some])
        copy(connection, SearchEntry, [entry for _, entry in some])
    connection.execute(text("CREATE INDEX ix_search_entry_pieces ON search_entry USING gin (pieces)"))
    connection.execute(text("SELECT setval('customer_id_seq', :last)"), {"last": count})


def measured(admin_url: str, folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of answers among many customers and how they grow from few, on both databases, in process.

    Args:
        admin_url: of a PostgreSQL on which databases can be made.
        folder: for the applications' files.
        count: of customers on PostgreSQL; SQLite gets a tenth.
        rounds: how often each is measured; the median counts.
    """
    result: dict[str, Any] = {}
    for kind, many in (("postgresql", count), ("sqlite", count // 10)):
        apps = {}
        for size in (many, FEW):
            print(f"Filling {size:,} customers on {kind} ...", flush=True)
            place = folder / f"{kind}-{size}"
            place.mkdir(parents=True)
            url = made_database(admin_url, f"search_{size}") if kind == "postgresql" else ""
            apps[size] = filled(url, place, data.people, partial(customers, count=size))
        print(f"Measuring the search on {kind} ...", flush=True)
        answers = {name: _answers(apps[many], apps[FEW], f"/search?q={quote(q)}", rounds) for name, q in ASKED.items()}
        path = "/customers?per_page=20&count=capped&q="
        listed = {name: _answers(apps[many], apps[FEW], path + quote(q), rounds) for name, q in ASKED.items()}
        result[kind] = {
            "customers": many,
            "goal_ms": GOALS[kind],
            "first_answer_ms": {name: round(found["first"]) for name, found in answers.items()},
            "answer_ms": {name: round(found["many"], 1) for name, found in answers.items()},
            "growth": {name: round(found["many"] / found["few"], 2) for name, found in answers.items()},
            "list_growth": {name: round(found["many"] / found["few"], 2) for name, found in listed.items()},
        }
        for app in apps.values():
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose()
    return result


def _answers(many: CRM, few: CRM, path: str, rounds: int) -> dict[str, float]:
    """The first answer among many, and medians among many and few, asked in turn."""
    first = _answer(many, path)
    _answer(few, path)
    pairs = [(_answer(many, path), _answer(few, path)) for _ in range(rounds)]
    return {
        "first": first,
        "many": statistics.median(one for one, _ in pairs),
        "few": statistics.median(other for _, other in pairs),
    }


def _answer(app: CRM, path: str) -> float:
    """Milliseconds of an answer to the admin."""
    with app.app_context():
        token = access_token(1, 1, 86_400)
    client = app.test_client()
    start: float = time.perf_counter()
    answer = client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
    taken = (time.perf_counter() - start) * 1_000
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")
    return taken

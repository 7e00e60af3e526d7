"""The reports at many deals: how long an answer takes against the bare SQL of the same report, in one run.

Something is written before each answer, so that none is a kept one.
"""

from __future__ import annotations

import statistics
import time
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import psycopg
from sqlalchemy import event

from app.auth.identity import load_actor
from app.auth.tokens import access_token
from app.database import engine_options, read_engine
from app.report.routes import REPORTS
from app.report.scope import Scope
from app.routing import CRM
from bench import data
from bench.deals import deals
from bench.serving import ENVIRONMENT, filled, made_database, served
from tests.servers import free_port

GOAL = 1.5
CUSTOMERS = 10_000
YEAR = "from=2025-01-01&to=2025-12-31"
MORE = (
    "summary?as_of=2025-06-30",
    "pipeline?as_of=2025-06-30",
    "sales?group_by=product",
    "sales?group_by=customer",
    "losses?group_by=stage",
    "losses?group_by=competitor",
)
"""What is measured besides every report over a year."""

Statement = tuple[str, Any]


def measured(admin_url: str, folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Ratios of answers to bare SQL, with the milliseconds of both.

    Args:
        admin_url: of a PostgreSQL on which a database can be made.
        folder: for the application's files.
        count: of deals.
        rounds: how often each is measured; the median counts.
    """
    url = made_database(admin_url, "reports")
    print(f"Filling {count:,} deals ...", flush=True)
    app = filled(
        url,
        folder,
        data.people,
        partial(data.customers, count=CUSTOMERS),
        partial(deals, count=count, customers=CUSTOMERS),
    )
    asked = [*(f"{path}?{YEAR}" for path in REPORTS), *MORE]
    with app.app_context():
        token = access_token(1, 1, 86_400)
    options = engine_options(url, 1)[1]["connect_args"]["options"]
    ratios, bare_ms, answer_ms = {}, {}, {}
    print("Measuring reports ...", flush=True)
    with (
        served("app:create_app()", port=free_port(), DATABASE_URL=url, DATA_DIR=str(folder), **ENVIRONMENT) as ours,
        psycopg.connect(url, autocommit=True, options=options) as bare,
        psycopg.connect(url, autocommit=True) as writer,
    ):
        for report in asked:
            statements = statements_of(app, report)
            pairs = []
            for number in range(rounds + 1):
                below = _bare(bare, statements)
                # A transaction that writes moves the snapshot that kept answers are known by.
                writer.execute("SELECT pg_current_xact_id()")
                above = _answer(f"{ours}/api/v1/reports/{report}", token)
                # The first round warms both.
                pairs += [(below, above)] if number else []
            name = report.replace(YEAR, "").rstrip("?&")
            ratios[name] = round(statistics.median(above / below for below, above in pairs), 2)
            bare_ms[name] = round(statistics.median(below for below, _ in pairs))
            answer_ms[name] = round(statistics.median(above for _, above in pairs))
            print(f"  {name}: {ratios[name]} x {bare_ms[name]} ms", flush=True)
    return {
        "deals": count,
        "goal": GOAL,
        "ratios": ratios,
        "bare_ms": bare_ms,
        "answer_ms": answer_ms,
    }


def statements_of(app: CRM, report: str) -> list[Statement]:
    """The statements that a report asks of the database, with their values."""
    path, _, query = report.partition("?")
    found: list[Statement] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        found.append((statement, parameters))

    with app.app_context(), read_engine().connect() as connection:
        actor = load_actor(connection, 1, 1)
        assert actor is not None
        one = REPORTS[path]
        values: dict[str, Any] = one.query().load(dict(parse_qsl(query)))
        event.listen(read_engine(), "before_cursor_execute", note)
        try:
            one.run(connection, actor, Scope.read(actor, values), values)
        finally:
            event.remove(read_engine(), "before_cursor_execute", note)
    return found


def _bare(connection: psycopg.Connection[Any], statements: list[Statement]) -> float:
    """Milliseconds of the statements alone."""
    start = time.perf_counter()
    for statement, parameters in statements:
        connection.execute(statement.encode(), parameters).fetchall()
    return (time.perf_counter() - start) * 1_000


def _answer(url: str, token: str) -> float:
    """Milliseconds of an answer."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return (time.perf_counter() - start) * 1_000

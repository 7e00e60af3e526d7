"""The reports at many deals: how long an answer takes against the bare SQL of the same report, in one run.

Every report is asked with every `group_by`, over a year and, where it can be, as of a past day. Its statements are run
by a cursor of the driver, their rows fetched and written as JSON: no less can answer a request. Something is written
before each answer, so that none is a kept one.
"""

from __future__ import annotations

import statistics
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
from sqlalchemy import event, insert

from app.auth.identity import load_actor
from app.auth.tokens import access_token
from app.database import db, read_engine
from app.journal import Changeset, JournalEntry
from app.report.frame import scope_of
from app.report.routes import REPORTS
from app.routing import CRM
from app.schema import Choice
from bench import data
from bench.contacts import contacts
from bench.deals import deals
from bench.serving import ENVIRONMENT, filled, made_database, served
from tests.servers import free_port

GOAL = 1.5
CUSTOMERS_PER_DEAL = 4
YEAR = "from=2025-01-01&to=2025-12-31"
PAST = "as_of=2025-06-30"

Statement = tuple[str, Any]


def asked() -> Iterator[str]:
    """Every report with every `group_by`, over a year; and as of a past day where that can be asked."""
    for path, report in REPORTS.items():
        parameters = report.query().fields
        groups = parameters.get("group_by")
        for group in groups.options if isinstance(groups, Choice) else [None]:
            for time_asked in ("", PAST) if "as_of" in parameters else ("",):
                pairs = [f"group_by={group}" if group else "", time_asked, YEAR if "from" in parameters else ""]
                yield f"{path}?{'&'.join(pair for pair in pairs if pair)}".rstrip("?")


def measured(admin_url: str | None, folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Ratios of answers to bare SQL, with the milliseconds of both.

    Args:
        admin_url: of a PostgreSQL on which a database can be made; None measures on SQLite.
        folder: for the application's files.
        count: of deals; there are as many contact records, and a customer for every four of them.
        rounds: how often each is measured; the median counts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'reports.db'}" if admin_url is None else made_database(admin_url, "reports")
    customers = max(1, count // CUSTOMERS_PER_DEAL)
    print(f"Filling {count:,} deals ({url.partition(':')[0]}) ...", flush=True)
    app = filled(
        url,
        folder,
        data.people,
        data.rates,
        partial(data.customers, count=customers),
        partial(deals, count=count, customers=customers),
        partial(contacts, count=count, customers=customers),
    )
    ratios, bare_ms, answer_ms = {}, {}, {}
    print("Measuring reports ...", flush=True)
    with (
        app.app_context(),
        served("app:create_app()", port=free_port(), DATABASE_URL=url, DATA_DIR=str(folder), **ENVIRONMENT) as ours,
    ):
        token = access_token(1, 1, 86_400)
        for report in asked():
            statements = statements_of(app, report)
            pairs = []
            for number in range(rounds + 1):
                below = _bare(statements)
                _write()
                above = _answer(f"{ours}/api/v1/reports/{report}", token)
                # The first round warms both.
                pairs += [(below, above)] if number else []
            name = report.replace(YEAR, "").rstrip("?&")
            ratios[name] = round(statistics.median(above / below for below, above in pairs), 2)
            bare_ms[name] = round(statistics.median(below for below, _ in pairs))
            answer_ms[name] = round(statistics.median(above for _, above in pairs))
            print(f"  {name}: {ratios[name]} x {bare_ms[name]} ms", flush=True)
        for engine in db.engines.values():
            engine.dispose()
    return {
        "deals": count,
        "contacts": count,
        "customers": customers,
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
            one.run(connection, actor, scope_of(one, actor, values), values)
        finally:
            event.remove(read_engine(), "before_cursor_execute", note)
    return found


def _write() -> None:
    """Move the state that kept answers are known by."""
    moment = datetime.now(UTC)
    entry = {"action": "updated", "resource": "nothing", "resource_id": 1, "version": 1, "changed": [], "audience": []}
    with db.engines[None].begin() as connection:
        made = connection.execute(insert(Changeset).values(recorded_at=moment, source="bench", entry_count=1))
        changeset_id = made.inserted_primary_key[0] if made.inserted_primary_key else None
        connection.execute(insert(JournalEntry).values(changeset_id=changeset_id, recorded_at=moment, **entry))


def _bare(statements: list[Statement]) -> float:
    """Milliseconds of the statements alone, their rows fetched and written as JSON."""
    connection = read_engine().raw_connection()
    try:
        start = time.perf_counter()
        for statement, parameters in statements:
            cursor = connection.cursor()
            cursor.execute(statement, parameters)
            orjson.dumps([list(row) for row in cursor.fetchall()], default=str)
        return (time.perf_counter() - start) * 1_000
    finally:
        connection.close()


def _answer(url: str, token: str) -> float:
    """Milliseconds of an answer."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return (time.perf_counter() - start) * 1_000

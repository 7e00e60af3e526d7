"""The ledger check L: what the clients were told against what stands in the database.

(a) every acknowledged write is there with its values; (b) every other one is wholly there or wholly absent: row,
journal and idempotency row agree; (c) sent once more with its key, each unknown one ends in exactly one row; (d) the
database and the journal are sound.
"""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app.customer.models import Customer
from app.idempotency import IdempotencyKey
from app.journal import JournalEntry, JournalValue
from config import settings_from
from faults.load import Load, Write
from faults.shape import Shape
from tests.servers import postgresql_binaries


@dataclass
class State:
    """What stands in the database of the load's customers.

    Attributes:
        rows: customers by e-mail address.
        entries: action, version and title of every journal entry, by customer.
        scopes: of all idempotency rows.
    """

    rows: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[int, list[tuple[str, int, str | None]]] = field(default_factory=lambda: defaultdict(list))
    scopes: Counter[str] = field(default_factory=Counter)


@dataclass
class Verdict:
    """What came of the check."""

    faults: list[str] = field(default_factory=list)
    acknowledged: int = 0
    unknown: int = 0
    unknown_there: int = 0


def read(shape: Shape) -> State:
    """Read the database past the product."""
    state, engine = State(), shape.engine()
    with engine.connect() as connection:
        for row in connection.execute(
            select(Customer.id, Customer.email, Customer.name, Customer.title, Customer.version)
        ):
            state.rows[row.email or ""].append(row)
        entries = (
            select(JournalEntry.resource_id, JournalEntry.action, JournalEntry.version, JournalValue.after)
            .join(JournalValue, JournalValue.journal_id == JournalEntry.id)
            .where(JournalEntry.resource == "customer")
            .order_by(JournalEntry.id)
        )
        for record_id, action, version, after in connection.execute(entries):
            state.entries[record_id].append((action, version, (after or {}).get("title")))
        state.scopes.update(connection.execute(select(IdempotencyKey.scope)).scalars())
    engine.dispose()
    return state


def scope_of(person_id: int, write: Write) -> str:
    """Where the answer of a POST is kept."""
    return hashlib.sha256(f"{person_id}\nPOST\n/api/v1/customers\n{write.key}".encode()).hexdigest()


def _created(state: State, write: Write, scope: str) -> tuple[int, int, int]:
    """How many rows, journal entries of a creation and idempotency rows a POST has left."""
    rows = state.rows.get(write.mark, [])
    entries = sum(action == "created" for row in rows for action, _, _ in state.entries.get(row.id, []))
    return len(rows), entries, state.scopes[scope]


def _check_post(state: State, write: Write, scope: str, verdict: Verdict) -> None:
    found = _created(state, write, scope)
    if write.is_acknowledged:
        row = next(iter(state.rows.get(write.mark, [])), None)
        if found != (1, 1, 1) or row is None or (row.id, row.name) != (write.record_id, write.body["name"]):
            verdict.faults.append(f"(a) acknowledged POST {write.key}: rows, entries, keys = {found}")
    elif write.is_refused:
        if found != (0, 0, 0):
            verdict.faults.append(f"(b) refused POST {write.key}: {write.status}, and {found}")
    elif found not in ((1, 1, 1), (0, 0, 0)):
        verdict.faults.append(f"(b) unknown POST {write.key}: rows, entries, keys = {found}")
    else:
        verdict.unknown_there += found[0]


def _check_patch(state: State, write: Write, verdict: Verdict) -> None:
    edits = [entry for entry in state.entries.get(write.record_id, []) if entry[2] == write.mark]
    if write.is_acknowledged:
        if [version for _, version, _ in edits] != [write.version]:
            verdict.faults.append(f"(a) acknowledged PATCH of {write.record_id} to version {write.version}: {edits}")
    elif len(edits) > (0 if write.is_refused else 1):
        verdict.faults.append(f"(b) PATCH of {write.record_id} with {write.status}: {edits}")
    elif not write.is_refused:
        verdict.unknown_there += len(edits)


def _check_records(state: State, verdict: Verdict) -> None:
    """Each row is what its last entry says, and each version has one entry."""
    for email, rows in state.rows.items():
        if not email.endswith("@load.example"):
            continue
        for row in rows:
            entries = state.entries.get(row.id, [])
            versions = [version for _, version, _ in entries]
            title = next((title for _, _, title in reversed(entries) if title is not None), None)
            if versions != list(range(1, row.version + 1)) or title != row.title:
                verdict.faults.append(f"(b) customer {row.id}: version {row.version}, entries of {versions[-3:]}")


def _sound_database(shape: Shape) -> list[str]:
    if shape.postgres is None:
        path = settings_from(shape.environment).database_url.removeprefix("sqlite:///")
        connection = sqlite3.connect(path, timeout=30)
        try:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        finally:
            connection.close()
        return [] if said == ["ok"] else [f"(d) integrity_check: {said[:3]}"]
    binaries = postgresql_binaries()
    if binaries is None or not (binaries / "pg_amcheck").exists():
        return []
    name = shape.environment["DATABASE_URL"].rsplit("/", 1)[1]
    command = [str(binaries / "pg_amcheck"), "-h", "127.0.0.1", "-p", str(shape.postgres.port), "-U", "lianxi"]
    run = subprocess.run(
        [*command, "--install-missing", "--heapallindexed", "-d", name], capture_output=True, text=True, check=False
    )
    return [] if run.returncode == 0 else [f"(d) pg_amcheck: {(run.stdout + run.stderr)[:300]}"]


def check(load: Load, *, again: bool = True) -> Verdict:
    """Check the whole ledger against the database of the shape that the load ran on.

    Args:
        load: that has ended.
        again: send what is unknown once more with its key.
    """
    shape, verdict = load.shape, Verdict()
    state = read(shape)
    writes = [(client, write) for client in load.clients for write in client.ledger]
    verdict.acknowledged = sum(write.is_acknowledged for _, write in writes)
    unknown = [(client, write) for client, write in writes if not write.is_acknowledged and not write.is_refused]
    verdict.unknown = len(unknown)
    for client, write in writes:
        if write.method == "POST":
            _check_post(state, write, scope_of(client.person_id, write), verdict)
        else:
            _check_patch(state, write, verdict)
    _check_records(state, verdict)
    if again:
        posts = [(client, write) for client, write in unknown if write.method == "POST"]
        for client, write in posts:
            if client.send_again(write) is None:
                verdict.faults.append(f"(c) POST {write.key} is not done even now")
        state = read(shape)
        for client, write in posts:
            found = _created(state, write, scope_of(client.person_id, write))
            if found != (1, 1, 1):
                verdict.faults.append(f"(c) POST {write.key} sent again: rows, entries, keys = {found}")
    verdict.faults += sound(shape)
    return verdict


def sound(shape: Shape) -> list[str]:
    """What is wrong with the database itself and with the journal: part (d)."""
    faults = _sound_database(shape)
    run = shape.flask("journal", "verify")
    if run.returncode:
        faults.append(f"(d) flask journal verify: {(run.stdout + run.stderr)[-300:]}")
    return faults


def first(faults: Iterable[str], count: int = 5) -> str:
    """The first of some faults, to be read."""
    found = list(faults)
    return "; ".join(found[:count]) + (f" and {len(found) - count} more" if len(found) > count else "")

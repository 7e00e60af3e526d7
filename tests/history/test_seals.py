"""The journal is append-only, sealed behind the feed, and says where somebody laid hands on it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from app import append_only
from app.database import db
from app.history import sealing
from app.history.models import JournalSeal
from app.history.sealing import seal_journal
from app.history.verification import verify
from app.job.chores import CHORES
from app.journal import Changeset, JournalEntry, JournalValue, Setting
from app.routing import CRM

from ..auth.test_second_factor import set_up
from ..cast import PASSWORD, Cast


@contextmanager
def tampering() -> Iterator[Connection]:
    """What somebody does who owns the database."""
    with db.engines[None].begin() as connection, append_only.set_aside(connection):
        yield connection


def customers(cast: Cast, count: int) -> list[int]:
    return [cast.alice.made("/customers", {"name": f"Kunde {number}"})["id"] for number in range(count)]


def sealed(cast: Cast, monkeypatch: pytest.MonkeyPatch, batch: int = 4) -> list[int]:
    """Entries of ten customers under several seals, by their ids."""
    customers(cast, 10)
    monkeypatch.setattr(sealing, "BATCH", batch)
    assert seal_journal() > 10
    assert verify().faults == []
    query = select(JournalEntry.id).where(JournalEntry.resource == "customer").order_by(JournalEntry.id)
    return list(db.session.execute(query).scalars())


def test_everything_is_sealed_in_the_order_of_the_feed(cast: Cast) -> None:
    customers(cast, 3)
    before = verify()
    assert (before.seals, before.head, before.faults) == (0, "", [])
    assert before.unsealed == before.entries > 3
    assert seal_journal() == before.entries
    assert seal_journal() == 0
    after = verify()
    assert (after.entries, after.unsealed, after.seals, after.faults) == (before.entries, 0, 1, [])
    assert after.head.startswith("1:")
    cast.alice.made("/customers", {"name": "later"})
    assert verify().unsealed == 1
    _, chore = CHORES["journal seals"]
    chore()
    assert (verify().seals, verify().unsealed) == (2, 0)


def test_the_journal_is_append_only(cast: Cast) -> None:
    customers(cast, 1)
    seal_journal()
    for table in append_only.GUARDED:
        if table == "journal_erasure":
            continue
        for statement in (f"DELETE FROM {table}", _touch(table)):  # noqa: S608 - names of our own tables
            with pytest.raises(DBAPIError, match="append-only"), db.engines[None].begin() as connection:
                connection.execute(text(statement))
        if db.engines[None].dialect.name == "postgresql":
            with pytest.raises(DBAPIError, match="append-only"), db.engines[None].begin() as connection:
                connection.execute(text(f"TRUNCATE {table} CASCADE"))
    assert verify().faults == []
    with db.engines[None].begin() as connection:
        # A job goes on with its change set.
        connection.execute(text("UPDATE changeset SET entry_count = entry_count + 1"))


def _touch(table: str) -> str:
    column = {"changeset": "source", "journal_value": "salt", "journal_seal": "mac", "journal": "action"}[table]
    return f"UPDATE {table} SET {column} = 'x'"  # noqa: S608 - names of our own tables


CHANGES: dict[str, tuple[str, str]] = {
    "an entry's author": ("UPDATE journal SET actor_id = 4711 WHERE id = :id", "entry {id}: was altered after seal"),
    "an entry's action": ("UPDATE journal SET action = 'deleted' WHERE id = :id", "entry {id}: was altered after seal"),
    "an entry's moment": (
        "UPDATE journal SET recorded_at = (SELECT min(recorded_at) FROM changeset) WHERE id = :id",
        "entry {id}: was altered after seal",
    ),
    "whose request it was": (
        "UPDATE changeset SET source = 'job' WHERE id = (SELECT changeset_id FROM journal WHERE id = :id)",
        "entry {id}: was altered after seal",
    ),
    "a value": (
        """UPDATE journal_value SET after = '{"name": "forged"}' WHERE journal_id = :id""",
        "entry {id}: its values were altered",
    ),
    "values emptied": (
        "UPDATE journal_value SET before = '{}', after = '{}' WHERE journal_id = :id",
        "entry {id}: its values were emptied without an erasure",
    ),
    "no salt": (
        "UPDATE journal_value SET salt = NULL WHERE journal_id = :id",
        "entry {id}: its values are not proven: no salt",
    ),
    "no values": ("DELETE FROM journal_value WHERE journal_id = :id", "entry {id}: its values are missing"),
    "an erasure that was none": (
        "INSERT INTO journal_erasure SELECT id, id, digest FROM journal WHERE id = :id",
        "entry {id}: is noted as emptied by entry {id}, which is no erasure",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_by_hand_is_found(cast: Cast, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    entry_id = sealed(cast, monkeypatch)[4]
    statement, fault = CHANGES[what]
    with tampering() as connection:
        connection.execute(text(statement), {"id": entry_id})
    found = verify()
    assert found.faults[0].startswith(fault.format(id=entry_id)), found.faults
    assert found.fault_count == 1


def test_a_deleted_entry_is_named(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    entry_id = sealed(cast, monkeypatch)[5]
    with tampering() as connection:
        for table, key in (("journal_value", "journal_id"), ("journal", "id")):
            connection.execute(text(f"DELETE FROM {table} WHERE {key} = :id"), {"id": entry_id})  # noqa: S608
    (fault,) = verify().faults
    assert fault.startswith(f"entry {entry_id}: is missing; seal ")


def test_an_entry_put_in_between_is_named(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = sealed(cast, monkeypatch)
    copy(0, ids[2], "-1" if db.engines[None].dialect.name == "sqlite" else "1000000")
    (fault,) = [one for one in verify().faults if "was put in" in one]
    assert fault.endswith("or moved")


def copy(begin: int, entry_id: int, number: str, rows: str = "") -> None:
    """Put copies of an entry into the journal, as whoever owns the database can."""
    with tampering() as connection:
        for model, key in ((JournalEntry, "id"), (JournalValue, "journal_id")):
            names = ", ".join(f'"{one.name}"' for one in model.__table__.columns if one.name != key)
            table = model.__tablename__
            connection.execute(
                text(
                    f"INSERT INTO {table} ({key}, {names}) SELECT {begin} + {number}, {names}"  # noqa: S608 - our own
                    f" FROM {table}{rows} WHERE {key} = :id"
                ),
                {"id": entry_id},
            )


def test_swapped_and_missing_seals_are_named(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed(cast, monkeypatch)
    with tampering() as connection:
        for before, after in ((2, -2), (3, 2), (-2, 3)):
            connection.execute(
                text("UPDATE journal_seal SET number = :after WHERE number = :before"),
                {"before": before, "after": after},
            )
    assert verify().faults[0] == "seal 2: was altered, or does not stand where it was made"
    with tampering() as connection:
        connection.execute(text("DELETE FROM journal_seal WHERE number = 2"))
    assert verify().faults[0] == "seal 2: is missing; seal 3 comes next"


def test_a_seal_cannot_be_made_without_the_key(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed(cast, monkeypatch)
    seals = db.session.execute(select(JournalSeal.__table__).order_by(JournalSeal.number)).all()
    forged = sealing.mac_of(b"guessed", seals[1].mac, seals[2])
    with tampering() as connection:
        connection.execute(text("UPDATE journal_seal SET mac = :mac WHERE number = 3"), {"mac": forged})
    assert verify().faults[0] == "seal 3: was altered, or does not stand where it was made"


def test_an_end_that_was_cut_off_is_found_by_the_noted_head(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed(cast, monkeypatch)
    head = verify().head
    assert verify(head).faults == []
    number = int(head.split(":")[0])
    with tampering() as connection:
        connection.execute(text("DELETE FROM journal_seal WHERE number = :number"), {"number": number})
    assert verify().faults == []
    assert verify(head).faults == [f"seal {number}: is missing; it was noted as {head}"]
    cast.alice.made("/customers", {"name": "one more"})
    seal_journal()
    assert verify().faults == []
    assert verify(head).faults == [f"seal {number}: not the one that was noted as {head}"]


def test_older_keys_are_kept_and_vouched_for(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = app.config["LIANXI"]

    def rotate(secret: str, previous: str) -> None:
        monkeypatch.setitem(app.config, "LIANXI", replace(settings, secret_key=secret, previous_secret_key=previous))

    sealed(cast, monkeypatch)
    first, second, third = settings.secret_key, "b" * 40, "c" * 40
    rotate(second, "")
    unknown = verify().faults[0]
    assert unknown.startswith("seal 1: was made with the key ")
    for secret, previous in ((second, first), (third, second)):
        rotate(secret, previous)
        customers(cast, 1)
        seal_journal()
        assert verify().faults == []
    rotate(third, "")
    assert verify().faults == []
    # An older key is of no use for what came after it.
    kept = db.session.get_one(Setting, "journal_keys").value
    assert len(kept) == 2
    with tampering() as connection:
        last = connection.execute(select(JournalSeal.__table__).order_by(JournalSeal.number.desc()).limit(1)).one()
        old_id, old = min(kept.items(), key=lambda one: int(one[1]["until"]))
        values = {"id": old_id, "number": last.number}
        connection.execute(text("UPDATE journal_seal SET key_id = :id WHERE number = :number"), values)
    assert verify().faults == [f"seal {last.number}: was made with the key {old_id}, which nobody vouches for"]
    assert old["until"] < last.number


def test_the_command_says_what_is_wrong(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    entry_id = sealed(cast, monkeypatch)[0]
    runner = app.test_cli_runner()

    def run(*words: str) -> Any:
        return runner.invoke(args=["journal", *words])

    clean = run("verify")
    assert clean.exit_code == 0, clean.output
    assert "Head 链首" in clean.output
    head = clean.output.rsplit(" ", 1)[1].strip()
    assert run("verify", "--head", head).exit_code == 0
    assert run("seal").output.strip() == "0"
    with tampering() as connection:
        connection.execute(text("UPDATE journal SET action = 'won' WHERE id = :id"), {"id": entry_id})
    dirty = run("verify")
    assert dirty.exit_code == 1
    assert dirty.output.startswith(f"entry {entry_id}: was altered after seal ")


def test_ten_thousand_entries_are_walked_quickly(cast: Cast) -> None:
    customers(cast, 1)
    last = db.session.execute(select(JournalEntry.id).order_by(JournalEntry.id.desc()).limit(1)).scalar_one()
    counting = "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 10000) SELECT n FROM up"
    copy(last, last, "many.n", f", ({counting}) AS many")
    began = time.process_time()
    assert seal_journal() > 10_000
    between = time.process_time()
    found = verify()
    assert (found.faults, found.unsealed) == ([], 0)
    assert found.entries > 10_000
    assert between - began < 5
    assert time.process_time() - between < 5


def test_secrets_are_in_no_value(cast: Cast) -> None:
    token = cast.alice.made("/auth/tokens", {"name": "script", "scopes": ["customer:read"], "expires_on": "2027-11-01"})
    secret, codes = set_up(cast.alice)
    new = "a completely new passphrase 4711"
    changed = cast.bob.post("/auth/password", {"current_password": PASSWORD, "new_password": new})
    assert changed.status_code == 204
    told = json.dumps(
        [
            [str(value) for value in row]
            for model in (JournalEntry, JournalValue, Changeset)
            for row in db.session.execute(select(model.__table__))
        ]
    )
    for canary in ("argon2", PASSWORD, new, token["token"], token["token"][-20:], secret, *codes):
        assert canary not in told

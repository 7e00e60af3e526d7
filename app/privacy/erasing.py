"""Erasing what is told of a person: in the rows, in the journal, in files, in what is kept of answers and uploads.

The records stay as tombstones, with what reports count by. Nobody can take it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from flask import current_app
from sqlalchemy import create_engine, delete, func, insert, literal, select, text, update
from sqlalchemy.pool import NullPool

from ..attachment.models import Attachment
from ..attachment.service import place_of
from ..customer.custom_fields import DERIVES
from ..customer.models import DuplicatePair, Pair, PersonPair
from ..database import IdList, db, member_of, read_engine
from ..exporting import service as exporting
from ..exporting.models import Export
from ..folding import fold
from ..history.erasing import erase_values
from ..idempotency import IdempotencyKey
from ..importing import service as importing
from ..importing.models import Import
from ..job.chores import chore
from ..job.models import Job
from ..journal import ERASED, SETTLE, JournalEntry, SetBack
from ..listing import SPECS
from ..record import Erasure, Record
from ..task.models import Task
from ..transaction import after_commit, current_unit, now
from .personal import NO_CONTENT, PERSONAL, Ids, Subject, entries_about, left_of, records, values_after

_NAMED = ("person", "title")
"""What a quote that is somebody else's tells of a person."""


def erase(head: Record, subject: Subject, *, reason: str | None = None, is_purged: bool = False) -> dict[str, int]:
    """Erase all that is told of somebody, in the open unit of work.

    Args:
        head: whose erasure it is, as the journal tells it.
        subject: all records that are erased, `head` among them.
        reason: why, in the admin's words.
        is_purged: they leave the recycle bin, too.

    Returns:
        How many records of each kind were erased, and `journal`: entries of which values were.
    """
    words = set(_words(subject))
    ids: Ids = {name: set(those) for name, those in subject.ids.items()}
    changesets = set(
        db.session.execute(select(JournalEntry.changeset_id).where(entries_about(ids)).distinct()).scalars()
    )
    _lock(ids)
    unit, language = current_unit(), current_app.config["LIANXI"].default_language
    for resource, those in ids.items():
        for record in records(resource, those):
            _empty(record, language)
    for quote in records("quote", set(subject.named_in), locked=True):
        if quote.buyer is not None:
            quote.buyer = {**quote.buyer, **dict.fromkeys(_NAMED)}
    db.session.flush()
    for resource, those in ids.items():
        _entomb(resource, those, is_purged or resource == "attachment")
    for change in unit.pending.values():
        change.action = ERASED
    entries = entries_about({**ids, "quote": ids.get("quote", set()) | subject.named_in})
    told = erase_values(head, entries, _left(ids), {} if reason is None else {"reason": reason})
    _forget_copies(words, changesets, ids)
    return {**{name: len(those) for name, those in ids.items()}, "journal": told}


def _lock(ids: Ids) -> None:
    """Lock all rows in the order of everybody; of people, their customers before them."""
    homes = {one.customer_id for one in records("person", ids.get("person", set()))}
    wanted = {**ids, "customer": ids.get("customer", set()) | homes}
    for resource in sorted(wanted, key=lambda name: (name != "task", name)):
        records(resource, wanted[resource], locked=True)


def _left(ids: Ids) -> Callable[[str, int, Mapping[str, Any]], dict[str, Any]]:
    """What is left of an entry's values; of a quote that only names the person, all but that."""

    def left(resource: str, record_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
        if resource != "quote" or record_id in ids.get("quote", set()):
            return left_of(resource, values)
        buyer = values.get("buyer")
        return {**values, "buyer": {**buyer, **dict.fromkeys(_NAMED)}} if isinstance(buyer, dict) else dict(values)

    return left


def _words(subject: Subject) -> Iterator[str]:
    """What somebody is known by, to look for copies of it."""
    for resource, those in subject.ids.items():
        for record in records(resource, those):
            for name in PERSONAL[resource]:
                if name not in ("sha256", "size", "birthday", "decision_role", "title", "salutation", "department"):
                    yield from _texts(getattr(record, name))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value.strip()) > 1:
        yield value.strip()
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name not in ("kind", "country", "province", "city"):
                yield from _texts(one)


def _empty(record: Any, language: str) -> None:
    """Empty a row, and what follows from it."""
    if isinstance(record, Attachment):
        _drop_content(record)
        if record.is_active:
            record.is_active, record.deleted_at, record.deleted_by = False, current_unit().at, current_unit().actor_id
    for name, value in values_after(record, language).items():
        if getattr(record, name) != value:
            setattr(record, name, value)
    _derive(record)


def _derive(record: Any) -> None:
    plural = SPECS[record.resource].plural
    if isinstance(record, Attachment):
        record.name_key = fold(record.name)
    elif isinstance(record, Task):
        SETTLE["task"](record, SetBack(current_unit().at, {}, {}))
    elif plural in DERIVES:
        DERIVES[plural](record)


def _drop_content(attachment: Attachment) -> None:
    """Delete the content of a file once it is committed that no other file has it."""
    sha256 = attachment.sha256
    if sha256 == NO_CONTENT:
        return

    def drop() -> None:
        others = select(func.count()).select_from(Attachment).where(Attachment.sha256 == sha256)
        if not db.session.execute(others).scalar_one():
            place_of(sha256).unlink(missing_ok=True)
        db.session.rollback()

    after_commit(drop)


def _entomb(resource: str, ids: set[int], is_purged: bool) -> None:
    unit, connection = current_unit(), db.session.connection()
    mine = (Erasure.resource == resource) & member_of(Erasure.record_id, literal(sorted(ids), IdList()))
    was_purged = set(connection.execute(select(Erasure.record_id).where(mine, Erasure.is_purged)).scalars())
    connection.execute(delete(Erasure).where(mine))
    row = {"resource": resource, "erased_at": unit.at, "erased_by": unit.actor_id}
    rows = [{**row, "record_id": one, "is_purged": is_purged or one in was_purged} for one in sorted(ids)]
    if rows:
        connection.execute(insert(Erasure), rows)


# ---- copies ----------------------------------------------------------------------------------------------------------


def _forget_copies(words: set[str], changesets: set[int], ids: Ids) -> None:
    """Drop what is kept for a while besides: answers for retries, uploads, exported files, results of jobs."""
    connection = db.session.connection()
    is_pg = connection.dialect.name == "postgresql"
    holds = text("position(:word in body) > 0" if is_pg else "instr(body, :word) > 0")
    for word in sorted(words):
        told = json.dumps(word, ensure_ascii=False)[1:-1].encode()
        connection.execute(delete(IdempotencyKey).where(holds), {"word": told})
    for one in db.session.execute(select(Import)).scalars():
        kept = json.dumps([one.columns, one.corrections, one.found, one.name], ensure_ascii=False, default=str)
        if one.changeset_id in changesets or any(word in kept for word in words):
            for path in (importing.folder() / one.file, importing.errors_path(one)):
                after_commit(partial(path.unlink, missing_ok=True))
            db.session.delete(one)
    for job in db.session.execute(select(Job.id, Job.arguments, Job.result, Job.problem, Job.state)).all():
        kept = json.dumps([job.arguments, job.result, job.problem, job.state], ensure_ascii=False, default=str)
        if any(word in kept for word in words):
            result = {name: one for name, one in (job.result or {}).items() if isinstance(one, (int, bool, type(None)))}
            emptied = {"result": result, "problem": None, "arguments": {}}
            connection.execute(update(Job).where(Job.id == job.id, Job.finished_at.is_not(None)).values(**emptied))
    named = {one for those in ids.values() for one in those}
    for export in db.session.execute(select(Export).where(Export.expires_at > current_unit().at)).scalars():
        if export.ids is None or named & set(export.ids):
            after_commit(partial((exporting.folder() / export.file).unlink, missing_ok=True))
    pairs: dict[str, type[Pair]] = {"customer": DuplicatePair, "person": PersonPair}
    for resource, pair in pairs.items():
        connection.execute(delete(pair).where(_names(pair, ids.get(resource, set()))))


def _names(pair: type[Pair], those: set[int]) -> Any:
    one, other = (member_of(link, literal(sorted(those), IdList())) for link in pair.links())
    return one | other


@chore("erased traces", every=timedelta(days=1))
def overwrite_traces() -> None:
    """Have the database overwrite what it still holds of erased rows, if anything was erased since yesterday.

    SQLite writes its file anew, PostgreSQL gives back what dead rows took. Old copies in its write-ahead log and in
    backups end with these.
    """
    with read_engine().connect() as connection:
        latest = connection.execute(select(func.max(Erasure.erased_at))).scalar()
    if latest is None or latest < now() - timedelta(days=2):
        return
    engine = db.engines[None]
    if engine.dialect.name == "postgresql":
        # Past a pooler, and by a session without a limit of time.
        lone = create_engine(current_app.config["LIANXI"].database_url, poolclass=NullPool)
        with lone.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")
        return
    raw = engine.raw_connection()
    try:
        driver: Any = raw.driver_connection
        driver.execute("VACUUM")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.invalidate()


__all__ = ["erase", "overwrite_traces"]

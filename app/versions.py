"""`If-Match`: what the caller has seen is what he or she changes, else 412 with the record as it is now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from flask import request
from sqlalchemy import select

from .database import db
from .errors import Problem, problem_of
from .journal import JournalEntry
from .listing import SPECS, encode, etag_of
from .record import Record

_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def wanted_versions() -> list[int] | None:
    """The versions that `If-Match` names by its tags; None where any will do.

    Raises:
        Problem: 400 for a header that is none.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    tags = _TAG.findall(header)
    if not tags or _TAG.sub("", header).strip(" ,\t"):
        raise Problem(400, "bad-request")
    return [int(head) for tag in tags if (head := tag.split(".")[0]).isascii() and head.isdigit() and len(head) < 19]


@contextmanager
def at_version(record: Record, current: Callable[[], dict[str, Any]], required: bool = False) -> Iterator[None]:
    """Honour `If-Match` for what the block does to a record.

    A block that is stale runs all the same, because faults of the input are told first; its effect is rolled back
    with the refusal.

    Args:
        current: the record as the caller sees it.
        required: whether the header may not be absent.

    Raises:
        Problem: 400 bad header; 412 with `current` and `changed_fields` when stale; 428 without a required one.
    """
    refusal = _refusal(record, current, required)
    try:
        yield
    except Exception as error:
        if refusal is None or problem_of(error).status != 409:
            raise
    if refusal is not None:
        raise refusal


def _refusal(record: Record, current: Callable[[], dict[str, Any]], required: bool) -> Problem | None:
    versions = wanted_versions()
    if versions is None:
        return Problem(428, "version-required") if required and "If-Match" not in request.headers else None
    if record.version in versions:
        return None
    changed = db.session.execute(
        select(JournalEntry.changed).where(
            JournalEntry.resource == record.resource,
            JournalEntry.resource_id == record.id,
            JournalEntry.version > max(versions, default=0),
        )
    ).scalars()
    shown = current()
    spec = SPECS.get(record.resource)
    hidden = spec.fields.fields.keys() - shown.keys() if spec is not None else set[str]()
    fields = sorted({name for names in changed for name in names} - record.derived_columns - hidden)
    return Problem(
        412,
        "stale",
        extra={"current": orjson.loads(encode(shown)), "changed_fields": fields},
        headers={"ETag": etag_of(encode(shown), record.version)},
    )

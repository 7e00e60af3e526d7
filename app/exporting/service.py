"""Use cases of exports: ask for one, fetch its file, take a ticket for a browser and use it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import delete, select

from ..access import Actor, Permission
from ..auth.identity import load_actor
from ..bulk.service import named_ids, parsed, query_text
from ..database import db, read_engine
from ..errors import Issue, Problem, forbidden, invalid, not_found
from ..importing.labels import label_of
from ..importing.resources import resource_of
from ..job.chores import chore
from ..job.models import Job
from ..job.service import enqueue
from ..listing import ListSpec
from ..messages import language
from ..routing import OPERATIONS, PREFIX, SIGNED_IN
from ..transaction import now, unit_of_work
from .columns import CARDS, EXPORTABLE, columns_of
from .models import Export, ExportFormat, ExportTicket
from .schemas import EVERYTHING

KEPT = timedelta(days=7)
"""So long an exported file is kept."""

TICKET_LIVES = timedelta(seconds=60)


def folder() -> Path:
    """Where exported files lie."""
    return Path(current_app.config["LIANXI"].data_dir) / "exports"


def begin(actor: Actor, body: Mapping[str, Any]) -> Job:
    """Have records exported by a job.

    Raises:
        Problem: 403 where the role may not read them; 422 for records, columns or a format that there are not.
    """
    plural, kind = body["resource"], body["format"]
    wanted = list(EXPORTABLE) if plural == EVERYTHING else [plural]
    readable = [one for one in wanted if may_read(actor, resource_of(one).spec)]
    if not readable:
        raise forbidden()
    if kind == ExportFormat.VCF and plural not in CARDS:
        raise invalid(Issue("#/format", "not_exported"))
    arguments: dict[str, Any] = {
        "resource": plural,
        "format": kind,
        "labels": body["labels"],
        "query": "",
        "ids": None,
        "fields": body.get("fields") or None,
    }
    if plural == EVERYTHING:
        chosen = [name for name in ("ids", "where", "query", "sort", "fields") if name in body]
        if chosen:
            raise invalid(*(Issue(f"#/{name}", "unknown_field") for name in chosen))
    else:
        _choose(actor, resource_of(plural).spec, body, arguments)
    return enqueue(actor, "export", arguments)


def _choose(actor: Actor, spec: ListSpec, body: Mapping[str, Any], arguments: dict[str, Any]) -> None:
    known = columns_of(spec.plural, actor)
    unknown = [number for number, name in enumerate(body.get("fields") or ()) if name not in known]
    if unknown:
        raise invalid(*(Issue(f"#/fields/{number}", "unknown_field") for number in unknown))
    arguments["query"] = query_text(body)
    if body.get("sort"):
        try:
            spec.parse(f"sort={body['sort']}", actor)
        except Problem as problem:
            raise invalid(*(Issue("#/sort", issue.code, issue.params) for issue in problem.issues)) from problem
        arguments["query"] += ("&" if arguments["query"] else "") + f"sort={body['sort']}"
    parsed(actor, spec, arguments["query"])
    if "ids" in body:
        arguments["ids"] = named_ids(body)


def columns(actor: Actor, plural: str) -> list[dict[str, Any]]:
    """What a resource can be exported with, as `ExportColumnSchema` has it.

    Raises:
        Problem: 403 where the role may not read it.
    """
    if not may_read(actor, resource_of(plural).spec):
        raise forbidden()
    return [
        {
            "name": name,
            "label": label_of(plural, column.field, language()),
            "is_read_only": column.is_read_only,
        }
        for name, column in columns_of(plural, actor).items()
    ]


def may_read(actor: Actor, spec: ListSpec) -> bool:
    """Whether a person may read a list at all."""
    rule = f"{PREFIX}/{spec.plural}"
    needed = next(one.permission for one in OPERATIONS.values() if one.listing is spec and one.rule == rule)
    return needed == SIGNED_IN or actor.may(needed)


def own(actor: Actor, export_id: int) -> Export:
    """One's own export.

    Raises:
        Problem: 404, also for those of others.
    """
    query = select(Export).where(Export.id == export_id, Export.created_by == actor.user_id, Export.is_active)
    found: Export | None = db.session.execute(query).scalar_one_or_none()
    if found is None:
        raise not_found()
    return found


def content_of(export: Export) -> Path:
    """Where the file lies.

    Raises:
        Problem: 410 when it was deleted.
    """
    path = folder() / export.file
    if export.expires_at <= now() or not path.is_file():
        raise Problem(410, "export-expired")
    return path


def ticket(actor: Actor, export_id: int) -> dict[str, Any]:
    """What fetches a file once, within a minute, without a token: a browser cannot send one with a download.

    Raises:
        Problem: 404; 410 when the file was deleted.
    """
    content_of(own(actor, export_id))
    secret = secrets.token_urlsafe(32)
    with unit_of_work(actor_id=actor.user_id, source="http") as unit:
        expires_at = unit.at + TICKET_LIVES
        db.session.add(ExportTicket(secret_hash=_hashed(secret), export_id=export_id, expires_at=expires_at))
    return {"url": f"{PREFIX}/exports/{export_id}/download?ticket={secret}", "expires_at": expires_at}


def redeem(export_id: int, secret: str) -> Export:
    """The export of a ticket, which is used up by that.

    Raises:
        Problem: 404 for a ticket that there is not, is used, has ended, or whose holder may not export any more.
    """
    with unit_of_work(source="http") as unit:
        used = delete(ExportTicket).where(
            ExportTicket.secret_hash == _hashed(secret), ExportTicket.export_id == export_id
        )
        expires_at: datetime | None = db.session.execute(used.returning(ExportTicket.expires_at)).scalar()
        is_good = expires_at is not None and expires_at > unit.at
        export = db.session.get(Export, export_id) if is_good else None
    if export is None:
        raise not_found()
    assert export.created_by is not None
    with read_engine().connect() as connection:
        holder = load_actor(connection, export.created_by, None)
    if holder is None or not holder.may(Permission.EXPORT):
        raise not_found()
    return export


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@chore("exported files", every=timedelta(hours=1))
def forget_old() -> None:
    """Delete files whose time is over, what broken jobs have left, and tickets that nobody used."""
    with unit_of_work(source="job") as unit:
        db.session.execute(delete(ExportTicket).where(ExportTicket.expires_at < unit.at))
        oldest = unit.at - KEPT
    for path in folder().glob("*"):
        if path.stat().st_mtime < oldest.timestamp():
            path.unlink(missing_ok=True)

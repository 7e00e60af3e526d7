"""Use cases of files."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flask import current_app

from .. import scanner
from ..access import Actor, Policy
from ..contact.models import contacts
from ..customer.models import customers
from ..database import db
from ..deal.models import deals
from ..errors import Issue, Problem, invalid, not_found
from ..folding import fold
from ..intake import pieces_of
from ..journal import SETTLE
from ..routing import remove, restore
from .content import SEEN, safe_name, type_of
from .models import Attachment

_OWNERS: dict[str, Policy] = {"customer_id": customers, "deal_id": deals, "contact_id": contacts}


@dataclass(frozen=True)
class Arrived:
    """A file that was received and waits to be taken over."""

    path: Path
    name: str
    content_type: str
    size: int
    sha256: str


def folder() -> Path:
    """Where contents are kept."""
    return Path(current_app.config["LIANXI"].data_dir) / "files"


def place_of(sha256: str) -> Path:
    """Where the content of a hash is kept."""
    return folder() / sha256[:2] / sha256


def receive(stream: IO[bytes], name: str, *, is_scanned: bool = False) -> Arrived:
    """Write a stream to the disk piece by piece, tell what it is, and have it scanned: before any unit of work.

    Args:
        is_scanned: the scanner has found it clean already.

    Raises:
        Problem: 413 for a file that is too large; 422 at `#/file` for one that is empty or of a kind that is not kept;
            422 and 503 as `scanner.check`.
    """
    incoming = folder() / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    path = incoming / secrets.token_hex(16)
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        with path.open("xb") as target:
            for piece in pieces_of(stream):
                head = head or piece[:SEEN]
                digest.update(piece)
                size += len(piece)
                target.write(piece)
            # What is acknowledged is on the disk, as the database's own writes are.
            target.flush()
            os.fsync(target.fileno())
        kind = type_of(head, name)
        if kind is None:
            raise invalid(Issue("#/file", "file_type" if size else "required"))
        if not is_scanned:
            with path.open("rb") as content:
                scanner.check(content, name)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Arrived(path, safe_name(name), kind, size, digest.hexdigest())


def check_owner(actor: Actor, values: dict[str, Any]) -> None:
    """Refuse a file that belongs to no record, to several, or to one that the caller may not change.

    Raises:
        Problem: 422.
    """
    if len(values) != 1:
        raise invalid(Issue("#", "one_owner"))
    ((name, record_id),) = values.items()
    try:
        _OWNERS[name].writable(actor, record_id)
    except Problem as problem:
        raise invalid(Issue(f"#/{name}", "unknown_record")) from problem


def create(actor: Actor, values: dict[str, Any], arrived: Arrived) -> Attachment:
    """A file at a record that the caller may change. The content is stored before anything names it.

    Raises:
        Problem: 422 as for `check_owner`.
    """
    check_owner(actor, values)
    home = place_of(arrived.sha256)
    home.parent.mkdir(parents=True, exist_ok=True)
    arrived.path.replace(home)
    attachment = Attachment(
        **values,
        name=arrived.name,
        name_key=fold(arrived.name),
        content_type=arrived.content_type,
        size=arrived.size,
        sha256=arrived.sha256,
    )
    db.session.add(attachment)
    db.session.flush()
    return attachment


def content_of(attachment: Attachment) -> Path:
    """Where the content of a file lies.

    Raises:
        Problem: 404 when it is there no more.
    """
    path = place_of(attachment.sha256)
    if not path.is_file():
        raise not_found()
    return path


# The name of a file never changes, nor does what follows from it.
SETTLE["attachment"] = lambda _attachment, _undone: None


__all__ = ["check_owner", "content_of", "create", "receive", "remove", "restore"]

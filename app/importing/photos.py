"""Pictures of people that come within a card: they are kept as files of the customer, and go out as they came."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from .. import scanner
from ..access import Actor, Permission
from ..attachment import service as files
from ..attachment.models import Attachment, attachments
from ..database import db
from ..errors import Issue, Problem, invalid
from ..routing import PREFIX
from .reading import Cell

_PACKED = re.compile(r"data:image/([\w.+-]+);base64,(.*)", re.DOTALL)
_ADDRESS = re.compile(rf"{re.escape(PREFIX)}/attachments/(\d+)/content", re.ASCII)
_LARGEST = 5 * 1024 * 1024
_MOST_PACKED = _LARGEST * 4 // 3


class Photos:
    """The pictures that come within the rows of an import."""

    def __init__(self) -> None:
        self._judged: dict[bytes, Problem | None] = {}

    def scan(self, cells: Iterable[Cell], told: Callable[[], None]) -> None:
        """Have the pictures of the next rows scanned, before the unit of work that takes them.

        Args:
            cells: those that may hold one.
            told: is called after each picture; may take some time itself.

        Raises:
            Problem: 503 as `scanner.check`.
        """
        self._judged.clear()
        if not scanner.is_on():
            return
        for cell in cells:
            found = _PACKED.fullmatch(cell) if isinstance(cell, str) else None
            if found is not None and len(found[2]) <= _MOST_PACKED:
                with suppress(binascii.Error):
                    self._judge(base64.b64decode(found[2], validate=True), found[1])
                    told()

    def keep(self, actor: Actor, values: dict[str, Any]) -> None:
        """Keep a picture that stands in the values of a row itself; its address takes its place.

        Raises:
            Problem: 422 at `#/photo` for what is no picture, a too large one, or one in which the scanner finds
                something.
        """
        found = _PACKED.fullmatch(values.get("photo") or "")
        if found is None or values.get("customer_id") is None:
            return
        if len(found[2]) > _MOST_PACKED:
            raise invalid(Issue("#/photo", "photo_too_large", {"max": _LARGEST // 1024 // 1024}))
        try:
            picture = base64.b64decode(found[2], validate=True)
        except binascii.Error as error:
            raise invalid(Issue("#/photo", "file_type")) from error
        if (problem := self._judge(picture, found[1])) is not None:
            raise problem
        try:
            name = f"{values.get('name') or 'photo'}.{found[1]}"
            arrived = files.receive(io.BytesIO(picture), name, is_scanned=True)
        except Problem as error:
            raise invalid(Issue("#/photo", "file_type")) from error
        there = select(Attachment.id).where(
            Attachment.customer_id == values["customer_id"], Attachment.sha256 == arrived.sha256, Attachment.is_active
        )
        record_id = db.session.execute(there.limit(1)).scalar()
        try:
            if record_id is None:
                record_id = files.create(actor, {"customer_id": values["customer_id"]}, arrived).id
        finally:
            arrived.path.unlink(missing_ok=True)
        values["photo"] = f"{PREFIX}/attachments/{record_id}/content"

    def _judge(self, picture: bytes, kind: str) -> Problem | None:
        """What is wrong with a picture; the scanner is asked once."""
        digest = sha256(picture).digest()
        if digest not in self._judged:
            refused = None
            try:
                scanner.check(io.BytesIO(picture), f"photo.{kind}", "#/photo")
            except Problem as problem:
                if problem.status >= 500:
                    raise
                refused = problem
            self._judged[digest] = refused
        return self._judged[digest]


def packed_photo(actor: Actor, address: str | None) -> str | None:
    """A kept picture as a `data:` address, where this person sees it; any other address as it is."""
    found = _ADDRESS.fullmatch(address or "")
    if found is None:
        return address
    if not actor.may(Permission.ATTACHMENT_READ):
        return None
    try:
        attachment = attachments.get(actor, int(found[1]))
        content = files.content_of(attachment).read_bytes()
    except Problem:
        return None
    if not attachment.content_type.startswith("image/"):
        return None
    return f"data:{attachment.content_type};base64,{base64.b64encode(content).decode()}"

"""Pictures of people that come within a card: they are kept as files of the customer, and go out as they came."""

from __future__ import annotations

import base64
import binascii
import io
import re
from typing import Any

from sqlalchemy import select

from ..access import Actor, Permission
from ..attachment import service as files
from ..attachment.models import Attachment, attachments
from ..database import db
from ..errors import Issue, Problem, invalid
from ..routing import PREFIX

_PACKED = re.compile(r"data:image/([\w.+-]+);base64,(.*)", re.DOTALL)
_ADDRESS = re.compile(rf"{re.escape(PREFIX)}/attachments/(\d+)/content", re.ASCII)
_LARGEST = 5 * 1024 * 1024


def keep_photo(actor: Actor, values: dict[str, Any]) -> None:
    """Keep a picture that stands in the values of a row itself; its address takes its place.

    Raises:
        Problem: 422 at `#/photo` for what is no picture or a too large one.
    """
    found = _PACKED.fullmatch(values.get("photo") or "")
    if found is None or values.get("customer_id") is None:
        return
    if len(found[2]) > _LARGEST * 4 // 3:
        raise invalid(Issue("#/photo", "photo_too_large", {"max": _LARGEST // 1024 // 1024}))
    try:
        picture = base64.b64decode(found[2], validate=True)
        arrived = files.receive(io.BytesIO(picture), f"{values.get('name') or 'photo'}.{found[1]}")
    except (binascii.Error, Problem) as error:
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

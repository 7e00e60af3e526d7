"""Files on their way in and out: forms are streamed to the disk before the unit of work opens."""

from __future__ import annotations

import json

from flask import Response, request, send_file

from .. import idempotency
from ..access import Actor
from ..errors import Issue, Problem, invalid, request_id
from ..routing import conclude, shape_answer
from ..schema import load
from ..transaction import unit_of_work
from . import service
from .models import Attachment
from .schemas import ATTACHMENTS, UploadSchema

_SCHEMA = UploadSchema()


def take_in(actor: Actor) -> Response:
    """Store the file of a multipart form at the record that the form names.

    Raises:
        Problem: 415 for anything but a form; 422 for what is in it.
    """
    if request.mimetype != "multipart/form-data":
        raise Problem(415, "wrong-type")
    values = load(_SCHEMA, {name: _number(text) for name, text in request.form.items()})
    files = list(request.files.items(multi=True))
    if [name for name, _ in files] != ["file"]:
        raise invalid(Issue("#/file", "required" if not files else "one_file"))
    sent = files[0][1]
    sent.stream.seek(0)
    arrived = service.receive(sent.stream, sent.filename or "")
    try:
        with unit_of_work(actor_id=actor.user_id, source="http", request_id=request_id()) as unit:
            told = json.dumps([sorted(values.items()), arrived.name, arrived.sha256])
            answer = idempotency.begin(actor.user_id, told.encode())
            if answer is None:
                attachment = service.create(actor, values, arrived)
                answer = shape_answer(attachment, actor, ATTACHMENTS, 201)
                conclude(unit, answer)
    finally:
        arrived.path.unlink(missing_ok=True)
    return answer


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text


def hand_out(attachment: Attachment) -> Response:
    """The content as a download, never as a page: no browser opens it or guesses what it is."""
    path = service.content_of(attachment)
    answer = send_file(
        path,
        mimetype=attachment.content_type,
        as_attachment=True,
        download_name=attachment.name,
        etag=attachment.sha256,
        conditional=True,
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


__all__ = ["hand_out", "take_in"]

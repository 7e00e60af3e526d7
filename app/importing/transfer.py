"""Files on their way in, and the rows that could not be taken on their way out."""

from __future__ import annotations

from flask import Response, request, send_file

from .. import idempotency
from ..access import Actor
from ..errors import Issue, Problem, invalid, not_found, request_id
from ..listing import encode
from ..routing import PREFIX, shape_answer
from ..schema import load
from ..transaction import unit_of_work
from . import service
from .models import Import
from .schemas import UploadSchema

_FORM = UploadSchema()


def take_in(actor: Actor) -> Response:
    """Store the file of a multipart form and tell how it is understood.

    Raises:
        Problem: 415 for anything but a form; 422 for what is in it.
    """
    if request.mimetype != "multipart/form-data":
        raise Problem(415, "wrong-type")
    values = load(_FORM, dict(request.form.items()))
    files = list(request.files.items(multi=True))
    if [name for name, _ in files] != ["file"]:
        raise invalid(Issue("#/file", "required" if not files else "one_file"))
    sent = files[0][1]
    sent.stream.seek(0)
    file, size = service.receive(sent.stream, sent.filename or "")
    kept = False
    try:
        with unit_of_work(actor_id=actor.user_id, source="http", request_id=request_id()):
            told = encode([values["resource"], sent.filename, size])
            answer = idempotency.begin(actor.user_id, told)
            if answer is None:
                made = service.create(actor, values["resource"], file, size, sent.filename or "")
                answer = shape_answer(service.shown(actor, made), actor, None, 201)
                answer.headers["Location"] = f"{PREFIX}/imports/{made.id}"
                idempotency.keep(answer)
                kept = True
    finally:
        if not kept:
            (service.folder() / file).unlink(missing_ok=True)
    return answer


def hand_out_errors(chosen: Import) -> Response:
    """The rows that could not be taken, as a file.

    Raises:
        Problem: 404 before the first check.
    """
    path = service.errors_path(chosen)
    if not path.is_file():
        raise not_found()
    answer = send_file(path, mimetype="text/csv", as_attachment=True, download_name=f"errors-{chosen.id}.csv")
    answer.headers["Cache-Control"] = "no-store"
    return answer

"""What a request brings: its JSON body and its query string, judged before anybody acts on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from flask import request
from marshmallow import Schema

from .errors import Issue, Problem, invalid
from .schema import load
from .strict_json import parse_json
from .versions import wanted_versions

BODY_LIMIT = 1024 * 1024
FILE_LIMIT = 50 * 1024 * 1024
"""Bytes of an uploaded file."""
FORM_LIMIT = FILE_LIMIT + BODY_LIMIT
"""Bytes of a file and of the form around it; the edge lets as many through."""

_PIECE = 1024 * 1024


def pieces_of(stream: IO[bytes]) -> Iterator[bytes]:
    """An uploaded file piece by piece.

    Raises:
        Problem: 413 at `#/file` once it turns out to be larger than `FILE_LIMIT`.
    """
    size = 0
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > FILE_LIMIT:
            raise Problem(413, "too-large", [Issue("#/file", "file_size", {"max": FILE_LIMIT // 1024 // 1024})])
        yield piece


def read_body() -> Any:
    """The request's JSON body; `{}` where nothing was sent.

    Raises:
        Problem: 413, 415, 400 or 422 as `parse_json` says.
    """
    if request.content_length is not None and request.content_length > BODY_LIMIT:
        raise Problem(413, "too-large")
    raw = request.get_data(cache=True)
    if len(raw) > BODY_LIMIT:
        raise Problem(413, "too-large")
    if not raw:
        return {}
    if request.mimetype != "application/json" or request.content_encoding not in (None, "", "identity"):
        raise Problem(415, "wrong-type")
    return parse_json(raw)


def read_early() -> tuple[Any, Problem | None]:
    """The body as `read_body`; a 422 of its text is handed over, because sign-in, rights and row are asked before it.

    Raises:
        Problem: 413, 415, 400, also for an `If-Match` that is none.
    """
    body, fault = {}, None
    try:
        body = read_body()
    except Problem as problem:
        if problem.status != 422:
            raise
        fault = problem
    wanted_versions()
    return body, fault


def load_query(schema: Schema) -> dict[str, Any]:
    """The query string through a schema; texts are turned into numbers and flags where the fields want them.

    Raises:
        Problem: 422 naming the parameters.
    """
    raw: dict[str, Any] = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            raise invalid(Issue(name, "repeated"))
        text = values[0]
        one = schema.fields.get(name)
        kind = type(one).__name__ if one is not None else ""
        if kind in ("Whole", "IdField") and re.fullmatch(r"-?\d{1,20}", text, re.ASCII):
            raw[name] = int(text)
        elif kind == "Flag" and text in ("true", "false", "1", "0"):
            raw[name] = text in ("true", "1")
        else:
            raw[name] = text
    try:
        return load(schema, raw)
    except Problem as problem:
        raise invalid(
            *(
                Issue(
                    issue.at.removeprefix("#/"),
                    "unknown_parameter" if issue.code == "unknown_field" else issue.code,
                    issue.params,
                )
                for issue in problem.issues
            )
        ) from problem

"""Problems: the only place that knows how a refusal looks over HTTP (RFC 9457, `application/problem+json`).

Code raises `Problem` (or lets the database raise IntegrityError); texts come from `messages.py` in the reader's
language; `code` and `type` are stable English.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
from flask import Flask, Response, request
from sqlalchemy import UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import ClientDisconnected, HTTPException

from .database import Base
from .messages import say

log = logging.getLogger("lianxi")


REQUEST_ID = "lianxi.request_id"
"""Where the edge leaves the request's id in the WSGI environment."""


def request_id() -> str | None:
    """The id of the current request, taken from the caller or made at the edge; None outside of one."""
    return request.environ.get(REQUEST_ID) if request else None


@dataclass(frozen=True)
class Issue:
    """One fault of the input.

    Attributes:
        at: JSON pointer fragment such as `#/lines/0/quantity`, or the name of a query parameter.
        code: stable English word; the text is `error.<code>` in the message catalogue.
        params: values for the text.
    """

    at: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def wire(self) -> dict[str, str]:
        """The issue as it stands in `errors`, in the reader's language."""
        place = "pointer" if self.at.startswith("#") else "parameter"
        return {place: self.at, "code": self.code, "detail": say(f"error.{self.code}", **self.params)}


class Problem(Exception):
    """A refusal with a stable slug, `type` `/problems/<slug>`.

    Args:
        status: HTTP status.
        slug: stable English name; title and detail are `problem.<slug>.title` and `.detail`.
        issues: faults of the input, all at once.
        headers: further response headers.
        params: values for the detail text.
        extra: further members of the problem document, such as `current`.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        issues: Iterable[Issue] = (),
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(slug)
        self.status = status
        self.slug = slug
        self.issues = list(issues)
        self.headers = dict(headers or {})
        self.params = dict(params or {})
        self.extra = dict(extra or {})

    def document(self) -> dict[str, Any]:
        """The problem document in the language of the current request."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": say(f"problem.{self.slug}.title"),
            "status": self.status,
            "detail": say(f"problem.{self.slug}.detail", **self.params),
            "instance": request.path if request else None,
            "request_id": request_id(),
        }
        if self.issues:
            body["errors"] = [issue.wire() for issue in self.issues]
        return body | self.extra

    def response(self) -> Response:
        """The answer of an HTTP request."""
        answer = Response(orjson.dumps(self.document()), self.status, mimetype="application/problem+json")
        answer.headers.extend(self.headers)
        return answer


def invalid(*issues: Issue) -> Problem:
    """422: readable, but against a rule."""
    return Problem(422, "invalid", issues)


class Faults(list[Issue]):
    """Faults of one input, gathered so that all are told at once."""

    def gathered(self) -> Self:
        """Gather the issues of a check in a `with` and go on; another refusal comes after what was gathered."""
        return self

    def __enter__(self) -> None:
        """Begin a check."""

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> bool:
        """Gather its issues."""
        if not isinstance(problem, Problem):
            return False
        if problem.status != 422:
            self.settle()
            return False
        self.extend(problem.issues)
        return True

    def settle(self) -> None:
        """Refuse what was gathered.

        Raises:
            Problem: 422 with every fault.
        """
        if self:
            raise invalid(*self)


def not_found() -> Problem:
    """404: absent, or out of the reader's sight; the two are never told apart."""
    return Problem(404, "not-found")


def forbidden() -> Problem:
    """403: readable, but the action is not this person's."""
    return Problem(403, "forbidden")


def conflict(slug: str, *issues: Issue, **extra: Any) -> Problem:
    """409 with a slug of its own."""
    return Problem(409, slug, issues, extra=extra)


def merged(record_id: int, into: int) -> Problem:
    """A record was merged into another: 301 to the same address of that one for who reads it, 409 for who writes it."""
    path = (request.view_args or {}) if request else {}
    if request and request.method in ("GET", "HEAD") and path.get("record_id") == record_id:
        there = request.path.replace(f"/{record_id}", f"/{into}", 1)
        asked = request.query_string.decode("ascii", "replace")
        headers = {"Location": f"{there}?{asked}" if asked else there}
        return Problem(301, "merged", headers=headers, extra={"merged_into": into})
    return conflict("merged", merged_into=into)


def unavailable(seconds: int = 2) -> Problem:
    """503: try again after some seconds."""
    return Problem(503, "unavailable", headers={"Retry-After": str(seconds)})


UNIQUE: dict[str, Issue] = {}
"""Constraint or unique index name -> what a clash means; filled beside the models with `unique_clash`."""


def unique_clash(constraint: str, pointer: str, code: str = "taken") -> None:
    """Declare which field a unique constraint speaks of."""
    UNIQUE[constraint] = Issue(pointer, code)


def _constraint_name(error: IntegrityError) -> str | None:
    diagnostics = getattr(error.orig, "diag", None)
    if diagnostics is not None:
        return str(diagnostics.constraint_name)
    text = str(error.orig)
    if "UNIQUE constraint failed: " not in text:
        return None
    # SQLite names the columns only; the metadata knows which constraint they belong to.
    columns = [part.strip() for part in text.split("UNIQUE constraint failed: ")[1].split(",")]
    if columns[0].startswith("index "):
        return columns[0].removeprefix("index ").strip("'")
    table = Base.metadata.tables.get(columns[0].split(".")[0])
    names = {column.split(".")[1] for column in columns}
    if table is None:
        return None
    for index in table.indexes:
        if index.unique and {column.name for column in index.columns} == names:
            return str(index.name)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and {column.name for column in constraint.columns} == names:
            return str(constraint.name)
    return None


def database_problem(error: DBAPIError) -> Problem:
    """What a database error means to the caller; texts of the driver never leave the house."""
    if isinstance(error, IntegrityError):
        issue = UNIQUE.get(_constraint_name(error) or "")
        if issue is not None:
            return Problem(409, "conflict", [issue])
        log.warning("integrity error without a declared meaning", exc_info=error)
        return Problem(409, "conflict")
    text = str(error.orig)
    if "disk is full" in text or "No space left" in text:
        return Problem(507, "disk-full")
    if "readonly database" in text:
        log.error("a read tried to write", exc_info=error)
        return Problem(500, "internal")
    if isinstance(error, OperationalError) or error.connection_invalidated:
        log.warning("database unavailable: %s", type(error.orig).__name__)
        return unavailable()
    log.error("database error", exc_info=error)
    return Problem(500, "internal")


_HTTP_SLUGS = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "wrong-type"}


def problem_of(error: BaseException) -> Problem:
    """The problem that any exception amounts to."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, DBAPIError):
        return database_problem(error)
    if isinstance(error, PoolTimeout):
        return unavailable()
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(507, "disk-full")
    if isinstance(error, ClientDisconnected):
        # Who is gone hears nothing of it; who sends too slowly learns why nobody waits any longer.
        return Problem(408, "request-timeout")
    if isinstance(error, HTTPException) and error.code is not None:
        headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
        if error.code == 429:
            headers.setdefault("Retry-After", "60")
            return Problem(429, "too-many-requests", headers=headers)
        return Problem(error.code, _HTTP_SLUGS.get(error.code, "bad-request"), headers=headers)
    log.error("unexpected error", exc_info=error)
    return Problem(500, "internal")


def register_problems(app: Flask) -> None:
    """Answer every exception with a problem document."""

    @app.errorhandler(Exception)
    def handle(error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
            return Response(error.get_body(), error.code, dict(error.get_headers()))
        return problem_of(error).response()

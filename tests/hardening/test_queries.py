"""Every documented query parameter of every route against what injections are made of; reading writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from app.routing import CRM

from ..permissions.stage import Stage, set_up
from ..permissions.trace import Trace

HOSTILE = (
    "' OR 1=1 --",
    '1"); DROP TABLE customer; --',
    "1 UNION SELECT password_hash FROM user",
    "(SELECT pg_sleep(3))",
    "%",
    "\\",
    "\x00",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "9" * 40,
    "-1",
    "../../etc/passwd",
    "a\r\nSet-Cookie: x=1",
    '{"field": "name", "op": "= 1 OR", "value": "1"}',
    '{"and": [{"raw": "1=1"}]}',
    "name; DROP TABLE customer",
    "password_hash",
)

DRIVER_WORDS = ("sqlite", "psycopg", "sqlalchemy", "traceback", "syntax error", "no such column")
"""What an answer never says."""

BY_TICKET = "/exports/{id}/download"
"""The one reading route that uses something up, and only with its ticket."""


@pytest.fixture(scope="module")
def stage(application: CRM) -> Iterator[Stage]:
    with application.app_context():
        yield set_up(application)


@pytest.fixture(scope="module")
def reading(stage: Stage) -> dict[str, list[str]]:
    """The names of the query parameters of every reading route."""
    document = stage["admin"].get("/openapi.json").get_json()
    found: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        if "get" in item:
            named = [one for one in item["get"]["parameters"] if one.get("in") == "query"]
            found[path.removeprefix("/api/v1")] = [one["name"] for one in named]
    return found


def address(stage: Stage, path: str) -> str:
    """The address of the owner's record, where the path names one."""
    resource = path.split("/")[1]
    states = ("own", "public", "owner")
    record_id = next((stage.rows[resource, one] for one in states if (resource, one) in stage.rows), 1)
    return path.replace("{id}", str(record_id)).replace("{digest}", stage.words["digest"])


def check(answer: TestResponse, asked: str) -> None:
    assert answer.status_code < 500, (asked, answer.get_data(as_text=True))
    assert answer.headers["X-Content-Type-Options"] == "nosniff", asked
    assert "Set-Cookie" not in answer.headers, asked
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json", asked
        said = answer.get_data(as_text=True).lower()
        assert not [word for word in DRIVER_WORDS if word in said], (asked, said)
        # What was asked for is named; a browser is told that it is neither a page nor a script.
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], asked


def test_no_parameter_is_a_way_in(stage: Stage, reading: dict[str, list[str]]) -> None:
    trace = Trace(stage.app)
    before, at = trace.mark(), 0
    for path, names in reading.items():
        for name in names:
            for _ in range(2):
                at += 1
                asked = f"{address(stage, path)}?{quote(name)}={quote(HOSTILE[at % len(HOSTILE)])}"
                check(stage["admin"].get(asked, buffered=True), asked)
    assert at > 1_000
    assert trace.mark() == before, trace.changed()
    trace.close()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_lists_against_everything(stage: Stage, hostile: str) -> None:
    for name in ("q", "sort", "where", "cursor", "fields", "deleted", "name", "tag", "owner_id", "created_after"):
        asked = f"/customers?{name}={quote(hostile)}"
        answer = stage["owner"].get(asked)
        check(answer, asked)
        if answer.status_code == 200:
            seen = {one["id"] for one in answer.get_json()["data"]}
            assert stage.id("customers", "deleted") not in seen, asked


def test_no_route_takes_an_expression(stage: Stage, reading: dict[str, list[str]]) -> None:
    for path in reading.keys() - {"/health", "/health/ready"}:
        for asked in ("filter=1=1", "query=1=1", "order_by=1"):
            answer = stage["admin"].get(f"{address(stage, path)}?{asked}", buffered=True)
            assert 400 <= answer.status_code < 500, (path, asked, answer.status_code)


def test_reading_writes_nothing(stage: Stage, reading: dict[str, list[str]]) -> None:
    trace = Trace(stage.app)
    before = trace.mark()
    for path in reading.keys() - {BY_TICKET}:
        for who in ("admin", "owner", "other"):
            stage[who].get(address(stage, path), buffered=True)
    assert trace.mark() == before, trace.changed()
    trace.close()


def test_values_are_words_and_never_templates(stage: Stage) -> None:
    for name in ("{{7*7}}", "{{config}}", "${7*7}", "<%= 7*7 %>", "{0.__class__}", "%(name)s"):
        made: dict[str, Any] = stage["owner"].made("/customers", {"name": name})
        assert made["name"] == name
        assert stage["owner"].get(f"/customers/{made['id']}").get_json()["name"] == name

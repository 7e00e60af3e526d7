"""Every person on every route, as `matrix.txt` has it: what is answered, and that refusals leave no trace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from app.routing import CRM

from .probes import cell_of, request_of
from .stage import ABSENT, Stage, set_up
from .table import EXPORT, PAGE, SOCKETS, Line, lines, page, routes
from .trace import Trace, taken_back

LINES = [line for line in lines() if line.method not in (*SOCKETS, EXPORT)]

TELLS = {
    "/auth/login": {"sign_in_throttle", "sign_in_event"},
    "/auth/refresh": {"refresh_token", "sign_in_event"},
    "/auth/totp": {"sign_in_throttle"},
    "/auth/totp/disable": {"sign_in_throttle"},
    "/auth/totp/recovery-codes": {"sign_in_throttle"},
}
"""What refusals leave on purpose: failed sign-ins and proofs are counted and told, a refresh token works once."""


class Tried:
    """The stage with its trace, built anew where something was written that should not have been."""

    def __init__(self, app: CRM) -> None:
        self.app = app
        self.build()

    def build(self) -> None:
        self.stage = set_up(self.app)
        self.trace = Trace(self.app)
        self.mark = self.trace.mark()


@pytest.fixture(scope="module")
def tried(application: CRM) -> Iterator[Tried]:
    with application.app_context():
        made = Tried(application)
        yield made
        made.trace.close()


def test_every_route_has_a_line_and_every_line_a_route(application: CRM) -> None:
    assert {line.route for line in LINES} == routes(application)


def test_no_line_is_there_twice() -> None:
    names = [str(line) for line in lines()]
    assert sorted(names) == sorted(set(names))


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.permissions.table"


@pytest.mark.parametrize("line", LINES, ids=str)
def test_line(line: Line, tried: Tried) -> None:
    found, left = {}, dict[str, set[str]]()
    for person, cell in line.cells.items():
        found[person], traces = outcome(tried, line, person, cell)
        if traces:
            left[person] = traces
    assert found == line.cells
    assert left == {}, "something was written"


def outcome(tried: Tried, line: Line, person: str, cell: str) -> tuple[str, set[str]]:
    """What comes of a cell, and the tables that it left another than it found them.

    What is to be done is taken back where it would be committed; what is to be refused may commit whatever it will.
    """
    stage = tried.stage
    request = request_of(stage, line, person)
    if cell in ("ok", "part", "none"):
        with taken_back():
            answer = request.send(stage, person)
    else:
        answer = request.send(stage, person)
    found = cell_of(stage, line, person, answer)
    if found == cell == "404" and "{id}" in line.path and person != "nobody":
        _same_as_absent(stage, line, person, answer)
    return found, _left(tried, line, person, cell)


def _same_as_absent(stage: Stage, line: Line, person: str, answer: TestResponse) -> None:
    absent = request_of(stage, line, person, ABSENT).send(stage, person)
    for one in (answer, absent):
        assert one.mimetype == "application/problem+json"
    told, said = answer.get_json(), absent.get_json()
    for body in (told, said):
        assert body.pop("instance")
        assert body.pop("request_id")
    assert (answer.status_code, told) == (absent.status_code, said)


def _left(tried: Tried, line: Line, person: str, cell: str) -> set[str]:
    rows, queued, files = tried.trace.mark()
    before, tried.mark = tried.mark, (rows, queued, files)
    is_refusal = cell not in ("ok", "part", "none")
    if (rows, queued) == before[:2] and (files == before[2] or not is_refusal):
        return set()
    changed = tried.trace.changed()
    allowed = TELLS.get(line.path, {"changeset"} if line.address.endswith("/bulk") else set())
    if person == "token":
        # That it was used is noted once a minute, whatever comes of it.
        allowed = allowed | {"sign_in"}
    if changed <= allowed and queued == before[1]:
        return set()
    tried.trace.close()
    tried.build()
    return changed or {"queue or files"}

"""The permission matrix as it is written down: `matrix.txt`, read and set as a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from app.routing import CRM, PREFIX
from config import ROOT

TABLE = Path(__file__).with_name("matrix.txt")
PAGE = ROOT / "docs" / "permissions.md"

SOCKETS, EXPORT = ("SOCKET", "PUSH"), "EXPORT"
"""What stands where a line of a route has its method."""

PAGES = {"/", "/<page:path>", f"{PREFIX}/docs"}
"""The pages of the browser: they hold no data and are anybody's."""

_STATE = 52
_CELLS = 62

WORDS = {"ok", "part", "none", "401", "403", "404", "409", "422"}

INTRO = """# Who may do what

This page is made from `tests/permissions/matrix.txt`, and every cell of it is tried on both databases whenever the
tests run: what it says is what the server does. `python -m tests.permissions.table` writes it anew.

A column is a person as he or she stands to the record:

| column | who |
| --- | --- |
| nobody | sends no token |
| left | was deactivated, sends a token of before |
| viewer | has the role viewer: reads everything, writes nothing |
| reader | sells in another team; the customer and its deals are shared with him or her to read |
| writer | the same, shared to write |
| owner | sells, and has the record |
| mate | sells in the team of the owner; the records of colleagues are not his or hers to see |
| manager | leads the team of the owner |
| other | leads another team |
| admin | has the role admin |
| token | the owner's program: sends a personal token of the owner's whose only scope is `customer:read` |

A cell is what comes of the request:

| cell | meaning |
| --- | --- |
| ok | done, or shown |
| part | shown without what the person may not read, such as the phone number of a customer in the pool |
| none | answered, and the record is not in it |
| 401 | not signed in |
| 403 | refused: the role lacks the right, or the record may be read but not changed |
| 404 | out of sight: word for word the answer for a record that there is not |
| 409 | allowed, but not as the record stands |
| 422 | the request names something that is out of sight or not the person's to change or assign |

Of many records at once (`bulk`) a cell is what is answered of the record; the word behind the path is what is done to
it, `query` to all that match a filter, `preview` says what would be. A line EXPORT is the file that a person gets of a
list, a line SOCKET what is asked on a socket, a line PUSH who is told of a change. Whatever is refused leaves the
database as it was, to the bit. The record is by default one of the owner's (own); other records are

| record | what |
| --- | --- |
| pool | a customer without an owner, and what belongs to it |
| free | belongs to no customer |
| deleted, binned | deleted by the owner; by the manager. Of what admins keep in order: deleted by an admin |
| private, team, public | kept by the owner for himself or herself, shared with the own team, with everybody |
| sent, won, lost, done | a quote that was sent, a deal or lead that was closed, a task that was done |
| new | there is none yet |
| mate | a new one that is to be the mate's |
| owner, left, user | the user of that column; the history of the owner as a user |
| spare | is used by nothing |
| phone | the customer in the pool, looked for by its phone number |
| prices | a file of products |
| forged | by a ticket that was never handed out |
"""


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        path: below `/api/v1`, with a query or a word behind it where lines of one route differ by that.
        state: which record it is about.
        cells: what comes of it by person.
    """

    section: str
    method: str
    path: str
    state: str
    cells: dict[str, str]

    @property
    def route(self) -> tuple[str, str]:
        """Method and path without a query."""
        return self.method, self.address.partition("?")[0]

    @property
    def address(self) -> str:
        """The path as it is sent."""
        return self.path.partition(" ")[0]

    @property
    def word(self) -> str:
        """What tells this line from others of its route."""
        return self.path.partition(" ")[2]

    @property
    def resource(self) -> str:
        """The first segment of the path that names records."""
        if "/duplicates" in self.path:
            return "people/duplicates" if self.path.startswith("/people") else "duplicates"
        return self.route[1].split("/")[1]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.state}".strip()


def lines() -> list[Line]:
    """All lines of the table."""
    found, section, people = [], "", list[str]()
    for text in TABLE.read_text("utf-8").splitlines():
        if text.startswith("## "):
            section = text[3:]
        elif text and not people:
            people = text.split()
        elif text:
            method, path = text[:_STATE].split(maxsplit=1)
            cells = text[_CELLS:].split()
            assert set(cells) <= WORDS, text
            found.append(
                Line(section, method, path.strip(), text[_STATE:_CELLS].strip(), dict(zip(people, cells, strict=True)))
            )
    return found


def routes(app: CRM) -> set[tuple[str, str]]:
    """Method and path of every route that is served, as the table writes them."""
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.rule not in PAGES:
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: "{" + _short(name[1]) + "}", rule.rule)
            found |= {(method, path.removeprefix(PREFIX)) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return found


def _short(name: str) -> str:
    return "id" if name.endswith("_id") and name != "external_id" else name


def page() -> str:
    """The table as a page to read."""
    return "\n".join([INTRO, *_sections()])


def _sections() -> Iterator[str]:
    for section, found in groupby(lines(), key=lambda line: line.section):
        rows = list(found)
        people = list(rows[0].cells)
        yield f"## {section}\n"
        yield _row("request", "record", *people)
        yield _row(*["---"] * (2 + len(people)))
        for line in rows:
            yield _row(f"`{line.method} {line.path}`", line.state, *line.cells.values())
        yield ""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")

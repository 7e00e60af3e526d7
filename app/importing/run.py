"""Checking and committing an import: the same work, rolled back after each step in the one case, kept in the other."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any

from ..access import Actor
from ..database import db
from ..errors import Issue, invalid, problem_of
from ..formulas import as_it_was, harmless
from ..job.service import Running, job_kind
from ..messages import LANGUAGES, say, say_in
from ..routing import RESOURCES, told
from ..schema import load
from ..transaction import unit_of_work
from . import service, tables
from .fields import fields_of
from .mark import is_ours
from .matching import Key, key_of, matches
from .models import Import
from .photos import keep_photo
from .reading import Cell, UnreadableError, WrongRow
from .references import References
from .rows import Column, Fault, RowReader

STEP = 200
"""So many rows are one commit."""

TOLD = 1_000
"""So many rows with their faults a job names; the file of errors has them all."""

VERDICTS = ("new", "updated", "unchanged", "duplicate", "wrong")


def _resembling(found: Sequence[Mapping[str, Any]] | None) -> list[Fault]:
    """What a row resembles, as a fault of it: a name where it may be seen, else whom to ask."""
    if not found:
        return []
    names = [
        one["name"] if one["is_visible"] else say("import.taken", owner=(one["owner"] or {}).get("name", "-"))
        for one in found[:3]
    ]
    return [Fault(None, "possible_duplicate", {"names": ", ".join(names)})]


class _RolledBack(Exception):
    """The end of a step that only looked."""


class _WrongError(Exception):
    """A row whose cells cannot be read."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


class _Taken:
    """The rows of an import on their way into the database."""

    def __init__(self, chosen: Import, actor: Actor) -> None:
        self.plural, self.options = chosen.resource, chosen.options
        self.resource = RESOURCES[chosen.resource]
        self.actor = actor
        self.references = References(actor, chosen.resource, self.options["values"], frozenset(self.options["create"]))
        known = fields_of(chosen.resource)
        columns = [
            Column(one["index"], known[one["field"]], one["format"], Decimal(one["factor"]))
            for one in chosen.columns
            if one["field"]
        ]
        self.headings = [one["heading"] for one in chosen.columns]
        self.heading_of = {column.field.name: self.headings[column.index] for column in columns}
        self.used = {column.index for column in columns}
        self.is_own = is_ours(self.headings)
        self.reader = RowReader(columns, self.references, actor.time_zone, self.options["source"], is_own=self.is_own)
        self.seen: set[tuple[str, Key]] = set()
        self.created: set[int] = set()
        ours = [[say_in(language, "import.row"), say_in(language, "import.reason")] for language in LANGUAGES]
        # A file of wrong rows that comes back corrected is of our own, too.
        self.has_apostrophes = self.options.get("apostrophes", False) or self.headings[:2] in ours
        fields = self.resource.create.fields
        self.blanks = {
            column.field.into: None
            for column in columns
            if self.is_own and column.field.into in fields and fields[column.field.into].allow_none
        }

    def take(self, row: Sequence[Cell] | WrongRow) -> tuple[str, list[Fault]]:
        """Create or change what one row is about; its verdict, and what is wrong with it."""
        if isinstance(row, WrongRow):
            if not row.columns or self.used & set(row.columns):
                return "wrong", [Fault(None, row.code, row.params)]
            row = row.cells
        made = set(self.references.made)
        verdict = "wrong"
        # What rows before it have resembled is told.
        told()
        try:
            # What the row names is made within it too: it goes with a row that turns out to be wrong.
            with db.session.begin_nested():
                values, faults = self._values(row)
                if faults:
                    raise _WrongError(faults)
                verdict = self._write(values)
                db.session.flush()
                return verdict, _resembling(told().get("possible_duplicates"))
        except _WrongError as wrong:
            found = wrong.faults
        except Exception as error:
            problem = problem_of(error)
            if problem.status >= 500:
                raise
            is_twin = problem.slug == "possible-duplicate" and self.plural == "customers"
            verdict = "duplicate" if is_twin else "wrong"
            found = _resembling(problem.extra.get("matches"))
            found = found or [self._fault(issue) for issue in problem.issues] or [Fault(None, problem.slug, {})]
        self.references.forget()
        self.references.made = made
        return verdict, found

    def _values(self, row: Sequence[Cell]) -> tuple[dict[str, Any], list[Fault]]:
        return self.reader.values(self.plain(row))

    def plain(self, row: Sequence[Cell]) -> Sequence[Cell]:
        """The cells as they were before they were made harmless."""
        if not self.has_apostrophes:
            return row
        return [as_it_was(cell) if isinstance(cell, str) else cell for cell in row]

    def remember(self, row: Sequence[Cell] | WrongRow) -> None:
        """Note what a row is known by that an earlier attempt has taken already."""
        if not isinstance(row, WrongRow):
            values, faults = self._values(row)
            if not faults:
                self._keys(values)

    def _keys(self, values: Mapping[str, Any]) -> tuple[list[tuple[str, Key]], bool]:
        keys = [(way, key) for way in self.options["match"] if (key := key_of(self.plural, way, values)) is not None]
        # The rows of our own export are records of their own, however much they are alike.
        telling = [one for one in keys[:1] if not self.is_own or one[0] == "id"]
        was_seen = any(one in self.seen for one in telling)
        self.seen.update(telling)
        return keys, was_seen

    def _write(self, values: dict[str, Any]) -> str:
        keys, was_seen = self._keys(values)
        if was_seen:
            return "duplicate"
        keep_photo(self.actor, values)
        for way, key in keys if self.options["existing"] != "create" else ():
            found = [one for one in matches(self.actor, self.plural, way, key) if one not in self.created]
            if len(found) > 1:
                raise invalid(Issue(f"#/{way}", "several_match"))
            if found:
                return "duplicate" if self.options["existing"] == "skip" else self._change(found[0], values)
            if way == "id" and not self.is_own:
                raise invalid(Issue("#/id", "unknown_record"))
        values.pop("id", None)
        asked = {"duplicates": self.options.get("duplicates")} if self.plural == "customers" else {}
        made: Any = self.resource.service.create(
            self.actor, load(self.resource.create, {**self.blanks, **values}), **asked
        )
        if self.is_own:
            db.session.flush()
            self.created.add(made.id)
        return "new"

    def _change(self, record_id: int, values: dict[str, Any]) -> str:
        values.pop("id", None)
        record = self.resource.spec.policy.writable(self.actor, record_id)
        before = record.version
        self.resource.service.edit(self.actor, record, load(self.resource.create, values, partial=True))
        db.session.flush()
        if (self.plural, record_id) in self.references.made:
            # Another row has named it before its own came.
            self.references.made.discard((self.plural, record_id))
            return "new"
        return "unchanged" if record.version == before else "updated"

    def _fault(self, issue: Issue) -> Fault:
        name, *inner = issue.at.removeprefix("#/").split("/")
        if name in ("address", "custom") and inner:
            name = f"{name}.{inner[0]}"
        return Fault(name or None, issue.code, issue.params)

    def told(self, fault: Fault) -> dict[str, Any]:
        """A fault in words, with the heading of its column."""
        known = f"error.{fault.code}"
        try:
            detail = say(known, **fault.params)
        except KeyError:
            detail = say(f"problem.{fault.code}.detail")
        field = fault.field
        heading = self.heading_of.get(field or "") or self.heading_of.get((field or "").removesuffix("_id"))
        return {"field": field, "column": heading, "code": fault.code, "detail": detail}


@job_kind("import_check")
def _check(running: Running) -> dict[str, Any]:
    return _through(running, commits=False)


@job_kind("import_commit")
def _commit(running: Running) -> dict[str, Any]:
    return _through(running, commits=True)


def _through(running: Running, *, commits: bool) -> dict[str, Any]:
    chosen = db.session.get_one(Import, running.arguments["import_id"])
    path, reading, errors = service.folder() / chosen.file, service.reading_of(chosen), service.errors_path(chosen)
    state = running.state or {"behind": 0, "counts": dict.fromkeys(VERDICTS, 0), "rows": [], "resembling": 0}
    taken = _Taken(chosen, running.actor())
    chosen_id = chosen.id
    db.session.rollback()
    try:
        total = running.total or sum(1 for _ in tables.rows(path, reading))
        with closing(_Wrong(errors, taken, state["behind"])) as wrong:
            for part in _steps(tables.rows(path, reading), taken, state["behind"]):
                state = _step(running, taken, part, state, total, wrong, commits=commits)
    except UnreadableError as error:
        raise invalid(Issue("#/file", error.code, error.params)) from error
    result = {
        **state["counts"],
        "resembling": state["resembling"],
        "rows": state["rows"],
        "unknown": [
            {"field": field, "value": text, "rows": count}
            for field, texts in taken.references.unknown.items()
            for text, count in texts.most_common(TOLD)
        ],
    }
    with running.step(total, total):
        chosen = db.session.get_one(Import, chosen_id)
        chosen.found = {name: value for name, value in result.items() if name != "rows"}
        if commits:
            chosen.changeset_id = running.changeset_id
    return result


def _steps(
    rows: Iterator[tuple[int, Any]], taken: _Taken, behind: int
) -> Iterator[list[tuple[int, Sequence[Cell] | WrongRow]]]:
    part: list[tuple[int, Sequence[Cell] | WrongRow]] = []
    for number, row in rows:
        if number <= behind:
            taken.remember(row)
            continue
        part.append((number, row))
        if len(part) == STEP:
            yield part
            part = []
    if part:
        yield part


def _step(
    running: Running,
    taken: _Taken,
    part: Sequence[tuple[int, Sequence[Cell] | WrongRow]],
    state: dict[str, Any],
    total: int,
    wrong: _Wrong,
    *,
    commits: bool,
) -> dict[str, Any]:
    counts, rows = dict(state["counts"]), list(state["rows"])
    done = sum(counts.values()) + len(part)
    after = {"behind": part[-1][0], "counts": counts, "rows": rows, "resembling": state["resembling"]}

    def work() -> None:
        taken.actor = taken.references.actor = running.actor()
        for number, row in part:
            verdict, faults = taken.take(row)
            counts[verdict] += 1
            after["resembling"] += verdict == "new" and bool(faults)
            if (faults or verdict == "duplicate") and len(rows) < TOLD:
                rows.append({"row": number, "verdict": verdict, "errors": [taken.told(fault) for fault in faults]})
            if verdict == "wrong":
                wrong.add(number, row, faults)

    if commits:
        with running.step(done, total, state=after):
            work()
        return after
    try:
        with unit_of_work(actor_id=running.user_id, source="job"):
            work()
            raise _RolledBack
    except _RolledBack:
        # What was made for this step is gone with it.
        taken.references.forget()
    running.told(done, total)
    running.give_way()
    return after


class _Wrong:
    """The file of the rows that could not be taken: it can be corrected and sent again."""

    def __init__(self, path: Any, taken: _Taken, behind: int) -> None:
        self.taken = taken
        kept: list[list[str]] = []
        if behind and path.is_file():
            with path.open(encoding="utf-8-sig", newline="") as file:
                kept = [row for row in list(csv.reader(file))[1:] if row and int(row[0]) <= behind]
        self.file = path.open("w", encoding="utf-8-sig", newline="", buffering=1)
        self.writer = csv.writer(self.file)
        self.writer.writerow([say("import.row"), say("import.reason"), *(harmless(one) for one in taken.headings)])
        self.writer.writerows(kept)

    def add(self, number: int, row: Sequence[Cell] | WrongRow, faults: Sequence[Fault]) -> None:
        """Write one row with what is wrong with it."""
        cells = self.taken.plain(row.cells if isinstance(row, WrongRow) else row)
        reasons = [self.taken.told(fault) for fault in faults]
        words = "; ".join(": ".join(filter(None, (one["column"], one["detail"]))) for one in reasons)
        self.writer.writerow([number, harmless(words), *(harmless("" if c is None else str(c)) for c in cells)])

    def close(self) -> None:
        """All is told."""
        self.file.close()

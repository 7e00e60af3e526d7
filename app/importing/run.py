"""Checking and committing an import: the same work, rolled back after each step in the one case, kept in the other."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

from ..database import db
from ..errors import Issue, invalid
from ..foresight import Seer
from ..formulas import harmless
from ..job.service import Running, job_kind
from ..loading import tell_planner
from ..messages import say
from ..transaction import unit_of_work
from . import corrections, service, tables
from .models import Import
from .reading import UnreadableError, WrongRow, legible
from .rows import Fault
from .taking import Row, Taken, Taking

STEP = 1_000
"""So many rows are one commit at most."""

FIRST, LEAST = 200, 20
"""So many rows are the first commit, and any other at least."""

HELD, BRIEFLY = 0.5, 0.03
"""About so many seconds others wait for a commit at most, where one writes at a time: as a rule, and once one did."""

LONG = 1_000
"""For so many rows it pays to have a process work beside."""

TOLD = 1_000
"""So many rows with their faults a job names; the file of errors has them all."""

MOST_SHOWN = 2_000
"""Characters of a row that a page is told."""

VERDICTS = ("new", "updated", "unchanged", "duplicate", "wrong")
_TOLD = ("resembling", "parted_phones")
"""What is counted besides: new customers that resemble others, customers with several numbers in one cell."""


class _RolledBack(Exception):
    """The end of a step that only looked."""


class _Pace:
    """How many rows a step takes; some are soon done, some want many questions to the database."""

    def __init__(self) -> None:
        self.rows, self._held = min(STEP, FIRST), HELD

    def parts(self, rows: Iterator[tuple[int, Row]]) -> Iterator[list[tuple[int, Row]]]:
        """The rows of the steps."""
        while part := list(islice(rows, self.rows)):
            yield part

    def note(self, count: int, seconds: float, *, is_awaited: bool) -> None:
        """Judge the next step by how long one was at work, and by whether somebody waited for its end."""
        self._held = BRIEFLY if is_awaited else min(HELD, 1.05 * self._held)
        fitting = int(count * self._held / max(seconds, 0.001))
        self.rows = min(STEP, max(LEAST, min(fitting, 2 * self.rows)))


@job_kind("import_check")
def _check(running: Running) -> dict[str, Any]:
    return _through(running, commits=False)


@job_kind("import_commit")
def _commit(running: Running) -> dict[str, Any]:
    return _through(running, commits=True)


def _through(running: Running, *, commits: bool) -> dict[str, Any]:
    chosen = db.session.get_one(Import, running.arguments["import_id"])
    path, reading, errors = service.folder() / chosen.file, service.reading_of(chosen), service.errors_path(chosen)
    state = running.state or {"behind": 0, "counts": dict.fromkeys(VERDICTS, 0), "rows": [], **dict.fromkeys(_TOLD, 0)}
    taking = Taking(chosen, running.actor(), is_rehearsal=not commits)
    chosen_id, said = chosen.id, chosen.corrections or {}
    db.session.rollback()
    try:
        total = running.total or sum(1 for _ in tables.rows(path, reading))
        with closing(_Wrong(errors, taking, state["behind"])) as wrong:
            pace, counted = _Pace(), FIRST
            parts = pace.parts(corrections.rows(path, reading, said))
            # Closed at once, whatever happens: a process may be at work for it.
            with closing(_read(taking, parts, is_long=total - state["behind"] >= LONG)) as read:
                for rows in read:
                    behind = [taken for taken in rows if taken.number <= state["behind"]]
                    taking.remember(behind)
                    if left := rows[len(behind) :]:
                        taking.prepare(left, running.told)
                        state = _step(running, taking, left, state, total, wrong, pace)
                        if commits and (done := sum(state["counts"].values())) >= counted:
                            tell_planner(db.engine, taking.tables, done)
                            counted = 4 * done
    except UnreadableError as error:
        raise invalid(Issue("#/file", error.code, error.params)) from error
    result = {
        **state["counts"],
        **{name: state.get(name, 0) for name in _TOLD},
        "rows": state["rows"],
        "unknown": [
            {"field": field, "value": legible(text), "rows": count}
            for field, texts in taking.references.unknown.items()
            for text, count in texts.most_common(TOLD)
        ],
    }
    with running.step(total, total):
        chosen = db.session.get_one(Import, chosen_id)
        chosen.found = {name: value for name, value in result.items() if name != "rows"}
        if commits:
            chosen.changeset_id = running.changeset_id
    return result


def _read(
    taking: Taking, parts: Iterable[Sequence[tuple[int, Row]]], *, is_long: bool
) -> Generator[list[Taken], None, None]:
    """The rows of the parts as they are read; of a long import a process beside reads the next ones meanwhile."""
    coming = iter(parts)
    # What these have looked up is known beside, too.
    rows = taking.read(next(coming, ()))
    with Seer(taking.read_beside) if is_long and taking.has_foresight else nullcontext() as seer:
        for part in coming:
            if seer is not None:
                seer.ask(part)
            yield rows
            rows = taking.read(part, None if seer is None else seer.answer())
        yield rows


def _step(
    running: Running,
    taking: Taking,
    rows: Sequence[Taken],
    state: dict[str, Any],
    total: int,
    wrong: _Wrong,
    pace: _Pace,
) -> dict[str, Any]:
    counts, told = dict(state["counts"]), list(state["rows"])
    done = sum(counts.values()) + len(rows)
    after: dict[str, Any] = {"behind": rows[-1].number, "counts": counts, "rows": told}
    after |= {name: state.get(name, 0) for name in _TOLD}

    def work() -> None:
        began = monotonic()
        taking.take(rows, running.actor())
        for taken in rows:
            counts[taken.verdict] += 1
            after["resembling"] += taken.verdict == "new" and bool(taken.faults)
            after["parted_phones"] += taken.parts_phones and taken.verdict in ("new", "updated")
            if (taken.faults or taken.verdict == "duplicate") and len(told) < TOLD:
                errors = [_told(taking, fault) for fault in taken.faults]
                told.append({"row": taken.number, "verdict": taken.verdict, "errors": errors, "cells": _cells(taken)})
            if taken.verdict == "wrong":
                wrong.add(taken)
        pace.note(len(rows), monotonic() - began, is_awaited=running.is_awaited())

    if not taking.is_rehearsal:
        with running.step(done, total, state=after):
            work()
        return after
    running.leave_gap()
    try:
        with unit_of_work(actor_id=running.user_id, source="job"):
            work()
            raise _RolledBack
    except _RolledBack:
        # What was made for this step is gone with it.
        taking.references.forget()
    running.told(done, total)
    running.give_way()
    return after


def _told(taking: Taking, fault: Fault) -> dict[str, Any]:
    told = taking.told(fault)
    return told | {"detail": legible(told["detail"])}


def _cells(taken: Taken) -> list[str | None] | None:
    """What stands in a wrong row, to be corrected; a row too long for a page is corrected in the file."""
    if taken.verdict != "wrong":
        return None
    cells = taken.row.cells if isinstance(taken.row, WrongRow) else taken.row
    told = [None if cell is None else legible(str(cell)) for cell in cells]
    return told if sum(map(len, filter(None, told))) <= MOST_SHOWN else None


class _Wrong:
    """The file of the rows that could not be taken: it can be corrected and sent again."""

    def __init__(self, path: Path, taking: Taking, behind: int) -> None:
        self.taking = taking
        kept: list[list[str]] = []
        if behind and path.is_file():
            with path.open(encoding="utf-8-sig", newline="") as file:
                kept = [row for row in list(csv.reader(file))[1:] if row and int(row[0]) <= behind]
        self.file = path.open("w", encoding="utf-8-sig", errors="replace", newline="", buffering=1)
        self.writer = csv.writer(self.file)
        self.writer.writerow([say("import.row"), say("import.reason"), *(harmless(one) for one in taking.headings)])
        self.writer.writerows(kept)

    def add(self, taken: Taken) -> None:
        """Write one row with what is wrong with it."""
        cells = self.taking.plain(taken.row.cells if isinstance(taken.row, WrongRow) else taken.row)
        reasons = [_told(self.taking, fault) for fault in taken.faults]
        words = "; ".join(": ".join(filter(None, (one["column"], one["detail"]))) for one in reasons)
        self.writer.writerow([taken.number, harmless(words), *(harmless("" if c is None else str(c)) for c in cells)])

    def close(self) -> None:
        """All is told."""
        self.file.close()

"""The rig of `make faults`: what it takes for lost, and that its page tells what was run and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from types import SimpleNamespace
from typing import Any

import pytest

from faults import __main__, ledger, report, soak
from faults.ledger import State, Verdict
from faults.load import Write
from faults.trial import FAULTS


def state(title: str | None = None, version: int = 1, entries: int = 1, keys: int = 1, rows: int = 1) -> State:
    """A database with one customer, made by the POST of `post` and perhaps edited."""
    row = SimpleNamespace(id=7, email="k@load.example", name="Load k", title=title, version=version)
    told: dict[int, list[tuple[str, int, str | None]]] = defaultdict(list)
    told[7] = [("created", 1, None), ("updated", 2, title)][:entries]
    found: dict[str, list[Any]] = defaultdict(list, {"k@load.example": [row] * rows})
    return State(found, told, Counter({"scope": keys}))


def post(status: int) -> Write:
    return Write(0, "POST", "k", "k@load.example", {"name": "Load k"}, status, 7 if status == 201 else 0, 1)


@pytest.mark.parametrize(
    ("status", "there", "is_wrong"),
    [
        (201, state(), False),
        (201, state(rows=0), True),
        (201, state(rows=2), True),
        (201, state(entries=0), True),
        (201, state(keys=0), True),
        (0, state(), False),
        (503, state(rows=0, keys=0), False),
        (0, state(keys=0), True),
        (0, state(rows=0), True),
        (422, state(), True),
    ],
)
def test_a_new_record_is_whole_or_absent(status: int, there: State, is_wrong: bool) -> None:
    verdict = Verdict()
    ledger._check_post(there, post(status), "scope", verdict)
    assert bool(verdict.faults) is is_wrong


@pytest.mark.parametrize(
    ("status", "mark", "is_wrong"), [(200, "new", False), (200, "lost", True), (0, "lost", False), (412, "new", True)]
)
def test_an_edit_is_there_or_not(status: int, mark: str, is_wrong: bool) -> None:
    verdict = Verdict()
    write = Write(0, "PATCH", "", mark, {"title": mark}, status, 7, 2)
    ledger._check_patch(state("new", 2, 2), write, verdict)
    assert bool(verdict.faults) is is_wrong


@pytest.mark.parametrize(("version", "entries", "is_wrong"), [(2, 2, False), (2, 1, True), (1, 2, True)])
def test_row_and_journal_agree(version: int, entries: int, is_wrong: bool) -> None:
    verdict = Verdict()
    ledger._check_records(state("new" if entries == 2 else None, version, entries), verdict)
    assert bool(verdict.faults) is is_wrong


def test_the_page_is_the_one_of_the_last_run() -> None:
    assert callable(__main__.main)
    assert FAULTS
    assert report.PAGE.read_text("utf-8") == report.page(report.read())


def test_what_grows_is_told_by_the_hour() -> None:
    assert soak.slope([(0, 10), (1_800, 11), (3_600, 12)]) == pytest.approx(2)
    assert soak.slope([(0, 10), (1_800, 10)]) == 0

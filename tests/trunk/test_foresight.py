"""What a process beside works out ahead is found where it is asked for; without one nothing but time is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.foresight import Seer, foreseen
from config import ROOT
from tests.servers import wait_until

ORPHAN = """
import sys, time
from app.foresight import Seer
with Seer(print) as seer:
    print(seer._process, flush=True)
    time.sleep(60)
"""


@foreseen
def whose(word: str, *more: str) -> tuple[int, str]:
    """Who works it out."""
    return os.getpid(), word + "".join(more)


def see(words: list[str]) -> int:
    for word in words:
        whose(word)
        whose(word, "s")
    return len(words)


def test_what_was_asked_is_answered_and_known_until_the_next_time() -> None:
    mine = os.getpid()
    with Seer(see) as seer:
        seer.ask(["deal", "客户"])
        assert seer.answer() == 2
        process, text = whose("deal")
        assert (process != mine, text) == (True, "deal")
        assert whose("客户", "s") == (process, "客户s")
        assert whose("task") == (mine, "task")
        seer.ask(["task"])
        assert whose("deal")[0] == process
        seer.answer()
        assert whose("task")[0] == process
        assert whose("deal")[0] == mine
    assert whose("task") == (mine, "task")


def test_more_than_a_pipe_holds_goes_through() -> None:
    words = [str(number) * 50 for number in range(20_000)]
    with Seer(see) as seer:
        for _ in range(2):
            seer.ask(words)
            seer.answer()
            assert {whose(word)[0] for word in words} == {seer._process}


@pytest.mark.parametrize("when", ["before it is asked", "before it answers"])
def test_one_that_is_ended_from_outside_is_done_without(when: str) -> None:
    with Seer(see) as seer:
        if when == "before it answers":
            seer.ask(["deal"] * 100_000)
        os.kill(seer._process, signal.SIGKILL)
        for _ in range(3):
            seer.answer()
            assert whose("task") == (os.getpid(), "task")
            seer.ask(["task"])


def test_a_fault_in_it_is_left_to_whoever_asks() -> None:
    def fail(_words: list[str]) -> None:
        raise ValueError

    with Seer(fail) as seer:
        seer.ask(["deal"])
        seer.answer()
        assert whose("deal")[0] == os.getpid()


def test_one_that_does_not_answer_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.foresight.PATIENCE", 0.1)
    with Seer(time.sleep) as seer:
        seer.ask(60)
        assert seer.answer() is None
        assert whose("deal")[0] == os.getpid()
        seer.ask(1)
        seer.answer()
        assert whose("deal")[0] == os.getpid()


def test_none_is_left_behind_by_one_who_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHAN], cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        beside = Path("/proc") / owner.stdout.readline().strip()
        assert beside.exists()
        owner.kill()
    wait_until(lambda: not beside.exists() or " Z " in (beside / "stat").read_text())

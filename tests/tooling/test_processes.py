"""The children of the start: how they are run, watched and ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.console import Progress
from scripts.processes import (
    ENDING_SIGNALS,
    CommandError,
    Ending,
    Interrupted,
    Servers,
    blocked_signals,
    end_group,
    run_logged,
)
from tests.servers import wait_until


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text("utf-8")
    except FileNotFoundError:
        return False


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Ending:
    monkeypatch.delenv("MAKELEVEL", raising=False)
    return Ending()


def test_output_is_given_back_and_the_clock_ticks(tmp_path: Path, ending: Ending) -> None:
    modes: list[int] = []
    written = run_logged(
        ["sh", "-c", "echo out; echo err >&2; sleep 0.2"],
        log=tmp_path / "log",
        cwd=tmp_path,
        env=dict(os.environ),
        tick=lambda: modes.append((tmp_path / "log").stat().st_mode),
        ending=ending,
    )
    assert sorted(written.split()) == ["err", "out"]
    assert modes
    assert not any(mode & 0o077 for mode in modes)
    assert not (tmp_path / "log").exists()


def test_a_failure_keeps_beginning_and_end_of_the_output(tmp_path: Path, ending: Ending) -> None:
    command = ["sh", "-c", "seq 1 100; exit 3"]
    with pytest.raises(CommandError) as caught:
        run_logged(command, log=tmp_path / "log", cwd=tmp_path, env=dict(os.environ), tick=lambda: None, ending=ending)
    assert caught.value.code == 3
    assert caught.value.excerpt(2, 2).split() == ["1", "2", "...", "99", "100"]


def test_an_interruption_ends_the_grandchildren_too(tmp_path: Path, ending: Ending) -> None:
    noted = tmp_path / "pid"

    def interrupt_when_noted() -> None:
        if noted.exists() and noted.read_text("utf-8").strip():
            raise Interrupted(signal.SIGINT)

    with pytest.raises(Interrupted):
        run_logged(
            ["sh", "-c", f"sh -c 'echo $$ > {noted}; sleep 100' & wait"],
            log=tmp_path / "log",
            cwd=tmp_path,
            env=dict(os.environ),
            tick=interrupt_when_noted,
            ending=ending,
        )
    wait_until(lambda: not is_running(int(noted.read_text("utf-8"))))


def test_a_child_that_does_not_listen_is_ended_by_force(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(99)",
        ],
        stdout=subprocess.PIPE,
        process_group=0,
    )
    assert process.stdout is not None
    process.stdout.readline()
    end_group(process, patience=0.2)
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL


def test_when_one_server_ends_its_code_is_told_and_the_others_end(tmp_path: Path, ending: Ending) -> None:
    servers = Servers(ending)
    servers.start(["sleep", "100"], tmp_path, dict(os.environ))
    servers.start(["sh", "-c", "exit 7"], tmp_path, dict(os.environ))
    assert servers.wait() == 7
    servers.stop(patience=5)
    assert servers.ended() is not None


@pytest.fixture
def signals() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
def test_a_signal_is_noted_where_it_strikes_and_heeded_where_somebody_waits(
    tmp_path: Path, ending: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending.heed_signals()
    servers = Servers(ending)
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(99)"
    servers.start([sys.executable, "-c", stubborn], tmp_path, dict(os.environ))
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    assert ending.asked() == signal.SIGTERM
    assert not ending.hurried, "the same signal may come twice, to the group and through make"
    with pytest.raises(Interrupted):
        servers.wait()
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + 2)
    signal.raise_signal(signal.SIGINT)
    began = now()
    servers.stop(patience=60)
    assert now() - began < 20
    assert servers.ended() in (-signal.SIGKILL, -signal.SIGTERM)


def test_two_starts_of_one_checkout_do_not_disturb_each_other(tmp_path: Path, ending: Ending) -> None:
    inner: list[str] = []

    def start_another() -> None:
        if not inner:
            inner.append(run("echo second"))

    def run(command: str, tick: Callable[[], None] = lambda: None) -> str:
        shell = ["sh", "-c", command]
        log = tmp_path / "log"
        return run_logged(shell, log=log, cwd=tmp_path, env=dict(os.environ), tick=tick, ending=ending)

    assert run("sleep 1; echo first", start_another) == "first\n"
    assert inner == ["second\n"]


def test_make_waiting_for_us_is_seen_in_its_blocked_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert blocked_signals("Name:\tmake\nSigBlk:\t0000000000000002\n") == 2
    assert blocked_signals("Name:\tmake\n") == 0
    monkeypatch.setenv("MAKELEVEL", "1")
    assert not Ending(lambda _: "SigBlk:\t0000000000000000\n").asked()
    assert Ending(lambda _: "SigBlk:\t0000000000000002\n").asked()
    monkeypatch.delenv("MAKELEVEL")
    assert not Ending(lambda _: "SigBlk:\t0000000000000002\n").asked()


def test_a_log_gets_the_line_and_the_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("Step", sys.stdout)
    progress.begin()
    progress.tick()
    progress.end(failed=False)
    assert re.fullmatch(r"  Step \.\.\. 0\.0 (s|秒)\n", capsys.readouterr().out)

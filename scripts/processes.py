"""Commands that the start runs to their end, and servers that it keeps until somebody ends them.

Every child has a process group of its own: Ctrl-C reaches the start alone, which then ends whole groups in good order,
so that neither npm's grandchildren nor gunicorn's workers outlive it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import BinaryIO

POLL_SECONDS = 0.1
_HEAD_START_SECONDS = 0.5
# Even where the start is killed outright, Linux tells its servers to end.
_PR_SET_PDEATHSIG = 1
_PRCTL = getattr(ctypes.CDLL(None), "prctl", None)
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Somebody ends the start; carries the signal's number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class CommandError(Exception):
    """A command of the start ended with an error."""

    def __init__(self, command: Sequence[str], code: int, log: Path) -> None:
        super().__init__(f"{' '.join(command)}: {code}")
        self.command = command
        self.code = code
        self.log = log

    def excerpt(self, first: int = 8, last: int = 30) -> str:
        """The beginning and the end of what the command wrote: npm says first what is wrong, pip says it last."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        if len(lines) > first + last:
            lines = [*lines[:first], "...", *lines[-last:]]
        return "\n".join(lines)


class Ending:
    """Whether somebody wants the end: by a signal, or by one that only the ``make`` above us got.

    A signal is noted and nothing more; those who wait ask for it several times a second. An exception out of the
    handler could strike anywhere, also between taking and releasing a lock of the standard library.

    make hands SIGTERM to its recipe, but on a SIGINT sent to make alone it only waits for the recipe to end: it would
    wait for ever. While it waits, that signal is blocked in it, and the kernel tells.
    """

    def __init__(self, status_of: Callable[[int], str] | None = None) -> None:
        self._make = os.getppid() if "MAKELEVEL" in os.environ else 0
        self._status_of = status_of or (lambda pid: Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
        self._first = 0
        self._hurried = False
        self._noted_at = 0.0

    def heed_signals(self) -> None:
        """From now on SIGINT, SIGTERM and SIGHUP are noted, even where the shell had them ignored."""
        for number in ENDING_SIGNALS:
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        # Within a second it is the same one, come by another way: to the whole group, and again through make.
        if not self._first:
            self._first, self._noted_at = number, now
        elif now - self._noted_at > 1:
            self._hurried = True

    def asked(self) -> int:
        """The signal that asks for the end, 0 while nobody does."""
        if not self._first and self._make_waits():
            self._note(signal.SIGTERM, None)
        return self._first

    @property
    def hurried(self) -> bool:
        """Whether it was asked for once more."""
        return self._hurried

    def heed(self) -> None:
        """Go no further once the end is wanted.

        Raises:
            Interrupted: it is.
        """
        if number := self.asked():
            raise Interrupted(number)

    def _make_waits(self) -> bool:
        if not self._make:
            return False
        if os.getppid() != self._make:
            return True
        try:
            status = self._status_of(self._make)
        except OSError:
            return False
        return any(blocked_signals(status) >> (number - 1) & 1 for number in ENDING_SIGNALS)


def blocked_signals(status: str) -> int:
    """The mask of blocked signals in the text of ``/proc/PID/status``; bit 0 is signal 1."""
    for line in status.splitlines():
        if line.startswith("SigBlk:"):
            return int(line.split()[1], 16)
    return 0


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a child and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def end_group(process: subprocess.Popen[bytes], patience: float) -> None:
    """End a child and its descendants: politely, after ``patience`` seconds by force."""
    if process.poll() is None:
        signal_group(process, signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            signal_group(process, signal.SIGKILL)
            process.wait()
    signal_group(process, signal.SIGKILL)


@contextlib.contextmanager
def _log_of(path: Path) -> Iterator[BinaryIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A file of our own: a second start of the same checkout may write its log of the same name meanwhile.
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "w+b") as log:
        yield log


def run_logged(
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str],
    tick: Callable[[], None],
    ending: Ending,
) -> str:
    """Run a command to its end, its output in a file.

    Args:
        command: program and arguments.
        log: where its output goes, and stays if the command fails; only its owner may read it.
        cwd: the folder to run in.
        env: its whole environment.
        tick: called several times a second while it runs.
        ending: asked several times a second.

    Returns:
        What the command wrote.

    Raises:
        CommandError: it ended with an error.
        Interrupted: somebody ends the start; the command and its children are gone then.
    """
    with _log_of(log) as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, process_group=0
        )
        try:
            while process.poll() is None:
                ending.heed()
                tick()
                time.sleep(POLL_SECONDS)
        except BaseException:
            end_group(process, patience=3)
            raise
        output.seek(0)
        written = output.read().decode("utf-8", "replace")
    if process.returncode != 0:
        raise CommandError(command, process.returncode, log)
    log.unlink(missing_ok=True)
    return written


def run_shown(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], ending: Ending, limit: float) -> int:
    """Run a command to its end, its output on our terminal.

    Args:
        command: program and arguments.
        cwd: the folder to run in.
        env: its whole environment.
        ending: asked several times a second.
        limit: seconds after which it is ended.

    Returns:
        Its exit code; that of a killed process when the limit was reached.

    Raises:
        Interrupted: somebody ends the start; the command and its children are gone then.
    """
    process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, process_group=0)
    deadline = time.monotonic() + limit
    try:
        while process.poll() is None and time.monotonic() < deadline:
            ending.heed()
            time.sleep(POLL_SECONDS)
    finally:
        end_group(process, patience=10)
    return process.returncode


def _end_with_us() -> None:
    if _PRCTL:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Servers:
    """Servers in the foreground: when one ends or somebody says so, all end."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending
        self._processes: list[subprocess.Popen[bytes]] = []
        self._in_front: list[subprocess.Popen[bytes]] = []

    def start(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], *, in_front: bool = False) -> None:
        """Start one server; it writes to our terminal.

        Args:
            command: program and arguments.
            cwd: the folder to run in.
            env: its whole environment.
            in_front: it hands requests to the others, and ends in good order by SIGQUIT, as nginx does.
        """
        server = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=_end_with_us,  # noqa: PLW1509 - the start has one thread only
        )
        self._processes.append(server)
        if in_front:
            self._in_front.append(server)

    def ended(self) -> int | None:
        """The exit code of a server that has ended, None while all run."""
        return next((code for process in self._processes if (code := process.poll()) is not None), None)

    def wait(self) -> int:
        """Stay until a server ends by itself; gives its exit code.

        Raises:
            Interrupted: somebody wants the end.
        """
        while (code := self.ended()) is None:
            self._ending.heed()
            time.sleep(POLL_SECONDS)
        return code

    def stop(self, patience: float = 35) -> None:
        """End all servers: politely at first, by force after ``patience`` seconds or when asked once more."""
        began = time.monotonic()
        for process in self._in_front:
            signal_group(process, signal.SIGQUIT)
        if self._in_front and self.ended() is None:
            # It takes no new request by now; those that it has taken still find the others there.
            time.sleep(_HEAD_START_SECONDS)
        for process in self._processes:
            if process not in self._in_front:
                signal_group(process, signal.SIGTERM)
        while any(process.poll() is None for process in self._processes):
            if self._ending.hurried or time.monotonic() - began > patience:
                break
            time.sleep(POLL_SECONDS)
        for process in self._processes:
            end_group(process, patience=0)

"""What follows from texts alone, worked out ahead by a process beside: a second processor does what a job waits for.

While a job is at work on some rows, a `Seer` reads the next ones. A pure function that takes long is marked as
`foreseen`: what it gave while the seer was at work is known to the job, which calls it with the same. Whatever was not
foreseen is worked out as ever, so a seer that ends, or a machine that has none, costs time only.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import warnings
from collections.abc import Callable
from functools import update_wrapper
from io import BufferedReader, BufferedWriter
from select import select
from threading import Thread
from types import TracebackType
from typing import Any, Generic, NoReturn, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Q = TypeVar("Q")
A = TypeVar("A")

_Note = tuple[int, tuple[Any, ...], Any]
"""A function by its place, what it was called with, and its result."""

PATIENCE = 10.0
"""So many seconds a process beside has for an answer; it takes a fraction of one."""

_FUNCTIONS: list[foreseen[..., Any]] = []


class foreseen(Generic[P, T]):  # noqa: N801  (a decorator)
    """Marks a pure function whose results a `Seer` may work out ahead; called with hashable values by their places."""

    _notes: list[_Note] | None = None
    """Of the process beside: what it has worked out."""

    def __init__(self, function: Callable[P, T]) -> None:
        self.known: dict[tuple[Any, ...], T] = {}
        self._function = function
        self._place = len(_FUNCTIONS)
        _FUNCTIONS.append(self)
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **_: P.kwargs) -> T:
        """The result, as it was foreseen or worked out now."""
        try:
            return self.known[args]
        except KeyError:
            result = self._function(*args)  # type: ignore[call-arg]
        if foreseen._notes is not None:
            foreseen._notes.append((self._place, args, result))
        return result


class Seer(Generic[Q, A]):
    """A process beside this one, as it was at that moment, that answers one question at a time; ended with its block.

    Args:
        see: is called there with each question, and calls what the job will call; it reads no database, whose
            connections are this process's own.
    """

    def __init__(self, see: Callable[[Q], A]) -> None:
        self._see = see
        self._process = 0
        self._asking: BufferedWriter | None = None
        self._told: BufferedReader | None = None
        self._hearing: Thread | None = None
        self._heard: tuple[A, list[_Note]] | None = None

    def __enter__(self) -> Self:
        """Begin, where the machine has a second processor."""
        if not hasattr(os, "fork") or (os.cpu_count() or 1) < 2:
            return self
        (asked, asking), (told, telling) = os.pipe(), os.pipe()
        with warnings.catch_warnings():
            # Other threads do not live on beside, and nothing that they may hold is used there.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process = os.fork()
        if self._process == 0:
            os.close(asking)
            os.close(told)
            _serve(self._see, asked, telling)
        os.close(asked)
        os.close(telling)
        self._asking, self._told = os.fdopen(asking, "wb"), os.fdopen(told, "rb")
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End it, whatever it is at."""
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = 0
        self._close()
        for function in _FUNCTIONS:
            function.known = {}

    def ask(self, question: Q) -> None:
        """Have a question worked on; `answer` gives what came of it."""
        if self._asking is None:
            return
        try:
            pickle.dump(question, self._asking, pickle.HIGHEST_PROTOCOL)
            self._asking.flush()
        except OSError:
            self._close()
            return
        # A thread, so that the answer is taken in while the job waits for the database.
        self._hearing = Thread(target=self._hear, args=(self._told,), daemon=True)
        self._hearing.start()

    def answer(self) -> A | None:
        """Wait for the answer to what was asked last; None where there is none.

        What `foreseen` functions gave meanwhile is known until the next time.
        """
        if self._hearing is None:
            return None
        self._hearing.join()
        self._hearing = None
        heard, self._heard = self._heard, None
        if heard is None:
            # It has been ended from outside, or waits for a lock that a thread held which does not live on beside.
            self._close()
        found: list[dict[tuple[Any, ...], Any]] = [{} for _ in _FUNCTIONS]
        for place, args, result in heard[1] if heard else ():
            found[place][args] = result
        for function, known in zip(_FUNCTIONS, found, strict=True):
            function.known = known
        return heard[0] if heard else None

    def _hear(self, told: BufferedReader) -> None:
        try:
            if select([told], [], [], PATIENCE)[0]:
                self._heard = pickle.load(told)  # noqa: S301 - this very program wrote it
        except (EOFError, OSError, pickle.UnpicklingError):
            pass

    def _close(self) -> None:
        if self._hearing is not None:
            self._hearing.join()
            self._hearing = None
        for end in (self._asking, self._told):
            if end is not None:
                try:
                    end.close()
                except OSError:
                    continue
        self._asking = self._told = None


def _serve(see: Callable[[Q], A], asked: int, telling: int) -> NoReturn:
    """What the process beside does until nobody asks any more."""
    try:
        # What this process was born with is not its own: nothing of it is closed, nor tidied up.
        gc.disable()
        # Who waits for an answer of the product goes first.
        os.nice(10)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with os.fdopen(asked, "rb") as questions, os.fdopen(telling, "wb") as answers:
            while True:
                question: Q = pickle.load(questions)  # noqa: S301 - this very program wrote it
                notes: list[_Note] = []
                foreseen._notes = notes
                pickle.dump((see(question), notes), answers, pickle.HIGHEST_PROTOCOL)
                answers.flush()
    except BaseException:
        os._exit(1)

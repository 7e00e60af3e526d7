"""What the start shows: one line a step, with the seconds that it takes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from scripts.words import say

DOT_EVERY_SECONDS = 5


class Progress:
    """The line of one step: a running clock on a terminal, dots in a log."""

    def __init__(self, title: str, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._title = title
        self._began = time.monotonic()
        self._shown = 0
        self._note = ""

    def begin(self) -> None:
        """Show what begins."""
        self._out.write(f"  {self._title} ...")
        self._out.flush()

    def tick(self) -> None:
        """Show that it still goes on; cheap enough to be called often."""
        seconds = int(time.monotonic() - self._began)
        step = 1 if self._live else DOT_EVERY_SECONDS
        if seconds // step > self._shown // step:
            self._shown = seconds
            self._out.write(f"\r  {self._title} ... {seconds} s" if self._live else ".")
            self._out.flush()

    def note(self, text: str) -> None:
        """What the line ends with in place of the seconds."""
        self._note = text

    def end(self, failed: bool) -> None:
        """Close the line."""
        text = "" if failed else self._note or say("seconds", seconds=time.monotonic() - self._began)
        head = f"\r  {self._title} ... " if self._live else " "
        self._out.write(f"{head}{text}\n")
        self._out.flush()


@contextmanager
def step(key: str) -> Iterator[Progress]:
    """One step on the console, named by a key of ``words``."""
    progress = Progress(say(key), sys.stdout)
    progress.begin()
    try:
        yield progress
    except BaseException:
        progress.end(failed=True)
        raise
    progress.end(failed=False)


def line(text: str = "") -> None:
    """A line of its own."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()

"""The worker: a process of its own that does the jobs and chores, beside those that answer requests."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from types import FrameType

from flask import Flask, current_app
from huey.consumer import Consumer

from . import queue, service

log = logging.getLogger("lianxi")

THREADS = 2
"""A long import leaves one for the rest."""

NICENESS = 5
"""By so much a worker gives way to the processes that somebody waits for, where processors are few."""


class _Worker(Consumer):  # type: ignore[misc]
    """Huey's consumer; on any signal it ends in good order: a running job stops at its next step, to go on later."""

    def _handle_signal(self, signum: int, _frame: FrameType | None) -> None:
        queue.end()
        self._restart, self._graceful, self._signum = False, True, signum


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Wait until no other worker serves this data folder; a second one stands by."""
    with (folder / "jobs.lock").open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(1)
        yield True


def work() -> None:
    """Do jobs and chores until a signal ends it."""
    os.nice(NICENESS)
    settings = current_app.config["LIANXI"]
    if settings.redis_url or settings.database_url.startswith("postgresql"):
        _consume()
        return
    with _alone(settings.data_dir):
        service.pick_up(silent_seconds=0)
        for take_back in queue.ALONE:
            take_back()
        _consume()


def spare_the_collector() -> None:
    """Have garbage looked for as seldom as a long job wants it.

    A job makes thousands of records at once, all of which are let go together without any collection; and a full one
    would go through the whole program each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _consume() -> None:
    made = queue.huey()
    spare_the_collector()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    beside = [Thread(target=_with, args=(app, act), name=act.__name__) for act in queue.BESIDE]
    for thread in beside:
        thread.start()
    try:
        # Several may run the scheduler: jobs and chores are claimed in the database.
        _Worker(made, workers=THREADS, max_delay=1.0, scheduler_interval=1).run()
    finally:
        queue.end()
        for thread in beside:
            thread.join()


def _with(app: Flask, act: Callable[[], None]) -> None:
    with app.app_context():
        act()

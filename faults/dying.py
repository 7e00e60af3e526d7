"""The product, but every so often a process ends between the commit and the answer: the worst moment there is."""

from __future__ import annotations

import itertools
import os
import signal

import app
from app.routing import CRM
from app.transaction import COMMITTED, Unit

EVERY = 40
"""So many commits of requests a process lives."""

_commits = itertools.count(1)


def _end(unit: Unit) -> None:
    if unit.source == "http" and next(_commits) == EVERY:
        os.kill(os.getpid(), signal.SIGKILL)


def create_app() -> CRM:
    """The application."""
    made = app.create_app()
    COMMITTED.append(_end)
    return made

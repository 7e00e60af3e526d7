"""How long statements take: which were slow is told to whoever asks, and none may run for ever."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter
from typing import Any

from flask import has_request_context
from sqlalchemy import Connection, Engine, event

SLOW: list[Callable[[str, float], None]] = []
"""What is told of a slow statement, and how many seconds it took; filled by `operation/slow.py`."""

TAKEN: list[Callable[[str, float], None]] = []
"""What is told of every statement; filled by `tracing/otel.py` where traces are wanted."""

_STEPS = 100_000
"""SQLite asks after so many of its steps whether it is to go on: some hundred times a second."""

_SPACE = re.compile(r"\s+")
_TEXT = re.compile(r"'(?:[^']|'')*'")
_BIND = re.compile(r"%\(\w+\)s|(?<![:\w]):[A-Za-z_]\w*|\$\d+")
_NUMBER = re.compile(r"(?<![\w.\"])-?\d+(?:\.\d+)?(?![\w\"])")
_MANY = re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)")
_ROWS = re.compile(r"\(\?\)(?:\s*,\s*\(\?\))+")


@lru_cache(maxsize=1_000)
def normalised(statement: str) -> str:
    """A statement without any value, the same for all lists of values: by it runs are added up."""
    text = _TEXT.sub("?", statement)
    text = _BIND.sub("?", text)
    text = _NUMBER.sub("?", text)
    text = _ROWS.sub("(?)", _MANY.sub("(?)", text))
    return _SPACE.sub(" ", text).strip()


def took(connection: Connection, statement: str, seconds: float) -> None:
    """Tell of a statement, if it was slow for the engine that it ran on."""
    for tell in TAKEN:
        tell(statement, seconds)
    threshold = connection.get_execution_options().get("slow_seconds")
    if threshold and seconds >= threshold:
        for tell in SLOW:
            tell(statement, seconds)


def watch(engine: Engine) -> None:
    """Take the time of every statement that goes through SQLAlchemy."""
    event.listen(engine, "before_cursor_execute", _begins)
    event.listen(engine, "after_cursor_execute", _ends)
    event.listen(engine, "handle_error", _fails)


def _begins(
    _connection: Connection, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    context.began_at = perf_counter()


def _ends(connection: Connection, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
    took(connection, statement, perf_counter() - context.began_at)


def _fails(context: Any) -> None:
    """A statement that was ended for taking too long is the slowest of all."""
    began = getattr(context.execution_context, "began_at", None)
    if began is not None and context.connection is not None and context.statement:
        took(context.connection, context.statement, perf_counter() - began)


def limit_reading(engine: Engine, seconds: float) -> None:
    """End statements of SQLite that somebody waits for too long, as PostgreSQL does by itself."""

    def opened(connection: Any, record: Any) -> None:
        until = record.info["until"] = [0.0]
        connection.set_progress_handler(lambda: bool(until[0]) and perf_counter() > until[0], _STEPS)

    def begins(connection: Connection, *_rest: Any) -> None:
        # A job reads on while it works on what it has read, and nobody waits for it.
        connection.info["until"][0] = perf_counter() + seconds if has_request_context() else 0.0

    event.listen(engine, "connect", opened)
    event.listen(engine, "before_cursor_execute", begins)

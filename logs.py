"""Logs: one line an event, as JSON for machines or as text for a terminal, with secrets taken out.

Everybody logs through the standard library; this module decides how a line looks, and it alone decides what may stand
in one. It knows nothing of the product, so that the server's master process logs like its workers.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars, reset_contextvars
from structlog.stdlib import ProcessorFormatter

FORMATS = ("json", "console")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

REDACTED = "[redacted]"

Event = MutableMapping[str, Any]

_SENSITIVE = (
    r"authorization|(?:set-)?cookie|pass(?:word|wd|phrase)|[\w-]*token|[\w-]*secret(?:[_-]key)?|signature|"
    r"api[_-]?key|otp|totp|one[_-]time[_-]code|recovery[_-]codes?|ticket|credentials?|dsn"
)
_FIELD = re.compile(rf"[\w-]*(?:{_SENSITIVE})", re.IGNORECASE)

_TEXTS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # Headers to their end: a cookie has many values.
    (
        re.compile(r"\b((?:proxy-)?authorization|set-cookie|cookie)(['\"]?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"), REDACTED),
    (re.compile(r"\blianxi_pat_[\w-]+"), REDACTED),
    (re.compile(r"AGE-SECRET-KEY-1[\w]+", re.IGNORECASE), REDACTED),
    # Links to choose a password hold their secret behind the #.
    (re.compile(r"(/choose-password[?#])[^\s'\"<>]+"), rf"\1{REDACTED}"),
    # What somebody searched for.
    (re.compile(r"(/(?:api|socket\.io)/[^\s?#'\"]*\?)[^\s'\"]+"), rf"\1{REDACTED}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@'\"]+@", re.IGNORECASE), rf"\1{REDACTED}@"),
    (re.compile(rf"([?&#](?:{_SENSITIVE}|code|state)=)[^&\s'\"]+", re.IGNORECASE), rf"\1{REDACTED}"),
    (
        re.compile(
            rf"\b([\w-]*(?:{_SENSITIVE})['\"]?\s*[:=]\s*)(?!\[redacted\])(?:'[^']*'|\"[^\"]*\"|[^\s,;&)}}\]]+)",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
    # What a driver tells of the row that clashed.
    (re.compile(r"^(\s*DETAIL:).*$", re.MULTILINE), rf"\1 {REDACTED}"),
    (re.compile(r"^(\s*\[parameters:).*$", re.MULTILINE), rf"\1 {REDACTED}]"),
    (re.compile(r"([\w.+%-])[\w.+%-]*@([\w-]+(?:\.[\w-]+)+)"), r"\1***@\2"),
    (
        re.compile(
            r"(?<![\w.+-])(?:\+\d[\d ()-]{6,18}|1[3-9]\d(?:[ -]?\d{4}){2}|0\d{2,3}[ -]?\d{3,4}[ -]?\d{4}"
            r"|(?:\(\d{3}\) ?|\d{3}-)\d{3}-\d{4})(?!\w)"
        ),
        lambda found: f"***{re.sub(chr(92) + 'D', '', found[0])[-2:]}",
    ),
)

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def redacted(text: str) -> str:
    """A text without what must not stand in a log: secrets are cut out, addresses and phone numbers masked."""
    for pattern, instead in _TEXTS:
        text = pattern.sub(instead, text)
    return text


def _escaped(text: str) -> str:
    """One line, whatever somebody put into it."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def cleaned(value: Any, name: str = "") -> Any:
    """A value, and all that is in it, as it may stand in a log.

    Args:
        value: of any kind.
        name: by which it is known; one of a secret's is cut out whatever it holds.
    """
    if name and _FIELD.fullmatch(name):
        return REDACTED
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {_escaped(str(key)): cleaned(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [cleaned(one) for one in value]
    return _escaped(redacted(str(value)))


def redact(_logger: Any, _method: str, event: Event) -> Event:
    """Clean every value of an event; the trace of an exception keeps its lines, each set off from the events."""
    trace = event.pop("exception", None)
    # Left on the record by formatters of others.
    event.pop("message", None)
    told: Event = {name: cleaned(value, name) for name, value in event.items() if not name.startswith("_")}
    if trace:
        lines = redacted(str(trace)).splitlines()
        told["exception"] = "\n".join(f"  {_escaped(line)}" for line in lines)
    return told


def _moment(_logger: Any, _method: str, event: Event) -> Event:
    record = event.get("_record")
    at = datetime.fromtimestamp(record.created, UTC) if record is not None else datetime.now(UTC)
    event["at"] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _in_order(_logger: Any, _method: str, event: Event) -> Event:
    """Moment, level and words first: lines are read by people too."""
    first = ("at", "level", "logger", "event", "request_id")
    return {name: event[name] for name in first if name in event} | dict(event)


_BEFORE: list[Any] = [
    merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    _moment,
]


def formatter(kind: str, *, colours: bool = False) -> logging.Formatter:
    """What turns records into lines.

    Args:
        kind: `json` or `console`.
        colours: for a terminal.
    """
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=colours, timestamp_key="at", pad_event_to=0, pad_level=False)
        if kind == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    after = [structlog.processors.format_exc_info, redact, _in_order, renderer]
    return ProcessorFormatter(foreign_pre_chain=_BEFORE, processors=after)


class LogHandler(logging.StreamHandler[TextIO]):
    """Writes lines to the error stream; what cannot be written is counted and forgotten, never raised.

    A full disk or a closed pipe behind the stream must not break what the line tells of.
    """

    lost = 0

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Count the line."""
        LogHandler.lost += 1


def default_format(stream: TextIO | None = None) -> str:
    """`console` where somebody is looking, else `json`."""
    return "console" if (stream or sys.stderr).isatty() else "json"


def configure(kind: str = "", level: str = "INFO") -> None:
    """Have everything that this process logs written as lines of one kind; may be called again.

    Args:
        kind: `json`, `console`, or empty for the one that fits the stream.
        level: of the product's own events; other libraries speak from warnings on.
    """
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, LogHandler)]:
        root.removeHandler(handler)
    handler = LogHandler()
    handler.setFormatter(formatter(kind or default_format(), colours=sys.stderr.isatty()))
    root.addHandler(handler)
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    for name in ("lianxi", "app"):
        logging.getLogger(name).setLevel(level)


def begin(**said: Any) -> None:
    """Begin anew: whatever this thread did before, its lines carry only this from now on."""
    clear_contextvars()
    bind_contextvars(**said)


def note(**said: Any) -> None:
    """Have the further lines of what is going on carry this too."""
    bind_contextvars(**said)


@contextmanager
def about(**said: Any) -> Iterator[None]:
    """Have the lines of a block carry this; what was said before holds again after it."""
    before = bind_contextvars(**said)
    try:
        yield
    finally:
        reset_contextvars(**before)


def carried() -> dict[str, Any]:
    """What the lines of this thread carry now."""
    return structlog.contextvars.get_contextvars()

"""Files that people send are shown to ClamAV before they are kept, where `CLAMAV_URL` says where its daemon listens.

It is spoken to as its manual says (https://docs.clamav.net/manual/Usage/Scanning.html, `INSTREAM` in clamd(8)): the
content in pieces, each behind its length, and one line comes back. That is done here and not by `clamav-client`, which
has no end for the whole of an answer (a daemon that says a letter a minute holds a request for ever), loses what is
said of a file that is too large, knows no IPv6, and is under the GPL.

What could not be looked at is not kept: a daemon that is away, hangs or says anything else than that a file is clean
has not said that it is.
"""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import IO

from flask import current_app
from prometheus_client import Counter

from .errors import Issue, Problem, invalid
from .metrics import OWN

log = logging.getLogger("lianxi.scanner")

SECONDS = 30.0
"""Within so long a file is judged, all told."""

AGAIN_SECONDS = 30
"""After so long somebody whose file could not be judged is asked to try again."""

SCANS = Counter("lianxi_scans", "Files shown to the virus scanner, by what it said.", ["said"], registry=OWN)

_PIECE = 256 * 1024
_LONGEST = 4_096
_FOUND = re.compile(r"stream: (.+) FOUND")
_TOO_LARGE = "INSTREAM size limit exceeded. ERROR"
_LIMIT = re.compile(r"stream: Heuristics\.Limits\.Exceeded\.(\w+) FOUND")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


def is_on() -> bool:
    """Whether there is a scanner."""
    return current_app.config["LIANXI"].clamav is not None


def check(content: IO[bytes], name: str, at: str = "#/file") -> None:
    """Let a file through that the scanner finds clean; every one, where there is no scanner.

    Never within an open transaction: it may take `SECONDS`.

    Args:
        content: from its beginning.
        name: of the file; the log is told its ending only.
        at: where the refusal points to.

    Raises:
        Problem: 422 where something was found, or the file is more than the scanner looks at; 503 where it cannot be
            judged now.
    """
    address: tuple[str, int] | Path | None = current_app.config["LIANXI"].clamav
    if address is None:
        return
    try:
        said, is_whole = _ask(address, _framed(content), SECONDS)
    except (OSError, UnicodeError) as error:
        raise _unjudged(type(error).__name__, at) from error
    if said == "stream: OK" and is_whole:
        SCANS.labels("clean").inc()
    elif setting := _limit_in(said):
        log.error("a file was refused: it is more than %s in clamd.conf lets the scanner look at", setting)
        SCANS.labels("too_large").inc()
        raise invalid(Issue(at, "file_too_large_to_scan", {"setting": setting}))
    elif found := _FOUND.fullmatch(said):
        ending = _ENDING.search(name)
        log.warning("a file ***%s was refused: the scanner found %s", ending[0] if ending else "", found[1])
        SCANS.labels("found").inc()
        raise invalid(Issue(at, "file_infected", {"found": found[1][:200]}))
    else:
        raise _unjudged(f"it said {said[:200]!r}", at)


def answers(seconds: float) -> bool:
    """Whether the scanner is there.

    Raises:
        OSError: it is not.
    """
    return _ask(current_app.config["LIANXI"].clamav, [b"zPING\0"], seconds)[0] == "PONG"


def _limit_in(said: str) -> str | None:
    """The setting by which the scanner looks at no more of a file, where that is what it says."""
    if said == _TOO_LARGE:
        return "StreamMaxLength"
    limit = _LIMIT.fullmatch(said)
    return limit[1] if limit else None


def _unjudged(why: str, at: str) -> Problem:
    log.error("a file was refused, for the scanner did not judge it: %s", why)
    SCANS.labels("failed").inc()
    return Problem(503, "unscanned", [Issue(at, "file_unscanned")], headers={"Retry-After": str(AGAIN_SECONDS)})


def _framed(content: IO[bytes]) -> Iterator[bytes]:
    yield b"zINSTREAM\0"
    while piece := content.read(_PIECE):
        yield len(piece).to_bytes(4, "big") + piece
    yield bytes(4)


def _ask(address: tuple[str, int] | Path, pieces: Iterable[bytes], seconds: float) -> tuple[str, bool]:
    """What the daemon answers, and whether it has heard all before.

    Raises:
        OSError: nothing, in the time or at all.
    """
    until = monotonic() + seconds

    def left() -> float:
        rest = until - monotonic()
        if rest <= 0:
            raise TimeoutError
        return rest

    with _connected(address, seconds) as line:
        is_whole = True
        try:
            for piece in pieces:
                line.settimeout(left())
                line.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            # It has hung up on what is too large for it; what it said before is there to be read.
            is_whole = False
        said = b""
        while not said.endswith(b"\0"):
            line.settimeout(left())
            part = line.recv(_LONGEST)
            said += part
            if not part or len(said) > _LONGEST:
                raise ConnectionError
        return said[:-1].decode("utf-8", "replace"), is_whole


def _connected(address: tuple[str, int] | Path, seconds: float) -> socket.socket:
    if isinstance(address, tuple):
        return socket.create_connection(address, seconds)
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(seconds)
        line.connect(str(address))
    except OSError:
        line.close()
        raise
    return line


__all__ = ["answers", "check", "is_on"]

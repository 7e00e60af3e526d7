"""A stub of ClamAV's daemon, for the tests of what speaks to it."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

from app.routing import CRM
from config import settings_from

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD" + b"-ANTIVIRUS-TEST-FILE!$H+H*"
"""What all scanners agree to find, put together here so that they do not find it in this file."""

SIGNATURE = "Eicar-Test-Signature"


def judged(content: bytes) -> Iterable[bytes]:
    """What the stub says of a content by itself."""
    yield (f"stream: {SIGNATURE} FOUND" if EICAR in content else "stream: OK").encode() + b"\0"


class Clamd:
    """A stub: no ClamAV, but what its manual says of `PING` and `INSTREAM`, spoken over a real socket.

    Attributes:
        url: for `CLAMAV_URL`.
        heard: the contents that came whole.
        limit: its `StreamMaxLength`, in bytes.
        reply: what is said of a content, in the parts in which it is sent.
        asked: somebody is connected.
        resumed: while it is not set, nothing more is read or said.
        hangs_up_after: so many bytes of a content are read, before `reply` is sent and the line closed.
    """

    def __init__(self, kind: str = "tcp") -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="clamd-"))
        if kind == "unix":
            place = self._folder / "clamd.ctl"
            self._door = socket.socket(socket.AF_UNIX)
            self._door.bind(str(place))
            self._door.listen()
            self.url = f"unix://{place}"
        else:
            self._door = socket.create_server(("127.0.0.1", 0))
            self.url = f"tcp://127.0.0.1:{self._door.getsockname()[1]}"
        self.heard: list[bytes] = []
        self.limit = 100 * 1024 * 1024
        self.reply: Callable[[bytes], Iterable[bytes]] = judged
        self.asked, self.resumed = Event(), Event()
        self.resumed.set()
        self.hangs_up_after: int | None = None
        self._threads: list[Thread] = []

    def __enter__(self) -> Self:
        self._serving = Thread(target=self._serve)
        self._serving.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.resumed.set()
        # Closing it alone wakes nobody who waits at it.
        self._door.shutdown(socket.SHUT_RDWR)
        self._serving.join()
        self._door.close()
        for one in self._threads:
            one.join()
        shutil.rmtree(self._folder)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._door.accept()
                self._threads.append(Thread(target=self._converse, args=(line,)))
                self._threads[-1].start()

    def _converse(self, line: socket.socket) -> None:
        # Whoever has waited long enough has gone.
        with line, suppress(OSError, EOFError):
            line.settimeout(30)
            self.asked.set()
            self.resumed.wait(60)
            command = bytearray()
            while not command.endswith(b"\0"):
                command += _read(line, 1)
            if command == b"zPING\0":
                line.sendall(b"PONG\0")
            elif command == b"zINSTREAM\0":
                self._judge(line)
            else:
                line.sendall(b"UNKNOWN COMMAND\0")

    def _judge(self, line: socket.socket) -> None:
        content = bytearray()
        while length := int.from_bytes(_read(line, 4), "big"):
            if len(content) + length > self.limit:
                # As the real one does it: what still comes is not read any more.
                line.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
            content += _read(line, length)
            if self.hangs_up_after is not None and len(content) >= self.hangs_up_after:
                break
        else:
            self.heard.append(bytes(content))
        for part in self.reply(bytes(content)):
            line.sendall(part)


def _read(line: socket.socket, size: int) -> bytes:
    read = bytearray()
    while len(read) < size:
        part = line.recv(size - len(read))
        if not part:
            raise EOFError
        read += part
    return bytes(read)


@contextmanager
def scanned(app: CRM, url: str) -> Iterator[None]:
    """Have an application show files to a scanner for a while."""
    settings = app.config["LIANXI"]
    app.config["LIANXI"] = replace(settings, clamav=settings_from({"CLAMAV_URL": url}).clamav)
    try:
        yield
    finally:
        app.config["LIANXI"] = settings


__all__ = ["EICAR", "SIGNATURE", "Clamd", "judged", "scanned"]

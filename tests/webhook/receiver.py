"""A receiver of webhooks on this machine, which answers as a test wants it to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

from ..servers import free_port


@dataclass
class Message:
    """What arrived."""

    path: str
    headers: Mapping[str, str]
    raw: bytes
    at: float = field(default_factory=time.time)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def stamp(self) -> int:
        return int(self.headers["webhook-timestamp"])

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.raw))

    @property
    def type(self) -> str:
        return str(self.body["type"])

    @property
    def record(self) -> tuple[str, int]:
        return self.body["data"]["resource"], self.body["data"]["id"]


Answer = tuple[int, dict[str, str]]


class Receiver:
    """Takes messages until it is closed; 204 unless `answer` says otherwise.

    Attributes:
        offered: everything that came, in the order in which it came.
        taken: what was answered with success.
        most_at_once: so many requests were open together.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.offered: list[Message] = []
        self.taken: list[Message] = []
        self.answer: Callable[[Message], Answer | int] = lambda _message: 204
        self.let_go = Event()
        self.most_at_once = 0
        self._open = 0
        self._lock = Lock()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def hang(self, _message: Message) -> int:
        """Answer when the test lets go, with success."""
        self.let_go.wait(60)
        return 204

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._handle(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        raw = request.rfile.read(int(request.headers["Content-Length"]))
        message = Message(request.path, {name.lower(): value for name, value in request.headers.items()}, raw)
        with self._lock:
            self.offered.append(message)
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
        answer = self.answer(message)
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        with self._lock:
            self._open -= 1
            if 200 <= status < 300:
                self.taken.append(message)
        try:
            request.send_response(status)
            for name, value in headers.items():
                request.send_header(name, value)
            request.end_headers()
        except OSError:
            pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that is there until the block ends."""
    receiver = Receiver()
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        receiver.stop()

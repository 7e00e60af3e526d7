"""Many open pages in one process: `python -m faults.crowd URL COUNT`, told the tokens by a line of JSON.

Speaks just enough of Engine.IO and Socket.IO to listen: a thousand whole clients would need a thousand threads.
Says a line of JSON once all are connected, and, told `end`, a line with what each of them heard.
"""

# ruff: noqa: E402 - everything below must be imported after sockets and threads have been replaced
from gevent import monkey

monkey.patch_all()

import json
import sys
import time
from datetime import datetime
from urllib.parse import urlsplit

import gevent
import websocket
from gevent.lock import Semaphore

AT_ONCE = 20
PATIENCE_SECONDS = 120


class Page:
    """One connected client.

    Attributes:
        heard: the delay in seconds of each event, by its cursor without the reader's stamp.
        doubled: events that came once more.
    """

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}
        self.doubled = 0
        self.is_ready = self.is_lost = False

    def listen(self, url: str, token: str, gate: Semaphore) -> None:
        """Connect, and note what comes until the connection ends."""
        try:
            with gate:
                found = urlsplit(url)
                address = f"ws://{found.netloc}/socket.io/?EIO=4&transport=websocket"
                connection = websocket.create_connection(address, timeout=PATIENCE_SECONDS)
                self._next(connection)
                connection.send("40" + json.dumps({"token": token}))
                while not self.is_ready:
                    self._next(connection)
            connection.settimeout(None)
            while True:
                self._next(connection)
        except (OSError, websocket.WebSocketException):
            self.is_lost = True

    def _next(self, connection: websocket.WebSocket) -> None:
        raw = str(connection.recv())
        if not raw:
            raise ConnectionError
        if raw == "2":
            connection.send("3")
        elif raw.startswith("44"):
            raise ConnectionError(raw)
        elif raw.startswith("42"):
            moment = time.time()
            name, data = json.loads(raw[2:])
            if name == "ready":
                self.is_ready = True
            elif isinstance(data, dict) and "cursor" in data:
                entry = data["cursor"].rpartition("-")[0]
                self.doubled += entry in self.heard
                self.heard.setdefault(entry, moment - datetime.fromisoformat(data["at"]).timestamp())


def main(url: str, count: int) -> None:
    """Connect all, then listen until told to end."""
    tokens = json.loads(sys.stdin.readline())
    pages, gate, began = [Page() for _ in range(count)], Semaphore(AT_ONCE), time.monotonic()
    for number, page in enumerate(pages):
        gevent.spawn(page.listen, url, tokens[number % len(tokens)], gate)
    while not all(page.is_ready or page.is_lost for page in pages) and time.monotonic() - began < PATIENCE_SECONDS:
        gevent.sleep(0.1)
    connected = sum(page.is_ready for page in pages)
    print(json.dumps({"connected": connected, "seconds": time.monotonic() - began}), flush=True)
    gevent.get_hub().threadpool.apply(sys.stdin.readline)
    told = {
        "heard": [page.heard for page in pages],
        "lost": sum(page.is_lost for page in pages),
        "doubled": sum(page.doubled for page in pages),
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

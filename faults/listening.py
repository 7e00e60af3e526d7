"""Clients of the live push that reconnect, remember what they were told, and catch up by cursor."""

from __future__ import annotations

import time
from typing import Any, Self

import socketio

from faults.shape import Shape


class Listener:
    """A connected client, as a page in a browser is: it reconnects by itself and asks for what it has missed."""

    def __init__(self, url: str, token: str) -> None:
        self.token = token
        self.heard: list[str] = []
        """Cursors of events without the reader's stamp, in the order in which they came."""
        self.created: set[int] = set()
        self.first = self.watermark = ""
        self.connects = 0
        self._client = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=1, randomization_factor=0.2)
        self._client.on("*", self._hear)
        self._url = url

    def __enter__(self) -> Self:
        self._client.connect(self._url, auth={"token": self.token}, transports=["websocket"])
        deadline = time.monotonic() + 30
        while not self.first:
            if time.monotonic() > deadline:
                raise TimeoutError("a socket was not made ready")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()

    def _hear(self, event: str, data: Any = None) -> None:
        if event == "ready":
            self.connects += 1
            self.first = self.first or data["watermark"]
        elif isinstance(data, dict) and "cursor" in data:
            self._note(data)

    def _note(self, event: dict[str, Any]) -> None:
        self.heard.append(entry_of(event["cursor"]))
        if event.get("type", "").endswith("_created") or event.get("version") == 1:
            self.created.add(event["id"])

    def catch_up(self, shape: Shape, token: str) -> None:
        """Ask for everything since the beginning, as a page does after it was cut off."""
        for event in events_since(shape, token, self.first):
            if entry_of(event["cursor"]) not in self.heard:
                self._note(event)

    def missed(self, shape: Shape, token: str) -> list[str]:
        """What the reader may see and was not told."""
        return sorted({entry_of(one["cursor"]) for one in events_since(shape, token, self.first)} - set(self.heard))


def entry_of(cursor: str) -> str:
    """The event behind a cursor: without the reader's stamp, which pushes do not carry."""
    return cursor.rpartition("-")[0]


def events_since(shape: Shape, token: str, after: str) -> list[dict[str, Any]]:
    """All events that a reader may see after a cursor."""
    found: list[dict[str, Any]] = []
    while True:
        status, answer = shape.call("GET", f"events?after={after}&limit=500", token=token)
        if status != 200:
            raise RuntimeError(f"/events: {status} {answer}")
        found += answer["data"]
        after = answer["meta"]["watermark"]
        if not answer["meta"]["has_more"]:
            return found

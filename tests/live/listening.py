"""Clients of the served product that remember what they were told, and people to be them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import socketio

from ..running import Running

PASSWORD = "a long enough secret 5"


class Listener:
    """A connected client that remembers what it was told."""

    def __init__(self, url: str, token: str) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", lambda event, data=None: self.heard.append((event, data)))
        self.client.connect(url, auth={"token": token}, transports=["websocket"])
        self.until(lambda: any(event == "ready" for event, _ in self.heard))

    def until(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        """Wait for something to become true."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.heard
            time.sleep(0.02)

    def hears(self, event: str, about: int) -> list[Any]:
        """The payloads of one event of one record, once there is any."""
        self.until(lambda: bool(self.told(event, about)))
        return self.told(event, about)

    def told(self, event: str, about: int | None = None) -> list[Any]:
        """The payloads of one event, of all records or of one."""
        return [data for name, data in self.heard if name == event and about in (None, data.get("id"))]


def person(server: Running, admin: str, name: str, role: str = "sales", **more: Any) -> str:
    """A new user's token."""
    email = f"{name}-{time.monotonic_ns()}@example.com"
    body = {"name": name, "email": email, "password": PASSWORD, "role": role, **more}
    status, made = server.call("POST", "/users", body, admin)
    assert status == 201, made
    return server.sign_in(email, PASSWORD)


def id_of(server: Running, token: str) -> int:
    """The id of who holds a token."""
    status, me = server.call("GET", "/auth/me", token=token)
    assert status == 200
    return int(me["id"])

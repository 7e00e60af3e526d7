"""When the relay of a process works and when it rests."""

from __future__ import annotations

import time

from app.live.relay import Relay
from app.routing import CRM


def test_the_relay_does_not_end_under_a_socket_that_has_just_come(app: CRM) -> None:
    relay = Relay(app, app.extensions["lianxi.socketio"], lambda _sid: None)
    sockets: set[str] = set()
    seconds = []

    def tick() -> None:
        seconds.append(len(sockets))
        if len(seconds) == 1:
            # Somebody comes between the last look at the sockets and the end.
            sockets.add("late")
            start()

    def start() -> None:
        relay.start(lambda: None, tick, lambda: bool(sockets))

    def is_running() -> bool:
        return relay.running

    start()
    deadline = time.monotonic() + 10
    while len(seconds) < 3:
        assert is_running()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    sockets.clear()
    while is_running():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    count = len(seconds)
    start()
    assert is_running()
    while is_running():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(seconds) == count + 1

"""Sockets of who has to set a second factor up first: cut at once, refused in words, open when it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
import socketio
from socketio.exceptions import ConnectionError as CannotConnect

from ..running import ADMIN, Running
from .listening import PASSWORD, Listener, person


def set_up(server: Running, token: str, password: str) -> None:
    status, started = server.call("POST", "/auth/totp", {"password": password}, token)
    assert status == 200, started
    code = pyotp.TOTP(started["secret"]).at(datetime.now(UTC))
    assert server.call("POST", "/auth/totp/confirm", {"code": code}, token)[0] == 200


def test_a_socket_waits_for_the_second_factor(server: Running, admin: str, connect: Callable[[str], Listener]) -> None:
    alice = person(server, admin, "alice")
    socket = connect(alice)
    set_up(server, admin, ADMIN[1])
    assert server.call("PATCH", "/settings", {"second_factor": "everybody"}, admin)[0] == 200
    socket.until(lambda: not socket.client.connected)

    told: list[Any] = []
    client = socketio.Client(reconnection=False)
    client.on("connect_error", told.append)
    with pytest.raises(CannotConnect):
        client.connect(server.url, auth={"token": alice}, transports=["websocket"])
    assert told == [{"message": "forbidden", "data": {"status": 403, "type": "/problems/second-factor-required"}}]
    assert connect(admin).client.connected
    set_up(server, alice, PASSWORD)
    assert connect(alice).client.connected

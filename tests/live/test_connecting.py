"""Whoever opens a socket is made ready or refused, whatever goes on meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask_socketio import SocketIOTestClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.auth import identity
from app.database import read_engine
from app.live import sockets
from app.live.sockets import Connected, Live
from app.routing import CRM

from ..cast import Cast, Member


class Cutting(Live):
    """Remembers whom it cut."""

    def __init__(self, app: CRM) -> None:
        super().__init__(app, app.extensions["lianxi.socketio"])
        self.was_cut: list[str] = []

    def cut(self, sid: str) -> None:
        self.sockets.pop(sid)
        self.was_cut.append(sid)

    def enter(self, member: Member) -> None:
        actor, expires = identity.identify(member.token)
        self.sockets[member.name] = Connected(actor, expires, "en")


def test_who_comes_while_sign_ins_are_looked_up_is_not_cut(app: CRM, cast: Cast) -> None:
    live = Cutting(app)
    live.enter(cast.alice)
    live.enter(cast.bob)
    assert cast.bob.post("/auth/logout").status_code == 204
    late: list[Member] = [cast.carol]

    def come(*_: Any) -> None:
        if late:
            live.enter(late.pop())

    engine = read_engine()
    event.listen(engine, "after_cursor_execute", come)
    try:
        live.tick()
    finally:
        event.remove(engine, "after_cursor_execute", come)
    assert live.was_cut == [cast.bob.name]
    assert live.sockets.keys() == {cast.alice.name, cast.carol.name}


@contextmanager
def opened(app: CRM, member: Member) -> Iterator[SocketIOTestClient]:
    client = app.extensions["lianxi.socketio"].test_client(app, auth={"token": member.token})
    try:
        yield client
    finally:
        if client.is_connected():
            client.disconnect()


def away(*_: Any) -> Any:
    raise OperationalError("SELECT 1", {}, Exception("the server is away"), connection_invalidated=True)


def test_who_comes_while_the_database_is_away_is_refused(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    live: Live = app.extensions["lianxi.live"]
    for place, name in ((identity, "identify"), (sockets, "join_room"), (live.relay, "start")):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, away)
            with opened(app, cast.alice) as client:
                assert not client.is_connected(), name
                assert not live.sockets
    with opened(app, cast.alice) as client:
        assert client.is_connected()


def test_who_cannot_be_made_ready_is_cut(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    live: Live = app.extensions["lianxi.live"]
    was_cut: list[str] = []
    monkeypatch.setattr(live, "cut", was_cut.append)
    monkeypatch.setattr(sockets, "watermark", away)
    sockets._ready(live, "somebody", identity.identify(cast.alice.token)[0])
    assert was_cut == ["somebody"]

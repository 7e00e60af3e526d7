"""Socket.IO: sign-in, rooms, `ready`, presence, `new_contact`, and the end of sockets whose sign-in has ended.

The server alone joins rooms: they are the tokens that the person holds (`access.py`). Every process checks its own
sockets once a second against the database, so that a revoked sign-in or a changed role cuts them within two seconds.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Any

import redis
from flask import Flask, current_app, g, request
from flask_socketio import SocketIO, join_room, leave_room
from flask_socketio import disconnect as close
from socketio.exceptions import ConnectionRefusedError as Refused
from sqlalchemy import select

import logs

from .. import idempotency
from ..access import POLICIES, Actor, Permission
from ..auth import identity
from ..auth.models import SignIn, User
from ..auth.tokens import unauthorized
from ..contact import service as contact_service
from ..contact.schemas import CONTACTS, ContactSchema
from ..database import read_engine
from ..errors import Issue, Problem, invalid, not_found, problem_of, request_id
from ..extensions import redis_options
from ..listing import encode
from ..metrics import SOCKETS
from ..schema import load
from ..strict_json import parse_json
from ..transaction import COMMITTED, Unit, seal, unit_of_work
from .feed import watermark
from .jobs import Jobs
from .presence import Presence
from .relay import Relay

log = logging.getLogger("lianxi")

WARNING_SECONDS = 60
GRACE_SECONDS = 30
EVENTS_PER_SECOND = 20


@dataclass
class Connected:
    """One socket of this process."""

    actor: Actor
    expires: float
    language: str
    warned: bool = False
    spent: list[float] = field(default_factory=list)


class Live:
    """The live side of one application: its sockets, presence and relay."""

    def __init__(self, app: Flask, socketio: SocketIO) -> None:
        settings = app.config["LIANXI"]
        client = redis.Redis.from_url(redis_options(settings.redis_url)) if settings.redis_url else None
        self.app, self.socketio, self.limit = app, socketio, settings.socket_limit
        self.sockets: dict[str, Connected] = {}
        self.presence = Presence(client, settings.channel)
        self.relay = Relay(app, socketio, self.actor_of)
        self.jobs = Jobs(socketio)
        self.renewed = 0.0

    def actor_of(self, sid: str) -> Actor | None:
        """Who is behind a socket; None when it has gone."""
        socket = self.sockets.get(sid)
        return None if socket is None else socket.actor

    # ---- once a second -------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Warn and cut sockets whose time or sign-in has ended."""
        moment = time()
        for sid, socket in list(self.sockets.items()):
            if socket.expires + GRACE_SECONDS < moment:
                self.cut(sid)
            elif not socket.warned and socket.expires - WARNING_SECONDS < moment:
                socket.warned = True
                self.socketio.emit("auth_expiring", {"expires_at": int(socket.expires)}, to=sid, ignore_queue=True)
        self._cut_revoked()
        if monotonic() - self.renewed > 10:
            self.renewed = monotonic()
            self.presence.renew()

    def _cut_revoked(self) -> None:
        # Others come, and sign in anew, while the database is asked: nothing is known of them yet.
        there = [(sid, socket.actor) for sid, socket in self.sockets.items()]
        if not there:
            return
        sessions = {actor.session_id for _, actor in there}
        with read_engine().connect() as connection:
            rows = connection.execute(
                select(SignIn.id, User.access_stamp)
                .join(User, User.id == SignIn.user_id)
                .where(SignIn.id.in_(sorted(sessions)), SignIn.revoked_at.is_(None), User.is_active)
            )
            good = dict(rows.all())
        for sid, actor in there:
            if good.get(actor.session_id) != actor.stamp and self.actor_of(sid) is actor:
                # Rights have changed: the client connects anew, gets its rooms anew and loads anew.
                self.cut(sid)

    def cut(self, sid: str) -> None:
        """End a socket from this side."""
        self.sockets.pop(sid, None)
        SOCKETS.set(len(self.sockets))
        try:
            self.socketio.server.disconnect(sid, ignore_queue=True)
        except KeyError:
            log.debug("socket %s was gone already", sid)

    # ---- presence ------------------------------------------------------------------------------------------------

    def announce(self, room: str) -> None:
        """Tell everybody who watches a record who else does."""
        resource, record_id = room.removeprefix("watch:").split(":")
        data = {"resource": resource, "id": int(record_id), "users": self.presence.people(room)}
        self.socketio.emit("presence", data, to=room)


def _identify(auth: Any) -> tuple[Actor, float]:
    """The actor of a socket's token and when the token ends.

    Raises:
        Problem: 401; 403 `second-factor-required`.
    """
    token = auth.get("token") if isinstance(auth, dict) else None
    if not isinstance(token, str) or not token:
        raise unauthorized()
    actor, expires = identity.identify(token)
    actor.need_second_factor()
    return actor, expires


def register(app: Flask) -> None:
    """Attach the handlers to the application's Socket.IO server."""
    socketio: SocketIO = app.extensions["lianxi.socketio"]
    live = Live(app, socketio)
    app.extensions["lianxi.live"] = live

    @socketio.on("connect")
    def connect(auth: Any = None) -> None:
        _begin("connect")
        if len(live.sockets) >= live.limit:
            raise Refused("too_many_sockets", {"status": 503, "type": "/problems/unavailable"})
        sid = _sid()
        try:
            actor, expires = _identify(auth)
            if actor.scopes is not None:
                identity.note_use(actor)
            for room in actor.rooms():
                join_room(room)
            wanted = auth.get("language")
            language = wanted if wanted in ("zh-CN", "en") else actor.language or "en"
            live.sockets[sid] = Connected(actor, expires, language)
            live.relay.start(live.jobs.tell, live.tick, lambda: bool(live.sockets))
        except Exception as error:
            # Whoever is not refused would wait for an answer for ever.
            live.sockets.pop(sid, None)
            problem = problem_of(error)
            said = {401: "unauthorized", 403: "forbidden"}.get(problem.status, "unavailable")
            raise Refused(said, {"status": problem.status, "type": f"/problems/{problem.slug}"}) from error
        SOCKETS.set(len(live.sockets))
        socketio.start_background_task(_ready, live, sid, actor)

    @socketio.on("disconnect")
    def disconnect(_reason: Any = None) -> None:
        sid = _sid()
        live.sockets.pop(sid, None)
        SOCKETS.set(len(live.sockets))
        for room in live.presence.rooms_of(sid):
            live.presence.leave(room, sid)
            live.announce(room)

    @socketio.on("authenticate")
    def authenticate(data: Any = None) -> dict[str, Any]:
        _begin("authenticate")
        socket = live.sockets.get(_sid())
        if socket is None:
            close()
            return {"ok": False}
        try:
            actor, expires = _identify(data)
            if actor.user_id != socket.actor.user_id:
                raise unauthorized()
        except Problem as problem:
            return {"ok": False, "problem": _said(problem, socket)}
        if actor.rooms() != socket.actor.rooms():
            close()
            return {"ok": False}
        socket.actor, socket.expires, socket.warned = actor, expires, False
        return {"ok": True}

    @socketio.on("watch")
    def watch(data: Any = None) -> dict[str, Any]:
        return _answered(live, "watch", lambda socket: _watch(live, socket, data))

    @socketio.on("unwatch")
    def unwatch(data: Any = None) -> dict[str, Any]:
        def run(_socket: Connected) -> dict[str, Any]:
            room = _room(data)
            leave_room(room)
            if live.presence.leave(room, _sid()):
                live.announce(room)
            return {"ok": True}

        return _answered(live, "unwatch", run)

    @socketio.on("new_contact")
    def new_contact(data: Any = None) -> dict[str, Any]:
        return _answered(live, "new_contact", lambda socket: {"ok": True, "record": _new_contact(socket, data)})


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]


def _begin(event: str, socket: Connected | None = None) -> None:
    """Have what is logged of an event carry the id of the request that opened the socket, and whose it is."""
    known = {} if socket is None else {"user_id": socket.actor.user_id}
    logs.begin(request_id=request_id(), socket_event=event, **known)


def _ready(live: Live, sid: str, actor: Actor) -> None:
    live.socketio.sleep(0.01)
    try:
        with live.app.app_context():
            live.socketio.emit("ready", {"watermark": watermark(actor)}, to=sid, ignore_queue=True)
    except Exception:
        log.warning("a socket could not be made ready; it may come back", exc_info=True)
        live.cut(sid)


def _said(problem: Problem, socket: Connected) -> dict[str, Any]:
    g.language = socket.language
    return {**problem.document(), "instance": None}


def _answered(live: Live, event: str, run: Any) -> dict[str, Any]:
    """Run a handler for a signed-in socket within its rate; problems become the acknowledgement."""
    socket = live.sockets.get(_sid())
    if socket is None:
        close()
        return {"ok": False}
    _begin(event, socket)
    try:
        moment = monotonic()
        socket.spent = [one for one in socket.spent if moment - one < 1]
        if len(socket.spent) >= EVENTS_PER_SECOND:
            raise Problem(429, "too-many-requests")
        socket.spent.append(moment)
        with read_engine().connect() as connection:
            if not identity.verified(connection, socket.actor):
                live.cut(_sid())
                raise unauthorized()
        answer: dict[str, Any] = run(socket)
    except Exception as error:
        return {"ok": False, "problem": _said(problem_of(error), socket)}
    return answer


def _room(data: Any) -> str:
    resource = data.get("resource") if isinstance(data, dict) else None
    record_id = data.get("id") if isinstance(data, dict) else None
    known = isinstance(resource, str) and resource in POLICIES
    if not known or not isinstance(record_id, int) or isinstance(record_id, bool) or record_id < 1:
        raise invalid(Issue("#", "invalid"))
    return f"watch:{resource}:{record_id}"


def _watch(live: Live, socket: Connected, data: Any) -> dict[str, Any]:
    room = _room(data)
    if data["id"] >= 2**63:
        raise not_found()
    POLICIES[data["resource"]].get(socket.actor, data["id"])
    join_room(room)
    live.presence.enter(room, _sid(), {"id": socket.actor.user_id, "name": socket.actor.name})
    live.announce(room)
    return {"ok": True, "users": live.presence.people(room)}


_SCHEMA = ContactSchema()


def _new_contact(socket: Connected, data: Any) -> Any:
    """Create a contact record exactly as `POST /contacts` does, with the same checks and the same safe retry."""
    actor = socket.actor
    actor.need(Permission.CONTACT_WRITE)
    # By Python's own writer: the house's refuses numbers beyond 64 bits, which are the schema's to refuse.
    body = parse_json(json.dumps(data, default=str).encode()) if isinstance(data, dict) else {}
    key = body.pop("idempotency_key", None)
    with unit_of_work(actor_id=actor.user_id, source="socket", request_id=request_id()) as unit:
        if key is not None:
            if not isinstance(key, str):
                raise invalid(Issue("#/idempotency_key", "wrong_type"))
            if not idempotency.is_key(key):
                raise invalid(Issue("#/idempotency_key", "idempotency_key"))
            digest = hashlib.sha256(json.dumps(body, default=str).encode()).hexdigest()
            kept = idempotency.take(actor.user_id, "socket new_contact", key, digest)
            if kept is not None:
                return parse_json(kept.body)
        record = contact_service.create(actor, load(_SCHEMA, body))
        shown = encode(CONTACTS.answer(actor, record.id))
        seal(unit)
        if key is not None:
            idempotency.keep_body(shown, 201, {"Content-Type": "application/json"})
    return parse_json(shown)


def _nudge(unit: Unit) -> None:
    if unit.changeset_id is not None and "lianxi.live" in current_app.extensions:
        current_app.extensions["lianxi.live"].relay.nudge()


COMMITTED.append(_nudge)

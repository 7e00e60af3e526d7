"""The relay: every web process tails the journal's feed and tells its own sockets, in the feed's order.

A change reaches the sockets of all processes whoever wrote it (another worker, a job, a command), and a failed push is
made up for by the next round. Nothing is pushed that is not committed.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable
from threading import Event, Lock
from typing import Any

from flask import Flask
from flask_socketio import SocketIO
from sqlalchemy import Connection

from ..access import EVERYTHING, LEAST, POLICIES
from ..database import read_engine
from ..journal import FeedEntry, Position, feed_end, read_feed, record_tokens
from ..listing import SPECS
from ..projection import LinkTo
from .feed import actor_names, event_of, records_of, write_cursor

log = logging.getLogger("lianxi")

BULK = 500
PAUSE = 0.15
_BATCH = 200


class Relay:
    """Tails the feed for one application in one process; runs while it has sockets.

    Args:
        app: the application.
        socketio: its Socket.IO server.
        every_second: called about once a second from the same thread.
    """

    def __init__(self, app: Flask, socketio: SocketIO) -> None:
        self.app = app
        self.socketio = socketio
        self.nudged = Event()
        self.lock = Lock()
        self.running = False
        self.position: Position | None = None
        self.bulks: OrderedDict[tuple[int, str], None] = OrderedDict()
        self.failures = 0

    def start(self, tick: Any) -> None:
        """Begin to tail, from the feed's present end, unless it does already.

        Args:
            tick: called about once a second; the relay ends when it answers False.
        """
        with self.lock:
            if self.running:
                return
            self.running = True
            with self.app.app_context(), read_engine().connect() as connection:
                self.position = feed_end(connection)
        self.socketio.start_background_task(self._run, tick)

    def nudge(self) -> None:
        """Look at once: this process has just committed something."""
        self.nudged.set()

    def _run(self, tick: Any) -> None:
        rounds = 0
        while True:
            if not self.nudged.is_set():
                self.socketio.sleep(PAUSE)
            self.nudged.clear()
            try:
                with self.app.app_context():
                    while self.drain():
                        pass
                    rounds += 1
                    if rounds % 6 == 0 and not tick():
                        with self.lock:
                            self.running = False
                        return
            except Exception:
                self.failures += 1
                log.warning("the live push failed, it is tried again", exc_info=True)
                self.socketio.sleep(1)

    def drain(self) -> bool:
        """Push the next batch of entries; whether there may be more."""
        assert self.position is not None
        with read_engine().connect() as connection:
            entries = read_feed(connection, self.position, _BATCH)
            if entries:
                self._push(connection, entries)
        if entries:
            self.position = entries[-1].position
        return len(entries) == _BATCH

    def _push(self, connection: Connection, entries: list[FeedEntry]) -> None:
        single: list[FeedEntry] = []
        for entry in entries:
            if entry.entry_count > BULK:
                self._tell_bulk(entry)
            else:
                single.append(entry)
        if not single:
            return
        full = records_of(single, lambda resource, ids: SPECS[resource].relayed(connection, ids, EVERYTHING))
        least = records_of(single, lambda resource, ids: SPECS[resource].relayed(connection, ids, LEAST))
        people = actor_names(connection, single)
        for entry in single:
            key = (entry.resource, entry.resource_id)
            actor = people.get(entry.actor_id) if entry.actor_id else None
            self._tell(connection, entry, full.get(key), least.get(key), actor)

    def _tell(
        self,
        connection: Connection,
        entry: FeedEntry,
        record: dict[str, Any] | None,
        least: dict[str, Any] | None,
        actor: dict[str, Any] | None,
    ) -> None:
        cursor = write_cursor(entry.position)
        rooms = record_tokens(connection, POLICIES[entry.resource], entry.resource_id) or set()
        if record is None:
            event = event_of(entry, None, actor, cursor)
            gone = {"cursor": cursor, "id": entry.resource_id, "changeset_id": entry.changeset_id}
            self._emit(event["type"], gone, self._sockets(entry.audience))
            return
        sees = self._sockets(rooms)
        sees_all = self._sockets(self._rooms_of_all(connection, entry, record, rooms))
        event = event_of(entry, record, actor, cursor)
        kind = event.pop("type")
        lost = self._sockets(entry.audience) - sees
        self._emit(f"{entry.resource}_removed", {"cursor": cursor, "id": entry.resource_id}, lost)
        self._emit(kind, event, sees_all)
        self._emit(kind, {**event, "record": least}, sees - sees_all)

    def _rooms_of_all(
        self, connection: Connection, entry: FeedEntry, record: dict[str, Any], rooms: set[str]
    ) -> set[str]:
        """The rooms whose members may read every field: those that see the linked records too and need no mask."""
        spec = SPECS[entry.resource]
        allowed = rooms if spec.masked is None else rooms - {"pool"}
        for field in spec.fields.fields.values():
            if isinstance(field, LinkTo) and not field.target.open_to_all and record.get(field.id_field) is not None:
                allowed = allowed & (record_tokens(connection, field.target, record[field.id_field]) or set())
        return allowed

    def _tell_bulk(self, entry: FeedEntry) -> None:
        key = (entry.changeset_id, entry.resource)
        if key in self.bulks:
            return
        self.bulks[key] = None
        if len(self.bulks) > 1_000:
            self.bulks.popitem(last=False)
        data = {"changeset_id": entry.changeset_id, "count": entry.entry_count}
        self._emit(f"{entry.resource}_bulk", data, self._sockets(["all", "everyone"]))

    def _sockets(self, rooms: Iterable[str]) -> set[str]:
        """The sockets of this process in any of the rooms."""
        manager = self.socketio.server.manager
        return {sid for room in rooms for sid, _ in manager.get_participants("/", room)}

    def _emit(self, kind: str, data: dict[str, Any], sockets: set[str]) -> None:
        if sockets:
            self.socketio.emit(kind, data, to=sorted(sockets), ignore_queue=True)

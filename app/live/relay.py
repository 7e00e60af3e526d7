"""The relay: every web process tails the journal's feed and tells its own sockets, in the feed's order.

A change reaches the sockets of all processes whoever wrote it (another worker, a job, a command), and a failed push is
made up for by the next round. Nothing is pushed that is not committed.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from threading import Event, Lock
from typing import Any

from flask import Flask
from flask_socketio import SocketIO
from sqlalchemy import Connection

import logs

from ..access import POLICIES, READING_RIGHTS, Actor
from ..database import read_engine
from ..journal import FeedEntry, Position, feed_end, read_feed, record_tokens
from ..listing import SPECS
from ..projection import linked
from .feed import actor_names, changed_for, event_of, records_of, survivors, write_cursor

log = logging.getLogger("lianxi")

BULK = 500
PAUSE = 0.15
_BATCH = 200


class _Shown:
    """The records behind some entries as readers of each kind may read them.

    Who sees every record that a record names reads what all others with the same field rights read, so those are
    read once per class; the others are asked for one by one.
    """

    def __init__(self, connection: Connection, entries: list[FeedEntry]) -> None:
        self.connection, self.entries = connection, entries
        self.by_rights: dict[frozenset[str], dict[tuple[str, int], dict[str, Any]]] = {}

    def whole(self, entry: FeedEntry, rights: frozenset[str] = READING_RIGHTS) -> dict[str, Any] | None:
        """The record for readers with these field rights who see all that it names; None where it is gone."""
        found = self.by_rights.get(rights)
        if found is None:
            shape = (frozenset({"all"}), rights)
            found = self.by_rights[rights] = records_of(
                self.entries, lambda resource, ids: SPECS[resource].relayed(self.connection, ids, shape)
            )
        return found.get((entry.resource, entry.resource_id))

    def to(self, entry: FeedEntry, actor: Actor) -> dict[str, Any] | None:
        """The record as one person reads it."""
        found = SPECS[entry.resource].many(self.connection, [entry.resource_id], actor)
        return found.get(entry.resource_id)


class Relay:
    """Tails the feed for one application in one process; runs while it has sockets.

    Args:
        app: the application.
        socketio: its Socket.IO server.
        actors: who is behind each socket of this process.
    """

    def __init__(self, app: Flask, socketio: SocketIO, actors: Callable[[str], Actor | None]) -> None:
        self.app = app
        self.socketio = socketio
        self.actor_of = actors
        self.nudged = Event()
        self.lock = Lock()
        self.running = False
        self.position: Position | None = None
        self.bulks: OrderedDict[tuple[int, str], None] = OrderedDict()
        self.failures = 0

    def start(self, look: Callable[[], None], tick: Callable[[], None], is_wanted: Callable[[], bool]) -> None:
        """Begin to tail, from the feed's present end, unless it does already.

        Args:
            look: called in every round, for what is told besides the feed.
            tick: called about once a second.
            is_wanted: asked after it; the relay ends when nobody listens any more.
        """
        with self.lock:
            if self.running:
                return
            with self.app.app_context(), read_engine().connect() as connection:
                self.position = feed_end(connection)
            self.running = True
        self.socketio.start_background_task(self._run, look, tick, is_wanted)

    def nudge(self) -> None:
        """Look at once: this process has just committed something."""
        self.nudged.set()

    def _run(self, look: Callable[[], None], tick: Callable[[], None], is_wanted: Callable[[], bool]) -> None:
        # It may have been begun within a request, whose lines its own are not.
        logs.begin()
        rounds = 0
        while True:
            if not self.nudged.is_set():
                self.socketio.sleep(PAUSE)
            self.nudged.clear()
            try:
                with self.app.app_context():
                    while self.drain():
                        pass
                    look()
                    rounds += 1
                    if rounds % 6 == 0:
                        tick()
                        with self.lock:
                            # Under the lock of `start`: who comes now finds it running, and it goes on, or starts it.
                            if not is_wanted():
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
        shown = _Shown(connection, single)
        people = actor_names(connection, single)
        for entry in single:
            self._tell(connection, entry, shown, people.get(entry.actor_id) if entry.actor_id else None)

    def _tell(self, connection: Connection, entry: FeedEntry, shown: _Shown, actor: dict[str, Any] | None) -> None:
        cursor = write_cursor(entry.position)
        record = shown.whole(entry)
        event = event_of(entry, record, actor, cursor)
        kind = event.pop("type")
        gone = {"cursor": cursor, "id": entry.resource_id}
        if record is None and entry.action == "merged":
            self._tell_merged(connection, entry, actor, cursor)
            return
        if record is None:
            # Who saw a record that was deleted is told of it; of other losses nothing but the id.
            self._emit(kind, event if entry.action == "deleted" else gone, self._readers(entry, entry.audience))
            return
        sees = self._readers(entry, record_tokens(connection, POLICIES[entry.resource], entry.resource_id) or set())
        self._emit(f"{entry.resource}_removed", gone, self._readers(entry, entry.audience) - sees)
        sees_all = sees.copy()
        for policy, record_id in linked(SPECS[entry.resource].fields, record):
            sees_all &= self._sockets(record_tokens(connection, policy, record_id) or set())
        by_rights: defaultdict[frozenset[str], set[str]] = defaultdict(set)
        by_person: defaultdict[tuple[int, frozenset[str]], dict[str, Actor]] = defaultdict(dict)
        for sid in sees:
            reader = self.actor_of(sid)
            if reader is None:
                continue
            if sid in sees_all:
                by_rights[reader.shape[1]].add(sid)
            else:
                by_person[reader.user_id, reader.shape[1]][sid] = reader
        for rights, sids in by_rights.items():
            if (seen := shown.whole(entry, rights)) is not None:
                self._emit(kind, {**event, "changed": changed_for(entry, rights), "record": seen}, sids)
        for (_, rights), readers in by_person.items():
            if (seen := shown.to(entry, next(iter(readers.values())))) is not None:
                self._emit(kind, {**event, "changed": changed_for(entry, rights), "record": seen}, set(readers))

    def _tell_merged(self, connection: Connection, entry: FeedEntry, actor: dict[str, Any] | None, cursor: str) -> None:
        """Who saw a record that was merged is told into which one, if he or she sees that."""
        into = survivors(connection, [entry]).get((entry.resource, entry.resource_id))
        told: set[str] = set()
        if into is not None:
            tokens = record_tokens(connection, POLICIES[entry.resource], into) or set()
            told = self._readers(entry, entry.audience) & self._sockets(tokens)
            event = event_of(entry, None, actor, cursor, into)
            self._emit(event.pop("type"), event, told)
        gone = {"cursor": cursor, "id": entry.resource_id}
        self._emit(f"{entry.resource}_removed", gone, self._readers(entry, entry.audience) - told)

    def _tell_bulk(self, entry: FeedEntry) -> None:
        key = (entry.changeset_id, entry.resource)
        if key in self.bulks:
            return
        self.bulks[key] = None
        if len(self.bulks) > 1_000:
            self.bulks.popitem(last=False)
        data = {"changeset_id": entry.changeset_id, "count": entry.entry_count}
        self._emit(f"{entry.resource}_bulk", data, self._readers(entry, ["all", "everyone"]))

    def _sockets(self, rooms: Iterable[str]) -> set[str]:
        """The sockets of this process in any of the rooms."""
        manager = self.socketio.server.manager
        return {sid for room in rooms for sid, _ in manager.get_participants("/", room)}

    def _readers(self, entry: FeedEntry, rooms: Iterable[str]) -> set[str]:
        """Those of them whose people may read records of the entry's kind at all."""
        policy = POLICIES[entry.resource]
        found = self._sockets(rooms)
        if policy.read is None:
            return found
        people = {sid: self.actor_of(sid) for sid in found}
        return {sid for sid, reader in people.items() if reader is not None and policy.is_readable(reader.shape)}

    def _emit(self, kind: str, data: dict[str, Any], sockets: set[str]) -> None:
        if sockets:
            self.socketio.emit(kind, data, to=sorted(sockets), ignore_queue=True)

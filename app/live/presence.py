"""Who is looking at a record: in the process when there is one, in Redis when there are several.

Entries in Redis live 30 seconds and are renewed by a heartbeat, so that a killed process leaves no ghosts.
"""

from __future__ import annotations

import json
import logging
from threading import Lock
from time import time
from typing import Any

import redis

log = logging.getLogger("lianxi")

LIFE = 30


class Presence:
    """Sockets and what they watch.

    Args:
        client: a Redis for installations with several processes, None for a single one.
        prefix: of the keys in Redis.
    """

    def __init__(self, client: redis.Redis | None, prefix: str) -> None:
        self.client = client
        self.prefix = prefix
        self.watched: dict[str, dict[str, dict[str, Any]]] = {}
        self.lock = Lock()

    def enter(self, room: str, sid: str, person: dict[str, Any]) -> None:
        """A socket begins to watch a record's room."""
        with self.lock:
            self.watched.setdefault(room, {})[sid] = person
        self._share(room, sid, person)

    def leave(self, room: str, sid: str) -> bool:
        """A socket ends to watch; whether it did at all."""
        with self.lock:
            found = self.watched.get(room, {}).pop(sid, None)
            if not self.watched.get(room):
                self.watched.pop(room, None)
        if found is not None and self.client is not None:
            try:
                self.client.hdel(f"{self.prefix}:presence:{room}", sid)
            except redis.RedisError:
                log.warning("presence is not shared: Redis is away")
        return found is not None

    def rooms_of(self, sid: str) -> list[str]:
        """What a socket watches."""
        with self.lock:
            return [room for room, sockets in self.watched.items() if sid in sockets]

    def people(self, room: str) -> list[dict[str, Any]]:
        """Who watches a room, each person once, by name."""
        with self.lock:
            found = {person["id"]: person for person in self.watched.get(room, {}).values()}
        if self.client is not None:
            try:
                entries = self.client.hgetall(f"{self.prefix}:presence:{room}")
                for raw in entries.values():
                    entry = json.loads(raw)
                    if entry["until"] > time():
                        found[entry["id"]] = {"id": entry["id"], "name": entry["name"]}
            except redis.RedisError:
                log.warning("presence is not shared: Redis is away")
        return sorted(found.values(), key=lambda person: (person["name"], person["id"]))

    def renew(self) -> None:
        """Keep the entries of this process alive; called every few seconds.

        A Redis that hangs is asked once: the pushes wait for this, and the entries outlive a few rounds.
        """
        if self.client is None:
            return
        with self.lock:
            present = [(room, sid, person) for room, sockets in self.watched.items() for sid, person in sockets.items()]
        for room, sid, person in present:
            if not self._share(room, sid, person):
                return

    def _share(self, room: str, sid: str, person: dict[str, Any]) -> bool:
        """Tell the other processes; whether they could be told."""
        if self.client is None:
            return False
        key = f"{self.prefix}:presence:{room}"
        try:
            self.client.hset(key, sid, json.dumps({**person, "until": time() + LIFE}))
            self.client.expire(key, LIFE)
        except redis.RedisError:
            log.warning("presence is not shared: Redis is away")
            return False
        return True

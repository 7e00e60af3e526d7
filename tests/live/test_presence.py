"""Who looks at a record, when the Redis that carries it between processes hangs."""

from __future__ import annotations

import socket
import time

import redis

from app.extensions import redis_options
from app.live.presence import Presence

MANY = 30


def test_a_redis_that_hangs_is_waited_for_once_a_round() -> None:
    """The pushes of the whole process wait meanwhile."""
    with socket.create_server(("127.0.0.1", 0), backlog=2 * MANY) as hung:
        client = redis.Redis.from_url(redis_options(f"redis://127.0.0.1:{hung.getsockname()[1]}/0"))
        presence = Presence(None, "test")
        for number in range(MANY):
            presence.enter("watch:customer:1", f"socket {number}", {"id": number, "name": f"Person {number}"})
        presence.client = client
        began = time.monotonic()
        presence.renew()
        # Thirty times 0.3 s otherwise.
        assert time.monotonic() - began < 4
        assert len(presence.people("watch:customer:1")) == MANY
        client.close()

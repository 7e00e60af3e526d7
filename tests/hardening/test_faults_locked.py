"""Another process holds SQLite's lock for long: everybody who writes is refused in time, however many they are."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

from ..running import running

MANY = 24


def test_nobody_waits_for_a_connection_before_the_lock(tmp_path: Path) -> None:
    with running(tmp_path, "--threads", "40") as server:
        token = server.sign_in()
        barrier = Barrier(MANY)

        def post(number: int) -> tuple[float, int, Any]:
            barrier.wait()
            began = time.monotonic()
            status, answer = server.call("POST", "/customers", {"name": f"Locked {number}"}, token)
            return time.monotonic() - began, status, answer

        other = sqlite3.connect(tmp_path / "lianxi.db", isolation_level=None, timeout=30)
        try:
            other.execute("BEGIN EXCLUSIVE")
            with ThreadPoolExecutor(MANY) as pool:
                answers = list(pool.map(post, range(MANY)))
            status, page = server.call("GET", "/customers", token=token)
            assert (status, page["data"]) == (200, [])
            other.execute("ROLLBACK")
        finally:
            other.close()
        assert {status for _, status, _ in answers} == {503}
        assert not any("locked" in str(answer) for _, _, answer in answers)
        # Whoever waited for a connection first would be refused after twice the time.
        assert max(seconds for seconds, _, _ in answers) < 9
        assert server.call("POST", "/customers", {"name": "Afterwards"}, token)[0] == 201

"""`/health` and `/health/ready`: is the process alive, and can it do its work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import redis
from flask import Flask, Response, current_app
from sqlalchemy import text

from . import scanner
from .database import REPLICA, db, read_engine
from .extensions import redis_options
from .listing import encode
from .migrated import Standing, standing
from .patience import within


def _database() -> str:
    with read_engine().connect() as connection:
        connection.execute(text("SELECT 1"))
    return "ok"


def _migrations() -> str:
    # While the servers are replaced one after another, those from before go on.
    return "ok" if standing() in (Standing.LEVEL, Standing.AHEAD) else "down"


def _redis() -> str:
    url = current_app.config["LIANXI"].redis_url
    if url:
        with redis.Redis.from_url(redis_options(url)) as client:
            client.ping()
    return "ok"


def _scanner() -> str:
    return "ok" if scanner.answers(WITHIN_SECONDS) else "degraded"


def _replica() -> str:
    """Whether reports have a copy of the database to read from."""
    with db.engines[REPLICA].connect() as connection, within(connection, WITHIN_SECONDS):
        return "ok" if connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one() else "degraded"


def _disk() -> str:
    """Whether there is room for what is written next: in the data folder, and where backups go."""
    settings = current_app.config["LIANXI"]
    for folder in (settings.data_dir, settings.backup_dir):
        there = next(one for one in (folder, *folder.parents) if one.exists())
        if shutil.disk_usage(there).free < ENOUGH or not os.access(there, os.W_OK):
            return "degraded"
    return "ok"


ENOUGH = 200 * 1024 * 1024
"""So many free bytes at least are asked for."""

WITHIN_SECONDS = 2.0
"""What has not answered by then is taken for away: whoever asks about health waits for no longer."""

_CHECKS: dict[str, tuple[Callable[[], str], str]] = {
    "database": (_database, "down"),
    "redis": (_redis, "degraded"),
    REPLICA: (_replica, "degraded"),
    "migrations": (_migrations, "down"),
    "disk": (_disk, "degraded"),
    "scanner": (_scanner, "degraded"),
}
"""Each check with what its failure means: without Redis the product works, without its database it does not.

Without its scanner it takes no files."""


def checks() -> dict[str, str]:
    """What each part says of itself: `ok`, `degraded` or `down`; all are asked at once."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    pool: ThreadPoolExecutor = app.extensions["lianxi.health"]

    def ask(check: Callable[[], str]) -> str:
        with app.app_context():
            return check()

    until = monotonic() + WITHIN_SECONDS
    absent = {
        name for name, is_there in ((REPLICA, REPLICA in db.engines), ("scanner", scanner.is_on())) if not is_there
    }
    parts = [name for name in _CHECKS if name not in absent]
    asked = {name: pool.submit(ask, _CHECKS[name][0]) for name in parts}
    found: dict[str, str] = {}
    for name, answer in asked.items():
        try:
            found[name] = answer.result(max(0.0, until - monotonic()))
        except Exception as error:
            answer.cancel()
            app.logger.warning("%s is not ready: %s", name, type(error).__name__)
            found[name] = _CHECKS[name][1]
    return found


def verdict(found: Mapping[str, str]) -> str:
    """The worst of what the parts say."""
    return next((one for one in ("down", "degraded") if one in found.values()), "ok")


def register(app: Flask) -> None:
    """Add the two addresses, outside the API's prefix and without sign-in."""
    # A check that hangs holds its thread: twice as many as there are checks, so that a second round is still answered.
    app.extensions["lianxi.health"] = ThreadPoolExecutor(2 * len(_CHECKS), thread_name_prefix="health")

    @app.get("/health")
    def health() -> Response:
        return Response(encode({"status": "ok"}), mimetype="application/json")

    @app.get("/health/ready")
    def ready() -> Response:
        found = checks()
        status = verdict(found)
        answer = Response(encode({"status": status, "checks": found}), 503 if status == "down" else 200)
        answer.mimetype = "application/json"
        return answer

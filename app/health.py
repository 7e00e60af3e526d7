"""`/health` and `/health/ready`: is the process alive, and can it do its work."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import redis
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, Response, current_app
from sqlalchemy import text

from .database import read_engine
from .extensions import redis_options
from .listing import encode


def _database() -> str:
    with read_engine().connect() as connection:
        connection.execute(text("SELECT 1"))
    return "ok"


def _migrations() -> str:
    head = ScriptDirectory(str(current_app.config["MIGRATIONS"])).get_current_head()
    with read_engine().connect() as connection:
        return "ok" if MigrationContext.configure(connection).get_current_revision() == head else "down"


def _redis() -> str:
    url = current_app.config["LIANXI"].redis_url
    if url:
        with redis.Redis.from_url(redis_options(url)) as client:
            client.ping()
    return "ok"


def _disk() -> str:
    folder = current_app.config["LIANXI"].data_dir
    free = shutil.disk_usage(folder if folder.exists() else folder.anchor).free
    return "ok" if free > 200 * 1024 * 1024 else "degraded"


_CHECKS: dict[str, tuple[Callable[[], str], str]] = {
    "database": (_database, "down"),
    "redis": (_redis, "degraded"),
    "migrations": (_migrations, "down"),
    "disk": (_disk, "degraded"),
}
"""Each check with what its failure means: without Redis the product works, without its database it does not."""


def register(app: Flask) -> None:
    """Add the two addresses, outside the API's prefix and without sign-in."""

    @app.get("/health")
    def health() -> Response:
        return Response(encode({"status": "ok"}), mimetype="application/json")

    @app.get("/health/ready")
    def ready() -> Response:
        checks: dict[str, str] = {}
        for name, (check, failure) in _CHECKS.items():
            try:
                checks[name] = check()
            except Exception as error:
                current_app.logger.warning("%s is not ready: %s", name, type(error).__name__)
                checks[name] = failure
        status = "down" if "down" in checks.values() else "degraded" if "degraded" in checks.values() else "ok"
        answer = Response(encode({"status": status, "checks": checks}), 503 if status == "down" else 200)
        answer.mimetype = "application/json"
        return answer

"""What both parts of the benchmark run on: databases, applications, servers of their own."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from flask_migrate import upgrade
from sqlalchemy import Connection

from app import create_app
from app.database import db
from app.installation import seed
from app.routing import CRM
from config import ROOT, settings_from

BIN = Path(sys.executable).parent
ENVIRONMENT = {"RATELIMIT_ENABLED": "0", "POOL_SIZE": "10", "SECRET_KEY": secrets.token_hex(32)}


@contextmanager
def served(*arguments: str, port: int, **env: str) -> Iterator[str]:
    """A gunicorn with two workers until the block ends; its address."""
    process = subprocess.Popen(
        [
            BIN / "gunicorn",
            "-c",
            str(ROOT / "bench" / "server_conf.py"),
            "--no-control-socket",
            "-k",
            "gthread",
            "-w",
            "2",
            "--threads",
            "8",
            "--log-level",
            "warning",
            "-b",
            f"127.0.0.1:{port}",
            *arguments,
        ],
        cwd=ROOT,
        env={**os.environ, **env},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{url}/health", timeout=2).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def made_database(admin_url: str, name: str) -> str:
    """A new database; its address."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE bench_{name}".encode())
    return admin_url.rsplit("/", 1)[0] + f"/bench_{name}"


def filled(url: str, folder: Path, *parts: Callable[[Connection], None]) -> CRM:
    """An application on a migrated database with what the parts write into it."""
    app = create_app(settings_from({"DATA_DIR": str(folder), "DATABASE_URL": url, **ENVIRONMENT}))
    with app.app_context():
        upgrade()
        seed()
        with db.engines[None].begin() as connection:
            for part in parts:
                part(connection)
        if db.engines[None].dialect.name == "postgresql":
            with db.engines[None].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
        for engine in db.engines.values():
            engine.dispose()
    return app

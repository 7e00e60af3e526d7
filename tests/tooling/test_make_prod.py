"""The big shape by `make prod`: nginx, four workers and the job worker on one machine, gone with one signal."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import socketio

from scripts.system import on_path
from scripts.workspace import PERSONAL, ROOT
from tests.conftest import ON_CI, make_database
from tests.servers import free_port, listens, wait_until

from .test_make_run import make_run

EMAIL, PASSWORD = "root@example.com", "correct horse battery"


def refused(**env: str) -> str:
    """What a start says that does not come about."""
    inherited = {name: text for name, text in os.environ.items() if name not in PERSONAL}
    run = subprocess.run(
        ["make", "prod", f"PORT={free_port()}", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env=inherited | {"LC_ALL": "C.UTF-8", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode != 0
    assert "Traceback" not in run.stdout + run.stderr
    return run.stderr


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "DATABASE_URL must say where its PostgreSQL is"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "DATABASE_URL must say where its PostgreSQL is"),
    ],
)
def test_a_lacking_server_is_told_in_words(env: dict[str, str], said: str) -> None:
    told = refused(**env)
    assert said in told
    assert "make prod DATABASE_URL=postgresql://" in told


def test_a_lacking_redis_and_one_that_is_away_are_told_in_words(postgres_url: str) -> None:
    assert "REDIS_URL must say where its Redis is" in refused(DATABASE_URL=postgres_url)
    port = free_port()
    told = refused(DATABASE_URL=postgres_url, REDIS_URL=f"redis://127.0.0.1:{port}/0")
    assert f"Redis does not answer at 127.0.0.1:{port}" in told


def children(pid: int) -> set[int]:
    """A process with all that it has started, and what they have."""
    try:
        own = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return set()
    return {pid}.union(*(children(int(one)) for one in own))


def ask(port: int, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, None if body is None else json.dumps(body).encode(), timeout=30) as answer:
            raw = answer.read()
            return answer.status, json.loads(raw) if raw[:1] in b"{[" else raw.decode()
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_make_prod_serves_the_big_shape(postgres_url: str, redis_url: str, tmp_path: Path) -> None:
    if on_path("nginx") is None and not ON_CI:
        pytest.skip("nginx is not installed: apt-get install nginx")
    env = {
        "DATABASE_URL": make_database(postgres_url, "make_prod"),
        "REDIS_URL": redis_url,
        "REDIS_CHANNEL": "make-prod",
        "LIANXI_ADMIN_EMAIL": EMAIL,
        "LIANXI_ADMIN_PASSWORD": PASSWORD,
        "LOG_LEVEL": "warning",
    }
    with make_run(tmp_path / "data", "prod", **env) as started:
        ready = ask(started.port, "GET", "/health/ready")
        assert ready == (200, ready[1])
        assert (ready[1]["status"], ready[1]["checks"]["redis"]) == ("ok", "ok")
        status, page = ask(started.port, "GET", "/deals/4")
        assert status == 200
        script = re.search(r'src="(/assets/[^"]+)"', page)
        assert script is not None
        assert ask(started.port, "GET", script[1])[0] == 200
        status, signed_in = ask(started.port, "POST", "/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
        assert status == 200, signed_in
        token = signed_in["access_token"]
        client, heard = socketio.Client(reconnection=False), list[Any]()
        client.on("*", lambda event, data=None: heard.append((event, data)))
        client.connect(f"http://127.0.0.1:{started.port}", auth={"token": token}, transports=["websocket"])
        wait_until(lambda: any(event == "ready" for event, _ in heard), 30)
        status, made = ask(started.port, "POST", "/api/v1/customers", {"name": "生产 Prod"}, token)
        assert status == 201, made
        wait_until(lambda: any(event == "customer_created" and data["id"] == made["id"] for event, data in heard), 30)
        # make, the start, gunicorn with its four, the job worker, nginx with its own.
        family = children(started.process.pid)
        named = [Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ") for pid in family]
        assert sum(b"gunicorn" in one for one in named) == 5, named
        assert sum(b"app worker" in one for one in named) == 1, named
        assert sum(b"nginx: master" in one for one in named) == 1, named
        # An open socket must not hold up the end.
        os.kill(started.process.pid, signal.SIGTERM)
        started.process.wait(40)
        wait_until(lambda: not listens(started.port))
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 20)
        client.disconnect()
        assert started.process.stdout is not None
        told = started.process.stdout.read()
        assert "Stopped." in told
        assert "Traceback" not in told

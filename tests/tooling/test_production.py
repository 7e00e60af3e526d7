"""The production shape without containers: what the image runs, behind nginx, on PostgreSQL and Redis."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import socketio

from scripts.workspace import PERSONAL, ROOT
from tests.conftest import make_database
from tests.servers import free_port, listens, wait_until
from tests.tooling.edge import Answer, Edge, serving

EMAIL, PASSWORD = "root@example.com", "correct horse battery staple"
WORKERS = 2


@dataclass
class Production:
    """A running installation and its administrator's token."""

    edge: Edge
    token: str

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        content = None if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content_Type": "application/json"}
        sent = {"Authorization": f"Bearer {self.token}", **kind, **headers}
        return self.edge.ask(f"/api/v1{path}", method, content, **sent)


def healthy(edge: Edge) -> bool:
    try:
        return edge.ask("/health").status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def production(postgres_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("production")
    port = free_port()
    inherited = {name: text for name, text in os.environ.items() if name not in PERSONAL}
    env = inherited | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": make_database(postgres_url, "production"),
        "REDIS_URL": redis_url,
        "REDIS_CHANNEL": "production-test",
        "WORKER_CLASS": "gevent",
        "WEB_CONCURRENCY": str(WORKERS),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PROXY_HOPS": "1",
        "PUBLIC_URL": "https://crm.example.com",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATA_DIR": str(folder / "data"),
        "LIANXI_ADMIN_EMAIL": EMAIL,
        "LIANXI_ADMIN_PASSWORD": PASSWORD,
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([ROOT / "scripts" / "container-start"], cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            wait_until(lambda: listens(port) or process.poll() is not None, 60)
            assert process.poll() is None, (folder / "log").read_text("utf-8")
            with serving(folder / "nginx", f"http://127.0.0.1:{port}") as edge:
                # The port is open before the workers have loaded the product, which takes a while on a busy machine.
                wait_until(lambda: healthy(edge), 90)
                sign_in = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
                answer = edge.ask("/api/v1/auth/login", "POST", sign_in, Content_Type="application/json")
                assert answer.status == 200, answer.body
                yield Production(edge, json.loads(answer.body)["access_token"])
        finally:
            process.terminate()
            process.wait(40)
    told = (folder / "log").read_text("utf-8")
    assert "Traceback" not in told
    assert PASSWORD not in told


def test_everything_is_ready(production: Production) -> None:
    ready = json.loads(production.edge.ask("/health/ready").body)
    assert ready["status"] == "ok", ready
    assert production.edge.ask("/metrics").status == 403


def test_etags_survive_the_edge(production: Production) -> None:
    made = production.call("POST", "/customers", {"name": "测试客户", "company": "测试公司"}, Accept_Encoding="gzip")
    assert made.status == 201
    path = f"/customers/{json.loads(made.body)['id']}"
    read = production.call("GET", path, Accept_Encoding="gzip")
    tag = read.header("ETag")
    assert tag is not None
    assert not tag.startswith("W/")
    assert production.call("GET", path, If_None_Match=tag).status == 304
    edited = production.call("PATCH", path, {"phone": "010-12345678"}, If_Match=tag)
    assert edited.status == 200, edited.body
    stale = production.call("PATCH", path, {"phone": "010-87654321"}, If_Match=tag)
    assert stale.status == 412
    assert stale.header("Content-Type") == "application/problem+json"


def test_the_applications_headers_reach_the_browser_once(production: Production) -> None:
    answer = production.call("GET", "/customers")
    assert answer.status == 200
    assert answer.header("Strict-Transport-Security") == "max-age=31536000; includeSubDomains"
    assert answer.header("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'"
    assert answer.header("Server") == "nginx"
    for name in ("X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy", "X-Request-ID", "Cache-Control"):
        assert answer.header(name), name


def test_a_change_reaches_the_sockets_of_every_worker(production: Production) -> None:
    received: dict[int, list[Any]] = {}
    clients = []
    try:
        # Enough of them that no worker is without one.
        for number in range(4 * WORKERS):
            client = socketio.Client(reconnection=False)
            received[number] = []
            client.on("customer_created", received[number].append)
            ready: list[Any] = []
            client.on("ready", ready.append)
            client.connect(
                f"http://127.0.0.1:{production.edge.port}", auth={"token": production.token}, transports=["websocket"]
            )
            clients.append(client)
            wait_until(lambda ready=ready: ready)  # type: ignore[misc]
        made = json.loads(production.call("POST", "/customers", {"name": "Live 公司"}).body)
        wait_until(lambda: all(received.values()))
        time.sleep(0.3)
        assert [[event["id"] for event in events] for events in received.values()] == [[made["id"]]] * len(clients)
    finally:
        for client in clients:
            client.disconnect()

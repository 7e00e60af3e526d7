"""What Consul is told of a process.

Its agent is a stub here that answers as the agent's HTTP API is documented: nothing tells whether a real one agrees.
"""

from __future__ import annotations

import http.server
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config import ConfigurationError, settings_from
from discovery import Presence
from scripts.workspace import PERSONAL, ROOT
from tests.servers import free_port, listens, wait_until

from .test_gunicorn import gunicorn


class Agent(http.server.ThreadingHTTPServer):
    """A stub of Consul's agent."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Answering)
        self.known: dict[str, dict[str, Any]] = {}
        self.tokens: set[str | None] = set()
        self.asked: list[str] = []


class Answering(http.server.BaseHTTPRequestHandler):
    """Registering, asking and deregistering."""

    server: Agent

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/v1/agent/service/register":
            sent = json.loads(body)
            self.server.known[sent["id"]] = sent
        else:
            self.server.known.pop(self.path.removeprefix("/v1/agent/service/deregister/"), None)
        self._answer(200, b"")

    def do_GET(self) -> None:
        is_list = self.path == "/v1/agent/services"
        self._answer(200 if is_list else 404, json.dumps(self.server.known).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.server.tokens.add(self.headers.get("X-Consul-Token"))
        self.server.asked.append(self.path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def started(port: int) -> Agent:
    agent = Agent(port)
    threading.Thread(target=agent.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return agent


def ended(agent: Agent) -> None:
    agent.shutdown()
    agent.server_close()


@pytest.fixture
def agent() -> Iterator[Agent]:
    agent = started(free_port())
    yield agent
    ended(agent)


def url_of(agent: Agent) -> str:
    return f"http://127.0.0.1:{agent.server_address[1]}"


def test_each_service_is_registered_with_a_check_and_leaves(agent: Agent) -> None:
    env = {
        "CONSUL_URL": url_of(agent),
        "CONSUL_TOKEN": "a-token",
        "PORT": "5123",
        "LIANXI_SERVICES": "contact,customer",
    }
    presence = Presence(settings_from(env))
    assert presence.keep()
    for service in ("customer", "contact"):
        sent = agent.known[f"{service}-service-127.0.0.1-5123"]
        assert (sent["name"], sent["address"], sent["port"]) == (f"{service}-service", "127.0.0.1", 5123)
        check = {"http": "http://127.0.0.1:5123/health", "interval": "10s", "timeout": "3s"}
        assert sent["checks"] == [{**check, "DeregisterCriticalServiceAfter": "10m"}]
    assert len(agent.known) == 2
    assert agent.tokens == {"a-token"}
    presence.leave()
    assert agent.known == {}


def test_a_process_that_is_not_split_is_every_service(agent: Agent) -> None:
    assert Presence(settings_from({"CONSUL_URL": url_of(agent), "SERVICE_ADDRESS": "10.1.2.3"})).keep()
    assert {one["name"] for one in agent.known.values()} == {
        "auth-service",
        "customer-service",
        "contact-service",
        "deal-service",
        "report-service",
    }
    assert {one["address"] for one in agent.known.values()} == {"10.1.2.3"}


def test_an_agent_that_was_away_or_has_forgotten_is_told_anew(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    presence = Presence(settings_from({"CONSUL_URL": f"http://127.0.0.1:{port}", "LIANXI_SERVICES": "deal"}))
    with caplog.at_level(logging.WARNING, "lianxi.discovery"):
        assert [presence.keep(), presence.keep()] == [False, False]
        agent = started(port)
        try:
            assert presence.keep()
            agent.known.clear()
            assert presence.keep()
            assert len(agent.known) == 1
            agent.asked.clear()
            assert presence.keep()
            assert not [path for path in agent.asked if path.endswith("/register")]
        finally:
            ended(agent)
    # Once that it is away, once that it is back.
    assert len(caplog.records) == 2


def test_gunicorn_is_known_while_it_serves(tmp_path: Path, agent: Agent) -> None:
    with gunicorn(tmp_path, CONSUL_URL=url_of(agent), LIANXI_SERVICES="report") as (_, port):
        wait_until(lambda: agent.known)
        assert list(agent.known) == [f"report-service-127.0.0.1-{port}"]
    assert agent.known == {}


def test_what_keeps_it_known_ends_with_a_server_that_is_killed(tmp_path: Path, agent: Agent) -> None:
    with gunicorn(tmp_path, CONSUL_URL=url_of(agent)) as (process, _):
        wait_until(lambda: len(agent.known) == 5)
        process.kill()
        wait_until(lambda: not agent.known, 30)


def test_a_start_does_not_wait_for_consul(tmp_path: Path) -> None:
    # Nobody listens there.
    with gunicorn(tmp_path, CONSUL_URL=f"http://127.0.0.1:{free_port()}") as (_, port):
        assert listens(port)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CONSUL_URL", "consul:8500"),
        ("CONSUL_URL", "ftp://consul:8500"),
        ("CONSUL_URL", "http://consul:8500/v1"),
        ("CONSUL_URL", "http://consul:many"),
        ("LIANXI_SERVICES", "customer,invoice"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name}.* expected"):
        settings_from({name: text})


def test_it_says_farewell_when_it_is_told_to_end(agent: Agent) -> None:
    env = {name: text for name, text in os.environ.items() if name not in PERSONAL} | {"CONSUL_URL": url_of(agent)}
    with subprocess.Popen([sys.executable, "-m", "discovery"], cwd=ROOT, env=env) as process:
        try:
            wait_until(lambda: len(agent.known) == 5)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert agent.known == {}

"""A real nginx with the product's configuration, on a free port."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from scripts.edge import configure
from scripts.system import on_path
from tests.conftest import ON_CI
from tests.servers import free_port, listens, wait_until


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = self.headers.get(name.lower(), [])
        assert len(values) < 2, f"{name} is there {len(values)} times"
        return values[0] if values else None

    def problem(self) -> dict[str, object]:
        assert self.header("Content-Type") == "application/problem+json"
        problem: dict[str, object] = json.loads(self.body)
        assert problem["status"] == self.status
        assert problem["request_id"] == self.header("X-Request-ID")
        assert set(problem) == {"type", "title", "status", "detail", "instance", "request_id"}
        return problem


@dataclass
class Edge:
    """A running nginx with the product's configuration."""

    port: int

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            sent = {name.replace("_", "-"): text for name, text in headers.items()}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            found: dict[str, list[str]] = {}
            for name, value in answer.getheaders():
                found.setdefault(name.lower(), []).append(value)
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()


@contextlib.contextmanager
def serving(folder: Path, application: str, site: Mapping[str, str] = MappingProxyType({})) -> Iterator[Edge]:
    """Run it in front of an application.

    Args:
        folder: for its files.
        application: where the application listens.
        site: the files of site.d by name.
    """
    port = free_port()
    pages = folder / "www"
    (pages / "assets").mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html>" + "x" * 2_000, "utf-8")
    (pages / "assets" / "app-1.js").write_text("x" * 5_000, "utf-8")
    (pages / "assets" / "app-1.js.map").write_text("{}", "utf-8")
    (pages / ".stamp").write_text("secret", "utf-8")
    own = folder / "own"
    own.mkdir()
    for name, lines in site.items():
        (own / name).write_text(lines, "utf-8")
    if on_path("nginx") is None and not ON_CI:
        pytest.skip("nginx is not installed: apt-get install nginx")
    listen, log = f"127.0.0.1:{port}", folder / "access.log"
    command = configure(folder, listen=listen, application=application, pages=pages, log=log, site=own)
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with (folder / "error.log").open("wb") as errors:
        process = subprocess.Popen(command, stderr=errors, start_new_session=True)
        try:
            wait_until(lambda: listens(port))
            yield Edge(port)
        finally:
            process.terminate()
            process.wait(10)

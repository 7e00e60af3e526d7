"""A real nginx with the product's configuration, on a free port."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from scripts.workspace import ROOT
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
    text = (ROOT / "nginx.conf").read_text("utf-8")
    for old, new in {"listen 8080;": f"listen 127.0.0.1:{port};", "root /srv/www;": f"root {pages};"}.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    text = text.replace("http://app:5000", application).replace("/dev/stdout", str(folder / "access.log"))
    (folder / "nginx.conf").write_text(text, "utf-8")
    shutil.copy("/etc/nginx/mime.types", folder / "mime.types")
    (folder / "site.d").mkdir()
    for name, lines in site.items():
        (folder / "site.d" / name).write_text(lines, "utf-8")
    if os.geteuid() == 0:
        # The worker gives up root and must still read the pages.
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        for parent in folder.parents:
            if parent.is_relative_to("/tmp") and parent != Path("/tmp"):  # noqa: S108 - where pytest puts its folders
                parent.chmod(parent.stat().st_mode | 0o011)
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None and not ON_CI:
        pytest.skip("nginx is not installed: apt-get install nginx")
    assert program is not None
    command = [program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with (folder / "error.log").open("wb") as log:
        process = subprocess.Popen([*command, "-g", "daemon off;"], stderr=log, start_new_session=True)
        try:
            wait_until(lambda: listens(port))
            yield Edge(port)
        finally:
            process.terminate()
            process.wait(10)

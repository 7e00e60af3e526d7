"""The product as it really runs: gunicorn on a free port with a database of its own, ended by its pid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import ROOT

from .servers import free_port

ADMIN = ("admin@example.com", "an admin's long password 7")
BIN = Path(sys.executable).parent


@dataclass
class Running:
    """A served product."""

    url: str
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def call(
        self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Status and parsed JSON of a request below `/api/v1`."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method)
        data = None if body is None else json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, data, timeout=30) as answer:
                raw = answer.read()
                return answer.status, json.loads(raw) if raw else None
        except urllib.error.HTTPError as error:
            raw = error.read()
            return error.code, json.loads(raw) if raw else None

    def sign_in(self, email: str = ADMIN[0], password: str = ADMIN[1]) -> str:
        """An access token."""
        status, answer = self.call("POST", "/auth/login", {"email": email, "password": password})
        assert status == 200, answer
        return str(answer["access_token"])


@contextmanager
def running(
    data_dir: Path, *arguments: str, env: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[Running]:
    """Serve the product until the block ends; gunicorn prepares the database itself.

    Args:
        data_dir: folder of the embedded database and secrets.
        arguments: further arguments of gunicorn, such as `-w`, `2`.
        env: further variables, such as `DATABASE_URL`.
        port: a fixed port; a free one by default.
    """
    port = port or free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR", "CI")},
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "RATELIMIT_ENABLED": "0",
        "LIANXI_ADMIN_EMAIL": ADMIN[0],
        "LIANXI_ADMIN_PASSWORD": ADMIN[1],
        **(env or {}),
    }
    log = (data_dir / "server.log").open("ab")
    process = subprocess.Popen(
        [BIN / "gunicorn", *arguments, "-b", f"127.0.0.1:{port}", "app:create_app()"],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=log,
    )
    served = Running(f"http://127.0.0.1:{port}", process, environment)
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"{served.url}/health", timeout=2):
                    break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert process.poll() is None, (data_dir / "server.log").read_text()
                assert time.monotonic() < deadline, "the server did not start"
                time.sleep(0.1)
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()

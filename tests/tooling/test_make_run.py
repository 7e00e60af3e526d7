"""The whole start by `make run`, as a person does it."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.workspace import PERSONAL, ROOT
from tests.servers import free_port, listens, wait_until


@dataclass
class Running:
    """A start of the product by make."""

    process: subprocess.Popen[str]
    lines: list[str]
    port: int
    seconds: float

    def get(self, path: str) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, answer.getheader("Content-Type", ""), body


@contextlib.contextmanager
def make_run(data_dir: Path, goal: str = "run", **env: str) -> Iterator[Running]:
    port = free_port()
    inherited = {name: text for name, text in os.environ.items() if name not in PERSONAL}
    began = time.monotonic()
    process = subprocess.Popen(
        ["make", goal, f"PORT={port}", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env=inherited | {"DATA_DIR": str(data_dir), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    lines = []
    try:
        for text in process.stdout:
            lines.append(text.rstrip("\n"))
            if text.startswith("Ready:"):
                break
        assert lines[-1].startswith("Ready:"), "\n".join(lines)
        yield Running(process, lines, port, time.monotonic() - began)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.stdout.close()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise


def test_make_run_serves_everything_on_one_port_and_keeps_the_data(tmp_path: Path) -> None:
    admin = {"LIANXI_ADMIN_EMAIL": "root@example.com", "LIANXI_ADMIN_PASSWORD": "correct horse battery"}
    with make_run(tmp_path / "data", **admin) as first:
        assert first.get("/health")[0] == 200
        status, kind, body = first.get("/deals/4")
        assert (status, kind.split(";")[0]) == (200, "text/html")
        assert "<script" in body
        assert first.get("/api/v1/customers")[0] == 401
        assert first.get("/socket.io/?EIO=4&transport=polling")[0] in (200, 400)
        # make alone is told, as a person's `kill` or a service manager would.
        os.kill(first.process.pid, signal.SIGINT)
        first.process.wait(20)
        wait_until(lambda: not listens(first.port))
    files = {path.name: path.stat().st_ino for path in (tmp_path / "data").iterdir() if path.suffix in (".db", ".json")}
    assert set(files) - {"jobs.db"} == {"lianxi.db", "secret.json"}
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    assert (tmp_path / "data" / "secret.json").stat().st_mode & 0o077 == 0
    with make_run(tmp_path / "data", **admin) as second:
        # The goal is 5 s on a machine at rest; the suite may share it.
        assert second.seconds < 15, "\n".join(second.lines)
        assert not any("packages" in text or "pages" in text for text in second.lines)
        os.kill(second.process.pid, signal.SIGTERM)
        second.process.wait(20)
        wait_until(lambda: not listens(second.port))
    assert all((tmp_path / "data" / name).stat().st_ino == inode for name, inode in files.items())


def test_the_generated_admin_is_printed_once(tmp_path: Path) -> None:
    with make_run(tmp_path / "data") as first:
        shown = "\n".join(first.lines)
    secret = (tmp_path / "data" / "first-admin.txt").read_text("utf-8").strip().splitlines()[-1].split()[-1]
    assert secret in shown
    assert (tmp_path / "data" / "first-admin.txt").stat().st_mode & 0o077 == 0
    with make_run(tmp_path / "data") as second:
        assert secret not in "\n".join(second.lines)
    assert not any(secret in path.read_text("utf-8", "replace") for path in (ROOT / ".build").glob("*.log"))

"""The product in its two shapes, as processes of our own on loopback that a fault may end, stop or starve."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine

from config import ROOT, settings_from
from scripts.edge import configure
from tests.conftest import make_database
from tests.servers import PostgreSQL, Redis, free_port, listens

BIN = Path(sys.executable).parent
ADMIN = ("root@example.com", "the root's long password 7")
PASSWORD = "a long enough secret 5"  # noqa: S105 - of people who live as long as a fault
APP = "app:create_app()"
READY_SECONDS = 180


def until(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Wait for something; the seconds that it took.

    Raises:
        TimeoutError: it did not come about.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)
    return time.monotonic() - began


class DurablePostgreSQL(PostgreSQL):
    """That of the tests, but what it has acknowledged stands on the disk: acknowledged writes are counted here."""

    def _command(self) -> Sequence[str | Path]:
        kept = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
        return [*super()._command(), *(part for name, value in kept.items() for part in ("-c", f"{name}={value}"))]


@dataclass
class Shape:
    """A running product.

    Attributes:
        name: `big` or `embedded`.
        url: where people reach it.
        inner_url: where gunicorn listens, behind nginx in the big shape.
        environment: what all its processes are told.
        launch: the command and the log of each process, to start it again.
    """

    name: str
    folder: Path
    url: str
    inner_url: str
    environment: dict[str, str]
    postgres: PostgreSQL | None = None
    redis: Redis | None = None
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    launch: dict[str, Sequence[str]] = field(default_factory=dict)

    # ---- processes -----------------------------------------------------------------------------------------------

    def start(self, name: str, command: Sequence[str] | None = None, **more: str) -> subprocess.Popen[bytes]:
        """Start one of its processes, or start it again."""
        command = self.launch[name] = command or self.launch[name]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**self.environment, **more}, stdout=log, stderr=log, process_group=0
            )
        self.processes[name] = process
        return process

    def end(self, name: str, number: signal.Signals = signal.SIGTERM, seconds: float = 45) -> float:
        """End one of its processes and wait for it; the seconds that it took."""
        process = self.processes.pop(name)
        began = time.monotonic()
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return time.monotonic() - began

    @property
    def workers(self) -> list[int]:
        """The pids of the processes that answer."""
        master = self.processes["gunicorn"].pid
        try:
            found = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [int(pid) for pid in found]

    def log(self, name: str = "gunicorn") -> str:
        """What a process has said."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def flask(self, *arguments: str, seconds: float = 300, **more: str) -> subprocess.CompletedProcess[str]:
        """Run one of the product's commands."""
        command = [str(BIN / "flask"), "--app", "app", *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def engine(self) -> Engine:
        """Its database, past the product."""
        return create_engine(settings_from(self.environment).database_url)

    # ---- requests ------------------------------------------------------------------------------------------------

    def call(
        self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Status and parsed JSON of a request; paths without a slash at their beginning are of the API."""
        status, _, answer = self.ask(method, path, body, token, 60, **headers)
        return status, answer

    def ask(
        self, method: str, path: str, body: Any = None, token: str | None = None, seconds: float = 60, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """As `call`, with the answer's headers, their names in small letters; it is waited for some seconds."""
        url = f"{self.url}{path}" if path.startswith("/") else f"{self.url}/api/v1/{path}"
        request = urllib.request.Request(url, method=method)
        request.add_header("Accept-Language", "en")
        if not isinstance(body, bytes):
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, timeout=seconds) as answer:
                status, heads, raw = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, heads, raw = error.code, error.headers, error.read()
        found = {name.lower(): value for name, value in heads.items()}
        return status, found, json.loads(raw) if "json" in found.get("content-type", "") and raw else raw

    def upload(self, path: str, file_name: str, content: bytes, token: str, **fields: str) -> tuple[int, Any]:
        """Status and answer of a multipart form with a file."""
        edge = secrets.token_hex(16)
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n\r\n'.encode()
        body = b"".join([*parts, head, content, f"\r\n--{edge}--\r\n".encode()])
        return self.call("POST", path, body, token, Content_Type=f"multipart/form-data; boundary={edge}")

    def sign_in(self, email: str = ADMIN[0], password: str = ADMIN[1]) -> str:
        """An access token."""
        status, answer = self.call("POST", "auth/login", {"email": email, "password": password})
        if status != 200:
            raise RuntimeError(f"sign-in: {status} {answer}")
        return str(answer["access_token"])

    def person(self, admin: str, name: str, role: str = "sales", **more: Any) -> tuple[int, str]:
        """A new user's id and token."""
        email = f"{name.replace(' ', '-')}-{secrets.token_hex(4)}@example.com"
        body = {"name": name, "email": email, "password": PASSWORD, "role": role, **more}
        status, made = self.call("POST", "users", body, admin)
        if status != 201:
            raise RuntimeError(f"user: {status} {made}")
        return int(made["id"]), self.sign_in(email, PASSWORD)

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return self.call("GET", "/health")[0] == 200
        except OSError:
            return False


def _environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "TMPDIR")}
    return {
        **kept,
        "PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}",
        "DATA_DIR": str(folder / "data"),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        # Rates are counted as in production, but load comes from few people.
        "RATELIMIT_USER": "10000000/minute",
        "RATELIMIT_ANONYMOUS": "10000000/minute",
        "ACCESS_TOKEN_SECONDS": "86400",
        "BACKUP_NIGHTLY": "0",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "LIANXI_ADMIN_EMAIL": ADMIN[0],
        "LIANXI_ADMIN_PASSWORD": ADMIN[1],
        **more,
    }


def _begin(shape: Shape, gunicorn: Sequence[str]) -> None:
    shape.start("gunicorn", gunicorn)
    until(lambda: shape.is_up() or shape.processes["gunicorn"].poll() is not None, READY_SECONDS, "the product")
    if shape.processes["gunicorn"].poll() is not None:
        raise RuntimeError(shape.log()[-3_000:])
    shape.start("worker", [str(BIN / "flask"), "--app", "app", "worker"])


def _end(shape: Shape) -> None:
    for name in [one for one in ("nginx", "worker", "gunicorn") if one in shape.processes]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(shape.processes[name].pid, signal.SIGCONT)
        shape.end(name, signal.SIGTERM, 20 if name != "nginx" else 5)
    for left in list(shape.processes):
        shape.end(left, signal.SIGKILL)


@contextmanager
def embedded(folder: Path, app: str = APP, env: Mapping[str, str] | None = None) -> Iterator[Shape]:
    """SQLite, one process with threads and the job worker, as `make run` has them."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    shape = Shape("embedded", folder, url, url, {**_environment(folder, port), **(env or {})})
    try:
        _begin(shape, [str(BIN / "gunicorn"), "--workers", "1", app])
        yield shape
    finally:
        _end(shape)


@contextmanager
def big(folder: Path, app: str = APP, env: Mapping[str, str] | None = None, workers: int = 4) -> Iterator[Shape]:
    """PostgreSQL, Redis, several gevent workers behind nginx and the job worker, as `make prod` has them."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    port, outer = free_port(), 0
    with ExitStack() as stack:
        postgres, redis = stack.enter_context(DurablePostgreSQL()), stack.enter_context(Redis())
        environment = _environment(
            folder,
            port,
            DATABASE_URL=make_database(postgres.url, "faults"),
            REDIS_URL=redis.url,
            WORKER_CLASS="gevent",
            WEB_CONCURRENCY=str(workers),
            PROXY_HOPS="1",
            **(env or {}),
        )
        outer = free_port()
        inner_url = f"http://127.0.0.1:{port}"
        shape = Shape("big", folder, f"http://127.0.0.1:{outer}", inner_url, environment, postgres, redis)
        nginx = folder / "nginx"
        nginx.mkdir()
        pages = ROOT / "frontend" / "dist"
        pages = pages if pages.is_dir() else nginx
        command = configure(
            nginx,
            listen=f"127.0.0.1:{outer}",
            application=inner_url,
            pages=pages,
            log=nginx / "access.log",
        )
        try:
            shape.start("nginx", command)
            until(lambda: listens(outer), 10, "nginx")
            own = [str(BIN / "gunicorn"), app] if app != APP else [str(ROOT / "scripts" / "container-start")]
            _begin(shape, own)
            yield shape
        finally:
            _end(shape)

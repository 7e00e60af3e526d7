"""How gunicorn serves the product; gunicorn reads this file by itself in the folder that it is started in.

``gunicorn -w 4 -b :5000 "app:create_app()"`` works as it is: whatever the command line says wins over this file.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import inspect
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import weakref
from pathlib import Path
from types import FrameType
from typing import Any

import gunicorn  # type: ignore[import-untyped]
import gunicorn.arbiter  # type: ignore[import-untyped]
import gunicorn.glogging  # type: ignore[import-untyped]
import gunicorn.http.errors  # type: ignore[import-untyped]
import gunicorn.http.message  # type: ignore[import-untyped]
import gunicorn.http.unreader  # type: ignore[import-untyped]
import gunicorn.util  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).resolve().parent))

import logs
from config import settings_from


def _whole(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip()
    return int(text) if text.isdigit() else default


_host = os.environ.get("HOST") or "127.0.0.1"
_port = _whole("PORT", 5000)

bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
worker_class = os.environ.get("WORKER_CLASS") or "gthread"
# With threads an open socket holds one for as long as it lives; the product refuses sockets above SOCKET_LIMIT, so that
# some threads are always left for requests. gevent has no such limit.
threads = _whole("THREADS", 100)
THREADS_FOR_REQUESTS = 20
SECONDS_TO_TAKE_LEAVE = 2
worker_connections = _whole("WORKER_CONNECTIONS", 5_000)
timeout = 60
graceful_timeout = 30
# Longer than nginx keeps an idle connection (60 s), so that nginx never sends a request into one that we are closing.
keepalive = 75
# The one whose reading of the request line is widened below.
http_parser = "python"
limit_request_line = 8_190
limit_request_field_size = 16_384
# The heartbeat file on a disk could stall a worker that is then taken for dead.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the file in it is unguessable
# Two servers of one user would share the control socket in the home folder.
control_socket_disable = True
# Requests are logged by the product (ACCESS_LOG), without what stands in their queries.
accesslog = None
loglevel = (os.environ.get("LOG_LEVEL") or "info").lower()

gunicorn.SERVER = "lianxi"


class ServerLogger(gunicorn.glogging.Logger):  # type: ignore[misc]
    """What the server itself says goes the way of everything else that is logged."""

    def setup(self, cfg: Any) -> None:
        """Hand the lines to the root logger, which knows how they look and what may not stand in them."""
        # Its usual name, gunicorn.error, would stand in lines that tell of none.
        self.error_log = logging.getLogger("gunicorn")
        super().setup(cfg)
        self.error_log.handlers.clear()
        settings = settings_from()
        logs.configure(settings.log_format, settings.log_level)


logger_class = ServerLogger

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def on_starting(server: Any) -> None:
    """Tell the product what is really used, also when the command line chose it, and refuse a wrong environment.

    In a worker the refusal would only make gunicorn start the next one, for ever. The database is brought up to date
    here too, before there is a worker, so that gunicorn alone is enough on a new machine; `make run` has done it
    already and says so.
    """
    worker = os.environ["WORKER_CLASS"] = server.cfg.worker_class_str
    if worker == "gthread":
        os.environ.setdefault("SOCKET_LIMIT", str(max(1, server.cfg.threads - THREADS_FOR_REQUESTS)))
    settings = settings_from()
    reachable = not all(one[0] in LOOPBACK for one in server.cfg.address if isinstance(one, tuple))
    if reachable and not settings.secure_cookies:
        server.log.warning(
            "Without TLS: passwords and cookies cross the network in clear text. Set PUBLIC_URL to an https:// address "
            "and put a proxy with a certificate in front."
        )
    if os.environ.get("LIANXI_PREPARED") != "1":
        prepare = [sys.executable, "-m", "flask", "--app", "app", "prepare"]
        if subprocess.run(prepare, cwd=server.cfg.chdir, check=False).returncode:  # noqa: S603 - a constant command
            raise SystemExit("The database could not be prepared; what it said stands above.")
    # Each worker counts in a file of its own in there, and whichever is asked for /metrics adds them up.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="lianxi-metrics-", dir=worker_tmp_dir)


def child_exit(_server: Any, worker: Any) -> None:
    """Take what a worker that is gone held at its end, such as sockets, out of the metrics; its counts stay."""
    for held in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob(f"gauge_live*_{worker.pid}.db"):
        held.unlink(missing_ok=True)
    _sign_of(worker).unlink(missing_ok=True)


def _sign_of(worker: Any) -> Path:
    """A file that is there while a worker can answer."""
    return Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]) / f"answers-{worker.pid}"


# This file is read anew at each reload: what it wrapped then is not wrapped again.
_manage_workers = inspect.unwrap(gunicorn.arbiter.Arbiter.manage_workers)


@functools.wraps(_manage_workers)
def _manage_workers_without_a_pause(arbiter: Any) -> None:
    """Let the workers of before a reload (SIGHUP) answer until as many new ones can.

    Loading the product takes seconds, in which nobody would answer: gunicorn ends the old ones at once.
    """
    wanted, workers = arbiter.num_workers, arbiter.WORKERS.values()
    leaving = [one for one in workers if getattr(one, "is_leaving", False)]
    answering = [one for one in workers if one not in leaving and _sign_of(one).exists()]
    may_go = len(leaving) + max(0, len(answering) - wanted)
    for one in sorted(workers, key=lambda worker: worker.age)[:may_go]:
        one.is_leaving = True
    arbiter.num_workers = max(wanted, len(workers) - may_go)
    try:
        _manage_workers(arbiter)
    finally:
        arbiter.num_workers = wanted


gunicorn.arbiter.Arbiter.manage_workers = _manage_workers_without_a_pause


_beside: list[subprocess.Popen[bytes]] = []


def when_ready(server: Any) -> None:
    """Have Consul told of this process, where there is one: by a process beside, so that nothing here waits for it."""
    if settings_from().consul_url:
        command = [sys.executable, "-m", "discovery"]
        env = {**os.environ, "PORT": str(_bound(server))}
        _beside.append(subprocess.Popen(command, cwd=Path(__file__).parent, env=env))  # noqa: S603 - a constant command


def _bound(server: Any) -> int:
    return next((one[1] for one in server.cfg.address if isinstance(one, tuple)), _port)


def on_exit(_server: Any) -> None:
    """Say farewell to Consul, and leave nothing behind."""
    for process in _beside:
        process.terminate()
    for process in _beside:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_TO_TAKE_LEAVE * 3)
    shutil.rmtree(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""), ignore_errors=True)


def post_fork(_server: Any, _worker: Any) -> None:
    """Keep the collector away while a worker loads the product: a quarter of the time went into finding no garbage."""
    gc.disable()


def post_worker_init(worker: Any) -> None:
    """Let go of the open sockets when the worker is told to end, and spare the collector what stays as long as it.

    A socket is a request that never ends: without this the worker would wait for it until the graceful time is over.
    Browsers answer the farewell and come back by themselves; who does not answer (a laptop asleep) is cut off.
    """
    # Else each full collection, of which a large report sets off several, goes through the whole program again.
    gc.freeze()
    gc.enable()
    serve, opened = worker.wsgi, weakref.WeakSet[Any]()
    socketio = serve.extensions["socketio"].server
    end = worker.handle_exit

    def serve_and_remember(environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            opened.add(environ["gunicorn.socket"])
        return serve(environ, start_response)

    # A thread started inside the signal's handler could wait for a lock that the interrupted code holds, for ever.
    ring, bell = socket.socketpair()

    def take_leave() -> None:
        bell.recv(1)
        socketio.eio.disconnect()
        socketio.sleep(SECONDS_TO_TAKE_LEAVE)
        for connection in list(opened):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def let_go(number: int, frame: FrameType | None) -> None:
        end(number, frame)
        ring.send(b".")

    socketio.start_background_task(take_leave)
    worker.wsgi = serve_and_remember
    signal.signal(signal.SIGTERM, let_go)
    signal.siginterrupt(signal.SIGTERM, False)
    _sign_of(worker).touch()


def _problem(connection: Any, status_int: int, reason: str, _message: str) -> None:
    """What gunicorn itself refuses (an overlong line, a malformed request) is answered like every other error.

    Its message is not shown: it repeats what the client sent.
    """
    request_id = uuid.uuid4().hex
    slug = "-".join(reason.lower().split())
    problem = {"type": f"/problems/{slug}", "title": reason, "status": status_int, "detail": reason, "instance": None}
    body = json.dumps(problem | {"request_id": request_id}).encode()
    head = (
        f"HTTP/1.1 {status_int} {reason}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        f"X-Request-ID: {request_id}\r\n"
        "\r\n"
    )
    gunicorn.util.write_nonblock(connection, head.encode("latin-1") + body)


gunicorn.util.write_error = _problem


_parse_request_line = gunicorn.http.message.Request.parse_request_line


def _parse_typed_line(request: Any, line: bytes) -> None:
    """Read a request line as it was typed: curl and others send `?name=张` without encoding it, gunicorn refuses that.

    It is encoded here as the client should have done, so that nobody behind this sees anything but ASCII.
    """
    start, end = line.find(b" "), line.rfind(b" ")
    target = re.sub(rb"[\x80-\xff]", lambda byte: b"%%%02X" % byte[0][0], line[start:end])
    _parse_request_line(request, line[:start] + target + line[end:])


gunicorn.http.message.Request.parse_request_line = _parse_typed_line


# ---- slow clients ----------------------------------------------------------------------------------------------------

PATIENCE_SECONDS = 15
"""Within so long a request must have come whole, headers and body, but for the time that its bytes take at least."""
LEAST_BYTES_A_SECOND = 500
"""A file of 50 MiB that comes as slowly as this is waited for: a line that can be worked with is far above it."""

_read_request = inspect.unwrap(gunicorn.http.message.Request.__init__)
_take_chunk = inspect.unwrap(gunicorn.http.unreader.SocketUnreader.chunk)


@functools.wraps(_read_request)
def _read_request_in_time(request: Any, cfg: Any, unreader: Any, *rest: Any, **more: Any) -> None:
    """Read the headers of a request. Waiting for its first byte is no slowness: how long, the worker knows."""
    unreader.taken = 0
    unreader.began = time.monotonic() if unreader.buf.getbuffer().nbytes else None
    _read_request(request, cfg, unreader, *rest, **more)


@functools.wraps(_take_chunk)
def _take_chunk_in_time(unreader: Any, size_hint: int | None = None) -> bytes:
    """Take what has come of a request; who sends a byte now and then is as good as gone, and holds nobody up.

    The limit of time that sockets have is one between two bytes: it never sees this.
    """
    if unreader.began is None:
        chunk: bytes = _take_chunk(unreader, size_hint)
        unreader.began = time.monotonic()
    else:
        left = unreader.began + PATIENCE_SECONDS + unreader.taken / LEAST_BYTES_A_SECOND - time.monotonic()
        usual = unreader.sock.gettimeout()
        unreader.sock.settimeout(max(0.001, left if usual is None else min(left, usual)))
        try:
            chunk = _take_chunk(unreader, size_hint)
        except TimeoutError:
            raise gunicorn.http.errors.NoMoreData from None
        finally:
            unreader.sock.settimeout(usual)
    unreader.taken += len(chunk)
    return chunk


gunicorn.http.message.Request.__init__ = _read_request_in_time
gunicorn.http.unreader.SocketUnreader.chunk = _take_chunk_in_time

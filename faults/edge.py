"""nginx in front: slow clients, an application that is gone or hangs, bodies that are too long, long answers."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from faults.load import failed, p95, statuses
from faults.shape import Shape, until
from faults.trial import Trial, fault

SLOW = 200
CLOSED_WITHIN = 30.0
LOOK = 3.0
"""Each is looked at once a second, and closing takes its moment too."""
MIB = 1024 * 1024


class _Slow(threading.Thread):
    """Many connections that say a byte a second, all from one thread.

    Attributes:
        closed: after how many seconds nginx let go of each of them, by kind. Asked of the kernel: a client whose window
            is full is told of nothing any more.
    """

    def __init__(self, shape: Shape, token: str, customer_id: int, file_id: int) -> None:
        super().__init__(daemon=True)
        self.is_over = False
        url = urlsplit(shape.url)
        self._port = url.port or 0
        host, bearer = "Host: crm\r\n", f"Authorization: Bearer {token}\r\n"
        form = (
            f'--x\r\nContent-Disposition: form-data; name="customer_id"\r\n\r\n{customer_id}\r\n'
            '--x\r\nContent-Disposition: form-data; name="file"; filename="slow.txt"\r\n\r\n'
        )
        starts = {
            "header": f"GET /api/v1/customers HTTP/1.1\r\n{host}X-Slow: ",
            "body": f"POST /api/v1/customers HTTP/1.1\r\n{host}{bearer}Content-Type: application/json\r\n"
            "Content-Length: 100000\r\n\r\n",
            "upload": f"POST /api/v1/attachments HTTP/1.1\r\n{host}{bearer}"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {49 * MIB}\r\n\r\n{form}",
            "reading": f"GET /api/v1/openapi.json HTTP/1.1\r\n{host}{bearer}\r\n",
            "reading much": f"GET /api/v1/attachments/{file_id}/content HTTP/1.1\r\n{host}{bearer}\r\n",
        }
        self.closed: dict[str, list[float]] = {kind: [] for kind in starts}
        self.counts = dict.fromkeys(starts, 0)
        self._open: dict[socket.socket, tuple[str, float]] = {}
        for number in range(SLOW):
            kind = list(starts)[number % len(starts)]
            connection = socket.socket()
            # A reader whose window is tiny: nginx cannot get rid of its answer.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
            connection.connect((url.hostname, url.port))
            connection.sendall(starts[kind].encode())
            connection.setblocking(False)
            self._open[connection] = kind, time.monotonic()
            self.counts[kind] += 1

    def run(self) -> None:
        """Send or read a byte of each once a second, and note whom nginx has let go of."""
        accepted = set[int]()
        while not self.is_over:
            held = _held(self._port)
            # One that still waits to be taken up is nobody's either.
            accepted |= held
            for connection, (kind, began) in list(self._open.items()):
                port = connection.getsockname()[1]
                if port in accepted and port not in held:
                    self.closed[kind].append(time.monotonic() - began)
                    connection.close()
                    del self._open[connection]
                    continue
                with contextlib.suppress(OSError):
                    if kind.startswith("reading"):
                        connection.recv(1)
                    else:
                        connection.send(b"x")
            time.sleep(1)
        for connection in self._open:
            connection.close()


def _held(port: int) -> set[int]:
    """The ports of those whose connection to a port of this machine is still held by a process there."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[2].split(":")[1], 16) for row in rows if row[1].endswith(f":{port:04X}") and row[9] != "0"}


@fault("F12", "200 clients that send or read a byte a second", ("big",))
def slow_clients(trial: Trial) -> None:
    """Slow clients hold nginx, not the application; others do not notice."""
    with trial.shape() as shape:
        admin = shape.sign_in()
        customer = shape.call("POST", "customers", {"name": "Slow"}, admin)[1]["id"]
        # More than the kernel takes off nginx's hands.
        content = ("纸" * 1024 + "\n").encode() * (20 * MIB // 3_073)
        status, made = shape.upload("attachments", "large.txt", content, admin, customer_id=str(customer))
        trial.must(status == 201, f"the upload: {status} {made}")
        with trial.load(shape, pause=0.1) as load:
            time.sleep(trial.seconds / 3)
            calm = load.now()
            slow = _Slow(shape, admin, customer, made["id"])
            slow.start()
            time.sleep(max(CLOSED_WITHIN + 2 * LOOK, trial.seconds / 2))
            held = load.now()
            slow.is_over = True
            slow.join()
    usual, meanwhile = p95(load.between(0, calm)), p95(load.between(calm, held))
    bad = failed(load.tried)
    trial.figures |= {"p95 ms before": usual, "p95 ms meanwhile": meanwhile}
    for kind, count in slow.counts.items():
        closed = slow.closed[kind]
        longest = f"within s {max(closed):.0f}" if closed else ""
        trial.figures[f"slow {kind}"] = f"{count}, closed {len(closed)} {longest}".strip()
    trial.must(not bad, f"failed: {statuses(bad)}")
    trial.must(meanwhile <= 2 * usual, f"p95 {meanwhile} ms instead of {usual} ms")
    for kind, count in slow.counts.items():
        closed = [one for one in slow.closed[kind] if one <= CLOSED_WITHIN + LOOK]
        trial.must(len(closed) == count, f"slow {kind}: {len(closed)} of {count} closed within {CLOSED_WITHIN:g} s")


def _is_problem(answer: tuple[int, dict[str, str], Any], status: int) -> list[str]:
    """What is wrong with a refusal of nginx itself."""
    found, headers, body = answer
    wrong = [] if found == status else [f"{found} instead of {status}"]
    if headers.get("content-type") != "application/problem+json" or not isinstance(body, dict):
        wrong.append(f"{status}: {headers.get('content-type')}")
    elif body.get("status") != status or not body.get("request_id"):
        wrong.append(f"{status}: {body}")
    for name in ("x-content-type-options", "content-security-policy", "x-request-id"):
        if name not in headers:
            wrong.append(f"{status}: no {name}")
    if any(char.isdigit() for char in headers.get("server", "")):
        wrong.append(f"{status}: Server {headers['server']}")
    return wrong


@fault("F22", "the application behind nginx hangs or is gone; a body over the limit; an answer of 49 MiB", ("big",))
def behind_nginx(trial: Trial) -> None:
    """What nginx answers by itself looks like everything else."""
    with trial.shape() as shape:
        admin = shape.sign_in()
        wrong = _is_problem(
            shape.ask("POST", "customers", b"x" * (2 * MIB), admin, Content_Type="application/json"), 413
        )
        customer = shape.call("POST", "customers", {"name": "Large"}, admin)[1]["id"]
        content = ("纸" * 1024 + "\n").encode() * (49 * MIB // 3_073)
        status, made = shape.upload("attachments", "large.txt", content, admin, customer_id=str(customer))
        if status == 201:
            began = time.monotonic()
            status, _, raw = shape.ask("GET", f"attachments/{made['id']}/content", token=admin)
            trial.figures["MiB down"] = round(len(raw) / MIB, 1)
            trial.figures["down s"] = round(time.monotonic() - began, 2)
            trial.must(status == 200 and raw == content, f"the long answer: {status}, {len(raw)} bytes")
        trial.must(status in (200, 201), f"the long upload: {status} {made}")
        master, workers = shape.processes["gunicorn"].pid, shape.workers
        for pid in (master, *workers):
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        try:
            wrong += _is_problem(_patient(shape, admin), 504)
        finally:
            for pid in (*workers, master):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        trial.figures["504 after s"] = round(time.monotonic() - began, 1)
        until(shape.is_up, 60, "the product after its pause")
        shape.end("gunicorn")
        wrong += _is_problem(shape.ask("GET", "customers", token=admin), 502)
        trial.must(not wrong, "; ".join(wrong))


def _patient(shape: Shape, token: str) -> tuple[int, dict[str, str], Any]:
    """Nginx waits for 75 s, longer than other requests of ours."""
    return shape.ask("GET", "customers", token=token, seconds=100)

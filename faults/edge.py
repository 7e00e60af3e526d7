"""nginx in front: slow clients, an application that is gone or hangs, bodies that are too long, long answers."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
import time
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
        closed: after how many seconds each of them was closed from the other side, by kind.
    """

    def __init__(self, shape: Shape, token: str, count: int) -> None:
        super().__init__(daemon=True)
        self.is_over = False
        self.closed: dict[str, list[float]] = {"header": [], "body": [], "read": []}
        self.counts = dict.fromkeys(self.closed, 0)
        self._open: dict[socket.socket, tuple[str, float]] = {}
        url = urlsplit(shape.url)
        bearer = f"Host: crm\r\nAuthorization: Bearer {token}\r\n"
        starts = {
            "header": "GET /api/v1/customers HTTP/1.1\r\nHost: crm\r\nX-Slow: ",
            "body": f"POST /api/v1/customers HTTP/1.1\r\n{bearer}Content-Type: application/json\r\n"
            "Content-Length: 100000\r\n\r\n",
            "read": f"GET /api/v1/openapi.json HTTP/1.1\r\n{bearer}\r\n",
        }
        for number in range(count):
            kind = ("header", "body", "read")[number % 3]
            connection = socket.socket()
            # A reader whose window is tiny: nginx cannot get rid of its answer.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
            connection.connect((url.hostname, url.port))
            connection.sendall(starts[kind].encode())
            connection.setblocking(False)
            self._open[connection] = kind, time.monotonic()
            self.counts[kind] += 1

    def run(self) -> None:
        """Send or read a byte of each once a second, and note who was closed."""
        while not self.is_over:
            for connection, (kind, began) in list(self._open.items()):
                try:
                    if kind != "read":
                        connection.send(b"x")
                    if select.select([connection], [], [], 0)[0] and not connection.recv(1 if kind == "read" else 4096):
                        raise ConnectionError
                except BlockingIOError:
                    continue
                except OSError:
                    self.closed[kind].append(time.monotonic() - began)
                    connection.close()
                    del self._open[connection]
            time.sleep(1)
        for connection in self._open:
            connection.close()


@fault("F12", "200 clients that send or read a byte a second", ("big",))
def slow_clients(trial: Trial) -> None:
    """Slow clients hold nginx, not the application; others do not notice."""
    with trial.shape() as shape:
        admin = shape.sign_in()
        with trial.load(shape, pause=0.1) as load:
            time.sleep(trial.seconds / 3)
            calm = load.now()
            slow = _Slow(shape, admin, SLOW)
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
        trial.figures[f"slow by {kind}"] = f"{count}, closed {len(closed)} {longest}".strip()
    trial.must(not bad, f"failed: {statuses(bad)}")
    trial.must(meanwhile <= 2 * usual, f"p95 {meanwhile} ms instead of {usual} ms")
    for kind, count in slow.counts.items():
        closed = [one for one in slow.closed[kind] if one <= CLOSED_WITHIN + LOOK]
        trial.must(len(closed) == count, f"slow by {kind}: {len(closed)} of {count} closed within {CLOSED_WITHIN:g} s")


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

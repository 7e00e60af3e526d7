"""Bodies that are made to exhaust: refused soon, without memory, and the next request is served as always."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ..running import Running, running

MIB = 1024 * 1024
SECONDS = 5
"""A second on a machine that is not busy with other tests."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The product without nginx in front, as one starts it on a laptop."""
    with running(tmp_path_factory.mktemp("bodies")) as server:
        yield server


@pytest.fixture(scope="module")
def token(served: Running) -> str:
    """Of an admin."""
    return served.sign_in()


def resident(server: Running) -> int:
    """Bytes of memory that the processes of the server hold."""
    task = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    pids = [str(server.process.pid), *task.read_text().split()]
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def send(server: Running, token: str, body: Any, headers: dict[str, str], *, chunked: bool = False) -> int:
    """The status of a POST whose body may never end; the client stops as soon as it is answered."""
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # answered before everything was sent
        connection.request("POST", "/api/v1/customers", body, head, encode_chunked=chunked)
    try:
        return connection.getresponse().status
    except (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
        return 413  # it was hung up on
    finally:
        connection.close()


def endless() -> Iterator[bytes]:
    """Far more than is allowed, in small pieces."""
    yield b'{"name": "'
    for _ in range(64):
        yield b"x" * MIB


DEEP = b"[" * 100_000 + b"]" * 100_000
KEYS = b"{" + b",".join(b'"k%d":1' % number for number in range(70_000)) + b"}"
MANY_KEYS = b"{" + b",".join(b'"k%d":1' % number for number in range(1_000_000)) + b"}"
BOMB = gzip.compress(b'{"name": "' + b" " * (100 * MIB) + b'"}')

BODIES: dict[str, tuple[Any, dict[str, str], set[int]]] = {
    "a hundred MiB": (b"[" + b" " * (100 * MIB) + b"]", {}, {413}),
    "a hundred thousand deep": (DEEP, {}, {400, 422}),
    "seventy thousand keys": (KEYS, {}, {422}),
    "a million keys": (MANY_KEYS, {}, {413}),
    "five thousand digits": (b'{"name": "x", "employee_count": ' + b"9" * 5_000 + b"}", {}, {422}),
    "a gzip bomb": (BOMB, {"Content-Encoding": "gzip"}, {415}),
    "no end": (endless(), {"Transfer-Encoding": "chunked"}, {411, 413, 400}),
    "a length that is no number": (b"{}", {"Content-Length": "9" * 30}, {400, 413}),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_exhausts(served: Running, token: str, name: str) -> None:
    body, headers, expected = BODIES[name]
    assert served.call("GET", "/customers", token=token)[0] == 200
    before, began = resident(served), time.monotonic()
    status = send(served, token, body, headers, chunked="Transfer-Encoding" in headers)
    took, grown = time.monotonic() - began, resident(served) - before
    assert status in expected
    assert took < SECONDS
    assert grown < 50 * MIB
    assert served.call("GET", "/customers", token=token)[0] == 200


SECOND = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"

FRAMES = {
    "a length and pieces": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 39\r\n\r\n",
    "a list of lengths": b"Content-Length: 0, 39\r\n\r\n",
    "a length with a sign": b"Content-Length: +0\r\n\r\n",
    "a blank before the colon": b"Content-Length : 0\r\n\r\n",
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "pieces that are not the last coding": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a folded header": b"X-A: b\r\n Content-Length: 0\r\n\r\n",
}
"""Heads that leave open where the request ends, each followed by another request that may be taken for a body."""


@pytest.mark.parametrize("name", FRAMES)
def test_where_a_request_ends_is_never_open(served: Running, name: str) -> None:
    address = urlsplit(served.url)
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=30) as line:
        line.sendall(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n" + FRAMES[name] + SECOND)
        told = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := line.recv(65_536):
                told += piece
    assert told.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")), told
    assert told.count(b"HTTP/1.1 ") == 1, told


def test_what_was_sent_is_not_there(served: Running, token: str) -> None:
    _, found = served.call("GET", "/customers?count=exact", token=token)
    assert found["meta"]["total"] == 0
    assert json.dumps(found["data"]) == "[]"

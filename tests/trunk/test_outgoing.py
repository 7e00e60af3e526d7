"""Requests that leave the house: where they may go, and how long and how much they may take."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address, ip_network
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app import outgoing
from app.outgoing import OutgoingError, Reason, is_public, send
from config import ROOT

from ..postbox import certificate
from ..servers import free_port

OURS = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
PUBLIC = "93.184.216.34"
Serve = Callable[[socket.socket], None]


@contextmanager
def serving(serve: Serve, *, at_once: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """A server that reads the head of each request and then does as it is told; its port, and what it has read."""
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer(line: socket.socket) -> None:
            with line, suppress(OSError):
                heads.append(line.recv(65_536))
                serve(line)

        def run() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                if at_once:
                    Thread(target=answer, args=(line,), daemon=True).start()
                else:
                    answer(line)

        thread = Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[1], heads
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def answering(text: str) -> Serve:
    return lambda line: line.sendall(text.encode())


def refused(url: str, allow: Any = ()) -> Reason:
    with pytest.raises(OutgoingError) as error:
        send("GET", url, allow=allow)
    return error.value.reason


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses that anybody tries to connect to; none takes a connection."""
    tried: list[Any] = []

    def connect(_line: socket.socket, address: Any) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.8.8.8",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[2002:7f00:1::]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "0",
        "0.0.0.0",  # noqa: S104 - it is not bound
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "2852039166",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
def test_nothing_but_the_public_network(host: str, connected: list[Any]) -> None:
    assert refused(f"https://{host}/") is Reason.ADDRESS
    assert connected == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (PUBLIC, True),
        ("::ffff:93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("64:ff9b::5db8:d822", True),
        ("2002:5db8:d822::1", True),
        ("2001:0:5db8:d822::a247:27dd", True),
        ("2001:0:7f00:1::a247:27dd", False),
        ("4000::1", False),
    ],
)
def test_what_is_public(address: str, expected: bool) -> None:
    assert is_public(ip_address(address)) is expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"http://{PUBLIC}/", Reason.ADDRESS),
        (f"https://{PUBLIC}:22/", Reason.ADDRESS),
        (f"https://{PUBLIC}:444/", Reason.ADDRESS),
        (f"ftp://{PUBLIC}/", Reason.URL),
        ("file:///etc/passwd", Reason.URL),
        (f"gopher://{PUBLIC}/", Reason.URL),
        (f"https://somebody@{PUBLIC}/", Reason.URL),
        (f"https://{PUBLIC}:99999/", Reason.URL),
        (f"https://{PUBLIC}\\@127.0.0.1/", Reason.URL),
        (f"https://{PUBLIC}/a b", Reason.URL),
        (f"https://{PUBLIC}/\r\nHost: evil", Reason.URL),
        ("https:///path", Reason.URL),
        ("https://[::1", Reason.URL),
        ("", Reason.URL),
        ("https://nobody.invalid/", Reason.RESOLVE),
    ],
)
def test_addresses_that_are_refused(url: str, reason: Reason, connected: list[Any]) -> None:
    assert refused(url) is reason
    assert connected == []


@pytest.mark.parametrize("port", [443, 8443])
def test_the_usual_ports(port: int, connected: list[Any]) -> None:
    assert refused(f"https://{PUBLIC}:{port}/") is Reason.CONNECT
    assert connected == [(PUBLIC, port)]


def rows(*addresses: str) -> list[Any]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]


def test_a_name_that_changes_its_answer(connected: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: what was judged is what is connected to, and nobody is asked a second time."""
    answers = [rows(PUBLIC), rows("127.0.0.1"), rows("127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.pop(0))
    assert refused("https://rebinding.example/") is Reason.CONNECT
    assert connected == [(PUBLIC, 443)]
    assert len(answers) == 2


def test_a_name_with_one_address_inside(connected: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows(PUBLIC, "10.0.0.1"))
    assert refused("https://both.example/") is Reason.ADDRESS
    assert connected == []


def test_a_resolver_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 0.2)

    def slow(*_args: Any, **_kwargs: Any) -> list[Any]:
        time.sleep(1.5)
        return rows(PUBLIC)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()
    assert refused("https://slow.example/") is Reason.RESOLVE
    assert time.monotonic() - began < 1


def test_what_is_sent_and_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with serving(answering("HTTP/1.1 201 Made\r\nX-Kind: a\r\nContent-Length: 2\r\n\r\nok")) as (port, heads):
        answer = send("POST", f"http://127.0.0.1:{port}/a?b=c", headers={"X-Own": "1"}, body=b"{}", allow=OURS)
    assert (answer.status, answer.body, answer.is_whole, answer.headers["x-kind"]) == (201, b"ok", True, "a")
    assert 0 < answer.seconds < 5
    head = heads[0].decode()
    assert head.startswith(f"POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")
    for line in ("X-Own: 1", "Content-Length: 2", "Accept-Encoding: identity", "Connection: close"):
        assert f"\r\n{line}\r\n" in head


def test_no_redirect_is_followed() -> None:
    with serving(answering("HTTP/1.1 302 Go\r\nLocation: /further\r\nContent-Length: 0\r\n\r\n")) as (port, heads):
        assert send("GET", f"http://127.0.0.1:{port}/", allow=OURS).status == 302
    assert len(heads) == 1


@pytest.mark.parametrize("head", ["Content-Length: 70000", "Connection: close", "Content-Length: 99999999999"])
def test_sixty_four_kilobytes_are_read(head: str) -> None:
    with serving(answering(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n" + "a" * 70_000)) as (port, _):
        answer = send("GET", f"http://127.0.0.1:{port}/", allow=OURS)
    assert (answer.body, answer.is_whole) == (b"a" * 65_536, False)


def trickle(text: str) -> Serve:
    def serve(line: socket.socket) -> None:
        line.sendall(text.encode())
        for _ in range(40):
            line.sendall(b"a")
            time.sleep(0.1)

    return serve


@pytest.mark.parametrize(
    "serve",
    [
        trickle("HTTP/1.1 200 OK\r\nX-Slow: "),
        trickle("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
        lambda _line: time.sleep(1.5),
    ],
)
def test_however_slowly_it_comes(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.6)
    with serving(serve) as (port, _):
        began = time.monotonic()
        assert refused(f"http://127.0.0.1:{port}/", OURS) is Reason.TIMEOUT
        assert time.monotonic() - began < 1.2


@pytest.mark.parametrize("text", ["", "what?", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "SSH-2.0-x\r\n"])
def test_what_is_no_answer(text: str) -> None:
    with serving(answering(text)) as (port, _):
        assert refused(f"http://127.0.0.1:{port}/", OURS) is Reason.PROTOCOL


GREEN = """
from gevent import monkey; monkey.patch_all()
import sys, time, gevent
from ipaddress import ip_network
from app.outgoing import send
began = time.monotonic()
url = f"http://localhost:{sys.argv[1]}/"
asking = [gevent.spawn(send, "GET", url, allow=[ip_network("127.0.0.0/8"), ip_network("::1/128")]) for _ in range(4)]
gevent.joinall(asking, raise_error=True)
print([one.value.body for one in asking], time.monotonic() - began < 3)
"""


def test_green_threads_do_not_wait_for_each_other() -> None:
    """In the big shape a worker serves everybody in one thread: who waits for another server must not stop it."""

    def serve(line: socket.socket) -> None:
        time.sleep(1)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with serving(serve, at_once=True) as (port, _):
        command = [sys.executable, "-c", GREEN, str(port)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == f"{[b'ok'] * 4} True", done.stderr


def test_headers_are_lines() -> None:
    with serving(answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as (port, _), pytest.raises(OutgoingError):
        send("GET", f"http://127.0.0.1:{port}/", headers={"X-Own": "a\r\nX-Other: b"}, allow=OURS)


def test_nobody_listens() -> None:
    assert refused(f"http://127.0.0.1:{free_port()}/", OURS) is Reason.CONNECT


def test_only_the_networks_that_are_let_through(connected: list[Any]) -> None:
    allow = (ip_network("10.1.0.0/16"),)
    assert refused("http://10.1.2.3:8080/", allow) is Reason.CONNECT
    assert refused("http://[::ffff:10.1.2.3]:8080/", allow) is Reason.CONNECT
    assert refused("http://10.2.0.1:8080/", allow) is Reason.ADDRESS
    assert refused("https://127.0.0.1/", allow) is Reason.ADDRESS


def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem, pem.with_suffix(".key"))
    names: list[str | None] = []
    server.sni_callback = lambda _line, name, _context: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def run() -> None:
            for _ in range(3):
                line, _ = listener.accept()
                with suppress(OSError), line, server.wrap_socket(line, server_side=True) as safe:
                    safe.recv(1_000)
                    safe.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        thread = Thread(target=run, daemon=True)
        thread.start()
        assert refused(f"https://localhost:{port}/", OURS) is Reason.TLS
        trusting = ssl.create_default_context(cafile=str(pem))
        monkeypatch.setattr(outgoing, "_context", lambda: trusting)
        # The name is what the certificate is asked for, though the connection goes to a checked address.
        assert refused(f"https://127.0.0.1:{port}/", OURS) is Reason.TLS
        assert send("GET", f"https://localhost:{port}/", allow=OURS).body == b"ok"
        thread.join(10)
    assert names[-1] == "localhost"

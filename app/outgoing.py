"""Requests that leave the house: one client for all of them, which goes nowhere but to public addresses.

A name is resolved once, every address that it has is judged, and the connection goes to a judged address: whoever owns
the name cannot answer differently a moment later. Nothing is redirected, no proxy of the environment is asked, and an
answer that is slow, long or endless costs fifteen seconds and 64 KiB at most. Networks of one's own are let through by
configuration alone, and only there may a request go unencrypted or to an unusual port.
"""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

CONNECT_SECONDS, TOTAL_SECONDS = 5.0, 15.0
READ_BYTES = 64 * 1024
PORTS = frozenset({443, 8443})

_UNICAST = IPv6Network("2000::/3")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")


class Reason(StrEnum):
    """Why a request did not get its answer."""

    URL = "url"
    ADDRESS = "address"
    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"


class OutgoingError(Exception):
    """A request got no answer; the text is one word, for what was said on the way is nobody's business."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        headers: by names in small letters; of one that was sent twice the last.
        body: the first 64 KiB.
        is_whole: whether that is all of it.
        seconds: from the beginning of the request to the end of the answer.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool
    seconds: float


class _Deadline:
    """The moment at which a request is given up, whatever it is doing."""

    def __init__(self, seconds: float) -> None:
        self.began = monotonic()
        self.ends = self.began + seconds

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            OutgoingError: none are.
        """
        left = self.ends - monotonic()
        if left <= 0:
            raise OutgoingError(Reason.TIMEOUT)
        return left


class _Reader(io.RawIOBase):
    """Reads from a socket until the deadline, however slowly it trickles."""

    def __init__(self, line: socket.socket, deadline: _Deadline) -> None:
        self._line, self._deadline = line, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(self._deadline.left())
        return self._line.recv_into(buffer)


class _Source:
    """What an `HTTPResponse` reads from."""

    def __init__(self, line: socket.socket, deadline: _Deadline) -> None:
        self._line, self._deadline = line, deadline

    def makefile(self, *_mode: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._line, self._deadline))


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    allow: Sequence[Network] = (),
) -> Answer:
    """One request and its answer, whatever its status; no redirect is followed.

    It must not be sent inside a unit of work: on SQLite nobody else could write meanwhile.

    Args:
        method: HTTP method.
        url: whole address, `https` and on port 443 or 8443 unless it leads into `allow`.
        headers: further ones; `Host`, lengths and encodings are set here.
        body: what is sent.
        allow: networks that may be reached although they are not public.

    Raises:
        OutgoingError: the address must not be reached, nobody answered in time, or not in HTTP.
    """
    deadline = _Deadline(TOTAL_SECONDS)
    host, port, is_tls, path = _parts(url)
    addresses = _judged(host, port, is_tls, allow, deadline)
    try:
        with _connected(addresses, port, deadline) as plain:
            plain.settimeout(deadline.left())
            line = _context().wrap_socket(plain, server_hostname=host) if is_tls else plain
            with line:
                return _exchange(line, deadline, method, host, port, is_tls, path, dict(headers or {}), body)
    except TimeoutError:
        raise OutgoingError(Reason.TIMEOUT) from None
    except ssl.SSLError:
        raise OutgoingError(Reason.TLS) from None
    except (HTTPException, OSError, ValueError):
        raise OutgoingError(Reason.PROTOCOL) from None


def check(url: str, allow: Sequence[Network] = ()) -> None:
    """Refuse an address of which it can be told without asking anybody that nothing will ever be sent there.

    A name is resolved and judged when something is sent: what it stands for today proves nothing about tomorrow.

    Args:
        url: whole address.
        allow: as in `send`.

    Raises:
        OutgoingError: it is none, unencrypted, or leads to an address that must not be reached.
    """
    host, port, is_tls, _ = _parts(url)
    written = _written(host)
    if written is not None:
        _judge(written, port, is_tls, allow)
    elif not allow and not (is_tls and port in PORTS):
        raise OutgoingError(Reason.ADDRESS)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public network, the addresses inside of it included."""
    return all(_is_global(one) for one in _meanings(address))


@cache
def _context() -> ssl.SSLContext:
    """The machine's own certificates, names checked; a team's own authority is added by `SSL_CERT_FILE`."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _parts(url: str) -> tuple[str, int, bool, str]:
    """Host, port, whether it is encrypted, and what is asked for."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OutgoingError(Reason.URL) from None
    is_plain_text = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or not is_plain_text:
        raise OutgoingError(Reason.URL)
    is_tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname, port or (443 if is_tls else 80), is_tls, path


def _judged(host: str, port: int, is_tls: bool, allow: Sequence[Network], deadline: _Deadline) -> list[Address]:
    """The addresses of a name; refused whole where one of them must not be reached."""
    found = _resolved(host, port, deadline)
    for address in found:
        _judge(address, port, is_tls, allow)
    return found


def _judge(address: Address, port: int, is_tls: bool, allow: Sequence[Network]) -> None:
    """Refuse an address that must not be reached."""
    is_ours = any(one.version == net.version and one in net for one in _meanings(address) for net in allow)
    if not is_ours and not (is_public(address) and is_tls and port in PORTS):
        raise OutgoingError(Reason.ADDRESS)


def _written(host: str) -> Address | None:
    """The address that a host is by itself, in whichever of its forms it is written; None for a name."""
    if host.rstrip(".").lower().rpartition(".")[2] == "localhost":
        return IPv4Address("127.0.0.1")
    try:
        rows = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return ip_address(str(rows[0][4][0]).partition("%")[0])


def _resolved(host: str, port: int, deadline: _Deadline) -> list[Address]:
    """All addresses of a name, asked for once; who names them may take no longer than a connection."""
    rows: list[Any] = []

    def ask() -> None:
        try:
            rows.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            rows.clear()

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(min(CONNECT_SECONDS, deadline.left()))
    if asking.is_alive() or not rows:
        raise OutgoingError(Reason.RESOLVE)
    return list(dict.fromkeys(ip_address(row[4][0].partition("%")[0]) for row in rows))


def _connected(addresses: Sequence[Address], port: int, deadline: _Deadline) -> socket.socket:
    """A connection to the first of judged addresses that takes one."""
    last = monotonic() + CONNECT_SECONDS
    for address in addresses:
        left = min(last - monotonic(), deadline.left())
        if left <= 0:
            raise OutgoingError(Reason.TIMEOUT)
        line = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
        line.settimeout(left)
        try:
            line.connect((str(address), port))
        except OSError:
            line.close()
        else:
            return line
    raise OutgoingError(Reason.CONNECT)


def _exchange(
    line: socket.socket,
    deadline: _Deadline,
    method: str,
    host: str,
    port: int,
    is_tls: bool,
    path: str,
    headers: dict[str, str],
    body: bytes | None,
) -> Answer:
    asking = HTTPConnection(host, port)
    # The name is sent without the port where that is the usual one.
    asking.default_port = 443 if is_tls else 80
    asking.sock = line
    line.settimeout(deadline.left())
    fixed = {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "Lianxi-CRM"}
    asking.request(method, path, body=body, headers=headers | fixed)
    with HTTPResponse(_Source(line, deadline), method=method) as answer:  # type: ignore[arg-type]
        answer.begin()
        content = answer.read(READ_BYTES + 1)
        if answer.length and len(content) <= READ_BYTES:
            raise OutgoingError(Reason.PROTOCOL)
        return Answer(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.getheaders()},
            body=content[:READ_BYTES],
            is_whole=len(content) <= READ_BYTES,
            seconds=monotonic() - deadline.began,
        )


def _meanings(address: Address) -> Iterator[Address]:
    """An address as what routes it takes it: IPv4 that is written as IPv6, or that a tunnel carries, is IPv4."""
    if isinstance(address, IPv4Address):
        yield address
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address.sixtofour is not None:
        yield address.sixtofour
    elif address.teredo is not None:
        yield from address.teredo
    elif address in _NAT64 or address in _COMPATIBLE:
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
    else:
        yield address


def _is_global(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved

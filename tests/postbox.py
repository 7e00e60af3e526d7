"""A real mail server on a free port, which keeps what it is handed."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from .servers import free_port


@dataclass
class Postbox:
    """What has arrived, and what the server does not take.

    Attributes:
        refused: addresses that it answers with 550.
        hangs_up: after how many mails it ends a connection; 0 never.
        logins: names and passwords that were shown to it.
    """

    port: int
    refused: set[str] = field(default_factory=set)
    hangs_up: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the name is the library's
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Takes a recipient or refuses him."""
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Keeps a mail."""
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        if self.hangs_up and len(self.messages) % self.hangs_up == 0:
            server.transport.close()
        return "250 OK"

    def login(self, _server: Any, _session: Any, _envelope: Any, _way: str, shown: Any) -> AuthResult:
        """Lets in who knows `secret`."""
        assert isinstance(shown, LoginPassword)
        self.logins.append((shown.login.decode(), shown.password.decode()))
        return AuthResult(success=shown.password == b"s:cr@t", handled=False)

    def to(self, address: str) -> EmailMessage:
        """The one mail to an address."""
        (found,) = [message for message, to in zip(self.messages, self.recipients, strict=True) if to == address]
        return found


def texts_of(message: EmailMessage) -> tuple[str, str]:
    """Text and HTML of a mail."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def certificate(folder: Path) -> Path:
    """A certificate of localhost with its key beside it."""
    path = folder / "localhost.pem"
    key = ("-newkey", "rsa:2048", "-nodes", "-keyout", str(folder / "localhost.key"))
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2")
    subprocess.run(("openssl", "req", "-x509", *key, *name, "-out", str(path)), check=True, capture_output=True)
    return path


@contextmanager
def mail_server(*, pem: Path | None = None, starttls: Path | None = None, auth: bool = False) -> Iterator[Postbox]:
    """A running mail server.

    Args:
        pem: a certificate with which it speaks TLS from the first byte.
        starttls: a certificate for STARTTLS.
        auth: ask for a login, which it takes over TLS only unless there is none.
    """
    box = Postbox(free_port())
    context = None
    if pem or starttls:
        used = pem or starttls
        assert used is not None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(used, used.with_suffix(".key"))
    more: dict[str, Any] = {"tls_context": context} if starttls else {}
    if auth:
        # Over TLS from the first byte the library sees no TLS of its own.
        more |= {"authenticator": box.login, "auth_required": True, "auth_require_tls": starttls is not None}
    controller = Controller(box, hostname="localhost", port=box.port, ssl_context=context if pem else None, **more)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()

"""Mail to people: composed as text and HTML, handed to the configured SMTP server, never before a commit."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, make_msgid, parseaddr
from types import TracebackType

from config import Settings, Smtp

from .transaction import in_unit

_TIMEOUT = 20


@dataclass(frozen=True)
class Mail:
    """What one person is told.

    Attributes:
        name: of the person, beside the address.
        html: the same as `text`, as a whole document.
        language: of subject and texts.
    """

    to: str
    name: str
    subject: str
    text: str
    html: str
    language: str


class MailError(Exception):
    """A mail did not leave; the text says why, without any secret."""


class NotConfiguredError(MailError):
    """There is no server to hand mail to."""

    def __init__(self) -> None:
        super().__init__("SMTP_URL is not set: no mail can be sent.")


class UnreachableError(MailError):
    """The server takes no mail at all: trying further ones makes no sense now."""


class RefusedError(MailError):
    """The server, or the form of a mail, refuses this one; others may pass."""


class Outbox:
    """Hands mails to the server, all over one connection that is opened for the first and closed on leaving.

        with Outbox(settings) as outbox:
            outbox.send(mail)

    Args:
        settings: name the server and who sends.

    Raises:
        NotConfiguredError: no server is named.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.smtp is None:
            raise NotConfiguredError
        self._server: Smtp = settings.smtp
        self._sender = settings.mail_from
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Outbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def send(self, mail: Mail) -> None:
        """Hand one mail over; afterwards the server is responsible for it.

        Raises:
            RefusedError: this mail is not taken.
            UnreachableError: the server takes none.
            RuntimeError: a unit of work is open: what a mail tells must be committed before it leaves.
        """
        if in_unit():
            raise RuntimeError("mail leaves after the commit")
        message = self._message(mail)
        if self._connection is not None:
            try:
                self._hand_over(message, self._connection)
            except smtplib.SMTPServerDisconnected:
                # Servers end connections that have done enough; a fresh one goes on.
                self._hang_up()
            else:
                return
        try:
            self._hand_over(message, self._connect())
        except smtplib.SMTPServerDisconnected as error:
            self._hang_up()
            raise UnreachableError(f"the mail server hung up: {_reason(error)}") from None

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=WIRE)
        try:
            message["From"] = self._sender
            message["To"] = Address(mail.name, addr_spec=mail.to)
            message["Subject"] = mail.subject
        except (ValueError, IndexError) as error:
            # A line break would start a header of its own.
            raise RefusedError("address or subject cannot stand in a mail") from error
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain=parseaddr(self._sender)[1].rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        message["Content-Language"] = mail.language
        return message

    def _hand_over(self, message: EmailMessage, connection: smtplib.SMTP) -> None:
        try:
            connection.send_message(message)
        except smtplib.SMTPServerDisconnected:
            raise
        except (smtplib.SMTPException, UnicodeError) as error:
            raise RefusedError(f"the mail server refused it: {_reason(error)}") from None
        except OSError as error:
            self._hang_up()
            raise UnreachableError(f"the mail server is away: {_reason(error)}") from None

    def _connect(self) -> smtplib.SMTP:
        server, secure = self._server, ssl.create_default_context()
        try:
            if server.is_tls:
                connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT, context=secure)
            else:
                connection = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
            self._connection = connection
            connection.ehlo()
            is_secure = server.is_tls
            if not is_secure and connection.has_extn("starttls"):
                connection.starttls(context=secure)
                connection.ehlo()
                is_secure = True
            if server.user and not is_secure:
                raise UnreachableError("the mail server offers no TLS, and a password does not travel in the clear")
            if server.user:
                connection.login(server.user, server.password)
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise UnreachableError(f"the mail server takes no mail: {_reason(error)}") from None
        except UnreachableError:
            self._hang_up()
            raise
        return connection

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()


def _reason(error: Exception) -> str:
    """The kind of an error and the server's code: its text may repeat what was sent."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((code for code, _ in error.recipients.values()), None)
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"

"""Mail: what leaves, over which connection, and what is refused in words."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from app.mail import Mail, NotConfiguredError, Outbox, RefusedError, UnreachableError
from app.routing import CRM
from app.transaction import unit_of_work
from config import ConfigurationError, Settings, settings_from

from ..postbox import Postbox, certificate, mail_server, texts_of
from ..servers import free_port

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")


def settings(port: int, url: str = "smtp://localhost:{port}", folder: str = "/nonexistent") -> Settings:
    return settings_from(
        {
            "DATA_DIR": folder,
            "SMTP_URL": url.format(port=port),
            "MAIL_FROM": "联系 CRM <crm@example.com>",
            "PUBLIC_URL": "https://crm.example.com",
        }
    )


def a_mail(to: str = "alice@example.com", **more: str) -> Mail:
    values = {
        "name": "爱丽丝",
        "subject": "周报：三个商机",
        "text": "一\n二\n",
        "html": "<p>一 &amp; 二</p>",
        "language": "zh-CN",
    }
    return Mail(to, **(values | more))


def sent(box: Postbox, *mails: Mail, url: str = "smtp://localhost:{port}") -> None:
    with Outbox(settings(box.port, url)) as outbox:
        for mail in mails:
            outbox.send(mail)


def test_a_mail_arrives_whole(app: CRM) -> None:
    with mail_server() as box:
        sent(box, a_mail())
    (message,) = box.messages
    assert box.recipients == ["alice@example.com"]
    assert message["From"] == "联系 CRM <crm@example.com>"
    assert message["To"] == "爱丽丝 <alice@example.com>"
    assert message["Subject"] == "周报：三个商机"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "zh-CN"
    assert message["Message-ID"].endswith("@example.com>")
    assert abs(parsedate_to_datetime(message["Date"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert texts_of(message) == ("一\n二\n", "<p>一 &amp; 二</p>\n")


@pytest.mark.parametrize(
    "mail",
    [
        a_mail(name="Eve\r\nBcc: all@example.com"),
        a_mail(subject="Hello\nBcc: all@example.com"),
        a_mail("eve@example.com\r\nBcc: all@example.com"),
        a_mail("no address"),
        a_mail(""),
    ],
)
def test_a_line_break_starts_no_header(app: CRM, mail: Mail) -> None:
    with mail_server() as box, Outbox(settings(box.port)) as outbox:
        with pytest.raises(RefusedError):
            outbox.send(mail)
        outbox.send(a_mail())
    assert box.recipients == ["alice@example.com"]


def test_one_refused_address_leaves_the_connection_to_others(app: CRM) -> None:
    with mail_server() as box, Outbox(settings(box.port)) as outbox:
        box.refused.add("bob@example.com")
        outbox.send(a_mail())
        with pytest.raises(RefusedError, match="SMTPRecipientsRefused 550"):
            outbox.send(a_mail("bob@example.com"))
        outbox.send(a_mail("carol@example.com"))
    assert box.recipients == ["alice@example.com", "carol@example.com"]


def test_a_server_that_hangs_up_between_mails_is_called_again(app: CRM) -> None:
    with mail_server() as box, Outbox(settings(box.port)) as outbox:
        outbox.send(a_mail())
        assert outbox._connection is not None
        outbox._connection.close()
        outbox.send(a_mail("bob@example.com"))
    assert box.recipients == ["alice@example.com", "bob@example.com"]


def test_nobody_is_there(app: CRM) -> None:
    with Outbox(settings(free_port())) as outbox, pytest.raises(UnreachableError, match="ConnectionRefusedError"):
        outbox.send(a_mail())


def test_without_a_server(app: CRM) -> None:
    with pytest.raises(NotConfiguredError, match="SMTP_URL is not set"):
        Outbox(settings_from({}))


def test_never_before_the_commit(app: CRM) -> None:
    with mail_server() as box:
        with (
            Outbox(settings(box.port)) as outbox,
            unit_of_work(),
            pytest.raises(RuntimeError, match="after the commit"),
        ):
            outbox.send(a_mail())
        assert box.messages == []


@needs_openssl
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_password_travels_by_tls(app: CRM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    ways = {"pem": pem} if scheme == "smtps" else {"starttls": pem}
    with mail_server(auth=True, **ways) as box:
        sent(box, a_mail(), url=scheme + "://crm%40example.com:s%3Acr%40t@localhost:{port}")
        assert box.logins == [("crm@example.com", "s:cr@t")]
        assert box.recipients == ["alice@example.com"]
        with pytest.raises(UnreachableError, match="SMTPAuthenticationError 535") as refused:
            sent(box, a_mail(), url=scheme + "://crm:wrong@localhost:{port}")
        assert "wrong" not in str(refused.value)


@needs_openssl
def test_an_unknown_certificate_is_not_believed(app: CRM, tmp_path: Path) -> None:
    with mail_server(starttls=certificate(tmp_path)) as box:
        with pytest.raises(UnreachableError, match="SSLCertVerificationError"):
            sent(box, a_mail())
        assert box.messages == []


def test_a_password_does_not_travel_in_the_clear(app: CRM) -> None:
    with mail_server(auth=True) as box:
        with pytest.raises(UnreachableError, match="no TLS"):
            sent(box, a_mail(), url="smtp://crm:secret@localhost:{port}")
        assert box.logins == []


# ---- configuration ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://:hunter2@mail.example.com",
        "smtp://crm:hunter2@mail.example.com:port",
        "smtp://crm:hunter2@mail.example.com:99999",
        "smtp://crm:hunter2@mail.example.com/path",
        "smtp://crm:hunter2@[mail",
    ],
)
def test_a_malformed_server_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="SMTP_URL: smtp://") as refused:
        settings(0, url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("sender", ["crm", "@example.com", "CRM <crm@>", "a@example.com\r\nBcc: b@example.com"])
def test_a_malformed_sender_is_refused(sender: str) -> None:
    with pytest.raises(ConfigurationError, match="MAIL_FROM="):
        settings_from({"MAIL_FROM": sender})


@pytest.mark.parametrize("lacking", ["MAIL_FROM", "PUBLIC_URL"])
def test_a_server_needs_a_sender_and_an_address_for_links(lacking: str) -> None:
    env = {"SMTP_URL": "smtp://mail", "MAIL_FROM": "crm@example.com", "PUBLIC_URL": "https://crm.example.com"}
    with pytest.raises(ConfigurationError, match="SMTP_URL needs MAIL_FROM"):
        settings_from({name: text for name, text in env.items() if name != lacking})


def test_ports_and_the_secret_of_the_server() -> None:
    plain = settings(0, "smtp://user:hunter2@mail").smtp
    assert plain is not None
    assert (plain.host, plain.port, plain.user, plain.password, plain.is_tls) == ("mail", 587, "user", "hunter2", False)
    secure = settings(0, "smtps://mail").smtp
    assert secure is not None
    assert (secure.port, secure.is_tls) == (465, True)
    assert "hunter2" not in repr(settings(0, "smtp://user:hunter2@mail"))

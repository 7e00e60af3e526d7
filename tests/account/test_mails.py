"""Mails about an account, to a real mail server: links, and what somebody may have done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.account.mails import compose
from app.auth.credentials import PasswordLink
from app.auth.models import User
from app.database import db
from app.job import queue
from app.job.models import Job
from app.messages import LANGUAGES
from app.routing import CRM
from app.transaction import unit_of_work
from config import Smtp

from ..auth.visitor import Visitor
from ..cast import PASSWORD, Cast
from ..postbox import Postbox, mail_server, texts_of

SITE = "https://crm.example.com"
NEW = "a rather new secret 8"


@pytest.fixture
def box(app: CRM, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    """A mail server that the product is told of, and an empty queue."""
    queue.huey().flush()
    with mail_server() as found:
        sender = "Lianxi CRM <crm@example.com>"
        smtp = Smtp("localhost", found.port)
        told = replace(app.config["LIANXI"], smtp=smtp, mail_from=sender, public_url=SITE)
        monkeypatch.setitem(app.config, "LIANXI", told)
        yield found


def work_off() -> None:
    """Do what is in the queue."""
    made = queue.huey()
    while (task := made.dequeue()) is not None:
        made.execute(task)


def forgot(app: CRM, email: str = "alice@example.com") -> int:
    """The status of asking for a link."""
    return Visitor(app).call("POST", "/auth/password/forgot", {"email": email}, Host="evil.example").status_code


def token_in(box: Postbox) -> str:
    """The token of the link in the latest mail, the same in text and HTML."""
    found = [re.findall(rf"{SITE}/choose-password#([\w-]+)", text) for text in texts_of(box.messages[-1])]
    assert found[0] == found[1]
    (token,) = found[0]
    return str(token)


def test_a_forgotten_password(app: CRM, cast: Cast, box: Postbox) -> None:
    assert forgot(app) == 202
    assert box.messages == [], "the request itself sends nothing"
    work_off()
    assert box.recipients == ["alice@example.com"]
    assert box.messages[0]["Subject"] == "Choose a new password"
    text, html = texts_of(box.messages[0])
    assert "evil" not in text + html
    token = token_in(box)
    job = db.session.execute(select(Job)).scalar_one()
    assert token not in str(job.result)
    body = {"token": token, "new_password": NEW}
    assert Visitor(app).call("POST", "/auth/password/reset", body).status_code == 204
    work_off()
    assert box.messages[-1]["Subject"] == "Your password was changed"
    assert Visitor(app).login(password=NEW).status_code == 200


@pytest.mark.parametrize("email", ["nobody@example.com", "+86 138 0000 0000", "", "x" * 300, "gone@example.com"])
def test_nobody_learns_who_is_known(app: CRM, cast: Cast, box: Postbox, email: str) -> None:
    if email in ("", "x" * 300):
        assert forgot(app, email) == 422
        return
    assert forgot(app, email) == 202
    assert db.session.execute(select(Job.kind)).scalar_one() == "account_mail"
    work_off()
    assert box.messages == []


def test_letter_boxes_are_not_filled(app: CRM, cast: Cast, box: Postbox) -> None:
    def earlier() -> None:
        with unit_of_work():
            for link in db.session.execute(select(PasswordLink)).scalars():
                link.created_at -= timedelta(minutes=2)

    for _ in range(3):
        assert forgot(app) == 202
        work_off()
    assert len(box.messages) == 1
    assert Visitor(app).call("POST", "/auth/password/link", {"token": token_in(box)}).status_code == 200
    for _ in range(8):
        earlier()
        forgot(app)
        work_off()
    assert len(box.messages) == 5


def test_an_invitation_and_an_admin_s_link_go_by_mail(app: CRM, cast: Cast, box: Postbox) -> None:
    body = {"name": "王小明", "email": "ming@example.com", "role": "sales", "language": "zh-CN"}
    made = cast.root.made("/users", body)
    assert made["link_sent_to"] == "ming@example.com"
    assert "link" not in made
    work_off()
    assert box.messages[0]["Subject"] == "您的联系 CRM 账号"
    assert Visitor(app).call("POST", "/auth/password/link", {"token": token_in(box)}).get_json()["kind"] == "invitation"
    answer = cast.root.post(f"/users/{cast.alice.id}/password-link")
    assert answer.get_json() == {"link_sent_to": "alice@example.com"}
    work_off()
    assert Visitor(app).call("POST", "/auth/password/link", {"token": token_in(box)}).get_json()["kind"] == "reset"
    by_phone = cast.root.made("/users", {"name": "No mail", "phone": "13800138000", "role": "sales"})
    assert by_phone["link"].startswith(f"{SITE}/choose-password#")


def test_people_are_told(app: CRM, cast: Cast, box: Postbox) -> None:
    changed = cast.alice.post("/auth/password", {"current_password": PASSWORD, "new_password": NEW})
    assert changed.status_code == 204
    assert cast.root.patch(f"/users/{cast.bob.id}", {"password": NEW}).status_code == 200
    work_off()
    assert sorted(box.recipients) == ["alice@example.com", "bob@example.com"]
    assert {message["Subject"] for message in box.messages} == {"Your password was changed"}
    assert NEW not in str(box.messages)


def test_a_stolen_session_is_told(app: CRM, cast: Cast, box: Postbox) -> None:
    visitor = Visitor(app)
    token = visitor.signed_in()["refresh_token"]
    visitor.refresh(token)
    assert visitor.refresh(token).status_code == 401
    work_off()
    assert box.to("alice@example.com")["Subject"] == "One of your sessions was ended"


def test_a_mail_server_that_refuses(app: CRM, cast: Cast, box: Postbox) -> None:
    box.refused.add("alice@example.com")
    assert forgot(app) == 202
    work_off()
    assert db.session.execute(select(Job.status, Job.result)).one() == ("succeeded", {"sent": False})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_in_both_languages(app: CRM, cast: Cast, box: Postbox, language: str) -> None:
    for about in ("reset", "invitation", "password_changed", "totp_on", "totp_off", "reuse"):
        mail = compose(language, "<Ming> & Co", "ming@example.com", about, f"{SITE}/settings")
        assert "<Ming> & Co" in mail.text
        assert "&lt;Ming&gt; &amp; Co" in mail.html
        assert f"{SITE}/settings" in mail.text
        assert mail.subject


def test_people_without_an_address_are_told_nothing(app: CRM, cast: Cast, box: Postbox) -> None:
    with unit_of_work():
        user = db.session.get_one(User, cast.alice.id)
        user.email, user.email_key, user.phone, user.phone_e164 = None, None, "13800138000", "+8613800138000"
    assert forgot(app, "13800138000") == 202
    work_off()
    assert box.messages == []

"""Mails about an account: the link to choose a password, and what somebody may have done with the account."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from html import escape
from typing import Any

from flask import current_app
from sqlalchemy import select

from ..auth import links
from ..auth.credentials import LinkKind
from ..auth.models import User
from ..auth.notices import NOTIFY, can_reach
from ..database import db
from ..job.service import Running, enqueue, job_kind
from ..mail import Mail, MailError, Outbox
from ..messages import say_in
from ..transaction import unit_of_work

log = logging.getLogger("lianxi")

KIND = "account_mail"

_PAGES = {"backup_failed": "/admin/operations", "rehearsal_failed": "/admin/operations"}
"""Where the button of a mail leads to that is not about the reader's own account."""


def notify(user_id: int, about: str) -> None:
    """Queue a mail in the open unit of work; nothing where there is no mail server."""
    if current_app.config["LIANXI"].smtp is not None:
        enqueue(None, KIND, {"user_id": user_id, "about": about})


@job_kind(KIND)
def run(running: Running) -> dict[str, Any]:
    """Send one mail; a link is made only now, so that it stands nowhere but in the mail."""
    mail = _mail(running.arguments["user_id"], running.arguments["about"])
    if mail is None:
        return {"sent": False}
    try:
        with Outbox(current_app.config["LIANXI"]) as outbox:
            outbox.send(mail)
    except MailError as error:
        # A link can be asked for again, and what else is told is seen in the settings too.
        log.warning("mail about the account of user %s: %s", running.arguments["user_id"], error)
        return {"sent": False}
    return {"sent": True}


def _mail(user_id: int, about: str) -> Mail | None:
    settings = current_app.config["LIANXI"]
    link = None
    with unit_of_work(source="job"):
        user = db.session.execute(select(User).where(User.id == user_id).with_for_update()).scalar_one_or_none()
        if user is None or not user.is_active or not can_reach(user.email):
            return None
        language = user.language or settings.default_language
        name, address = user.name, user.email or ""
        if about == "link":
            if not links.may_ask_again(user_id):
                log.info("no further link for now: user %s", user_id)
                return None
            about = LinkKind.INVITATION if user.password_hash is None else LinkKind.RESET
            link, _ = links.issue(user)
    return compose(language, name, address, about, link or f"{settings.public_url}{_PAGES.get(about, '/settings')}")


def compose(language: str, name: str, address: str, about: str, link: str) -> Mail:
    """One mail.

    Args:
        language: of all texts.
        about: names the texts, `mail.ABOUT.*`.
        link: where its button leads to.
    """

    def say(part: str) -> str:
        return say_in(language, f"mail.{about}.{part}", name=name)

    greeting, subject = say_in(language, "mail.greeting", name=name), say("subject")
    text = "\n\n".join((greeting, say("text"), f"{say('button')}: {link}", say("note"))) + "\n"
    body = "".join(_html(greeting, say("text"), say("button"), say("note"), link))
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(subject)}</title></head>'
        '<body style="margin:0;padding:24px;font:15px/1.5 sans-serif;color:#1f2328;background:#ffffff">'
        f'<div style="max-width:520px;margin:0 auto">{body}</div></body></html>'
    )
    return Mail(address, name, subject, text, html, language)


def _html(greeting: str, text: str, button: str, note: str, link: str) -> Iterator[str]:
    yield f'<p style="margin:0 0 12px">{escape(greeting)}</p><p style="margin:0 0 20px">{escape(text)}</p>'
    yield (
        f'<p style="margin:0 0 20px"><a href="{escape(link)}" style="display:inline-block;padding:8px 16px;'
        f'border-radius:6px;background:#1f5fbf;color:#ffffff;text-decoration:none">{escape(button)}</a></p>'
    )
    yield f'<p style="margin:0;font-size:13px;color:#59636e">{escape(note)}</p>'


NOTIFY.append(notify)

"""Telling people by mail what concerns their accounts; how it gets to them is `account/mails.py`'s to know."""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app

NOTIFY: list[Callable[[int, str], None]] = []
"""Mails a person, by the id, about something, once the open unit of work is committed; filled by `account/mails.py`."""


def notify(user_id: int, about: str) -> None:
    """Have a person told; nothing where no mail server is configured or the person has no address.

    Args:
        user_id: whom; 0 for nobody, which takes as long.
        about: `link`, `password_changed`, `totp_on`, `totp_off`, `reuse`, `backup_failed` or
            `rehearsal_failed`.
    """
    for tell in NOTIFY:
        tell(user_id, about)


def can_reach(email: str | None) -> bool:
    """Whether a mail can get to an address, as far as we know."""
    return email is not None and current_app.config["LIANXI"].smtp is not None

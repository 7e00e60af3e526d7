"""Links by which a person chooses a password: asked for by whoever forgot it, or handed out by an admin.

A link holds 256 random bits behind the `#` of its address, which no server logs and no page passes on. Only its hash
is kept; it works once, and every newer one ends it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, select, update

from .. import idempotency
from ..access import Actor
from ..database import db, read_engine
from ..errors import Issue, Problem, conflict, invalid
from ..journal import act
from ..routing import tell
from ..transaction import now
from . import second_factor, throttle
from .credentials import LinkKind, PasswordLink, digest, new_secret
from .models import User
from .notices import can_reach, notify
from .passwords import hash_password, password_faults, personal_words
from .stamps import end_sign_ins, raise_stamps

log = logging.getLogger("lianxi")

LIVES = {LinkKind.RESET: timedelta(minutes=30), LinkKind.INVITATION: timedelta(days=7)}
PAGE = "/choose-password"
_PAUSE, _PER_HOUR = timedelta(minutes=1), 5


@dataclass(frozen=True)
class Opened:
    """A link that still works, and whose it is."""

    token_hash: str
    user_id: int
    kind: str
    name: str
    email: str | None
    phone: str | None


def issue(user: User) -> tuple[str, datetime]:
    """A new link of a person, which ends all older ones: its address, and until when it works.

    The address is a whole one where `PUBLIC_URL` says how the product is reached, else it begins at the page's path:
    what a request says of its host is believed by nobody.
    """
    kind = LinkKind.INVITATION if user.password_hash is None else LinkKind.RESET
    end_all(user.id)
    token, expires_at = new_secret(), now() + LIVES[kind]
    db.session.add(
        PasswordLink(
            token_hash=digest(token), user_id=user.id, kind=kind, created_at=now(), expires_at=expires_at, ended_at=None
        )
    )
    db.session.flush()
    return f"{current_app.config['LIANXI'].public_url}{PAGE}#{token}", expires_at


def hand_out(actor: Actor, user: User) -> dict[str, Any]:
    """Get a link to a person: by mail where that is possible, else into the hands of the admin who asks.

    Returns:
        `link_sent_to`, or `link` and `link_expires_at`; the latter are shown once.

    Raises:
        Problem: 409 for the caller: the own password is changed by who knows it.
    """
    if user.id == actor.user_id:
        raise conflict("own-password")
    if can_reach(user.email):
        notify(user.id, "link")
        return {"link_sent_to": user.email}
    address, expires_at = issue(user)
    idempotency.never_keep()
    log.info("link to choose a password handed out: user %s", user.id)
    return {"link": address, "link_expires_at": expires_at}


def invite(actor: Actor, user: User) -> None:
    """Get a link to a new person who has no password yet; the answer to the admin says how."""
    tell(**hand_out(actor, user))


def may_ask_again(user_id: int) -> bool:
    """Whether a further mail may go out: nobody's letter box is filled by strangers."""
    made = select(func.max(PasswordLink.created_at), func.count()).where(
        PasswordLink.user_id == user_id, PasswordLink.created_at > now() - timedelta(hours=1)
    )
    latest, many = db.session.execute(made).one()
    return latest is None or (latest <= now() - _PAUSE and many < _PER_HOUR)


def opened(token: str) -> Opened:
    """What a link opens.

    Raises:
        Problem: 422, it has been used, has run out, was replaced by a newer one, or never was.
    """
    query = (
        select(PasswordLink.token_hash, User.id, PasswordLink.kind, User.name, User.email, User.phone)
        .join(User, User.id == PasswordLink.user_id)
        .where(PasswordLink.token_hash == digest(token), PasswordLink.ended_at.is_(None))
        .where(PasswordLink.expires_at > now(), User.is_active)
    )
    with read_engine().connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise _spent()
    return Opened(*row)


def described(token: str) -> dict[str, Any]:
    """What the page shows that a link leads to.

    Raises:
        Problem: as `opened`.
    """
    link = opened(token)
    return {
        "kind": link.kind,
        "name": link.name,
        "account": link.email or link.phone,
        "min_length": second_factor.least_length(link.user_id),
    }


def checked(token: str, password: str) -> tuple[Opened, str]:
    """Check the password that is chosen by a link, outside of any unit of work, and hash it.

    Raises:
        Problem: as `opened`; 422 for a password that is not accepted.
    """
    link = opened(token)
    words = personal_words(link.name, link.email, link.phone)
    faults = password_faults(password, second_factor.least_length(link.user_id), words, "#/new_password")
    if faults:
        raise invalid(*faults)
    return link, hash_password(password)


def redeem(link: Opened, password_hash: str) -> None:
    """Use a link up: the password holds from now on, every sign-in ends, personal tokens go on.

    Raises:
        Problem: 422, somebody used it meanwhile.
    """
    user = db.session.execute(select(User).where(User.id == link.user_id).with_for_update()).scalar_one()
    used = db.session.connection().execute(
        update(PasswordLink)
        .where(PasswordLink.token_hash == link.token_hash, PasswordLink.ended_at.is_(None))
        .where(PasswordLink.expires_at > now())
        .values(ended_at=now())
    )
    if not used.rowcount or not user.is_active:
        raise _spent()
    end_all(user.id)
    user.password_hash, user.must_change_password = password_hash, False
    # The journal keeps nothing of a password. Whoever looks at people sees at once that this one can sign in.
    act(user, "updated")
    raise_stamps(user.id)
    end_sign_ins(user.id, "password")
    throttle.clear(user.id)
    notify(user.id, "password_changed")
    log.info("password chosen by link (%s): user %s", link.kind, user.id)


def end_all(user_id: int) -> None:
    """End every link of a person."""
    open_ones = update(PasswordLink).where(PasswordLink.user_id == user_id, PasswordLink.ended_at.is_(None))
    db.session.connection().execute(open_ones.values(ended_at=now()))


def _spent() -> Problem:
    return invalid(Issue("#/token", "link_spent"))

"""Whom a provider means: the user with that identity, else by rule the user with that address, else by rule a new one.

The rules are those of the provider's configuration; without any, only identities that people have linked themselves
open anything.
"""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import Row, select

from config import SsoProvider

from ...access import Permission
from ...database import db
from ...errors import Problem
from ...folding import email_key, fold
from ...messages import language
from ...schema import load
from ...transaction import now
from .. import events, service
from ..credentials import LinkedIdentity
from ..models import SignInEventKind, Team, User, queue_up, role_of
from ..notices import notify
from ..schemas import UserSchema
from ..sessions import Caller, failed
from .provider import Profile

log = logging.getLogger("lianxi")

_USER = UserSchema()


def admitted(settings: SsoProvider, profile: Profile, caller: Caller) -> int:
    """The id of the user whom a profile means, in the open unit of work; linked or created where the rules say so.

    Raises:
        Problem: 401, the rules let nobody in, or only somebody who may not come in.
    """
    found = _linked(settings.key, profile.subject)
    if found is None:
        # Two first sign-ins at once come one after the other, as all writers of users do.
        queue_up()
        found = _linked(settings.key, profile.subject)
    if found is not None:
        if not found.is_active:
            raise failed("sso-deactivated")
        identity = db.session.get_one(LinkedIdentity, found.id)
        identity.last_used_at, identity.account = now(), account_of(profile)
        db.session.flush()
        return int(found.user_id)
    user_id = _known(settings, profile)
    if user_id is None:
        user_id = _created(settings, profile)
    link(user_id, settings.key, profile, caller)
    return user_id


def link(user_id: int, provider: str, profile: Profile, caller: Caller) -> LinkedIdentity:
    """Have an identity mean a user from now on."""
    identity = LinkedIdentity(
        user_id=user_id,
        provider=provider,
        subject=profile.subject,
        account=account_of(profile),
        created_at=now(),
        last_used_at=now(),
    )
    db.session.add(identity)
    db.session.flush()
    events.note(SignInEventKind.LINKED, user_id, caller.address, caller.agent, provider)
    log.info("identity linked: user %s, provider %s", user_id, provider)
    return identity


def account_of(profile: Profile) -> str:
    """What a person knows the account at the provider by."""
    return _plain(profile.email or profile.name or profile.subject)[:254]


def _linked(provider: str, subject: str) -> Row[int, int, bool] | None:
    query = select(LinkedIdentity.id, LinkedIdentity.user_id, User.is_active)
    query = query.join(User, User.id == LinkedIdentity.user_id)
    query = query.where(LinkedIdentity.provider == provider, LinkedIdentity.subject == subject)
    return db.session.execute(query).one_or_none()


def _known(settings: SsoProvider, profile: Profile) -> int | None:
    """The user who has the profile's address; None where nobody ever had it."""
    key = email_key(profile.email)
    if key is None:
        return None
    users = select(User).where(User.email_key == key).order_by(User.is_active.desc(), User.id)
    user = db.session.execute(users.limit(1)).scalars().first()
    if user is None:
        return None
    if not user.is_active:
        raise failed("sso-deactivated")
    if not settings.links_by_email:
        raise failed("sso-link-first")
    other = select(LinkedIdentity.id).where(LinkedIdentity.user_id == user.id, LinkedIdentity.provider == settings.key)
    if db.session.execute(other).first() is not None:
        # The address has passed to somebody else at the provider: that does not pass the account on here.
        raise failed("sso-other-identity")
    notify(user.id, "identity_linked")
    return user.id


def _created(settings: SsoProvider, profile: Profile) -> int:
    if not settings.creates_users:
        raise failed("sso-no-account")
    if settings.domains and not _is_of(settings.domains, profile.email):
        raise failed("sso-no-account")
    if profile.email is None and profile.phone is None:
        raise failed("sso-no-address")
    role = role_of(settings.role)
    if role is None or not role.is_active or Permission.USER_WRITE in role.permissions:
        log.error("single sign-on by %s: there is no role %r that people may get by rule", settings.key, settings.role)
        raise failed("sso-no-account")
    values = {
        "name": _plain(profile.name)[:200],
        "email": profile.email,
        "phone": profile.phone,
        "role": settings.role,
        "team_id": _team(settings),
    }
    # Nobody has been asked yet: the language of the page that the person came from.
    user_id = service.create_by_rule({**_checked(values), "language": language()}).id
    log.info("user created at the first sign-in by %s: user %s", settings.key, user_id)
    return user_id


def _is_of(domains: tuple[str, ...], email: str | None) -> bool:
    """Whether an address is of one of the domains; a domain below one of them is another."""
    return email is not None and email.rpartition("@")[2].lower() in domains


def _team(settings: SsoProvider) -> int | None:
    if not settings.team:
        return None
    found = select(Team.id).where(Team.name_key == fold(settings.team), Team.is_active)
    ids = db.session.execute(found).scalars().all()
    if len(ids) != 1:
        log.error("single sign-on by %s: there are %s teams called %r", settings.key, len(ids), settings.team)
        raise failed("sso-no-account")
    return ids[0]


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values as an admin's would be taken; a number that cannot be read or is somebody's is left out."""
    if values["phone"] is not None and not service.is_free_number(values["phone"]):
        values = {**values, "phone": None}
    try:
        checked = load(_USER, values)
    except Problem:
        checked = {}
    if not (checked.get("email") or checked.get("phone")):
        log.warning("single sign-on: what the provider says of somebody makes no user")
        raise failed("sso-no-address")
    return checked


def _plain(text: str) -> str:
    """A text in one line, without what turns or hides letters."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())

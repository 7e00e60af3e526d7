"""What an admin looks after: who signs in by a password alone, which tokens end soon, who tries the door in vain."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from ..access import Actor
from ..database import read_engine
from ..transaction import now
from .credentials import ApiToken
from .demand import by_password_alone
from .models import Role, SignIn, SignInEvent, SignInEventKind, User

SOON = timedelta(days=14)
"""A token that ends within is told of."""

_SHOWN, _ADDRESSES = 100, 10
_IN_VAIN = (SignInEventKind.FAILED, SignInEventKind.THROTTLED, SignInEventKind.REUSE)


def overview(_actor: Actor) -> dict[str, Any]:
    """The state of signing in, as `SecurityOverviewSchema` has it."""
    alone = (User.is_active, by_password_alone())
    # Who may most stands first.
    people = (
        select(User.id, User.name, User.role, User.last_seen_at)
        .add_columns(Role.name_zh.label("role_name_zh"), Role.name_en.label("role_name_en"))
        .join(Role, Role.key == User.role)
        .where(*alone)
        .order_by((User.role != "admin"), User.sort_key, User.id)
        .limit(_SHOWN)
    )
    tokens = (
        select(SignIn.id, ApiToken.name, ApiToken.hint, SignIn.user_id, User.name.label("owner"))
        .add_columns(SignIn.expires_at, SignIn.last_used_at)
        .join(SignIn, SignIn.id == ApiToken.sign_in_id)
        .join(User, User.id == SignIn.user_id)
        .where(SignIn.revoked_at.is_(None), User.is_active)
        .where(SignIn.expires_at > now(), SignIn.expires_at <= now() + SOON)
        .order_by(SignIn.expires_at)
        .limit(_SHOWN)
    )
    week, day = now() - timedelta(days=7), now() - timedelta(days=1)
    in_vain = (SignInEvent.kind.in_(_IN_VAIN), SignInEvent.at > week)
    addresses = (
        select(SignInEvent.address, func.count().label("count"), func.max(SignInEvent.at).label("at"))
        .where(*in_vain)
        .group_by(SignInEvent.address)
        .order_by(func.count().desc(), func.max(SignInEvent.at).desc())
        .limit(_ADDRESSES)
    )
    with read_engine().connect() as connection:
        counted = select(func.count()).select_from(User).where(*alone)
        tries = select(func.count(), func.count().filter(SignInEvent.at > day)).where(*in_vain)
        in_week, in_day = connection.execute(tries).one()
        return {
            "without_second_factor": {
                "total": connection.execute(counted).scalar_one(),
                "people": [dict(row) for row in connection.execute(people).mappings()],
            },
            "expiring_tokens": [
                {
                    "id": row.id,
                    "name": row.name,
                    "hint": row.hint,
                    "user": {"id": row.user_id, "name": row.owner},
                    "expires_at": row.expires_at,
                    "last_used_at": row.last_used_at,
                }
                for row in connection.execute(tokens)
            ],
            "failed_sign_ins": {
                "day": in_day,
                "week": in_week,
                "addresses": [dict(row) for row in connection.execute(addresses).mappings()],
            },
            "is_encrypted": current_app.config["LIANXI"].secure_cookies,
        }

"""A person as he or she sees himself or herself: with rights, language and time zone as they hold."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import Connection, select

from .demand import by_password_alone, is_demanded, rule
from .models import Role, Team, User

_PLAIN = (
    "id",
    "version",
    "name",
    "email",
    "phone",
    "title",
    "avatar",
    "language",
    "time_zone",
    "wants_digest",
    "team_id",
    "role",
    "absent_until",
    "must_change_password",
    "created_at",
    "updated_at",
    "is_active",
)


def profile(connection: Connection, user_id: int) -> dict[str, Any]:
    """The wire's object of `/auth/me`.

    Args:
        connection: of either engine.
        user_id: an active user.
    """
    row = connection.execute(
        select(
            *(getattr(User, name) for name in _PLAIN),
            Team.name.label("team_name"),
            Role.permissions,
            Role.sight,
            Role.fields,
            Role.name_zh,
            Role.name_en,
            rule().label("rule"),
            by_password_alone().label("by_password_alone"),
        )
        .join(Role, Role.key == User.role)
        .outerjoin(Team, Team.id == User.team_id)
        .where(User.id == user_id)
    ).one()
    settings = current_app.config["LIANXI"]
    shown: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    return shown | {
        "language": row.language or settings.default_language,
        "time_zone": row.time_zone or settings.time_zone,
        "team": None if row.team_id is None else {"id": row.team_id, "name": row.team_name},
        "role_name_zh": row.name_zh,
        "role_name_en": row.name_en,
        "sight": row.sight,
        "permissions": sorted(row.permissions),
        "fields": row.fields,
        "can_write": True,
        "needs_second_factor": row.by_password_alone and is_demanded(row.rule, row.permissions),
    }

"""What the people who look after webhooks are told of: a receiver that is gone, and messages that never arrived."""

from __future__ import annotations

from sqlalchemy import select

from ..access import Permission
from ..auth.models import Role, User
from ..database import db
from ..notification.models import NotificationKind
from ..notification.service import note_for
from ..transaction import Unit


def disabled(unit: Unit, webhook_id: int) -> None:
    """Tell that a webhook was disabled, in its sealed unit of work."""
    note_for(_keepers(), NotificationKind.WEBHOOK_DISABLED, unit, "webhook", webhook_id)


def failed(unit: Unit, webhook_id: int) -> None:
    """Tell that one more message is a dead letter, in its sealed unit of work."""
    note_for(_keepers(), NotificationKind.WEBHOOK_FAILED, unit, "webhook", webhook_id)


def _keepers() -> list[int]:
    """Everybody who may change webhooks."""
    roles = db.session.execute(select(Role.key, Role.permissions).where(Role.is_active)).all()
    keys = [key for key, permissions in roles if Permission.SETTING_WRITE in permissions]
    return list(
        db.session.execute(select(User.id).where(User.role.in_(keys), User.is_active).order_by(User.id)).scalars()
    )

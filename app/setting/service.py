"""Use cases of the installation's settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from ..access import Actor
from ..database import db
from ..journal import SETTLE, SetBack
from ..routing import assign
from .models import InstallationSettings

RULED: list[Callable[[InstallationSettings], None]] = []
"""What is told, before it is committed, that a second factor is demanded of others than before; it may refuse."""


def settings(*, locked: bool = False) -> InstallationSettings:
    """The settings of this installation, which are made when it is."""
    query = select(InstallationSettings).order_by(InstallationSettings.id).limit(1)
    return db.session.execute(query.with_for_update() if locked else query).scalar_one()


def edit(_actor: Actor, record: InstallationSettings, values: dict[str, Any]) -> InstallationSettings:
    """Change what is present."""
    before = record.second_factor
    assign(record, values)
    db.session.flush()
    if record.second_factor != before:
        _tell_rule(record)
    return record


def _tell_rule(record: InstallationSettings) -> None:
    for told in RULED:
        told(record)


def _settle(record: InstallationSettings, undone: SetBack) -> None:
    """An undo is held to what an edit is held to; nothing follows from the other settings."""
    if "second_factor" in undone.before:
        _tell_rule(record)


SETTLE["settings"] = _settle

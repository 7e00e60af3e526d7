"""Use cases of the installation's settings."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ..access import Actor
from ..database import db
from ..journal import SETTLE, SetBack
from ..routing import assign
from .models import InstallationSettings


def settings(*, locked: bool = False) -> InstallationSettings:
    """The settings of this installation, which are made when it is."""
    query = select(InstallationSettings).order_by(InstallationSettings.id).limit(1)
    return db.session.execute(query.with_for_update() if locked else query).scalar_one()


def edit(_actor: Actor, record: InstallationSettings, values: dict[str, Any]) -> InstallationSettings:
    """Change what is present."""
    assign(record, values)
    db.session.flush()
    return record


def _settle(_record: InstallationSettings, _undone: SetBack) -> None:
    """Nothing follows from the settings."""


SETTLE["settings"] = _settle

"""`/settings`."""

from __future__ import annotations

from typing import Any

from ..access import Actor, Permission
from ..routing import SIGNED_IN, Routes
from . import service
from .models import InstallationSettings
from .schemas import SETTINGS, SettingsSchema

routes = Routes("setting", __name__)


@routes.endpoint_for(
    "GET", "/settings", permission=SIGNED_IN, answer=SETTINGS, summary="What an admin has decided for everybody"
)
def read_settings(_actor: Actor) -> InstallationSettings:
    """The settings of the installation."""
    return service.settings()


@routes.endpoint_for(
    "PATCH",
    "/settings",
    permission=Permission.SETTING_WRITE,
    load_with=lambda _actor, _id: service.settings(locked=True),
    body=SettingsSchema,
    partial=True,
    answer=SETTINGS,
    summary="Change what holds for everybody",
)
def edit_settings(actor: Actor, settings: InstallationSettings, body: dict[str, Any]) -> InstallationSettings:
    """Change what is present."""
    return service.edit(actor, settings, body)

"""What the settings look like on the wire."""

from __future__ import annotations

from ..listing import ListSpec
from ..schema import Choice, RecordSchema, column
from .models import DuplicateCheck, InstallationSettings, settings_policy


class SettingsSchema(RecordSchema):
    """What an admin decides for everybody."""

    class Meta(RecordSchema.Meta):
        """Columns of `InstallationSettings`."""

        model = InstallationSettings

    id = column(dump_only=True)
    version = column(dump_only=True)
    duplicate_check = Choice(DuplicateCheck)
    updated_at = column(dump_only=True)


SETTINGS = ListSpec(policy=settings_policy, schema=SettingsSchema, plural="settings")

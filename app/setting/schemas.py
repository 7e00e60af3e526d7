"""What the settings look like on the wire."""

from __future__ import annotations

from ..listing import ListSpec
from ..schema import Choice, RecordSchema, Whole, column
from .models import DuplicateCheck, InstallationSettings, settings_policy


class SettingsSchema(RecordSchema):
    """What an admin decides for everybody."""

    class Meta(RecordSchema.Meta):
        """Columns of `InstallationSettings`."""

        model = InstallationSettings

    id = column(dump_only=True)
    version = column(dump_only=True)
    duplicate_check = Choice(DuplicateCheck)
    reveal_quota = Whole(
        low=0,
        high=100_000,
        metadata={"description": "Masked values that everybody may have shown in a day; none with 0."},
    )
    updated_at = column(dump_only=True)


SETTINGS = ListSpec(policy=settings_policy, schema=SettingsSchema, plural="settings")

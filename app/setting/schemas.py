"""What the settings look like on the wire."""

from __future__ import annotations

from ..listing import ListSpec
from ..schema import Choice, RecordSchema, Whole, column
from .models import DuplicateCheck, InstallationSettings, SecondFactorRule, settings_policy


class SettingsSchema(RecordSchema):
    """What an admin decides for everybody."""

    class Meta(RecordSchema.Meta):
        """Columns of `InstallationSettings`."""

        model = InstallationSettings

    id = column(dump_only=True)
    version = column(dump_only=True)
    duplicate_check = Choice(DuplicateCheck)
    recycle_bin_days = Whole(low=1, high=3_650, allow_none=True)
    lead_months = Whole(low=1, high=120, allow_none=True)
    sign_in_event_days = Whole(low=1, high=3_650)
    access_log_days = Whole(low=1, high=3_650)
    reveal_quota = Whole(
        low=0,
        high=100_000,
        metadata={"description": "Masked values that everybody may have shown in a day; none with 0."},
    )
    second_factor = Choice(
        SecondFactorRule,
        metadata={
            "description": "Of whom a second factor is demanded, as far as they sign in by password: of nobody, of who "
            "may change users, of everybody. Who lacks it may do nothing but set it up."
        },
    )
    updated_at = column(dump_only=True)


SETTINGS = ListSpec(policy=settings_policy, schema=SettingsSchema, plural="settings")

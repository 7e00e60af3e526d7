"""The settings of the installation: one record, so that each change of one is journalled and can be undone."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Permission, Policy
from ..record import Record


class DuplicateCheck(StrEnum):
    """What happens to a new customer that resembles another."""

    WARN = "warn"
    BLOCK = "block"
    OFF = "off"


class SecondFactorRule(StrEnum):
    """Of whom a second factor is demanded, as far as they sign in by password."""

    OPTIONAL = "optional"
    ADMINS = "admins"
    EVERYBODY = "everybody"


class InstallationSettings(Record):
    """What an admin decides for everybody. There is one.

    Attributes:
        recycle_bin_days: after so many days what was deleted is purged; null for never.
        lead_months: after so many months without an activity a lead that was given up is anonymised; null for never.
        sign_in_event_days: so long sign-ins are remembered.
        access_log_days: so long it is remembered who opened and exported what.
        reveal_quota: masked values that everybody may have shown in a day.
        second_factor: of whom a second factor is demanded; admins are who may change users.
    """

    __tablename__ = "settings"
    __table_args__ = (
        CheckConstraint("duplicate_check IN ('warn', 'block', 'off')", name="duplicate_check"),
        CheckConstraint("second_factor IN ('optional', 'admins', 'everybody')", name="second_factor"),
        {"sqlite_autoincrement": True},
    )
    resource = "settings"

    duplicate_check: Mapped[str] = mapped_column(String(10), default=DuplicateCheck.WARN)
    recycle_bin_days: Mapped[int | None] = mapped_column(Integer)
    lead_months: Mapped[int | None] = mapped_column(Integer)
    sign_in_event_days: Mapped[int] = mapped_column(Integer, default=365, server_default=text("365"))
    access_log_days: Mapped[int] = mapped_column(Integer, default=365, server_default=text("365"))
    reveal_quota: Mapped[int] = mapped_column(Integer, default=50, server_default=text("50"))
    second_factor: Mapped[str] = mapped_column(
        String(10), default=SecondFactorRule.OPTIONAL, server_default=text("'optional'")
    )


settings_policy = Policy(InstallationSettings, open_to_all=True, write=Permission.SETTING_WRITE)

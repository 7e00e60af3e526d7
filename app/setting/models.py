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


class InstallationSettings(Record):
    """What an admin decides for everybody. There is one.

    Attributes:
        reveal_quota: masked values that everybody may have shown in a day.
    """

    __tablename__ = "settings"
    __table_args__ = (
        CheckConstraint("duplicate_check IN ('warn', 'block', 'off')", name="duplicate_check"),
        {"sqlite_autoincrement": True},
    )
    resource = "settings"

    duplicate_check: Mapped[str] = mapped_column(String(10), default=DuplicateCheck.WARN)
    reveal_quota: Mapped[int] = mapped_column(Integer, default=50, server_default=text("50"))


settings_policy = Policy(InstallationSettings, open_to_all=True, write=Permission.SETTING_WRITE)

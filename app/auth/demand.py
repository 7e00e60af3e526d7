"""Of whom a second factor is demanded, by what is decided for the whole installation.

It is asked for with passwords only: who has none comes on the word of a provider, whose matter it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, ScalarSelect, exists, select

from ..access import Permission
from ..setting.models import InstallationSettings, SecondFactorRule
from .credentials import SecondFactor
from .models import User


def rule() -> ScalarSelect[str]:
    """What is decided, as a column of any statement; null before there are settings."""
    decided = select(InstallationSettings.second_factor).order_by(InstallationSettings.id).limit(1)
    return decided.scalar_subquery()


def by_password_alone() -> ColumnElement[bool]:
    """The condition that a user signs in by password, and nothing else is asked for."""
    confirmed = exists().where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None))
    return User.password_hash.is_not(None) & ~confirmed


def is_demanded(decided: str | None, permissions: Iterable[str]) -> bool:
    """Whether somebody with these permissions has to have one; an admin is who may change users, as for sessions."""
    return decided == SecondFactorRule.EVERYBODY or (
        decided == SecondFactorRule.ADMINS and Permission.USER_WRITE in permissions
    )

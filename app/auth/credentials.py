"""What people prove themselves with besides the password. Of secrets only hashes are kept, or what the vault makes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Document, Model
from ..errors import unique_clash
from ..vault import MOST

API_TOKEN_PREFIX = "lianxi_pat_"  # noqa: S105 - by it scanners find tokens that got into a repository


def new_secret() -> str:
    """256 random bits as text for URLs."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret that has so many random bits that a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class ApiToken(Model):
    """A personal token: a sign-in that lasts until its day, is used as it is, and may do only what its scopes say.

    Attributes:
        hint: its last characters, by which its owner knows it again.
        scopes: permissions.
    """

    __tablename__ = "api_token"

    sign_in_id: Mapped[int] = mapped_column(ForeignKey("sign_in.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(4))
    scopes: Mapped[Any] = mapped_column(Document)


class SecondFactor(Model):
    """What a person's authenticator app shares with us.

    Attributes:
        secret: base32, locked in the vault.
        confirmed_at: when a code of it was shown; null before, when it counts for nothing yet.
        last_step: the half minute of the latest code that was taken: neither that one nor an older one works again.
    """

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(MOST))
    confirmed_at: Mapped[datetime | None] = mapped_column()
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Model):
    """Stands once for a code of the authenticator app, for who has lost it."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    used_at: Mapped[datetime | None] = mapped_column()


class LinkKind(StrEnum):
    """What a link to choose a password is for."""

    RESET = "reset"
    INVITATION = "invitation"


class PasswordLink(Model):
    """A link by which a person chooses a password without knowing one; it works once."""

    __tablename__ = "password_link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()


class LinkedIdentity(Model):
    """Whom a provider of single sign-on means by one of its people.

    Attributes:
        provider: key of the provider, as the configuration names it.
        subject: what the provider calls the person for ever.
        account: what the person knows the account there by: an address or a name.
    """

    __tablename__ = "linked_identity"
    __table_args__ = (
        UniqueConstraint("provider", "subject", name="uq_linked_identity_subject"),
        UniqueConstraint("user_id", "provider", name="uq_linked_identity_user"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    provider: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(255))
    account: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column()
    last_used_at: Mapped[datetime | None] = mapped_column()


class SsoAttempt(Model):
    """Somebody who was sent to a provider and is expected back, once, in the same browser.

    Attributes:
        browser_hash: of the secret in the browser's cookie, from which follows what else the provider was told.
        user_id: who links the identity to the own account; null for a sign-in.
    """

    __tablename__ = "sso_attempt"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    provider: Mapped[str] = mapped_column(String(20))
    return_to: Mapped[str] = mapped_column(String(500))
    is_remembered: Mapped[bool] = mapped_column(Boolean())
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    expires_at: Mapped[datetime] = mapped_column(index=True)


unique_clash("uq_linked_identity_subject", "#/answer", "identity_taken")
unique_clash("uq_linked_identity_user", "#/answer", "identity_taken")

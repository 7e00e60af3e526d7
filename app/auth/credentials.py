"""What people prove themselves with besides the password. Of secrets only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Document, Model

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

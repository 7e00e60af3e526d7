"""Signatures after Standard Webhooks: HMAC-SHA256 over the message's id, the moment of the attempt and the body."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from hmac import digest
from secrets import token_bytes

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A new secret as receivers keep it."""
    return PREFIX + b64encode(token_bytes(_BYTES)).decode()


def headers_of(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """What a message is sent with.

    Args:
        message_id: the same at every attempt.
        at: the moment of this one.
        body: exactly as it is sent.
        secrets: that sign it; several while one takes the place of another.
    """
    stamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_signature(signed, secret) for secret in secrets),
    }


def _signature(signed: bytes, secret: str) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return f"v1,{b64encode(digest(key, signed, sha256)).decode()}"

"""Verify a webhook of Lianxi CRM, with Python's standard library alone.

``verify`` is all that a receiver needs. By itself the program takes a request from files, as a test does::

    python verify.py SECRET headers.json body.bin
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TOLERANCE = 5 * 60
"""Seconds by which a message may be older or newer than one's own clock: what was overheard is worthless later."""


class RefusedError(Exception):
    """The message is not from Lianxi, was altered, or is too old."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float | None = None) -> dict[str, Any]:
    """What a message says, once it is proven to be genuine.

    Keep ``webhook-id`` and skip what you have seen: a message may arrive twice.

    Args:
        secret: as it was shown, ``whsec_...``.
        headers: of the request.
        body: exactly as it arrived, before anything has parsed it.
        now: the present in seconds, for tests.

    Raises:
        RefusedError: answer 400 and do nothing.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id, stamp = found.get("webhook-id", ""), found.get("webhook-timestamp", "")
    if not message_id or not (stamp.isascii() and stamp.isdigit()):
        raise RefusedError("headers are missing")
    if abs((time.time() if now is None else now) - int(stamp)) > TOLERANCE:
        raise RefusedError("too old, or from the future")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.digest(key, b".".join((message_id.encode(), stamp.encode(), body)), hashlib.sha256)
    # Several while the secret is changed; each is compared in a time that tells nothing.
    if not any(_is(expected, signature) for signature in found.get("webhook-signature", "").split()):
        raise RefusedError("no signature fits")
    return dict(json.loads(body))


def _is(expected: bytes, signature: str) -> bool:
    version, _, text = signature.partition(",")
    try:
        return version == "v1" and hmac.compare_digest(expected, base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False


if __name__ == "__main__":
    try:
        told = verify(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3]).read_bytes())
    except RefusedError as refusal:
        sys.exit(f"refused: {refusal}")
    print(told["type"], told["data"]["id"])

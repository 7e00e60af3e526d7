"""The vault: secrets that must be known again, kept so that the database alone tells none of them.

AES-256-GCM with a key that follows from the installation's secret. What is locked opens for the same purpose and the
same keeper only: a row copied to another person opens nothing there. After the installation's secret was changed the
previous one still opens; whoever keeps secrets locks them anew meanwhile (`is_stale`).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

MOST = 200
"""Characters that a secret of up to 100 bytes takes once it is locked."""

_FORM = "v1"
_NONCE = 12


class CannotOpenError(ValueError):
    """What is locked was altered, is somebody else's, or was locked with a secret that is configured no more."""


def lock(plain: str, purpose: str, keeper: int) -> str:
    """What may be stored of a secret.

    Args:
        plain: the secret.
        purpose: what it is for, such as `totp`.
        keeper: id of whose it is.
    """
    key_id, key = next(iter(_keys().items()))
    nonce = urandom(_NONCE)
    sealed = nonce + AESGCM(key).encrypt(nonce, plain.encode(), _bound(purpose, keeper))
    return ".".join((_FORM, key_id, urlsafe_b64encode(sealed).decode()))


def unlock(locked: str, purpose: str, keeper: int) -> str:
    """The secret again.

    Raises:
        CannotOpenError: nobody can read it here.
    """
    try:
        form, key_id, text = locked.split(".")
        key = _keys()[key_id]
        sealed = urlsafe_b64decode(text)
        if form != _FORM:
            raise ValueError(form)
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(purpose, keeper)).decode()
    except (ValueError, KeyError, InvalidTag):
        raise CannotOpenError(f"{purpose} of {keeper} cannot be opened with the secrets that are configured") from None


def is_stale(locked: str) -> bool:
    """Whether a secret is to be locked anew, because the installation's secret was changed meanwhile."""
    return locked.split(".")[1:2] != [next(iter(_keys()))]


def _keys() -> dict[str, bytes]:
    """The keys by their ids: of the present secret first, then of the previous one."""
    settings = current_app.config["LIANXI"]
    return dict(_key_of(secret) for secret in (settings.secret_key, settings.previous_secret_key) if secret)


def _key_of(secret: str) -> tuple[str, bytes]:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"lianxi vault v1").derive(secret.encode())
    return sha256(b"lianxi vault id" + key).hexdigest()[:8], key


def _bound(purpose: str, keeper: int) -> bytes:
    return f"{purpose}:{keeper}".encode()

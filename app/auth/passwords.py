"""Passwords: argon2id hashes, and the rules of what is accepted."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from threading import BoundedSemaphore
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from gevent import get_hub
from gevent.monkey import is_module_patched
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from ..errors import Issue

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_slots = BoundedSemaphore(4)
MAX_LENGTH = 128


@cache
def _common() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])


@cache
def _dummy() -> str:
    return _hasher.hash("nobody has this password")


def _run(work: Any, *args: Any) -> Any:
    """Hash off the event loop: argon2 would otherwise stop every greenlet of a gevent worker."""
    with _slots:
        if is_module_patched("threading"):
            return get_hub().threadpool.apply(work, args)
        return work(*args)


def hash_password(password: str) -> str:
    """The argon2id hash of a password, NFC-normalised, as a PHC string."""
    return str(_run(_hasher.hash, unicodedata.normalize("NFC", password)))


def _fits(stored: str, password: str) -> bool:
    """Whether they fit. gevent writes whatever is raised off the loop to the log, with all that it was called with."""
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def verify_password(stored: str | None, password: str) -> tuple[bool, str | None]:
    """Whether a password fits, and a new hash to store when the parameters have changed since.

    An unknown user or one without a password costs the same time.
    """
    password = unicodedata.normalize("NFC", password)
    if len(password) > MAX_LENGTH * 4:
        password = password[: MAX_LENGTH * 4]
    nobody = _dummy()  # made at the first sign-in of all, so that an unknown name never takes longer than a known one
    if not _run(_fits, stored or nobody, password) or not stored:
        return False, None
    return True, hash_password(password) if _hasher.check_needs_rehash(stored) else None


HOUSE_WORDS: list[Callable[[], list[str | None]]] = []
"""What reads the names of the company; put in by `quote/company_service.py`."""


def personal_words(name: str, email: str | None, phone: str | None) -> list[str | None]:
    """What a password of this person may not consist of, the names of the company included."""
    house = [word for read in HOUSE_WORDS for word in read()]
    return [name, email, email.split("@")[0] if email else None, phone, *house]


def password_faults(
    password: str, minimum: int, personal: Sequence[str | None], pointer: str = "#/password"
) -> list[Issue]:
    """Why a new password is not accepted; empty when it is.

    Args:
        minimum: code points.
        personal: names and addresses that the password may not consist of.
        pointer: where the fault is reported.
    """
    password = unicodedata.normalize("NFC", password)
    if len(password) < minimum:
        return [Issue(pointer, "password_short", {"min": minimum})]
    if len(password) > MAX_LENGTH:
        return [Issue(pointer, "too_long", {"max": MAX_LENGTH})]
    plain = password.casefold()
    own = [word.casefold() for word in personal if word and len(word) > 3] + ["lianxi"]
    stripped = plain.strip("0123456789!@#$%^&*.-_ ")
    unit = plain[: (plain + plain).find(plain, 1)]
    if {plain, unit} & _common() or stripped in own or len(set(plain)) < 4 or len(unit) < 6:
        return [Issue(pointer, "password_common")]
    return []

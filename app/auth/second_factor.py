"""Use cases of the second factor: six digits of an authenticator app (RFC 6238), and codes for who has lost it."""

from __future__ import annotations

import logging
from base64 import b32encode
from datetime import datetime
from hmac import compare_digest
from secrets import token_bytes
from typing import Any

import pyotp
import segno
from flask import current_app
from sqlalchemy import Connection, delete, func, select, update

from .. import vault
from ..access import Actor
from ..database import db, read_engine
from ..errors import Issue, conflict, invalid
from ..setting.models import InstallationSettings
from ..setting.service import RULED
from ..transaction import current_unit, now, unit_of_work
from .credentials import RecoveryCode, SecondFactor, digest
from .demand import by_password_alone, is_demanded, rule
from .models import Role, User, queue_up
from .notices import notify
from .passwords import password_faults
from .stamps import raise_all_stamps, raise_stamps

log = logging.getLogger("lianxi")

ISSUER = "Lianxi CRM"
STEP, DRIFT = 30, 1
"""Seconds that a code is shown for, and how many codes before and after are taken from a clock that goes wrong."""

_PURPOSE = "totp"

RECOVERY_CODES = 10
MIN_PASSWORD_LENGTH = 8
"""Of a password that is not the only thing asked for."""


def state(actor: Actor) -> dict[str, Any]:
    """Whether the caller's second factor is on, since when, and how many recovery codes are left."""
    factor = db.session.get(SecondFactor, actor.user_id)
    left = select(func.count()).where(RecoveryCode.user_id == actor.user_id, RecoveryCode.used_at.is_(None))
    confirmed_at = None if factor is None else factor.confirmed_at
    return {
        "is_on": confirmed_at is not None,
        "is_demanded": _is_demanded(actor.user_id),
        "confirmed_at": confirmed_at,
        "recovery_codes_left": db.session.execute(left).scalar_one(),
    }


def start(actor: Actor) -> dict[str, Any]:
    """A new secret, which counts once a code of it is confirmed.

    Raises:
        Problem: 409, the second factor is on.
    """
    user = _queue(actor.user_id)
    factor = db.session.get(SecondFactor, user.id)
    if factor is not None and factor.confirmed_at is not None:
        raise conflict("totp-is-on")
    secret = pyotp.random_base32()
    locked = vault.lock(secret, _PURPOSE, user.id)
    if factor is None:
        db.session.add(SecondFactor(user_id=user.id, secret=locked))
    else:
        factor.secret = locked
    db.session.flush()
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.email or user.phone or user.name, issuer_name=ISSUER)
    return {"secret": secret, "uri": uri, "qr_svg": segno.make(uri).svg_inline(scale=4, light="#fff")}


def confirm(actor: Actor, code: str) -> dict[str, Any]:
    """Switch the second factor on with a first code; the recovery codes are told this once.

    Raises:
        Problem: 409, it is on already or was not started; 422 for a code that does not fit.
    """
    _queue(actor.user_id)
    factor = db.session.get(SecondFactor, actor.user_id)
    if factor is None:
        raise conflict("totp-is-off")
    if factor.confirmed_at is not None:
        raise conflict("totp-is-on")
    if not _takes(factor, code, now()):
        raise invalid(Issue("#/code", "otp_wrong"))
    factor.confirmed_at = now()
    raise_stamps(actor.user_id)
    notify(actor.user_id, "totp_on")
    log.info("second factor on: user %s", actor.user_id)
    return _new_codes(actor.user_id)


def renew_codes(actor: Actor) -> dict[str, Any]:
    """New recovery codes in the place of all older ones, told this once.

    Raises:
        Problem: 409, the second factor is off.
    """
    _queue(actor.user_id)
    if not is_on(db.session.connection(), actor.user_id):
        raise conflict("totp-is-off")
    return _new_codes(actor.user_id)


def disable_own(actor: Actor, password: str) -> None:
    """Switch the own second factor off.

    Args:
        password: as proved; one that is too short to stand alone is to be changed.

    Raises:
        Problem: 409, it is off, or demanded.
    """
    user = _switch_off(actor.user_id, unless_demanded=True)
    if password_faults(password, current_app.config["LIANXI"].password_min_length, ()):
        user.must_change_password = True


def disable(user_id: int) -> None:
    """Switch the second factor of somebody off who has lost it; where one is demanded another is set up at once.

    Raises:
        Problem: 409, it is off.
    """
    _switch_off(user_id)


def _switch_off(user_id: int, *, unless_demanded: bool = False) -> User:
    """Take the second factor away, with everything that belongs to it."""
    user = _queue(user_id)
    if not is_on(db.session.connection(), user_id):
        raise conflict("totp-is-off")
    if unless_demanded and _is_demanded(user_id):
        raise conflict("totp-is-demanded")
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    db.session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    raise_stamps(user_id)
    notify(user_id, "totp_off")
    log.info("second factor off: user %s", user_id)
    return user


def _is_demanded(user_id: int) -> bool:
    query = select(rule().label("rule"), Role.permissions).join(User, User.role == Role.key)
    return is_demanded(*db.session.execute(query.where(User.id == user_id)).one())


def is_on(connection: Connection, user_id: int) -> bool:
    """Whether a person needs a code to sign in."""
    confirmed = select(SecondFactor.confirmed_at).where(SecondFactor.user_id == user_id)
    return connection.execute(confirmed).scalar() is not None


def accepts(user_id: int, code: str, at: datetime) -> bool:
    """Whether a code fits, of the app or a recovery code; it is used up by that, within the caller's unit of work."""
    factor = db.session.get(SecondFactor, user_id, with_for_update=True, populate_existing=True)
    assert factor is not None
    if _takes(factor, code, at):
        db.session.flush()
        return True
    plain = code.replace("-", "").replace(" ", "").lower()
    used = db.session.connection().execute(
        update(RecoveryCode)
        .where(RecoveryCode.code_hash == digest(plain), RecoveryCode.user_id == user_id)
        .where(RecoveryCode.used_at.is_(None))
        .values(used_at=at)
    )
    return used.rowcount > 0


def lock_anew() -> None:
    """Lock with the installation's present secret what was locked with the previous one."""
    with unit_of_work(source="job"):
        connection = db.session.connection()
        for user_id, locked in connection.execute(select(SecondFactor.user_id, SecondFactor.secret)).all():
            if not vault.is_stale(locked):
                continue
            try:
                again = vault.lock(vault.unlock(locked, _PURPOSE, user_id), _PURPOSE, user_id)
            except vault.CannotOpenError as error:
                log.warning("%s", error)
                continue
            # Who has begun anew meanwhile has another secret by now.
            mine = update(SecondFactor).where(SecondFactor.user_id == user_id, SecondFactor.secret == locked)
            connection.execute(mine.values(secret=again))


def least_length(user_id: int) -> int:
    """How many code points a person's password needs at least."""
    with read_engine().connect() as connection:
        if is_on(connection, user_id):
            return MIN_PASSWORD_LENGTH
    length: int = current_app.config["LIANXI"].password_min_length
    return length


def _takes(factor: SecondFactor, code: str, at: datetime) -> bool:
    """Whether six digits are those of about now, and later than any that was taken before."""
    digits = code.replace(" ", "")
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return False
    try:
        secret = vault.unlock(factor.secret, _PURPOSE, factor.user_id)
    except vault.CannotOpenError as error:
        # A recovery code still signs in, and an admin can switch the second factor off.
        log.warning("no code of an app is taken: %s", error)
        return False
    app, present = pyotp.TOTP(secret, interval=STEP), int(at.timestamp()) // STEP
    for step in range(present - DRIFT, present + DRIFT + 1):
        if step > factor.last_step and compare_digest(app.generate_otp(step), digits):
            factor.last_step = step
            return True
    return False


def _new_codes(user_id: int) -> dict[str, Any]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [b32encode(token_bytes(15)).decode().lower() for _ in range(RECOVERY_CODES)]
    db.session.add_all(RecoveryCode(code_hash=digest(code), user_id=user_id) for code in codes)
    db.session.flush()
    return {"recovery_codes": ["-".join(code[i : i + 4] for i in range(0, len(code), 4)) for code in codes]}


def _queue(user_id: int) -> User:
    """The person's row, locked: what changes the second factor happens one after the other."""
    query = select(User).where(User.id == user_id).with_for_update()
    return db.session.execute(query).scalar_one()


def _follow_rule(settings: InstallationSettings) -> None:
    """Have everybody held to a new rule with the next request; who makes it holds to it already.

    Raises:
        Problem: 409 `own-second-factor-first`.
    """
    query = select(Role.permissions, by_password_alone().label("alone")).join(User, User.role == Role.key)
    maker = db.session.execute(query.where(User.id == current_unit().actor_id)).one_or_none()
    if maker is not None and maker.alone and is_demanded(settings.second_factor, maker.permissions):
        raise conflict("own-second-factor-first")
    queue_up()
    raise_all_stamps()


RULED.append(_follow_rule)

"""What takes effect at once: stamps that make remembered actors stale, and the end of sign-ins."""

from __future__ import annotations

from sqlalchemy import update

from ..database import db
from ..transaction import now
from .models import SignIn, User


def raise_stamps(user_id: int | None = None) -> None:
    """Have every process read a person anew at his or her next request; everybody where a team's place changed.

    The records themselves do not change: their versions stay.
    """
    change = update(User).values(access_stamp=User.access_stamp + 1)
    if user_id is not None:
        change = change.where(User.id == user_id)
    db.session.flush()
    db.session.connection().execute(change)


def end_sign_ins(user_id: int, because: str, *, but: int | None = None) -> None:
    """End the sign-ins of a person: their tokens are dead with the commit.

    Args:
        because: one word, kept with the sign-in.
        but: the sign-in that goes on.
    """
    change = update(SignIn).where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
    if but is not None:
        change = change.where(SignIn.id != but)
    db.session.connection().execute(change.values(revoked_at=now(), revoked_because=because))


def end_sign_in(session_id: int, because: str) -> bool:
    """End one sign-in; whether it was still going on."""
    ended = db.session.connection().execute(
        update(SignIn)
        .where(SignIn.id == session_id, SignIn.revoked_at.is_(None))
        .values(revoked_at=now(), revoked_because=because)
    )
    return ended.rowcount > 0

"""What takes effect at once: stamps that make remembered actors stale, and the end of sign-ins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select, update

from ..access import Sight
from ..database import db
from ..transaction import now
from .credentials import ApiToken
from .identity import teams_below
from .models import Role, SignIn, User


def raise_stamps(*user_ids: int) -> None:
    """Have every process read these people anew at their next request, and their browsers load anew.

    The records themselves do not change: their versions stay.
    """
    db.session.flush()
    change = update(User).where(User.id.in_(user_ids)).values(access_stamp=User.access_stamp + 1)
    db.session.connection().execute(change)


def raise_all_stamps() -> None:
    """As `raise_stamps`, of everybody: where it cannot be told who sees something else than before."""
    raise_stamps(*db.session.execute(select(User.id).where(User.is_active)).scalars())


@contextmanager
def tree_changes() -> Iterator[None]:
    """Raise the stamps of those who see other teams after the block than before it; all others go on undisturbed.

    The writers of users and teams work one after the other (`queue_up`), so nobody changes the tree in between.
    """
    before = _seen_teams()
    yield
    after = _seen_teams()
    raise_stamps(*(user_id for user_id in before | after if before.get(user_id) != after.get(user_id)))


def _seen_teams() -> dict[int, frozenset[int]]:
    db.session.flush()
    looks_down = User.role.in_(select(Role.key).where(Role.sight == Sight.TEAM_BELOW))
    return teams_below(db.session.connection(), User.is_active.is_(True), looks_down)


def end_sign_ins(user_id: int, because: str, *, but: int | None = None, tokens: bool = False) -> None:
    """End the sign-ins of a person: their tokens are dead with the commit.

    Args:
        because: one word, kept with the sign-in.
        but: the sign-in that goes on.
        tokens: whether the personal tokens, by which programs sign in, end too.
    """
    change = update(SignIn).where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
    if not tokens:
        change = change.where(SignIn.id.not_in(select(ApiToken.sign_in_id)))
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

"""Use cases of the list of duplicates: search anew, say that two are none, take that back."""

from __future__ import annotations

from ..access import Actor
from ..job.models import Job
from ..job.service import enqueue
from ..journal import SETTLE, SetBack, act
from ..routing import assign
from ..transaction import now
from .finder import SCAN
from .models import DuplicatePair, PairState


def scan(actor: Actor) -> Job:
    """Have all customers searched through by a job."""
    return enqueue(actor, SCAN, {})


def dismiss(actor: Actor, pair: DuplicatePair) -> DuplicatePair:
    """Two customers are no duplicates: the pair leaves the list and no search brings it back."""
    if pair.state != PairState.NOT_DUPLICATE:
        assign(pair, {"state": PairState.NOT_DUPLICATE, "judged_by": actor.user_id, "judged_at": now()})
        act(pair, "dismissed")
    return pair


def reopen(_actor: Actor, pair: DuplicatePair) -> DuplicatePair:
    """Two customers may be duplicates after all."""
    if pair.state != PairState.OPEN:
        assign(pair, {"state": PairState.OPEN, "judged_by": None, "judged_at": None})
        act(pair, "reopened")
    return pair


def _settle(_pair: DuplicatePair, _undone: SetBack) -> None:
    """Nothing follows from what people say of a pair."""


SETTLE[DuplicatePair.resource] = _settle

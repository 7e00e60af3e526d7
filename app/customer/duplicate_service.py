"""Use cases of the list of duplicates: search anew, say that two are none, take that back."""

from __future__ import annotations

from typing import Any

from ..access import Actor
from ..job.models import Job
from ..job.service import enqueue
from ..journal import SETTLE, SetBack, act
from ..routing import assign
from ..transaction import now
from .finder import Finder
from .models import DuplicatePair, Pair, PairState, PersonPair


def scan(actor: Actor, finder: Finder[Any]) -> Job:
    """Have all records of a kind searched through by a job."""
    return enqueue(actor, finder.scan, {})


def dismiss(actor: Actor, pair: Pair) -> Pair:
    """Two records are no duplicates: the pair leaves the list and no search brings it back."""
    if pair.state != PairState.NOT_DUPLICATE:
        assign(pair, {"state": PairState.NOT_DUPLICATE, "judged_by": actor.user_id, "judged_at": now()})
        act(pair, "dismissed")
    return pair


def reopen(_actor: Actor, pair: Pair) -> Pair:
    """Two records may be duplicates after all."""
    if pair.state != PairState.OPEN:
        assign(pair, {"state": PairState.OPEN, "judged_by": None, "judged_at": None})
        act(pair, "reopened")
    return pair


def _settle(_pair: Pair, _undone: SetBack) -> None:
    """Nothing follows from what people say of a pair."""


for kind in (DuplicatePair, PersonPair):
    SETTLE[kind.resource] = _settle

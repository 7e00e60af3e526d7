"""`/journal`, `/changesets` and undo."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..access import Actor, Permission
from ..job.models import Job
from ..job.routes import accepted
from ..journal import Changeset
from ..routing import SIGNED_IN, Routes
from . import reading
from . import undo as undoing
from .schemas import ChangesetSchema, JournalQuery, JournalSchema, UndoneSchema

routes = Routes("history", __name__)


@routes.endpoint_for(
    "GET",
    "/journal",
    permission=Permission.JOURNAL_READ,
    query=JournalQuery,
    answer=JournalSchema,
    summary="What was changed, newest first",
)
def read_journal(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Entries of records in the caller's sight."""
    return reading.journal(actor, query)


@routes.endpoint_for(
    "GET",
    "/changesets/<int:record_id>",
    permission=SIGNED_IN,
    load_with=undoing.visible,
    answer=ChangesetSchema,
    summary="Read what one request or job changed",
)
def read_changeset(actor: Actor, changeset: Changeset) -> dict[str, Any]:
    """A change set, with those of its entries that the caller may see."""
    return undoing.describe(actor, changeset)


@routes.endpoint_for(
    "POST",
    "/changesets/<int:record_id>/undo",
    permission=SIGNED_IN,
    load_with=undoing.visible,
    answer=UndoneSchema,
    summary="Take a change set back, whole or not at all",
)
def undo_changeset(actor: Actor, changeset: Changeset) -> Response | dict[str, int]:
    """A large one is taken back by a job: `202` with the job."""
    done = undoing.undo(actor, changeset)
    return accepted(done) if isinstance(done, Job) else {"changeset_id": done}

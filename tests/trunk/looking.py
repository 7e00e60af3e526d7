"""Ways to look at what the trunk wrote."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from app.access import Actor
from app.auth.identity import load_actor
from app.auth.models import SignIn
from app.database import db, read_engine
from app.journal import Changeset, JournalEntry, JournalValue

from ..cast import Member


def actor(member: Member) -> Actor:
    """A member of the cast as the policies see him or her now."""
    with read_engine().connect() as connection:
        session_id = connection.execute(select(SignIn.id).where(SignIn.user_id == member.id)).scalars().first()
        assert session_id is not None
        found = load_actor(connection, member.id, session_id)
    assert found is not None
    return found


def entries(resource: str, record_id: int | None = None) -> list[dict[str, Any]]:
    """The journal of a resource or record, oldest first, with its values."""
    query = (
        select(JournalEntry, JournalValue.before, JournalValue.after, Changeset.source, Changeset.entry_count)
        .join(JournalValue, JournalValue.journal_id == JournalEntry.id)
        .join(Changeset, Changeset.id == JournalEntry.changeset_id)
        .where(JournalEntry.resource == resource)
        .order_by(JournalEntry.id)
    )
    if record_id is not None:
        query = query.where(JournalEntry.resource_id == record_id)
    db.session.rollback()
    return [
        {
            "action": entry.action,
            "actor_id": entry.actor_id,
            "version": entry.version,
            "changed": entry.changed,
            "audience": entry.audience,
            "customer_id": entry.customer_id,
            "changeset_id": entry.changeset_id,
            "at": entry.recorded_at,
            "before": before,
            "after": after,
            "source": source,
            "entry_count": entry_count,
        }
        for entry, before, after, source, entry_count in db.session.execute(query)
    ]


def scalar(query: Any) -> Any:
    """One value, read outside of any unit."""
    db.session.rollback()
    return db.session.execute(query).scalar()


def said(answer: TestResponse) -> dict[str, Any]:
    """A refusal's whole document; what differs from request to request is checked and left out."""
    assert answer.mimetype == "application/problem+json", answer.get_data(as_text=True)
    document = dict(answer.get_json())
    assert document["status"] == answer.status_code
    assert document.pop("request_id") == answer.headers["X-Request-ID"]
    assert document.pop("instance") == answer.request.path
    return document


def faults(answer: TestResponse) -> dict[str, str]:
    """A 422's issues: pointer or parameter to code."""
    assert answer.status_code == 422, answer.get_data(as_text=True)
    document = said(answer)
    assert document["type"] == "/problems/invalid"
    found = {issue.get("pointer") or issue["parameter"]: issue["code"] for issue in document["errors"]}
    assert len(found) == len(document["errors"])
    return found

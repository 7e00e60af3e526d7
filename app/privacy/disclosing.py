"""All that is known about one person, as one document: for the person who asks what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from sqlalchemy import inspect, or_, select

from ..access import Actor
from ..attachment.models import Attachment
from ..auth.models import User
from ..customer.models import Customer, CustomerTag, PersonCustomer, Tag
from ..database import KeyText, db
from ..deal.models import DealPerson
from ..exporting.models import Export
from ..history.reading import entries_of
from ..importing.labels import field_label
from ..journal import JournalEntry, act, canonical
from ..listing import SPECS
from ..messages import language, say
from ..record import Record
from ..routing import PREFIX
from ..transaction import now
from .access_log import note_now
from .models import AccessAction, AccessEntry
from .personal import Subject, about, entries_about, records

_HIDDEN = frozenset({"custom_keys", "rank", "headings_key"})


def disclose(actor: Actor, record: Record) -> dict[str, Any]:
    """The document about a person or a private customer; that it was handed out is noted and journalled."""
    subject = about(record)
    told = {
        "subject": {"resource": subject.resource, "id": subject.id, "name": subject.name},
        "generated_at": now(),
        "generated_by": _name_of(actor.user_id),
        "records": {SPECS[name].plural: _rows(name, ids) for name, ids in subject.ids.items()},
        "roles": _roles(subject),
        "history": _history(actor, subject),
        "access": _access(subject),
        "exports": _exports(subject, record),
    }
    act(record, AccessAction.DISCLOSED)
    note_now(actor.user_id, record.resource, record.id, AccessAction.DISCLOSED)
    return told


def _name_of(user_id: int) -> str | None:
    return db.session.execute(select(User.name).where(User.id == user_id)).scalar()


def _rows(resource: str, ids: set[int]) -> list[dict[str, Any]]:
    found = []
    for record in records(resource, ids):
        columns = inspect(type(record)).column_attrs
        values = {
            one.key: canonical(getattr(record, one.key))
            for one in columns
            if one.key not in _HIDDEN and not isinstance(one.columns[0].type, KeyText)
        }
        if isinstance(record, Attachment):
            values["url"] = f"{PREFIX}/attachments/{record.id}/content"
        if isinstance(record, Customer):
            tags = select(Tag.name).join(CustomerTag, CustomerTag.tag_id == Tag.id)
            mine = tags.where(CustomerTag.customer_id == record.id).order_by(Tag.name)
            values["tags"] = list(db.session.execute(mine).scalars())
        found.append({name: value for name, value in values.items() if value not in (None, [], {})})
    return found


def _roles(subject: Subject) -> list[dict[str, Any]]:
    """The parts that people have in deals and at further customers."""
    people = sorted(subject.ids.get("person", ()))
    found: list[dict[str, Any]] = []
    for part, link in ((DealPerson, "deal_id"), (PersonCustomer, "customer_id")):
        table: Any = part.__table__
        query = select(table.c.person_id, table.c[link].label("of"), table.c.role).where(table.c.person_id.in_(people))
        found += [
            {"person_id": row.person_id, link: row.of, "role": row.role}
            for row in db.session.execute(query.order_by(table.c.person_id, table.c[link]))
        ]
    return found


def _history(actor: Actor, subject: Subject) -> list[dict[str, Any]]:
    connection = db.session.connection()
    about = select(JournalEntry.id).where(entries_about(subject.ids)).order_by(JournalEntry.id)
    return entries_of(connection, connection.execute(about).scalars().all(), actor)


def _access(subject: Subject) -> list[dict[str, Any]]:
    entry = AccessEntry
    mine = or_(*((entry.resource == name) & entry.record_id.in_(sorted(ids)) for name, ids in subject.ids.items()))
    query = select(entry.at, User.name, entry.action, entry.resource, entry.record_id)
    query = query.outerjoin(User, User.id == entry.user_id).where(mine).order_by(entry.id)
    return [
        {"at": row.at, "user": row.name, "action": row.action, "resource": row.resource, "record_id": row.record_id}
        for row in db.session.execute(query)
    ]


def _exports(subject: Subject, record: Record) -> list[dict[str, Any]]:
    """The exports that named the person's records, or were of a whole list since there are any."""
    lists = {SPECS[name].plural: ids for name, ids in subject.ids.items()}
    query = select(Export, User.name).outerjoin(User, User.id == Export.created_by)
    query = query.where(Export.exported.in_([*lists, "all"]), Export.created_at >= record.created_at)
    found = []
    for export, name in db.session.execute(query.order_by(Export.id)):
        is_named = export.ids is not None
        if is_named and not lists.get(export.exported, set()) & set(export.ids):
            continue
        found.append(
            {
                "at": export.created_at,
                "user": name,
                "list": export.exported,
                "format": export.format,
                "row_count": export.row_count,
                "is_named": is_named,
            }
        )
    return found


# ---- to be read ------------------------------------------------------------------------------------------------------


def page_of(told: Mapping[str, Any]) -> str:
    """The document as a page of HTML that needs nothing from outside, in the language of whoever asks."""
    tongue, parts = language(), []
    for plural, rows in told["records"].items():
        parts.append(f"<h2>{escape(say(f'privacy.list.{plural}'))} ({len(rows)})</h2>")
        for row in rows:
            cells = "".join(
                f"<tr><th>{escape(field_label(plural, name, tongue))}</th><td>{_cell(value)}</td></tr>"
                for name, value in row.items()
            )
            parts.append(f"<table>{cells}</table>")
    for part in ("roles", "history", "access", "exports"):
        rows = told[part]
        parts.append(f"<h2>{escape(say(f'privacy.part.{part}'))} ({len(rows)})</h2>")
        if rows:
            names = [name for name in rows[0] if name not in ("changeset_id", "version")]
            head = "".join(f"<th>{escape(say(f'privacy.column.{name}'))}</th>" for name in names)
            body = "".join(
                "<tr>" + "".join(f"<td>{_cell(row.get(name))}</td>" for name in names) + "</tr>" for row in rows
            )
            parts.append(f"<table><tr>{head}</tr>{body}</table>")
    title = escape(say("privacy.title", name=told["subject"]["name"]))
    made = escape(say("privacy.made", at=told["generated_at"].isoformat(timespec="minutes"), name=told["generated_by"]))
    style = (
        "body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%;margin:0 0 1rem}"
        "th,td{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
        "th{width:12rem;font-weight:600;background:#f6f6f6}tr>th~th{width:auto}"
    )
    return (
        f'<!doctype html><html lang="{tongue}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{style}</style></head><body><h1>{title}</h1><p>{made}</p>{''.join(parts)}</body></html>"
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "<br>".join(f"{escape(str(name))}: {_cell(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "<br>".join(_cell(one) for one in value)
    if hasattr(value, "isoformat"):
        return escape(value.isoformat(timespec="seconds"))
    return escape(str(value)).replace("\n", "<br>")

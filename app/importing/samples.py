"""A sample file for each resource: its columns are known by their headings, its row can be imported as it stands."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy import select

from ..access import Actor
from ..customer.models import Option
from ..database import db
from ..messages import language, say
from .fields import Field, Kind, fields_for
from .headings import heading_of

_LEFT_OUT = frozenset(
    {
        *("id", "external_id", "first_name", "last_name", "pipeline", "stage", "parent", "person", "deal"),
        *("due_at", "done_at", "team_parent", "manager", "region"),
    }
)
"""What a first file does not need, or what names records that a new house does not have."""


def sample(actor: Actor, resource: str) -> bytes:
    """A CSV with headings in the reader's language and one row below them."""
    cells: list[tuple[str, str]] = []
    for field in fields_for(actor, resource).values():
        heading = heading_of(resource, field.name, language()) if field.name not in _LEFT_OUT else None
        if heading is not None:
            cells.append((heading, _cell(actor, resource, field)))
    file = io.StringIO()
    csv.writer(file).writerows(zip(*cells, strict=True))
    return file.getvalue().encode("utf-8-sig")


def _cell(actor: Actor, resource: str, field: Field) -> str:
    today = datetime.now(UTC).date().isoformat()
    match field.kind:
        case Kind.CHOICE:
            return field.choices[0]
        case Kind.OPTION:
            return _first_option(field.option_list)
        case Kind.DATE:
            return "" if field.name in ("birthday", "closed_on") else today
        case Kind.INSTANT:
            return f"{today} 09:00"
        case Kind.LINK:
            return {"users": actor.name, "customers": say("import.sample.customer")}.get(field.links_to, "")
        case Kind.DECIMAL:
            return "" if field.name in ("quantity", "unit_price") else _NUMBERS.get(field.name, "1000")
        case Kind.TEXT:
            return _text(resource, field.name)
    return ""


_NUMBERS = {"tax_percent": "13"}
_TEXTS = {"phone": "13800138000", "email": "name@example.com", "website": "https://example.com", "code": "A-100"}
_NAMES = {"customers": "customer", "people": "person", "deals": "deal", "products": "product", "users": "person"}


def _text(resource: str, name: str) -> str:
    if name == "name":
        return say(f"import.sample.{_NAMES[resource]}")
    if name == "subject" and resource == "tasks":
        return say("import.sample.task")
    if name == "currency":
        return str(current_app.config["LIANXI"].base_currency)
    if name in ("content", "address.city"):
        return say(f"import.sample.{name.rpartition('.')[2]}")
    return _TEXTS.get(name, "")


def _first_option(name: str) -> str:
    query = select(Option).where(Option.list == name, Option.is_active).order_by(Option.rank, Option.id).limit(1)
    option = db.session.execute(query).scalar_one_or_none()
    if option is None or name in ("lost_reason",):
        return ""
    return option.label_zh if language() == "zh-CN" else option.label_en

"""Use cases of the selling company."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ..access import Actor
from ..auth.passwords import HOUSE_WORDS
from ..database import db, read_engine
from ..errors import Issue, invalid
from ..routing import assign
from .logo import BadLogoError, keep_logo, scan_logo
from .models import Company, SellingEntity

FROZEN = ("name_zh", "name_en", "address", "tax_id", "bank_account", "phone", "email", "logo")
"""What a sent quote keeps of its selling entity."""


def company(*, locked: bool = False) -> Company:
    """The one company of the installation, which is made when the installation is."""
    query = select(Company).order_by(Company.id).limit(1)
    return db.session.execute(query.with_for_update() if locked else query).scalar_one()


def entities() -> list[SellingEntity]:
    """Who may sell, in order."""
    query = select(SellingEntity).where(SellingEntity.is_active)
    return list(db.session.execute(query.order_by(SellingEntity.position, SellingEntity.id)).scalars())


def default_entity() -> SellingEntity | None:
    """Who sells unless somebody else is named."""
    return next((one for one in entities() if one.is_default), None)


def _names() -> list[str | None]:
    """What the company is called, for what a password may not be."""
    with read_engine().connect() as connection:
        found = select(SellingEntity.name_zh, SellingEntity.name_en).where(SellingEntity.is_active)
        return [name for names in connection.execute(found) for name in names]


HOUSE_WORDS.append(_names)


def frozen(entity: SellingEntity) -> dict[str, Any]:
    """An entity as a sent quote keeps it."""
    return {name: getattr(entity, name) for name in FROZEN}


def edit(_actor: Actor, record: Company, values: dict[str, Any]) -> Company:
    """Change what is present; `entities` are replaced whole, those whose `id` is named stay the same.

    The first one is the default unless another one is marked.

    Raises:
        Problem: 422 for unknown ids, entities without any name, several defaults or what is no image.
    """
    sent = values.pop("entities", None)
    assign(record, values)
    if sent is not None:
        _set_entities(record, sent)
    db.session.flush()
    return record


def scan(sent: Any) -> None:
    """Have the logos of a body scanned that nobody has checked yet.

    Raises:
        Problem: 422 and 503 as `scanner.check`.
    """
    rows = sent.get("entities") if isinstance(sent, dict) else None
    for number, one in enumerate(rows if isinstance(rows, list) else ()):
        data = one.get("logo_data") if isinstance(one, dict) else None
        if isinstance(data, str):
            scan_logo(data, f"#/entities/{number}/logo_data")


def _set_entities(record: Company, sent: list[dict[str, Any]]) -> None:
    present = {one.id: one for one in entities()}
    issues: list[Issue] = []
    kept: set[int] = set()
    marked = [number for number, one in enumerate(sent) if one["is_default"]]
    issues += [Issue(f"#/entities/{number}/is_default", "one_default") for number in marked[1:]]
    for number, one in enumerate(sent):
        if one["name_zh"] is None and one["name_en"] is None:
            issues.append(Issue(f"#/entities/{number}/name_zh", "required"))
        entity_id = one.get("id")
        if entity_id is not None and (entity_id not in present or entity_id in kept):
            issues.append(Issue(f"#/entities/{number}/id", "unknown_record"))
        kept.add(entity_id or 0)
        if one.get("logo_data") is not None:
            try:
                one["logo"] = keep_logo(one["logo_data"])
            except BadLogoError as error:
                issues.append(Issue(f"#/entities/{number}/logo_data", str(error)))
        elif "logo_data" in one:
            one["logo"] = None
    if issues:
        raise invalid(*issues)
    for number, one in enumerate(sent):
        row = {name: value for name, value in one.items() if name not in ("id", "logo_data")}
        row |= {"position": number, "is_default": number == (marked[0] if marked else 0)}
        if "id" in one:
            assign(present[one["id"]], row)
        else:
            db.session.add(SellingEntity(company_id=record.id, **row))
    for entity_id in present.keys() - kept:
        assign(present[entity_id], {"is_active": False, "is_default": False})

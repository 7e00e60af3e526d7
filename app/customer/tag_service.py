"""Use cases of tags."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ..access import Actor
from ..database import db
from ..folding import fold
from ..journal import SETTLE, SetBack
from ..routing import assign, remove, restore
from ..transaction import hold
from .models import Customer, CustomerTag, Tag


def create(_actor: Actor, values: dict[str, Any]) -> Tag:
    """A new tag.

    Raises:
        Problem: 409 at `#/name` when the word is a tag already.
    """
    key = fold(values["name"])
    hold_tag(key)
    tag = Tag(**values, name_key=key)
    db.session.add(tag)
    db.session.flush()
    return tag


def edit(_actor: Actor, tag: Tag, values: dict[str, Any]) -> Tag:
    """Rename or recolour a tag; the customers keep it."""
    if "name" in values:
        hold_tag(fold(values["name"]))
    assign(tag, values)
    assign(tag, {"name_key": fold(tag.name)})
    db.session.flush()
    return tag


def hold_tag(key: str) -> None:
    """Have others wait who make a tag of the same word, given by its folded form."""
    hold(f"tag\n{key}")


def _settle(tag: Tag, _undone: SetBack) -> None:
    """Set what follows from a tag's name after an undo; a new tag stays where others have come to use it."""
    assign(tag, {"name_key": fold(tag.name)})
    used = select(CustomerTag.tag_id).join(Customer, Customer.id == CustomerTag.customer_id)
    if not tag.is_active and db.session.execute(used.where(CustomerTag.tag_id == tag.id, Customer.is_active)).first():
        tag.is_active, tag.deleted_at, tag.deleted_by = True, None, None


SETTLE["tag"] = _settle


__all__ = ["create", "edit", "hold_tag", "remove", "restore"]

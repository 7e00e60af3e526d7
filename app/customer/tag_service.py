"""Use cases of tags."""

from __future__ import annotations

from typing import Any

from ..access import Actor
from ..database import db
from ..folding import fold
from ..routing import assign, remove, restore
from .models import Tag


def create(_actor: Actor, values: dict[str, Any]) -> Tag:
    """A new tag.

    Raises:
        Problem: 409 at `#/name` when the word is a tag already.
    """
    tag = Tag(**values, name_key=fold(values["name"]))
    db.session.add(tag)
    db.session.flush()
    return tag


def edit(_actor: Actor, tag: Tag, values: dict[str, Any]) -> Tag:
    """Rename or recolour a tag; the customers keep it."""
    assign(tag, values)
    assign(tag, {"name_key": fold(tag.name)})
    db.session.flush()
    return tag


__all__ = ["create", "edit", "remove", "restore"]

"""Use cases of tags."""

from __future__ import annotations

from typing import Any

from ..access import Actor
from ..database import db
from ..folding import fold
from ..routing import assign, remove, restore
from ..transaction import hold
from .models import Tag


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


__all__ = ["create", "edit", "hold_tag", "remove", "restore"]

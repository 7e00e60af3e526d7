"""The records of one kind that hold some words: found by the index, decided on the records themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, case, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from .. import search_index
from ..access import Actor
from ..database import KeyText, position
from ..grams import is_near_worthy, nearness
from ..listing import ListSpec
from ..projection import MASKED_FIELDS, Projection, Shape
from ..statement import Prepared
from .types import SearchType

MOST = 60
"""So many of a kind are ranked to the end; the database ranks roughly before."""

_NEAR_MOST = 400


@dataclass(frozen=True)
class Hit:
    """A record that was found.

    Attributes:
        record: as its reader sees it, with the fields of its kind alone.
        masked: fields that its reader sees masked.
        mistyped: the word that was not found as it was typed.
        nearness: how alike it is to the nearest word of the record, in parts of 1.
    """

    kind: SearchType
    record: dict[str, Any]
    masked: frozenset[str]
    mistyped: str | None = None
    nearness: float = 1.0


@cache
def _names(kind: SearchType) -> frozenset[str]:
    return frozenset({"id", "updated_at", "custom", MASKED_FIELDS, *kind.fields, *kind.reads})


@cache
def _statement(kind: SearchType, shape: Shape, dialect: str, words: int, form: str) -> tuple[Projection, Prepared]:
    """What reads the hits of one kind.

    Args:
        form: `found` looks at the bound candidates and ranks them, `newest` walks the records, `near` gives the
            candidates back with their words.
    """
    spec = kind.spec
    model: Any = spec.model
    projection = spec.projection(shape, dialect, None, _names(kind))
    asked = [spec.policy.visible(shape), model.is_active, *spec.holding(words, shape)]
    if form != "newest":
        asked.insert(0, spec.among_found())
    column = spec.sort[spec.default_sort.removeprefix("-")]
    newest = (column.desc(), model.id.desc())
    limit = bindparam("limit", type_=Integer())
    order = newest if form != "found" else (*_closest(spec, words), *newest)
    # Ids first: what stands beside them is read for those alone that are shown.
    hits = select(model.id).where(*asked).order_by(*order).limit(limit)
    query = projection.select().add_columns(
        (spec.words_for(shape) if form == "near" else literal_column("NULL")).label("words"),
    )
    query = query.where(search_index.one_of(model.id, hits))
    return projection, Prepared(query.order_by(*order).limit(limit), dialect)


def _closest(spec: ListSpec, words: int) -> list[ColumnElement[Any]]:
    """What is called as it was asked for comes first, then what begins so, has it at a word, or anywhere."""
    if spec.model.title_column is None:
        return []
    title = getattr(spec.model, spec.model.title_column)
    whole = bindparam("whole", type_=KeyText())
    every = [position(title, bindparam(f"q_{number}", type_=KeyText())) > 0 for number in range(words)]
    steps: list[tuple[Any, Any]] = [
        (title == whole, 0),
        (position(title, whole) == 1, 1),
        (position(title, bindparam("word", type_=KeyText())) > 0, 2),
    ]
    for condition in every:
        steps.append((condition, 3))
    return [case(*steps, else_=4)]


def _read(
    connection: Connection, actor: Actor, kind: SearchType, words: Sequence[str], form: str, found: Sequence[int] | None
) -> list[tuple[dict[str, Any], frozenset[str], str]]:
    whole = " ".join(words)
    binds: dict[str, Any] = {
        **actor.binds,
        **{f"q_{number}": word for number, word in enumerate(words)},
        "whole": whole,
        "word": f" {whole}",
        "limit": _NEAR_MOST if form == "near" else MOST,
        "found": found,
    }
    count = 0 if form == "near" else len(words)
    projection, query = _statement(kind, actor.shape, connection.dialect.name, count, form)
    rows = query.rows(connection, binds)
    shown = kind.spec.fill(connection, projection, rows, binds)
    return [
        (record, frozenset(record.pop(MASKED_FIELDS, ())), row[-1] or "")
        for record, row in zip(shown, rows, strict=True)
    ]


def hits(connection: Connection, actor: Actor, kind: SearchType, words: Sequence[str]) -> list[Hit]:
    """The records of a kind that the reader sees and that hold all words where he or she may look, best first."""
    resource = kind.name
    found = search_index.candidates(connection, resource, words)
    if found is not None:
        read = _read(connection, actor, kind, words, "found", found) if found else []
        return [Hit(kind, record, masked) for record, masked, _ in read]
    # The words are common: those that are called so, then the newest that have them.
    read = []
    if kind.spec.model.title_column is not None:
        for whole in (True, False):
            titled = search_index.titled(connection, resource, words, whole=whole)
            if titled:
                read += _read(connection, actor, kind, words, "found", titled)
    read += _read(connection, actor, kind, words, "newest", None)
    known = {record["id"]: Hit(kind, record, masked) for record, masked, _ in reversed(read)}
    return list(known.values())


def near_hits(connection: Connection, actor: Actor, kind: SearchType, words: Sequence[str]) -> list[Hit]:
    """The records of a kind that hold all words if one of them was mistyped, those nearest to it."""
    if kind.spec.model.title_column is None:
        return []
    known: dict[int, Hit] = {}
    for number, word in enumerate(words):
        others = [*words[:number], *words[number + 1 :]]
        if not is_near_worthy(word):
            continue
        found = search_index.near(connection, kind.name, word, others, _NEAR_MOST)
        for record, masked, text in _read(connection, actor, kind, words, "near", found) if found else []:
            alike = max((nearness(word, one) for one in text.split()), default=0.0)
            if alike and all(other in text for other in others):
                known.setdefault(record["id"], Hit(kind, record, masked, word, alike))
    return list(known.values())

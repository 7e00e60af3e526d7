"""What every record has: identity, version, origin, soft deletion. The journal watches these classes."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    event,
    exists,
    inspect,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Mapper, declared_attr, mapped_column

from .database import Model


class Record(Model):
    """A row that people change: versioned, journalled, pushed live, deleted softly.

    Attributes:
        resource: singular name in the journal, in events and in links.
        unjournalled: columns that never reach the journal: secrets, and keys that follow from other columns.
        merged_columns: documents that are merged by key: two people may change two keys of one of them.
        derived_columns: columns computed from others: journalled, but no conflict and never undone.
        placing_columns: where it lies among others, which may have made room for one another since: no conflict when
            its creation is taken back.
        search_columns: key columns that the search index is made of; none where lists alone are searched, row by row.
        title_column: key column of what the record is called, for records that are searched by it above all.
        shares_as: the field under which who else may see it is journalled.
    """

    __abstract__ = True

    resource: ClassVar[str]
    unjournalled: ClassVar[frozenset[str]] = frozenset()
    merged_columns: ClassVar[frozenset[str]] = frozenset()
    derived_columns: ClassVar[frozenset[str]] = frozenset()
    placing_columns: ClassVar[frozenset[str]] = frozenset()
    search_columns: ClassVar[tuple[str, ...]] = ()
    title_column: ClassVar[str | None] = None
    shares_as: ClassVar[str] = "collaborators"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column()
    created_by: Mapped[int | None] = mapped_column()
    updated_at: Mapped[datetime] = mapped_column()
    is_active: Mapped[bool] = mapped_column(Boolean(), default=True)
    deleted_at: Mapped[datetime | None] = mapped_column()
    deleted_by: Mapped[int | None] = mapped_column()
    external_source: Mapped[str | None] = mapped_column(String(50))
    external_id: Mapped[str | None] = mapped_column(String(200))

    __table_args__: Any = ({"sqlite_autoincrement": True},)

    def __init__(self, **values: Any) -> None:
        """A new record: what is not named and has no default is null."""
        blanks, names = _columns(type(self))
        if not values.keys() <= names:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values.keys() - names)}")
        # Beside the attributes' own setters: nothing of it is stored, so there is no old value to be noted.
        self.__dict__.update(blanks, **values)


@cache
def _columns(model: type[Record]) -> tuple[dict[str, None], frozenset[str]]:
    """The columns of a model that are null where nothing is said, and all of them."""
    columns = {attribute.key: attribute.columns[0] for attribute in inspect(model).column_attrs}
    has_own = {name for name, one in columns.items() if one.primary_key or one.default or one.server_default}
    return dict.fromkeys(columns.keys() - has_own), frozenset(columns)


@event.listens_for(Record, "instrument_class", propagate=True)
def _origin_index(_mapper: Mapper[Any], cls: type[Record]) -> None:
    """One record per origin: `external_source` + `external_id`, deleted ones included, so that they can be named."""
    table = cls.__dict__.get("__table__")
    if table is not None:
        Index(f"uq_{table.name}_origin", table.c.external_source, table.c.external_id, unique=True)


class Erasure(Model):
    """That a record was erased: what it said of a person is gone for good, the record itself stays as a tombstone.

    Attributes:
        is_purged: it lay in the recycle bin, where it is no more.
    """

    __tablename__ = "erasure"

    resource: Mapped[str] = mapped_column(String(20), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    erased_at: Mapped[datetime] = mapped_column()
    erased_by: Mapped[int | None] = mapped_column()
    is_purged: Mapped[bool] = mapped_column(Boolean(), default=False)


def is_purged(model: Any) -> ColumnElement[bool]:
    """Whether a row was taken out of the recycle bin for good."""
    here = (Erasure.resource == model.resource, Erasure.record_id == model.id, Erasure.is_purged)
    return exists(select(Erasure.record_id).where(*here).correlate(model))


class Mergeable(Record):
    """A record that can be merged into another one of its kind, which then stands for it.

    Attributes:
        merged_into_id: the record that everything attached went to; never one that was merged itself.
    """

    __abstract__ = True

    @declared_attr
    def merged_into_id(cls) -> Mapped[int | None]:  # noqa: N805
        """The survivor's id; null for what was never merged."""
        name = f"fk_{cls.__tablename__}_merged_into_id"
        return mapped_column(ForeignKey(f"{cls.__tablename__}.id", name=name))


@event.listens_for(Mergeable, "instrument_class", propagate=True)
def _merged_index(_mapper: Mapper[Any], cls: type[Mergeable]) -> None:
    """Whom a record stands for is asked wherever its id is."""
    table = cls.__dict__.get("__table__")
    if table is not None:
        merged = text("merged_into_id IS NOT NULL")
        Index(f"ix_{table.name}_merged", table.c.merged_into_id, sqlite_where=merged, postgresql_where=merged)


class Collaborator(Model):
    """Who else may read or write a record besides its owner: a person or a team. Journalled as its `shares_as`."""

    __tablename__ = "collaborator"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name="one_party"),
        CheckConstraint("access IN ('read', 'write')", name="access"),
        Index("ix_collaborator_record", "resource", "record_id"),
        Index("ix_collaborator_user", "user_id", "resource", sqlite_where=text("user_id IS NOT NULL")),
        Index("ix_collaborator_team", "team_id", "resource", sqlite_where=text("team_id IS NOT NULL")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(String(20))
    record_id: Mapped[int] = mapped_column()
    user_id: Mapped[int | None] = mapped_column()
    team_id: Mapped[int | None] = mapped_column()
    access: Mapped[str] = mapped_column(String(5))

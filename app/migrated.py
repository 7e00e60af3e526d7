"""How the database stands to this program: migrated by it, by an older one, or by a newer one that only added.

A migration that only adds to what there is says `expands = True`. Programs from before it go on working on what it has
made, so that the servers of an installation can be replaced one after another; any other migration ends them. The
database keeps which migration a program must know at least.
"""

from __future__ import annotations

from enum import StrEnum

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import upgrade
from sqlalchemy import Connection, ForeignKeyConstraint, delete, insert, select
from sqlalchemy.schema import SchemaItem

from .database import Base, read_engine
from .errors import Problem
from .journal import Setting

OLDEST_PROGRAM = "oldest_program"
"""Under this name the database keeps the migration that a program must know at least to work on it."""


class Standing(StrEnum):
    """How the database stands to this program."""

    LEVEL = "level"
    BEHIND = "behind"
    AHEAD = "ahead"
    BEYOND = "beyond"


def standing() -> Standing:
    """Whether it is level, waits for migrations, was only added to by a newer program, or is beyond this one."""
    script = ScriptDirectory(str(current_app.config["MIGRATIONS"]))
    with read_engine().connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        if present == script.get_current_head():
            return Standing.LEVEL
        known = {one.revision for one in script.walk_revisions()}
        if present is None or present in known:
            return Standing.BEHIND
        oldest = connection.execute(select(Setting.value).where(Setting.name == OLDEST_PROGRAM)).scalar()
    return Standing.AHEAD if oldest in known else Standing.BEYOND


def migrate() -> None:
    """Bring the database up to this program; one that a newer program has only added to is left as it is.

    Raises:
        Problem: 503, a newer one has changed it.
    """
    # Where a key is given, nothing has been put into the data folder yet, and SQLite makes none.
    current_app.config["LIANXI"].data_dir.mkdir(parents=True, exist_ok=True)
    found = standing()
    if found is Standing.BEYOND:
        raise Problem(503, "database-beyond")
    if found is Standing.BEHIND:
        upgrade()


def compared(item: SchemaItem, name: str | None, kind: str, _reflected: bool, _compare_to: SchemaItem | None) -> bool:
    """Whether Alembic is to compare a part of the database with the models.

    Tables that they do not know are not, nor are keys to partitions: PostgreSQL keeps one for each beside the key to
    the whole table, and partitions that point at each other have theirs themselves.
    """
    if isinstance(item, ForeignKeyConstraint):
        target = item.elements[0].target_fullname.rpartition(".")[0]
        return target in Base.metadata.tables and not (_is_in_partitions(item.table.name) and _is_in_partitions(target))
    return kind != "table" or name in Base.metadata.tables


def _is_in_partitions(table: str) -> bool:
    return bool(Base.metadata.tables[table].dialect_options["postgresql"]["partition_by"])


def note_oldest(connection: Connection, revision: str) -> None:
    """Keep which migration a program must know from now on."""
    connection.execute(delete(Setting).where(Setting.name == OLDEST_PROGRAM))
    connection.execute(insert(Setting).values(name=OLDEST_PROGRAM, value=revision))


__all__ = ["OLDEST_PROGRAM", "Standing", "compared", "migrate", "note_oldest", "standing"]

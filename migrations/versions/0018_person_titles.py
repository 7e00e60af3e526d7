"""People are found by their title and department; what is written is sorted into the index in larger parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types
from app.folding import search_key
from app.grams import Grams
from app.search_index import Pieces, follow

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_AT_ONCE = 2_000


def upgrade() -> None:
    """Forward: what the search reads of the people that there are gets the two texts, and its pieces follow."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        # A list as long as PostgreSQL has it costs a search some milliseconds, and halves what an import waits for.
        op.execute("ALTER INDEX ix_search_entry_pieces RESET (gin_pending_list_limit)")
    keys = ("search_key", "reach_key", "name_key")
    person = sa.table(
        "person",
        *(sa.column(name) for name in ("id", "title", "department")),
        *(sa.column(name, types.KeyText()) for name in keys),
    )
    entry = sa.table("search_entry", sa.column("resource"), sa.column("record_id"), sa.column("pieces", Pieces()))
    change = sa.update(person).where(person.c.id == sa.bindparam("of_id"))
    change = change.values(search_key=sa.bindparam("key", type_=types.KeyText()))
    learn = sa.update(entry).where(entry.c.resource == "person", entry.c.record_id == sa.bindparam("of_id"))
    learn = learn.values(pieces=sa.bindparam("found", type_=Pieces()))
    grams, last = Grams("person"), 0
    while True:
        rows = connection.execute(
            sa.select(person)
            .where(person.c.id > last, sa.or_(person.c.title.is_not(None), person.c.department.is_not(None)))
            .order_by(person.c.id)
            .limit(_AT_ONCE)
        ).all()
        if not rows:
            break
        last = rows[-1].id
        values = []
        for row in rows:
            lines = dict.fromkeys([*row.search_key.split("\n"), *search_key([row.title, row.department]).split("\n")])
            key = "\n".join(line for line in lines if line)
            pieces = grams.of_record([key, row.reach_key], row.name_key)
            values.append({"of_id": row.id, "key": key, "found": pieces})
        connection.execute(change, values)
        connection.execute(learn, values)
    if last:
        follow(connection)


def downgrade() -> None:
    """Back: what is found by more than is asked for stays until the person is changed."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX ix_search_entry_pieces SET (gin_pending_list_limit = 256)")

"""Migrations run up, down and up again on both databases, and leave what the models say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text

from app import create_app, search_index, vault
from app.auth.credentials import SecondFactor
from app.auth.models import Role, User
from app.customer.models import Customer, Person
from app.database import Base, db
from app.folding import search_key
from app.history.sealing import seal_journal
from app.history.verification import verify
from app.installation import seed
from app.migrated import compared
from app.routing import CRM
from app.transaction import unit_of_work
from config import settings_from

from ..conftest import make_database


@pytest.fixture
def empty(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[CRM]:
    """An application over a database without any table."""
    url = make_database(request.getfixturevalue("postgres_url"), "migrated") if database == "postgresql" else ""
    app = create_app(settings_from({"DATA_DIR": str(tmp_path), "DATABASE_URL": url, "RATELIMIT_ENABLED": "0"}))
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def tables() -> set[str]:
    with db.engines[None].connect() as connection:
        # SQLite's index for the search and its shadows belong to the table `search_entry`, partitions to their table.
        is_part = "SELECT relname FROM pg_class WHERE relispartition"
        parts = connection.execute(text(is_part)).scalars() if connection.dialect.name == "postgresql" else ()
        found = {name for name in inspect(connection).get_table_names() if not name.startswith("search_index")}
        return found - set(parts)


def test_up_down_up(empty: CRM) -> None:
    expected = set(Base.metadata.tables) | {"alembic_version"}
    upgrade()
    assert tables() == expected
    seed()
    downgrade(revision="base")
    assert tables() == {"alembic_version"}
    upgrade()
    assert tables() == expected
    seed()
    assert db.session.execute(select(Role.key)).scalars().all()


def test_a_second_upgrade_changes_nothing(empty: CRM) -> None:
    upgrade()
    seed()
    upgrade()
    seed()
    rows = "SELECT count(*) FROM role", "SELECT count(*) FROM option WHERE list = 'source'"
    assert [db.session.execute(text(query)).scalar() for query in rows] == [4, 8]


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
def test_the_tables_are_the_models(empty: CRM) -> None:
    upgrade()
    with db.engines[None].connect() as connection:
        if connection.dialect.name == "postgresql":
            options = {"compare_type": True, "compare_server_default": False, "include_object": compared}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, Base.metadata) == []
        found = inspect(connection)
        for name, table in Base.metadata.tables.items():
            columns = {column["name"]: column["nullable"] for column in found.get_columns(name)}
            assert columns == {column.name: column.nullable for column in table.columns}, name
            indexes = {index["name"]: bool(index["unique"]) for index in found.get_indexes(name)}
            wanted = {str(index.name): index.unique for index in table.indexes}
            assert wanted.items() <= indexes.items(), name
            if name == "journal_value" and connection.dialect.name == "postgresql":
                # Each partition points at that of its entries.
                (key,) = found.get_foreign_keys("journal_value_first")
                assert (key["constrained_columns"], key["referred_table"]) == (["journal_id"], "journal_first")
                continue
            foreign = {
                tuple(key["constrained_columns"]): key["referred_table"]
                for key in found.get_foreign_keys(name)
                if key["referred_table"] in Base.metadata.tables  # and no partition
            }
            assert foreign == {
                tuple(constraint.column_keys): constraint.referred_table.name
                for constraint in table.foreign_key_constraints
            }, name


def test_ids_are_never_given_out_again(empty: CRM) -> None:
    """A record's id is its identity for ever: on SQLite every such table counts on by itself."""
    upgrade()
    with db.engines[None].connect() as connection:
        if connection.dialect.name != "sqlite":
            return
        made: dict[str, str] = dict(
            connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
        )
    for name, table in Base.metadata.tables.items():
        keys = [column.name for column in table.primary_key.columns]
        if keys == ["id"]:
            assert "AUTOINCREMENT" in made[name], name


def test_entries_from_before_are_proven(empty: CRM) -> None:
    upgrade()
    seed()
    downgrade(revision="0020")
    upgrade()
    assert seal_journal() > 0
    assert (verify().faults, verify().unsealed) == ([], 0)


def test_people_from_before_are_found_by_title_and_department(empty: CRM) -> None:
    upgrade()
    with unit_of_work():
        keys = {"name_key": "acme", "sort_key": "acme", "search_key": "acme", "reach_key": ""}
        customer = Customer(kind="company", name="Acme", status="lead", **keys)
        db.session.add(customer)
        db.session.flush()
        titles = [("Wu Li", "采购总监", None), ("Ann", None, "Legal"), ("Bob", None, None)]
        for name, title, department in titles:
            keys = {"name_key": name.lower(), "sort_key": name.lower(), "search_key": search_key([name])}
            who = Person(customer_id=customer.id, name=name, title=title, department=department, **keys)
            who.emails, who.phones, who.reach_key = [], [], "77"
            db.session.add(who)
    downgrade(revision="0018")
    downgrade()
    upgrade()
    db.session.expire_all()
    people = db.session.execute(select(Person).order_by(Person.id)).scalars().all()
    assert [one.search_key for one in people] == [search_key(list(texts)) for texts in titles]
    with db.engines[None].begin() as connection:
        assert search_index.check(connection) == []
        for word, one in (("cgzj", people[0]), ("legal", people[1])):
            assert search_index.candidates(connection, "person", [word]) == [one.id]


def test_secrets_of_apps_are_locked(empty: CRM) -> None:
    upgrade()
    seed()
    with unit_of_work():
        user = User(name="Ann", name_key="ann", email="ann@example.com", email_key="ann@example.com", role="admin")
        db.session.add(user)
        db.session.flush()
        user_id = user.id
    plain = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    with unit_of_work():
        db.session.add(SecondFactor(user_id=user_id, secret=vault.lock(plain, "totp", user_id), last_step=7))

    def stored() -> tuple[str, int]:
        with db.engines[None].connect() as connection:
            secret, step = connection.execute(text("SELECT secret, last_step FROM second_factor")).one()
            return secret, step

    downgrade(revision="0023")
    assert stored() == (plain, 7)
    upgrade()
    locked, step = stored()
    assert step == 7
    assert plain not in locked
    assert vault.unlock(locked, "totp", user_id) == plain

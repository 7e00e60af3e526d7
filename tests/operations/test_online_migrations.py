"""Servers of an older version go on while a newer one migrates, where it only adds; what was ended half-way goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from threading import Event, Thread

import pytest
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text

from app import create_app
from app.database import db
from app.health import checks
from app.installation import seed
from app.journal import Setting
from app.messages import catalogue
from app.migrated import OLDEST_PROGRAM, Standing, standing
from app.routing import CRM
from config import ROOT, settings_from

from ..cast import Cast, raise_the_curtain
from ..conftest import make_database

ADDS = """
    expands = True

    def upgrade():
        op.add_column("tag", sa.Column("shade", sa.String(20), nullable=True))

    def downgrade():
        with op.batch_alter_table("tag") as batch:
            batch.drop_column("shade")
    """
FILLS = """
    from migrations.online import in_batches

    expands = True
    _NEXT = "UPDATE tag SET shade = 'dark' WHERE id IN (SELECT id FROM tag WHERE shade IS NULL LIMIT 10)"

    _FAILS = (
        "CASE name WHEN 'stops' THEN CAST(abs(id - id + CAST('-9223372036854775808' AS bigint)) AS varchar)"
        " ELSE 'dark' END"
    )

    def upgrade():
        connection = op.get_bind()
        if connection.execute(sa.text("SELECT count(*) FROM tag WHERE name = 'stops'")).scalar():
            # The 41st row ends what is done in its batch, and not what was done before.
            in_batches(_NEXT.replace("'dark'", _FAILS))
        else:
            in_batches(_NEXT)

    def downgrade():
        pass
    """
INDEXES = """
    from migrations.online import add_index

    expands = True

    def upgrade():
        add_index("ix_tag_shade", "tag", ["shade"])

    def downgrade():
        op.drop_index("ix_tag_shade", "tag")
    """
ENDS = """
    def upgrade():
        op.execute("UPDATE tag SET shade = 'none' WHERE shade IS NULL")

    def downgrade():
        pass
    """
NEWER = {"9001": ADDS, "9002": FILLS, "9003": INDEXES, "9004": ENDS}


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """The migrations of a version to come."""
    folder = tmp_path / "migrations"
    shutil.copytree(ROOT / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = ScriptDirectory(str(folder)).get_current_head()
    for revision, body in NEWER.items():
        head = f'"""One to come."""\nimport sqlalchemy as sa\nfrom alembic import op\nrevision = "{revision}"\n'
        (folder / "versions" / f"{revision}.py").write_text(f'{head}down_revision = "{before}"\n{dedent(body)}')
        before = revision
    return folder


@pytest.fixture
def older(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[CRM]:
    """The present version, which is about to be the older one, at work."""
    url = make_database(request.getfixturevalue("postgres_url"), "rolled") if database == "postgresql" else ""
    app = create_app(settings_from({"DATA_DIR": str(tmp_path), "DATABASE_URL": url, "RATELIMIT_ENABLED": "0"}))
    with app.app_context():
        upgrade()
        seed()
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@contextmanager
def newer(app: CRM, migrations: Path) -> Iterator[None]:
    """The version to come, which has these migrations."""
    before, app.config["MIGRATIONS"] = app.config["MIGRATIONS"], migrations
    try:
        yield
    finally:
        app.config["MIGRATIONS"] = before


def make_tags(app: CRM, count: int, *further: str) -> Cast:
    cast = raise_the_curtain(app)
    for name in (*(f"tag {number}" for number in range(count)), *further):
        cast.root.made("/tags", {"name": name})
    return cast


def kept(query: str) -> object:
    with db.engines[None].connect() as connection:
        return connection.execute(text(query)).scalar()


def oldest() -> object:
    with db.engines[None].connect() as connection:
        return connection.execute(select(Setting.value).where(Setting.name == OLDEST_PROGRAM)).scalar()


def test_the_older_version_works_on_while_the_newer_one_adds(older: CRM, migrations: Path) -> None:
    cast, ended = make_tags(older, 35), Event()
    seen: set[int] = set()

    def look() -> None:
        while not ended.is_set():
            seen.add(cast.root.get("/tags").status_code)

    looking = Thread(target=look)
    looking.start()
    try:
        with newer(older, migrations):
            upgrade(directory=str(migrations), revision="9003")
            assert kept("SELECT count(*) FROM tag WHERE shade = 'dark'") == 35
    finally:
        ended.set()
        looking.join()
    assert seen == {200}
    assert standing() is Standing.AHEAD
    assert checks()["migrations"] == "ok"
    assert older.test_cli_runner().invoke(args=["prepare"]).exit_code == 0, "it may even be started anew"


def test_what_was_ended_half_way_is_gone_on_with(older: CRM, migrations: Path, database: str) -> None:
    make_tags(older, 40, "stops")
    with newer(older, migrations):
        with pytest.raises(Exception, match=r"out of range|overflow"):
            upgrade(directory=str(migrations), revision="9004")
        if database == "postgresql":
            assert kept("SELECT count(*) FROM tag WHERE shade = 'dark'") == 40, "batches stay"
        with db.engines[None].begin() as connection:
            connection.execute(text("UPDATE tag SET name = 'goes' WHERE name = 'stops'"))
        upgrade(directory=str(migrations), revision="9004")
        assert kept("SELECT count(*) FROM tag WHERE shade IS NULL") == 0
        assert standing() is Standing.LEVEL


def test_a_start_makes_the_data_folder(tmp_path: Path) -> None:
    """With a key of one's own nothing else has made it before."""
    env = {"DATA_DIR": str(tmp_path / "not" / "there"), "SECRET_KEY": "given from outside, and long enough: 0123456789"}
    app = create_app(settings_from(env))
    prepared = app.test_cli_runner().invoke(args=["prepare"])
    assert prepared.exit_code == 0, prepared.output
    with app.app_context():
        assert standing() is Standing.LEVEL
        for engine in db.engines.values():
            engine.dispose()


def test_a_version_that_is_left_behind_says_so(older: CRM, migrations: Path) -> None:
    make_tags(older, 1)
    with newer(older, migrations):
        upgrade(directory=str(migrations), revision="9004")
        assert oldest() == "9004"
    assert standing() is Standing.BEYOND
    assert checks()["migrations"] == "down"
    refused = older.test_cli_runner().invoke(args=["prepare"])
    assert refused.exit_code == 1
    for language in ("en", "zh-CN"):
        assert catalogue(language)["problem.database-beyond.detail"] in refused.output
    with newer(older, migrations):
        downgrade(directory=str(migrations), revision="9003")
        assert oldest() == "9003"
        downgrade(directory=str(migrations), revision=ScriptDirectory(str(ROOT / "migrations")).get_current_head())
    assert standing() is Standing.LEVEL

"""On PostgreSQL the journal has a partition for each month: nothing is lost at a turn of one, or by its absence."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import DBAPIError

from app import append_only, create_app
from app.database import db, read_engine
from app.history import months
from app.history.months import begin_month
from app.history.reading import entries_of
from app.history.sealing import seal_journal
from app.history.verification import verify
from app.installation import seed
from app.job.chores import CHORES
from app.journal import END, PARTITION_IDS, FeedEntry, Position, feed_end, feed_start, read_feed
from app.operation.databases import source_of
from app.routing import CRM
from app.transaction import seal, unit_of_work
from config import settings_from

from ..cast import PASSWORD, Cast, raise_the_curtain
from ..conftest import make_database
from ..trunk.conftest import a_tag
from ..trunk.looking import actor

DECEMBER, JANUARY, FEBRUARY = (datetime(*month, 3, tzinfo=UTC) for month in ((2026, 12), (2027, 1), (2027, 2)))


@contextmanager
def an_application(folder: Path, url: str) -> Iterator[CRM]:
    app = create_app(settings_from({"DATA_DIR": str(folder), "DATABASE_URL": url, "RATELIMIT_ENABLED": "0"}))
    app.testing = True
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@contextmanager
def an_installation(folder: Path, url: str) -> Iterator[CRM]:
    """One of its own: partitions stay where they are made."""
    with an_application(folder, url) as app:
        upgrade()
        seed()
        yield app


@pytest.fixture
def by_months(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[CRM]:
    """An installation on either database."""
    url = make_database(request.getfixturevalue("postgres_url"), "months") if database == "postgresql" else ""
    with an_installation(tmp_path, url) as app:
        yield app


@pytest.fixture
def on_postgresql(postgres_url: str, tmp_path: Path) -> Iterator[CRM]:
    """One where there are partitions; SQLite keeps one table."""
    with an_installation(tmp_path, make_database(postgres_url, "months")) as app:
        yield app


@pytest.fixture
def people(by_months: CRM) -> Cast:
    """The cast in that installation."""
    return raise_the_curtain(by_months)


def asked(query: str, **binds: Any) -> list[Any]:
    with db.engines[None].connect() as connection:
        return list(connection.execute(text(query), binds).all())


def write(name: str) -> None:
    with unit_of_work(source="job"):
        db.session.add(a_tag(name))


def partitions(table: str = "journal") -> list[str]:
    rows = asked(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = CAST(:table AS regclass)",
        table=table,
    )
    return sorted(name for (name,) in rows)


def counts(table: str = "journal") -> dict[str, int]:
    """Entries, or values, by the partition that they are in."""
    return dict(asked(f"SELECT tableoid::regclass::text, count(*) FROM {table} GROUP BY 1"))  # noqa: S608 - ours


def whole_feed() -> list[FeedEntry]:
    with read_engine().connect() as connection:
        return read_feed(connection, feed_start(connection), 10_000)


def plan(query: str, *, is_run: bool = False) -> str:
    with read_engine().connect() as connection:
        word = "EXPLAIN ANALYZE" if is_run else "EXPLAIN"
        return "\n".join(line for (line,) in connection.execute(text(f"{word} {query}")))


# ---- the turn of a month ---------------------------------------------------------------------------------------------


def test_on_both_databases_the_chore_does_no_harm(by_months: CRM) -> None:
    write("before")
    every, chore = CHORES["journal months"]
    assert every.total_seconds() == 3_600
    chore()
    chore()
    write("after")
    assert verify().faults == []
    names = [row.name for row in asked("SELECT name FROM tag ORDER BY id")]
    assert names == ["before", "after"]
    ids = [row.id for row in asked("SELECT id FROM journal WHERE resource = 'tag' ORDER BY id")]
    assert (ids[1] - ids[0] > 1) == (db.engine.dialect.name == "postgresql")


def test_entries_go_to_the_partition_of_their_month(on_postgresql: CRM) -> None:
    first = counts().get("journal_first", 0)
    write("from before")
    assert counts() == {"journal_first": first + 1}
    for moment in (DECEMBER, JANUARY):
        begin_month(moment)
        write(f"one of {moment:%B}")
        write(f"another of {moment:%B}")
    found = {"journal_first": first + 1, "journal_2026_12": 2, "journal_2027_01": 2}
    assert counts() == found
    assert counts("journal_value") == {name.replace("journal", "journal_value"): many for name, many in found.items()}
    ids = [row.id for row in asked("SELECT id FROM journal WHERE resource = 'tag' ORDER BY id")]
    assert ids[1:] == [PARTITION_IDS, PARTITION_IDS + 1, 2 * PARTITION_IDS, 2 * PARTITION_IDS + 1]
    assert 12 * 1_000 * PARTITION_IDS < 2**53, "a browser reads them exactly for a thousand years"


def test_many_entries_at_once_go_there_too(on_postgresql: CRM) -> None:
    begin_month(DECEMBER)
    with unit_of_work(source="job"):
        db.session.add_all([a_tag(f"tag {number}") for number in range(50)])
    assert counts()["journal_2026_12"] == counts("journal_value")["journal_value_2026_12"] == 50
    assert verify().faults == []


def test_a_month_begins_once(on_postgresql: CRM) -> None:
    for _ in range(3):
        begin_month(DECEMBER)
        write(f"tag {_}")
    assert partitions() == ["journal_2026_12", "journal_first"]
    begin_month(DECEMBER.replace(day=31))
    write("last")
    ids = [row.id for row in asked("SELECT id FROM journal WHERE resource = 'tag' ORDER BY id")]
    assert ids == list(range(PARTITION_IDS, PARTITION_IDS + 4)), "the numbering has not moved again"


def test_two_workers_and_many_writers_at_a_turn_of_the_month(on_postgresql: CRM) -> None:
    app, begun, ended = on_postgresql, threading.Barrier(6, timeout=60), threading.Event()

    def work() -> None:
        with app.app_context():
            begun.wait()
            for moment in (DECEMBER, JANUARY, FEBRUARY):
                begin_month(moment)

    def go_on(name: str) -> int:
        written = 0
        with app.app_context():
            begun.wait()
            while not ended.is_set() or written < 5:
                write(f"{name} {written}")
                written += 1
        return written

    before = len(whole_feed())
    with ThreadPoolExecutor(6) as pool:
        working = [pool.submit(work) for _ in range(2)]
        writing = [pool.submit(go_on, f"writer {number}") for number in range(4)]
        try:
            for one in working:
                one.result(120)
        finally:
            ended.set()
        written = sum(one.result(60) for one in writing)
    for moment in (DECEMBER, JANUARY, FEBRUARY):
        begin_month(moment)  # what had to give way to the writers
    assert partitions() == ["journal_2026_12", "journal_2027_01", "journal_2027_02", "journal_first"]
    assert len(whole_feed()) == before + written
    assert asked("SELECT count(DISTINCT id), count(*) FROM journal") == [(before + written, before + written)]
    seal_journal()
    assert (verify().faults, verify().unsealed) == ([], 0)


def test_without_a_worker_entries_go_on_where_they_are(on_postgresql: CRM) -> None:
    begin_month(DECEMBER)
    write("in time")
    for number in range(5):
        write(f"months later {number}")
    assert counts()["journal_2026_12"] == 6
    begin_month(datetime(2027, 9, 1, tzinfo=UTC))
    write("back")
    assert counts()["journal_2027_09"] == 1
    assert partitions() == ["journal_2026_12", "journal_2027_09", "journal_first"], "none for months without anything"


def test_one_that_was_ended_before_it_moved_goes_on(on_postgresql: CRM) -> None:
    """Made and not yet in use: the next round moves there, and further ones only behind it."""
    with unit_of_work(source="job"):
        months._make(months._alone(), "2026_12")
    write("still in the first")
    assert "journal_2026_12" not in counts()
    begin_month(JANUARY)
    write("one step")
    assert counts()["journal_2026_12"] == 1
    begin_month(JANUARY)
    write("and another")
    assert counts()["journal_2027_01"] == 1
    begin_month(JANUARY)
    write("and no more")
    assert counts()["journal_2027_01"] == 2


def test_a_new_partition_gives_way_to_those_who_write(on_postgresql: CRM) -> None:
    app, written, go_on = on_postgresql, threading.Event(), threading.Event()

    def slow() -> None:
        with app.app_context(), unit_of_work(source="job") as unit:
            db.session.add(a_tag("slow"))
            seal(unit)
            written.set()
            assert go_on.wait(60)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow)
        try:
            assert written.wait(20)
            begin_month(DECEMBER)
            assert partitions() == ["journal_first"]
        finally:
            go_on.set()
        running.result(20)
    write("nobody was harmed")
    begin_month(DECEMBER)
    assert partitions() == ["journal_2026_12", "journal_first"]


# ---- what is read ----------------------------------------------------------------------------------------------------


def test_the_feed_misses_nothing_of_what_began_before_and_commits_after(on_postgresql: CRM) -> None:
    """The last of the old month commits when others have written in the new one, and stands before them."""
    app, written, go_on = on_postgresql, threading.Event(), threading.Event()
    begin_month(DECEMBER)
    write("december")
    with unit_of_work(source="job"):
        months._make(months._alone(), "2027_01")

    def slow() -> None:
        with app.app_context(), unit_of_work(source="job") as unit:
            db.session.add(a_tag("slow"))
            seal(unit)
            written.set()
            assert go_on.wait(60)

    with read_engine().connect() as connection:
        start = feed_end(connection)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow)
        try:
            assert written.wait(20)
            begin_month(JANUARY)
            write("january")
            with read_engine().connect() as connection:
                assert read_feed(connection, start, 10) == []
                held = feed_end(connection)
            assert held.entry_id // PARTITION_IDS == 2, "it is of the new month, and what is to come is of the old one"
        finally:
            go_on.set()
        running.result(20)
    with read_engine().connect() as connection:
        found = read_feed(connection, start, 10)
        assert found == read_feed(connection, held, 10)
        assert read_feed(connection, found[0].position, 10) == found[1:]
        assert read_feed(connection, feed_end(connection), 10) == []
    assert [one.position.entry_id // PARTITION_IDS for one in found] == [1, 2]


def test_a_reader_from_long_ago_reads_all_months(on_postgresql: CRM) -> None:
    start = whole_feed()[-1].position
    for moment in (DECEMBER, JANUARY, FEBRUARY):
        begin_month(moment)
        write(f"{moment:%B}")
    with read_engine().connect() as connection:
        found = read_feed(connection, start, 100)
        # As cursors and webhooks have it from before there were partitions.
        assert read_feed(connection, Position(start.xact, END), 100) == found
        one_by_one = start
        for entry in found:
            assert read_feed(connection, one_by_one, 1) == [entry]
            one_by_one = entry.position
    assert [one.position.entry_id // PARTITION_IDS for one in found] == [1, 2, 3]


def test_seals_and_erasures_hold_across_months(people: Cast) -> None:
    customer = people.alice.made("/customers", {"name": "Acme", "kind": "company"})
    person = people.alice.made("/people", {"customer_id": customer["id"], "name": "Li Wei", "description": "private"})
    path = f"/people/{person['id']}"
    for moment in (DECEMBER, JANUARY):
        begin_month(moment)
        assert people.alice.patch(path, {"description": f"private {moment:%B}"}).status_code == 200
        seal_journal()
    assert (verify().faults, verify().unsealed) == ([], 0)
    begin_month(FEBRUARY)
    erased = people.root.post(f"{path}/erase", {"reason": "asked for", "password": PASSWORD})
    assert erased.status_code == 200, erased.get_data(as_text=True)
    assert erased.get_json()["erased"]["journal"] == 3, "of three months"
    assert not [row for row in asked("SELECT before, after FROM journal_value") if "private" in str(tuple(row))]
    seal_journal()
    found = verify()
    assert (found.faults, found.unsealed, found.erased) == ([], 0, 3)


def test_one_history_of_many_months(people: Cast) -> None:
    record = people.alice.made("/customers", {"name": "Acme"})
    path = f"/customers/{record['id']}"
    made = []
    for moment in (DECEMBER, JANUARY, FEBRUARY):
        begin_month(moment)
        changed = people.alice.patch(path, {"description": f"{moment:%B}"})
        assert changed.status_code == 200
        made.append(int(changed.headers["X-Changeset-Id"]))
    names: list[str | None] = []
    cursor: str | None = None
    while cursor is not None or not names:
        query = {"resource": "customer", "id": record["id"], "per_page": 2} | ({"cursor": cursor} if cursor else {})
        page = people.alice.get("/journal", query_string=query).json
        assert page is not None
        names += [one["changes"].get("description", {}).get("after") for one in page["data"]]
        cursor = page["meta"]["next_cursor"]
    assert names == ["February", "January", "December", None]
    timeline = people.alice.get(f"{path}/timeline").json
    assert timeline is not None
    assert [one["change"]["action"] for one in timeline["data"]] == ["updated"] * 3 + ["created"]
    assert people.alice.get(f"/changesets/{made[1]}").json["entries"][0]["changes"]["description"] == {  # type: ignore[index]
        "before": "December",
        "after": "January",
    }
    undone = people.alice.post(f"/changesets/{made[2]}/undo")
    assert undone.status_code == 200, undone.get_data(as_text=True)
    assert people.alice.get(path).json["description"] == "January"  # type: ignore[index]


def test_partitions_are_passed_over(on_postgresql: CRM) -> None:
    for number in range(12):
        begin_month(datetime(2026 + number // 12, 1 + number % 12, 1, tzinfo=UTC))
        write(f"month {number}")
    looked_up = plan(f"SELECT * FROM journal WHERE id = {5 * PARTITION_IDS}")  # noqa: S608 - a number
    assert set(re.findall(r" on (journal_\w+)", looked_up)) == {"journal_2026_05"}
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, binds: Any, *_rest: Any) -> None:
        statements.append((statement, binds))

    with read_engine().connect() as connection:
        end = feed_end(connection)
        event.listen(read_engine(), "before_cursor_execute", note)
        try:
            read_feed(connection, end, 10)
        finally:
            event.remove(read_engine(), "before_cursor_execute", note)
        statement, binds = statements[-1]
        raw = connection.connection.cursor()
        raw.execute(f"EXPLAIN {statement}", binds)
        read = "\n".join(line for (line,) in raw.fetchall())
    assert set(re.findall(r" on (journal_[\d_]*\d) ", read)) == {"journal_2026_11", "journal_2026_12"}, read


def test_the_newest_page_opens_the_last_partition_only(on_postgresql: CRM) -> None:
    people = raise_the_curtain(on_postgresql)
    for number in range(6):
        begin_month(datetime(2027, 1 + number, 1, tzinfo=UTC))
        write(f"month {number}")
    found = plan("SELECT id FROM journal ORDER BY id DESC LIMIT 1", is_run=True)
    assert "Sort" not in found, "partitions stand in the order of their ids"
    assert found.count("never executed") == 6, found
    with read_engine().connect() as connection:
        last = asked("SELECT id FROM journal ORDER BY id DESC LIMIT 3")
        shown = entries_of(connection, [row.id for row in last], actor(people.root))
    assert [one["id"] for one in shown] == [row.id for row in last]


# ---- what is kept ----------------------------------------------------------------------------------------------------


def test_no_partition_is_changed_or_emptied(on_postgresql: CRM) -> None:
    begin_month(DECEMBER)
    write("kept")
    parts = [*partitions(), *partitions("journal_value")]
    assert len(parts) == 4
    for table in ("journal", "journal_value", *parts):
        key = "journal_id" if "value" in table else "id"
        for statement in (
            f"TRUNCATE {table} CASCADE",
            f"DELETE FROM {table}",  # noqa: S608 - our own tables
            f"UPDATE {table} SET {key} = {key} + 1",  # noqa: S608 - as above
        ):
            with pytest.raises(DBAPIError, match="append-only"), db.engines[None].begin() as connection:
                connection.execute(text(statement))
    with db.engines[None].begin() as connection, append_only.set_aside(connection):
        connection.execute(text("TRUNCATE journal, journal_value CASCADE"))
    assert counts() == counts("journal_value") == {}
    with pytest.raises(DBAPIError, match="append-only"), db.engines[None].begin() as connection:
        connection.execute(text("TRUNCATE journal_2026_12 CASCADE"))


def test_values_are_of_entries_that_there_are(on_postgresql: CRM) -> None:
    begin_month(DECEMBER)
    for journal_id in (7_000_000, PARTITION_IDS + 7):
        with pytest.raises(DBAPIError, match="fk_journal_value_journal_id"), db.engines[None].begin() as connection:
            connection.execute(text(f"INSERT INTO journal_value VALUES ({journal_id}, '{{}}', '{{}}', NULL)"))  # noqa: S608


def test_an_old_month_is_put_away_and_brought_back(on_postgresql: CRM) -> None:
    """As the handbook says."""
    people = raise_the_curtain(on_postgresql)
    begin_month(DECEMBER)
    write("december")
    begin_month(JANUARY)
    customer = people.alice.made("/customers", {"name": "Acme", "kind": "company"})
    person = people.alice.made("/people", {"customer_id": customer["id"], "name": "Li Wei", "description": "private"})
    seal_journal()
    begin_month(FEBRUARY)
    erased = people.root.post(f"/people/{person['id']}/erase", {"reason": "asked for", "password": PASSWORD})
    assert erased.status_code == 200
    whole = whole_feed()

    def change(word: str, month: str, tail: str = "", *, values_first: bool = True) -> None:
        tables = ("journal_value", "journal") if values_first else ("journal", "journal_value")
        with db.engines[None].begin() as connection:
            for table in tables:
                connection.execute(text(f"ALTER TABLE {table} {word} PARTITION {table}_{month} {tail}"))

    change("DETACH", "2026_12")
    assert [one.position for one in whole_feed()] == [
        one.position for one in whole if one.position.entry_id != PARTITION_IDS
    ]
    assert verify().faults == [f"entry {PARTITION_IDS}: is missing; seal 1 holds it"]
    begin_month(DECEMBER)
    begin_month(datetime(2027, 3, 1, tzinfo=UTC))
    write("march")
    with pytest.raises(DBAPIError, match="journal_erasure"):
        change("DETACH", "2027_01")
    bounds = f"FOR VALUES FROM ({PARTITION_IDS}) TO ({2 * PARTITION_IDS})"
    change("ATTACH", "2026_12", bounds, values_first=False)
    assert [one.position for one in whole_feed()][:-1] == [one.position for one in whole]
    assert verify().faults == []
    with pytest.raises(DBAPIError, match="append-only"), db.engines[None].begin() as connection:
        connection.execute(text("DELETE FROM journal_2026_12"))


def test_the_models_are_what_is_there(on_postgresql: CRM) -> None:
    begin_month(DECEMBER)
    with pytest.warns(Warning, match="xid8"):
        check()


def test_a_dump_holds_the_partitions(on_postgresql: CRM, postgres_url: str, tmp_path: Path) -> None:
    for moment in (DECEMBER, JANUARY):
        begin_month(moment)
        write(f"{moment:%B}")
    seal_journal()
    settings = on_postgresql.config["LIANXI"]
    rows, _ = source_of(settings.database_url).dump(tmp_path / "dump", lambda _count: None)
    assert rows["journal"] == rows["journal_value"] == sum(counts().values())
    assert not [name for name in rows if name.startswith("journal_2") or name.endswith("_first")]
    before, were = [one.position for one in whole_feed()], counts()
    url = make_database(postgres_url, "months_again")
    target = source_of(url)
    target.load(tmp_path / "dump", lambda _count: None)
    target.settle()
    assert target.rows() == rows
    db.session.remove()
    with an_application(tmp_path / "again", url):
        assert counts() == were
        assert [one.position for one in whole_feed()] == before
        write("and on")
        assert counts()["journal_2027_01"] == were["journal_2027_01"] + 1
        begin_month(FEBRUARY)
        write("and further")
        assert counts()["journal_2027_02"] == 1
        check_guard = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'journal%never_emptied'"
        assert asked(check_guard)[0][0] == len([*partitions(), *partitions("journal_value")]) + 4


# ---- migrations ------------------------------------------------------------------------------------------------------


def rows_of(table: str) -> list[Any]:
    columns = "id, CAST(xact AS text), changeset_id, recorded_at, action, digest" if table == "journal" else "*"
    return asked(f"SELECT {columns} FROM {table} ORDER BY 1")  # noqa: S608 - our own tables


def into_one_table() -> None:
    """As before the journal was in partitions; but what this program asks of later migrations is there."""
    downgrade(revision="0028")
    if "second_factor" not in {column["name"] for column in inspect(db.engines[None]).get_columns("settings")}:
        later = "ALTER TABLE settings ADD COLUMN second_factor VARCHAR(10) DEFAULT 'optional' NOT NULL"
        with db.engines[None].begin() as connection:
            connection.execute(text(later))


def files_of(*relations: str) -> list[int]:
    return [asked("SELECT pg_relation_filenode(CAST(:name AS regclass))", name=name)[0][0] for name in relations]


def test_what_there_is_becomes_the_first_partition_and_one_table_again(by_months: CRM) -> None:
    into_one_table()
    is_pg = db.engine.dialect.name == "postgresql"
    cast = raise_the_curtain(by_months)
    record = cast.alice.made("/customers", {"name": "Acme", "description": "before"})
    seal_journal()
    write("not sealed")
    before = {table: rows_of(table) for table in ("journal", "journal_value")}
    tables = ["journal", "pk_journal", "ix_journal_feed", "ix_journal_record", "journal_value", "pk_journal_value"]
    files = files_of(*tables) if is_pg else []
    upgrade(revision="0029")
    assert {table: rows_of(table) for table in before} == before
    if is_pg:
        firsts = ["journal_first", "pk_journal_first", "ix_journal_first_feed", "ix_journal_first_record"]
        assert files_of(*firsts, "journal_value_first", "pk_journal_value_first") == files, "nothing was written anew"
        indexes = (
            "SELECT count(*) FROM pg_inherits WHERE inhrelid IN (SELECT indexrelid FROM pg_index WHERE indrelid = "
        )
        assert asked(f"{indexes}CAST('journal_first' AS regclass))")[0][0] == 5, "and every index is part of one"
    assert verify().faults == []
    for moment in (DECEMBER, JANUARY):
        begin_month(moment)
        assert cast.alice.patch(f"/customers/{record['id']}", {"description": f"{moment}"}).status_code == 200
    seal_journal()
    grown = {table: rows_of(table) for table in before}
    assert len(grown["journal"]) == len(before["journal"]) + 2
    cursor = whole_feed()[-1].position
    into_one_table()
    assert {table: rows_of(table) for table in before} == grown
    if is_pg:
        assert asked("SELECT count(*) FROM pg_class WHERE relispartition") == [(0,)]
    assert (verify().faults, verify().unsealed) == ([], 0)
    write("in one table")
    with read_engine().connect() as connection:
        (found,) = read_feed(connection, cursor, 10)
    assert found.position.entry_id > cursor.entry_id
    for table in ("journal", "journal_value"):
        with pytest.raises(DBAPIError, match="append-only"), db.engines[None].begin() as connection:
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - our own tables
    upgrade(revision="0029")
    begin_month(FEBRUARY)
    write("and in partitions again")
    seal_journal()
    assert (verify().faults, verify().unsealed) == ([], 0)
    if is_pg:
        assert counts()["journal_2027_02"] == 1
        ids = [one.position.entry_id for one in whole_feed()]
        assert ids[-1] == 3 * PARTITION_IDS, "no id is given out twice"


def test_people_go_on_while_it_is_migrated(by_months: CRM) -> None:
    """A program from before it, too: it reads and writes by the same names."""
    into_one_table()
    cast, ended, seen = raise_the_curtain(by_months), threading.Event(), set[int]()

    def go_on() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            seen.add(cast.alice.post("/customers", {"name": f"customer {number}"}).status_code)
            seen.add(cast.alice.get("/journal").status_code)

    writing = threading.Thread(target=go_on)
    writing.start()
    try:
        upgrade(revision="0029")
        begin_month(DECEMBER)
    finally:
        ended.set()
        writing.join(60)
    assert seen == {200, 201}
    seal_journal()
    assert (verify().faults, verify().unsealed) == ([], 0)

"""The feed of the journal: whoever reads it in pages while others write gets every entry once, in order."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from sqlalchemy import select

from app.customer.models import Tag
from app.database import db, read_engine
from app.folding import fold
from app.journal import END, JournalEntry, Position, feed_end, feed_start, read_feed
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast
from .conftest import a_tag
from .looking import actor

WRITERS, UNITS, PAGE = 6, 25, 7


class _LostError(Exception):
    """Rolls back on purpose."""


def _write(app: CRM, seed: int) -> None:
    dice = random.Random(seed)
    # SQLite's writers queue for one lock: a short sleep inside it is enough to let readers in.
    longest = 0.002 if db.engine.dialect.name == "sqlite" else 0.02
    mine: list[int] = []
    for number in range(UNITS):
        made: list[Tag] = []
        with suppress(_LostError), unit_of_work(source="job"):
            if mine and dice.random() < 0.5:
                tag = db.session.get(Tag, dice.choice(mine))
                assert tag is not None
                tag.colour = f"{seed}-{number}"
            made = [a_tag(f"{seed}-{number}-{one}") for one in range(dice.randint(1, 3))]
            db.session.add_all(made)
            db.session.flush()
            time.sleep(dice.random() * longest)
            with suppress(_LostError), db.session.begin_nested():
                db.session.add(a_tag(f"{seed}-{number}-nested"))
                db.session.flush()
                if dice.random() < 0.5:
                    raise _LostError
            if dice.random() < 0.3:
                raise _LostError
            time.sleep(dice.random() * longest)
            mine += [tag.id for tag in made]


def test_nothing_is_missed_and_nothing_comes_twice(app: CRM) -> None:
    with read_engine().connect() as connection:
        start = feed_end(connection)
    done = threading.Event()
    seen: list[tuple[Position, int, int]] = []
    pages: list[int] = []

    def read() -> None:
        dice, position = random.Random(1), start
        with app.app_context():
            while True:
                finished = done.is_set()
                with read_engine().connect() as connection:
                    entries = read_feed(connection, position, PAGE)
                pages.append(len(entries))
                if entries:
                    position = entries[-1].position
                    seen.extend((entry.position, entry.resource_id, entry.version) for entry in entries)
                elif finished:
                    return
                if dice.random() < 0.3:
                    time.sleep(dice.random() * 0.01)

    def write(seed: int) -> None:
        with app.app_context():
            _write(app, seed)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(write, range(WRITERS)))
    finally:
        done.set()
        reader.join(60)
    assert not reader.is_alive()
    of_tags = select(JournalEntry.id).where(JournalEntry.resource == "tag")
    committed = db.session.execute(of_tags).scalars().all()
    assert len(committed) > WRITERS * UNITS
    assert max(pages) == PAGE
    assert sorted(position.entry_id for position, _, _ in seen) == sorted(committed)
    assert [position for position, _, _ in seen] == sorted(position for position, _, _ in seen)
    versions: dict[int, list[int]] = defaultdict(list)
    for _, record_id, version in seen:
        versions[record_id].append(version)
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    # What was rolled back is in neither.
    stored = set(db.session.execute(select(Tag.id)).scalars())
    assert versions.keys() == stored


def test_an_open_writer_holds_the_feed_back(app: CRM) -> None:
    """The entry with the lower number may commit last: it must not be passed over."""
    if db.engine.dialect.name == "sqlite":
        return  # nobody else can write meanwhile
    with read_engine().connect() as connection:
        start = feed_end(connection)
    flushed, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with app.app_context(), unit_of_work():
            db.session.add(a_tag("slow"))
            db.session.flush()
            flushed.set()
            assert go_on.wait(20)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow)
        assert flushed.wait(20)
        with unit_of_work():
            db.session.add(a_tag("fast"))
        with read_engine().connect() as connection:
            assert read_feed(connection, start, 10) == []
            held = feed_end(connection)
        go_on.set()
        running.result(20)
    with read_engine().connect() as connection:
        found = read_feed(connection, start, 10)
        assert found == read_feed(connection, held, 10)
        assert {entry.changed[-1] for entry in found} == {"name"}
        assert len(found) == 2
        assert read_feed(connection, feed_end(connection), 10) == []


def test_start_and_end(app: CRM) -> None:
    with unit_of_work():
        db.session.add_all([a_tag("a"), a_tag("b")])
    with read_engine().connect() as connection:
        everything = read_feed(connection, Position(0, 0), 1_000)
        assert read_feed(connection, feed_start(connection), 1_000) == everything
        assert feed_end(connection) >= everything[-1].position
        assert read_feed(connection, everything[-1].position, 10) == []
        assert read_feed(connection, everything[-2].position, 10) == everything[-1:]
        assert read_feed(connection, Position(2**62, END), 10) == []
    last = everything[-1]
    assert (last.action, last.resource, last.version, last.entry_count) == ("created", "tag", 1, 2)
    assert last.changed == ["is_active", "name"]
    assert last.audience == ["everyone"]


def test_the_feed_of_one_reader(cast: Cast) -> None:
    with read_engine().connect() as connection:
        start = feed_end(connection)
    cast.alice.made("/customers", {"name": "alice's"})
    cast.mallory.made("/customers", {"name": "mallory's"})
    cast.root.made("/customers", {"name": "pool", "owner_id": None})
    cast.root.made("/tags", {"name": fold("all")})

    def seen(rooms: set[str]) -> list[tuple[str, int]]:
        with read_engine().connect() as connection:
            return [(one.resource, one.resource_id) for one in read_feed(connection, start, 100, rooms)]

    pool, tag = ("customer", 3), ("tag", 1)
    assert seen(actor(cast.alice).rooms()) == [("customer", 1), pool, tag]
    assert seen(actor(cast.bob).rooms()) == [pool, tag]
    assert seen(actor(cast.carol).rooms()) == [("customer", 1), pool, tag]
    assert seen(actor(cast.mallory).rooms()) == [("customer", 2), pool, tag]
    assert seen(actor(cast.vera).rooms()) == [("customer", 1), ("customer", 2), pool, tag]
    assert seen({"nobody"}) == seen(set()) == []
    assert seen({"user:1' OR '1'='1"}) == []

"""The search index says what the records say, whatever was done to them."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import delete, update

from app import search_index
from app.customer.models import Customer
from app.database import db, read_engine
from app.routing import CRM
from app.search_index import SearchEntry
from app.transaction import unit_of_work

from ..cast import Cast
from ..trunk.lists import ids


def differences() -> list[tuple[str, int]]:
    with db.engines[None].begin() as connection:
        return search_index.check(connection)


def test_the_index_follows_what_is_done(cast: Cast) -> None:
    chance = random.Random(5)
    made: list[tuple[str, int]] = []
    for step in range(60):
        word = "".join(chance.choices("张三李四abc", k=3))
        kind = chance.choice(("create", "create", "edit", "delete", "refused"))
        if kind == "create" or not made:
            customer = cast.alice.made("/customers", {"name": word, "phone": f"13800000{step:03d}"})["id"]
            made.append(("/customers", customer))
            made.append(("/people", cast.alice.made("/people", {"name": word, "customer_id": customer})["id"]))
            made.append(("/deals", cast.alice.made("/deals", {"name": word, "customer_id": customer})["id"]))
            contact = {"customer_id": customer, "kind": "note", "content": word}
            made.append(("/contacts", cast.alice.made("/contacts", contact)["id"]))
        elif kind == "edit":
            path, record_id = chance.choice(made)
            name = "content" if path == "/contacts" else "name"
            cast.alice.patch(f"{path}/{record_id}", {name: f"{word} {step}"})
        elif kind == "delete":
            path, record_id = chance.choice(made)
            cast.alice.delete(f"{path}/{record_id}")
        else:
            assert cast.alice.post("/customers", {"name": word, "email": "no address"}).status_code == 422
    assert differences() == []


def test_a_rolled_back_change_leaves_the_index_alone(cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Before"})["id"]

    def fail() -> None:
        with unit_of_work():
            record = db.session.get(Customer, customer)
            assert record is not None
            record.search_key = "after"
            db.session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert differences() == []
    with unit_of_work():
        record = db.session.get(Customer, customer)
        assert record is not None
        nested = db.session.begin_nested()
        record.search_key = "after"
        db.session.flush()
        nested.rollback()
    assert differences() == []
    assert ids(cast.alice, "/customers", q="before") == [customer]


def test_the_check_finds_what_is_wrong_and_rebuilding_mends_it(app: CRM, cast: Cast) -> None:
    made = [cast.alice.made("/customers", {"name": name})["id"] for name in ("One", "Two", "Three")]
    with db.engines[None].begin() as connection:
        connection.execute(update(Customer).where(Customer.id == made[0]).values(search_key="other"))
        connection.execute(delete(SearchEntry).where(SearchEntry.record_id == made[1]))
        connection.execute(update(SearchEntry).where(SearchEntry.record_id == made[2]).values(record_id=999))
        search_index.follow(connection)
    assert differences() == [("customer", one) for one in (*made, 999)]
    runner = app.test_cli_runner()
    checked = runner.invoke(args=["search", "check"])
    assert checked.exit_code == 1
    assert "customer 999" in checked.output
    assert runner.invoke(args=["search", "rebuild"]).output.strip() == "3"
    assert runner.invoke(args=["search", "check"]).exit_code == 0
    assert ids(cast.alice, "/customers", q="other") == [made[0]]


def test_records_written_past_the_session_are_indexed_by_name(cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Slow"})["id"]
    with db.engines[None].begin() as connection:
        connection.execute(update(Customer).where(Customer.id == customer).values(search_key="quick"))
        search_index.index_records(connection, Customer, [customer])
    assert differences() == []
    assert ids(cast.alice, "/customers", q="quick") == [customer]


def test_common_words_are_found_without_the_index(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "MOST", 3)
    made = [cast.alice.made("/customers", {"name": f"Common {number}"})["id"] for number in range(6)]
    exact = cast.alice.made("/customers", {"name": "Common"})["id"]
    made.append(exact)
    cast.alice.made("/customers", {"name": "Rare"})
    assert ids(cast.alice, "/customers", q="common", sort="id") == made
    with read_engine().connect() as connection:
        assert search_index.candidates(connection, "customer", ["common"]) is None
    found = cast.alice.get("/search?q=common").get_json()["data"]
    assert found[0]["id"] == exact
    assert sorted(one["id"] for one in found) == made

"""Rows that are made together become what single creates would have made of them, and stay apart where they must."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from app import append_only, search_index
from app.customer.models import Customer, CustomerTag, Tag
from app.database import db
from app.importing import run
from app.journal import JournalEntry, JournalValue
from app.routing import CRM
from app.search_index import SearchEntry

from ..cast import Cast
from .sending import change, counts, result, upload

HEAD = "Company name,Phone,Email,City,Tags,Owner,Industry,Employees,Annual revenue,Status\n"
ROWS = (
    HEAD + "杭州云帆科技有限公司,13800138000,a@one.example,杭州,VIP;new,Alice,software,12,1200.50,prospect\n"
    "Müller & Söhne GmbH,+49 30 901820,b@two.example,Berlin,,Bob,,,,\n"
)
BODIES: list[dict[str, Any]] = [
    {
        "name": "杭州云帆科技有限公司",
        "phone": "13800138000",
        "email": "a@one.example",
        "address": {"city": "杭州"},
        "tags": ["VIP", "new"],
        "industry": "software",
        "employee_count": 12,
        "annual_revenue": "1200.50",
        "status": "prospect",
    },
    {
        "name": "Müller & Söhne GmbH",
        "phone": "+49 30 901820",
        "email": "b@two.example",
        "address": {"city": "Berlin"},
    },
]
OWN = {
    "digest",
    "id",
    "created_at",
    "updated_at",
    "recorded_at",
    "changeset_id",
    "became_lead_at",
    "journal_id",
    "xact",
    "record_id",
}


def written() -> list[Any]:
    """Everything that stands of the customers, without what is each one's own."""
    db.session.rollback()
    found: list[Any] = []
    for customer in db.session.execute(select(Customer).order_by(Customer.id)).scalars():
        columns = {one.key: getattr(customer, one.key) for one in Customer.__table__.columns if one.key not in OWN}
        tags = select(Tag.name).join(CustomerTag).where(CustomerTag.customer_id == customer.id).order_by(Tag.name)
        entry = db.session.execute(
            select(JournalEntry).where(JournalEntry.resource == "customer", JournalEntry.resource_id == customer.id)
        ).scalar_one()
        value = db.session.get_one(JournalValue, entry.id)
        kept = {one.key: getattr(entry, one.key) for one in JournalEntry.__table__.columns if one.key not in OWN}
        after = {name: one for name, one in value.after.items() if name not in ("became_lead_at", "tags")}
        pieces = select(SearchEntry.pieces).where(
            SearchEntry.resource == "customer", SearchEntry.record_id == customer.id
        )
        found.append(
            (
                columns,
                list(db.session.execute(tags).scalars()),
                kept | {"resource_id": None, "customer_id": entry.customer_id == customer.id},
                after | {"tags": len(value.after.get("tags", []))},
                value.before,
                list(db.session.execute(pieces).scalar_one()),
            )
        )
    return found


def test_an_imported_record_is_what_the_api_makes(cast: Cast) -> None:
    for body, owner in zip(BODIES, (cast.alice, cast.bob), strict=True):
        cast.carol.made("/customers", {**body, "owner_id": owner.id})
    by_hand = written()
    for row in cast.carol.get("/customers").get_json()["data"]:
        assert cast.carol.delete(f"/customers/{row['id']}").status_code == 204
    with db.engines[None].begin() as connection:
        with append_only.set_aside(connection):
            for table in ("journal_value", "journal", "search_entry", "customer_tag", "customer", "tag"):
                connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
        search_index.follow(connection)
    assert counts(result(cast.carol, upload(cast.carol, "customers", ROWS), "commit")) == {"new": 2}
    imported = written()
    assert imported == by_hand
    with db.engines[None].begin() as connection:
        assert search_index.check(connection) == []
    assert [entry[2]["audience"] for entry in imported] == [
        sorted(["all", f"team:{cast.north}", f"user:{owner.id}"]) for owner in (cast.alice, cast.bob)
    ]


def test_a_clash_with_what_is_out_of_sight_is_wrong_alone(cast: Cast) -> None:
    cast.mallory.made("/customers", {"name": "Theirs", "email": "c3@x.example"})
    text = "Company name,Email\n" + "".join(f"C{number},c{number}@x.example\n" for number in range(9))
    chosen = upload(cast.alice, "customers", text)
    for what in ("check", "commit"):
        found = result(cast.alice, chosen, what)
        assert counts(found) == {"new": 8, "wrong": 1}
        assert [(row["row"], row["errors"][0]["field"]) for row in found["rows"]] == [(5, "email")]
    db.session.rollback()
    with db.engines[None].begin() as connection:
        assert search_index.check(connection) == []


def test_rows_that_depend_on_rows_before_find_them(cast: Cast) -> None:
    text = "Company name,Email,Phone,Parent company\nA,a@x.example,,\nB,,13800138000,A\nA,,,\nC,,13800138000,B\n"
    chosen = change(cast.alice, upload(cast.alice, "customers", text), fields={"Parent company": "parent"})
    found = result(cast.alice, chosen, "commit")
    # The third row is known by its name, the fourth by the number of the second.
    assert counts(found)["new"] == 2, found
    rows = {row["name"]: row for row in cast.alice.get("/customers").get_json()["data"]}
    assert rows["A"]["version"] == 1


def test_a_check_of_many_leaves_no_trace(cast: Cast) -> None:
    chosen = upload(cast.carol, "customers", ROWS)
    assert counts(result(cast.carol, chosen, "check")) == {"new": 2}
    db.session.rollback()
    for table in (Customer, Tag, SearchEntry, JournalEntry):
        count = select(func.count()).select_from(table)
        if table is JournalEntry:
            count = count.where(JournalEntry.resource.in_(["customer", "tag"]))
        assert db.session.execute(count).scalar_one() == 0


def test_wrong_rows_cost_their_neighbours_nothing(cast: Cast, app: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "STEP", 4)
    lines = [f"C{number},{f'wrong {number}' if number % 3 == 0 else f'c{number}@x.example'}" for number in range(12)]
    chosen = upload(cast.carol, "customers", "Company name,Email\n" + "\n".join(lines) + "\n")
    assert counts(result(cast.carol, chosen, "commit")) == {"new": 8, "wrong": 4}


def test_people_and_products_are_made_together_too(cast: Cast) -> None:
    acme = cast.alice.made("/customers", {"name": "Acme"})
    people = "Account name,Name,Email\n" + "".join(f"Acme,P{number},p{number}@x.example\n" for number in range(7))
    assert counts(result(cast.alice, upload(cast.alice, "people", people), "commit")) == {"new": 7}
    assert cast.alice.get(f"/people?customer_id={acme['id']}").get_json()["meta"]["total"] == 7
    records = "Customer,Type,Content,Date\n" + "".join(f"Acme,call,N{day},2026-10-{day:02d}\n" for day in range(1, 8))
    assert counts(result(cast.alice, upload(cast.alice, "contacts", records), "commit")) == {"new": 7}
    shown = cast.alice.get(f"/customers/{acme['id']}").get_json()
    assert shown["last_contacted_at"].startswith("2026-10-06T16:00")
    products = "Product name,Price\nX,1\nY,2.50\nX,3\n"
    found = result(cast.root, upload(cast.root, "products", products), "commit")
    assert counts(found) == {"new": 2, "duplicate": 1}


def test_a_weaker_mark_does_not_join_what_a_surer_one_tells_apart(cast: Cast) -> None:
    head = "Company name,Email,Phone\n"
    first = head + "A,a@x.example,13800138000\nB,b@x.example,13800138000\n"
    assert counts(result(cast.alice, upload(cast.alice, "customers", first), "commit")) == {"new": 2}
    # The same again, and one more at the number that both of them have.
    again = upload(cast.alice, "customers", head + "A,a@x.example,13800138000\nC,c@x.example,13800138000\n")
    found = result(cast.alice, again, "check")
    assert counts(found) == {"unchanged": 1, "wrong": 1}
    assert found["rows"][0]["errors"][0]["code"] == "several_match"
    alone = upload(
        cast.bob, "customers", head + "D,d@x.example,13900139000\nE,e@x.example,13900139000\nD,,13900139000\n"
    )
    assert counts(result(cast.bob, alone, "commit"))["new"] == 2


def test_texts_of_many_rows_are_kept_to_the_letter(cast: Cast) -> None:
    odd = ["a\\b", "\\N", "a\\tb", "tab\there", "line\nbreak", "quote'\"", "张三\U0001f600", "{x}", "\\.", "é\\"]
    texts = [f"{odd[number % len(odd)]} {number}" for number in range(60)]
    quoted = (text.replace('"', '""') for text in texts)
    text = "Company name,Description\n" + "".join(f'C{number},"{one}"\n' for number, one in enumerate(quoted))
    assert counts(result(cast.carol, upload(cast.carol, "customers", text), "commit"))["new"] == len(texts)
    db.session.rollback()
    stored = db.session.execute(select(Customer.id, Customer.description).order_by(Customer.id)).all()
    assert [one.description for one in stored] == texts
    entries = (
        select(JournalEntry.resource_id, JournalValue.after)
        .join(JournalValue, JournalValue.journal_id == JournalEntry.id)
        .where(JournalEntry.resource == "customer")
    )
    journalled = {one: after["description"] for one, after in db.session.execute(entries)}
    assert journalled == {one.id: one.description for one in stored}
    with db.engines[None].begin() as connection:
        assert search_index.check(connection) == []


def test_lists_are_planned_anew_after_the_first_rows(app: CRM, cast: Cast) -> None:
    is_counted = db.engine.dialect.name == "postgresql"
    if is_counted:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # As the server has left a table that was empty when it last looked.
            connection.exec_driver_sql("VACUUM customer")
    made = upload(cast.alice, "customers", "Company name\n" + "".join(f"Granite {number}\n" for number in range(250)))
    assert counts(result(cast.alice, made, "commit")) == {"new": 250}
    if is_counted:
        with db.engine.connect() as connection:
            known = connection.exec_driver_sql("SELECT reltuples FROM pg_class WHERE relname = 'customer'").scalar_one()
        assert known >= 200

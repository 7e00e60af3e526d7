"""Several records become one: what is attached moves, old ids answer, an undo gives everything back."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import search_index
from app.customer import merging
from app.customer.models import Customer, Person
from app.customer.moving import Link, Moving, links_to
from app.database import Base, db
from app.journal import SETTLE, Changeset, Part
from app.quote.models import Quote
from app.record import Record
from app.routing import CRM

from ..cast import Cast, Member
from ..job.test_jobs import work_off
from ..quote.offering import company
from ..racing import at_once


def ask(who: Member, resource: str, target: int, sources: Sequence[int], values: dict[str, int] | None = None) -> Any:
    body: dict[str, Any] = {"target_id": target, "source_ids": list(sources)}
    return who.post(f"/{resource}/merge", body if values is None else {**body, "values": values})


def merge(who: Member, target: int, *sources: int, resource: str = "customers", **values: int) -> int:
    """Merge records; the change set."""
    answer = ask(who, resource, target, sources, values or None)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json()["id"] == target
    return int(answer.headers["X-Changeset-Id"])


def undo(who: Member, changeset: int) -> int:
    answer = who.post(f"/changesets/{changeset}/undo")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return int(answer.get_json()["changeset_id"])


def conflicts(answer: TestResponse) -> set[tuple[str, int, str]]:
    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/undo-conflict"), answer.get_json()
    return {(one["resource"], one["id"], one["field"]) for one in answer.get_json()["conflicts"]}


def customer(who: Member, name: str, **values: Any) -> int:
    return int(who.made("/customers", {"name": name, **values})["id"])


def read(who: Member, path: str) -> dict[str, Any]:
    answer = who.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def ids(who: Member, path: str) -> list[int]:
    return sorted(one["id"] for one in read(who, path)["data"])


def pointers(answer: TestResponse) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return {(issue["pointer"], issue["code"]) for issue in answer.get_json()["errors"]}


class Attached:
    """One of everything that can be attached to a customer."""

    def __init__(self, who: Member, customer_id: int, product_id: int) -> None:
        self.who = who
        self.people = [who.made("/people", {"customer_id": customer_id, "name": "Zhang"})["id"]]
        self.contacts = [
            who.made("/contacts", {"customer_id": customer_id, "kind": "call", "occurred_at": "2026-03-01T00:00:00Z"})
        ]
        line = {"product_id": product_id, "quantity": "2", "unit_price": "5.00"}
        self.deals = [who.made("/deals", {"customer_id": customer_id, "name": "D", "lines": [line]})["id"]]
        self.quotes = [who.made("/quotes", {"deal_id": self.deals[0]})["id"]]
        form = {"customer_id": str(customer_id), "file": (io.BytesIO(b"hello"), "a.txt")}
        sent = who.call("POST", "/attachments", data=form, content_type="multipart/form-data")
        assert sent.status_code == 201, sent.get_data(as_text=True)
        self.attachments = [sent.get_json()["id"]]
        self.customers = [customer(who, "Branch", parent_id=customer_id)]
        self.contacts = [self.contacts[0]["id"]]

    def at(self, customer_id: int) -> dict[str, list[int]]:
        """What a customer has, by the names of the lists."""
        found = {
            name: ids(self.who, f"/{name}?customer_id={customer_id}")
            for name in ("people", "contacts", "deals", "quotes", "attachments")
        }
        return found | {"customers": ids(self.who, f"/customers?parent_id={customer_id}")}

    def all(self) -> dict[str, list[int]]:
        return {name: getattr(self, name) for name in ("people", "contacts", "deals", "quotes", "attachments")} | {
            "customers": self.customers
        }


@pytest.fixture
def product(cast: Cast) -> int:
    return int(cast.root.made("/products", {"code": "P", "name": "P", "price": "5.00", "currency": "CNY"})["id"])


NOTHING: dict[str, list[int]] = {
    name: [] for name in ("people", "contacts", "deals", "quotes", "attachments", "customers")
}


# ---- old ids --------------------------------------------------------------------------------------------------------


def test_an_old_id_answers_with_the_one_that_stands_for_it(cast: Cast) -> None:
    old, new = customer(cast.alice, "Acme Ltd"), customer(cast.alice, "Acme")
    changeset = merge(cast.alice, new, old)
    moved = cast.alice.get(f"/customers/{old}")
    assert (moved.status_code, moved.content_type) == (301, "application/problem+json")
    assert moved.headers["Cache-Control"] == "private, no-cache"
    assert (moved.get_json()["merged_into"], moved.headers["Location"]) == (new, f"/api/v1/customers/{new}")
    for below in ("timeline?type=contact", "people"):
        answer = cast.alice.get(f"/customers/{old}/{below}")
        assert (answer.status_code, answer.headers["Location"]) == (301, f"/api/v1/customers/{new}/{below}")
    followed = cast.alice.get(f"/customers/{old}/people", follow_redirects=True)
    assert (followed.status_code, followed.get_json()["data"]) == (200, [])
    assert cast.mallory.get(f"/customers/{old}").status_code == 404
    undo(cast.alice, changeset)
    assert read(cast.alice, f"/customers/{old}")["name"] == "Acme Ltd"


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", ""), ("DELETE", ""), ("POST", "/restore"), ("POST", "/claim"), ("POST", "/release")],
)
def test_writing_to_an_old_id_is_a_conflict(cast: Cast, method: str, path: str) -> None:
    old, new = customer(cast.alice, "Acme Ltd"), customer(cast.alice, "Acme")
    merge(cast.alice, new, old)
    refused = cast.alice.call(method, f"/customers/{old}{path}", json={})
    assert (refused.status_code, refused.get_json()["type"]) == (409, "/problems/merged")
    assert refused.get_json()["merged_into"] == new


def test_what_was_merged_lies_in_no_recycle_bin(cast: Cast) -> None:
    old, new = customer(cast.alice, "Acme Ltd"), customer(cast.alice, "Acme")
    merge(cast.alice, new, old)
    assert ids(cast.alice, "/customers?deleted=only") == []
    answer = cast.alice.post("/customers/bulk", {"ids": [old], "action": "restore"}).get_json()
    assert [one["problem"]["type"] for one in answer["failed"]] == ["/problems/merged"]
    assert ids(cast.alice, "/customers") == [new]


def test_sight_of_the_old_one_and_of_the_new_one(cast: Cast) -> None:
    shared = {"collaborators": [{"user_id": cast.mallory.id, "access": "read"}]}
    old, hidden, new = customer(cast.bob, "Old", **shared), customer(cast.bob, "H"), customer(cast.alice, "New")
    merge(cast.root, new, old, hidden)
    # With the shares of the old one mallory sees the survivor; of the other one she never knew.
    assert cast.mallory.get(f"/customers/{old}").status_code == 301
    assert cast.mallory.get(f"/customers/{hidden}").status_code == 404
    # bob saw the old one, and does not see the survivor: nothing tells him where it went.
    assert cast.bob.get(f"/customers/{old}").status_code == 404
    cast.root.delete(f"/customers/{new}")
    assert cast.root.get(f"/customers/{old}").status_code == 404


def test_a_chain_leads_straight_to_its_end(cast: Cast) -> None:
    one, two, three = (customer(cast.alice, name) for name in ("A", "B", "C"))
    person = cast.alice.made("/people", {"customer_id": one, "name": "Zhang"})["id"]
    first = merge(cast.alice, two, one)
    second = merge(cast.alice, three, two)
    for old in (one, two):
        assert cast.alice.get(f"/customers/{old}").get_json()["merged_into"] == three
        assert ids(cast.alice, f"/people?customer_id={old}") == [person]
    found = conflicts(cast.alice.post(f"/changesets/{first}/undo"))
    assert {("customer", one, "merged_into_id"), ("person", person, "customer_id")} <= found
    undo(cast.alice, second)
    assert cast.alice.get(f"/customers/{one}").get_json()["merged_into"] == two
    undo(cast.alice, first)
    assert ids(cast.alice, "/customers") == [one, two, three]
    assert read(cast.alice, f"/people/{person}")["customer_id"] == one


@pytest.mark.parametrize("op", ["eq", "in"])
def test_filters_read_an_old_id_as_the_survivor(cast: Cast, op: str) -> None:
    old, new, other = (customer(cast.alice, name) for name in ("Old", "New", "Other"))
    deals = [cast.alice.made("/deals", {"name": "D", "customer_id": one})["id"] for one in (old, new)]
    cast.alice.made("/deals", {"name": "D", "customer_id": other})
    changeset = merge(cast.alice, new, old)
    leaf = {"field": "customer_id", "op": op, "value": [old] if op == "in" else old}
    asked = quote(json.dumps({"and": [leaf]}))
    assert ids(cast.alice, f"/deals?where={asked}") == deals
    assert ids(cast.alice, f"/deals?customer_id={old}") == deals
    assert ids(cast.alice, f"/deals?customer_id={new}") == deals
    without = {"field": "customer_id", "op": "not_in" if op == "in" else "ne", "value": leaf["value"]}
    assert len(ids(cast.alice, f"/deals?where={quote(json.dumps(without))}")) == 1
    assert ids(cast.alice, f"/customers?id={old}&id={other}") == [new, other]
    assert ids(cast.alice, f"/people?at_customer_id={old}") == []
    undo(cast.alice, changeset)
    assert ids(cast.alice, f"/deals?where={asked}") == [deals[0]]
    assert ids(cast.alice, f"/customers?id={old}") == [old]


def test_the_past_is_found_under_either_id(cast: Cast) -> None:
    old, new = customer(cast.alice, "Old"), customer(cast.alice, "New")
    past = {"opened_on": "2026-01-05", "amount": "7.00"}
    deal = cast.root.made("/deals", {"name": "D", "customer_id": old, "owner_id": cast.alice.id, **past})["id"]
    merge(cast.root, new, old)
    for one in (old, new):
        assert ids(cast.root, f"/deals?customer_id={one}&as_of=2026-02-01") == [deal]


def test_the_search_finds_the_survivor_alone(cast: Cast) -> None:
    old, new = customer(cast.alice, "Zebra Ltd"), customer(cast.alice, "Zebra")
    changeset = merge(cast.alice, new, old)
    assert [one["id"] for one in read(cast.alice, "/search?q=zebra&types=customer")["data"]] == [new]
    undo(cast.alice, changeset)
    assert {one["id"] for one in read(cast.alice, "/search?q=zebra&types=customer")["data"]} == {old, new}
    with db.engines[None].begin() as connection:
        assert search_index.check(connection) == []


# ---- what moves -----------------------------------------------------------------------------------------------------


def test_every_foreign_key_is_known(app: CRM) -> None:
    for model in (Customer, Person):
        for link in links_to(model):
            assert issubclass(link.model, (Record, Part)), link
            if issubclass(link.model, Record):
                assert link.model.resource in SETTLE, f"{link.model.__name__} cannot be undone"
    assert Link(Customer, "merged_into_id") in links_to(Customer)
    assert {link.model.__name__ for link in links_to(Person)} >= {"ContactRecord", "Quote", "DealPerson", "Person"}


def test_what_names_records_without_a_key_is_known(app: CRM) -> None:
    """A table that names any kind of record by `resource` and id has no foreign key: each is listed here on purpose."""
    named = {
        mapper.class_.__name__
        for mapper in Base.registry.mappers
        if {"resource", "record_id"} <= {one.key for one in mapper.column_attrs}
    }
    # Collaborators are united; the index of the search follows its records; what was opened and what was erased keep
    # the id that it had, and personal data gather those of merged records; a notice tells of what was given then, and
    # the old id leads on; a message to a receiver is sent as it was, and says which record that has become.
    assert named == {"Collaborator", "SearchEntry", "AccessEntry", "Erasure", "Notification", "WebhookDelivery"}


def test_everything_attached_moves_and_comes_back(cast: Cast, product: int) -> None:
    old, new = customer(cast.alice, "Acme Ltd"), customer(cast.alice, "Acme")
    attached = Attached(cast.alice, old, product)
    before = attached.at(old)
    assert before == attached.all()
    cast.alice.delete(f"/contacts/{attached.contacts[0]}")
    changeset = merge(cast.alice, new, old)
    assert attached.at(new) == {**attached.all(), "contacts": []}
    # A record that was deleted before came along: it comes back to the survivor.
    assert cast.alice.post(f"/contacts/{attached.contacts[0]}/restore").status_code == 200
    assert attached.at(new) == attached.all()
    assert read(cast.alice, f"/customers/{new}")["last_contacted_at"] == "2026-03-01T00:00:00Z"
    assert attached.at(old) == attached.all()
    undone = undo(cast.alice, changeset)
    assert attached.at(old) == before
    assert attached.at(new) == NOTHING
    assert read(cast.alice, f"/customers/{new}")["last_contacted_at"] is None
    assert read(cast.alice, f"/customers/{old}")["last_contacted_at"] == "2026-03-01T00:00:00Z"
    undo(cast.alice, undone)
    assert attached.at(new) == attached.all()
    assert cast.alice.get(f"/customers/{old}").status_code == 301


def test_a_sent_quote_moves_and_stays_as_it_was_printed(cast: Cast, product: int) -> None:
    old, new = customer(cast.root, "Acme Ltd"), customer(cast.root, "Acme")
    attached = Attached(cast.root, old, product)
    seller = company(cast)["entities"][0]["id"]
    path = f"/quotes/{attached.quotes[0]}"
    assert cast.root.patch(path, {"seller_id": seller}).status_code == 200
    assert cast.root.post(f"{path}/send").status_code == 200
    changeset = merge(cast.root, new, old)
    assert read(cast.root, path)["customer_id"] == new
    printed = select(Quote.buyer).where(Quote.id == attached.quotes[0])
    assert db.session.execute(printed).scalar_one()["name"] == "Acme Ltd"
    undo(cast.root, changeset)
    assert read(cast.root, path)["customer_id"] == old
    assert read(cast.root, path)["status"] == "sent"


def test_tags_and_collaborators_are_united(cast: Cast) -> None:
    def shared(who: Member, access: str) -> dict[str, Any]:
        return {"user_id": who.id, "access": access}

    old = customer(
        cast.alice,
        "Old",
        tags=["a", "b"],
        collaborators=[
            shared(cast.bob, "write"),
            shared(cast.mallory, "read"),
            {"team_id": cast.south, "access": "read"},
        ],
    )
    new = customer(cast.alice, "New", tags=["b", "c"], collaborators=[shared(cast.bob, "read")])
    before = read(cast.alice, f"/customers/{new}")
    changeset = merge(cast.alice, new, old)
    shown = read(cast.alice, f"/customers/{new}")
    assert sorted(shown["tags"]) == ["a", "b", "c"]
    parties = {(one.get("user_id"), one.get("team_id"), one["access"]) for one in shown["collaborators"]}
    assert parties == {(cast.bob.id, None, "write"), (cast.mallory.id, None, "read"), (None, cast.south, "read")}
    undo(cast.alice, changeset)
    again = read(cast.alice, f"/customers/{new}")
    assert (again["tags"], again["collaborators"]) == (before["tags"], before["collaborators"])
    assert sorted(read(cast.alice, f"/customers/{old}")["tags"]) == ["a", "b"]


def test_one_primary_person_remains(cast: Cast) -> None:
    homes = [customer(cast.alice, name) for name in ("New", "Old", "Older")]
    made = [cast.alice.made("/people", {"customer_id": one, "name": "P", "is_primary": True})["id"] for one in homes]

    def primaries() -> list[int]:
        return ids(cast.alice, "/people?is_primary=true")

    changeset = merge(cast.alice, *homes)
    assert primaries() == [made[0]]
    undo(cast.alice, changeset)
    assert primaries() == sorted(made)
    cast.alice.patch(f"/people/{made[0]}", {"is_primary": False})
    merge(cast.alice, *homes)
    assert primaries() == [made[1]]


def test_a_further_role_at_the_survivor_ends_where_its_person_works_there(cast: Cast) -> None:
    old, new, third = (customer(cast.alice, name) for name in ("Old", "New", "Third"))
    inside = cast.alice.made("/people", {"customer_id": old, "name": "In", "customers": [{"customer_id": new}]})["id"]
    back = cast.alice.made("/people", {"customer_id": new, "name": "Back", "customers": [{"customer_id": old}]})["id"]
    roles = [{"customer_id": old, "role": "adviser"}]
    outside = cast.alice.made("/people", {"customer_id": third, "name": "Out", "customers": roles})["id"]
    changeset = merge(cast.alice, new, old)

    def further(person: int) -> list[tuple[int, str | None]]:
        return [(one["customer_id"], one["role"]) for one in read(cast.alice, f"/people/{person}")["customers"]]

    assert (further(inside), further(back), further(outside)) == ([], [], [(new, "adviser")])
    undo(cast.alice, changeset)
    assert (further(inside), further(back)) == ([(new, None)], [(old, None)])
    assert further(outside) == [(old, "adviser")]


def test_subsidiaries_form_no_circle(cast: Cast) -> None:
    top = customer(cast.alice, "Top")
    old = customer(cast.alice, "Old", parent_id=top)
    middle = customer(cast.alice, "Middle", parent_id=old)
    new = customer(cast.alice, "New", parent_id=middle)
    changeset = merge(cast.alice, new, old)
    assert read(cast.alice, f"/customers/{middle}")["parent_id"] == new
    assert read(cast.alice, f"/customers/{new}")["parent_id"] == top
    undo(cast.alice, changeset)
    assert read(cast.alice, f"/customers/{new}")["parent_id"] == middle
    # A parent that goes, and one that was chosen and stands below.
    merge(cast.alice, middle, old)
    assert read(cast.alice, f"/customers/{middle}")["parent_id"] == top
    leaf = customer(cast.alice, "Leaf", parent_id=new)
    refused = ask(cast.alice, "customers", middle, [leaf], {"parent_id": leaf})
    assert pointers(refused) == {("#/values/parent_id", "circle")}


def test_the_timeline_tells_the_merge_and_not_every_row(cast: Cast, product: int) -> None:
    old, new = customer(cast.root, "Acme Ltd"), customer(cast.root, "Acme")
    attached = Attached(cast.root, old, product)
    changeset = merge(cast.root, new, old)

    def changes(customer_id: int) -> list[tuple[str, str]]:
        told = read(cast.root, f"/customers/{customer_id}/timeline?type=change&per_page=100")["data"]
        return [(one["change"]["resource"], one["change"]["action"]) for one in told]

    assert changes(new) == [("customer", "merged"), ("customer", "created")]
    undo(cast.root, changeset)
    assert changes(new) == [("customer", "updated"), ("customer", "merged"), ("customer", "created")]
    assert ("customer", "restored") in changes(old)
    assert ("deal", "updated") not in changes(old)
    listed = read(cast.root, f"/journal?resource=customer&id={old}")["data"]
    merged = next(one for one in listed if one["action"] == "merged")
    assert merged["changes"]["merged_into_id"] == {"before": None, "after": new}
    assert attached.at(old) == attached.all()


# ---- values ---------------------------------------------------------------------------------------------------------


def test_values_by_field(cast: Cast) -> None:
    old = customer(cast.alice, "Old", level="A", industry="software", address={"city": "Ulm"}, website="http://a.de")
    new = customer(cast.alice, "New", level="B", tax_id="9", address={"city": "Bonn"})
    third = customer(cast.alice, "Third", level="C", title="CEO", website="http://c.de", annual_revenue="5.00")
    before = {one: read(cast.alice, f"/customers/{one}") for one in (old, new, third)}
    changeset = merge(cast.alice, new, old, third, name=third, level=old, tax_id=old, address=old)
    shown = read(cast.alice, f"/customers/{new}")
    assert (shown["name"], shown["level"], shown["address"]) == ("Third", "A", {"city": "Ulm"})
    # Named with a record that has none: empty. Not named and empty here: of the first that has it.
    assert (shown["tax_id"], shown["industry"], shown["website"]) == (None, "software", "http://a.de")
    assert (shown["title"], shown["annual_revenue"]) == ("CEO", "5.00")
    undo(cast.alice, changeset)
    for one, record in before.items():
        again = read(cast.alice, f"/customers/{one}")
        assert {**again, "version": 0, "updated_at": ""} == {**record, "version": 0, "updated_at": ""}


def test_status_and_what_goes_with_it(cast: Cast) -> None:
    old, new = customer(cast.alice, "Old", status="lead"), customer(cast.alice, "New", status="lead")
    assert cast.alice.post(f"/customers/{old}/qualify").status_code == 200
    earlier = read(cast.alice, f"/customers/{old}")
    changeset = merge(cast.alice, new, old, status=old)
    shown = read(cast.alice, f"/customers/{new}")
    names = ("status", "qualified_at", "qualified_by", "became_lead_at")
    assert [shown[name] for name in names] == [earlier[name] for name in names]
    undo(cast.alice, changeset)
    assert [read(cast.alice, f"/customers/{new}")[name] for name in names[:3]] == ["lead", None, None]


def test_the_address_of_another_can_be_taken(cast: Cast) -> None:
    old, new = customer(cast.alice, "Old", email="a@example.com"), customer(cast.alice, "New", email="b@example.com")
    changeset = merge(cast.alice, new, old, email=old)
    assert read(cast.alice, f"/customers/{new}")["email"] == "a@example.com"
    # The one that it had is not lost.
    (kept,) = read(cast.alice, f"/people?customer_id={new}")["data"]
    assert (kept["name"], kept["email"]) == ("New", "b@example.com")
    customer(cast.alice, "Free again", email="b@example.com")
    taken = cast.alice.post(f"/changesets/{changeset}/undo")
    assert (taken.status_code, taken.get_json()["errors"][0]["pointer"]) == (409, "#/email")
    cast.alice.delete(f"/customers/{ids(cast.alice, '/customers?email=b@example.com')[0]}")
    undone = undo(cast.alice, changeset)
    assert [read(cast.alice, f"/customers/{one}")["email"] for one in (old, new)] == ["a@example.com", "b@example.com"]
    assert ids(cast.alice, f"/people?customer_id={new}") == []
    undo(cast.alice, undone)
    assert read(cast.alice, f"/customers/{new}")["email"] == "a@example.com"


def test_addresses_and_numbers_that_are_not_taken_stay_with_a_person(cast: Cast) -> None:
    new = customer(cast.alice, "Acme", email="a@example.com", phone="0571 8888 0001")
    same = customer(cast.alice, "Acme again", phone="+86 571 88880001")
    old = customer(cast.alice, "\u5f20\u4e09", email="z@example.com", phone="138 0013 8000", kind="person")
    known = cast.alice.made("/people", {"customer_id": old, "name": "\u5f20\u4e09", "email": "z@example.com"})["id"]
    merge(cast.alice, new, same, old)
    assert ids(cast.alice, f"/people?customer_id={new}") == [known]
    person = read(cast.alice, f"/people/{known}")
    assert [one["raw"] for one in person["phones"]] == ["138 0013 8000"]
    assert [one["address"] for one in person["emails"]] == ["z@example.com"]
    assert [one["id"] for one in read(cast.alice, "/search?q=13800138000&types=person")["data"]] == [known]


def test_an_id_elsewhere_goes_to_a_survivor_that_has_none(cast: Cast) -> None:
    path = "/customers/external/erp/7"
    old = cast.alice.put(path, {"name": "Old"}).get_json()["id"]
    new = customer(cast.alice, "New")
    changeset = merge(cast.alice, new, old)
    again = cast.alice.put(path, {"name": "Renamed"})
    assert (again.status_code, again.get_json()["id"]) == (200, new)
    undo(cast.alice, int(again.headers["X-Changeset-Id"]))
    undo(cast.alice, changeset)
    assert cast.alice.put(path, {"name": "Old"}).get_json()["id"] == old
    assert read(cast.alice, f"/customers/{new}")["external_id"] is None
    # Where both have one, the other one's is known to be merged.
    other = cast.alice.put("/customers/external/erp/8", {"name": "Other"}).get_json()["id"]
    merge(cast.alice, other, old)
    refused = cast.alice.put(path, {"name": "Old"})
    assert (refused.status_code, refused.get_json()["merged_into"]) == (409, other)


# ---- people ---------------------------------------------------------------------------------------------------------


def test_people_are_merged_with_what_names_them(cast: Cast) -> None:
    home, away = customer(cast.alice, "Home"), customer(cast.alice, "Away")
    new = cast.alice.made("/people", {"customer_id": home, "name": "Zhang San", "email": "z@example.com"})["id"]
    old = cast.alice.made(
        "/people",
        {
            "customer_id": away,
            "name": "San Zhang",
            "emails": [{"address": "Z@example.com"}, {"address": "s@example.com", "is_primary": True}],
            "phone": "138 0013 8000",
            "title": "CEO",
            "do_not_call": True,
        },
    )["id"]
    deal = cast.alice.made(
        "/deals", {"name": "D", "customer_id": away, "people": [{"person_id": old, "role": "buyer"}]}
    )
    both = cast.alice.made("/deals", {"name": "E", "people": [{"person_id": old, "role": "x"}, {"person_id": new}]})
    contact = cast.alice.made("/contacts", {"customer_id": away, "person_id": old, "kind": "call"})
    quote_id = cast.alice.made("/quotes", {"deal_id": deal["id"], "person_id": old})["id"]
    before = read(cast.alice, f"/people/{old}")
    changeset = merge(cast.alice, new, old, resource="people", email=old)
    shown = read(cast.alice, f"/people/{new}")
    assert [one["address"] for one in shown["emails"]] == ["z@example.com", "s@example.com"]
    assert (shown["email"], shown["phone"], shown["title"]) == ("s@example.com", "138 0013 8000", "CEO")
    assert (shown["customer_id"], [one["customer_id"] for one in shown["customers"]]) == (home, [away])
    assert shown["do_not_call"] is True

    def named(deal_id: int) -> list[tuple[int, str | None]]:
        people = read(cast.alice, f"/deals/{deal_id}")["people"]
        return [(one["person_id"], one["role"]) for one in people]

    assert (named(deal["id"]), named(both["id"])) == ([(new, "buyer")], [(new, "x")])
    assert read(cast.alice, f"/contacts/{contact['id']}")["person_id"] == new
    assert read(cast.alice, f"/quotes/{quote_id}")["person_id"] == new
    moved = cast.alice.get(f"/people/{old}")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"/api/v1/people/{new}")
    assert cast.alice.patch(f"/people/{old}", {"title": "x"}).get_json()["merged_into"] == new
    assert ids(cast.alice, f"/deals?person_id={old}") == sorted([deal["id"], both["id"]])
    assert ids(cast.alice, f"/contacts?person_id={old}") == [contact["id"]]
    assert ids(cast.alice, "/people?deleted=only") == []
    undo(cast.alice, changeset)
    assert (named(deal["id"]), named(both["id"])) == (
        [(old, "buyer")],
        [(new, None), (old, "x")][:: 1 if new < old else -1],
    )
    again = read(cast.alice, f"/people/{old}")
    assert {**again, "version": 0, "updated_at": ""} == {**before, "version": 0, "updated_at": ""}
    assert read(cast.alice, f"/people/{new}")["email"] == "z@example.com"
    assert read(cast.alice, f"/people/{new}")["customers"] == []


# ---- undo -----------------------------------------------------------------------------------------------------------


def test_what_came_later_stays_at_the_survivor(cast: Cast, product: int) -> None:
    old, new = customer(cast.alice, "Old"), customer(cast.alice, "New")
    attached = Attached(cast.alice, old, product)
    changeset = merge(cast.alice, new, old)
    later = cast.alice.made("/people", {"customer_id": new, "name": "Later"})["id"]
    cast.alice.patch(f"/customers/{new}", {"title": "newer"})
    undo(cast.alice, changeset)
    assert ids(cast.alice, f"/people?customer_id={new}") == [later]
    assert read(cast.alice, f"/customers/{new}")["title"] == "newer"
    assert attached.at(old) == attached.all()


def test_what_moved_on_is_a_conflict_and_nothing_is_touched(cast: Cast, product: int) -> None:
    old, new, third = (customer(cast.alice, name) for name in ("Old", "New", "Third"))
    attached = Attached(cast.alice, old, product)
    changeset = merge(cast.alice, new, old, name=old)
    cast.alice.patch(f"/deals/{attached.deals[0]}", {"customer_id": third})
    cast.alice.patch(f"/customers/{new}", {"name": "Otherwise"})
    found = conflicts(cast.alice.post(f"/changesets/{changeset}/undo"))
    assert found == {("deal", attached.deals[0], "customer_id"), ("customer", new, "name")}
    assert ids(cast.alice, f"/people?customer_id={new}") == attached.people
    assert cast.alice.get(f"/customers/{old}").status_code == 301


# ---- rights, faults, versions ---------------------------------------------------------------------------------------


def test_all_of_them_must_be_the_callers_to_change(cast: Cast) -> None:
    mine, foreign = customer(cast.alice, "Mine"), customer(cast.mallory, "Foreign")
    shared = {"collaborators": [{"user_id": cast.alice.id, "access": "read"}]}
    readable = customer(cast.bob, "Readable", **shared)
    assert pointers(ask(cast.alice, "customers", mine, [foreign, 999])) == {
        ("#/source_ids/0", "unknown_record"),
        ("#/source_ids/1", "unknown_record"),
    }
    assert pointers(ask(cast.alice, "customers", foreign, [mine])) == {("#/target_id", "unknown_record")}
    assert ask(cast.alice, "customers", mine, [readable]).status_code == 403
    assert ask(cast.alice, "customers", readable, [mine]).status_code == 403
    assert ask(cast.vera, "customers", mine, [readable]).status_code == 403
    assert read(cast.alice, f"/customers/{mine}")["name"] == "Mine"
    merge(cast.carol, mine, readable)


def test_another_owner_is_assigned(cast: Cast) -> None:
    write = {"collaborators": [{"user_id": cast.alice.id, "access": "write"}]}
    mine, bobs = customer(cast.alice, "Mine"), customer(cast.bob, "Bobs", **write)
    refused = ask(cast.alice, "customers", mine, [bobs], {"owner_id": bobs})
    assert pointers(refused) == {("#/values/owner_id", "not_yours_to_assign")}
    changeset = merge(cast.carol, mine, bobs, owner_id=bobs)
    assert read(cast.bob, f"/customers/{mine}")["owner_id"] == cast.bob.id
    undo(cast.carol, changeset)
    assert read(cast.alice, f"/customers/{mine}")["owner_id"] == cast.alice.id


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"target_id": 1}, "#/source_ids", "required"),
        ({"source_ids": [1]}, "#/target_id", "required"),
        ({"target_id": 1, "source_ids": []}, "#/source_ids", "required"),
        ({"target_id": 1, "source_ids": [1]}, "#/source_ids/0", "repeated_id"),
        ({"target_id": 1, "source_ids": [2, 2]}, "#/source_ids/1", "repeated_id"),
        ({"target_id": 1, "source_ids": list(range(2, 60))}, "#/source_ids", "too_many"),
        ({"target_id": 1, "source_ids": [2], "values": {"nonsense": 1}}, "#/values/nonsense", "unknown_field"),
        ({"target_id": 1, "source_ids": [2], "values": {"version": 1}}, "#/values/version", "unknown_field"),
        ({"target_id": 1, "source_ids": [2], "values": {"name": 3}}, "#/values/name", "not_merged_here"),
        ({"target_id": 1, "source_ids": [2], "values": {"name": "x"}}, "#/values/name", "wrong_type"),
        ({"target_id": 1, "source_ids": [2], "values": [1]}, "#/values", "wrong_type"),
        ({"target_id": 1, "source_ids": [2], "more": 1}, "#/more", "unknown_field"),
    ],
)
def test_bad_requests(cast: Cast, body: dict[str, Any], pointer: str, code: str) -> None:
    for resource in ("customers", "people"):
        assert (pointer, code) in pointers(cast.alice.post(f"/{resource}/merge", body))


def test_the_version_of_the_survivor_is_honoured(cast: Cast) -> None:
    old, new = customer(cast.alice, "Old"), customer(cast.alice, "New")
    etag = cast.alice.get(f"/customers/{new}").headers["ETag"]
    cast.alice.patch(f"/customers/{new}", {"title": "x"})
    body = {"target_id": new, "source_ids": [old]}
    stale = cast.alice.post("/customers/merge", body, headers={"If-Match": etag})
    assert (stale.status_code, stale.get_json()["changed_fields"]) == (412, ["title"])
    assert cast.alice.get(f"/customers/{old}").status_code == 200
    etag = cast.alice.get(f"/customers/{new}").headers["ETag"]
    assert cast.alice.post("/customers/merge", body, headers={"If-Match": etag}).status_code == 200


def test_a_retry_answers_the_same(cast: Cast) -> None:
    old, new = customer(cast.alice, "Old"), customer(cast.alice, "New")
    body, key = {"target_id": new, "source_ids": [old]}, {"Idempotency-Key": "merge-1"}
    first, again = (cast.alice.post("/customers/merge", body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (200, 200, "true")
    once_more = cast.alice.post("/customers/merge", body)
    assert (once_more.status_code, once_more.get_json()["merged_into"]) == (409, new)


def test_two_merge_at_once(cast: Cast) -> None:
    for _ in range(5):
        one, two = customer(cast.alice, "A"), customer(cast.alice, "B")
        people = [cast.alice.made("/people", {"customer_id": home, "name": "P"})["id"] for home in (one, two)]
        answers = at_once(
            partial(ask, cast.alice, "customers", one, [two]),
            partial(ask, cast.alice, "customers", two, [one]),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409], [one.get_json() for one in answers]
        survivor = next(answer.get_json()["id"] for answer in answers if answer.status_code == 200)
        assert ids(cast.alice, f"/people?customer_id={one}") == people
        assert {read(cast.alice, f"/people/{person}")["customer_id"] for person in people} == {survivor}


def test_a_merge_and_edits_of_what_moves(cast: Cast) -> None:
    old, new = customer(cast.alice, "Old"), customer(cast.alice, "New")
    contact = cast.alice.made("/contacts", {"customer_id": old, "kind": "call"})["id"]
    for turn in range(5):
        answers = at_once(
            partial(ask, cast.alice, "customers", new, [old]),
            partial(cast.alice.patch, f"/contacts/{contact}", {"occurred_at": f"2026-01-0{turn + 1}T00:00:00Z"}),
        )
        assert [answer.status_code for answer in answers] == [200, 200], [one.get_json() for one in answers]
        assert read(cast.alice, f"/customers/{new}")["last_contacted_at"] == f"2026-01-0{turn + 1}T00:00:00Z"
        undo(cast.alice, int(answers[0].headers["X-Changeset-Id"]))


# ---- many -----------------------------------------------------------------------------------------------------------


def test_much_that_is_attached_is_moved_by_a_job(cast: Cast, product: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "AT_ONCE", 4)
    monkeypatch.setattr(merging, "STEP", 2)
    old, new = customer(cast.alice, "Old", tags=["x"]), customer(cast.alice, "New")
    attached = Attached(cast.alice, old, product)
    answer = ask(cast.alice, "customers", new, [old], {"name": old})
    assert answer.status_code == 202
    work_off()
    job = read(cast.alice, f"/jobs/{answer.get_json()['id']}")
    assert (job["status"], job["result"], job["done"]) == ("succeeded", {"id": new}, job["total"])
    assert attached.at(new) == attached.all()
    assert read(cast.alice, f"/customers/{new}")["name"] == "Old"
    changes = db.session.execute(select(Changeset.id).where(Changeset.source == "job")).scalars().all()
    assert changes == [job["changeset_id"]]
    undo(cast.alice, job["changeset_id"])
    assert attached.at(old) == attached.all()
    assert attached.at(new) == NOTHING


def test_a_job_that_is_refused_says_why(cast: Cast, product: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "AT_ONCE", 2)
    old, new = customer(cast.alice, "Old"), customer(cast.alice, "New")
    Attached(cast.alice, old, product)
    asked = [ask(cast.alice, "customers", new, [old]).get_json()["id"] for _ in range(2)]
    work_off()
    jobs = [read(cast.alice, f"/jobs/{one}") for one in asked]
    assert sorted(job["status"] for job in jobs) == ["failed", "succeeded"]
    assert next(job["problem"]["merged_into"] for job in jobs if job["status"] == "failed") == new


def test_reports_count_the_same(cast: Cast, product: int) -> None:
    old, new = customer(cast.root, "Old"), customer(cast.root, "New")
    for one in (old, new):
        Attached(cast.root, one, product)

    def totals(path: str) -> Any:
        return read(cast.root, path)["totals"]

    paths = ("/reports/pipeline", "/reports/sales?group_by=customer", "/reports/activity")
    before = [totals(path) for path in paths]
    merge(cast.root, new, old)
    after = [totals(path) for path in paths]
    for was, now in zip(before, after, strict=True):
        for one in (was, now):
            one.pop("filters", None)
            one.pop("customers_touched", None)
        assert now == was


# ---- events ---------------------------------------------------------------------------------------------------------


def test_the_feed_tells_of_both(cast: Cast) -> None:
    old, new = customer(cast.alice, "Old"), customer(cast.alice, "New")
    start = read(cast.alice, "/events")["meta"]["watermark"]
    changeset = merge(cast.alice, new, old)
    told = {one["id"]: one for one in read(cast.alice, f"/events?after={start}")["data"]}
    assert {one["type"] for one in told.values()} == {"customer_merged"}
    assert (told[old]["merged_into"], told[old]["record"]) == (new, None)
    assert told[new]["record"]["id"] == new
    assert "merged_into" not in told[new]
    assert read(cast.mallory, f"/events?after={start}")["data"] == []
    start = read(cast.alice, "/events")["meta"]["watermark"]
    undo(cast.alice, changeset)
    told = {one["id"]: one for one in read(cast.alice, f"/events?after={start}")["data"]}
    assert (told[old]["type"], told[old]["record"]["name"]) == ("customer_restored", "Old")


def test_who_does_not_see_the_survivor_is_told_that_the_other_is_gone(cast: Cast) -> None:
    old, new = customer(cast.bob, "Old"), customer(cast.alice, "New")
    start = read(cast.bob, "/events")["meta"]["watermark"]
    merge(cast.carol, new, old)
    (told,) = read(cast.bob, f"/events?after={start}")["data"]
    assert (told["type"], told["id"], told["record"]) == ("customer_removed", old, None)
    assert "merged_into" not in told


def test_counting_what_there_is_to_move(cast: Cast, product: int) -> None:
    old, new = customer(cast.alice, "Old"), customer(cast.alice, "New")
    Attached(cast.alice, old, product)
    assert Moving(Customer, new, [old]).count() == 6

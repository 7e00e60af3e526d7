"""Sight: the SQL of lists and the rooms of the push are one rule, whatever the teams, roles, shares and deletions."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from app import append_only
from app.access import POLICIES, Actor, Permission
from app.auth.identity import load_actor
from app.auth.models import Role, SignIn, Team, User
from app.contact.models import ContactRecord
from app.customer.models import Customer, Person
from app.database import db, read_engine
from app.deal.models import Deal, Pipeline, Stage
from app.journal import record_tokens
from app.listing import SPECS
from app.record import Collaborator, Record
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast

PEOPLE, TEAMS, CUSTOMERS, DEALS = 7, 4, 8, 6
ROLES = ("sales", "manager", "viewer", "admin", "teamwide")

user_or_none = st.none() | st.integers(1, PEOPLE)
team_or_none = st.none() | st.integers(1, TEAMS)
share = st.tuples(
    st.sampled_from(["customer", "deal"]),
    st.integers(1, DEALS),
    st.booleans(),
    st.integers(1, TEAMS),
    st.sampled_from(["read", "write"]),
)
world = st.fixed_dictionaries(
    {
        "parents": st.lists(team_or_none, min_size=TEAMS, max_size=TEAMS),
        "managers": st.lists(user_or_none, min_size=TEAMS, max_size=TEAMS),
        "closed": st.lists(st.booleans(), min_size=TEAMS, max_size=TEAMS),
        "people": st.lists(st.tuples(st.sampled_from(ROLES), team_or_none), min_size=PEOPLE, max_size=PEOPLE),
        "customers": st.lists(
            st.tuples(user_or_none, team_or_none, st.booleans()), min_size=CUSTOMERS, max_size=CUSTOMERS
        ),
        "deals": st.lists(
            st.tuples(st.none() | st.integers(1, CUSTOMERS), user_or_none, team_or_none, st.booleans()),
            min_size=DEALS,
            max_size=DEALS,
        ),
        "shares": st.lists(share, max_size=8),
    }
)

TABLES = (
    "search_entry",
    "journal_value",
    "journal",
    "deal_period",
    "collaborator",
    "contact_record",
    "deal",
    "person",
    "customer",
    "sign_in",
)


def _keys(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, "x")


def _people(built: dict[str, Any]) -> None:
    db.session.add_all([Team(id=number, name=f"T{number}") for number in range(1, TEAMS + 1)])
    db.session.flush()
    for number, (role, team_id) in enumerate(built["people"], 1):
        db.session.add(User(id=number, name=f"U{number}", role=role, team_id=team_id))
    db.session.flush()
    for number in range(1, TEAMS + 1):
        team = db.session.get(Team, number)
        assert team is not None
        parent_id = built["parents"][number - 1]
        # A parent with a lower number only: the tree of teams has no circles.
        team.parent_id = parent_id if parent_id and parent_id < number else None
        team.manager_id = built["managers"][number - 1]
        team.is_active = not built["closed"][number - 1]


def _records(built: dict[str, Any]) -> None:
    deleted: list[Record] = []
    for number, (owner_id, team_id, is_deleted) in enumerate(built["customers"], 1):
        keys = _keys("name_key", "sort_key", "search_key", "reach_key")
        customer = Customer(id=number, kind="company", name="x", owner_id=owner_id, team_id=team_id, **keys)
        deleted += [customer] * is_deleted
        db.session.add(customer)
        db.session.flush()
        db.session.add(Person(id=number, name="x", customer_id=number, **keys))
        db.session.flush()
    pipeline = db.session.get(Pipeline, 1) or Pipeline(id=1, name="P", name_key="p")
    db.session.add(pipeline)
    db.session.flush()
    stage = db.session.query(Stage).filter_by(pipeline_id=1).first()
    assert stage is not None
    at = customer.created_at
    for number, (customer_id, owner_id, team_id, is_deleted) in enumerate(built["deals"], 1):
        values = {"currency": "CNY", "win_probability": 0.5, "rank": f"r{number}", "stage_entered_at": at}
        deal = Deal(
            id=number,
            name="x",
            pipeline_id=1,
            stage_id=stage.id,
            state="open",
            customer_id=customer_id,
            owner_id=owner_id,
            team_id=team_id,
            **values,
            **_keys("name_key", "sort_key", "search_key"),
        )
        deleted += [deal] * is_deleted
        db.session.add(deal)
        if customer_id is not None:
            db.session.add(
                ContactRecord(
                    id=number, customer_id=customer_id, user_id=1, kind="call", occurred_at=at, search_key="x"
                )
            )
    db.session.flush()
    for resource, record_id, to_user, party, access in built["shares"]:
        who = {"user_id": party} if to_user else {"team_id": party}
        db.session.add(Collaborator(resource=resource, record_id=record_id, access=access, **who))
        db.session.flush()
    for record in deleted:
        record.is_active = False


def _actors(unit_at: Any) -> list[Actor]:
    sessions = [
        SignIn(user_id=number, created_at=unit_at, expires_at=unit_at, last_used_at=unit_at)
        for number in range(1, PEOPLE + 1)
    ]
    db.session.add_all(sessions)
    db.session.flush()
    connection = db.session.connection()
    found = [load_actor(connection, session.user_id, session.id) for session in sessions]
    return [one for one in found if one is not None]


@settings(
    max_examples=9, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(built=world)
def test_sight_in_sql_is_the_intersection_of_tokens(app: CRM, built: dict[str, Any]) -> None:
    with db.engines[None].begin() as connection:
        connection.execute(text("UPDATE team SET manager_id = NULL, parent_id = NULL"))
        with append_only.set_aside(connection):
            for name in (*TABLES, "notification", '"user"', "team"):
                connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608 - names from the line above
        connection.execute(text("DELETE FROM role WHERE key = 'teamwide'"))
    with unit_of_work() as unit:
        permissions = [str(one) for one in Permission]
        role = Role(key="teamwide", name_zh="x", name_en="x", permissions=permissions, sight="team", is_builtin=False)
        db.session.add(role)
        _people(built)
        _records(built)
        actors = _actors(unit.at)
    assert len(actors) == PEOPLE
    resources = ("customer", "person", "deal", "contact")
    with read_engine().connect() as connection:
        granted = {
            (resource, number): record_tokens(connection, POLICIES[resource], number)
            for resource in resources
            for number in range(1, CUSTOMERS + 1)
        }
    for one in actors:
        for resource in resources:
            by_rooms = {
                number for number in range(1, CUSTOMERS + 1) if (granted[(resource, number)] or set()) & one.rooms()
            }
            _compare(one, resource, by_rooms)


def _compare(one: Actor, resource: str, by_rooms: set[int]) -> None:
    """The list, the single records and the rows that may be changed agree with the rooms."""
    spec, policy = SPECS[resource], POLICIES[resource]
    query = spec.parse("per_page=200&sort=id", one)
    listed = spec.page(one, query, fresh=True)
    assert {record["id"] for record in listed["data"]} == by_rooms, (one.role, resource)
    assert listed["meta"]["total"] == len(by_rooms)
    with read_engine().connect() as connection:
        assert spec.many(connection, range(1, CUSTOMERS + 1), one).keys() == by_rooms
    for record in listed["data"][:: max(len(by_rooms) - 1, 1)]:
        row = policy.get(one, record["id"])
        assert policy.may_write(one, row) is record["can_write"]
        assert policy.sees(one, record["id"])
        if resource == "deal" and record["customer_id"] is not None:
            assert policy.parent is not None
            assert policy.parent[0].get(one, record["customer_id"]).id == record["customer"]["id"]


def test_people_see_no_deleted_things(cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme", "collaborators": [{"user_id": cast.bob.id}]})["id"]
    person = cast.alice.made("/people", {"name": "Pat", "customer_id": customer})["id"]
    child = cast.alice.made("/customers", {"name": "Child", "parent_id": customer})["id"]
    assert cast.alice.get(f"/customers/{child}").get_json()["parent"] == {"id": customer, "name": "Acme"}
    assert cast.alice.delete(f"/customers/{customer}").status_code == 204
    for one in cast.everybody():
        assert one.get(f"/customers/{customer}").status_code == 404
        assert one.get(f"/people/{person}").status_code == 404
        assert one.patch(f"/people/{person}", {"name": "x"}).status_code in (403, 404)
        assert one.get("/people").get_json()["meta"]["total"] == 0
        assert customer not in [record["id"] for record in one.get("/customers").get_json()["data"]]
    shown = cast.alice.get(f"/customers/{child}").get_json()
    assert (shown["parent_id"], shown["parent"]) == (None, None)
    assert cast.alice.post("/people", {"name": "x", "customer_id": customer}).status_code == 422
    assert cast.alice.post(f"/customers/{customer}/restore").status_code == 200
    assert cast.bob.get(f"/people/{person}").status_code == 200
    assert cast.alice.get(f"/customers/{child}").get_json()["parent_id"] == customer


def test_a_link_to_what_one_does_not_see_reads_null(cast: Cast) -> None:
    parent = cast.mallory.made("/customers", {"name": "Secret"})["id"]
    child = cast.alice.made("/customers", {"name": "Child"})["id"]
    assert cast.alice.patch(f"/customers/{child}", {"parent_id": parent}).status_code == 422
    assert cast.root.patch(f"/customers/{child}", {"parent_id": parent}).status_code == 200
    shown = {one.name: one.get(f"/customers/{child}").get_json() for one in (cast.alice, cast.carol, cast.root)}
    assert {name: (one["parent_id"], one["parent"]) for name, one in shown.items()} == {
        "alice": (None, None),
        "carol": (None, None),
        "root": (parent, {"id": parent, "name": "Secret"}),
    }
    # An edit of something else keeps what she does not see.
    assert cast.alice.patch(f"/customers/{child}", {"title": "x"}).status_code == 200
    assert cast.root.get(f"/customers/{child}").get_json()["parent_id"] == parent
    # Nor can it be guessed by filters or sorting.
    assert cast.alice.get(f"/customers?parent_id={parent}").get_json()["meta"]["total"] == 0
    assert cast.root.get(f"/customers?parent_id={parent}").get_json()["meta"]["total"] == 1


def test_a_share_is_as_wide_as_it_says(cast: Cast) -> None:
    record_id = cast.alice.made("/customers", {"name": "Acme"})["id"]
    path = f"/customers/{record_id}"

    def shared(**party: Any) -> dict[str, tuple[int, int]]:
        assert cast.alice.patch(path, {"collaborators": [party]}).status_code == 200
        others = (cast.bob, cast.mallory, cast.vera)
        return {one.name: (one.get(path).status_code, one.patch(path, {"title": "x"}).status_code) for one in others}

    assert shared(user_id=cast.bob.id) == {"bob": (200, 403), "mallory": (404, 404), "vera": (200, 403)}
    assert shared(user_id=cast.bob.id, access="write") == {"bob": (200, 200), "mallory": (404, 404), "vera": (200, 403)}
    assert shared(team_id=cast.south) == {"bob": (404, 404), "mallory": (200, 403), "vera": (200, 403)}
    assert shared(team_id=cast.south, access="write") == {"bob": (404, 404), "mallory": (200, 200), "vera": (200, 403)}
    assert cast.alice.patch(path, {"collaborators": []}).status_code == 200
    assert cast.mallory.get(path).status_code == 404

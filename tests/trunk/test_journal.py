"""The journal: what it keeps of a change, for whom, and that a table can be made anew from it."""

from __future__ import annotations

import contextlib
import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select, text

from app import append_only
from app.access import POLICIES
from app.auth.models import User
from app.customer.models import Customer, CustomerKind, CustomerTag, Person, Tag
from app.database import Base, db
from app.folding import fold
from app.journal import act, canonical, journalled_columns
from app.record import Collaborator, Record
from app.routing import CRM
from app.transaction import current_unit, unit_of_work

from ..cast import PASSWORD, Cast, hashed_password
from .conftest import a_tag
from .looking import entries


def test_an_entry_whole(cast: Cast) -> None:
    body = {
        "name": "Acme",
        "email": "Chief@Example.com",
        "annual_revenue": "814",
        "next_follow_up_at": "2026-01-01T08:00:00+08:00",
        "address": {"city": "上海"},
        "tags": ["VIP"],
        "collaborators": [{"user_id": cast.bob.id}],
    }
    made = cast.alice.made("/customers", body)
    (entry,) = entries("customer")
    assert entry.pop("at").isoformat().replace("+00:00", "Z") == made["created_at"]
    assert entry.pop("changeset_id") > 0
    shared = [{"user_id": cast.bob.id, "team_id": None, "access": "read"}]
    after = {
        "kind": "company",
        "name": "Acme",
        "email": "Chief@Example.com",
        "status": "lead",
        "became_lead_at": made["created_at"].replace("Z", "+00:00"),
        "annual_revenue": "814.00",
        "next_follow_up_at": "2026-01-01T00:00:00+00:00",
        "address": {"city": "上海"},
        "owner_id": cast.alice.id,
        "team_id": cast.north,
        "is_active": True,
        "tags": [{"tag_id": 1}],
        "collaborators": shared,
    }
    assert entry == {
        "action": "created",
        "actor_id": cast.alice.id,
        "version": 1,
        "changed": sorted(after),
        "audience": sorted(["all", f"user:{cast.alice.id}", f"team:{cast.north}", f"user:{cast.bob.id}"]),
        "customer_id": made["id"],
        "before": {"tags": [], "collaborators": []},
        "after": after,
        "source": "http",
        "entry_count": 2,
    }


def test_before_and_after(cast: Cast) -> None:
    record_id = cast.alice.made("/customers", {"name": "Acme", "annual_revenue": "1.5", "address": {"city": "上海"}})[
        "id"
    ]
    change = {
        "annual_revenue": "2.25",
        "address": {"street": "南京路"},
        "description": "long",
        "next_follow_up_at": None,
    }
    cast.alice.patch(f"/customers/{record_id}", change)
    entry = entries("customer")[-1]
    assert (entry["action"], entry["version"]) == ("updated", 2)
    assert entry["changed"] == ["address", "annual_revenue", "description"]
    assert entry["before"] == {"annual_revenue": "1.50", "address": {"city": "上海"}, "description": None}
    assert entry["after"] == {
        "annual_revenue": "2.25",
        "address": {"city": "上海", "street": "南京路"},
        "description": "long",
    }


def test_acts_and_their_names(cast: Cast) -> None:
    record_id = cast.root.made("/customers", {"name": "Pool", "owner_id": None})["id"]
    cast.alice.post(f"/customers/{record_id}/claim")
    cast.alice.post(f"/customers/{record_id}/release")
    cast.root.delete(f"/customers/{record_id}")
    cast.root.post(f"/customers/{record_id}/restore")
    found = [(one["action"], one["version"], one["before"], one["after"]) for one in entries("customer")[1:]]
    owned = {"owner_id": cast.alice.id, "team_id": cast.north}
    nobody: dict[str, Any] = {"owner_id": None, "team_id": None}
    assert found == [
        ("claimed", 2, nobody, owned),
        ("released", 3, owned, nobody),
        ("deleted", 4, {"is_active": True}, {"is_active": False}),
        ("restored", 5, {"is_active": False}, {"is_active": True}),
    ]


def test_an_act_names_the_change_of_its_unit(app: CRM) -> None:
    with unit_of_work():
        tag = a_tag("a")
        db.session.add(tag)
        act(tag, "moved")
    assert [one["action"] for one in entries("tag")] == ["created"]
    with unit_of_work():
        tag = db.session.execute(select(Tag)).scalar_one()
        act(tag, "moved")
        tag.colour = "red"
    assert [(one["action"], one["after"]) for one in entries("tag")[1:]] == [("moved", {"colour": "red"})]


def test_an_expired_attribute_has_its_old_value(cast: Cast) -> None:
    record_id = cast.alice.made("/customers", {"name": "Acme", "title": "old"})["id"]
    with unit_of_work():
        customer = db.session.get(Customer, record_id)
        db.session.expire(customer)
        assert customer is not None
        customer.title = "new"
    assert entries("customer")[-1]["before"] == {"title": "old"}


def test_parts_changed_one_by_one_are_one_entry(cast: Cast) -> None:
    record_id = cast.alice.made("/customers", {"name": "Acme", "tags": ["a", "b"]})["id"]
    with unit_of_work():
        for tag_id in (1, 2):
            db.session.delete(db.session.get(CustomerTag, (record_id, tag_id)))
            db.session.flush()
        tag = a_tag("c")
        db.session.add(tag)
        db.session.flush()
        db.session.add(CustomerTag(customer_id=record_id, tag_id=tag.id))
        db.session.add(Collaborator(resource="customer", record_id=record_id, team_id=cast.south, access="read"))
    entry = entries("customer")[-1]
    assert (entry["version"], entry["changed"]) == (2, ["collaborators", "tags"])
    assert entry["before"] == {"tags": [{"tag_id": 1}, {"tag_id": 2}], "collaborators": []}
    assert entry["after"] == {
        "tags": [{"tag_id": 3}],
        "collaborators": [{"user_id": None, "team_id": cast.south, "access": "read"}],
    }
    assert f"member:{cast.south}" in entry["audience"]


def test_a_part_that_changes_its_columns(cast: Cast) -> None:
    record_id = cast.alice.made("/customers", {"name": "Acme", "collaborators": [{"user_id": cast.bob.id}]})["id"]
    sent = {"collaborators": [{"user_id": cast.bob.id, "access": "write"}]}
    assert cast.alice.patch(f"/customers/{record_id}", sent).get_json()["version"] == 2
    entry = entries("customer")[-1]
    assert [share["access"] for share in entry["before"]["collaborators"] + entry["after"]["collaborators"]] == [
        "read",
        "write",
    ]


# ---- the audience ---------------------------------------------------------------------------------------------------


def test_the_audience_holds_who_saw_it_and_who_sees_it(cast: Cast) -> None:
    made = cast.alice.made("/customers", {"name": "Acme", "collaborators": [{"user_id": cast.bob.id}]})
    path = f"/customers/{made['id']}"
    alice, bob, mallory = (f"user:{one.id}" for one in (cast.alice, cast.bob, cast.mallory))
    north, south, guests = f"team:{cast.north}", f"team:{cast.south}", f"member:{cast.south}"

    def audience() -> set[str]:
        return set(entries("customer", made["id"])[-1]["audience"])

    assert audience() == {"all", alice, north, bob}
    cast.alice.patch(path, {"title": "x"})
    assert audience() == {"all", alice, north, bob}
    # Owner and shares change at once: those who lose sight are told, and those who gain it.
    cast.root.patch(path, {"owner_id": cast.mallory.id, "collaborators": [{"team_id": cast.south}]})
    assert audience() == {"all", alice, north, bob, mallory, south, guests}
    cast.root.patch(path, {"title": "y"})
    assert audience() == {"all", mallory, south, guests}
    cast.root.patch(path, {"owner_id": None})
    assert audience() == {"all", mallory, south, guests, "pool"}
    cast.root.delete(path)
    assert audience() == {"all", guests, "pool"}


def test_the_audience_of_what_belongs_to_a_customer(cast: Cast) -> None:
    first = cast.alice.made("/customers", {"name": "first"})["id"]
    second = cast.mallory.made("/customers", {"name": "second"})["id"]
    person = cast.alice.made("/people", {"name": "Pat", "customer_id": first})["id"]
    of_first = {"all", f"user:{cast.alice.id}", f"team:{cast.north}"}
    of_second = {"all", f"user:{cast.mallory.id}", f"team:{cast.south}"}
    entry = entries("person")[-1]
    assert (set(entry["audience"]), entry["customer_id"]) == (of_first, first)
    cast.root.patch(f"/people/{person}", {"customer_id": second})
    entry = entries("person")[-1]
    assert (set(entry["audience"]), entry["customer_id"]) == (of_first | of_second, second)
    cast.root.patch(f"/people/{person}", {"name": "Patricia"})
    assert set(entries("person")[-1]["audience"]) == of_second


def test_everybody_hears_of_what_everybody_sees(cast: Cast) -> None:
    cast.alice.made("/tags", {"name": "VIP"})
    assert entries("tag")[-1]["audience"] == ["everyone"]


# ---- what is kept ---------------------------------------------------------------------------------------------------


def test_secrets_are_never_stored(cast: Cast) -> None:
    with unit_of_work():
        user = db.session.get(User, cast.alice.id)
        assert user is not None
        user.password_hash = "$argon2id$another-secret"
        user.access_stamp += 1
        user.title = "known"
    (entry,) = entries("user", cast.alice.id)[1:]
    assert entry["after"] == {"title": "known"}
    tables = ("journal", "journal_value", "changeset")
    rows = [row for name in tables for row in db.session.execute(select(Base.metadata.tables[name]))]
    everything = json.dumps([[str(value) for value in row] for row in rows])
    for secret in (hashed_password(), "another-secret", PASSWORD, "password_hash", "access_stamp", cast.alice.token):
        assert secret not in everything


def test_a_change_of_secrets_alone_raises_the_version_without_an_entry(cast: Cast) -> None:
    with unit_of_work() as unit:
        user = db.session.get(User, cast.alice.id)
        assert user is not None
        user.password_hash = "$argon2id$another-secret"
    assert unit.changeset_id is None
    assert len(entries("user", cast.alice.id)) == 1


def test_every_journalled_model_keeps_its_keys_and_secrets_out() -> None:
    kept = {
        policy.model.resource: {
            name
            for name in journalled_columns(policy.model)
            if name.endswith(("_key", "_hash", "_stamp", "_secret", "_token")) or "password" in name
        }
        for policy in POLICIES.values()
    }
    assert {resource: names - {"must_change_password"} for resource, names in kept.items()} == {
        resource: set() for resource in kept
    }


def test_every_record_has_a_policy() -> None:
    models = {mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Record)}
    assert {policy.model for policy in POLICIES.values()} == models
    assert {model.resource for model in models} == set(POLICIES)


def test_canonical_values() -> None:
    assert [
        canonical(value)
        for value in (
            Decimal("814"),
            Decimal("-0.5"),
            Decimal("1.23450"),
            Decimal("0.00005"),
            datetime(2026, 1, 1, 8, tzinfo=EAST),
            datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=timezone.utc),  # noqa: UP017
            date(2026, 1, 1),
            0.1 + 0.2,
            0.45678,
            CustomerKind.PERSON,
            (1, "x", None, True),
            {"a": Decimal(1), "b": [date(2026, 1, 1)]},
        )
    ] == [
        "814.00",
        "-0.50",
        "1.2345",
        "0.0001",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00.000005+00:00",
        "2026-01-01",
        0.3,
        0.4568,
        "person",
        [1, "x", None, True],
        {"a": "1.00", "b": ["2026-01-01"]},
    ]
    assert type(canonical(CustomerKind.PERSON)) is str


# ---- replayed, the journal is the table -----------------------------------------------------------------------------

EAST = timezone(timedelta(hours=8))
INSTANTS = st.integers(0, 10**15).map(lambda micros: datetime.fromtimestamp(0, EAST) + timedelta(microseconds=micros))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from([None, "", "a", "b", "张"]),
    "credit_rating": st.sampled_from([None, 0, 1, 100]),
    "annual_revenue": st.none() | st.decimals(0, 10**13, places=4) | st.integers(0, 10**13),
    "next_follow_up_at": st.none() | INSTANTS,
    "address": st.sampled_from([None, {"city": "a"}, {"city": "b", "street": "c"}]),
    "owner_id": st.sampled_from([None, 1, 2, 4]),
    "description": st.sampled_from([None, "x", "y\nz"]),
}
CHANGE = st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name]))
STEP = st.one_of(
    st.tuples(st.just("create"), CHANGE),
    st.tuples(st.just("set"), CHANGE),
    st.tuples(st.just("tag"), st.integers(1, 3)),
    st.tuples(st.just("share"), st.tuples(st.integers(1, 3), st.sampled_from(["read", "write"]))),
    st.tuples(st.just("delete"), st.none()),
    st.tuples(st.just("restore"), st.none()),
    st.tuples(st.just("flush"), st.none()),
    st.tuples(st.just("move person"), st.integers(0, 5)),
)
BLOCK = st.tuples(st.sampled_from(["plain", "savepoint", "lost savepoint"]), st.lists(STEP, min_size=1, max_size=5))
UNIT = st.tuples(st.booleans(), st.lists(BLOCK, min_size=1, max_size=3))


class _LostError(Exception):
    """Rolls back on purpose."""


def _step(kind: str, value: Any, pick: int) -> None:
    ids = list(db.session.execute(select(Customer.id).order_by(Customer.id)).scalars())
    if kind == "create" or not ids:
        keys = dict.fromkeys(("name_key", "sort_key", "search_key", "reach_key"), "x")
        db.session.add(Customer(kind="company", name="x", **keys))
        return
    customer = db.session.get(Customer, ids[pick % len(ids)])
    assert customer is not None
    if kind == "set":
        setattr(customer, *value)
    elif kind == "tag":
        link = db.session.get(CustomerTag, (customer.id, value))
        if link is None:
            db.session.add(CustomerTag(customer_id=customer.id, tag_id=value))
        else:
            db.session.delete(link)
    elif kind == "share":
        user_id, access = value
        wanted = select(Collaborator).where(Collaborator.record_id == customer.id, Collaborator.user_id == user_id)
        share = db.session.execute(wanted).scalar_one_or_none()
        if share is None:
            db.session.add(Collaborator(resource="customer", record_id=customer.id, user_id=user_id, access=access))
        elif share.access == access:
            db.session.delete(share)
        else:
            share.access = access
    elif kind == "move person":
        person = db.session.execute(select(Person)).scalar_one()
        person.customer_id = ids[value % len(ids)]
    elif kind == "flush":
        db.session.flush()
    else:
        customer.is_active = kind == "restore"
        customer.deleted_at = None if customer.is_active else current_unit().at


def _run(units: list[Any]) -> None:
    pick = 0
    for commits, blocks in units:
        with contextlib.suppress(_LostError), unit_of_work(actor_id=1):
            for how, steps in blocks:
                with contextlib.suppress(_LostError), contextlib.ExitStack() as stack:
                    if how != "plain":
                        stack.enter_context(db.session.begin_nested())
                    for kind, value in steps:
                        pick += 1
                        _step(kind, value, pick)
                    if how == "lost savepoint":
                        raise _LostError
            if not commits:
                raise _LostError


def _stored(model: type[Record]) -> dict[int, dict[str, Any]]:
    """The rows of a table as the journal speaks of them, straight from the database."""
    db.session.rollback()
    db.session.expire_all()
    columns = journalled_columns(model)
    found = {}
    for row in db.session.execute(select(model)).scalars():
        values = {name: canonical(getattr(row, name)) for name in columns}
        found[row.id] = {name: value for name, value in values.items() if value is not None} | {"version": row.version}
    return found


def _replayed(resource: str) -> dict[int, dict[str, Any]]:
    """The same from the journal alone; each entry must go on from where the one before it ended."""
    found: dict[int, dict[str, Any]] = {}
    query = text(
        "SELECT j.resource_id, j.version, j.action, v.before, v.after FROM journal j "
        "JOIN journal_value v ON v.journal_id = j.id WHERE j.resource = :resource ORDER BY j.id"
    )
    for record_id, version, action, before, after in db.session.execute(query, {"resource": resource}):
        olds, news = (json.loads(one) if isinstance(one, str) else one for one in (before, after))
        state = found.setdefault(record_id, {"version": 0})
        assert (action == "created") == (state["version"] == 0)
        assert version > state["version"]
        if action != "created":
            assert olds.keys() == news.keys()
            assert {name: state.get(name, [] if name in ("tags", "collaborators") else None) for name in olds} == olds
            assert all(olds[name] != news[name] for name in olds)
        state.update(news, version=version)
        found[record_id] = {name: value for name, value in state.items() if value is not None}
    return found


def _parts() -> dict[int, tuple[list[Any], list[Any]]]:
    tags = select(CustomerTag.customer_id, CustomerTag.tag_id).order_by(CustomerTag.tag_id)
    shares = select(Collaborator.record_id, Collaborator.user_id, Collaborator.access).order_by(Collaborator.id)
    found: dict[int, tuple[list[Any], list[Any]]] = {}
    for record_id, tag_id in db.session.execute(tags):
        found.setdefault(record_id, ([], []))[0].append({"tag_id": tag_id})
    for record_id, user_id, access in db.session.execute(shares):
        found.setdefault(record_id, ([], []))[1].append({"user_id": user_id, "team_id": None, "access": access})
    return found


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(units=st.lists(UNIT, min_size=1, max_size=6))
def test_the_journal_replayed_is_the_table(cast: Cast, units: list[Any]) -> None:
    with db.engines[None].begin() as connection, append_only.set_aside(connection):
        for name in ("journal_value", "journal", "collaborator", "customer_tag", "person", "customer", "tag"):
            connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608 - names from the line above
    with unit_of_work():
        db.session.add_all([Tag(id=number, name=f"t{number}", name_key=fold(f"t{number}")) for number in (1, 2, 3)])
        _step("create", None, 0)
        db.session.flush()
        customer_id = db.session.execute(select(Customer.id)).scalar_one()
        keys = dict.fromkeys(("name_key", "sort_key", "search_key", "reach_key"), "p")
        db.session.add(Person(name="p", customer_id=customer_id, **keys))
    _run(units)
    for model in (Customer, Person):
        stored, replayed = _stored(model), _replayed(model.resource)
        parts = _parts() if model is Customer else {}
        for record_id, row in stored.items():
            told = dict(replayed.pop(record_id))
            tags, shares = parts.get(record_id, ([], []))
            assert (told.pop("tags", []), told.pop("collaborators", [])) == (tags, shares)
            # A change that a later one took back has raised the version without an entry.
            assert row.pop("version") >= told.pop("version")
            assert told == row
        assert replayed == {}

"""One request is one change set, committed as a whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app import create_app
from app.auth.models import Team
from app.customer.models import Customer, CustomerTag, Tag
from app.database import db, read_engine
from app.journal import Changeset, JournalEntry, Setting
from app.record import Collaborator
from app.routing import CRM
from app.transaction import COMMITTED, Unit, current_unit, now, seal, unit_of_work
from config import ROOT, settings_from

from ..cast import Cast
from .conftest import a_tag
from .looking import entries, said, scalar

INTERNAL = {
    "type": "/problems/internal",
    "title": "Internal error",
    "status": 500,
    "detail": "Something unexpected happened and was logged. Give your admin the request id.",
}


def tags() -> list[str]:
    db.session.rollback()
    return list(db.session.execute(select(Tag.name).order_by(Tag.id)).scalars())


def a_customer(cast: Cast, **values: object) -> int:
    return int(cast.alice.made("/customers", {"name": "Acme", **values})["id"])


def version(record_id: int) -> int:
    return int(scalar(select(Customer.version).where(Customer.id == record_id)))


# ---- reads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("road", ["write-by-session", "write-by-core", "write-by-reader"])
def test_a_read_that_writes_fails(workshop: Cast, road: str) -> None:
    record_id = a_customer(workshop)
    answer = workshop.alice.get(f"/workshop/{road}")
    assert said(answer) == INTERNAL
    assert tags() == []
    assert scalar(select(Setting.name).where(Setting.name == "by core")) is None
    assert scalar(select(Customer.title).where(Customer.id == record_id)) is None
    # The connections that were refused serve the next callers as if nothing had happened.
    assert workshop.alice.patch(f"/customers/{record_id}", {"title": "by a write"}).status_code == 200
    assert workshop.alice.get("/workshop/read").get_json() == {"tags": []}


def test_what_a_read_leaves_unflushed_is_lost(workshop: Cast) -> None:
    assert workshop.alice.get("/workshop/write-on-the-way-out").status_code == 200
    workshop.alice.made("/tags", {"name": "after"})
    assert tags() == ["after"]


def test_the_reading_engine_cannot_write(app: CRM) -> None:
    with read_engine().connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("DELETE FROM setting"))
    with pytest.raises(DBAPIError):
        db.session.execute(text("DELETE FROM setting"))
    db.session.rollback()
    with pytest.raises(LookupError):
        current_unit()


# ---- refusals -------------------------------------------------------------------------------------------------------


def test_a_clash_at_commit_is_a_conflict_and_rolls_back(workshop: Cast) -> None:
    answer = workshop.alice.post("/workshop/clash-at-commit")
    assert answer.status_code == 409
    assert said(answer) == {
        "type": "/problems/conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "This conflicts with what is stored.",
        "errors": [{"pointer": "#/name", "code": "taken", "detail": "This is in use already."}],
    }
    assert tags() == []
    assert scalar(select(Setting.name).where(Setting.name == "before the clash")) is None
    assert entries("tag") == []


def test_a_broken_link_is_a_conflict_too(workshop: Cast) -> None:
    answer = workshop.alice.post("/workshop/orphan")
    assert (answer.status_code, said(answer)["type"]) == (409, "/problems/conflict")
    assert scalar(select(func.count()).select_from(Team).where(Team.name == "Nowhere")) == 0


@pytest.mark.parametrize("number", [400, 401, 403, 404, 409, 412, 422, 500, 503])
def test_an_answer_of_400_or_more_rolls_back(workshop: Cast, number: int) -> None:
    assert workshop.alice.post(f"/workshop/refuse-by-answering/{number}").status_code == number
    assert tags() == []
    assert entries("tag") == []


@pytest.mark.parametrize("number", [200, 201, 204, 302])
def test_an_answer_below_400_commits(workshop: Cast, number: int) -> None:
    answer = workshop.alice.post(f"/workshop/refuse-by-answering/{number}")
    assert answer.status_code == number
    assert tags() == ["answered"]
    assert answer.headers["X-Changeset-Id"] == str(entries("tag")[0]["changeset_id"])


def test_a_raised_refusal_rolls_back(workshop: Cast) -> None:
    answer = workshop.alice.post("/workshop/refuse-by-raising")
    assert said(answer) == {
        "type": "/problems/invalid",
        "title": "Invalid input",
        "status": 422,
        "detail": "Please correct what is marked and send it again.",
        "errors": [{"pointer": "#/name", "code": "required", "detail": "This is required."}],
    }
    assert "X-Changeset-Id" not in answer.headers
    assert tags() == []


def test_a_fault_of_the_program_rolls_back_and_says_nothing(workshop: Cast) -> None:
    answer = workshop.alice.post("/workshop/break")
    assert said(answer) == INTERNAL
    assert "secret" not in answer.get_data(as_text=True)
    assert tags() == []


def test_what_outlives_a_refusal(workshop: Cast) -> None:
    answer = workshop.alice.post("/workshop/outlive")
    assert answer.status_code == 401
    assert tags() == []
    assert scalar(select(Setting.value).where(Setting.name == "outlived")) == 1


def test_what_outlives_a_refused_read(workshop: Cast) -> None:
    assert workshop.alice.get("/workshop/outlive-a-read").status_code == 401
    assert scalar(select(Setting.value).where(Setting.name == "outlived")) == 1


def test_nothing_outlives_a_success(workshop: Cast) -> None:
    assert workshop.alice.post("/workshop/outlive-for-nothing").status_code == 200
    assert scalar(select(Setting.value).where(Setting.name == "outlived")) is None


def test_who_listens_to_commits_cannot_spoil_them(workshop: Cast) -> None:
    def broken(_unit: Unit) -> None:
        raise RuntimeError("the push failed")

    COMMITTED.append(broken)
    try:
        answer = workshop.alice.post("/tags", {"name": "kept"})
    finally:
        COMMITTED.remove(broken)
    assert answer.status_code == 201
    assert tags() == ["kept"]


# ---- versions and entries -------------------------------------------------------------------------------------------


def test_one_version_for_several_flushes(cast: Cast) -> None:
    record_id = a_customer(cast)
    with unit_of_work():
        customer = db.session.get(Customer, record_id)
        assert customer is not None
        for title in ("one", "two", "three"):
            customer.title = title
            db.session.flush()
        customer.credit_rating = 5
    assert version(record_id) == 2
    last = entries("customer", record_id)[1:]
    assert [(one["version"], one["before"], one["after"]) for one in last] == [
        (2, {"title": None, "credit_rating": None}, {"title": "three", "credit_rating": 5})
    ]


def test_created_and_changed_at_once_is_version_one(app: CRM) -> None:
    with unit_of_work() as unit:
        tag = a_tag("draft")
        db.session.add(tag)
        db.session.flush()
        tag.name = "final"
        db.session.flush()
        tag_id = tag.id
    assert scalar(select(Tag.version).where(Tag.id == tag_id)) == 1
    found = entries("tag")
    assert [(one["action"], one["version"], one["after"]["name"]) for one in found] == [("created", 1, "final")]
    assert found[0]["before"] == {}
    assert unit.changeset_id == found[0]["changeset_id"]


def test_tags_alone_raise_the_version(cast: Cast) -> None:
    record_id = a_customer(cast, tags=["a"])
    before = cast.alice.get(f"/customers/{record_id}").get_json()
    after = cast.alice.patch(f"/customers/{record_id}", {"tags": ["b", "a"]}).get_json()
    assert after["version"] == before["version"] + 1
    assert after["updated_at"] > before["updated_at"]
    assert after == {**before, "version": 2, "updated_at": after["updated_at"], "tags": ["a", "b"]}
    last = entries("customer", record_id)[-1]
    assert (last["action"], last["changed"]) == ("updated", ["tags"])
    assert (last["before"], last["after"]) == ({"tags": [{"tag_id": 1}]}, {"tags": [{"tag_id": 1}, {"tag_id": 2}]})


def test_collaborators_alone_raise_the_version(cast: Cast) -> None:
    record_id = a_customer(cast)
    sent = {"collaborators": [{"user_id": cast.bob.id, "access": "write"}, {"team_id": cast.south}]}
    after = cast.alice.patch(f"/customers/{record_id}", sent).get_json()
    parties = [
        {"user_id": cast.bob.id, "team_id": None, "access": "write"},
        {"user_id": None, "team_id": cast.south, "access": "read"},
    ]
    assert (after["version"], after["collaborators"]) == (2, parties)
    last = entries("customer", record_id)[-1]
    assert (last["before"], last["after"]) == ({"collaborators": []}, {"collaborators": parties})


def test_net_zero_changes_vanish(cast: Cast) -> None:
    record_id = a_customer(cast, title="boss", tags=["a"])
    with unit_of_work() as unit:
        customer = db.session.get(Customer, record_id)
        assert customer is not None
        customer.title = "other"
        db.session.flush()
        customer.title = "boss"
        link = db.session.get(CustomerTag, (record_id, 1))
        db.session.delete(link)
        db.session.flush()
        db.session.add(CustomerTag(customer_id=record_id, tag_id=1))
    assert unit.changeset_id is None
    assert len(entries("customer", record_id)) == 1


def test_sending_the_same_changes_nothing(cast: Cast) -> None:
    record_id = a_customer(cast, title="boss", tags=["a"], address={"city": "上海"}, annual_revenue="10.5")
    before = cast.alice.get(f"/customers/{record_id}").get_json()
    same = {"title": "boss", "tags": ["A"], "address": {"city": "上海"}, "annual_revenue": "10.50", "collaborators": []}
    answer = cast.alice.patch(f"/customers/{record_id}", same)
    assert answer.get_json() == before
    # The write succeeded, so it has a change set; nothing changed, so that one is empty.
    changeset = int(answer.headers["X-Changeset-Id"])
    row = db.session.execute(select(Changeset).where(Changeset.id == changeset)).scalar_one()
    assert (row.actor_id, row.source, row.entry_count) == (cast.alice.id, "http", 0)
    assert [one["changeset_id"] for one in entries("customer", record_id)] != [changeset]
    assert len(entries("customer", record_id)) == 1
    again = cast.alice.patch(f"/customers/{record_id}", {"title": "chief"})
    assert int(again.headers["X-Changeset-Id"]) == entries("customer", record_id)[-1]["changeset_id"] > changeset


def test_a_savepoint_that_is_rolled_back_leaves_nothing(cast: Cast) -> None:
    record_id = a_customer(cast)
    with unit_of_work():
        customer = db.session.get(Customer, record_id)
        assert customer is not None
        customer.title = "kept"
        try:
            with db.session.begin_nested():
                customer.company = "phantom"
                db.session.add(a_tag("phantom"))
                db.session.add(Collaborator(resource="customer", record_id=record_id, user_id=1, access="read"))
                db.session.flush()
                raise ValueError("changed our mind")
        except ValueError:
            pass
        customer.credit_rating = 1
    assert tags() == []
    assert entries("tag") == []
    last = entries("customer", record_id)[-1]
    assert (last["version"], last["before"], last["after"]) == (
        2,
        {"title": None, "credit_rating": None},
        {"title": "kept", "credit_rating": 1},
    )
    assert version(record_id) == 2


def _clash_inside_a_savepoint(customer: Customer) -> None:
    with db.session.begin_nested():
        customer.title = "phantom"
        db.session.add(a_tag("vip"))
        db.session.flush()


def test_a_clash_inside_a_savepoint_is_survived(cast: Cast) -> None:
    record_id = a_customer(cast)
    with unit_of_work():
        db.session.add(a_tag("VIP"))
        customer = db.session.get(Customer, record_id)
        assert customer is not None
        with pytest.raises(IntegrityError):
            _clash_inside_a_savepoint(customer)
        customer.credit_rating = 2
    assert tags() == ["VIP"]
    assert [one["after"]["name"] for one in entries("tag")] == ["VIP"]
    last = entries("customer", record_id)[-1]
    assert (last["version"], last["after"]) == (2, {"credit_rating": 2})
    assert version(record_id) == 2


def test_a_version_raised_only_in_a_lost_savepoint(cast: Cast) -> None:
    record_id = a_customer(cast)
    with unit_of_work() as unit:
        customer = db.session.get(Customer, record_id)
        assert customer is not None
        nested = db.session.begin_nested()
        customer.title = "phantom"
        db.session.flush()
        nested.rollback()
    assert unit.changeset_id is None
    assert version(record_id) == 1
    with unit_of_work():
        customer = db.session.get(Customer, record_id)
        assert customer is not None
        with db.session.begin_nested():
            customer.title = "released"
        customer.company = "later"
    assert version(record_id) == 2
    assert entries("customer", record_id)[-1]["after"] == {"title": "released", "company": "later"}


def test_a_sealed_unit_may_go_on(cast: Cast) -> None:
    record_id = a_customer(cast)
    with unit_of_work() as unit:
        customer = db.session.get(Customer, record_id)
        assert customer is not None
        customer.title = "sealed"
        seal(unit)
        first = unit.changeset_id
        db.session.add(a_tag("after the seal"))
    assert unit.changeset_id == first
    tag, last = entries("tag")[0], entries("customer", record_id)[-1]
    assert tag["changeset_id"] == last["changeset_id"] == first
    assert scalar(select(Changeset.entry_count).where(Changeset.id == first)) == 2


def test_units_do_not_nest(app: CRM) -> None:
    with unit_of_work():
        db.session.add(a_tag("outer"))
        with pytest.raises(RuntimeError), unit_of_work():
            pass
    assert tags() == ["outer"]


def test_one_moment_for_all(app: CRM) -> None:
    with unit_of_work() as unit:
        assert now() == unit.at
        db.session.add_all([a_tag("a"), a_tag("b")])
    rows = db.session.execute(select(Tag.created_at, Tag.updated_at)).all()
    assert {moment for row in rows for moment in row} == {unit.at}
    assert {one["at"] for one in entries("tag")} == {unit.at}


def test_records_are_never_deleted_from_the_table(app: CRM) -> None:
    with unit_of_work():
        db.session.add(a_tag("a"))
    with pytest.raises(RuntimeError, match="softly"), unit_of_work():
        db.session.delete(db.session.execute(select(Tag)).scalar_one())
    assert tags() == ["a"]


# ---- many at once ---------------------------------------------------------------------------------------------------

THREADS, TIMES = 8, 12


def test_no_increment_is_lost(cast: Cast) -> None:
    record_id, application = a_customer(cast, employee_count=0), cast.alice.app

    def work(_number: int) -> None:
        with application.app_context():
            for _ in range(TIMES):
                with unit_of_work(source="job"):
                    row = select(Customer).where(Customer.id == record_id).with_for_update()
                    customer = db.session.execute(row).scalar_one()
                    customer.employee_count = (customer.employee_count or 0) + 1

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    row = db.session.execute(select(Customer.employee_count, Customer.version).where(Customer.id == record_id)).one()
    assert tuple(row) == (THREADS * TIMES, THREADS * TIMES + 1)
    found = entries("customer", record_id)[1:]
    assert [one["after"]["employee_count"] for one in found] == list(range(1, THREADS * TIMES + 1))
    assert [one["before"]["employee_count"] for one in found] == list(range(THREADS * TIMES))


def test_no_increment_over_http_is_lost(cast: Cast) -> None:
    """Everybody reads, adds one and sends the version along; a 412 brings the record as it is now."""
    record_id = a_customer(cast, employee_count=0)

    def work(_number: int) -> None:
        answer = cast.alice.get(f"/customers/{record_id}")
        current, tag = answer.get_json(), answer.headers["ETag"]
        for _ in range(200):
            sent = {"employee_count": current["employee_count"] + 1}
            answer = cast.alice.patch(f"/customers/{record_id}", sent, headers={"If-Match": tag})
            tag = answer.headers["ETag"]
            if answer.status_code == 200:
                return
            assert answer.status_code == 412
            current = answer.get_json()["current"]
        raise AssertionError("never got through")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    shown = cast.alice.get(f"/customers/{record_id}").get_json()
    assert (shown["employee_count"], shown["version"]) == (THREADS, THREADS + 1)


# ---- applications ---------------------------------------------------------------------------------------------------


def test_two_applications_share_nothing(tmp_path: Path) -> None:
    def made(name: str) -> CRM:
        return create_app(settings_from({"DATA_DIR": str(tmp_path / name), "RATELIMIT_ENABLED": "0"}))

    first, second = made("first"), made("second")
    assert first.config["SECRET_KEY"] != second.config["SECRET_KEY"]
    for name in ("lianxi.actors", "lianxi.cache", "lianxi.socketio", "lianxi.live", "flask-jwt-extended"):
        assert first.extensions[name] is not second.extensions[name], name
    with first.app_context():
        db.create_all(None)
        with unit_of_work():
            db.session.add(a_tag("only here"))
            # The other application's session knows nothing of the unit that is open here.
            with second.app_context(), pytest.raises(LookupError):
                current_unit()
        one = {key: str(engine.url) for key, engine in db.engines.items()}
        assert tags() == ["only here"]
    with second.app_context():
        db.create_all(None)
        assert tags() == []
        assert one.keys() == db.engines.keys()
        assert not set(one.values()) & {str(engine.url) for engine in db.engines.values()}
    for application in (first, second):
        with application.app_context():
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


OPENED = """
import json, os, socket, sqlite3, sys, threading
opened = []
def watch(event, args):
    if event == "socket.bind" and args[1][1] == 0:
        return  # a library asks the kernel whether there is IPv6 and lets go at once
    if event in ("socket.connect", "socket.bind", "sqlite3.connect", "os.mkdir", "os.remove", "subprocess.Popen"):
        opened.append([event, repr(args)[:200]])
    elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+") and args[0] != os.devnull:
        opened.append([event, repr(args)[:200]])
sys.addaudithook(watch)
sys.dont_write_bytecode = True
import app
print(json.dumps({"opened": opened, "threads": threading.active_count(), "app": app.__file__}))
"""


def test_importing_opens_nothing(tmp_path: Path) -> None:
    env = {"PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path / "data"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", OPENED], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told == {"opened": [], "threads": 1, "app": str(ROOT / "app" / "__init__.py")}
    assert list(tmp_path.iterdir()) == []


def test_the_actor_of_a_unit_is_the_caller(cast: Cast) -> None:
    cast.bob.made("/tags", {"name": "bob's"})
    row = db.session.execute(select(Changeset).order_by(Changeset.id.desc()).limit(1)).scalar_one()
    assert (row.actor_id, row.source) == (cast.bob.id, "http")
    answer = cast.bob.post("/tags", {"name": "traced"}, headers={"X-Request-ID": "my-request-1"})
    assert answer.headers["X-Request-ID"] == "my-request-1"
    db.session.rollback()
    traced = select(Changeset.request_id).join(JournalEntry, JournalEntry.changeset_id == Changeset.id)
    assert scalar(traced.order_by(JournalEntry.id.desc()).limit(1)) == "my-request-1"
    assert scalar(select(Tag.created_by).where(Tag.name == "traced")) == cast.bob.id


def test_bulk_statements_outside_of_a_unit_are_refused(app: CRM) -> None:
    with pytest.raises(DBAPIError):
        db.session.execute(update(Tag).values(colour="red"))
    db.session.rollback()
    db.session.add(a_tag("outside"))
    with pytest.raises(LookupError):
        db.session.commit()
    db.session.rollback()
    assert tags() == []

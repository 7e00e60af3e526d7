"""The people and records that the permission matrix speaks of; nothing of it changes while the matrix is tried.

One customer of alice's carries the matrix: it is shared with two people of another team, one may read it, one may
write it. `owner`, `mate` and `manager` are of the North, `other` manages the South, `reader` and `writer` sell in the
East.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from app.auth.credentials import LinkedIdentity
from app.auth.models import Team, User
from app.customer.models import DuplicatePair, PersonPair
from app.database import db
from app.exporting.models import ExportTicket
from app.folding import fold
from app.installation import seed
from app.job import queue
from app.routing import CRM
from app.transaction import unit_of_work

from ..attachment.test_attachments import uploaded
from ..cast import PASSWORD, Member, hashed_password, sign_in
from ..conftest import clear
from ..importing.sending import upload
from ..job.test_jobs import work_off
from ..quote.offering import image

ABSENT = 987_654_321
"""An id that no record has."""

COST = "4.7531"
"""What a product costs; not everybody reads it."""

PHONES = {
    "own": "13800001111",
    "twin": "13800002222",
    "deleted": "13800003333",
    "binned": "13800004444",
    "pool": "13800005555",
    "lost": "13800006666",
}

PEOPLE = {
    # name in the table: (role, team)
    "left": ("sales", "North"),
    "viewer": ("viewer", None),
    "reader": ("sales", "East"),
    "writer": ("sales", "East"),
    "owner": ("sales", "North"),
    "mate": ("sales", "North"),
    "manager": ("manager", "North"),
    "other": ("manager", "South"),
    "admin": ("admin", None),
    "blind": ("sales", "West"),
}
"""Everybody; `blind` stands in no column: what is the same for him or her shows nothing."""


@dataclass
class Stage:
    """What is set up, by the names of the table.

    Attributes:
        people: signed in; `nobody` has no token, that of `left` was good until the account was ended.
        rows: ids by resource (the first segment of a path) and state.
        refresh: refresh tokens by person.
        words: what else addresses hold, such as the ticket of a download.
    """

    app: CRM
    people: dict[str, Member] = field(default_factory=dict)
    teams: dict[str, int] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Member:
        return self.people[name]

    def id(self, resource: str, state: str) -> int:
        """The id of a record."""
        return self.rows[resource, state]


def set_up(app: CRM) -> Stage:
    """Empty the database, then make everybody and everything."""
    with db.engines[None].begin() as connection:
        clear(connection)
    app.extensions["lianxi.actors"].entries.clear()
    app.extensions["lianxi.cache"].clear()
    seed()
    queue.huey().flush()
    stage = Stage(app)
    _people(stage)
    _common(stage)
    _selling(stage)
    _kept(stage)
    _jobs(stage)
    _last(stage)
    queue.huey().flush()
    db.session.remove()
    return stage


def _people(stage: Stage) -> None:
    with unit_of_work():
        teams = {name: Team(name=name) for name in ("North", "South", "East", "West")}
        db.session.add_all(teams.values())
        db.session.flush()
        made = {
            name: User(
                name=name.title(),
                name_key=fold(name),
                email=f"{name}@example.com",
                email_key=f"{name}@example.com",
                role=role,
                team_id=None if team is None else teams[team].id,
                password_hash=hashed_password(),
                language="en",
                time_zone="Asia/Shanghai",
            )
            for name, (role, team) in PEOPLE.items()
        }
        db.session.add_all(made.values())
        db.session.flush()
        teams["North"].manager_id, teams["South"].manager_id = made["manager"].id, made["other"].id
        stage.teams = {name: team.id for name, team in teams.items()}
        ids = {name: (user.id, user.team_id) for name, user in made.items()}
    for name, (user_id, team_id) in ids.items():
        stage.people[name] = Member(stage.app, user_id, name, team_id, sign_in(stage.app, user_id))
        stage.rows["users", name] = user_id
    stage.people["nobody"] = Member(stage.app, 0, "nobody", None, "")
    for name in ("left", "owner", "viewer", "reader", "writer", "mate", "manager", "other", "admin"):
        answer = stage["owner"].post("/auth/login", {"email": f"{name}@example.com", "password": PASSWORD})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        stage.refresh[name] = answer.get_json()["refresh_token"]


def _common(stage: Stage) -> None:
    """What everybody reads and admins keep in order: one that is there, one that was deleted."""
    admin = stage["admin"]
    for plural, (there, deleted) in {
        "tags": ({"name": "matrix tag"}, {"name": "deleted tag"}),
        "options": ({"list": "source", "value": "matrix"}, {"list": "source", "value": "gone"}),
        "custom-fields": (_custom("matrix"), _custom("gone")),
        "products": (_product("M-1"), _product("M-2")),
        "pipelines": (_pipeline("Matrix line"), _pipeline("Former line")),
        "exchange-rates": (_rate("2026-01-01"), _rate("2026-02-01")),
        "teams": ({"name": "Nobody's"}, {"name": "Former"}),
        "roles": (_role("matrix"), _role("former")),
    }.items():
        stage.rows[plural, "own"] = admin.made(f"/{plural}", there)["id"]
        stage.rows[plural, "deleted"] = admin.made(f"/{plural}", deleted)["id"]
        assert admin.delete(f"/{plural}/{stage.id(plural, 'deleted')}").status_code == 204
    stage.rows["pipelines", "spare"] = admin.made("/pipelines", _pipeline("Spare line"))["id"]
    stage.rows["options", "other"] = admin.get("/options?list=source").get_json()["data"][0]["id"]
    entity = {"name_zh": "Matrix", "logo_data": image()}
    answer = admin.patch("/settings/company", {"entities": [entity]})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    stage.words["digest"] = str(answer.get_json()["entities"][0]["logo"]).rsplit("/", 1)[-1]


def _custom(key: str) -> dict[str, Any]:
    return {"resource": "customers", "kind": "text", "key": key, "label_en": key, "label_zh": key}


def _role(key: str) -> dict[str, Any]:
    return {"key": key, "name_en": key, "permissions": ["customer:read"], "sight": "own"}


def _product(code: str) -> dict[str, Any]:
    return {"code": code, "name": f"Matrix {code}", "price": "10", "currency": "CNY", "cost": COST}


def _pipeline(name: str) -> dict[str, Any]:
    stages = (("Open", "open", 0.5), ("Won", "won", 1), ("Lost", "lost", 0))
    made = [{"name": stage, "kind": kind, "win_probability": chance} for stage, kind, chance in stages]
    return {"name": name, "stages": made}


def _rate(day: str) -> dict[str, Any]:
    return {"currency": "EUR", "valid_on": day, "rate": "7.5"}


def _selling(stage: Stage) -> None:
    """Customers of every state, and what belongs to them."""
    owner, admin, manager = stage["owner"], stage["admin"], stage["manager"]
    shares = [
        {"user_id": stage["reader"].id, "access": "read"},
        {"user_id": stage["writer"].id, "access": "write"},
    ]
    stages = {one["name"]: one["id"] for one in admin.get("/pipelines?name=Matrix").get_json()["data"][0]["stages"]}
    stage.rows["stages", "open"] = stages["Open"]
    for state in ("own", "twin", "deleted", "binned", "pool", "lost"):
        body: dict[str, Any] = {
            "name": f"Matrix {state}",
            "phone": PHONES[state],
            "email": f"{state}@matrix.example",
            "collaborators": shares,
            **_origin(state),
        }
        if state == "pool":
            body |= {"owner_id": None, "collaborators": []}
        stage.rows["customers", state] = (admin if state == "pool" else owner).made("/customers", body)["id"]
    stage.words["reason"] = admin.get("/options?list=disqualify_reason").get_json()["data"][0]["value"]
    lost = {"reason": stage.words["reason"]}
    _done(owner.post(f"/customers/{stage.id('customers', 'lost')}/disqualify", lost))
    home, pool = stage.id("customers", "own"), stage.id("customers", "pool")
    deal = {"pipeline_id": admin.get("/pipelines?name=Matrix").get_json()["data"][0]["id"], "collaborators": shares}
    for state in ("own", "deleted", "binned", "pool"):
        at, by = (pool, admin) if state == "pool" else (home, owner)
        stage.rows["people", state] = by.made(
            "/people",
            {
                "customer_id": at,
                "name": f"Person {state}",
                "phone": f"1390000{len(stage.rows):04}",
                **_origin(state),
            },
        )["id"]
        stage.rows["contacts", state] = by.made(
            "/contacts", {"customer_id": at, "kind": "call", "content": f"Said {state}", **_origin(state)}
        )["id"]
        stage.rows["tasks", state] = by.made(
            "/tasks", {"customer_id": at, "subject": f"Task {state}", **_origin(state)}
        )["id"]
        stage.rows["attachments", state] = uploaded(by, customer_id=at)["id"]
        if state != "pool":
            body = {**deal, "name": f"Deal {state}", "customer_id": home, "amount": "12345.67", "currency": "CNY"}
            body |= _origin(state)
            stage.rows["deals", state] = owner.made("/deals", body)["id"]
    stage.rows["people", "twin"] = owner.made("/people", {"customer_id": home, "name": "Person twin"})["id"]
    stage.rows["tasks", "free"] = owner.made("/tasks", {"subject": "Task free", "due_on": "2026-01-02"})["id"]
    stage.rows["tasks", "done"] = owner.made("/tasks", {"customer_id": home, "subject": "Task done"})["id"]
    _done(owner.post(f"/tasks/{stage.id('tasks', 'done')}/complete"))
    stage.rows["deals", "free"] = owner.made("/deals", {"name": "Deal free"})["id"]
    for state, act, body in (("won", "win", {}), ("lost", "lose", {"reason": "price"})):
        body_of = {**deal, "name": f"Deal {state}", "customer_id": home, "opened_on": "2026-01-05"}
        stage.rows["deals", state] = owner.made("/deals", body_of)["id"]
        _done(owner.post(f"/deals/{stage.id('deals', state)}/{act}", body))
    lines = [{"product_id": stage.id("products", "own"), "quantity": "1", "unit_price": "5"}]
    for state in ("own", "sent", "deleted", "binned"):
        stage.rows["quotes", state] = owner.made("/quotes", {"deal_id": stage.id("deals", "own"), "lines": lines})["id"]
    _done(owner.post(f"/quotes/{stage.id('quotes', 'sent')}/send"))
    for plural in ("people", "contacts", "tasks", "attachments", "quotes", "deals", "customers"):
        for state, by in (("deleted", owner), ("binned", manager)):
            answer = by.delete(f"/{plural}/{stage.id(plural, state)}")
            assert answer.status_code == 204, (plural, answer.get_data(as_text=True))
    twin = owner.made("/people", {"name": "Person twin", "customer_id": home})["id"]
    with unit_of_work() as unit:
        first, second = sorted((home, stage.id("customers", "twin")))
        pair = DuplicatePair(customer_a_id=first, customer_b_id=second, score=0.9, reasons=["name"], created_at=unit.at)
        db.session.add(pair)
        db.session.flush()
        stage.rows["duplicates", "own"] = pair.id
        first, second = sorted((stage.id("people", "own"), twin))
        people = PersonPair(
            person_a_id=first, person_b_id=second, score=0.86, reasons=["same_customer", "name"], created_at=unit.at
        )
        db.session.add(people)
        db.session.flush()
        stage.rows["people/duplicates", "own"] = people.id


def _origin(state: str) -> dict[str, str]:
    return {"external_source": "erp", "external_id": state}


def _kept(stage: Stage) -> None:
    """What people keep for themselves and share; targets."""
    owner, manager = stage["owner"], stage["manager"]
    for plural, body in {"views": {"resource": "customers"}, "dashboards": {}}.items():
        for state in ("private", "team", "public", "deleted"):
            shared = "public" if state == "deleted" else state
            body |= {"name": f"{plural} {state}", "visibility": shared}
            stage.rows[plural, state] = owner.made(f"/{plural}", body)["id"]
        _done(owner.delete(f"/{plural}/{stage.id(plural, 'deleted')}"))
    _done(owner.post(f"/views/{stage.id('views', 'private')}/prefer", {"is_pinned": True}))
    stage.rows["view-preferences", "own"] = owner.get("/view-preferences").get_json()["data"][0]["id"]
    target = {"period": "month", "measure": "won_count", "value": "3"}
    for state, who in (("own", {"user_id": owner.id}), ("team", {"team_id": stage.teams["North"]})):
        stage.rows["targets", state] = manager.made("/targets", {**target, **who, "period_on": "2026-01-01"})["id"]
    gone = manager.made("/targets", {**target, "user_id": owner.id, "period_on": "2026-02-01"})["id"]
    stage.rows["targets", "deleted"] = gone
    _done(manager.delete(f"/targets/{gone}"))


def _jobs(stage: Stage) -> None:
    """An import, an export, a job that waits, change sets: all of the owner's."""
    owner = stage["owner"]
    stage.rows["imports", "own"] = upload(owner, "customers", "name\nMatrix imported\n")["id"]
    revealed = owner.post(f"/customers/{stage.id('customers', 'pool')}/reveal", {"field": "phone"})
    assert revealed.status_code == 200, revealed.get_data(as_text=True)
    stage.rows["reveals", "own"] = stage["admin"].get("/reveals").get_json()["data"][0]["id"]
    job = owner.post("/exports", {"resource": "customers", "format": "csv"}).get_json()["id"]
    work_off()
    result = owner.get(f"/jobs/{job}").get_json()["result"]
    stage.rows["exports", "own"] = stage.rows["exports", "forged"] = result["id"]
    checked = owner.post(f"/imports/{stage.id('imports', 'own')}/check")
    work_off()
    assert owner.get(f"/jobs/{checked.get_json()['id']}").get_json()["status"] == "succeeded"
    waiting = owner.post("/exports", {"resource": "customers", "format": "csv"})
    stage.rows["jobs", "own"] = waiting.get_json()["id"]
    edited = owner.patch(f"/customers/{stage.id('customers', 'own')}", {"title": "Matrix title"})
    stage.rows["changesets", "own"] = int(edited.headers["X-Changeset-Id"])
    stage["manager"].made("/customers", {"name": "Given", "owner_id": owner.id})
    stage.rows["notifications", "own"] = owner.get("/notifications").get_json()["data"][0]["id"]
    stage.words["after"] = stage["admin"].get("/events").get_json()["meta"]["watermark"]
    hook = {"url": "https://webhook.invalid/", "event_types": ["customer.updated"]}
    stage.rows["webhooks", "own"] = stage["admin"].made("/webhooks", hook)["id"]
    # What was sent first to the first webhook has its id, and is looked for by it.
    _done(stage["admin"].post(f"/webhooks/{stage.id('webhooks', 'own')}/test"))
    for state in ("own", "pool"):
        _done(stage["admin"].patch(f"/customers/{stage.id('customers', state)}", {"website": "https://matrix.example"}))
    _done(owner.patch(f"/deals/{stage.id('deals', 'free')}", {"next_step": "Matrix"}))


def _last(stage: Stage) -> None:
    """Somebody leaves; the token that he or she has stays with the test."""
    _done(stage["admin"].post(f"/users/{stage['left'].id}/deactivate"))
    # Good for longer than a real one, which ends after a minute.
    stage.words["ticket"] = "matrix"
    with unit_of_work() as unit:
        digest = hashlib.sha256(b"matrix").hexdigest()
        until = unit.at + timedelta(days=1)
        db.session.add(ExportTicket(secret_hash=digest, export_id=stage.id("exports", "own"), expires_at=until))
        linked = LinkedIdentity(
            user_id=stage["owner"].id, provider="corp", subject="owner", account="Owner", created_at=unit.at
        )
        db.session.add(linked)
        db.session.flush()
        stage.rows["auth", "identity"] = linked.id
    _token(stage)
    stage.rows["auth", "own"] = stage["owner"].get("/auth/sessions").get_json()["data"][0]["id"]


def _token(stage: Stage) -> None:
    """A personal token of the owner's that may read customers and nothing else; it stands in a column of its own."""
    owner = stage["owner"]
    made = owner.made("/auth/tokens", {"name": "Matrix", "scopes": ["customer:read"]})
    stage.rows["auth", "token"] = made["id"]
    stage.people["token"] = Member(stage.app, owner.id, "token", owner.team_id, made["token"])
    stage.refresh["token"] = made["token"]


def _done(answer: TestResponse) -> None:
    assert answer.status_code in (200, 204), answer.get_data(as_text=True)

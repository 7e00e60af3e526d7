"""A second application over the same database, with endpoints that misbehave on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Response
from sqlalchemy import insert, select, update

from app import create_app
from app.access import Actor
from app.auth.models import Team
from app.customer.models import Customer, Tag
from app.database import db, read_engine
from app.errors import Issue, Problem, invalid
from app.folding import fold
from app.journal import Setting
from app.routing import CRM, OPERATIONS, PUBLIC, SIGNED_IN, Routes
from app.transaction import after_refusal

from ..cast import Cast


def a_tag(name: str) -> Tag:
    """A tag, not yet in the session."""
    return Tag(name=name, name_key=fold(name))


def _outlives() -> None:
    db.session.add(Setting(name="outlived", value=1))


def _fails() -> None:
    raise RuntimeError("lost")


def _declare(routes: Routes) -> None:
    def declare(method: str, rule: str, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return routes.endpoint_for(method, f"/workshop/{rule}", permission=SIGNED_IN, summary="Misbehave", **more)

    @declare("GET", "write-by-session")
    def write_by_session(_actor: Actor) -> Any:
        db.session.add(a_tag("by session"))
        db.session.flush()

    @declare("GET", "write-by-core")
    def write_by_core(_actor: Actor) -> Any:
        db.session.execute(insert(Setting).values(name="by core", value=1))

    @declare("GET", "write-by-reader")
    def write_by_reader(_actor: Actor) -> Any:
        with read_engine().connect() as connection:
            connection.execute(update(Customer).values(title="by reader"))

    @declare("GET", "write-on-the-way-out")
    def write_on_the_way_out(_actor: Actor) -> Any:
        db.session.add(a_tag("never flushed"))
        return {"done": True}

    @declare("POST", "clash-at-commit")
    def clash_at_commit(_actor: Actor) -> Any:
        db.session.add(a_tag("VIP"))
        db.session.flush()
        db.session.add(Setting(name="before the clash", value=1))
        db.session.add(a_tag("vip"))
        return {"done": True}

    @declare("POST", "refuse-by-raising")
    def refuse_by_raising(_actor: Actor) -> Any:
        db.session.add(a_tag("raised"))
        db.session.flush()
        raise invalid(Issue("#/name", "required"))

    @declare("POST", "refuse-by-answering/<int:number>")
    def refuse_by_answering(_actor: Actor, number: int) -> Any:
        db.session.add(a_tag("answered"))
        db.session.flush()
        return Response(b"{}", number, mimetype="application/json")

    @declare("POST", "break")
    def break_down(_actor: Actor) -> Any:
        db.session.add(a_tag("broken"))
        db.session.flush()
        raise RuntimeError("secret text of the program")

    @declare("POST", "outlive")
    def outlive(_actor: Actor) -> Any:
        db.session.add(a_tag("rolled back"))
        db.session.flush()
        after_refusal(_fails)
        after_refusal(_outlives)
        raise Problem(401, "unauthorized")

    @declare("POST", "outlive-for-nothing")
    def outlive_for_nothing(_actor: Actor) -> Any:
        after_refusal(_outlives)
        return {"done": True}

    @declare("GET", "outlive-a-read")
    def outlive_a_read(_actor: Actor) -> Any:
        after_refusal(_outlives)
        raise Problem(401, "unauthorized")

    @declare("POST", "orphan")
    def orphan(_actor: Actor) -> Any:
        db.session.add(Team(name="Nowhere", parent_id=987_654))
        return {"done": True}

    @declare("GET", "read")
    def read(_actor: Actor) -> Any:
        return {"tags": list(db.session.execute(select(Tag.name).order_by(Tag.id)).scalars())}

    @routes.endpoint_for("POST", "/workshop/public", permission=PUBLIC, summary="Nobody signs in", unit="read")
    def open_to_everybody() -> Any:
        return {"done": True}


@pytest.fixture(scope="session")
def workshop_application(application: CRM) -> Iterator[CRM]:
    """The same settings and database, more endpoints."""
    second = create_app(application.config["LIANXI"])
    second.testing = True
    routes = Routes("workshop", __name__)
    _declare(routes)
    second.register_blueprint(routes)
    for endpoint in [name for name in OPERATIONS if name.startswith("workshop.")]:
        del OPERATIONS[endpoint]
    yield second
    with second.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def workshop(workshop_application: CRM, cast: Cast) -> Cast:
    """The cast, speaking to the application with the misbehaving endpoints."""
    workshop_application.extensions["lianxi.actors"].entries.clear()
    people = {one.name: replace(one, app=workshop_application) for one in cast.everybody()}
    return Cast(cast.north, cast.south, **people)

"""Use cases of the demo: make it, know it again, clear it away; never near anybody's own data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import Connection, inspect, select, text

from .. import append_only, search_index
from ..access import Actor
from ..auth import service as user_service
from ..auth import team_service
from ..auth.identity import load_actor
from ..auth.models import SignIn, Team, User
from ..auth.passwords import hash_password
from ..auth.stamps import end_sign_in
from ..customer import options
from ..database import Base, db, read_engine
from ..deal import pipeline_service, product_service
from ..deal.models import Stage as PipelineStage
from ..deal.models import StageKind
from ..deal.placement import default_pipeline
from ..folding import email_key
from ..installation import FIRST_STAGES, seed
from ..journal import Setting
from ..transaction import next_changeset, unit_of_work
from . import words
from .staff import ADMIN, COLLEAGUES, TEAMS, Colleague, manager_of, passphrase
from .story import tell as invent
from .telling import Calendar, Stage, tell

SEED = 2026
_MARK = "demo"
_STAGE_NAMES = ("First contact", "Needs confirmed", "Proposal", "Negotiation", "Won", "Lost")


class State(StrEnum):
    """What a database holds."""

    EMPTY = "empty"
    DEMO = "demo"
    UNFINISHED = "unfinished"
    FOREIGN = "foreign"


class NotADemoError(Exception):
    """The database holds data that the demo did not make."""


def state() -> State:
    """Whether the database is free for a demo, holds one, holds half of one, or holds something else."""
    with read_engine().connect() as connection:
        if not inspect(connection).has_table(Setting.__tablename__):
            return State.EMPTY
        mark = connection.execute(select(Setting.value).where(Setting.name == _MARK)).scalar_one_or_none()
        if mark is not None:
            return State.DEMO if mark["is_complete"] else State.UNFINISHED
        has_people = connection.execute(select(User.id).limit(1)).first() is not None
    return State.FOREIGN if has_people else State.EMPTY


def clear() -> None:
    """Empty a database that the demo has filled, whatever was added to it since.

    Raises:
        NotADemoError: it was not the demo that filled it.
    """
    if state() not in (State.DEMO, State.UNFINISHED):
        raise NotADemoError
    with unit_of_work(source="cli"):
        connection = db.session.connection()
        query = select(Setting.value).where(Setting.name == "feed_generation")
        generation = connection.execute(query).scalar_one_or_none() or 0
        _empty(connection)
        # Whoever still reads the old feed is told to load everything anew.
        db.session.add(Setting(name="feed_generation", value=generation + 1))


def make(
    number: int = SEED,
    *,
    today: date | None = None,
    length: Callable[[int], None] = lambda _: None,
    told: Callable[[int], None] = lambda _: None,
) -> None:
    """Fill an empty, migrated database; what an interrupted run has left is cleared first.

    Args:
        number: the seed: the same one gives the same data, but for dates, which are relative to `today`.
        today: the story ends on the working day before; in the installation's zone by default.
        length: is told how many steps there will be.
        told: is told how many steps have just been done.

    Raises:
        NotADemoError: the database holds other data, or a demo already.
    """
    found = state()
    if found is State.UNFINISHED:
        clear()
    elif found is not State.EMPTY:
        raise NotADemoError
    settings = current_app.config["LIANXI"]
    calendar = Calendar(today or datetime.now(ZoneInfo(settings.time_zone)).date(), settings.time_zone)
    beginning = calendar.moment(0, 7 * 3_600)
    with unit_of_work(source="cli", at=beginning):
        db.session.add(Setting(name=_MARK, value={"is_complete": False, "seed": number}))
    seed(at=beginning)
    steps = invent(number, settings.base_currency)
    length(len(steps))
    tell(_set_up(calendar, beginning + timedelta(minutes=5)), steps, told)
    with unit_of_work(source="cli"):
        db.session.get_one(Setting, _MARK).value = {"is_complete": True, "seed": number}


# ---- the company ----------------------------------------------------------------------------------------------------


def _set_up(calendar: Calendar, at: datetime) -> Stage:
    """The admin's first morning: teams, colleagues, products, a sales process for each half of the world."""
    minimum = current_app.config["LIANXI"].password_min_length
    hashes = {one.key: hash_password(passphrase(minimum)) for one in COLLEAGUES}
    stage = Stage(calendar, {}, {kind: {} for kind in ("user", "customer", "person", "deal", "task", "product")}, {})
    with unit_of_work(source="cli", at=at) as unit:
        admin_row = User(
            name=ADMIN.name,
            email=ADMIN.email,
            email_key=email_key(ADMIN.email),
            title=ADMIN.title,
            role=ADMIN.role,
            password_hash=hashes[ADMIN.key],
        )
        db.session.add(admin_row)
        db.session.flush()
        stage.ids["user"][ADMIN.key] = admin_row.id
        admin, session_id = _signed_in(admin_row.id, at)
        unit.actor_id = admin.user_id

        def then() -> None:
            next_changeset(unit, actor_id=admin.user_id, at=unit.at + timedelta(seconds=90))

        teams: dict[str, Team] = {}
        for team in TEAMS:
            then()
            teams[team.key] = team_service.create(admin, {"name": team.name, "region": team.region})
        for one in COLLEAGUES[1:]:
            then()
            stage.ids["user"][one.key] = _hire(admin, one, teams, hashes[one.key])
        for team in TEAMS:
            then()
            leader = stage.ids["user"][manager_of(team.key).key]
            team_service.edit(admin, teams[team.key], {"manager_id": leader})
        for product in words.PRODUCTS:
            then()
            stage.ids["product"][product[0]] = _stock(admin, product)
        for rank, (value, label_zh, label_en) in enumerate(words.COMPETITORS):
            then()
            labels = {"label_zh": label_zh, "label_en": label_en, "rank": rank}
            options.create(admin, {"list": "competitor", "value": value, **labels})
        then()
        overseas = _overseas_pipeline(admin, teams["overseas"].id)
        end_sign_in(session_id, "signed_out")
        stage.stages = {"first": _open_stages(default_pipeline(None)), "overseas": _open_stages(overseas)}
    with unit_of_work(source="cli", at=at + timedelta(hours=1)):
        stage.actors = {one.key: _actor(stage.ids["user"][one.key], at) for one in COLLEAGUES}
    return stage


def _hire(admin: Actor, one: Colleague, teams: dict[str, Team], password_hash: str) -> int:
    values = {
        "name": one.name,
        "email": one.email,
        "title": one.title,
        "role": one.role,
        "team_id": teams[one.team].id if one.team else None,
        "language": "zh-CN" if one.is_chinese else "en",
        "password_hash": password_hash,
    }
    user = user_service.create(admin, values)
    # Whoever tries the demo is not asked for another password first.
    user.must_change_password = False
    return user.id


def _stock(admin: Actor, product: tuple[Any, ...]) -> int:
    names = ("code", "name", "series", "category", "unit", "specification", "price", "cost")
    values = dict(zip(names, product, strict=True))
    values["price"] = Decimal(values["price"])
    values["cost"] = None if values["cost"] is None else Decimal(values["cost"])
    values["tax_percent"] = Decimal(6 if values["category"] != "goods" else 13)
    return product_service.create(admin, values).id


def _overseas_pipeline(admin: Actor, team_id: int) -> int:
    stages = [
        {"name": name, "kind": kind, "win_probability": probability, "expected_days": days}
        for name, (kind, probability, days) in zip(_STAGE_NAMES, FIRST_STAGES, strict=True)
    ]
    return pipeline_service.create(admin, {"name": "International sales", "team_id": team_id, "stages": stages}).id


def _open_stages(pipeline_id: int) -> list[int]:
    query = select(PipelineStage.id).where(
        PipelineStage.pipeline_id == pipeline_id, PipelineStage.kind == StageKind.OPEN, PipelineStage.is_active
    )
    return list(db.session.execute(query.order_by(PipelineStage.position)).scalars())


def _signed_in(user_id: int, at: datetime) -> tuple[Actor, int]:
    session = SignIn(user_id=user_id, created_at=at, expires_at=at + timedelta(hours=12), last_used_at=at)
    db.session.add(session)
    db.session.flush()
    actor = load_actor(db.session.connection(), user_id, session.id)
    assert actor is not None
    return actor, session.id


def _actor(user_id: int, at: datetime) -> Actor:
    """Somebody who signs in, and out again: what he or she may do is read as for anybody."""
    actor, session_id = _signed_in(user_id, at)
    end_sign_in(session_id, "signed_out")
    return actor


def _empty(connection: Connection) -> None:
    """Delete every row of every table and start all ids anew."""
    with append_only.set_aside(connection):
        _empty_tables(connection)


def _empty_tables(connection: Connection) -> None:
    names = [table.name for table in reversed(Base.metadata.sorted_tables)]
    if connection.dialect.name == "postgresql":
        quoted = ", ".join(f'"{name}"' for name in names)
        connection.execute(text(f"TRUNCATE {quoted} RESTART IDENTITY CASCADE"))
        return
    connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    for name in names:
        connection.execute(text(f'DELETE FROM "{name}"'))  # noqa: S608 - names of our own tables
    connection.execute(text("DELETE FROM sqlite_sequence"))
    search_index.follow(connection)

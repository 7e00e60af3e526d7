"""The lines of the sockets: who may connect and watch, what may be sent, and to whom a change is pushed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import socketio
from socketio.exceptions import ConnectionError as CannotConnect
from sqlalchemy import func, select

from app.database import read_engine
from app.journal import JournalEntry
from app.routing import CRM

from ..live.listening import Listener
from ..running import Running, running
from .stage import ABSENT, Stage, set_up
from .table import SOCKETS, Line, lines

LINES = [line for line in lines() if line.method in SOCKETS]


@dataclass
class Open:
    """The stage, served, and the sockets of all who may have one."""

    stage: Stage
    served: Running
    sockets: dict[str, Listener]


@pytest.fixture(scope="module")
def live(application: CRM) -> Iterator[Open]:
    """A server on the database of the stage."""
    with application.app_context():
        stage = set_up(application)
        settings = application.config["LIANXI"]
        env = {"DATABASE_URL": settings.database_url}
        with running(settings.data_dir, env=env) as served:
            made = Open(stage, served, {})
            for person in LINES[0].cells:
                if person not in ("nobody", "left"):
                    made.sockets[person] = Listener(served.url, stage[person].token)
            yield made
            for listener in made.sockets.values():
                listener.client.disconnect()


@pytest.mark.parametrize("line", LINES, ids=str)
def test_line(line: Line, live: Open) -> None:
    found = connecting(live) if line.path == "connect" else {"nobody": "401", "left": "401"}
    if line.method == "PUSH":
        found |= pushed(live, line)
    elif line.path.startswith("watch"):
        found |= watched(live, line)
    elif line.path == "new_contact":
        found |= sent(live, line)
    assert found == line.cells


def test_nobody_joins_a_room_uninvited(live: Open) -> None:
    mate, owner = live.sockets["mate"], live.stage["owner"]
    for event in ("join", "join_room", "subscribe", "enter_room"):
        for room in (f"user:{owner.id}", "all", {"room": f"me:{owner.id}"}):
            mate.client.emit(event, room)
    line = next(line for line in LINES if line.method == "PUSH")
    assert pushed(live, line)["mate"] == "none"


def connecting(live: Open) -> dict[str, str]:
    found = dict.fromkeys(live.sockets, "ok")
    for person in ("nobody", "left"):
        client = socketio.Client(reconnection=False)
        with pytest.raises(CannotConnect):
            client.connect(live.served.url, auth={"token": live.stage[person].token}, transports=["websocket"])
        found[person] = "401"
    return found


def watched(live: Open, line: Line) -> dict[str, str]:
    """Watching; who may not is told the same as of a record that there is not."""
    resource = line.path.split()[1]
    record_id = live.stage.id(f"{resource}s", line.state)
    found = {}
    for person, socket in live.sockets.items():
        answer = socket.client.call("watch", {"resource": resource, "id": record_id})
        found[person] = "ok" if answer["ok"] else str(answer["problem"]["status"])
        if answer["ok"]:
            socket.client.call("unwatch", {"resource": resource, "id": record_id})
        else:
            absent = socket.client.call("watch", {"resource": resource, "id": ABSENT})
            assert said(absent) == said(answer)
    return found


def said(answer: dict[str, Any]) -> dict[str, Any]:
    """A refusal without what is of the one request."""
    assert answer["ok"] is False
    return {name: value for name, value in answer["problem"].items() if name not in ("instance", "request_id")}


def sent(live: Open, line: Line) -> dict[str, str]:
    """Logging a contact; what is refused is written nowhere."""
    found = {}
    for person, socket in live.sockets.items():
        before = entries()
        body = {"customer_id": live.stage.id("customers", line.state), "kind": "note", "content": person}
        answer = socket.client.call("new_contact", body)
        found[person] = "ok" if answer["ok"] else str(answer["problem"]["status"])
        assert (entries() == before) is not answer["ok"]
    return found


def entries() -> int:
    """How many entries the journal has."""
    with read_engine().connect() as connection:
        return int(connection.execute(select(func.count()).select_from(JournalEntry)).scalar_one())


def pushed(live: Open, line: Line) -> dict[str, str]:
    """Who is told of a change, and with what; a change that everybody is told of comes behind it and ends the wait."""
    for socket in live.sockets.values():
        socket.heard.clear()
    record_id = act(live, line)
    tag = live.stage["admin"].made("/tags", {"name": f"behind {line} {time.monotonic_ns()}"})["id"]
    found = {}
    if line.path == "job_progress":
        # Jobs are told of on a way of their own, which may be the longer one.
        for person in live.sockets.keys() & {one for one, cell in line.cells.items() if cell == "ok"}:
            live.sockets[person].hears(line.path, record_id)
    for person, socket in live.sockets.items():
        socket.hears("tag_created", tag)
        told = socket.told(line.path, record_id)
        found[person] = "none" if not told else "ok" if is_whole(line, told[-1]) else "part"
        about = {data.get("id") for name, data in socket.heard if name.startswith(line.path.split("_")[0])}
        assert told or record_id not in about
    return found


def act(live: Open, line: Line) -> int:
    """Make the change of a line; the id of what it is told of."""
    stage, resource = live.stage, line.path.split("_")[0]
    word = f"pushed {time.monotonic_ns()}"
    by = stage["admin" if line.state == "pool" else "owner"]
    if resource == "job":
        return int(by.post("/exports", {"resource": "customers", "format": "csv"}).get_json()["id"])
    if resource == "contact":
        body = {"customer_id": stage.id("customers", line.state), "kind": "note", "content": word}
        return int(by.made("/contacts", body)["id"])
    record_id = stage.id(f"{resource}s", line.state)
    changed = {"customer": {"description": word}, "deal": {"next_step": word}, "view": {"name": word}}[resource]
    answer = by.patch(f"/{resource}s/{record_id}", changed)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return record_id


def is_whole(line: Line, told: dict[str, Any]) -> bool:
    """Whether a push shows the customer's number."""
    return not line.path.startswith("customer") or "*" not in (told["record"]["phone"] or "*")

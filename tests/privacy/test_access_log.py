"""Who opened and exported what: noted in batches beside the reading, once in an hour, and readable by admins."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.database import db
from app.privacy.access_log import AccessBuffer
from app.privacy.models import AccessEntry
from app.routing import CRM

from ..attachment.test_attachments import uploaded
from ..cast import Cast
from ..conftest import counted
from ..exporting.fetching import fetch
from ..faults import issues
from ..running import running


def flushed(app: CRM) -> None:
    buffer: AccessBuffer = app.extensions["lianxi.access"]
    buffer.flush()


def told(cast: Cast, query: str = "") -> list[dict[str, Any]]:
    flushed(cast.root.app)
    return [
        {"user": one["user"]["name"], **{name: one[name] for name in ("action", "resource", "record_id", "title")}}
        for one in cast.root.get(f"/access-log{query}").get_json()["data"]
    ]


def test_who_opened_what_is_noted_once_in_an_hour(cast: Cast) -> None:
    customer_id = cast.alice.made("/customers", {"name": "Acme"})["id"]
    for who in (cast.alice, cast.alice, cast.carol, cast.mallory):
        who.get(f"/customers/{customer_id}")
    cast.alice.get("/customers")
    opened = {"action": "opened", "resource": "customer", "record_id": customer_id, "title": "Acme"}
    assert told(cast) == [{"user": "Carol", **opened}, {"user": "Alice", **opened}]
    cast.alice.get(f"/customers/{customer_id}")
    assert len(told(cast)) == 2


def test_another_process_notes_nothing_twice(app: CRM, cast: Cast) -> None:
    customer_id = cast.alice.made("/customers", {"name": "Acme"})["id"]
    for _ in range(2):
        buffer = AccessBuffer(app)
        buffer.note(cast.alice.id, "customer", customer_id)
        buffer.flush()
    assert db.session.execute(select(func.count()).select_from(AccessEntry)).scalar() == 1


def test_reading_writes_nothing_by_itself(app: CRM, cast: Cast) -> None:
    customer_id = cast.alice.made("/customers", {"name": "Acme"})["id"]
    cast.alice.get(f"/customers/{customer_id}")
    with counted(app) as counter:
        cast.alice.get(f"/customers/{customer_id}")
    assert not [one for one in counter.statements if "access_log" in one]
    assert len(counter.statements) <= 2


def test_what_cannot_be_written_waits(app: CRM, cast: Cast, monkeypatch: Any) -> None:
    buffer = AccessBuffer(app)
    buffer.note(cast.alice.id, "customer", 1)
    with monkeypatch.context() as broken:
        broken.setattr("app.privacy.access_log._insert", lambda *_: 1 / 0)
        buffer.flush()
    buffer.flush()
    assert [one["record_id"] for one in told(cast)] == [1]


def test_exports_stand_in_the_log(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Acme"})
    fetch(cast.alice, "customers")
    (entry,) = told(cast, "?action=exported")
    assert (entry["user"], entry["resource"]) == ("Alice", "export")
    assert entry["title"].endswith(".csv")


def test_who_fetched_a_file_is_noted(cast: Cast) -> None:
    customer_id = cast.alice.made("/customers", {"name": "Acme"})["id"]
    file = uploaded(cast.alice, customer_id=str(customer_id))
    with cast.carol.get(f"/attachments/{file['id']}/content") as answer:
        assert answer.status_code == 200
    (entry,) = told(cast, "?resource=attachment")
    assert (entry["user"], entry["record_id"], entry["title"]) == ("Carol", file["id"], file["name"])


def test_nothing_is_lost_when_a_server_ends_in_good_order(tmp_path: Path) -> None:
    with running(tmp_path) as served:
        token = served.sign_in()
        status, customer = served.call("POST", "/customers", {"name": "Acme"}, token)
        assert status == 201, customer
        assert served.call("GET", f"/customers/{customer['id']}", token=token)[0] == 200
    with closing(sqlite3.connect(tmp_path / "lianxi.db")) as connection:
        rows = connection.execute("SELECT user_id, action, resource, record_id FROM access_log").fetchall()
    assert rows == [(1, "opened", "customer", customer["id"])]


def test_filters_and_pages(cast: Cast) -> None:
    ids = [cast.alice.made("/customers", {"name": f"C{n}"})["id"] for n in range(3)]
    for one in ids:
        cast.alice.get(f"/customers/{one}")
        cast.carol.get(f"/customers/{one}")
    assert len(told(cast, f"?user_id={cast.alice.id}")) == 3
    assert len(told(cast, f"?resource=customer&record_id={ids[0]}")) == 2
    assert told(cast, "?to=2020-01-01") == []
    assert len(told(cast, "?from=2020-01-01")) == 6
    page = cast.root.get("/access-log?per_page=4").get_json()
    rest = cast.root.get(f"/access-log?per_page=4&cursor={page['meta']['next_cursor']}").get_json()
    assert (len(page["data"]), len(rest["data"]), rest["meta"]["next_cursor"]) == (4, 2, None)
    assert issues(cast.root.get("/access-log?from=yesterdayish")) != {}
    assert cast.root.get("/access-log?action=stolen").status_code == 422
    for who in (cast.alice, cast.carol, cast.vera):
        assert who.get("/access-log").status_code == 403

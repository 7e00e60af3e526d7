"""What others have given to a person is told to him or her, also tomorrow, on whichever road it came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.customer.models import Customer
from app.database import db
from app.notification.models import Notification
from app.notification.service import KEPT, KEPT_READ, forget_old
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..faults import issues
from ..importing.sending import upload
from ..job.test_jobs import work_off


def told(who: Member) -> list[dict[str, Any]]:
    """What somebody is told, newest first."""
    answer = who.get("/notifications")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(answer.get_json()["data"])


def unread(who: Member) -> int:
    return int(who.get("/notifications").get_json()["meta"]["unread"])


def test_a_new_owner_is_told(app: CRM, cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})
    assert told(cast.alice) == [], "what one makes for oneself is no news"
    moved = cast.carol.post(f"/customers/{customer['id']}/transfer", {"owner_id": cast.bob.id})
    assert moved.status_code == 200
    (one,) = told(cast.bob)
    assert one.pop("id") > 0
    assert one.pop("at")
    assert one == {
        "kind": "transferred",
        "actor": {"id": cast.carol.id, "name": "Carol"},
        "resource": "customer",
        "record_id": customer["id"],
        "title": "Acme",
        "count": 1,
        "changeset_id": int(moved.headers["X-Changeset-Id"]),
        "is_read": False,
    }
    assert unread(cast.bob) == 1
    for other in (cast.alice, cast.carol, cast.root):
        assert told(other) == []


def test_what_goes_along_is_told_by_kind(app: CRM, cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})
    for name in ("first", "second"):
        cast.alice.made("/deals", {"customer_id": customer["id"], "name": name})
    cast.alice.made("/tasks", {"customer_id": customer["id"], "subject": "Call"})
    body = {"owner_id": cast.bob.id, "with": ["deals", "tasks"]}
    assert cast.carol.post(f"/customers/{customer['id']}/transfer", body).status_code == 200
    found = {one["resource"]: (one["title"], one["count"]) for one in told(cast.bob)}
    assert found == {"customer": ("Acme", 1), "deal": ("first", 2), "task": ("Call", 1)}


@pytest.mark.parametrize("road", ["patch", "bulk", "created", "left", "undone", "imported", "upserted"])
def test_every_road(app: CRM, cast: Cast, road: str) -> None:
    body = {"name": "Acme", "external_source": "erp", "external_id": "7"}
    customer = {} if road in ("created", "imported") else cast.alice.made("/customers", body)
    if road == "patch":
        done = cast.carol.patch(f"/customers/{customer['id']}", {"owner_id": cast.bob.id})
    elif road == "bulk":
        changes = {"action": "transfer", "changes": {"owner_id": cast.bob.id}}
        done = cast.carol.post("/customers/bulk", {"ids": [customer["id"]], **changes})
    elif road == "created":
        done = cast.carol.post("/customers", {"name": "Acme", "owner_id": cast.bob.id})
    elif road == "left":
        done = cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor_id": cast.bob.id})
    elif road == "imported":
        number = upload(cast.carol, "customers", "name,owner\nAcme,bob@example.com\n")["id"]
        done = cast.carol.post(f"/imports/{number}/commit")
        work_off()
    elif road == "upserted":
        done = cast.carol.put("/customers/external/erp/7", {"name": "Acme", "owner_id": cast.bob.id})
    else:
        away = cast.carol.post(f"/customers/{customer['id']}/transfer", {"owner_id": cast.carol.id})
        done = cast.root.post(f"/changesets/{away.headers['X-Changeset-Id']}/undo")
    assert done.status_code in (200, 201, 202), done.get_data(as_text=True)
    new = cast.alice if road == "undone" else cast.bob
    assert [(one["resource"], one["title"], one["count"]) for one in told(new)] == [("customer", "Acme", 1)]


def test_a_task_for_somebody_else(app: CRM, cast: Cast) -> None:
    task = cast.carol.made("/tasks", {"subject": "Call them", "assignee_id": cast.bob.id})
    (one,) = told(cast.bob)
    assert (one["resource"], one["record_id"], one["title"]) == ("task", task["id"], "Call them")
    assert cast.carol.patch(f"/tasks/{task['id']}", {"subject": "Call soon"}).status_code == 200
    assert len(told(cast.bob)) == 1, "another change gives nothing"


def test_many_are_told_as_one(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.bulk.service.AT_ONCE", 2)
    monkeypatch.setattr("app.bulk.service.STEP", 2)
    ids = [cast.alice.made("/customers", {"name": f"Acme {number}"})["id"] for number in range(5)]
    changes = {"action": "transfer", "changes": {"owner_id": cast.bob.id}}
    assert cast.carol.post("/customers/bulk", {"ids": ids, **changes}).status_code == 202
    work_off()
    (one,) = told(cast.bob)
    assert (one["count"], one["record_id"], one["title"]) == (5, ids[0], "Acme 0")


def test_what_is_refused_is_not_told(app: CRM, cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})
    assert cast.alice.patch(f"/customers/{customer['id']}", {"owner_id": cast.bob.id}).status_code == 422
    assert told(cast.bob) == []


def test_the_name_of_what_is_out_of_sight_is_not_told(app: CRM, cast: Cast) -> None:
    customer = cast.carol.made("/customers", {"name": "Acme", "owner_id": cast.bob.id})
    assert (
        cast.carol.patch(f"/customers/{customer['id']}", {"owner_id": cast.carol.id, "name": "New"}).status_code == 200
    )
    (one,) = told(cast.bob)
    assert (one["title"], one["record_id"]) == (None, customer["id"])


def test_reading(app: CRM, cast: Cast) -> None:
    for number in range(3):
        cast.carol.made("/customers", {"name": f"Acme {number}", "owner_id": cast.bob.id})
    newest, middle, oldest = told(cast.bob)
    assert [newest["title"], oldest["title"]] == ["Acme 2", "Acme 0"]
    first = cast.bob.post("/notifications/read", {"ids": [newest["id"]]})
    assert (first.status_code, first.get_json()) == (200, {"unread": 2})
    assert [one["is_read"] for one in told(cast.bob)] == [True, False, False]
    assert cast.alice.post("/notifications/read", {"up_to": newest["id"]}).get_json() == {"unread": 0}
    assert unread(cast.bob) == 2, "everybody reads the own ones"
    assert cast.bob.post("/notifications/read", {"up_to": middle["id"]}).get_json() == {"unread": 0}
    assert issues(cast.bob.post("/notifications/read")) == {"#/ids": "required"}
    assert issues(cast.bob.post("/notifications/read", {"ids": ["x"]})) == {"#/ids/0": "wrong_type"}


def test_pages(app: CRM, cast: Cast) -> None:
    for number in range(3):
        cast.carol.made("/customers", {"name": f"Acme {number}", "owner_id": cast.bob.id})
    page = cast.bob.get("/notifications?per_page=2").get_json()
    assert ([one["title"] for one in page["data"]], page["meta"]) == (
        ["Acme 2", "Acme 1"],
        {"unread": 3, "has_more": True},
    )
    page = cast.bob.get(f"/notifications?per_page=2&before={page['data'][-1]['id']}").get_json()
    assert ([one["title"] for one in page["data"]], page["meta"]["has_more"]) == (["Acme 0"], False)


def test_what_a_command_loads_is_given_by_nobody(app: CRM, cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})
    with unit_of_work(source="cli"):
        db.session.get_one(Customer, customer["id"]).owner_id = cast.bob.id
    assert told(cast.bob) == []


def test_old_ones_are_forgotten(app: CRM, cast: Cast) -> None:
    for number in range(4):
        cast.carol.made("/customers", {"name": f"Acme {number}", "owner_id": cast.bob.id})
    with unit_of_work() as unit:
        rows = db.session.execute(select(Notification).order_by(Notification.id)).scalars().all()
        rows[0].at = unit.at - KEPT - timedelta(days=1)
        rows[1].read_at = unit.at - KEPT_READ - timedelta(days=1)
        rows[2].read_at = unit.at
        kept = [rows[3].id, rows[2].id]
    forget_old()
    assert [one["id"] for one in told(cast.bob)] == kept

"""The finder of duplicates among existing customers, and what people say of the pairs."""

from __future__ import annotations

from typing import Any

import pytest

from app.customer.customer_pairs import CUSTOMER_PAIRS
from app.database import db
from app.job import queue
from app.job.models import Job, Status
from app.routing import CRM
from app.transaction import COMMITTED, Unit, unit_of_work
from tests.cast import Cast, Member
from tests.jobs import noted_job


@pytest.fixture(autouse=True)
def empty_queue(app: CRM) -> None:
    """Nothing waits from another test."""
    queue.huey().flush()


def work_off() -> None:
    """Do what is in the queue."""
    huey = queue.huey()
    while (task := huey.dequeue()) is not None:
        huey.execute(task)


def scanned(member: Member) -> dict[str, Any]:
    """The job of a search that somebody asked for, when it is done."""
    answer = member.post("/customers/duplicates/scan")
    assert answer.status_code == 202, answer.get_data(as_text=True)
    work_off()
    return dict(member.get(answer.headers["Location"]).get_json())


def listed(member: Member, query: str = "") -> list[dict[str, Any]]:
    """The pairs that somebody sees."""
    answer = member.get(f"/customers/duplicates?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(answer.get_json()["data"])


def planted(cast: Cast) -> list[int]:
    """Customers of whom the first two are one, and the last two."""
    rows: list[tuple[Member, dict[str, Any]]] = [
        (cast.alice, {"name": "华信科技有限公司", "phone": "13800138000"}),
        (cast.bob, {"name": "華信科技", "phone": "+86 138-0013-8000"}),
        (cast.alice, {"name": "华为技术（深圳）有限公司"}),
        (cast.alice, {"name": "华为终端有限公司"}),
        (cast.alice, {"name": "Siemens Energy"}),
        (cast.mallory, {"name": "Simens Energy AG"}),
    ]
    return [who.made("/customers", values)["id"] for who, values in rows]


def test_planted_pairs_are_found_and_explained(cast: Cast) -> None:
    ids = planted(cast)
    job = scanned(cast.root)
    assert (job["status"], job["result"]) == ("succeeded", {"pairs": 2})
    assert job["done"] == job["total"]
    first, second = listed(cast.root)
    assert (first["customer_a"], first["customer_b"]) == (
        {"id": ids[0], "name": "华信科技有限公司"},
        {"id": ids[1], "name": "華信科技"},
    )
    assert first["reasons"] == ["name", "phone"]
    assert (first["state"], first["judged_by"], first["against"]) == ("open", None, [])
    assert (second["customer_a_id"], second["customer_b_id"]) == (ids[4], ids[5])
    assert (second["score"], second["reasons"]) == (0.82, ["name_similar"])
    assert first["score"] > second["score"]


def test_a_pair_is_seen_by_who_sees_both(cast: Cast) -> None:
    planted(cast)
    CUSTOMER_PAIRS.scan_all()
    assert [len(listed(who)) for who in cast.everybody()] == [0, 0, 1, 0, 2, 2]


def test_the_list_pages_and_filters(cast: Cast) -> None:
    ids = planted(cast)
    CUSTOMER_PAIRS.scan_all()
    page = cast.root.get("/customers/duplicates?per_page=1").get_json()
    assert page["meta"]["total"] == 2
    rest = cast.root.get(f"/customers/duplicates?per_page=1&cursor={page['meta']['next_cursor']}").get_json()
    assert [one["customer_a_id"] for one in page["data"] + rest["data"]] == [ids[0], ids[4]]
    assert [one["customer_a_id"] for one in listed(cast.root, f"customer_id={ids[5]}")] == [ids[4]]
    assert [one["customer_a_id"] for one in listed(cast.root, f"customer_id={ids[0]}")] == [ids[0]]
    assert listed(cast.root, f"customer_id={ids[2]}") == []
    assert [one["customer_a_id"] for one in listed(cast.root, "score_min=0.9")] == [ids[0]]


def test_what_is_no_duplicate_is_remembered(cast: Cast) -> None:
    planted(cast)
    CUSTOMER_PAIRS.scan_all()
    (pair,) = listed(cast.carol)
    answer = cast.carol.post(f"/customers/duplicates/{pair['id']}/dismiss")
    assert answer.status_code == 200
    said = answer.get_json()
    assert (said["state"], said["judged_by"]) == ("not_duplicate", cast.carol.id)
    assert said["judged_at"]
    CUSTOMER_PAIRS.scan_all()
    CUSTOMER_PAIRS.follow_changes()
    assert listed(cast.carol, "state=open") == []
    assert [one["id"] for one in listed(cast.carol, "state=not_duplicate")] == [pair["id"]]
    assert cast.carol.post(f"/customers/duplicates/{pair['id']}/dismiss").get_json()["state"] == "not_duplicate"
    back = cast.carol.post(f"/customers/duplicates/{pair['id']}/reopen").get_json()
    assert (back["state"], back["judged_by"], back["judged_at"]) == ("open", None, None)


def test_saying_so_can_be_undone(cast: Cast) -> None:
    planted(cast)
    CUSTOMER_PAIRS.scan_all()
    (pair,) = listed(cast.carol)
    answer = cast.carol.post(f"/customers/duplicates/{pair['id']}/dismiss")
    changeset = answer.headers["X-Changeset-Id"]
    told = cast.carol.get(f"/changesets/{changeset}").get_json()
    assert told["is_undoable"] is True
    assert cast.carol.post(f"/changesets/{changeset}/undo").status_code == 200
    assert [one["state"] for one in listed(cast.carol)] == ["open"]


def test_who_may_search_and_judge(cast: Cast) -> None:
    planted(cast)
    CUSTOMER_PAIRS.scan_all()
    (pair,) = listed(cast.carol)
    for who, seen in ((cast.alice, 403), (cast.vera, 403), (cast.mallory, 403)):
        assert who.post("/customers/duplicates/scan").status_code == 403
        assert who.post(f"/customers/duplicates/{pair['id']}/dismiss").status_code == seen
        assert who.post(f"/customers/duplicates/{pair['id']}/reopen").status_code == seen
    (_, other) = listed(cast.root)
    assert cast.carol.post(f"/customers/duplicates/{other['id']}/dismiss").status_code == 404


def test_changes_are_followed(cast: Cast) -> None:
    CUSTOMER_PAIRS.scan_all()
    ids = planted(cast)
    assert listed(cast.root) == []
    CUSTOMER_PAIRS.follow_changes()
    assert [one["customer_a_id"] for one in listed(cast.root)] == [ids[0], ids[4]]
    assert cast.root.patch(f"/customers/{ids[1]}", {"name": "远博贸易", "phone": None}).status_code == 200
    CUSTOMER_PAIRS.follow_changes()
    assert [one["customer_a_id"] for one in listed(cast.root)] == [ids[4]]
    assert cast.root.patch(f"/customers/{ids[3]}", {"short_name": "远博"}).status_code == 200
    assert cast.root.patch(f"/customers/{ids[1]}", {"name": "远博"}).status_code == 200
    CUSTOMER_PAIRS.follow_changes()
    assert [(one["customer_a_id"], one["customer_b_id"]) for one in listed(cast.root)] == [
        (ids[1], ids[3]),
        (ids[4], ids[5]),
    ]


def test_deleted_customers_leave_the_list_and_come_back(cast: Cast) -> None:
    ids = planted(cast)
    CUSTOMER_PAIRS.scan_all()
    assert cast.bob.delete(f"/customers/{ids[1]}").status_code == 204
    assert [one["customer_a_id"] for one in listed(cast.root)] == [ids[4]]
    CUSTOMER_PAIRS.follow_changes()
    assert cast.bob.post(f"/customers/{ids[1]}/restore").status_code == 200
    CUSTOMER_PAIRS.follow_changes()
    assert [one["customer_a_id"] for one in listed(cast.root)] == [ids[0], ids[4]]


def test_many_changes_are_a_search_through_all(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    CUSTOMER_PAIRS.scan_all()
    ids = planted(cast)
    monkeypatch.setattr("app.customer.finder._MOST_ONE_BY_ONE", 3)
    CUSTOMER_PAIRS.follow_changes()
    assert [one["customer_a_id"] for one in listed(cast.root)] == [ids[0], ids[4]]


def test_a_search_through_all_waits_for_an_import(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    CUSTOMER_PAIRS.scan_all()
    ids = planted(cast)
    monkeypatch.setattr("app.customer.finder._MOST_ONE_BY_ONE", 3)
    number = noted_job(cast.root.id, "import_commit", Status.RUNNING)
    CUSTOMER_PAIRS.follow_changes()
    assert listed(cast.root) == []
    with unit_of_work():
        db.session.get_one(Job, number).status = Status.SUCCEEDED
    CUSTOMER_PAIRS.follow_changes()
    assert [one["customer_a_id"] for one in listed(cast.root)] == [ids[0], ids[4]]


def test_a_search_forgets_what_is_no_pair_any_more(cast: Cast) -> None:
    ids = planted(cast)
    CUSTOMER_PAIRS.scan_all()
    assert cast.root.patch(f"/customers/{ids[0]}", {"name": "远博贸易", "phone": None}).status_code == 200
    assert scanned(cast.carol)["result"] == {"pairs": 1}
    assert [one["customer_a_id"] for one in listed(cast.root)] == [ids[4]]


def test_many_changes_are_followed_in_few_writes(app: CRM, cast: Cast) -> None:
    """Each write of its own would keep everybody else from SQLite for seconds."""
    CUSTOMER_PAIRS.scan_all()
    # One name, so that there are pairs to write down.
    ids = [cast.alice.made("/customers", {"name": "Granite Works"})["id"] for _ in range(30)]
    units: list[Unit] = []
    COMMITTED.append(units.append)
    try:
        CUSTOMER_PAIRS.follow_changes()
    finally:
        COMMITTED.remove(units.append)
    assert len(units) <= 2
    pairs = listed(cast.root, f"customer_id={ids[0]}&per_page=100")
    assert len(pairs) == len(ids) - 1


@pytest.mark.parametrize(("stays", "goes"), [(0, 1), (1, 0), (2, 0), (0, 2)])
def test_customers_of_the_list_can_be_merged(cast: Cast, stays: int, goes: int) -> None:
    ids = [cast.root.made("/customers", {"name": "Granite Works"})["id"] for _ in range(3)]
    CUSTOMER_PAIRS.scan_all()
    pairs = listed(cast.root, "sort=score")
    assert len(pairs) == 3
    merged = cast.root.post("/customers/merge", {"target_id": ids[stays], "source_ids": [ids[goes]]})
    assert merged.status_code == 200, merged.get_data(as_text=True)
    (left,) = listed(cast.root)
    assert {left["customer_a_id"], left["customer_b_id"]} == set(ids) - {ids[goes]}
    assert cast.root.post(f"/changesets/{merged.headers['X-Changeset-Id']}/undo").status_code == 200
    assert listed(cast.root, "sort=score") == pairs

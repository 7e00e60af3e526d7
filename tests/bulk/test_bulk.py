"""Many records changed at once: one change set, each by its own use case, each failure named."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.bulk import service
from app.database import db
from app.journal import Changeset
from app.routing import CRM, REMOVABLE, RESOURCES

from ..attachment.test_attachments import uploaded
from ..cast import Cast, Member
from ..job.test_jobs import work_off


def many(who: Member, count: int = 3, **values: Any) -> list[int]:
    return [who.made("/customers", {"name": f"C{number}", **values})["id"] for number in range(count)]


def bulk(who: Member, resource: str = "customers", **body: Any) -> dict[str, Any]:
    answer = who.post(f"/{resource}/bulk", body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def read(who: Member, record_id: int) -> dict[str, Any]:
    return dict(who.get(f"/customers/{record_id}").get_json())


def test_an_update_is_one_change_set_and_can_be_undone(cast: Cast) -> None:
    ids = many(cast.alice)
    answer = cast.alice.post("/customers/bulk", {"ids": ids, "action": "update", "changes": {"level": "A"}})
    assert answer.get_json() == {"matched": 3, "changed": 3, "failed": []}
    changeset = int(answer.headers["X-Changeset-Id"])
    assert {read(cast.alice, one)["level"] for one in ids} == {"A"}
    assert cast.alice.get(f"/changesets/{changeset}").get_json()["entry_count"] == 3
    assert cast.alice.post(f"/changesets/{changeset}/undo").status_code == 200
    assert {read(cast.alice, one)["level"] for one in ids} == {None}


def test_what_cannot_be_changed_is_named_and_stays(cast: Cast) -> None:
    mine, foreign = many(cast.alice, 1)[0], many(cast.mallory, 1)[0]
    shared = {"collaborators": [{"user_id": cast.alice.id, "access": "read"}]}
    readable = many(cast.bob, 1, **shared)[0]
    asked: dict[str, Any] = {"ids": [mine, foreign, readable, 999], "action": "update", "changes": {"title": "x"}}
    answer = bulk(cast.alice, **asked)
    assert (answer["matched"], answer["changed"]) == (4, 1)
    failed = {one["id"]: one["problem"]["status"] for one in answer["failed"]}
    assert failed == {foreign: 404, readable: 403, 999: 404}
    assert read(cast.alice, readable)["title"] is None


def test_a_preview_says_what_would_come_of_it_and_changes_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, foreign = many(cast.alice, 2, status="prospect"), many(cast.mallory, 1)[0]
    shared = {"collaborators": [{"user_id": cast.alice.id, "access": "read"}]}
    readable = many(cast.bob, 1, **shared)[0]
    cast.alice.patch(f"/customers/{mine[1]}", {"parent_id": mine[0]})
    before = [read(cast.alice, one) for one in mine]
    ids = [*mine, foreign, readable, 999]
    asked: dict[str, Any] = {"ids": ids, "action": "update", "changes": {"parent_id": mine[1], "title": "x"}}
    answer = cast.alice.post("/customers/bulk", {**asked, "preview": True})
    assert answer.headers["X-Changeset-Entries"] == "0"
    told = answer.get_json()
    assert {one["id"]: one["problem"]["status"] for one in told.pop("failed")} == {
        mine[0]: 422,
        mine[1]: 422,
        foreign: 404,
        readable: 403,
        999: 404,
    }
    assert told == {"matched": 5, "changed": 0}
    tagged = bulk(cast.alice, ids=ids, action="tag", changes={"tags": ["never"]}, preview=True)
    assert (tagged["matched"], tagged["changed"]) == (5, 2)
    assert [read(cast.alice, one) for one in mine] == before
    assert [tag["name"] for tag in cast.alice.get("/tags").get_json()["data"]] == []

    # Of many only the rights are asked.
    monkeypatch.setattr(service, "TRIED", 4)
    told = bulk(cast.alice, **asked, preview=True)
    assert (told["matched"], told["changed"]) == (5, 2)
    assert {one["id"]: one["problem"]["status"] for one in told["failed"]} == {foreign: 404, readable: 403, 999: 404}


def test_who_may_bring_records_back(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = many(cast.alice, 2)
    cast.alice.delete(f"/customers/{ids[0]}")
    cast.carol.delete(f"/customers/{ids[1]}")
    for tried in (100, 1):
        monkeypatch.setattr(service, "TRIED", tried)
        told = bulk(cast.alice, query="deleted=only", action="restore", preview=True)
        assert (told["matched"], told["changed"]) == (2, 1)
        assert [(one["id"], one["problem"]["status"]) for one in told["failed"]] == [(ids[1], 403)]
        assert bulk(cast.carol, where={}, action="restore", preview=True)["changed"] == 2
    assert bulk(cast.alice, query="deleted=only", action="restore")["changed"] == 1


def test_all_that_match_are_those_that_the_list_shows(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Brightwater Optics", "level": "A"})
    cast.alice.made("/customers", {"name": "Brightwater Tools", "level": "B"})
    cast.alice.made("/customers", {"name": "Granite"})
    for query, count in [
        ("q=brightwater&level=A&sort=name&count=capped", 1),
        # Mistyped, and understood by the list.
        ("q=brihgtwater", 2),
        ("level=none", 1),
        ("level=A&level=B", 2),
        ("sort=-name", 3),
    ]:
        assert len(cast.alice.get(f"/customers?{query}").get_json()["data"]) == count
        told = bulk(cast.alice, query=query, action="delete", preview=True)
        assert (told["matched"], told["changed"]) == (count, count), query
    tree = {"field": "level", "op": "eq", "value": "B"}
    assert bulk(cast.alice, query="q=brihgtwater", where=tree, action="delete", preview=True)["matched"] == 1


def test_files_are_deleted_and_brought_back_together(cast: Cast) -> None:
    customer = many(cast.alice, 1)[0]
    ids = [uploaded(cast.alice, customer_id=customer)["id"] for _ in range(2)]
    assert bulk(cast.alice, "attachments", ids=ids, action="delete")["changed"] == 2
    assert cast.alice.get("/attachments").get_json()["meta"]["total"] == 0
    assert bulk(cast.alice, "attachments", query="deleted=only", action="restore")["changed"] == 2
    refused = cast.alice.post("/attachments/bulk", {"ids": ids, "action": "update", "changes": {"name": "x"}})
    assert [issue["pointer"] for issue in refused.get_json()["errors"]] == ["#/action"]


def test_a_rule_of_one_record_stops_that_one_alone(cast: Cast) -> None:
    ids = many(cast.alice, 2)
    cast.alice.patch(f"/customers/{ids[1]}", {"parent_id": ids[0]})
    answer = bulk(cast.alice, ids=ids, action="update", changes={"parent_id": ids[1]})
    # The first would be its own grandparent, the second its own parent.
    assert answer["changed"] == 0
    assert {one["problem"]["errors"][0]["pointer"] for one in answer["failed"]} == {"#/parent_id"}


def test_deleting_and_restoring_all_that_match(cast: Cast) -> None:
    ids = many(cast.alice, 3, level="B")
    other = many(cast.alice, 1)[0]
    level_b = {"field": "level", "op": "eq", "value": "B"}
    assert bulk(cast.alice, where=level_b, action="delete", preview=True)["matched"] == 3
    assert bulk(cast.alice, where=level_b, action="delete")["changed"] == 3
    assert cast.alice.get("/customers").get_json()["meta"]["total"] == 1
    assert bulk(cast.alice, where=level_b, action="restore")["changed"] == 3
    assert bulk(cast.alice, query="q=C2&level=B", action="delete")["changed"] == 1
    left = {row["id"] for row in cast.alice.get("/customers").get_json()["data"]}
    assert left == {*ids[:2], other}


def test_tagging(cast: Cast) -> None:
    ids = many(cast.alice, 2, tags=["old", "both"])
    assert bulk(cast.alice, ids=ids, action="tag", changes={"tags": ["new", "BOTH"]})["changed"] == 2
    assert {tuple(sorted(read(cast.alice, one)["tags"])) for one in ids} == {("both", "new", "old")}
    assert bulk(cast.alice, ids=ids, action="untag", changes={"tags": "old,new"})["changed"] == 2
    assert {tuple(read(cast.alice, one)["tags"]) for one in ids} == {("both",)}


def test_transferring_is_assigning(cast: Cast) -> None:
    ids = many(cast.alice, 2)
    refused = bulk(cast.alice, ids=ids, action="transfer", changes={"owner_id": cast.bob.id})
    assert {one["problem"]["errors"][0]["pointer"] for one in refused["failed"]} == {"#/owner_id"}
    assert bulk(cast.carol, ids=ids, action="transfer", changes={"owner_id": cast.bob.id})["changed"] == 2
    assert {read(cast.bob, one)["owner_id"] for one in ids} == {cast.bob.id}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"action": "delete"}, "#/ids"),
        ({"action": "delete", "ids": [1], "where": {}}, "#/ids"),
        ({"action": "delete", "ids": list(range(1, 5_002))}, "#/ids"),
        ({"action": "delete", "ids": [1], "changes": {"name": "x"}}, "#/changes/name"),
        ({"action": "update", "ids": [1]}, "#/changes"),
        ({"action": "update", "ids": [1], "changes": {"nonsense": 1}}, "#/changes/nonsense"),
        ({"action": "update", "ids": [1], "changes": {"name": ""}}, "#/changes/name"),
        ({"action": "transfer", "ids": [1], "changes": {"name": "x"}}, "#/changes/name"),
        ({"action": "explode", "ids": [1]}, "#/action"),
        ({"action": "delete", "where": {"field": "nonsense", "op": "eq", "value": 1}}, "#/where"),
        ({"action": "delete", "query": "nonsense=1"}, "#/query/nonsense"),
    ],
)
def test_bad_requests(cast: Cast, body: dict[str, Any], pointer: str) -> None:
    answer = cast.alice.post("/customers/bulk", body)
    assert answer.status_code == 422
    assert pointer in [issue["pointer"] for issue in answer.get_json()["errors"]]


def test_what_has_no_tags_cannot_be_tagged(cast: Cast) -> None:
    answer = cast.alice.post("/deals/bulk", {"ids": [1], "action": "tag", "changes": {"tags": ["x"]}})
    assert [issue["pointer"] for issue in answer.get_json()["errors"]] == ["#/action"]


def test_many_are_changed_by_a_job(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 4)
    monkeypatch.setattr(service, "STEP", 2)
    ids = many(cast.alice, 5)
    foreign = many(cast.mallory, 1)[0]
    answer = cast.alice.post("/customers/bulk", {"ids": [*ids, foreign], "action": "update", "changes": {"title": "x"}})
    assert answer.status_code == 202
    work_off()
    job = cast.alice.get(f"/jobs/{answer.get_json()['id']}").get_json()
    assert (job["status"], job["done"], job["total"]) == ("succeeded", 6, 6)
    assert (job["result"]["matched"], job["result"]["changed"]) == (6, 5)
    assert [(one["id"], one["problem"]["status"]) for one in job["result"]["failed"]] == [(foreign, 404)]
    changes = db.session.execute(select(Changeset.id).where(Changeset.source == "job")).scalars().all()
    assert changes == [job["changeset_id"]]
    undone = cast.alice.post(f"/changesets/{job['changeset_id']}/undo")
    assert undone.status_code == 200
    assert {read(cast.alice, one)["title"] for one in ids} == {None}


def test_every_resource_has_it(app: CRM) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert {f"/api/v1/{plural}/bulk" for plural in REMOVABLE} <= rules
    assert REMOVABLE.keys() - RESOURCES.keys() == {"attachments"}
    assert {"customers", "people", "contacts", "deals", "products", "tags", "options"} <= RESOURCES.keys()

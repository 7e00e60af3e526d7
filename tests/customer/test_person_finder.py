"""The finder of duplicates among people, and what people say of the pairs."""

from __future__ import annotations

from typing import Any

import pytest

from app.customer import finder
from app.customer.person_pairs import PERSON_PAIRS
from app.job import queue
from app.routing import CRM
from tests.cast import PASSWORD, Cast, Member


@pytest.fixture(autouse=True)
def empty_queue(app: CRM) -> None:
    """Nothing waits from another test."""
    queue.huey().flush()


def listed(member: Member, query: str = "") -> list[dict[str, Any]]:
    """The pairs that somebody sees."""
    answer = member.get(f"/people/duplicates?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(answer.get_json()["data"])


def pairs(member: Member) -> list[tuple[int, int]]:
    """The ids of the pairs that somebody sees."""
    return sorted((one["person_a_id"], one["person_b_id"]) for one in listed(member))


def planted(cast: Cast) -> list[int]:
    """People of whom the first two are one, and the last two, in three companies."""
    ours = cast.alice.made("/customers", {"name": "华信科技有限公司"})["id"]
    team = cast.bob.made("/customers", {"name": "Bright Metals"})["id"]
    far = cast.mallory.made("/customers", {"name": "Far Away"})["id"]
    rows: list[tuple[Member, dict[str, Any]]] = [
        (cast.alice, {"name": "张伟", "customer_id": ours, "title": "采购经理"}),
        (cast.alice, {"name": "Zhang Wei", "customer_id": ours}),
        (cast.alice, {"name": "李娜", "customer_id": ours, "phone": "010-88886666"}),
        (cast.bob, {"name": "Ann Lee", "customer_id": team, "email": "ann@bright.example"}),
        (cast.mallory, {"name": "Ann Lee-Jones", "customer_id": far, "email": "ANN@bright.example"}),
    ]
    return [who.made("/people", values)["id"] for who, values in rows]


def test_planted_pairs_are_found_by_a_job_and_explained(cast: Cast) -> None:
    ids = planted(cast)
    answer = cast.root.post("/people/duplicates/scan")
    assert answer.status_code == 202, answer.get_data(as_text=True)
    huey = queue.huey()
    while (task := huey.dequeue()) is not None:
        huey.execute(task)
    job = cast.root.get(answer.headers["Location"]).get_json()
    assert (job["status"], job["result"], job["done"]) == ("succeeded", {"pairs": 2}, job["total"])
    first, second = listed(cast.root)
    assert (first["person_a"], first["person_b_id"]) == ({"id": ids[3], "name": "Ann Lee"}, ids[4])
    assert first["reasons"] == ["email", "name_alike_in_part"]
    assert (second["person_a"]["name"], second["person_b"]["name"]) == ("张伟", "Zhang Wei")
    assert second["reasons"] == ["same_customer", "name_reading"]
    assert (second["state"], second["judged_by"], second["against"]) == ("open", None, [])
    assert first["score"] > second["score"] >= 0.8
    assert [one["id"] for one in listed(cast.root, f"person_id={ids[4]}")] == [first["id"]]
    assert listed(cast.root, f"person_id={ids[2]}") == []


def test_a_pair_is_seen_by_who_sees_both(cast: Cast) -> None:
    planted(cast)
    PERSON_PAIRS.scan_all()
    assert [len(listed(who)) for who in cast.everybody()] == [1, 0, 1, 0, 2, 2]


def test_what_is_no_duplicate_is_remembered_and_can_be_taken_back(cast: Cast) -> None:
    planted(cast)
    PERSON_PAIRS.scan_all()
    (pair,) = listed(cast.carol)
    for who in (cast.alice, cast.vera, cast.mallory):
        assert who.post("/people/duplicates/scan").status_code == 403
        assert who.post(f"/people/duplicates/{pair['id']}/dismiss").status_code == 403
    said = cast.carol.post(f"/people/duplicates/{pair['id']}/dismiss")
    assert (said.get_json()["state"], said.get_json()["judged_by"]) == ("not_duplicate", cast.carol.id)
    PERSON_PAIRS.scan_all()
    PERSON_PAIRS.follow_changes()
    assert listed(cast.carol, "state=open") == []
    assert cast.carol.post(f"/changesets/{said.headers['X-Changeset-Id']}/undo").status_code == 200
    assert [one["state"] for one in listed(cast.carol)] == ["open"]
    assert cast.carol.post(f"/people/duplicates/{pair['id']}/dismiss").status_code == 200
    assert cast.carol.post(f"/people/duplicates/{pair['id']}/reopen").get_json()["state"] == "open"


def test_changes_are_followed_and_say_the_same_as_a_search_through_all(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    PERSON_PAIRS.scan_all()
    ids = planted(cast)
    PERSON_PAIRS.follow_changes()
    assert pairs(cast.root) == [(ids[0], ids[1]), (ids[3], ids[4])]
    # What one is reached by, where one works by a further role, when one was born.
    assert cast.root.patch(f"/people/{ids[2]}", {"wechat": "nana_1"}).status_code == 200
    assert cast.root.patch(f"/people/{ids[4]}", {"email": None, "wechat": "NANA_1"}).status_code == 200
    PERSON_PAIRS.follow_changes()
    assert pairs(cast.root) == [(ids[0], ids[1]), (ids[2], ids[4])]
    home = cast.root.get(f"/people/{ids[0]}").get_json()["customer_id"]
    changes = {"wechat": None, "name": "李娜", "customers": [{"customer_id": home, "role": None}]}
    assert cast.root.patch(f"/people/{ids[4]}", changes).status_code == 200
    assert cast.root.patch(f"/people/{ids[1]}", {"name": "王芳", "birthday": "1990-05-01"}).status_code == 200
    assert cast.root.patch(f"/people/{ids[3]}", {"name": "王芳", "birthday": "1990-05-01"}).status_code == 200
    PERSON_PAIRS.follow_changes()
    followed = pairs(cast.root)
    assert followed == [(ids[1], ids[3]), (ids[2], ids[4])]
    PERSON_PAIRS.scan_all()
    assert pairs(cast.root) == followed
    assert cast.root.delete(f"/people/{ids[1]}").status_code == 204
    assert pairs(cast.root) == [(ids[2], ids[4])]
    monkeypatch.setattr(finder, "_MOST_ONE_BY_ONE", 0)
    assert cast.root.post(f"/people/{ids[1]}/restore").status_code == 200
    PERSON_PAIRS.follow_changes()
    assert pairs(cast.root) == followed


@pytest.mark.parametrize(("stays", "goes"), [(0, 1), (1, 0)])
def test_people_of_the_list_can_be_merged(cast: Cast, stays: int, goes: int) -> None:
    ids = planted(cast)
    PERSON_PAIRS.scan_all()
    merged = cast.root.post("/people/merge", {"target_id": ids[stays], "source_ids": [ids[goes]]})
    assert merged.status_code == 200, merged.get_data(as_text=True)
    assert pairs(cast.root) == [(ids[3], ids[4])]
    assert cast.root.post(f"/changesets/{merged.headers['X-Changeset-Id']}/undo").status_code == 200
    assert pairs(cast.root) == [(ids[0], ids[1]), (ids[3], ids[4])]


def test_erased_people_leave_no_pair(cast: Cast) -> None:
    ids = planted(cast)
    PERSON_PAIRS.scan_all()
    erased = cast.root.post(f"/people/{ids[0]}/erase", {"password": PASSWORD, "reason": "request"})
    assert erased.status_code == 200, erased.get_data(as_text=True)
    assert pairs(cast.root) == [(ids[3], ids[4])]


@pytest.mark.parametrize("words", ["采购", "caigou", "Logistics", "logis"])
def test_people_are_found_by_title_and_department(cast: Cast, words: str) -> None:
    home = cast.alice.made("/customers", {"name": "Granite Works"})["id"]
    person = cast.alice.made(
        "/people", {"name": "张伟", "customer_id": home, "title": "采购经理", "department": "Logistics"}
    )
    found = cast.alice.get(f"/people?q={words}").get_json()["data"]
    assert [one["id"] for one in found] == [person["id"]]

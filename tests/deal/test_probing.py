"""What a reader may not see cannot be found out by filters and cursors either."""

from __future__ import annotations

import base64
import json

from ..cast import Cast
from ..faults import issues
from .selling import customer, deal


def ids(cast: Cast, who: str, path: str) -> list[int]:
    """The ids that a list answers to somebody."""
    return sorted(one["id"] for one in getattr(cast, who).get(path).get_json()["data"])


def test_a_further_customer_out_of_sight_is_not_asked_for(cast: Cast) -> None:
    home, hidden = customer(cast.alice), customer(cast.mallory, "Hidden")
    person = cast.alice.made("/people", {"customer_id": home, "name": "P"})["id"]
    further = [{"customer_id": hidden, "role": "x"}]
    assert cast.root.patch(f"/people/{person}", {"customers": further}).status_code == 200
    where = json.dumps({"field": "at_customer_id", "op": "eq", "value": hidden})
    for query in (f"at_customer_id={hidden}", f"where={where}"):
        found = {who: ids(cast, who, f"/people?{query}") for who in ("alice", "vera", "root")}
        assert found == {"alice": [], "vera": [person], "root": [person]}, query
    assert ids(cast, "alice", f"/people?at_customer_id={home}&at_customer_id={hidden}") == [person]
    # Nor is it told by its absence.
    where = json.dumps({"field": "at_customer_id", "op": "ne", "value": hidden})
    assert ids(cast, "alice", f"/people?where={where}") == [person]


def test_people_of_a_deal_out_of_sight_are_not_asked_for(cast: Cast) -> None:
    hidden = customer(cast.mallory, "Hidden")
    person = cast.mallory.made("/people", {"customer_id": hidden, "name": "P"})["id"]
    mine = deal(cast.alice)["id"]
    assert cast.root.patch(f"/deals/{mine}", {"people": [{"person_id": person}]}).status_code == 200
    queries = {
        f"person_id={person}": [[], [mine]],
        "person_id=none": [[mine], []],
        "where=" + json.dumps({"field": "person_id", "op": "eq", "value": person}): [[], [mine]],
        "where=" + json.dumps({"field": "person_id", "op": "ne", "value": person}): [[mine], []],
        "where=" + json.dumps({"field": "person_id", "op": "not_null"}): [[], [mine]],
    }
    for query, found in queries.items():
        assert [ids(cast, who, f"/deals?{query}") for who in ("alice", "vera")] == found, query
        then = f"/deals?{query}&as_of=2200-01-01T00:00:00Z"
        assert [ids(cast, who, then) for who in ("alice", "vera")] == found, query
    assert cast.mallory.delete(f"/people/{person}").status_code == 204
    assert ids(cast, "vera", f"/deals?person_id={person}") == []


def test_no_cursor_names_a_customer_out_of_sight(cast: Cast) -> None:
    hidden = customer(cast.mallory, "Hidden")
    for _ in range(2):
        deal(cast.root, owner_id=cast.alice.id, customer_id=hidden)
    assert issues(cast.alice.get("/deals?sort=customer_id")) == {"sort": "unknown_name"}
    cursor = cast.alice.get("/deals?per_page=1").get_json()["meta"]["next_cursor"]
    assert len(json.loads(base64.urlsafe_b64decode(cursor + "=="))) == 3

"""Several records become one: what is attached moves, old ids answer, an undo gives everything back."""

from __future__ import annotations

from typing import Any

from ..cast import Cast, Member


def merge(who: Member, resource: str, target: int, *sources: int, **values: int) -> Any:
    body: dict[str, Any] = {"target_id": target, "source_ids": list(sources)}
    if values:
        body["values"] = values
    answer = who.post(f"/{resource}/merge", body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer


def ids(who: Member, path: str) -> list[int]:
    return sorted(one["id"] for one in who.get(path).get_json()["data"])


def test_an_old_id_answers_with_the_one_that_stands_for_it(cast: Cast) -> None:
    old, new = (cast.alice.made("/customers", {"name": name})["id"] for name in ("Acme Ltd", "Acme"))
    person = cast.alice.made("/people", {"customer_id": old, "name": "Zhang"})["id"]
    answer = merge(cast.alice, "customers", new, old)
    assert answer.get_json()["id"] == new
    moved = cast.alice.get(f"/customers/{old}")
    assert (moved.status_code, moved.content_type) == (301, "application/problem+json")
    assert (moved.get_json()["merged_into"], moved.headers["Location"]) == (new, f"/api/v1/customers/{new}")
    below = cast.alice.get(f"/customers/{old}/timeline?type=contact")
    assert below.headers["Location"] == f"/api/v1/customers/{new}/timeline?type=contact"
    assert cast.alice.get(f"/customers/{old}/people").status_code == 301
    assert cast.mallory.get(f"/customers/{old}").status_code == 404
    for method, path in (
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/restore"),
        ("POST", "/claim"),
        ("POST", "/release"),
    ):
        refused = cast.alice.call(method, f"/customers/{old}{path}", json={})
        assert (refused.status_code, refused.get_json()["merged_into"]) == (409, new), path
    assert ids(cast.alice, f"/people?customer_id={new}") == [person]
    assert ids(cast.alice, f"/people?customer_id={old}") == [person]
    assert ids(cast.alice, "/customers") == [new]
    assert ids(cast.alice, "/customers?deleted=only") == []
    undone = cast.alice.post(f"/changesets/{answer.headers['X-Changeset-Id']}/undo")
    assert undone.status_code == 200, undone.get_json()
    assert cast.alice.get(f"/customers/{old}").status_code == 200
    assert ids(cast.alice, f"/people?customer_id={old}") == [person]
    assert ids(cast.alice, f"/people?customer_id={new}") == []

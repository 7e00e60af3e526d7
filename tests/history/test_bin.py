"""The recycle bin: lists of deleted records say who deleted them, when, and what vanished along."""

from __future__ import annotations

from typing import Any

from ..cast import Cast, Member


def deleted(who: Member, path: str, query: str = "") -> list[dict[str, Any]]:
    answer = who.get(f"{path}?deleted=only{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    rows: list[dict[str, Any]] = answer.get_json()["data"]
    return rows


def test_who_deleted_it_and_when_and_what_went_along(cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})
    path = f"/customers/{customer['id']}"
    link = {"customer_id": customer["id"]}
    for name in ("A", "B"):
        cast.alice.made("/people", {**link, "name": name})
    cast.alice.made("/contacts", {**link, "kind": "note", "content": "x"})
    deal = cast.alice.made("/deals", {**link, "name": "D"})
    gone = cast.alice.made("/people", {**link, "name": "C"})
    cast.alice.delete(f"/people/{gone['id']}")
    assert "deleted_at" not in cast.alice.get(path).get_json()
    assert "deleted_at" not in cast.alice.get("/customers").get_json()["data"][0]
    assert cast.carol.delete(path).status_code == 204
    (row,) = deleted(cast.alice, "/customers")
    assert row["deleted_by"] == cast.carol.id
    assert row["deleter"] == {"id": cast.carol.id, "name": "Carol"}
    assert row["deleted_at"] == row["updated_at"]
    assert row["deleted_with"] == {"people": 2, "contacts": 1, "deals": 1}
    assert deleted(cast.alice, "/people") == [], "it comes back with its customer only"
    assert cast.carol.post(f"{path}/restore").status_code == 200
    assert deleted(cast.alice, "/customers") == []
    assert [row["name"] for row in deleted(cast.alice, "/people")] == ["C"]
    cast.alice.delete(f"/deals/{deal['id']}")
    (row,) = deleted(cast.alice, "/deals", "&fields=name,deleter")
    assert row == {
        "id": deal["id"],
        "version": row["version"],
        "name": "D",
        "deleter": {"id": cast.alice.id, "name": "Alice"},
    }


def test_the_bin_is_searched_filtered_and_sorted(cast: Cast) -> None:
    for name, who in (("Acme", cast.alice), ("Birch", cast.carol), ("Cedar", cast.alice)):
        made = cast.alice.made("/customers", {"name": name})
        assert who.delete(f"/customers/{made['id']}").status_code == 204
    rows = deleted(cast.alice, "/customers", "&sort=-deleted_at")
    assert [row["name"] for row in rows] == ["Cedar", "Birch", "Acme"]
    mine = deleted(cast.alice, "/customers", f"&deleted_by={cast.alice.id}&sort=deleted_at")
    assert [row["name"] for row in mine] == ["Acme", "Cedar"]
    assert [row["name"] for row in deleted(cast.alice, "/customers", "&q=birch")] == ["Birch"]
    since = rows[1]["deleted_at"]
    late = deleted(cast.alice, "/customers", f"&deleted_after={since}&sort=name")
    assert [row["name"] for row in late] == ["Birch", "Cedar"]
    page = cast.alice.get("/customers?deleted=only&sort=-deleted_at&per_page=2").get_json()
    cursor = page["meta"]["next_cursor"]
    more = deleted(cast.alice, "/customers", f"&sort=-deleted_at&per_page=2&cursor={cursor}")
    assert [row["name"] for row in more] == ["Acme"]


def test_fields_of_deletion_are_asked_for_in_the_bin_only(cast: Cast) -> None:
    answer = cast.alice.get("/customers?fields=deleted_at")
    assert answer.status_code == 422
    assert [issue["parameter"] for issue in answer.get_json()["errors"]] == ["fields"]
    made = cast.alice.made("/customers", {"name": "Acme"})
    cast.alice.delete(f"/customers/{made['id']}")
    (row,) = deleted(cast.alice, "/customers", "&fields=deleted_with,deleted_by")
    assert (row["deleted_with"], row["deleted_by"]) == ({}, cast.alice.id)


def test_sight_holds_in_the_bin(cast: Cast) -> None:
    made = cast.alice.made("/customers", {"name": "Acme"})
    cast.alice.delete(f"/customers/{made['id']}")
    assert deleted(cast.mallory, "/customers") == []
    assert [row["id"] for row in deleted(cast.vera, "/customers")] == [made["id"]]

"""Customers through the API, as every integrator will try them first."""

from __future__ import annotations

from ..cast import Cast


def test_first_example_of_every_integrator(cast: Cast) -> None:
    body = {"name": "测试客户", "email": "test@example.com", "company": "测试公司", "tags": "VIP,潜在客户"}
    made = cast.alice.made("/customers", body)
    assert made["id"] == 1
    assert made["tags"] == ["VIP", "潜在客户"]
    assert made["kind"] == "person"
    listed = cast.alice.get("/customers?page=1&per_page=20&name=测").get_json()
    assert [one["id"] for one in listed["data"]] == [1]
    assert listed["meta"] == {"total": 1, "pages": 1, "current_page": 1, "per_page": 20, "next_cursor": None}
    assert listed["data"][0] == cast.alice.get("/customers/1").get_json() == made


def test_sight(cast: Cast) -> None:
    mine = cast.alice.made("/customers", {"name": "Alice's"})["id"]
    statuses = {one.name: one.get(f"/customers/{mine}").status_code for one in cast.everybody()}
    assert statuses == {"alice": 200, "bob": 404, "carol": 200, "mallory": 404, "vera": 200, "root": 200}
    edits = {one.name: one.patch(f"/customers/{mine}", {"title": one.name}).status_code for one in cast.everybody()}
    assert edits == {"alice": 200, "bob": 404, "carol": 200, "mallory": 404, "vera": 403, "root": 200}


def test_who_made_a_tag_or_an_option(cast: Cast) -> None:
    tag = cast.alice.made("/tags", {"name": "VIP"})
    option = cast.root.made("/options", {"list": "level", "value": "D"})
    assert (tag["created_by"], option["created_by"]) == (cast.alice.id, cast.root.id)
    assert cast.bob.get("/tags").get_json()["data"][0]["created_by"] == cast.alice.id


def test_addresses_differ_by_accents(cast: Cast) -> None:
    plain, accented = "jose@example.com", "josé@example.com"
    cast.alice.made("/customers", {"name": "a", "email": plain})
    cast.alice.made("/customers", {"name": "b", "email": accented})
    for taken in (plain.upper(), "JOSE\u0301@example.com", "Josｅ́@Example.com"):
        answer = cast.alice.post("/customers", {"name": "c", "email": taken})
        assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (409, "#/email"), taken
    found = {text: cast.alice.get(f"/customers?email={text}").get_json()["data"] for text in ("jose@", "JOSÉ@", "é")}
    assert {text: [one["name"] for one in data] for text, data in found.items()} == {
        "jose@": ["a"],
        "JOSÉ@": ["b"],
        "é": ["b"],
    }

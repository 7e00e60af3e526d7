"""The list of people: what it can be narrowed and sorted by."""

from __future__ import annotations

from ..cast import Cast


def _names(cast: Cast, query: str) -> list[str]:
    return [one["name"] for one in cast.carol.get(f"/people?{query}").get_json()["data"]]


def test_people_of_whose_customers(cast: Cast) -> None:
    hers = cast.alice.made("/customers", {"name": "Hers"})["id"]
    his = cast.bob.made("/customers", {"name": "His"})["id"]
    pooled = cast.root.made("/customers", {"name": "Nobody's", "owner_id": None})["id"]
    for name, customer in (("Ann", hers), ("Ben", his), ("Cid", pooled)):
        cast.root.made("/people", {"name": name, "customer_id": customer})
    assert _names(cast, f"owner_id={cast.alice.id}") == ["Ann"]
    assert _names(cast, f"owner_id={cast.alice.id}&owner_id={cast.bob.id}&sort=name") == ["Ann", "Ben"]
    assert _names(cast, "owner_id=none") == ["Cid"]
    assert _names(cast, 'where={"field":"owner_id","op":"ne","value":' + f"{cast.alice.id}}}&sort=name") == [
        "Ben",
        "Cid",
    ]
    mine = cast.alice.get("/people?owner_id=me").get_json()["data"]
    assert [one["name"] for one in mine] == ["Ann"]
    cast.root.patch(f"/customers/{hers}", {"owner_id": cast.bob.id})
    assert _names(cast, f"owner_id={cast.alice.id}") == []
    refused = cast.alice.get("/people?owner_id=somebody")
    assert (refused.status_code, refused.get_json()["errors"][0]["parameter"]) == (422, "owner_id")


def test_people_who_asked_to_be_left_in_peace(cast: Cast) -> None:
    home = cast.alice.made("/customers", {"name": "Home"})["id"]
    cast.alice.made("/people", {"name": "Ann", "customer_id": home, "do_not_call": True})
    cast.alice.made("/people", {"name": "Ben", "customer_id": home, "do_not_email": True})
    assert _names(cast, "do_not_call=true") == ["Ann"]
    assert _names(cast, "do_not_email=true") == ["Ben"]
    assert _names(cast, "do_not_call=false&do_not_email=false") == []


def test_people_by_their_customers_name_page_by_page(cast: Cast) -> None:
    """Chinese stands by its reading, and a cursor goes on where the page ended."""
    for name in ("远山科技", "Birch", "阿尔法", "Zenith"):
        home = cast.alice.made("/customers", {"name": name})["id"]
        for number in (1, 2):
            cast.alice.made("/people", {"name": f"{name} {number}", "customer_id": home, "title": f"T{number}"})

    def walk(sort: str) -> list[str]:
        found, cursor = [], ""
        while True:
            page = cast.alice.get(f"/people?sort={sort}&per_page=3{cursor}").get_json()
            found += [one["name"] for one in page["data"]]
            if page["meta"]["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['meta']['next_cursor']}"

    ordered = [f"{name} {number}" for name in ("阿尔法", "Birch", "远山科技", "Zenith") for number in (1, 2)]
    assert walk("customer_name") == ordered
    assert walk("-customer_name") == ordered[::-1]
    assert walk("title,customer_name") == ordered[::2] + ordered[1::2]

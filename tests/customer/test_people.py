"""The list of people: what it can be narrowed and sorted by."""

from __future__ import annotations

from ..cast import Cast, Member


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


def test_further_customers_out_of_sight_stay(cast: Cast) -> None:
    """Who sends all that he or she sees neither takes away nor may add what is out of sight."""
    home, hers = (cast.alice.made("/customers", {"name": name})["id"] for name in ("Home", "Hers"))
    his = cast.bob.made("/customers", {"name": "His"})["id"]
    person = cast.root.made(
        "/people",
        {"name": "Ann", "customer_id": home, "customers": [{"customer_id": hers}, {"customer_id": his, "role": "CEO"}]},
    )["id"]

    def further(member: Member) -> list[tuple[int, str | None]]:
        return [(one["customer_id"], one["role"]) for one in member.get(f"/people/{person}").get_json()["customers"]]

    assert further(cast.alice) == [(hers, None)]
    assert cast.alice.patch(f"/people/{person}", {"customers": []}).status_code == 200
    assert (further(cast.alice), further(cast.root)) == ([], [(his, "CEO")])
    third = cast.alice.made("/customers", {"name": "Third"})["id"]
    refused = cast.bob.made("/customers", {"name": "Other"})["id"]
    body = {"customers": [{"customer_id": third}, {"customer_id": refused}]}
    answer = cast.alice.patch(f"/people/{person}", body)
    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "#/customers/1/customer_id")
    # A link that is there is kept by who may only read the customer.
    cast.root.post(f"/customers/{third}/share", {"user_id": cast.bob.id, "access": "read"})
    cast.root.patch(f"/people/{person}", {"customer_id": his, "customers": [{"customer_id": third}]})
    body = {"customers": [{"customer_id": third, "role": "Adviser"}]}
    assert cast.bob.patch(f"/people/{person}", body).status_code == 200
    assert further(cast.root) == [(third, "Adviser")]

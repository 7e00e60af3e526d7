"""Null and blanks: what is cleared is empty, and nothing came from nowhere."""

from __future__ import annotations

from typing import Any

from ..cast import Cast


def test_null_clears_the_lists_of_a_customer(cast: Cast) -> None:
    full = {"tags": ["a", "b"], "collaborators": [{"user_id": cast.bob.id}]}
    empty: tuple[Any, ...] = (None, [])
    for nothing in empty:
        made = cast.alice.made("/customers", {"name": "Acme", **full})
        cleared = cast.alice.patch(f"/customers/{made['id']}", dict.fromkeys(full, nothing)).get_json()
        assert (cleared["tags"], cleared["collaborators"], cleared["version"]) == ([], [], 2)
    made = cast.alice.made("/customers", {"name": "Acme", **dict.fromkeys(full)})
    assert (made["tags"], made["collaborators"]) == ([], [])


def test_null_clears_the_lists_of_a_person(cast: Cast) -> None:
    home, other = (cast.alice.made("/customers", {"name": name})["id"] for name in "AB")
    full = {
        "emails": [{"address": "a@example.com"}],
        "phones": [{"raw": "13800138000"}],
        "customers": [{"customer_id": other}],
    }
    made = cast.alice.made("/people", {"customer_id": home, "name": "P", **full})
    answer = cast.alice.patch(f"/people/{made['id']}", dict.fromkeys(full))
    assert answer.status_code == 200, answer.get_json()
    cleared = answer.get_json()
    assert [cleared[name] for name in (*full, "email", "phone")] == [[], [], [], None, None]


def test_null_clears_the_lists_of_a_deal(cast: Cast) -> None:
    home = cast.alice.made("/customers", {"name": "A"})["id"]
    person = cast.alice.made("/people", {"customer_id": home, "name": "P"})["id"]
    product = cast.root.made("/products", {"code": "A", "name": "A"})["id"]
    cast.root.made("/options", {"list": "competitor", "value": "Globex"})
    full = {
        "lines": [{"product_id": product, "quantity": "1", "unit_price": "1"}],
        "people": [{"person_id": person}],
        "competitors": ["Globex"],
        "collaborators": [{"user_id": cast.bob.id}],
    }
    made = cast.alice.made("/deals", {"name": "D", **full})
    assert all(made[name] for name in full)
    cleared = cast.alice.patch(f"/deals/{made['id']}", dict.fromkeys(full)).get_json()
    assert [cleared[name] for name in (*full, "amount")] == [[], [], [], [], None]
    made = cast.alice.made("/deals", {"name": "D", **dict.fromkeys(full)})
    assert [made[name] for name in full] == [[], [], [], []]


def test_what_comes_from_nowhere_does_not_collide(cast: Cast) -> None:
    home = cast.alice.made("/customers", {"name": "A"})["id"]
    bodies = {
        "/customers": {"name": "x"},
        "/people": {"name": "x", "customer_id": home},
        "/contacts": {"kind": "note", "customer_id": home},
        "/deals": {"name": "x"},
        "/teams": {"name": "x"},
    }
    for path, body in bodies.items():
        for _ in range(2):
            made = cast.root.made(path, {**body, "external_source": "", "external_id": " "})
            assert (made["external_source"], made["external_id"]) == (None, None)
    assert cast.root.put("/users/external/%20/%20", {"name": "x", "role": "sales"}).status_code == 422


def test_an_address_keeps_no_empty_keys(cast: Cast) -> None:
    address = {"city": "上海", "street": None}
    home = cast.alice.made("/customers", {"name": "A", "address": address})
    person = cast.alice.made("/people", {"name": "P", "customer_id": home["id"], "address": address})
    for path, made in (("/customers", home), ("/people", person)):
        assert made["address"] == {"city": "上海"}
        edited = cast.alice.patch(f"{path}/{made['id']}", {"address": {"district": "静安", "street": None}}).get_json()
        assert edited["address"] == {"city": "上海", "district": "静安"}
    assert cast.alice.made("/customers", {"name": "B", "address": {"city": None}})["address"] is None

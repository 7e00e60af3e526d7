"""Whatever is wrong with an input is told at once, of every kind."""

from __future__ import annotations

from ..cast import Cast
from ..faults import issues


def test_all_faults_of_a_customer(cast: Cast) -> None:
    hidden = cast.mallory.made("/customers", {"name": "Hidden"})["id"]
    wrong = {
        "industry": "alchemy",
        "level": "Z",
        "owner_id": cast.bob.id,
        "parent_id": hidden,
        "custom": {"nope": 1},
        "collaborators": [{"user_id": cast.bob.id}, {"user_id": 999}],
    }
    every = {
        "#/industry": "unknown_option",
        "#/level": "unknown_option",
        "#/owner_id": "not_yours_to_assign",
        "#/parent_id": "unknown_record",
        "#/custom/nope": "unknown_field",
        "#/collaborators/1": "unknown_party",
    }
    assert issues(cast.alice.post("/customers", {"name": "x", **wrong})) == every
    made = cast.alice.made("/customers", {"name": "Acme", "email": "a@example.com"})
    path = f"/customers/{made['id']}"
    assert issues(cast.alice.patch(path, wrong)) == every
    assert issues(cast.alice.patch(path, {"parent_id": made["id"], "level": "Z"})) == {
        "#/parent_id": "circle",
        "#/level": "unknown_option",
    }
    assert cast.alice.get(path).get_json() == made
    # What is readable comes before what is taken.
    taken = {"name": "x", "email": "A@example.com", "level": "Z"}
    assert issues(cast.alice.post("/customers", taken)) == {"#/level": "unknown_option"}


def test_all_faults_of_a_person(cast: Cast) -> None:
    hidden = cast.mallory.made("/customers", {"name": "Hidden"})["id"]
    home = cast.alice.made("/customers", {"name": "Home"})["id"]
    wrong = {
        "customer_id": hidden,
        "decision_role": "king",
        "customers": [{"customer_id": home}, {"customer_id": hidden}, {"customer_id": 999}],
    }
    every = {
        "#/customer_id": "unknown_record",
        "#/decision_role": "unknown_option",
        "#/customers/1/customer_id": "unknown_record",
        "#/customers/2/customer_id": "unknown_record",
    }
    assert issues(cast.alice.post("/people", {"name": "x", **wrong})) == every
    made = cast.alice.made("/people", {"name": "x", "customer_id": home})["id"]
    assert issues(cast.alice.patch(f"/people/{made}", wrong)) == every


def test_all_faults_of_a_contact_record(cast: Cast) -> None:
    hidden = cast.mallory.made("/customers", {"name": "Hidden"})["id"]
    home = cast.alice.made("/customers", {"name": "Home"})["id"]
    wrong = {"kind": "call", "outcome": "odd", "user_id": cast.bob.id}
    every = {"#/outcome": "unknown_option", "#/user_id": "not_yours_to_assign"}
    links = {"person_id": 999, "deal_id": 999}
    no_links = {"#/person_id": "unknown_record", "#/deal_id": "unknown_record"}
    no_customer = {"#/customer_id": "unknown_record"}
    assert issues(cast.alice.post("/contacts", {"customer_id": hidden, **wrong})) == every | no_customer
    assert issues(cast.alice.post("/contacts", {"customer_id": home, **wrong, **links})) == every | no_links
    made = cast.alice.made("/contacts", {"customer_id": home, "kind": "call"})["id"]
    assert issues(cast.alice.patch(f"/contacts/{made}", {"customer_id": hidden, **wrong})) == every | no_customer
    assert issues(cast.alice.patch(f"/contacts/{made}", {**wrong, **links})) == every | no_links

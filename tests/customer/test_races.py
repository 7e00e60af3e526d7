"""Many hands on one customer: no version is lost, and what there is once there is once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy import select

from app.customer.models import Customer
from app.database import db

from ..cast import Cast
from ..racing import at_once


def test_no_version_is_lost_to_a_follow_up(cast: Cast) -> None:
    customer = f"/customers/{cast.alice.made('/customers', {'name': 'Acme'})['id']}"
    contact = cast.alice.made("/contacts", {"customer_id": int(customer.split("/")[2]), "kind": "call"})["id"]
    before = cast.alice.get(customer).get_json()["version"]
    for turn in range(20):
        answers = at_once(
            partial(cast.alice.patch, f"/contacts/{contact}", {"next_follow_up_at": f"2027-01-01T00:{turn:02}:00Z"}),
            partial(cast.alice.patch, customer, {"title": f"t{turn}"}),
        )
        assert [answer.status_code for answer in answers] == [200, 200]
    shown = cast.alice.get(customer).get_json()
    assert (shown["version"], shown["title"]) == (before + 40, "t19")
    assert shown["next_follow_up_at"] == "2027-01-01T00:19:00Z"


def test_contacts_change_places(cast: Cast) -> None:
    homes = [cast.alice.made("/customers", {"name": name})["id"] for name in ("A", "B")]
    contacts = [cast.alice.made("/contacts", {"customer_id": home, "kind": "call"})["id"] for home in homes]
    for _ in range(10):
        homes.reverse()
        answers = at_once(
            *(
                partial(cast.alice.patch, f"/contacts/{contact}", {"customer_id": home})
                for contact, home in zip(contacts, homes, strict=True)
            )
        )
        assert [answer.status_code for answer in answers] == [200, 200]


def primaries(cast: Cast, customer_id: int) -> list[str]:
    """The names of the primary people of a customer."""
    listed = cast.root.get(f"/people?customer_id={customer_id}&is_primary=true").get_json()
    return [one["name"] for one in listed["data"]]


def test_two_become_the_primary_person(cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})["id"]
    people = [cast.alice.made("/people", {"customer_id": customer, "name": name})["id"] for name in ("A", "B")]
    for _ in range(15):
        for one in people:
            assert cast.alice.patch(f"/people/{one}", {"is_primary": False}).status_code == 200
        answers = at_once(*(partial(cast.alice.patch, f"/people/{one}", {"is_primary": True}) for one in people))
        assert [answer.status_code for answer in answers] == [200, 200]
        assert len(primaries(cast, customer)) == 1


def test_a_restored_person_is_not_primary_beside_another(cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})["id"]
    first, alone = (
        cast.alice.made("/people", {"customer_id": home, "name": "First", "is_primary": True})["id"]
        for home in (customer, cast.alice.made("/customers", {"name": "Other"})["id"])
    )
    for one in (first, alone):
        assert cast.alice.delete(f"/people/{one}").status_code == 204
    cast.alice.made("/people", {"customer_id": customer, "name": "Second", "is_primary": True})
    assert cast.alice.post(f"/people/{first}/restore").get_json()["is_primary"] is False
    assert primaries(cast, customer) == ["Second"]
    assert cast.alice.post(f"/people/{alone}/restore").get_json()["is_primary"] is True


def test_a_new_word_becomes_one_tag(cast: Cast) -> None:
    for turn in range(15):
        words = [f"one {turn}", f"two {turn}", f"three {turn}"]
        answers = at_once(
            *(
                partial(cast.alice.post, "/customers", {"name": f"{turn}", "tags": tags})
                for tags in (words, words[::-1], [word.upper() for word in words])
            )
        )
        assert [answer.status_code for answer in answers] == [201] * 3, [answer.get_json() for answer in answers]
    assert cast.alice.get("/tags").get_json()["meta"]["total"] == 45


def test_upserts_and_edits_of_people_do_not_wait_in_a_circle(cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})["id"]
    path = "/people/external/erp/1"
    one = cast.alice.put(path, {"customer_id": customer, "name": "A"}).get_json()["id"]
    other = cast.alice.made("/people", {"customer_id": customer, "name": "B"})["id"]
    for _ in range(15):
        for person in (one, other):
            assert cast.alice.patch(f"/people/{person}", {"is_primary": False}).status_code == 200
        answers = at_once(
            partial(cast.alice.put, path, {"is_primary": True}),
            partial(cast.alice.patch, f"/people/{other}", {"is_primary": True}),
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        assert len(primaries(cast, customer)) == 1


def test_who_claims_second_is_told_so(cast: Cast) -> None:
    for _ in range(3):
        made = cast.root.made("/customers", {"name": "Pool", "owner_id": None})["id"]
        path = f"/customers/{made}/claim"
        with ThreadPoolExecutor(2) as pool:
            with db.engines[None].begin() as connection:
                # Both have begun before either goes on.
                connection.execute(select(Customer.id).where(Customer.id == made).with_for_update())
                running = [pool.submit(who.post, path) for who in (cast.alice, cast.bob)]
                time.sleep(0.5)
            answers = sorted((one.result() for one in running), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [200, 409]
        problem = answers[1].get_json()
        assert (problem["type"], problem.keys()) == (
            "/problems/already-claimed",
            {"type", "title", "status", "detail", "instance", "request_id"},
        )
        loser = cast.bob if answers[0].get_json()["owner_id"] == cast.alice.id else cast.alice
        assert loser.post(path).status_code == 404
        assert cast.root.post(path).get_json()["type"] == "/problems/already-claimed"

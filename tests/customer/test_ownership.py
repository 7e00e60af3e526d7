"""Whose a customer is: only who may assign changes that, by whatever road."""

from __future__ import annotations

from ..cast import Cast
from ..faults import issues
from ..importing.sending import change, result, upload

NOT_YOURS = {"#/owner_id": "not_yours_to_assign"}


def test_a_collaborator_does_not_take_a_customer(cast: Cast) -> None:
    shared = {"name": "Acme", "collaborators": [{"user_id": cast.bob.id, "access": "write"}]}
    made = cast.alice.made("/customers", {**shared, "external_source": "erp", "external_id": "1"})
    path = f"/customers/{made['id']}"
    assert issues(cast.bob.patch(path, {"owner_id": cast.bob.id, "title": "x"})) == NOT_YOURS
    assert issues(cast.bob.put("/customers/external/erp/1", {"owner_id": cast.bob.id})) == NOT_YOURS
    assert issues(cast.bob.patch(path, {"owner_id": None})) == NOT_YOURS
    assert issues(cast.alice.patch(path, {"owner_id": cast.bob.id})) == NOT_YOURS
    assert cast.alice.get(path).get_json() == made
    # The owner as he or she is, is no change.
    assert cast.bob.patch(path, {"owner_id": cast.alice.id, "title": "x"}).status_code == 200


def test_who_may_assign_takes_and_gives(cast: Cast) -> None:
    path = f"/customers/{cast.alice.made('/customers', {'name': 'Acme'})['id']}"
    taken = cast.carol.patch(path, {"owner_id": cast.carol.id}).get_json()
    assert (taken["owner_id"], taken["team_id"]) == (cast.carol.id, cast.north)
    given = cast.carol.patch(path, {"owner_id": cast.bob.id}).get_json()
    assert (given["owner_id"], given["team_id"]) == (cast.bob.id, cast.north)
    assert issues(cast.carol.patch(path, {"owner_id": cast.mallory.id})) == NOT_YOURS
    pooled = cast.carol.patch(path, {"owner_id": None}).get_json()
    assert (pooled["owner_id"], pooled["team_id"]) == (None, None)


def test_who_would_change_a_customer_of_the_pool_is_told_to_claim_it(cast: Cast) -> None:
    home = cast.carol.made("/customers", {"name": "Acme", "owner_id": None})
    path = f"/customers/{home['id']}"
    for answer in (cast.alice.patch(path, {"level": "A"}), cast.alice.delete(path)):
        told = answer.get_json()
        assert (answer.status_code, told["type"]) == (403, "/problems/in-pool")
        assert told["detail"] == "This customer is in the pool. Claim it to change it."
    assert cast.vera.patch(path, {"level": "A"}).get_json()["type"] == "/problems/forbidden", "nor by claiming it"
    chosen = upload(cast.alice, "customers", "name,level\nAcme,A\n")
    (row,) = result(cast.alice, change(cast.alice, chosen, options={"match": ["name"]}), "check")["rows"]
    assert [(one["code"], one["detail"]) for one in row["errors"]] == [("in-pool", told["detail"])]
    assert cast.alice.post(f"{path}/claim").status_code == 200
    assert cast.alice.patch(path, {"level": "A"}).status_code == 200

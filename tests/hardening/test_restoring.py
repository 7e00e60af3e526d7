"""Bringing back is changing: it needs the right to change the record, besides having deleted it or the role."""

from __future__ import annotations

from ..cast import Cast


def test_a_share_to_read_brings_nothing_back(cast: Cast) -> None:
    shares = [{"user_id": cast.carol.id, "access": "read"}]
    made = cast.mallory.made("/customers", {"name": "Elsewhere", "collaborators": shares})["id"]
    assert cast.carol.delete(f"/customers/{made}").status_code == 403
    assert cast.mallory.delete(f"/customers/{made}").status_code == 204
    assert cast.carol.post(f"/customers/{made}/restore").status_code == 403
    answer = cast.carol.post("/customers/bulk", {"ids": [made], "action": "restore"}).get_json()
    assert [one["problem"]["status"] for one in answer["failed"]] == [403]
    assert cast.mallory.post(f"/customers/{made}/restore").status_code == 200


def test_a_public_view_comes_back_by_its_owner_or_an_admin(cast: Cast) -> None:
    made = cast.alice.made("/views", {"name": "Ours", "resource": "deals", "visibility": "public"})["id"]
    for who, status in ((cast.carol, 403), (cast.root, 200), (cast.alice, 200)):
        assert cast.alice.delete(f"/views/{made}").status_code == 204
        assert who.post(f"/views/{made}/restore").status_code == status
        if status != 200:
            assert cast.alice.post(f"/views/{made}/restore").status_code == 200

"""ETags, If-Match and If-None-Match: nobody overwrites unseen, and both people win."""

from __future__ import annotations

from typing import Any

import pytest

from ..cast import Cast
from ..faults import issues
from .looking import said

STALE = {
    "type": "/problems/stale",
    "title": "Changed meanwhile",
    "status": 412,
    "detail": "The record was changed while you were editing it.",
}


@pytest.fixture
def record(cast: Cast) -> dict[str, Any]:
    """A customer at version 3, after two changes."""
    made = cast.alice.made("/customers", {"name": "Acme", "tags": ["a"]})
    cast.alice.patch(f"/customers/{made['id']}", {"title": "boss"})
    return dict(cast.alice.patch(f"/customers/{made['id']}", {"tags": ["a", "b"], "company": "Acme Ltd"}).get_json())


def edit(cast: Cast, record: dict[str, Any], if_match: str, **values: Any) -> Any:
    sent = values or {"short_name": "x"}
    return cast.alice.patch(f"/customers/{record['id']}", sent, headers={"If-Match": if_match})


def test_shape_of_tags(cast: Cast, record: dict[str, Any]) -> None:
    path = f"/customers/{record['id']}"
    tag = cast.alice.get(path).headers["ETag"]
    version, _, digest = tag.strip('"').partition(".")
    assert (version, len(digest)) == ("3", 16)
    assert cast.alice.get(path).headers["ETag"] == tag
    # Another body for another reader is another tag of the same version.
    for other in (cast.vera, cast.carol):
        assert other.get(path).headers["ETag"].startswith('"3.')
    assert cast.vera.get(path).headers["ETag"] != tag
    answer = cast.alice.patch(path, {"title": "chief"})
    assert answer.headers["ETag"] == cast.alice.get(path).headers["ETag"] != tag


@pytest.mark.parametrize(
    "header",
    [
        '"3.whatever"',
        '"3"',
        'W/"3.abc"',
        '"1.a", "3.b"',
        '"3.b","9.z"',
        ' W/"2.x" , W/"3.x" ',
        "*",
        " * ",
        '"not ours", "3.x"',
    ],
)
def test_a_matching_version(cast: Cast, record: dict[str, Any], header: str) -> None:
    answer = edit(cast, record, header)
    assert (answer.status_code, answer.get_json()["version"]) == (200, 4)


@pytest.mark.parametrize(
    ("header", "changed"),
    [
        ('"2.x"', ["company", "tags"]),
        ('W/"2.x"', ["company", "tags"]),
        ('"1.x"', ["company", "tags", "title"]),
        ('"1.x", "2.y"', ["company", "tags"]),
        ('"4.x"', []),
        ('"99999999999999999999999.x"', None),
        ('"3x.y"', None),
        ('""', None),
        ('"not ours"', None),
    ],
)
def test_a_stale_version(cast: Cast, record: dict[str, Any], header: str, changed: list[str] | None) -> None:
    answer = edit(cast, record, header)
    document = said(answer)
    fields = document.pop("changed_fields")
    assert document == {**STALE, "current": record}
    assert changed is None or fields == changed
    assert answer.headers["ETag"] == cast.alice.get(f"/customers/{record['id']}").headers["ETag"]
    assert cast.alice.get(f"/customers/{record['id']}").get_json() == record


def test_malformed_headers(cast: Cast, record: dict[str, Any]) -> None:
    headers = ("3", "3.abc", '"3.abc', "W/3", '"3.a" and more', "**", "", ",")
    found = {header: said(edit(cast, record, header))["type"] for header in headers}
    assert found == dict.fromkeys(headers, "/problems/bad-request")
    assert cast.alice.get(f"/customers/{record['id']}").get_json() == record


def test_every_way_of_writing_honours_it(cast: Cast) -> None:
    made = cast.root.made("/customers", {"name": "x", "external_source": "erp", "external_id": "1", "owner_id": None})
    path, stale = f"/customers/{made['id']}", {"headers": {"If-Match": '"9.x"'}}
    assert cast.root.patch(path, {"name": "y"}, **stale).status_code == 412
    assert cast.root.delete(path, **stale).status_code == 412
    assert cast.root.post(f"{path}/claim", **stale).status_code == 412
    assert cast.root.put("/customers/external/erp/1", {"name": "y"}, **stale).status_code == 412
    assert cast.root.get(path).get_json() == made
    good = {"headers": {"If-Match": '"1.x"'}}
    assert cast.root.post(f"{path}/claim", **good).get_json()["version"] == 2
    assert cast.root.delete(path, headers={"If-Match": '"2.x"'}).status_code == 204
    assert cast.root.post(f"{path}/restore", **stale).status_code == 412
    assert cast.root.post(f"{path}/restore", headers={"If-Match": '"3.x"'}).get_json()["version"] == 4


def test_both_people_win(cast: Cast) -> None:
    made = cast.alice.made("/customers", {"name": "Acme", "title": "old"})
    path = f"/customers/{made['id']}"
    tag = cast.alice.get(path).headers["ETag"]
    assert cast.carol.patch(path, {"company": "Acme Ltd"}, headers={"If-Match": tag}).status_code == 200
    refused = cast.alice.patch(path, {"title": "new"}, headers={"If-Match": tag})
    assert refused.status_code == 412
    assert refused.get_json()["changed_fields"] == ["company"]
    assert refused.get_json()["current"]["company"] == "Acme Ltd"
    # Her field was not touched meanwhile: the client sends again with the new tag.
    again = cast.alice.patch(path, {"title": "new"}, headers={"If-Match": refused.headers["ETag"]})
    assert again.status_code == 200
    shown = cast.vera.get(path).get_json()
    assert (shown["title"], shown["company"], shown["version"]) == ("new", "Acme Ltd", 3)


def test_the_last_writer_wins_without_a_header(cast: Cast) -> None:
    made = cast.alice.made("/customers", {"name": "Acme"})
    path = f"/customers/{made['id']}"
    assert cast.carol.patch(path, {"title": "hers"}).status_code == 200
    assert cast.alice.patch(path, {"title": "mine"}).get_json()["title"] == "mine"


def test_derived_columns_are_no_conflict(cast: Cast) -> None:
    made = cast.alice.made("/customers", {"name": "Acme"})
    path = f"/customers/{made['id']}"
    handed = cast.carol.patch(path, {"owner_id": cast.bob.id})
    assert handed.status_code == 200
    refused = cast.carol.patch(path, {"title": "new"}, headers={"If-Match": '"1.x"'})
    assert refused.get_json()["changed_fields"] == ["owner_id"]


@pytest.mark.parametrize("path", ["/customers", "/customers?fields=name", "/customers/1"])
def test_if_none_match(cast: Cast, path: str) -> None:
    cast.alice.made("/customers", {"name": "Acme"})
    first = cast.alice.get(path)
    tag = first.headers["ETag"]
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*", f" {tag} "):
        answer = cast.alice.get(path, headers={"If-None-Match": header})
        assert (answer.status_code, answer.get_data()) == (304, b""), header
        assert answer.headers["ETag"] == tag
        assert "Content-Type" not in answer.headers
    for header in ('"other"', "", "nonsense", tag.strip('"')):
        answer = cast.alice.get(path, headers={"If-None-Match": header})
        assert (answer.status_code, answer.get_data()) == (200, first.get_data()), header
    cast.alice.patch("/customers/1", {"title": "changed"})
    changed = cast.alice.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_a_tag_of_a_list_follows_rights(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Acme"})
    tag = cast.alice.get("/customers").headers["ETag"]
    assert cast.bob.get("/customers", headers={"If-None-Match": tag}).status_code == 200


def test_order_of_refusals(cast: Cast, record: dict[str, Any]) -> None:
    other = cast.alice.made("/customers", {"name": "Other", "email": "taken@example.com"})
    path = f"/customers/{record['id']}"
    wrong: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({"nope": 1}, {"#/nope": "unknown_field"}),
        ({"industry": "alchemy"}, {"#/industry": "unknown_option"}),
        ({"owner_id": cast.bob.id}, {"#/owner_id": "not_yours_to_assign"}),
        ({"parent_id": 999}, {"#/parent_id": "unknown_record"}),
        ({"collaborators": [{"user_id": 999}]}, {"#/collaborators/0": "unknown_party"}),
    ]
    for body, faults in wrong:
        assert issues(edit(cast, record, '"1.x"', **body)) == faults
        # A header that cannot be read comes before what cannot be done.
        assert said(edit(cast, record, "garbage", **body))["type"] == "/problems/bad-request"
    # What is stale comes before what is taken.
    assert edit(cast, record, '"1.x"', email=other["email"]).status_code == 412
    assert edit(cast, record, '"3.x"', email=other["email"]).status_code == 409
    assert cast.alice.get(path).get_json() == record
    garbage = {"headers": {"If-Match": "garbage"}}
    assert cast.alice.put("/customers/external/erp/1", {"nope": 1}, **garbage).status_code == 400
    assert cast.alice.post(f"{path}/release", {"nope": 1}, **garbage).status_code == 400
    assert cast.alice.call("DELETE", path, **garbage).status_code == 400
    # Before the sign-in too, and before the row.
    assert cast.alice.call("PATCH", "/customers/999", json={}, **garbage).status_code == 400
    assert cast.root.patch("/users/999", {}, **garbage).status_code == 400
    assert cast.root.patch("/auth/me", {"nope": 1}, **garbage).status_code == 400


def test_a_stale_edit_of_a_deal_with_faults(cast: Cast) -> None:
    cast.alice.made("/deals", {"name": "D"})
    stale = {"headers": {"If-Match": '"9.x"'}}
    assert issues(cast.alice.patch("/deals/1", {"source": "odd"}, **stale)) == {"#/source": "unknown_option"}
    assert issues(cast.alice.post("/deals/1/lose", {"reason": "odd"}, **stale)) == {"#/reason": "unknown_option"}
    for answer in (cast.alice.patch("/deals/1", {"name": "x"}, **stale), cast.alice.post("/deals/1/win", {}, **stale)):
        assert answer.status_code == 412
    assert cast.alice.get("/deals/1").get_json()["version"] == 1

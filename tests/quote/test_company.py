"""The company that sells: its entities, logos, the pattern of numbers."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ..cast import Cast
from .offering import COMPANY, company, image, offered, quote, sent


def test_it_is_there_from_the_beginning(cast: Cast) -> None:
    for who in cast.everybody():
        found = who.get("/settings/company")
        assert found.status_code == 200
        assert found.get_json() == {
            "id": 1,
            "version": 1,
            "number_pattern": "QT-{YYYY}{MM}-{seq}",
            "entities": [],
            "updated_at": found.get_json()["updated_at"],
            "can_write": who is cast.root,
        }


def test_only_who_may_write_settings_changes_it(cast: Cast) -> None:
    for who in (cast.alice, cast.carol, cast.vera):
        assert who.patch("/settings/company", {"number_pattern": "{seq}"}).status_code == 403
        assert who.put("/settings/company", {"number_pattern": "{seq}", "entities": []}).status_code == 403
    assert cast.root.put("/settings/company", {"number_pattern": "{seq}", "entities": []}).status_code == 200
    assert cast.root.put("/settings/company", {"entities": []}).status_code == 422


def test_entities_are_kept_by_id(cast: Cast) -> None:
    first = company(cast)
    assert first["entities"] == [{"id": 1, **COMPANY, "is_default": True, "logo": None}]
    second = {"name_en": "Lianxi Ltd", "is_default": True}
    changed = cast.root.patch(
        "/settings/company", {"entities": [{**COMPANY, "id": 1, "phone": None}, second]}
    ).get_json()
    assert [(one["id"], one["name_en"], one["phone"], one["is_default"]) for one in changed["entities"]] == [
        (1, COMPANY["name_en"], None, False),
        (2, "Lianxi Ltd", None, True),
    ]
    assert changed["version"] == first["version"] + 1
    of = offered(cast)
    draft = quote(cast.alice, of["id"])
    assert draft["seller_id"] == 2
    alone = cast.root.patch("/settings/company", {"entities": [{**COMPANY, "id": 1}]}).get_json()
    assert [(one["id"], one["is_default"]) for one in alone["entities"]] == [(1, True)]
    # Who is removed sells no more.
    answer = cast.alice.post(f"/quotes/{draft['id']}/send")
    assert [one["pointer"] for one in answer.get_json()["errors"]] == ["#/seller_id"]
    cast.alice.patch(f"/quotes/{draft['id']}", {"seller_id": 1})
    assert sent(cast.alice, draft["id"])["seller"]["name_zh"] == COMPANY["name_zh"]


def test_two_admins_do_not_overwrite_each_other(cast: Cast) -> None:
    tag = cast.root.get("/settings/company").headers["ETag"]
    assert (
        cast.root.patch("/settings/company", {"number_pattern": "A{seq}"}, headers={"If-Match": tag}).status_code == 200
    )
    late = cast.root.patch("/settings/company", {"number_pattern": "B{seq}"}, headers={"If-Match": tag})
    assert (late.status_code, late.get_json()["changed_fields"]) == (412, ["number_pattern"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"number_pattern": "QT"}, {("#/number_pattern", "number_pattern")}),
        ({"number_pattern": ""}, {("#/number_pattern", "required")}),
        ({"entities": [{"phone": "1"}]}, {("#/entities/0/name_zh", "required")}),
        ({"entities": [{"id": 9, "name_zh": "x"}]}, {("#/entities/0/id", "unknown_record")}),
        (
            {"entities": [{"name_zh": "x", "is_default": True}, {"name_zh": "y", "is_default": True}]},
            {("#/entities/1/is_default", "one_default")},
        ),
        ({"entities": [{"name_zh": "x", "email": "nobody"}]}, {("#/entities/0/email", "email")}),
        ({"entities": [{"name_zh": "x", "logo_data": "***"}]}, {("#/entities/0/logo_data", "image")}),
        (
            {"entities": [{"name_zh": "x", "logo_data": base64.b64encode(b"<svg></svg>").decode()}]},
            {("#/entities/0/logo_data", "image")},
        ),
        (
            {"entities": [{"name_zh": "x", "logo_data": base64.b64encode(base64.b64decode(image())[:60]).decode()}]},
            {("#/entities/0/logo_data", "image")},
        ),
        (
            {"entities": [{"name_zh": "x", "logo_data": image("GIF")}]},
            {("#/entities/0/logo_data", "image")},
        ),
        (
            {"entities": [{"name_zh": "x", "logo_data": image(width=3000, height=3000)}]},
            {("#/entities/0/logo_data", "image_too_large")},
        ),
        (
            {"entities": [{"name_zh": "x", "logo_data": base64.b64encode(b"x" * 525_000).decode()}]},
            {("#/entities/0/logo_data", "image_too_large")},
        ),
        ({"entities": [{"name_zh": "x", "logo": "abc"}]}, {("#/entities/0/logo", "unknown_field")}),
    ],
)
def test_what_it_cannot_be(cast: Cast, body: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    before = cast.root.get("/settings/company").get_json()
    answer = cast.root.patch("/settings/company", body)
    assert answer.status_code == 422
    assert {(one["pointer"], one["code"]) for one in answer.get_json()["errors"]} == expected
    assert cast.root.get("/settings/company").get_json() == before


@pytest.mark.parametrize(("kind", "content_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_logos(cast: Cast, kind: str, content_type: str) -> None:
    data = image(kind)
    made = company(cast, logo_data=f"data:whatever;base64,{data}")
    digest = made["entities"][0]["logo"]
    answer = cast.alice.get(f"/settings/company/logos/{digest}")
    assert (answer.status_code, answer.mimetype, answer.get_data()) == (200, content_type, base64.b64decode(data))
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert cast.alice.get("/settings/company/logos/nothing").status_code == 404
    of = offered(cast)
    done = sent(cast.alice, quote(cast.alice, of["id"])["id"])
    kept = cast.root.patch("/settings/company", {"entities": [{**COMPANY, "id": 1}]}).get_json()
    assert kept["entities"][0]["logo"] == digest
    gone = cast.root.patch("/settings/company", {"entities": [{**COMPANY, "id": 1, "logo_data": None}]}).get_json()
    assert gone["entities"][0]["logo"] is None
    # What was sent keeps its image.
    assert cast.alice.get(f"/quotes/{done['id']}").get_json()["seller"]["logo"] == digest
    assert cast.alice.get(f"/settings/company/logos/{digest}").status_code == 200


def test_changes_are_told_to_everybody(cast: Cast) -> None:
    start = cast.alice.get("/events").get_json()["meta"]["watermark"]
    company(cast)
    events = cast.alice.get(f"/events?after={start}").get_json()["data"]
    assert [(one["type"], one["changed"]) for one in events] == [("company_updated", ["entities"])]

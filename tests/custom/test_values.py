"""Values of custom fields of every kind: written, read, refused, filtered, sorted, told and undone."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from ..cast import Cast, Member
from .declaring import Sample, declare, samples

KINDS = ("text", "number", "money", "date", "choice", "multi_choice", "yes_no", "link", "user")


@pytest.fixture(params=KINDS)
def sample(request: pytest.FixtureRequest, cast: Cast) -> Sample:
    """A field of each kind, declared for customers."""
    found = next(one for one in samples(cast) if one.kind == request.param)
    declare(cast, found)
    return found


def _made(member: Member, name: str, custom: dict[str, Any] | None = None) -> dict[str, Any]:
    return member.made("/customers", {"name": name, **({} if custom is None else {"custom": custom})})


def _faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]]


def _ids(member: Member, query: str) -> list[int]:
    answer = member.get(f"/customers?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [one["id"] for one in answer.get_json()["data"]]


def test_written_and_read(cast: Cast, sample: Sample) -> None:
    record = _made(cast.alice, "a", {sample.key: sample.sent})
    assert record["custom"] == {sample.key: sample.read}
    path = f"/customers/{record['id']}"
    assert cast.alice.get(path).get_json() == record
    assert cast.alice.get("/customers").get_json()["data"] == [record]
    again = cast.alice.patch(path, {"custom": {sample.key: sample.read}}).get_json()
    assert again["version"] == record["version"]
    changed = cast.alice.patch(path, {"custom": {sample.key: sample.other}}).get_json()
    assert changed["custom"] == {sample.key: sample.other}
    assert cast.alice.patch(path, {"custom": {sample.key: None}}).get_json()["custom"] is None
    assert cast.alice.patch(path, {"custom": {sample.key: sample.sent}}).get_json()["custom"] == record["custom"]
    assert cast.alice.patch(path, {"custom": None}).get_json()["custom"] is None


def test_refused(cast: Cast, sample: Sample) -> None:
    record = _made(cast.alice, "a")
    for value, code in sample.wrong:
        body = {"custom": {sample.key: value}}
        expected = [(f"#/custom/{sample.key}", code)]
        found = _faults(cast.alice.patch(f"/customers/{record['id']}", body))
        assert [(pointer.removesuffix("/0"), code) for pointer, code in found] == expected, value
        assert [code for _, code in _faults(cast.alice.post("/customers", {"name": "b", **body}))] == [code], value
    assert cast.alice.get(f"/customers/{record['id']}").get_json() == record
    assert _faults(cast.alice.post("/customers", {"name": "b", "custom": {"unheard_of": 1}})) == [
        ("#/custom/unheard_of", "unknown_field")
    ]


def test_filtered(cast: Cast, sample: Sample) -> None:
    first = _made(cast.alice, "first", {sample.key: sample.sent})["id"]
    second = _made(cast.alice, "second", {sample.key: sample.other})["id"]
    third = _made(cast.alice, "third")["id"]
    name = f"custom.{sample.key}"
    for asked in sample.asked:
        assert _ids(cast.alice, f"{name}{asked}&sort=id") == [first], asked
    assert _ids(cast.alice, f"{name}=none") == [third]
    op, value = sample.leaf
    leaf = {"field": name, "op": op, "value": value}
    assert _ids(cast.alice, f"where={quote(json.dumps(leaf))}") == [first]
    either = {"or": [leaf, {"field": name, "op": "is_null"}]}
    assert _ids(cast.alice, f"where={quote(json.dumps(either))}&sort=id") == [first, third]
    there = {"field": name, "op": "not_null"}
    assert _ids(cast.alice, f"where={quote(json.dumps(there))}&sort=id") == [first, second]
    # The same by the road of a write, with the same rights.
    matched = cast.alice.post("/customers/bulk", {"where": leaf, "action": "delete", "preview": True}).get_json()
    assert matched["matched"] == 1


def test_sorted(cast: Cast, sample: Sample) -> None:
    name = f"custom.{sample.key}"
    if not sample.is_sorted:
        answer = cast.alice.get(f"/customers?sort={name}")
        assert [one["code"] for one in answer.get_json()["errors"]] == ["unknown_name"]
        return
    high = [_made(cast.alice, f"h{n}", {sample.key: sample.other})["id"] for n in range(2)]
    none = _made(cast.alice, "none")["id"]
    low = [_made(cast.alice, f"l{n}", {sample.key: sample.sent})["id"] for n in range(2)]
    assert _ids(cast.alice, f"sort={name}") == [*low, *high, none]
    assert _ids(cast.alice, f"sort=-{name}") == [*reversed(high), *reversed(low), none]
    for sort, expected in ((name, [*low, *high, none]), (f"-{name}", [*reversed(high), *reversed(low), none])):
        walked: list[int] = []
        cursor = None
        for _ in range(10):
            page = cast.alice.get(
                f"/customers?sort={sort}&per_page=1" + (f"&cursor={cursor}" if cursor else "")
            ).get_json()
            walked += [one["id"] for one in page["data"]]
            cursor = page["meta"]["next_cursor"]
            if cursor is None:
                break
        assert walked == expected, sort


def test_chosen_fields(cast: Cast, sample: Sample) -> None:
    record = _made(cast.alice, "a", {sample.key: sample.sent})
    listed = cast.alice.get(f"/customers?fields=name,custom.{sample.key}").get_json()["data"]
    assert listed == [{"id": record["id"], "version": 1, "name": "a", "custom": {sample.key: sample.read}}]


def test_told_and_undone(cast: Cast, sample: Sample) -> None:
    record = _made(cast.alice, "a", {sample.key: sample.sent})
    path = f"/customers/{record['id']}"
    changed = cast.alice.patch(path, {"custom": {sample.key: sample.other}})
    entry = cast.alice.get(f"/journal?resource=customer&id={record['id']}").get_json()["data"][0]
    assert entry["changes"] == {"custom": {"before": {sample.key: sample.read}, "after": {sample.key: sample.other}}}
    assert cast.alice.post(f"/changesets/{changed.headers['X-Changeset-Id']}/undo").status_code == 200
    assert cast.alice.get(path).get_json()["custom"] == {sample.key: sample.read}
    for asked in sample.asked:
        assert _ids(cast.alice, f"custom.{sample.key}{asked}") == [record["id"]], asked


@pytest.mark.parametrize("kind", ["text"])
def test_two_people_change_two_keys(cast: Cast, kind: str) -> None:
    for key in ("one", "two"):
        cast.root.made("/custom-fields", {"resource": "customers", "key": key, "kind": kind, "label_en": key})
    record = _made(cast.alice, "a", {"one": "1"})
    path = f"/customers/{record['id']}"
    first = cast.alice.patch(path, {"custom": {"one": "11"}})
    cast.carol.patch(path, {"custom": {"two": "22"}})
    assert cast.alice.post(f"/changesets/{first.headers['X-Changeset-Id']}/undo").status_code == 200
    assert cast.alice.get(path).get_json()["custom"] == {"one": "1", "two": "22"}
    second = cast.alice.patch(path, {"custom": {"one": "111"}})
    cast.carol.patch(path, {"custom": {"one": "112"}})
    refused = cast.alice.post(f"/changesets/{second.headers['X-Changeset-Id']}/undo")
    assert refused.status_code == 409
    assert [(one["field"], one["changed_by"]["name"]) for one in refused.get_json()["conflicts"]] == [
        ("custom.one", "Carol")
    ]
    # What was added to a new record meanwhile would go with it.
    made = cast.alice.post("/customers", {"name": "b"})
    cast.carol.patch(f"/customers/{made.get_json()['id']}", {"custom": {"two": "late"}})
    kept = cast.alice.post(f"/changesets/{made.headers['X-Changeset-Id']}/undo").get_json()
    assert [one["field"] for one in kept["conflicts"]] == ["custom.two"]

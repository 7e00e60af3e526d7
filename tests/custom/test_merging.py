"""Values of option lists that are merged into others, and lists whose values are the product's own."""

from __future__ import annotations

from json import dumps
from typing import Any
from urllib.parse import urlencode

import pytest

from ..cast import Cast
from ..importing.sending import counts, result, upload
from ..job.test_jobs import work_off


def _option(cast: Cast, list_: str, value: str) -> dict[str, Any]:
    found = cast.root.get(f"/options?list={list_}&value={value}").get_json()["data"]
    return dict(found[0]) if found else cast.root.made("/options", {"list": list_, "value": value})


def test_merged_everywhere_and_taken_back(cast: Cast) -> None:
    old, new = _option(cast, "source", "website"), _option(cast, "source", "referral")
    customer = cast.alice.made("/customers", {"name": "a", "source": "website"})
    other = cast.mallory.made("/customers", {"name": "b", "source": "partner"})
    deleted = cast.alice.made("/customers", {"name": "c", "source": "website"})
    cast.alice.delete(f"/customers/{deleted['id']}")
    deal = cast.alice.made("/deals", {"name": "d", "source": "website"})
    assert cast.alice.post(f"/options/{old['id']}/merge", {"target_id": new["id"]}).status_code == 403
    merged = cast.root.post(f"/options/{old['id']}/merge", {"target_id": new["id"]})
    assert merged.status_code == 200, merged.get_data(as_text=True)
    assert (merged.get_json()["merged_into"], merged.get_json()["is_retired"]) == ("referral", True)
    assert merged.headers["X-Changeset-Entries"] == "4"
    paths = [f"/customers/{customer['id']}", f"/deals/{deal['id']}", f"/customers/{other['id']}"]
    assert [cast.root.get(path).get_json()["source"] for path in paths] == ["referral", "referral", "partner"]
    assert cast.alice.post(f"/customers/{deleted['id']}/restore").get_json()["source"] == "referral"
    # Who still says the old word means the new one, on every road.
    made = cast.alice.made("/customers", {"name": "e", "source": "website"})
    assert made["source"] == "referral"
    found = result(cast.alice, upload(cast.alice, "customers", "名称,来源\n甲公司,官网\n"), "commit")
    assert counts(found) == {"new": 1}
    assert cast.alice.get("/customers?sort=-id").get_json()["data"][0]["source"] == "referral"
    cast.alice.delete(f"/customers/{deleted['id']}")
    undone = cast.root.post(f"/changesets/{merged.headers['X-Changeset-Id']}/undo")
    assert undone.status_code == 200, undone.get_data(as_text=True)
    assert [cast.root.get(path).get_json()["source"] for path in paths] == ["website", "website", "partner"]
    back = _option(cast, "source", "website")
    assert (back["merged_into"], back["is_retired"]) == (None, False)


def test_merged_values_of_custom_fields(cast: Cast) -> None:
    for kind, key in (("choice", "colour"), ("multi_choice", "colours")):
        cast.root.made("/custom-fields", {"resource": "deals", "kind": kind, "key": key, "label_en": key})
        for value in ("red", "pink", "blue"):
            _option(cast, f"deals.{key}", value)
    made = cast.alice.made("/deals", {"name": "a", "custom": {"colour": "pink", "colours": ["red", "pink", "blue"]}})
    alone = cast.alice.made("/deals", {"name": "b", "custom": {"colours": ["pink"]}})
    for key in ("colour", "colours"):
        old, new = _option(cast, f"deals.{key}", "pink"), _option(cast, f"deals.{key}", "red")
        assert cast.root.post(f"/options/{old['id']}/merge", {"target_id": new["id"]}).status_code == 200
    assert cast.alice.get(f"/deals/{made['id']}").get_json()["custom"] == {"colour": "red", "colours": ["red", "blue"]}
    assert cast.alice.get(f"/deals/{alone['id']}").get_json()["custom"] == {"colours": ["red"]}
    later = cast.alice.made("/deals", {"name": "c", "custom": {"colour": "pink", "colours": ["pink", "red"]}})
    assert later["custom"] == {"colour": "red", "colours": ["red"]}


def test_merged_competitors(cast: Cast) -> None:
    old, new = _option(cast, "competitor", "Acme Ltd"), _option(cast, "competitor", "Acme")
    deal = cast.alice.made("/deals", {"name": "a", "competitors": ["Acme", "Acme Ltd"]})
    assert cast.root.post(f"/options/{old['id']}/merge", {"target_id": new["id"]}).status_code == 200
    assert cast.alice.get(f"/deals/{deal['id']}").get_json()["competitors"] == ["Acme"]


def _ids(cast: Cast, path: str, **asked: Any) -> list[int]:
    query = urlencode({name: dumps(value) if name == "where" else value for name, value in asked.items()}, doseq=True)
    answer = cast.alice.get(f"{path}?{query}&sort=id")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [one["id"] for one in answer.get_json()["data"]]


def test_filters_read_a_merged_value_as_what_it_became(cast: Cast) -> None:
    old, older, new = (_option(cast, "source", value) for value in ("website", "exhibition", "referral"))
    one, two, three = (
        cast.alice.made("/customers", {"name": source, "source": source})["id"]
        for source in ("website", "referral", "partner")
    )
    view = cast.alice.made(
        "/views", {"name": "Web", "resource": "customers", "filters": {"source": ["website", "exhibition"]}}
    )
    where = {"field": "source", "op": "eq", "value": "website"}
    assert _ids(cast, "/customers", where=where) == [one]
    cast.root.post(f"/options/{older['id']}/merge", {"target_id": old["id"]})
    merged = cast.root.post(f"/options/{old['id']}/merge", {"target_id": new["id"]})
    # Nothing rewrites the view: what it asks for is read as what it became, and so is what had become that before.
    assert cast.alice.get(f"/views/{view['id']}").get_json()["version"] == view["version"]
    for asked in ("website", "exhibition", "referral"):
        assert _ids(cast, "/customers", source=asked) == [one, two]
        assert _ids(cast, "/customers", where={**where, "value": asked}) == [one, two]
        assert _ids(cast, "/customers", where={**where, "op": "ne", "value": asked}) == [three]
    assert _ids(cast, "/customers", **view["filters"]) == [one, two]
    assert _ids(cast, "/customers", where={**where, "op": "not_in", "value": ["exhibition"]}) == [three]
    assert _ids(cast, "/customers", source="partner") == [three]
    assert cast.root.post(f"/changesets/{merged.headers['X-Changeset-Id']}/undo").status_code == 200
    assert _ids(cast, "/customers", source="website") == [one]
    assert _ids(cast, "/customers", source="referral") == [two]


def test_filters_through_others_and_of_custom_choices(cast: Cast) -> None:
    for kind, key in (("choice", "colour"), ("multi_choice", "colours")):
        cast.root.made("/custom-fields", {"resource": "deals", "kind": kind, "key": key, "label_en": key})
        for value in ("red", "pink", "blue"):
            _option(cast, f"deals.{key}", value)
    buyer = cast.alice.made("/customers", {"name": "a", "industry": "media"})
    _option(cast, "competitor", "Acme Ltd")
    pink = {"custom": {"colour": "pink", "colours": ["pink", "blue"]}}
    red = {"custom": {"colour": "red", "colours": ["red"]}, "competitors": ["Acme Ltd"], "customer_id": buyer["id"]}
    blue = {"custom": {"colour": "blue", "colours": ["blue"]}}
    one, two, three = (cast.alice.made("/deals", {"name": "d", **deal})["id"] for deal in (pink, red, blue))
    undoes = []
    for list_, value, by in (
        ("deals.colour", "pink", "red"),
        ("deals.colours", "pink", "red"),
        ("competitor", "Acme Ltd", "Acme"),
        ("industry", "media", "other"),
    ):
        answer = cast.root.post(
            f"/options/{_option(cast, list_, value)['id']}/merge", {"target_id": _option(cast, list_, by)["id"]}
        )
        assert answer.status_code == 200
        undoes.append(answer.headers["X-Changeset-Id"])
    for key in ("colour", "colours"):
        for asked in ("pink", "red"):
            assert _ids(cast, "/deals", **{f"custom.{key}": asked}) == [one, two]
            leaf = {"field": f"custom.{key}", "op": "in", "value": [asked]}
            assert _ids(cast, "/deals", where=leaf) == [one, two]
            assert _ids(cast, "/deals", where={**leaf, "op": "not_in"}) == [three]
        assert _ids(cast, "/deals", **{f"custom.{key}": ["pink", "blue"]}) == [one, two, three]
    leaf = {"field": "custom.colours", "op": "has", "value": "pink"}
    assert _ids(cast, "/deals", where=leaf) == [one, two]
    assert _ids(cast, "/deals", where={**leaf, "op": "has_not"}) == [three]
    assert _ids(cast, "/deals", competitor="Acme Ltd") == [two]
    assert _ids(cast, "/deals", industry="media") == [two]
    assert _ids(cast, "/deals", where={"field": "industry", "op": "ne", "value": "media"}) == [one, three]
    for undo in undoes[:2]:
        assert cast.root.post(f"/changesets/{undo}/undo").status_code == 200
    for key in ("colour", "colours"):
        assert _ids(cast, "/deals", **{f"custom.{key}": "pink"}) == [one]
        assert _ids(cast, "/deals", **{f"custom.{key}": "red"}) == [two]


def test_chains_and_circles(cast: Cast) -> None:
    a, b, c = (_option(cast, "level", value) for value in ("A", "B", "C"))
    merge = f"/options/{a['id']}/merge"
    for target, code in (
        (a["id"], "circle"),
        (999_999, "unknown_record"),
        (_option(cast, "source", "other")["id"], "unknown_record"),
    ):
        refused = cast.root.post(merge, {"target_id": target})
        assert [one["code"] for one in refused.get_json()["errors"]] == [code]
    cast.root.post(merge, {"target_id": b["id"]})
    assert cast.root.post(f"/options/{c['id']}/merge", {"target_id": a["id"]}).status_code == 422
    cast.root.post(f"/options/{b['id']}/merge", {"target_id": c["id"]})
    assert _option(cast, "level", "A")["merged_into"] == "C"
    assert cast.alice.made("/customers", {"name": "x", "level": "A"})["level"] == "C"
    # Brought back it stands for itself again.
    cast.root.patch(f"/options/{a['id']}", {"is_retired": False})
    assert cast.alice.made("/customers", {"name": "y", "level": "A"})["level"] == "A"


def test_many_records_are_a_job(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.customer.option_merging.AT_ONCE", 2)
    monkeypatch.setattr("app.customer.option_merging.STEP", 2)
    old, new = _option(cast, "source", "website"), _option(cast, "source", "referral")
    ids = [cast.alice.made("/customers", {"name": f"c{n}", "source": "website"})["id"] for n in range(5)]
    answer = cast.root.post(f"/options/{old['id']}/merge", {"target_id": new["id"]})
    assert answer.status_code == 202, answer.get_data(as_text=True)
    work_off()
    job = cast.root.get(f"/jobs/{answer.get_json()['id']}").get_json()
    assert (job["status"], job["result"], job["total"]) == ("succeeded", {"records": 5}, 5)
    assert cast.root.get("/customers?source=referral").get_json()["meta"]["total"] == len(ids)
    assert cast.root.post(f"/changesets/{job['changeset_id']}/undo").status_code == 200
    assert cast.root.get("/customers?source=website").get_json()["meta"]["total"] == len(ids)


def test_kinds_of_contact_records_have_labels(cast: Cast) -> None:
    kinds = cast.alice.get("/options?list=contact_kind").get_json()["data"]
    assert [one["value"] for one in kinds] == ["call", "visit", "meeting", "email", "wechat", "note"]
    call = f"/options/{kinds[0]['id']}"
    renamed = cast.root.patch(call, {"label_zh": "通话", "colour": "green"})
    assert renamed.get_json()["label_zh"] == "通话"
    for answer, pointer in (
        (cast.root.post("/options", {"list": "contact_kind", "value": "fax"}), "#/list"),
        (cast.root.patch(call, {"is_retired": True}), "#/is_retired"),
        (cast.root.post(f"{call}/merge", {"target_id": kinds[1]["id"]}), "#/target_id"),
    ):
        assert [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]] == [(pointer, "fixed")]
    assert cast.root.post("/options", {"list": "customers.nothing", "value": "x"}).status_code == 422

"""Who declares custom fields, what becomes of retired ones, and where fields show."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from ..cast import Cast
from ..importing.sending import counts, mapping, result, upload
from ..job.test_jobs import work_off
from .declaring import declare, samples

RECORDS: dict[str, dict[str, Any]] = {
    "customers": {"name": "a"},
    "people": {"name": "a"},
    "contacts": {"kind": "note", "content": "a"},
    "deals": {"name": "a"},
    "products": {"name": "a", "code": "a"},
}
SINGULAR = {"customers": "customer", "people": "person", "contacts": "contact", "deals": "deal", "products": "product"}


def _body(cast: Cast, resource: str, **further: Any) -> dict[str, Any]:
    body = RECORDS[resource] | further
    if resource in ("people", "contacts"):
        body = {"customer_id": cast.root.made("/customers", {"name": "home"})["id"]} | body
    return body


def _field(cast: Cast, **further: Any) -> dict[str, Any]:
    return cast.root.made("/custom-fields", {"resource": "customers", "kind": "text", "label_en": "Region", **further})


def _codes(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code in (409, 422), answer.get_data(as_text=True)
    return [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]]


def test_only_an_admin_declares(cast: Cast) -> None:
    field = _field(cast)
    assert (field["key"], field["label_zh"], field["label_en"], field["version"]) == ("region", "Region", "Region", 1)
    path = f"/custom-fields/{field['id']}"
    for one in cast.everybody():
        status = 200 if one.name == "root" else 403
        assert one.get(path).status_code == 200
        assert one.patch(path, {"label_en": f"Area {one.name}"}).status_code == status, one.name
        posted = one.post("/custom-fields", {"resource": "deals", "kind": "text", "label_en": one.name})
        assert posted.status_code == (201 if status == 200 else 403), one.name


def test_faults_of_a_definition(cast: Cast) -> None:
    _field(cast, key="region")
    body = {"resource": "customers", "kind": "text", "label_en": "x"}
    for further, expected in (
        ({"key": "region"}, [("#/key", "taken")]),
        ({"key": "Region"}, [("#/key", "custom_key")]),
        ({"key": "9lives"}, [("#/key", "custom_key")]),
        ({"key": "size_min"}, [("#/key", "custom_key_ending")]),
        ({"kind": "colour"}, [("#/kind", "not_allowed")]),
        ({"resource": "tasks"}, [("#/resource", "not_allowed")]),
        ({"currency": "CNY"}, [("#/currency", "custom_no_money")]),
        ({"kind": "date", "is_searchable": True}, [("#/is_searchable", "custom_no_text")]),
        ({"label_en": ""}, [("#/label_en", "required")]),
    ):
        assert _codes(cast.root.post("/custom-fields", body | further)) == expected, further
    # The same key at another kind of record is another field; a label suggests one that is free.
    assert _field(cast, resource="deals", key="region")["key"] == "region"
    assert _field(cast)["key"] == "region_2"
    assert _field(cast, label_en="Ab von", label_zh="起")["key"] == "ab_von"
    assert _field(cast, label_en="valid from")["key"] == "valid_from_field"
    chinese = cast.root.made("/custom-fields", {"resource": "customers", "kind": "text", "label_zh": "区域"})
    assert (chinese["key"], chinese["label_en"]) == ("field_5", "区域")
    assert _field(cast, kind="money", key="worth")["currency"] == "CNY"


def test_what_is_fixed(cast: Cast) -> None:
    field = _field(cast, kind="money", key="worth")
    changes = {"resource": "deals", "key": "value", "kind": "text", "currency": "USD"}
    refused = cast.root.patch(f"/custom-fields/{field['id']}", changes)
    assert _codes(refused) == [(f"#/{name}", "fixed") for name in changes]
    assert cast.root.patch(f"/custom-fields/{field['id']}", {"key": "worth"}).get_json()["version"] == 1


@pytest.mark.parametrize("resource", RECORDS)
def test_every_kind_of_record(cast: Cast, resource: str) -> None:
    _field(cast, resource=resource, key="region", is_searchable=True)
    made = cast.root.made(f"/{resource}", _body(cast, resource, custom={"region": "Ｎord"}))
    path = f"/{resource}/{made['id']}"
    assert cast.root.get(f"/{resource}?custom.region=nord").get_json()["data"] == [made]
    assert [one["id"] for one in cast.root.get(f"/{resource}?q=nord").get_json()["data"]] == [made["id"]]
    edited = cast.root.patch(path, {"custom": {"region": "Süd"}})
    assert edited.get_json()["custom"] == {"region": "Süd"}
    event = cast.root.get("/events?after=0&limit=200")
    assert event.status_code in (200, 410, 422)
    entry = cast.root.get(f"/journal?resource={SINGULAR[resource]}&id={made['id']}").get_json()["data"][0]
    assert entry["changes"] == {"custom": {"before": {"region": "Ｎord"}, "after": {"region": "Süd"}}}
    assert cast.root.post(f"/changesets/{edited.headers['X-Changeset-Id']}/undo").status_code == 200
    assert cast.root.get(f"/{resource}?custom.region=nord").get_json()["data"][0]["custom"] == {"region": "Ｎord"}
    assert _codes(cast.root.patch(path, {"custom": {"regoin": "x"}})) == [("#/custom/regoin", "unknown_field")]
    origin = cast.root.put(f"/{resource}/external/erp/7", _body(cast, resource, custom={"region": "Ost"}))
    assert origin.status_code in (201, 409), origin.get_data(as_text=True)
    bulk = {"ids": [made["id"]], "action": "update", "changes": {"custom": {"region": "West"}}}
    assert cast.root.post(f"/{resource}/bulk", bulk).get_json()["changed"] == 1
    assert cast.root.get(path).get_json()["custom"] == {"region": "West"}


def test_required_in_new_records(cast: Cast) -> None:
    old = cast.alice.made("/customers", {"name": "old"})
    field = _field(cast, key="region", is_required=True, label_zh="区域")
    refused = cast.alice.post("/customers", {"name": "new"}, headers={"Accept-Language": "zh-CN"})
    assert refused.get_json()["errors"] == [
        {"pointer": "#/custom/region", "code": "required_field", "detail": "“区域”为必填项。"}
    ]
    for empty in (None, "", "   "):
        answer = cast.alice.post("/customers", {"name": "new", "custom": {"region": empty}})
        assert _codes(answer) == [("#/custom/region", "required_field")]
    made = cast.alice.made("/customers", {"name": "new", "custom": {"region": "Nord"}})
    cleared = cast.alice.patch(f"/customers/{made['id']}", {"custom": None})
    assert _codes(cleared) == [("#/custom/region", "required_field")]
    # What an older record lacks keeps nobody from changing the rest.
    assert cast.alice.patch(f"/customers/{old['id']}", {"title": "x"}).status_code == 200
    found = result(cast.alice, upload(cast.alice, "customers", "名称,区域\n甲公司,\n乙公司,Ost\n"), "commit")
    assert counts(found) == {"new": 1, "wrong": 1}
    assert [(one["field"], one["column"]) for one in found["rows"][0]["errors"]] == [("custom.region", "区域")]
    cast.root.patch(f"/custom-fields/{field['id']}", {"is_retired": True})
    assert cast.alice.post("/customers", {"name": "newer"}).status_code == 201


def test_retired_and_brought_back(cast: Cast) -> None:
    field = _field(cast, key="region")
    path = f"/custom-fields/{field['id']}"
    made = cast.alice.made("/customers", {"name": "a", "custom": {"region": "Nord"}})
    record = f"/customers/{made['id']}"
    retired = cast.root.patch(path, {"is_retired": True})
    assert cast.alice.get(record).get_json()["custom"] == {"region": "Nord"}
    assert cast.alice.get("/customers?custom.region=nord").get_json()["meta"]["total"] == 1
    for value in ("Süd", None):
        answer = cast.alice.patch(record, {"custom": {"region": value}})
        assert _codes(answer) == [("#/custom/region", "retired_field")]
    # Emptying all of it empties what can be written.
    assert cast.alice.patch(record, {"custom": None}).get_json()["custom"] == {"region": "Nord"}
    assert "custom.region" not in mapping(upload(cast.alice, "customers", "name,Region\nb,Ost\n")).values()
    assert cast.root.post(f"/changesets/{retired.headers['X-Changeset-Id']}/undo").status_code == 200
    assert cast.alice.patch(record, {"custom": {"region": "Süd"}}).get_json()["custom"] == {"region": "Süd"}


def test_deleted_only_without_values(cast: Cast) -> None:
    field = _field(cast, key="region")
    made = cast.alice.made("/customers", {"name": "a", "custom": {"region": "Nord"}})
    kept = cast.root.delete(f"/custom-fields/{field['id']}")
    assert (kept.status_code, kept.get_json()["type"]) == (409, "/problems/custom-field-in-use")
    cast.alice.patch(f"/customers/{made['id']}", {"custom": None})
    assert cast.root.delete(f"/custom-fields/{field['id']}").status_code == 204
    answer = cast.alice.get("/customers?custom.region=nord")
    assert [one["code"] for one in answer.get_json()["errors"]] == ["unknown_parameter"]
    # Its key is never given again.
    body = {"resource": "customers", "kind": "date", "key": "region", "label_en": "x"}
    assert _codes(cast.root.post("/custom-fields", body)) == [("#/key", "taken")]
    assert cast.root.post(f"/custom-fields/{field['id']}/restore").status_code == 200
    assert cast.alice.get("/customers?custom.region=nord").status_code == 200


def test_renamed_and_reordered(cast: Cast) -> None:
    first, second = _field(cast, key="one"), _field(cast, key="two")
    made = cast.alice.made("/customers", {"name": "a", "custom": {"one": "1", "two": "2"}})
    cast.root.patch(f"/custom-fields/{first['id']}", {"label_zh": "新", "label_en": "New", "rank": second["rank"] + 5})
    listed = cast.bob.get("/custom-fields?resource=customers").get_json()["data"]
    assert [(one["key"], one["label_en"]) for one in listed] == [("two", "Region"), ("one", "New")]
    assert cast.alice.get(f"/customers/{made['id']}").get_json() == made


def test_searched_only_where_it_is_wanted(cast: Cast) -> None:
    field = _field(cast, key="region")
    made = cast.alice.made("/customers", {"name": "a", "custom": {"region": "Quarzweg 北方区"}})
    assert cast.alice.get("/search?q=quarzweg").get_json()["data"] == []
    cast.root.patch(f"/custom-fields/{field['id']}", {"is_searchable": True})
    work_off()
    for word in ("quarzweg", "北方", "beifang"):
        found = cast.alice.get(f"/search?q={word}").get_json()["data"]
        assert [one["id"] for one in found] == [made["id"]], word
        assert [one["field"] for one in found[0]["matches"]] == ["custom.region"], word
    assert cast.mallory.get("/search?q=quarzweg").get_json()["data"] == []
    cast.root.patch(f"/custom-fields/{field['id']}", {"is_searchable": False})
    work_off()
    assert cast.alice.get("/search?q=quarzweg").get_json()["data"] == []


def test_documented_for_who_is_signed_in(cast: Cast) -> None:
    for sample in samples(cast):
        declare(cast, sample, help="What it is for")
    public = cast.alice.call("GET", "/openapi.json", headers={"Authorization": ""})
    schema = cast.alice.get("/openapi.json").get_json()
    own = schema["components"]["schemas"]["CustomerInput"]["properties"]["custom"]
    assert own["properties"].keys() == {sample.key for sample in samples(cast)}
    assert own["additionalProperties"] is False
    assert own["properties"]["my_number"]["type"] == ["string", "number", "null"]
    read = schema["components"]["schemas"]["CustomerRecord"]["properties"]["custom"]["properties"]
    assert (read["my_number"]["type"], read["my_money"]["type"]) == ("number", "string")
    assert "What it is for" in read["my_date"]["description"]
    listed = schema["paths"]["/api/v1/customers"]["get"]["parameters"]
    assert {"custom.my_money_min", "custom.my_date_to", "custom.my_choice"} <= {one.get("name") for one in listed}
    assert "custom.my_money" in next(one for one in listed if one.get("name") == "sort")["description"]
    assert "my_money" not in json.dumps(schema["components"]["schemas"]["DealRecord"])
    assert public.status_code == 401
    anonymous = cast.alice.app.test_client().get("/api/v1/openapi.json").get_json()
    assert anonymous["components"]["schemas"]["CustomerInput"]["properties"]["custom"] == {
        "type": ["object", "null"],
        "additionalProperties": True,
    }


def test_every_kind_is_imported(cast: Cast) -> None:
    for sample in samples(cast):
        labels = {"label_en": f"Our {sample.kind}", "label_zh": f"我们的 {sample.kind}"}
        declare(cast, sample, **labels)
    cast.root.made("/options", {"list": "customers.my_choice", "value": "deep_blue", "label_zh": "深蓝"})
    head = ",".join(["名称", *(f"Our {sample.kind}" for sample in samples(cast))])
    row = '甲公司,华北,"1,234.5",814,2026/02/28,深蓝,"red, blue",是,https://example.com/a,Alice'
    chosen = upload(cast.alice, "customers", f"{head}\n{row}\n")
    assert set(mapping(chosen).values()) == {"name", *(f"custom.{sample.key}" for sample in samples(cast))}
    found = result(cast.alice, chosen, "commit")
    assert counts(found) == {"new": 1}, found
    made = cast.alice.get("/customers").get_json()["data"][0]
    assert made["custom"] == {
        "my_text": "华北",
        "my_number": 1234.5,
        "my_money": "814.00",
        "my_date": "2026-02-28",
        "my_choice": "deep_blue",
        "my_multi_choice": ["red", "blue"],
        "my_yes_no": True,
        "my_link": "https://example.com/a",
        "my_user": cast.alice.id,
    }
    wrong = f"{head}\n乙公司,x,many,a,nie,purple,pink,maybe,javascript:a,nobody\n"
    told = result(cast.alice, upload(cast.alice, "customers", wrong), "check")
    assert counts(told) == {"wrong": 1}
    assert {one["field"] for one in told["rows"][0]["errors"]} >= {"custom.my_choice", "custom.my_user"}


def test_masked_and_unseen_records_stay_so(cast: Cast) -> None:
    """A filter on a custom field finds only what the reader sees."""
    _field(cast, key="region")
    cast.alice.made("/customers", {"name": "a", "custom": {"region": "Nord"}})
    assert cast.mallory.get("/customers?custom.region=nord").get_json()["meta"]["total"] == 0
    tree = {"field": "custom.region", "op": "contains", "value": "o"}
    assert cast.mallory.get(f"/customers?where={quote(json.dumps(tree))}").get_json()["meta"]["total"] == 0
    assert cast.mallory.get("/customers?sort=custom.region").get_json()["data"] == []


def test_a_copy_of_a_deal_has_what_can_be_written(cast: Cast) -> None:
    kept, gone = _field(cast, resource="deals", key="kept"), _field(cast, resource="deals", key="gone")
    deal = cast.alice.made("/deals", {"name": "a", "custom": {"kept": "1", "gone": "2"}})
    cast.root.patch(f"/custom-fields/{gone['id']}", {"is_retired": True})
    copied = cast.alice.post(f"/deals/{deal['id']}/clone", {})
    assert copied.status_code == 201, copied.get_data(as_text=True)
    assert copied.get_json()["custom"] == {"kept": "1"}
    assert kept["key"] == "kept"

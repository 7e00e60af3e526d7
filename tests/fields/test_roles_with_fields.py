"""How roles come to have less of single fields: composed, checked, journalled, undone, and never given away."""

from __future__ import annotations

import json
from typing import Any

from app.custom_values import CustomKind
from app.field_rights import FieldState

from ..auth.test_roles import builtin, codes, composed, gives
from ..cast import Cast, Member
from .narrowing import narrow
from .test_field_rights import shown


def test_what_can_be_narrowed(cast: Cast) -> None:
    cast.root.made("/custom-fields", {"resource": "customers", "key": "region", "kind": "text", "label_en": "Region"})
    cast.root.made("/custom-fields", {"resource": "deals", "key": "seats", "kind": "number", "label_en": "Seats"})
    answer = shown(cast.root, "/roles/fields")["data"]
    found = {(one["plural"], field["field"]): field["states"] for one in answer for field in one["fields"]}
    assert {plural for plural, _ in found} == {"customers", "people", "deals"}
    assert found["customers", "phone"] == ["read_only", "masked", "hidden"]
    assert found["customers", "annual_revenue"] == ["read_only", "hidden"]
    assert found["deals", "amount"] == ["read_only", "hidden"]
    assert found["customers", "custom.region"] == ["read_only", "masked", "hidden"]
    assert found["deals", "custom.seats"] == ["read_only", "hidden"]
    assert not {("customers", "name"), ("customers", "owner_id"), ("deals", "stage_id")} & found.keys()
    assert cast.alice.get("/roles/fields").status_code == 403


def test_what_is_refused(cast: Cast) -> None:
    role = composed(cast, fields={"customer": {"phone": "masked"}})
    assert role["fields"] == {"customer": {"phone": "masked"}}
    path = f"/roles/{role['id']}"
    for fields, fault in (
        ({"task": {"subject": "hidden"}}, ("#/fields/task", "not_allowed")),
        ({"customer": {"name": "hidden"}}, ("#/fields/customer/name", "unknown_field")),
        ({"customer": {"phone_e164": "hidden"}}, ("#/fields/customer/phone_e164", "unknown_field")),
        ({"customer": {"custom.none": "hidden"}}, ("#/fields/customer/custom.none", "unknown_field")),
        ({"deal": {"amount": "masked"}}, ("#/fields/deal/amount", "not_allowed")),
        ({"customer": {"phone": "gone"}}, ("#/fields/customer/phone", "not_allowed")),
        ({"customer": "hidden"}, ("#/fields/customer", "wrong_type")),
    ):
        assert codes(cast.root.patch(path, {"fields": fields})) == [fault]
        assert codes(cast.root.post("/roles", {**_clerk("Other"), "fields": fields})) == [fault]
    assert cast.alice.patch(path, {"fields": {}}).status_code == 403


def test_a_role_takes_the_states_that_are_offered_and_no_others(cast: Cast) -> None:
    """Half a number, amount, date or choice would say nothing: it is hidden, or read, and a mask of it is refused."""
    for kind in CustomKind:
        field: dict[str, Any] = {"resource": "customers", "key": f"own_{kind}", "kind": kind, "label_en": f"Own {kind}"}
        if kind == CustomKind.MONEY:
            field["currency"] = "CNY"
        cast.root.made("/custom-fields", field)
    path = f"/roles/{composed(cast)['id']}"
    offered = {
        (one["resource"], field["field"]): field["states"]
        for one in shown(cast.root, "/roles/fields")["data"]
        for field in one["fields"]
    }
    for (resource, name), states in offered.items():
        for state in FieldState:
            answer = cast.root.patch(path, {"fields": {resource: {name: state}}})
            if state in states:
                assert answer.status_code == 200, (resource, name, state)
            else:
                assert codes(answer) == [(f"#/fields/{resource}/{name}", "not_allowed")], (resource, name, state)
                (told,) = answer.get_json()["errors"]
                assert "read_only, hidden" in told["detail"]
    masked = {name for (resource, name), states in offered.items() if resource == "customer" and "masked" in states}
    assert masked >= {"phone", "email", "tax_id", "address", "description", "custom.own_text", "custom.own_link"}
    assert not masked & {f"custom.own_{kind}" for kind in CustomKind if kind not in ("text", "link")}


def _clerk(name: str) -> dict[str, Any]:
    return {"name_en": name, "permissions": ["customer:read"], "sight": "own"}


def test_the_admin_sees_everything_and_other_built_in_roles_can_be_narrowed(cast: Cast) -> None:
    made = cast.root.made("/customers", {"name": "Acme", "phone": "13812345678", "owner_id": cast.alice.id})
    admin = {"fields": {"customer": {"phone": "hidden"}}}
    assert codes(cast.root.patch(builtin(cast, "admin"), admin)) == [("#/fields", "fixed")]
    assert cast.root.patch(builtin(cast, "sales"), admin).status_code == 200
    assert "phone" not in shown(cast.alice, f"/customers/{made['id']}")
    assert shown(cast.root, f"/customers/{made['id']}")["phone"] == "13812345678"


def test_at_once_journalled_and_undone(cast: Cast) -> None:
    made = cast.root.made("/customers", {"name": "Acme", "phone": "13812345678", "owner_id": cast.alice.id})
    role = narrow(cast, cast.alice, {})
    path = f"/customers/{made['id']}"
    assert shown(cast.alice, path)["phone"] == "13812345678"
    answer = cast.root.patch(f"/roles/{role['id']}", {"fields": {"customer": {"phone": "masked"}}})
    assert shown(cast.alice, path)["phone"] == "138****5678"
    (entry, *_) = shown(cast.root, f"/journal?resource=role&id={role['id']}")["data"]
    assert entry["changes"]["fields"] == {"before": {}, "after": {"customer": {"phone": "masked"}}}
    assert cast.root.post(f"/changesets/{answer.headers['X-Changeset-Id']}/undo").status_code == 200
    assert shown(cast.alice, path)["phone"] == "13812345678"


def test_nobody_gives_away_what_he_or_she_has_not(cast: Cast) -> None:
    maker = ["role:write", "user:write", "customer:read", "customer:write"]
    own = {"customer": {"phone": "masked", "email": "hidden"}}
    composed(cast, name_en="Keeper", permissions=maker, sight="everyone", fields=own)
    gives(cast, cast.bob, "keeper")

    def asks(fields: Any) -> int:
        body = {"name_en": f"R {abs(hash(json.dumps(fields)))}", "permissions": ["customer:read"], "sight": "own"}
        return cast.bob.post("/roles", {**body, "fields": fields}).status_code

    assert asks({}) == 403
    assert asks({"customer": {"phone": "read_only", "email": "hidden"}}) == 403
    assert asks({"customer": {"phone": "masked"}}) == 403
    assert asks(own) == 201
    assert asks({"customer": {"phone": "hidden", "email": "hidden"}, "deal": {"amount": "hidden"}}) == 201
    wider = composed(cast, name_zh="宽", name_en="Wider", permissions=["customer:read"])
    assert cast.bob.patch(f"/roles/{wider['id']}", {"fields": own}).status_code == 403
    assert cast.bob.patch(f"/users/{cast.alice.id}", {"role": "wider"}).status_code == 403


def test_personal_tokens_have_no_more(cast: Cast) -> None:
    made = cast.root.made("/customers", {"name": "Acme", "phone": "13812345678", "owner_id": cast.alice.id})
    narrow(cast, cast.alice, {"customer": {"phone": "masked", "tax_id": "hidden"}})
    token = cast.alice.made("/auth/tokens", {"name": "T", "scopes": ["customer:read", "customer:write"]})["token"]
    machine = Member(cast.alice.app, cast.alice.id, "alice", cast.alice.team_id, token)
    record = shown(machine, f"/customers/{made['id']}")
    assert record["phone"] == "138****5678"
    assert "tax_id" not in record
    assert codes(machine.get("/customers?tax_id=1")) == [("tax_id", "unknown_parameter")]
    assert codes(machine.patch(f"/customers/{made['id']}", {"phone": "1"})) == [("#/phone", "read_only")]


def test_custom_fields(cast: Cast) -> None:
    for key, searched in (("region", True), ("secret", False), ("plain", False)):
        field = {"resource": "customers", "key": key, "kind": "text", "label_en": key, "is_searchable": searched}
        cast.root.made("/custom-fields", field)
    values = {"region": "Kashgar", "secret": "Voynich", "plain": "open"}
    made = cast.root.made("/customers", {"name": "Acme", "custom": values, "owner_id": cast.alice.id})
    path = f"/customers/{made['id']}"
    assert len(shown(cast.alice, "/customers?q=kashgar")["data"]) == 1
    narrow(cast, cast.alice, {"customer": {"custom.region": "masked", "custom.secret": "hidden"}})
    record = shown(cast.alice, path)
    assert record["custom"] == {"region": "***", "plain": "open"}
    assert record["masked_fields"] == ["custom.region"]
    assert shown(cast.alice, "/customers?q=kashgar")["data"] == []
    assert shown(cast.alice, "/search?q=kashgar")["data"] == []
    assert len(shown(cast.alice, "/customers?q=acme")["data"]) == 1
    for key in ("region", "secret"):
        assert codes(cast.alice.get(f"/customers?custom.{key}=x")) == [(f"custom.{key}", "unknown_parameter")]
        assert codes(cast.alice.get(f"/customers?sort=custom.{key}")) == [("sort", "unknown_name")]
        code = "unknown_field" if key == "secret" else "read_only"
        assert codes(cast.alice.patch(path, {"custom": {key: "x"}})) == [(f"#/custom/{key}", code)]
    assert codes(cast.alice.get("/customers?fields=custom.secret")) == [("fields", "unknown_name")]
    assert cast.alice.patch(path, {"custom": {"plain": "new"}}).status_code == 200
    assert shown(cast.root, path)["custom"] == {**values, "plain": "new"}
    told = json.dumps(shown(cast.alice, f"/journal?resource=customer&id={made['id']}"))
    assert "Kashgar" not in told
    assert "Voynich" not in told
    assert cast.alice.post(f"{path}/reveal", {"field": "custom.region"}).get_json() == {"value": "Kashgar"}
    assert codes(cast.alice.post(f"{path}/reveal", {"field": "custom.secret"})) == [("#/field", "unknown_name")]
    fields = [one["field"] for one in shown(cast.alice, "/views/fields?resource=customers")["data"]]
    assert not {"custom.region", "custom.secret"} & set(fields)
    assert "custom.plain" in fields


def test_what_one_may_not_write_is_not_taken_back_either(cast: Cast) -> None:
    made = cast.root.made("/customers", {"name": "Acme", "phone": "13812345678", "owner_id": cast.alice.id})
    path = f"/customers/{made['id']}"
    changes = [cast.root.patch(path, values) for values in ({"phone": "13900000000"}, {"title": "x"})]
    narrow(cast, cast.alice, {"customer": {"phone": "masked"}})
    phone, title = (one.headers["X-Changeset-Id"] for one in changes)
    assert cast.alice.post(f"/changesets/{phone}/undo").status_code == 403
    assert shown(cast.alice, f"/changesets/{phone}")["is_undoable"] is False
    assert cast.alice.post(f"/changesets/{title}/undo").status_code == 200


def test_a_stale_version_names_no_hidden_field(cast: Cast) -> None:
    made = cast.root.made("/customers", {"name": "Acme", "phone": "13812345678", "owner_id": cast.alice.id})
    narrow(cast, cast.alice, {"customer": {"phone": "hidden"}})
    path = f"/customers/{made['id']}"
    tag = cast.alice.get(path).headers["ETag"]
    cast.root.patch(path, {"phone": "13900000000", "title": "x"})
    stale = cast.alice.patch(path, {"name": "New"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert stale.get_json()["changed_fields"] == ["title"]
    assert "phone" not in stale.get_json()["current"]

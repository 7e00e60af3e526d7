"""The duplicate check: by the API while a customer is typed in, and when it is created."""

from __future__ import annotations

from typing import Any

import pytest

from app.customer.models import Customer
from app.database import db
from app.routing import CRM
from tests.cast import Cast, Member
from tests.conftest import counted


def told(member: Member, **values: Any) -> list[dict[str, Any]]:
    """What the check tells somebody."""
    answer = member.post("/customers/check", values)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(answer.get_json()["matches"])


def mode(cast: Cast, chosen: str) -> None:
    """Have an admin decide."""
    assert cast.root.patch("/settings", {"duplicate_check": chosen}).status_code == 200


@pytest.mark.parametrize(
    ("stored", "typed", "reasons"),
    [
        ({"name": "华信科技有限公司"}, {"name": "華信科技"}, ["name"]),
        ({"name": "张三"}, {"name": "zhangsan"}, ["name_reading"]),
        ({"name": "Zhang San"}, {"name": "张三"}, ["name_reading"]),
        ({"name": "北京字节跳动科技有限公司"}, {"name": "字节跳动"}, ["name_and_place"]),
        ({"name": "Beta", "short_name": "Nordwind"}, {"name": "NORDWIND GmbH"}, ["name"]),
        ({"name": "Siemens Energy"}, {"name": "Simens Energy AG"}, ["name_similar"]),
        ({"name": "A", "phone": "138 0013 8000"}, {"phone": "+86 (138) 0013-8000"}, ["phone"]),
        ({"name": "A", "email": "Info@Acme.com"}, {"email": "info@acme.com"}, ["email", "email_domain"]),
        ({"name": "A", "email": "info@acme.com"}, {"email": "new@acme.com"}, ["email_domain"]),
        ({"name": "A", "tax_id": "914403001922038216"}, {"tax_id": "91440300-1922 038216"}, ["tax_id"]),
    ],
)
def test_likely_twins_are_told(cast: Cast, stored: dict[str, Any], typed: dict[str, Any], reasons: list[str]) -> None:
    made = cast.alice.made("/customers", stored)
    (match,) = told(cast.alice, **typed)
    assert match["reasons"] == reasons
    assert match == {
        "id": made["id"],
        "name": made["name"],
        "owner": {"id": cast.alice.id, "name": "Alice"},
        "score": match["score"],
        "reasons": reasons,
        "is_visible": True,
        "is_deleted": False,
    }
    assert 0.8 <= match["score"] <= 1


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"name": "华"},
        {"name": "华为终端有限公司"},
        {"email": "other@qq.com"},
        {"phone": "13900139000"},
        {"name": None, "phone": None, "email": "", "tax_id": " "},
    ],
)
def test_others_are_not(cast: Cast, typed: dict[str, Any]) -> None:
    cast.alice.made(
        "/customers", {"name": "华为技术（深圳）有限公司", "email": "huawei@qq.com", "phone": "13800138000"}
    )
    assert told(cast.alice, **typed) == []


def test_the_likeliest_comes_first_and_the_customer_itself_is_left_out(cast: Cast) -> None:
    first = cast.alice.made("/customers", {"name": "华信科技", "phone": "13800138000"})
    second = cast.alice.made("/customers", {"name": "华信科技"})
    assert [one["id"] for one in told(cast.alice, name="华信科技", phone="13800138000")] == [first["id"], second["id"]]
    assert [one["id"] for one in told(cast.alice, name="华信科技", exclude_id=first["id"])] == [second["id"]]


def test_who_may_not_see_the_other_learns_whom_to_ask(cast: Cast) -> None:
    cast.mallory.made("/customers", {"name": "华信科技有限公司", "phone": "13800138000", "email": "li@huaxin.cn"})
    answer = cast.alice.post("/customers/check", {"name": "华信科技", "phone": "13800138000"})
    (match,) = answer.get_json()["matches"]
    assert match["id"] is None
    assert match["name"] is None
    assert match["owner"] == {"id": cast.mallory.id, "name": "Mallory"}
    assert match["is_visible"] is False
    for secret in ("有限公司", "li@", "huaxin"):
        assert secret not in answer.get_data(as_text=True)
    (seen,) = told(cast.vera, name="华信科技")
    assert seen["is_visible"] is True


def test_the_pool_and_deleted_ones_count(cast: Cast) -> None:
    pooled = cast.carol.made("/customers", {"name": "华信科技", "owner_id": None})
    gone = cast.alice.made("/customers", {"name": "远博贸易"})
    assert cast.alice.delete(f"/customers/{gone['id']}").status_code == 204
    (match,) = told(cast.mallory, name="华信科技有限公司")
    assert (match["id"], match["owner"], match["is_deleted"]) == (pooled["id"], None, False)
    (match,) = told(cast.alice, name="远博贸易有限公司")
    assert (match["id"], match["is_visible"], match["is_deleted"]) == (gone["id"], True, True)


def test_what_many_share_says_nothing(cast: Cast) -> None:
    for number in range(27):
        cast.root.post("/customers?duplicates=allow", {"name": f"Firm {number}X", "email": f"c{number}@portal.com"})
    assert told(cast.root, email="new@portal.com") == []
    assert [one["reasons"] for one in told(cast.root, email="c3@portal.com")] == [["email", "email_domain"]]


def test_the_check_writes_nothing_and_asks_little(app: CRM, cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "华信科技"})
    with counted(app) as counter:
        told(cast.alice, name="华信科技", phone="13800138000", email="a@huaxin.cn", tax_id="914403001922038216")
    assert not [one for one in counter.statements if one.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len([one for one in counter.statements if "customer" in one]) == 2


def test_the_check_refuses_what_it_does_not_know(cast: Cast) -> None:
    answer = cast.alice.post("/customers/check", {"nmae": "A", "name": 5})
    assert answer.status_code == 422
    assert {(one["pointer"], one["code"]) for one in answer.get_json()["errors"]} == {
        ("#/nmae", "unknown_field"),
        ("#/name", "wrong_type"),
    }


def test_a_wrong_check_character_is_a_warning(cast: Cast) -> None:
    answer = cast.alice.post("/customers/check", {"tax_id": "914403001922038217"}).get_json()
    assert [(one["pointer"], one["code"]) for one in answer["warnings"]] == [("#/tax_id", "tax_id_check_character")]
    made = cast.alice.made("/customers", {"name": "A", "tax_id": "914403001922038217"})
    assert [one["pointer"] for one in made["warnings"]] == ["#/tax_id"]
    mended = cast.alice.patch(f"/customers/{made['id']}", {"tax_id": "914403001922038216"})
    assert "warnings" not in mended.get_json()
    again = cast.alice.patch(f"/customers/{made['id']}", {"tax_id": "914403001922038217"})
    assert again.get_json()["warnings"][0]["code"] == "tax_id_check_character"


def test_the_province_is_offered(cast: Cast) -> None:
    asked = {"tax_id": "914403001922038216", "phone": "010 8888 6666"}
    assert cast.alice.post("/customers/check", asked).get_json()["suggestions"] == [
        {"field": "address.province", "value": "Guangdong", "origin": "tax_id"},
        {"field": "address.province", "value": "Beijing", "origin": "phone"},
    ]
    chinese = cast.alice.post("/customers/check", asked, headers={"Accept-Language": "zh-CN"}).get_json()
    assert [one["value"] for one in chinese["suggestions"]] == ["广东省", "北京市"]


# ---- when a customer is created --------------------------------------------------------------------------------------


def test_a_warning_comes_with_the_new_customer(cast: Cast) -> None:
    assert cast.alice.get("/settings").get_json()["duplicate_check"] == "warn"
    first = cast.alice.made("/customers", {"name": "华信科技"})
    assert "possible_duplicates" not in first
    second = cast.alice.made("/customers", {"name": "华信科技有限公司"})
    assert [(one["id"], one["reasons"]) for one in second["possible_duplicates"]] == [(first["id"], ["name"])]
    assert "possible_duplicates" not in cast.alice.get(f"/customers/{second['id']}").get_json()
    taken = cast.mallory.made("/customers", {"name": "华信科技"})
    assert [one["id"] for one in taken["possible_duplicates"]] == [None, None]


def test_blocking_refuses_and_names_the_others(app: CRM, cast: Cast) -> None:
    first = cast.alice.made("/customers", {"name": "华信科技"})
    mode(cast, "block")
    answer = cast.alice.post("/customers", {"name": "华信科技有限公司"})
    assert answer.status_code == 409
    problem = answer.get_json()
    assert problem["type"] == "/problems/possible-duplicate"
    assert [one["id"] for one in problem["matches"]] == [first["id"]]
    refused = cast.alice.post("/customers", {"name": "华信科技有限公司"}, headers={"Accept-Language": "zh-CN"})
    assert refused.get_json()["title"] == "疑似重复"
    with app.app_context():
        assert db.session.query(Customer).count() == 1
    assert cast.alice.made("/customers", {"name": "远博贸易"})["name"] == "远博贸易"


def test_off_says_nothing(cast: Cast) -> None:
    mode(cast, "off")
    cast.alice.made("/customers", {"name": "华信科技"})
    assert "possible_duplicates" not in cast.alice.made("/customers", {"name": "华信科技"})
    answer = cast.alice.post("/customers?duplicates=refuse", {"name": "华信科技"})
    assert answer.status_code == 409


def test_a_request_may_ask_for_more_and_with_the_right_for_less(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "华信科技"})
    assert cast.alice.post("/customers?duplicates=refuse", {"name": "华信科技"}).status_code == 409
    mode(cast, "block")
    assert cast.alice.post("/customers?duplicates=allow", {"name": "华信科技"}).status_code == 403
    let_in = cast.carol.post("/customers?duplicates=allow", {"name": "华信科技"})
    assert let_in.status_code == 201
    assert "possible_duplicates" not in let_in.get_json()
    unknown = cast.carol.post("/customers?duplicates=perhaps", {"name": "华信科技"})
    assert unknown.status_code == 422
    assert unknown.get_json()["errors"][0]["parameter"] == "duplicates"


@pytest.mark.parametrize("chosen", ["warn", "block", "off"])
def test_an_address_in_use_is_always_refused(cast: Cast, chosen: str) -> None:
    cast.mallory.made("/customers", {"name": "A", "email": "info@acme.com"})
    mode(cast, chosen)
    answer = cast.carol.post("/customers?duplicates=allow", {"name": "B", "email": "INFO@acme.com"})
    assert answer.status_code == 409
    assert answer.get_json()["errors"][0]["pointer"] == "#/email"


def test_an_upsert_is_guarded_too(cast: Cast) -> None:
    first = cast.alice.made("/customers", {"name": "华信科技"})
    told_of = cast.alice.put("/customers/external/erp/1", {"name": "华信科技"}).get_json()
    assert [one["id"] for one in told_of["possible_duplicates"]] == [first["id"]]
    mode(cast, "block")
    assert cast.alice.put("/customers/external/erp/2", {"name": "华信科技"}).status_code == 409


# ---- the settings ----------------------------------------------------------------------------------------------------


def test_settings_are_an_admins_and_can_be_undone(cast: Cast) -> None:
    assert cast.carol.patch("/settings", {"duplicate_check": "off"}).status_code == 403
    wrong = cast.root.patch("/settings", {"duplicate_check": "maybe"})
    assert wrong.status_code == 422
    changed = cast.root.patch("/settings", {"duplicate_check": "block"})
    assert changed.get_json()["duplicate_check"] == "block"
    undone = cast.root.post(f"/changesets/{changed.headers['X-Changeset-Id']}/undo")
    assert undone.status_code == 200
    assert cast.alice.get("/settings").get_json()["duplicate_check"] == "warn"

"""Of records that may be one nobody is told a reason about a field that he or she has masked or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from app.customer.customer_pairs import CUSTOMER_PAIRS
from app.customer.person_pairs import PERSON_PAIRS

from ..auth.test_roles import codes
from ..cast import Cast, Member
from ..customer.test_duplicates import mode, told
from ..importing.sending import change, result, upload
from .narrowing import narrow

PHONE = "13800138000"
EVERY_REASON = {"phone": PHONE, "email": "li@huaxin.cn", "tax_id": "914403001922038216"}


def pairs(member: Member, query: str = "", plural: str = "customers") -> list[dict[str, Any]]:
    """What somebody is told of pairs, in the list's order."""
    answer = member.get(f"/{plural}/duplicates?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [{name: one[name] for name in ("id", "score", "reasons", "against")} for one in answer.get_json()["data"]]


@pytest.fixture
def planted(cast: Cast) -> None:
    """Three pairs of alice: by a name and more, by a phone alone, by a name alone."""
    for first, second, values in (
        ("华信科技有限公司", "华信科技", EVERY_REASON),
        ("远博贸易", "Nordwind", {"phone": "010-88886666"}),
        ("Siemens Energy", "Simens Energy AG", {}),
    ):
        cast.alice.made("/customers", {"name": first, **values})
        further = {name: value for name, value in values.items() if name != "email"}
        cast.alice.made("/customers", {"name": second, **further})
    CUSTOMER_PAIRS.scan_all()


@pytest.mark.parametrize("state", ["masked", "hidden"])
def test_reasons_about_a_field_that_the_role_has_not(cast: Cast, planted: None, state: str) -> None:
    plain = pairs(cast.root)
    assert [one["reasons"] for one in plain] == [["tax_id", "name", "phone"], ["phone"], ["name_similar"]]
    narrow(cast, cast.alice, {"customer": {"phone": state, "tax_id": state}})
    (first, second) = pairs(cast.alice)
    assert first == {"id": plain[0]["id"], "score": 0.9, "reasons": ["name"], "against": []}
    assert second == plain[2]
    assert cast.alice.get("/customers/duplicates").get_json()["meta"]["total"] == 2
    # The score that is shown is the one that is sorted and asked by.
    assert [one["id"] for one in pairs(cast.alice, "sort=score")] == [second["id"], first["id"]]
    assert [one["id"] for one in pairs(cast.alice, "score_min=0.95")] == []
    assert [one["id"] for one in pairs(cast.alice, "score_min=0.9&score_max=0.9")] == [first["id"]]
    page = cast.alice.get("/customers/duplicates?per_page=1").get_json()
    rest = cast.alice.get(f"/customers/duplicates?per_page=1&cursor={page['meta']['next_cursor']}").get_json()
    assert [one["id"] for one in page["data"] + rest["data"]] == [first["id"], second["id"]]
    # Nor is the pair there that nothing else speaks for, whoever tries its id.
    assert cast.alice.post(f"/customers/duplicates/{plain[1]['id']}/dismiss").status_code in (403, 404)
    assert pairs(cast.root) == plain


def test_objections_about_a_field_that_the_role_has_not(cast: Cast) -> None:
    for tax_id in ("914403001922038216", "91310000MA1K35X12A"):
        cast.alice.made("/customers", {"name": "华信科技", "phone": PHONE, "tax_id": tax_id})
    CUSTOMER_PAIRS.scan_all()
    (plain,) = pairs(cast.root)
    assert plain["against"] in (["other_company"], ["other_tax_id"])
    narrow(cast, cast.alice, {"customer": {"tax_id": "hidden"}})
    (shown,) = pairs(cast.alice)
    assert shown == plain | {"against": [], "score": 0.985}


def test_what_the_pool_masks_is_no_reason_there(cast: Cast) -> None:
    cast.root.made("/customers", {"name": "华信科技", "phone": PHONE, "owner_id": cast.alice.id})
    cast.root.made("/customers", {"name": "华信科技", "phone": PHONE, "owner_id": cast.alice.id})
    cast.root.made("/customers", {"name": "字节跳动科技", "phone": "010-88886666", "owner_id": cast.alice.id})
    cast.root.made("/customers", {"name": "字节跳动", "phone": "010-88886666", "owner_id": None})
    cast.root.made("/customers", {"name": "Nordwind", "phone": "13900139000", "owner_id": cast.alice.id})
    cast.root.made("/customers", {"name": "Acme", "phone": "13900139000", "owner_id": None})
    CUSTOMER_PAIRS.scan_all()
    plain = pairs(cast.root)
    assert [one["reasons"] for one in plain] == [["name", "phone"], ["phone", "name_and_place"], ["phone"]]
    own, pooled = pairs(cast.alice)
    assert own == plain[0]
    assert pooled == plain[1] | {"reasons": ["name_and_place"], "score": 0.84}


def test_people_too(cast: Cast) -> None:
    home = cast.alice.made("/customers", {"name": "Acme"})["id"]
    values = {"customer_id": home, "phone": PHONE, "email": "ann@acme.example", "wechat": "ann_lee", "qq": "77777"}
    for name in ("Ann Lee", "Ann Lee"):
        cast.alice.made("/people", {"name": name, **values, "birthday": "1971-07-07"})
    PERSON_PAIRS.scan_all()
    (plain,) = pairs(cast.root, plural="people")
    assert set(plain["reasons"]) == {"phone", "email", "wechat", "qq", "birthday", "name", "same_customer"}
    hidden = {"phone": "hidden", "email": "masked", "wechat": "masked", "qq": "hidden", "birthday": "hidden"}
    narrow(cast, cast.alice, {"person": hidden})
    (shown,) = pairs(cast.alice, plural="people")
    assert shown == plain | {"reasons": ["same_customer", "name"], "score": 0.86}
    assert cast.root.patch(f"/customers/{home}", {"owner_id": None}).status_code == 200
    narrow(cast, cast.bob, {})
    (of_pool,) = pairs(cast.bob, plural="people")
    assert of_pool["reasons"] == ["same_customer", "birthday", "name"]


def test_a_customer_out_of_sight_is_no_reason(cast: Cast) -> None:
    away = cast.mallory.made("/customers", {"name": "Secret Holdings"})["id"]
    for home in ("Acme", "Nordwind"):
        values = {"customer_id": cast.alice.made("/customers", {"name": home})["id"], "phone": PHONE}
        cast.root.made("/people", {"name": "Ann Lee", **values, "customers": [{"customer_id": away}]})
    PERSON_PAIRS.scan_all()
    (plain,) = pairs(cast.root, plural="people")
    assert plain["reasons"] == ["phone", "same_customer", "name"]
    (shown,) = pairs(cast.alice, plural="people")
    assert shown["reasons"] == ["phone", "name"]
    assert shown["score"] < plain["score"]
    assert pairs(cast.alice, f"score_min={plain['score']}", plural="people") == []
    cast.root.patch(f"/customers/{away}", {"owner_id": cast.alice.id})
    assert pairs(cast.alice, plural="people") == pairs(cast.root, plural="people") == [plain]


@pytest.mark.parametrize("chosen", ["warn", "block"])
def test_who_guesses_a_number_of_the_pool_is_not_told_whose_it_is(cast: Cast, chosen: str) -> None:
    mode(cast, chosen)
    pooled = cast.carol.made("/customers", {"name": "华信科技", **EVERY_REASON, "owner_id": None})
    for name in ("phone", "email"):
        (match,) = told(cast.alice, **{name: EVERY_REASON[name]})
        assert (match["id"], match["name"], match["owner"], match["is_visible"]) == (None, None, None, False), name
    (match,) = told(cast.alice, name="华信科技", phone=PHONE)
    assert (match["id"], match["reasons"], match["score"]) == (pooled["id"], ["name"], 0.9)
    (match,) = told(cast.alice, tax_id=EVERY_REASON["tax_id"])
    assert (match["id"], match["reasons"]) == (pooled["id"], ["tax_id"])
    (match,) = told(cast.root, phone=PHONE)
    assert (match["id"], match["reasons"]) == (pooled["id"], ["phone"])
    answer = cast.alice.post("/customers", {"name": "Nordwind", "phone": PHONE}).get_json()
    (match,) = answer["matches"] if chosen == "block" else answer["possible_duplicates"]
    assert (match["id"], match["name"], match["reasons"]) == (None, None, ["phone"])


def test_nor_by_an_import(cast: Cast) -> None:
    cast.carol.made("/customers", {"name": "Secret Holdings", "phone": PHONE, "owner_id": None})
    chosen = upload(cast.alice, "customers", f"name,phone\nNordwind,{PHONE}\n")
    chosen = change(cast.alice, chosen, options={"existing": "create"})
    found = result(cast.alice, chosen, "check")
    assert found["resembling"] == 1
    assert "Secret" not in str(found)


def test_who_has_not_a_field_cannot_ask_by_it(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "华信科技", **EVERY_REASON})
    narrow(cast, cast.alice, {"customer": {"phone": "masked", "email": "hidden"}})
    asked = cast.alice.post("/customers/check", {"phone": PHONE, "email": EVERY_REASON["email"]})
    assert sorted(codes(asked)) == [("#/email", "unknown_field"), ("#/phone", "read_only")]

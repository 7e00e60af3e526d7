"""`q` in Chinese, pinyin, initials and phone digits; and what must not be found out by asking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.customer import service
from app.transaction import unit_of_work

from ..cast import Cast
from .lists import ids, many, page
from .looking import actor, faults

ROWS: dict[str, dict[str, Any]] = {
    "a": {"name": "张三丰科技", "short_name": "三丰", "company": "武当集团", "phone": "138 1234-5678"},
    "b": {"name": "李四", "email": "Li.Si@Example.com", "phone": "+86 (10) 8888 6666"},
    "c": {"name": "CAFÉ Straße GmbH", "phone": "+49 30 901820", "email": "info@cafe.example"},
    "d": {"name": "100%_sure", "company": "Ａ＆Ｂ Ｃｏ．"},
    "e": {"name": "單雄信", "company": "長樂未央"},
    "f": {"name": "乾隆御品", "title": "not searched"},
}

SEARCHES: dict[str, str] = {
    "": "abcdef",
    "   ": "abcdef",
    # Chinese, in either script, any part of a name, a single character too
    "张三": "a",
    "張三": "a",
    "丰": "a",
    "科技": "a",
    "三丰科": "a",
    "武當": "a",
    "单雄": "e",
    "長樂": "e",
    "乐未": "e",
    "乾": "f",
    "乾隆": "f",
    "隆御": "f",
    # pinyin and initials
    "zhangsan": "a",
    "ZhangSanFeng": "a",
    "zsf": "a",
    "zhang san": "a",
    "lisi": "b",
    "ls": "b",
    "shanxiongxin": "e",
    "danxiong": "e",
    "qianlong": "f",
    # Latin without case, width and accents
    "cafe": "c",
    "CAFÉ": "c",
    "ｃａｆｅ": "c",
    "strasse": "c",
    "gmbh cafe": "c",
    "a&b co": "d",
    # wildcards are letters
    "%": "d",
    "_": "d",
    "0%_s": "d",
    "\\": "",
    "'": "",
    # ways to reach somebody: any notation, the last digits
    "13812345678": "a",
    "138-1234-5678": "a",
    "+86 138 1234 5678": "a",
    "0086 138 1234 5678": "a",
    "１３８１２３４５６７８": "a",
    "5678": "a",
    "6666": "b",
    "010 8888 6666": "b",
    "+861088886666": "b",
    "(030) 901820": "c",
    "li.si@example": "b",
    "LI.SI@EXAMPLE.COM": "b",
    "example": "bc",
    # all words must be found
    "张 科技": "a",
    "张 李": "",
    "not searched": "",
}


def letters(made: dict[str, int], found: list[int]) -> str:
    return "".join(letter for letter, record_id in made.items() if record_id in found)


@pytest.fixture
def made(cast: Cast) -> dict[str, int]:
    """Six customers of alice by letter."""
    return dict(zip(ROWS, many(cast.alice, list(ROWS.values())), strict=True))


def test_searches(cast: Cast, made: dict[str, int]) -> None:
    found = {words: letters(made, ids(cast.alice, "/customers", q=words)) for words in SEARCHES}
    assert found == SEARCHES


def test_any_part_of_a_name_finds_it(cast: Cast) -> None:
    """Traditional characters whose simplified form depends on their neighbours are found by every part, too."""
    names = [
        "乾坤干部乾燥餘下于瞭望著作藉口後皇后鬆松發髮",
        "頭髮乾了",
        "隻身一人皮鞋三只",
        "葉赫那拉的叶",
        "臺灣台北檯燈",
    ]
    made = many(cast.alice, [{"name": name} for name in names])
    for record_id, name in zip(made, names, strict=True):
        parts = {name[start : start + length] for length in (1, 2, 3) for start in range(len(name) - length + 1)}
        for part in parts:
            assert record_id in ids(cast.alice, "/customers", q=part), (name, part)
            assert record_id in ids(cast.alice, "/customers", name=part), (name, part)


def test_searching_people(cast: Cast) -> None:
    customer = cast.alice.made("/customers", {"name": "Acme"})["id"]
    ways = {
        "phones": [{"raw": "138 0000 1111", "is_primary": True}, {"raw": "021-5555 4444"}],
        "emails": [{"address": "Wang.Wu@example.com"}],
        "wechat": "wangwu2023",
        "qq": "10086",
    }
    cast.alice.made("/people", {"name": "王五", "customer_id": customer, **ways})
    cast.alice.made("/people", {"name": "other", "customer_id": customer})
    for words in (
        "王",
        "wangwu",
        "ww",
        "13800001111",
        "1111",
        "021 5555 4444",
        "+862155554444",
        "wang.wu@",
        "wangwu2023",
        "WangWu20",
        "10086",
    ):
        assert ids(cast.alice, "/people", q=words) == [1], words


def test_search_and_sort_together(cast: Cast, made: dict[str, int]) -> None:
    both = ids(cast.alice, "/customers", q="example", sort="-name")
    assert both == [made["b"], made["c"]]
    assert page(cast.alice, "/customers", q="example", sort="name", per_page=1)["meta"]["total"] == 2


# ---- the pool -------------------------------------------------------------------------------------------------------

POOLED = {
    "name": "Pool AG",
    "email": "Chief@pool.example",
    "phone": "+86 138 1234 5678",
    "owner_id": None,
}


@pytest.fixture
def pooled(cast: Cast) -> int:
    """A customer of the pool, with a person, and one of alice's own with ways alike."""
    record = cast.root.made("/customers", POOLED)
    person = {"name": "Pat", "customer_id": record["id"], "email": "pat@pool.example", "phone": "13911112222"}
    cast.root.made("/people", {**person, "wechat": "pat_secret", "qq": "987654"})
    cast.alice.made("/customers", {"name": "Own AG", "email": "chief@own.example", "phone": "138 1234 9999"})
    return int(record["id"])


def test_the_mask(cast: Cast, pooled: int) -> None:
    masked = {"phone": "+86 *** **** 5678", "phone_e164": "+86*******5678", "email": "C***@pool.example"}
    clear = {"phone": "+86 138 1234 5678", "phone_e164": "+8613812345678", "email": "Chief@pool.example"}
    for member in cast.everybody():
        expected = masked if member.name in ("alice", "bob", "mallory") else clear
        record = member.get(f"/customers/{pooled}").get_json()
        assert {name: record[name] for name in clear} == expected, member.name
        listed = next(one for one in page(member, "/customers")["data"] if one["id"] == pooled)
        assert listed == record
        only = next(one for one in page(member, "/customers", fields="phone")["data"] if one["id"] == pooled)
        assert only == {"id": pooled, "version": 1, "phone": expected["phone"]}
        person = member.get("/people/1").get_json()
        if expected is masked:
            hidden = (person["phone"], person["email"], person["wechat"], person["qq"])
            assert hidden == ("139****2222", "p***@pool.example", "***", "***")
            assert "secret" not in json.dumps(person)
            assert "13911112222" not in json.dumps(person)
            assert "pat@" not in json.dumps(person)
        else:
            assert (person["phone"], person["wechat"]) == ("13911112222", "pat_secret")


def test_the_mask_cannot_be_probed(cast: Cast, pooled: int) -> None:
    """Whatever is asked about a masked way, the masked row is in no answer, neither as a match nor by its absence."""
    probes: list[dict[str, Any]] = [
        {"q": "13812345678"},
        {"q": "1381234"},
        {"q": "5678"},
        {"q": "chief@pool"},
        {"q": "chief"},
        {"email": "chief@pool.example"},
        {"email": "c"},
        {"email": "none"},
        {"phone_e164": "+8613812345678"},
        {"phone_e164": "none"},
        {"phone_e164": ["none", "+8613812345678"]},
    ]
    probes += [
        {"where": json.dumps(tree)}
        for tree in (
            {"field": "email", "op": "contains", "value": "chief"},
            {"field": "email", "op": "not_contains", "value": "chief"},
            {"field": "email", "op": "not_contains", "value": "zzz"},
            {"field": "email", "op": "starts_with", "value": "c"},
            {"field": "email", "op": "is_null"},
            {"field": "email", "op": "not_null"},
            {"field": "phone_e164", "op": "ne", "value": "+8613812345678"},
            {"field": "phone_e164", "op": "not_in", "value": ["+1"]},
            {"field": "phone_e164", "op": "not_null"},
            {"or": [{"field": "email", "op": "starts_with", "value": "ch"}, {"field": "id", "op": "eq", "value": 99}]},
        )
    ]
    for probe in probes:
        assert pooled not in ids(cast.alice, "/customers", **probe), probe
    # What alice may read she may ask for; who sees through the mask finds the row.
    assert ids(cast.alice, "/customers", q="9999") == [2]
    assert ids(cast.alice, "/customers", email="chief@") == [2]
    assert pooled in ids(cast.carol, "/customers", q="13812345678")
    assert pooled in ids(cast.vera, "/customers", email="chief@pool")
    assert ids(cast.alice, "/customers", q="pool") == [pooled]
    for key in ("phone", "email", "phone_e164", "reach_key"):
        assert faults(cast.alice.get(f"/customers?sort={key}")) == {"sort": "unknown_name"}
    for words in ("13911112222", "2222", "pat@pool", "pat_secret", "987654"):
        assert ids(cast.alice, "/people", q=words) == [], words
        assert ids(cast.carol, "/people", q=words) == [1], words
    assert ids(cast.alice, "/people", q="pat") == [1]


def test_the_mask_falls_with_the_claim(cast: Cast, pooled: int) -> None:
    assert cast.alice.post(f"/customers/{pooled}/claim").get_json()["email"] == "Chief@pool.example"
    assert ids(cast.alice, "/customers", q="5678") == [pooled]
    assert cast.alice.get("/people/1").get_json()["phone"] == "13911112222"
    assert cast.alice.post(f"/customers/{pooled}/release").get_json()["email"] == "C***@pool.example"


def test_taken_addresses_of_others_are_not_shown(cast: Cast) -> None:
    """A hit outside of one's sight is neither listed nor counted, nor does it take a place in the page."""
    many(cast.mallory, [{"name": f"Acme {number}"} for number in range(30)])
    with unit_of_work():
        service.create(actor(cast.alice), {"name": "Acme of alice"})
    found = page(cast.alice, "/customers", q="acme", per_page=1)
    assert (len(found["data"]), found["meta"]["total"], found["meta"]["next_cursor"]) == (1, 1, None)

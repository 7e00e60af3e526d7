"""How alike two customers are: by table."""

from __future__ import annotations

from typing import Any

import phonenumbers
import pytest
from phonenumbers import geocoder

from app.customer.evidence import domain_of, evidence_of, name_of
from app.customer.likeness import LIKELY, Likeness, likeness
from app.customer.regions import PROVINCES, leading_place, province_of_phone
from app.customer.tax_id import check_character, is_credit_code, is_right, province_of, tidy

HUAWEI = "914403001922038216"


def compared(one: Any, other: Any) -> Likeness:
    """The likeness of two customers, given by name or by fields; the same both ways."""
    pair = [evidence_of({"name": side} if isinstance(side, str) else side, lambda: "CN") for side in (one, other)]
    found = likeness(pair[0], pair[1])
    assert found == likeness(pair[1], pair[0])
    return found


def test_the_threshold_is_stated() -> None:
    assert LIKELY == 0.80


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("华信科技有限公司", "华信科技", "name"),
        ("华信科技股份有限公司", "华信科技有限责任公司", "name"),
        ("張三", "张三", "name"),
        ("ＡＣＭＥ Co., Ltd.", "Acme GmbH", "name"),
        ("ACME", "A.C.M.E.", "name"),
        ("Nordwind Trade Ltd", "Trade, Nordwind", "name"),
        ("zhangsan", "张三", "name_reading"),
        ("Zhang San", "張三", "name_reading"),
        ("华信科技（上海）有限公司", "上海华信科技有限公司", "name"),
        ("北京字节跳动科技有限公司", "字节跳动", "name_and_place"),
        ("华为技术有限公司", "华为技术（深圳）有限公司", "name_and_place"),
        ("广东省深圳市大疆创新有限公司", "大疆创新", "name_and_place"),
        ("Microsoft", "Micorsoft Inc.", "name_similar"),
        ("Siemens Energy", "Simens Energy", "name_similar"),
        ({"name": "A", "phone": "138 0013 8000"}, {"name": "B", "phone": "+86-138-0013-8000"}, "phone"),
        ({"name": "A", "phone": "(010) 8888 6666"}, {"name": "B", "phone": "+86 10 88886666"}, "phone"),
        ({"name": "A", "phone": "１３８００１３８０００"}, {"name": "B", "phone": "0086 13800138000"}, "phone"),
        ({"name": "A", "email": "Info@Acme.com"}, {"name": "B", "email": "info@acme.com"}, "email"),
        ({"name": "A", "email": "me@qq.com"}, {"name": "B", "email": "ME@qq.com"}, "email"),
        ({"name": "A", "tax_id": HUAWEI}, {"name": "B", "tax_id": " 91440300 19220382-16 "}, "tax_id"),
        ({"email": "sales@acme.com"}, {"name": "Acme", "email": "info@acme.com"}, "email_domain"),
        ({"name": "Acme", "short_name": "ACM"}, {"name": "ACM"}, "name"),
    ],
)
def test_who_is_likely_the_same(one: Any, other: Any, reason: str) -> None:
    found = compared(one, other)
    assert found.is_likely
    assert reason in found.reasons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("华为技术（深圳）有限公司", "华为终端有限公司"),
        ("华为技术（深圳）有限公司", "华为技术（北京）有限公司"),
        ("上海华信科技有限公司", "北京华信科技有限公司"),
        ("华信恒科技有限公司", "华信恒贸易有限公司"),
        ("华信科技有限公司", "华兴科技有限公司"),
        ("华信科技有限公司上海分公司", "华信科技有限公司"),
        ("李伟", "李玮"),
        ("有限公司", "股份有限公司"),
        ("Acme Widgets", "Acme Gadgets"),
        ("Customer 12", "Customer 13"),
        ("Jack Berry", "Jake Berry"),
        ({"name": "Acme", "email": "a@qq.com"}, {"name": "Beta", "email": "b@qq.com"}),
        ({"email": "a@gmail.com"}, {"email": "b@gmail.com"}),
        ({"name": "Acme", "email": "a@group.com"}, {"name": "Nordwind", "email": "b@group.com"}),
        (
            {"name": "王芳", "kind": "person", "email": "w@acme.com"},
            {"name": "李强", "kind": "person", "email": "l@acme.com"},
        ),
        (
            {"name": "张伟", "kind": "person", "company": "华信"},
            {"name": "张伟", "kind": "person", "company": "远博"},
        ),
        (
            {"name": "华信科技", "tax_id": "914403001922038216"},
            {"name": "华信科技", "tax_id": "91330100799655058B"},
        ),
        ({}, {}),
    ],
)
def test_who_is_not(one: Any, other: Any) -> None:
    assert not compared(one, other).is_likely


def test_what_speaks_against_is_told() -> None:
    found = compared("上海华信科技有限公司", "北京华信科技有限公司")
    assert (found.reasons, found.against) == (("name_and_place",), ("other_place",))
    assert compared({"name": "A", "phone": "13800138000"}, {"name": "B", "phone": "13800138000"}).against == (
        "other_name",
    )


def test_more_evidence_weighs_more() -> None:
    named = compared("华信科技", "华信科技有限公司").score
    reached = compared({"name": "华信科技", "phone": "13800138000"}, {"name": "华信科技", "phone": "13800138000"}).score
    assert LIKELY < named < reached < 1


@pytest.mark.parametrize(
    ("text", "core", "place"),
    [
        ("华为技术（深圳）有限公司", "华为技术", "深圳"),
        ("广东省深圳市华信科技有限公司", "华信科技", "深圳"),
        ("北京", "北京", ""),
        ("阿里巴巴（中国）有限公司", "阿里巴巴", "中国"),
        ("Acme (Shanghai) Co., Ltd.", "acme", "shanghai"),
        ("有限公司", "有限公司", ""),
    ],
)
def test_names_are_taken_apart(text: str, core: str, place: str) -> None:
    found = name_of(text)
    assert (found.core, found.place) == (core, place)


def test_free_mail_has_no_domain() -> None:
    assert [domain_of(one) for one in ("a@qq.com", "a@yahoo.co.uk", "a@acme.com", "", None)] == [
        None,
        None,
        "acme.com",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("code", "province"),
    [
        (HUAWEI, "44"),
        ("91330100799655058B", "33"),
        ("9144030071526726XG", "44"),
        ("91110000802100433b", "11"),
        (" 91110108-551385082Q ", "11"),
    ],
)
def test_credit_codes_are_verified(code: str, province: str) -> None:
    assert is_right(code)
    assert province_of(code) == province


@pytest.mark.parametrize("code", ["914403001922038217", "914403001922038261", "91440300192203821I"])
def test_wrong_credit_codes_are_seen(code: str) -> None:
    assert is_credit_code(code)
    assert not is_right(code)
    assert province_of(code) is None


@pytest.mark.parametrize("code", ["", None, "DE123456789", "440300192203821"])
def test_other_tax_ids_are_left_alone(code: str | None) -> None:
    assert not is_credit_code(code)
    assert province_of(code) is None
    assert check_character("I" * 17) is None
    assert tidy(code) == (code or None)


def test_places_that_names_begin_with() -> None:
    assert leading_place("上海三一重工") == ("上海", "三一重工")
    assert leading_place("三一重工") == ("", "三一重工")
    assert leading_place("北京") == ("", "北京")


def test_dialling_codes_are_those_of_the_provinces() -> None:
    wrong = []
    for area in ("10", *(str(one) for one in range(20, 30)), *(str(one) for one in range(310, 1000))):
        number = f"+86{area}{'5551234' if len(area) == 3 else '55512345'}"
        told = geocoder.description_for_number(phonenumbers.parse(number), "zh")
        code = province_of_phone(number)
        if told not in ("", "中国") and (code is None or not told.startswith(PROVINCES[code][0][:2])):
            wrong.append((area, told, code))
    assert not wrong
    others = ("+8613800138000", "+4930123456", None, "+85223456789", "+8610")
    assert [province_of_phone(one) for one in others] == [None, None, None, "81", "11"]

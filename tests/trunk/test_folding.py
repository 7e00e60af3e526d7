"""Folded text: pure functions by which names, numbers and addresses are found."""

from __future__ import annotations

import hypothesis.strategies as st
import phonenumbers
import pytest
from hypothesis import given
from pypinyin import lazy_pinyin
from pypinyin.seg.mmseg import seg

from app.folding import HAN as HAN_CHARACTER
from app.folding import _words, aloud, digits, e164, email_key, fold, readings, search_key, sort_key

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
LATIN = st.characters(min_codepoint=0x20, max_codepoint=0x17F, exclude_categories=["Cc"])
MIXED = st.text(HAN | LATIN | st.sampled_from("ＡＢ１％　ßİŉ"))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＣＡＦÉ 張三", "cafe 张三"),
        ("café", "cafe"),
        ("cafe\u0301", "cafe"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("  a \t\u3000 b  ", "a b"),
        ("①㈱ﬁ", "1(株)fi"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Ørsted", "ørsted"),
        ("각", "각"),
        ("", ""),
        ("张\u200b三\ufeff", "张三"),
        ("soft\u00adhyphen", "softhyphen"),
        ("薴烯", "苎烯"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(MIXED)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_every_han_character_folds_to_what_folds_to_itself() -> None:
    han = [chr(code) for code in range(0x3400, 0x32000) if HAN_CHARACTER.match(chr(code))]
    assert [one for one in han if fold(fold(one)) != fold(one)] == []


@given(st.text(HAN, min_size=1, max_size=12), st.data())
def test_a_part_folds_to_a_part(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert fold(text[start:end]) in fold(text)


@given(MIXED)
def test_keys_hold_no_control_characters_but_the_separator(text: str) -> None:
    assert not {c for c in sort_key(text) if ord(c) < 32} - {"\x1f"}
    assert "\n" not in fold(text)
    assert all(reading.isprintable() for reading in readings(text))


def test_the_order_of_a_dictionary() -> None:
    names = ["阿里", "Baidu", "百度", "Zebra", "中兴", "华为", "张三", "章三", "张四", "100", "alpha"]
    assert sorted(names, key=sort_key) == [
        *("100", "阿里", "alpha", "百度", "Baidu", "华为", "张三", "章三", "张四", "Zebra", "中兴"),
    ] or [name for name in sorted(names, key=sort_key) if not name.isascii()] == [
        *("阿里", "百度", "华为", "张三", "章三", "张四", "中兴"),
    ]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("张三", {"zhangsan", "zs"}),
        ("單雄", {"danxiong", "shanxiong", "dx", "sx"}),
        ("重庆", {"chongqing", "cq"}),
        ("乾隆", {"qianlong", "ql"}),
        ("Acme 张", {"acme zhang"}),
        ("abc", set()),
        ("", set()),
    ],
)
def test_readings(name: str, typed: set[str]) -> None:
    found = readings(name)
    assert typed <= found or {one.replace(" ", "") for one in typed} <= {one.replace(" ", "") for one in found}
    assert found or not typed


def test_readings_stay_few() -> None:
    assert len(readings("重乐行长" * 50)) < 60


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("138 1234 5678", "+8613812345678"),
        ("１３８１２３４５６７８", "+8613812345678"),
        ("+49 30 901820", "+4930901820"),
        ("0049 30 901820", "+4930901820"),
        ("(010) 8888-6666", "+861088886666"),
        ("call me", None),
        ("1", None),
        ("", None),
        (None, None),
        ("+" * 300, None),
        ("9" * 300, None),
    ],
)
def test_e164(typed: str | None, number: str | None) -> None:
    assert e164(typed, "CN") == number


def test_digits_and_addresses() -> None:
    assert digits("+86 (138) １２３-x9") == "861381239"
    assert digits(None) == ""
    assert email_key(" Some.One@Example.COM ") == "some.one@example.com"
    assert email_key("") is email_key("  ") is email_key(None) is None
    assert email_key("ＪＯＳÉ@Example.com") == email_key("jose\u0301@example.com") == "josé@example.com"
    assert email_key("張@example.com") != email_key("张@example.com")


def test_search_keys() -> None:
    assert search_key(["张三", None, "Acme"]).split("\n")[0] == "张三"
    assert set(search_key(["张三"]).split("\n")) >= {"张三", "zhangsan", "zs"}
    assert search_key([], ["A@B.c", "+86 10 8888 6666", None, "", "wx_李"]).split("\n") == [
        *("a@b.c", "861088886666", "01088886666", "wx_李"),
    ]
    assert search_key([], ["wang2023"]).split("\n") == ["wang2023", "2023"]
    assert search_key([None], [None]) == ""


def test_mobile_numbers_are_what_the_library_makes_of_them() -> None:
    numbers = [f"{start}{end}" for start in range(1300, 2000) for end in ("0000000", "1234567", "9999999")]
    made = [phonenumbers.parse(number, "CN") for number in numbers]
    expected = [phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.E164) for one in made]
    assert [e164(number, "CN") for number in numbers] == expected
    assert all(phonenumbers.is_possible_number(one) for one in made)
    at_home = [phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.NATIONAL) for one in made]
    found = [search_key([], [number]).split("\n") for number in expected]
    assert found == [[digits(abroad), digits(home)] for abroad, home in zip(expected, at_home, strict=True)]


@given(
    st.text(
        st.sampled_from("银行重庆乐山长城音乐会计不了了之一举两得中国人民大学生活动") | HAN, min_size=1, max_size=14
    )
)
def test_a_text_is_taken_apart_as_the_library_does(text: str) -> None:
    assert _words(text) == list(seg.cut(text))
    assert list(aloud(text)) == lazy_pinyin(text)

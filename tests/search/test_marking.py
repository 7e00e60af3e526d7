"""Where the words stand that something was found by."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from app.folding import fold
from app.search.marking import excerpt, merged, near_ranges, ranges


@pytest.mark.parametrize(
    ("text", "word", "marked"),
    [
        ("张三丰科技", "三丰", "三丰"),
        ("張三豐科技", "三丰", "三豐"),
        ("张三丰科技", "zhangsan", "张三"),
        ("张三丰科技", "zs", "张三"),
        ("张三丰科技", "zsan", "张三"),
        ("张三丰科技", "sanf", "三丰"),
        ("张三丰科技", "keji", "科技"),
        ("尉迟恭", "weichigong", "尉迟恭"),
        ("單雄信", "shanxiong", "單雄"),
        ("西安", "xi'an", "西安"),
        ("CAFÉ Straße", "strasse", "Straße"),
        ("cafe\u0301 x", "cafe", "cafe\u0301"),
        ("ＡＢＣ", "b", "Ｂ"),
        ("+86 (138) 1234-5678", "1234567", "1234-567"),
        ("138 1234 5678", "8613812345678", "138 1234 5678"),
        ("+86 138 1234 5678", "13812345678", "138 1234 5678"),
        ("138 1234 5678", "5678", "5678"),
        ("Acme", "x", ""),
        ("张三", "lisi", ""),
        ("", "a", ""),
    ],
)
def test_ranges(text: str, word: str, marked: str) -> None:
    found = ranges(text, word)
    assert [text[begin:end] for begin, end in found] == ([marked] if marked else [])


def test_all_places_are_marked() -> None:
    assert ranges("ana banana", "ana") == [(0, 3), (5, 8)]
    assert merged([(5, 8), (0, 3), (2, 4), (4, 5)]) == [(0, 8)]


def test_a_mistyped_word() -> None:
    assert near_ranges("The Microsoft Store", "micorsoft") == [(4, 13)]
    assert near_ranges("张三丰", "zhagnsanfeng") == [(0, 3)]
    assert near_ranges("Acme", "acne") == []


def test_an_excerpt_of_a_long_text() -> None:
    text = "a" * 500 + "needle\n" + "b" * 500
    shown, marks = excerpt(text, ranges(text, "needle"))
    assert len(shown) <= 123
    assert [shown[begin:end] for begin, end in marks] == ["needle"]
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert "\n" not in shown
    assert excerpt("short", [(0, 2)]) == ("short", [(0, 2)])


@given(st.text(max_size=40), st.data())
def test_what_is_marked_folds_to_the_word(text: str, data: st.DataObject) -> None:
    words = fold(text).split()
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    for begin, end in ranges(text, word):
        assert 0 <= begin < end <= len(text)

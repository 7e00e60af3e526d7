"""The pieces of texts: a record has all pieces of every part of it."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from app.folding import fold, search_key, search_words, without_legal_form
from app.grams import Grams

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x4FFF)
TEXT = st.text(HAN | st.sampled_from("abcdeABÉ019 %_-.@'") | st.characters(exclude_categories=["Cs"]), max_size=30)
GRAMS = Grams("customer")


@given(TEXT, st.data())
def test_every_part_of_a_word_has_its_pieces_in_the_record(text: str, data: st.DataObject) -> None:
    key = search_key([text])
    words = [word for word in key.split() if word]
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    start = data.draw(st.integers(0, len(word) - 1))
    end = data.draw(st.integers(start + 1, len(word)))
    assert set(GRAMS.of_words([word[start:end]])) <= GRAMS.of_record([key], fold(text))


@given(st.text(st.sampled_from("abcdefg"), min_size=5, max_size=20), st.data())
def test_one_typing_error_leaves_a_way(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("xyz"))
    mistyped = data.draw(
        st.sampled_from(
            [
                word[:place] + letter + word[place + 1 :],
                word[:place] + letter + word[place:],
                word[:place] + word[place + 1 :],
                word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
            ]
        )
    )
    if len(mistyped) < 5:
        return
    pieces = GRAMS.of_record([f"first {word} last"], f"first {word} last")
    assert any(set(way) <= pieces for way in GRAMS.near(mistyped, ["last"]))


def test_resources_share_no_pieces() -> None:
    assert not set(GRAMS.of_words(["microsoft"])) & set(Grams("deal").of_words(["microsoft"]))


def test_what_says_nothing() -> None:
    assert GRAMS.of_words(["a"]) == []
    assert GRAMS.of_words(["%"]) != []
    assert GRAMS.near("four", []) == []
    assert GRAMS.near("张三张三张", []) == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Acme Co., Ltd.", ["acme"]),
        ("Acme, Inc.", ["acme"]),
        ("Siemens GmbH & Co. KG", ["siemens"]),
        ("华信科技有限公司", ["华信科技"]),
        ("華信科技股份有限公司", ["华信科技"]),
        ("华信科技有限责任公司", ["华信科技"]),
        ("华为公司", ["华为"]),
        ("有限公司", ["有限公司"]),
        ("株式会社", ["株式会社"]),
        ("Ltd", ["ltd"]),
        ("GmbH Café", ["gmbh", "cafe"]),
        ("Anna Sander", ["anna", "sander"]),
        ("+49 (0)30 901820", ["4930901820"]),
        ("0086 138-1234-5678", ["8613812345678"]),
        ("", []),
    ],
)
def test_what_is_looked_for(typed: str, words: list[str]) -> None:
    assert search_words(typed) == words


def test_a_legal_form_by_itself_is_kept() -> None:
    assert without_legal_form(["co"]) == ["co"]
    assert without_legal_form([]) == []

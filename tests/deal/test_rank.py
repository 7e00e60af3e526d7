"""Ranks: there is always room between two, and they sort as texts do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.deal.rank import DIGITS, aside, between


@given(st.lists(st.integers(min_value=0, max_value=10**6), max_size=120))
@settings(max_examples=60, deadline=None)
def test_any_order_of_insertions_stays_in_order(places: list[int]) -> None:
    ranks: list[str] = []
    for number in places:
        place = number % (len(ranks) + 1)
        low = ranks[place - 1] if place else None
        high = ranks[place] if place < len(ranks) else None
        rank = between(low, high)
        assert low is None or low < rank
        assert high is None or rank < high
        assert set(rank) <= set(DIGITS)
        ranks.insert(place, rank)
    assert ranks == sorted(set(ranks))


def test_appending_and_prepending_keep_ranks_short() -> None:
    last = first = between(None, None)
    for _ in range(20_000):
        last = between(last, None)
        first = between(None, first)
    assert len(first) == len(last) == 6
    assert first < between(None, None) < last


def test_one_gap_takes_a_thousand() -> None:
    low = between(None, None)
    high = between(low, None)
    for number in range(1_000):
        middle = between(low, high)
        assert low < middle < high
        low, high = (middle, high) if number % 2 else (low, middle)
    assert len(low) < 250


@pytest.mark.parametrize(
    ("low", "high", "why"),
    [("V00001", "V00000", "not below"), ("V00000", "V00000", "not below"), ("V", None, "V"), (None, "x", "x")],
)
def test_what_is_no_gap_is_refused(low: str | None, high: str | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        between(low, high)


def test_whole_numbers_end_somewhere() -> None:
    with pytest.raises(ValueError, match="no whole number left"):
        between("zzzzzz", None)
    assert between("zzzzzy", "zzzzzz") == "zzzzzyV"


def test_a_place_aside_is_nobodys() -> None:
    low = between(None, None)
    places = [aside(low, number) for number in (1, 2, 61, 62, 2**63 - 1)]
    assert [low, *places, between(low, None)] == sorted({low, *places, between(low, None)})
    for one, other in zip([low, *places], places, strict=False):
        assert one < between(one, other) < other

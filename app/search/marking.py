"""Where in a text the words stand that it was found by: in another script, in pinyin, as digits, mistyped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ..folding import HAN, fold, readings, syllables
from ..grams import is_near_worthy, nearness

Range = tuple[int, int]

_EXCERPT = 120
_LEAD = 30
_LATIN_WORD = re.compile(r"[^\W\d_]+")
_DIAL_FROM = 7
"""Phone numbers that share so many last digits are the same, whatever stands before them."""


@lru_cache(maxsize=5_000)
def _folded_characters(text: str) -> tuple[str, tuple[int, ...]]:
    """A text folded character by character, and where each folded one comes from."""
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        piece = " " if character.isspace() else fold(character)
        if not folded or unicodedata.combining(character) == 0:
            folded += piece
            places += [place] * len(piece)
    return "".join(folded), tuple(places)


def ranges(text: str, word: str) -> list[Range]:
    """Where a folded word stands in a text as it is written; empty where it does not.

    Returns:
        Beginnings and ends, in characters.
    """
    return _literal(text, word) or _spoken(text, word) or _dialled(text, word)


def _literal(text: str, word: str) -> list[Range]:
    folded, places = _folded_characters(text)
    found: list[Range] = []
    begin = folded.find(word)
    while begin >= 0 and len(found) < 50:
        end = places[begin + len(word) - 1] + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        found.append((places[begin], end))
        begin = folded.find(word, begin + len(word))
    return found


def _spoken(text: str, word: str) -> list[Range]:
    """The Chinese characters that a word spells in pinyin, in initials or in a mixture."""
    if not (word.isascii() and word[:1].isalpha()) or len(word) < 2 or len(text) > 200 or not HAN.search(text):
        return []
    wanted = word.replace("'", "")
    for begin, character in enumerate(text):
        if HAN.match(character):
            end = _spelt_from(text, begin, wanted)
            if end is not None:
                return [(begin, end)]
    return [(0, len(text))] if any(wanted in reading for reading in readings(text[:40])) else []


def _spelt_from(text: str, begin: int, wanted: str) -> int | None:
    """Where the characters end that spell something, beginning at a place."""
    ways = [(begin, 0)]
    seen: set[Range] = set()
    while ways:
        place, done = ways.pop()
        if done == len(wanted):
            return place
        if place == len(text) or (place, done) in seen:
            continue
        seen.add((place, done))
        character, left = text[place], wanted[done:]
        if character.isspace():
            ways.append((place + 1, done))
            continue
        for syllable in reversed(syllables(character)):
            ways.append((place + 1, done + 1)) if left[0] == syllable[:1] else None
            if left.startswith(syllable):
                ways.append((place + 1, done + len(syllable)))
            elif len(left) > 1 and syllable.startswith(left):
                ways.append((place + 1, len(wanted)))
    return None


def _dialled(text: str, word: str) -> list[Range]:
    """The digits of a phone number, whatever stands between them."""
    if not (word.isascii() and word.isdigit()) or len(word) < 3:
        return []
    places = [place for place, character in enumerate(text) if character.isdigit()]
    number = fold("".join(text[place] for place in places))
    if not number:
        return []
    begin, length = number.find(word), len(word)
    if begin < 0:
        # One of the two has the country's code, or the zero that is dialled at home.
        shared = next((n for n in range(min(len(number), length), 0, -1) if number[-n:] == word[-n:]), 0)
        if shared < _DIAL_FROM:
            return []
        begin, length = len(number) - shared, shared
    return [(places[begin], places[begin + length - 1] + 1)]


def near_ranges(text: str, word: str) -> list[Range]:
    """The words of a text that a mistyped word may have meant."""
    if not is_near_worthy(word):
        return []
    alike = [one.span() for one in _LATIN_WORD.finditer(text) if nearness(word, fold(one.group()))]
    if alike or not HAN.search(text):
        return alike
    return [(0, len(text))] if any(nearness(word, reading) for reading in readings(text[:40])) else []


def merged(found: Iterable[Range]) -> list[Range]:
    """Ranges in order, those that touch as one."""
    result: list[Range] = []
    for begin, end in sorted(found):
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((begin, end))
    return result


def excerpt(text: str, found: Sequence[Range]) -> tuple[str, list[Range]]:
    """The part of a long text around its first range, on one line, with the ranges in it."""
    if len(text) > _EXCERPT:
        begin = max(0, min(found[0][0] - _LEAD, len(text) - _EXCERPT)) if found else 0
        end = begin + _EXCERPT
        head, tail = ("…" if begin else ""), ("…" if end < len(text) else "")
        shift = len(head) - begin
        found = [(first + shift, min(last, end) + shift) for first, last in found if first >= begin and first < end]
        text = head + text[begin:end] + tail
    return "".join(" " if character.isspace() else character for character in text), list(found)

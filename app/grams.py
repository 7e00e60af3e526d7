"""What the search index knows of a text: the short pieces that every part of it is made of.

A piece is kept as a whole number. It says of which resource it is, so that one index serves all of them. A record that
holds a word holds all pieces of the word; whether it really holds the word is checked on its key column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from zlib import crc32

from rapidfuzz.distance import OSA

_START, _END = "\x02", "\x03"
"""Bounds of a word."""
_FIRST, _LAST = "\x04", "\x05"
"""Bounds of a title."""
_SHORTEST_NEAR, _LONGEST_NEAR = 5, 30
_HALVED_FROM = 8
_MOST_PIECES = 16


class Grams:
    """The pieces of one resource's texts.

    Args:
        resource: singular name.
    """

    def __init__(self, resource: str) -> None:
        self._seed = crc32(resource.encode())
        self._number = lru_cache(maxsize=50_000)(self._numbered)

    def _numbered(self, piece: str) -> int:
        number = crc32(piece.encode("utf-8", "surrogatepass"), self._seed)
        return number - (1 << 32) if number >= 1 << 31 else number

    def _numbers(self, pieces: Iterable[str]) -> list[int]:
        return sorted({self._number(piece) for piece in pieces})

    def of_record(self, keys: Sequence[str], title: str | None) -> list[int]:
        """All pieces of a record.

        Args:
            keys: its key columns, words of folded text, line by line.
            title: what it is called, folded; its words, and those of the first key, are found with a typing error too.
        """
        words = {word for key in keys for word in key.split()}
        pieces = {piece for word in words for piece in _pieces(word)}
        if title:
            bounded = {f"{_START}{word}{_END}" for word in keys[0].split()[:40] if _is_spelt(word)}
            pieces |= {piece for word in bounded for piece in _pieces(word)}
            pieces |= {_FIRST + title[0], title[-1] + _LAST}
        return self._numbers(pieces)

    def of_words(self, words: Sequence[str]) -> list[int]:
        """The pieces that a record with all of these words has; empty where nothing can be said."""
        return self._numbers(piece for word in words for piece in _asked(word))

    def of_title(self, words: Sequence[str], *, whole: bool = False) -> list[int]:
        """The pieces of a record whose title begins with these words, or is them."""
        bounds = [_FIRST + words[0][0], *([words[-1][-1] + _LAST] if whole else [])]
        return self._numbers([*bounds, *(piece for word in words for piece in _asked(word))])

    def near(self, word: str, others: Sequence[str]) -> list[list[int]]:
        """What is left of a word, whichever place of it was mistyped, along with all of some other words.

        One letter wrong, missing, too many, or two that changed places leave one of these lists as it is. Empty where
        the word is too short or no Latin word.
        """
        if not is_near_worthy(word):
            return []
        bounded = f"{_START}{word}{_END}"
        ways = [(bounded[:place], bounded[place + 2 :]) for place in range(1, len(word))]
        if len(word) >= _HALVED_FROM:
            middle = len(bounded) // 2
            ways += [(bounded[:middle], ""), ("", bounded[middle:])]
        rest = {piece for other in others for piece in _asked(other)}
        return [self._numbers({piece for part in way for piece in _asked(part)} | rest) for way in ways]


def is_near_worthy(word: str) -> bool:
    """Whether a typing error in a word is looked through."""
    return _SHORTEST_NEAR <= len(word) <= _LONGEST_NEAR and word.isascii() and word.isalpha()


def nearness(word: str, other: str) -> float:
    """How alike two folded words are, 0 where one is not the other mistyped: one error, two in long words."""
    allowed = 1 if len(word) < _HALVED_FROM else 2
    distance = OSA.distance(word, other, score_cutoff=allowed)
    return 0.0 if distance > allowed else 1 - distance / len(word)


def _is_spelt(word: str) -> bool:
    return len(word) <= _LONGEST_NEAR + 2 and word.isascii() and word.isalpha()


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _pieces(word: str) -> Iterator[str]:
    """Characters that are no Latin letters or digits, pairs, threes of Latin letters, fours of digits.

    Pairs of letters alone would not do: the pinyin of any name holds most of those that any other's does.
    """
    for place, character in enumerate(word):
        if not (character.isascii() and character.isalnum()) and character >= " ":
            yield character
        if place:
            yield word[place - 1 : place + 1]
        three, four = word[place : place + 3], word[place : place + 4]
        if len(three) == 3 and three.isascii() and not _is_digits(three):
            yield three
        if len(four) == 4 and _is_digits(four):
            yield four


def _asked(word: str) -> list[str]:
    """The fewest pieces that say enough of a part of a word."""
    if len(word) < 2:
        return [piece for piece in _pieces(word) if piece == word]
    found = list(
        dict.fromkeys(piece for piece in _pieces(word) if len(piece) > 2 or (len(piece) == 2 and not piece.isascii()))
    )
    found = found or [word[place : place + 2] for place in range(len(word) - 1)]
    if len(found) > _MOST_PIECES:
        found = found[:: -(-len(found) // _MOST_PIECES)]
    return found

"""What the search index knows of a text: the short pieces that every part of it is made of.

A piece is kept as a whole number. It says of which resource it is, so that one index serves all of them. A record that
holds a word holds all pieces of the word; whether it really holds the word is checked on its key column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from operator import add
from zlib import crc32

from rapidfuzz.distance import OSA

_START, _END = "\x02", "\x03"
"""Bounds of a word."""
_FIRST, _LAST = "\x04", "\x05"
"""Bounds of a title."""
_BETWEEN = "\n"
"""Stands in no word."""
_SHORTEST_NEAR, _LONGEST_NEAR = 5, 30
_HALVED_FROM = 8
_MOST_PIECES = 16
_MOST_KNOWN = 50_000


class _Numbers(dict[str, int | None]):
    """The numbers of pieces, of which most come again and again; None for one that lies over the bounds of words."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed

    def __missing__(self, piece: str) -> int | None:
        number: int | None = None
        if _BETWEEN not in piece:
            number = crc32(piece.encode("utf-8", "surrogatepass"), self._seed)
            number = number - (1 << 32) if number >= 1 << 31 else number
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[piece] = number
        return number


class Grams:
    """The pieces of one resource's texts.

    Args:
        resource: singular name.
    """

    def __init__(self, resource: str) -> None:
        self._known = _Numbers(crc32(resource.encode()))

    def _numbers(self, pieces: Iterable[str]) -> set[int]:
        numbers = set(map(self._known.__getitem__, pieces))
        numbers.discard(None)
        return numbers  # type: ignore[return-value]

    def of_record(self, keys: Sequence[str], title: str | None) -> set[int]:
        """All pieces of a record.

        Args:
            keys: its key columns, words of folded text, line by line.
            title: what it is called, folded; its words, and those of the first key, are found with a typing error too.
        """
        pieces = _pieces({word for key in keys for word in key.split()})
        if title:
            for word in keys[0].split()[:40]:
                if _is_spelt(word):
                    # What is within its bounds is there already.
                    bounded = f"{_START}{word}{_END}"
                    pieces |= {bounded[:2], bounded[:3], bounded[-3:], bounded[-2:]}
            pieces |= {_FIRST + title[0], title[-1] + _LAST}
        return self._numbers(pieces)

    def of_words(self, words: Sequence[str]) -> list[int]:
        """The pieces that a record with all of these words has; empty where nothing can be said."""
        return sorted(self._numbers(piece for word in words for piece in _asked(word)))

    def of_title(self, words: Sequence[str], *, whole: bool = False) -> list[int]:
        """The pieces of a record whose title begins with these words, or is them."""
        bounds = [_FIRST + words[0][0], *([words[-1][-1] + _LAST] if whole else [])]
        return sorted(self._numbers([*bounds, *(piece for word in words for piece in _asked(word))]))

    def near(self, word: str, others: Sequence[str]) -> list[list[int]]:
        """What is left of a word, whichever place of it was mistyped, along with all of some other words.

        One letter wrong, missing, too many, or two that changed places leave one of these lists as it is. Empty where
        the word is too short or no Latin word.
        """
        rest = self.of_words(others)
        return [sorted({*way, *rest}) for way in self.left_of(word)]

    def left_of(self, word: str) -> list[list[int]]:
        """What is left of a word by itself, as `near` has it."""
        if not is_near_worthy(word):
            return []
        bounded = f"{_START}{word}{_END}"
        ways = [(bounded[:place], bounded[place + 2 :]) for place in range(1, len(word))]
        if len(word) >= _HALVED_FROM:
            middle = len(bounded) // 2
            ways += [(bounded[:middle], ""), ("", bounded[middle:])]
        return [self.of_words(way) for way in ways]


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


# At C's speed: every record that is written comes through here, with all readings of its name.
_ASCII = re.compile(r"[\x00-\x7f]")
_DIGITS = re.compile(r"[0-9]{3}")
_THREE = re.compile(r"(?=([\x00-\x7f]{3}))", re.DOTALL)
_FOUR = re.compile(r"(?=([0-9]{4}))")


def _pieces(words: Iterable[str]) -> set[str]:
    """Characters that are no Latin letters or digits, pairs, threes of Latin letters, fours of digits.

    Pairs of letters alone would not do: the pinyin of any name holds most of those that any other's does. Plain words
    are cut up all at once, and what lies over the bounds of two is among the pieces then.
    """
    found, letters, numbers = set[str](), list[str](), list[str]()
    for word in words:
        if not word.isascii():
            _cut_mixed(word, found)
        elif word.isalpha():
            letters.append(word)
        elif word.isdigit():
            numbers.append(word)
        else:
            _cut_mixed(word, found)
    if letters:
        whole = _BETWEEN.join(letters)
        pairs = list(map(add, whole, whole[1:]))
        found.update(pairs)
        found.update(map(add, pairs, whole[2:]))
    if numbers:
        whole = _BETWEEN.join(numbers)
        pairs = list(map(add, whole, whole[1:]))
        found.update(pairs)
        found.update(map(add, pairs, pairs[2:]))
    return found


def _cut_mixed(word: str, found: set[str]) -> None:
    """Add the pieces of a word that is not of Latin letters only, nor of digits only."""
    pairs = list(map(add, word, word[1:]))
    found.update(pairs)
    if not _ASCII.search(word):
        found.update(word)
        return
    if word.isascii():
        threes = list(map(add, pairs, word[2:]))
        others = [one for one in word if not one.isalnum() and one >= " "]
    else:
        threes = _THREE.findall(word)
        others = [one for one in word if not (one.isascii() and one.isalnum()) and one >= " "]
    found.update(others)
    if _DIGITS.search(word):
        threes = [one for one in threes if not one.isdigit()]
        found.update(_FOUR.findall(word))
    found.update(threes)


def _asked(word: str) -> list[str]:
    """The fewest pieces that say enough of a part of a word."""
    if len(word) < 2:
        return [piece for piece in _pieces([word]) if piece == word]
    telling = {piece for piece in _pieces([word]) if len(piece) > 2 or (len(piece) == 2 and not piece.isascii())}
    found = sorted(telling, key=lambda piece: (word.index(piece), len(piece)))
    found = found or [word[place : place + 2] for place in range(len(word) - 1)]
    if len(found) > _MOST_PIECES:
        found = found[:: -(-len(found) // _MOST_PIECES)]
    return found

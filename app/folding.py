"""Folded text: what names, phones and addresses are matched and sorted on. Stored text itself is never normalised."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import product

import phonenumbers
from opencc import OpenCC
from pypinyin import Style, lazy_pinyin, pinyin

_simplify = OpenCC("t2s").convert
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NOT_DIGIT = re.compile(r"\D+")


class _Simplified(dict[int, str]):
    """Han characters one by one in their simplified form.

    By themselves, because a part of a name must fold to a part of the folded name: whole words would turn 乾 into 干
    but leave 乾隆.
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = simplified = str(_simplify(character)) if _HAN.match(character) else character
        return simplified


_simplified = _Simplified()


def _plain(text: str) -> str:
    """A text without case, width, accents and invisible characters, its blanks single."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not folded.isascii():
        apart = unicodedata.normalize("NFKD", folded)
        folded = "".join(c for c in apart if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
        folded = unicodedata.normalize("NFC", folded)
    return " ".join(folded.split())


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """A text without case, width, accents and script variant: `ＣＡＦÉ 張三` becomes `cafe 张三`.

    Key columns hold this form and search terms are folded by the same function, so both databases agree.
    """
    folded = _plain(text)
    return folded if folded.isascii() else folded.translate(_simplified)


def _spoken(text: str) -> str:
    """A folded text to be read aloud: simplified by words, because they decide how a character is read."""
    return str(_simplify(_plain(text)))


def sort_key(text: str) -> str:
    """A text in dictionary order: Chinese by pinyin, then by character, the rest by its folded form."""
    folded = fold(text)
    if not _HAN.search(folded):
        return folded
    return " ".join(lazy_pinyin(_spoken(text))) + "\x1f" + folded


def readings(text: str) -> set[str]:
    """Latin spellings by which a Chinese name is typed: full pinyin and initials, with the surname's other readings.

    `张三` gives `zhangsan` and `zs`; `单雄` gives `danxiong`, `shanxiong`, `dx`, `sx` and kin. Empty without Han
    characters.
    """
    folded = _spoken(text)
    if not _HAN.search(folded):
        return set()
    head = pinyin(folded[:2], style=Style.NORMAL, heteronym=True)
    tail = [[syllable] for syllable in lazy_pinyin(folded[2:])]
    spellings: set[str] = set()
    for combination in product(*(options[:4] for options in [*head, *tail])):
        syllables = [syllable for syllable in combination if syllable.strip()]
        spellings.add("".join(syllables))
        spellings.add("".join(syllable[0] for syllable in syllables))
    spellings.add("".join(lazy_pinyin(folded)))
    return {spelling for spelling in spellings if len(spelling) > 1}


def digits(text: str | None) -> str:
    """The digits of a phone number, full-width ones included."""
    return _NOT_DIGIT.sub("", unicodedata.normalize("NFKC", text or ""))


@lru_cache(maxsize=20_000)
def e164(text: str | None, region: str) -> str | None:
    """A phone number in E.164, or None where the text is no possible number of the region.

    Args:
        text: the number as typed.
        region: ISO 3166 code of the country that a number without `+` belongs to.
    """
    if not text:
        return None
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=20_000)
def _domestic(way: str) -> str:
    """The digits of an international number as they are dialled at home, such as `01088886666` for `+861088886666`."""
    if not way.startswith("+"):
        return ""
    try:
        number = phonenumbers.parse(way)
    except phonenumbers.NumberParseException:
        return ""
    return digits(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))


def email_key(text: str | None) -> str | None:
    """An e-mail address as it is compared for uniqueness, ignoring case and width only; None for an empty one.

    Accents and scripts are kept: `jose@example.com` and `josé@example.com` are two people's.
    """
    return (
        unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip() or None if text else None
    )


def search_key(names: list[str | None], reach: list[str | None] = ()) -> str:  # type: ignore[assignment]
    """One text that a search looks into: folded words, their pinyin, and the digits of phone numbers, line by line."""
    lines: dict[str, None] = {}
    for name in names:
        if name:
            lines[fold(name)] = None
            for reading in sorted(readings(name[:40])):
                lines[reading] = None
    for way in reach:
        if way:
            folded, number = fold(way), "" if "@" in way else digits(way)
            if not number or any(c.isalpha() for c in folded):
                lines[folded] = None
            for line in (number, _domestic(way)):
                if line:
                    lines[line] = None
    return "\n".join(lines)

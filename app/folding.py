"""Folded text: what names, phones and addresses are matched and sorted on. Stored text itself is never normalised."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import product

import phonenumbers
from opencc import OpenCC
from pypinyin import Style, lazy_pinyin, pinyin
from pypinyin.constants import PHRASES_DICT, RE_HANS
from pypinyin.seg.mmseg import p_set

_simplify = OpenCC("t2s").convert
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NOT_DIGIT = re.compile(r"\D+")


class _Simplified(dict[int, str]):
    """Han characters one by one in their simplified form.

    By themselves, because a part of a name must fold to a part of the folded name: whole words would turn 乾 into 干
    but leave 乾隆.
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        # Twice: what 薴 becomes is itself the full form of another one, and a folded text is to fold to itself.
        self[code] = simplified = str(_simplify(_simplify(character))) if HAN.match(character) else character
        return simplified


_simplified = _Simplified()


_BARE = re.compile(r"[\x00-\x7f\u4e00-\u9fff]*")
"""Characters that bear no accent and are none."""


def _plain(text: str) -> str:
    """A text without case, width, accents and invisible characters, its blanks single."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not _BARE.fullmatch(folded):
        apart = unicodedata.normalize("NFKD", folded)
        folded = "".join(c for c in apart if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
        folded = unicodedata.normalize("NFC", folded)
    return " ".join(folded.split())


@lru_cache(maxsize=10_000)
def fold(text: str) -> str:
    """A text without case, width, accents and script variant: `ＣＡＦÉ 張三` becomes `cafe 张三`.

    Key columns hold this form and search terms are folded by the same function, so both databases agree.
    """
    folded = _plain(text)
    return folded if folded.isascii() else folded.translate(_simplified)


@lru_cache(maxsize=2_000)
def _spoken(text: str) -> str:
    """A folded text to be read aloud: simplified by words, because they decide how a character is read."""
    return str(_simplify(_plain(text)))


_HAN_RUNS = re.compile(f"({RE_HANS.pattern.removeprefix('^').removesuffix('$')})")


_BEGINNINGS: frozenset[str] = frozenset(p_set._set)
"""What words that are read in a way of their own begin with."""


def _words(run: str) -> list[str]:
    """Han characters in words, the longest first: as `pypinyin` takes them apart, in a fraction of the time."""
    found: list[str] = []
    start, length = 0, len(run)
    while start < length:
        known, end = 0, start + 1
        while end <= length and (word := run[start:end]) in _BEGINNINGS:
            if word in PHRASES_DICT:
                known = end
            end += 1
        if known:
            found.append(run[start:known])
            start = known
        elif end > length:
            found += run[start:]
            break
        else:
            found.append(run[start])
            start += 1
    return found


@lru_cache(maxsize=2_000)
def aloud(text: str) -> tuple[str, ...]:
    """The syllables of a text, the rest as it is: what `lazy_pinyin` gives, word by word, because words come again."""
    found: list[str] = []
    for place, run in enumerate(_HAN_RUNS.split(text)):
        # Every second run is of Han characters.
        if place % 2:
            for word in _words(run):
                found += _word_aloud(word)
        elif run:
            found.append(run)
    return tuple(found)


@lru_cache(maxsize=20_000)
def _word_aloud(word: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(word))


def sort_key(text: str) -> str:
    """A text in dictionary order: Chinese by pinyin, then by character, the rest by its folded form."""
    folded = fold(text)
    if not HAN.search(folded):
        return folded
    return " ".join(aloud(_spoken(text))) + "\x1f" + folded


_SPELT_WITHOUT_DOTS = {
    "lv": ("lv", "lu", "lyu"),
    "nv": ("nv", "nu", "nyu"),
    "lve": ("lve", "lue"),
    "nve": ("nve", "nue"),
}
_MIXED_UP_TO = 4


def readings(text: str) -> set[str]:
    """Latin spellings by which a Chinese name is typed: pinyin, initials, and any mixture of both for short names.

    `张三` gives `zhangsan`, `zs`, `zsan`, `zhangs`; the first two characters are given in all their readings, because
    surnames are read in their own way: `单雄` gives `danxiong`, `shanxiong`, `dx` and kin. Empty without Han ones.
    """
    folded = _spoken(text)
    if not HAN.search(folded):
        return set()
    usual = [one for one in aloud(folded) if one.strip()]
    ways = [syllables(character) for character in folded[:2] if character.strip()]
    ways += [(syllable,) for syllable in aloud(folded[2:]) if syllable.strip()]
    spellings = {"".join(usual), *_with_apostrophes(usual)}
    spellings.update(map("".join, product(*ways)))
    spellings.update(map("".join, product(*(tuple(map(_initial, way)) for way in ways))))
    rest, initials = "".join(usual[1:]), "".join(map(_initial, usual[1:]))
    if len(ways) == len(usual):
        for surname in ways[0]:
            if len(usual) <= _MIXED_UP_TO:
                parts = [(syllable, _initial(syllable)) for syllable in (surname, *usual[1:])]
                spellings |= {"".join(mixture) for mixture in product(*parts)}
            else:
                spellings |= {_initial(surname) + rest, surname + initials}
    return {spelling for spelling in spellings if len(spelling) > 1}


@lru_cache(maxsize=20_000)
def syllables(character: str) -> tuple[str, ...]:
    """The readings of one character, the usual one first, in every spelling; of what is no Han character, itself."""
    found = pinyin(character, style=Style.NORMAL, heteronym=True)[0][:4]
    return tuple(dict.fromkeys(way for one in found for way in _SPELT_WITHOUT_DOTS.get(one, (one,))))


def _initial(syllable: str) -> str:
    return syllable.strip()[0]


def _with_apostrophes(usual: list[str]) -> set[str]:
    """`xi'an`, where a syllable begins with a vowel."""
    spelt = "".join("'" + one if place and one[0] in "aoe" else one for place, one in enumerate(usual))
    return {spelt} if "'" in spelt else set()


def digits(text: str | None) -> str:
    """The digits of a phone number, full-width ones included."""
    return _NOT_DIGIT.sub("", unicodedata.normalize("NFKC", text or ""))


# Most numbers are such, and the library takes its time with each; a test holds the two against each other.
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_MOBILE_ABROAD = re.compile(r"\+861[3-9][0-9]{9}")


@lru_cache(maxsize=2_500)
def e164(text: str | None, region: str) -> str | None:
    """A phone number in E.164, or None where the text is no possible number of the region.

    Args:
        text: the number as typed.
        region: ISO 3166 code of the country that a number without `+` belongs to.
    """
    if not text:
        return None
    if region == "CN" and _MOBILE.fullmatch(text):
        return f"+86{text}"
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=2_500)
def _domestic(way: str) -> str:
    """The digits of an international number as they are dialled at home, such as `01088886666` for `+861088886666`."""
    if not way.startswith("+"):
        return ""
    if _MOBILE_ABROAD.fullmatch(way):
        return way[3:]
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


_LEGAL_FORM_WORDS = frozenset(
    [
        "ltd",
        "limited",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "co",
        "company",
        "llc",
        "llp",
        "lp",
        "plc",
        "gmbh",
        "mbh",
        "ag",
        "kg",
        "kgaa",
        "ohg",
        "gbr",
        "ug",
        "se",
        "eg",
        "ev",
        "sa",
        "sas",
        "sarl",
        "srl",
        "spa",
        "bv",
        "nv",
        "ab",
        "as",
        "asa",
        "oy",
        "oyj",
        "aps",
        "a/s",
        "pty",
        "pte",
        "sdn",
        "bhd",
        "kk",
        "k.k",
        "jsc",
        "pjsc",
        "ooo",
        "zrt",
        "kft",
        "sro",
        "s.r.o",
        "sp.z.o.o",
        "gmbh&co",
        "co.kg",
        "l.l.c",
        "s.a",
        "s.p.a",
        "b.v",
        "n.v",
        "e.v",
        "s.a.s",
        "s.r.l",
        "s.a.r.l",
    ]
)
_LEGAL_FORM_ENDING = re.compile(
    r"(股份有限公司|有限[责責]任公司|有限公司|股份公司|[总總分]?公司|\(?(?:特殊)?(?:普通|有限)合伙\)?|株式[会會]社|有限[会會]社|\((?:株|有)\))$"
)
_LOOSE = ".,;:\u3001\u3002"


def without_legal_form(words: list[str]) -> list[str]:
    """Folded words of a company's name without its legal form; all of them where nothing else would remain.

    `acme co., ltd.` becomes `acme`, `华信科技有限公司` becomes `华信科技`.
    """
    kept = list(words)
    while kept:
        last = _LEGAL_FORM_ENDING.sub("", kept[-1])
        if kept[-1].strip(_LOOSE) in _LEGAL_FORM_WORDS or kept[-1] == "&" or (len(kept) > 1 and not last):
            kept.pop()
        elif last and last != kept[-1]:
            kept[-1] = last
        else:
            break
    if not kept or kept == words:
        return words
    kept[-1] = kept[-1].rstrip(_LOOSE) or kept[-1]
    return kept


_NUMBER = re.compile(r"[0-9+() -]*")


def search_key(names: list[str | None], reach: list[str | None] = ()) -> str:  # type: ignore[assignment]
    """One text that a search looks into: folded words, their pinyin, and the digits of phone numbers, line by line."""
    lines: dict[str, None] = {}
    for name in names:
        if name:
            lines[fold(name)] = None
            # What every company is called would be found by every syllable of it.
            bare = _LEGAL_FORM_ENDING.sub("", name[:40].rstrip()) or name[:40]
            for reading in sorted(readings(bare)):
                lines[reading] = None
    for way in reach:
        if way:
            folded, number = fold(way), "" if "@" in way else digits(way)
            if not number or (not _NUMBER.fullmatch(folded) and any(c.isalpha() for c in folded)):
                lines[folded] = None
            for line in (number, _domestic(way)):
                if line:
                    lines[line] = None
    return "\n".join(lines)


_BETWEEN_DIGITS = frozenset(" -\u2010\u2011\u2012\u2013()./+")
_MOST_WORDS = 8


def search_words(text: str) -> list[str]:
    """What is looked for, folded: all of these words, in any order.

    A phone number in any notation is one word of digits; the legal form of a company is left out.
    """
    folded = fold(text)
    # `+49 (0)30 ...`: the zero is dialled at home only.
    number = folded.replace("(0)", "", 1) if folded.startswith(("+", "00")) else folded
    compact = "".join(c for c in number if c not in _BETWEEN_DIGITS)
    if len(compact) > 5 and compact.isascii() and compact.isdigit():
        return [compact.removeprefix("00")]
    return without_legal_form(folded.split()[:_MOST_WORDS])

"""Which field a column is meant for, told from its heading: those of other CRMs and of sheets in Chinese and English.

`headings.json` names, per resource and field, the headings that mean it, the best first. One behind `?` means it only
where nothing better does: `公司名称` is a customer's name, but its employer where `姓名` stands beside it (`??`).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ..folding import fold

REPEATABLE: dict[str, frozenset[str]] = {
    "customers": frozenset({"tags", "address.street", "description"}),
    "people": frozenset({"email", "phone", "address.street", "description"}),
    "deals": frozenset({"tags", "competitors"}),
}
"""Fields for which several columns may stand, per resource."""

_WAYS = (
    ("fax", ("fax", "传真")),
    ("mobile", ("mobile", "cell", "手机", "移动电话")),
    ("home", ("home", "personal", "家庭", "住宅", "个人")),
    ("work", ("work", "business", "office", "办公", "工作")),
    ("other", ("other", "其他")),
)
_WEAK = 1_000
_SHORTENED = 100
_HAN = re.compile(r"[\u3400-\u9fff]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CUSTOM = re.compile(r"__[cr]\b", re.IGNORECASE)
_ASIDE = re.compile(r"[(\[【〔<][^()\[\]【】〔〕<>]*[)\]】〕>]")
_WORD = re.compile(r"[^\W_]+")
_TECHNICAL = ("property",)
_LINKS = ("所属", "关联", "对应")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class _Match:
    """A field that a heading may mean; the lower the rank, the surer."""

    rank: int
    field: str


def recognise_columns(
    resource: str, headings: Sequence[str], known: Collection[str], labels: Mapping[str, str] = MappingProxyType({})
) -> list[str | None]:
    """The field of each column, None where no heading is known: nothing is guessed.

    Args:
        resource: `customers`, `people`, `contacts`, `deals`, `products`, `users` or `tasks`.
        headings: those of the file.
        known: the fields that may be filled. A heading that is the name of one means that field.
        labels: what the house calls fields of its own, to their names.
    """
    own = {_key(_words(label)): field for label, field in labels.items()}
    found: list[str | None] = [None] * len(headings)
    possible = sorted(
        (match.rank, column, match.field)
        for column, heading in enumerate(headings)
        for match in _matches(resource, heading, known, own)
    )
    taken: set[str] = set()
    for rank, column, field in possible:
        if found[column] is not None or (field in taken and field not in REPEATABLE.get(resource, ())):
            continue
        if field == "name" and rank >= _WEAK and not taken.isdisjoint({"first_name", "last_name"}):
            continue
        found[column] = field
        taken.add(field)
    return found


def heading_of(resource: str, field: str, language: str) -> str | None:
    """A heading that is sure to mean a field, in a language; None where it has none."""
    aliases = [alias for alias in _catalogue()["aliases"][resource].get(field, ()) if not alias.startswith("?")]
    own = (alias for alias in aliases if bool(_HAN.search(alias)) == (language == "zh-CN"))
    found = next((alias for alias in own if recognise_columns(resource, [alias], [field]) == [field]), None)
    return found and found[0].upper() + found[1:]


def way_of(heading: str) -> str | None:
    """The kind of the telephone numbers or e-mail addresses in a column, such as `work`; None where it is not said."""
    words, key = _words(heading), _key(_words(heading))
    for kind, said in _WAYS:
        if any(one in (key if _HAN.search(one) else words) for one in said):
            return kind
    return None


def is_heading(text: str) -> bool:
    """Whether a text is a heading of any resource."""
    return any(key in _keys(resource) for resource in _catalogue()["aliases"] for key in [_key(_words(text))])


def _matches(resource: str, heading: str, known: Collection[str], own: Mapping[str, str]) -> Iterator[_Match]:
    if heading in known:
        yield _Match(-1, heading)
        return
    if (field := own.get(_key(_words(heading)))) is not None:
        yield _Match(-1, field)
    keys = _keys(resource)
    seen: set[str] = set()
    for penalty, key, is_counted in _variants(resource, _words(heading)):
        for match in keys.get(key, ()):
            if is_counted and match.field not in REPEATABLE.get(resource, ()):
                continue
            if match.field in known and match.field not in seen:
                seen.add(match.field)
                yield _Match(match.rank + penalty, match.field)


def _variants(resource: str, words: list[str]) -> Iterator[tuple[int, str, bool]]:
    """Keys of a heading, the whole first: without the resource's own name before it, and without a count."""
    plain = [word for word in words if not word.isdigit()]
    for penalty, some in enumerate((words, plain)):
        if some != words or not penalty:
            yield penalty * _SHORTENED // 2, _key(some), bool(penalty)
            for shorter in _without_prefix(resource, some):
                yield _SHORTENED + penalty, shorter, bool(penalty)


def _without_prefix(resource: str, words: list[str]) -> Iterator[str]:
    key = _key(words)
    for prefix in (*_catalogue()["prefixes"][resource], *_LINKS):
        before = _key(_words(prefix))
        if _HAN.search(prefix):
            if key.startswith(before) and len(key) > len(before):
                yield key.removeprefix(before)
        elif len(words) > 1 and words[0] == before:
            yield _key(words[1:])


def _words(heading: str) -> list[str]:
    """The words of a heading without case, width, plural, asides in brackets, and what programs add to it."""
    text = _CUSTOM.sub(" ", unicodedata.normalize("NFKC", heading))
    text = fold(_CAMEL.sub(" ", text))
    bare = _ASIDE.sub(" ", text)
    words = _WORD.findall(bare) or _WORD.findall(text)
    apart = [part for word in words for part in _parts(word)]
    if len(apart) > 1 and apart[0] in _TECHNICAL:
        apart = apart[1:]
    return [_singular(word) for word in apart]


def _parts(word: str) -> list[str]:
    """`phone2` is `phone` and `2`, `手机号1` is `手机号` and `1`."""
    stem = word.rstrip("0123456789")
    return [stem, word[len(stem) :]] if stem and stem != word else [word]


def _singular(word: str) -> str:
    if not word.isascii() or len(word) < 4:
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _key(words: list[str]) -> str:
    return "".join(words)


@cache
def _keys(resource: str) -> dict[str, list[_Match]]:
    keys: dict[str, list[_Match]] = {}
    for field, aliases in _catalogue()["aliases"][resource].items():
        for at, alias in enumerate(aliases):
            plain = alias.lstrip("?")
            rank = at + _WEAK * (len(alias) - len(plain))
            keys.setdefault(_key(_words(plain)), []).append(_Match(rank, field))
        keys.setdefault(_key(_words(field)), []).append(_Match(0, field))
    return keys


@cache
def _catalogue() -> dict[str, dict[str, dict[str, list[str]]]]:
    texts: dict[str, dict[str, dict[str, list[str]]]] = json.loads(
        Path(__file__).with_name("headings.json").read_text("utf-8")
    )
    return texts

"""How likely two customers are one: a score from what they share and what speaks against it, and the reasons for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from .evidence import Evidence, Name
from .tax_id import is_right

LIKELY = 0.80
"""Customers and people of this score and more are shown as likely the same, in forms, by imports and by the finder."""

WEIGHTS = {
    "tax_id": 0.98,
    "email": 0.97,
    "name": 0.90,
    "name_and_place": 0.84,
    "name_reading": 0.83,
    "name_similar": 0.82,
    "phone": 0.85,
    "email_domain": 0.81,
    "name_alike_in_part": 0.45,
    "same_sound": 0.60,
    "address": 0.65,
    "employer": 0.50,
}
"""How likely two customers are one that share this and nothing else, of all that is known of them."""

AGAINST = {
    "other_company": 0.70,
    "other_tax_id": 0.85,
    "other_place": 0.60,
    "other_employer": 0.80,
    "other_name": 0.60,
    "other_address": 0.85,
    "other_kind": 0.92,
}
"""By what a score is multiplied for what speaks against two customers being one."""

_CERTAIN = frozenset({"tax_id", "email", "phone"})
"""What a different name or place says nothing against: the same address, number or register entry."""

_SHORT_WORD = 5
_LONG_WORD = 8
_SAME_STREET = 88.0
_FAR_STREET = 60.0


@dataclass(frozen=True)
class Scale:
    """What the things that two records share weigh, and what speaks against their being one.

    Attributes:
        weights: how likely two are one that share this and nothing else, of all that is known of them.
        against: by what a score is multiplied for what speaks against it.
        certain: what nothing speaks against: the same address, number or register entry.
        about: the field that a reason, or an objection, tells of where not everybody reads it.
    """

    weights: Mapping[str, float]
    against: Mapping[str, float]
    certain: Collection[str]
    about: Mapping[str, str]

    def weigh(self, found: set[str], against: set[str]) -> Likeness:
        """How likely two are one that share some things, while others speak against it."""
        certain, supposed = 1.0, 1.0
        for reason in found:
            if reason in self.certain:
                certain *= 1 - self.weights[reason]
            else:
                supposed *= 1 - self.weights[reason]
        less = 1.0
        for objection in against:
            less *= self.against[objection]
        score = 1 - certain * (1 - (1 - supposed) * less)
        ordered = tuple(sorted(found, key=lambda reason: (-self.weights[reason], reason)))
        return Likeness(round(score, 4), ordered, tuple(sorted(against)) if found else ())


@dataclass(frozen=True, slots=True)
class Likeness:
    """How likely two customers, or two people, are one.

    Attributes:
        score: from 0 to 1.
        reasons: what they share, the weightiest first.
        against: what speaks against it.
    """

    score: float
    reasons: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def is_likely(self) -> bool:
        """Whether people should look at it."""
        return self.score >= LIKELY


SCALE = Scale(
    WEIGHTS,
    AGAINST,
    _CERTAIN,
    about={
        "tax_id": "tax_id",
        "email": "email",
        "phone": "phone",
        "email_domain": "email",
        "address": "address",
        "other_address": "address",
        "other_tax_id": "tax_id",
        "other_company": "tax_id",
    },
)


def likeness(one: Evidence, other: Evidence) -> Likeness:
    """Compare two customers; the order of the two makes no difference."""
    found: set[str] = set()
    against: set[str] = set()
    for name in ("tax_id", "email", "phone"):
        value = getattr(one, name)
        if value is not None and value == getattr(other, name):
            found.add(name)
    called, place_speaks_against = _names(one.names, other.names)
    if called is not None:
        found.add(called)
        if place_speaks_against:
            against.add("other_place")
    elif one.names and other.names:
        against.add("other_name")
    if one.domain is not None and one.domain == other.domain and "person" not in (one.kind, other.kind):
        found.add("email_domain")
    compare_addresses(one, other, found, against)
    if one.employer and other.employer:
        (found if one.employer == other.employer else against).add(
            "employer" if one.employer == other.employer else "other_employer"
        )
    if one.kind and other.kind and one.kind != other.kind:
        against.add("other_kind")
    if one.tax_id and other.tax_id and "tax_id" not in found and not _is_mistyped(one.tax_id, other.tax_id):
        against.add("other_company" if is_right(one.tax_id) and is_right(other.tax_id) else "other_tax_id")
    return SCALE.weigh(found, against)


def _is_mistyped(one: str, other: str) -> bool:
    """Whether one tax id may be the other one with an error or two; two right ones are two companies'."""
    return not (is_right(one) and is_right(other)) and OSA.distance(one, other, score_cutoff=2) <= 2


def _names(ours: Sequence[Name], theirs: Sequence[Name]) -> tuple[str | None, bool]:
    """The best that any two names say, and whether their places speak against it."""
    best: tuple[float, str | None, bool] = (0.0, None, False)
    for one in ours:
        for other in theirs:
            called, differs = compare_names(one, other)
            if called is not None:
                weight = WEIGHTS[called] * (AGAINST["other_place"] if differs else 1)
                best = max(best, (weight, called, differs))
    return best[1], best[2]


def compare_names(one: Name, other: Name) -> tuple[str | None, bool]:
    """What two names have in common, and whether they say that they are two places' companies."""
    differs = bool(one.place and other.place and one.place != other.place) or one.is_branch != other.is_branch
    if one.core == other.core or one.ordered == other.ordered:
        return ("name" if one.place == other.place else "name_and_place"), differs
    trades = {one.core.removeprefix(one.brand), other.core.removeprefix(other.brand)}
    if one.brand == other.brand:
        # `字节跳动` is `字节跳动科技`, but 科技 and 贸易 of one brand are two companies.
        return ("name_and_place" if "" in trades else None), differs
    if one.sound == other.sound and (one.is_han != other.is_han or len(trades - {""}) < 2):
        return ("same_sound" if one.is_han and other.is_han else "name_reading"), differs
    if one.is_han or other.is_han:
        return None, differs
    alike = _words_alike(one.words, other.words)
    if alike >= _ALL_NEAR:
        return "name_similar", differs
    return ("name_alike_in_part" if alike >= _PARTLY else None), differs


_ALL_NEAR = 0.9
_PARTLY = 0.5


def _words_alike(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """How much of two names is alike, word by word in any order: from 0 to 1, weighed by the lengths of the words."""
    if _is_near("".join(ours), "".join(theirs), most=1):
        return 1.0
    pairs = sorted(
        ((_word_alike(one, other), i, j) for i, one in enumerate(ours) for j, other in enumerate(theirs)), reverse=True
    )
    taken_ours: set[int] = set()
    taken_theirs: set[int] = set()
    total = 0.0
    for alike, i, j in pairs:
        if alike > 0 and i not in taken_ours and j not in taken_theirs:
            taken_ours.add(i)
            taken_theirs.add(j)
            total += alike * max(len(ours[i]), len(theirs[j]))
    left = [word for i, word in enumerate(ours) if i not in taken_ours]
    left += [word for j, word in enumerate(theirs) if j not in taken_theirs]
    matched = sum(len(ours[i]) for i in taken_ours) + sum(len(theirs[j]) for j in taken_theirs)
    return total / max(matched / 2 + sum(map(len, left)), 1)


def _word_alike(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if _is_near(one, other):
        return 0.95
    if len(one) == 1 or len(other) == 1:
        return 0.6 if one[0] == other[0] and one.isalpha() and other.isalpha() else 0.0
    if any(character.isdigit() for character in one + other):
        return 0.0
    return 0.7 if JaroWinkler.similarity(one, other) >= 0.85 else 0.0


def _is_near(one: str, other: str, most: int = 2) -> bool:
    """Whether one word is the other mistyped: one error, two in long words, none in short ones and numbers."""
    longer = max(len(one), len(other))
    if min(len(one), len(other)) < _SHORT_WORD or not (one.isalpha() and other.isalpha()):
        return False
    allowed = 1 if longer < _LONG_WORD else most
    return OSA.distance(one, other, score_cutoff=allowed) <= allowed


class Placed(Protocol):
    """What stands somewhere: all folded, empty where nothing is said."""

    @property
    def street(self) -> str:
        """With the number."""

    @property
    def city(self) -> str:
        """Or town."""

    @property
    def postal_code(self) -> str:
        """As the country has them."""


def compare_addresses(one: Placed, other: Placed, found: set[str], against: set[str]) -> None:
    """Add what two addresses say: that they are one, or that they are far apart."""
    if not one.street or not other.street:
        return
    alike = fuzz.token_sort_ratio(one.street, other.street)
    nearby = _differ_little(one.city, other.city) or _differ_little(one.postal_code, other.postal_code)
    if alike >= _SAME_STREET and nearby:
        found.add("address")
    elif alike < _FAR_STREET and not nearby:
        against.add("other_address")


def _differ_little(one: str, other: str) -> bool:
    return bool(one and other) and OSA.distance(one, other, score_cutoff=1) <= 1


# ---- which ones to compare -------------------------------------------------------------------------------------------

_SPELT_UP_TO = 30


def block_keys(evidence: Evidence) -> Iterable[str]:
    """Keys of which two customers share one at least, if they may be the same; whoever shares none is never compared.

    A name is given with each of its letters left out, so that two spellings of it that differ by one letter meet.
    """
    for field in ("tax_id", "email", "phone"):
        if value := getattr(evidence, field):
            yield f"{field}:{value}"
    if evidence.domain and evidence.kind != "person":
        yield f"domain:{evidence.domain}"
    for name in evidence.names:
        yield f"sound:{name.sound}"
        yield f"place:{name.place}:{name.sound}"
        for spelt in misspellings(name):
            yield f"near:{spelt}"
    if evidence.street:
        words = sorted(evidence.street.split())
        number = "".join(character for character in evidence.street if character.isdigit())
        initials = sorted(word[0] for name in evidence.names[:1] for word in name.words)
        yield f"street:{''.join(words)}:{evidence.city[:4]}"
        if evidence.postal_code and number:
            yield f"house:{evidence.postal_code}:{number}"
            yield f"house:{evidence.city}:{number}"
        for word in evidence.names[0].words if evidence.names and evidence.kind == "person" else ():
            yield f"at:{evidence.postal_code}:{word}"
            yield f"in:{evidence.city}:{word}"
        if evidence.postal_code and initials:
            yield f"initials:{evidence.postal_code}:{''.join(initials)}"


def misspellings(name: Name) -> Iterable[str]:
    """A name in Latin letters as it is and with each of its letters left out; none of a short one."""
    spelt = "" if name.is_han else "".join(name.ordered)
    if _SHORT_WORD < len(spelt) <= _SPELT_UP_TO:
        yield spelt
        for place in range(len(spelt)):
            yield f"{spelt[:place]}{spelt[place + 1 :]}"


One = TypeVar("One")

MOST_ALIKE = 25
"""What more customers than this share says nothing about any two of them: a switchboard, `none@example.com`."""


def pairs_to_compare(those: Sequence[tuple[int, One]], keys: Callable[[One], Iterable[str]]) -> set[tuple[int, int]]:
    """The positions of those records that are worth comparing, the smaller one first.

    Args:
        those: ids, and what is known of each.
        keys: such as `block_keys`.
    """
    blocks: dict[int, list[int]] = {}
    sizes: Counter[int] = Counter()
    for position, (_, known) in enumerate(those):
        for key in {hash(key) for key in keys(known)}:
            sizes[key] += 1
            if sizes[key] <= MOST_ALIKE:
                blocks.setdefault(key, []).append(position)
    found: set[tuple[int, int]] = set()
    for key, members in blocks.items():
        if 1 < sizes[key] <= MOST_ALIKE:
            found.update((one, other) for place, one in enumerate(members) for other in members[place + 1 :])
    return found

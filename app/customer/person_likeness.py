"""How likely two people are one: by their names, where they work, and what each is reached by."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from ..folding import HAN, aloud, e164, email_key, fold, syllables
from .evidence import Name
from .likeness import Likeness, Scale, compare_addresses, compare_names, misspellings

PERSON_SCALE = Scale(
    weights={
        "wechat": 0.95,
        "qq": 0.95,
        "email": 0.93,
        "phone": 0.85,
        "same_customer": 0.65,
        "birthday": 0.62,
        "name": 0.60,
        "address": 0.60,
        "name_reading": 0.50,
        "name_similar": 0.50,
        "same_sound": 0.35,
        "name_alike_in_part": 0.20,
    },
    # Colleagues share a switchboard and an address: neither says anything once they are called otherwise.
    against={"other_name": 0.40, "other_birthday": 0.75, "other_address": 0.95},
    certain={"email", "wechat", "qq"},
    about={
        "wechat": "wechat",
        "qq": "qq",
        "email": "email",
        "phone": "phone",
        "birthday": "birthday",
        "address": "address",
        "other_birthday": "birthday",
        "other_address": "address",
    },
)

_TITLES = re.compile(r"(?:先生|女士|小姐|老师|经理|总监|总经理|主任|博士|教授|律师|医生)$")
_LATIN_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "sir", "jr", "sr", "herr", "frau"})
_WORD = re.compile(r"[^\W_]+")
_SHARED_BOXES = frozenset(
    {"admin", "billing", "contact", "enquiries", "finance", "hello", "help", "hr", "info", "invoice", "jobs", "kontakt"}
    | {"mail", "marketing", "office", "post", "purchasing", "reception", "sales", "service", "support", "team"}
    | {"webmaster"}
)
"""Mailboxes of a company, which say nothing about who somebody is."""


@dataclass(frozen=True, slots=True)
class PersonEvidence:
    """What one person can be known by.

    Attributes:
        name: None where only a surname is known, such as `王先生`.
        spelt: the name in Latin letters, in the ways and orders in which it may be written.
        customers: where he or she works.
        street: where he or she is, folded, with city and postal code apart.
    """

    name: Name | None
    spelt: frozenset[str]
    customers: frozenset[int]
    phones: frozenset[str]
    emails: frozenset[str]
    wechat: str | None = None
    qq: str | None = None
    birthday: date | None = None
    street: str = ""
    city: str = ""
    postal_code: str = ""


@lru_cache(maxsize=5_000)
def person_name(text: str) -> tuple[Name | None, frozenset[str]]:
    """The name of a human being in comparable form, and how it is spelt in Latin letters.

    `Dr. Zhang Wei` and `Wei Zhang` are spelt as `张伟` is, `单雄` in both ways in which its surname is read.
    """
    folded = fold(text)
    is_han = bool(HAN.search(folded))
    bare = _TITLES.sub("", folded) if is_han else folded
    words = tuple(word for word in _WORD.findall(bare) if word not in _LATIN_TITLES)
    core = "".join(words)
    if is_han:
        given = "".join(aloud(core[1:]))
        spelt = {f"{surname}{given}".lower() for surname in syllables(core[0])} if core else set[str]()
        usual = "".join(aloud(core)).lower()
        spelt.add(usual)
    else:
        usual = core
        spelt = {core, "".join((*words[-1:], *words[:-1]))}
    if len(words) < 2 and len(core) < (2 if is_han else 3):
        return None, frozenset()
    return Name(folded, core, "", core, usual, words, tuple(sorted(words)), is_han, False), frozenset(spelt)


def person_evidence(values: Mapping[str, Any], customers: Collection[int], region: str) -> PersonEvidence:
    """What the fields of a person say.

    Args:
        values: columns of a person, by name.
        customers: where he or she works.
        region: ISO 3166 code of the country that a number without `+` belongs to.
    """
    name, spelt = person_name(values["name"])
    address = values.get("address") or {}
    street, city, postal_code = (fold(address.get(part) or "") for part in ("street", "city", "postal_code"))
    phones = (entry.get("e164") or e164(entry["raw"], region) for entry in values.get("phones") or ())
    emails = (email_key(entry["address"]) for entry in values.get("emails") or ())
    return PersonEvidence(
        name=name,
        spelt=spelt,
        customers=frozenset(customers),
        phones=frozenset(filter(None, phones)),
        emails=frozenset(one for one in emails if one and one.partition("@")[0] not in _SHARED_BOXES),
        wechat=fold(values.get("wechat") or "") or None,
        qq=fold(values.get("qq") or "") or None,
        birthday=values.get("birthday"),
        street=street,
        city=city,
        postal_code=postal_code,
    )


def person_likeness(one: PersonEvidence, other: PersonEvidence) -> Likeness:
    """Compare two people; the order of the two makes no difference."""
    found: set[str] = set()
    against: set[str] = set()
    for reason, shared in (
        ("phone", one.phones & other.phones),
        ("email", one.emails & other.emails),
        ("same_customer", one.customers & other.customers),
        ("wechat", one.wechat and one.wechat == other.wechat),
        ("qq", one.qq and one.qq == other.qq),
        ("birthday", one.birthday and one.birthday == other.birthday),
    ):
        if shared:
            found.add(reason)
    if one.name and other.name:
        called = _called(one, other)
        if called is None:
            against.add("other_name")
        else:
            found.add(called)
    if one.birthday and other.birthday and "birthday" not in found:
        against.add("other_birthday")
    compare_addresses(one, other, found, against)
    return PERSON_SCALE.weigh(found, against)


def _called(one: PersonEvidence, other: PersonEvidence) -> str | None:
    """What two names have in common."""
    if one.name is None or other.name is None:
        return None
    called, _ = compare_names(one.name, other.name)
    if called in (None, "name_alike_in_part") and one.name.is_han != other.name.is_han and one.spelt & other.spelt:
        return "name_reading"
    return called


def person_keys(evidence: PersonEvidence) -> Iterable[str]:
    """Keys of which two people share one at least, if they may be the same."""
    for kind, values in (("phone", evidence.phones), ("email", evidence.emails)):
        for value in values:
            yield f"{kind}:{value}"
    if evidence.wechat:
        yield f"wechat:{evidence.wechat}"
    if evidence.qq:
        yield f"qq:{evidence.qq}"
    if evidence.birthday:
        yield f"born:{evidence.birthday}"
    for customer in evidence.customers if evidence.name else ():
        for spelt in evidence.spelt:
            yield f"at:{customer}:{spelt}"
        for spelt in misspellings(evidence.name) if evidence.name else ():
            yield f"near:{customer}:{spelt}"

"""What customers are told apart by, in comparable form: names without legal forms, numbers, addresses, tax ids."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..folding import HAN, aloud, e164, email_key, fold, without_legal_form
from ..foresight import foreseen
from .regions import PLACES, leading_place
from .tax_id import tidy

_FREE_MAIL = frozenset(json.loads(Path(__file__).with_name("free_mail.json").read_text("utf-8")))
_FREE_MAIL_HEADS = ("yahoo.",)
_BRACKETS = re.compile(r"\(([^()]*)\)")
_WORD = re.compile(r"[^\W_]+")
_TRADES = re.compile(
    r"(?:科技|技术|信息|网络|软件|电子|贸易|商贸|实业|工业|集团|控股|投资|发展|股份|商务|咨询|服务|文化|传媒|国际|企业|设备|系统|数码|智能)+$"
)
_BRANCH = re.compile(r"(?:分公司|办事处|分行|支行|分店|分部|branch)$")
_LEAST_BRAND = 3
"""A brand of fewer characters says too little by itself to leave the trade behind it out of account."""


class _Told:
    """Is told to another process by its values in turn: in half the time that it takes with their names."""

    __slots__: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple([getattr(self, name) for name in self.__slots__])


@dataclass(frozen=True, slots=True)
class Name(_Told):
    """A name in comparable form.

    Attributes:
        folded: without case, width, accents and script variant.
        core: without its legal form, its place, blanks and marks.
        place: where it says that it is, such as `深圳`; empty where it says nothing.
        brand: the core without the trade behind it, where enough is left: `字节跳动` of `字节跳动科技`.
        sound: the brand as it is spelt in Latin letters.
        words: its words without legal form and place, in their order; `ordered` by the alphabet.
        is_han: whether it is written in Han characters.
        is_branch: whether it is a branch of somebody.
    """

    folded: str
    core: str
    place: str
    brand: str
    sound: str
    words: tuple[str, ...]
    ordered: tuple[str, ...]
    is_han: bool
    is_branch: bool


@dataclass(frozen=True, slots=True)
class Evidence(_Told):
    """What one customer can be known by.

    Attributes:
        kind: `company` or `person`; None where it is not known yet.
        names: of the customer; for a company its short and its legal name too.
        employer: of a person, as the core of a name.
        domain: of the e-mail address; None for free mail.
        street: where it is, folded, with city and postal code apart.
    """

    kind: str | None = None
    names: tuple[Name, ...] = ()
    employer: str | None = None
    phone: str | None = None
    email: str | None = None
    domain: str | None = None
    tax_id: str | None = None
    street: str = ""
    city: str = ""
    postal_code: str = ""

    def without(self, fields: Collection[str]) -> Evidence:
        """What is known of it by other fields than some of `phone`, `email`, `tax_id` and `address`."""
        nothing: dict[str, Any] = {part: _NOTHING[part] for one in fields for part in _TOLD_BY[one]}
        return replace(self, **nothing) if nothing else self


_NOTHING = {"phone": None, "email": None, "domain": None, "tax_id": None, "street": ""}
_TOLD_BY = {"phone": ("phone",), "email": ("email", "domain"), "tax_id": ("tax_id",), "address": ("street",)}


@lru_cache(maxsize=5_000)
def name_of(text: str) -> Name:
    """A name taken apart.

    `华为技术（深圳）有限公司` has the core `华为技术` and the place `深圳`, `ACME Co., Ltd.` the core `acme`.
    """
    folded = fold(text)
    is_branch = bool(_BRANCH.search(folded))
    bare = " ".join(without_legal_form(folded.split()))
    place = ""
    for inner in _BRACKETS.findall(bare):
        place = inner if not HAN.search(inner) or leading_place(inner + "__")[0] else place
    bare = " ".join(without_legal_form(_BRACKETS.sub(" ", bare).split())) or bare
    is_han = bool(HAN.search(bare))
    if is_han:
        leading, bare = leading_place(bare)
        place = place or leading
        if is_branch:
            place = place or next((one for one in PLACES if one in bare), "")
    words = tuple(_WORD.findall(bare))
    core = "".join(words) or folded
    trimmed = _TRADES.sub("", core) if is_han else core
    brand = trimmed if len(trimmed) >= _LEAST_BRAND else core
    sound = "".join(aloud(brand)).lower() if is_han else brand
    return Name(folded, core, place.removesuffix("市"), brand, sound, words, tuple(sorted(words)), is_han, is_branch)


def domain_of(email: str | None) -> str | None:
    """The domain of a folded address; None for free mail, which says nothing about who somebody is."""
    domain = (email or "").rpartition("@")[2]
    if not domain or domain in _FREE_MAIL or domain.startswith(_FREE_MAIL_HEADS):
        return None
    return domain


_TEXTS = ("kind", "name", "short_name", "company", "email", "tax_id")
_OF_ADDRESS = ("street", "city", "postal_code")
_NOWHERE = ("", "", "")


def evidence_of(values: Mapping[str, Any], region: Callable[[], str]) -> Evidence:
    """What some fields of a customer say.

    Args:
        values: by the names of the API; any may be missing. `phone_e164` says what `phone` amounts to, where known.
        region: gives the ISO 3166 code of the country that a number without `+` belongs to, where it matters.
    """
    phone = values.get("phone_e164")
    if not phone and (written := values.get("phone")):
        phone = e164(written, region())
    address = values.get("address")
    where = [address.get(part) or "" for part in _OF_ADDRESS] if address else _NOWHERE
    return _evidence(phone, *map(values.get, _TEXTS), *where)


@foreseen
@lru_cache(maxsize=2_500)
def _evidence(
    phone: str | None,
    kind: str | None,
    name: str | None,
    short_name: str | None,
    company: str | None,
    email: str | None,
    tax_id: str | None,
    *address: str,
) -> Evidence:
    """The evidence of plain values: a new customer's is asked for before it is made, when it is and after it was."""
    texts: Iterable[str | None] = (name, short_name, None if kind == "person" else company)
    names = {one.folded: one for text in texts if text and text.strip() for one in (name_of(text),)}
    email = email_key(email)
    street, city, postal_code = map(fold, address)
    return Evidence(
        kind=kind,
        names=tuple(names.values()),
        employer=name_of(company).core if kind == "person" and company else None,
        phone=phone,
        email=email,
        domain=domain_of(email),
        tax_id=tidy(tax_id),
        street=street,
        city=city,
        postal_code=postal_code,
    )


def key_columns(evidence: Evidence) -> dict[str, str | None]:
    """The columns by which resembling customers are found in the database."""
    first, short = evidence.names[:1], evidence.names[1:2]
    return {
        "sound_key": first[0].sound if first else None,
        "short_sound_key": short[0].sound if short else None,
        "domain_key": evidence.domain,
        "tax_key": evidence.tax_id,
    }

"""How likely two people are one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.customer.likeness import pairs_to_compare
from app.customer.person_likeness import PersonEvidence, person_evidence, person_keys, person_likeness


def known(
    name: str, *customers: int, phone: str | None = None, email: str | None = None, **more: Any
) -> PersonEvidence:
    """What is known of somebody."""
    phones = [{"raw": phone}] if phone else []
    emails = [{"address": email}] if email else []
    return person_evidence({"name": name, "phones": phones, "emails": emails, **more}, customers, "CN")


ALIKE = [
    (known("张伟", 1), known("张伟", 1), ("same_customer", "name")),
    (known("張偉", 1), known("张伟 先生", 1), ("same_customer", "name")),
    (known("张伟", 1), known("Zhang Wei", 1), ("same_customer", "name_reading")),
    (known("张伟", 1), known("Wei Zhang", 1), ("same_customer", "name_reading")),
    (known("单雄信", 1), known("Shan Xiongxin", 1), ("same_customer", "name_reading")),
    (known("Catherine Lee", 1), known("Catharine Lee", 1), ("same_customer", "name_similar")),
    (known("Dr. Ann Lee", 1), known("Lee, Ann", 1), ("same_customer", "name")),
    (known("张伟", 1, phone="13800138000"), known("张伟", 2, phone="+86 138-0013-8000"), ("phone", "name")),
    (
        known("Bob Smith", 1, email="bob@x.cn"),
        known("Robert Smith", 2, email="BOB@x.cn"),
        ("email",),
    ),
    (known("王先生", 1, phone="13800138000"), known("王伟", 1, phone="13800138000"), ("phone", "same_customer")),
    (known("李娜", 1, birthday=date(1990, 5, 1)), known("李娜", 2, birthday=date(1990, 5, 1)), ("birthday", "name")),
    (known("李娜", 1, wechat="lina90"), known("Nana", 2, wechat="LiNa90"), ("wechat",)),
]

UNLIKE = [
    # One name in two companies; colleagues at one number, at one mailbox of the company; one sound; surnames alone.
    (known("张伟", 1), known("张伟", 2)),
    (known("张伟", 1, phone="010-88886666"), known("李娜", 1, phone="010-88886666")),
    (known("张伟", 1, email="info@acme.cn"), known("李娜", 1, email="info@acme.cn")),
    (known("张伟", 1), known("张薇", 1)),
    (known("王先生", 1), known("王女士", 1)),
    (known("Bob Smith", 1), known("Robert Smith", 1)),
    (known("张伟", 1, birthday=date(1960, 1, 1)), known("Zhang Wei", 1, birthday=date(1999, 1, 1))),
]


@pytest.mark.parametrize(("one", "other", "reasons"), ALIKE)
def test_likely(one: PersonEvidence, other: PersonEvidence, reasons: tuple[str, ...]) -> None:
    alike = person_likeness(one, other)
    assert (alike.is_likely, set(alike.reasons)) == (True, set(reasons))
    assert person_likeness(other, one) == alike
    assert pairs_to_compare([(1, one), (2, other)], person_keys) == {(0, 1)}


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_unlikely(one: PersonEvidence, other: PersonEvidence) -> None:
    assert not person_likeness(one, other).is_likely
    assert not person_likeness(other, one).is_likely

"""A customer of the story: who it is, who works there, what is planned with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from . import words
from .invention import Company, Human, Inventor, some
from .plan import Clock, The, What, present


@dataclass
class Business:
    """A deal: what happens to it on which days."""

    number: int
    opened: int
    events: list[tuple[int, What, dict[str, Any]]] = field(default_factory=list)
    is_stalled: bool = False

    @property
    def closed(self) -> int | None:
        """The day on which it is won or lost."""
        day, what, _ = self.events[-1]
        return day if what in (What.WIN, What.LOSE) else None


@dataclass
class Account:
    """A customer.

    Attributes:
        owner: key of the colleague who looks after it; None in the pool.
        created: the day on which it is entered.
        status: as the story has it so far.
    """

    number: int
    company: Company
    team: str
    owner: str | None
    clock: Clock
    created: int
    people: list[tuple[int, Human]] = field(default_factory=list)
    deals: list[Business] = field(default_factory=list)
    status: str = "lead"

    @property
    def is_chinese(self) -> bool:
        """Whether people there speak Chinese."""
        return self.company.is_chinese

    @property
    def pipeline(self) -> str:
        """The sales process that its deals go through."""
        return "first" if self.is_chinese else "overseas"


def customer_values(chance: Random, inventor: Inventor, account: Account) -> dict[str, Any]:
    """The fields with which a customer is entered."""
    company, chinese = account.company, account.is_chinese
    texts = words.DESCRIPTIONS if chinese else words.ENGLISH_DESCRIPTIONS
    level = "A" if len(account.deals) > 1 else "B" if account.deals else "C"
    values: dict[str, Any] = {
        "name": company.name,
        "short_name": company.short_name,
        "kind": "company",
        "industry": company.industry,
        "source": chance.choices(
            ("website", "referral", "exhibition", "cold_call", "advertising", "wechat", "partner"),
            (20, 20, 16, 14, 8, 12 if chinese else 0, 10),
        )[0],
        "level": some(chance, 0.8, level),
        "credit_rating": some(chance, 0.5, chance.randint(35, 95)),
        "phone": some(chance, 0.7, inventor.phone(company.address)),
        "email": some(chance, 0.6, f"{'contact' if chinese else 'info'}@{company.domain}"),
        "website": some(chance, 0.7, f"https://{company.domain}"),
        "address": company.address,
        "employee_count": some(chance, 0.6, int(20 * 1.8 ** chance.uniform(0, 8))),
        "annual_revenue": some(chance, 0.4, Decimal(100_000 * int(5 * 1.7 ** chance.uniform(0, 10)))),
        "description": some(chance, 0.35, chance.choice(texts).format(count=chance.randint(20, 400))),
        "tags": chance.sample(words.TAGS if chinese else words.ENGLISH_TAGS, chance.choice((0, 0, 1, 1, 2))),
    }
    if account.people and chance.random() < 0.09:
        # A private buyer, with the company as employer.
        human = account.people[0][1]
        values |= {"kind": "person", "name": human.name, "company": company.name, "short_name": None}
        values |= {"email": human.email, "phone": human.phone, "website": None, "employee_count": None}
    return present(values)


def person_values(chance: Random, account: Account, human: Human, *, is_primary: bool) -> dict[str, Any]:
    """The fields with which a person is entered."""
    chinese = account.is_chinese
    title, english_title, department, english_department, role = chance.choice(words.TITLES)
    return present(
        {
            "customer_id": The("customer", account.number),
            "name": human.name,
            "title": some(chance, 0.85, title if chinese else english_title),
            "department": some(chance, 0.6, department if chinese else english_department),
            "email": some(chance, 0.8, human.email),
            "phone": some(chance, 0.75, human.phone),
            "wechat": some(chance, 0.5 if chinese else 0.0, human.email.split("@")[0].replace(".", "_")),
            "decision_role": some(chance, 0.7, role),
            "is_primary": is_primary,
        }
    )

"""The conversations of the story: what is logged about a customer, in the language of both sides."""

from __future__ import annotations

from random import Random
from typing import Any

from . import words
from .account import Account
from .invention import some
from .plan import DAYS, At, The, present

_UNREACHED = ("电话未接通", "No answer")


def contact_values(chance: Random, account: Account, day: int) -> dict[str, Any]:
    """The fields with which a conversation on a day is logged: about the running deal, the care, or first things."""
    chinese = account.is_chinese
    running = [deal for deal in account.deals if deal.opened < day and (deal.closed is None or day < deal.closed)]
    kind, subject, content = chance.choice(_texts(account, bool(running)))
    number, human = chance.choice(account.people) if account.people else (None, None)
    called = human.called if human else ("对方" if chinese else "they")
    content = content.format(person=called, count=chance.randint(6, 90))
    values: dict[str, Any] = {
        "customer_id": The("customer", account.number),
        "person_id": None if number is None else The("person", number),
        "deal_id": The("deal", running[-1].number) if running and chance.random() < 0.85 else None,
        "kind": kind,
        "subject": some(chance, 0.8, subject),
        "content": content[:1].upper() + content[1:],
        "outcome": _outcome(chance, kind, subject),
        "duration_seconds": _duration(chance, kind, subject),
    }
    if kind in ("call", "email", "wechat") and subject not in _UNREACHED and chance.random() < 0.22:
        values["direction"] = "in"
    if chance.random() < (0.5 if day > DAYS - 25 else 0.2):
        values["next_step"] = chance.choice(words.NEXT_STEPS if chinese else words.ENGLISH_NEXT_STEPS)
        values["next_follow_up_at"] = At(day + chance.randint(2, 20), 1_800 * chance.randint(18, 34))
    return present(values)


def _texts(account: Account, in_business: bool) -> tuple[tuple[str, str, str], ...]:
    chinese = account.is_chinese
    if in_business:
        return words.DEAL_WORDS if chinese else words.ENGLISH_DEAL_WORDS
    if account.status == "active":
        return words.CARE_WORDS if chinese else words.ENGLISH_CARE_WORDS
    return words.FIRST_WORDS if chinese else words.ENGLISH_FIRST_WORDS


def _outcome(chance: Random, kind: str, subject: str) -> str | None:
    if subject in _UNREACHED:
        return "no_answer"
    if kind != "call":
        return None
    return chance.choices(("connected", "interested", "follow_up", "not_interested"), (50, 20, 24, 6))[0]


def _duration(chance: Random, kind: str, subject: str) -> int | None:
    if subject in _UNREACHED:
        return None
    unit, least, most = {"call": (30, 2, 40), "visit": (900, 2, 12), "meeting": (900, 2, 8)}.get(kind, (0, 0, 0))
    return unit * chance.randint(least, most) or None

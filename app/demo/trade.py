"""The business of the story: how deals go, what is in them, what comes next."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from . import words
from .account import Account, Business
from .invention import some
from .plan import DAYS, On, The, What, present

_LOST_AT = (0.12, 0.13, 0.10, 0.12)
_STAGE_DAYS = (6, 7, 9, 6)
_STALLED = 0.01
_REASONS = (24, 20, 14, 14, 10, 8, 10)

_PRICES = {code: price for code, _, _, _, _, _, price, _ in words.PRODUCTS}
_CATEGORIES = {code: category for code, _, _, category, *_ in words.PRODUCTS}
DOLLAR = 7
"""What a US dollar costs, for the price list abroad."""


def plan_course(chance: Random, business: Business) -> None:
    """The way of a deal through the stages, until it is won, lost, stalls or has come to the present."""
    day, stage = business.opened, 0
    business.events.append((day, What.NEW_DEAL, {}))
    while True:
        if chance.random() < _STALLED:
            business.is_stalled = True
            return
        day += 1 + round(chance.gammavariate(2.2, _STAGE_DAYS[stage] / 2.2))
        if day >= DAYS:
            return
        if chance.random() < _LOST_AT[stage]:
            reason = chance.choices(list(words.LOST_NOTES), _REASONS)[0]
            business.events.append((day, What.LOSE, {"reason": reason}))
            return
        stage += 2 if stage == 0 and chance.random() < 0.12 else 1
        if stage == len(_STAGE_DAYS):
            business.events.append((day, What.WIN, {}))
            return
        business.events.append((day, What.MOVE, {"stage": stage}))


def deal_values(chance: Random, account: Account, business: Business, day: int, currency: str) -> dict[str, Any]:
    """The fields with which a deal is entered.

    Args:
        currency: of the price list; a Chinese company quotes abroad in US dollars.
    """
    chinese = account.is_chinese
    has_bought = account.status == "active"
    industry = account.company.industry
    project, english_project, kind, codes, _ = chance.choice(
        [one for one in words.PROJECTS if (one[2] == "new") != has_bought and (not one[4] or industry in one[4])]
    )
    short_name = account.company.short_name
    in_dollars = currency == "CNY" and not chinese
    values: dict[str, Any] = {
        "name": f"{short_name}{project}" if chinese else f"{short_name}: {english_project}",
        "kind": kind,
        "customer_id": The("customer", account.number),
        "opened_on": On(day),
        "expected_close_on": On(day + chance.randint(25, 60)),
        "source": some(chance, 0.5, chance.choice(("referral", "exhibition", "website", "cold_call"))),
        "currency": "USD" if in_dollars else None,
        "lines": _lines(chance, codes, in_dollars),
        "people": [
            {"person_id": The("person", number), "role": None}
            for number, _ in account.people[: chance.choice((0, 1, 1, 2))]
        ],
    }
    if chance.random() < 0.06:
        values |= {"lines": [], "amount": Decimal(1_000 * chance.randint(8, 400))}
    is_fresh = len(business.events) == 1
    if is_fresh:
        values["expected_close_on"] = On(max(day, DAYS - 5) + chance.randint(10, 60))
    if is_fresh or chance.random() < 0.3:
        values |= _next_step(chance, account, business, day, is_fresh)
    return present(values)


def outlook(
    chance: Random, account: Account, business: Business, day: int, stage: int, *, is_last: bool
) -> dict[str, Any]:
    """What the owner thinks of a deal that has just moved to a stage.

    Args:
        is_last: nothing moves it any more until the present.
    """
    values = _next_step(chance, account, business, day, is_last)
    if stage == 3:
        values["forecast_category"] = chance.choice(("committed", "best_case"))
    elif stage == 2 and chance.random() < 0.4:
        values["forecast_category"] = "best_case"
    if is_last and not business.is_stalled:
        values["expected_close_on"] = On(max(day, DAYS - 6) + chance.randint(4, 45))
    return values


def _lines(chance: Random, codes: tuple[str, ...], in_dollars: bool) -> list[dict[str, Any]]:
    discount = chance.choice((None, None, None, 5, 8, 10, 15))
    scale = chance.choice((1, 1, 2, 3, 6))
    lines: list[dict[str, Any]] = []
    for code in codes:
        quantity, price = 1, _PRICES[code]
        if _CATEGORIES[code] == "goods":
            quantity = scale * (chance.randint(4, 24) if price < 3_000 else chance.randint(1, 4))
        elif code in ("W-INST", "W-TRAIN"):
            quantity = chance.randint(1, 4) * min(scale, 3)
        line = {
            "product_id": The("product", code),
            "quantity": Decimal(quantity),
            "unit_price": Decimal(round(price / DOLLAR) if in_dollars else price),
        }
        if discount is not None and _CATEGORIES[code] != "service":
            line["discount_percent"] = Decimal(discount)
        lines.append(line)
    return lines


def _next_step(chance: Random, account: Account, business: Business, day: int, is_last: bool) -> dict[str, Any]:
    """The agreed next step: of open deals most lie ahead, some are overdue, some were never agreed."""
    steps = words.NEXT_STEPS if account.is_chinese else words.ENGLISH_NEXT_STEPS
    values: dict[str, Any] = {"next_step": chance.choice(steps), "next_step_on": On(day + chance.randint(2, 9))}
    if not is_last:
        return values
    if business.is_stalled or chance.random() < 0.16:
        return {} if chance.random() < 0.6 else values
    return values | {"next_step_on": On(max(day + 1, DAYS + chance.randint(-3, 14)))}

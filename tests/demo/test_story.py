"""The story by itself: counts, order, determinism, and that every step would pass the API's own schemas."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.auth.passwords import password_faults
from app.contact.schemas import ContactSchema
from app.customer.schemas import CustomerSchema, PersonSchema
from app.deal.schemas import DealSchema, LoseSchema
from app.demo.plan import DAYS, NOBODY, At, On, Step, The, What
from app.demo.staff import COLLEAGUES, TEAMS, passphrase
from app.demo.story import CONTACTS, CUSTOMERS, DEALS, DUPLICATES, PEOPLE, tell
from app.demo.telling import Calendar
from app.folding import e164
from app.schema import load


@pytest.fixture(scope="module")
def story() -> list[Step]:
    return tell(1, "CNY")


def test_there_is_as_much_as_promised(story: list[Step]) -> None:
    counts = Counter(step.what for step in story)
    assert counts[What.NEW_CUSTOMER] == CUSTOMERS + DUPLICATES == 2_012
    assert (counts[What.NEW_PERSON], counts[What.NEW_CONTACT], counts[What.NEW_DEAL]) == (PEOPLE, CONTACTS, DEALS)
    assert counts[What.REMOVE] == DUPLICATES
    for what in What:
        assert counts[what] > 0, what
    assert (len(TEAMS), len(COLLEAGUES)) == (3, 12)
    assert Counter(one.role for one in COLLEAGUES) == {"admin": 1, "viewer": 1, "manager": 3, "sales": 7}


def test_the_same_seed_tells_the_same_story(story: list[Step]) -> None:
    assert tell(1, "CNY") == story
    assert tell(2, "CNY") != story


def test_it_happens_in_working_hours_one_after_the_other(story: list[Step]) -> None:
    moments = [(step.day, step.second) for step in story]
    assert moments == sorted(moments)
    assert all(0 <= step.day < DAYS and 9 * 3_600 <= step.second < 20 * 3_600 for step in story)


def test_nothing_is_named_before_it_is_there(story: list[Step]) -> None:
    there: set[tuple[str, int]] = set()
    makes = {What.NEW_CUSTOMER: "customer", What.NEW_PERSON: "person", What.NEW_DEAL: "deal"}
    for step in story:
        for named in names_in(step.values):
            if named.kind in ("customer", "person", "deal"):
                assert (named.kind, named.key) in there, step
        if step.what in makes:
            there.add((makes[step.what], step.subject))


def test_reach_is_invented(story: list[Step]) -> None:
    values = [step.values for step in story]
    phones = [one["phone"] for one in values if one.get("phone")]
    pattern = r"10[1-5] 550[0-3] \d{4}|\+44 20 7946 0\d{3}|\+44 7700 900\d{3}|\+1 \d{3} 555 01\d{2}"
    assert all(re.fullmatch(pattern, phone) and e164(phone, "CN") for phone in phones)
    emails = [one["email"] for one in values if one.get("email")]
    assert all(email.endswith(".example.com") for email in emails)
    assert all(one["website"].endswith(".example.com") for one in values if one.get("website"))
    customers = [s.values["email"] for s in story if s.what is What.NEW_CUSTOMER and s.values.get("email")]
    assert len(customers) == len(set(customers))


def test_every_step_would_pass_the_schemas(story: list[Step]) -> None:
    schemas = {
        What.NEW_CUSTOMER: CustomerSchema(),
        What.EDIT_CUSTOMER: CustomerSchema(),
        What.NEW_PERSON: PersonSchema(),
        What.NEW_CONTACT: ContactSchema(),
        What.NEW_DEAL: DealSchema(),
        What.EDIT_DEAL: DealSchema(),
        What.LOSE: LoseSchema(),
    }
    for step in story[::3]:
        if step.what in schemas:
            partial = step.what in (What.EDIT_CUSTOMER, What.EDIT_DEAL)
            load(schemas[step.what], on_the_wire(step.values), partial=partial)


def test_the_password_passes_the_rules() -> None:
    for minimum in (12, 40, 64):
        phrase = passphrase(minimum)
        for one in COLLEAGUES:
            assert password_faults(phrase, minimum, [one.name, one.email, one.key, None]) == []


@pytest.mark.parametrize("today", [date(2026, 3, 2), date(2026, 3, 7), date(2026, 3, 8), date(2024, 2, 29)])
def test_the_calendar_knows_working_days_only(today: date) -> None:
    calendar = Calendar(today, "Asia/Shanghai")
    days = [calendar.date(day) for day in range(DAYS + 30)]
    assert days == sorted(set(days))
    assert all(day.weekday() < 5 for day in days)
    assert days[DAYS - 1] < today <= days[DAYS]
    assert 540 <= (today - days[0]).days <= 553
    moment = calendar.moment(0, 10 * 3_600)
    assert moment == datetime.combine(days[0], datetime.min.time(), moment.tzinfo).replace(hour=10)


def names_in(value: Any) -> list[The]:
    if isinstance(value, The):
        return [value]
    if isinstance(value, dict):
        return [name for item in value.values() for name in names_in(item)]
    return [name for item in value for name in names_in(item)] if isinstance(value, list) else []


def on_the_wire(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: on_the_wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [on_the_wire(item) for item in value]
    if isinstance(value, The):
        return None if value == NOBODY else 1
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, On):
        return "2026-03-02"
    return "2026-03-02T10:00:00Z" if isinstance(value, At) else value

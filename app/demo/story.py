"""What happens in the invented company over eighteen months, step by step: a plan without a database or a calendar.

Days are counted as working days from the first one on, so the same seed tells the same story whatever day it is;
records are named by their number in the story. `telling.py` turns both into dates and ids.
"""

from __future__ import annotations

from random import Random
from typing import Any

from . import words
from .account import Account, Business, customer_values, person_values
from .invention import Inventor
from .plan import DAYS, NOBODY, At, Clock, On, Step, The, What
from .staff import ADMIN, COLLEAGUES, TEAMS, manager_of, sellers_of
from .talk import contact_values
from .trade import deal_values, outlook, plan_course

CUSTOMERS, PEOPLE, CONTACTS, DEALS, TASKS = 2_000, 3_000, 6_000, 800, 600
DUPLICATES = 12
"""Customers entered twice by mistake and deleted again: they lie in the recycle bin, on top of `CUSTOMERS`."""


def tell(seed: int, currency: str) -> list[Step]:
    """Everything that happens, in order of time.

    Args:
        seed: the same seed tells the same story.
        currency: of the price list.
    """
    return _Story(seed, currency).steps()


class _Story:
    def __init__(self, seed: int, currency: str) -> None:
        self.chance = Random(seed)
        self.inventor = Inventor(self.chance)
        self.currency = currency
        self.person_count = 0
        self.contact_count = 0
        self.written: list[Step] = []

    def steps(self) -> list[Step]:
        accounts = [self._account(number) for number in range(CUSTOMERS)]
        self._people_them(accounts)
        self._plan_deals(accounts)
        for account, talks in zip(accounts, self._share_out_contacts(accounts), strict=True):
            self._live(account, talks)
        self._enter_twice(accounts)
        self._plan_tasks(accounts)
        return sorted(self.written, key=lambda step: (step.day, step.second))

    # ---- who there is --------------------------------------------------------------------------------------------

    def _account(self, number: int) -> Account:
        team = self.chance.choices([team.key for team in TEAMS], (36, 36, 28))[0]
        sellers = [one.key for one in sellers_of(team)]
        weights = [3 + 2 * place for place in range(len(sellers))]
        owner: str | None = self.chance.choices([*sellers, manager_of(team).key], [*weights, 1])[0]
        if self.chance.random() < 0.07:
            owner = None
        # A quarter was known from the beginning and is entered in the first weeks.
        created = int((15 if self.chance.random() < 0.25 else DAYS) * self.chance.random())
        company = self.inventor.company(chinese=team != "overseas", southern=team == "east")
        return Account(number, company, team, owner, Clock(self.chance, created), created)

    def _people_them(self, accounts: list[Account]) -> None:
        """Give the customers their people: exactly as many as there are to be."""
        counts = [self.chance.choices((0, 1, 2, 3), (14, 40, 30, 16))[0] for _ in accounts]
        spare = PEOPLE - sum(counts)
        while spare:
            place = self.chance.randrange(len(accounts))
            change = 1 if spare > 0 else -1
            if 0 <= counts[place] + change <= 4:
                counts[place] += change
                spare -= change
        for account, count in zip(accounts, counts, strict=True):
            for _ in range(count):
                account.people.append((self.person_count, self.inventor.human(account.company)))
                self.person_count += 1

    def _plan_deals(self, accounts: list[Account]) -> None:
        able = [account for account in accounts if account.owner and account.people and account.created < DAYS - 6]
        for number in range(DEALS):
            account = self.chance.choice(able)
            earliest = account.created + 1
            business = Business(number, earliest + int((DAYS - 1 - earliest) * self.chance.random()))
            plan_course(self.chance, business)
            account.deals.append(business)
        for account in able:
            account.deals.sort(key=lambda business: business.opened)

    def _share_out_contacts(self, accounts: list[Account]) -> list[int]:
        """How often each customer is spoken to: most where there is business, exactly as often as there are to be."""
        counts = [3 * len(account.deals) + (1 if account.owner else 0) for account in accounts]
        weights = [0.0 if account.owner is None else 1.0 + 1.5 * len(account.deals) for account in accounts]
        for place in self.chance.choices(range(len(accounts)), weights, k=CONTACTS - sum(counts)):
            counts[place] += 1
        return counts

    # ---- what happens at one customer ----------------------------------------------------------------------------

    def _live(self, account: Account, talks: int) -> None:
        self._enter(account)
        plan: list[tuple[int, int, Any]] = [(day, 1, None) for day in self._talking_days(account, talks)]
        for business in account.deals:
            plan += [(day, 0, (business, place)) for place, (day, _, _) in enumerate(business.events)]
        for day, _, event in sorted(plan, key=lambda entry: entry[:2]):
            # Where the customer was entered late in its first days, all else is a little later too.
            if event is None:
                self._talk(account, max(day, account.clock.day))
            else:
                self._trade(account, max(day, account.clock.day), *event)
        if account.owner is None or account.deals:
            return
        if account.created < DAYS - 90 and self.chance.random() < 0.06:
            # Nobody needs it any more: back to the pool.
            self._step(account, DAYS - self.chance.randint(1, 40), account.owner, What.RELEASE, account.number)
        elif self.chance.random() < 0.14:
            status = "lost" if self.chance.random() < 0.4 else "prospect"
            values = {"status": status}
            self._step(account, account.clock.day, account.owner, What.EDIT_CUSTOMER, account.number, values)

    def _step(
        self,
        account: Account,
        day: int,
        who: str | None,
        what: What,
        subject: int,
        values: dict[str, Any] | None = None,
    ) -> None:
        self.written.append(Step(*account.clock.at(day), who or ADMIN.key, what, subject, values or {}))

    def _enter(self, account: Account) -> None:
        values = customer_values(self.chance, self.inventor, account)
        who = self._enterer(account, values)
        self._step(account, account.created, who, What.NEW_CUSTOMER, account.number, values)
        if account.owner and values.get("owner_id") == NOBODY:
            self._step(account, account.created + 1, account.owner, What.CLAIM, account.number)
        for place, (number, human) in enumerate(account.people):
            person = person_values(self.chance, account, human, is_primary=place == 0)
            self._step(account, account.clock.day, account.owner, What.NEW_PERSON, number, person)

    def _enterer(self, account: Account, values: dict[str, Any]) -> str:
        """Who enters a customer: its owner, a manager for one of the team, or the admin into the pool."""
        if account.owner is None or (self.chance.random() < 0.05 and account.created < DAYS - 2):
            values["owner_id"] = NOBODY
            return ADMIN.key
        manager = manager_of(account.team).key
        if self.chance.random() < 0.12 and account.owner != manager:
            values["owner_id"] = The("user", account.owner)
            return manager
        if self.chance.random() < 0.03:
            mates = [one.key for one in COLLEAGUES if one.team and one.key != account.owner]
            mate = The("user", self.chance.choice(mates))
            values["collaborators"] = [{"user_id": mate, "team_id": None, "access": "read"}]
        return account.owner

    def _talking_days(self, account: Account, talks: int) -> list[int]:
        """Days on which somebody is in touch: around the business, otherwise more often lately than long ago."""
        days: list[int] = []
        for place in range(talks):
            if account.deals and place % 4 != 3:
                business = account.deals[place % len(account.deals)]
                last = business.closed or min(DAYS - 1, business.opened + 60)
                days.append(self.chance.randint(business.opened, last))
            else:
                days.append(account.created + int((DAYS - account.created) * self.chance.random() ** 0.7))
        return days

    def _talk(self, account: Account, day: int) -> None:
        values = contact_values(self.chance, account, day)
        who = manager_of(account.team).key if self.chance.random() < 0.07 else account.owner
        self._step(account, day, who, What.NEW_CONTACT, self.contact_count, values)
        self.contact_count += 1

    def _trade(self, account: Account, day: int, business: Business, place: int) -> None:
        _, what, more = business.events[place]
        owner, number, is_last = account.owner, business.number, place == len(business.events) - 1
        if what is What.NEW_DEAL:
            values = deal_values(self.chance, account, business, day, self.currency)
            self._step(account, day, owner, what, number, values)
            self._become(account, day, "prospect")
        elif what is What.MOVE:
            self._step(account, day, owner, what, number, {**more, "pipeline": account.pipeline})
            if is_last or self.chance.random() < 0.5:
                values = outlook(self.chance, account, business, day, more["stage"], is_last=is_last)
                if values:
                    self._step(account, day, owner, What.EDIT_DEAL, number, values)
        elif what is What.WIN:
            self._step(account, day, owner, what, number)
            self._become(account, day, "active")
        else:
            if more["reason"] == "competitor":
                competitors = [self.chance.choice(words.COMPETITORS)[0]]
                self._step(account, day, owner, What.EDIT_DEAL, number, {"competitors": competitors})
            note = words.LOST_NOTES[more["reason"]][0 if account.is_chinese else 1]
            self._step(account, day, owner, what, number, {**more, "note": note})

    def _become(self, account: Account, day: int, status: str) -> None:
        if account.status not in (status, "active"):
            account.status = status
            self._step(account, day, account.owner, What.EDIT_CUSTOMER, account.number, {"status": status})

    # ---- what is to be done --------------------------------------------------------------------------------------

    def _plan_tasks(self, accounts: list[Account]) -> None:
        """What people plan to do about their customers, mostly lately: some is done, some late, some to come."""
        # Where there is business, nobody gives the customer back.
        owned = [account for account in accounts if account.deals and account.clock.day < DAYS - 1]
        for number in range(TASKS):
            account = self.chance.choice(owned)
            day = max(account.clock.day + 1, DAYS - 1 - int(90 * self.chance.random() ** 1.6))
            due = day + self.chance.randint(1, 12)
            kind, subject = self.chance.choice(words.TASK_WORDS if account.is_chinese else words.ENGLISH_TASK_WORDS)
            person, human = self.chance.choice(account.people)
            values: dict[str, Any] = {
                "kind": kind,
                "subject": subject.format(person=human.called),
                "priority": self.chance.choices(("low", "normal", "high"), (1, 7, 2))[0],
                "customer_id": The("customer", account.number),
                "person_id": The("person", person),
            }
            start = 1_800 * self.chance.randint(18, 34)
            if kind == "meeting":
                values |= {"starts_at": At(due, start), "ends_at": At(due, start + 3_600)}
            elif kind == "todo" or self.chance.random() < 0.5:
                values["due_on"] = On(due)
            else:
                values["due_at"] = At(due, start)
            who = account.owner or ADMIN.key
            self.written.append(Step(*Clock(self.chance, day).at(day), who, What.NEW_TASK, number, values))
            if due < DAYS and self.chance.random() < 0.9:
                self.written.append(Step(*Clock(self.chance, due).at(due), who, What.COMPLETE_TASK, number))

    # ---- mistakes ------------------------------------------------------------------------------------------------

    def _enter_twice(self, accounts: list[Account]) -> None:
        """The same company entered a second time by somebody else, found and deleted by the manager."""
        owned = [account for account in accounts if account.owner and account.created < DAYS - 30]
        for number, account in enumerate(self.chance.sample(owned, DUPLICATES), CUSTOMERS):
            day = account.created + self.chance.randint(5, 25)
            clock = Clock(self.chance, day)
            company, seller = account.company, self.chance.choice(sellers_of(account.team)).key
            values = {"name": company.short_name, "industry": company.industry, "source": "cold_call"}
            self.written.append(Step(*clock.at(day), seller, What.NEW_CUSTOMER, number, values))
            self.written.append(Step(*clock.at(day + 1), manager_of(account.team).key, What.REMOVE, number))

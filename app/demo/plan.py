"""What a story consists of: steps that somebody does on a working day, without a calendar and without ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

DAYS = 391
"""Working days of eighteen months."""

_OPENING, _CLOSING = 9 * 3_600, 18 * 3_600


class What(StrEnum):
    """What is done in a step."""

    NEW_CUSTOMER = "new_customer"
    EDIT_CUSTOMER = "edit_customer"
    CLAIM = "claim"
    RELEASE = "release"
    REMOVE = "remove"
    NEW_PERSON = "new_person"
    NEW_CONTACT = "new_contact"
    NEW_DEAL = "new_deal"
    EDIT_DEAL = "edit_deal"
    MOVE = "move"
    WIN = "win"
    LOSE = "lose"
    NEW_TASK = "new_task"
    COMPLETE_TASK = "complete_task"


@dataclass(frozen=True)
class On:
    """The date of a working day; days from `DAYS` on lie in the future."""

    day: int


@dataclass(frozen=True)
class At:
    """A moment of a working day, in seconds from midnight."""

    day: int
    second: int


@dataclass(frozen=True)
class The:
    """A record of the story: `The("person", 12)`, `The("user", "owen")`, `The("product", "T-100")`."""

    kind: str
    key: int | str


NOBODY = The("user", "nobody")
"""The owner of a customer in the pool."""


@dataclass(frozen=True)
class Step:
    """One thing that somebody does: a change set of its own.

    Attributes:
        who: key of a colleague.
        subject: number of the record that is created or changed, within its kind.
        values: fields, in which `On`, `At` and `The` stand for dates, moments and ids.
    """

    day: int
    second: int
    who: str
    what: What
    subject: int
    values: dict[str, Any] = field(default_factory=dict)


class Clock:
    """The time at one customer: everything there happens one after the other, in working hours."""

    def __init__(self, chance: Random, day: int) -> None:
        self.chance = chance
        self.day = day
        self.second = chance.randint(_OPENING, _CLOSING)

    def at(self, day: int) -> tuple[int, int]:
        """The next moment: on a later day, or soon after what was last."""
        if day > self.day:
            self.day, self.second = day, self.chance.randint(_OPENING, _CLOSING)
        else:
            self.second += self.chance.randint(40, 400)
        return self.day, self.second


def present(values: dict[str, Any]) -> dict[str, Any]:
    """Only the fields that are filled in, as a form sends them."""
    return {name: value for name, value in values.items() if value is not None and value != []}

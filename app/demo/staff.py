"""The invented company itself: its teams and its people, who sign in to the demo."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Team:
    """A team of the company."""

    key: str
    name: str
    region: str


@dataclass(frozen=True)
class Colleague:
    """Somebody who signs in.

    Attributes:
        key: how the story calls him or her.
        is_chinese: reads the product in Chinese, and writes so.
    """

    key: str
    name: str
    role: str
    title: str
    team: str | None
    is_chinese: bool

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return f"{self.key}@example.com"


TEAMS = (
    Team("north", "华北团队", "华北"),
    Team("east", "华东团队", "华东"),
    Team("overseas", "International", "Overseas"),
)

COLLEAGUES = (
    Colleague("mingyuan", "顾明远", "admin", "信息化负责人", None, True),
    Colleague("jiahe", "沈嘉禾", "viewer", "财务", None, True),
    Colleague("linyue", "林月", "manager", "华北销售经理", "north", True),
    Colleague("zimo", "周子墨", "sales", "客户经理", "north", True),
    Colleague("yutong", "郑雨桐", "sales", "客户经理", "north", True),
    Colleague("ruoxi", "何若溪", "manager", "华东销售经理", "east", True),
    Colleague("yiming", "徐一鸣", "sales", "客户经理", "east", True),
    Colleague("xiaonan", "孙晓楠", "sales", "客户经理", "east", True),
    Colleague("bowen", "高文博", "sales", "大客户经理", "east", True),
    Colleague("grace", "Grace Holloway", "manager", "Head of International Sales", "overseas", False),
    Colleague("owen", "Owen Marsh", "sales", "Account Executive", "overseas", False),
    Colleague("priya", "Priya Tandon", "sales", "Account Executive", "overseas", False),
)

ADMIN = COLLEAGUES[0]
PHRASE = "show me the demo"
"""The one password of all of them; it is printed, and known to everybody who reads this."""


def manager_of(team: str) -> Colleague:
    """Who leads a team."""
    return next(one for one in COLLEAGUES if one.team == team and one.role == "manager")


def sellers_of(team: str) -> list[Colleague]:
    """Who sells in a team."""
    return [one for one in COLLEAGUES if one.team == team and one.role == "sales"]


def passphrase(minimum: int) -> str:
    """The password of all, as long as this installation's rules want it.

    Args:
        minimum: characters.
    """
    phrase = PHRASE
    while len(phrase) < minimum:
        phrase += " again"
    return phrase

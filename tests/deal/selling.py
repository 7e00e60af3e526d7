"""What the tests of deals begin with. The seeded pipeline has the stages 1 to 4 open, 5 won, 6 lost."""

from __future__ import annotations

from typing import Any

from ..cast import Cast, Member

OPEN, LATER, WON, LOST = 1, 2, 5, 6


def customer(who: Member, name: str = "甲公司") -> int:
    """A new customer."""
    return int(who.made("/customers", {"name": name})["id"])


def deal(who: Member, name: str = "商机", **more: Any) -> dict[str, Any]:
    """A new deal."""
    return who.made("/deals", {"name": name, **more})


def product(cast: Cast, code: str = "P1", **more: Any) -> int:
    """A new product."""
    return int(cast.root.made("/products", {"code": code, "name": f"产品 {code}", **more})["id"])


def order(who: Member, stage_id: int) -> list[int]:
    """The ids of the deals at a stage, from top to end."""
    listed = who.get(f"/deals?stage_id={stage_id}&sort=rank&per_page=200").get_json()
    return [one["id"] for one in listed["data"]]


def lost_for(who: Member, deal_id: int, **more: Any) -> None:
    """Lose a deal for its price."""
    assert who.post(f"/deals/{deal_id}/lose", {"reason": "price", **more}).status_code == 200

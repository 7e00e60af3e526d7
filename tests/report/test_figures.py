"""Every figure of every report opens its list, and the list holds what the figure says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from app.report.routes import REPORTS
from app.schema import Choice

from ..cast import Cast
from ..deal.selling import LATER, LOST, OPEN, WON, deal, lost_for, product
from .reading import day, report, walk

_LISTS = {"activity": "contacts", "customers": "customers", "leads": "customers"}
_CALLS = (("call", 0, "in"), ("visit", 1, "out"), ("email", 40, "out"), ("call", 41, "out"))
_OTHERS = {
    "leaderboard": {"contact_count": "contacts", "new_customers": "customers"},
    "activity": {"tasks_done": "tasks"},
}


def _list_of(path: str, name: str) -> str:
    return _OTHERS.get(path, {}).get(name, _LISTS.get(path, "deals"))


def _groups(path: str) -> tuple[str, ...]:
    field = REPORTS[path].query().fields.get("group_by")
    return field.options if isinstance(field, Choice) else ("",)


def scene(cast: Cast) -> None:
    """Everybody sells, calls and finds leads, now and last month; some of it belongs to nobody."""
    now = datetime.now(UTC)
    item = product(cast, price="10")
    for number, who in enumerate((cast.alice, cast.bob, cast.mallory)):
        tags = ["甲"] if number else ["甲", "乙"]
        common = {"source": "referral", "industry": "retail", "level": "A", "credit_rating": 30 * number}
        buyer = who.made("/customers", {"name": f"客户 {who.name}", "tags": tags, **common})["id"]
        lead = who.made("/customers", {"name": f"线索 {who.name}", "status": "lead"})["id"]
        for kind, days, direction in (
            ("call", 0, "in"),
            ("visit", 1, "out"),
            ("email", 40, "out"),
            ("call", 41, "out"),
        ):
            at = (now - timedelta(days=days)).isoformat()
            for customer_id in (buyer, lead):
                body = {"customer_id": customer_id, "kind": kind, "direction": direction, "occurred_at": at}
                who.made("/contacts", body)
        who.made("/contacts", {"customer_id": lead, "kind": "call"})
        line = {"product_id": item, "quantity": "2", "unit_price": "10"}
        deal(who, customer_id=buyer, stage_id=OPEN, expected_close_on=day(20), lines=[line])
        open_one = deal(who, customer_id=buyer, stage_id=OPEN, amount="70", source="referral")["id"]
        who.post(f"/deals/{open_one}/move", {"stage_id": LATER})
        lost_for(who, deal(who, amount="5", stage_id=OPEN)["id"])
        for stage, closed in ((WON, 0), (WON, -40), (LOST, -1)):
            more = {"customer_id": buyer, "amount": "100.50", "owner_id": who.id}
            deal(cast.root, stage_id=stage, closed_on=day(closed), opened_on=day(-60), **more)
        who.post(f"/customers/{buyer}/qualify")
    cast.root.made("/customers", {"name": "公海客户", "owner_id": None})


def _questions(cast: Cast, path: str) -> list[str]:
    """What to narrow a report by: not every report has a period."""
    if path == "hygiene":
        return [f"owner_id={cast.alice.id}"]
    period = f"from={day(-45)}&to={day(0)}"
    return [period, f"team_id={cast.north}&owner_id={cast.alice.id}&from={day(-2)}&to={day(0)}"]


def test_every_figure_equals_its_list(cast: Cast) -> None:
    scene(cast)
    for path in REPORTS:
        if path == "summary":
            continue
        list_of = partial(_list_of, path)
        for group in _groups(path):
            for query in _questions(cast, path):
                asked = f"?{query}&group_by={group}" if group else f"?{query}"
                assert walk(cast.carol, report(cast.carol, path, asked), list_of), (path, asked)

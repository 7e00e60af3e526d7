"""The losses: by reason, by the stage they were lost from, by competitor."""

from __future__ import annotations

from typing import Any

from app.routing import CRM

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import LATER, LOST, OPEN, WON, deal, lost_for
from ..faults import issues
from .reading import without_filters


def losses(who: Member, query: str = "", language: str = "en") -> dict[str, Any]:
    """The report as this person gets it."""
    answer = who.get(f"/reports/losses{query}", headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def rows(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Key, label, count, amount and share."""
    return [tuple(row[name] for name in ("key", "label", "count", "amount", "share")) for row in found["rows"]]


def rival(cast: Cast, value: str) -> None:
    """A competitor to choose from."""
    body = {"list": "competitor", "value": value, "label_zh": f"对手{value}", "label_en": f"Rival {value}"}
    cast.root.made("/options", body)


def story(cast: Cast) -> None:
    """Four lost deals of alice, one of history without any open time, one won, one open."""
    rival(cast, "x")
    rival(cast, "y")
    first = deal(cast.alice, amount="100", competitors=["x", "y"])["id"]
    lost_for(cast.alice, first)
    second = deal(cast.alice, amount="50.25", competitors=["x", "x"])["id"]
    cast.alice.post(f"/deals/{second}/move", {"stage_id": LATER})
    lost_for(cast.alice, second)
    # Lost, reopened further on, lost again: the last stage counts.
    third = deal(cast.alice, amount="7")["id"]
    cast.alice.post(f"/deals/{third}/lose", {"reason": "timing"})
    cast.alice.post(f"/deals/{third}/reopen", {"stage_id": 3})
    cast.alice.post(f"/deals/{third}/lose", {"reason": "timing"})
    # Won first, then lost after all.
    fourth = deal(cast.alice, stage_id=LATER)["id"]
    cast.alice.post(f"/deals/{fourth}/win")
    lost_for(cast.alice, fourth)
    deal(cast.root, stage_id=LOST, closed_on="2026-02-01", amount="1", owner_id=cast.alice.id)
    deal(cast.root, stage_id=LOST, opened_on="2026-01-01", closed_on="2026-02-01", amount="2", owner_id=cast.alice.id)
    deal(cast.root, stage_id=WON, closed_on="2026-02-01", amount="900", owner_id=cast.alice.id)
    deal(cast.alice, amount="800", competitors=["y"])


def test_by_reason(cast: Cast) -> None:
    story(cast)
    found = losses(cast.alice)
    assert rows(found) == [
        ("price", "Price", 3, "150.25", 0.5),
        ("timing", "Timing", 1, "7.00", 0.1667),
        (None, "None", 2, "3.00", 0.3333),
    ]
    assert without_filters(found["totals"]) == {"count": 6, "amount": "160.25", "share": 1.0, "other_amounts": []}
    assert [row[1] for row in rows(losses(cast.alice, "", "zh-CN"))] == ["价格太高", "时机不合适", "无"]
    assert rows(losses(cast.alice, "?from=2026-02-01&to=2026-02-28")) == [(None, "None", 2, "3.00", 1.0)]


def test_by_the_stage_it_was_lost_from(cast: Cast) -> None:
    story(cast)
    assert rows(losses(cast.alice, "?group_by=stage")) == [
        # One moved to lost from there, one by the dates that it was loaded with.
        (OPEN, "初步接触", 2, "102.00", 0.3333),
        (LATER, "需求确认", 2, "50.25", 0.3333),
        (3, "方案报价", 1, "7.00", 0.1667),
        (None, "None", 1, "1.00", 0.1667),
    ]


def test_by_competitor(cast: Cast) -> None:
    story(cast)
    found = losses(cast.alice, "?group_by=competitor")
    assert rows(found) == [
        ("x", "Rival x", 2, "150.25", 0.3333),
        ("y", "Rival y", 1, "100.00", 0.1667),
        (None, "None", 4, "10.00", 0.6667),
    ]
    assert (found["totals"]["count"], found["totals"]["amount"]) == (6, "160.25")
    assert rows(losses(cast.alice, "?group_by=competitor", "zh-CN"))[0][1] == "对手x"


def test_every_figure_opens_its_deals(cast: Cast) -> None:
    story(cast)
    usd = deal(cast.alice, amount="5", currency="USD", competitors=["y"])["id"]
    lost_for(cast.alice, usd)
    today = cast.alice.get(f"/deals/{usd}").get_json()["closed_on"]
    for query in ("", "&from=2026-02-01&to=2026-02-28", "&as_of=2026-02-02", f"&as_of={today}", "&currency=USD"):
        for group_by in ("reason", "stage", "competitor"):
            for row in losses(cast.alice, f"?group_by={group_by}{query}")["rows"]:
                answers = {
                    name: cast.alice.get(f"/deals?per_page=200&{kept}").get_json()["data"]
                    for name, kept in row["filters"].items()
                }
                assert len(answers["count"]) == row["count"], (query, group_by, row["label"])
                amount = sum(float(one["amount"] or 0) for one in answers["amount"])
                assert f"{amount:.2f}" == row["amount"], (query, group_by, row["label"])


def test_filters_of_the_list(cast: Cast) -> None:
    story(cast)

    def ids(query: str) -> list[int]:
        return [one["id"] for one in cast.alice.get(f"/deals?sort=id&{query}").get_json()["data"]]

    assert ids("competitor=y") == [1, 8]
    assert ids("competitor=x&competitor=y") == [1, 2, 8]
    assert ids("competitor=none&state=lost") == [3, 4, 5, 6]
    assert ids('where={"field":"competitor","op":"not_in","value":["x"]}&state=open') == [8]
    assert ids("lost_from_stage_id=2") == [2, 4]
    assert ids("lost_from_stage_id=none&state=lost") == [5]
    # Both are asked of both ends of a span too.
    assert ids("change=opened,2026-03-01,2200-01-01&competitor=y&top_team_id=1") == [1, 8]
    assert ids("change=opened,2026-03-01,2200-01-01&lost_from_stage_id=2&entered=1,,") == [2]
    assert ids("change=opened,2026-03-01,2200-01-01&entered=1,,&competitor=y") == [1, 8]


def test_currencies_are_never_added(cast: Cast) -> None:
    for currency in ("CNY", "USD"):
        lost_for(cast.alice, deal(cast.alice, amount="10", currency=currency)["id"])
    (row,) = losses(cast.alice)["rows"]
    assert (row["count"], row["amount"]) == (2, "10.00")
    assert row["other_amounts"] == [{"currency": "USD", "count": 1, "amount": "10.00"}]


def test_who_sees_what(cast: Cast) -> None:
    story(cast)
    counts = {who.name: losses(who, "?group_by=competitor")["totals"]["count"] for who in cast.everybody()}
    assert counts == {"alice": 6, "bob": 0, "carol": 6, "mallory": 0, "vera": 6, "root": 6}
    assert losses(cast.root, f"?owner_id={cast.bob.id}")["rows"] == []
    assert cast.alice.get("/reports/losses", headers={"Authorization": "Bearer x"}).status_code == 401


def test_what_is_refused(cast: Cast) -> None:
    assert issues(cast.alice.get("/reports/losses?group_by=month&to=x")) == {"group_by": "not_allowed", "to": "date"}


def test_files_say_what_the_share_is_of(cast: Cast) -> None:
    story(cast)
    lines = cast.alice.get("/reports/losses?format=csv").get_data(as_text=True).removeprefix("\ufeff").splitlines()
    assert lines[:2] == ["Group,Deals,Amount,Share of lost deals", "Price,3,150.25,0.5"]
    assert lines[-1] == "Total,6,160.25,1.0"


def test_one_statement(app: CRM, cast: Cast) -> None:
    story(cast)
    with counted(app) as counter:
        losses(cast.alice, "?group_by=stage")
    # The others ask whether who asks is still good, and whether the kept answer is.
    assert len(counter.statements) <= 3

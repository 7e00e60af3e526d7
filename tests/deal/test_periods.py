"""Periods of deals: any moment of the past reads as it was, by the same words as the present."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.database import db
from app.deal.models import DealPeriod
from app.deal.periods import Period, all_deals, rebuild, replay
from app.journal import JournalEntry, JournalValue
from app.routing import CRM

from ..cast import Cast, Member
from ..faults import issues
from .selling import LATER, LOST, OPEN, WON, customer, deal, lost_for

BEGINNING = datetime(2026, 3, 1, 9, tzinfo=UTC)


def hour(number: int) -> datetime:
    return BEGINNING + timedelta(hours=number)


def spans(periods: list[Period]) -> list[tuple[Any, ...]]:
    return [(one.start, one.from_on, one.end, one.to_on, one.values["state"]) for one in periods]


def test_a_change_ends_one_period_and_begins_the_next() -> None:
    entries: list[tuple[datetime, dict[str, Any]]] = [
        (hour(0), {"state": "open"}),
        (hour(2), {"amount": 5}),
        (hour(1), {"state": "won"}),
    ]
    # The third was begun before the second and waited for its lock: it counts from when the row was its own.
    assert spans(replay(entries, None)) == [
        (hour(0), None, hour(2), None, "open"),
        (hour(2), None, None, None, "won"),
    ]


def test_history_counts_from_the_dates_that_it_carries() -> None:
    opened, closed = date(2025, 1, 5), date(2025, 3, 1)
    loaded = {"state": "won", "opened_on": opened, "closed_on": closed, "stage_id": 5, "win_probability": 1.0}
    before, after = replay([(hour(0), loaded)], {"stage_id": 1, "win_probability": 0.1})
    assert (before.from_on, before.to_on, before.values["state"], before.values["stage_id"]) == (
        opened,
        closed,
        "open",
        1,
    )
    assert (before.values["closed_on"], before.values["win_probability"]) == (None, 0.1)
    assert (after.from_on, after.to_on, after.values["state"], after.values["win_probability"]) == (
        closed,
        None,
        "won",
        1.0,
    )


def test_history_that_is_still_open_and_closed_later_counts_from_its_end_too() -> None:
    opened, closed = date(2025, 1, 5), date(2025, 3, 1)
    entries: list[tuple[datetime, dict[str, Any]]] = [
        (hour(0), {"state": "open", "opened_on": opened}),
        (hour(1), {"amount": 7}),
        (hour(2), {"state": "won", "closed_on": closed}),
    ]
    assert [(one.from_on, one.to_on, one.values["state"]) for one in replay(entries, {})] == [
        (opened, closed, "open"),
        (closed, None, "won"),
    ]


def standing(who: Member, moment: str) -> list[tuple[int, str]]:
    """Ids and states of the deals as of a moment."""
    listed = who.get(f"/deals?as_of={moment}&per_page=200&sort=id").get_json()["data"]
    return [(one["id"], one["state"]) for one in listed]


def moment() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def test_the_list_reads_as_it_was(cast: Cast) -> None:
    buyer = customer(cast.alice)
    start = moment()
    first = deal(cast.alice, customer_id=buyer, amount="10")["id"]
    made = moment()
    cast.alice.post(f"/deals/{first}/move", {"stage_id": LATER})
    cast.alice.patch(f"/deals/{first}", {"amount": "20"})
    moved = moment()
    lost_for(cast.alice, first)
    lost = moment()
    cast.alice.delete(f"/deals/{first}")

    def found(query: str) -> list[int]:
        return [one["id"] for one in cast.alice.get(f"/deals?{query}").get_json()["data"]]

    assert found(f"as_of={start}") == []
    assert found(f"as_of={made}&state=open&stage_id={OPEN}&amount_max=10") == [first]
    assert found(f"as_of={made}&stage_id={LATER}") == []
    assert found(f"as_of={moved}&stage_id={LATER}&amount_min=20&customer_id={buyer}") == [first]
    assert found(f"as_of={moved}&state=lost") == []
    assert found(f"as_of={lost}&lost_reason=price") == [first]
    assert found(f"as_of={moment()}") == []
    where = '{"or":[{"field":"state","op":"eq","value":"won"},{"field":"stage_id","op":"eq","value":1}]}'
    assert found(f"as_of={made}&where={where}") == [first]
    assert found(f"as_of={moved}&where={where}") == []


def test_what_is_no_moment_is_refused(cast: Cast) -> None:
    for wrong in ("yesterday", "2026-02-30", "none", ""):
        assert issues(cast.alice.get(f"/deals?as_of={wrong}")) == {"as_of": "instant"}
        assert "as_of" in issues(cast.alice.get(f"/reports/summary?as_of={wrong or 'x'}"))
    assert issues(cast.alice.get("/deals?as_of=2026-01-01&as_of=2026-01-02")) == {"as_of": "repeated"}


def test_nobody_sees_more_of_the_past_than_of_the_present(cast: Cast) -> None:
    deal(cast.alice, amount="1")
    deal(cast.mallory, amount="2")
    for who, seen in ((cast.alice, [1]), (cast.carol, [1]), (cast.mallory, [2]), (cast.vera, [1, 2])):
        assert [one for one, _ in standing(who, moment())] == seen


@pytest.mark.parametrize("seed", range(3))
def test_any_moment_is_a_replay_of_the_journal(app: CRM, cast: Cast, seed: int) -> None:
    """Creates, moves, amounts, owners, ends, deletions: 100 moments, each as the journal alone tells it."""
    chance = random.Random(seed)
    marks = [moment()]
    ids: list[int] = []
    for _ in range(40):
        who = chance.choice((cast.root, cast.carol))
        if len(ids) < 3 or chance.random() < 0.2:
            body: dict[str, Any] = {"amount": str(chance.randrange(1000)), "owner_id": cast.alice.id}
            if chance.random() < 0.3:
                body |= {"opened_on": "2025-02-01"}
                if chance.random() < 0.5:
                    body |= {"stage_id": WON, "closed_on": f"2025-0{chance.randrange(3, 9)}-10"}
            ids.append(deal(cast.root, **body)["id"])
        else:
            one = chance.choice(ids)
            act = chance.randrange(7)
            if act == 0:
                who.post(f"/deals/{one}/move", {"stage_id": chance.choice((OPEN, LATER, 3, 4))})
            elif act == 1:
                who.patch(f"/deals/{one}", {"amount": str(chance.randrange(1000))})
            elif act == 2:
                who.patch(f"/deals/{one}", {"owner_id": chance.choice((cast.alice.id, cast.bob.id))})
            elif act == 3:
                who.post(f"/deals/{one}/win", {})
            elif act == 4:
                who.post(f"/deals/{one}/lose", {"reason": "price"})
            elif act == 5:
                cast.root.delete(f"/deals/{one}")
            else:
                cast.root.post(f"/deals/{one}/restore", {})
        marks.append(moment())
    told = _told(app)
    days = [f"2025-{month:02d}-{day:02d}" for month in range(1, 11) for day in (1, 9, 10, 28)]
    for mark in [*chance.choices(marks, k=60), *days]:
        summary = cast.root.get(f"/reports/summary?as_of={mark}").get_json()
        then = [values for values in _as_of(told, mark) if values["is_active"]]
        is_open = [values for values in then if values["state"] == "open"]
        assert summary["open_count"] == len(is_open), mark
        assert float(summary["open_amount"]) == sum(float(values["amount"] or 0) for values in is_open), mark
        assert summary["won_count"] == sum(values["state"] == "won" for values in then), mark
        mine = cast.root.get(f"/reports/summary?as_of={mark}&owner_id={cast.bob.id}").get_json()
        assert mine["open_count"] == sum(values["owner_id"] == cast.bob.id for values in is_open), mark
        listed = cast.root.get(f"/deals?{summary['filters']['open_count']}").get_json()["meta"]["total"]
        assert listed == len(is_open), mark
    live, now = (cast.root.get(f"/reports/summary{query}").get_json() for query in ("", f"?as_of={moment()}"))
    for name in ("open_count", "open_amount", "weighted_amount", "won_count", "won_amount", "lost_count"):
        assert live[name] == now[name]


def _told(app: CRM) -> dict[int, list[tuple[datetime, dict[str, Any]]]]:
    """The journal of each deal: moments and all values from then on."""
    told: dict[int, list[tuple[datetime, dict[str, Any]]]] = {}
    with app.app_context(), db.engines["read"].connect() as connection:
        rows = connection.execute(
            select(JournalEntry.resource_id, JournalEntry.recorded_at, JournalValue.after)
            .join(JournalValue, JournalValue.journal_id == JournalEntry.id)
            .where(JournalEntry.resource == "deal")
            .order_by(JournalEntry.id)
        ).all()
    for deal_id, at, after in rows:
        entries = told.setdefault(deal_id, [])
        entries.append((at, {**(entries[-1][1] if entries else {"amount": None, "closed_on": None}), **after}))
    return told


def _as_of(told: dict[int, list[tuple[datetime, dict[str, Any]]]], mark: str) -> list[dict[str, Any]]:
    """The values of every deal at a moment by the rule of `reports.md`: history by its dates, all else as recorded."""
    is_day = len(mark) == 10
    found = []
    for entries in told.values():
        last = entries[-1][1]
        if is_day:
            # All days asked for lie before anything was recorded: only loaded dates speak.
            if not last.get("is_backfill") or last["opened_on"] > mark:
                continue
            first = entries[0][1]
            # The last end that was recorded stands for the time from its date on.
            ended = [values for _, values in entries if values["closed_on"] and values["closed_on"] <= mark]
            if first["closed_on"] and first["closed_on"] <= mark:
                found.append(first)
            elif not ended:
                found.append({**first, "state": "open"})
            continue
        at = datetime.fromisoformat(mark)
        then = [values for recorded, values in entries if recorded <= at]
        if then:
            found.append(then[-1])
        elif last.get("is_backfill"):
            found.append(entries[0][1])
    return found


def test_periods_can_be_made_anew_from_the_journal(app: CRM, cast: Cast) -> None:
    deal(cast.root, opened_on="2025-01-01", stage_id=WON, closed_on="2025-02-01", amount="3")
    deal(cast.root, opened_on="2025-01-01", stage_id=LOST, closed_on="2025-01-01")
    one = deal(cast.alice, amount="1")["id"]
    cast.alice.post(f"/deals/{one}/win", {})
    cast.alice.post(f"/deals/{one}/reopen", {})
    with app.app_context(), db.engines[None].begin() as connection:
        columns = [column for column in DealPeriod.__table__.columns if column.name != "id"]
        query = select(*columns).order_by(DealPeriod.deal_id, DealPeriod.valid_from, DealPeriod.id)
        kept = connection.execute(query).all()
        connection.execute(text("DELETE FROM deal_period"))
        assert rebuild(connection, all_deals(connection)) == 3
        assert connection.execute(query).all() == kept
    assert len(kept) == 2 + 1 + 3

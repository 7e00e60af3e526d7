"""A random history of deals, spread over many days: what the reports of changes and stages are held against."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select, update

from app.database import db
from app.deal.models import Deal, DealPeriod, DealStageEntry
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..deal.selling import LATER, LOST, OPEN, WON, deal

BEGINNING = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAYS = 40


def random_history(cast: Cast, chance: random.Random, steps: int) -> list[int]:
    """Creates, moves, amounts, currencies, owners, dates, ends, deletions; the ids of the deals."""
    ids: list[int] = []
    for _ in range(steps):
        if len(ids) < 4 or chance.random() < 0.25:
            ids.append(deal(cast.root, **_new(cast, chance))["id"])
        else:
            _change(cast, chance, chance.choice(ids))
    spread(DAYS)
    return ids


def _new(cast: Cast, chance: random.Random) -> dict[str, Any]:
    body: dict[str, Any] = {
        "amount": chance.choice((None, str(chance.randrange(1_000)), f"{chance.randrange(100)}.05")),
        "owner_id": chance.choice((cast.alice.id, cast.bob.id, cast.mallory.id)),
        "currency": chance.choice(("CNY", "CNY", "USD", "EUR")),
        "expected_close_on": _day(chance),
        "stage_id": chance.choice((OPEN, LATER, 3, 4)),
    }
    if chance.random() < 0.3:
        body |= {"opened_on": f"2025-11-{chance.randrange(1, 29):02d}"}
        if chance.random() < 0.5:
            body |= {"stage_id": chance.choice((WON, LOST)), "closed_on": f"2025-12-{chance.randrange(1, 29):02d}"}
    return body


def _day(chance: random.Random) -> str:
    return (BEGINNING + timedelta(days=chance.randrange(DAYS * 2))).date().isoformat()


def _change(cast: Cast, chance: random.Random, one: int) -> None:
    who: Member = cast.root
    act = chance.randrange(10)
    if act < 3:
        who.post(f"/deals/{one}/move", {"stage_id": chance.choice((OPEN, LATER, 3, 4, WON))})
    elif act == 3:
        who.patch(f"/deals/{one}", {"amount": str(chance.randrange(1_000))})
    elif act == 4:
        who.patch(f"/deals/{one}", {"currency": chance.choice(("CNY", "USD", "EUR"))})
    elif act == 5:
        who.patch(f"/deals/{one}", {"owner_id": chance.choice((cast.alice.id, cast.bob.id))})
    elif act == 6:
        who.patch(f"/deals/{one}", {"expected_close_on": _day(chance)})
    elif act == 7:
        who.post(f"/deals/{one}/lose", {"reason": chance.choice(("price", "timing"))})
    elif act == 8:
        who.post(f"/deals/{one}/reopen", {})
    else:
        who.post(f"/deals/{one}/restore", {}) if chance.random() < 0.6 else who.delete(f"/deals/{one}")


MOMENTS: tuple[tuple[Any, tuple[Any, ...]], ...] = (
    (DealPeriod, (DealPeriod.valid_from, DealPeriod.valid_to)),
    (DealStageEntry, (DealStageEntry.entered_at, DealStageEntry.left_at)),
    (Deal, (Deal.stage_entered_at,)),
)


def spread(days: int) -> None:
    """Let what was just recorded have happened in the same order over many days."""
    today = datetime.now(UTC) - timedelta(days=1)
    with unit_of_work():
        moments = sorted({one for one in _recorded() if one > today})
        at = {one: BEGINNING + timedelta(days=days) * number / len(moments) for number, one in enumerate(moments)}
        for model, columns in MOMENTS:
            for row in db.session.execute(select(model.id, *columns)).all():
                values = {column.key: at[one] for column, one in zip(columns, row[1:], strict=True) if one in at}
                if values:
                    db.session.execute(update(model).where(model.id == row.id).values(**values))
        for stay in db.session.execute(select(DealStageEntry).where(DealStageEntry.left_at.is_not(None))).scalars():
            assert stay.left_at is not None
            stay.duration_seconds = int((stay.left_at - stay.entered_at).total_seconds())


def _recorded() -> Iterator[datetime]:
    for _, columns in MOMENTS:
        for column in columns:
            yield from db.session.execute(select(column).where(column.is_not(None))).scalars()


def some_day(chance: random.Random, *, first: int = -60, last: int = DAYS + 5) -> str:
    """A day before, within or after the history."""
    return (BEGINNING + timedelta(days=chance.randrange(first, last))).date().isoformat()


def at(deal_id: int, *moments: str) -> None:
    """Let the periods of a deal have begun on these days, at noon in the cast's zone."""
    with unit_of_work():
        rows = db.session.execute(
            select(DealPeriod).where(DealPeriod.deal_id == deal_id).order_by(DealPeriod.valid_from)
        ).scalars()
        noon = [datetime.combine(date.fromisoformat(one), time(4), UTC) for one in moments]
        for number, row in enumerate(rows):
            row.valid_from = noon[number]
            row.valid_to = noon[number + 1] if number + 1 < len(noon) else None

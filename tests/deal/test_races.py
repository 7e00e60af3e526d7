"""Many hands on one board: every order that ends is one order, and no deal is lost."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.database import read_engine
from app.deal.models import Deal, DealStageEntry

from ..cast import Cast, Member
from ..faults import issues
from ..racing import at_once
from .selling import LATER, OPEN, deal, order


def ranks(stage_id: int) -> list[str]:
    """The ranks of a stage as they are stored."""
    with read_engine().connect() as connection:
        return list(connection.execute(select(Deal.rank).where(Deal.stage_id == stage_id)).scalars())


def test_two_move_into_the_same_gap(cast: Cast) -> None:
    for _ in range(6):
        deal(cast.alice)
    for turn in range(8):
        first, *_, one, other = order(cast.root, OPEN)
        answers = at_once(
            partial(cast.alice.post, f"/deals/{one}/move", {"stage_id": OPEN, "after_id": first}),
            partial(cast.carol.post, f"/deals/{other}/move", {"stage_id": OPEN, "after_id": first}),
        )
        assert [answer.status_code for answer in answers] == [200, 200], turn
        found = order(cast.root, OPEN)
        assert sorted(found) == [1, 2, 3, 4, 5, 6]
        assert found[0] == first
        assert set(found[1:3]) == {one, other}
        assert len(set(ranks(OPEN))) == 6


def test_many_move_the_same_deals(cast: Cast) -> None:
    for _ in range(4):
        deal(cast.alice)
    bodies = [
        {"stage_id": OPEN},
        {"stage_id": LATER, "after_id": None},
        {"stage_id": OPEN, "after_id": None},
        {"stage_id": LATER},
    ]
    calls = [
        partial(who.post, f"/deals/{number}/move", body)
        for number in (1, 2)
        for who, body in zip((cast.alice, cast.carol, cast.root, cast.alice), bodies, strict=True)
    ]
    assert {answer.status_code for answer in at_once(*calls)} == {200}
    there = order(cast.root, OPEN) + order(cast.root, LATER)
    assert sorted(there) == [1, 2, 3, 4]
    for stage in (OPEN, LATER):
        assert len(set(ranks(stage))) == len(ranks(stage))
    with read_engine().connect() as connection:
        running = connection.execute(
            select(DealStageEntry.deal_id, func.count())
            .where(DealStageEntry.left_at.is_(None))
            .group_by(DealStageEntry.deal_id)
        ).all()
    assert sorted(tuple(row) for row in running) == [(1, 1), (2, 1), (3, 1), (4, 1)]


def test_new_deals_come_one_after_another(cast: Cast) -> None:
    answers = at_once(*[lambda: cast.alice.post("/deals", {"name": "x"})] * 8)
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len(set(ranks(OPEN))) == 8
    assert sorted(order(cast.root, OPEN)) == list(range(1, 9))


def test_of_two_closes_with_the_same_version_one_is_told(cast: Cast) -> None:
    for number in range(1, 5):
        etag = {"If-Match": cast.alice.post("/deals", {"name": "x"}).headers["ETag"]}
        answers = at_once(
            partial(cast.alice.post, f"/deals/{number}/win", headers=etag),
            partial(cast.carol.post, f"/deals/{number}/lose", {"reason": "price"}, headers=etag),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        (done,) = [answer.get_json() for answer in answers if answer.status_code == 200]
        (late,) = [answer.get_json() for answer in answers if answer.status_code == 412]
        final = cast.alice.get(f"/deals/{number}").get_json()
        assert (final["state"], final["lost_reason"]) == (done["state"], done["lost_reason"])
        assert (final["version"], late["current"]["state"]) == (2, final["state"])
        stays = cast.alice.get(f"/deals/{number}/stages").get_json()["data"]
        assert [stay["stage"]["kind"] for stay in stays] == ["open", final["state"]]


def test_won_and_lost_at_once_ends_in_one(cast: Cast) -> None:
    for number in range(1, 5):
        deal(cast.alice)
        answers = at_once(
            partial(cast.alice.post, f"/deals/{number}/win"),
            partial(cast.carol.post, f"/deals/{number}/lose", {"reason": "price"}),
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        final = cast.root.get(f"/deals/{number}").get_json()
        assert (final["state"], final["lost_reason"]) in (("won", None), ("lost", "price"))
        assert final["version"] == 3


def test_of_two_with_the_same_version_one_is_late(cast: Cast) -> None:
    etag = {"If-Match": cast.alice.post("/deals", {"name": "x"}).headers["ETag"]}
    answers = at_once(
        *[partial(who.post, "/deals/1/move", {"stage_id": LATER}, headers=etag) for who in (cast.alice, cast.carol)]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]


def test_a_stage_goes_while_deals_come(cast: Cast) -> None:
    """The admin removes a stage while others create, move and win: nobody ends at a stage that is gone."""
    for _ in range(4):
        deal(cast.alice)
    rest = [one for one in cast.root.get("/pipelines/1").get_json()["stages"] if one["id"] != OPEN]
    change = {"stages": rest, "move_deals": [{"from_stage_id": OPEN, "to_stage_id": LATER}]}
    answers = at_once(
        lambda: cast.root.patch("/pipelines/1", change),
        lambda: cast.alice.post("/deals/1/move", {"stage_id": OPEN, "after_id": 2}),
        lambda: cast.alice.post("/deals/3/win"),
        lambda: cast.carol.post("/deals", {"name": "new"}),
        lambda: cast.carol.post("/deals", {"name": "new", "stage_id": OPEN}),
    )
    statuses = [answer.status_code for answer in answers]
    # Only who names the stage that has just gone is refused.
    assert statuses[:4] == [200, statuses[1], 200, 201]
    assert statuses[1] in (200, 422)
    assert statuses[4] in (201, 422)
    assert order(cast.root, OPEN) == []
    with read_engine().connect() as connection:
        assert connection.execute(select(func.count()).where(Deal.stage_id == OPEN)).scalar() == 0
    assert len(set(ranks(LATER))) == len(ranks(LATER))


STAGES = (1, 2, 3)


class Hand:
    """One of several people who move cards at random, as a browser does: a neighbour that left means the top."""

    def __init__(self, who: Member, seed: int, deals: int, barrier: Barrier) -> None:
        self.who, self.chance, self.deals, self.barrier = who, random.Random(seed), deals, barrier

    def work(self, moves: int) -> list[int]:
        """Move, and tell the statuses of all answers."""
        self.barrier.wait()
        return [self.move() for _ in range(moves)]

    def move(self) -> int:
        """One move: mostly of one card, now and then of several."""
        ids = self.chance.sample(range(1, self.deals + 1), self.chance.choice((1, 1, 1, 2, 3)))
        body: dict[str, Any] = {"stage_id": self.chance.choice(STAGES)}
        kind = self.chance.random()
        if kind < 0.2:
            body["after_id"] = None
        elif kind < 0.8:
            body["after_id"] = self.chance.choice([one for one in range(1, self.deals + 1) if one not in ids])
        answer = self.send(ids, body)
        if answer.status_code == 422 and issues(answer) == {"#/after_id": "unknown_record"}:
            answer = self.send(ids, body | {"after_id": None})
        return answer.status_code

    def send(self, ids: list[int], body: dict[str, Any]) -> TestResponse:
        """The request."""
        if len(ids) == 1:
            return self.who.post(f"/deals/{ids[0]}/move", body)
        return self.who.post("/deals/move", {"ids": ids, **body})


def replayed(who: Member, board: dict[int, dict[str, Any]], after: str) -> dict[int, list[int]]:
    """The columns of somebody who loaded the deals once and has only heard events since."""
    while True:
        page = who.get(f"/events?after={after}&limit=500").get_json()
        for event in page["data"]:
            if event["resource"] == "deal" and event["version"] > board[event["id"]]["version"]:
                board[event["id"]] = event["record"]
        after = page["meta"]["watermark"]
        if not page["meta"]["has_more"]:
            break
    return columns_of(board.values())


def columns_of(deals: Any) -> dict[int, list[int]]:
    """Ids by stage in the order of their ranks."""
    placed = sorted(deals, key=lambda one: (one["stage_id"], one["rank"]))
    return {stage: [one["id"] for one in placed if one["stage_id"] == stage] for stage in STAGES}


def test_five_hundred_moves_by_four_end_in_one_order(cast: Cast) -> None:
    count = 14
    for number in range(count):
        deal(cast.alice, stage_id=STAGES[number % 3], collaborators=[{"user_id": cast.bob.id, "access": "write"}])
    hands = (cast.alice, cast.bob, cast.carol, cast.root)
    loaded = {who.name: {one["id"]: one for one in who.get("/deals?per_page=200").get_json()["data"]} for who in hands}
    after = {who.name: who.get("/events").get_json()["meta"]["watermark"] for who in hands}
    barrier = Barrier(4)
    workers = [Hand(who, seed, count, barrier) for seed, who in enumerate(hands)]
    with ThreadPoolExecutor(4) as pool:
        statuses = [one for found in pool.map(lambda hand: hand.work(125), workers) for one in found]
    assert (len(statuses), set(statuses)) == (500, {200})
    truth = {stage: order(cast.root, stage) for stage in STAGES}
    assert sorted(one for column in truth.values() for one in column) == list(range(1, count + 1))
    for who in hands:
        board = who.get("/deals/board?per_page=200").get_json()
        on_board = {one["stage_id"]: [card["id"] for card in one["cards"]] for one in board["columns"]}
        assert {stage: on_board[stage] for stage in STAGES} == truth
        assert replayed(who, loaded[who.name], after[who.name]) == truth, who.name
    for stage in STAGES:
        assert len(set(ranks(stage))) == len(ranks(stage))
    with read_engine().connect() as connection:
        running = connection.execute(select(func.count()).where(DealStageEntry.left_at.is_(None))).scalar()
    assert running == count

"""Numbers of quotes: by the pattern, counted for each month, never twice, however many write at once."""

from __future__ import annotations

from datetime import date
from functools import partial

from app.database import db
from app.quote.numbering import next_number
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast
from ..deal.selling import deal
from ..racing import at_once
from .offering import company, offered, quote, sent

WRITERS = 8


def test_each_month_counts_by_itself(app: CRM) -> None:
    pattern = "QT-{YYYY}{MM}-{seq}"
    november, december = date(2026, 11, 30), date(2026, 12, 1)
    with unit_of_work():
        given = [next_number(pattern, day) for day in (november, november, december, november)]
    assert given == ["QT-202611-0001", "QT-202611-0002", "QT-202612-0001", "QT-202611-0003"]


def test_what_was_rolled_back_is_given_out_again(app: CRM) -> None:
    pattern = "{seq}"
    with unit_of_work():
        assert next_number(pattern, date(2026, 1, 1)) == "0001"
        db.session.rollback()
    with unit_of_work():
        assert next_number(pattern, date(2026, 1, 1)) == "0001"


def test_another_pattern_steps_over_what_is_taken(cast: Cast) -> None:
    of = deal(cast.alice)["id"]
    for pattern, numbers in (("A{seq}", ["A0001", "A0002"]), ("{seq}", ["0001"]), ("A{seq}", ["A0003"])):
        assert cast.root.patch("/settings/company", {"number_pattern": pattern}).status_code == 200
        assert [quote(cast.alice, of)["number"] for _ in numbers] == numbers
    cast.root.patch("/settings/company", {"number_pattern": "a{seq}"})
    assert quote(cast.alice, of)["number"] == "a0004"


def test_writers_at_once_get_numbers_of_their_own(cast: Cast) -> None:
    of = [deal(cast.alice)["id"] for _ in range(WRITERS)]
    for _ in range(3):
        answers = at_once(*(partial(cast.alice.post, "/quotes", {"deal_id": one}) for one in of))
        assert {answer.status_code for answer in answers} == {201}
    numbers = [one["number"] for one in cast.alice.get("/quotes?per_page=200&sort=number").get_json()["data"]]
    assert [int(number[-4:]) for number in numbers] == list(range(1, 3 * WRITERS + 1))


def test_of_two_who_revise_one_makes_the_revision(cast: Cast) -> None:
    company(cast)
    of = offered(cast)
    for turn in range(4):
        made = sent(cast.alice, quote(cast.alice, of["id"])["id"])
        path = f"/quotes/{made['id']}/revise"
        answers = at_once(partial(cast.alice.post, path), partial(cast.carol.post, path))
        assert sorted(answer.status_code for answer in answers) == [201, 409], turn

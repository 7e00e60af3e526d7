"""The board: columns with all their money, some of their cards, and the rest by cursor."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.routing import CRM

from ..cast import Cast
from ..conftest import counted
from ..faults import issues
from .selling import LATER, LOST, OPEN, WON, customer, deal, product


def columns(answer: Any) -> dict[int, dict[str, Any]]:
    """The columns by stage."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {column["stage_id"]: column for column in answer.get_json()["columns"]}


def test_columns_with_counts_money_and_cards(cast: Cast) -> None:
    first = deal(cast.alice, amount="100.10")
    second = deal(cast.alice, amount="50.05")
    deal(cast.alice, stage_id=LATER)
    cast.alice.post("/deals/2/move", {"stage_id": OPEN, "after_id": None})
    board = cast.alice.get("/deals/board?pipeline_id=1").get_json()
    assert (board["pipeline_id"], board["currency"]) == (1, "CNY")
    assert [(one["stage_id"], one["name"], one["kind"], one["count"]) for one in board["columns"]] == [
        (1, "初步接触", "open", 2),
        (2, "需求确认", "open", 1),
        (3, "方案报价", "open", 0),
        (4, "商务谈判", "open", 0),
        (5, "赢单", "won", 0),
        (6, "输单", "lost", 0),
    ]
    found = board["columns"][0]
    assert [card["id"] for card in found["cards"]] == [second["id"], first["id"]]
    assert found["cards"][1] == first
    assert (found["amount"], found["weighted_amount"]) == ("150.15", "15.02")
    assert (found["other_amounts"], found["next_cursor"]) == ([], None)
    empty: dict[str, Any] = {"amount": "0.00", "weighted_amount": "0.00", "cards": [], "next_cursor": None}
    assert {name: board["columns"][2][name] for name in empty} == empty


def test_the_board_is_the_teams_unless_said(cast: Cast) -> None:
    stages = [{"name": "A", "kind": "open", "win_probability": 0.5}]
    cast.root.made("/pipelines", {"name": "South's", "team_id": cast.south, "stages": stages})
    assert cast.alice.get("/deals/board").get_json()["pipeline_id"] == 1
    assert cast.mallory.get("/deals/board").get_json()["pipeline_id"] == 2
    assert cast.mallory.get("/deals/board?pipeline_id=1").get_json()["pipeline_id"] == 1


def test_everybody_sees_the_own_part(cast: Cast) -> None:
    for who, amount in ((cast.alice, "1"), (cast.bob, "10"), (cast.mallory, "100")):
        deal(who, amount=amount)
    found = {
        who.name: (column["count"], column["amount"], len(column["cards"]), column["cards"][0]["can_write"])
        for who in cast.everybody()
        for column in [columns(who.get("/deals/board"))[OPEN]]
    }
    assert found == {
        "alice": (1, "1.00", 1, True),
        "bob": (1, "10.00", 1, True),
        "carol": (2, "11.00", 2, True),
        "mallory": (1, "100.00", 1, True),
        "vera": (3, "111.00", 3, False),
        "root": (3, "111.00", 3, True),
    }


def test_what_has_no_rate_is_listed_apart_and_never_added(cast: Cast) -> None:
    deal(cast.alice, amount="10")
    deal(cast.alice, amount="20", currency="USD")
    deal(cast.alice, amount="30", currency="JPY")
    deal(cast.alice, amount="5", currency="USD")
    board = cast.alice.get("/deals/board")
    column = columns(board)[OPEN]
    assert (column["count"], column["amount"], column["weighted_amount"]) == (4, "10.00", "1.00")
    assert column["other_amounts"] == [
        {"currency": "JPY", "count": 1, "amount": "30.00", "weighted_amount": "3.00"},
        {"currency": "USD", "count": 2, "amount": "25.00", "weighted_amount": "2.50"},
    ]
    assert board.get_json()["currencies"] == [
        {"code": "CNY", "decimal_places": 2, "rates": []},
        {"code": "JPY", "decimal_places": 0, "rates": []},
        {"code": "USD", "decimal_places": 2, "rates": []},
    ]
    asked = cast.alice.get("/deals/board?currency=USD")
    assert asked.get_json()["currency"] == "USD"
    assert (columns(asked)[OPEN]["count"], columns(asked)[OPEN]["amount"]) == (2, "25.00")


def test_a_currency_that_there_is_not_finds_nothing(cast: Cast) -> None:
    deal(cast.alice, amount="10")
    for wanted in ("XYZ", "usd", "%5C"):
        answer = cast.alice.get(f"/deals/board?currency={wanted}")
        assert answer.status_code == 200, wanted
        board = answer.get_json()
        assert (board["currency"], sum(one["count"] for one in board["columns"])) == (board["base_currency"], 0)


def test_totals_are_in_the_base_currency_at_the_rate_of_the_day(cast: Cast) -> None:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    days = [today - timedelta(days=ago) for ago in (200, 100, 20, 0)]
    for day, value in zip(days, ("6.5", "7.1", "7.3333", "7.25"), strict=True):
        rate(cast, "USD", day, value)
    deal(cast.alice, amount="100")
    deal(cast.alice, amount="20.01", currency="USD")
    deal(cast.alice, amount="3", currency="EUR")
    for ago in (25, 2):
        deal(cast.root, amount="10.01", currency="USD", stage_id=WON, closed_on=str(today - timedelta(days=ago)))
    board = cast.root.get("/deals/board").get_json()
    assert (board["currency"], board["base_currency"], board["rates_on"]) == ("CNY", "CNY", str(today))
    found = {column["stage_id"]: column for column in board["columns"]}
    # 100 + 20.01 x 7.25, and a tenth of that by the chance of winning: the sums are exact, the total is rounded once.
    assert (found[OPEN]["amount"], found[OPEN]["weighted_amount"]) == ("245.07", "24.51")
    assert found[OPEN]["other_amounts"] == [
        {"currency": "EUR", "count": 1, "amount": "3.00", "weighted_amount": "0.30"}
    ]
    assert found[OPEN]["sums"] == [
        {"currency": "CNY", "rate": None, "count": 1, "amount": "100.00", "weighted_amount": "10.00"},
        {"currency": "EUR", "rate": None, "count": 1, "amount": "3.00", "weighted_amount": "0.30"},
        {"currency": "USD", "rate": "7.25", "count": 1, "amount": "20.01", "weighted_amount": "2.001"},
    ]
    # 10.01 x 7.1 + 10.01 x 7.3333: what is won is worth what it was on the day of its closing.
    assert (found[WON]["count"], found[WON]["amount"], found[WON]["other_amounts"]) == (2, "144.48", [])
    assert [(one["rate"], one["count"]) for one in found[WON]["sums"]] == [("7.1", 1), ("7.3333", 1)]
    # Of every day that a card may be of, and no older ones.
    dollars = {one["code"]: one["rates"] for one in board["currencies"]}["USD"]
    assert [one["valid_on"] for one in dollars] == [str(day) for day in days[1:]]
    report = cast.root.get("/reports/pipeline?pipeline_id=1").get_json()
    for row in report["rows"]:
        assert {name: found[row["key"]][name] for name in TOTALS} == {name: row[name] for name in TOTALS}
    for group_by, key in (("owner", str(cast.alice.id)), ("month", "none")):
        column = by_key(cast.root.get(f"/deals/board?group_by={group_by}"))[key]
        assert {name: column[name] for name in TOTALS} == {name: found[OPEN][name] for name in TOTALS}


TOTALS = ("count", "amount", "weighted_amount", "other_amounts")


def rate(cast: Cast, currency: str, day: date, value: str) -> None:
    """A rate from a day on."""
    cast.root.made("/exchange-rates", {"currency": currency, "valid_on": str(day), "rate": value})


def test_before_its_first_rate_a_currency_is_worth_what_that_says(cast: Cast) -> None:
    tomorrow = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)
    rate(cast, "EUR", tomorrow, "8")
    deal(cast.alice, amount="3", currency="EUR")
    board = cast.alice.get("/deals/board")
    assert (board.get_json()["currency"], columns(board)[OPEN]["amount"]) == ("CNY", "24.00")
    assert board.get_json()["currencies"][1]["rates"] == [{"valid_on": str(tomorrow), "rate": "8"}]


def test_where_nothing_can_be_converted_the_commonest_currency_speaks(cast: Cast) -> None:
    for currency, amount in (("EUR", "3"), ("USD", "4"), ("USD", "5")):
        deal(cast.alice, amount=amount, currency=currency)
    board = cast.alice.get("/deals/board")
    assert (board.get_json()["currency"], columns(board)[OPEN]["amount"]) == ("USD", "9.00")
    assert [one["currency"] for one in columns(board)[OPEN]["other_amounts"]] == ["EUR"]


def test_the_largest_sums_stay_exact(cast: Cast) -> None:
    rate(cast, "USD", date(2020, 1, 1), "123456789.0123456789")
    for _ in range(3):
        deal(cast.alice, amount="99999999999999.99", currency="USD", win_probability=0.3333)
    found = columns(cast.alice.get("/deals/board"))[OPEN]
    assert found["sums"][0]["weighted_amount"] == "99989999999999.990001"
    exact = 3 * 9999999999999999 * 1234567890123456789
    assert found["amount"] == f"{(exact + 5 * 10**9) // 10**10 // 100}.{(exact + 5 * 10**9) // 10**10 % 100:02d}"
    weighted = exact * 3333
    cents = (weighted + 5 * 10**13) // 10**14
    assert found["weighted_amount"] == f"{cents // 100}.{cents % 100:02d}"


def test_moves_of_mixed_currencies(cast: Cast) -> None:
    """The server's part of the scenario that the pages replay too: both must come to the same totals."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    scenario = json.loads((Path(__file__).parent / "board_moves.json").read_text())
    for one in scenario["rates"]:
        rate(cast, one["currency"], today - timedelta(days=one["days_ago"]), one["rate"])
    for one in scenario["deals"]:
        deal(cast.root, **one)

    def told() -> list[Any]:
        board = cast.root.get("/deals/board?per_page=1").get_json()
        return [[column[name] for name in TOTALS] for column in board["columns"]]

    for step in scenario["steps"]:
        if "move" in step:
            answer = cast.root.post(f"/deals/{step['move']}/move", {"stage_id": step["stage_id"], "after_id": None})
        elif "win" in step:
            day = str(today - timedelta(days=step["days_ago"]))
            answer = cast.root.post(f"/deals/{step['win']}/win", {"closed_on": day})
        else:
            answer = cast.root.patch(f"/deals/{step['edit']}", step["values"])
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert told() == step["totals"]


def test_more_cards_of_one_column(cast: Cast) -> None:
    for number in range(7):
        deal(cast.alice, str(number), amount="1")
    deal(cast.alice, stage_id=LATER)
    found = columns(cast.alice.get("/deals/board?per_page=3"))
    seen = [card["id"] for card in found[OPEN]["cards"]]
    assert (len(seen), found[OPEN]["count"], found[LATER]["next_cursor"]) == (3, 7, None)
    cursor = found[OPEN]["next_cursor"]
    for _ in range(5):
        page = columns(cast.alice.get(f"/deals/board?per_page=3&stage_id={OPEN}&cursor={cursor}"))
        assert list(page) == [OPEN]
        assert (page[OPEN]["count"], page[OPEN]["amount"]) == (7, "7.00")
        seen += [card["id"] for card in page[OPEN]["cards"]]
        cursor = page[OPEN]["next_cursor"]
        if cursor is None:
            break
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_a_cursor_belongs_to_its_column_filters_and_reader(cast: Cast) -> None:
    for number in range(3):
        deal(cast.alice, str(number))
    cursor = columns(cast.alice.get("/deals/board?per_page=1"))[OPEN]["next_cursor"]
    for who, query in (
        (cast.alice, f"stage_id={LATER}&cursor={cursor}"),
        (cast.alice, f"cursor={cursor}"),
        (cast.alice, f"stage_id={OPEN}&kind=new&cursor={cursor}"),
        (cast.carol, f"stage_id={OPEN}&cursor={cursor}"),
        (cast.alice, f"stage_id={OPEN}&cursor=abc"),
        (cast.alice, f"stage_id={OPEN}&cursor=%FF"),
    ):
        answer = who.get(f"/deals/board?{query}")
        assert answer.status_code in (400, 422), query
    assert cast.alice.get(f"/deals/board?stage_id={OPEN}&cursor={cursor}").status_code == 200


def test_filters_are_those_of_the_list(cast: Cast) -> None:
    buyer = customer(cast.alice)
    deal(cast.alice, "打印机", amount="5", customer_id=buyer)
    deal(cast.alice, "服务器", amount="50", lines=[{"product_id": product(cast), "quantity": "1", "unit_price": "9"}])
    deal(cast.bob, "服务器", amount="500")

    def ids(query: str) -> list[int]:
        return [card["id"] for card in columns(cast.carol.get(f"/deals/board?{query}"))[OPEN]["cards"]]

    assert ids("q=fwq") == [2, 3]
    assert ids(f"owner_id={cast.bob.id}") == [3]
    assert ids(f"team_id={cast.north}&amount_min=50") == [2, 3]
    assert ids("product_id=1") == [2]
    assert ids(f"customer_id={buyer}&customer_id=none") == [1, 2, 3]
    assert ids('where={"field":"amount","op":"lt","value":"50"}') == [1]
    counted_too = columns(cast.carol.get("/deals/board?amount_min=50"))[OPEN]
    assert (counted_too["count"], counted_too["amount"]) == (2, "550.00")


def test_closed_columns_show_a_month(cast: Cast) -> None:
    today = datetime.now(UTC).date()
    for days in (0, 29, 31, 400):
        deal(cast.root, stage_id=WON, closed_on=str(today - timedelta(days=days)), amount="1")
    deal(cast.root, stage_id=LOST, closed_on="2020-01-01", amount="1")
    found = columns(cast.root.get("/deals/board"))
    assert (found[WON]["count"], found[WON]["amount"], len(found[WON]["cards"])) == (2, "2.00", 2)
    assert (found[LOST]["count"], found[LOST]["cards"]) == (0, [])


def test_what_is_refused(cast: Cast) -> None:
    answer = cast.alice.get("/deals/board?pipeline_id=x&stage_id=0&per_page=500&page=1&sort=name&mood=1&deleted=only")
    assert issues(answer) == {
        "pipeline_id": "id",
        "stage_id": "id",
        "per_page": "out_of_range",
        "page": "unknown_parameter",
        "sort": "unknown_parameter",
        "mood": "unknown_parameter",
        "deleted": "unknown_parameter",
    }
    assert issues(cast.alice.get("/deals/board?pipeline_id=99")) == {"pipeline_id": "unknown_record"}
    assert issues(cast.alice.get("/deals/board?stage_id=99")) == {"stage_id": "unknown_record"}
    assert issues(cast.alice.get("/deals/board?pipeline_id=1&pipeline_id=1")) == {"pipeline_id": "repeated"}
    assert cast.alice.get("/deals/board?q=%FF").status_code == 400


def test_a_board_takes_few_statements(app: CRM, cast: Cast) -> None:
    line = {"product_id": product(cast), "quantity": "1", "unit_price": "1"}
    for number in range(30):
        deal(cast.alice, str(number), stage_id=1 + number % 4, lines=[line])
    for who in (cast.alice, cast.root):
        with counted(app) as counter:
            assert who.get("/deals/board?pipeline_id=1").status_code == 200
        assert len(counter.statements) <= 4
    deal(cast.alice, amount="1", currency="USD")
    deal(cast.alice, amount="1", currency="EUR")
    with counted(app) as counter:
        assert cast.alice.get("/deals/board?pipeline_id=1").status_code == 200
    assert len(counter.statements) <= 5, "the rates of all currencies take one more"


def test_an_unchanged_board_is_not_sent_again(cast: Cast) -> None:
    deal(cast.alice)
    first = cast.alice.get("/deals/board")
    again = cast.alice.get("/deals/board", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


# ---- by owner and by month ------------------------------------------------------------------------------------------


def by_key(answer: Any) -> dict[str, dict[str, Any]]:
    """The columns by their keys."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {column["key"]: column for column in answer.get_json()["columns"]}


def months_from(today: date, count: int) -> list[str]:
    """This month and those that follow."""
    numbers = [today.year * 12 + today.month - 1 + ahead for ahead in range(count)]
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in numbers]


def test_columns_by_owner(cast: Cast) -> None:
    deal(cast.bob, amount="5", expected_close_on="2027-03-01")
    early = deal(cast.bob, amount="7.5", expected_close_on="2027-01-01", stage_id=LATER)
    deal(cast.alice, amount="1", currency="USD")
    deal(cast.mallory, amount="9")
    gone = deal(cast.bob)["id"]
    cast.bob.post(f"/deals/{gone}/win")
    board = cast.carol.get("/deals/board?group_by=owner").get_json()
    assert (board["pipeline_id"], board["group_by"], board["currency"]) == (1, "owner", "CNY")
    assert [(one["key"], one["owner"], one["count"], one["amount"]) for one in board["columns"]] == [
        (str(cast.alice.id), {"id": cast.alice.id, "name": "Alice"}, 1, "0.00"),
        (str(cast.bob.id), {"id": cast.bob.id, "name": "Bob"}, 2, "12.50"),
    ]
    assert board["columns"][0]["other_amounts"][0]["currency"] == "USD"
    assert board["columns"][1]["weighted_amount"] == "2.75"
    assert board["columns"][1]["cards"][0] == {**early, "can_write": True}
    assert [card["id"] for card in board["columns"][1]["cards"]] == [2, 1]
    filtered = by_key(cast.carol.get(f"/deals/board?group_by=owner&stage_id={LATER}"))
    assert {key: column["count"] for key, column in filtered.items()} == {str(cast.bob.id): 1}
    one = by_key(cast.carol.get(f"/deals/board?group_by=owner&column={cast.bob.id}&per_page=1"))
    more = f"/deals/board?group_by=owner&column={cast.bob.id}&cursor={one[str(cast.bob.id)]['next_cursor']}"
    assert [card["id"] for card in by_key(cast.carol.get(more))[str(cast.bob.id)]["cards"]] == [1]
    assert cast.carol.get(f"/deals/board?group_by=owner&column={cast.mallory.id}").get_json()["columns"] == []


def test_columns_by_month(cast: Cast) -> None:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    coming = months_from(today, 8)
    deal(cast.alice, amount="3")
    deal(cast.alice, amount="4", expected_close_on=f"{coming[7]}-28")
    deal(cast.alice, amount="5", expected_close_on="2020-02-29")
    deal(cast.alice, amount="6", expected_close_on="2020-02-01")
    board = cast.alice.get("/deals/board?group_by=month").get_json()
    keys = ["2020-02", *coming[:6], coming[7], "none"]
    assert [(one["key"], one["month"]) for one in board["columns"]] == [
        (key, None if key == "none" else key) for key in keys
    ]
    found = {one["key"]: one for one in board["columns"]}
    assert (found["2020-02"]["amount"], [card["id"] for card in found["2020-02"]["cards"]]) == ("11.00", [4, 3])
    assert (found["none"]["count"], found[coming[0]]["count"], found[coming[0]]["cards"]) == (1, 0, [])
    assert found[coming[0]]["amount"] == "0.00"
    one = by_key(cast.alice.get("/deals/board?group_by=month&column=none"))
    assert list(one) == ["none"]


@pytest.mark.parametrize("group_by", ["owner", "month"])
def test_a_long_column_page_by_page(cast: Cast, group_by: str) -> None:
    """Dates, many of one day and none at all: every card once, in order."""
    days = ["2027-01-05", "2027-01-05", None, "2027-01-01", None, "2027-01-31", "2027-01-05"]
    for day in days:
        deal(cast.alice, expected_close_on=day)
    wanted = [4, 1, 2, 7, 6, 3, 5] if group_by == "owner" else [4, 1, 2, 7, 6]
    key = str(cast.alice.id) if group_by == "owner" else "2027-01"
    seen: list[int] = []
    cursor = ""
    for _ in range(8):
        path = f"/deals/board?group_by={group_by}&column={key}&per_page=2" + (cursor and f"&cursor={cursor}")
        column = by_key(cast.alice.get(path))[key]
        assert column["count"] == len(wanted)
        seen += [card["id"] for card in column["cards"]]
        cursor = column["next_cursor"]
        if cursor is None:
            break
    assert seen == wanted
    assert issues(cast.alice.get(f"/deals/board?group_by={group_by}&column={key}&cursor=abc")) == {"cursor": "cursor"}


def test_what_is_refused_by_owner_and_month(cast: Cast) -> None:
    for query, faults in {
        "group_by=mood": {"group_by": "not_allowed"},
        "group_by=owner&group_by=month": {"group_by": "repeated"},
        "group_by=owner&column=x": {"column": "unknown_record"},
        "group_by=month&column=2027-13": {"column": "unknown_record"},
        "group_by=month&column=0000-01": {"column": "unknown_record"},
        "column=x": {"column": "unknown_record"},
        "column=1&stage_id=1": {"column": "unknown_record"},
        "group_by=owner&pipeline_id=99": {"pipeline_id": "unknown_record"},
        "group_by=owner&cursor=abc": {"cursor": "cursor"},
    }.items():
        assert issues(cast.alice.get(f"/deals/board?{query}")) == faults, query
    assert list(by_key(cast.alice.get(f"/deals/board?column={LATER}"))) == [str(LATER)]


def test_boards_by_owner_and_month_take_few_statements(app: CRM, cast: Cast) -> None:
    line = {"product_id": product(cast), "quantity": "1", "unit_price": "1"}
    for number in range(12):
        deal((cast.alice, cast.bob)[number % 2], expected_close_on=f"2027-{number + 1:02d}-01", lines=[line])
    for group_by in ("owner", "month"):
        with counted(app) as counter:
            answer = cast.carol.get(f"/deals/board?pipeline_id=1&group_by={group_by}")
        assert sum(len(column["cards"]) for column in answer.get_json()["columns"]) == 12
        assert len(counter.statements) <= 5

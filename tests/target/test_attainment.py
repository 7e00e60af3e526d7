"""Attainment: targets beside what was reached, for whom and from what the reader sees."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text, update

from app import append_only, search_index
from app.auth.models import Team, User
from app.contact.models import ContactRecord
from app.customer.models import Customer
from app.database import db
from app.deal.models import Deal
from app.money.models import ExchangeRate
from app.routing import CRM
from app.target.models import Target
from app.target.periods import spans_of
from app.target.service import slot_key
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..conftest import counted
from ..deal.selling import WON, customer, product
from ..faults import issues

YEAR = 2024
KEYS = [span.key for span in spans_of(YEAR)]


def attainment(who: Member, query: str = "") -> dict[str, Any]:
    """The answer for the year."""
    answer = who.get(f"/targets/attainment?year={YEAR}{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def cells(answer: dict[str, Any], key: str) -> dict[str, dict[str, Any]]:
    """The cells of one row by their period."""
    [row] = [row for row in answer["rows"] if row["key"] == key]
    assert [cell["key"] for cell in row["cells"]] == KEYS
    return {cell["key"]: cell for cell in row["cells"]}


def brief(cell: dict[str, Any]) -> tuple[Any, ...]:
    """Target, whether it is its own, what was reached, the share."""
    return cell["target"], cell["is_own"], cell["actual"], cell["attainment"]


def won(cast: Cast, owner: Member, closed_on: str, amount: str, **more: Any) -> None:
    """A deal that was won some day."""
    values = {"name": "x", "owner_id": owner.id, "stage_id": WON, "closed_on": closed_on, "amount": amount}
    cast.root.made("/deals", values | more)


def put(who: Member, measure: str, *rows: dict[str, Any], **more: Any) -> None:
    """Set targets."""
    body = {"year": YEAR, "measure": measure, "rows": list(rows), **more}
    assert who.put("/targets/grid", body).status_code == 200


def test_won_amounts_by_closing_date_and_owner(cast: Cast) -> None:
    put(
        cast.carol,
        "won_amount",
        {"user_id": cast.alice.id, "cells": {f"{YEAR}-01": "1000", f"{YEAR}-02": "500"}},
        {"user_id": cast.bob.id, "cells": {f"{YEAR}-01": "0", f"{YEAR}": "4000"}},
    )
    won(cast, cast.alice, f"{YEAR}-01-31", "1200.50")
    won(cast, cast.alice, f"{YEAR}-02-29", "100")
    won(cast, cast.alice, f"{YEAR}-12-31", "1")
    won(cast, cast.alice, f"{YEAR + 1}-01-01", "9")
    won(cast, cast.alice, f"{YEAR}-01-01", "77", currency="USD")
    won(cast, cast.bob, f"{YEAR}-01-15", "400")
    won(cast, cast.mallory, f"{YEAR}-01-15", "800")
    answer = attainment(cast.carol)
    hers = cells(answer, f"user:{cast.alice.id}")
    assert brief(hers[f"{YEAR}-01"]) == ("1000.00", True, "1200.50", 1.2005)
    assert brief(hers[f"{YEAR}-02"]) == ("500.00", True, "100.00", 0.2)
    assert brief(hers[f"{YEAR}-03"]) == (None, False, "0.00", None)
    assert brief(hers[f"{YEAR}-Q1"]) == ("1500.00", False, "1300.50", 0.867)
    assert brief(hers[f"{YEAR}"]) == ("1500.00", False, "1301.50", 0.8677)
    his = cells(answer, f"user:{cast.bob.id}")
    assert brief(his[f"{YEAR}-01"]) == ("0.00", True, "400.00", None)
    assert brief(his[f"{YEAR}"]) == ("4000.00", True, "400.00", 0.1)
    team = cells(answer, f"team:{cast.north}")
    assert brief(team[f"{YEAR}-01"]) == ("1000.00", False, "1600.50", 1.6005)
    assert brief(team[f"{YEAR}"]) == ("5500.00", False, "1701.50", 0.3094)
    assert [(row["key"], row["depth"], row["mode"], row["can_write"]) for row in answer["rows"]] == [
        (f"team:{cast.north}", 0, "sum", True),
        (f"user:{cast.alice.id}", 1, None, True),
        (f"user:{cast.bob.id}", 1, None, True),
        (f"user:{cast.carol.id}", 1, None, True),
    ]
    meta = answer["meta"]
    assert (meta["year"], meta["measure"], meta["currency"], meta["currencies"]) == (YEAR, "won_amount", "CNY", ["CNY"])
    assert "closing date" in meta["definition"]
    dollars = attainment(cast.carol, "&currency=USD")
    assert brief(cells(dollars, f"user:{cast.alice.id}")[f"{YEAR}-01"]) == (None, False, "77.00", None)


def test_a_team_goes_by_its_own_figures_where_it_has_any(cast: Cast) -> None:
    put(cast.carol, "won_count", {"user_id": cast.alice.id, "cells": {f"{YEAR}-01": "5", f"{YEAR}-04": "2"}})
    put(cast.root, "won_count", {"team_id": cast.north, "cells": {f"{YEAR}-01": "9"}})
    won(cast, cast.alice, f"{YEAR}-01-01", "1")
    answer = attainment(cast.carol, "&measure=won_count")
    assert answer["rows"][0]["mode"] == "own"
    team = cells(answer, f"team:{cast.north}")
    assert brief(team[f"{YEAR}-01"]) == ("9.00", True, "1.00", 0.1111)
    assert brief(team[f"{YEAR}-04"]) == (None, False, "0.00", None)
    assert brief(team[f"{YEAR}"]) == ("9.00", False, "1.00", 0.1111)


def test_teams_below_count_with_the_team_above(cast: Cast) -> None:
    assert cast.root.patch(f"/teams/{cast.south}", {"parent_id": cast.north}).status_code == 200
    put(cast.carol, "won_amount", {"user_id": cast.mallory.id, "cells": {f"{YEAR}-Q1": "100"}})
    put(cast.carol, "won_amount", {"user_id": cast.alice.id, "cells": {f"{YEAR}-01": "10"}})
    won(cast, cast.mallory, f"{YEAR}-03-31", "50")
    answer = attainment(cast.carol)
    assert [(row["name"], row["depth"]) for row in answer["rows"]] == [
        ("North", 0),
        ("Alice", 1),
        ("Bob", 1),
        ("Carol", 1),
        ("South", 1),
        ("Mallory", 2),
    ]
    above = cells(answer, f"team:{cast.north}")
    assert brief(above[f"{YEAR}-01"])[0] == "10.00"
    assert brief(above[f"{YEAR}-Q1"]) == ("110.00", False, "50.00", 0.4545)
    assert brief(cells(answer, f"team:{cast.south}")[f"{YEAR}"]) == ("100.00", False, "50.00", 0.5)
    below = attainment(cast.carol, f"&team_id={cast.south}")
    assert [row["name"] for row in below["rows"]] == ["South", "Mallory"]
    assert [row["name"] for row in attainment(cast.carol, f"&user_id={cast.bob.id}")["rows"]] == ["Bob"]


def test_who_sees_whom(cast: Cast) -> None:
    put(cast.root, "won_amount", {"user_id": cast.alice.id, "cells": {f"{YEAR}": "10"}})
    put(cast.root, "won_amount", {"user_id": cast.bob.id, "cells": {f"{YEAR}": "20"}})
    won(cast, cast.alice, f"{YEAR}-01-01", "5")
    won(cast, cast.bob, f"{YEAR}-01-01", "7")

    def seen() -> dict[str, list[str]]:
        return {who.name: [row["name"] for row in attainment(who)["rows"]] for who in cast.everybody()}

    assert seen() == {
        "alice": ["Alice"],
        "bob": ["Bob"],
        "carol": ["North", "Alice", "Bob", "Carol"],
        "mallory": ["Mallory"],
        "vera": ["North", "Alice", "Bob", "Carol", "South", "Mallory", "Vera"],
        "root": ["North", "Alice", "Bob", "Carol", "South", "Mallory", "Root"],
    }
    # The own team's figure is for its people too; what the colleagues have reached is not.
    put(cast.root, "won_amount", {"team_id": cast.north, "cells": {f"{YEAR}": "40"}})
    assert seen()["alice"] == ["North", "Alice"]
    hers = attainment(cast.alice)
    assert brief(cells(hers, f"team:{cast.north}")[f"{YEAR}"]) == ("40.00", True, None, None)
    assert brief(cells(hers, f"user:{cast.alice.id}")[f"{YEAR}"]) == ("10.00", True, "5.00", 0.5)
    assert not any(row["can_write"] for row in hers["rows"])
    assert not any(row["can_write"] for row in attainment(cast.vera)["rows"])
    assert all(row["can_write"] for row in attainment(cast.root)["rows"])
    assert attainment(cast.alice, f"&user_id={cast.bob.id}")["rows"] == []


def test_customers_and_activities_count_in_the_readers_days(cast: Cast) -> None:
    one = customer(cast.alice)
    # Midnight in Shanghai is four in the afternoon of the day before.
    for moment in (f"{YEAR - 1}-12-31T15:59:59Z", f"{YEAR - 1}-12-31T16:00:00Z", f"{YEAR}-12-31T15:59:59Z"):
        cast.alice.made("/contacts", {"customer_id": one, "kind": "call", "occurred_at": moment})
    with db.engines[None].begin() as connection:
        connection.execute(update(Customer).values(created_at=datetime(YEAR, 3, 31, 16, tzinfo=UTC)))
    calls = cells(attainment(cast.alice, "&measure=activities"), f"user:{cast.alice.id}")
    assert [calls[key]["actual"] for key in (f"{YEAR}-01", f"{YEAR}-12", f"{YEAR}")] == ["1.00", "1.00", "2.00"]
    fresh = cells(attainment(cast.carol, "&measure=new_customers"), f"team:{cast.north}")
    assert [fresh[key]["actual"] for key in (f"{YEAR}-03", f"{YEAR}-04", f"{YEAR}-Q2")] == ["0.00", "1.00", "1.00"]


def test_one_product(cast: Cast) -> None:
    pump, pipe = product(cast, "P1"), product(cast, "P2")
    lines = [
        {"product_id": pump, "quantity": "2", "unit_price": "100"},
        {"product_id": pipe, "quantity": "1", "unit_price": "7"},
        {"product_id": pump, "quantity": "1", "unit_price": "50"},
    ]
    values = {"name": "x", "owner_id": cast.alice.id, "stage_id": WON, "closed_on": f"{YEAR}-05-05", "lines": lines}
    cast.root.made("/deals", values)
    won(cast, cast.alice, f"{YEAR}-05-06", "1000")
    put(cast.carol, "won_amount", {"user_id": cast.alice.id, "cells": {f"{YEAR}-05": "500"}}, product_id=pump)
    put(cast.carol, "won_amount", {"user_id": cast.alice.id, "cells": {f"{YEAR}-05": "9"}})
    amount = cells(attainment(cast.alice, f"&product_id={pump}"), f"user:{cast.alice.id}")
    assert brief(amount[f"{YEAR}-05"]) == ("500.00", True, "250.00", 0.5)
    count = cells(attainment(cast.alice, f"&product_id={pump}&measure=won_count"), f"user:{cast.alice.id}")
    assert brief(count[f"{YEAR}-05"]) == (None, False, "1.00", None)
    whole = cells(attainment(cast.alice), f"user:{cast.alice.id}")
    assert brief(whole[f"{YEAR}-05"]) == ("9.00", True, "1257.00", 139.6667)


def test_currencies(cast: Cast) -> None:
    put(cast.carol, "won_amount", {"user_id": cast.alice.id, "cells": {f"{YEAR}-01": "1000"}}, currency="USD")
    put(cast.carol, "won_amount", {"user_id": cast.alice.id, "cells": {f"{YEAR}-02": "700"}})
    won(cast, cast.alice, f"{YEAR}-01-15", "800")
    won(cast, cast.alice, f"{YEAR}-01-20", "100", currency="USD")
    won(cast, cast.alice, f"{YEAR}-01-20", "9", currency="JPY")
    in_dollars = {"value": "1000.00", "currency": "USD"}

    def hers(query: str = "") -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        answer = attainment(cast.carol, query)
        mine, team = cells(answer, f"user:{cast.alice.id}"), cells(answer, f"team:{cast.north}")
        for key in (f"{YEAR}-01", f"{YEAR}"):
            assert (mine[key]["target"], mine[key]["actual"]) == (team[key]["target"], team[key]["actual"])
        return answer["meta"], mine

    # What has no rate is left out, and the answer says so.
    meta, found = hers()
    assert (meta["currency"], meta["currencies"], meta["converted"]) == ("CNY", ["CNY", "USD"], [])
    assert meta["left_out"] == ["JPY", "USD"]
    assert brief(found[f"{YEAR}-01"]) == (None, False, "800.00", None)
    assert found[f"{YEAR}-01"]["set_as"] == in_dollars
    assert brief(found[f"{YEAR}"]) == ("700.00", False, "800.00", 1.1429)
    for day, rate in (("01-01", "7"), ("01-10", "8")):
        cast.root.made("/exchange-rates", {"currency": "USD", "valid_on": f"{YEAR}-{day}", "rate": rate})
    # A target at the rate of its first day, what was won at that of the closing date.
    meta, found = hers()
    assert (meta["currency"], meta["converted"], meta["left_out"]) == ("CNY", ["USD"], ["JPY"])
    assert brief(found[f"{YEAR}-01"]) == ("7000.00", True, "1600.00", 0.2286)
    assert (found[f"{YEAR}-01"]["set_as"], found[f"{YEAR}-02"]["set_as"]) == (in_dollars, None)
    assert brief(found[f"{YEAR}"]) == ("7700.00", False, "1600.00", 0.2078)
    meta, found = hers("&currency=USD")
    assert (meta["currency"], meta["converted"], meta["left_out"]) == ("USD", ["CNY"], ["JPY"])
    assert brief(found[f"{YEAR}-01"]) == ("1000.00", True, "200.00", 0.2)
    assert brief(found[f"{YEAR}-02"]) == ("87.50", True, "0.00", 0.0)
    assert (found[f"{YEAR}-01"]["set_as"], found[f"{YEAR}-02"]["set_as"]["currency"]) == (None, "CNY")
    # What is counted has no currency.
    assert attainment(cast.carol, "&measure=won_count")["meta"]["converted"] == []
    refused = cast.carol.put(
        "/targets/grid",
        {
            "year": YEAR,
            "measure": "won_amount",
            "rows": [{"user_id": cast.alice.id, "cells": {f"{YEAR}-01": "1"}}],
        },
    )
    assert issues(refused) == {f"#/rows/0/cells/{YEAR}-01": "other_currency"}


def test_a_year_of_targets_in_one_other_currency_is_shown_in_it(cast: Cast) -> None:
    cast.root.made("/exchange-rates", {"currency": "USD", "valid_on": f"{YEAR}-01-01", "rate": "8"})
    put(cast.carol, "won_amount", {"user_id": cast.alice.id, "cells": {f"{YEAR}-01": "1000"}}, currency="USD")
    won(cast, cast.alice, f"{YEAR}-01-15", "800")
    answer = attainment(cast.alice)
    assert (answer["meta"]["currency"], answer["meta"]["converted"]) == ("USD", ["CNY"])
    cell = cells(answer, f"user:{cast.alice.id}")[f"{YEAR}-01"]
    assert (*brief(cell), cell["set_as"]) == ("1000.00", True, "100.00", 0.1, None)


def test_a_teams_figure_without_a_rate_is_known_to_its_people(cast: Cast) -> None:
    put(cast.root, "won_amount", {"team_id": cast.north, "cells": {f"{YEAR}-01": "10"}}, currency="USD")
    put(cast.root, "won_amount", {"team_id": cast.south, "cells": {f"{YEAR}-01": "10"}})
    team = cells(attainment(cast.alice, "&currency=CNY"), f"team:{cast.north}")[f"{YEAR}-01"]
    assert (team["target"], team["set_as"]) == (None, {"value": "10.00", "currency": "USD"})


def test_bad_questions(cast: Cast) -> None:
    asked = cast.alice.get("/targets/attainment?year=1&measure=luck&product_id=x&currency=XXY&team=1")
    assert issues(asked) == {
        "year": "out_of_range",
        "measure": "not_allowed",
        "product_id": "wrong_type",
        "currency": "currency",
        "team": "unknown_parameter",
    }
    product_of_calls = cast.alice.get("/targets/attainment?measure=activities&product_id=1")
    assert issues(product_of_calls) == {"product_id": "no_product"}
    assert cast.alice.get("/targets/attainment").get_json()["meta"]["measure"] == "won_amount"


def test_who_has_left_still_counts(cast: Cast) -> None:
    put(cast.root, "won_amount", {"user_id": cast.bob.id, "cells": {f"{YEAR}": "20"}})
    assert cast.root.post(f"/users/{cast.bob.id}/deactivate", {"successor_id": cast.alice.id}).status_code == 200
    answer = attainment(cast.carol)
    assert brief(cells(answer, f"team:{cast.north}")[f"{YEAR}"])[0] == "20.00"
    [row] = [row for row in answer["rows"] if row["key"] == f"user:{cast.bob.id}"]
    assert row["can_write"] is False


def test_how_many_statements(app: CRM, cast: Cast) -> None:
    put(cast.root, "won_amount", {"user_id": cast.alice.id, "cells": dict.fromkeys(KEYS, "1")})
    attainment(cast.root)
    with counted(app) as counter:
        attainment(cast.root)
    # Who asks, the targets, the teams, the people, and one for what was reached.
    assert len(counter.statements) == 5


# ---- a recount ------------------------------------------------------------------------------------------------------

day = st.dates(date(YEAR - 1, 12, 30), date(YEAR + 1, 1, 2))
moment = st.datetimes(datetime(YEAR - 1, 12, 31), datetime(YEAR + 1, 1, 1, 12), timezones=st.just(UTC))  # noqa: DTZ001
amount = st.decimals(min_value=0, max_value=10**12, places=2)
seller = st.sampled_from(["alice", "bob", "carol", "mallory"])
world = st.fixed_dictionaries(
    {
        "deals": st.lists(
            st.tuples(seller, day, amount, st.sampled_from(["won", "won", "lost", "open"]), st.booleans()), max_size=12
        ),
        "customers": st.lists(st.tuples(st.none() | seller, moment), min_size=1, max_size=8),
        "contacts": st.lists(st.tuples(seller, st.integers(0, 7), moment), max_size=8),
        "rate": st.none() | st.decimals(min_value="0.01", max_value=100, places=2),
        "targets": st.dictionaries(
            st.tuples(
                seller | st.sampled_from(["north", "south"]),
                st.sampled_from(KEYS),
                st.sampled_from(["won_amount", "won_count", "new_customers", "activities"]),
            ),
            st.integers(0, 10**6).map(Decimal),
            max_size=14,
        ),
    }
)
_TABLES = (
    "exchange_rate",
    "journal_value",
    "journal",
    "target",
    "contact_record",
    "deal_line",
    "deal_period",
    "deal",
    "customer",
)


def _keys(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, "x")


def _fill(cast: Cast, built: dict[str, Any]) -> None:
    for number, (name, created_at) in enumerate(built["customers"], 1):
        owner = getattr(cast, name) if name else None
        one = Customer(id=number, kind="company", name="x", **_keys("name_key", "sort_key", "search_key", "reach_key"))
        one.owner_id, one.team_id = (owner.id, owner.team_id) if owner else (None, None)
        one.created_at = created_at
        db.session.add(one)
    db.session.flush()
    if built["rate"] is not None:
        rate = {"currency": "USD", "base_currency": "CNY", "valid_on": date(YEAR, 1, 1), "rate": str(built["rate"])}
        db.session.add(ExchangeRate(**rate))
    at = datetime(YEAR, 1, 1, tzinfo=UTC)
    for number, (name, closed_on, figure, state, in_dollars) in enumerate(built["deals"], 1):
        owner = getattr(cast, name)
        db.session.add(
            Deal(
                id=number,
                name="x",
                pipeline_id=1,
                stage_id={"open": 1, "won": 5, "lost": 6}[state],
                state=state,
                closed_on=None if state == "open" else closed_on,
                amount=figure,
                currency="USD" if in_dollars else "CNY",
                win_probability=0.5,
                rank=f"r{number}",
                stage_entered_at=at,
                owner_id=owner.id,
                team_id=owner.team_id,
                **_keys("name_key", "sort_key", "search_key"),
            )
        )
    for number, (name, place, occurred_at) in enumerate(built["contacts"], 1):
        at_customer = place % len(built["customers"]) + 1
        who = getattr(cast, name).id
        contact = ContactRecord(id=number, customer_id=at_customer, user_id=who, kind="call", search_key="x")
        contact.occurred_at = occurred_at
        db.session.add(contact)
    spans = {span.key: span for span in spans_of(YEAR)}
    for (name, key, measure), figure in built["targets"].items():
        subject = getattr(cast, name)
        values = {
            "user_id": None if isinstance(subject, int) else subject.id,
            "team_id": subject if isinstance(subject, int) else None,
            "home_team_id": subject if isinstance(subject, int) else subject.team_id,
            "period": spans[key].kind,
            "period_on": spans[key].first,
            "measure": measure,
        }
        currency = "CNY" if measure == "won_amount" else None
        db.session.add(Target(**values, value=figure, currency=currency, slot_key=slot_key(values)))


def _facts(who: Member, measure: str, dollar: Decimal | None) -> list[tuple[Any, Any, str, Decimal]]:
    """User, team, month and figure of every record in the lists of a reader."""
    paths = {"new_customers": "/customers", "activities": "/contacts"}
    listed = who.get(f"{paths.get(measure, '/deals')}?per_page=200").get_json()["data"]
    teams = {user.id: user.team_id for user in db.session.query(User)}
    found = []
    for one in listed:
        if measure in paths:
            moment = datetime.fromisoformat(one["created_at" if measure == "new_customers" else "occurred_at"])
            on = moment.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
            user = one["owner_id"] if measure == "new_customers" else one["user_id"]
            found.append((user, teams.get(user), on[:7], Decimal(1)))
        elif one["state"] == "won":
            worth = {"CNY": Decimal(1), "USD": dollar}[one["currency"]] if measure == "won_amount" else Decimal(1)
            if worth is None:
                continue
            figure = Decimal(one["amount"]) * worth if measure == "won_amount" else Decimal(1)
            found.append((one["owner_id"], one["team_id"], one["closed_on"][:7], figure))
    return found


def _months_of(key: str) -> set[str]:
    if "Q" in key:
        first = int(key[-1]) * 3 - 2
        return {f"{YEAR}-{month:02d}" for month in range(first, first + 3)}
    return {key} if "-" in key else {f"{YEAR}-{month:02d}" for month in range(1, 13)}


def _set_for(built: dict[str, Any], measure: str, name: str, key: str) -> Decimal | None:
    """What a person, or a team by its own figures, is to reach."""
    own: Decimal | None = built["targets"].get((name, key, measure))
    if own is not None or ("-" in key and "Q" not in key):
        return own
    inside = [f"{YEAR}-Q{n}" for n in range(1, 5)] if key == f"{YEAR}" else sorted(_months_of(key))
    parts = [part for one in inside if (part := _set_for(built, measure, name, one)) is not None]
    return sum(parts, Decimal(0)) if parts else None


def _team_target(built: dict[str, Any], measure: str, name: str, key: str) -> Decimal | None:
    if any(whom == name and of == measure for whom, _, of in built["targets"]):
        return _set_for(built, measure, name, key)
    people = ["alice", "bob", "carol"] if name == "north" else ["mallory"]
    parts = [part for one in people if (part := _set_for(built, measure, one, key)) is not None]
    return sum(parts, Decimal(0)) if parts else None


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(built=world)
def test_it_is_what_a_plain_recount_of_the_lists_gives(cast: Cast, built: dict[str, Any]) -> None:
    with db.engines[None].begin() as connection:
        with append_only.set_aside(connection):
            for name in _TABLES:
                connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608 - names from the line above
        search_index.rebuild(connection)
    with unit_of_work():
        _fill(cast, built)
    names = {user.id: user.name.lower() for user in db.session.query(User)}
    team_names = {team.id: team.name.lower() for team in db.session.query(Team)}
    for who in (cast.alice, cast.carol, cast.vera):
        for measure in ("won_amount", "won_count", "new_customers", "activities"):
            facts = _facts(who, measure, built["rate"])
            for row in attainment(who, f"&measure={measure}&currency=CNY")["rows"]:
                is_team = row["team_id"] is not None
                name = team_names[row["team_id"]] if is_team else names[row["user_id"]]
                for cell in row["cells"]:
                    key = cell["key"]
                    goal = (_team_target if is_team else _set_for)(built, measure, name, key)
                    assert cell["target"] == (None if goal is None else f"{goal:.2f}"), (who.name, measure, name, key)
                    if is_team and who is cast.alice:
                        assert (cell["actual"], cell["attainment"]) == (None, None)
                        continue
                    place, subject = (1, row["team_id"]) if is_team else (0, row["user_id"])
                    months = _months_of(key)
                    mine = [fact[3] for fact in facts if fact[place] == subject and fact[2] in months]
                    actual = sum(mine, Decimal(0))
                    said = actual.quantize(Decimal("0.01"), ROUND_HALF_UP)
                    assert cell["actual"] == f"{said}", (who.name, measure, name, key)
                    share = round(float(actual / goal), 4) if goal else None
                    assert cell["attainment"] == share, (who.name, measure, name, key)

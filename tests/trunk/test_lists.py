"""The list engine: filters, trees, sorting, pages, cursors, counts, fields."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from app import listing
from app.auth.models import User
from app.database import db
from app.folding import fold, sort_key
from app.listing import SPECS
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast
from ..conftest import counted
from .lists import fresh_plans, ids, many, page, walk
from .looking import faults, said

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def five(cast: Cast) -> dict[str, int]:
    """Five customers of alice that differ in everything; ids by letter."""
    rows: list[dict[str, Any]] = [
        {
            "name": "Ａlpha 張三",
            "level": "A",
            "credit_rating": 10,
            "annual_revenue": Decimal("100"),
            "tags": ["VIP", "东"],
        },
        {"name": "beta 李四", "tags": ["vip"], "address": {"city": "上海"}, "status": "active"},
        {"name": "Gamma CAFÉ", "level": "B", "credit_rating": 50, "annual_revenue": Decimal("99.99"), "tags": ["东"]},
        {"name": "100%_sure", "level": "A", "credit_rating": 0, "annual_revenue": Decimal("0"), "status": "lost"},
        {"name": "Straße", "level": "C", "annual_revenue": Decimal("99999999999999.99"), "address": {"city": "北京"}},
    ]
    follow = [START, None, START + timedelta(hours=1), START - timedelta(microseconds=1), None]
    made = many(cast.alice, rows, next_follow_up_at=follow)
    return dict(zip("abcde", made, strict=True))


FILTERS: dict[str, str] = {
    "": "abcde",
    # text inside a name, whatever its case, width, accents and script
    "name=alpha": "a",
    "name=ＡＬＰＨＡ": "a",
    "name=张三": "a",
    "name=張三": "a",
    "name=cafe": "c",
    "name=STRASSE": "e",
    "name=a": "abce",
    "name=%": "d",
    "name=_": "d",
    "name=%_": "d",
    "name=0%": "d",
    "name=\\": "",
    "name=": "abcde",
    "name=alpha&name=beta": "ab",
    # one of several values; `none` is null
    "level=A": "ad",
    "level=a": "",
    "level=A&level=C": "ade",
    "level=none": "b",
    "level=none&level=B": "bc",
    "status=lead": "ace",
    "status=active&status=lost": "bd",
    "parent_id=none": "abcde",
    "parent_id=1": "",
    "owner_id=none": "",
    "owner_id=9223372036854775807": "",
    "city=上海": "b",
    "city=none": "acd",
    "city=上海&city=北京": "be",
    # tags: repeating means and
    "tag=VIP": "ab",
    "tag=ｖｉｐ": "ab",
    "tag=东": "ac",
    "tag=東": "ac",
    "tag=VIP&tag=东": "a",
    "tag=none": "de",
    "tag=none&tag=VIP": "",
    "tag=nobody": "",
    # ranges, both ends inclusive
    "credit_rating_min=10": "ac",
    "credit_rating_max=10": "ad",
    "credit_rating_min=10&credit_rating_max=10": "a",
    "credit_rating_min=11&credit_rating_max=10": "",
    "credit_rating_min=none": "be",
    "credit_rating_min=50&credit_rating_min=none": "bce",
    "credit_rating_min=-9223372036854775807": "acd",
    "credit_rating_max=9223372036854775807": "acd",
    "annual_revenue_min=99.99&annual_revenue_max=100": "ac",
    "annual_revenue_min=100.0000": "ae",
    "annual_revenue_min=99999999999999.99": "e",
    "annual_revenue_max=-0.0001": "",
    # moments: inclusive after, exclusive before
    "next_follow_up_after=2026-01-01T00:00:00Z": "ac",
    "next_follow_up_after=2026-01-01T08:00:00%2B08:00": "ac",
    "next_follow_up_before=2026-01-01T00:00:00Z": "d",
    "next_follow_up_before=2026-01-01T00:00:00.000001Z": "ad",
    "next_follow_up_after=none": "be",
    # together
    "level=A&tag=VIP&credit_rating_max=10": "a",
    "level=A&name=sure&status=lost&annual_revenue_max=0": "d",
}


def test_plain_filters(cast: Cast, five: dict[str, int]) -> None:
    found = {}
    for query in FILTERS:
        answer = cast.alice.get(f"/customers?sort=id&{encoded(query)}")
        assert answer.status_code == 200, (query, answer.get_data(as_text=True))
        body = answer.get_json()
        found[query] = "".join(letter for letter in five for one in body["data"] if one["id"] == five[letter])
        assert body["meta"]["total"] == len(body["data"]), query
    assert found == FILTERS


def encoded(query: str) -> str:
    """A readable query as it travels; `%2B` is the only escape that stands in the table."""
    pairs = [part.split("=", 1) for part in query.split("&") if part]
    return urlencode([(name, value.replace("%2B", "+")) for name, value in pairs])


def test_a_date_where_a_moment_is_asked_is_its_start_in_the_callers_zone(cast: Cast, five: dict[str, int]) -> None:
    def zone(name: str) -> None:
        with unit_of_work():
            user = db.session.get(User, cast.alice.id)
            assert user is not None
            user.time_zone, user.access_stamp = name, user.access_stamp + 1

    def after(day: str) -> str:
        found = ids(cast.alice, "/customers", next_follow_up_after=day, sort="id")
        return "".join(letter for letter in five if five[letter] in found)

    zone("Asia/Shanghai")
    assert (after("2026-01-01"), after("2026-01-02")) == ("acd", "")
    zone("UTC")
    assert (after("2026-01-01"), after("2025-12-31")) == ("ac", "acd")
    zone("America/New_York")
    assert (after("2026-01-01"), after("2025-12-31")) == ("", "acd")


BAD: dict[str, str] = {
    "owner_id=0": "id",
    "owner_id=-1": "id",
    "owner_id=": "id",
    "owner_id=x": "id",
    "owner_id=1.0": "id",
    "owner_id=1e3": "id",
    "owner_id=٣": "id",
    "owner_id=9223372036854775808": "id",
    "owner_id=00000000000000000001999999999999999999999": "id",
    "owner_id=1&owner_id=two": "id",
    "credit_rating_min=x": "number",
    "credit_rating_min=1_000": "number",
    "credit_rating_min= 5": "number",
    "credit_rating_min=٣": "number",
    "credit_rating_min=9223372036854775808": "number",
    "credit_rating_min=1.5": "number",
    "credit_rating_min=": "number",
    "annual_revenue_min=x": "decimal",
    "annual_revenue_min=NaN": "decimal",
    "annual_revenue_min=sNaN": "decimal",
    "annual_revenue_min=Infinity": "decimal",
    "annual_revenue_min=1_0": "decimal",
    "annual_revenue_min=１": "decimal",
    "annual_revenue_min=1e3": "decimal",
    "annual_revenue_min=1e99999999999999": "decimal",
    "annual_revenue_min=100000000000000": "decimal",
    "annual_revenue_min=": "decimal",
    "created_after=yesterday": "instant",
    "created_after=2026-02-30": "instant",
    "created_after=2026-01-01T00:00:00": "instant",
    "created_after=2026-01-01T25:00:00Z": "instant",
    "created_after=0001-01-01T00:00:00+05:00": "instant",
    "created_after=9999-12-31T23:59:59-05:00": "instant",
    "created_after=2026-01-01T00:00:00+99:99": "instant",
    "created_after=1899-12-31": "instant",
    "created_before=２０２６-０１-０１": "instant",
    "created_before=": "instant",
    "name=" + "x" * 201: "text",
    "name=a\x00": "text",
    "tag=\x00": "text",
    "level=" + "x" * 201: "text",
    "page=0": "number",
    "page=-1": "number",
    "page=x": "number",
    "page=": "number",
    "page=1.5": "number",
    "page=٣": "number",
    "page=1000000000001": "out_of_range",
    "page=" + "9" * 400: "number",
    "page=1&page=2": "repeated",
    "per_page=0": "number",
    "per_page=201": "out_of_range",
    "per_page=20&per_page=20": "repeated",
    "sort=nope": "unknown_name",
    "sort=": "unknown_name",
    "sort=--name": "unknown_name",
    "sort=name,": "unknown_name",
    "sort=phone": "unknown_name",
    "sort=email": "unknown_name",
    "sort=name_key": "unknown_name",
    "sort=password_hash": "unknown_name",
    "sort=name,status,level,id,created_at": "too_many",
    "sort=name;DROP TABLE customer": "unknown_name",
    "count=some": "not_allowed",
    "count=": "not_allowed",
    "deleted=yes": "not_allowed",
    "deleted=all": "not_allowed",
    "fields=nope": "unknown_name",
    "fields=name,": "unknown_name",
    "fields=search_key": "unknown_name",
    "fields=*": "unknown_name",
    "q=" + "x" * 201: "text",
    "q=\x00": "text",
    "cursor=x": "cursor",
    "nope=1": "unknown_parameter",
    "=1": "unknown_parameter",
    "name_like=x": "unknown_parameter",
    "Name=x": "unknown_parameter",
    "amount_min=1": "unknown_parameter",
    "name[]=x": "unknown_parameter",
    "deleted_at=none": "unknown_parameter",
    "search_key=x": "unknown_parameter",
}


def test_bad_parameters(cast: Cast) -> None:
    found = {}
    for query in BAD:
        pairs = [(part.partition("=")[0], part.partition("=")[2]) for part in query.split("&")]
        answer = cast.alice.get("/customers?" + urlencode(pairs))
        found[query] = faults(answer).get(pairs[0][0]) if answer.status_code == 422 else answer.status_code
    assert found == BAD


def test_all_faults_at_once(cast: Cast) -> None:
    query = "page=0&per_page=900&sort=x&count=y&deleted=z&fields=w&where={&owner_id=v&nope=u&created_after=t&cursor=s"
    answer = cast.alice.get("/customers?" + query)
    assert faults(answer) == {
        "page": "number",
        "per_page": "out_of_range",
        "sort": "unknown_name",
        "count": "not_allowed",
        "deleted": "not_allowed",
        "fields": "unknown_name",
        "where": "where_shape",
        "owner_id": "id",
        "nope": "unknown_parameter",
        "created_after": "instant",
        "cursor": "cursor_with_page",
    }
    assert all("parameter" in issue and "pointer" not in issue for issue in answer.get_json()["errors"])


def test_query_strings_that_are_no_text(cast: Cast) -> None:
    for query in ("name=%ff", "%ff=1", "name=%ed%a0%80", "&".join(["name=a"] * 501)):
        answer = cast.alice.get(f"/customers?{query}")
        assert (answer.status_code, said(answer)["type"]) == (400, "/problems/bad-request"), query
    assert cast.alice.get("/customers?").status_code == 200
    assert cast.alice.get("/customers?&&").status_code == 200


def test_a_deleted_tag_is_no_tag(cast: Cast) -> None:
    record_id = cast.alice.made("/customers", {"name": "Acme", "tags": ["old"]})["id"]
    assert cast.alice.delete("/tags/1").status_code == 204
    assert cast.alice.get(f"/customers/{record_id}").get_json()["tags"] == []
    assert ids(cast.alice, "/customers", tag="none") == [record_id]
    assert ids(cast.alice, "/customers", tag="old") == []
    assert ids(cast.alice, "/customers", where=json.dumps(leaf("tag", "not_null"))) == []


# ---- the where tree -------------------------------------------------------------------------------------------------


def leaf(field: str, op: str, *value: Any) -> dict[str, Any]:
    return {"field": field, "op": op} | ({"value": value[0]} if value else {})


TREES: list[tuple[Any, str]] = [
    (leaf("level", "eq", "A"), "ad"),
    (leaf("level", "ne", "A"), "bce"),
    (leaf("level", "in", ["A", "C"]), "ade"),
    (leaf("level", "not_in", ["A", "C"]), "bc"),
    (leaf("level", "in", []), ""),
    (leaf("level", "not_in", []), "abcde"),
    (leaf("level", "is_null"), "b"),
    (leaf("level", "not_null", None), "acde"),
    (leaf("level", "eq", "none"), ""),
    (leaf("name", "contains", "ALPHA"), "a"),
    (leaf("name", "not_contains", "a"), "d"),
    (leaf("name", "starts_with", "ga"), "c"),
    (leaf("name", "eq", "alpha 张三"), "a"),
    (leaf("tag", "has", "vip"), "ab"),
    (leaf("tag", "has_not", "vip"), "cde"),
    (leaf("tag", "is_null"), "de"),
    (leaf("tag", "not_null"), "abc"),
    (leaf("credit_rating", "lt", 10), "d"),
    (leaf("credit_rating", "lte", 10), "ad"),
    (leaf("credit_rating", "gt", 10), "c"),
    (leaf("credit_rating", "gte", 10), "ac"),
    (leaf("credit_rating", "eq", 10), "a"),
    (leaf("credit_rating", "ne", 10), "bcde"),
    (leaf("credit_rating", "gte", "10"), "ac"),
    (leaf("annual_revenue", "eq", "100.00"), "a"),
    (leaf("annual_revenue", "eq", 99.99), "c"),
    (leaf("annual_revenue", "is_null"), "b"),
    (leaf("next_follow_up", "lt", "2026-01-01T00:00:00Z"), "d"),
    (leaf("next_follow_up", "gte", "2026-01-01"), "acd"),
    ({"and": [leaf("level", "eq", "A"), leaf("tag", "has", "VIP")]}, "a"),
    ({"or": [leaf("level", "is_null"), leaf("credit_rating", "gte", 50)]}, "bc"),
    ({"and": [{"or": [leaf("level", "eq", "A"), leaf("level", "eq", "B")]}, leaf("credit_rating", "gt", 0)]}, "ac"),
    ({"or": [{"and": [{"or": [leaf("level", "eq", "C")]}]}]}, "e"),
    ({"and": [leaf("level", "eq", "A"), leaf("level", "eq", "B")]}, ""),
    ({"or": [leaf("id", "eq", 1)] * 50}, "a"),
]


def test_trees(cast: Cast, five: dict[str, int]) -> None:
    found = []
    for tree, _ in TREES:
        seen = ids(cast.alice, "/customers", where=json.dumps(tree), sort="id")
        found.append((tree, "".join(letter for letter in five if five[letter] in seen)))
    assert found == TREES


BAD_TREES: list[tuple[str, str]] = [
    ("{", "where_shape"),
    ("[]", "where_shape"),
    ("null", "where_shape"),
    ("5", "where_shape"),
    ('"level"', "where_shape"),
    ("{}", "where_shape"),
    ('{"and": []}', "where_shape"),
    ('{"and": {}}', "where_shape"),
    ('{"and": [5]}', "where_shape"),
    ('{"not": [{"field": "level", "op": "is_null"}]}', "where_shape"),
    ('{"and": [{"field": "level", "op": "is_null"}], "or": []}', "where_shape"),
    ('{"field": "level"}', "where_shape"),
    ('{"field": "level", "op": "eq", "value": "A", "more": 1}', "where_shape"),
    ('{"field": "level", "op": "eq", "value": NaN}', "where_shape"),
    ('{"field": "nope", "op": "eq", "value": 1}', "where_field"),
    ('{"field": "password_hash", "op": "eq", "value": 1}', "where_field"),
    ('{"field": ["level"], "op": "eq", "value": 1}', "where_field"),
    ('{"field": {}, "op": "eq", "value": 1}', "where_field"),
    ('{"field": null, "op": "eq"}', "where_field"),
    ('{"field": "level", "op": "like", "value": "A"}', "where_op"),
    ('{"field": "level", "op": "lt", "value": "A"}', "where_op"),
    ('{"field": "level", "op": ["eq"], "value": "A"}', "where_op"),
    ('{"field": "level", "op": null, "value": "A"}', "where_op"),
    ('{"field": "tag", "op": "eq", "value": "A"}', "where_op"),
    ('{"field": "level", "op": "eq"}', "text"),
    ('{"field": "level", "op": "eq", "value": null}', "text"),
    ('{"field": "level", "op": "eq", "value": 5}', "text"),
    ('{"field": "level", "op": "eq", "value": ["A"]}', "text"),
    ('{"field": "level", "op": "in", "value": "A"}', "list"),
    ('{"field": "level", "op": "in", "value": [["A"]]}', "text"),
    ('{"field": "level", "op": "in", "value": ' + json.dumps(["A"] * 1_001) + "}", "list"),
    ('{"field": "level", "op": "eq", "value": "a\\u0000"}', "text"),
    ('{"field": "level", "op": "eq", "value": "\\ud800"}', "where_shape"),
    ('{"field": "owner_id", "op": "eq", "value": true}', "id"),
    ('{"field": "owner_id", "op": "eq", "value": 1.0}', "id"),
    ('{"field": "owner_id", "op": "eq", "value": 99999999999999999999}', "id"),
    ('{"field": "owner_id", "op": "in", "value": [1, {}]}', "id"),
    ('{"field": "credit_rating", "op": "gt", "value": true}', "number"),
    ('{"field": "credit_rating", "op": "gt", "value": 1e30}', "number"),
    ('{"field": "annual_revenue", "op": "gt", "value": 1e300}', "decimal"),
    ('{"field": "annual_revenue", "op": "gt", "value": []}', "decimal"),
    ('{"field": "created", "op": "gt", "value": 2026}', "instant"),
    ('{"field": "created", "op": "gt", "value": {"a": 1}}', "instant"),
    ('{"and": [{"and": [{"and": [{"and": [{"field": "id", "op": "eq", "value": 1}]}]}]}]}', "where_too_deep"),
    ('{"and": ' * 1_200 + "1" + "}" * 1_200, "where_shape"),
    (json.dumps({"or": [leaf("id", "eq", 1)] * 51}), "where_too_many"),
    (json.dumps({"or": [leaf("level", "is_null")] * 51}), "where_too_many"),
    (json.dumps(leaf("name", "contains", "x" * 17_000)), "where_too_many"),
]


def test_bad_trees(cast: Cast) -> None:
    found = [
        (text, faults(cast.alice.get("/customers?" + urlencode({"where": text})))["where"]) for text, _ in BAD_TREES
    ]
    assert found == BAD_TREES


# An oracle in Python: what each operator means for a value as the API shows it.
Shown = dict[str, Any]


def _compared(op: str, value: Any, wanted: Any) -> bool:
    if op == "is_null":
        return value is None
    if op == "not_null":
        return value is not None
    if op == "in":
        return value is not None and value in wanted
    if op == "not_in":
        return value is None or value not in wanted
    if op == "ne":
        return bool(value is None or value != wanted)
    if value is None:
        return False
    return bool(
        {
            "eq": value == wanted,
            "lt": value < wanted,
            "lte": value <= wanted,
            "gt": value > wanted,
            "gte": value >= wanted,
        }[op]
    )


READ: dict[str, Callable[[Shown], Any]] = {
    "level": lambda shown: shown["level"],
    "status": lambda shown: shown["status"],
    "credit_rating": lambda shown: shown["credit_rating"],
    "annual_revenue": lambda shown: None if shown["annual_revenue"] is None else Decimal(shown["annual_revenue"]),
    "next_follow_up": lambda shown: shown["next_follow_up_at"] and datetime.fromisoformat(shown["next_follow_up_at"]),
}


def _holds(tree: Any, shown: Shown) -> bool:
    if "and" in tree:
        return all(_holds(one, shown) for one in tree["and"])
    if "or" in tree:
        return any(_holds(one, shown) for one in tree["or"])
    field, op, wanted = tree["field"], tree["op"], tree.get("value")
    if field == "name":
        at = fold(shown["name"]).find(fold(wanted))
        return {"contains": at >= 0, "not_contains": at < 0, "starts_with": at == 0}[op]
    if field == "tag":
        has = fold(wanted or "") in {fold(tag) for tag in shown["tags"]}
        return {"has": has, "has_not": not has, "is_null": not shown["tags"], "not_null": bool(shown["tags"])}[op]
    if wanted is not None and field in ("annual_revenue", "next_follow_up"):
        wanted = Decimal(wanted) if field == "annual_revenue" else datetime.fromisoformat(wanted)
    return _compared(op, READ[field](shown), wanted)


NAMES = ("Alpha", "ＡＬＰＨＡ Beta", "张三丰", "張三", "café", "CAFE", "a%b", "a_b", "李", "ß", "x y", "X  Y")
LEVELS = (None, "A", "B", "C")
MOMENTS = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", "2026-06-01T12:00:00Z")


def _random_rows(dice: random.Random, count: int) -> list[dict[str, Any]]:
    return [
        {
            "name": dice.choice(NAMES),
            "level": dice.choice(LEVELS),
            "status": dice.choice(("lead", "prospect", "active", "lost")),
            "credit_rating": dice.choice((None, 0, 1, 50, 100)),
            "annual_revenue": dice.choice((None, Decimal(0), Decimal("0.0001"), Decimal("9.99"), Decimal("10"))),
            "next_follow_up_at": dice.choice((None, *map(datetime.fromisoformat, MOMENTS))),
            "employee_count": dice.choice((None, 0, 7, 7_000)),
            "tags": dice.sample(("VIP", "东", "new"), dice.randrange(3)),
        }
        for _ in range(count)
    ]


def _random_leaf(dice: random.Random) -> dict[str, Any]:
    field = dice.choice(("level", "status", "credit_rating", "annual_revenue", "next_follow_up", "name", "tag"))
    spec = SPECS["customer"].filters[field]
    op = dice.choice([op for op in spec.ops if not (field == "name" and op in ("eq", "is_null", "not_null"))])
    values: dict[str, tuple[Any, ...]] = {
        "level": LEVELS[1:],
        "status": ("lead", "lost"),
        "credit_rating": (0, 1, 49, 100),
        "annual_revenue": ("0", "0.0001", "9.9900", "10"),
        "next_follow_up": MOMENTS,
        "name": ("a", "alpha", "张", "張三", "%", "_", " ", "ss", "x y"),
        "tag": ("vip", "東", "nobody"),
    }
    if op in ("is_null", "not_null"):
        return leaf(field, op)
    if op in ("in", "not_in"):
        return leaf(field, op, dice.sample(values[field], dice.randrange(len(values[field]) + 1)))
    return leaf(field, op, dice.choice(values[field]))


def _random_tree(dice: random.Random, depth: int = 1) -> dict[str, Any]:
    if depth == 4 or dice.random() < 0.4:
        return _random_leaf(dice)
    return {dice.choice(("and", "or")): [_random_tree(dice, depth + 1) for _ in range(dice.randint(1, 3))]}


def test_random_trees_say_what_they_mean(cast: Cast) -> None:
    dice = random.Random(20_261_122)
    many(cast.alice, _random_rows(dice, 50))
    shown = page(cast.alice, "/customers", per_page=200, sort="id")["data"]
    assert len(shown) == 50
    for _ in range(40):
        tree = _random_tree(dice)
        expected = [one["id"] for one in shown if _holds(tree, one)]
        assert ids(cast.alice, "/customers", where=json.dumps(tree), sort="id") == expected, tree


# ---- order, pages, cursors ------------------------------------------------------------------------------------------

SORTED: dict[str, Callable[[Shown], Any]] = {
    "name": lambda shown: sort_key(shown["name"]),
    "level": lambda shown: shown["level"],
    "credit_rating": lambda shown: shown["credit_rating"],
    "annual_revenue": READ["annual_revenue"],
    "next_follow_up_at": READ["next_follow_up"],
    "employee_count": lambda shown: shown["employee_count"],
    "id": lambda shown: shown["id"],
    "created_at": lambda shown: shown["created_at"],
}


def in_order(records: list[Shown], keys: list[str]) -> list[int]:
    """Sort as the contract says: nulls last both ways, the id breaks ties in the direction of the last key."""
    ordered = sorted(records, key=lambda shown: shown["id"], reverse=keys[-1].startswith("-"))
    for key in reversed(keys):
        read, down = SORTED[key.removeprefix("-")], key.startswith("-")
        filled = [one for one in ordered if read(one) is not None]
        filled.sort(key=read, reverse=down)
        if down:  # sorting downwards must not turn ties around
            filled = sorted((one for one in ordered if read(one) is not None), key=_Down.of(read))
        ordered = filled + [one for one in ordered if read(one) is None]
    return [one["id"] for one in ordered]


class _Down:
    """A key that sorts the other way around."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Down) -> bool:
        return bool(other.value < self.value)

    @staticmethod
    def of(read: Callable[[Shown], Any]) -> Callable[[Shown], _Down]:
        return lambda shown: _Down(read(shown))


def test_order_and_cursors(cast: Cast) -> None:
    """For each key and many pairs of keys, both ways: the right order, each row once, by pages and by cursors."""
    dice = random.Random(7)
    many(cast.alice, _random_rows(dice, 30))
    shown = page(cast.alice, "/customers", per_page=200)["data"]
    singles = [[sign + key] for key in SORTED for sign in ("", "-")]
    several = [
        [dice.choice(("", "-")) + key for key in dice.sample(sorted(SORTED), dice.choice((2, 2, 3, 4)))]
        for _ in range(8)
    ]
    for keys in singles + several:
        expected = in_order(shown, keys)
        sort = ",".join(keys)
        assert ids(cast.alice, "/customers", sort=sort) == expected, sort
        walked = walk(cast.alice, "/customers", sort=sort, per_page=dice.choice((7, 11)), count="none")
        assert [one["id"] for one in walked] == expected, sort
        if len(keys) == 1:
            continue
        paged = [
            one["id"]
            for number in (1, 2, 3)
            for one in page(cast.alice, "/customers", sort=sort, per_page=13, page=number)["data"]
        ]
        assert paged == expected, sort


def test_a_walk_with_filters(cast: Cast) -> None:
    dice = random.Random(8)
    many(cast.alice, _random_rows(dice, 40))
    where = json.dumps({"or": [leaf("level", "is_null"), leaf("tag", "has", "VIP")]})
    query = {"where": where, "q": "a", "status": ["lead", "active", "lost"], "sort": "-credit_rating,name"}
    expected = ids(cast.alice, "/customers", **query)
    assert len(expected) > 5
    assert [one["id"] for one in walk(cast.alice, "/customers", per_page=3, **query)] == expected


def test_a_walk_meets_each_row_once_while_others_write(cast: Cast) -> None:
    made = many(cast.alice, [{"name": f"n{number:02}"} for number in range(12)])
    first = page(cast.alice, "/customers", sort="id", per_page=5)
    cast.alice.delete(f"/customers/{made[2]}")
    cast.alice.delete(f"/customers/{made[7]}")
    cast.alice.made("/customers", {"name": "late"})
    rest = page(cast.alice, "/customers", sort="id", per_page=50, cursor=first["meta"]["next_cursor"])
    assert [one["id"] for one in rest["data"]] == [made[5], made[6], *made[8:], made[-1] + 1]


def test_the_cursor_is_of_one_query_and_one_caller(cast: Cast) -> None:
    many(cast.alice, [{"name": f"n{number}"} for number in range(5)])
    asked = {"sort": "-created_at", "name": "n", "status": "lead", "q": "n"}
    cursor = page(cast.alice, "/customers", per_page=2, **asked)["meta"]["next_cursor"]
    assert cursor is not None

    def tried(member: Any = cast.alice, **changes: Any) -> Any:
        query = {**asked, "per_page": 2, "cursor": cursor, **changes}
        return member.get("/customers?" + urlencode({name: one for name, one in query.items() if one is not None}))

    good = tried()
    assert [one["id"] for one in good.get_json()["data"]] == [3, 2]
    # Pages of another size and shape are the same walk.
    assert [one["id"] for one in tried(per_page=1).get_json()["data"]] == [3]
    assert tried(count="none", fields="id").get_json()["data"] == [{"id": 3, "version": 1}, {"id": 2, "version": 1}]
    for changes in (
        {"sort": "created_at"},
        {"sort": None, "name": "n1"},
        {"status": "lost"},
        {"q": "m"},
        {"q": None},
        {"level": "A"},
        {"deleted": "only"},
        {"where": '{"field":"id","op":"eq","value":1}'},
    ):
        assert faults(tried(**changes)) == {"cursor": "cursor"}, changes
    for member in (cast.carol, cast.root):
        assert faults(tried(member)) == {"cursor": "cursor"}
    assert faults(tried(page=1)) == {"cursor": "cursor_with_page"}
    assert faults(tried(page=2)) == {"cursor": "cursor_with_page"}


def _opened(cursor: str) -> list[Any]:
    return list(orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))


def _closed(values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "sort", ["created_at", "-annual_revenue", "credit_rating", "name", "id", "level,-employee_count"]
)
def test_forged_cursors_are_refused_or_harmless(cast: Cast, sort: str) -> None:
    many(cast.alice, _random_rows(random.Random(3), 9))
    cursor = page(cast.alice, "/customers", sort=sort, per_page=2)["meta"]["next_cursor"]
    digest, *values, record_id = _opened(cursor)
    evil: list[Any] = [
        None,
        True,
        -1,
        2**31,
        2**63,
        10**30,
        1.5,
        "",
        "x",
        "\x00",
        "1e999999999",
        "NaN",
        "-Infinity",
        [],
        {},
        [1],
        "2026-01-01T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
        "\ud800",
        "x" * 5_000,
    ]
    forged: list[Any] = [5, "x", None, [], {}, [digest], [digest, *values], [digest, *values, record_id, record_id]]
    forged += [[digest, *values, one] for one in evil]
    forged += [[digest, *([one] * len(values)), record_id] for one in evil]
    texts = [_closed(one) for one in forged] + ["", "x", "====", "é", "%00", "a" * 3_000, cursor + "x", cursor[:-3]]
    for text in texts:
        answer = cast.alice.get("/customers?" + urlencode({"sort": sort, "per_page": 2, "cursor": text}))
        if answer.status_code != 200:
            assert faults(answer) == {"cursor": "cursor"}, text


def test_pages(cast: Cast) -> None:
    made = many(cast.alice, [{"name": f"n{number:02}"} for number in range(23)])

    def meta(**query: Any) -> tuple[int, dict[str, Any]]:
        found = page(cast.alice, "/customers", sort="id", **query)
        cursor = found["meta"].pop("next_cursor")
        return len(found["data"]), {**found["meta"], "more": cursor is not None}

    def expected(total: int, pages: int, number: int, per_page: int, more: bool) -> dict[str, Any]:
        return {"total": total, "pages": pages, "current_page": number, "per_page": per_page, "more": more}

    assert meta() == (20, expected(23, 2, 1, 20, True))
    assert meta(page=2) == (3, expected(23, 2, 2, 20, False))
    assert meta(page=3) == (0, expected(23, 2, 3, 20, False))
    assert meta(page=10**12) == (0, expected(23, 2, 10**12, 20, False))
    assert meta(per_page=23) == (23, expected(23, 1, 1, 23, False))
    assert meta(per_page=1, page=23) == (1, expected(23, 23, 23, 1, False))
    assert meta(per_page=200, level="A") == (0, expected(0, 0, 1, 200, False))
    # A page gives a cursor to go on from, too.
    second = page(cast.alice, "/customers", sort="id", per_page=5, page=2)
    third = page(cast.alice, "/customers", sort="id", per_page=5, cursor=second["meta"]["next_cursor"])
    assert [one["id"] for one in second["data"] + third["data"]] == made[5:15]
    assert third["meta"]["total"] == 23


def test_counts(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    many(cast.alice, [{"name": f"n{number}"} for number in range(7)])

    def meta(**query: Any) -> dict[str, Any]:
        found = dict(page(cast.alice, "/customers", **query)["meta"])
        return {name: found[name] for name in ("total", "pages", "total_is_capped") if name in found}

    assert meta(per_page=2) == meta(per_page=2, count="exact") == {"total": 7, "pages": 4}
    assert meta(per_page=2, count="none") == {"total": None, "pages": None}
    assert meta(per_page=2, count="none", page=9) == {"total": None, "pages": None}
    assert meta(per_page=2, count="capped") == {"total": 7, "pages": 4, "total_is_capped": False}
    assert meta(per_page=200, count="capped") == {"total": 7, "pages": 1, "total_is_capped": False}
    for cap, capped in ((7, False), (6, True), (3, True)):
        monkeypatch.setattr(listing, "CAP", cap)
        cast.alice.app.extensions.pop("lianxi.totals", None)
        with fresh_plans("customer"):
            expected = {"total": min(cap, 7), "pages": -(-min(cap, 7) // 2), "total_is_capped": capped}
            assert meta(per_page=2, count="capped") == expected
            assert meta(per_page=2, count="capped", page=4) == expected
            assert meta(per_page=2, count="exact") == {"total": 7, "pages": 4}
        cast.alice.app.extensions.pop("lianxi.totals", None)


def test_a_total_is_never_older_than_its_page(cast: Cast) -> None:
    """Whatever is remembered of totals, the next change is counted."""
    for number in range(1, 8):
        cast.alice.made("/customers", {"name": f"n{number}"})
        for _ in range(2):
            assert page(cast.alice, "/customers", per_page=1)["meta"]["total"] == number
    cast.alice.delete("/customers/3")
    assert page(cast.alice, "/customers", per_page=1)["meta"]["total"] == 6
    cast.root.patch("/customers/4", {"owner_id": cast.mallory.id})
    assert page(cast.alice, "/customers", per_page=1)["meta"]["total"] == 5
    assert page(cast.mallory, "/customers", per_page=1)["meta"]["total"] == 1


def test_fields(cast: Cast) -> None:
    made = cast.alice.made("/customers", {"name": "Acme", "tags": ["a"], "annual_revenue": "1"})
    full = page(cast.alice, "/customers")["data"][0]

    def only(names: str) -> dict[str, Any]:
        return dict(page(cast.alice, "/customers", fields=names)["data"][0])

    assert only("id,name") == {"id": made["id"], "version": 1, "name": "Acme"}
    assert only("name") == {"id": made["id"], "version": 1, "name": "Acme"}
    for names in (
        "owner",
        "owner_id,owner",
        "tags,collaborators",
        "can_write",
        "parent,parent_id",
        "annual_revenue",
        "created_at, updated_at",
        "phone,email,phone_e164",
        "address,custom",
    ):
        wanted = {name.strip() for name in names.split(",")} | {"id", "version"}
        assert only(names) == {name: value for name, value in full.items() if name in wanted}, names
    every = ",".join(full)
    assert only(every) == full


def test_a_list_takes_few_statements(cast: Cast, app: CRM) -> None:
    dice = random.Random(5)
    many(cast.alice, _random_rows(dice, 30))
    for number in range(12):
        cast.alice.made("/people", {"name": f"p{number}", "customer_id": 1 + number})
    for path in (
        "/customers?per_page=10",
        "/customers?per_page=10&page=2&sort=name",
        "/people?per_page=5",
        "/tags",
        "/customers?q=a&tag=VIP&sort=-annual_revenue,name&count=capped",
        "/customers?page=99",
    ):
        cast.alice.get(path)
        with counted(app) as counter:
            assert cast.alice.get(path).status_code == 200
        assert 1 <= len(counter.statements) <= 4, (path, counter.statements)
    for path in ("/customers/1", "/people/1"):
        with counted(app) as counter:
            assert cast.alice.get(path).status_code == 200
        assert 1 <= len(counter.statements) <= 2, (path, counter.statements)


def test_the_bin_is_a_list_like_others(cast: Cast) -> None:
    made = many(cast.alice, [{"name": f"n{number}", "level": "A" if number % 2 else None} for number in range(8)])
    for record_id in made[:6]:
        assert cast.alice.delete(f"/customers/{record_id}").status_code == 204
    assert ids(cast.alice, "/customers", sort="id") == made[6:]
    assert ids(cast.alice, "/customers", deleted="only", sort="id") == made[:6]
    assert ids(cast.alice, "/customers", deleted="only", level="A", sort="-id") == [made[5], made[3], made[1]]
    walked = walk(cast.alice, "/customers", deleted="only", sort="level", per_page=2)
    assert [one["id"] for one in walked] == [made[1], made[3], made[5], made[0], made[2], made[4]]
    assert {one["is_active"] for one in walked} == {False}
    assert ids(cast.bob, "/customers", deleted="only") == []


def test_one_shape_everywhere(cast: Cast) -> None:
    """The record of the list, of GET, of the answers to POST and PATCH is the same, byte for byte."""
    body = {
        "name": "Acme",
        "tags": ["b", "a"],
        "annual_revenue": "1.5",
        "address": {"city": "上海"},
        "collaborators": [{"user_id": cast.bob.id, "access": "read"}],
        "next_follow_up_at": "2026-01-01T00:00:00.5Z",
    }
    posted = cast.alice.post("/customers", body).get_data()
    path = f"/customers/{json.loads(posted)['id']}"
    assert cast.alice.get(path).get_data() == posted
    assert cast.alice.get("/customers").get_data().startswith(b'{"data":[' + posted + b"]")
    patched = cast.alice.patch(path, {"title": "x"}).get_data()
    assert cast.alice.get(path).get_data() == patched
    assert cast.alice.get("/customers?page=1&sort=name").get_data().startswith(b'{"data":[' + patched + b"]")
    shown = json.loads(patched)
    assert shown["next_follow_up_at"] == "2026-01-01T00:00:00.500000Z"
    assert shown["annual_revenue"] == "1.50"
    assert (shown["owner"], shown["team"]) == (
        {"id": cast.alice.id, "name": "Alice"},
        {"id": cast.north, "name": "North"},
    )

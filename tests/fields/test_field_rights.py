"""Whichever way a field is asked for, a role that has less of it gets no more than its state allows."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from app.field_rights import FieldState

from ..auth.test_roles import codes
from ..cast import Cast, Member
from ..exporting.fetching import fetch, table
from ..importing.sending import upload
from .narrowing import narrow

READ_ONLY, MASKED, HIDDEN = FieldState


class Case(NamedTuple):
    """A field with a value that can be looked for.

    Attributes:
        value: what is stored.
        mask: how it is shown masked; null for what has no mask.
        filters: plain parameters that read it, each with a value that matches.
        words: what finds it by `q`; null where no search looks into it.
        sort: its sort key, if any.
        group: the report and the group that read it.
        column: of a file, where that is called otherwise.
    """

    plural: str
    field: str
    value: Any
    mask: Any = None
    filters: tuple[tuple[str, str], ...] = ()
    words: str | None = None
    sort: str | None = None
    group: tuple[str, str] | None = None
    column: str | None = None

    @property
    def resource(self) -> str:
        """Singular."""
        return {"customers": "customer", "people": "person", "deals": "deal"}[self.plural]

    @property
    def told(self) -> str:
        """A piece of the value that stands in whatever shows it."""
        value = self.value
        return str(next(iter(value.values())) if isinstance(value, dict) else value)

    def is_in(self, text: str) -> bool:
        """Whether a text tells the value; what is too short to be told from other things is left out."""
        return len(self.told) > 3 and self.told in text


CASES = [
    Case("customers", "phone", "13812345678", "138****5678", (("phone_e164", "+8613812345678"),), "13812345678"),
    Case("customers", "email", "zhang@secret.example", "z***@secret.example", (("email", "zhang"),), "zhang"),
    Case("customers", "website", "https://secret.example", "***"),
    Case("customers", "tax_id", "91310000MA1K35X12A", "***", (("tax_id", "91310000MA1K35X12A"),)),
    Case(
        "customers",
        "address",
        {"city": "乌鲁木齐", "province": "新疆"},
        {"city": "***", "province": "***"},
        (("city", "乌鲁木齐"), ("province", "新疆")),
        group=("customers", "region"),
        column="address.city",
    ),
    Case("customers", "industry", "finance", None, (("industry", "finance"),), group=("customers", "industry")),
    Case("customers", "level", "A", None, (("level", "A"),), sort="level", group=("customers", "level")),
    Case("customers", "source", "referral", None, (("source", "referral"),), group=("customers", "source")),
    Case(
        "customers",
        "credit_rating",
        77,
        None,
        (("credit_rating_min", "77"),),
        sort="credit_rating",
        group=("customers", "rating_band"),
    ),
    Case("customers", "employee_count", 7_771, None, (("employee_count_max", "7771"),), sort="employee_count"),
    Case("customers", "annual_revenue", "7771.50", None, (("annual_revenue_min", "7771"),), sort="annual_revenue"),
    Case("customers", "description", "secret words", "***"),
    Case("people", "phone", "13812345678", "138****5678", (), "13812345678"),
    Case("people", "email", "zhang@secret.example", "z***@secret.example", (), "zhang"),
    Case("people", "wechat", "secret_chat", "***", (), "secret_chat"),
    Case("people", "title", "Secretkeeper", "***", (), "secretkeeper", sort="title"),
    Case("people", "birthday", "1971-07-07"),
    Case("deals", "source", "referral", None, (("source", "referral"),), group=("sales", "source")),
    Case("deals", "description", "secret words", "***"),
]


@dataclass
class Asked:
    """Records with all these values, and who has the fields in one state."""

    state: FieldState
    who: Member
    root: Member
    ids: dict[str, int]

    @property
    def cases(self) -> list[Case]:
        """The fields that can be in that state."""
        return [case for case in CASES if self.state is not MASKED or case.mask is not None]

    @property
    def start(self) -> str:
        """A place in the feed before everything, for who asks."""
        first = str(shown(self.who, "/events")["meta"]["watermark"]).split("-")
        return "-".join([first[0], "0", "0", first[3]])


@pytest.fixture(params=FieldState)
def asked(request: pytest.FixtureRequest, cast: Cast) -> Asked:
    """alice has one record of each kind; her role has every field of the table in one state."""
    found = Asked(request.param, cast.alice, cast.root, {})
    for plural in ("customers", "people", "deals"):
        body: dict[str, Any] = {case.field: case.value for case in CASES if case.plural == plural}
        link = {"customer_id": found.ids["customers"]} if plural == "people" else {"owner_id": cast.alice.id}
        found.ids[plural] = cast.root.made(f"/{plural}", {"name": "Plain", **body, **link})["id"]
    rules: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for case in found.cases:
        rules[case.resource][case.field] = str(found.state)
    narrow(cast, cast.alice, rules)
    return found


def shown(who: Member, path: str) -> dict[str, Any]:
    """The answer of a GET that must succeed."""
    answer = who.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def test_shown(asked: Asked) -> None:
    who, state = asked.who, asked.state
    rules = shown(who, "/auth/me")["fields"]
    for case in asked.cases:
        assert rules[case.resource][case.field] == state
        path = f"/{case.plural}/{asked.ids[case.plural]}"
        record = shown(who, path)
        (listed,) = shown(who, f"/{case.plural}?id={asked.ids[case.plural]}")["data"]
        assert listed == record
        if state is HIDDEN:
            assert case.field not in record
        else:
            assert record[case.field] == (case.mask if state is MASKED else case.value)
        assert (case.field in record["masked_fields"]) is (state is MASKED)
        asked_for = who.get(f"/{case.plural}?fields={case.field}")
        assert (asked_for.status_code, case) == (422 if state is HIDDEN else 200, case)
        assert shown(asked.root, path)[case.field] == case.value
        if state is not READ_ONLY:
            for everything in (record, shown(who, "/search?q=plain")):
                assert not case.is_in(json.dumps(everything, ensure_ascii=False))


def test_told_by_the_past(asked: Asked) -> None:
    for case in asked.cases:
        record_id = asked.ids[case.plural]
        entries = shown(asked.who, f"/journal?resource={case.resource}&id={record_id}")["data"]
        changes = {name: sides for entry in entries for name, sides in entry["changes"].items()}
        assert (case.field in changes, case) == (asked.state is not HIDDEN, case)
        events = shown(asked.who, f"/events?after={asked.start}")["data"]
        (event,) = [one for one in events if (one["resource"], one["id"]) == (case.resource, record_id)]
        assert (case.field in event["changed"], case) == (asked.state is not HIDDEN, case)
        if asked.state is not READ_ONLY:
            assert not case.is_in(json.dumps([entries, event], ensure_ascii=False))


def test_asked_about(asked: Asked) -> None:
    """What a role may not read plain is as unknown to its questions as a name that there is not."""
    who, may = asked.who, asked.state is READ_ONLY
    for case in asked.cases:
        for name, value in case.filters:
            answer = who.get(f"/{case.plural}", query_string={name: value})
            if may:
                assert [one["id"] for one in answer.get_json()["data"]] == [asked.ids[case.plural]], name
            else:
                assert codes(answer) == [(name, "unknown_parameter")]
                refused_filter(who, case, name, value)
        if case.sort is not None:
            answer = who.get(f"/{case.plural}?sort={case.sort}")
            assert answer.status_code == (200 if may else 422), case
            assert may or codes(answer) == [("sort", "unknown_name")]
        if case.words is not None:
            listed = shown(who, f"/{case.plural}?q={case.words}")["data"]
            assert [one["id"] for one in listed] == ([asked.ids[case.plural]] if may else []), case
            found = shown(who, f"/search?q={case.words}&types={case.resource}")["data"]
            assert [one["id"] for one in found] == ([asked.ids[case.plural]] if may else []), case
        if case.group is not None:
            report, group = case.group
            answer = who.get(f"/reports/{report}?group_by={group}")
            assert answer.status_code == (200 if may else 422), answer.get_data(as_text=True)
            assert may or codes(answer) == [("group_by", "not_allowed")]
        assert [one["id"] for one in shown(who, f"/{case.plural}?q=plain")["data"]] == [asked.ids[case.plural]]


def refused_filter(who: Member, case: Case, name: str, value: str) -> None:
    """The filter is unknown in a tree, in the query of a bulk change, in a view, and among those that are offered."""
    field = name.removesuffix("_min").removesuffix("_max")
    tree = {"field": field, "op": "not_null"}
    assert codes(who.get(f"/{case.plural}", query_string={"where": json.dumps(tree)})) == [("where", "where_field")]
    bulk = {"action": "delete", "query": urlencode({name: value}), "preview": True}
    assert codes(who.post(f"/{case.plural}/bulk", bulk)) == [(f"#/query/{name}", "unknown_parameter")]
    export = {"resource": case.plural, "format": "csv", "where": tree}
    assert codes(who.post("/exports", export)) == [("#/where", "where_field")]
    view = {"name": "V", "resource": case.plural, "filters": {name: [value]}}
    assert who.post("/views", view).status_code == 422
    offered = shown(who, f"/views/fields?resource={case.plural}")["data"]
    assert field not in [one["field"] for one in offered]


def test_written(asked: Asked) -> None:
    who = asked.who
    for case in asked.cases:
        code = "unknown_field" if asked.state is HIDDEN else "read_only"
        fault = [(f"#/{case.field}", code)]
        path, values = f"/{case.plural}/{asked.ids[case.plural]}", {case.field: case.value}
        new: dict[str, Any] = {"name": "New"} | (
            {"customer_id": asked.ids["customers"]} if case.plural == "people" else {}
        )
        assert codes(who.patch(path, values)) == fault
        assert codes(who.post(f"/{case.plural}", new | values)) == fault
        assert codes(who.put(f"/{case.plural}/external/erp/1", new | values)) == fault
        bulk = {"action": "update", "ids": [asked.ids[case.plural]], "changes": values}
        assert codes(who.post(f"/{case.plural}/bulk", bulk)) == [(f"#/changes/{case.field}", code)]
        merge = {"target_id": 1, "source_ids": [2], "values": {case.field: 2}}
        if case.plural != "deals":
            assert (f"#/values/{case.field}", code) in codes(who.post(f"/{case.plural}/merge", merge))
            part = {"person": {"name": "P", case.field: case.value}} if case.plural == "people" else {}
        else:
            part = {"deal": {"name": "D", case.field: case.value}}
        if part:
            answer = who.post(f"/customers/{asked.ids['customers']}/qualify", part)
            assert codes(answer) == [(f"#/{next(iter(part))}/{case.field}", code)]
        assert who.patch(path, {"name": "Renamed"}).status_code == 200
        assert shown(asked.root, path)[case.field] == case.value
        if asked.state is not READ_ONLY and case.field in ("phone", "email", "tax_id", "address"):
            assert codes(who.post("/customers/check", values)) == fault


def test_in_files(asked: Asked) -> None:
    who, state = asked.who, asked.state
    for plural in ("customers", "people", "deals"):
        (row,) = table(fetch(who, plural))
        formats = ("csv", "jsonl", *(["vcf"] if plural != "deals" else []))
        files = [fetch(who, plural, format).decode("utf-8-sig") for format in formats]
        for case in asked.cases:
            if case.plural != plural:
                continue
            column = case.column or case.field
            assert (column in row, case) == (state is not HIDDEN, case)
            assert state is READ_ONLY or not any(case.is_in(file) for file in files)
            if state is HIDDEN:
                named = {"resource": plural, "format": "csv", "fields": [column]}
                assert codes(who.post("/exports", named)) == [("#/fields/0", "unknown_field")]
            sent = upload(who, plural, f"name,{column}\nTyped,{case.told}\n")
            assert column not in [one["name"] for one in sent["fields"]]
            assert [one["field"] for one in sent["columns"]] == ["name", None]
            mapped = {"columns": [{"index": 1, "field": column}]}
            assert codes(who.patch(f"/imports/{sent['id']}", mapped)) == [("#/columns/0/field", "unknown_field")]

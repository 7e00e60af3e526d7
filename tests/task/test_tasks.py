"""Tasks: who may plan what for whom, when it is due, and what becomes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from app.days import Days, end_of, start_of
from app.routing import CRM

from ..cast import Cast, Member
from ..conftest import counted
from ..faults import issues

SHANGHAI = ZoneInfo("Asia/Shanghai")


def customer_of(cast: Cast, name: str = "甲公司", **more: Any) -> int:
    """A customer of alice's."""
    return int(cast.alice.made("/customers", {"name": name, **more})["id"])


def task(member: Member, subject: str = "x", **more: Any) -> dict[str, Any]:
    """A new task of somebody's."""
    return member.made("/tasks", {"subject": subject, **more})


def subjects(member: Member, **query: Any) -> list[str]:
    """What a list holds, in order."""
    answer = member.get(f"/tasks?{urlencode(query, doseq=True)}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [one["subject"] for one in answer.get_json()["data"]]


def day(number: int = 0) -> str:
    """A date some days from today, in the zone of the cast."""
    return (datetime.now(SHANGHAI).date() + timedelta(days=number)).isoformat()


# ---- the record -----------------------------------------------------------------------------------------------------


def test_a_subject_is_enough(cast: Cast) -> None:
    made = cast.alice.made("/tasks", {"subject": "  寄样品 "})
    at = made["created_at"]
    assert made == {
        "id": 1,
        "version": 1,
        "kind": "todo",
        "subject": "寄样品",
        "description": None,
        "starts_at": None,
        "ends_at": None,
        "due_on": None,
        "due_at": None,
        "priority": "normal",
        "assignee_id": cast.alice.id,
        "assignee": {"id": cast.alice.id, "name": "Alice"},
        "team_id": cast.north,
        "team": {"id": cast.north, "name": "North"},
        "participants": [],
        "customer_id": None,
        "customer": None,
        "person_id": None,
        "person": None,
        "deal_id": None,
        "deal": None,
        "reminders": [],
        "done_at": None,
        "external_source": None,
        "external_id": None,
        "created_at": at,
        "created_by": cast.alice.id,
        "updated_at": at,
        "is_active": True,
        "can_write": True,
    }
    assert cast.alice.get("/tasks/1").get_json() == made
    assert cast.alice.get("/tasks").get_json()["data"] == [made]


def test_everything_that_can_be_said(cast: Cast) -> None:
    customer = customer_of(cast)
    person = cast.alice.made("/people", {"customer_id": customer, "name": "王芳"})["id"]
    deal = cast.alice.made("/deals", {"name": "续约", "customer_id": customer})["id"]
    body = {
        "kind": "meeting",
        "subject": "方案评审",
        "description": "带上样品\n",
        "starts_at": "2026-12-01T09:00:00+08:00",
        "ends_at": "2026-12-01T10:30:00+08:00",
        "priority": "high",
        "assignee_id": cast.bob.id,
        "participants": [{"user_id": cast.carol.id}, {"user_id": cast.alice.id}],
        "customer_id": customer,
        "person_id": person,
        "deal_id": deal,
        "reminders": [{"minutes_before": 30}, {"at": "2026-11-30T18:00:00+08:00"}],
        "external_source": "old",
        "external_id": "t-1",
    }
    made = cast.alice.made("/tasks", body)
    expected = body | {
        "starts_at": "2026-12-01T01:00:00Z",
        "ends_at": "2026-12-01T02:30:00Z",
        "assignee": {"id": cast.bob.id, "name": "Bob"},
        "participants": [{"user_id": cast.carol.id, "name": "Carol"}, {"user_id": cast.alice.id, "name": "Alice"}],
        "customer": {"id": customer, "name": "甲公司"},
        "person": {"id": person, "name": "王芳"},
        "deal": {"id": deal, "name": "续约"},
        "reminders": [{"minutes_before": 30}, {"at": "2026-11-30T10:00:00Z"}],
    }
    assert {name: made[name] for name in expected} == expected


def test_the_customer_follows_from_deal_and_person(cast: Cast) -> None:
    customer = customer_of(cast)
    person = cast.alice.made("/people", {"customer_id": customer, "name": "王芳"})["id"]
    deal = cast.alice.made("/deals", {"name": "续约", "customer_id": customer})["id"]
    loose = cast.alice.made("/deals", {"name": "还没有客户"})["id"]
    assert task(cast.alice, deal_id=deal)["customer_id"] == customer
    assert task(cast.alice, person_id=person)["customer_id"] == customer
    assert task(cast.alice, deal_id=loose)["customer_id"] is None
    made = task(cast.alice, deal_id=deal)
    freed = cast.alice.patch(f"/tasks/{made['id']}", {"customer_id": None}).get_json()
    assert (freed["customer_id"], freed["deal_id"]) == (None, None)
    again = cast.alice.patch(f"/tasks/{made['id']}", {"person_id": person}).get_json()
    assert (again["customer_id"], again["person_id"]) == (customer, person)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"#/subject": "required"}),
        ({"subject": " "}, {"#/subject": "required"}),
        ({"subject": "x" * 201}, {"#/subject": "too_long"}),
        ({"subject": "x", "kind": "email"}, {"#/kind": "not_allowed"}),
        ({"subject": "x", "priority": "urgent"}, {"#/priority": "not_allowed"}),
        ({"subject": "x", "assignee_id": None}, {"#/assignee_id": "required"}),
        ({"subject": "x", "assignee_id": 99}, {"#/assignee_id": "unknown_user"}),
        ({"subject": "x", "participants": [{"user_id": 99}]}, {"#/participants/0/user_id": "unknown_user"}),
        ({"subject": "x", "participants": [5]}, {"#/participants/0": "wrong_type"}),
        ({"subject": "x", "due_on": "2026-12-01", "due_at": "2026-12-01T00:00:00Z"}, {"#/due_on": "one_due"}),
        ({"subject": "x", "due_on": "tomorrow"}, {"#/due_on": "date"}),
        ({"subject": "x", "due_at": "2026-12-01T00:00:00"}, {"#/due_at": "instant"}),
        ({"subject": "x", "ends_at": "2026-12-01T00:00:00Z"}, {"#/ends_at": "needs_start"}),
        (
            {"subject": "x", "starts_at": "2026-12-01T01:00:00Z", "ends_at": "2026-12-01T00:00:00Z"},
            {"#/ends_at": "before_from"},
        ),
        ({"subject": "x", "reminders": [{"minutes_before": 5}]}, {"#/reminders/0": "needs_due"}),
        ({"subject": "x", "due_on": "2026-12-01", "reminders": [{}]}, {"#/reminders/0": "one_reminder"}),
        (
            {"subject": "x", "due_on": "2026-12-01", "reminders": [{"minutes_before": -1}]},
            {"#/reminders/0/minutes_before": "out_of_range"},
        ),
        ({"subject": "x", "done_at": "2100-01-01T00:00:00Z"}, {"#/done_at": "future"}),
        ({"subject": "x", "customer_id": 99, "deal_id": 99}, {"#/customer_id": "unknown_record"}),
        ({"subject": "x", "deal_id": 99}, {"#/deal_id": "unknown_record"}),
        ({"subject": "x", "person_id": 99}, {"#/person_id": "unknown_record"}),
        ({"subject": "x", "state": "open"}, {"#/state": "unknown_field"}),
        ({"subject": "x", "team_id": 1}, {"#/team_id": "read_only"}),
    ],
)
def test_what_is_refused(cast: Cast, body: dict[str, Any], expected: dict[str, str]) -> None:
    assert issues(cast.alice.post("/tasks", body)) == expected


def test_links_must_belong_together(cast: Cast) -> None:
    here, there = customer_of(cast), customer_of(cast, "乙公司")
    deal = cast.alice.made("/deals", {"name": "d", "customer_id": there})["id"]
    foreign = cast.mallory.made("/customers", {"name": "丙公司"})["id"]
    answer = cast.alice.post("/tasks", {"subject": "x", "customer_id": here, "deal_id": deal})
    assert issues(answer) == {"#/deal_id": "unknown_record"}
    assert issues(cast.alice.post("/tasks", {"subject": "x", "customer_id": foreign})) == {
        "#/customer_id": "unknown_record"
    }
    made = task(cast.alice, customer_id=here)
    assert issues(cast.alice.patch(f"/tasks/{made['id']}", {"deal_id": deal})) == {"#/deal_id": "unknown_record"}
    moved = cast.alice.patch(f"/tasks/{made['id']}", {"deal_id": deal, "customer_id": there}).get_json()
    assert (moved["customer_id"], moved["deal_id"]) == (there, deal)


def test_a_time_takes_the_place_of_a_date(cast: Cast) -> None:
    path = f"/tasks/{task(cast.alice, due_on='2026-12-01')['id']}"
    timed = cast.alice.patch(path, {"due_at": "2026-12-02T01:00:00Z"}).get_json()
    assert (timed["due_on"], timed["due_at"]) == (None, "2026-12-02T01:00:00Z")
    dated = cast.alice.patch(path, {"due_on": "2026-12-03"}).get_json()
    assert (dated["due_on"], dated["due_at"]) == ("2026-12-03", None)
    assert issues(cast.alice.patch(path, {"ends_at": "2026-12-03T00:00:00Z"})) == {"#/ends_at": "needs_start"}


# ---- sight ----------------------------------------------------------------------------------------------------------


def test_without_a_customer_it_is_of_those_who_have_a_part(cast: Cast) -> None:
    made = task(cast.alice, assignee_id=cast.bob.id, participants=[{"user_id": cast.mallory.id}])
    path = f"/tasks/{made['id']}"
    seen = {member.name: member.get(path).status_code for member in cast.everybody()}
    assert seen == {"alice": 200, "bob": 200, "carol": 200, "mallory": 200, "vera": 200, "root": 200}
    own = f"/tasks/{task(cast.alice)['id']}"
    seen = {member.name: member.get(own).status_code for member in cast.everybody()}
    assert seen == {"alice": 200, "bob": 404, "carol": 200, "mallory": 404, "vera": 200, "root": 200}
    assert cast.vera.patch(own, {"subject": "y"}).status_code == 403
    assert cast.bob.patch(own, {"subject": "y"}).status_code == 404
    cast.alice.patch(path, {"participants": []})
    assert cast.mallory.get(path).status_code == 404
    assert cast.mallory.get("/tasks").get_json()["meta"]["total"] == 0


def test_it_is_visible_with_its_customer(cast: Cast) -> None:
    customer = customer_of(cast)
    path = f"/tasks/{task(cast.alice, customer_id=customer)['id']}"
    assert cast.bob.get(path).status_code == 404
    cast.alice.patch(f"/customers/{customer}", {"collaborators": [{"user_id": cast.bob.id, "access": "read"}]})
    assert cast.bob.get(path).get_json()["can_write"] is False
    assert cast.bob.post(f"{path}/complete").status_code == 403
    cast.alice.patch(f"/customers/{customer}", {"collaborators": [{"user_id": cast.bob.id, "access": "write"}]})
    assert cast.bob.post(f"{path}/complete").status_code == 200


def test_who_is_to_do_it_sees_it_without_seeing_the_customer(cast: Cast) -> None:
    customer = customer_of(cast)
    made = task(cast.alice, customer_id=customer, assignee_id=cast.mallory.id)
    seen = cast.mallory.get(f"/tasks/{made['id']}").get_json()
    assert (seen["customer_id"], seen["customer"], seen["can_write"]) == (None, None, True)
    assert subjects(cast.mallory, customer_id=customer) == []


def test_each_step_needs_its_right(cast: Cast) -> None:
    path = f"/tasks/{task(cast.alice)['id']}"
    found = {
        (member.name, step): member.post(f"{path}/{step}", {"until": day(1)} if step == "snooze" else None).status_code
        for member in (cast.vera, cast.bob, cast.carol)
        for step in ("snooze", "complete", "reopen")
    }
    assert found == {
        **{("vera", step): 403 for step in ("snooze", "complete", "reopen")},
        **{("bob", step): 404 for step in ("snooze", "complete", "reopen")},
        **{("carol", step): 200 for step in ("snooze", "complete", "reopen")},
    }


# ---- done, open, put off --------------------------------------------------------------------------------------------


def test_done_and_open_again(cast: Cast) -> None:
    path = f"/tasks/{task(cast.alice)['id']}"
    done = cast.alice.post(f"{path}/complete")
    assert done.get_json()["done_at"] is not None
    assert subjects(cast.alice, state="open") == []
    assert subjects(cast.alice, state="done") == ["x"]
    twice = cast.alice.post(f"{path}/complete")
    assert (twice.status_code, twice.get_json()["type"]) == (409, "/problems/already-done")
    assert cast.alice.post(f"{path}/snooze", {"until": day(1)}).status_code == 409
    assert cast.alice.post(f"{path}/reopen").get_json()["done_at"] is None
    assert cast.alice.post(f"{path}/reopen").get_json()["type"] == "/problems/not-done"
    earlier = cast.alice.post(f"{path}/complete", {"done_at": "2026-01-05T00:00:00Z"}).get_json()
    assert earlier["done_at"] == "2026-01-05T00:00:00Z"
    assert cast.alice.patch(path, {"done_at": None}).get_json()["done_at"] is None
    answer = cast.alice.post(f"{path}/complete", {"done_at": "2100-01-01T00:00:00Z"})
    assert issues(answer) == {"#/done_at": "future"}


def test_events_say_what_happened(cast: Cast) -> None:
    start = cast.alice.get("/events").get_json()["meta"]["watermark"]
    path = f"/tasks/{task(cast.alice)['id']}"
    cast.alice.post(f"{path}/snooze", {"until": day(2)})
    cast.alice.post(f"{path}/complete")
    cast.alice.post(f"{path}/reopen")
    cast.alice.patch(path, {"participants": [{"user_id": cast.bob.id}]})
    cast.alice.delete(path)
    cast.alice.post(f"{path}/restore")
    found = [(one["type"], one["changed"]) for one in cast.alice.get(f"/events?after={start}").get_json()["data"]]
    assert [kind for kind, _ in found] == [
        "task_created",
        "task_updated",
        "task_completed",
        "task_reopened",
        "task_updated",
        "task_deleted",
        "task_restored",
    ]
    assert found[1][1] == ["due_on"]
    assert found[2][1] == ["done_at"]
    assert found[4][1] == ["participants"]


def test_what_came_of_it_is_logged_with_it(cast: Cast) -> None:
    customer = customer_of(cast)
    deal = cast.alice.made("/deals", {"name": "d", "customer_id": customer})["id"]
    path = f"/tasks/{task(cast.alice, '回访', kind='call', deal_id=deal)['id']}"
    done = cast.alice.post(f"{path}/complete", {"contact": {"content": "价格没问题", "outcome": "interested"}})
    assert done.status_code == 200, done.get_json()
    (logged,) = cast.alice.get(f"/contacts?customer_id={customer}").get_json()["data"]
    expected = {"kind": "call", "direction": "out", "subject": "回访", "content": "价格没问题", "deal_id": deal}
    assert {name: logged[name] for name in expected} == expected
    assert logged["occurred_at"] == done.get_json()["done_at"]
    undone = cast.alice.post(f"/changesets/{done.headers['X-Changeset-Id']}/undo")
    assert undone.status_code == 200
    assert cast.alice.get(path).get_json()["done_at"] is None
    assert cast.alice.get("/contacts").get_json()["meta"]["total"] == 0
    assert cast.alice.get(f"/customers/{customer}").get_json()["last_contacted_at"] is None


def test_what_cannot_be_logged_leaves_it_open(cast: Cast) -> None:
    loose = f"/tasks/{task(cast.alice)['id']}"
    assert issues(cast.alice.post(f"{loose}/complete", {"contact": {}})) == {"#/contact": "needs_customer"}
    path = f"/tasks/{task(cast.alice, customer_id=customer_of(cast))['id']}"
    answer = cast.alice.post(f"{path}/complete", {"contact": {"outcome": "nonsense"}})
    assert issues(answer) == {"#/contact/outcome": "unknown_option"}
    assert cast.alice.get(path).get_json()["done_at"] is None


def test_snooze(cast: Cast) -> None:
    dated = f"/tasks/{task(cast.alice, due_on='2026-01-01')['id']}"
    timed = f"/tasks/{task(cast.alice, due_at='2026-01-01T09:30:00+08:00')['id']}"
    bare = f"/tasks/{task(cast.alice)['id']}"
    times = {"starts_at": "2026-01-01T09:00:00+08:00", "ends_at": "2026-01-01T10:00:00+08:00"}
    meeting = f"/tasks/{task(cast.alice, kind='meeting', **times)['id']}"

    def put_off(path: str, until: str) -> dict[str, Any]:
        answer = cast.alice.post(f"{path}/snooze", {"until": until})
        assert answer.status_code == 200, answer.get_json()
        return {
            name: value
            for name, value in answer.get_json().items()
            if name in ("due_on", "due_at", "starts_at", "ends_at") and value is not None
        }

    assert put_off(dated, "2099-03-01") == {"due_on": "2099-03-01"}
    assert put_off(timed, "2099-03-01") == {"due_at": "2099-03-01T01:30:00Z"}
    assert put_off(bare, "2099-03-01") == {"due_on": "2099-03-01"}
    assert put_off(meeting, "2099-03-01") == {"starts_at": "2099-03-01T01:00:00Z", "ends_at": "2099-03-01T02:00:00Z"}
    assert put_off(dated, "2099-03-01T08:00:00Z") == {"due_at": "2099-03-01T08:00:00Z"}
    assert issues(cast.alice.post(f"{bare}/snooze", {"until": day(-1)})) == {"#/until": "past"}
    assert issues(cast.alice.post(f"{bare}/snooze", {"until": "soon"})) == {"#/until": "instant"}
    assert issues(cast.alice.post(f"{bare}/snooze", {})) == {"#/until": "required"}
    assert put_off(bare, day()) == {"due_on": day()}


# ---- when it is due -------------------------------------------------------------------------------------------------


def test_days_around_a_moment() -> None:
    zone = "Asia/Shanghai"
    # A Friday night in Shanghai; in New York it is still the morning.
    at = datetime(2026, 11, 27, 15, 59, tzinfo=UTC)
    found = Days.at_moment(at, zone)
    assert [str(one) for one in (found.today, found.tomorrow, found.week_end)] == [
        "2026-11-27",
        "2026-11-28",
        "2026-11-29",
    ]
    after = Days.at_moment(at + timedelta(minutes=1), zone)
    assert str(after.today) == "2026-11-28"
    sunday = Days.at_moment(datetime(2026, 11, 29, 4, tzinfo=UTC), zone)
    assert (str(sunday.tomorrow), str(sunday.week_end)) == ("2026-11-30", "2026-11-30")
    # The clocks are put back in the night: the day has 25 hours.
    autumn = datetime(2026, 11, 1, 12, tzinfo=UTC).date()
    assert end_of(autumn, "America/New_York") - start_of(autumn, "America/New_York") == timedelta(hours=25)


def _bucket(cast: Cast, made: dict[str, Any]) -> list[str]:
    return [
        name
        for name in ("overdue", "today", "tomorrow", "this_week", "later", "no_date")
        if cast.alice.get(f"/tasks?id={made['id']}&bucket={name}").get_json()["data"]
    ]


def test_every_open_task_is_in_one_bucket(cast: Cast) -> None:
    now = datetime.now(UTC)
    today = now.astimezone(SHANGHAI).date()
    midnight = end_of(today, "Asia/Shanghai")
    week_end = 6 - today.weekday()
    third = "this_week" if week_end >= 2 else "later"

    def at(moment: datetime) -> str:
        return moment.isoformat().replace("+00:00", "Z")

    def lasting(start: datetime, end: datetime) -> dict[str, str]:
        return {"kind": "meeting", "starts_at": at(start), "ends_at": at(end)}

    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "no_date"),
        ({"due_on": day(-1)}, "overdue"),
        ({"due_on": day()}, "today"),
        ({"due_on": day(1)}, "tomorrow"),
        ({"due_on": day(2)}, third),
        ({"due_on": day(8)}, "later"),
        ({"due_at": at(now - timedelta(minutes=2))}, "overdue"),
        ({"due_at": at(midnight - timedelta(seconds=1))}, "today"),
        ({"due_at": at(midnight)}, "tomorrow"),
        ({"due_at": at(midnight + timedelta(days=1) - timedelta(seconds=1))}, "tomorrow"),
        ({"due_at": at(midnight + timedelta(days=1))}, third),
        ({"due_at": at(midnight + timedelta(days=9))}, "later"),
        (lasting(now - timedelta(minutes=30), midnight), "today"),
        (lasting(now - timedelta(minutes=30), now - timedelta(minutes=5)), "overdue"),
        (lasting(midnight + timedelta(hours=9), midnight + timedelta(hours=10)), "tomorrow"),
    ]
    for values, expected in cases:
        assert _bucket(cast, task(cast.alice, **values)) == [expected], values
    done = task(cast.alice, due_on=day())
    cast.alice.post(f"/tasks/{done['id']}/complete")
    assert _bucket(cast, done) == []
    assert cast.alice.get("/tasks?bucket=soon").status_code == 422
    assert cast.alice.get("/tasks?state=lost").status_code == 422


def test_a_day_is_that_of_who_asks(cast: Cast) -> None:
    """The end of a day in Shanghai lies in the middle of the day in New York."""
    at = start_of(datetime(2099, 6, 2, tzinfo=UTC).date(), "Asia/Shanghai")
    made = task(cast.alice, due_at=at.isoformat())
    assert subjects(cast.alice, due="2099-06-02") == ["x"]
    cast.alice.patch("/auth/me", {"time_zone": "America/New_York"})
    assert subjects(cast.alice, due="2099-06-02") == []
    assert subjects(cast.alice, due_from="2099-06-01", due_to="2099-06-01") == ["x"]
    since = {"field": "due", "op": "gte", "value": "2099-06-01"}
    tree = {"and": [since, {"field": "state", "op": "eq", "value": "open"}]}
    assert subjects(cast.alice, where=json.dumps(tree)) == ["x"]
    put_off = cast.alice.post(f"/tasks/{made['id']}/snooze", {"until": "2099-07-01"}).get_json()
    assert put_off["due_at"] == "2099-07-01T16:00:00Z"
    assert cast.alice.get("/agenda").get_json()["time_zone"] == "America/New_York"


def test_agenda(cast: Cast) -> None:
    task(cast.alice, "early", due_on=day(-3))
    task(cast.alice, "now", due_on=day())
    task(cast.alice, "some day")
    task(cast.alice, "for bob", assignee_id=cast.bob.id, due_on=day())
    done = task(cast.alice, "done", due_on=day())
    cast.alice.post(f"/tasks/{done['id']}/complete")
    found = cast.alice.get("/agenda").get_json()
    assert (found["time_zone"], found["today"]) == ("Asia/Shanghai", day())
    shown = {one["key"]: [each["subject"] for each in one["data"]] for one in found["buckets"]}
    assert shown == {
        "overdue": ["early"],
        "today": ["now"],
        "tomorrow": [],
        "this_week": [],
        "later": [],
        "no_date": ["some day"],
    }
    for one in found["buckets"]:
        listed = cast.alice.get(f"/tasks?{one['filters']}").get_json()
        assert (listed["meta"]["total"], listed["data"]) == (one["count"], one["data"])
    within = cast.alice.get(f"/agenda?from={day()}&to={day(1)}").get_json()
    assert [one["count"] for one in within["buckets"]] == [0, 1, 0, 0, 0, 0]
    theirs = cast.carol.get(f"/agenda?assignee_id={cast.bob.id}").get_json()
    assert [one["count"] for one in theirs["buckets"]] == [0, 1, 0, 0, 0, 0]
    assert issues(cast.alice.get(f"/agenda?from={day(1)}&to={day()}")) == {"to": "before_from"}
    assert issues(cast.alice.get("/agenda?to=never")) == {"to": "date"}


# ---- lists ----------------------------------------------------------------------------------------------------------


def test_order_and_filters(cast: Cast) -> None:
    customer = customer_of(cast)
    task(cast.alice, "c", due_on="2099-01-03", priority="low", kind="call")
    task(cast.alice, "a", due_at="2099-01-03T01:00:00Z", priority="high", customer_id=customer)
    task(cast.alice, "d")
    task(cast.alice, "b", starts_at="2099-01-03T02:00:00Z", kind="meeting", participants=[{"user_id": cast.bob.id}])
    assert subjects(cast.alice) == ["a", "b", "c", "d"]
    assert subjects(cast.alice, sort="-priority,subject") == ["a", "b", "d", "c"]
    assert subjects(cast.alice, sort="subject") == ["a", "b", "c", "d"]
    assert subjects(cast.alice, kind=["call", "meeting"]) == ["b", "c"]
    assert subjects(cast.alice, priority="high") == ["a"]
    assert subjects(cast.alice, customer_id=customer) == ["a"]
    assert subjects(cast.alice, customer_id="none", sort="subject") == ["b", "c", "d"]
    assert subjects(cast.alice, due="none") == ["d"]
    assert subjects(cast.alice, due="2099-01-03") == ["a", "b", "c"]
    assert subjects(cast.alice, participant_id=cast.bob.id) == ["b"]
    assert subjects(cast.alice, participant_id="none", sort="subject") == ["a", "c", "d"]
    assert subjects(cast.alice, team_id=cast.north, q="a") == ["a"]
    assert subjects(cast.bob) == ["b"]
    first = cast.alice.get("/tasks?sort=-priority&per_page=2").get_json()
    rest = cast.alice.get(f"/tasks?sort=-priority&per_page=2&cursor={first['meta']['next_cursor']}").get_json()
    assert len({one["id"] for one in first["data"] + rest["data"]}) == 4


def test_search_finds_them(cast: Cast) -> None:
    customer = customer_of(cast)
    made = task(cast.alice, "给王总寄合同", description="两份原件", customer_id=customer)
    for words in ("合同", "hetong", "原件"):
        (hit,) = [one for one in cast.alice.get(f"/search?q={words}").get_json()["data"] if one["type"] == "task"]
        assert (hit["id"], hit["title"], hit["subtitle"]) == (made["id"], "给王总寄合同", "甲公司")
    assert not cast.mallory.get("/search?q=合同").get_json()["data"]


def test_statements_do_not_grow(app: CRM, cast: Cast) -> None:
    customer = customer_of(cast)
    for _ in range(20):
        task(cast.alice, customer_id=customer, participants=[{"user_id": cast.bob.id}])
    cast.alice.get("/tasks?bucket=no_date&per_page=50")
    with counted(app) as counter:
        assert len(cast.alice.get("/tasks?bucket=no_date&per_page=50").get_json()["data"]) == 20
    assert len(counter.statements) <= 3


# ---- the rest of the house ------------------------------------------------------------------------------------------


def test_undo(cast: Cast) -> None:
    made = cast.alice.post("/tasks", {"subject": "x", "due_on": "2099-01-01"})
    path = f"/tasks/{made.get_json()['id']}"
    edited = cast.alice.patch(path, {"assignee_id": cast.mallory.id, "participants": [{"user_id": cast.bob.id}]})
    assert edited.get_json()["team_id"] == cast.south
    done = cast.alice.post(f"{path}/complete")
    for step in (done, edited):
        answer = cast.alice.post(f"/changesets/{step.headers['X-Changeset-Id']}/undo")
        assert answer.status_code == 200, answer.get_json()
    now = cast.alice.get(path).get_json()
    assert (now["assignee_id"], now["team_id"], now["participants"]) == (cast.alice.id, cast.north, [])
    assert now["done_at"] is None
    cast.alice.post(f"/changesets/{made.headers['X-Changeset-Id']}/undo")
    assert cast.alice.get(path).status_code == 404
    assert subjects(cast.alice, deleted="only") == ["x"]


def test_upsert(cast: Cast) -> None:
    path = "/tasks/external/old/7"
    assert cast.alice.put(path, {"subject": "x"}).status_code == 201
    again = cast.alice.put(path, {"subject": "y", "done_at": "2026-01-01T00:00:00Z"})
    assert (again.status_code, again.get_json()["subject"]) == (200, "y")


def test_bulk(cast: Cast) -> None:
    ids = [task(cast.alice, str(number))["id"] for number in range(3)]
    foreign = task(cast.mallory)["id"]
    moved = cast.alice.post(
        "/tasks/bulk", {"ids": [*ids, foreign], "action": "transfer", "changes": {"assignee_id": cast.bob.id}}
    ).get_json()
    assert (moved["matched"], moved["changed"], [one["id"] for one in moved["failed"]]) == (4, 3, [foreign])
    assert len(subjects(cast.bob)) == 3
    later = cast.bob.post("/tasks/bulk", {"where": {}, "action": "update", "changes": {"due_on": "2099-01-01"}})
    assert later.get_json()["changed"] == 3
    gone = cast.bob.post("/tasks/bulk", {"ids": ids, "action": "delete"})
    assert gone.get_json()["changed"] == 3
    refused = cast.bob.post("/tasks/bulk", {"ids": ids, "action": "transfer", "changes": {"owner_id": 1}})
    assert issues(refused) == {"#/changes/owner_id": "unknown_field"}


def test_a_leaver_hands_over_what_is_open(cast: Cast) -> None:
    still = task(cast.alice, "open")["id"]
    done = task(cast.alice, "done")["id"]
    cast.alice.post(f"/tasks/{done}/complete")
    start = cast.root.get("/events").get_json()["meta"]["watermark"]
    left = cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor_id": cast.mallory.id})
    assert left.status_code == 200
    assert subjects(cast.mallory) == ["open"]
    assert cast.root.get(f"/tasks/{still}").get_json()["team_id"] == cast.south
    assert cast.root.get(f"/tasks/{done}").get_json()["assignee_id"] == cast.alice.id
    types = [one["type"] for one in cast.root.get(f"/events?after={start}").get_json()["data"]]
    assert types.count("task_transferred") == 1


def test_a_task_follows_its_assignee_to_another_team(cast: Cast) -> None:
    made = task(cast.alice)["id"]
    assert cast.root.patch(f"/users/{cast.alice.id}", {"team_id": cast.south}).status_code == 200
    assert cast.root.get(f"/tasks/{made}").get_json()["team_id"] == cast.south
    assert cast.carol.get(f"/tasks/{made}").status_code == 404


def test_timeline(cast: Cast) -> None:
    customer = customer_of(cast)
    still = task(cast.alice, "open", customer_id=customer)
    done = task(cast.alice, "done", customer_id=customer)
    cast.alice.post(f"/tasks/{done['id']}/complete", {"done_at": "2026-01-05T00:00:00Z"})
    found = cast.alice.get(f"/customers/{customer}/timeline?type=task").get_json()["data"]
    assert [(one["type"], one["record"]["subject"], one["at"]) for one in found] == [
        ("task", "open", still["created_at"]),
        ("task", "done", "2026-01-05T00:00:00Z"),
    ]
    every = cast.alice.get(f"/customers/{customer}/timeline").get_json()["data"]
    assert [one["type"] for one in every].count("task") == 2
    assert not [one for one in every if one["type"] == "change" and one["change"]["resource"] == "task"]


def test_a_deleted_customer_takes_its_tasks_along(cast: Cast) -> None:
    customer = customer_of(cast)
    made = task(cast.alice, customer_id=customer, assignee_id=cast.bob.id)
    cast.alice.delete(f"/customers/{customer}")
    (row,) = cast.alice.get("/customers?deleted=only").get_json()["data"]
    assert row["deleted_with"] == {"tasks": 1}
    assert cast.bob.get(f"/tasks/{made['id']}").get_json()["customer"] is None


# ---- customers change hands -----------------------------------------------------------------------------------------


def test_a_customer_is_transferred_with_deals_and_tasks(cast: Cast) -> None:
    customer = customer_of(cast)
    deal = cast.alice.made("/deals", {"name": "d", "customer_id": customer})["id"]
    still = task(cast.alice, "open", customer_id=customer)["id"]
    done = task(cast.alice, "done", customer_id=customer)["id"]
    of_bob = task(cast.alice, "bob", customer_id=customer, assignee_id=cast.bob.id)["id"]
    elsewhere = task(cast.alice, "elsewhere")["id"]
    cast.alice.post(f"/tasks/{done}/complete")
    body = {"owner_id": cast.mallory.id, "with": ["deals", "tasks"], "keep_as": "read"}
    answer = cast.root.post(f"/customers/{customer}/transfer", body)
    assert answer.status_code == 200, answer.get_json()
    seen = answer.get_json()
    assert (seen["owner_id"], seen["team_id"]) == (cast.mallory.id, cast.south)
    assert seen["collaborators"] == [{"user_id": cast.alice.id, "team_id": None, "access": "read"}]
    moved = cast.root.get(f"/deals/{deal}").get_json()
    assert (moved["owner_id"], moved["team_id"]) == (cast.mallory.id, cast.south)
    everything = (still, done, of_bob, elsewhere)
    people = {one: cast.root.get(f"/tasks/{one}").get_json()["assignee_id"] for one in everything}
    assert people == {still: cast.mallory.id, done: cast.alice.id, of_bob: cast.bob.id, elsewhere: cast.alice.id}
    assert cast.root.get(f"/tasks/{still}").get_json()["team_id"] == cast.south
    undone = cast.root.post(f"/changesets/{answer.headers['X-Changeset-Id']}/undo")
    assert undone.status_code == 200
    assert cast.root.get(f"/customers/{customer}").get_json()["owner_id"] == cast.alice.id
    assert cast.root.get(f"/tasks/{still}").get_json()["assignee_id"] == cast.alice.id


def test_a_transfer_alone_takes_nothing_along(cast: Cast) -> None:
    customer = customer_of(cast)
    made = task(cast.alice, customer_id=customer)["id"]
    answer = cast.carol.post(f"/customers/{customer}/transfer", {"owner_id": cast.bob.id})
    assert answer.status_code == 200
    assert cast.root.get(f"/tasks/{made}").get_json()["assignee_id"] == cast.alice.id
    assert cast.alice.get(f"/customers/{customer}").status_code == 404


def test_who_may_not_assign_may_not_transfer(cast: Cast) -> None:
    customer = customer_of(cast)
    path = f"/customers/{customer}/transfer"
    assert issues(cast.alice.post(path, {"owner_id": cast.bob.id})) == {"#/owner_id": "not_yours_to_assign"}
    assert issues(cast.carol.post(path, {"owner_id": cast.mallory.id})) == {"#/owner_id": "not_yours_to_assign"}
    assert issues(cast.carol.post(path, {"owner_id": 99})) == {"#/owner_id": "unknown_user"}
    assert issues(cast.carol.post(path, {"owner_id": cast.bob.id, "with": ["people"]})) == {"#/with/0": "not_allowed"}
    assert issues(cast.carol.post(path, {})) == {"#/owner_id": "required"}
    assert cast.mallory.post(path, {"owner_id": cast.mallory.id}).status_code == 404
    assert cast.vera.post(path, {"owner_id": cast.bob.id}).status_code == 403

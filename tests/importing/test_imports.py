"""Imports: a file is understood, checked without a trace, committed as one change set, and can be sent again."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.customer import service as customers
from app.customer.models import Customer
from app.database import db
from app.importing import run, service
from app.importing.models import Import
from app.job import service as jobs
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast
from ..job.test_jobs import work_off
from .sending import begin, change, counts, mapping, result, upload

CUSTOMERS = "Company name,Phone,Email,City,Tags,Owner\nAcme,13800138000,a@acme.example,Ulm,VIP;new,Alice\n"


def names() -> list[str]:
    db.session.rollback()
    return sorted(db.session.execute(select(Customer.name).where(Customer.is_active)).scalars())


def test_a_file_is_understood_by_itself(cast: Cast) -> None:
    chosen = upload(cast.carol, "customers", CUSTOMERS)
    assert (chosen["format"], chosen["encoding"], chosen["delimiter"], chosen["has_header"]) == (
        "csv",
        "utf-8",
        ",",
        True,
    )
    assert mapping(chosen) == {
        "Company name": "name",
        "Phone": "phone",
        "Email": "email",
        "City": "address.city",
        "Tags": "tags",
        "Owner": "owner",
    }
    assert chosen["columns"][0]["samples"] == ["Acme"]
    assert chosen["options"]["match"] == ["email", "phone", "name"]
    assert {field["name"] for field in chosen["fields"]} >= {"name", "owner", "parent", "address.city", "level"}
    assert cast.bob.get(f"/imports/{chosen['id']}").status_code == 404
    assert [one["id"] for one in cast.carol.get("/imports").get_json()["data"]] == [chosen["id"]]


def test_a_check_leaves_no_trace_and_a_commit_does_what_it_said(cast: Cast) -> None:
    chosen = upload(cast.carol, "customers", CUSTOMERS + "Beta,12,,,,Nobody\n,13,,,,\n")
    found = result(cast.carol, chosen, "check")
    assert counts(found) == {"new": 1, "wrong": 2}
    assert [(row["row"], row["verdict"]) for row in found["rows"]] == [(3, "wrong"), (4, "wrong")]
    assert found["rows"][0]["errors"] == [
        {"field": "owner", "column": "Owner", "index": 5, "code": "unknown_value", "detail": "Nobody is not known."}
    ]
    assert found["rows"][1]["errors"][0]["code"] == "required"
    assert found["unknown"] == [{"field": "owner", "value": "Nobody", "rows": 1}]
    assert names() == []
    assert cast.root.get("/tags").get_json()["meta"]["total"] == 0
    job = begin(cast.carol, chosen, "commit")
    assert counts(job["result"]) == {"new": 1, "wrong": 2}
    (row,) = cast.carol.get("/customers").get_json()["data"]
    assert (row["name"], row["phone"], row["email"]) == ("Acme", "13800138000", "a@acme.example")
    assert (row["owner"]["name"], row["address"]["city"]) == ("Alice", "Ulm")
    assert sorted(row["tags"]) == ["VIP", "new"]
    shown = cast.carol.get(f"/imports/{chosen['id']}").get_json()
    assert shown["changeset_id"] == job["changeset_id"]
    assert cast.carol.post(f"/imports/{chosen['id']}/commit").get_json()["type"] == "/problems/import-committed"


def test_unknown_values_are_decided_once(cast: Cast) -> None:
    text = "Company name,Owner,Industry\nA,Nobody,technolgy\nB,Nobody,\nC,Bob,technolgy\n"
    chosen = upload(cast.carol, "customers", text)
    found = result(cast.carol, chosen, "check")
    assert {(one["field"], one["value"], one["rows"]) for one in found["unknown"]} == {
        ("owner", "Nobody", 2),
        ("industry", "technolgy", 2),
    }
    values = {"owner": {"Nobody": cast.alice.id}, "industry": {"technolgy": "software"}}
    chosen = change(cast.carol, chosen, options={"values": values})
    assert counts(result(cast.carol, chosen, "commit")) == {"new": 3}
    rows = {row["name"]: row for row in cast.carol.get("/customers").get_json()["data"]}
    assert (rows["A"]["owner_id"], rows["A"]["industry"], rows["B"]["industry"]) == (cast.alice.id, "software", None)


def test_the_same_file_twice_gives_nothing_new(cast: Cast) -> None:
    text = CUSTOMERS + "Beta,,,,,\nGamma,,,,,\n"
    assert counts(result(cast.carol, upload(cast.carol, "customers", text), "commit")) == {"new": 3}
    assert counts(result(cast.carol, upload(cast.carol, "customers", text), "commit")) == {"unchanged": 3}
    changed = text.replace("Ulm", "Bern")
    assert counts(result(cast.carol, upload(cast.carol, "customers", changed), "check")) == {
        "updated": 1,
        "unchanged": 2,
    }
    skipped = change(cast.carol, upload(cast.carol, "customers", changed), options={"existing": "skip"})
    assert counts(result(cast.carol, skipped, "commit")) == {"duplicate": 3}
    assert names() == ["Acme", "Beta", "Gamma"]


def test_the_same_record_twice_in_a_file_is_made_once(cast: Cast) -> None:
    chosen = upload(cast.carol, "customers", "Company name,Email\nA,a@x.example\nA again,A@x.example\n")
    assert counts(result(cast.carol, chosen, "check")) == {"new": 1, "duplicate": 1}
    assert counts(result(cast.carol, chosen, "commit")) == {"new": 1, "duplicate": 1}


def test_an_import_is_undone_whole(cast: Cast) -> None:
    cast.carol.made("/customers", {"name": "Acme", "email": "a@acme.example", "phone": "1"})
    job = begin(cast.carol, upload(cast.carol, "customers", CUSTOMERS + "Beta,,,,,\n"), "commit")
    assert counts(job["result"]) == {"new": 1, "updated": 1}
    assert cast.carol.post(f"/changesets/{job['changeset_id']}/undo").status_code == 200
    (row,) = cast.carol.get("/customers").get_json()["data"]
    assert (row["name"], row["phone"], row["tags"]) == ("Acme", "1", [])


def test_wrong_rows_come_back_as_a_file_to_correct(cast: Cast) -> None:
    text = "Company name,Owner\nA,Nobody\nB,Bob\n=evil(),Nobody\n"
    chosen = upload(cast.carol, "customers", text)
    result(cast.carol, chosen, "commit")
    answer = cast.carol.get(f"/imports/{chosen['id']}/errors")
    assert answer.mimetype == "text/csv"
    text = answer.get_data().decode("utf-8-sig")
    answer.close()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Row", "Reason", "Company name", "Owner"]
    assert rows[1] == ["2", "Owner: Nobody is not known.", "A", "Nobody"]
    assert rows[2][2] == "'=evil()"
    corrected = text.replace("Nobody", "Bob")
    again = upload(cast.carol, "customers", corrected)
    assert {"Row": None, "Reason": None, "Company name": "name"}.items() <= mapping(again).items()
    assert counts(result(cast.carol, again, "commit"))["new"] == 2
    assert names() == ["=evil()", "A", "B"]


def test_a_crash_goes_on_to_the_same_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "STEP", 10)
    text = "Company name,Email\n" + "".join(f"C{number},c{number}@x.example\n" for number in range(95))
    chosen = upload(cast.carol, "customers", text + "C0,c0@x.example\n,\n")
    create, made = customers.create, [0]

    def die(actor: Any, values: Any, **asked: Any) -> Any:
        made[0] += 1
        if made[0] in (15, 60):
            raise KeyboardInterrupt
        return create(actor, values, **asked)

    monkeypatch.setattr(customers, "create", die)
    answer = cast.carol.post(f"/imports/{chosen['id']}/commit").get_json()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            jobs.run(answer["id"])
        jobs.pick_up(silent_seconds=0)
    work_off()
    job = cast.carol.get(f"/jobs/{answer['id']}").get_json()
    assert (job["status"], job["done"]) == ("succeeded", job["total"])
    assert counts(job["result"]) == {"new": 95, "duplicate": 1}
    db.session.rollback()
    assert db.session.execute(select(func.count()).select_from(Customer)).scalar() == 95


def test_people_deals_and_contact_records_name_their_customers(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Acme"})
    people = "Account name,First name,Last name,Email,Mobile\nAcme,Ada,Byron,ada@acme.example,13800138000\n"
    assert counts(result(cast.alice, upload(cast.alice, "people", people), "commit")) == {"new": 1}
    (person,) = cast.alice.get("/people").get_json()["data"]
    assert (person["name"], person["customer"]["name"], person["email"]) == ("Ada Byron", "Acme", "ada@acme.example")
    deals = 'Deal name,Account name,Stage,Amount,Close date\nBig one,Acme,Qualified,"1,234.50",2026-12-01\n'
    stage = cast.alice.get("/pipelines").get_json()["data"][0]["stages"][1]
    chosen = upload(cast.alice, "deals", deals.replace("Qualified", stage["name"]))
    assert mapping(chosen)["Close date"] == "expected_close_on"
    assert counts(result(cast.alice, chosen, "commit")) == {"new": 1}
    (deal,) = cast.alice.get("/deals").get_json()["data"]
    assert (deal["amount"], deal["stage_id"], deal["expected_close_on"]) == ("1234.50", stage["id"], "2026-12-01")
    records = "客户名称,跟进方式,跟进内容,跟进时间,联系人\nAcme,电话,谈妥了价格,2026-11-01 10:30,Ada Byron\n"
    chosen = upload(cast.alice, "contacts", records)
    assert counts(result(cast.alice, chosen, "commit")) == {"new": 1}, result
    (record,) = cast.alice.get("/contacts").get_json()["data"]
    assert (record["kind"], record["content"], record["person"]["name"]) == ("call", "谈妥了价格", "Ada Byron")
    assert record["occurred_at"] == "2026-11-01T02:30:00Z"


def test_tasks_by_their_chinese_headings(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "甲公司"})
    text = (
        "主题,类型,截止日期,负责人,客户名称,优先级,完成时间,备注,任务编号\n"
        "寄送合同,待办,2026-12-01,Bob,甲公司,高,,两份,T-1\n"
        "回访,电话,2026-11-02,Alice,,普通,2026-11-02 10:30,,T-2\n"
        ",电话,2026-11-02,Alice,,,,,T-3\n"
    )
    chosen = upload(cast.alice, "tasks", text)
    assert counts(result(cast.alice, chosen, "commit")) == {"new": 2, "wrong": 1}
    done, still = cast.alice.get("/tasks?sort=-done_at").get_json()["data"]
    assert (done["subject"], done["kind"], done["done_at"]) == ("回访", "call", "2026-11-02T02:30:00Z")
    expected = {
        "subject": "寄送合同",
        "kind": "todo",
        "due_on": "2026-12-01",
        "priority": "high",
        "description": "两份",
    }
    assert {name: still[name] for name in expected} == expected
    assert (still["assignee"]["name"], still["customer"]["name"]) == ("Bob", "甲公司")
    again = upload(cast.alice, "tasks", text.replace("寄送合同", "寄送两份合同"))
    assert counts(result(cast.alice, again, "commit")) == {"updated": 1, "unchanged": 1, "wrong": 1}


def test_customers_are_made_where_that_is_wanted(cast: Cast) -> None:
    people = "Account name,Name\nNew one,Ada\nNew one,Grace\n"
    chosen = upload(cast.alice, "people", people)
    assert counts(result(cast.alice, chosen, "check")) == {"wrong": 2}
    chosen = change(cast.alice, chosen, options={"create": ["customers"]})
    assert counts(result(cast.alice, chosen, "check")) == {"new": 2}
    assert names() == []
    assert counts(result(cast.alice, chosen, "commit")) == {"new": 2}
    assert names() == ["New one"]


def test_what_a_wrong_row_names_is_not_made(cast: Cast) -> None:
    text = f"Account name,Name,Birthday\n{'x' * 300},Ada,\nOrphan,Grace,no day\nGood,Jean,\nGood,Joan,\n"
    chosen = change(cast.root, upload(cast.root, "people", text), options={"create": ["customers"]})
    found = result(cast.root, chosen, "commit")
    assert counts(found) == {"new": 2, "wrong": 2}
    assert [row["row"] for row in found["rows"]] == [2, 3]
    assert names() == ["Good"]


def test_uploaded_files_are_forgotten_after_a_month(cast: Cast) -> None:
    old, new = (upload(cast.carol, "customers", CUSTOMERS) for _ in range(2))
    result(cast.carol, old, "check")
    before = set(service.folder().iterdir())
    with unit_of_work() as unit:
        db.session.get_one(Import, old["id"]).created_at = unit.at - timedelta(days=31)
    service.forget_old()
    assert cast.carol.get(f"/imports/{old['id']}").status_code == 404
    assert cast.carol.get(f"/imports/{new['id']}").status_code == 200
    assert len(before - set(service.folder().iterdir())) == 2, "the file and its errors"


def test_ambiguous_dates_are_asked_for(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Acme"})
    chosen = upload(cast.alice, "deals", "Deal name,Account name,Close date\nX,Acme,03/04/2026\n")
    column = chosen["columns"][2]
    assert (column["field"], column["format"]) == ("expected_close_on", None)
    assert len(column["formats"]) == 2
    answer = cast.alice.post(f"/imports/{chosen['id']}/check")
    assert [issue["pointer"] for issue in answer.get_json()["errors"]] == ["#/columns/2/format"]
    body = {"columns": [{"index": 2, "format": column["formats"][0]}]}
    assert cast.alice.patch(f"/imports/{chosen['id']}", body).status_code == 200
    assert counts(result(cast.alice, chosen, "check")) == {"new": 1}


def test_calling_off_keeps_what_is_done(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "STEP", 2)
    chosen = upload(cast.carol, "customers", "Company name\n" + "".join(f"C{number}\n" for number in range(9)))
    job = cast.carol.post(f"/imports/{chosen['id']}/commit").get_json()
    assert (
        cast.carol.patch(f"/imports/{chosen['id']}", {"has_header": False}).get_json()["type"].endswith("import-busy")
    )
    step = run._step

    def call_off(*arguments: Any, **more: Any) -> Any:
        done = step(*arguments, **more)
        if sum(done["counts"].values()) == 6:
            assert cast.carol.post(f"/jobs/{job['id']}/cancel").status_code == 200
        return done

    monkeypatch.setattr(run, "_step", call_off)
    work_off()
    assert cast.carol.get(f"/jobs/{job['id']}").get_json()["status"] == "cancelled"
    assert len(names()) == 6


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"columns": [{"index": 99, "field": "name"}]}, "#/columns/0/index"),
        ({"columns": [{"index": 0, "field": "nonsense"}]}, "#/columns/0/field"),
        ({"columns": [{"index": 0, "field": "phone"}]}, "#/columns"),
        ({"options": {"match": ["nonsense"]}}, "#/options/match"),
        ({"options": {"create": ["users"]}}, "#/options/create"),
        ({"options": {"existing": "explode"}}, "#/options/existing"),
        ({"options": {"values": {"nonsense": {}}}}, "#/options/values/nonsense"),
        ({"encoding": "klingon"}, "#/encoding"),
    ],
)
def test_bad_changes(cast: Cast, body: dict[str, Any], pointer: str) -> None:
    chosen = upload(cast.carol, "customers", CUSTOMERS)
    answer = cast.carol.patch(f"/imports/{chosen['id']}", body)
    assert answer.status_code == 422
    assert [issue["pointer"] for issue in answer.get_json()["errors"]] == [pointer]


def test_bad_uploads(app: CRM, cast: Cast) -> None:
    for resource, content, pointer in (
        ("nonsense", "a\n1\n", "#/resource"),
        ("customers", "", "#/file"),
        ("customers", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "#/file"),
    ):
        data = {
            "resource": resource,
            "file": (io.BytesIO(content if isinstance(content, bytes) else content.encode()), "x.csv"),
        }
        answer = cast.carol.call("POST", "/imports", data=data, content_type="multipart/form-data")
        assert answer.status_code == 422, answer.get_data(as_text=True)
        assert [issue["pointer"] for issue in answer.get_json()["errors"]] == [pointer]
    assert (
        cast.vera.call(
            "POST",
            "/imports",
            data={"resource": "customers", "file": (io.BytesIO(b"a\n"), "x.csv")},
            content_type="multipart/form-data",
        ).status_code
        == 403
    )
    chosen = upload(cast.carol, "customers", "Phone\n123\n")
    answer = cast.carol.post(f"/imports/{chosen['id']}/check")
    assert [issue["code"] for issue in answer.get_json()["errors"]] == ["column_required"]


# ---- customers that resemble others ----------------------------------------------------------------------------------

TWINS = "name,phone\n华信科技,13900139000\n远博贸易,13700137000\n"


def test_rows_that_resemble_a_customer_are_told_before_and_when_they_are_taken(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "华信科技有限公司"})
    chosen = upload(cast.alice, "customers", TWINS)
    for what in ("check", "commit"):
        found = result(cast.alice, chosen, what)
        assert counts(found) == {"new": 2}
        assert found["resembling"] == 1
        (row,) = found["rows"]
        assert (row["verdict"], row["errors"][0]["code"]) == ("new", "possible_duplicate")
        assert row["errors"][0]["detail"] == "Resembles: 华信科技有限公司"
    assert cast.alice.get("/customers").get_json()["meta"]["total"] == 3


def test_rows_that_resemble_a_customer_are_left_out_where_that_is_blocked(cast: Cast) -> None:
    cast.mallory.made("/customers", {"name": "华信科技有限公司"})
    assert cast.root.patch("/settings", {"duplicate_check": "block"}).status_code == 200
    found = result(cast.alice, upload(cast.alice, "customers", TWINS), "commit")
    assert counts(found) == {"new": 1, "duplicate": 1}
    (row,) = found["rows"]
    assert (row["row"], row["verdict"]) == (2, "duplicate")
    assert row["errors"][0]["detail"] == "Resembles: taken, ask Mallory"


def test_an_import_may_leave_out_what_resembles_and_with_the_right_let_it_in(cast: Cast) -> None:
    cast.carol.made("/customers", {"name": "华信科技有限公司"})
    chosen = upload(cast.carol, "customers", TWINS)
    change(cast.carol, chosen, options={"duplicates": "refuse"})
    assert counts(result(cast.carol, chosen, "check")) == {"new": 1, "duplicate": 1}
    change(cast.carol, chosen, options={"duplicates": "allow"})
    found = result(cast.carol, chosen, "commit")
    assert (counts(found), found["resembling"], found["rows"]) == ({"new": 2}, 0, [])
    refused = upload(cast.alice, "customers", "name\n远博贸易\n")
    answer = cast.alice.patch(f"/imports/{refused['id']}", {"options": {"duplicates": "allow"}})
    assert answer.status_code == 403

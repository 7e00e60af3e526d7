"""What a person who imports a file is shown and may decide: first rows, samples, ways to match, unknown names."""

from __future__ import annotations

import io

import pytest

from app.importing import reading
from app.importing.fields import IMPORTABLE

from ..cast import Cast
from .sending import begin, change, counts, mapping, result, upload


def test_the_first_rows_are_shown_as_they_are_read(cast: Cast) -> None:
    text = "Company name;City\n" + "".join(f"C{number};Ulm\n" for number in range(30))
    chosen = upload(cast.carol, "customers", text)
    assert len(chosen["preview"]) == 8
    assert chosen["preview"][0] == {"row": 2, "cells": ["C0", "Ulm"]}
    chosen = change(cast.carol, chosen, has_header=False, delimiter=",")
    assert chosen["preview"][0] == {"row": 1, "cells": ["Company name;City"]}


def test_an_import_says_how_far_it_got(cast: Cast) -> None:
    chosen = upload(cast.carol, "customers", "Company name\nAcme\n")

    def state() -> str:
        (one,) = cast.carol.get("/imports").get_json()["data"]
        assert cast.carol.get(f"/imports/{chosen['id']}").get_json()["state"] == one["state"]
        assert "columns" not in one
        return str(one["state"])

    assert state() == "uploaded"
    assert cast.carol.post(f"/imports/{chosen['id']}/check").status_code == 202
    assert state() == "checking"
    job = cast.carol.get(f"/imports/{chosen['id']}").get_json()["check_job_id"]
    assert cast.carol.post(f"/jobs/{job}/cancel").status_code == 200
    assert state() == "uploaded"
    begin(cast.carol, chosen, "check")
    assert state() == "checked"
    job = begin(cast.carol, chosen, "commit")
    assert state() == "committed"
    assert cast.carol.post(f"/changesets/{job['changeset_id']}/undo").status_code == 200
    assert state() == "undone"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("resource", IMPORTABLE)
def test_a_sample_is_understood_and_can_be_imported(cast: Cast, resource: str, language: str) -> None:
    answer = cast.root.call("GET", f"/imports/sample?resource={resource}", headers={"Accept-Language": language})
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    chosen = upload(cast.root, resource, answer.get_data())
    fields = mapping(chosen)
    assert None not in fields.values(), fields
    assert len(set(fields.values())) == len(fields)
    assert {field["name"] for field in chosen["fields"] if field["is_required"]} <= set(fields.values())
    chosen = change(cast.root, chosen, options={"create": ["customers", "products", "tags"]})
    found = result(cast.root, chosen, "check")
    assert counts(found) == {"new": 1}, found["rows"]


def test_a_sample_of_what_cannot_be_imported(cast: Cast) -> None:
    answer = cast.carol.get("/imports/sample?resource=teams")
    assert (answer.status_code, [issue["parameter"] for issue in answer.get_json()["errors"]]) == (422, ["resource"])


def test_ways_to_match_follow_the_columns(cast: Cast) -> None:
    chosen = upload(cast.carol, "customers", "Company name,Whatever\nAcme,a@acme.example\n")
    assert (chosen["ways"], chosen["options"]["match"]) == (["name"], ["name"])
    chosen = change(cast.carol, chosen, fields={"Whatever": "email"})
    assert (chosen["ways"], chosen["options"]["match"]) == (["email", "name"], ["email", "name"])
    chosen = change(cast.carol, chosen, options={"match": ["email"]})
    chosen = change(cast.carol, chosen, fields={"Whatever": "email"})
    assert chosen["options"]["match"] == ["email"]
    chosen = change(cast.carol, chosen, fields={"Whatever": None})
    assert (chosen["ways"], chosen["options"]["match"]) == (["name"], [])


def test_one_unknown_name_is_made_and_another_is_not(cast: Cast) -> None:
    chosen = upload(cast.root, "customers", "Company name,Industry\nA,Aquaculture\nB,aquacultur\n")
    assert counts(result(cast.root, chosen, "check")) == {"wrong": 2}
    values = {"industry": {"Aquaculture": {"create": True}, "aquacultur": None}}
    chosen = change(cast.root, chosen, options={"values": values})
    assert counts(result(cast.root, chosen, "check")) == {"new": 2}
    assert "Aquaculture" not in {row["value"] for row in cast.root.get("/options?list=industry").get_json()["data"]}
    assert counts(result(cast.root, chosen, "commit")) == {"new": 2}
    industries = {row["name"]: row["industry"] for row in cast.root.get("/customers").get_json()["data"]}
    assert industries == {"A": "Aquaculture", "B": None}


def test_only_who_may_make_an_option_makes_one(cast: Cast) -> None:
    chosen = upload(cast.carol, "customers", "Company name,Industry\nA,Aquaculture\n")
    answer = cast.carol.patch(f"/imports/{chosen['id']}", {"options": {"create": ["options"]}})
    assert [issue["pointer"] for issue in answer.get_json()["errors"]] == ["#/options/create"]
    chosen = change(cast.carol, chosen, options={"values": {"industry": {"Aquaculture": {"create": True}}}})
    assert counts(result(cast.carol, chosen, "commit")) == {"wrong": 1}


def test_a_name_that_several_bear_is_decided_once(cast: Cast) -> None:
    made = [cast.alice.made("/customers", {"name": "Twin", "phone": phone}) for phone in ("1390001", "1390002")]
    chosen = upload(cast.alice, "people", "Account name,Name\nTwin,Ada\nTwin,Grace\n")
    found = result(cast.alice, chosen, "check")
    assert found["unknown"] == [{"field": "customer", "value": "Twin", "rows": 2}]
    assert {error["code"] for row in found["rows"] for error in row["errors"]} == {"ambiguous_name"}
    chosen = change(cast.alice, chosen, options={"values": {"customer": {"Twin": made[1]["id"]}}})
    assert counts(result(cast.alice, chosen, "commit")) == {"new": 2}
    assert {row["customer_id"] for row in cast.alice.get("/people").get_json()["data"]} == {made[1]["id"]}


def test_a_file_of_too_many_rows_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 3)
    chosen = upload(cast.carol, "customers", "Company name\nA\nB\nC\n")
    assert counts(result(cast.carol, chosen, "check")) == {"new": 3}
    data = {"resource": "customers", "file": (io.BytesIO(b"Company name\nA\nB\nC\nD\n"), "x.csv")}
    answer = cast.carol.call("POST", "/imports", data=data, content_type="multipart/form-data")
    assert [issue["detail"] for issue in answer.get_json()["errors"]] == [
        "This file has more than 3 rows. Split it into several files and import one after the other."
    ]


def test_what_is_no_number_is_told_by_the_kind_of_number(cast: Cast) -> None:
    text = "Company name,Annual revenue,Employees\nA,much,many\n"
    (row,) = result(cast.carol, upload(cast.carol, "customers", text), "check")["rows"]
    assert {error["field"]: error["code"] for error in row["errors"]} == {
        "annual_revenue": "decimal",
        "employee_count": "number",
    }


def test_a_tab_can_be_chosen(cast: Cast) -> None:
    chosen = upload(cast.carol, "customers", "Company name\tCity\nA\tUlm\n")
    assert chosen["delimiter"] == "\t"
    chosen = change(cast.carol, chosen, delimiter=",")
    chosen = change(cast.carol, chosen, delimiter="\t")
    assert chosen["preview"] == [{"row": 2, "cells": ["A", "Ulm"]}]


def test_what_several_columns_say_of_one_thing_is_kept_together(cast: Cast) -> None:
    text = (
        "Company name,Address line 1,Address 2,Tags,Labels,Notes,Remark\nAcme,1 Main St,Floor 2,a;b,b;c,first,second\n"
    )
    chosen = upload(cast.root, "customers", text)
    assert mapping(chosen) == {
        "Company name": "name",
        "Address line 1": "address.street",
        "Address 2": "address.street",
        "Tags": "tags",
        "Labels": "tags",
        "Notes": "description",
        "Remark": "description",
    }
    # A person may choose so, too.
    chosen = change(cast.root, chosen, fields={"Labels": None})
    chosen = change(cast.root, chosen, fields={"Labels": "tags"})
    assert counts(result(cast.root, chosen, "commit")) == {"new": 1}
    (row,) = cast.root.get("/customers").get_json()["data"]
    assert row["address"]["street"] == "1 Main St, Floor 2"
    assert sorted(row["tags"]) == ["a", "b", "c"]
    assert row["description"] == "first\nsecond"


def test_numbers_and_addresses_keep_the_kind_that_their_columns_say(cast: Cast) -> None:
    text = (
        "客户名称,姓名,传真,办公电话,手机,工作邮箱,个人邮箱\n"
        "甲公司,张三,010-1,010-2,13800138000,a@x.example,b@x.example\n"
        "甲公司,李四,010-1,,,,\n"
    )
    chosen = change(cast.root, upload(cast.root, "people", text), options={"create": ["customers"]})
    assert counts(result(cast.root, chosen, "commit")) == {"new": 2}
    told = {
        row["name"]: [(one["kind"], one["raw"], one["is_primary"]) for one in row["phones"]]
        + [(one["kind"], one["address"]) for one in row["emails"]]
        for row in cast.root.get("/people").get_json()["data"]
    }
    assert told == {
        "张三": [
            *(("fax", "010-1", False), ("work", "010-2", True), ("mobile", "13800138000", False)),
            *(("work", "a@x.example"), ("home", "b@x.example")),
        ],
        "李四": [("fax", "010-1", True)],
    }
    again = change(cast.root, upload(cast.root, "people", text), options={"create": ["customers"]})
    assert counts(result(cast.root, again, "commit")) == {"unchanged": 2}


def test_several_numbers_and_addresses_of_a_person_in_one_cell(cast: Cast) -> None:
    cast.carol.made("/customers", {"name": "Acme"})
    rows = (
        "Ann,a@x.example; b@x.example,138 0013 8000；139 0013 9000、+49 30 901820",
        "Ben,c@x.example，d@x.example,010-88886666/13900139001",
        "Cid,e@x.example f@x.example,030/901820",
        'Dan,g@x.example,"+1-418-656-9254, ext. 102"',
    )
    file = "Name,Work email,Phone,Company\n" + "".join(f"{row},Acme\n" for row in rows)
    chosen = upload(cast.carol, "people", file)
    assert counts(result(cast.carol, chosen, "commit")) == {"new": 4}
    told = {
        one["name"]: ([entry["address"] for entry in one["emails"]], [entry["raw"] for entry in one["phones"]])
        for one in cast.carol.get("/people").get_json()["data"]
    }
    assert told == {
        "Ann": (["a@x.example", "b@x.example"], ["138 0013 8000", "139 0013 9000", "+49 30 901820"]),
        "Ben": (["c@x.example", "d@x.example"], ["010-88886666", "13900139001"]),
        "Cid": (["e@x.example", "f@x.example"], ["030/901820"]),
        "Dan": (["g@x.example"], ["+1-418-656-9254, ext. 102"]),
    }


def test_several_addresses_of_a_customer_are_a_fault_that_is_corrected_on_the_page(cast: Cast) -> None:
    file = "Company name,Email,Phone\nAcme,a@x.example; b@x.example,13800138000 / 13900139001\n"
    chosen = upload(cast.carol, "customers", file)
    found = result(cast.carol, chosen, "check")
    (row,) = found["rows"]
    (error,) = row["errors"]
    assert (error["column"], error["index"], error["code"]) == ("Email", 1, "several_emails")
    assert "several e-mail addresses" in error["detail"]
    chosen = change(cast.carol, chosen, corrections={"2": {"1": "a@x.example"}})
    assert counts(result(cast.carol, chosen, "commit")) == {"new": 1}
    (made,) = cast.carol.get("/customers").get_json()["data"]
    assert (made["email"], made["phone"]) == ("a@x.example", "13800138000")


CELLS = {
    "13800138000;13900139001": ["13800138000", "13900139001"],
    "010-88886666；138 0013 8000": ["010-88886666", "138 0013 8000"],
    "13800138000、13900139001、010-88886666": ["13800138000", "13900139001", "010-88886666"],
    "13800138000或13900139001": ["13800138000", "13900139001"],
    "+49 30 901820 or +49 30 901821": ["+49 30 901820", "+49 30 901821"],
    "13800138000 13900139001": ["13800138000", "13900139001"],
    "13800138000\n13900139001": ["13800138000", "13900139001"],
    "13800138000/13800138000": ["13800138000"],
    # One number each.
    "030/901820": ["030/901820"],
    "+1-418-656-9254, ext. 102": ["+1-418-656-9254, ext. 102"],
    "138 0013 8000": ["138 0013 8000"],
    "+86 13800138000": ["+86 13800138000"],
    "0571-88881234/5": ["0571-88881234/5"],
    "95588": ["95588"],
}


def test_of_several_numbers_of_a_customer_the_first_is_the_phone(cast: Cast) -> None:
    rows = [f'Company {place},"{cell}"' for place, cell in enumerate(CELLS)]
    chosen = upload(cast.carol, "customers", "Company name,Phone\n" + "\n".join(rows) + "\n")
    chosen = change(cast.carol, chosen, options={"match": ["name"]})
    checked = result(cast.carol, chosen, "check")
    assert (counts(checked), checked["parted_phones"]) == ({"new": len(CELLS)}, 7)
    assert result(cast.carol, chosen, "commit")["parted_phones"] == 7
    made = {one["name"]: one for one in cast.carol.get("/customers?per_page=50").get_json()["data"]}
    for place, (phone, *further) in enumerate(CELLS.values()):
        told = f"Further phones: {', '.join(further)}" if further else None
        assert (made[f"Company {place}"]["phone"], made[f"Company {place}"]["description"]) == (phone, told)


def test_further_numbers_of_a_known_customer_are_added_to_what_is_said_of_it_once(cast: Cast) -> None:
    known = cast.carol.made("/customers", {"name": "Acme", "description": "Pays late."})
    file = "Company name,Phone,City\nAcme,13800138000 / 13900139001,{}\n"
    for city in ("Berlin", "Bonn"):
        chosen = upload(cast.carol, "customers", file.format(city))
        assert counts(result(cast.carol, chosen, "commit")) == {"updated": 1}
    now = cast.carol.get(f"/customers/{known['id']}").get_json()
    assert (now["phone"], now["description"]) == ("13800138000", "Pays late.\nFurther phones: 13900139001")

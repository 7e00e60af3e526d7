"""Exports: rights, what is in the file, how it is fetched, what the journal tells."""

from __future__ import annotations

import errno
import io
import json
import os
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.database import db
from app.exporting import run, service
from app.exporting.columns import EXPORTABLE
from app.exporting.models import ExportTicket
from app.exporting.writers import CsvWriter
from app.importing.fields import fields_of
from app.importing.labels import choice_label, field_label
from app.job import service as jobs
from app.messages import LANGUAGES
from app.routing import CRM
from app.transaction import unit_of_work

from ..cast import Cast, Member
from ..job.test_jobs import work_off
from .fetching import ask, download, fetch, objects, table


@pytest.fixture(autouse=True)
def _no_files(app: CRM) -> None:
    """No file of an earlier test."""
    for path in service.folder().glob("*"):
        path.unlink()


def refused(who: Member, **body: Any) -> tuple[int, dict[str, str]]:
    """The status and the faults of an export that is not begun."""
    answer = who.post("/exports", {"resource": "customers", "format": "csv", **body})
    told = answer.get_json()
    return answer.status_code, {one["pointer"]: one["code"] for one in told.get("errors", ())}


def test_a_list_becomes_a_file(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Acme", "email": "a@acme.example", "tags": ["VIP"], "level": "A"})
    cast.alice.made("/customers", {"name": "Beta"})
    job = ask(cast.alice, "customers")
    assert job["status"] == "succeeded", job
    assert job["result"]["row_count"] == 2
    rows = table(download(cast.alice, job["result"]["url"]))
    assert [row["name"] for row in rows] == ["Acme", "Beta"]
    assert rows[0]["owner"] == "alice@example.com"


@pytest.mark.parametrize("plural", EXPORTABLE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_a_file_has_a_label_of_its_own(app: CRM, cast: Cast, plural: str, language: str) -> None:
    names = list(fields_of(plural))
    labels = [field_label(plural, name, language) for name in names]
    assert not set(labels) & set(names)
    assert len(set(labels)) == len(labels)
    for field in fields_of(plural).values():
        words = [choice_label(plural, field.name, value, language) for value in field.choices]
        assert len(set(words)) == len(words)
    answer = cast.root.get(f"/exports/columns?resource={plural}", headers={"Accept-Language": language})
    assert [one["name"] for one in answer.get_json()["data"] if one["label"] == one["name"]] == []


def test_a_list_is_exported_as_it_is_filtered_and_sorted(cast: Cast) -> None:
    for name, level in (("Beta", "A"), ("Alpha", "A"), ("Gamma", "B")):
        cast.alice.made("/customers", {"name": name, "level": level})
    rows = table(fetch(cast.alice, "customers", query="level=A&sort=name", fields=["name", "level", "created_at"]))
    assert [row["name"] for row in rows] == ["Alpha", "Beta"]
    assert list(rows[0])[:3] == ["name", "level", "created_at"]
    where = {"field": "level", "op": "eq", "value": "B"}
    assert [row["name"] for row in table(fetch(cast.alice, "customers", where=where, sort="-name"))] == ["Gamma"]
    assert [row["name"] for row in table(fetch(cast.alice, "customers", sort="-name"))] == ["Gamma", "Beta", "Alpha"]


def test_a_selection_is_exported_as_far_as_it_is_in_sight(cast: Cast) -> None:
    mine = cast.alice.made("/customers", {"name": "Mine"})["id"]
    cast.alice.made("/customers", {"name": "Other"})
    hers = cast.mallory.made("/customers", {"name": "Hers"})["id"]
    job = ask(cast.alice, "customers", ids=[hers, mine])
    assert job["result"]["row_count"] == 1
    assert [row["name"] for row in table(download(cast.alice, job["result"]["url"]))] == ["Mine"]


def test_many_rows_are_walked_in_parts(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "STEP", 2)
    for number in range(7):
        cast.alice.made("/customers", {"name": f"C{number}", "level": "AB"[number % 2], "credit_rating": number % 3})
    for sort in ("name", "-name", "level,-credit_rating", "next_follow_up_at", "-created_at"):
        rows = table(fetch(cast.alice, "customers", sort=sort))
        listed = cast.alice.get(f"/customers?sort={sort}").get_json()["data"]
        assert [row["name"] for row in rows] == [one["name"] for one in listed]


def test_what_is_masked_in_the_list_is_masked_in_the_file(cast: Cast) -> None:
    body = {"name": "Pool", "owner_id": None, "phone": "13812345678", "email": "zhang@example.com"}
    pool = cast.carol.made("/customers", body)
    person = {"customer_id": pool["id"], "name": "P", "phone": "13812345678", "email": "zhang@example.com"}
    cast.carol.made("/people", person)
    for plural in ("customers", "people"):
        for format in ("csv", "jsonl", "vcf"):
            file = fetch(cast.alice, plural, format).decode("utf-8-sig")
            assert "13812345678" not in file
            assert "zhang@example.com" not in file
            assert "13812345678" in fetch(cast.carol, plural, format).decode("utf-8-sig")


def test_fields_by_right_are_no_columns(cast: Cast) -> None:
    cast.root.made("/products", {"code": "A", "name": "A", "currency": "CNY", "cost": "7"})
    assert "cost" not in table(fetch(cast.alice, "products"))[0]
    assert table(fetch(cast.carol, "products"))[0]["cost"] == "7.00"
    assert refused(cast.alice, resource="products", fields=["cost"]) == (422, {"#/fields/0": "unknown_field"})


def test_each_sees_in_the_file_what_the_list_shows(cast: Cast) -> None:
    for who in (cast.alice, cast.mallory):
        who.made("/customers", {"name": who.name})
    seen = {
        who.name: [row["name"] for row in table(fetch(who, "customers"))]
        for who in (cast.alice, cast.mallory, cast.carol, cast.root)
    }
    both = ["alice", "mallory"]
    assert seen == {"alice": ["alice"], "mallory": ["mallory"], "carol": ["alice"], "root": both}


def test_who_may_not_export_is_refused(cast: Cast) -> None:
    assert refused(cast.vera)[0] == 403
    for path in ("/exports", "/exports/1", "/exports/1/content", "/exports/columns?resource=deals"):
        assert cast.vera.get(path).status_code == 403, path
    assert cast.vera.post("/exports/1/ticket").status_code == 403


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"resource": "teams"}, {"#/resource": "not_allowed"}),
        ({"format": "pdf"}, {"#/format": "not_allowed"}),
        ({"labels": "french"}, {"#/labels": "not_allowed"}),
        ({"resource": "deals", "format": "vcf"}, {"#/format": "not_exported"}),
        ({"resource": "all", "format": "vcf"}, {"#/format": "not_exported"}),
        ({"resource": "all", "query": "name=x"}, {"#/query": "unknown_field"}),
        ({"query": "nonsense=1"}, {"#/query/nonsense": "unknown_parameter"}),
        ({"where": {"field": "nonsense"}}, {"#/where": "where_shape"}),
        ({"sort": "nonsense"}, {"#/sort": "unknown_name"}),
        ({"fields": ["name", "nonsense"]}, {"#/fields/1": "unknown_field"}),
        ({"ids": [1], "query": "name=x"}, {"#/ids": "ids_or_where"}),
        ({"ids": list(range(1, 5_002))}, {"#/ids": "too_many"}),
        ({"nonsense": 1}, {"#/nonsense": "unknown_field"}),
    ],
)
def test_what_cannot_be_exported_is_refused_in_words(cast: Cast, body: dict[str, Any], faults: dict[str, str]) -> None:
    assert refused(cast.alice, **body) == (422, faults)


def test_texts_that_a_spreadsheet_would_compute_are_made_harmless(cast: Cast) -> None:
    texts = ["=1", "+1", "-1", "@a", "＝1", "＋1", "－1", "＠a", "'x", "plain"]
    for text in texts:
        cast.alice.made("/customers", {"name": text, "annual_revenue": "0"})
    rows = table(fetch(cast.alice, "customers"))
    assert [row["name"] for row in rows] == [*(f"'{text}" for text in texts[:-1]), "plain"]
    assert {row["annual_revenue"] for row in rows} == {"0.00"}
    assert [row["name"] for row in objects(fetch(cast.alice, "customers", "jsonl"))] == texts


def test_everything_at_once_is_an_archive_of_what_one_may_read(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Acme"})
    job = ask(cast.alice, "all", labels="user", headers={"Accept-Language": "zh-CN"})
    names = ["用户", "客户", "联系人", "跟进记录", "商机", "待办", "产品", "报价单", "标签"]
    with zipfile.ZipFile(io.BytesIO(download(cast.alice, job["result"]["url"]))) as archive:
        assert archive.namelist() == [f"{name}.csv" for name in names]
        rows = table(archive.read("客户.csv"))
        people = table(archive.read("用户.csv"))
    assert rows[0]["客户名称"] == "Acme"
    assert rows[0]["状态"] == "线索"
    assert job["result"]["name"].startswith("全部数据-")
    assert job["result"]["row_count"] == job["total"] == job["done"] == 1 + len(people)


def test_quotes_are_exported_with_their_lines_and_sums(cast: Cast) -> None:
    deal = cast.alice.made("/deals", {"name": "Press", "currency": "CNY"})
    line = {"name": "Press", "quantity": "2", "unit_price": "100", "tax_percent": "13"}
    made = cast.alice.made("/quotes", {"deal_id": deal["id"], "lines": [line], "discount_percent": "10"})
    row = table(fetch(cast.alice, "quotes"))[0]
    assert (row["number"], row["deal"], row["status"], row["total"]) == (made["number"], "Press", "draft", "203.40")
    assert [(one["name"], one["quantity"], "id" in one) for one in json.loads(row["lines"])] == [
        ("Press", "2.00", False)
    ]
    lines = objects(fetch(cast.alice, "quotes", "jsonl"))[0]["lines"]
    assert [(one["name"], one["amount"]) for one in lines] == [("Press", "200.00")]
    shown = table(fetch(cast.alice, "quotes", labels="user", headers={"Accept-Language": "zh-CN"}))[0]
    assert (shown["状态"], shown["商机"], shown["合计"]) == ("草稿", "Press", "203.40")
    assert table(fetch(cast.mallory, "quotes")) == []


def test_users_and_tags_are_exported_as_they_are_seen(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Acme", "tags": ["VIP"]})
    assert [row["name"] for row in table(fetch(cast.alice, "tags"))] == ["VIP"]
    everybody = {row["email"]: row for row in table(fetch(cast.root, "users"))}
    alice = everybody["alice@example.com"]
    told = cast.root.get(f"/users/{cast.alice.id}").get_json()
    assert (alice["name"], alice["role"], alice["team"]) == (told["name"], "sales", told["team"]["name"])
    assert not [name for name in alice if "password" in name]
    seen = table(fetch(cast.alice, "users"))
    assert "email" not in seen[0]
    assert [row["name"] for row in seen] == [one["name"] for one in cast.alice.get("/users?sort=id").get_json()["data"]]


# ---- how a file is fetched ------------------------------------------------------------------------------------------


def test_a_file_is_its_makers_alone(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Acme"})
    made = ask(cast.alice, "customers")["result"]
    with cast.alice.get(made["url"]) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert made["name"] in answer.headers["Content-Disposition"]
    for other in (cast.bob, cast.carol, cast.root):
        assert other.get(made["url"]).status_code == 404
        assert other.post(f"/exports/{made['id']}/ticket").status_code == 404
    assert cast.bob.get(f"/exports/{made['id']}").status_code == 404
    assert cast.root.get(f"/exports/{made['id']}").get_json()["row_count"] == 1
    assert [one["id"] for one in cast.alice.get("/exports").get_json()["data"]] == [made["id"]]
    assert cast.bob.get("/exports").get_json()["data"] == []


def nobody(app: CRM, url: str) -> int:
    """What a browser without a token is answered."""
    with app.app_context(), app.test_client().get(url) as answer:
        return answer.status_code


def test_a_ticket_fetches_a_file_once(app: CRM, cast: Cast) -> None:
    made = ask(cast.alice, "customers")["result"]
    answer = cast.alice.post(f"/exports/{made['id']}/ticket", headers={"Idempotency-Key": "k"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    url = answer.get_json()["url"]
    assert nobody(app, url.replace(f"/exports/{made['id']}/", "/exports/999/")) == 404
    assert [nobody(app, url), nobody(app, url)] == [200, 404]
    assert nobody(app, f"/api/v1/exports/{made['id']}/download?ticket=wrong") == 404
    assert nobody(app, f"/api/v1/exports/{made['id']}/download") == 422
    # A secret is never kept for a retry: it gets another ticket.
    again = cast.alice.post(f"/exports/{made['id']}/ticket", headers={"Idempotency-Key": "k"}).get_json()["url"]
    assert again != url
    assert nobody(app, again) == 200


def test_a_ticket_lives_a_minute_and_no_longer_than_the_right(app: CRM, cast: Cast) -> None:
    made = ask(cast.alice, "customers")["result"]
    urls = [cast.alice.post(f"/exports/{made['id']}/ticket").get_json()["url"] for _ in range(2)]
    with unit_of_work() as unit:
        db.session.execute(update(ExportTicket).values(expires_at=unit.at))
    assert nobody(app, urls[0]) == 404
    with unit_of_work() as unit:
        db.session.execute(update(ExportTicket).values(expires_at=unit.at + timedelta(seconds=60)))
    assert cast.root.post(f"/users/{cast.alice.id}/deactivate", {"successor_id": cast.bob.id}).status_code == 200
    assert nobody(app, urls[1]) == 404


def test_files_are_deleted_after_a_week(cast: Cast) -> None:
    made = ask(cast.alice, "customers")["result"]
    cast.alice.post(f"/exports/{made['id']}/ticket")
    (path,) = service.folder().iterdir()
    service.forget_old()
    assert path.is_file()
    past = path.stat().st_mtime - service.KEPT.total_seconds() - 60
    os.utime(path, (past, past))
    with unit_of_work() as unit:
        db.session.execute(update(ExportTicket).values(expires_at=unit.at - timedelta(seconds=1)))
    service.forget_old()
    assert not path.exists()
    db.session.rollback()
    assert db.session.execute(select(ExportTicket)).first() is None
    assert cast.alice.get(made["url"]).status_code == 410
    assert cast.alice.post(f"/exports/{made['id']}/ticket").status_code == 410
    assert cast.alice.get(f"/exports/{made['id']}").status_code == 200


# ---- what the journal tells, and what goes wrong --------------------------------------------------------------------


def test_every_export_is_one_entry_of_the_journal(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Acme", "level": "A"})
    job = ask(cast.alice, "customers", "xlsx", query="level=A", labels="user")
    entries = cast.root.get("/journal?resource=export").get_json()["data"]
    assert len(entries) == 1
    told = {name: sides["after"] for name, sides in entries[0]["changes"].items()}
    assert entries[0]["actor"]["id"] == cast.alice.id
    assert (entries[0]["action"], entries[0]["resource_id"]) == ("created", job["result"]["id"])
    assert (told["exported"], told["query"], told["row_count"], told["format"]) == ("customers", "level=A", 1, "xlsx")
    assert "file" not in told
    assert cast.bob.get("/journal?resource=export").get_json()["data"] == []
    assert cast.root.post(f"/changesets/{job['changeset_id']}/undo").status_code == 409


def test_a_full_disk_leaves_nothing_behind(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(CsvWriter, "write", full)
    cast.alice.made("/customers", {"name": "Acme"})
    job = ask(cast.alice, "customers")
    assert (job["status"], job["problem"]["status"]) == ("failed", 507)
    assert list(service.folder().glob("*")) == []
    assert cast.root.get("/journal?resource=export").get_json()["data"] == []


def test_an_export_can_be_called_off(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "STEP", 1)
    monkeypatch.setattr(jobs, "_TOLD_EVERY", 0)
    for number in range(3):
        cast.alice.made("/customers", {"name": f"C{number}"})
    job_id = cast.alice.post("/exports", {"resource": "customers", "format": "csv"}).get_json()["id"]
    write = CsvWriter.write

    def written(writer: CsvWriter, rows: Any) -> None:
        write(writer, rows)
        cast.alice.post(f"/jobs/{job_id}/cancel")

    monkeypatch.setattr(CsvWriter, "write", written)
    work_off()
    job = cast.alice.get(f"/jobs/{job_id}").get_json()
    assert job["status"] == "cancelled"
    assert list(service.folder().glob("*")) == []


def test_a_right_that_ends_meanwhile_ends_the_export(cast: Cast) -> None:
    job_id = cast.alice.post("/exports", {"resource": "customers", "format": "csv"}).get_json()["id"]
    assert cast.root.patch(f"/users/{cast.alice.id}", {"role": "viewer"}).status_code == 200
    work_off()
    job = cast.root.get("/journal?resource=export").get_json()["data"]
    assert job == []
    assert list(service.folder().glob("*")) == []
    assert job_id


@pytest.mark.parametrize(("format", "code"), [("xlsx", "cell_too_long"), ("csv", None)])
def test_a_text_too_long_for_a_cell_is_told_of(cast: Cast, format: str, code: str | None) -> None:
    cast.alice.made("/customers", {"name": "Acme", "description": "😀" * 19_000})
    job = ask(cast.alice, "customers", format)
    assert (job["status"] == "failed") is (code is not None)
    if code:
        assert job["problem"]["errors"][0]["code"] == code


def test_a_sheet_holds_no_more_rows_than_it_can(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SHEET_ROWS", 1)
    for number in range(2):
        cast.alice.made("/customers", {"name": f"C{number}"})
    job = ask(cast.alice, "customers", "xlsx")
    assert job["problem"]["errors"][0]["code"] == "sheet_full"
    assert ask(cast.alice, "customers", "csv")["status"] == "succeeded"

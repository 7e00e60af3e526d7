"""Who is erased leaves no trace, and no hole in a report."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from sqlalchemy import select, text

from app import append_only, search_index
from app.attachment.service import folder
from app.database import db
from app.history.sealing import seal_journal
from app.history.verification import verify
from app.privacy.erasing import overwrite_traces
from app.record import Erasure
from app.routing import CRM

from ..attachment.test_attachments import PDF, uploaded
from ..cast import PASSWORD, Cast, Member
from ..deal.selling import product
from ..exporting.fetching import fetch
from ..faults import issues
from ..importing.sending import result, upload
from ..quote.offering import company
from .traces import figures, overwritten, traces

CANARY = "Kanarienvogelmann"
MAIL = "kanarienvogelmann@example.com"
PHONE = "13912345678"
WORDS = (CANARY, CANARY.lower(), MAIL, PHONE, "91234567")
WHY = {"reason": "asked for it by letter", "password": PASSWORD}


@pytest.fixture(autouse=True)
def empty_folders(app: CRM) -> None:
    """Files of other tests lie in the same data folder."""
    for name in ("files", "imports", "exports"):
        shutil.rmtree(app.config["LIANXI"].data_dir / name, ignore_errors=True)


def private(who: Member, **more: Any) -> dict[str, Any]:
    """A private customer who is all canary."""
    body = {
        "kind": "person",
        "name": CANARY,
        "email": MAIL,
        "phone": PHONE,
        "title": CANARY,
        "website": f"https://{CANARY.lower()}.example.com",
        "address": {"street": f"{CANARY} 5", "city": "Köln"},
        "description": f"{CANARY} likes birds",
        "source_detail": CANARY,
        "short_name": CANARY,
        "company": f"{CANARY} & Co",
        "external_source": "shop",
        "external_id": CANARY,
        "tags": ["vip"],
    }
    return who.made("/customers", {**body, **more})


def at_a_company(cast: Cast) -> tuple[int, int]:
    """A person at a company, with all that can be linked to one; ids of both."""
    who = cast.alice
    customer_id = who.made("/customers", {"name": "Vogelhandel", "kind": "company"})["id"]
    person = who.made(
        "/people",
        {
            "customer_id": customer_id,
            "name": CANARY,
            "email": MAIL,
            "phone": PHONE,
            "wechat": CANARY,
            "qq": "91234567",
            "birthday": "1980-02-03",
            "address": {"street": CANARY},
            "description": CANARY,
            "is_primary": True,
        },
    )
    assert who.patch(f"/people/{person['id']}", {"name": f"{CANARY} II", "title": CANARY}).status_code == 200
    link = {"customer_id": customer_id, "person_id": person["id"]}
    contact = who.made("/contacts", {**link, "kind": "call", "subject": CANARY, "content": f"{CANARY} called"})
    uploaded(who, PDF + CANARY.encode(), f"{CANARY}.pdf", contact_id=str(contact["id"]))
    who.made("/tasks", {**link, "subject": f"call {CANARY}", "description": CANARY})
    deal = who.made("/deals", {"customer_id": customer_id, "name": "cages", "amount": "500", "currency": "CNY"})
    people = {"people": [{"person_id": person["id"], "role": "user"}]}
    assert who.patch(f"/deals/{deal['id']}", people).status_code == 200
    quoted(cast, deal["id"], person["id"])
    return customer_id, person["id"]


def quoted(cast: Cast, deal_id: int, person_id: int | None) -> None:
    who = cast.alice
    company(cast)
    line = {"product_id": product(cast, f"P-{deal_id}", name="cage", price="10"), "quantity": "1", "unit_price": "10"}
    assert who.patch(f"/deals/{deal_id}", {"lines": [line]}).status_code == 200
    body = {"deal_id": deal_id} | ({"person_id": person_id} if person_id else {})
    quote = who.made("/quotes", body)
    sent = who.post(f"/quotes/{quote['id']}/send")
    assert sent.status_code == 200, sent.get_data(as_text=True)


def test_a_person_is_erased_without_a_trace(cast: Cast) -> None:
    customer_id, person_id = at_a_company(cast)
    seal_journal()
    assert traces(*WORDS)
    before = figures(cast)
    assert before
    answer = cast.root.post(f"/people/{person_id}/erase", WHY)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    told = answer.get_json()
    assert told["erased"].pop("journal") >= 6
    assert told == {
        "resource": "person",
        "id": person_id,
        "erased": {"person": 1, "contact": 1, "task": 1, "attachment": 1},
    }
    overwritten()
    assert traces(*WORDS) == []
    assert figures(cast) == before
    person = cast.alice.get(f"/people/{person_id}").get_json()
    assert person["name"] == f"已擦除的联系人 #{person_id}"
    assert (person["emails"], person["phones"], person["birthday"], person["customer_id"]) == (
        [],
        [],
        None,
        customer_id,
    )
    assert cast.alice.get(f"/search?q={CANARY}").get_json()["data"] == []
    with db.engines[None].begin() as connection:
        assert search_index.check(connection) == []
    assert (verify().faults, verify().erased > 3) == ([], True)
    seal_journal()
    assert (verify().faults, verify().unsealed) == ([], 0)


def test_a_private_customer_is_erased_without_a_trace(cast: Cast) -> None:
    who = cast.alice
    customer_id = private(who)["id"]
    person_id = who.made("/people", {"customer_id": customer_id, "name": f"{CANARY} junior"})["id"]
    who.made("/contacts", {"customer_id": customer_id, "kind": "note", "content": f"<b>{CANARY}</b>"})
    deal = who.made("/deals", {"customer_id": customer_id, "name": f"{CANARY}'s cage", "next_step": CANARY})
    who.made("/tasks", {"deal_id": deal["id"], "subject": CANARY})
    uploaded(who, PDF + CANARY.encode(), f"{CANARY}.pdf", customer_id=str(customer_id))
    quoted(cast, deal["id"], person_id)
    assert who.post(f"/deals/{deal['id']}/win").status_code == 200
    fetch(who, "customers")
    seal_journal()
    before = figures(cast)
    answer = cast.root.post(f"/customers/{customer_id}/erase", WHY)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    erased = answer.get_json()["erased"]
    assert {
        name: erased[name] for name in ("customer", "person", "deal", "contact", "task", "quote", "attachment")
    } == {
        "customer": 1,
        "person": 1,
        "deal": 1,
        "contact": 1,
        "task": 1,
        "quote": 1,
        "attachment": 1,
    }
    overwritten()
    assert traces(*WORDS) == []
    assert figures(cast) == before
    row = who.get(f"/customers/{customer_id}").get_json()
    assert (row["name"], row["email"], row["tags"]) == (f"已擦除的客户 #{customer_id}", None, ["vip"])
    assert who.get(f"/deals/{deal['id']}").get_json()["state"] == "won"
    assert verify().faults == []
    assert [path for path in folder().rglob("*") if path.is_file()] == []
    # The address is free again.
    assert who.post("/customers", {"name": "another", "email": MAIL}).status_code == 201


def test_an_imported_customer_leaves_no_file_behind(cast: Cast) -> None:
    rows = f"name,email,kind\n{CANARY},{MAIL},person\n"
    assert result(cast.carol, upload(cast.carol, "customers", rows), "commit")["new"] == 1
    (row,) = cast.carol.get("/customers").get_json()["data"]
    assert traces(*WORDS)
    assert cast.root.post(f"/customers/{row['id']}/erase", WHY).status_code == 200
    overwritten()
    assert traces(*WORDS) == []


def test_answers_kept_for_retries_go_too(cast: Cast) -> None:
    body = {"kind": "person", "name": f'{CANARY} "the bird"'}
    answer = cast.alice.post("/customers", body, headers={"Idempotency-Key": "k1"})
    assert traces(CANARY)
    assert cast.root.post(f"/customers/{answer.get_json()['id']}/erase", WHY).status_code == 200
    overwritten()
    assert traces(*WORDS) == []


def test_a_merged_person_goes_with_the_survivor(cast: Cast) -> None:
    customer_id = cast.alice.made("/customers", {"name": "Vogelhandel", "kind": "company"})["id"]
    ids = [
        cast.alice.made("/people", {"customer_id": customer_id, "name": f"{CANARY} {number}"})["id"]
        for number in (1, 2)
    ]
    merged = cast.alice.post("/people/merge", {"target_id": ids[0], "source_ids": [ids[1]]})
    assert merged.status_code == 200, merged.get_data(as_text=True)
    assert cast.root.post(f"/people/{ids[0]}/erase", WHY).get_json()["erased"]["person"] == 2
    overwritten()
    assert traces(*WORDS) == []


def test_nobody_can_take_it_back(cast: Cast) -> None:
    customer_id = private(cast.alice)["id"]
    edit = cast.alice.patch(f"/customers/{customer_id}", {"title": "Dr"})
    erased = cast.root.post(f"/customers/{customer_id}/erase", WHY)
    for answer in (erased, edit):
        undo = cast.root.post(f"/changesets/{answer.headers['X-Changeset-Id']}/undo")
        assert (undo.status_code, undo.get_json()["type"]) == (409, "/problems/not-undoable")
    changeset = cast.root.get(f"/changesets/{erased.headers['X-Changeset-Id']}").get_json()
    assert changeset["is_undoable"] is False
    entry = next(one for one in changeset["entries"] if one["resource"] == "customer")
    reason = {"erasure_reason": {"before": None, "after": WHY["reason"]}}
    assert (entry["action"], entry["changes"]) == ("erased", reason)
    shown = cast.alice.get(f"/journal?resource=customer&id={customer_id}&per_page=1").get_json()["data"]
    assert [(one["action"], one["changes"]) for one in shown] == [("erased", {})]


def test_it_takes_the_right_the_password_and_a_reason(cast: Cast) -> None:
    customer_id = private(cast.alice)["id"]
    firm = cast.alice.made("/customers", {"name": "Firm", "kind": "company"})["id"]
    path = f"/customers/{customer_id}/erase"
    assert cast.carol.post(path, WHY).status_code == 403
    assert issues(cast.root.post(path, {**WHY, "password": "wrong password 1"})) == {"#/password": "password_wrong"}
    assert issues(cast.root.post(path, {"password": PASSWORD})) == {"#/reason": "required"}
    assert issues(cast.root.post(path, {**WHY, "reason": " "})) == {"#/reason": "required"}
    assert cast.root.post("/customers/4711/erase", WHY).status_code == 404
    assert cast.root.post(f"/customers/{firm}/erase", WHY).get_json()["type"] == "/problems/not-a-person"
    assert cast.alice.get(f"/customers/{customer_id}").get_json()["name"] == CANARY
    assert db.session.execute(select(Erasure.record_id)).all() == []


def test_tampering_with_an_erasure_is_found(cast: Cast) -> None:
    customer_id = private(cast.alice)["id"]
    other_id = private(cast.alice, name="other", email=None, external_id="2")["id"]
    assert cast.root.post(f"/customers/{customer_id}/erase", WHY).status_code == 200
    seal_journal()
    assert verify().faults == []
    found = text("SELECT id FROM journal WHERE resource = 'customer' AND resource_id = :id AND action = :action")
    with db.engines[None].begin() as connection:
        erasure = connection.execute(found, {"id": customer_id, "action": "erased"}).scalar_one()
        entry = connection.execute(found, {"id": other_id, "action": "created"}).scalar_one()
    with db.engines[None].begin() as connection, append_only.set_aside(connection):
        values = {"entry": entry, "erasure": erasure}
        forged = text("INSERT INTO journal_erasure VALUES (:entry, :erasure, '00000000000000000000000000000000')")
        connection.execute(forged, values)
        connection.execute(text("UPDATE journal_value SET after = '{}' WHERE journal_id = :entry"), values)
    faults = verify().faults
    assert f"entry {erasure}: what this erasure emptied is not what was noted of it" in faults
    assert f"entry {entry}: its values were altered" in faults


def test_values_are_emptied_by_an_erasure_alone(cast: Cast) -> None:
    private(cast.alice)
    with pytest.raises(Exception, match="append-only"), db.engines[None].begin() as connection:
        connection.execute(text("UPDATE journal_value SET before = '{}', after = '{}'"))


def test_the_nightly_chore_runs_without_anything_erased(cast: Cast) -> None:
    overwrite_traces()
    assert verify().faults == []


def test_the_document_about_a_person(cast: Cast) -> None:
    customer_id, person_id = at_a_company(cast)
    cast.bob.get(f"/people/{person_id}")
    cast.alice.get(f"/people/{person_id}")
    cast.root.app.extensions["lianxi.access"].flush()
    fetch(cast.alice, "people")
    answer = cast.root.post(f"/people/{person_id}/personal-data")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="person-{person_id}.json"'
    told = answer.get_json()
    assert told["subject"] == {"resource": "person", "id": person_id, "name": f"{CANARY} II"}
    assert told["generated_by"] == "Root"
    (person,) = told["records"]["people"]
    assert (person["birthday"], person["wechat"], person["emails"][0]["address"]) == ("1980-02-03", CANARY, MAIL)
    assert set(told["records"]) == {"people", "contacts", "tasks", "attachments"}
    assert told["records"]["attachments"][0]["url"].startswith("/api/v1/attachments/")
    assert [one["role"] for one in told["roles"]] == ["user"]
    entries = [one["id"] for one in told["history"]]
    assert entries == sorted(entries)
    assert [one["action"] for one in told["history"]][:2] == ["created", "updated"]
    assert [(one["user"], one["action"]) for one in told["access"]] == [("Alice", "opened")]
    (export,) = told["exports"]
    assert (export["user"], export["list"], export["is_named"]) == ("Alice", "people", False)
    assert "search_key" not in json.dumps(told)
    again = cast.root.post(f"/people/{person_id}/personal-data").get_json()
    assert again["access"][-1]["action"] == "disclosed"
    assert again["history"][-1]["action"] == "disclosed"
    del customer_id


def test_the_document_can_be_read(cast: Cast) -> None:
    customer_id = private(cast.alice, description="<script>alert(1)</script>")["id"]
    for language, word in (("en", "Who opened it"), ("zh-CN", "查看记录")):
        answer = cast.root.post(
            f"/customers/{customer_id}/personal-data", {"format": "html"}, headers={"Accept-Language": language}
        )
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert answer.mimetype == "text/html"
        assert word in page
        assert CANARY in page
        assert "<script>" not in page
    refused = cast.root.post(f"/customers/{customer_id}/personal-data", {"format": "pdf"})
    assert issues(refused) == {"#/format": "not_allowed"}
    assert cast.alice.post(f"/customers/{customer_id}/personal-data").status_code == 403

"""How long things are kept: counted first, applied by a nightly chore."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from app.auth.models import SignInEvent
from app.customer.models import Customer
from app.database import db
from app.history.sealing import seal_journal
from app.history.verification import verify
from app.privacy.models import AccessEntry
from app.privacy.retention import apply_rules
from app.transaction import unit_of_work

from ..cast import Cast
from ..faults import issues
from .traces import overwritten, traces

OFF = {"recycle_bin_days": 0, "lead_months": 0, "sign_in_event_days": 0, "access_log_days": 0}


def aged(cast: Cast, path: str, days: int) -> None:
    """Let what was deleted have lain in the bin for so many days."""
    table = {"customers": "customer", "people": "person"}[path]
    with db.engines[None].begin() as connection:
        when = datetime.now(UTC) - timedelta(days=days)
        model = Customer.metadata.tables[table]
        connection.execute(update(model).where(model.c.is_active.is_(False)).values(deleted_at=when))
    del cast


def test_the_recycle_bin_is_purged_by_rule(cast: Cast) -> None:
    ids = [cast.alice.made("/customers", {"name": f"Binned {n}", "phone": "13900000001"})["id"] for n in range(3)]
    for one in ids[:2]:
        assert cast.alice.delete(f"/customers/{one}").status_code == 204
    aged(cast, "customers", 40)
    assert cast.root.get("/retention/preview?recycle_bin_days=41").get_json() == OFF
    told = cast.root.get("/retention/preview?recycle_bin_days=30").get_json()
    assert told == {**OFF, "recycle_bin_days": 2}
    apply_rules()
    assert len(cast.alice.get("/customers?deleted=only").get_json()["data"]) == 2, "the rule is off"
    assert cast.root.patch("/settings", {"recycle_bin_days": 30}).get_json()["recycle_bin_days"] == 30
    apply_rules()
    assert cast.alice.get("/customers?deleted=only").get_json()["data"] == []
    assert cast.root.post(f"/customers/{ids[0]}/restore").status_code == 404
    assert cast.root.get("/retention/preview?recycle_bin_days=30").get_json() == OFF
    assert [one["name"] for one in cast.alice.get("/customers").get_json()["data"]] == ["Binned 2"]
    rows = db.session.execute(select(Customer.name, Customer.phone).order_by(Customer.id)).all()
    assert [tuple(row) for row in rows[:2]] == [(f"已擦除的客户 #{one}", None) for one in ids[:2]]
    seal_journal()
    assert verify().faults == []


def test_what_was_hidden_with_a_purged_record_goes_too(cast: Cast) -> None:
    customer_id = cast.alice.made("/customers", {"name": "Binned"})["id"]
    link = {"customer_id": customer_id}
    person = cast.alice.made("/people", {**link, "name": "Emil Hidden"})["id"]
    cast.alice.made("/contacts", {**link, "person_id": person, "kind": "note", "content": "Emil Hidden"})
    deal = cast.alice.made("/deals", {**link, "name": "stays"})["id"]
    assert cast.alice.delete(f"/customers/{customer_id}").status_code == 204
    aged(cast, "customers", 40)
    assert cast.root.patch("/settings", {"recycle_bin_days": 30}).status_code == 200
    apply_rules()
    overwritten()
    assert traces("Emil Hidden") == []
    assert cast.alice.get(f"/deals/{deal}").get_json()["name"] == "stays"


def test_stale_leads_are_made_anonymous(cast: Cast) -> None:
    ids = [cast.alice.made("/customers", {"name": f"Lead {n}", "status": "lead"})["id"] for n in range(3)]
    for one in ids[:2]:
        answer = cast.alice.post(f"/customers/{one}/disqualify", {"reason": "no_budget"})
        assert answer.status_code in (200, 422), answer.get_data(as_text=True)
    long_ago = datetime.now(UTC) - timedelta(days=200)
    with db.engines[None].begin() as connection:
        values = {"disqualified_at": long_ago, "updated_at": long_ago, "status": "lost"}
        connection.execute(update(Customer).where(Customer.id.in_(ids[:2])).values(**values))
    cast.alice.made("/contacts", {"customer_id": ids[1], "kind": "note", "content": "still in touch"})
    assert cast.root.get("/retention/preview?lead_months=6").get_json()["lead_months"] == 1
    assert cast.root.patch("/settings", {"lead_months": 6}).status_code == 200
    apply_rules()
    names = db.session.execute(select(Customer.name).order_by(Customer.id)).scalars().all()
    assert names == [f"已擦除的客户 #{ids[0]}", "Lead 1", "Lead 2"]
    assert cast.root.get("/retention/preview?lead_months=6").get_json()["lead_months"] == 0


def test_events_and_accesses_are_forgotten(cast: Cast) -> None:
    with unit_of_work():
        for days in (1, 10, 100):
            at = datetime.now(UTC) - timedelta(days=days)
            db.session.add(SignInEvent(at=at, kind="succeeded", user_id=cast.alice.id))
            entry = {"user_id": cast.alice.id, "action": "opened", "resource": "customer", "record_id": 1}
            db.session.add(AccessEntry(at=at, hour=days, **entry))
    told = cast.root.get("/retention/preview?sign_in_event_days=50&access_log_days=5").get_json()
    assert told == {**OFF, "sign_in_event_days": 1, "access_log_days": 2}
    rules = {"sign_in_event_days": 50, "access_log_days": 5}
    assert cast.root.patch("/settings", rules).status_code == 200
    apply_rules()
    counts = [db.session.execute(select(func.count()).select_from(one)).scalar() for one in (SignInEvent, AccessEntry)]
    assert counts == [2, 1]


@pytest.mark.parametrize("value", [0, -1, 4000, "x"])
def test_a_senseless_rule_is_refused(cast: Cast, value: object) -> None:
    assert "#/recycle_bin_days" in issues(cast.root.patch("/settings", {"recycle_bin_days": value}))
    assert cast.root.get(f"/retention/preview?recycle_bin_days={value}").status_code == 422
    assert cast.carol.get("/retention/preview").status_code == 403
    assert db.session.execute(text("SELECT count(*) FROM erasure")).scalar() == 0

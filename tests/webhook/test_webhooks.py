"""Webhooks as admins keep them: where they lead, their secrets, tests, the log of deliveries, the types."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select, update
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from app.access import POLICIES
from app.database import db
from app.journal import journalled_columns, part_classes
from app.routing import CRM
from app.transaction import unit_of_work
from app.webhook import outbox, service
from app.webhook.events import ACTIONS, TYPES
from app.webhook.models import WebhookAttempt, WebhookDelivery, WebhookSecret
from app.webhook.schedule import LONGEST_REST, asked_to_rest
from config import ROOT

from ..cast import Cast
from ..faults import issues
from .conftest import Carrying, hooked
from .receiver import Receiver

WHOLE = {"url": "https://example.com/hook", "event_types": ["deal.won", "contact.created"]}


def test_a_webhook_is_made_read_changed_and_deleted(cast: Cast) -> None:
    made = cast.root.made("/webhooks", {**WHOLE, "description": " ERP "})
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made["event_types"] == ["contact.created", "deal.won"]
    assert (made["description"], made["is_enabled"], made["disabled_because"]) == ("ERP", True, None)
    assert (made["waiting"], made["failed"], made["last_done_at"]) == (0, 0, None)
    address = f"/webhooks/{made['id']}"
    assert cast.root.get(address).get_json() == made
    assert cast.root.get("/webhooks").get_json()["data"] == [made]
    assert secret not in cast.root.get("/journal").get_data(as_text=True)
    answer = cast.root.patch(address, {"description": None, "is_enabled": False}, headers={"If-Match": '"1"'})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json()["version"] == 2
    assert cast.root.patch(address, {"url": WHOLE["url"]}, headers={"If-Match": '"1"'}).status_code == 412
    assert cast.root.delete(address).status_code == 204
    assert cast.root.get("/webhooks").get_json()["data"] == []
    assert db.session.execute(select(WebhookSecret.id)).all() == []


def test_the_secret_is_shown_once_and_lies_locked(cast: Cast) -> None:
    key = {"Idempotency-Key": "once"}
    answer = cast.root.post("/webhooks", WHOLE, headers=key)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    secret = answer.get_json()["secret"]
    again = cast.root.post("/webhooks", WHOLE, headers=key)
    assert (again.status_code, again.get_json()["type"]) == (409, "/problems/secret-not-replayable")
    assert "secret" not in cast.root.get(f"/webhooks/{answer.get_json()['id']}").get_json()
    (locked,) = db.session.execute(select(WebhookSecret.locked)).scalars()
    assert secret.removeprefix("whsec_") not in locked


def test_only_who_keeps_the_settings_may(cast: Cast) -> None:
    made = cast.root.made("/webhooks", WHOLE)
    for member in (cast.alice, cast.carol, cast.vera):
        assert member.get("/webhooks").status_code == 403
        assert member.post("/webhooks", WHOLE).status_code == 403
        assert member.post(f"/webhooks/{made['id']}/test").status_code == 403
        assert member.get(f"/webhooks/{made['id']}/deliveries").status_code == 403
        assert [one for one in _events(member) if one["resource"] == "webhook"] == []
    assert [one["type"] for one in _events(cast.root) if one["resource"] == "webhook"] == ["webhook_created"]


def _events(member: Any) -> list[dict[str, Any]]:
    beginning = member.get("/events").get_json()["meta"]["watermark"].split("-")
    answer = member.get("/events", query_string={"after": f"{beginning[0]}-0-0-{beginning[3]}"})
    return list(answer.get_json()["data"])


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/",
        "https://192.168.1.1:8443/",
        "https://localhost/",
        "https://a.LOCALHOST./",
        "http://example.com/",
        "https://example.com:22/",
    ],
)
def test_addresses_that_are_not_public_are_refused(cast: Cast, url: str) -> None:
    assert issues(cast.root.post("/webhooks", {**WHOLE, "url": url})) == {"#/url": "address_not_public"}
    made = cast.root.made("/webhooks", WHOLE)
    assert issues(cast.root.patch(f"/webhooks/{made['id']}", {"url": url})) == {"#/url": "address_not_public"}


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "https://", "example.com", "https://a b/", "https://u:p@example.com/"]
)
def test_what_is_no_address_is_refused(cast: Cast, url: str) -> None:
    assert issues(cast.root.post("/webhooks", {**WHOLE, "url": url})) == {"#/url": "url"}


def test_types_are_those_that_there_are(cast: Cast) -> None:
    assert issues(cast.root.post("/webhooks", {**WHOLE, "event_types": []})) == {"#/event_types": "required"}
    bad = cast.root.post("/webhooks", {**WHOLE, "event_types": ["deal.won", "deal.eaten"]})
    assert issues(bad) == {"#/event_types/1": "not_allowed"}
    told = cast.root.get("/webhooks/event-types").get_json()["data"]
    assert [one for resource in told for one in resource["types"]] == list(TYPES)
    assert {one["resource"] for one in told} <= POLICIES.keys()


def test_every_action_of_the_product_has_its_type() -> None:
    """A new word for `act` is to be known here, or to be left out on purpose."""
    words: set[str] = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "act" and len(node.args) == 2:
                words |= {str(one.value) for one in ast.walk(node.args[1]) if isinstance(one, ast.Constant)}
    assert {"completed", "claimed"} <= words
    assert words - {action for actions in ACTIONS.values() for action in actions} == {"dismissed"}, "of pairs"


def test_no_message_is_over_twenty_kibibytes() -> None:
    """Were every field of a record changed at once, its names would still fit."""
    at, until = datetime.now(UTC), datetime.now(UTC)
    for resource in ACTIONS:
        model: Any = POLICIES[resource].model
        changed = [*journalled_columns(model), *part_classes(model), model.shares_as]
        ids = dict.fromkeys(("id", "version", "changeset_id", "actor_id", "merged_into"), 2**63 - 1)
        message = WebhookDelivery(type=f"{resource}.x", occurred_at=at, data={**ids, "changed": changed}, attempts=0)
        assert len(outbox.parcel_of(message, "", until).body) < 20 * 1024


def test_a_receiver_that_a_name_leads_to_inside_is_not_reached(
    cast: Cast, carrying: Carrying, receiver: Receiver, app: CRM, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = hooked(cast, receiver)
    # What was allowed yesterday is judged anew with every message.
    monkeypatch.setitem(app.config, "LIANXI", replace(app.config["LIANXI"], webhook_allow=()))
    answer = cast.root.post(f"/webhooks/{webhook['id']}/test")
    assert answer.status_code == 200
    (attempt,) = answer.get_json()["attempts"]
    assert (attempt["status"], attempt["reason"]) == (None, "address")
    assert receiver.offered == []


def test_a_test_is_sent_at_once_and_says_what_came_of_it(cast: Cast, carrying: Carrying, receiver: Receiver) -> None:
    webhook = hooked(cast, receiver)
    address = f"/webhooks/{webhook['id']}/test"
    answer = cast.root.post(address, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert (answer.get_json()["status"], answer.get_json()["type"]) == ("done", "webhook.test")
    (kept,) = cast.root.get(f"/webhooks/{webhook['id']}/deliveries").get_json()["data"]
    assert kept == answer.get_json(), "what is told is what is kept"
    again = cast.root.post(address, headers={"Idempotency-Key": "one"})
    assert again.get_json() == answer.get_json()
    (message,) = receiver.taken
    Verifier(webhook["secret"]).verify(message.raw, dict(message.headers))
    assert message.body["data"] == {"id": webhook["id"], "resource": "webhook"}
    receiver.answer = lambda _message: 503
    failed = cast.root.post(address).get_json()
    assert (failed["status"], failed["attempts"][0]["status"], failed["next_at"]) == ("failed", 503, None)
    carrying.sleep(timedelta(days=1))
    carrying.settled()
    assert len(receiver.offered) == 2, "a test is not tried again"
    assert cast.root.get("/notifications").get_json()["data"] == []
    receiver.stop()
    assert cast.root.post(address).get_json()["attempts"][0]["reason"] == "connect"
    for _ in range(service.TESTS - 3):
        assert cast.root.post(address).status_code == 200
    refused = cast.root.post(address)
    assert refused.status_code == 429
    assert 3_000 < int(refused.headers["Retry-After"]) <= 3_600
    second = hooked(cast, receiver)
    assert cast.root.post(f"/webhooks/{second['id']}/test").status_code == 200, "each webhook has tests of its own"
    assert cast.root.post("/webhooks/999/test").status_code == 404


def test_a_rotated_secret_signs_beside_the_former_one_for_a_day(
    cast: Cast, carrying: Carrying, receiver: Receiver
) -> None:
    webhook = hooked(cast, receiver)
    answer = cast.root.post(f"/webhooks/{webhook['id']}/rotate")
    assert answer.headers["Cache-Control"] == "no-store"
    fresh = answer.get_json()
    left = datetime.fromisoformat(fresh["former_until"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert fresh["secret"] != webhook["secret"]
    former, present = Verifier(webhook["secret"]), Verifier(fresh["secret"])
    cast.alice.made("/customers", {"name": "One"})
    carrying.until(lambda: receiver.taken)
    carrying.settled()
    message = receiver.taken[0]
    former.verify(message.raw, dict(message.headers))
    present.verify(message.raw, dict(message.headers))
    assert message.headers["webhook-signature"].count("v1,") == 2

    carrying.sleep(timedelta(hours=24))
    cast.alice.made("/customers", {"name": "Two"})
    carrying.until(lambda: len(receiver.taken) == 2)
    message = receiver.taken[1]
    present.verify(message.raw, dict(message.headers))
    with pytest.raises(WebhookVerificationError):
        former.verify(message.raw, dict(message.headers))
    service.look_after()
    assert len(db.session.execute(select(WebhookSecret.id)).all()) == 1
    for _ in range(service.MOST_SECRETS - 1):
        assert cast.root.post(f"/webhooks/{webhook['id']}/rotate").status_code == 200
    refused = cast.root.post(f"/webhooks/{webhook['id']}/rotate")
    assert (refused.status_code, refused.get_json()["type"]) == (409, "/problems/too-many-secrets")


def test_the_log_is_kept_for_thirty_days(
    cast: Cast, carrying: Carrying, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = hooked(cast, receiver)
    for number in range(3):
        cast.alice.made("/customers", {"name": f"No {number}"})
    carrying.until(lambda: len(receiver.taken) == 3)
    carrying.settled()
    address = f"/webhooks/{webhook['id']}/deliveries"
    page = cast.root.get(address, query_string={"per_page": 2}).get_json()
    rest = cast.root.get(address, query_string={"per_page": 2, "cursor": page["meta"]["next_cursor"]}).get_json()
    ids = [one["id"] for one in page["data"] + rest["data"]]
    assert len(ids) == 3
    assert ids == sorted(ids, reverse=True)
    assert rest["meta"]["next_cursor"] is None
    kept = {
        "id",
        "message_id",
        "type",
        "resource",
        "record_id",
        "status",
        "created_at",
        "next_at",
        "ended_at",
        "attempts",
    }
    assert page["data"][0].keys() == kept
    with unit_of_work() as unit:
        old = update(WebhookDelivery).where(WebhookDelivery.id.in_(ids[1:]))
        db.session.execute(old.values(created_at=unit.at - timedelta(days=31)))
    monkeypatch.setattr(service, "_PORTION", 1)
    service.look_after()
    assert [one["id"] for one in cast.root.get(address).get_json()["data"]] == ids[:1]
    assert len(db.session.execute(select(WebhookAttempt.id)).all()) == 1


def test_metrics_tell_what_waits_and_what_became_of_the_rest(
    app: CRM, cast: Cast, carrying: Carrying, receiver: Receiver, other: Receiver
) -> None:
    def measured() -> dict[str, float]:
        said = app.test_client().get("/metrics").get_data(as_text=True)
        return {
            sample.name.removeprefix("lianxi_webhook_") + "".join(sample.labels.values()): sample.value
            for family in text_string_to_metric_families(said)
            for sample in family.samples
            if sample.name.startswith("lianxi_webhook_")
        }

    nothing = {"deliverieswaiting": 0, "deliveriesdone": 0, "deliveriesfailed": 0, "waiting": 0, "dead_letters": 0}
    assert measured() == nothing | {"oldest_waiting_seconds": 0}
    taken, refused = hooked(cast, receiver), hooked(cast, other)
    other.answer = lambda _message: 500
    for number in range(2):
        cast.alice.made("/customers", {"name": f"No {number}"})
    carrying.until(lambda: len(receiver.taken) == 2 and len(other.offered) >= 2)
    carrying.settled()
    with unit_of_work() as unit:
        older = update(WebhookDelivery).where(WebhookDelivery.webhook_id == refused["id"])
        db.session.execute(older.values(created_at=unit.at - timedelta(minutes=10)))
    found = measured()
    assert 600 <= found.pop("oldest_waiting_seconds") < 900
    assert found == nothing | {"deliverieswaiting": 2, "deliveriesdone": 2, "waiting": 2}
    with unit_of_work():
        dead = update(WebhookDelivery).where(WebhookDelivery.webhook_id == refused["id"])
        db.session.execute(dead.values(status="failed"))
    found = measured()
    assert (found["waiting"], found["dead_letters"], found["oldest_waiting_seconds"]) == (0, 2, 0)
    for webhook in (taken, refused):
        assert cast.root.patch(f"/webhooks/{webhook['id']}", {"is_enabled": False}).status_code == 200
    assert measured()["dead_letters"] == 0, "one that a person has disabled is no alarm"


def test_redelivery_is_of_ones_own(cast: Cast, carrying: Carrying, receiver: Receiver) -> None:
    webhook, stranger = hooked(cast, receiver), cast.root.made("/webhooks", WHOLE)
    cast.alice.made("/customers", {"name": "One"})
    carrying.until(lambda: receiver.taken)
    carrying.settled()
    (one,) = cast.root.get(f"/webhooks/{webhook['id']}/deliveries").get_json()["data"]
    assert cast.root.post(f"/webhooks/{stranger['id']}/deliveries/{one['id']}/redeliver").status_code == 404
    assert cast.root.post(f"/webhooks/{webhook['id']}/deliveries/{2**70}/redeliver").status_code == 404


def test_there_are_fifty_at_most(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 2)
    for _ in range(2):
        cast.root.made("/webhooks", WHOLE)
    refused = cast.root.post("/webhooks", WHOLE)
    assert (refused.status_code, refused.get_json()["type"]) == (409, "/problems/too-many-webhooks")


AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "text", "rest"),
    [
        (429, "120", timedelta(minutes=2)),
        (503, "Sat, 28 Nov 2026 12:10:00 GMT", timedelta(minutes=10)),
        (503, "Sat, 28 Nov 2026 11:10:00 GMT", timedelta()),
        (429, "999999999999999999", LONGEST_REST),
        (429, "soon", None),
        (429, "-5", None),
        (500, "120", None),
        (429, "", None),
    ],
)
def test_what_a_receiver_asks_for(status: int, text: str, rest: timedelta | None) -> None:
    assert asked_to_rest(status, {"retry-after": text} if text else {}, AT) == rest

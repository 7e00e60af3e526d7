"""Webhooks as their receivers see them: signed, in order per record, until they are taken (F9)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from app import outgoing
from app.database import db
from app.routing import CRM
from app.webhook import outbox
from app.webhook.models import WebhookDelivery
from app.webhook.schedule import JITTER, PAUSES

from ..cast import Cast
from .conftest import Carrying, hooked
from .receiver import Message, Receiver


def customer(cast: Cast, name: str = "Acme", **values: Any) -> dict[str, Any]:
    return cast.alice.made("/customers", {"name": name, **values})


def renamed(cast: Cast, record: dict[str, Any], *names: str) -> None:
    for name in names:
        assert cast.alice.patch(f"/customers/{record['id']}", {"name": name}).status_code == 200


def versions(messages: list[Message], record_id: int) -> list[int]:
    return [one.body["data"]["version"] for one in messages if one.body["data"]["id"] == record_id]


def log(cast: Cast, webhook: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    answer = cast.root.get(f"/webhooks/{webhook['id']}/deliveries", query_string=query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(answer.get_json()["data"])


def test_what_happens_arrives_signed_and_thin(cast: Cast, carrying: Carrying, receiver: Receiver) -> None:
    before = customer(cast, "Before")
    webhook = hooked(cast, receiver, "customer.created", "customer.updated", "contact.created")
    made = customer(cast, "Secret Name Ltd", phone="+8613800138000")
    renamed(cast, made, "Another Name")
    cast.alice.made("/contacts", {"customer_id": made["id"], "kind": "note", "content": "confidential"})
    cast.alice.made("/deals", {"customer_id": made["id"], "name": "Not asked for"})
    carrying.until(lambda: len(receiver.taken) >= 4)
    carrying.settled()

    types = [one.type for one in receiver.taken]
    # A contact moves when its customer was contacted last.
    assert sorted(types) == ["contact.created", "customer.created", "customer.updated", "customer.updated"]
    created, updated, contacted = (one for one in receiver.taken if one.record == ("customer", made["id"]))
    data = created.body["data"]
    assert created.body.keys() == {"type", "timestamp", "data"}
    assert data.keys() == {"id", "resource", "version", "changed", "changeset_id", "actor_id"}
    assert (data["id"], data["version"], data["actor_id"]) == (made["id"], 1, cast.alice.id)
    assert "name" in data["changed"]
    assert updated.body["data"]["changed"] == ["name"]
    assert "last_contacted_at" in contacted.body["data"]["changed"]
    assert datetime.fromisoformat(created.body["timestamp"]) <= datetime.now(UTC)
    everything = b"".join(one.raw for one in receiver.taken)
    assert b"Name" not in everything
    assert b"13800138000" not in everything
    assert b"confidential" not in everything
    assert before["id"] not in {one.body["data"]["id"] for one in receiver.taken if one.type.startswith("customer")}

    verifier = Verifier(webhook["secret"])
    for one in receiver.taken:
        verifier.verify(one.raw, dict(one.headers))
        assert one.headers["content-type"] == "application/json"
        with pytest.raises(WebhookVerificationError):
            verifier.verify(one.raw.replace(b"created", b"deleted").replace(b"updated", b"deleted"), dict(one.headers))
    (entry,) = log(cast, webhook, status="done", per_page="1")
    assert entry["attempts"][0]["status"] == 204
    assert entry["attempts"][0]["reason"] is None
    read = cast.root.get(f"/webhooks/{webhook['id']}").get_json()
    assert (read["waiting"], read["failed"]) == (0, 0)
    assert read["last_done_at"] is not None


def waiting_for(cast: Cast, webhook: dict[str, Any]) -> set[Any]:
    """What the last attempts at what waits ended with."""
    tried = [one["attempts"][-1] for one in log(cast, webhook, status="waiting") if one["attempts"]]
    return {one["reason"] or one["status"] for one in tried}


def test_a_receiver_that_fails_in_every_way_gets_everything_in_order(
    cast: Cast, carrying: Carrying, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = hooked(cast, receiver)
    receiver.stop()
    first, second = customer(cast, "One"), customer(cast, "Two")
    renamed(cast, first, "One a", "One b")
    renamed(cast, second, "Two a")
    carrying.until(lambda: waiting_for(cast, webhook) == {"connect"})
    carrying.settled()
    assert len(log(cast, webhook, status="waiting")) == 5

    receiver.start()
    receiver.answer = lambda _message: 500
    carrying.sleep(timedelta(minutes=5))
    carrying.until(lambda: waiting_for(cast, webhook) == {500})
    carrying.settled()

    receiver.answer = receiver.hang
    carrying.sleep(timedelta(minutes=6))
    with monkeypatch.context() as shorter:
        shorter.setattr(outgoing, "TOTAL_SECONDS", 0.5)
        carrying.until(lambda: waiting_for(cast, webhook) == {"timeout"})
        carrying.settled()
    receiver.let_go.set()

    receiver.answer = lambda _message: (429, {"Retry-After": "120"})
    carrying.sleep(timedelta(minutes=34))
    # The first that is told to wait speaks for all; at most those that were on their way are told the same.
    carrying.until(lambda: 429 in waiting_for(cast, webhook))
    carrying.settled()

    receiver.taken.clear()
    receiver.answer = lambda _message: 204
    # A stamp is of whole seconds.
    time.sleep(1.1)
    carrying.sleep(timedelta(hours=3))
    carrying.until(lambda: len(receiver.taken) == 5)
    carrying.settled()
    assert log(cast, webhook, status="waiting") == []
    assert versions(receiver.taken, first["id"]) == [1, 2, 3]
    assert versions(receiver.taken, second["id"]) == [1, 2]
    verifier = Verifier(webhook["secret"])
    for one in receiver.taken:
        verifier.verify(one.raw, dict(one.headers))
    (created,) = (
        one for one in receiver.taken if one.record == ("customer", first["id"]) and one.type[-7:] == "created"
    )
    tries = [one for one in receiver.offered if one.record == created.record and one.type == created.type]
    assert len(tries) >= 4, "500, two that hang or more, 429 or not, 204"
    assert {(one.id, one.raw) for one in tries} == {(created.id, created.raw)}
    assert tries[0].stamp < tries[-1].stamp
    assert all(abs(one.stamp - one.at) < 30 for one in tries)
    (entry,) = (one for one in log(cast, webhook) if one["message_id"] == created.id)
    ends = [one["reason"] or one["status"] for one in entry["attempts"]]
    assert ends[:3] == ["connect", 500, "timeout"]
    assert ends[-1] == 204


def test_retry_after_holds_the_whole_receiver(cast: Cast, carrying: Carrying, receiver: Receiver) -> None:
    webhook = hooked(cast, receiver)
    receiver.answer = lambda _message: (429, {"Retry-After": "1800"})
    first = customer(cast, "One")
    carrying.until(lambda: receiver.offered)
    carrying.settled()
    offered = len(receiver.offered)
    receiver.answer = lambda _message: 204
    second = customer(cast, "Two")
    carrying.sleep(timedelta(minutes=29))
    carrying.settled()
    assert len(receiver.offered) == offered, "it asked to be left alone for half an hour"
    carrying.sleep(timedelta(minutes=2))
    carrying.until(lambda: len(receiver.taken) == 2)
    assert {one.body["data"]["id"] for one in receiver.taken} == {first["id"], second["id"]}
    assert log(cast, webhook, status="waiting") == []


def test_other_records_go_on_while_one_waits(cast: Cast, carrying: Carrying, receiver: Receiver) -> None:
    hooked(cast, receiver)
    stuck = customer(cast, "Stuck")
    receiver.answer = lambda one: 500 if one.body["data"]["id"] == stuck["id"] else 204
    renamed(cast, stuck, "Stuck a")
    others = [customer(cast, f"Other {number}") for number in range(6)]
    carrying.until(lambda: len(receiver.taken) == 6)
    carrying.settled()
    assert {one.body["data"]["id"] for one in receiver.taken} == {one["id"] for one in others}
    assert versions(receiver.offered, stuck["id"]) == [1], "what came later waits behind what came first"
    receiver.answer = lambda _one: 204
    carrying.sleep(timedelta(minutes=5))
    carrying.until(lambda: len(receiver.taken) == 8)
    assert versions(receiver.taken, stuck["id"]) == [1, 2]


def test_a_receiver_that_hangs_delays_nobody_else(
    cast: Cast, carrying: Carrying, receiver: Receiver, other: Receiver
) -> None:
    hooked(cast, receiver)
    hooked(cast, other)
    receiver.answer = receiver.hang
    made = [customer(cast, f"No {number}") for number in range(12)]
    carrying.until(lambda: len(other.taken) == 12)
    assert receiver.taken == []
    assert len(receiver.offered) <= outbox.IN_FLIGHT
    receiver.let_go.set()
    carrying.until(lambda: len(receiver.taken) == 12)
    carrying.settled()
    assert receiver.most_at_once == outbox.IN_FLIGHT
    assert other.most_at_once <= outbox.IN_FLIGHT
    for one in (receiver, other):
        assert sorted(message.body["data"]["id"] for message in one.taken) == [record["id"] for record in made]


def test_who_is_gone_is_disabled_and_goes_on_where_it_was(cast: Cast, carrying: Carrying, receiver: Receiver) -> None:
    webhook = hooked(cast, receiver)
    receiver.answer = lambda _message: 410
    first = customer(cast, "One")
    address = f"/webhooks/{webhook['id']}"
    carrying.until(lambda: not cast.root.get(address).get_json()["is_enabled"])
    carrying.settled()
    read = cast.root.get(address).get_json()
    assert (read["disabled_because"], read["waiting"], read["failed"]) == ("gone", 1, 0)
    (told,) = cast.root.get("/notifications").get_json()["data"]
    assert (told["kind"], told["resource"], told["record_id"]) == ("webhook_disabled", "webhook", webhook["id"])
    assert (told["title"], told["actor"], told["count"]) == (receiver.url, None, 1)
    assert cast.alice.get("/notifications").get_json()["data"] == []

    receiver.answer = lambda _message: 204
    second = customer(cast, "Two")
    carrying.sleep(timedelta(days=1))
    carrying.settled()
    assert len(receiver.offered) == 1
    assert cast.root.patch(address, {"is_enabled": True}).get_json()["disabled_because"] is None
    carrying.until(lambda: len(receiver.taken) == 2)
    assert {one.body["data"]["id"] for one in receiver.taken} == {first["id"], second["id"]}


def offered_all(carrying: Carrying, receiver: Receiver, number: int) -> None:
    carrying.until(lambda: len(receiver.offered) == number)


def test_a_message_that_never_arrives_becomes_a_dead_letter(cast: Cast, carrying: Carrying, receiver: Receiver) -> None:
    webhook = hooked(cast, receiver)
    receiver.answer = lambda _message: 500
    made = customer(cast)
    renamed(cast, made, "Later")
    for number, pause in enumerate(PAUSES[1:], start=1):
        offered_all(carrying, receiver, number)
        carrying.settled()
        (first,) = (one for one in log(cast, webhook, status="waiting") if one["attempts"])
        tried = datetime.fromisoformat(first["attempts"][-1]["at"])
        until = datetime.fromisoformat(first["next_at"]) - tried
        assert pause <= until <= pause * (1 + JITTER) + timedelta(seconds=30)
        carrying.sleep(pause / 2)
        carrying.settled()
        assert len(receiver.offered) == number, "it is not tried before its time"
        carrying.sleep(pause)
    carrying.until(lambda: log(cast, webhook, status="failed"))
    (dead,) = log(cast, webhook, status="failed")
    assert (len(dead["attempts"]), dead["next_at"]) == (10, None)
    assert dead["ended_at"] is not None
    assert {one.id for one in receiver.offered[:10]} == {dead["message_id"]}
    (told,) = cast.root.get("/notifications").get_json()["data"]
    assert (told["kind"], told["record_id"], told["count"]) == ("webhook_failed", webhook["id"], 1)

    # What came later was held by it, and goes on now.
    receiver.answer = lambda _message: 204
    carrying.sleep(timedelta(days=2))
    carrying.until(lambda: len(receiver.taken) == 1)
    carrying.settled()
    assert receiver.taken[0].body["data"]["version"] == 2
    assert cast.root.get(f"/webhooks/{webhook['id']}").get_json()["failed"] == 1
    assert cast.root.post(f"/webhooks/{webhook['id']}/deliveries/redeliver").get_json() == {"redelivered": 1}
    carrying.until(lambda: len(receiver.taken) == 2)
    carrying.settled()
    assert receiver.taken[1].id == dead["message_id"]
    again = f"/webhooks/{webhook['id']}/deliveries/{dead['id']}/redeliver"
    answer = cast.root.post(again)
    assert (answer.status_code, answer.get_json()["status"]) == (200, "waiting")
    carrying.until(lambda: len(receiver.taken) == 3)
    assert receiver.taken[2].id == dead["message_id"]


def test_what_a_dead_worker_had_in_its_hands_is_taken_up(
    app: CRM, cast: Cast, carrying: Carrying, receiver: Receiver
) -> None:
    webhook = hooked(cast, receiver)
    customer(cast)
    for place in outbox.places():
        outbox.note(place)
    (lost,) = outbox.claim(webhook["id"])
    db.session.remove()
    carrying.settled(held=1)
    assert receiver.offered == []
    carrying.sleep(outbox.CLAIMED)
    carrying.until(lambda: len(receiver.taken) == 1)
    assert receiver.taken[0].id == lost.message_id


def test_two_workers_note_and_hand_out_everything_once(
    app: CRM, cast: Cast, carrying: Carrying, receiver: Receiver
) -> None:
    webhook = hooked(cast, receiver)
    made = [customer(cast, f"No {number}") for number in range(20)]

    def work(_number: int) -> list[str]:
        with app.app_context():
            for place in outbox.places():
                outbox.note(place)
            found = [one.message_id for one in outbox.claim(webhook["id"])]
            db.session.remove()
            return found

    with ThreadPoolExecutor(6) as pool:
        handed = [one for found in pool.map(work, range(12)) for one in found]
    assert len(handed) == len(set(handed)) == outbox.IN_FLIGHT
    noted = db.session.execute(select(WebhookDelivery.record_id)).scalars().all()
    assert sorted(noted) == [one["id"] for one in made]


def test_a_disabled_webhook_misses_nothing_and_a_deleted_one_is_forgotten(
    cast: Cast, carrying: Carrying, receiver: Receiver
) -> None:
    webhook = hooked(cast, receiver)
    address = f"/webhooks/{webhook['id']}"
    assert cast.root.patch(address, {"is_enabled": False}).status_code == 200
    made = customer(cast)
    carrying.settled()
    assert receiver.offered == []
    assert cast.root.patch(address, {"is_enabled": True}).status_code == 200
    carrying.until(lambda: [one.body["data"]["id"] for one in receiver.taken] == [made["id"]])
    carrying.settled()
    assert cast.root.delete(address).status_code == 204
    renamed(cast, made, "Later")
    carrying.settled()
    assert len(receiver.offered) == 1
    assert cast.root.get(address).status_code == 404
    assert db.session.execute(select(WebhookDelivery.id)).all() == []


def test_a_merge_names_the_record_that_stands_for_the_other(cast: Cast, carrying: Carrying, receiver: Receiver) -> None:
    hooked(cast, receiver, "customer.merged")
    kept, gone = customer(cast, "Kept"), customer(cast, "Gone")
    answer = cast.root.post("/customers/merge", {"target_id": kept["id"], "source_ids": [gone["id"]]})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    carrying.until(lambda: len(receiver.taken) == 2)
    told = {one.body["data"]["id"]: one.body["data"].get("merged_into") for one in receiver.taken}
    assert told == {kept["id"]: None, gone["id"]: kept["id"]}

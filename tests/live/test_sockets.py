"""Socket.IO against the product as it is served: several workers, real sockets, both databases."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
import socketio
from socketio.exceptions import ConnectionError as CannotConnect

from ..running import Running
from .listening import Listener, id_of, person


def test_refused_without_a_good_token(server: Running) -> None:
    for auth in ({"token": "nonsense"}, {}, None):
        client = socketio.Client(reconnection=False)
        with pytest.raises(CannotConnect):
            client.connect(server.url, auth=auth, transports=["websocket"])


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_refused_from_pages_of_others(server: Running, transport: str) -> None:
    """Before anybody is asked who he or she is."""
    address = urlsplit(server.url)
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    found = {}
    for origin in (server.url, "https://evil.example", f"{server.url}.evil.example", "null"):
        line = HTTPConnection(str(address.hostname), address.port, timeout=30)
        headers = {"Origin": origin} | (upgrade if transport == "websocket" else {})
        line.request("GET", f"/socket.io/?EIO=4&transport={transport}", headers=headers)
        with line.getresponse() as answer:
            found[origin] = answer.status
        line.close()
    ours = found.pop(server.url)
    assert ours == (101 if transport == "websocket" else 200)
    assert set(found.values()) == {400}


def test_a_socket_that_says_too_much(server: Running, admin: str, connect: Callable[[str], Listener]) -> None:
    chatty, loud = connect(admin), connect(admin)
    answers: list[Any] = []
    for _ in range(60):
        chatty.client.emit("watch", {"resource": "customer", "id": 10**9}, callback=answers.append)
    chatty.until(lambda: len(answers) == 60, seconds=60)
    statuses = Counter(answer["problem"]["status"] for answer in answers)
    assert statuses.keys() == {404, 429}
    line = loud.client.eio.ws
    loud.client.emit("watch", {"resource": "x" * 70_000, "id": 1})
    loud.until(lambda: not loud.client.connected)
    # The client leaves it open that was hung up on.
    line.shutdown()


def test_a_change_reaches_every_socket_that_may_see_it(
    server: Running, admin: str, connect: Callable[[str], Listener]
) -> None:
    alice, mallory = person(server, admin, "alice"), person(server, admin, "mallory")
    hers = [connect(alice) for _ in range(4)]
    boss, stranger = connect(admin), connect(mallory)
    status, made = server.call("POST", "/customers", {"name": "联系 live"}, alice)
    assert status == 201
    for listener in [*hers, boss]:
        (event,) = listener.hears("customer_created", made["id"])
        assert {key: value for key, value in made.items() if key != "can_write"} == event["record"]
        assert event["changed"]
        assert event["actor"]["name"] == "alice"
    server.call("PATCH", f"/customers/{made['id']}", {"owner_id": id_of(server, mallory)}, admin)
    hers[0].until(lambda: bool(hers[0].told("customer_removed", made["id"])))
    (gone,) = hers[0].told("customer_removed", made["id"])
    assert gone.keys() == {"cursor", "id"}
    stranger.until(lambda: bool(stranger.told("customer_updated", made["id"])))
    assert stranger.told("customer_created", made["id"]) == []


def test_presence_over_workers(server: Running, admin: str, database: str, connect: Callable[[str], Listener]) -> None:
    status, made = server.call("POST", "/customers", {"name": "watched"}, admin)
    assert status == 201
    first, second = connect(admin), connect(person(server, admin, "vera", "viewer"))
    assert first.client.call("watch", {"resource": "customer", "id": made["id"]})["ok"]
    answer = second.client.call("watch", {"resource": "customer", "id": made["id"]})
    assert answer["ok"]
    if database == "postgresql":
        # Redis joins the workers; embedded there is one process.
        assert [user["name"] for user in answer["users"]] == ["vera", "管理员"]
        first.until(lambda: len(first.told("presence")[-1]["users"]) == 2 if first.told("presence") else False)
    refused = second.client.call("watch", {"resource": "customer", "id": 10**9})
    assert refused["problem"]["status"] == 404


def test_a_watch_needs_sight(server: Running, admin: str, connect: Callable[[str], Listener]) -> None:
    status, made = server.call("POST", "/customers", {"name": "private"}, person(server, admin, "owner"))
    assert status == 201
    stranger = connect(person(server, admin, "stranger"))
    answer = stranger.client.call("watch", {"resource": "customer", "id": made["id"]})
    assert (answer["ok"], answer["problem"]["status"]) == (False, 404)


def test_a_revoked_sign_in_is_cut_within_two_seconds(
    server: Running, admin: str, connect: Callable[[str], Listener]
) -> None:
    token = person(server, admin, "leaver")
    listener = connect(token)
    assert server.call("POST", "/auth/logout", token=token)[0] == 204
    listener.until(lambda: not listener.client.connected, 3)


def test_no_entry_is_missed_over_reconnects(server: Running, admin: str, connect: Callable[[str], Listener]) -> None:
    """Events pushed and events caught up together are all events."""
    listener = connect(admin)
    (ready,) = listener.told("ready")
    ids = []
    for number in range(30):
        status, made = server.call("POST", "/customers", {"name": f"Series {number}"}, admin)
        assert status == 201
        ids.append(made["id"])
        if number == 15:
            listener.until(lambda: bool(listener.told("customer_created", ids[0])))
            listener.client.disconnect()
    # What others wrote just before may still be told after the watermark that counts it in.
    told = listener.told("customer_created")
    pushed = {event["id"] for event in told if event["record"]["name"].startswith("Series ")}
    status, caught = server.call("GET", f"/events?after={ready['watermark']}&limit=500", token=admin)
    assert status == 200
    found = [event["id"] for event in caught["data"] if event["type"] == "customer_created"]
    assert found == ids
    assert ids[0] in pushed
    assert pushed <= set(ids)


def test_new_contact_is_what_post_contacts_is(server: Running, admin: str, connect: Callable[[str], Listener]) -> None:
    alice = person(server, admin, "writer")
    status, made = server.call("POST", "/customers", {"name": "called"}, alice)
    assert status == 201
    listener = connect(alice)
    body = {"customer_id": made["id"], "kind": "call", "content": "谈了价格\n下周再打", "idempotency_key": "offline-1"}
    answer = listener.client.call("new_contact", body)
    assert answer["ok"], answer
    record = answer["record"]
    assert record == server.call("GET", f"/contacts/{record['id']}", token=alice)[1]
    again = listener.client.call("new_contact", body)
    assert again == answer
    other = listener.client.call("new_contact", {**body, "content": "another"})
    assert (other["ok"], other["problem"]["status"]) == (False, 422)
    wrong = listener.client.call("new_contact", {"customer_id": made["id"], "kind": "telepathy", "content": 5})
    assert {issue["pointer"] for issue in wrong["problem"]["errors"]} == {"#/kind", "#/content"}
    foreign = connect(person(server, admin, "nosy")).client.call("new_contact", body)
    assert not foreign["ok"]
    listener.until(lambda: bool(listener.told("contact_created", record["id"])))
    shown = server.call("GET", f"/customers/{made['id']}", token=alice)[1]
    assert shown["last_contacted_at"] == record["occurred_at"]


def test_what_makes_no_sense_is_refused_in_words(
    server: Running, admin: str, connect: Callable[[str], Listener]
) -> None:
    listener = connect(admin)
    for data in ({"resource": ["x"], "id": 1}, {"resource": {}, "id": 1}, {"resource": "customer", "id": "1"}, [1]):
        for event in ("watch", "unwatch"):
            answer = listener.client.call(event, data)
            assert (answer["ok"], answer["problem"]["status"]) == (False, 422), data
    status, made = server.call("POST", "/customers", {"name": "called"}, admin)
    assert status == 201
    body = {"customer_id": made["id"], "kind": "call"}
    beyond = ({"duration_seconds": 2**69}, {"person_id": -(2**64)}, {"duration_seconds": 2**64, "idempotency_key": "k"})
    for more in beyond:
        # Word for word, because the client's own JSON has no such numbers.
        answers: list[Any] = []
        number = listener.client._generate_ack_id("/", answers.append)
        listener.client.eio.send(f"2{number}{json.dumps(['new_contact', {**body, **more}])}")
        listener.until(lambda answers=answers: bool(answers))  # type: ignore[misc]
        problem = answers[0]["problem"]
        assert (problem["status"], [issue["code"] for issue in problem["errors"]]) == (422, ["out_of_range"])
    long = listener.client.call("new_contact", {**body, "idempotency_key": "x" * 256})
    assert [issue["pointer"] for issue in long["problem"]["errors"]] == ["#/idempotency_key"]


def test_a_deletion_is_told_whole(server: Running, admin: str, connect: Callable[[str], Listener]) -> None:
    alice = person(server, admin, "alice")
    listener = connect(alice)
    status, made = server.call("POST", "/customers", {"name": "Goes"}, alice)
    assert status == 201
    assert server.call("DELETE", f"/customers/{made['id']}", token=admin)[0] == 204
    (gone,) = listener.hears("customer_deleted", made["id"])
    (ready,) = listener.told("ready")
    caught = server.call("GET", f"/events?after={ready['watermark']}", token=alice)[1]["data"][-1]
    assert caught.pop("type") == "customer_deleted"
    # A push is no resume point, so its cursor does not carry the reader's stamp.
    assert gone.pop("cursor").rpartition("-")[0] == caught.pop("cursor").rpartition("-")[0]
    assert gone == caught
    assert (gone["version"], gone["record"], gone["actor"]["id"]) == (2, None, id_of(server, admin))


def test_a_personal_token_opens_a_socket_until_it_is_revoked(
    server: Running, admin: str, connect: Callable[[str], Listener]
) -> None:
    alice = person(server, admin, "alice")
    _, token = server.call("POST", "/auth/tokens", {"name": "reader", "scopes": ["customer:read"]}, alice)
    _, blind = server.call("POST", "/auth/tokens", {"name": "deals", "scopes": ["deal:read"]}, alice)
    program, other = connect(token["token"]), connect(blind["token"])
    _, made = server.call("POST", "/customers", {"name": "told"}, alice)
    program.hears("customer_created", made["id"])
    assert other.told("customer_created") == []
    assert other.client.call("watch", {"resource": "customer", "id": made["id"]})["problem"]["status"] == 404
    refused = program.client.call("new_contact", {"customer_id": made["id"], "kind": "call", "content": "no"})
    assert refused["problem"]["status"] == 403
    assert server.call("DELETE", f"/auth/tokens/{token['id']}", None, alice)[0] == 204
    program.until(lambda: not program.client.connected, 2.5)
    assert other.client.connected

"""What is pushed to a person is what the same person reads by HTTP, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ..running import Running
from .listening import Listener, id_of, person

Connect = Callable[[str], Listener]


class Team:
    """alice and bob sell, carol leads them, vera reads everything, mallory sells elsewhere; all of them listen."""

    def __init__(self, server: Running, admin: str, connect: Connect) -> None:
        self.server, self.admin = server, admin
        north, south = (self.made("/teams", {"name": name})["id"] for name in ("North", "South"))
        wanted = {
            "alice": ("sales", north),
            "bob": ("sales", north),
            "carol": ("manager", north),
            "mallory": ("sales", south),
            "vera": ("viewer", None),
        }
        self.tokens = {
            name: person(server, admin, name, role, team_id=team) for name, (role, team) in wanted.items()
        } | {"root": admin}
        self.ids = {name: id_of(server, token) for name, token in self.tokens.items()}
        self.listeners = {name: connect(token) for name, token in self.tokens.items()}

    def call(self, who: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The answer of a request that must succeed."""
        status, answer = self.server.call(method, path, body, self.tokens[who])
        assert status in (200, 201, 204), answer
        return dict(answer or {})

    def made(self, path: str, body: dict[str, Any], who: str | None = None) -> dict[str, Any]:
        """A new record."""
        status, answer = self.server.call("POST", path, body, self.tokens[who] if who else self.admin)
        assert status == 201, answer
        return dict(answer)

    def told(self, event: str, record_id: int, plural: str) -> dict[str, dict[str, Any]]:
        """The record as each person was told it by an event, where it is just what he or she reads."""
        found: dict[str, dict[str, Any]] = {}
        for name, listener in self.listeners.items():
            status, read = self.server.call("GET", f"/{plural}/{record_id}", token=self.tokens[name])
            if status == 404:
                assert listener.told(event, record_id) == [], name
                continue
            (data,) = listener.hears(event, record_id)
            listed = self.server.call("GET", f"/{plural}?id={record_id}", token=self.tokens[name])[1]["data"]
            assert json.dumps(listed) == json.dumps([read])
            del read["can_write"]
            assert json.dumps(data["record"], default=float) == json.dumps(read), name
            found[name] = read
        return found


@pytest.fixture
def team(server: Running, admin: str, connect: Connect) -> Team:
    return Team(server, admin, connect)


def test_the_pool_is_masked_for_those_for_whom_it_is(team: Team) -> None:
    ways = {"email": f"a{team.ids['alice']}@example.com", "phone": "13812345678"}
    shared = [{"user_id": team.ids["bob"], "access": "read"}]
    made = team.made("/customers", {"name": "Acme", **ways, "collaborators": shared}, "alice")
    body = {"customer_id": made["id"], "name": "王芳", "phone": "13900001111", "wechat": "wf"}
    human = team.made("/people", body, "alice")
    seen = team.told("customer_created", made["id"], "customers")
    assert {name: one["phone"] for name, one in seen.items()} == dict.fromkeys(
        ("alice", "bob", "carol", "vera", "root"), "13812345678"
    )
    team.call("alice", "POST", f"/customers/{made['id']}/release")
    seen = team.told("customer_released", made["id"], "customers")
    plain, masked = ("13812345678", ways["email"]), ("138****5678", "a***@example.com")
    expected = dict.fromkeys(("carol", "vera", "root"), plain) | dict.fromkeys(("alice", "bob", "mallory"), masked)
    assert {name: (one["phone"], one["email"]) for name, one in seen.items()} == expected
    team.call("root", "PATCH", f"/people/{human['id']}", {"title": "经理"})
    seen = team.told("person_updated", human["id"], "people")
    assert {name: (one["phone"], one["wechat"], one["customer"]["name"]) for name, one in seen.items()} == {
        **dict.fromkeys(("carol", "vera", "root"), ("13900001111", "wf", "Acme")),
        **dict.fromkeys(("alice", "bob", "mallory"), ("139****1111", "***", "Acme")),
    }


def test_links_out_of_sight_are_pushed_to_nobody_who_may_not_follow_them(team: Team) -> None:
    hidden = team.made("/customers", {"name": "Hidden"}, "mallory")
    human = team.made("/people", {"customer_id": hidden["id"], "name": "Unseen"}, "mallory")
    own = team.made("/customers", {"name": "Seen"}, "alice")
    deal = {"name": "D", "customer_id": hidden["id"], "owner_id": team.ids["alice"]}
    made = team.made("/deals", {**deal, "people": [{"person_id": human["id"]}]})
    seen = team.told("deal_created", made["id"], "deals")
    assert {name: (one["customer_id"], len(one["people"])) for name, one in seen.items()} == {
        **dict.fromkeys(("alice", "carol"), (None, 0)),
        **dict.fromkeys(("mallory", "vera", "root"), (hidden["id"], 1)),
    }
    body = {"customer_id": own["id"], "name": "P", "customers": [{"customer_id": hidden["id"], "role": "x"}]}
    both = team.made("/people", body)
    seen = team.told("person_created", both["id"], "people")
    assert {name: len(one["customers"]) for name, one in seen.items()} == {"alice": 0, "carol": 0, "vera": 1, "root": 1}


def test_rights_to_fields_hold_for_pushes(team: Team) -> None:
    made = team.made("/products", {"code": f"P{team.ids['alice']}", "name": "P", "price": "10", "cost": "4"})
    seen = team.told("product_created", made["id"], "products")
    assert {name for name, one in seen.items() if "cost" in one} == {"carol", "root"}


def test_fields_that_a_role_is_kept_from_are_not_pushed(team: Team) -> None:
    rights = ["customer:read", "customer:write"]
    rules = {"phone": "masked", "tax_id": "hidden", "website": "read_only"}
    role = {"name_en": f"N{team.ids['bob']}", "permissions": rights, "sight": "team", "fields": {"customer": rules}}
    key = team.made("/roles", role)["key"]
    made = team.made("/customers", {"name": "Acme"}, "alice")
    team.call("root", "PATCH", f"/users/{team.ids['bob']}", {"role": key})
    bob = team.listeners["bob"]
    bob.until(lambda: not bob.client.connected)
    team.listeners["bob"] = bob = Listener(team.server.url, team.tokens["bob"])
    told = {"phone": "13812345678", "tax_id": "91310000MA1K35X12A", "website": "https://acme.example"}
    team.call("root", "PATCH", f"/customers/{made['id']}", told)
    (event,) = bob.hears("customer_updated", made["id"])
    record = event["record"]
    assert (record["phone"], record["website"]) == ("138****5678", "https://acme.example")
    assert record["masked_fields"] == ["phone", "phone_e164"]
    assert "tax_id" not in record
    assert set(event["changed"]) == {"phone", "website"}
    assert "13812345678" not in json.dumps(bob.heard, default=str)
    (whole,) = team.listeners["alice"].hears("customer_updated", made["id"])
    assert (whole["record"]["phone"], whole["record"]["tax_id"]) == (told["phone"], told["tax_id"])
    assert set(whole["changed"]) == set(told)
    team.listeners["bob"].client.disconnect()


def test_a_private_dashboard_is_pushed_to_its_owner_alone(team: Team) -> None:
    made = team.made("/dashboards", {"name": "Mine", "tiles": []}, "alice")
    assert set(team.told("dashboard_created", made["id"], "dashboards")) == {"alice"}
    team.call("alice", "PATCH", f"/dashboards/{made['id']}", {"visibility": "team"})
    assert set(team.told("dashboard_updated", made["id"], "dashboards")) == {"alice", "bob", "carol", "vera", "root"}
    team.call("alice", "PATCH", f"/dashboards/{made['id']}", {"visibility": "private"})
    for name in ("bob", "carol", "vera", "root"):
        (gone,) = team.listeners[name].hears("dashboard_removed", made["id"])
        assert set(gone) == {"cursor", "id"}

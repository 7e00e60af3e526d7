"""Whatever is done in whatever order: undone from its end, it leaves the database as it was."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app import search_index
from app.database import Base, db
from app.deal.models import DealStageEntry
from app.journal import BOOKKEEPING, SETTLE, Part
from app.record import Collaborator, Record
from app.routing import CRM

from ..cast import Cast

STEPS = 120


def snapshot() -> dict[str, Any]:
    """All active records with their fields and collections, without what every change raises."""
    db.session.rollback()
    found: dict[str, Any] = {}
    for mapper in Base.registry.mappers:
        model: Any = mapper.class_
        names = [one.key for one in mapper.column_attrs]
        if issubclass(model, Record) and model.resource in SETTLE:
            kept = [name for name in names if name not in BOOKKEEPING - {"id"}]
            rows = db.session.execute(select(*(getattr(model, name) for name in kept)).where(model.is_active))
        elif issubclass(model, Part) or model in (Collaborator, DealStageEntry):
            # A row that came back may have a new number of its own; it says the same.
            kept = [name for name in names if name != "id" or "id" in getattr(model, "part_columns", ())]
            if model is DealStageEntry:
                kept = ["deal_id", "stage_id", "entered_at", "left_at"]
            rows = db.session.execute(select(*(getattr(model, name) for name in kept)))
        else:
            continue
        found[model.__tablename__] = sorted((dict(zip(kept, row, strict=True)) for row in rows), key=repr)
    active = {name: {row["id"] for row in rows} for name, rows in found.items() if rows and "id" in rows[0]}
    of_gone = {"customer_tag": ("customer_id", "customer"), "deal_stage_entry": ("deal_id", "deal")}
    of_gone |= {"deal_line": ("deal_id", "deal"), "deal_person": ("deal_id", "deal")}
    of_gone |= {"person_customer": ("person_id", "person")}
    for name, (link, parent) in of_gone.items():
        found[name] = [row for row in found[name] if row[link] in active.get(parent, set())]
    return found


class Play:
    """Random requests of an admin, and the change sets that they made."""

    def __init__(self, cast: Cast, chance: random.Random) -> None:
        self.cast, self.chance = cast, chance
        self.changesets: list[int] = []
        self.ids: dict[str, list[int]] = {name: [] for name in ("customers", "people", "contacts", "deals")}
        (pipeline,) = cast.root.get("/pipelines").get_json()["data"]
        self.stages = [stage["id"] for stage in pipeline["stages"] if stage["kind"] == "open"]
        product = {"code": "P", "name": "P", "price": "5.00", "currency": "CNY"}
        self.product = cast.root.made("/products", product)["id"]

    def send(self, method: str, path: str, json: Any = None) -> None:
        answer = self.cast.root.call(method, path, json=json)
        if answer.status_code < 300 and "X-Changeset-Id" in answer.headers:
            self.changesets.append(int(answer.headers["X-Changeset-Id"]))
            if answer.status_code == 201:
                self.ids[path.strip("/")].append(answer.get_json()["id"])

    def step(self) -> None:
        acts: list[Callable[[], None]] = [self.create, self.edit, self.edit, self.delete, self.move, self.bring_back]
        self.chance.choice([*acts, *acts, self.merge, self.many])()

    def one_of(self, name: str) -> int | None:
        return self.chance.choice(self.ids[name]) if self.ids[name] else None

    def values(self, name: str) -> dict[str, Any]:
        pick = self.chance
        word = pick.choice(["Acme", "\u534e\u4e3a", "Ulm", "Zeta"]) + str(pick.randrange(100))
        users = [self.cast.alice.id, self.cast.bob.id, self.cast.mallory.id]
        if name == "customers":
            every: dict[str, Any] = {
                "name": word,
                "phone": pick.choice([None, f"1380013{pick.randrange(10_000):04}"]),
                "tags": pick.sample(["a", "b", "c", "d"], pick.randrange(4)),
                "owner_id": pick.choice([*users, None]),
                "status": pick.choice(["lead", "prospect", "active", "lost"]),
                "address": {"city": word},
                "annual_revenue": pick.choice([None, "1234.50"]),
                "collaborators": [{"user_id": pick.choice(users), "access": "read"}] if pick.random() < 0.5 else [],
            }
            return {"name": word} | dict(pick.sample(list(every.items()), 4))
        if name == "people":
            return {"name": word, "is_primary": pick.random() < 0.3, "phone": f"1380013{pick.randrange(10_000):04}"}
        if name == "contacts":
            day = f"2026-0{pick.randrange(1, 10)}-0{pick.randrange(1, 10)}T00:00:00Z"
            return {"kind": "note", "content": word, "occurred_at": day}
        line = {"product_id": self.product, "quantity": str(pick.randrange(1, 9)), "unit_price": "5.00"}
        some: dict[str, Any] = {
            "name": word,
            "owner_id": pick.choice(users),
            "expected_close_on": "2026-12-01",
            "next_step": pick.choice([None, word]),
            "lines": [line] * pick.randrange(1, 4),
            "win_probability": pick.choice([None, 0.5]),
        }
        return {"name": word} | dict(pick.sample(list(some.items()), 3))

    def create(self) -> None:
        name = self.chance.choice(list(self.ids))
        values = self.values(name)
        if name != "customers":
            customer = self.one_of("customers")
            if customer is None and name != "deals":
                return
            values["customer_id"] = customer
        self.send("POST", f"/{name}", values)

    def edit(self) -> None:
        name = self.chance.choice(list(self.ids))
        record = self.one_of(name)
        if record is not None:
            self.send("PATCH", f"/{name}/{record}", self.values(name))

    def delete(self) -> None:
        name = self.chance.choice(list(self.ids))
        record = self.one_of(name)
        if record is not None:
            self.send("DELETE", f"/{name}/{record}")

    def bring_back(self) -> None:
        name = self.chance.choice(list(self.ids))
        record = self.one_of(name)
        if record is not None:
            self.send("POST", f"/{name}/{record}/restore", {})

    def merge(self) -> None:
        name = self.chance.choice(["customers", "people"])
        if len(self.ids[name]) < 3:
            return
        target, *sources = self.chance.sample(self.ids[name], self.chance.choice([2, 3]))
        fields = ["name", "phone", "status", "owner_id", "address"] if name == "customers" else ["name", "phone"]
        values = {one: self.chance.choice([target, *sources]) for one in self.chance.sample(fields, 2)}
        self.send("POST", f"/{name}/merge", {"target_id": target, "source_ids": sources, "values": values})

    def many(self) -> None:
        name = self.chance.choice(list(self.ids))
        some = self.chance.sample(self.ids[name], min(4, len(self.ids[name])))
        if not some:
            return
        act = self.chance.choice(
            ["update", "delete", "restore", "tag"] if name == "customers" else ["update", "delete"]
        )
        changes: dict[str, Any] = {"tags": ["a", "e"]}
        if act == "update":
            changes = {"title": "T"} if name in ("customers", "people") else {"next_step": "N"}
        body: dict[str, Any] = {"ids": some, "action": act}
        self.send("POST", f"/{name}/bulk", body | ({"changes": changes} if act in ("update", "tag") else {}))

    def move(self) -> None:
        deal = self.one_of("deals")
        if deal is None:
            return
        act = self.chance.choice(["move", "move", "win", "lose", "reopen"])
        body = {"move": {"stage_id": self.chance.choice(self.stages)}, "lose": {"reason": "price"}}
        self.send("POST", f"/deals/{deal}/{act}", body.get(act, {}))


@pytest.mark.parametrize("seed", [1, 2, 13])
def test_undone_from_its_end_it_is_as_it_was(app: CRM, cast: Cast, seed: int) -> None:
    chance = random.Random(seed)
    play = Play(cast, chance)
    for _ in range(STEPS // 3):
        play.step()
    start, kept = snapshot(), len(play.changesets)
    for _ in range(STEPS):
        play.step()
    assert snapshot() != start
    done_again: list[int] = []
    end = snapshot()
    for number in reversed(play.changesets[kept:]):
        answer = cast.root.post(f"/changesets/{number}/undo")
        assert answer.status_code == 200, (number, answer.get_json())
        done_again.append(answer.get_json()["changeset_id"])
    assert snapshot() == start
    for number in reversed(done_again):
        answer = cast.root.post(f"/changesets/{number}/undo")
        assert answer.status_code == 200, (number, answer.get_json())
    again = snapshot()
    # Done again, a deal arrives at its stages anew.
    for one in (end, again):
        one.pop("deal_stage_entry")
        for row in one["deal"]:
            row.pop("stage_entered_at")
    assert again == end
    with db.engines[None].begin() as connection:
        assert search_index.check(connection) == []

"""Rows of a long import are read by a process beside: what comes of them is what would have come without it."""

from __future__ import annotations

import pytest

from app.importing import run, taking
from app.importing.taking import Taken

from ..cast import Cast
from .sending import change, result, upload

OWNERS = ("Alice", "Bob", "", "Nobody")
INDUSTRIES = ("software", "Robotics", "")


def sheet() -> str:
    """Customers of whom some are wrong, twice there, or name what is first named far behind the first rows."""
    lines = ["Company name,Phone,Email,Owner,Industry,Employees,Tags"]
    for number in range(1_400):
        owner = "Carol" if number == 900 else OWNERS[number % 4]
        email = "no address" if number % 97 == 0 else f"office{number % 1_390}@customer{number % 1_390}.example"
        count = "many" if number % 131 == 0 else str(number)
        lines.append(f"Kunde {number},,{email},{owner},{INDUSTRIES[number % 3]},{count},{'VIP' if number % 5 else ''}")
    return "\n".join(lines)


def test_rows_read_beside_are_what_they_are_without(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    beside: list[int] = []
    read = taking.Taking.read

    def counted(self: taking.Taking, part: object, found: list[Taken | None] | None = None) -> list[Taken]:
        beside.append(len([one for one in found or () if one is not None]))
        return read(self, part, found)  # type: ignore[arg-type]

    monkeypatch.setattr(taking.Taking, "read", counted)
    told = []
    for is_beside in (True, False):
        monkeypatch.setattr(run, "LONG", 1_000 if is_beside else 10_000)
        chosen = upload(cast.root, "customers", sheet())
        change(cast.root, chosen, options={"match": ["email"]})
        told.append(result(cast.root, chosen, "check"))
        assert (sum(beside) > 1_000) is is_beside
        beside.clear()
    assert told[0] == told[1]
    assert told[0]["wrong"] > 700
    assert told[0]["duplicate"] > 0
    assert {(one["field"], one["value"]) for one in told[0]["unknown"]} == {
        ("owner", "Nobody"),
        ("industry", "Robotics"),
    }

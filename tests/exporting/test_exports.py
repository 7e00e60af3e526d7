"""Exports: rights, what is in the file, how it is fetched, what the journal tells."""

from __future__ import annotations

from ..cast import Cast
from .fetching import ask, download, table


def test_a_list_becomes_a_file(cast: Cast) -> None:
    cast.alice.made("/customers", {"name": "Acme", "email": "a@acme.example", "tags": ["VIP"], "level": "A"})
    cast.alice.made("/customers", {"name": "Beta"})
    job = ask(cast.alice, "customers")
    assert job["status"] == "succeeded", job
    assert job["result"]["row_count"] == 2
    rows = table(download(cast.alice, job["result"]["url"]))
    assert [row["name"] for row in rows] == ["Acme", "Beta"]
    assert rows[0]["owner"] == "alice@example.com"

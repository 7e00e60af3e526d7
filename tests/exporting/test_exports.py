"""Exports: rights, what is in the file, how it is fetched, what the journal tells."""

from __future__ import annotations

import pytest

from app.exporting.columns import EXPORTABLE
from app.importing.fields import fields_of
from app.importing.labels import choice_label, field_label
from app.messages import LANGUAGES
from app.routing import CRM

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

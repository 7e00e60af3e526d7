"""vCards: people as address books have them, exported and taken back without loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.importing import tables
from app.importing.vcard_writer import card
from app.routing import CRM

from ..cast import Cast
from ..conftest import FIXTURES, ON_CI
from ..importing.sending import change, result, upload
from .fetching import fetch
from .test_round_trip import emptied

LOST = ("id", "external_source", "external_id", "lianxi_export", "customers", "decision_role")


def read_back(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """What a written card reads as."""
    path.write_text(card(values), encoding="utf-8", newline="")
    names, rows = tables.table(path, tables.recognise(path, "x.vcf"))
    ((_, row),) = rows
    assert isinstance(row, list)
    return {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}


def test_a_card_reads_as_it_was_written(tmp_path: Path) -> None:
    values = {
        "name": "张, 三; \\ :x",
        "salutation": "Dr.",
        "customer": "Acme; Söhne, 有限公司" * 5,
        "department": "R, D",
        "title": "Boss",
        "emails": [{"address": "b@x.example"}, {"address": "a@x.example", "is_primary": True}],
        "phones": [{"raw": "+49 731 1", "kind": "work", "is_primary": True}, {"raw": "139", "kind": "mobile"}],
        "address.street": "Street 1, 2",
        "address.city": "Ulm",
        "address.country": "DE",
        "address.postal_code": "001",
        "birthday": "2001-02-03",
        "description": "first\nsecond; 😀" + "长" * 100,
        "tags": ["a,b", "c"],
        "wechat": "zs",
        "qq": "123",
        "photo": "data:image/png;base64,iVBORw0KGgo=",
    }
    found = read_back(values, tmp_path / "x.vcf")
    for name in ("name", "salutation", "department", "title", "address.street", "address.city", "description", "photo"):
        assert found[name] == values[name], name
    assert found["company"] == values["customer"]
    assert found["email"] == "a@x.example\nb@x.example"
    assert (found["phone_work"], found["phone_mobile"]) == ("+49 731 1", "139")
    assert (found["wechat"], found["qq"], str(found["birthday"])) == ("zs", "123", "2001-02-03")


@pytest.fixture(scope="module")
def cards() -> list[Path]:
    """The cards of other programs."""
    folders = [FIXTURES / "vcard_ez", FIXTURES / "vcard_pyvobject"]
    if not all(folder.is_dir() for folder in folders):
        assert not ON_CI, f"{folders} are missing"
        pytest.skip(f"{folders} are not shipped with the product")
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in (".vcf", ".ics")]


def people(cast: Cast) -> list[dict[str, Any]]:
    """All people with the bytes of their pictures."""
    found = cast.root.get("/people?sort=id&per_page=200").get_json()["data"]
    wanted = ("name", "salutation", "title", "department", "emails", "phones", "address", "birthday", "wechat", "qq")
    told = []
    for one in found:
        kept = {name: one[name] for name in (*wanted, "description")} | {"customer": one["customer"]["name"]}
        if one["photo"] and one["photo"].startswith("/api/"):
            with cast.root.get(one["photo"]) as answer:
                assert answer.status_code == 200
                kept["photo"] = answer.get_data()
        told.append(kept)
    return told


@pytest.mark.real_data
def test_cards_of_other_programs_come_back(app: CRM, cast: Cast, cards: list[Path]) -> None:
    taken = 0
    for path in cards:
        chosen = upload(cast.root, "people", path)
        # Not every card names who somebody works for.
        chosen = change(cast.root, chosen, options={"create": ["customers", "tags"], "existing": "create"})
        taken += result(cast.root, chosen, "commit")["new"]
    before = people(cast)
    assert len(before) == taken >= 8
    assert sum("photo" in one for one in before) >= 2
    assert max(len(one["phones"]) for one in before) > 5
    file = fetch(cast.root, "people", "vcf")
    cast = emptied(app)
    chosen = upload(cast.root, "people", file, "people.vcf")
    change(cast.root, chosen, options={"create": ["customers", "tags"], "existing": "create"})
    found = result(cast.root, chosen, "commit")
    assert found["new"] == taken, found["rows"]
    assert people(cast) == before

"""Whatever a text is, it comes out harmless and goes back in unchanged; a large file takes no more memory."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from app.customer.models import Customer
from app.database import db
from app.exporting.cells import joined
from app.exporting.writers import CsvWriter, XlsxWriter
from app.formulas import EMPTY, as_it_was, harmless, harmless_row
from app.importing import tables
from app.importing.mark import MARK
from app.importing.rows import _split
from app.loading import tell_planner
from app.routing import CRM

from ..cast import Cast, Member
from ..conftest import FIXTURES, ON_CI
from ..importing.sending import result, upload
from .fetching import ask, fetch, objects
from .test_round_trip import emptied

FIRST = "=+-@\t\r＝＋－＠'"
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=30)
NASTY = st.one_of(
    TEXTS, st.builds(lambda start, rest: start + rest, st.sampled_from("=+-@\t＝＋－＠'\"[{,;|、"), TEXTS)
)


@given(NASTY)
def test_harmless_texts_come_back(text: str) -> None:
    safe = harmless(text)
    assert not safe or safe[0] not in FIRST or safe[0] == "'"
    assert as_it_was(safe) == text
    assert harmless_row([text, -5, None]) == [safe, -5, None]
    assert safe != EMPTY
    assert as_it_was(EMPTY) == ""


@given(st.lists(NASTY.map(str.strip).filter(bool), min_size=1, max_size=4))
def test_several_texts_in_a_cell_come_back(texts: list[str]) -> None:
    assert [part.strip() for part in _split(joined(texts))] == texts


@settings(max_examples=60, deadline=None)
@given(st.lists(NASTY, min_size=1, max_size=5), st.sampled_from(["csv", "xlsx"]))
@example(["\ufffe", "a\uffff_x0041_", "\x01\x0b"], "xlsx")
def test_files_of_our_own_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], kind: str
) -> None:
    path = tmp_path_factory.mktemp("files") / f"x.{kind}"
    headings = ["id", "name", MARK]
    writer = XlsxWriter(path, headings, "x") if kind == "xlsx" else CsvWriter(path, headings, has_mark=True)
    writer.write([[number, text, "1a2b3c4d"] for number, text in enumerate(texts)])
    writer.close()
    names, rows = tables.table(path, tables.recognise(path, path.name))
    assert names == headings
    found = [row for _, row in rows]
    assert [as_it_was(str(row[1] or "")) for row in found if isinstance(row, list)] == texts


def told(who: Member) -> list[dict[str, Any]]:
    """All customers without what is handed out anew."""
    rows = objects(fetch(who, "customers", "jsonl"))
    return [{name: cell for name, cell in row.items() if name not in ("id", MARK)} for row in rows]


@pytest.mark.real_data
def test_the_big_list_of_naughty_strings_comes_back(app: CRM, cast: Cast) -> None:
    path = FIXTURES / "blns" / "blns.json"
    if not path.is_file():
        assert not ON_CI, f"{path} is missing"
        pytest.skip(f"{path} is missing")
    strings: list[str] = json.loads(path.read_text("utf-8"))
    for number, text in enumerate(strings):
        body: dict[str, Any] = {"name": text, "description": text, "short_name": text[:100]}
        if cast.alice.post("/customers", body).status_code != 201:
            cast.alice.made("/customers", {"name": f"N{number}", "description": text})
    before = told(cast.alice)
    assert len(before) == len(strings)
    files = {format: fetch(cast.alice, "customers", format) for format in ("csv", "xlsx", "jsonl")}
    for format, file in files.items():
        cast = emptied(app)
        chosen = upload(cast.alice, "customers", file, f"x.{format}")
        found = result(cast.alice, chosen, "commit")
        assert found["new"] == len(strings), found["rows"]
        for was, now in zip(before, told(cast.alice), strict=True):
            assert now == was, format


@pytest.mark.parametrize("format", ["csv", "xlsx", "jsonl"])
def test_many_rows_take_the_memory_of_a_few(app: CRM, cast: Cast, format: str, tmp_path: Path) -> None:
    count = 12_000
    at = datetime.now(UTC)
    fixed = {
        "kind": "company",
        "status": "lead",
        "owner_id": cast.alice.id,
        "team_id": cast.north,
        "description": "x" * 200,
        "created_at": at,
        "updated_at": at,
        "is_active": True,
        "version": 1,
        "search_key": "",
        "reach_key": "",
    }
    rows = [
        {**fixed, "name": f"C{number}", "name_key": f"c{number}", "sort_key": f"c{number}"} for number in range(count)
    ]
    with db.engines[None].begin() as connection:
        connection.execute(insert(Customer), rows)
    del rows
    # What earlier tests left behind is no longer what plans are made by.
    table: Any = Customer.__table__
    tell_planner(db.engine, [table], 1_000_000)
    fetch(cast.alice, "customers", format, query="name=c1")
    tracemalloc.start()
    try:
        job = ask(cast.alice, "customers", format)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert job["result"]["row_count"] == count
    # All rows at once would take over 40 MB.
    assert most < 16_000_000, most

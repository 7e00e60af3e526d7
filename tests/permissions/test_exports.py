"""The lines of the exports: what the file holds that each person gets of a list."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from app.routing import CRM

from ..exporting.fetching import fetch, objects
from .probes import NAMES, part_of
from .stage import Stage, set_up
from .table import EXPORT, Line, lines

LINES = [line for line in lines() if line.method == EXPORT]

Files = dict[tuple[str, str], dict[str, list[dict[str, Any]]] | str]


@pytest.fixture(scope="module")
def stage(application: CRM) -> Iterator[Stage]:
    with application.app_context():
        yield set_up(application)


@pytest.fixture(scope="module")
def files() -> Files:
    """What everybody has got so far."""
    return {}


@pytest.mark.parametrize("line", LINES, ids=str)
def test_line(line: Line, stage: Stage, files: Files) -> None:
    found = {}
    for person in line.cells:
        if (person, line.path) not in files:
            files[person, line.path] = exported(stage, person, line.path)
        got = files[person, line.path]
        found[person] = got if isinstance(got, str) else cell_of(line, got)
    assert found == line.cells


def exported(stage: Stage, person: str, plural: str) -> dict[str, list[dict[str, Any]]] | str:
    """The rows by the list that they are of; else what the refusal answers."""
    who, asked = stage[person], {"resource": plural, "format": "jsonl"}
    tried = who.post("/exports", {**asked, "preview": True})
    assert tried.status_code in (401, 403, 422)
    if tried.status_code != 422:
        return str(tried.status_code)
    content = fetch(who, plural, "jsonl")
    if plural != "all":
        return {plural: objects(content)}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.partition(".")[0]: objects(archive.read(name)) for name in archive.namelist()}


def cell_of(line: Line, rows: dict[str, list[dict[str, Any]]]) -> str:
    """Whether the record of a line is in it, and whole."""
    plural = "customers" if line.path == "all" else line.path
    field, text = {
        "contacts": ("content", f"Said {line.state}"),
        "tasks": ("subject", f"Task {line.state}"),
        "quotes": ("deal", f"Deal {line.state}"),
        "products": ("code", "M-1"),
        "users": ("name", "Owner"),
    }.get(plural, ("name", f"{NAMES.get(plural)} {line.state}"))
    return part_of(plural, [row for row in rows.get(plural, []) if row.get(field) == text])

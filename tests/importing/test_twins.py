"""Rows that resemble customers or each other: told of together as they are one by one."""

from __future__ import annotations

from typing import Any

import pytest

from app.importing import run
from tests.cast import Cast
from tests.importing.sending import change, upload
from tests.job.test_jobs import work_off

_ROWS = (
    "Company name,Phone,Email\n"
    "杭州云帆科技有限公司,,\n"
    "Brightwater Systems Ltd,,\n"
    "Other Trading,,\n"
    "Northern Lights Bakery,,\n"
    "Brightwatr Systems,,\n"
    "云帆科技,,\n"
    "Quite Different,+49 30 1234567,\n"
    "Nothing Alike,+49 30 1234567,\n"
    "Northern Light Bakery,,\n"
)


def _taken(cast: Cast, step: int, duplicates: str | None, kind: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(run, "STEP", step)
    chosen = upload(cast.root, "customers", _ROWS)
    chosen = change(cast.root, chosen, options={"match": ["email"], "existing": "create", "duplicates": duplicates})
    job = cast.root.post(f"/imports/{chosen['id']}/{kind}").get_json()
    work_off()
    result: dict[str, Any] = cast.root.get(f"/jobs/{job['id']}").get_json()["result"]
    return result


@pytest.mark.parametrize("step", [1, 500])
def test_rows_are_told_what_they_resemble(cast: Cast, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cast.root.made("/customers", {"name": "Other Trading GmbH"})
    found = _taken(cast, step, None, "commit", monkeypatch)
    assert found["new"] == 9
    told = {row["row"]: row["errors"][0] for row in found["rows"]}
    assert {number: one["code"] for number, one in told.items()} == dict.fromkeys(
        (4, 6, 7, 9, 10), "possible_duplicate"
    )
    assert found["resembling"] == 5
    assert "Other Trading GmbH" in told[4]["detail"]
    assert "Brightwater Systems Ltd" in told[6]["detail"]
    assert "Quite Different" in told[9]["detail"]


@pytest.mark.parametrize("step", [1, 500])
def test_rows_that_resemble_others_are_refused(cast: Cast, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cast.root.made("/customers", {"name": "Other Trading GmbH"})
    found = _taken(cast, step, "refuse", "commit", monkeypatch)
    assert (found["new"], found["duplicate"], found["resembling"]) == (4, 5, 0)
    assert [row["row"] for row in found["rows"] if row["verdict"] == "duplicate"] == [4, 6, 7, 9, 10]


def test_a_check_finds_the_same(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    cast.root.made("/customers", {"name": "Other Trading GmbH"})
    assert _taken(cast, 500, None, "check", monkeypatch)["resembling"] == 5
    assert _taken(cast, 500, "refuse", "check", monkeypatch)["duplicate"] == 5
    assert _taken(cast, 500, "allow", "check", monkeypatch)["resembling"] == 0


def test_what_too_many_share_says_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def shared(step: int) -> int:
        monkeypatch.setattr(run, "STEP", step)
        rows = "".join(f"{name} {number},+49 30 7654321\n" for number, name in enumerate(_NAMES))
        chosen = upload(cast.root, "customers", "Company name,Phone\n" + rows)
        chosen = change(cast.root, chosen, options={"match": ["name"], "existing": "create"})
        job = cast.root.post(f"/imports/{chosen['id']}/check").get_json()
        work_off()
        return int(cast.root.get(f"/jobs/{job['id']}").get_json()["result"]["resembling"])

    assert shared(500) == 24


_NAMES = [f"{first}{second}" for first in ("Alder", "Birch", "Cedar", "Dogwood", "Elder") for second in "vwxyzq"]

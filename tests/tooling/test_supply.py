"""The list of what the product is made of, and what an audit that cannot ask means."""

from __future__ import annotations

import json

import pytest

from config import ROOT
from scripts.supply import node_components, python_components, verdict


def test_every_locked_package_is_in_the_list() -> None:
    locked = (ROOT / "requirements.txt").read_text("utf-8")
    found = python_components(locked)
    assert len(found) == sum(line[:1].isalnum() for line in locked.splitlines())
    assert all(one["hashes"] for one in found)
    assert "pkg:pypi/flask@3.1.3" in {one["purl"] for one in found}


def test_what_reaches_the_browser_is_in_the_list() -> None:
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text("utf-8"))
    found = {one["name"]: one for one in node_components(lock)}
    assert "vue" in found
    assert "playwright" not in found
    assert len(found["vue"]["hashes"][0]["content"]) == 128


@pytest.mark.parametrize(
    ("code", "said", "good"),
    [
        (0, "", True),
        (1, "requests.exceptions.ConnectionError: Max retries exceeded", True),
        (1, "npm error code ENOTFOUND", True),
        (1, "Found 1 known vulnerability in 1 package", False),
        (1, "1 high severity vulnerability", False),
    ],
)
def test_only_findings_stop(code: int, said: str, good: bool) -> None:
    assert verdict("audit", code, said) is good

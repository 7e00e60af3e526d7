"""The big list of naughty strings: stored and given back as they are, or refused by a rule; never a fault."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any
from urllib.parse import urlencode

import pytest

from ..cast import Cast
from ..conftest import FIXTURES, ON_CI

pytestmark = pytest.mark.real_data

LIMITS = {
    "name": 200,
    "short_name": 100,
    "company": 200,
    "title": 100,
    "source_detail": 200,
    "address/street": 300,
    "address/city": 80,
}
BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def strings() -> list[str]:
    """The strings."""
    path = FIXTURES / "blns" / "blns.json"
    if not path.is_file():
        assert not ON_CI, f"{path} is missing"
        pytest.skip(f"{path} is missing")
    found: list[str] = json.loads(path.read_text("utf-8"))
    assert len(found) > 400
    return found


def refused(text: str, limit: int, *, needed: bool) -> str | None:
    """What the contract says of a text in one line: the code of its refusal, or None."""
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in text.strip("\t\r\n ")):
        return "control_characters"
    if BIDI.search(text):
        return "bidi_override"
    if not text.strip():
        return "required" if needed else None
    return "too_long" if len(text.strip()) > limit else None


def body_of(fields: dict[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {"name": "x"}
    for name, text in fields.items():
        if name.startswith("address/"):
            body.setdefault("address", {})[name.partition("/")[2]] = text
        else:
            body[name] = text
    return body


def test_single_lines(cast: Cast, strings: list[str]) -> None:
    names = list(LIMITS)
    for start in range(0, len(strings), len(names)):
        fields = dict(zip(names, strings[start : start + len(names)], strict=False))
        expected = {
            f"#/{name}": code
            for name, text in fields.items()
            if (code := refused(text, LIMITS[name], needed=name == "name"))
        }
        answer = cast.alice.post("/customers", body_of(fields))
        if expected:
            found = {issue["pointer"]: issue["code"] for issue in answer.get_json()["errors"]}
            assert (answer.status_code, found) == (422, expected)
            fields = {name: text for name, text in fields.items() if f"#/{name}" not in expected}
            answer = cast.alice.post("/customers", body_of(fields))
        assert answer.status_code == 201, (fields, answer.get_data(as_text=True))
        shown = cast.alice.get(f"/customers/{answer.get_json()['id']}").get_json()
        address = shown["address"] or {}
        for name, text in fields.items():
            got = address.get(name.partition("/")[2]) if name.startswith("address/") else shown[name]
            assert (got or "") == text.strip(), name


def test_prose(cast: Cast, strings: list[str]) -> None:
    made = cast.alice.made("/customers", {"name": "x"})
    for start in range(0, len(strings), 40):
        text = "\n".join(strings[start : start + 40])
        answer = cast.alice.patch(f"/customers/{made['id']}", {"description": text})
        assert answer.status_code == 200
        stored = cast.alice.get(f"/customers/{made['id']}").get_json()["description"]
        assert stored.encode() == text.replace("\r\n", "\n").replace("\r", "\n").encode()


def test_questions(cast: Cast, strings: list[str]) -> None:
    """Asked of a list, in every place that takes a text: an answer or a refusal."""
    cast.alice.made("/customers", {"name": "x"})
    places = ("q", "name", "tag", "level", "owner_id", "sort", "fields", "where", "cursor", "created_after", "page")
    for number, text in enumerate(strings):
        if number % 2:
            continue
        found = {places[number // 2 % len(places)]: text, "name" if number % 4 else "q": strings[number - 1]}
        answer = cast.alice.get("/customers?" + urlencode(found, errors="surrogatepass"))
        assert answer.status_code in (200, 422), (found, answer.get_data(as_text=True))


def test_a_name_is_found_again(cast: Cast, strings: list[str]) -> None:
    names = [text for text in strings if refused(text, 200, needed=True) is None][::12]
    for text in names:
        record_id = cast.alice.made("/customers", {"name": text})["id"]
        found = cast.alice.get("/customers?" + urlencode({"name": text.strip(), "per_page": 200})).get_json()
        assert record_id in [one["id"] for one in found["data"]], text

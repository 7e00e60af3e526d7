"""Exports through the real door: asked for, written by real jobs, downloaded."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from ..cast import Member
from ..job.test_jobs import work_off


def ask(who: Member, resource: str, format: str = "csv", **body: Any) -> dict[str, Any]:
    """The ended job of an export."""
    headers = body.pop("headers", {})
    answer = who.post("/exports", {"resource": resource, "format": format, **body}, headers=headers)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    work_off()
    job: dict[str, Any] = who.get(f"/jobs/{answer.get_json()['id']}").get_json()
    return job


def fetch(who: Member, resource: str, format: str = "csv", **body: Any) -> bytes:
    """The content of an exported file."""
    job = ask(who, resource, format, **body)
    assert job["status"] == "succeeded", job
    return download(who, job["result"]["url"])


def download(who: Member, url: str) -> bytes:
    """What lies at an address."""
    with who.get(url) as answer:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return bytes(answer.get_data())


def table(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def objects(content: bytes) -> list[dict[str, Any]]:
    """The objects of JSON lines."""
    return [json.loads(line) for line in content.splitlines()]

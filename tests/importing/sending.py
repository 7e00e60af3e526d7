"""Files through the real door: uploaded, checked and committed by real jobs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ..cast import Member
from ..job.test_jobs import work_off


def upload(who: Member, resource: str, content: str | bytes | Path, name: str = "file.csv") -> dict[str, Any]:
    """An import of a file as the product understands it by itself."""
    if isinstance(content, Path):
        name = content.name
        body = content.read_bytes()
    else:
        body = content.encode() if isinstance(content, str) else content
    data = {"resource": resource, "file": (io.BytesIO(body), name)}
    answer = who.call("POST", "/imports", data=data, content_type="multipart/form-data")
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return dict(answer.get_json())


def mapping(chosen: dict[str, Any]) -> dict[str, str | None]:
    """Which field each column becomes, by its heading."""
    return {column["heading"]: column["field"] for column in chosen["columns"]}


def change(who: Member, chosen: dict[str, Any], **body: Any) -> dict[str, Any]:
    """Change an import; `fields` says by heading what columns become."""
    names = body.pop("fields", None)
    if names:
        index = {column["heading"]: column["index"] for column in chosen["columns"]}
        body["columns"] = [{"index": index[heading], "field": field} for heading, field in names.items()]
    answer = who.patch(f"/imports/{chosen['id']}", body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def begin(who: Member, chosen: dict[str, Any], what: str) -> dict[str, Any]:
    """Check or commit; the finished job."""
    answer = who.post(f"/imports/{chosen['id']}/{what}")
    assert answer.status_code == 202, answer.get_data(as_text=True)
    work_off()
    job: dict[str, Any] = who.get(f"/jobs/{answer.get_json()['id']}").get_json()
    return job


def result(who: Member, chosen: dict[str, Any], what: str) -> dict[str, Any]:
    """What a check or commit found."""
    job = begin(who, chosen, what)
    assert job["status"] == "succeeded", job
    return dict(job["result"])


def counts(found: dict[str, Any]) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: found[name] for name in ("new", "updated", "unchanged", "duplicate", "wrong") if found[name]}

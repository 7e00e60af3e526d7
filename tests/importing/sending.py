"""Files through the real door: uploaded, checked and committed by real jobs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.messages import LANGUAGES

from ..cast import Member
from ..job.test_jobs import work_off


def send(
    who: Member, resource: str, content: str | bytes | Path, name: str = "file.csv", language: str = "en"
) -> TestResponse:
    """The answer to an upload, whatever it is."""
    if isinstance(content, Path):
        name = content.name
        body = content.read_bytes()
    else:
        body = content.encode() if isinstance(content, str) else content
    boundary, form = encode_multipart({"resource": resource, "file": FileStorage(io.BytesIO(body), name)})
    return who.call(
        "POST",
        "/imports",
        data=form,
        content_type=f"multipart/form-data; boundary={boundary}",
        headers={"Accept-Language": language},
    )


def upload(who: Member, resource: str, content: str | bytes | Path, name: str = "file.csv") -> dict[str, Any]:
    """An import of a file as the product understands it by itself."""
    answer = send(who, resource, content, name)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return dict(answer.get_json())


def refusal(
    who: Member, content: str | bytes | Path, name: str = "file.csv", resource: str = "customers"
) -> tuple[int, str]:
    """Status and code of an upload that is refused: with a problem that says why in both languages."""
    told: dict[str, tuple[int, str, str]] = {}
    for language in LANGUAGES:
        answer = send(who, resource, content, name, language)
        assert answer.mimetype == "application/problem+json", answer.get_data(as_text=True)
        problem = answer.get_json()
        issue = (problem.get("errors") or [{"code": problem["type"].rpartition("/")[2], "detail": problem["detail"]}])[
            0
        ]
        told[language] = (answer.status_code, issue["code"], issue["detail"])
        assert problem["title"]
    (status, code, english), (*same, chinese) = told["en"], told["zh-CN"]
    assert same == [status, code]
    assert english
    assert any("\u4e00" <= char <= "\u9fff" for char in chinese), chinese
    assert not any("\u4e00" <= char <= "\u9fff" for char in english), english
    return status, code


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

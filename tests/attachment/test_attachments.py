"""Files: told by their content, visible with their record, downloaded as files and never as pages."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import zipfile
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.attachment.content import safe_name, type_of
from app.attachment.models import Attachment
from app.attachment.service import folder, place_of
from app.database import read_engine
from app.routing import CRM

from ..cast import Cast, Member
from ..faults import issues

PDF = b"%PDF-1.7\nhello"


def upload(who: Member, content: bytes = PDF, name: str = "报价单.pdf", **more: Any) -> TestResponse:
    """Send a form with a file."""
    headers = more.pop("headers", {})
    return who.call("POST", "/attachments", data={**more, "file": (io.BytesIO(content), name)}, headers=headers)


def uploaded(who: Member, content: bytes = PDF, name: str = "报价单.pdf", **more: Any) -> dict[str, Any]:
    """A stored file."""
    answer = upload(who, content, name, **more)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return dict(answer.get_json())


def download(who: Member, number: int, **more: Any) -> TestResponse:
    """Read the content; the whole of it, so that the file is closed again."""
    return who.get(f"/attachments/{number}/content", buffered=True, **more)


def zipped(*names: str) -> bytes:
    """An archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


def test_a_file_of_a_deal(app: CRM, cast: Cast) -> None:
    deal = cast.alice.made("/deals", {"name": "x"})["id"]
    answer = upload(cast.alice, deal_id=deal)
    made = answer.get_json()
    digest = hashlib.sha256(PDF).hexdigest()
    assert (answer.status_code, answer.headers["Location"]) == (201, "/api/v1/attachments/1")
    at = made["created_at"]
    assert made == {
        "id": 1,
        "version": 1,
        "customer_id": None,
        "deal_id": deal,
        "contact_id": None,
        "name": "报价单.pdf",
        "content_type": "application/pdf",
        "size": len(PDF),
        "sha256": digest,
        "created_at": at,
        "created_by": cast.alice.id,
        "author": {"id": cast.alice.id, "name": "Alice"},
        "updated_at": at,
        "is_active": True,
        "can_write": True,
    }
    assert cast.alice.get("/attachments/1").get_json() == made
    assert cast.alice.get(f"/attachments?deal_id={deal}").get_json()["data"] == [made]
    assert place_of(digest).read_bytes() == PDF
    assert list((folder() / "incoming").iterdir()) == []
    got = download(cast.alice, 1)
    assert (got.status_code, got.data, got.mimetype) == (200, PDF, "application/pdf")
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''%E6%8A%A5%E4%BB%B7%E5%8D%95.pdf" in got.headers["Content-Disposition"]
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    part = download(cast.alice, 1, headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.data) == (206, b"PDF")


def test_it_is_told_live_and_by_rights(cast: Cast) -> None:
    after = cast.carol.get("/events").get_json()["meta"]["watermark"]
    deal = cast.alice.made("/deals", {"name": "x"})["id"]
    uploaded(cast.alice, deal_id=deal)
    told = {
        who.name: [
            event["type"]
            for event in who.get(f"/events?after={after}").get_json()["data"]
            if event["resource"] == "attachment"
        ]
        for who in cast.everybody()
    }
    seen = ["attachment_created"]
    assert told == {"alice": seen, "bob": [], "carol": seen, "mallory": [], "vera": seen, "root": seen}


def test_it_is_visible_with_its_record(cast: Cast) -> None:
    buyer = cast.alice.made("/customers", {"name": "甲"})["id"]
    contact = cast.alice.made("/contacts", {"customer_id": buyer, "kind": "note"})["id"]
    deal = cast.alice.made("/deals", {"name": "x", "customer_id": buyer})["id"]
    for number, owner in enumerate(({"customer_id": buyer}, {"deal_id": deal}, {"contact_id": contact}), 1):
        assert uploaded(cast.alice, **owner)["id"] == number
        for path in (f"/attachments/{number}", f"/attachments/{number}/content"):
            found = {who.name: who.get(path, buffered=True).status_code for who in cast.everybody()}
            assert found == {"alice": 200, "bob": 404, "carol": 200, "mallory": 404, "vera": 200, "root": 200}
        found = {who.name: who.delete(f"/attachments/{number}").status_code for who in (cast.bob, cast.vera)}
        assert found == {"bob": 404, "vera": 403}
    assert cast.bob.get("/attachments").get_json()["data"] == []
    assert [one["id"] for one in cast.carol.get("/attachments?sort=id").get_json()["data"]] == [1, 2, 3]
    # With the customer its files are out of sight.
    cast.alice.delete(f"/contacts/{contact}")
    assert cast.alice.get("/attachments/3").status_code == 404
    assert upload(cast.vera, deal_id=deal).status_code == 403
    assert issues(upload(cast.mallory, deal_id=deal)) == {"#/deal_id": "unknown_record"}


def test_deleted_and_brought_back(cast: Cast) -> None:
    deal = cast.alice.made("/deals", {"name": "x"})["id"]
    uploaded(cast.alice, deal_id=deal)
    assert cast.alice.delete("/attachments/1").status_code == 204
    assert download(cast.alice, 1).status_code == 404
    assert cast.alice.get(f"/attachments?deal_id={deal}").get_json()["data"] == []
    assert cast.alice.post("/attachments/1/restore").get_json()["is_active"] is True
    assert download(cast.alice, 1).data == PDF


def test_an_upload_is_safe_to_repeat(cast: Cast) -> None:
    deal = cast.alice.made("/deals", {"name": "x"})["id"]
    headers = {"Idempotency-Key": "k"}
    first = upload(cast.alice, deal_id=deal, headers=headers)
    again = upload(cast.alice, deal_id=deal, headers=headers)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert upload(cast.alice, b"%PDF-2", deal_id=deal, headers=headers).status_code == 422
    with read_engine().connect() as connection:
        assert connection.execute(select(func.count()).select_from(Attachment)).scalar() == 1


def test_what_is_refused(cast: Cast) -> None:
    deal = cast.alice.made("/deals", {"name": "x"})["id"]
    assert cast.alice.post("/attachments", {"deal_id": deal}).status_code == 415
    assert issues(cast.alice.call("POST", "/attachments", data={"deal_id": deal, "x": (io.BytesIO(b"y"), "y")})) == {
        "#/file": "one_file"
    }
    multipart = {"content_type": "multipart/form-data"}
    assert issues(cast.alice.call("POST", "/attachments", data={"deal_id": str(deal)}, **multipart)) == {
        "#/file": "required"
    }
    assert issues(upload(cast.alice)) == {"#": "one_owner"}
    assert issues(upload(cast.alice, deal_id=deal, customer_id=1)) == {"#": "one_owner"}
    assert issues(upload(cast.alice, deal_id=99)) == {"#/deal_id": "unknown_record"}
    assert issues(upload(cast.alice, deal_id="x", mood="y")) == {"#/deal_id": "wrong_type", "#/mood": "unknown_field"}
    assert issues(upload(cast.alice, b"", deal_id=deal)) == {"#/file": "required"}
    for content in (b"MZ\x90\x00", b"<html><script>", b"\x7fELF", b"<svg onload=x>", b"#!/bin/sh"):
        assert issues(upload(cast.alice, content, "harmless.pdf", deal_id=deal)) == {"#/file": "file_type"}
    assert cast.alice.get("/attachments").get_json()["data"] == []
    assert list((folder() / "incoming").iterdir()) == []


def form(deal_id: int, content: bytes) -> dict[str, Any]:
    """A large form, put together here: the test client would leave its copy of the file open."""
    lines = [
        b"--cut",
        b'Content-Disposition: form-data; name="deal_id"',
        b"",
        str(deal_id).encode(),
        b"--cut",
        b'Content-Disposition: form-data; name="file"; filename="x.pdf"',
        b"",
        content,
        b"--cut--",
        b"",
    ]
    return {"data": b"\r\n".join(lines), "content_type": "multipart/form-data; boundary=cut"}


def test_what_is_too_large(cast: Cast) -> None:
    deal = cast.alice.made("/deals", {"name": "x"})["id"]
    most = 50 * 1024 * 1024
    fits = cast.alice.call("POST", "/attachments", **form(deal, PDF + b"\0" * (most - len(PDF))))
    assert (fits.status_code, fits.get_json()["size"]) == (201, most)
    large = cast.alice.call("POST", "/attachments", **form(deal, PDF + b"\0" * (most - len(PDF) + 1)))
    assert (large.status_code, large.get_json()["errors"][0]["code"]) == (413, "file_size")
    assert len(cast.alice.get(f"/attachments?deal_id={deal}").get_json()["data"]) == 1


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (PDF, "x.txt", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "x", "image/png"),
        (b"\xff\xd8\xff\xe0", "x", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBP", "x", "image/webp"),
        (b"RIFF\0\0\0\0AVI ", "x", None),
        (b"\0\0\0\x18ftypheic", "x", "image/heic"),
        (b"\0\0\0\x18ftypmp42", "x", "video/mp4"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "x.xlsx", type_of(zipped("xl/a"), "x.xlsx")),
        (zipped("a.txt"), "x.zip", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "x.xls", "application/vnd.ms-excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "x.exe", None),
        ("名称,金额\n甲,1".encode("gb18030"), "x.csv", "text/csv"),
        ("中文".encode()[:-1], "x.txt", "text/plain"),
        (b"a\x00b", "x.txt", None),
        (b"  <!DOCTYPE html>", "x.txt", None),
        (b"", "x.txt", None),
    ],
)
def test_what_a_file_is(head: bytes, name: str, kind: str | None) -> None:
    assert type_of(head, name) == kind


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\报价.xlsx", "报价.xlsx"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("", "file"),
        ("..", "file"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
        ("x" * 300, "x" * 200),
    ],
)
def test_names_are_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_full_disk_is_told_and_leaves_nothing(app: CRM, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    deal_id = cast.alice.made("/deals", {"name": "x"})["id"]
    monkeypatch.setattr(os, "fsync", full)
    answer = upload(cast.alice, deal_id=deal_id)
    assert (answer.status_code, answer.get_json()["type"]) == (507, "/problems/disk-full")
    assert cast.alice.get("/attachments").get_json()["meta"]["total"] == 0
    with app.app_context():
        assert list((folder() / "incoming").iterdir()) == []

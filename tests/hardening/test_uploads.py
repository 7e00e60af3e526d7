"""Files that are something else than they say, at every door for files: refused, or harmless to who opens them."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from app.attachment.service import folder
from app.routing import CRM, OPERATIONS

from ..attachment.test_attachments import download, upload
from ..cast import Cast
from ..faults import issues
from ..importing.sending import send
from .texts import places_of

SCRIPT = b"<script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
PAGE = b"<!doctype html><html><body>" + SCRIPT + b"</body></html>"


def picture(kind: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (2, 2), "#2457c5").save(target, kind)
    return target.getvalue()


def archive(**parts: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return target.getvalue()


DISGUISED = {
    "SVG as .png": (SVG, "x.png"),
    "SVG with a declaration as .jpg": (b'<?xml version="1.0"?>' + SVG, "x.jpg"),
    "SVG behind a mark and blanks as .png": (b"\xef\xbb\xbf \n" + SVG, "x.png"),
    "SVG as .svg": (SVG, "x.svg"),
    "HTML as .csv": (PAGE, "x.csv"),
    "HTML behind a row as .csv": (b"name,phone\n" + PAGE, "x.csv"),
    "HTML in UTF-16 as .txt": (PAGE.decode().encode("utf-16"), "x.txt"),
    "HTML as .html": (PAGE, "x.html"),
    "HTML as .pdf": (PAGE, "x.pdf"),
    "a page with a PDF in it": (PAGE + b"%PDF-1.7\n", "x.pdf"),
    "a program as .xlsx": (b"MZ\x90\x00" + bytes(99), "x.xlsx"),
    "a program as .png": (b"\x7fELF" + bytes(99), "x.png"),
    "a script as .txt": (b"#!/bin/sh\nid\n", "x.txt"),
    "an unknown old document": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "x.exe"),
}
"""Files that no door takes."""

TWOFOLD = {
    "GIF that is a script": (b"GIF89a/*" + bytes(40) + b"*/=1;alert(1)//" + SCRIPT, "x.gif", "image/gif"),
    "PNG with a page behind": (picture("PNG") + PAGE, "x.png", "image/png"),
    "PNG named as a page": (picture("PNG"), "x.html", "image/png"),
    "JPEG with a page in it": (picture("JPEG")[:-2] + PAGE + b"\xff\xd9", "x.svg", "image/jpeg"),
    "PDF with a page in it": (b"%PDF-1.7\n" + PAGE, "x.html", "application/pdf"),
    "archive with a page in it": (archive(**{"index.html": PAGE}), "x.html", "application/zip"),
    "archive with a page before the end": (archive(a=b"x") + PAGE, "x.xlsx", "application/zip"),
    "text that is a page further down": (b"a" * 9_000 + PAGE, "x.html", "text/plain"),
    "text in UTF-7": (b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "x.html", "text/plain"),
    "name that would be a header": (picture("PNG"), "x.html; filename=page.html", "image/png"),
}
"""Files that are what they begin as and something else, too: name, content, the type that they are served as."""


def test_every_door_for_files_is_tried_here(app: CRM) -> None:
    forms = {name for name, one in OPERATIONS.items() if one.form is not None}
    assert forms == {"attachment.upload_attachment", "importing.upload_import"}
    inline = {
        f"{name} {place.name}"
        for name, one in OPERATIONS.items()
        for place in places_of(one)
        if place.name.endswith(("logo_data", "photo", "avatar"))
    }
    assert {one.rpartition("/")[2].rpartition(" ")[2] for one in inline} == {"logo_data", "photo", "avatar"}


@pytest.mark.parametrize("name", DISGUISED)
def test_what_is_disguised_is_refused_at_every_door(app: CRM, cast: Cast, name: str) -> None:
    content, file_name = DISGUISED[name]
    customer = cast.alice.made("/customers", {"name": "x"})["id"]
    assert issues(upload(cast.alice, content, file_name, customer_id=customer)) == {"#/file": "file_type"}
    assert cast.alice.get("/attachments").get_json()["data"] == []
    assert list((folder() / "incoming").iterdir()) == []
    told = send(cast.alice, "customers", content, file_name)
    if told.status_code == 201:
        # A text is read as a table, and shown as the texts that it is made of.
        assert name in ("HTML behind a row as .csv", "a script as .txt", "HTML in UTF-16 as .txt"), name
        assert told.mimetype == "application/json"
    else:
        assert told.status_code in (415, 422), told.get_data(as_text=True)
    for data in (base64.b64encode(content).decode(), f"data:image/png;base64,{base64.b64encode(content).decode()}"):
        answer = cast.root.patch("/settings/company", {"entities": [{"name_en": "x", "logo_data": data}]})
        assert issues(answer) == {"#/entities/0/logo_data": "image"}


def harmless(answer: TestResponse, kind: str) -> None:
    assert answer.status_code == 200
    assert answer.mimetype == kind
    headers = answer.headers
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert len(headers.getlist("Content-Type")) == 1
    assert "\r" not in str(headers["Content-Disposition"])


@pytest.mark.parametrize("name", TWOFOLD)
def test_what_is_two_things_is_only_ever_downloaded(app: CRM, cast: Cast, name: str) -> None:
    content, file_name, kind = TWOFOLD[name]
    customer = cast.alice.made("/customers", {"name": "x"})["id"]
    answer = upload(cast.alice, content, file_name, customer_id=customer)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    harmless(download(cast.alice, answer.get_json()["id"]), kind)


def test_a_logo_is_served_as_the_image_that_it_is(app: CRM, cast: Cast) -> None:
    data = base64.b64encode(picture("PNG") + PAGE).decode()
    answer = cast.root.patch("/settings/company", {"entities": [{"name_en": "x", "logo_data": data}]})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    digest = answer.get_json()["entities"][0]["logo"].rpartition("/")[2]
    shown = cast.root.get(f"/settings/company/logos/{digest}")
    assert shown.mimetype == "image/png"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:image/svg+xml;base64,PHN2Zz4=", "vbscript:x", "file:///x"]
)
def test_a_picture_by_its_address_is_one_of_the_web(app: CRM, cast: Cast, link: str) -> None:
    customer = cast.alice.made("/customers", {"name": "x"})["id"]
    told = cast.alice.post("/people", {"customer_id": customer, "name": "x", "photo": link})
    assert issues(told) == {"#/photo": "url"}
    assert issues(cast.alice.patch("/auth/me", {"avatar": link})) == {"#/avatar": "url"}

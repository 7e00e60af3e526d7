"""Files that are no tables, or try to do harm: refused in words in both languages, and nothing of them stays."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from app.importing import service

from ..cast import Cast
from .sending import begin, counts, mapping, refusal, result, send, upload

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
MIB = 1024 * 1024


def sheet(*rows: list[Any]) -> bytes:
    """An XLSX."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for at, row in enumerate(rows):
            page.write_row(at, 0, row)
    return target.getvalue()


def archive(**parts: bytes | str) -> bytes:
    """A ZIP; `__` in a name stands for a slash, `_dot_` for a full stop."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return target.getvalue()


def bomb() -> bytes:
    """An XLSX of some kilobytes that unpacks to 400 MiB."""
    target = io.BytesIO(sheet(["name"], ["x"]))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as file, file.open("xl/media/image1.bmp", "w") as part:
        for _ in range(400):
            part.write(bytes(MIB))
    return target.getvalue()


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def open_document() -> bytes:
    return archive(mimetype=ODS, **{"META-INF__manifest_dot_xml": "<manifest/>", "content_dot_xml": "<x>" * 5_000})


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a bomb": ("x.xlsx", bomb, "file_too_large"),
    "half a workbook": ("x.xlsx", lambda: half(sheet(["name"], *([str(at)] for at in range(500)))), "file_damaged"),
    "half an open document": ("x.ods", lambda: half(open_document()), "file_damaged"),
    "an open document without a sheet": ("x.ods", open_document, "file_empty"),
    "an old workbook of zeros": ("x.xls", lambda: OLE + bytes(600) + "Workbook".encode("utf-16-le"), "file_damaged"),
    "a workbook with a password": (
        "x.xlsx",
        lambda: OLE + bytes(9) + "EncryptedPackage".encode("utf-16-le"),
        "file_encrypted",
    ),
    "nothing but NUL": ("x.csv", lambda: bytes(4_096), "file_empty"),
    "nothing but NUL, and much of it": ("x.csv", lambda: bytes(5 * MIB), "file_empty"),
    "nothing": ("x.csv", lambda: b"", "file_empty"),
    "blank lines": ("x.csv", lambda: b"\r\n \r\n", "file_empty"),
    "a picture": ("x.csv", lambda: b"\x89PNG\r\n\x1a\n" + bytes(99), "file_unknown"),
    "a program": ("x.csv", lambda: b"MZ" + bytes(range(256)) * 9, "file_unknown"),
    "a page": ("x.csv", lambda: b"<!doctype html><script>alert(1)</script>", "file_unknown"),
    "a document": ("x.docx", lambda: archive(word__document_dot_xml="<x/>"), "file_unknown"),
    "an open quotation": ("x.csv", lambda: b'name,phone\n"Acme,1\n' + b"b,2\n" * 9, "file_quotes"),
    "too many columns": ("x.csv", lambda: b",".join(b"c%d" % at for at in range(501)) + b"\n", "file_columns"),
    "a card that is none": ("x.vcf", lambda: b"name,phone\n1,2\n", "file_unknown"),
    "half a list": ("x.json", lambda: b'[{"name": "Acme"}, {"na', "file_unknown"),
}


def kept() -> set[Path]:
    """The uploaded files that are there."""
    return set(service.folder().iterdir()) if service.folder().is_dir() else set()


@pytest.mark.parametrize("which", sorted(BAD))
def test_refused_in_words_and_not_kept(cast: Cast, which: str) -> None:
    name, make, code = BAD[which]
    before = kept()
    assert refusal(cast.carol, make(), name) == (422, code)
    assert kept() == before
    assert cast.carol.get("/imports").get_json()["data"] == []


ENTITIES = {
    "a file of this machine": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "a page elsewhere": '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/">]>',
    "a billion laughs": "<!DOCTYPE x [<!ENTITY a0 'Ha!'>"
    + "".join(f"<!ENTITY a{at} '{f'&a{at - 1};' * 10}'>" for at in range(1, 10))
    + "<!ENTITY e '&a9;'>]>",
}


@pytest.mark.parametrize("which", sorted(ENTITIES))
def test_no_entity_of_a_workbook_is_followed(cast: Cast, which: str) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet(["name"], ["Acme"], ["Beta"]))) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "xl/sharedStrings.xml":
                content = content.replace(b"?>", b"?>" + ENTITIES[which].encode(), 1).replace(b"Acme", b"A&e;B")
                assert b"&e;" in content
            new.writestr(entry, content)
    answer = send(cast.carol, "customers", target.getvalue(), "x.xlsx")
    assert answer.status_code in (201, 422)
    told = answer.get_data(as_text=True)
    assert len(told) < 20_000
    for secret in ("root:", "/bin/", "Ha!"):
        assert secret not in told


def test_as_large_as_a_file_may_be_and_one_byte_more(cast: Cast) -> None:
    """The limit is the file's: what the form has around it comes on top."""
    row = b"Acme,1\n"
    file = b"Company name,Phone\n" + row * (50 * MIB // len(row) - 5)
    file += b"x" * (50 * MIB - 1 - len(file)) + b"\n"
    assert len(file) == 50 * MIB
    assert upload(cast.carol, "customers", file)["size"] == 50 * MIB
    before = kept()
    assert refusal(cast.carol, file + b"x") == (413, "file_size")
    answer = send(cast.carol, "customers", file + b"x")
    assert answer.get_json()["type"] == "/problems/too-large"
    assert answer.get_json()["errors"] == [
        {"pointer": "#/file", "code": "file_size", "detail": "A file may have at most 50 MB."}
    ]
    assert refusal(cast.carol, file + b"x" * MIB) == (413, "too-large")
    assert kept() == before


def test_one_row_more_than_a_file_may_have(cast: Cast) -> None:
    # Counted when it is worked off: the upload looks at the beginning only.
    chosen = upload(cast.carol, "customers", "Company name\n" + "A\n" * 500_001)
    job = begin(cast.carol, chosen, "check")
    assert (job["status"], job["problem"]["status"]) == ("failed", 422)
    (issue,) = job["problem"]["errors"]
    assert (issue["pointer"], issue["code"]) == ("#/file", "file_rows")
    assert "500000" in issue["detail"].replace(",", "")
    assert cast.carol.get(f"/imports/{chosen['id']}").get_json()["state"] == "failed"


@pytest.mark.parametrize(
    "name",
    [
        "../../../../tmp/evil.csv",
        "..\\..\\evil.csv",
        "/etc/cron.d/evil.csv",
        "a\x00b.csv",
        "\u202egnp.csv",
        "x" * 500 + ".csv",
    ],
)
def test_a_name_that_leads_elsewhere_is_only_a_name(cast: Cast, name: str) -> None:
    before = kept()
    chosen = upload(cast.carol, "customers", "Company name\nAcme\n", name)
    (path,) = kept() - before
    assert path.name.isalnum()
    assert path.read_bytes() == b"Company name\nAcme\n"
    assert len(chosen["name"]) <= 200
    assert counts(result(cast.carol, chosen, "commit")) == {"new": 1}


def test_a_part_of_a_workbook_that_leads_elsewhere_is_not_unpacked(cast: Cast, tmp_path: Path) -> None:
    target = io.BytesIO(sheet(["Company name"], ["Acme"]))
    with zipfile.ZipFile(target, "a") as file:
        file.writestr("../../evil.txt", "x")
    chosen = upload(cast.carol, "customers", target.getvalue(), "x.xlsx")
    assert counts(result(cast.carol, chosen, "commit")) == {"new": 1}
    assert list(service.folder().parent.parent.rglob("evil.txt")) == []


ODD = ["\x00", "a\x00b", "\ud800", "a\udfffb"]


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_what_no_database_holds_is_told_with_its_row(cast: Cast, text: str) -> None:
    fields = ("name", "email", "phone", "description", "owner", "industry", "tags", "external_id", "address.city")
    rows = [{"name": f"No. {at}", field: text} for at, field in enumerate(fields)]
    content = "".join(json.dumps(row) + "\n" for row in [{"name": "Good"}, *rows])
    chosen = upload(cast.root, "customers", content, "x.jsonl")
    assert set(mapping(chosen).values()) == {*fields}
    assert len(chosen["preview"]) == 8
    for what in ("check", "commit"):
        found = result(cast.root, chosen, what)
        assert counts(found) == {"new": 1, "wrong": len(fields)}
        assert all(row["errors"] for row in found["rows"])
    with cast.root.get(f"/imports/{chosen['id']}/errors") as answer:
        assert answer.status_code == 200
        assert len(answer.get_data().splitlines()) == len(fields) + 1
    assert cast.root.get("/customers").get_json()["meta"]["total"] == 1


def test_odd_headings_and_decisions(cast: Cast) -> None:
    content = json.dumps({"name": "Acme", "b\x00": "x", "c\ud800": "y"}) + "\n"
    chosen = upload(cast.root, "customers", content, "x.jsonl")
    assert [column["heading"] for column in chosen["columns"]] == ["name", "b\ufffd", "c\ufffd"]
    for decided, code in (
        ({"a\x00": 1}, "control_characters"),
        ({"a": "b\x00"}, "control_characters"),
        ({"a": ["\x00"]}, "wrong_type"),
    ):
        answer = cast.root.patch(f"/imports/{chosen['id']}", {"options": {"values": {"owner": decided}}})
        assert answer.status_code == 422, answer.get_data(as_text=True)
        told = [(issue["pointer"], issue["code"]) for issue in answer.get_json()["errors"]]
        assert told == [("#/options/values/owner", code)]
    assert counts(result(cast.root, chosen, "commit")) == {"new": 1}

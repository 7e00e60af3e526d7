"""Encodings are told from short samples too, and from names alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.importing import charset

SIMPLIFIED = "客户名称,联系人,电话\n上海星辰科技有限公司,张伟,02188886666\n"
TRADITIONAL = "客戶名稱,聯絡人,電話\n臺北星辰科技有限公司,張偉,0288886666\n"


def recognised(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "text"
    path.write_bytes(content)
    return charset.recognise(path)


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (SIMPLIFIED, "utf-32", "utf-32"),
        (SIMPLIFIED, "gbk", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        ("name,phone\nx,1\n", "ascii", "utf-8"),
        ("name,phone\nx,1\n", "utf-16-le", "utf-16-le"),
        ("张三", "gbk", "gb18030"),
        ("姓名\n王小明\n李娜\n", "gbk", "gb18030"),
        ("欧阳娜娜,诸葛亮\n", "gb18030", "gb18030"),
        ("陳大文\n", "big5", "big5"),
        ("姓名\n林志玲\n黃曉明\n", "big5", "big5"),
        ("Name,Straße\nMüller,Hauptstraße 5\n", "cp1252", "cp1252"),
        ("José,Peña\n", "latin-1", "cp1252"),
        ("Preis in €\n5\n", "cp1252", "cp1252"),
        ("4,5,©", "cp1252", "cp1252"),
        ("name\n" * 100_000 + "张三,北京\n", "gbk", "gb18030"),
        ("a,b\n\x00,2\n", "ascii", "utf-8"),
    ],
)
def test_encodings(tmp_path: Path, text: str, encoding: str, expected: str) -> None:
    assert recognised(tmp_path, text.encode(encoding)) == expected
    assert expected in charset.ENCODINGS


def test_every_encoding_is_read_without_its_mark(tmp_path: Path) -> None:
    for encoding in charset.ENCODINGS:
        text = "é\n" if encoding in ("cp1252", "latin-1") else TRADITIONAL
        path = tmp_path / encoding
        path.write_bytes(text.encode(encoding))
        assert "".join(charset.lines(path, encoding)) == text


def test_utf8_with_a_broken_character_stays_utf8(tmp_path: Path) -> None:
    assert recognised(tmp_path, SIMPLIFIED.encode() * 3 + b"\xff\n") == "utf-8"


def test_bytes_that_no_table_knows_are_latin(tmp_path: Path) -> None:
    assert recognised(tmp_path, b"caf\x81,\x9d\n") == "latin-1"

"""Files of every kind become headings and rows, or are refused in words."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.importing import reading, tables
from app.importing.tables import Format, Reading, UnreadableError, WrongRow
from app.messages import LANGUAGES, say_in

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str | bytes, encoding: str = "utf-8") -> Path:
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return written


def taken(path: Path, name: str = "list.csv", **changes: Any) -> tuple[list[str], list[tuple[int, Any]]]:
    """Headings and rows of a file as it is recognised."""
    found = tables.recognise(path, name)
    names, rows = tables.table(path, Reading(**{**vars(found), **changes}))
    return names, list(rows)


def refusal(path: Path, name: str = "list.csv") -> tuple[str, dict[str, Any]]:
    """Code and params of the refusal, whose text must exist in every language."""
    with pytest.raises(UnreadableError) as caught:
        taken(path, name)
    for language in LANGUAGES:
        assert say_in(language, f"error.{caught.value.code}", **caught.value.params)
    return caught.value.code, caught.value.params


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("name,phone\nx,1\n", ","),
        ("name;phone\nx;1\n", ";"),
        ("name\tphone\nx\t1\n", "\t"),
        ("name|phone\nx|1\n", "|"),
        ('name;note\nx;"a, b, c"\ny;"d, e, f"\n', ";"),
        ("name\nx, y\n", ","),
    ],
)
def test_delimiters_are_recognised(write: Write, content: str, delimiter: str) -> None:
    assert tables.recognise(write(content), "list.csv").delimiter == delimiter


def test_the_first_line_of_excel_names_the_delimiter(write: Write) -> None:
    path = write("sep=;\r\nName;Price\r\na;1,5\r\n")
    assert tables.recognise(path, "list.csv") == Reading(Format.CSV, "utf-8", ";", '"', True, None, 2)
    assert taken(path) == (["Name", "Price"], [(3, ["a", "1,5"])])


def test_quotes(write: Write) -> None:
    assert taken(write('a,b\n"x ""y"" z","1\r\n2"\n37°36\'37.8"N,2\n"x"y,3\n'))[1] == [
        (2, ['x "y" z', "1\r\n2"]),
        (4, ["37°36'37.8\"N", "2"]),
        (5, ["xy", "3"]),
    ]
    path = write("'a','b'\n'1,2','3'\n")
    assert tables.recognise(path, "x").quote == "'"
    assert taken(path) == (["a", "b"], [(2, ["1,2", "3"])])


def test_a_file_may_be_read_without_quotes(write: Write) -> None:
    found = Reading(Format.CSV, "utf-8", ",", None)
    assert list(tables.rows(write('a,b\n"x,1\n'), found)) == [(2, ['"x', "1"])]


@pytest.mark.parametrize("content", ['a,b\n1,2\n"x,1\ny,2\n', 'a,b\n1,2\nx,"open', 'a,b\n1,2\nx,"open\n\n\n'])
def test_a_quote_that_is_never_closed_swallows_nothing(write: Write, content: str) -> None:
    assert refusal(write(content)) == ("file_quotes", {"line": 3})


def test_a_cell_longer_than_any_text_is_told(write: Write) -> None:
    path = write("a,b\n1,2\n" + '"' + "x" * (17 << 20))
    assert refusal(path) == ("file_quotes", {"line": 3})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(write: Write, end: str) -> None:
    content = end.join(["a,b", "1,2", "", f'"x{end}y",4', "5,6"])
    assert taken(write(content)) == (["a", "b"], [(2, ["1", "2"]), (4, [f"x{end}y", "4"]), (6, ["5", "6"])])


def test_rows_of_other_lengths(write: Write) -> None:
    names, rows = taken(write("a,b,c\n1\n1,2,3,,\n,,,,\n1,2,3,4\n"))
    assert names == ["a", "b", "c"]
    assert rows == [
        (2, ["1", None, None]),
        (3, ["1", "2", "3"]),
        (5, WrongRow("row_too_long", {"count": 4, "columns": 3}, ["1", "2", "3", "4"])),
    ]


def test_nul_is_kept_for_the_checks_to_see(write: Write) -> None:
    assert taken(write("a,b\n\x00,2\n"))[1] == [(2, ["\x00", "2"])]


def test_headings_are_unique_and_never_empty(write: Write) -> None:
    names, _ = taken(write('Name,Name,,name (2),Name,"Line\r\n two",Name (2)\n1,2,3,4,5,6,7\n'))
    assert names == ["Name", "Name (3)", "Column C", "name (2)", "Name (4)", "Line two", "Name (2)"]
    assert reading.column_name(25) == "Column Z"
    assert reading.column_name(27) == "Column AB"


@pytest.mark.parametrize(
    ("content", "has_header"),
    [
        ("客户名称,手机\n张三,13800138000\n", True),
        ("张三,13800138000\n李四,13900139000\n", False),
        ("foo@example.com\nbar@example.com\n", False),
        ("email\nfoo@example.com\n", True),
        ("1,2,3\n4,5,6\n", False),
        ("2026-01-01,¥100.00\n2026-01-02,¥5\n", False),
        ("name,2024,2025,2026\nx,1,2,3\n", False),
        ("产品,单价,2025\nx,1,2\n", True),
    ],
)
def test_the_header_row_is_recognised(write: Write, content: str, has_header: bool) -> None:
    assert tables.recognise(write(content), "list.csv").has_header is has_header


def test_without_headings_columns_are_lettered(write: Write) -> None:
    assert taken(write("1,2\n3,4,5\n")) == (
        ["Column A", "Column B", "Column C"],
        [(1, ["1", "2", None]), (2, ["3", "4", "5"])],
    )


def test_a_title_above_the_table_is_passed_over_and_can_be_brought_back(write: Write) -> None:
    path = write("客户名单\n\n名称,电话,地址\nA,1,x\n")
    assert tables.recognise(path, "x").first_row == 3
    assert taken(path) == (["名称", "电话", "地址"], [(4, ["A", "1", "x"])])
    names, rows = taken(path, first_row=1)
    assert names == ["客户名单"]
    assert [row.code for _, row in rows] == ["row_too_long", "row_too_long"]


@pytest.mark.parametrize("content", [b"", b"  \r\n\n", b"\xef\xbb\xbf\n", b"\x00\x00"])
def test_empty_files_are_refused(write: Write, content: bytes) -> None:
    assert refusal(write(content))[0] == "file_empty"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%PDF-1.7\n...", "x.csv"),
        (b"\x89PNG\r\n\x1a\n", "x.png"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "x.xls"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "x.xml"),
        (bytes(range(1, 256)) * 20, "x.bin"),
        (b'{\n "records": []\n}', "x.json"),
        (b"FN:Somebody", "x.vcf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000), "x.doc"),
        (b"[1]\n", "x.jsonl"),
    ],
)
def test_what_is_no_table_is_refused(write: Write, content: bytes, name: str) -> None:
    assert refusal(write(content), name)[0] == "file_unknown"


def test_the_first_line_that_cannot_be_decoded_is_named(write: Write) -> None:
    path = write("名称,电话\n".encode() + "上海星辰,1\n".encode() * 20_000 + b"\xff\xfe,2\n")
    assert refusal(path) == ("file_encoding", {"encoding": "utf-8", "line": 20_002})
    wide = write("a,b\n1,2\n3,".encode("utf-16") + b"\x00\xd8\x00\xd8")
    assert refusal(wide) == ("file_encoding", {"encoding": "utf-16", "line": 3})


def test_too_many_rows_and_columns(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(write(",".join(f"c{n}" for n in range(501)) + "\n1\n")) == (
        "file_columns",
        {"limit": 500, "count": 501},
    )
    monkeypatch.setattr(reading, "MAX_ROWS", 3)
    assert refusal(write("a\nx\ny\nz\nw\n")) == ("file_rows", {"limit": 3})


def test_json_lines(write: Write) -> None:
    lines = (
        '{"name": "A", "address": {"city": "Wien"}, "tags": ["x", "y"], "amount": 1.10, "ok": true}',
        "",
        '{"emails": [{"address": "a@x.at"}, {"address": "b@x.at"}], "name": null}',
        "[1]",
        "{broken",
        '{"a": 1, "a": 2}',
        '{"a.b": 1, "a": {"b": 2}}',
        '{"n": NaN}',
        '{"d": ' + "[" * 5_000 + "]" * 5_000 + "}",
    )
    path = write("\n".join(lines))
    names, rows = taken(path, "x.jsonl")
    assert names == ["name", "address.city", "tags", "amount", "ok", "emails.1.address", "emails.2.address"]
    assert rows[:2] == [
        (1, ["A", "Wien", "x,y", Decimal("1.10"), True, None, None]),
        (3, [None, None, None, None, None, "a@x.at", "b@x.at"]),
    ]
    assert [(number, row.code) for number, row in rows if isinstance(row, WrongRow)] == [
        (4, "row_not_object"),
        *((number, "row_not_json") for number in (5, 6, 7, 8, 9)),
    ]
    assert tables.recognise(path, "whatever").format == Format.JSONL


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trouble_of_a_row_has_its_text(language: str) -> None:
    assert "4" in say_in(language, "error.row_too_long", count=4, columns=3)
    assert "#N/A" in say_in(language, "error.cell_error", error="#N/A")
    assert say_in(language, "error.row_not_json") != say_in(language, "error.row_not_object")


def test_memory_does_not_grow_with_the_file(write: Write) -> None:
    path = write("name,note\n" + "Somebody,Something that was said at length\n" * 20_000)
    found = tables.recognise(path, "x.csv")
    tracemalloc.start()
    try:
        assert sum(1 for _ in tables.rows(path, found)) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_content_is_a_fault_of_ours(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any"
    for head in (
        b"",
        b"a,b\n",
        b"BEGIN:VCARD\n",
        b'{"a": 1}\n',
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1Book",
    ):
        path.write_bytes(head + content)
        try:
            names, rows = tables.table(path, tables.recognise(path, "any"))
        except UnreadableError:
            continue
        try:
            for _, row in islice(rows, 100):
                assert isinstance(row, WrongRow) or len(row) == len(names)
        except UnreadableError:
            continue


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12), min_size=2, max_size=2),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_comes_back(tmp_path: Path, cells: list[list[str]]) -> None:
    path = tmp_path / "written"
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in cells]
    path.write_text("name,note\n" + "".join(",".join(row) + "\r\n" for row in quoted), "utf-8", newline="")
    found = Reading(Format.CSV, "utf-8", ",", '"')
    expected = [row for row in cells if any(cell.strip() for cell in row)]
    assert [row for _, row in tables.rows(path, found)] == expected


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "A", "n": 1}, {"name": "B"}]',
        '{"records": [{"name": "A", "n": 1}, {"name": "B"}]}',
        '{\n  "records": [\n    {\n      "name": "A",\n      "n": 1\n    },\n    {"name": "B"}\n  ],\n  "all": 2\n}\n',
        '[\n{"name": "A",\n"n": 1},\n{"name": "B"}]',
    ],
)
def test_a_json_document_is_a_table_where_it_is_one_list(text: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    reading = tables.recognise(path, path.name)
    names, rows = tables.table(path, reading)
    assert (names, list(rows)) == (["name", "n"], [(1, ["A", 1]), (2, ["B", None])])


@pytest.mark.parametrize(
    "text", ['{\n"a": [{"x": 1}],\n"b": [{"y": 2}]\n}', "[\n1, 2\n]", "{\n", '{\n"a": 1\n}', '[{"a": NaN}\n]']
)
def test_other_json_documents_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(UnreadableError) as refused:
        tables.table(path, tables.recognise(path, path.name))
    assert refused.value.code == "file_unknown"

"""Spreadsheets: what a person sees in the sheet."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from app.importing import tables
from app.importing.tables import Format, Reading, UnreadableError, WrongRow

MOMENT = datetime(2026, 3, 4, 5, 6, 7)  # noqa: DTZ001
Made = Callable[[Any], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sheet"


def make(path: Path, *fills: Made) -> None:
    """An XLSX with a sheet for each function that fills one."""
    with xlsxwriter.Workbook(str(path)) as book:
        for fill in fills:
            fill(book)


def filled(*rows: list[Any], name: str = "List", at: tuple[int, int] = (0, 0), hidden: bool = False) -> Made:
    """A function that adds a sheet with these rows."""

    def fill(book: Any) -> None:
        sheet = book.add_worksheet(name)
        if hidden:
            sheet.hide()
        else:
            sheet.activate()
        for down, cells in enumerate(rows):
            sheet.write_row(at[0] + down, at[1], cells)

    return fill


def refusal(path: Path, name: str = "x.xlsx") -> str:
    with pytest.raises(UnreadableError) as caught:
        list(tables.rows(path, tables.recognise(path, name)))
    return caught.value.code


def test_values_are_what_was_typed(path: Path) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("客户")
        sheet.write_row(
            0, 0, ["手机", "数量", "单价", "合计", "日期", "时刻", "点", "长", "是", "年月日", "公式", "文"]
        )
        formats = {
            name: book.add_format({"num_format": code})
            for name, code in {
                "day": "yyyy-mm-dd",
                "moment": "yyyy-mm-dd hh:mm",
                "clock": "hh:mm",
                "long": "[h]:mm:ss",
                "chinese": 'yyyy"年"m"月"d"日"',
                "money": "[$¥-804]#,##0.00",
            }.items()
        }
        sheet.write_number(1, 0, 13800138000)
        sheet.write_number(1, 1, 1.0)
        sheet.write_number(1, 2, 1234.5, formats["money"])
        sheet.write_number(1, 3, 0.1 + 0.2)
        sheet.write_datetime(1, 4, date(2026, 3, 4), formats["day"])
        sheet.write_datetime(1, 5, MOMENT, formats["moment"])
        sheet.write_datetime(1, 6, time(5, 6), formats["clock"])
        sheet.write_number(1, 7, 1.5, formats["long"])
        sheet.write_boolean(1, 8, True)
        sheet.write_number(1, 9, 46085, formats["chinese"])
        sheet.write_formula(1, 10, '="x"&1', None, "x1")
        sheet.write_string(1, 11, "=1+1")

    make(path, fill)
    found = tables.recognise(path, "客户.xlsx")
    assert found == Reading(Format.XLSX, sheet="客户")
    (number, row) = next(tables.rows(path, found))
    assert number == 2
    assert row == [
        *(13800138000, 1, Decimal("1234.5"), Decimal("0.3"), date(2026, 3, 4), MOMENT),
        *("05:06:00", "36:00:00", True, date(2026, 3, 4), "x1", "=1+1"),
    ]
    assert isinstance(row, list)
    assert [type(cell) for cell in row[:2]] == [int, int]


def test_errors_of_formulas_are_told_with_their_columns(path: Path) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet('A & <B> "C"')
        sheet.activate()
        sheet.write_row(0, 0, ["name", "amount", "owner"])
        sheet.write_row(1, 0, ["a", 1, "x"])
        sheet.write(2, 0, "b")
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        sheet.write_formula(2, 2, "=NA()", None, "#N/A")

    make(path, filled(["nothing", "here"], name="Hidden", hidden=True), fill)
    assert list(tables.rows(path, tables.recognise(path, "x.xlsx"))) == [
        (2, ["a", 1, "x"]),
        (3, WrongRow("cell_error", {"error": "#DIV/0!"}, ["b", None, None], (1, 2))),
    ]


def test_the_first_visible_sheet_with_something_on_it(path: Path) -> None:
    make(
        path,
        filled(["secret"], name="Hidden", hidden=True),
        filled(name="Empty"),
        filled(["name", "price"], ["x", 1], name="A & B"),
        filled(["name"], ["y"], name="More"),
    )
    found = tables.recognise(path, "x.xlsx")
    assert found.sheet == "A & B"
    assert tables.sheets(path, found) == ["Empty", "A & B", "More"]
    assert list(tables.rows(path, Reading(Format.XLSX, sheet="More"))) == [(2, ["y"])]
    for missing in ("Hidden", "None"):
        with pytest.raises(UnreadableError) as caught:
            tables.headings(path, Reading(Format.XLSX, sheet=missing))
        assert (caught.value.code, caught.value.params) == ("file_sheet", {"sheet": missing})
    with pytest.raises(UnreadableError, match="file_empty"):
        tables.headings(path, Reading(Format.XLSX, sheet="Empty"))


def test_a_table_that_begins_further_down_and_to_the_right(path: Path) -> None:
    make(path, filled(["客户名单"], [], ["名称", "电话", None, "备注"], ["A", 1], [], ["B", 2, 3, 4], at=(1, 1)))
    found = tables.recognise(path, "x.xlsx")
    assert found.first_row == 4
    assert tables.headings(path, found) == ["Column A", "名称", "电话", "Column D", "备注"]
    assert list(tables.rows(path, found)) == [(5, [None, "A", 1, None, None]), (7, [None, "B", 2, 3, 4])]


def test_what_is_merged_downwards_stands_in_each_row(path: Path) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "客户名单")
        sheet.write_row(1, 0, ["客户", "联系人", "电话"])
        sheet.merge_range(2, 0, 4, 0, "甲公司")
        sheet.write_column(2, 1, ["张三", "李四", "王五"])
        sheet.write_row(5, 0, ["乙公司", "赵六", "1"])
        sheet.merge_range(6, 0, 6, 1, "丙公司")

    make(path, fill)
    found = tables.recognise(path, "x.xlsx")
    assert found.first_row == 2
    assert list(tables.rows(path, found)) == [
        (3, ["甲公司", "张三", None]),
        (4, ["甲公司", "李四", None]),
        (5, ["甲公司", "王五", None]),
        (6, ["乙公司", "赵六", "1"]),
        (7, ["丙公司", None, None]),
    ]


def test_a_sheet_without_headings(path: Path) -> None:
    make(path, filled(["张三", 13800138000], ["李四", 13900139000]))
    found = tables.recognise(path, "x.xlsx")
    assert not found.has_header
    assert tables.headings(path, found) == ["Column A", "Column B"]
    assert [number for number, _ in tables.rows(path, found)] == [1, 2]


def test_empty_and_damaged_files(path: Path, tmp_path: Path) -> None:
    make(path, filled())
    assert refusal(path) == "file_empty"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(path) == "file_damaged"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    assert refusal(path) == "file_damaged"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert refusal(path, "x.docx") == "file_unknown"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le") + bytes(600))
    assert refusal(path, "x.xls") == "file_damaged"


def test_files_with_a_password(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"))
    assert refusal(path) == "file_encrypted"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
        archive.writestr("content.xml", "?")
    assert refusal(path, "x.ods") == "file_encrypted"


def test_a_file_that_unpacks_to_too_much(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (20 << 20))
    assert refusal(path) == "file_too_large"
    lying = path.read_bytes().replace((20 << 20).to_bytes(4, "little"), (20).to_bytes(4, "little"))
    path.write_bytes(lying)
    assert refusal(path) == "file_damaged"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_001):
            archive.writestr(str(number), b"")
    assert refusal(path) == "file_too_large"


@pytest.mark.parametrize("far", [(1_048_575, 100), (1, 16_383)])
def test_a_cell_far_out_does_not_take_all_memory(path: Path, far: tuple[int, int]) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "name")
        sheet.write(*far, "here")

    make(path, fill)
    assert refusal(path) == "file_too_large"


CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body><office:spreadsheet>
<table:table table:name="表1">
<table:table-row><table:table-cell office:value-type="string"><text:p>手机</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>日期</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>备注</text:p></table:table-cell></table:table-row>
<table:table-row>
<table:table-cell office:value-type="float" office:value="13800138000"><text:p>1.38E+10</text:p></table:table-cell>
<table:table-cell office:value-type="date" office:date-value="2026-03-04"><text:p>04.03.26</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>一</text:p><text:p>二</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/>
</table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def test_open_document(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", CONTENT.replace("\n", ""))
    found = tables.recognise(path, "x.ods")
    assert found == Reading(Format.ODS, sheet="表1")
    assert tables.table(path, found)[0] == ["手机", "日期", "备注"]
    assert list(tables.rows(path, found)) == [(2, [13800138000, date(2026, 3, 4), "一\n二"])]

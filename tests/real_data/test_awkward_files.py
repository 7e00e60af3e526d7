"""Awkward CSV and sheets through the upload door: previewed and imported as they are meant, or refused in words."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from ..cast import Cast, Member
from ..conftest import FIXTURES
from ..importing.sending import change, counts, refusal, result, send, upload

pytestmark = pytest.mark.real_data

SPECTRUM = FIXTURES / "csv_spectrum"
CSVKIT = FIXTURES / "csvkit_examples"

SECONDS = 2.0
"""So much of the processor may an upload take; what others do on the machine does not count."""

TABLES = {
    "bad.csv": (3, 3),
    "bad_skip_lines.csv": (3, 3),
    "blanks.csv": (6, 1),
    "blanks_converted.csv": (6, 0),
    "date_like_number.csv": (1, 1),
    "dummy.csv": (3, 1),
    "dummy.tsv": (3, 1),
    "dummy.xls": (3, 1),
    "dummy.xlsx": (3, 1),
    "dummy2.csv": (3, 1),
    "dummy3.csv": (3, 2),
    "dummy_col_shuffled.csv": (3, 1),
    "dummy_col_shuffled_ragged.csv": (4, 1),
    "foo1.csv": (3, 2),
    "foo2.csv": (3, 2),
    "join_a.csv": (3, 3),
    "join_a_short.csv": (3, 3),
    "join_b.csv": (3, 3),
    "join_no_header_row.csv": (3, 3),
    "join_short.csv": (5, 2),
    "mac_newlines.csv": (3, 2),
    "no_header_row.csv": (3, 1),
    "no_header_row2.csv": (3, 1),
    "no_header_row3.csv": (3, 2),
    "null_byte.csv": (3, 1),
    "optional_quote_characters.csv": (3, 1),
    "sheets.xls": (8, 5),
    "sheets.xlsx": (8, 5),
    "sheetsxls_converted.csv": (9, 5),
    "sheetsxlsx_converted.csv": (9, 5),
    "sniff_limit.csv": (3, 1),
    "sort_ints_nulls.csv": (3, 3),
    "test.xls": (8, 5),
    "test.xlsx": (8, 5),
    "test_date_format.csv": (1, 2),
    "test_date_format_converted.csv": (1, 2),
    "test_empty_columns.csv": (5, 2),
    "test_empty_columns_long_row.csv": (3, 0),
    "test_empty_columns_short_row.csv": (3, 0),
    "test_extra_header.csv": (4, 1),
    "test_header_newline.csv": (3, 1),
    "test_ignore_case.csv": (3, 5),
    "test_join_short_rows.csv": (3, 3),
    "test_latin1.csv": (3, 2),
    "test_literal_order.csv": (2, 3),
    "test_locale.csv": (3, 1),
    "test_locale_converted.csv": (3, 1),
    "test_no_leading_zeroes.csv": (3, 1),
    "test_numeric_date_format.csv": (1, 2),
    "test_precision.csv": (1, 1),
    "test_skip_lines.csv": (3, 1),
    "test_skip_lines.xls": (8, 5),
    "test_skip_lines.xlsx": (8, 5),
    "test_utf16_big.csv": (3, 2),
    "test_utf16_little.csv": (3, 2),
    "test_utf8.csv": (3, 2),
    "test_utf8_bom.csv": (3, 2),
    "testfixed_converted.csv": (8, 4),
    "testfixed_schema.csv": (3, 8),
    "testfixed_schema_no_inference.csv": (3, 3),
    "testjson_converted.csv": (7, 5),
    "testjson_multiline_converted.csv": (3, 2),
    "testjson_nested_converted.csv": (7, 2),
    "testxls_converted.csv": (8, 5),
    "testxls_unicode_converted.csv": (3, 1),
    "testxlsx_converted.csv": (8, 5),
    "testxlsx_noinference_converted.csv": (8, 5),
    "testxlsx_unicode_converted.csv": (3, 1),
}
"""Columns, and rows in which something stands."""

REFUSED = {"empty.csv": (422, "file_empty")}

NO_HEADINGS = {"no_header_row.csv", "no_header_row2.csv", "no_header_row3.csv"}
OTHERWISE = {
    "dummy.tsv": {"delimiter": "\t"},
    "sniff_limit.csv": {"delimiter": ";"},
    "test_utf16_big.csv": {"encoding": "utf-16"},
    "test_utf16_little.csv": {"encoding": "utf-16"},
    "test_latin1.csv": {"encoding": "latin-1"},
}


def timed(who: Member, path: Path, language: str) -> Any:
    """The answer to an upload, which takes no more of the processor than it may."""
    started = time.process_time()
    answer = send(who, "customers", path, language=language)
    assert time.process_time() - started < SECONDS, path.name
    return answer


def as_other_programs_read(path: Path) -> list[list[str]]:
    """The rows of a CSV below its headings in which something stands."""
    said = OTHERWISE.get(path.name, {})
    text = path.read_bytes().decode(said.get("encoding", "utf-8-sig"))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=said.get("delimiter", ","))
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    return filled[path.name not in NO_HEADINGS :]


# ---- csv_spectrum ----------------------------------------------------------------------------------------------------

BECOME = {
    "comma_in_quotes": {
        "first": "name",
        "last": "short_name",
        "address": "address.street",
        "city": "description",
        "zip": "address.postal_code",
    },
    "empty": {"a": "name", "b": "description", "c": "short_name"},
    "escaped_quotes": {"a": "name", "b": "description"},
    "json": {"key": "name", "val": "description"},
    "location_coordinates": {
        "Contact Phone Number": "phone",
        "Location Coordinates": "description",
        "Cities": "address.city",
        "Counties": "name",
    },
    "newlines": {"a": "description", "b": "name", "c": "short_name"},
    "quotes_and_newlines": {"a": "name", "b": "description"},
    "simple": {"a": "name", "b": "description", "c": "short_name"},
    "utf8": {"a": "name", "b": "description", "c": "short_name"},
}
"""Which fields of a customer the columns of each file become."""


def expected_of(stem: str) -> list[dict[str, str]]:
    found = json.loads((SPECTRUM / "json" / f"{stem}.json").read_text("utf-8"))
    if stem == "location_coordinates":
        # Its expectation is an object by itself, with another telephone number.
        return [found | {"Contact Phone Number": "2095257564"}]
    return list(found)


@pytest.mark.parametrize(
    "stem",
    sorted([*BECOME, "empty_crlf", "newlines_crlf", "simple_crlf"]),
)
def test_awkward_csv_is_shown_and_imported_as_its_json_says(cast: Cast, stem: str) -> None:
    path = SPECTRUM / "csvs" / f"{stem}.csv"
    content = path.read_bytes()
    if stem.endswith("_crlf"):
        # Some copies of these files have lost the line ends that they are named after.
        content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    expected = expected_of(stem)
    chosen = upload(cast.root, "customers", content, path.name)
    headings = [column["heading"] for column in chosen["columns"]]
    assert headings == list(expected[0])
    shown = [dict(zip(headings, row["cells"], strict=True)) for row in chosen["preview"]]
    assert shown == expected
    for column in chosen["columns"]:
        assert column["samples"] == [row[column["heading"]] for row in expected if row[column["heading"]]]
    fields = BECOME[stem.removesuffix("_crlf")]
    chosen = change(cast.root, chosen, fields=fields, options={"existing": "create"})
    assert counts(result(cast.root, chosen, "check")) == {"new": len(expected)}
    assert counts(result(cast.root, chosen, "commit")) == {"new": len(expected)}
    rows = cast.root.get("/customers?sort=id").get_json()["data"]
    flat = [row | {f"address.{part}": text for part, text in (row["address"] or {}).items()} for row in rows]
    imported = [{heading: row[field] or "" for heading, field in fields.items()} for row in flat]
    # Every line end of a text is stored as one.
    assert imported == [{name: text.replace("\r\n", "\n") for name, text in row.items()} for row in expected]


# ---- csvkit ----------------------------------------------------------------------------------------------------------


def test_every_file_of_csvkit_has_its_expectation() -> None:
    assert {path.name for path in CSVKIT.iterdir()} == {*TABLES, *REFUSED}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_file_is_previewed_in_less_than_two_seconds(cast: Cast, name: str) -> None:
    path = CSVKIT / name
    answer = timed(cast.root, path, "en")
    assert answer.status_code == 201, answer.get_data(as_text=True)
    chosen = answer.get_json()
    width, count = TABLES[name]
    assert len(chosen["columns"]) == width
    assert len({column["heading"] for column in chosen["columns"]}) == width
    assert len(chosen["preview"]) == min(count, 8)
    assert timed(cast.root, path, "zh-CN").get_json()["preview"] == chosen["preview"]
    if path.suffix not in (".xls", ".xlsx"):
        shown = [[cell or "" for cell in row["cells"]] for row in chosen["preview"]]
        # No page has a sign for a NUL.
        rows = [[cell.replace("\x00", "\ufffd") for cell in row] for row in as_other_programs_read(path)[:8]]
        padded = [row + [""] * (width - len(row)) for row in rows]
        assert shown == padded


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_file_is_refused_in_words_in_less_than_two_seconds(cast: Cast, name: str) -> None:
    timed(cast.root, CSVKIT / name, "en")
    assert refusal(cast.root, CSVKIT / name) == REFUSED[name]


@pytest.mark.parametrize("name", ["dummy", "sheets", "test", "test_skip_lines"])
def test_old_and_new_sheets_are_previewed_alike(cast: Cast, name: str) -> None:
    old, new = (upload(cast.root, "customers", CSVKIT / f"{name}.{kind}") for kind in ("xls", "xlsx"))
    assert old["preview"] == new["preview"]
    if name == "dummy":
        assert new["preview"] == [{"row": 2, "cells": ["1", "2", "3"]}]
    else:
        assert new["preview"][0]["cells"] == [
            *("Chicago Reader", "1971-01-01", "40", "True", "1", "1971-01-01 04:14:00", None, None)
        ]
        assert new["preview"][-1]["cells"] == ["Unicode! Σ", *[None] * 7]


def test_a_row_that_is_too_long_is_told_with_its_line(cast: Cast) -> None:
    chosen = upload(cast.root, "customers", CSVKIT / "bad_skip_lines.csv")
    chosen = change(cast.root, chosen, fields={"column_a": "short_name", "column_b": "name", "column_c": "description"})
    found = result(cast.root, chosen, "commit")
    assert counts(found) == {"new": 2, "wrong": 1}
    (row,) = found["rows"]
    assert (row["row"], row["errors"][0]["code"]) == (5, "row_too_long")
    assert row["cells"] == ["1", "27", "", "I'm too long!"]


def test_a_nul_is_refused_with_its_row_and_nothing_else_is(cast: Cast) -> None:
    chosen = upload(cast.root, "customers", CSVKIT / "null_byte.csv")
    chosen = change(cast.root, chosen, fields={"a": "description", "b": "name"})
    found = result(cast.root, chosen, "check")
    assert counts(found) == {"wrong": 1}
    assert [error["code"] for error in found["rows"][0]["errors"]] == ["control_characters"]
    chosen = change(cast.root, chosen, fields={"a": None})
    assert counts(result(cast.root, chosen, "commit")) == {"new": 1}


@pytest.mark.parametrize("name", ["test.xls", "test.xlsx", "dummy.xls", "dummy.xlsx"])
def test_a_part_of_a_workbook_is_refused_and_never_taken_for_the_whole(cast: Cast, name: str) -> None:
    whole = (CSVKIT / name).read_bytes()
    for share in (10, 50, 90):
        assert refusal(cast.root, whole[: len(whole) * share // 100], name) == (422, "file_damaged")

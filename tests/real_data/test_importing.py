"""Files that other programs wrote: read as their authors expect, or refused in words, and quickly."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.importing import dates, headings, numbers, tables
from app.importing.tables import Cell, Reading, UnreadableError, WrongRow
from app.messages import LANGUAGES, say_in

from ..conftest import FIXTURES

pytestmark = pytest.mark.real_data

SPECTRUM = FIXTURES / "csv_spectrum"
CSVKIT = FIXTURES / "csvkit_examples"
SALESFORCE = FIXTURES / "salesforce_dataloader" / "test" / "resources" / "testfiles" / "data"
CARDS = FIXTURES / "vcard_ez" / "io" / "text"


def files(folder: Path, pattern: str = "*") -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def table(path: Path) -> tuple[Reading, list[str], list[tuple[int, Any]]]:
    reading = tables.recognise(path, path.name)
    names, rows = tables.table(path, reading)
    return reading, names, list(rows)


def records(path: Path) -> list[dict[str, Cell]]:
    """The rows as objects; none may be wrong."""
    _, names, rows = table(path)
    assert not [row for _, row in rows if isinstance(row, WrongRow)]
    return [dict(zip(names, row, strict=True)) for _, row in rows]


@pytest.mark.parametrize("path", files(SPECTRUM / "csvs"), ids=lambda path: path.stem)
def test_awkward_csv_reads_as_expected(path: Path, tmp_path: Path) -> None:
    if path.stem.endswith("_crlf"):
        # Some copies of these files have lost the line ends that they are named after.
        whole = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        path = tmp_path / path.name
        path.write_bytes(whole)
    expected = json.loads((SPECTRUM / "json" / f"{path.stem}.json").read_text("utf-8"))
    found = records(path)
    if path.stem == "location_coordinates":
        # Its expectation is an object by itself, with another telephone number.
        expected = [expected | {"Contact Phone Number": "2095257564"}]
    assert found == expected


def previewed(path: Path) -> Iterator[str]:
    """What a person sees of a file: the code of its refusal, or codes of the rows that are wrong."""
    try:
        _, names, rows = table(path)
    except UnreadableError as refused:
        yield refused.code
        # A text that lacks raises a KeyError.
        yield from (refused.code for language in LANGUAGES if not say_in(language, f"error.{refused.code}"))
        return
    assert names
    assert len(set(names)) == len(names)
    for _, row in rows:
        if isinstance(row, WrongRow):
            yield row.code
        else:
            assert len(row) == len(names)


@pytest.mark.parametrize("path", files(CSVKIT), ids=lambda path: path.name)
def test_every_file_is_previewed_or_refused_in_words(path: Path) -> None:
    started = time.monotonic()
    told = set(previewed(path))
    assert time.monotonic() - started < 2
    expected = {"empty.csv": {"file_empty"}, "bad.csv": {"row_too_long"}, "bad_skip_lines.csv": {"row_too_long"}}
    assert told == expected.get(path.name, set())


@pytest.mark.parametrize("name", ["sheets", "test", "test_skip_lines", "dummy"])
def test_old_and_new_sheets_say_the_same(name: str) -> None:
    assert records(CSVKIT / f"{name}.xls") == records(CSVKIT / f"{name}.xlsx")


def test_lines_are_those_that_an_editor_counts() -> None:
    assert [number for number, _ in table(CSVKIT / "test_skip_lines.csv")[2]] == [5]
    assert [number for number, _ in table(CSVKIT / "mac_newlines.csv")[2]] == [2, 3]
    assert [number for number, _ in table(CSVKIT / "test_skip_lines.xls")[2]][:1] == [5]


@pytest.mark.parametrize(
    ("name", "encoding", "last"),
    [
        ("test_utf8.csv", "utf-8", "ʤ"),
        ("test_utf8_bom.csv", "utf-8", "ʤ"),
        ("test_utf16_big.csv", "utf-16", "ʤ"),
        ("test_utf16_little.csv", "utf-16", "ʤ"),
        ("test_latin1.csv", "cp1252", "©"),
    ],
)
def test_encodings(name: str, encoding: str, last: str) -> None:
    reading, _, rows = table(CSVKIT / name)
    assert reading.encoding == encoding
    assert rows[-1][1] == ["4", "5", last]


def test_exports_of_a_data_loader() -> None:
    expected = records(SALESFORCE / "csvtext.csv")
    assert len(expected) == 2
    for name in ("csvtext_BOM_UTF8", "csvtext_BOM_UTF16BE", "csvtext_BOM_UTF16LE"):
        assert records(SALESFORCE / f"{name}.csv") == expected
    # The marks of these two are not those of their encoding.
    for name in ("csvtext_BOM_UTF32BE", "csvtext_BOM_UTF32LE"):
        assert list(previewed(SALESFORCE / f"{name}.csv")) == ["file_unknown"]
    assert records(SALESFORCE / "csvEscapedQuotes.csv")[0]["column1"] == '"The Best" Account'


def test_all_other_tables_are_read_without_a_wrong_row() -> None:
    for folder in ("hubspot_seeds", "maventech", "cn_orgs", "cn_divisions", "dedupe_febrl", "phone_libphonenumber"):
        for path in files(FIXTURES / folder, "*.csv"):
            assert list(previewed(path)) == [], path


def test_columns_of_a_hardware_seller_and_of_chinese_organisations() -> None:
    known = {"name", "industry", "phone", "website", "email", "annual_revenue", "employee_count", "parent"}
    names = table(FIXTURES / "cn_orgs" / "cn_orgs_utf8.csv")[1]
    assert headings.recognise_columns("customers", names, known) == ["name", "industry", "phone", "website", "email"]
    _, names, rows = table(FIXTURES / "maventech" / "accounts.csv")
    found = headings.recognise_columns("customers", names, known)
    assert found == ["name", "industry", None, "annual_revenue", "employee_count", None, "parent"]
    revenue = numbers.infer(row[found.index("annual_revenue")] for _, row in rows)
    assert revenue.styles == ("point",)
    _, names, rows = table(FIXTURES / "maventech" / "sales_pipeline_sample913.csv")
    assert len(rows) == 913
    for column in ("engage_date", "close_date"):
        assert dates.infer(row[names.index(column)] for _, row in rows).formats == ("ymd",)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-le", "utf-8-sig"])
def test_chinese_organisations_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    source = FIXTURES / "cn_orgs" / "cn_orgs_utf8.csv"
    path = tmp_path / "orgs.csv"
    path.write_bytes(source.read_text("utf-8-sig").encode(encoding))
    assert records(path) == records(source)


def test_short_lists_of_chinese_names_are_told_apart_from_other_encodings(tmp_path: Path) -> None:
    names = (FIXTURES / "cn_companies" / "cn_company_short_20k.txt").read_text("utf-8").split()
    path, wrong = tmp_path / "names.csv", 0
    for start in range(0, 2_000, 10):
        path.write_bytes("\n".join(names[start : start + 10]).encode("gb18030"))
        wrong += tables.recognise(path, "names.csv").encoding not in ("gb18030", "utf-8")
    assert wrong == 0


def test_cards_keep_names_organisations_ways_and_addresses() -> None:
    """Every value that a card has for these is found in its row again."""
    keeps = {
        "FN": ("name",),
        "ORG": ("company", "department"),
        "TEL": ("phone",),
        "EMAIL": ("email",),
        "ADR": ("address",),
    }
    count = 0
    for path in files(CARDS, "*.vcf"):
        rows = records(path)
        text = path.read_text("utf-8").replace("\r\n", "\n").replace("\n ", "")
        cards = text.upper().count("BEGIN:VCARD")
        assert len(rows) == cards
        held = ["\n".join(str(cell) for cell in row.values() if cell is not None) for row in rows]
        everything = "\n".join(held)
        for line in text.splitlines():
            head, _, value = line.partition(":")
            if head.split(";")[0].split(".")[-1].upper() in keeps and "QUOTED" not in head:
                for part in value.removeprefix("tel:").split(";"):
                    plain = part.replace("\\n", ", ").replace("\\", "").replace("ext=", "").strip()
                    assert plain in everything, (path.name, plain)
                    count += 1
    assert count > 100


def test_cards_by_value() -> None:
    [card] = records(CARDS / "outlook-2003.vcf")
    assert card["company"] == "Company, The"
    assert card["description"] == "This is the note field!!\nSecond line\n\nThird line is empty"
    assert (card["phone_mobile"], card["phone_fax"]) == ("MobilePhone", "BusinessFaxPhone")
    [card] = records(CARDS / "rfc6350-example.vcf")
    assert card["phone_work"] == "+1-418-656-9254 ext. 102"
    assert card["birthday_without_year"] == "Birthday: 02-03"
    for name in ("John_Doe_BLACK_BERRY.vcf", "John_Doe_MS_OUTLOOK.vcf"):
        [card] = records(CARDS / name)
        assert str(card["photo"]).startswith("data:image/jpeg;base64,/9j/")
    [card] = records(CARDS / "gmail-single2.vcf")
    assert len(str(card["phone_other"]).splitlines()) == 6
    assert len(str(card["other_addresses"]).splitlines()) == 4
    [card] = records(FIXTURES / "vcard_pyvobject" / "vcard_with_groups.ics")
    assert card["description"] == "The Mayor of the great city of Goerlitz in the great country of Germany.\nNext line."

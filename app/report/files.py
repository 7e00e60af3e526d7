"""A report as a file: CSV and XLSX with the columns that the screen's table has, in the reader's language."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import xlsxwriter
from flask import Response

from ..formulas import harmless
from ..messages import catalogue, language, say
from .frame import Report

FILE_TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
"""What a report can be had as besides JSON, by the value of `format`."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def table(report: Report, answer: Mapping[str, Any]) -> list[list[Any]]:
    """Heading, rows and totals; decimals as `Decimal`, texts as they are."""
    columns = report.columns
    # The summary is one row by itself.
    found = [answer] if "rows" not in answer else [*answer["rows"], {"label": say("report.total"), **answer["totals"]}]
    rows = [[_cell(row, name) for name in columns] for row in found]
    return [[_heading(report, name) for name in columns], *rows]


def file_of(report: Report, answer: Mapping[str, Any], kind: str) -> Response:
    """The answer of a report as a download."""
    rows = table(report, answer)
    made = Response(_xlsx(rows) if kind == "xlsx" else _csv(rows), mimetype=FILE_TYPES[kind])
    day = answer.get("meta", answer)["as_of"].date().isoformat()
    made.headers["Content-Disposition"] = f'attachment; filename="{report.name}-{day}.{kind}"'
    made.headers["Cache-Control"] = "no-store"
    return made


def _heading(report: Report, column: str) -> str:
    own = f"report.{report.name}.column.{column}"
    return say(own if own in catalogue(language()) else f"report.column.{column}")


def _cell(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column; `kind_counts.call` is the part of a figure that has several."""
    value: Any = row
    for part in column.split("."):
        value = None if value is None else value.get(part)
    # Amounts are texts on the wire; numbers that begin with a minus are no formulas.
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return value


def _csv(rows: list[list[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([harmless(value) if isinstance(value, str) else value for value in row])
    # The mark tells spreadsheets that it is UTF-8.
    return ("\ufeff" + out.getvalue()).encode()


def _xlsx(rows: list[list[Any]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        money = book.add_format({"num_format": "#,##0.00"})
        for number, row in enumerate(rows):
            style = bold if number in (0, len(rows) - 1) else None
            for column, value in enumerate(row):
                if isinstance(value, Decimal):
                    sheet.write_number(number, column, value, style or money)
                elif isinstance(value, str):
                    sheet.write_string(number, column, value, style)
                elif value is not None:
                    sheet.write_number(number, column, value, style)
        sheet.freeze_panes(1, 1)
        sheet.autofit()
    return out.getvalue()

"""From a row of cells to the values of a record, by what the columns mean; every fault of a row is told at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from . import dates, numbers
from .fields import IN_ITEMS, Field, Kind
from .reading import Cell
from .references import References

_YES = frozenset({"1", "true", "yes", "y", "x", "on", "是", "有", "对", "真", "✓", "√"})
_NO = frozenset({"0", "false", "no", "n", "off", "否", "无", "不", "假", "✗", "×", "-"})
SEPARATORS = ("、", "，", "；", ";", "|")
"""What parts the values of a cell, besides the comma."""

_LINKS_FIRST = ("customers", "users", "roles", "pipelines", "stages", "people", "deals", "products", "teams")
"""In this order, because a stage is looked for in its pipeline and a person at the customer."""
_GATHERED = frozenset({"email", "phone", "product"})
"""Fields of which a record has any number: several columns fill them, and several values of a cell."""
_BETWEEN = {"email": re.compile(r"[;；、|，,\s]+"), "phone": re.compile(r"[;；、|，,/]|或者?|\bor\b")}
"""What parts the addresses or numbers of a cell."""
FURTHER_PHONES = "further_phones"
"""The numbers of a cell behind the first, where the record has one only."""
_NUMBER_FROM = 7
"""So many digits make a number; fewer behind a mark are an extension, or the area's before one."""

_OF_TEAM = ("team_parent", "team_manager", "team_region")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell of a row."""

    field: str | None
    code: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column that becomes a field."""

    index: int
    field: Field
    format: str | None
    factor: Decimal = Decimal(1)


class RowReader:
    """Reads the rows of one import.

    Args:
        columns: those that mean something.
        references: resolves what texts name.
        zone: in which dates and times without a zone are meant.
        source: where external ids come from.
        is_own: whether the file is an export of our own, in which white space is a text too.
        parts_phones: whether of several numbers in a cell the first is the phone, where a record has one only.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        references: References,
        zone: str,
        source: str,
        *,
        is_own: bool = False,
        parts_phones: bool = False,
    ) -> None:
        self.is_own, self.parts_phones = is_own, parts_phones
        self.columns, self.references, self.zone, self.source = columns, references, zone, source
        order = {name: place for place, name in enumerate(_LINKS_FIRST)}
        links = [column for column in columns if column.field.kind is Kind.LINK]
        self._links = sorted(links, key=lambda column: order[column.field.links_to])
        self._plain = [column for column in columns if column.field.kind is not Kind.LINK]
        # A team is made with what the row says of it.
        self._last = [column for column in self._links if column.field.name == "team"]
        self._in_order = [*(one for one in self._links if one not in self._last), *self._plain, *self._last]

    def values(self, cells: Sequence[Cell]) -> tuple[dict[str, Any], list[Fault]]:
        """The values of a row as the API takes them; blank cells say nothing, but in files of our own."""
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for column in self._in_order:
            cell = cells[column.index]
            if cell is None or (isinstance(cell, str) and not cell.strip() and not self._is_told(column, cell)):
                continue
            try:
                several = self._several(column.field, cell)
                if column.field.name == "phone" and self.parts_phones:
                    first, *further = dict.fromkeys(several)
                    several = (first,)
                    if further:
                        values[FURTHER_PHONES] = further
                for part in several:
                    self._put(values, column, self._value(column, part, values))
            except _Unclear as unclear:
                faults.append(Fault(column.field.name, unclear.code, {"value": _text(cell)[:60]}))
        self._join(values)
        self._fill(values, cells)
        return values, faults

    def _is_told(self, column: Column, blank: str) -> bool:
        return self.is_own and (bool(blank) or column.field.kind is Kind.TEXT)

    def _several(self, field: Field, cell: Cell) -> Iterable[Cell]:
        """The values of a cell: what a record has any number of may stand there a line each, or one after the other."""
        if not isinstance(cell, str):
            return (cell,)
        if not _is_gathered(field) and not (field.name == "phone" and self.parts_phones):
            # More than one number is kept as it is typed where one signs in by it; an address like that is none.
            if field.name == "email" and len(_parts("email", cell)) > 1:
                raise _Unclear("several_emails")
            return (cell,)
        lines = [line.strip() for line in cell.splitlines() if line.strip()]
        return lines if self.is_own else [part for line in lines for part in _parts(field.name, line)]

    def _value(self, column: Column, cell: Cell, values: Mapping[str, Any]) -> Any:
        field = column.field
        if field.kind is Kind.TEXT:
            return _text(cell)
        if field.kind in (Kind.LINK, Kind.CHOICE, Kind.OPTION):
            return self._named(field, _text(cell).strip(), values)
        if field.kind is Kind.TEXTS:
            parts = [part.strip() for part in _split(_text(cell))]
            return [self._named(field, part, values) if field.option_list else part for part in parts if part]
        if field.kind is Kind.ITEMS:
            return self._items(_text(cell), values)
        if field.kind is Kind.FLAG:
            return _flag(cell)
        if field.kind in (Kind.DATE, Kind.INSTANT):
            return self._moment(column, cell)
        return _number(column, cell)

    def _named(self, field: Field, text: str, values: Mapping[str, Any]) -> Any:
        found, code = self.references.resolve(field, text, values)
        if code is not None:
            raise _Unclear(code)
        return found

    def _items(self, text: str, values: Mapping[str, Any]) -> Any:
        """Parts of a record as an export of our own has them: JSON in which names stand for ids."""
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _Unclear("wrong_type") from error
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            return found
        return [
            {
                IN_ITEMS[name].into if name in IN_ITEMS else name: self._named(IN_ITEMS[name], value.strip(), values)
                if name in IN_ITEMS and isinstance(value, str)
                else value
                for name, value in one.items()
            }
            for one in found
        ]

    def _moment(self, column: Column, cell: Cell) -> str:
        try:
            found = dates.read(cell, column.format or "")
        except ValueError as error:
            raise _Unclear("date" if column.format else "date_format") from error
        if found is None:
            raise _Unclear("date")
        if column.field.kind is Kind.DATE:
            return (found.date() if isinstance(found, datetime) else found).isoformat()
        if not isinstance(found, datetime):
            found = datetime.combine(found, time())
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(self.zone))).isoformat()

    def _put(self, values: dict[str, Any], column: Column, value: Any) -> None:
        into, field = column.field.into, column.field
        if "." in into:
            outer, inner = into.split(".", 1)
            part = values.setdefault(outer, {})
            part[inner] = _together(part.get(inner), value, ", ") if field.repeats else value
        elif _is_gathered(field):
            values.setdefault(f"all_{into}", []).append((value, column.format))
        elif field.repeats:
            values[into] = _together(values.get(into), value, "\n")
        elif into not in values:
            values[into] = value

    def _join(self, values: dict[str, Any]) -> None:
        """What stands in several columns and is one thing: names in parts, addresses and numbers, products."""
        first, last = values.pop("first_name", None), values.pop("last_name", None)
        if "name" not in values and (first or last):
            values["name"] = _joined(first, last)
        for single, plural, key in (("email", "emails", "address"), ("phone", "phones", "raw")):
            every = values.pop(f"all_{single}", None)
            if every and values.get(plural) is None:
                values[plural] = _entries(every, key)
                values[single] = next(one[key] for one in values[plural] if one["is_primary"])
        products = [product for product, _ in values.pop("all_product", ())]
        quantity, price = values.pop("quantity", None), values.pop("unit_price", None)
        for name in ("win_probability", "forecast_category"):
            if values.pop(f"{name}_is_manual", True) is False:
                values.pop(name, None)
        if values.get("amount_is_manual") is False:
            values.pop("amount", None)
        if products and values.get("lines") is None:
            said = (price or values.get("amount")) if len(products) == 1 else None
            values["lines"] = [
                {
                    "product_id": product,
                    "quantity": quantity or "1",
                    "unit_price": said or self.references.price_of(product),
                }
                for product in products
            ]
        self._put_into_team(values)
        if values.get("external_id"):
            values.setdefault("external_source", self.source)

    def _put_into_team(self, values: dict[str, Any]) -> None:
        """What a row says of the team of a person, whose team is that of the manager where it is not named."""
        team_id, manager_id = values.get("team_id"), values.get("team_manager")
        if team_id is None and manager_id is not None:
            team_id = self.references.team_of_manager(manager_id)
            if team_id is not None:
                values["team_id"] = team_id
        if team_id is not None:
            self.references.completed(team_id, values)
        for name in _OF_TEAM:
            values.pop(name, None)

    def _fill(self, values: dict[str, Any], cells: Sequence[Cell]) -> None:
        """What other systems say in their own way.

        One date stands for the expected and for the real close; a deal may be known by its customer and product only,
        a product by its name.
        """
        if "stage_id" in values and self.references.is_closed(values["stage_id"]) and "closed_on" not in values:
            expected = values.get("expected_close_on")
            if expected is not None:
                values["closed_on"] = expected
        if any(column.field.name == "price" for column in self.columns) and values.get("name"):
            values.setdefault("code", values["name"][:60])
        if "name" not in values and any(column.field.name == "product" for column in self.columns):
            named = {column.field.name: _text(cells[column.index]) for column in self._links if cells[column.index]}
            values["name"] = " - ".join(named[one] for one in ("customer", "product") if one in named)[:200]


class _Unclear(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _is_gathered(field: Field) -> bool:
    return field.repeats and field.into in _GATHERED


def _parts(name: str, text: str) -> Sequence[str]:
    """The addresses or numbers of a text: `a@x.com; b@x.com`; the whole where its parts are not each one of them."""
    between = _BETWEEN.get(name)
    parts = [part.strip() for part in between.split(text) if part.strip()] if between else []
    if name == "email":
        return parts if len(parts) > 1 and all(part.count("@") == 1 for part in parts) else (text,)
    found = parts if parts and all(map(_is_number, parts)) else [text]
    # Blanks stand within numbers, too: `138 0013 8000` is one, `13800138000 13900139000` are two.
    return [one for part in found for one in (part.split() if all(map(_is_number, part.split())) else [part])]


def _is_number(text: str) -> bool:
    return sum(map(str.isdigit, text)) >= _NUMBER_FROM


def _together(one: Any, more: Any, by: str) -> Any:
    """What several columns say of a field: lists one after the other, texts with a mark between them."""
    if one is None or more is None or one == more:
        return more if one is None else one
    if isinstance(one, list):
        return [*one, *(value for value in more if value not in one)]
    return f"{one}{by}{more}"


def _entries(every: Sequence[tuple[str, str | None]], key: str) -> list[dict[str, Any]]:
    """Addresses or numbers of a person with their kinds, each once; the first is the primary one, never a fax."""
    found: dict[str, dict[str, Any]] = {}
    for text, kind in every:
        entry = found.setdefault(text, {key: text})
        if kind is not None:
            entry.setdefault("kind", kind)
    entries = list(found.values())
    primary = next((one for one in entries if one.get("kind") != "fax"), entries[0])
    return [{**one, "is_primary": one is primary} for one in entries]


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (date, datetime)):
        return cell.isoformat()
    return str(cell)


def _split(text: str) -> Iterable[str]:
    if text.startswith("["):
        with suppress(ValueError, RecursionError):
            found = json.loads(text)
            if isinstance(found, list) and all(isinstance(one, str) for one in found):
                return found
    for mark in SEPARATORS:
        text = text.replace(mark, ",")
    return text.split(",")


def _flag(cell: Cell) -> bool:
    word = _text(cell).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise _Unclear("flag")


def _number(column: Column, cell: Cell) -> Any:
    kind = column.field.kind
    try:
        number = (numbers.read(cell, column.format or numbers.POINT) or 0) * column.factor
    except (ValueError, ArithmeticError) as error:
        raise _Unclear("number" if kind is Kind.WHOLE else "decimal") from error
    if kind is Kind.WHOLE:
        if number != int(number):
            raise _Unclear("number")
        return int(number)
    # A float of 0.37 has more than four decimal places.
    return number if kind is Kind.RATE else format(number, "f")


def _joined(first: str | None, last: str | None) -> str:
    """A name from its parts: the family name first and without a blank where it is written in Han characters."""
    parts = [part.strip() for part in (first, last) if part and part.strip()]
    if len(parts) == 2 and all("\u3400" <= one <= "\u9fff" for one in "".join(parts)):
        return parts[1] + parts[0]
    return " ".join(parts)

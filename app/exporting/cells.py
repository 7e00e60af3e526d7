"""From the values of records to cells: in the words of the API or of a reader's language, for a table or for JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, select

from ..customer.models import Option
from ..folding import fold
from ..importing.fields import Field, Kind
from ..importing.labels import choice_label, flag_label, label_of
from ..importing.rows import SEPARATORS
from .columns import Column, Named, Record

_PARTING = (",", *SEPARATORS)


@dataclass(frozen=True)
class Words:
    """How an export speaks.

    Attributes:
        resource: what is exported, as in the path.
        language: None for the stable names and values of the API.
        zone: in which moments are told where a language is spoken.
        options: labels of option lists by list and value, those alone that mean no other value.
        is_json: whether cells keep their types: lists stay lists, decimals the texts of the API.
    """

    resource: str
    language: str | None
    zone: str
    options: dict[str, dict[str, str]]
    is_json: bool

    def heading(self, column: Column) -> str:
        """What a column is called."""
        return column.name if self.language is None else label_of(self.resource, column.field, self.language)

    def rows(self, columns: Sequence[Column], named: Named, last: str) -> Callable[[Sequence[Record]], list[list[Any]]]:
        """What makes rows of cells of records. What needs no making is taken out of each record at once.

        Args:
            last: the cell behind those of the columns.
        """
        taken = itemgetter(*(column.needs for column in columns), columns[0].needs)
        made: list[tuple[int, Callable[[Any], Any] | None, Callable[[Any], Any] | None]] = []
        for at, column in enumerate(columns):
            read = None if column.is_plain else column.reader(named)
            show = self._shown(column.field)
            if read is not None or show is not None:
                made.append((at, read, show))

        def rows(records: Sequence[Record]) -> list[list[Any]]:
            found = []
            for record in records:
                row = list(taken(record))
                for at, read, show in made:
                    value = row[at]
                    if value is None:
                        continue
                    if read is not None:
                        value = read(value)
                    row[at] = value if show is None or value is None else show(value)
                row[-1] = last
                found.append(row)
            return found

        return rows

    def _shown(self, field: Field) -> Callable[[Any], Any] | None:
        language = self.language
        match field.kind:
            case Kind.INSTANT:
                return _instant if language is None or self.is_json else self._local
            case Kind.CHOICE if language is not None:
                words = {one: choice_label(self.resource, field.name, one, language) for one in field.choices}
                return lambda value: words.get(value, value)
            case Kind.OPTION if language is not None:
                labels = self.options.get(field.option_list, {})
                return lambda value: labels.get(value, value)
            case Kind.TEXTS:
                labels = self.options.get(field.option_list, {}) if language is not None else {}
                join: Callable[[list[str]], Any] = list if self.is_json else joined
                return lambda value: join([labels.get(one, one) for one in value])
            case Kind.DATE if self.is_json:
                return lambda value: value.isoformat()
            case _ if self.is_json:
                return None
            case Kind.DECIMAL:
                return Decimal
            case Kind.FLAG if language is None:
                return lambda value: "true" if value else "false"
            case Kind.FLAG:
                assert language is not None
                yes, no = flag_label(True, language), flag_label(False, language)
                return lambda value: yes if value else no
            case Kind.ITEMS:
                return lambda value: orjson.dumps(value).decode()
        return None

    def _local(self, value: datetime | str) -> str:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(ZoneInfo(self.zone)).isoformat(" ")


def joined(texts: list[str]) -> str:
    """Several texts as one cell: parted by commas, or as JSON where one of them could be taken for two."""
    is_plain = all(
        text == text.strip() and text and not text.startswith("[") and not any(mark in text for mark in _PARTING)
        for text in texts
    )
    return ",".join(texts) if is_plain else orjson.dumps(texts).decode()


def option_labels(connection: Connection, language: str) -> dict[str, dict[str, str]]:
    """The labels of all option lists in a language, without those by which an import would find another value."""
    rows = connection.execute(
        select(Option.list, Option.value, Option.label_zh, Option.label_en).where(Option.is_active)
    )
    options = rows.all()
    meant: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in options:
        for word in (row.value, row.label_zh, row.label_en):
            meant[row.list, fold(word or "")].add(row.value)
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in options:
        label = row.label_zh if language == "zh-CN" else row.label_en
        if label and len(meant[row.list, fold(label)]) == 1:
            found[row.list][row.value] = label
    return dict(found)


def _instant(value: datetime | str) -> str:
    return value if isinstance(value, str) else value.isoformat().replace("+00:00", "Z")

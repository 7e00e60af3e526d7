"""The job that writes an exported file: read by keyset in one moment of the database, written as it is read."""

from __future__ import annotations

import os
import secrets
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ..access import Actor, Permission
from ..database import db
from ..errors import Issue, invalid
from ..importing.mark import MARK
from ..importing.photos import packed_photo
from ..importing.resources import resource_of
from ..importing.service import installation
from ..importing.vcard_writer import card
from ..job.service import Running, job_kind
from ..listing import ListSpec, one_moment
from ..messages import language, say
from ..replica import far
from ..routing import PREFIX
from . import service
from .cells import Words, option_labels
from .columns import EXPORTABLE, Column, columns_of
from .models import Export, ExportFormat, LabelKind
from .names import Names
from .schemas import EVERYTHING
from .writers import SHEET_ROWS, CardWriter, CsvWriter, JsonlWriter, Writer, XlsxWriter

STEP = 1_000
"""So many rows are read at once."""


@job_kind("export")
def _export(running: Running) -> dict[str, Any]:
    if running.state is not None:
        # The file was there already when an earlier worker died.
        return dict(running.state)
    service.folder().mkdir(parents=True, exist_ok=True)
    draft = service.folder() / f"{running.id}.part"
    try:

        def write() -> int:
            with one_moment() as connection:
                return _Exporting(running, connection).write(draft)

        written = far(write)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        return _handed_over(running, draft, written)
    finally:
        for path in service.folder().glob(f"{running.id}.part*"):
            path.unlink()


def _handed_over(running: Running, draft: Path, written: int) -> dict[str, Any]:
    """Have the file's maker find it, and the journal tell of it: one commit."""
    actor = running.actor()
    actor.need(Permission.EXPORT)
    asked, file, size = running.arguments, secrets.token_hex(16), draft.stat().st_size
    draft.replace(service.folder() / file)
    with running.step(written, written) as unit:
        export = Export(
            exported=asked["resource"],
            format=asked["format"],
            labels=asked["labels"],
            query=asked["query"],
            ids=asked["ids"],
            columns=asked["fields"],
            row_count=written,
            size=size,
            name=_name(actor, asked, unit.at),
            file=file,
            expires_at=unit.at + service.KEPT,
        )
        db.session.add(export)
        db.session.flush()
        result = {
            "id": export.id,
            "url": f"{PREFIX}/exports/{export.id}/content",
            "name": export.name,
            "row_count": written,
            "size": size,
            "expires_at": export.expires_at.isoformat(),
        }
        running.state = result
    return result


def _name(actor: Actor, asked: Any, at: datetime) -> str:
    day = at.astimezone(ZoneInfo(actor.time_zone)).date().isoformat()
    ending = "zip" if asked["resource"] == EVERYTHING else asked["format"]
    return f"{_called(asked['resource'], asked['labels'])}-{day}.{ending}"


def _called(plural: str, labels: str) -> str:
    return say(f"export.file.{plural}") if labels == LabelKind.USER else plural


class _Exporting:
    """One export while its file is written."""

    def __init__(self, running: Running, connection: Connection) -> None:
        self._running, self._connection = running, connection
        self._asked = running.arguments
        self._actor = running.actor()
        self._actor.need(Permission.EXPORT)
        self._format = ExportFormat(self._asked["format"])
        self._language = language() if self._asked["labels"] == LabelKind.USER else None
        self._names = Names(connection, self._actor)
        self._options = option_labels(connection, self._language) if self._language else {}
        self._origin = installation()
        db.session.rollback()
        self._done = 0

    def write(self, path: Path) -> int:
        """Write the file; how many records it holds."""
        plural = self._asked["resource"]
        if plural != EVERYTHING:
            self._running.told(0, self._count(plural))
            self._one(plural, path)
            return self._done
        every = [one for one in EXPORTABLE if service.may_read(self._actor, resource_of(one).spec)]
        self._running.told(0, sum(self._count(one) for one in every))
        part = path.with_name(f"{path.name}.one")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in every:
                self._one(one, part)
                archive.write(part, f"{_called(one, self._asked['labels'])}.{self._format}")
                part.unlink()
        return self._done

    def _count(self, plural: str) -> int:
        spec = resource_of(plural).spec
        if self._asked["ids"] is not None:
            return len(self._asked["ids"])
        count = spec.count(self._connection, self._actor, spec.parse(self._query(), self._actor))
        if self._format is ExportFormat.XLSX and count > SHEET_ROWS:
            raise invalid(Issue("#/format", "sheet_full", {"max": SHEET_ROWS}))
        return count

    def _query(self) -> str:
        # Without an order those come first that were there first: what others refer to.
        text = str(self._asked["query"])
        return text if "sort=" in text else "&".join(filter(None, (text, "sort=id")))

    def _one(self, plural: str, path: Path) -> None:
        columns = self._columns(plural)
        words = Words(plural, self._language, self._actor.time_zone, self._options, self._format.keeps_types)
        named = self._names.text if self._format is not ExportFormat.VCF else _by_name
        rows = words.rows(columns, named, self._origin)
        headings = [*(words.heading(column) for column in columns), MARK]
        with closing(self._writer(path, plural, headings)) as writer:
            for part in self._parts(resource_of(plural).spec, columns):
                writer.write(rows(part))
                self._done += len(part)
                self._running.told(self._done)

    def _columns(self, plural: str) -> list[Column]:
        known = columns_of(plural, self._actor)
        if self._asked["fields"] is None:
            return [column for column in known.values() if not column.is_read_only]
        return [known[name] for name in dict.fromkeys(self._asked["fields"]) if name in known]

    def _writer(self, path: Path, plural: str, headings: list[str]) -> Writer:
        match self._format:
            case ExportFormat.CSV:
                return CsvWriter(path, headings, has_mark=self._language is not None)
            case ExportFormat.XLSX:
                return XlsxWriter(path, headings, _called(plural, self._asked["labels"]))
            case ExportFormat.JSONL:
                return JsonlWriter(path, headings)
            case ExportFormat.VCF:
                return CardWriter(path, lambda row: self._card(dict(zip(headings, row, strict=True))))

    def _card(self, values: dict[str, Any]) -> str:
        return card({**values, "photo": packed_photo(self._actor, values.get("photo"))})

    def _parts(self, spec: ListSpec, columns: Sequence[Column]) -> Iterator[list[dict[str, Any]]]:
        wanted = frozenset(column.needs for column in columns)
        query = spec.parse(f"{self._query()}&fields={','.join(sorted(wanted))}", self._actor)
        walked = spec.walk(self._connection, self._actor, query, STEP)
        if self._asked["ids"] is None:
            yield from walked
            return
        if "sort=" in self._asked["query"]:
            named = frozenset(self._asked["ids"])
            yield from ([one for one in part if one["id"] in named] for part in walked)
            return
        ids = iter(self._asked["ids"])
        while part := list(islice(ids, STEP)):
            found = spec.many(self._connection, part, self._actor)
            yield [found[one] for one in part if one in found]


def _by_name(_target: str, _record_id: int, name: str | None) -> str:
    return name or ""

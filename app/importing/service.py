"""Use cases of imports: take a file in, show how it is understood, let that be changed, check it, commit it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any

from flask import current_app
from sqlalchemy import Select, or_, select

from .. import scanner
from ..access import Actor
from ..attachment.content import safe_name
from ..customer.duplicates import check_permission
from ..database import db
from ..errors import Issue, conflict, invalid, not_found
from ..folding import fold
from ..history.undo import undone
from ..intake import pieces_of
from ..job.chores import chore
from ..job.models import Job, Status
from ..job.service import enqueue
from ..journal import Setting
from ..messages import language
from ..transaction import in_unit, now, unit_of_work
from . import corrections, dates, headings, mark, numbers, tables
from .fields import IMPORTABLE, KINDS_IN_HEADINGS, TO_BEGIN_WITH, Kind, fields_for, fields_of
from .labels import fields_labelled, label_of
from .matching import known_by, ways_of
from .models import Import
from .reading import Cell, Format, Reading, Row, UnreadableError, WrongRow, legible
from .references import CREATABLE, may_make
from .resources import resource_of

KEPT = timedelta(days=30)
"""So long an uploaded file is kept."""

_LOOKED_AT = 2_000
"""So many rows are looked at to see how dates and numbers are written."""
_SAMPLES = 20
_PREVIEWED = 8
_SHOWN = 200
_OF_CHECK = {
    Status.QUEUED: "checking",
    Status.RUNNING: "checking",
    Status.SUCCEEDED: "checked",
    Status.CANCELLED: "uploaded",
    Status.FAILED: "failed",
}
_OF_COMMIT = {
    Status.QUEUED: "committing",
    Status.RUNNING: "committing",
    Status.SUCCEEDED: "committed",
    Status.CANCELLED: "cancelled",
    Status.FAILED: "failed",
}
_READ = ("encoding", "delimiter", "quote", "has_header", "sheet")


def folder() -> Path:
    """Where uploaded files wait."""
    return Path(current_app.config["LIANXI"].data_dir) / "imports"


def receive(stream: IO[bytes], name: str) -> tuple[str, int]:
    """Write an upload to the disk and have it scanned, before any unit of work; its name there and its size in bytes.

    Args:
        name: as its sender has it.

    Raises:
        Problem: 413 for a file that is too large; 422 and 503 as `scanner.check`.
    """
    folder().mkdir(parents=True, exist_ok=True)
    file, size = secrets.token_hex(16), 0
    path = folder() / file
    try:
        with path.open("xb") as target:
            for piece in pieces_of(stream):
                size += len(piece)
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        with path.open("rb") as content:
            scanner.check(content, name)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return file, size


def create(actor: Actor, resource: str, file: str, size: int, name: str) -> Import:
    """A new import of a received file, with everything recognised that can be.

    Raises:
        Problem: 403 where the role may not write the resource; 422 at `#/file` for a file that cannot be read.
    """
    actor.need(resource_of(resource).write)
    path = folder() / file
    try:
        reading = tables.recognise(path, name)
        columns = _columns(actor, resource, path, reading)
    except UnreadableError as error:
        raise invalid(Issue("#/file", error.code, error.params)) from error
    key = _headings_key(resource, columns)
    options = _options(resource, columns, reading)
    # A file of our own says itself what its columns are.
    before = None if mark.is_ours([column["heading"] for column in columns]) else _last(actor, key)
    if before is not None:
        columns, options = _as_before(actor, before, resource, columns, options)
    made = Import(
        user_id=actor.user_id,
        resource=resource,
        name=legible(safe_name(name))[:200],
        file=file,
        size=size,
        reading=asdict(reading),
        columns=columns,
        options=options,
        created_at=now(),
        headings_key=key,
        remembered_from=None if before is None else before.id,
    )
    db.session.add(made)
    db.session.flush()
    return made


def get(actor: Actor, import_id: int) -> Import:
    """One's own import.

    Raises:
        Problem: 404.
    """
    query = _imports_of(actor).where(Import.id == import_id)
    found = db.session.execute(query.with_for_update() if in_unit() else query).scalar_one_or_none()
    if found is None:
        raise not_found()
    return found


def own(actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """One's own imports, newest first."""
    found = _imports_of(actor).order_by(Import.id.desc())
    if query.get("before"):
        found = found.where(Import.id < query["before"])
    rows = db.session.execute(found.limit(query.get("per_page", 20))).scalars().all()
    states = _states(rows)
    return {"data": [_summary(row, states[row.id]) for row in rows]}


def _imports_of(actor: Actor) -> Select[Import]:
    """One's own imports of records that one may read: their files hold such records."""
    readable = [plural for plural in IMPORTABLE if resource_of(plural).spec.policy.is_readable(actor.shape)]
    return select(Import).where(Import.user_id == actor.user_id, Import.resource.in_(readable))


def edit(actor: Actor, chosen: Import, values: dict[str, Any]) -> Import:
    """Change how a file is read or what its columns mean. Reading it in another way recognises its columns anew.

    Raises:
        Problem: 409 while a job works on it or after its commit; 422 with every fault.
    """
    _at_rest(chosen)
    resource, path = chosen.resource, folder() / chosen.file
    reading = reading_of(chosen)
    changed = {
        name: values[name] for name in ("encoding", "delimiter", "quote", "has_header", "sheet") if name in values
    }
    if changed:
        reading = replace(reading, **changed)
        try:
            chosen.columns = _columns(actor, resource, path, reading)
        except UnreadableError as error:
            raise invalid(Issue(f"#/{next(iter(changed))}", error.code, error.params)) from error
        chosen.reading = asdict(reading)
        chosen.options = _options(resource, chosen.columns, reading) | {
            name: value for name, value in chosen.options.items() if name != "match"
        }
        chosen.headings_key = _headings_key(resource, chosen.columns)
        chosen.remembered_from, chosen.corrections = None, None
    if values.get("remembered_from", chosen.remembered_from) is None and chosen.remembered_from is not None:
        chosen.columns = _columns(actor, resource, path, reading)
        chosen.options, chosen.remembered_from = _options(resource, chosen.columns, reading), None
    issues: list[Issue] = []
    if "columns" in values:
        before = _ways(resource, chosen.columns)
        chosen.columns = _mapped(actor, resource, chosen.columns, values["columns"], issues)
        now_known = _ways(resource, chosen.columns)
        match = [way for way in now_known if way in chosen.options["match"] or way not in before]
        chosen.options = {**chosen.options, "match": match}
    if "options" in values:
        chosen.options = _optioned(actor, chosen, values["options"], issues)
    if "corrections" in values:
        chosen.corrections = corrections.merged(
            chosen.corrections or {}, values["corrections"], len(chosen.columns), issues
        )
    if issues:
        raise invalid(*issues)
    chosen.found = None
    db.session.flush()
    return chosen


def begin(actor: Actor, chosen: Import, kind: str) -> Job:
    """Have an import checked or committed by a job.

    Args:
        kind: `check` or `commit`.

    Raises:
        Problem: 403; 409 while a job works on it or after its commit; 422 where required fields have no column.
    """
    actor.need(resource_of(chosen.resource).write)
    _at_rest(chosen)
    issues = _lacking(actor, chosen)
    if issues:
        raise invalid(*issues)
    job = enqueue(actor, f"import_{kind}", {"import_id": chosen.id})
    if kind == "check":
        chosen.check_job_id = job.id
    else:
        chosen.commit_job_id = job.id
    db.session.flush()
    return job


def shown(actor: Actor, chosen: Import) -> dict[str, Any]:
    """An import as `ImportSchema` has it."""
    reading, path = reading_of(chosen), folder() / chosen.file
    is_own = mark.is_ours([column["heading"] for column in chosen.columns])
    try:
        sheets = tables.sheets(path, reading)
        preview = [_previewed(number, row) for number, row in islice(tables.rows(path, reading), _PREVIEWED)]
    except (UnreadableError, OSError):
        sheets, preview = [], []
    return {
        **_summary(chosen, _states([chosen])[chosen.id]),
        "columns": chosen.columns,
        "options": chosen.options,
        **{name: getattr(reading, name) for name in ("encoding", "delimiter", "quote", "has_header", "sheet")},
        "sheets": sheets,
        "preview": preview,
        "corrections": chosen.corrections or {},
        "remembered_from": chosen.remembered_from,
        "ways": _ways(chosen.resource, chosen.columns),
        "fields": [
            {
                "name": field.name,
                "label": label_of(chosen.resource, field, language()),
                "kind": field.kind,
                "links_to": field.links_to or None,
                "choices": list(field.choices),
                "option_list": field.option_list or None,
                "repeats": field.repeats,
                "is_required": field.is_required and field.name not in TO_BEGIN_WITH.get(chosen.resource, {}),
            }
            for field in fields_for(actor, chosen.resource).values()
            if is_own or not field.is_own
        ],
    }


def _summary(chosen: Import, state: str) -> dict[str, Any]:
    names = ("id", "resource", "name", "size", "found", "check_job_id", "commit_job_id", "changeset_id", "created_at")
    return {name: getattr(chosen, name) for name in names} | {"format": chosen.reading["format"], "state": state}


def _previewed(number: int, row: Row) -> dict[str, Any]:
    cells = row.cells if isinstance(row, WrongRow) else row
    return {"row": number, "cells": [None if cell is None else legible(str(cell)[:_SHOWN]) for cell in cells]}


def _states(imports: Sequence[Import]) -> dict[int, str]:
    """How far each of some imports got, one of `STATES`."""
    jobs = [job for one in imports for job in (one.check_job_id, one.commit_job_id) if job is not None]
    asked = select(Job.id, Job.status, Job.changeset_id).where(Job.id.in_(jobs))
    found = {row.id: row for row in db.session.execute(asked)} if jobs else {}

    def state(one: Import) -> str:
        if one.commit_job_id is not None:
            job = found[one.commit_job_id]
            is_undone = job.changeset_id is not None and undone(job.changeset_id) is not None
            return "undone" if is_undone else _OF_COMMIT[job.status]
        return _OF_CHECK[found[one.check_job_id].status] if one.check_job_id is not None else "uploaded"

    return {one.id: state(one) for one in imports}


def reading_of(chosen: Import) -> Reading:
    """How the file of an import is read."""
    kept = dict(chosen.reading)
    return Reading(**(kept | {"format": Format(kept["format"])}))


def errors_path(chosen: Import) -> Path:
    """Where the wrong rows of the last check or commit are written."""
    return folder() / f"{chosen.file}.errors.csv"


@chore("uploaded files", every=timedelta(days=1))
def forget_old() -> None:
    """Delete what was uploaded for imports a month ago: it is personal data, and what it became is in the database."""
    with unit_of_work(source="job") as unit:
        old = select(Import).where(Import.created_at < unit.at - KEPT)
        for chosen in db.session.execute(old).scalars():
            for path in (folder() / chosen.file, errors_path(chosen)):
                path.unlink(missing_ok=True)
            db.session.delete(chosen)


# ---- what was said of the file before --------------------------------------------------------------------------------


def _headings_key(resource: str, columns: Sequence[Mapping[str, Any]]) -> str:
    """The same for files of a resource with the same headings in the same order."""
    told = json.dumps([resource, *(column["heading"] for column in columns)])
    return hashlib.sha256(told.encode()).hexdigest()


def _last(actor: Actor, key: str) -> Import | None:
    """The last import of a file with the same headings that was checked or committed: one's own before others'."""
    query = (
        select(Import)
        .where(Import.headings_key == key, or_(Import.check_job_id.is_not(None), Import.commit_job_id.is_not(None)))
        .order_by((Import.user_id == actor.user_id).desc(), Import.id.desc())
        .limit(1)
    )
    return db.session.execute(query).scalar_one_or_none()


def _as_before(
    actor: Actor, before: Import, resource: str, columns: list[dict[str, Any]], options: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Columns and options of a new file as somebody had them for the one before.

    What texts stand for is a matter of who may see what, so that only one's own decisions are taken over.
    """
    known, mapped = fields_for(actor, resource), []
    for column, former in zip(columns, before.columns, strict=True):
        made = dict(column)
        if former["field"] != made["field"] and (former["field"] is None or former["field"] in known):
            made |= {"field": former["field"]}
            made |= _written(resource, former["field"], made["heading"], made["samples"])
        if made["format"] is None and former["format"] in made["formats"]:
            made["format"] = former["format"]
        mapped.append(made)
    taken = {name: before.options[name] for name in ("existing", "source")}
    taken["match"] = [way for way in _ways(resource, mapped) if way in before.options["match"]]
    taken["create"] = [plural for plural in before.options["create"] if may_make(actor, plural)]
    if before.user_id == actor.user_id:
        taken |= {"values": before.options["values"], "duplicates": before.options.get("duplicates")}
    return mapped, options | taken


# ---- what is recognised ---------------------------------------------------------------------------------------------


def _columns(actor: Actor, resource: str, path: Path, reading: Reading) -> list[dict[str, Any]]:
    names, rows = tables.table(path, reading)
    looked = [row.cells if isinstance(row, WrongRow) else row for _, row in islice(rows, _LOOKED_AT)]
    known = fields_for(actor, resource)
    origin = mark.origin_of(names, looked)
    labels = {label: field.name for field in known.values() for label in field.labels}
    if origin is None:
        # The numbers of another system's records would be those of quite other records here.
        plain = {name.casefold() for name in resource_of(resource).spec.schema().fields}
        is_plain = {fold(name) for name in names} <= plain
        offered = [one.name for one in known.values() if not one.is_own and (is_plain or one.name != "id")]
        guessed = headings.recognise_columns(resource, names, offered, labels)
    else:
        labelled = labels | fields_labelled(resource, tuple(known))
        # The ids of another installation are those of other records here.
        guessed = [None if (one := labelled.get(name)) == "id" and origin != installation() else one for name in names]
    columns = []
    for index, heading in enumerate(names):
        cells = [row[index] for row in looked if index < len(row)]
        filled = [cell for cell in cells if cell is not None and str(cell).strip()]
        field = guessed[index] if guessed[index] in known else None
        samples = [legible(str(cell)[:200]) for cell in filled[:_SAMPLES]]
        column = {"index": index, "heading": heading, "field": field, "samples": samples}
        columns.append(
            column | (_written(resource, field, heading, filled) if origin is None else _own(resource, field))
        )
    return columns


def _written(resource: str, name: str | None, heading: str, cells: Sequence[Cell]) -> dict[str, Any]:
    """How the dates or numbers of a column are written: `format`, null where that must be asked, and what it may be.

    Of a person's addresses and numbers `format` is their kind, where the heading says so: `work`, `fax`.

    `factor` is what its numbers are multiplied by: `(万元)` in the heading, or a column of per cents for a share.
    """
    field = fields_of(resource).get(name) if name else None
    if field is not None and field.kind in (Kind.DATE, Kind.INSTANT):
        formats = list(dates.infer(cells).formats)
        return {"format": formats[0] if len(formats) == 1 else None, "formats": formats, "factor": "1"}
    if field is not None and (resource, field.name) in KINDS_IN_HEADINGS:
        return {"format": headings.way_of(heading), "formats": [], "factor": "1"}
    if field is not None and field.kind in (Kind.WHOLE, Kind.DECIMAL, Kind.RATE):
        guess, factor = numbers.infer(cells), numbers.unit_of(heading).factor
        if field.kind is Kind.RATE and not guess.has_percent and (guess.largest or 0) > 1:
            factor /= 100
        if field.name.endswith("_percent") and guess.has_percent:
            factor *= 100
        formats = list(guess.styles)
        return {"format": formats[0] if formats else None, "formats": formats, "factor": str(factor)}
    return {"format": None, "formats": [], "factor": "1"}


def _own(resource: str, name: str | None) -> dict[str, Any]:
    """How the dates or numbers of a column of our own export are written."""
    kind = fields_of(resource)[name].kind if name else None
    format = None
    if kind in (Kind.DATE, Kind.INSTANT):
        format = dates.YEAR_FIRST
    elif kind in (Kind.WHOLE, Kind.DECIMAL, Kind.RATE):
        format = numbers.POINT
    return {"format": format, "formats": [format] if format else [], "factor": "1"}


def installation() -> str:
    """The name by which this installation signs what it exports."""
    return str(db.session.execute(select(Setting.value).where(Setting.name == "installation")).scalar_one())


def _options(resource: str, columns: Sequence[Mapping[str, Any]], reading: Reading) -> dict[str, Any]:
    """Rows are matched by what their columns can be known by, and change what they find; what is unknown is asked.

    A file of our own names what was there: what it names is made, such as a parent that comes in a later row.
    """
    is_own = mark.is_ours([column["heading"] for column in columns])
    return {
        "match": _ways(resource, columns),
        "existing": "update",
        "duplicates": None,
        "create": ["tags", *(["customers"] if is_own and resource == "customers" else [])],
        "apostrophes": is_own and reading.format is not Format.JSONL,
        "source": "import",
        "values": {},
    }


def _ways(resource: str, columns: Sequence[Mapping[str, Any]]) -> list[str]:
    return known_by(resource, {column["field"] for column in columns})


# ---- what is changed ------------------------------------------------------------------------------------------------


def _mapped(
    actor: Actor,
    resource: str,
    columns: Sequence[Mapping[str, Any]],
    sent: Sequence[Mapping[str, Any]],
    issues: list[Issue],
) -> list[dict[str, Any]]:
    known, chosen = fields_for(actor, resource), [dict(column) for column in columns]
    for number, column in enumerate(sent):
        at, index = f"#/columns/{number}", column["index"]
        if index >= len(chosen):
            issues.append(Issue(f"{at}/index", "unknown_column"))
            continue
        name = column.get("field", chosen[index]["field"])
        if name is not None and name not in known:
            issues.append(Issue(f"{at}/field", "unknown_field"))
            continue
        if name != chosen[index]["field"]:
            heading, cells = chosen[index]["heading"], chosen[index]["samples"]
            chosen[index] |= {"field": name, **_written(resource, name, heading, cells)}
        if column.get("format") is not None:
            chosen[index]["format"] = column["format"]
    used = [column["field"] for column in chosen if column["field"] is not None]
    twice = sorted({name for name in used if used.count(name) > 1 and not known[name].repeats})
    issues += [Issue("#/columns", "field_twice", {"field": name}) for name in twice]
    return chosen


def _optioned(actor: Actor, chosen: Import, sent: Mapping[str, Any], issues: list[Issue]) -> dict[str, Any]:
    resource, options = chosen.resource, chosen.options
    check_permission(actor, sent.get("duplicates"))
    creatable = [plural for plural in CREATABLE if may_make(actor, plural)]
    for name, allowed in (("match", ways_of(resource)), ("create", creatable)):
        wrong = [word for word in sent.get(name) or () if word not in allowed]
        issues += [Issue(f"#/options/{name}", "not_allowed", {"options": ", ".join(allowed)}) for _ in wrong[:1]]
    unknown = sorted((sent.get("values") or {}).keys() - fields_for(actor, resource).keys())
    issues += [Issue(f"#/options/values/{name}", "unknown_field") for name in unknown]
    for name, decided in (sent.get("values") or {}).items():
        texts = [one for pair in decided.items() for one in pair if isinstance(one, str)]
        if any(legible(text) != text for text in texts):
            issues.append(Issue(f"#/options/values/{name}", "control_characters"))
        if any(isinstance(one, list | dict) and one != {"create": True} for one in decided.values()):
            issues.append(Issue(f"#/options/values/{name}", "wrong_type"))
    values = {**options["values"]}
    for name, decided in (sent.get("values") or {}).items():
        values[name] = {**values.get(name, {}), **decided}
    return {**options, **sent, "values": values}


def _at_rest(chosen: Import) -> None:
    if chosen.changeset_id is not None:
        raise conflict("import-committed")
    ids = [number for number in (chosen.check_job_id, chosen.commit_job_id) if number is not None]
    busy = select(Job.id).where(Job.id.in_(ids), Job.status.in_([Status.QUEUED, Status.RUNNING]))
    if db.session.execute(busy).first() is not None:
        raise conflict("import-busy")


def _lacking(actor: Actor, chosen: Import) -> list[Issue]:
    """What must have a column or a format before rows can be read."""
    known = fields_for(actor, chosen.resource)
    mapped = {column["field"] for column in chosen.columns}
    if {"first_name", "last_name"} & mapped or (chosen.resource == "deals" and "product" in mapped):
        mapped.add("name")
    if chosen.resource == "products" and "name" in mapped:
        mapped.add("code")
    mapped |= TO_BEGIN_WITH.get(chosen.resource, {}).keys()
    issues = [
        Issue("#/columns", "column_required", {"field": field.name})
        for field in known.values()
        if field.is_required and field.name not in mapped and "id" not in mapped
    ]
    dated = (Kind.DATE, Kind.INSTANT)
    for number, column in enumerate(chosen.columns):
        field = known.get(column["field"] or "")
        if column["field"] and field is None:
            # Since it was mapped, the field has been retired, or taken from this person.
            issues.append(Issue(f"#/columns/{number}/field", "unknown_field"))
        if field is not None and field.kind in dated and column["format"] is None and len(column["formats"]) > 1:
            issues.append(Issue(f"#/columns/{number}/format", "date_format"))
    return issues

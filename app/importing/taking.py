"""The rows of an import on their way into the database.

What a row says is read before the unit of work that takes it: that is most of the time, and nobody waits for it. In the
unit a few statements find what the rows are about. Rows that make new records are made together (`batch.py`); a row
that may change a record, depends on another one of these, or clashes is taken by itself, in its place, as if there were
no other. Both ways lead through the same schema and service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.exc import DataError, IntegrityError

from ..access import Actor
from ..auth.models import User
from ..batch import batch
from ..customer import service as customer_service
from ..customer.crowd import Crowd, Newcomers
from ..customer.duplicates import evidence_of_new, mode_of
from ..customer.evidence import Evidence
from ..database import db
from ..errors import Issue, Problem, invalid, problem_of
from ..formulas import as_it_was
from ..messages import LANGUAGES, say, say_in
from ..routing import told
from ..schema import load
from ..search_index import SearchEntry
from ..setting.models import DuplicateCheck
from ..transaction import current_unit, seal
from .fields import TO_BEGIN_WITH, Kind, fields_for, schema_of
from .mark import is_ours
from .matching import Key, all_keys, differs, matches
from .models import Import
from .photos import Photos
from .reading import Cell, WrongRow
from .references import NotNowError, Now, References
from .resources import resource_of
from .rows import FURTHER_PHONES, Column, Fault, RowReader

Row = Sequence[Cell] | WrongRow

_UNIQUE = ("email", "external_id", "code")
"""Ways to be known that no two records share."""

_TOGETHER: Mapping[str, frozenset[str]] = {
    "customers": frozenset(),
    # Which one is the primary person of a customer is about all of them.
    "people": frozenset({"is_primary", "customers"}),
    # The last contact of a deal is that of its records.
    "contacts": frozenset({"deal_id"}),
    "products": frozenset(),
}
"""Resources whose records may be made together, each with the fields that make a row one that is taken by itself."""

_FORESEE: Mapping[str, Callable[[dict[str, Any]], None]] = {"customers": customer_service.foresee}
"""What works out ahead what making a record will ask for."""


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


def _field_at(pointer: str) -> str | None:
    name, *inner = pointer.removeprefix("#/").split("/")
    if name in ("address", "custom") and inner:
        name = f"{name}.{inner[0]}"
    return name or None


def _resembling(found: Sequence[Mapping[str, Any]] | None) -> list[Fault]:
    """What a row resembles, as a fault of it: a name where it may be seen, else whom to ask."""
    if not found:
        return []
    names = [
        one["name"] if one["is_visible"] else say("import.taken", owner=(one["owner"] or {}).get("name", "-"))
        for one in found[:3]
    ]
    return [Fault(None, "possible_duplicate", {"names": ", ".join(names)})]


def _with_further_phones(values: Mapping[str, Any], record: Any = None) -> dict[str, Any]:
    """What a row says, with the numbers that a customer has no field for in its description.

    Args:
        record: the one that is changed; what its description says already is not said once more.
    """
    kept = dict(values)
    further = kept.pop(FURTHER_PHONES, None)
    said = kept.get("description", getattr(record, "description", None)) or ""
    if further and not all(one in said for one in further):
        told = say("import.further_phones", numbers=", ".join(further))
        kept["description"] = f"{said}\n{told}" if said else told
    return kept


class _WrongError(Exception):
    """A row whose cells cannot be read."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


@dataclass
class Taken:
    """A row, what it says, and what became of it.

    Attributes:
        number: of the row in the file.
        row: as it was read.
        values: as the API takes them; None where they are not known before the row is taken.
        body: the values checked by the schema; None where they are not all that a new record needs.
        keys: what it is known by, by way.
        faults: what is wrong with it, or of one that was taken what it resembles.
        refused: what would be wrong with it as a new record; a change of a record needs less.
        evidence: what a new customer can be known by.
        parts_phones: several numbers stood in one cell.
        missed: the texts in it that name nothing, by field.
        verdict: one of `run.VERDICTS`; empty until it is taken.
    """

    number: int
    row: Row
    values: dict[str, Any] | None = None
    body: dict[str, Any] | None = None
    keys: dict[str, Key] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    refused: list[Fault] = field(default_factory=list)
    evidence: Evidence | None = None
    parts_phones: bool = False
    missed: list[tuple[str, str]] = field(default_factory=list)
    verdict: str = ""


class Taking:
    """Takes the rows of one import, part by part.

    Args:
        chosen: the import.
        actor: in whose name and with whose rights.
        is_rehearsal: everything is rolled back.
    """

    def __init__(self, chosen: Import, actor: Actor, *, is_rehearsal: bool) -> None:
        self.plural, self.options, self.is_rehearsal = chosen.resource, chosen.options, is_rehearsal
        self.resource = resource_of(chosen.resource)
        self.actor = actor
        self.references = References(actor, chosen.resource, self.options["values"], frozenset(self.options["create"]))
        known = fields_for(actor, chosen.resource)
        self.columns = [
            Column(one["index"], known[one["field"]], one["format"], Decimal(one["factor"]))
            for one in chosen.columns
            if one["field"] in known
        ]
        self.headings = [one["heading"] for one in chosen.columns]
        self.heading_of = {column.field.name: self.headings[column.index] for column in self.columns}
        self._index_of = {column.field.name: column.index for column in self.columns}
        self.used = {column.index for column in self.columns}
        self.is_own = is_ours(self.headings)
        self.reader = RowReader(
            self.columns,
            self.references,
            actor.time_zone,
            self.options["source"],
            is_own=self.is_own,
            parts_phones=self.plural == "customers" and not self.is_own and "description" in known,
        )
        self.seen: set[bytes] = set()
        ours = [[say_in(language, "import.row"), say_in(language, "import.reason")] for language in LANGUAGES]
        # A file of wrong rows that comes back corrected is of our own, too.
        self.has_apostrophes = self.options.get("apostrophes", False) or self.headings[:2] in ours
        fields = self.resource.create.fields
        self._blanks = {
            column.field.into: None
            for column in self.columns
            if self.is_own and column.field.into in fields and fields[column.field.into].allow_none
        }
        self._created: set[int] = set()
        self._asked = {"duplicates": self.options.get("duplicates")} if self.plural == "customers" else {}
        self._mode = DuplicateCheck.OFF
        self._newcomers = Newcomers()
        links = [column.field for column in self.columns if column.field.links_to == self.plural]
        self._own_links = {one.into: one.name for one in links}
        self._telling = {*self.options["match"], *_UNIQUE}
        self._new: list[Taken] = []
        self._touched: set[tuple[str, Key]] = set()
        self._is_begun = False
        self._photos = Photos()
        self._of_photo = [column.index for column in self.columns if column.field.name == "photo"]

    # ---- before the unit of work -------------------------------------------------------------------------------------

    def read(self, part: Sequence[tuple[int, Row]], found: Sequence[Taken | None] | None = None) -> list[Taken]:
        """What some rows say, as far as that is known before they are taken.

        Args:
            part: the rows with their numbers.
            found: what `read_beside` has made of them.
        """
        for column in self.columns if found is None else ():
            if column.field.kind is Kind.LINK:
                cells = [row[column.index] for _, row in part if not isinstance(row, WrongRow)]
                self.references.look_up(column.field, {str(cell).strip() for cell in cells if cell is not None} - {""})
        rows = []
        self.references.now = Now.ASKING
        try:
            for at, (number, row) in enumerate(part):
                taken = found[at] if found else None
                if taken is None:
                    taken = self._read(number, row)
                taken.row = row
                rows.append(taken)
        finally:
            self.references.now = Now.MAKING
        return rows

    def read_beside(self, part: Sequence[tuple[int, Row]]) -> list[Taken | None]:
        """As `read`, in a process beside: without rows that only the database can tell about, and without the cells."""
        self.references.now = Now.KNOWING
        foresee, rows = _FORESEE[self.plural], list[Taken | None]()
        for number, row in part:
            taken = self._read(number, row)
            if taken.body is not None:
                foresee(taken.body)
            taken.row = ()
            rows.append(taken if taken.values is not None or taken.faults else None)
        return rows

    @property
    def has_foresight(self) -> bool:
        """Whether rows can be read ahead of those before them: none asks for what another one makes."""
        makes = any(one.field.links_to in self.options["create"] for one in self.columns)
        return not makes and not self._own_links and self.plural in _FORESEE

    def _read(self, number: int, row: Row) -> Taken:
        taken = Taken(number, row)
        if isinstance(row, WrongRow):
            if not row.columns or self.used & set(row.columns):
                taken.faults = [Fault(None, row.code, row.params)]
                return taken
            row = row.cells
        self.references.missed()
        try:
            taken.values, taken.faults = self._values(row)
        except NotNowError:
            return taken
        taken.missed = self.references.missed()
        taken.parts_phones = FURTHER_PHONES in taken.values
        if taken.faults:
            taken.faults += self._further(taken.values, taken.faults)
        else:
            taken.keys = all_keys(self.plural, taken.values, self._telling)
            try:
                said = {**TO_BEGIN_WITH.get(self.plural, {}), **_with_further_phones(taken.values)}
                said.pop("id", None)
                taken.body = self._loaded(said)
            except Problem as problem:
                taken.refused = self._faults(problem)
        return taken

    @property
    def tables(self) -> tuple[Table, Table]:
        """What most rows are written to: the records themselves, and what searches find them by."""
        return _table(self.resource.spec.model), _table(SearchEntry)

    def prepare(self, rows: Sequence[Taken], told: Callable[[], None]) -> None:
        """Find out what new customers can be known by, and have pictures scanned, just before rows are taken.

        Args:
            told: is called in between, where it takes long.

        Raises:
            Problem: 503, pictures cannot be scanned now.
        """
        for index in self._of_photo:
            cells = [taken.row.cells if isinstance(taken.row, WrongRow) else taken.row for taken in rows]
            self._photos.scan((self.plain(row)[index] for row in cells if index < len(row)), told)
        if self.plural == "customers":
            for taken in rows:
                taken.evidence = None if taken.body is None else evidence_of_new(taken.body)

    def _further(self, values: dict[str, Any], faults: Sequence[Fault]) -> list[Fault]:
        """What else is wrong with a row of which some cells cannot be read: every fault is told at once."""
        told = {fault.field for fault in faults}
        try:
            said = {name: one for name, one in _with_further_phones(values).items() if name != "id"}
            load(self.resource.create, said, partial=True)
        except Problem as problem:
            return [fault for fault in self._faults(problem) if fault.field not in told]
        return []

    def _loaded(self, values: dict[str, Any]) -> dict[str, Any]:
        if self.is_own:
            return load(self.resource.create, {**self._blanks, **values})
        parts = [(name, one) for name, one in values.items() if isinstance(one, dict) and name != "custom"]
        names = {f"{name}.{key}" for name, one in parts for key in one}
        return load(schema_of(self.plural, frozenset(names | values.keys())), values)

    def remember(self, rows: Sequence[Taken]) -> None:
        """Note what rows are known by that an earlier attempt has taken already."""
        for taken in rows:
            if taken.values is not None and not taken.faults:
                self._is_seen(taken.keys)

    # ---- in the unit of work -----------------------------------------------------------------------------------------

    def take(self, rows: Sequence[Taken], actor: Actor) -> None:
        """Create or change what rows are about; each has its verdict then, and what is wrong with it."""
        self.actor = self.references.actor = actor
        self._new, self._touched, self._is_begun = [], set(), False
        if self.plural == "customers":
            self._mode = mode_of(self.options.get("duplicates"))
        self._newcomers = Newcomers()
        found = self._matches(rows)
        owners = {taken.values["owner_id"] for taken in rows if taken.values and taken.values.get("owner_id")}
        # Held here, because the session itself holds nothing that is not changed.
        _held = db.session.execute(select(User).where(User.id.in_(owners))).scalars().all() if owners else []
        for taken in rows:
            if self._is_settled(taken, found):
                continue
            self._take_new()
            self._take_alone(taken)
            self._is_begun = True
        self._take_new()

    def _look_anew(self) -> None:
        """Have the next rows find what was made for those before them."""
        if self._own_links:
            self.references.forget_records(self.plural)

    def _matches(self, rows: Sequence[Taken]) -> dict[str, dict[Key, list[int]]]:
        """By each way in which rows are matched, the records that they are about."""
        if self.options["existing"] == "create":
            return {}
        return {
            way: matches(self.actor, self.plural, way, {taken.keys[way] for taken in rows if way in taken.keys})
            for way in self.options["match"]
        }

    def _is_settled(self, taken: Taken, found: Mapping[str, Mapping[Key, list[int]]]) -> bool:
        """Whether a row needs no look at the database of its own: it is wrong, came before, or makes a new record."""
        if taken.faults:
            if self._is_begun and any(fault.field in self._own_links.values() for fault in taken.faults):
                # It may name what a row before it has made.
                return False
            self.references.count(taken.missed)
            taken.verdict = "wrong"
            return True
        if self.is_own:
            return False
        values, apart = taken.values, _TOGETHER.get(self.plural)
        if values is None or apart is None or apart & values.keys() or "id" in values:
            return False
        if str(values.get("photo") or "").startswith("data:"):
            # A picture is kept as a file of its own.
            return False
        if self._is_begun and any(
            column.field.into in values for column in self.columns if column.field.name in self._own_links
        ):
            return False
        telling = {one for one in taken.keys.items() if one[0] in self._telling}
        if telling & self._touched or any(found[way].get(key) for way, key in telling if way in found):
            return False
        if self._is_seen(taken.keys):
            taken.verdict = "duplicate"
        elif taken.body is None:
            taken.verdict, taken.faults = "wrong", taken.refused
        elif self._mode is not DuplicateCheck.OFF and taken.evidence and self._newcomers.resemble(taken.evidence):
            # It is told of the one before it, which has to be stored then.
            self.seen.difference_update(self._first(taken.keys))
            return False
        else:
            if taken.evidence:
                self._newcomers.add(taken.evidence)
            self._touched |= telling
            self._is_begun = True
            self._new.append(taken)
        return True

    def _take_new(self) -> None:
        """Make the records that wait to be made."""
        rows, self._new = self._new, []
        self._newcomers = Newcomers()
        if rows:
            self._make(rows)
            self._look_anew()

    def _make(self, rows: Sequence[Taken]) -> None:
        try:
            is_asked = self._mode is not DuplicateCheck.OFF
            with (
                db.session.begin_nested(),
                batch(len(rows), is_rehearsal=self.is_rehearsal, is_indexed=is_asked or not self.is_rehearsal) as made,
            ):
                asked: dict[str, Any] = dict(self._asked)
                if self.plural == "customers":
                    asked["find"] = Crowd(self.actor, self._mode, [one.evidence for one in rows if one.evidence])
                for taken in rows:
                    mark = made.mark()
                    # What rows before it have resembled is told.
                    told()
                    try:
                        self.resource.service.create(self.actor, dict(taken.body or {}), **asked)
                        taken.verdict, taken.faults = "new", _resembling(told().get("possible_duplicates"))
                    except Problem as problem:
                        made.go_back(mark)
                        self._refuse(taken, problem)
        except (IntegrityError, DataError):
            # One of them clashes with what this person may not see. Only it is wrong.
            middle = len(rows) // 2
            if middle:
                self._make(rows[:middle])
                self._make(rows[middle:])
            else:
                self._take_alone(rows[0], is_seen=True)
            return
        unit = current_unit()
        if self.is_rehearsal:
            unit.pending.clear()
        else:
            # At once: a savepoint copies what is pending, and each of the next rows may have one.
            seal(unit)
        unit.raised.clear()

    def _refuse(self, taken: Taken, problem: Problem) -> None:
        if problem.status >= 500:
            raise problem
        is_twin = problem.slug == "possible-duplicate" and self.plural == "customers"
        taken.verdict = "duplicate" if is_twin else "wrong"
        taken.faults = _resembling(problem.extra.get("matches")) or self._faults(problem)

    def _take_alone(self, taken: Taken, *, is_seen: bool = False) -> None:
        """Take one row in a savepoint of its own.

        Args:
            is_seen: what it is known by is noted already.
        """
        row = taken.row.cells if isinstance(taken.row, WrongRow) else taken.row
        made = dict(self.references.made)
        taken.faults = []
        self.references.missed()
        told()
        try:
            # What the row names is made within it too: it goes with a row that turns out to be wrong.
            with db.session.begin_nested():
                values, faults = self._values(row)
                taken.parts_phones = FURTHER_PHONES in values
                self._touched.update(all_keys(self.plural, values, self._telling).items())
                if faults:
                    raise _WrongError([*faults, *self._further(values, faults)])
                taken.verdict = self._write(values, is_seen=is_seen)
                db.session.flush()
            taken.faults = _resembling(told().get("possible_duplicates"))
            for plural, record_id in self.references.made.keys() - made.keys():
                if plural == self.plural:
                    named = {"name": self.references.made[plural, record_id]}
                    self._touched.update(all_keys(plural, named, self._telling).items())
            self._look_anew()
            return
        except _WrongError as wrong:
            taken.verdict, taken.faults = "wrong", wrong.faults
        except Exception as error:
            problem = problem_of(error)
            if problem.status >= 500:
                raise
            self._refuse(taken, problem)
        self.references.count(self.references.missed())
        self.references.forget()
        self.references.made = made

    def _values(self, row: Sequence[Cell]) -> tuple[dict[str, Any], list[Fault]]:
        return self.reader.values(self.plain(row))

    def plain(self, row: Sequence[Cell]) -> Sequence[Cell]:
        """The cells as they were before they were made harmless."""
        if not self.has_apostrophes:
            return row
        return [as_it_was(cell) if isinstance(cell, str) else cell for cell in row]

    def _is_seen(self, keys: Mapping[str, Key]) -> bool:
        """Whether a row before was about the same, by the surest of what it is known by; noted for the next ones."""
        first = self._first(keys)
        if not first <= self.seen:
            self.seen |= first
            return False
        return bool(first)

    def _first(self, keys: Mapping[str, Key]) -> set[bytes]:
        """The surest that a row is known by. Those of our own export are records of their own, however alike."""
        first = next(((way, keys[way]) for way in self.options["match"] if way in keys), None)
        if first is None or (self.is_own and first[0] != "id"):
            return set()
        way, key = first
        parts = [part.astimezone(UTC) if isinstance(part, datetime) else part for part in key]
        # A file may have half a million rows, and every key is kept to the end of it.
        return {blake2b(repr((way, parts)).encode("utf-8", "surrogatepass"), digest_size=16).digest()}

    def _write(self, values: dict[str, Any], *, is_seen: bool) -> str:
        known = all_keys(self.plural, values, self._telling)
        if self._is_seen(known) and not is_seen:
            return "duplicate"
        self._photos.keep(self.actor, values)
        keys = [(way, known[way]) for way in self.options["match"] if way in known]
        for way, key in keys if self.options["existing"] != "create" else ():
            found = [
                one for one in matches(self.actor, self.plural, way, [key]).get(key, ()) if one not in self._created
            ]
            if len(found) > 1:
                raise invalid(Issue(f"#/{way}", "several_match"))
            surer = dict(keys[: keys.index((way, key))])
            if found and differs(self.plural, found[0], surer):
                # Colleagues share a telephone, and different companies a name.
                continue
            if found:
                return "duplicate" if self.options["existing"] == "skip" else self._change(found[0], values)
            if way == "id" and not self.is_own:
                raise invalid(Issue("#/id", "unknown_record"))
        values.pop("id", None)
        body = self._loaded({**TO_BEGIN_WITH.get(self.plural, {}), **_with_further_phones(values)})
        made: Any = self.resource.service.create(self.actor, body, **self._asked)
        if self.is_own:
            db.session.flush()
            self._created.add(made.id)
        return "new"

    def _change(self, record_id: int, values: dict[str, Any]) -> str:
        values.pop("id", None)
        record = self.resource.spec.policy.writable(self.actor, record_id)
        before = record.version
        said = _with_further_phones(values, record)
        self.resource.service.edit(self.actor, record, load(self.resource.create, said, partial=True))
        db.session.flush()
        if (self.plural, record_id) in self.references.made:
            # Another row has named it before its own came.
            del self.references.made[self.plural, record_id]
            return "new"
        return "unchanged" if record.version == before else "updated"

    # ---- what is told ------------------------------------------------------------------------------------------------

    def _faults(self, problem: Problem) -> list[Fault]:
        found = [Fault(_field_at(issue.at), issue.code, issue.params) for issue in problem.issues]
        return found or [Fault(None, problem.slug, {})]

    def told(self, fault: Fault) -> dict[str, Any]:
        """A fault in words, with the heading of its column."""
        known = f"error.{fault.code}"
        try:
            detail = say(known, **fault.params)
        except KeyError:
            detail = say(f"problem.{fault.code}.detail")
        field_name = fault.field
        heading = self.heading_of.get(field_name or "") or self.heading_of.get((field_name or "").removesuffix("_id"))
        index = self._index_of.get(field_name or "", self._index_of.get((field_name or "").removesuffix("_id")))
        return {"field": field_name, "column": heading, "index": index, "code": fault.code, "detail": detail}

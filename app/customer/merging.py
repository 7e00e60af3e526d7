"""Merging customers or people: one stays, what is attached to the others moves there, their ids stand for it.

What each kind of record does with its own fields stands in `customer_merge.py` and `person_merge.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..access import Actor
from ..errors import Faults, Issue, Problem, forbidden
from ..job.models import Job
from ..job.service import Running, enqueue, job_kind
from ..journal import act
from ..listing import ListSpec
from ..record import Mergeable
from ..routing import assign, remove
from .moving import Moving, settle_attached

MOST = 50
"""So many records are merged at once."""

AT_ONCE = 1_000
"""More attached rows than these are moved by a job."""

STEP = 200
"""So many rows a job moves in one commit."""

ORIGIN = ("external_source", "external_id")
"""Two columns that say one thing."""


@dataclass(frozen=True)
class Merger:
    """What merging means for one kind of record.

    Attributes:
        spec: its list.
        filled: fields that are taken from the first of the others where the survivor has none.
        kept: fields that are the survivor's, unless another one is chosen.
        conclude: sets the survivor's fields, once all is moved and the others are gone.
        check: adds what is wrong with the choice.
        prepare: changes what is attached to the others before it moves.
        before: locks what has to be locked first, from the ids of all.
    """

    spec: ListSpec
    filled: tuple[str, ...]
    kept: tuple[str, ...]
    conclude: Callable[[Merge], None]
    check: Callable[[Merge, Faults], None]
    prepare: Callable[[Merge], None] = lambda _merge: None
    before: Callable[[Sequence[int]], None] = lambda _ids: None


MERGERS: dict[str, Merger] = {}
"""By the name of the resource."""


@dataclass
class Merge:
    """One merge: the records, all locked and the caller's to change, and whose value each field takes.

    Attributes:
        values: field -> id of the record that it is taken from, as far as it was said.
    """

    actor: Actor
    merger: Merger
    target: Any
    sources: list[Any]
    values: Mapping[str, int]
    moving: Moving = field(init=False)

    def __post_init__(self) -> None:
        """See what there is to move."""
        self.moving = Moving(self.merger.spec.model, self.target.id, [one.id for one in self.sources])

    @property
    def all(self) -> list[Any]:
        """The survivor first."""
        return [self.target, *self.sources]

    def from_whom(self, name: str) -> Any:
        """The record whose value a field takes."""
        by_id = {one.id: one for one in self.all}
        if name in self.values:
            return by_id[self.values[name]]
        if name in self.merger.filled:
            return next((one for one in self.all if getattr(one, name) not in (None, "", [], {})), self.target)
        return self.target

    def chosen(self) -> dict[str, Any]:
        """The value of every field that is one column."""
        names = (*self.merger.filled, *self.merger.kept)
        return {name: getattr(self.from_whom(name), name) for name in names}

    def custom(self) -> dict[str, Any] | None:
        """The custom fields, each by itself: of the record that was named, else of the first one that has it."""
        by_id = {one.id: one for one in self.all}
        first = self.from_whom("custom")
        found: dict[str, Any] = {}
        for one in (first, *self.all):
            found = {**(one.custom or {}), **found}
        for name, record_id in self.values.items():
            if name.startswith("custom."):
                found[name.removeprefix("custom.")] = (by_id[record_id].custom or {}).get(name.removeprefix("custom."))
        return {key: value for key, value in found.items() if value is not None} or None

    def move(self, limit: int) -> int:
        """Move what is attached, at most so many rows; how many it were."""
        self.merger.prepare(self)
        return self.moving.some(limit)

    def finish(self) -> None:
        """Once all is moved: the others are gone, and the survivor is what was chosen."""
        origin = self._free_origin()
        for one in self.sources:
            remove(self.actor, one)
            one.merged_into_id = self.target.id
            # What is unique is free before the survivor takes it, and on the way back the other way round.
            act(one, "merged")
        assign(self.target, origin)
        self.moving.unite(self.target)
        self.merger.conclude(self)
        settle_attached(self.target, self.moving.ids)
        act(self.target, "merged")

    def _free_origin(self) -> dict[str, Any]:
        """An id elsewhere goes to a survivor that has none, so that whoever sends it finds the record again."""
        if self.target.external_id is not None:
            return {}
        one = next((one for one in self.sources if one.external_id is not None), None)
        if one is None:
            return {}
        origin = {name: getattr(one, name) for name in ORIGIN}
        assign(one, dict.fromkeys(ORIGIN))
        return origin


def merge(begun: Merge, body: Mapping[str, Any]) -> Mergeable | Job:
    """Merge records, or have a job do it where much is attached to them; the survivor, or the job."""
    rows = begun.moving.count()
    if rows > AT_ONCE:
        arguments = {"resource": begun.target.resource, "body": dict(body)}
        return enqueue(begun.actor, "merge", arguments, total=rows)
    begun.move(rows + STEP)
    begun.finish()
    survivor: Mergeable = begun.target
    return survivor


@job_kind("merge")
def _merge(running: Running) -> dict[str, Any]:
    """Move what is attached in steps; the records themselves are merged in the last one."""
    asked = running.arguments
    while running.state != "merged":
        with running.step():
            begun = begin(running.actor(), asked["resource"], asked["body"])
            moved = begun.move(STEP)
            running.done += moved
            if moved < STEP:
                begun.finish()
                running.state = "merged"
    return {"id": asked["body"]["target_id"]}


def begin(actor: Actor, resource: str, body: Mapping[str, Any]) -> Merge:
    """The records of a merge, loaded and locked, and the choice of values checked.

    Raises:
        Problem: 422 with every fault, such as a record out of sight; 403 for one that is not the caller's to change;
            409 for one that was merged meanwhile.
    """
    merger = MERGERS[resource]
    target_id, source_ids = body["target_id"], body["source_ids"]
    values: Mapping[str, int] = body.get("values") or {}
    faults = Faults(_faults(merger, target_id, source_ids, values))
    view = merger.spec.view_for(actor.shape)
    faults += [Issue(f"#/values/{name}", code) for name, code in view.refused(values)]
    if "custom" in values and any(name.startswith("custom.") for name in view.closed):
        faults.append(Issue("#/values/custom", "read_only"))
    faults.settle()
    ids = sorted([target_id, *source_ids])
    merger.before(ids)
    Moving(merger.spec.model, target_id, source_ids).lock_before()
    found: dict[int, Any] = {}
    for record_id in ids:
        place = "#/target_id" if record_id == target_id else f"#/source_ids/{source_ids.index(record_id)}"
        try:
            found[record_id] = merger.spec.policy.get(actor, record_id)
        except Problem as problem:
            if problem.status != 404:
                raise
            faults.append(Issue(place, "unknown_record"))
    faults.settle()
    if not all(merger.spec.policy.may_write(actor, one) for one in found.values()):
        raise forbidden()
    made = Merge(actor, merger, found[target_id], [found[one] for one in source_ids], values)
    merger.check(made, faults)
    faults.settle()
    return made


def _faults(merger: Merger, target_id: int, source_ids: Sequence[int], values: Mapping[str, int]) -> list[Issue]:
    if not source_ids:
        return [Issue("#/source_ids", "required")]
    if len(source_ids) > MOST:
        return [Issue("#/source_ids", "too_many", {"max": MOST})]
    known = {*merger.filled, *merger.kept, "custom"}
    taken: set[int] = {target_id}
    issues: list[Issue] = []
    for number, record_id in enumerate(source_ids):
        if record_id in taken:
            issues.append(Issue(f"#/source_ids/{number}", "repeated_id"))
        taken.add(record_id)
    for name, record_id in values.items():
        if name not in known and not name.startswith("custom."):
            issues.append(Issue(f"#/values/{name}", "unknown_field"))
        elif record_id not in taken:
            issues.append(Issue(f"#/values/{name}", "not_merged_here"))
    return issues


__all__ = ["MERGERS", "Merge", "Merger", "begin", "merge"]

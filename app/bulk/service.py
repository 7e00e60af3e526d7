"""Changing many records: each by the use case that changes one, so that the same checks hold; one change set for all.

A record that cannot be changed stays as it was and is named with its problem; the others are changed all the same.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from sqlalchemy import and_, bindparam, func, select

from ..access import Actor
from ..database import IdList, db, member_of
from ..errors import Issue, Problem, invalid, problem_of
from ..folding import fold
from ..job.models import Job
from ..job.service import Running, enqueue, job_kind
from ..listing import encode
from ..routing import RESOURCES, Resource, deleted_row
from ..schema import load
from .schemas import MOST_IDS

AT_ONCE = 500
"""More records than these are changed by a job."""

STEP = 100
"""So many records a job changes in one commit."""

MOST = 500_000
"""So many records one request may mean."""

_TOLD = 1_000
"""So many failures a job names."""


@dataclass(frozen=True)
class Change:
    """What is done to each record, its values already loaded."""

    resource: Resource
    action: str
    values: Mapping[str, Any]

    def apply(self, actor: Actor, record_id: int) -> None:
        """Change one record.

        Raises:
            Problem: as its use case does.
        """
        spec, service = self.resource.spec, self.resource.service
        if self.action == "restore":
            service.restore(actor, deleted_row(spec.policy, actor, record_id))
            return
        record = spec.policy.writable(actor, record_id)
        if self.action == "delete":
            service.remove(actor, record)
            return
        values = copy.deepcopy(dict(self.values))
        if self.action in ("tag", "untag"):
            values = {"tags": self._tags(orjson.loads(encode(spec.answer(actor, record_id)))["tags"])}
        service.edit(actor, record, values)

    def _tags(self, present: Sequence[str]) -> list[str]:
        named = {fold(name): name for name in self.values["tags"]}
        kept = [name for name in present if fold(name) not in named]
        return kept if self.action == "untag" else [*kept, *named.values()]


def bulk(actor: Actor, plural: str, body: dict[str, Any]) -> dict[str, Any] | Job:
    """Change records, or tell what would be; the answer, or for many of them the job that does it.

    Raises:
        Problem: 422 for a request that names no records or too many, or changes that no record can take.
    """
    resource = RESOURCES[plural]
    change = change_of(resource, body["action"], body.get("changes"))
    ids = _meant(actor, resource, body)
    if body["preview"]:
        return {"matched": len(ids), "changed": _changeable(actor, change, ids), "failed": []}
    if len(ids) > AT_ONCE:
        arguments = {"resource": plural, "action": body["action"], "changes": body.get("changes"), "ids": ids}
        return enqueue(actor, "bulk", arguments, total=len(ids))
    failed = apply(actor, change, ids)
    return {"matched": len(ids), "changed": len(ids) - len(failed), "failed": failed}


def apply(actor: Actor, change: Change, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Change records in the open unit of work, each on its own; those that stayed as they were, with their problems.

    They are locked in the order of their ids, as everybody locks several.
    """
    failed: list[dict[str, Any]] = []
    for record_id in sorted(ids):
        try:
            with db.session.begin_nested():
                change.apply(actor, record_id)
                db.session.flush()
        except Exception as error:
            problem = problem_of(error)
            if problem.status >= 500:
                raise
            failed.append({"id": record_id, "problem": problem.document()})
    return failed


@job_kind("bulk")
def _bulk(running: Running) -> dict[str, Any]:
    asked = running.arguments
    ids: list[int] = asked["ids"]
    done, failed = running.state or (0, [])
    while done < len(ids):
        part = ids[done : done + STEP]
        done += len(part)
        failed = list(failed)
        with running.step(done, len(ids)):
            actor = running.actor()
            change = change_of(RESOURCES[asked["resource"]], asked["action"], asked["changes"])
            failed += apply(actor, change, part)
            running.state = (done, failed[:_TOLD])
    return {"matched": len(ids), "changed": len(ids) - len(failed), "failed": failed[:_TOLD]}


def change_of(resource: Resource, action: str, sent: Mapping[str, Any] | None) -> Change:
    """The change that a request describes.

    Raises:
        Problem: 422 where the action does not suit the resource or its changes.
    """
    holder = "owner_id" if resource.spec.policy.holder is None else resource.spec.policy.holder.key
    wants = {"update": None, "transfer": {holder}, "tag": {"tags"}, "untag": {"tags"}}
    if action not in wants:
        if sent:
            raise invalid(*(Issue(f"#/changes/{name}", "unknown_field") for name in sent))
        return Change(resource, action, {})
    if not sent:
        raise invalid(Issue("#/changes", "required"))
    known = wants[action]
    if known is not None and not known <= resource.patch.fields.keys():
        raise invalid(Issue("#/action", "not_for_resource"))
    issues = [] if known is None else [Issue(f"#/changes/{name}", "unknown_field") for name in sent.keys() - known]
    try:
        values = load(resource.patch, dict(sent), partial=True)
    except Problem as problem:
        issues += [Issue(issue.at.replace("#", "#/changes", 1), issue.code, issue.params) for issue in problem.issues]
        values = {}
    if known is not None and not issues and not known <= values.keys():
        issues.append(Issue(f"#/changes/{next(iter(known))}", "required"))
    if issues:
        raise invalid(*issues)
    return Change(resource, action, values)


def _meant(actor: Actor, resource: Resource, body: Mapping[str, Any]) -> list[int]:
    if "ids" in body:
        if "where" in body or "query" in body:
            raise invalid(Issue("#/ids", "ids_or_where"))
        if len(body["ids"]) > MOST_IDS:
            raise invalid(Issue("#/ids", "too_many", {"max": MOST_IDS}))
        return sorted(set(body["ids"]))
    if "where" not in body and "query" not in body:
        raise invalid(Issue("#/ids", "required"))
    text = body.get("query") or ""
    if body.get("where"):
        text += ("&" if text else "") + urlencode({"where": json.dumps(body["where"])})
    if body["action"] == "restore":
        text += ("&" if text else "") + "deleted=only"
    try:
        query = resource.spec.parse(text, actor)
    except Problem as problem:
        raise invalid(*(_placed(issue) for issue in problem.issues)) from problem
    ids = resource.spec.ids(actor, query, MOST + 1)
    if len(ids) > MOST:
        raise invalid(Issue("#/where", "too_many", {"max": MOST}))
    return ids


def _placed(issue: Issue) -> Issue:
    return Issue("#/where" if issue.at == "where" else f"#/query/{issue.at}", issue.code, issue.params)


def _changeable(actor: Actor, change: Change, ids: Sequence[int]) -> int:
    """How many of the records this person may change, what the values say apart."""
    spec = change.resource.spec
    if change.action == "restore":
        return len(ids)
    model = spec.model
    shape = actor.shape
    writable = and_(model.is_active, spec.policy.visible(shape), spec.policy.writable_condition(shape))
    named = member_of(model.id, bindparam("ids", type_=IdList()))
    count = select(func.count()).select_from(model).where(named, writable)
    return int(db.session.execute(count, {**actor.binds, "ids": list(ids)}).scalar_one())

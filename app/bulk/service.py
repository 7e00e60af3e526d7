"""Changing many records: each by the use case that changes one, so that the same checks hold; one change set for all.

A record that cannot be changed stays as it was and is named with its problem; the others are changed all the same.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from marshmallow import Schema
from sqlalchemy import ColumnElement, and_, bindparam, select, true

from ..access import Actor, Permission
from ..database import IdList, db, member_of
from ..errors import Issue, Problem, forbidden, invalid, not_found, problem_of
from ..folding import fold
from ..job.models import Job
from ..job.service import Running, enqueue, job_kind
from ..listing import ListSpec, Query, encode
from ..routing import REMOVABLE, TRANSFERS, Removable, Resource, deleted_row
from ..schema import load
from ..strict_json import json_text, parse_json
from .schemas import MOST_IDS

AT_ONCE = 500
"""More records than these are changed by a job."""

TRIED = 100
"""Of so many records a preview says what their own rules would say; of more only what the caller's rights allow."""

STEP = 100
"""So many records a job changes in one commit."""

MOST = 500_000
"""So many records one request may mean."""

_TOLD = 1_000
"""So many failures a job names, and a preview."""


class _TakenBack(Exception):
    """Rolls a trial back."""


@dataclass(frozen=True)
class Change:
    """What is done to each record, its values already loaded."""

    resource: Removable
    action: str
    values: Mapping[str, Any]

    def apply(self, actor: Actor, record_id: int) -> None:
        """Change one record.

        Raises:
            Problem: as its use case does.
        """
        spec = self.resource.spec
        if self.action == "restore":
            self.resource.service.restore(actor, deleted_row(spec.policy, actor, record_id))
            return
        record = spec.policy.writable(actor, record_id)
        if self.action == "delete":
            self.resource.service.remove(actor, record)
            return
        assert isinstance(self.resource, Resource)
        values = copy.deepcopy(dict(self.values))
        if self.action == "transfer" and spec.plural in TRANSFERS:
            TRANSFERS[spec.plural][1](actor, record, values)
            return
        if self.action in ("tag", "untag"):
            values = {"tags": self._tags(orjson.loads(encode(spec.answer(actor, record_id)))["tags"])}
        self.resource.service.edit(actor, record, values)

    def _tags(self, present: Sequence[str]) -> list[str]:
        named = {fold(name): name for name in self.values["tags"]}
        kept = [name for name in present if fold(name) not in named]
        return kept if self.action == "untag" else [*kept, *named.values()]


def bulk(actor: Actor, plural: str, body: dict[str, Any]) -> dict[str, Any] | Job:
    """Change records, or tell what would be; the answer, or for many of them the job that does it.

    Raises:
        Problem: 422 for a request that names no records or too many, or changes that no record can take.
    """
    resource = REMOVABLE[plural]
    change = change_of(actor, resource, body["action"], body.get("changes"))
    ids = _meant(actor, resource, body)
    if body["preview"]:
        return preview(actor, change, ids)
    if len(ids) > AT_ONCE:
        changes = json_text(body.get("changes"))
        arguments = {"resource": plural, "action": body["action"], "changes": changes, "ids": ids}
        return enqueue(actor, "bulk", arguments, total=len(ids))
    failed = apply(actor, change, ids)
    return {"matched": len(ids), "changed": len(ids) - len(failed), "failed": failed}


def preview(actor: Actor, change: Change, ids: Sequence[int]) -> dict[str, Any]:
    """What would come of a change: it is made and taken back, where the records are not too many for that.

    Returns:
        As `bulk` does; of many refusals the first thousand are named.
    """
    if len(ids) > TRIED:
        refused = _refused(actor, change, ids)
        return {
            "matched": len(ids),
            "changed": len(ids) - len(refused),
            "failed": _named(actor, change, refused[:_TOLD]),
        }
    failed: list[dict[str, Any]] = []
    with suppress(_TakenBack), db.session.begin_nested():
        failed = apply(actor, change, ids)
        raise _TakenBack
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
            resource, sent = REMOVABLE[asked["resource"]], parse_json(asked["changes"].encode())
            change = change_of(actor, resource, asked["action"], sent)
            failed += apply(actor, change, part)
            running.state = (done, failed[:_TOLD])
    return {"matched": len(ids), "changed": len(ids) - len(failed), "failed": failed[:_TOLD]}


def change_of(actor: Actor, resource: Removable, action: str, sent: Mapping[str, Any] | None) -> Change:
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
    if action == "transfer" and resource.spec.plural in TRANSFERS:
        return Change(resource, action, _loaded(TRANSFERS[resource.spec.plural][0], sent))
    if not isinstance(resource, Resource) or (known is not None and not known <= resource.patch.fields.keys()):
        raise invalid(Issue("#/action", "not_for_resource"))
    issues = [] if known is None else [Issue(f"#/changes/{name}", "unknown_field") for name in sent.keys() - known]
    try:
        values = _loaded(resource.patch, sent, partial=True)
    except Problem as problem:
        issues += problem.issues
        values = {}
    if known is not None and not issues and not known <= values.keys():
        issues.append(Issue(f"#/changes/{next(iter(known))}", "required"))
    if issues:
        raise invalid(*issues)
    resource.spec.refuse_writing(actor, values, "#/changes")
    return Change(resource, action, values)


def _loaded(schema: Schema, sent: Mapping[str, Any], *, partial: bool = False) -> dict[str, Any]:
    """The changes of a body.

    Raises:
        Problem: 422 at `#/changes/...`.
    """
    try:
        return load(schema, dict(sent), partial=partial)
    except Problem as problem:
        issues = (Issue(one.at.replace("#", "#/changes", 1), one.code, one.params) for one in problem.issues)
        raise invalid(*issues) from problem


def _meant(actor: Actor, resource: Removable, body: Mapping[str, Any]) -> list[int]:
    if "ids" in body:
        return named_ids(body)
    if "where" not in body and "query" not in body:
        raise invalid(Issue("#/ids", "required"))
    text = query_text(body)
    if body["action"] == "restore" and ("deleted", "only") not in parse_qsl(text):
        text += ("&" if text else "") + "deleted=only"
    ids = resource.spec.ids(actor, parsed(actor, resource.spec, text), MOST + 1)
    if len(ids) > MOST:
        raise invalid(Issue("#/where", "too_many", {"max": MOST}))
    return ids


def named_ids(body: Mapping[str, Any]) -> list[int]:
    """The ids that a body names, each once.

    Raises:
        Problem: 422 where it names a query too, or too many.
    """
    if "where" in body or "query" in body:
        raise invalid(Issue("#/ids", "ids_or_where"))
    if len(body["ids"]) > MOST_IDS:
        raise invalid(Issue("#/ids", "too_many", {"max": MOST_IDS}))
    return sorted(set(body["ids"]))


def query_text(body: Mapping[str, Any]) -> str:
    """The query string of a list that `query` and `where` of a body mean together."""
    where = urlencode({"where": json_text(body["where"])}) if body.get("where") else ""
    parts = [body.get("query") or "", where]
    return "&".join(part for part in parts if part)


def parsed(actor: Actor, spec: ListSpec, text: str) -> Query:
    """A query string of a body.

    Raises:
        Problem: 422 at `#/query/...` and `#/where`.
    """
    try:
        return spec.parse(text, actor)
    except Problem as problem:
        raise invalid(*(_placed(issue) for issue in problem.issues)) from problem


def _placed(issue: Issue) -> Issue:
    return Issue("#/where" if issue.at == "where" else f"#/query/{issue.at}", issue.code, issue.params)


def _refused(actor: Actor, change: Change, ids: Sequence[int]) -> list[int]:
    """Which of the records this person may not change, what the values say apart."""
    model, shape, policy = change.resource.spec.model, actor.shape, change.resource.spec.policy
    live: Any = model.is_active
    mine: ColumnElement[bool] = true()
    if change.action == "restore":
        live = live.is_(False)
        if not actor.may(Permission.RECORD_RESTORE):
            mine = model.deleted_by == actor.user_id
    allowed = _ids_among(actor, change, ids, and_(live, mine, policy.visible(shape), policy.writable_condition(shape)))
    return [record_id for record_id in ids if record_id not in allowed]


def _named(actor: Actor, change: Change, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The problems of records that this person may not change: out of sight, or not his or hers to change."""
    spec, is_back = change.resource.spec, change.action == "restore"
    live: Any = spec.model.is_active
    seen = _ids_among(actor, change, ids, and_(live.is_(not is_back), spec.policy.visible(actor.shape)))
    problems = {True: forbidden().document(), False: not_found().document()}
    return [{"id": record_id, "problem": problems[record_id in seen]} for record_id in ids]


def _ids_among(actor: Actor, change: Change, ids: Sequence[int], condition: ColumnElement[bool]) -> set[int]:
    """Those of the records for which a condition holds."""
    model = change.resource.spec.model
    found = select(model.id).where(member_of(model.id, bindparam("ids", type_=IdList())), condition)
    return set(db.session.execute(found, {**actor.binds, "ids": list(ids)}).scalars())

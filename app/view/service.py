"""Use cases of saved views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from ..access import Actor
from ..customer.service import owner_of_kept
from ..database import db
from ..errors import Issue, Problem, invalid
from ..journal import SETTLE, SetBack
from ..listing import ListSpec
from ..routing import OPERATIONS, PREFIX, RESOURCES, SIGNED_IN, assign, remove, restore
from ..sharing import Visibility, settle_team
from ..strict_json import storable
from ..transaction import hold
from .models import View, ViewKind, ViewPreference
from .schemas import LISTS


def create(actor: Actor, values: dict[str, Any]) -> View:
    """A new view, of one's own unless it says whose.

    Raises:
        Problem: 422 for what its list does not know, a team out of sight, or an owner whom one may not assign to.
    """
    made = {
        "kind": ViewKind.TABLE,
        "visibility": Visibility.PRIVATE,
        "team_id": None,
        "filters": {},
        "columns": [],
        **values,
    }
    own = owner_of_kept(actor, None, made)
    _settle(actor, made, made, made, own=own)
    view = View(**made)
    db.session.add(view)
    db.session.flush()
    return view


def edit(actor: Actor, view: View, values: dict[str, Any]) -> View:
    """Rename, change, share or hand over a view; its list stays.

    What the list does not know any more may stay in what is not sent.

    Raises:
        Problem: as for `create`.
    """
    now = {name: getattr(view, name) for name in ("visibility", "team_id", "kind", "listed")}
    if values.get("listed", view.listed) != view.listed:
        raise invalid(Issue("#/resource", "fixed"))
    own = owner_of_kept(actor, view, values)
    _settle(actor, {**now, **values}, values, values, now["team_id"], own=own)
    assign(view, values)
    db.session.flush()
    return view


def prefer(actor: Actor, view: View, values: Mapping[str, Any]) -> ViewPreference:
    """Pin a view, or have its list open with it, for oneself alone.

    A list opens with one view: another one that it opened with is let go.
    """
    # Two tabs of one person must not make two preferences of a view, nor two defaults of a list.
    hold(f"view_preference\n{actor.user_id}")
    found = db.session.execute(
        select(ViewPreference).where(ViewPreference.user_id == actor.user_id, ViewPreference.view_id == view.id)
    ).scalar_one_or_none()
    preference = found or ViewPreference(
        user_id=actor.user_id, view_id=view.id, is_pinned=False, is_default=False, rank=0
    )
    if found is None:
        db.session.add(preference)
    if values.get("is_default"):
        _let_go(preference, view)
    assign(preference, values)
    db.session.flush()
    return preference


def _let_go(preference: ViewPreference, view: View) -> None:
    """End the other defaults of a list."""
    others = (
        select(ViewPreference)
        .join(View, View.id == ViewPreference.view_id)
        .where(ViewPreference.user_id == preference.user_id, ViewPreference.is_default, View.listed == view.listed)
    )
    for other in db.session.execute(others).scalars():
        if other is not preference:
            other.is_default = False


def _settle_preference(preference: ViewPreference, _undone: SetBack) -> None:
    """A default that an undo brings back ends the one that came after it."""
    if preference.is_default:
        _let_go(preference, db.session.get_one(View, preference.view_id))


def list_of(listed: str) -> ListSpec:
    """The list that a view is of."""
    return RESOURCES[LISTS[listed]].spec


def need_list(actor: Actor, listed: str) -> None:
    """Refuse (403) who may not read a list at all."""
    rule = f"{PREFIX}/{LISTS[listed]}"
    for operation in OPERATIONS.values():
        if operation.rule == rule and operation.method == "GET" and operation.permission != SIGNED_IN:
            actor.need(operation.permission)


def _settle(
    actor: Actor,
    after: Mapping[str, Any],
    sent: Mapping[str, Any],
    values: dict[str, Any],
    shared: int | None = None,
    *,
    own: int | None,
) -> None:
    """Fill in the team that a view is shared with, after all faults were found."""
    need_list(actor, after["listed"])
    spec = list_of(after["listed"])
    issues = _list_faults(actor, spec, sent)
    if after["kind"] == ViewKind.BOARD and after["listed"] != "deals":
        issues.append(Issue("#/kind", "not_allowed", {"options": ViewKind.TABLE.value}))
    if sent.get("group_by") is not None and after["listed"] != "deals":
        issues.append(Issue("#/group_by", "unknown_field"))
    names = [one["field"] for one in sent.get("columns", ())]
    issues += [Issue(f"#/columns/{at}/field", "taken") for at, name in enumerate(names) if names.index(name) < at]
    team_id, more = settle_team(actor, after, shared, own)
    issues += more
    if issues:
        raise invalid(*issues)
    if "where" in values:
        values["where"] = storable(values["where"]) or None
    values["team_id"] = team_id


def _list_faults(actor: Actor, spec: ListSpec, sent: Mapping[str, Any]) -> list[Issue]:
    """What of a view its list would refuse."""
    issues = []
    if sent.get("where"):
        reading = spec.reading_where(actor)
        reading.read(sent["where"])
        issues += [Issue(f"#/where{path}", code) for path, code in reading.faults]
    known: dict[str, Any] = {}
    for name, texts in (sent.get("filters") or {}).items():
        if name not in spec.plain and name != "deleted":
            issues.append(Issue(f"#/filters/{name}", "unknown_parameter"))
        else:
            known[name] = texts
    if sent.get("sort"):
        known["sort"] = sent["sort"]
    try:
        spec.parse(urlencode(known, doseq=True), actor)
    except Problem as problem:
        issues += [
            Issue("#/sort" if issue.at == "sort" else f"#/filters/{issue.at}", issue.code, issue.params)
            for issue in problem.issues
        ]
    return issues


SETTLE["view"] = lambda _view, _undone: None
SETTLE["view_preference"] = _settle_preference


__all__ = ["create", "edit", "list_of", "need_list", "prefer", "remove", "restore"]
